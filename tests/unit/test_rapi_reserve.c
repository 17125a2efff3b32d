/* SPDX-License-Identifier: ISC */

/* What rapi_reserve() refuses, in which order, and what it sends. */

#include "rapi_t.h"

#include <arpa/inet.h>

/* C809: how many of each a style takes. */
static int
expected(int style, int filters, int flowspecs, bool lists)
{
	if (flowspecs == 0)
		return RAPI_ERR_OK; /* teardown */
	if (filters < 0 || flowspecs < 0)
		return RAPI_ERR_INVAL;
	if (style == 1 && !(flowspecs == 1 && filters <= 1))
		return RAPI_ERR_N_FFS;
	if (style == 2 && flowspecs != filters)
		return RAPI_ERR_N_FFS;
	if (style == 3 && !(flowspecs == 1 && filters > 0))
		return RAPI_ERR_N_FFS;
	return lists ? RAPI_ERR_OK : RAPI_ERR_INVAL;
}

static void
counts_fit_the_style_or_are_refused(void)
{
	rapi_filter_t filters[2] = { rt_filter("198.51.100.1", 1),
		rt_filter("198.51.100.2", 1) };
	rapi_flowspec_t specs[2] = { rt_flowspec(RAPI_QOS_CNTR_LOAD),
		rt_flowspec(RAPI_QOS_CNTR_LOAD) };

	for (int i = 0; i < 2; i++) {
		filters[i].len = sizeof(filters[i]);
		specs[i].len = sizeof(specs[i]);
	}
	rt_begin("192.0.2.1");
	/* Three styles, counts from -1 to 2, with and without lists. */
	for (int row = 0; row < 3 * 4 * 4 * 2; row++) {
		const int style = 1 + row % 3;
		const int nf = row / 3 % 4 - 1;
		const int ns = row / 12 % 4 - 1;
		const bool lists = row / 48;
		const int rc = rapi_reserve(rt.sid, 0, NULL,
			(rapi_styleid_t)style, NULL, NULL, nf,
			lists ? filters : NULL, ns, lists ? specs : NULL);

		T_CHECK(rc == expected(style, nf, ns, lists),
			"style %d, %d filters, %d flowspecs, lists %d: %d",
			style, nf, ns, lists, rc);
	}
	/* One list only. */
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_FIXED, NULL, NULL, 1,
		     NULL, 1, specs),
		RAPI_ERR_INVAL);
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_FIXED, NULL, NULL, 1,
		     filters, 1, NULL),
		RAPI_ERR_INVAL);
	rt_end();
}

static void
checks_have_an_order(void)
{
	rapi_flowspec_t spec = rt_flowspec(RAPI_QOS_CNTR_LOAD);
	rapi_policy_t policy = { .len = 16, .form = RAPI_POLICY_NAME_STRING };
	int ext;

	rt_begin("192.0.2.1");
	T_EQ(rapi_reserve(rt.sid, 0x10, NULL, (rapi_styleid_t)9, &ext, NULL, 5,
		     NULL, 0, NULL),
		RAPI_ERR_UNSUPPORTED);
	T_EQ(rapi_reserve(rt.sid, RAPI_REQ_CONFIRM, NULL, (rapi_styleid_t)9,
		     &ext, NULL, 5, NULL, 0, NULL),
		RAPI_ERR_OK);
	T_EQ(rapi_reserve(rt.sid, 0, NULL, (rapi_styleid_t)4, &ext, NULL, 5,
		     NULL, 1, &spec),
		RAPI_ERR_BADSTYLE);
	T_EQ(rapi_reserve(rt.sid, 0, NULL, (rapi_styleid_t)0, NULL, NULL, 5,
		     NULL, 1, &spec),
		RAPI_ERR_BADSTYLE);
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_WILDCARD, &ext, NULL, 5,
		     NULL, 1, &spec),
		RAPI_ERR_UNSUPPORTED);
	spec.form = 1;
	spec.len = 3;
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_WILDCARD, NULL, &policy,
		     0, NULL, 1, &spec),
		RAPI_ERR_OBJTYPE);
	spec.form = RAPI_FLOWSTYPE_Simplified;
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_WILDCARD, NULL, &policy,
		     0, NULL, 1, &spec),
		RAPI_ERR_OBJLEN);
	spec = rt_flowspec(RAPI_QOS_TSPEC);
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_WILDCARD, NULL, &policy,
		     0, NULL, 1, &spec),
		RAPI_ERR_INVAL);
	spec = rt_flowspec(RAPI_QOS_CNTR_LOAD);
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_WILDCARD, NULL, &policy,
		     0, NULL, 1, &spec),
		RAPI_ERR_UNSUPPORTED);
	rt_end();
}

static struct rapi_msg_request
reserved(void)
{
	return rapi_daemon_next(&rt.daemon, RAPI_MSG_RESERVE);
}

static void
packed_lists_are_walked_by_their_lengths(void)
{
	_Alignas(8) char filters[24 + 36 + 24];
	_Alignas(8) char specs[40 + 52 + 40];
	rapi_filter_t f;
	rapi_flowspec_t s;
	struct rapi_msg_request q;

	f = rt_filter("198.51.100.1", 1);
	memcpy(filters, &f, 24);
	f = rt_filter("198.51.100.2", 2);
	f.len = 36;
	memcpy(filters + 24, &f, 36);
	f = rt_filter("198.51.100.3", 3);
	memcpy(filters + 60, &f, 24);
	s = rt_flowspec(RAPI_QOS_GUARANTEED);
	memcpy(specs, &s, 40);
	s = rt_flowspec(RAPI_QOS_CNTR_LOAD);
	s.len = 52;
	memcpy(specs + 40, &s, 52);
	s = rt_flowspec(RAPI_QOS_GUARANTEED);
	s.specbody_qosx.xspec_R = 9999;
	memcpy(specs + 92, &s, 40);
	rt_begin("192.0.2.1");
	T_EQ(rapi_reserve(rt.sid, RAPI_REQ_CONFIRM, NULL, RAPI_RSTYLE_FIXED,
		     NULL, NULL, 3, (rapi_filter_t *)(void *)filters, 3,
		     (rapi_flowspec_t *)(void *)specs),
		RAPI_ERR_OK);
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
	q = reserved();
	T_EQ(q.reserve.style, WIRE_STYLE_FF);
	T_CHECK(q.confirm, "confirmation");
	T_EQ(q.reserve.flow_count, 3);
	for (int i = 0; i < 3; i++) {
		const struct wire_flow *flow = &q.reserve.flows[i];

		T_EQ(flow->filter.src_port, i + 1);
		T_EQ(flow->filter.src.b[3], i + 1);
		rt_check_tspec(&flow->flowspec.tspec);
		T_EQ(flow->flowspec.service,
			i == 1 ? WIRE_SERVICE_CL : WIRE_SERVICE_GS);
	}
	T_CHECK(q.reserve.flows[0].flowspec.R == 1500, "R");
	T_EQ(q.reserve.flows[0].flowspec.S, 9);
	T_CHECK(q.reserve.flows[1].flowspec.R == 0, "CL has no R");
	T_EQ(q.reserve.flows[1].flowspec.S, 0);
	T_CHECK(q.reserve.flows[2].flowspec.R == 9999, "R");
	rt_end();
}

static void
the_second_object_of_a_list_is_checked_too(void)
{
	rapi_filter_t filters[2] = { rt_filter("198.51.100.1", 1),
		rt_filter("198.51.100.2", 1) };
	rapi_flowspec_t spec = rt_flowspec(RAPI_QOS_CNTR_LOAD);

	rt_begin("192.0.2.1");
	filters[0].len = sizeof(filters[0]);
	filters[1].form = RAPI_EMPTY_OTYPE;
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_SE, NULL, NULL, 2,
		     filters, 1, &spec),
		RAPI_ERR_OBJTYPE);
	filters[1] = rt_filter("2001:db8::1", 1);
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_SE, NULL, NULL, 2,
		     filters, 1, &spec),
		RAPI_ERR_INVAL);
	filters[1].len = 4100;
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_SE, NULL, NULL, 2,
		     filters, 1, &spec),
		RAPI_ERR_OBJLEN);
	rt_end();
}

static void
shared_styles_repeat_their_flowspec(void)
{
	rapi_filter_t filters[2] = { rt_filter("2001:db8::1", 1),
		rt_filter("2001:db8::2", 0) };
	rapi_flowspec_t spec = rt_flowspec(RAPI_QOS_GUARANTEED);
	struct rapi_msg_request q;

	rt_begin("2001:db8::9");
	filters[1].rapi_filt6.sin6_flowinfo = htonl(0x7ff12345);
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_SE, NULL, NULL, 2,
		     filters, 1, &spec),
		RAPI_ERR_OK);
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
	q = reserved();
	T_EQ(q.reserve.style, WIRE_STYLE_SE);
	T_CHECK(!q.confirm, "no confirmation");
	T_EQ(q.reserve.flow_count, 2);
	T_CHECK(q.reserve.flows[1].flowspec.R == 1500, "R");
	rt_check_tspec(&q.reserve.flows[1].flowspec.tspec);
	T_EQ(q.reserve.flows[0].filter.form, WIRE_FILTER_PORT);
	T_EQ(q.reserve.flows[1].filter.form, WIRE_FILTER_FLOW_LABEL);
	T_EQ(q.reserve.flows[1].filter.flow_label, 0x12345);
	/* WF: the filter is there, and not looked at. */
	filters[0].form = 0;
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_WILDCARD, NULL, NULL, 1,
		     filters, 1, &spec),
		RAPI_ERR_OK);
	q = reserved();
	T_EQ(q.reserve.style, WIRE_STYLE_WF);
	T_EQ(q.reserve.flow_count, 1);
	T_CHECK(!q.reserve.flows[0].has_filter, "no filter");
	T_EQ(rapi_reserve(rt.sid, 0, NULL, (rapi_styleid_t)77, NULL, NULL, 3,
		     NULL, 0, NULL),
		RAPI_ERR_OK);
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_UNRESERVE);
	rt_end();
}

static void
intserv_flowspecs_are_checked_and_read(void)
{
	rapi_flowspec_t f = { .len = 52, .form = RAPI_FLOWSTYPE_Intserv };
	Guar_flowspec_t *g = &f.specbody_IS.spec_u.G_spec;
	CL_flowspec_t *c = &f.specbody_IS.spec_u.CL_spec;
	struct rapi_msg_request q;

#define RESERVE(code)                                                          \
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_WILDCARD, NULL, NULL,   \
		     0, NULL, 1, &f),                                          \
		code)
	rt_begin("192.0.2.1");
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
	Set_Serv_Hdr(&g->Guar_serv_hdr, GUARANTEED_SERV, 36);
	Set_Parm_Hdr(&g->Guar_Tspec_hdr, IS_WKP_TB_TSPEC, 20);
	g->Guar_Tspec_parms = (TB_Tsp_parms_t){ 1000, 2000, 3000, 40, 500 };
	Set_Parm_Hdr(&g->Guar_Rspec_hdr, IS_GUAR_RSPEC, 8);
	g->Guar_Rspec = (guar_Rspec_t){ 1500, 9 };
	RESERVE(RAPI_ERR_OK);
	q = reserved();
	T_EQ(q.reserve.flows[0].flowspec.service, WIRE_SERVICE_GS);
	rt_check_tspec(&q.reserve.flows[0].flowspec.tspec);
	T_CHECK(q.reserve.flows[0].flowspec.R == 1500, "R");
	T_EQ(q.reserve.flows[0].flowspec.S, 9);
	g->Guar_Rspec_hdr.isph_parm_num = 129;
	RESERVE(RAPI_ERR_INTSERV);
	g->Guar_Rspec_hdr.isph_parm_num = IS_GUAR_RSPEC;
	g->Guar_Rspec_hdr.isph_len32b = 1;
	RESERVE(RAPI_ERR_INTSERV);
	g->Guar_Rspec_hdr.isph_len32b = 2;
	f.specbody_IS.spec_mh.ismh_version = 0x20;
	RESERVE(RAPI_ERR_INTSERV);
	f.specbody_IS.spec_mh.ismh_version = 0;
	f.len = 40; /* R and S are cut off */
	RESERVE(RAPI_ERR_INTSERV);
	f.len = 36;
	RESERVE(RAPI_ERR_OBJLEN);
	f.len = 40;
	Set_Serv_Hdr(&c->CL_spec_serv_hdr, CONTROLLED_LOAD_SERV, 24);
	RESERVE(RAPI_ERR_OK);
	q = reserved();
	T_EQ(q.reserve.flows[0].flowspec.service, WIRE_SERVICE_CL);
	rt_check_tspec(&q.reserve.flows[0].flowspec.tspec);
	c->CL_spec_parm_hdr.isph_len32b = 4;
	RESERVE(RAPI_ERR_INTSERV);
	rt_end();
#undef RESERVE
}

static void
check_receiver(rapi_addr_t *rhost, const char *want)
{
	rapi_flowspec_t spec = rt_flowspec(RAPI_QOS_CNTR_LOAD);
	struct rapi_msg_request q;

	T_EQ(rapi_reserve(rt.sid, 0, rhost, RAPI_RSTYLE_WILDCARD, NULL, NULL, 0,
		     NULL, 1, &spec),
		RAPI_ERR_OK);
	q = reserved();
	if (want)
		T_CHECK(rt_is_address(&q.reserve.receiver, want), "not %s",
			want);
	else
		T_EQ(q.reserve.receiver.family, ADDR_NONE);
}

static void
the_receiving_interface_never_fails(void)
{
	union rt_address a = rt_address("198.51.100.1", 0);
	union rt_address b = rt_address("2001:db8::1", 0);

	rt_begin("233.252.0.7");
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
	check_receiver(NULL, NULL);
	check_receiver(&a.any, "198.51.100.1");
	check_receiver(&b.any, NULL);
	a.any.sa_family = 0x5a5a; /* a client that set the address only */
	check_receiver(&a.any, "198.51.100.1");
	a = rt_address("0.0.0.0", 0);
	check_receiver(&a.any, NULL);
	rt_end();
	rt_begin("192.0.2.1");
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
	a = rt_address("198.51.100.1", 0);
	check_receiver(&a.any, NULL); /* unicast: it is the session's */
	rt_end();
}

static void
more_than_64_filters_are_refused(void)
{
	static rapi_filter_t filters[65];
	rapi_flowspec_t spec = rt_flowspec(RAPI_QOS_CNTR_LOAD);

	for (size_t i = 0; i < 65; i++) {
		filters[i] = rt_filter("198.51.100.1", (uint16_t)(i + 1));
		filters[i].len = sizeof(filters[i]);
	}
	rt_begin("192.0.2.1");
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_SE, NULL, NULL, 65,
		     filters, 1, &spec),
		RAPI_ERR_OVERFLOW);
	T_EQ(rapi_reserve(rt.sid, 0, NULL, RAPI_RSTYLE_SE, NULL, NULL, 64,
		     filters, 1, &spec),
		RAPI_ERR_OK);
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
	T_EQ(reserved().reserve.flow_count, 64);
	rt_end();
}

static struct t_case cases[] = {
	{ "counts fit the style or are refused",
		counts_fit_the_style_or_are_refused },
	{ "checks have an order", checks_have_an_order },
	{ "packed lists are walked by their lengths",
		packed_lists_are_walked_by_their_lengths },
	{ "the second object of a list is checked too",
		the_second_object_of_a_list_is_checked_too },
	{ "shared styles repeat their flowspec",
		shared_styles_repeat_their_flowspec },
	{ "Intserv flowspecs are checked and read",
		intserv_flowspecs_are_checked_and_read },
	{ "the receiving interface never fails",
		the_receiving_interface_never_fails },
	{ "more than 64 filters are refused",
		more_than_64_filters_are_refused },
};
T_MAIN(cases)
