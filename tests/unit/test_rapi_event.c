/* SPDX-License-Identifier: ISC */

/* What an upcall of librapi looks like, in both formats. */

#include <arpa/inet.h>

#include "rapi/rapi_ext.h"
#include "rapi_daemon.h"
#include "t_addr.h"

static struct rapi_daemon d;
static rapi_sid_t sid;
static uint64_t handle;

/* The latest upcall; objects are copied. */
static struct seen {
	int calls;
	rapi_sid_t sid;
	rapi_eventinfo_t type;
	rapi_styleid_t style;
	int code, value;
	struct sockaddr_in6 node;
	unsigned flags;
	int filters, flowspecs, adspecs;
	bool filter_null, flowspec_null, adspec_null;
	_Alignas(8) uint8_t filter[512];
	_Alignas(8) uint8_t flowspec[512];
	_Alignas(8) uint8_t adspec[1024];
	char text[256];
	void *arg;
} seen;

static void
on_event(rapi_sid_t s, rapi_eventinfo_t type, rapi_styleid_t style, int code,
	int value, rapi_addr_t *node, unsigned flags, int filter_count,
	rapi_filter_t *filters, int flowspec_count, rapi_flowspec_t *flowspecs,
	int adspec_count, rapi_adspec_t *adspecs, void *arg)
{
	seen = (struct seen){ .calls = seen.calls + 1,
		.sid = s,
		.type = type,
		.style = style,
		.code = code,
		.value = value,
		.flags = flags,
		.filters = filter_count,
		.flowspecs = flowspec_count,
		.adspecs = adspec_count,
		.filter_null = !filters,
		.flowspec_null = !flowspecs,
		.adspec_null = !adspecs,
		.arg = arg };
	memcpy(&seen.node, node, sizeof(seen.node));
	/* As far as the lists and the promised tail behind them go. */
	for (int i = 0, at = 0; i < filter_count; i++) {
		const rapi_hdr_t *h =
			(const rapi_hdr_t *)((char *)filters + at);

		memcpy(seen.filter + at, h, h->len);
		at += (int)h->len;
	}
	for (int i = 0, at = 0; i < flowspec_count; i++) {
		const rapi_hdr_t *h =
			(const rapi_hdr_t *)((char *)flowspecs + at);

		memcpy(seen.flowspec + at, h, h->len + sizeof(rapi_flowspec_t));
		at += (int)h->len;
	}
	for (int i = 0, at = 0; i < adspec_count; i++) {
		const rapi_hdr_t *h =
			(const rapi_hdr_t *)((char *)adspecs + at);

		memcpy(seen.adspec + at, h, h->len);
		at += (int)h->len;
	}
	snprintf(seen.text, sizeof(seen.text), "%s", rapi_ext_event_text());
}

static void
begin(unsigned flags)
{
	struct sockaddr_in dst = { .sin_family = AF_INET,
		.sin_port = htons(5004) };

	inet_pton(AF_INET, "192.0.2.1", &dst.sin_addr);
	seen = (struct seen){ 0 };
	rapi_daemon_start(&d);
	sid = rapi_session(
		(rapi_addr_t *)&dst, 17, flags, on_event, &seen, NULL);
	T_CHECK(sid != RAPI_NULL_SID, "%s", rapi_ext_last_error());
	rapi_daemon_accept(&d);
	handle = rapi_daemon_next(&d, RAPI_MSG_OPEN).handle;
}

static void
end(void)
{
	T_EQ(rapi_release(sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
	T_STR(rapi_ext_event_text(), "");
}

static struct wire_filter
filter(const char *src, uint16_t port)
{
	return (struct wire_filter){ .src = t_addr(src), .src_port = port };
}

static const struct wire_tspec tspec = {
	.r = 1000, .b = 2000, .p = 3000, .m = 40, .M = 500
};

static struct wire_flowspec
flowspec(uint8_t service)
{
	return (struct wire_flowspec){
		.service = service, .tspec = tspec, .R = 1500, .S = 9
	};
}

static uint8_t adspec_bytes[256];

static struct wire_view
adspec(void)
{
	const struct wire_adspec a = {
		.broken = true,
		.general = { .present = WIRE_GENERAL_ALL,
			.hops = 3,
			.bandwidth_Bps = 1e6f,
			.latency_us = 11,
			.mtu = 1400 },
		.service_count = 2,
		.services = { { .service = WIRE_SERVICE_GS,
				      .gs_terms = true,
				      .Ctot = 100,
				      .Dtot = 200,
				      .Csum = 300,
				      .Dsum = 400 },
			{ .service = WIRE_SERVICE_CL,
				.broken = true,
				.overrides = { .present = WIRE_GENERAL_MTU,
					.mtu = 1300 } } },
	};
	struct buf_writer w = buf_writer(adspec_bytes, sizeof(adspec_bytes));

	T_CHECK(wire_adspec_encode(&w, &a), "encode");
	return (struct wire_view){ adspec_bytes, buf_written(&w) };
}

static void
deliver(const struct rapi_msg_event *event, const struct rapi_msg_item *items,
	size_t n, int rc)
{
	struct rapi_msg_event e = *event;
	const int before = seen.calls;

	e.handle = handle;
	rapi_daemon_event(&d, &e, items, n);
	T_CHECK(rapi_daemon_readable(rapi_getfd(sid)), "nothing came");
	T_EQ(rapi_dispatch(), rc);
	T_EQ(seen.calls, before + 1);
	T_EQ(seen.sid, sid);
	T_CHECK(seen.arg == &seen, "another argument");
	T_STR(rapi_ext_event_text(), ""); /* inside upcalls only */
}

static void
check_bucket(const rapi_qos_Tspec_body *t)
{
	T_CHECK(t->spec_Tspec_r == 1000 && t->spec_Tspec_b == 2000 &&
			t->spec_Tspec_p == 3000 && t->spec_Tspec_m == 40 &&
			t->spec_Tspec_M == 500,
		"bucket");
}

static void
check_intserv_bucket(const TB_Tsp_parms_t *t)
{
	T_CHECK(t->TB_Tspec_r == 1000 && t->TB_Tspec_b == 2000 &&
			t->TB_Tspec_p == 3000 && t->TB_Tspec_m == 40 &&
			t->TB_Tspec_M == 500,
		"bucket");
}

static void
two_senders(bool with_adspec, struct rapi_msg_item items[2])
{
	for (int i = 0; i < 2; i++)
		items[i] = (struct rapi_msg_item){ .has_filter = true,
			.filter = filter("198.51.100.7", (uint16_t)(70 + i)),
			.has_tspec = true,
			.tspec = tspec };
	if (with_adspec)
		items[1].adspec_view = adspec();
}

static void
path_events_list_senders_tspecs_and_adspecs(void)
{
	struct rapi_msg_item items[2];
	const struct rapi_msg_event event = { .kind = RAPI_PATH_EVENT };
	rapi_filter_t *f = (rapi_filter_t *)(void *)seen.filter;
	rapi_tspec_t *t = (rapi_tspec_t *)(void *)seen.flowspec;
	rapi_adspec_t *a = (rapi_adspec_t *)(void *)seen.adspec;

	begin(0);
	two_senders(true, items);
	deliver(&event, items, 2, RAPI_ERR_OK);
	T_EQ(seen.type, RAPI_PATH_EVENT);
	T_EQ(seen.style, 0);
	T_EQ(seen.node.sin6_family, AF_INET);
	T_EQ(seen.filters, 2);
	T_EQ(seen.flowspecs, 2);
	T_EQ(seen.adspecs, 2);
	T_EQ(f->len, 24);
	T_EQ(f->form, RAPI_FILTERFORM_BASE);
	T_EQ(f->rapi_filt4.sin_family, AF_INET);
	T_EQ(ntohs(f->rapi_filtbase4_port), 70);
	T_EQ(ntohl(f->rapi_filtbase4_addr.s_addr), 0xc6336407);
	f = (rapi_filter_t *)(void *)After_RAPIObj(f);
	T_EQ(ntohs(f->rapi_filtbase4_port), 71);
	T_EQ(t->len, 32);
	T_EQ(t->form, RAPI_TSPECTYPE_Simplified);
	T_EQ(t->tspecbody_qosx.spec_type, RAPI_QOS_TSPEC);
	check_bucket(&t->tspecbody_qosx.xtspec_Tspec);
	t = (rapi_tspec_t *)(void *)After_RAPIObj(t);
	check_bucket(&t->tspecbody_qosx.xtspec_Tspec);
	T_EQ(a->len, 8);
	T_EQ(a->form, RAPI_EMPTY_OTYPE);
	a = (rapi_adspec_t *)(void *)After_RAPIObj(a);
	T_EQ(a->len, 76);
	T_EQ(a->form, RAPI_ADSTYPE_Simplified);
	end();
}

static void
simplified_adspecs_carry_everything(void)
{
	struct rapi_msg_item items[2];
	const struct rapi_msg_event event = { .kind = RAPI_PATH_EVENT };
	rapi_adspec_t *a = (rapi_adspec_t *)(void *)seen.adspec;
	const rapi_qos_adspecx_t *x = &a->adspecbody_qosx;

	begin(0);
	two_senders(true, items);
	deliver(&event, &items[1], 1, RAPI_ERR_OK);
	T_EQ(x->xaspec_flags, RAPI_XASPEC_FLG_BRK);
	T_EQ(x->xaspec_hopcnt, 3);
	T_CHECK(x->xaspec_path_bw == 1e6f, "bandwidth");
	T_EQ(x->xaspec_min_latency, 11);
	T_EQ(x->xaspec_composed_MTU, 1400);
	T_EQ(x->xGaspec_flags, RAPI_XASPEC_FLG_PARM);
	T_EQ(x->xGaspec_Ctot, 100);
	T_EQ(x->xGaspec_Dtot, 200);
	T_EQ(x->xGaspec_Csum, 300);
	T_EQ(x->xGaspec_Dsum, 400);
	T_EQ(x->xGaspec_override, 0);
	T_EQ(x->xClaspec_flags, RAPI_XASPEC_FLG_BRK);
	T_EQ(x->xClaspec_override, 1);
	T_EQ(x->xClaspec_composed_MTU, 1300);
	T_EQ(x->xClaspec_hopcnt, 3); /* as the general part has it */
	T_CHECK(x->xClaspec_path_bw == 1e6f, "bandwidth");
	T_EQ(x->xClaspec_min_latency, 11);
	end();
}

static void
intserv_adspecs_are_the_body_in_host_order(void)
{
	struct rapi_msg_item items[2];
	const struct rapi_msg_event event = { .kind = RAPI_PATH_EVENT };
	rapi_adspec_t *a = (rapi_adspec_t *)(void *)seen.adspec;
	const IS_adsbody_t *b = &a->adspecbody_IS;
	const Gads_parms_t *g = (const Gads_parms_t *)(b + 1);
	const IS_serv_hdr_t *cl = (const IS_serv_hdr_t *)(g + 1);
	const uint32_t *mtu = (const uint32_t *)(cl + 2);

	begin(RAPI_USE_INTSERV);
	two_senders(true, items);
	deliver(&event, &items[1], 1, RAPI_ERR_OK);
	T_EQ(a->len, 8 + items[1].adspec_view.len - 4);
	T_EQ(a->form, RAPI_ADSTYPE_Intserv);
	T_EQ(b->adspec_mh.ismh_len32b, (a->len - 12) / 4);
	T_EQ(b->adspec_genparms.gen_parm_hdr.issh_service, GENERAL_INFO);
	T_EQ(b->adspec_genparms.gen_parm_hdr.issh_flags, ISSH_BREAK_BIT);
	T_EQ(b->adspec_genparms.gen_parm_hdr.issh_len32b, 8);
	T_EQ(b->adspec_genparms.gen_parm_hopcnt, 3);
	T_CHECK(b->adspec_genparms.gen_parm_path_bw == 1e6f, "bandwidth");
	T_EQ(b->adspec_genparms.gen_parm_min_latency, 11);
	T_EQ(b->adspec_genparms.gen_parm_composed_MTU, 1400);
	T_EQ(g->Gads_serv_hdr.issh_service, GUARANTEED_SERV);
	T_EQ(g->Gads_Ctot_hdr.isph_parm_num, GUAR_ADSPARM_Ctot);
	T_EQ(g->Gads_Ctot, 100);
	T_EQ(g->Gads_Dtot, 200);
	T_EQ(g->Gads_Csum, 300);
	T_EQ(g->Gads_Dsum, 400);
	T_EQ(cl->issh_service, CONTROLLED_LOAD_SERV);
	T_EQ(cl->issh_len32b, 2);
	T_EQ(*mtu, 1300);
	end();
}

static void
intserv_tspecs_and_flowspecs_have_their_headers(void)
{
	struct rapi_msg_item item = { .has_tspec = true, .tspec = tspec };
	struct rapi_msg_event event = { .kind = RAPI_PATH_EVENT };
	const rapi_tspec_t *t = (const rapi_tspec_t *)(void *)seen.flowspec;
	const rapi_flowspec_t *s =
		(const rapi_flowspec_t *)(void *)seen.flowspec;
	const gen_Tspec_t *g = &t->tspecbody_IS.tspec_u.gen_stspec;
	const Guar_flowspec_t *gs = &s->specbody_IS.spec_u.G_spec;
	const CL_flowspec_t *cl = &s->specbody_IS.spec_u.CL_spec;

	begin(RAPI_USE_INTSERV);
	deliver(&event, &item, 1, RAPI_ERR_OK);
	T_EQ(t->len, 40);
	T_EQ(t->form, RAPI_TSPECTYPE_Intserv);
	T_EQ(t->tspecbody_IS.st_mh.ismh_len32b, 7);
	T_EQ(g->gen_Tspec_serv_hdr.issh_service, GENERAL_INFO);
	T_EQ(g->gen_Tspec_serv_hdr.issh_len32b, 6);
	T_EQ(g->gen_Tspec_parm_hdr.isph_parm_num, IS_WKP_TB_TSPEC);
	T_EQ(g->gen_Tspec_parm_hdr.isph_len32b, 5);
	check_intserv_bucket(&g->gen_Tspec_parms);
	event = (struct rapi_msg_event){ .kind = RAPI_RESV_EVENT,
		.style = WIRE_STYLE_FF };
	item = (struct rapi_msg_item){ .has_flowspec = true,
		.flowspec = flowspec(WIRE_SERVICE_GS) };
	deliver(&event, &item, 1, RAPI_ERR_OK);
	T_EQ(s->len, 52);
	T_EQ(s->form, RAPI_FLOWSTYPE_Intserv);
	T_EQ(s->specbody_IS.spec_mh.ismh_len32b, 10);
	T_EQ(gs->Guar_serv_hdr.issh_service, GUARANTEED_SERV);
	T_EQ(gs->Guar_serv_hdr.issh_len32b, 9);
	T_EQ(gs->Guar_Tspec_hdr.isph_parm_num, IS_WKP_TB_TSPEC);
	T_EQ(gs->Guar_Rspec_hdr.isph_parm_num, IS_GUAR_RSPEC);
	T_EQ(gs->Guar_Rspec_hdr.isph_len32b, 2);
	check_intserv_bucket(&gs->Guar_Tspec_parms);
	T_CHECK(gs->Guar_Rspec.Guar_R == 1500, "R");
	T_EQ(gs->Guar_Rspec.Guar_S, 9);
	item.flowspec = flowspec(WIRE_SERVICE_CL);
	deliver(&event, &item, 1, RAPI_ERR_OK);
	T_EQ(s->len, 40);
	T_EQ(s->specbody_IS.spec_mh.ismh_len32b, 7);
	T_EQ(cl->CL_spec_serv_hdr.issh_service, CONTROLLED_LOAD_SERV);
	T_EQ(cl->CL_spec_serv_hdr.issh_len32b, 6);
	T_EQ(cl->CL_spec_parm_hdr.isph_parm_num, IS_WKP_TB_TSPEC);
	check_intserv_bucket(&cl->CL_spec_parms);
	end();
}

static void
no_senders_is_an_event_without_lists(void)
{
	const struct rapi_msg_event event = { .kind = RAPI_PATH_EVENT };
	struct rapi_msg_item items[2];

	begin(0);
	deliver(&event, NULL, 0, RAPI_ERR_OK);
	T_EQ(seen.filters, 0);
	T_EQ(seen.flowspecs, 0);
	T_EQ(seen.adspecs, 0);
	T_CHECK(seen.filter_null && seen.flowspec_null && seen.adspec_null,
		"a list without elements is NULL");
	two_senders(false, items);
	deliver(&event, items, 2, RAPI_ERR_OK);
	T_EQ(seen.filters, 2);
	T_EQ(seen.adspecs, 0);
	T_CHECK(seen.adspec_null, "no sender has one");
	end();
}

/* Clients read a Tspec as the longer flowspec: what follows is zero. */
static void
what_follows_a_tspec_is_zero(void)
{
	const struct rapi_msg_event event = { .kind = RAPI_PATH_EVENT };
	struct rapi_msg_item items[2];
	const rapi_flowspec_t *f;

	begin(0);
	two_senders(true, items);
	deliver(&event, &items[1], 1, RAPI_ERR_OK);
	f = (const rapi_flowspec_t *)(void *)seen.flowspec;
	T_CHECK(f->specbody_qosx.xspec_R == 0, "R");
	T_EQ(f->specbody_qosx.xspec_S, 0);
	for (size_t i = 32; i < 32 + sizeof(rapi_flowspec_t); i++)
		T_EQ(seen.flowspec[i], 0);
	end();
}

static void
resv_events_follow_their_style(void)
{
	struct rapi_msg_event event = { .kind = RAPI_RESV_EVENT,
		.style = WIRE_STYLE_WF };
	struct rapi_msg_item items[2] = {
		{ .has_flowspec = true, .flowspec = flowspec(WIRE_SERVICE_GS) },
		{ .has_flowspec = true, .flowspec = flowspec(WIRE_SERVICE_CL) }
	};
	const rapi_filter_t *f = (const rapi_filter_t *)(void *)seen.filter;
	rapi_flowspec_t *s = (rapi_flowspec_t *)(void *)seen.flowspec;

	begin(0);
	deliver(&event, items, 1, RAPI_ERR_OK);
	T_EQ(seen.style, RAPI_RSTYLE_WILDCARD);
	T_EQ(seen.filters, 1);
	T_EQ(f->len, 8);
	T_EQ(f->form, RAPI_EMPTY_OTYPE);
	T_EQ(seen.flowspecs, 1);
	T_EQ(s->len, 40);
	T_EQ(s->form, RAPI_FLOWSTYPE_Simplified);
	T_EQ(s->specbody_qosx.spec_type, RAPI_QOS_GUARANTEED);
	check_bucket(&s->specbody_qosx.xspec_Tspec);
	T_CHECK(s->specbody_qosx.xspec_R == 1500, "R");
	T_EQ(s->specbody_qosx.xspec_S, 9);
	for (int i = 0; i < 2; i++) {
		items[i].has_filter = true;
		items[i].filter = filter("2001:db8::7", 5);
	}
	event.style = WIRE_STYLE_SE;
	deliver(&event, items, 2, RAPI_ERR_OK);
	T_EQ(seen.style, RAPI_RSTYLE_SE);
	T_EQ(seen.filters, 2);
	T_EQ(seen.flowspecs, 1);
	T_EQ(f->len, 36);
	T_EQ(f->form, RAPI_FILTERFORM_BASE6);
	T_EQ(f->rapi_filt6.sin6_family, AF_INET6);
	T_EQ(ntohs(f->rapi_filtbase6_port), 5);
	T_EQ(f->rapi_filtbase6_addr.s6_addr[15], 7);
	event.style = WIRE_STYLE_FF;
	deliver(&event, items, 2, RAPI_ERR_OK);
	T_EQ(seen.style, RAPI_RSTYLE_FIXED);
	T_EQ(seen.flowspecs, 2);
	s = (rapi_flowspec_t *)(void *)After_RAPIObj(s);
	T_EQ(s->specbody_qosx.spec_type, RAPI_QOS_CNTR_LOAD);
	T_CHECK(s->specbody_qosx.xspec_R == 0, "CL has no R");
	T_EQ(s->specbody_qosx.xspec_S, 0);
	items[0].has_flowspec = false; /* torn down */
	deliver(&event, items, 1, RAPI_ERR_OK);
	T_EQ(seen.flowspecs, 0);
	T_CHECK(seen.flowspec_null, "no list");
	end();
}

static void
errors_come_with_node_flags_and_words(void)
{
	struct rapi_msg_event event = { .kind = RAPI_RESV_ERROR,
		.style = WIRE_STYLE_FF,
		.error = { .node = t_addr("2001:db8::5"),
			.flags = WIRE_ERROR_NOT_GUILTY,
			.code = 2,
			.value = 0x8003 },
		.text = "rule \"no-guests\"" };
	struct rapi_msg_item item = { .has_filter = true,
		.filter = filter("192.0.2.3", 5),
		.has_tspec = true,
		.tspec = tspec,
		.has_flowspec = true,
		.flowspec = flowspec(WIRE_SERVICE_CL) };
	struct sockaddr_in v4;

	begin(0);
	deliver(&event, &item, 1, RAPI_ERR_OK);
	T_EQ(seen.code, 2);
	T_EQ(seen.value, 0x8003);
	T_EQ(seen.flags, RAPI_ERRF_NotGuilty);
	T_STR(seen.text, "rule \"no-guests\"");
	T_EQ(seen.node.sin6_family, AF_INET6);
	T_EQ(seen.node.sin6_addr.s6_addr[15], 5);
	T_EQ(seen.node.sin6_port, 0);
	T_EQ(((rapi_hdr_t *)(void *)seen.flowspec)->form,
		RAPI_FLOWSTYPE_Simplified);
	event.kind = RAPI_PATH_ERROR;
	event.error.node = t_addr("192.0.2.44");
	event.text[0] = '\0';
	deliver(&event, &item, 1, RAPI_ERR_OK);
	memcpy(&v4, &seen.node, sizeof(v4));
	T_EQ(v4.sin_family, AF_INET);
	T_EQ(ntohl(v4.sin_addr.s_addr), 0xc000022c);
	T_STR(seen.text, "");
	T_EQ(((rapi_hdr_t *)(void *)seen.flowspec)->form,
		RAPI_TSPECTYPE_Simplified);
	T_EQ(seen.adspecs, 0);
	end();
}

static void
what_has_no_form_is_empty_and_reported(void)
{
	struct rapi_msg_event event = { .kind = RAPI_RESV_EVENT,
		.style = WIRE_STYLE_FF };
	struct rapi_msg_item item = { .has_flowspec = true,
		.flowspec = flowspec(3) };
	static const uint8_t junk[12] = { 0, 12, 13, 2, 0, 0, 0, 9 };

	begin(0);
	deliver(&event, &item, 1, RAPI_ERR_INTSERV);
	T_EQ(seen.flowspecs, 1);
	T_EQ(((rapi_hdr_t *)(void *)seen.flowspec)->form, RAPI_EMPTY_OTYPE);
	event = (struct rapi_msg_event){ .kind = RAPI_PATH_EVENT };
	item = (struct rapi_msg_item){ .has_tspec = true,
		.tspec = tspec,
		.adspec_view = { junk, sizeof(junk) } };
	deliver(&event, &item, 1, RAPI_ERR_INTSERV);
	T_EQ(((rapi_hdr_t *)(void *)seen.adspec)->form, RAPI_EMPTY_OTYPE);
	end();
	begin(RAPI_USE_INTSERV);
	item.adspec_view.len = 11;
	deliver(&event, &item, 1, RAPI_ERR_INTSERV);
	T_EQ(((rapi_hdr_t *)(void *)seen.adspec)->form, RAPI_EMPTY_OTYPE);
	end();
}

static struct t_case cases[] = {
	{ "Path events list senders, Tspecs and Adspecs",
		path_events_list_senders_tspecs_and_adspecs },
	{ "Simplified Adspecs carry everything",
		simplified_adspecs_carry_everything },
	{ "Intserv Adspecs are the body in host order",
		intserv_adspecs_are_the_body_in_host_order },
	{ "Intserv Tspecs and flowspecs have their headers",
		intserv_tspecs_and_flowspecs_have_their_headers },
	{ "no senders is an event without lists",
		no_senders_is_an_event_without_lists },
	{ "what follows a Tspec is zero", what_follows_a_tspec_is_zero },
	{ "Resv events follow their style", resv_events_follow_their_style },
	{ "errors come with node, flags and words",
		errors_come_with_node_flags_and_words },
	{ "what has no form is empty and reported",
		what_has_no_form_is_empty_and_reported },
};
T_MAIN(cases)
