/* SPDX-License-Identifier: ISC */

/* A session at a scripted daemon; see rapi_t.h. */

#include "rapi_t.h"

#include <arpa/inet.h>

#include "rapi/rapi_ext.h"

struct rt rt;

union rt_address
rt_address(const char *text, uint16_t port)
{
	union rt_address a = { .in = { .sin_family = AF_INET,
				       .sin_port = htons(port) } };

	if (inet_pton(AF_INET, text, &a.in.sin_addr) == 1)
		return a;
	a = (union rt_address){ .in6 = { .sin6_family = AF_INET6,
					.sin6_port = htons(port) } };
	T_EQ(inet_pton(AF_INET6, text, &a.in6.sin6_addr), 1);
	return a;
}

bool
rt_is_address(const struct addr *a, const char *text)
{
	struct addr want;

	return addr_parse(text, &want) && addr_equal(a, &want);
}

void
rt_begin(const char *dst)
{
	union rt_address a = rt_address(dst, 5004);
	int error = -1;

	rapi_daemon_start(&rt.daemon);
	rt.sid = rapi_session(&a.any, 0, 0, NULL, NULL, &error);
	T_CHECK(rt.sid != RAPI_NULL_SID, "%s", rapi_ext_last_error());
	T_EQ(error, RAPI_ERR_OK);
	rapi_daemon_accept(&rt.daemon);
}

void
rt_end(void)
{
	T_EQ(rapi_release(rt.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&rt.daemon);
}

rapi_tspec_t
rt_tspec(void)
{
	rapi_tspec_t t = { .len = 32, .form = RAPI_TSPECTYPE_Simplified };

	t.tspecbody_qosx.xtspec_r = 1000;
	t.tspecbody_qosx.xtspec_b = 2000;
	t.tspecbody_qosx.xtspec_p = 3000;
	t.tspecbody_qosx.xtspec_m = 40;
	t.tspecbody_qosx.xtspec_M = 500;
	return t;
}

void
rt_check_tspec(const struct wire_tspec *t)
{
	T_CHECK(t->r == 1000 && t->b == 2000 && t->p == 3000 && t->m == 40 &&
			t->M == 500,
		"r %g b %g p %g m %u M %u", (double)t->r, (double)t->b,
		(double)t->p, t->m, t->M);
}

rapi_flowspec_t
rt_flowspec(rapi_qos_service_t service)
{
	rapi_flowspec_t f = { .len = 40, .form = RAPI_FLOWSTYPE_Simplified };

	f.specbody_qosx.spec_type = service;
	f.specbody_qosx.xspec_Tspec = rt_tspec().tspecbody_qosx.xtspec_Tspec;
	f.specbody_qosx.xspec_R = 1500;
	f.specbody_qosx.xspec_S = 9;
	return f;
}

rapi_filter_t
rt_filter(const char *src, uint16_t port)
{
	const union rt_address a = rt_address(src, port);
	rapi_filter_t f = { 0 };

	if (a.any.sa_family == AF_INET) {
		f.len = 24;
		f.form = RAPI_FILTERFORM_BASE;
		f.rapi_filt4 = a.in;
	} else {
		f.len = 36;
		f.form = RAPI_FILTERFORM_BASE6;
		f.rapi_filt6 = a.in6;
	}
	return f;
}
