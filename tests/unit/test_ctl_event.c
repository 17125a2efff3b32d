/* SPDX-License-Identifier: ISC */

/* Events of a RAPI session as JSON, and as much of it as there is memory for:
 * ctl/out_event.c. */

#include "t_memory.h"

#include <arpa/inet.h>
#include <math.h>

#include "ctl/flow.h"
#include "rapi/rapi_ext.h"

enum { ROOM = 2048 };

/* ---- what an application is told ----------------------------------------- */

const char *
flow_address(const rapi_addr_t *sa, char *buf, size_t size)
{
	struct sockaddr_in in;

	memcpy(&in, sa, sizeof(in));
	T_CHECK(inet_ntop(AF_INET, &in.sin_addr, buf, (socklen_t)size),
		"no address");
	return buf;
}

const char *
rapi_strerror(int code, int value)
{
	return code == 2 && value == 19 ? "Policy control failure" : NULL;
}

const char *
rapi_ext_event_text(void)
{
	return "rule \"gold\" \xff";
}

static struct sockaddr_in
address(const char *text, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };

	T_EQ(inet_pton(AF_INET, text, &in.sin_addr), 1);
	return in;
}

/* Two flows: one refused with all that there is to tell of it, and a filter. */
static bool
print(int code, FILE *out)
{
	rapi_filter_t filters[2] = { { .len = sizeof(filters[0]),
					     .form = RAPI_FILTERFORM_BASE },
		{ .len = sizeof(filters[1]), .form = RAPI_FILTERFORM_BASE } };
	rapi_flowspec_t spec = { .len = sizeof(spec),
		.form = RAPI_FLOWSTYPE_Simplified,
		.specbody_qosx = { .spec_type = RAPI_QOS_GUARANTEED,
			.xspec_r = 1,
			.xspec_b = 2,
			.xspec_p = HUGE_VALF,
			.xspec_m = 64,
			.xspec_M = 1500,
			.xspec_R = 8,
			.xspec_S = 16 } };
	rapi_adspec_t adspec = { .len = sizeof(adspec),
		.form = RAPI_ADSTYPE_Simplified };
	struct sockaddr_in node = address("10.0.0.3", 0);
	const struct flow_event event = { .kind = RAPI_RESV_ERROR,
		.code = code,
		.value = 19,
		.flags = RAPI_ERRF_InPlace,
		.node = (const rapi_addr_t *)(void *)&node,
		.filters = 2,
		.filter_list = filters,
		.specs = 1,
		.spec_list = &spec,
		.adspecs = 1,
		.adspec_list = &adspec,
		.bound_us = 1500,
		.R = 4 };

	filters[0].rapi_filt4 = address("10.0.0.1", 7);
	filters[1].rapi_filt4 = address("10.0.0.2", 9);
	adspec.adspecbody_qosx.xaspec_hopcnt = 1;
	adspec.adspecbody_qosx.xaspec_path_bw = 32;
	adspec.adspecbody_qosx.xaspec_min_latency = UINT32_MAX;
	adspec.adspecbody_qosx.xaspec_composed_MTU = 1400;
	adspec.adspecbody_qosx.xGaspec_Ctot = 3;
	adspec.adspecbody_qosx.xGaspec_Dtot = 5;
	return out_json_event(&event, out);
}

#define FLOWS                                                                  \
	"{\"schema\":1,\"event\":\"resv_error\",\"flows\":["                   \
	"{\"address\":\"10.0.0.1\",\"port\":7,\"r\":1.0,\"b\":2.0,"            \
	"\"p\":null,\"m\":64,\"M\":1500,\"R\":8.0,\"S\":16,\"hops\":1,"        \
	"\"path_bw_Bps\":32.0,\"latency_us\":null,\"path_mtu\":1400,"          \
	"\"break\":false,\"Ctot\":3,\"Dtot\":5},"                              \
	"{\"address\":\"10.0.0.2\",\"port\":9}],"
#define REST                                                                   \
	"\"in_place\":true,\"not_guilty\":false,\"node\":\"10.0.0.3\","        \
	"\"text\":\"rule \\\"gold\\\" \\\\xff\",\"bound_us\":1500.0,"          \
	"\"R\":4.0}\n"

static const char whole[] = FLOWS "\"code\":2,\"value\":19,"
				  "\"error\":\"Policy control failure\"," REST;

static bool
print_to_text(int code, char text[ROOM])
{
	FILE *f = tmpfile();
	size_t n;
	bool told;

	T_CHECK(f != NULL, "no file");
	told = print(code, f);
	rewind(f);
	n = fread(text, 1, ROOM - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return told;
}

/* ---- cases --------------------------------------------------------------- */

static void
an_event_is_one_line(void)
{
	char text[ROOM];

	T_CHECK(print_to_text(2, text), "not told");
	T_STR(text, whole);
}

static void
an_error_that_has_no_name_has_its_numbers(void)
{
	char text[ROOM];

	T_CHECK(print_to_text(77, text), "not told");
	T_STR(text, FLOWS "\"code\":77,\"value\":19,\"error\":\"\"," REST);
}

static bool
print_for_trial(const char **ret_text)
{
	static char text[ROOM];

	*ret_text = text;
	return print_to_text(2, text);
}

static void
an_event_that_lacks_memory_is_not_told(void)
{
	size_t failures = t_memory_try(print_for_trial, whole);

	T_CHECK(failures > 100, "%zu failures", failures);
}

/* Whoever flushes the stream says so, and why. */
static void
what_the_stream_refuses_is_not_lack_of_memory(void)
{
	FILE *full = fopen("/dev/full", "w");

	T_CHECK(full != NULL, "no /dev/full");
	setbuf(full, NULL);
	T_CHECK(print(2, full), "lack of memory");
	T_CHECK(ferror(full), "it fits");
	(void)fclose(full);
}

static struct t_case cases[] = {
	{ "an event is one line", an_event_is_one_line },
	{ "an error that has no name has its numbers",
		an_error_that_has_no_name_has_its_numbers },
	{ "an event that lacks memory is not told",
		an_event_that_lacks_memory_is_not_told },
	{ "what the stream refuses is not lack of memory",
		what_the_stream_refuses_is_not_lack_of_memory },
};
T_MAIN(cases)
