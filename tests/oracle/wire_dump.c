/* SPDX-License-Identifier: ISC */

/*
 * Writes one packet of each kind that the codec can send to a capture file
 * (raw IP), and prints each as the codec sees it: all message types, styles,
 * services, filter forms and both families.  tests/oracle/test_tshark.py
 * compares that with what other dissectors say.
 *
 * usage: wire_dump CAPTURE
 */

#include "tests/oracle/capture.h"

static struct addr
address(uint8_t family, const char *v4, const char *v6)
{
	struct addr a = { 0 };

	if (!addr_parse(family == ADDR_V4 ? v4 : v6, &a))
		capture_die("an address does not parse");
	return a;
}

/* What every message has; the rest is filled in by its type. */
static struct wire_msg
basic(uint8_t type, uint8_t family)
{
	struct wire_msg msg = { .type = type,
		.send_ttl = (uint8_t)(60 + type),
		.has = WIRE_HAS_SESSION,
		.refresh_ms = 45000 };

	msg.session.dst = address(family, "10.3.3.30", "2001:db8:3::30");
	msg.session.proto = 17;
	msg.session.flags = WIRE_SESSION_E_POLICE;
	msg.session.dst_port = 5004;
	msg.hop.addr = address(family, "10.2.2.1", "2001:db8:2::1");
	msg.hop.lih = 0x08000403;
	msg.error.node = address(family, "10.2.2.9", "2001:db8:2::9");
	msg.confirm = address(family, "10.3.3.31", "2001:db8:3::31");
	msg.sender.src = address(family, "10.1.1.10", "2001:db8:1::10");
	msg.sender.src_port = 5006;
	msg.tspec = (struct wire_tspec){ 125000, 16000, 250000, 64, 1500 };
	return msg;
}

static struct wire_adspec
adspec(void)
{
	struct wire_adspec a = { .general = { WIRE_GENERAL_ALL, 3, 1250000, 250,
					 1400 },
		.service_count = 2 };

	a.services[0] = (struct wire_adspec_service){
		.service = WIRE_SERVICE_GS,
		.gs_terms = true,
		.Ctot = 1501,
		.Dtot = 1202,
		.Csum = 1503,
		.Dsum = 1204,
	};
	a.services[1] =
		(struct wire_adspec_service){ .service = WIRE_SERVICE_CL,
			.broken = true };
	return a;
}

/* Path, PathErr and PathTear, for a port and for a flow label. */
static void
dump_paths(struct capture *c, uint8_t family)
{
	struct wire_msg msg = basic(WIRE_PATH, family);

	msg.has |= WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES | WIRE_HAS_SENDER |
		   WIRE_HAS_TSPEC;
	capture_message(c, &msg);
	msg.has |= WIRE_HAS_ADSPEC;
	msg.adspec = adspec();
	capture_message(c, &msg);
	msg.adspec.broken = true;
	msg.adspec.services[0].gs_terms = false;
	msg.adspec.services[0].broken = true;
	capture_message(c, &msg);
	if (family == ADDR_V6) {
		msg.sender.form = WIRE_FILTER_FLOW_LABEL;
		msg.sender.flow_label = 0xabcde;
		capture_message(c, &msg);
	}

	msg = basic(WIRE_PATH_ERR, family);
	msg.has |= WIRE_HAS_ERROR | WIRE_HAS_SENDER | WIRE_HAS_TSPEC;
	msg.error.code = WIRE_E_TC;
	msg.error.value = WIRE_TC_ADSPEC;
	capture_message(c, &msg);

	msg = basic(WIRE_PATH_TEAR, family);
	msg.has |= WIRE_HAS_HOP | WIRE_HAS_SENDER;
	capture_message(c, &msg);
}

/* Two flow descriptors, or one for WF and in a ResvErr of FF. */
static void
add_flows(struct wire_msg *msg, uint8_t style, uint8_t service)
{
	struct wire_flow flow = { .has_flowspec = true,
		.has_filter = style != WIRE_STYLE_WF,
		.flowspec = { .service = service,
			.tspec = { 250000, 8000, 500000, 128, 1000 } } };
	bool one = style == WIRE_STYLE_WF ||
		   (style == WIRE_STYLE_FF && msg->type == WIRE_RESV_ERR);

	if (service == WIRE_SERVICE_GS) {
		flow.flowspec.R = 375000;
		flow.flowspec.S = 77;
	}
	if (flow.has_filter)
		flow.filter = msg->sender;
	msg->has |= WIRE_HAS_STYLE;
	msg->style = style;
	msg->flows[msg->flow_count++] = flow;
	if (one)
		return;
	flow.filter.src_port++;
	msg->flows[msg->flow_count++] = flow;
}

static void
dump_resvs(struct capture *c, uint8_t family, uint8_t style, uint8_t service)
{
	struct wire_msg msg = basic(WIRE_RESV, family);

	msg.has |= WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES | WIRE_HAS_CONFIRM;
	add_flows(&msg, style, service);
	if (style == WIRE_STYLE_WF) {
		msg.has |= WIRE_HAS_SCOPE;
		msg.scope_view = (struct wire_view){ msg.sender.src.b,
			addr_size(family) };
		msg.scope_count = 1;
	}
	capture_message(c, &msg);

	msg = basic(WIRE_RESV_ERR, family);
	msg.has |= WIRE_HAS_HOP | WIRE_HAS_ERROR;
	msg.error.flags = WIRE_ERROR_IN_PLACE;
	msg.error.code = WIRE_E_ADMISSION;
	msg.error.value = WIRE_ADMISSION_BANDWIDTH;
	add_flows(&msg, style, service);
	capture_message(c, &msg);

	msg = basic(WIRE_RESV_TEAR, family);
	msg.has |= WIRE_HAS_HOP;
	add_flows(&msg, style, service);
	capture_message(c, &msg);
	for (size_t i = 0; i < msg.flow_count; i++)
		msg.flows[i].has_flowspec = false;
	capture_message(c, &msg);

	msg = basic(WIRE_RESV_CONF, family);
	msg.has |= WIRE_HAS_ERROR | WIRE_HAS_CONFIRM;
	add_flows(&msg, style, service);
	capture_message(c, &msg);
}

int
main(int argc, char **argv)
{
	static const uint8_t styles[] = { WIRE_STYLE_WF, WIRE_STYLE_FF,
		WIRE_STYLE_SE };
	static const uint8_t services[] = { WIRE_SERVICE_GS, WIRE_SERVICE_CL };
	struct capture c;

	if (argc != 2)
		capture_die("usage: wire_dump CAPTURE");
	capture_open(&c, argv[1]);
	for (uint8_t family = ADDR_V4; family <= ADDR_V6; family += 2) {
		dump_paths(&c, family);
		for (size_t i = 0; i < 3; i++)
			for (size_t j = 0; j < 2; j++)
				dump_resvs(&c, family, styles[i], services[j]);
	}
	capture_close(&c);
	return 0;
}
