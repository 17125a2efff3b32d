/* SPDX-License-Identifier: ISC */

/* What the calls of librapi refuse, in which order, and what they send. */

#include <arpa/inet.h>
#include <errno.h>

#include "rapi/rapi_ext.h"
#include "rapi_daemon.h"
#include "t.h"

static struct rapi_daemon d;
static rapi_sid_t sid;

union address {
	rapi_addr_t any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static union address
address(const char *text, uint16_t port)
{
	union address a = { .in = { .sin_family = AF_INET,
				    .sin_port = htons(port) } };

	if (inet_pton(AF_INET, text, &a.in.sin_addr) == 1)
		return a;
	a = (union address){ .in6 = { .sin6_family = AF_INET6,
				     .sin6_port = htons(port) } };
	T_EQ(inet_pton(AF_INET6, text, &a.in6.sin6_addr), 1);
	return a;
}

static bool
is_address(const struct addr *a, const char *text)
{
	struct addr want;

	return addr_parse(text, &want) && addr_equal(a, &want);
}

static void
begin(const char *dst)
{
	union address a = address(dst, 5004);
	int error = -1;

	rapi_daemon_start(&d);
	sid = rapi_session(&a.any, 0, 0, NULL, NULL, &error);
	T_CHECK(sid != RAPI_NULL_SID, "%s", rapi_ext_last_error());
	T_EQ(error, RAPI_ERR_OK);
	rapi_daemon_accept(&d);
}

static void
end(void)
{
	T_EQ(rapi_release(sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

static rapi_tspec_t
tspec(void)
{
	rapi_tspec_t t = { .len = 32, .form = RAPI_TSPECTYPE_Simplified };

	t.tspecbody_qosx.xtspec_r = 1000;
	t.tspecbody_qosx.xtspec_b = 2000;
	t.tspecbody_qosx.xtspec_p = 3000;
	t.tspecbody_qosx.xtspec_m = 40;
	t.tspecbody_qosx.xtspec_M = 500;
	return t;
}

static void
check_tspec(const struct wire_tspec *t)
{
	T_CHECK(t->r == 1000 && t->b == 2000 && t->p == 3000 && t->m == 40 &&
			t->M == 500,
		"r %g b %g p %g m %u M %u", (double)t->r, (double)t->b,
		(double)t->p, t->m, t->M);
}

static rapi_flowspec_t
flowspec(rapi_qos_service_t service)
{
	rapi_flowspec_t f = { .len = 40, .form = RAPI_FLOWSTYPE_Simplified };

	f.specbody_qosx.spec_type = service;
	f.specbody_qosx.xspec_Tspec = tspec().tspecbody_qosx.xtspec_Tspec;
	f.specbody_qosx.xspec_R = 1500;
	f.specbody_qosx.xspec_S = 9;
	return f;
}

static rapi_filter_t
filter(const char *src, uint16_t port)
{
	const union address a = address(src, port);
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

/* ---- session
 * ------------------------------------------------------------------ */

static void
sessions_with_wrong_arguments_are_refused(void)
{
	static const struct {
		const char *dst;
		int protid;
		unsigned flags;
		int error;
	} rows[] = {
		{ "0.0.0.0", 17, 0, RAPI_ERR_INVAL },
		{ "::", 17, 0, RAPI_ERR_INVAL },
		{ "192.0.2.1", -1, 0, RAPI_ERR_INVAL },
		{ "192.0.2.1", 256, 0, RAPI_ERR_INVAL },
		{ "192.0.2.1", 17, 0x1, RAPI_ERR_UNSUPPORTED },
		{ "192.0.2.1", 50, RAPI_GPI_SESSION, RAPI_ERR_UNSUPPORTED },
		{ "192.0.2.1", -1, 0x1, RAPI_ERR_INVAL },
	};
	int error = 0;
	union address odd = { .any = { .sa_family = AF_UNIX } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		union address a = address(rows[i].dst, 1);

		T_EQ(rapi_session(&a.any, rows[i].protid, rows[i].flags, NULL,
			     NULL, &error),
			RAPI_NULL_SID);
		T_EQ(error, rows[i].error);
		T_CHECK(rapi_ext_last_error()[0] != '\0', "no words");
	}
	T_EQ(rapi_session(NULL, 17, 0, NULL, NULL, &error), RAPI_NULL_SID);
	T_EQ(error, RAPI_ERR_INVAL);
	T_EQ(rapi_session(&odd.any, 17, 0, NULL, NULL, &error), RAPI_NULL_SID);
	T_EQ(error, RAPI_ERR_INVAL);
	T_EQ(rapi_session(NULL, 17, 0, NULL, NULL, NULL), RAPI_NULL_SID);
}

static void
a_daemon_that_is_not_there_is_an_error_each_time(void)
{
	union address a = address("192.0.2.1", 1);
	int error;

	rapi_daemon_start(&d);
	rapi_daemon_die(&d);
	for (int i = 0; i < 2; i++) {
		errno = 0;
		T_EQ(rapi_session(&a.any, 17, 0, NULL, NULL, &error),
			RAPI_NULL_SID);
		T_EQ(error, RAPI_ERR_NORSVP);
		T_EQ(errno, ENOENT);
		T_CHECK(strstr(rapi_ext_last_error(), d.path) != NULL, "%s",
			rapi_ext_last_error());
	}
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	rapi_daemon_back(&d);
	sid = rapi_session(&a.any, 17, 0, NULL, NULL, &error);
	T_CHECK(sid != RAPI_NULL_SID, "%s", rapi_ext_last_error());
	rapi_daemon_accept(&d);
	end();
}

static void
a_session_is_sent_as_it_was_given(void)
{
	union address a = address("ff02::7", 7);
	struct rapi_msg_request q;
	rapi_sid_t other;

	begin("192.0.2.1");
	q = rapi_daemon_next(&d, RAPI_MSG_OPEN);
	T_CHECK(is_address(&q.session.session.dst, "192.0.2.1"), "address");
	T_EQ(q.session.session.proto, IPPROTO_UDP);
	T_EQ(q.session.session.dst_port, 5004);
	T_EQ(q.session.ifindex, 0);
	a.in6.sin6_scope_id = 12;
	other = rapi_session(&a.any, 255, RAPI_USE_INTSERV, NULL, NULL, NULL);
	T_EQ(other, 2);
	q = rapi_daemon_next(&d, RAPI_MSG_OPEN);
	T_CHECK(is_address(&q.session.session.dst, "ff02::7"), "address");
	T_EQ(q.session.session.proto, 255);
	T_EQ(q.session.session.dst_port, 7);
	T_EQ(q.session.ifindex, 12);
	T_EQ(rapi_release(other), RAPI_ERR_OK);
	(void)rapi_daemon_next(&d, RAPI_MSG_CLOSE);
	end();
}

static void
only_open_sessions_may_be_used(void)
{
	union address a = address("192.0.2.1", 1);
	rapi_tspec_t t = tspec();
	const rapi_sid_t bad[] = { RAPI_NULL_SID, 2, 1000000, UINT32_MAX };

	begin("192.0.2.1");
	for (size_t i = 0; i < 4; i++) {
		T_EQ(rapi_sender(bad[i], 0xff, &a.any, NULL, &t, NULL, NULL, 0),
			RAPI_ERR_BADSID);
		T_EQ(rapi_reserve(bad[i], 0xff, NULL, (rapi_styleid_t)9, NULL,
			     NULL, 1, NULL, 1, NULL),
			RAPI_ERR_BADSID);
		T_EQ(rapi_release(bad[i]), RAPI_ERR_BADSID);
		T_EQ(rapi_getfd(bad[i]), -1);
	}
	end();
	T_EQ(rapi_release(sid), RAPI_ERR_BADSID);
	T_EQ(rapi_getfd(sid), -1);
}

/* ---- sender
 * --------------------------------------------------------------------- */

/* The arguments of one rapi_sender(), each as it should be unless changed. */
struct sender {
	unsigned flags;
	union address lhost;
	bool has_template;
	rapi_filter_t template;
	rapi_tspec_t tspec;
	bool has_adspec;
	rapi_adspec_t adspec;
	bool has_policy;
	rapi_policy_t policy;
	int ttl;
};

static struct sender
good_sender(void)
{
	return (struct sender){ .lhost = address("198.51.100.1", 99),
		.tspec = tspec(),
		.adspec = { .len = 76, .form = RAPI_ADSTYPE_Simplified },
		.policy = { .len = 16, .form = RAPI_POLICY_NAME_STRING } };
}

static int
send_it(struct sender *s)
{
	return rapi_sender(sid, s->flags, &s->lhost.any,
		s->has_template ? &s->template : NULL, &s->tspec,
		s->has_adspec ? &s->adspec : NULL,
		s->has_policy ? &s->policy : NULL, s->ttl);
}

static void
senders_with_wrong_arguments_are_refused(void)
{
	struct sender s;

	begin("192.0.2.1");
#define REFUSED(code, ...)                                                     \
	do {                                                                   \
		s = good_sender();                                             \
		__VA_ARGS__;                                                   \
		T_EQ(send_it(&s), code);                                       \
	} while (0)
	REFUSED(RAPI_ERR_UNSUPPORTED, s.flags = 1, s.tspec.form = 0);
	REFUSED(RAPI_ERR_NOTSPEC, s.tspec.form = RAPI_EMPTY_OTYPE, s.ttl = 256);
	REFUSED(RAPI_ERR_INVAL, s.ttl = 256);
	REFUSED(RAPI_ERR_INVAL, s.ttl = -1);
	REFUSED(RAPI_ERR_INVAL, s.lhost.any.sa_family = AF_UNIX);
	REFUSED(RAPI_ERR_INVAL, s.lhost = address("2001:db8::1", 9));
	REFUSED(RAPI_ERR_INVAL, s.has_template = true,
		s.template = filter("2001:db8::1", 1));
	REFUSED(RAPI_ERR_OBJTYPE, s.has_template = true,
		s.template = filter("192.0.2.9", 1),
		s.template.form = RAPI_FILTERFORM_GPI);
	REFUSED(RAPI_ERR_OBJLEN, s.has_template = true,
		s.template = filter("192.0.2.9", 1), s.template.len = 20);
	REFUSED(RAPI_ERR_OBJTYPE, s.tspec.form = RAPI_FLOWSTYPE_Simplified);
	REFUSED(RAPI_ERR_OBJLEN, s.tspec.len = 28);
	REFUSED(RAPI_ERR_OBJLEN, s.tspec.len = 33);
	REFUSED(RAPI_ERR_OBJLEN, s.tspec.len = 4100);
	REFUSED(RAPI_ERR_INVAL,
		s.tspec.tspecbody_qosx.spec_type = (rapi_qos_service_t)3);
	REFUSED(RAPI_ERR_OBJTYPE, s.has_adspec = true,
		s.adspec.form = RAPI_TSPECTYPE_Simplified);
	REFUSED(RAPI_ERR_OBJLEN, s.has_adspec = true, s.adspec.len = 72);
	REFUSED(RAPI_ERR_INVAL, s.has_adspec = true,
		s.adspec.adspecbody_qosx.xaspec_flags = RAPI_XASPEC_FLG_IGN);
	REFUSED(RAPI_ERR_UNSUPPORTED, s.has_policy = true);
#undef REFUSED
	(void)rapi_daemon_next(&d, RAPI_MSG_OPEN);
	T_CHECK(rapi_daemon_silent(&d), "something was sent");
	end();
}

static void
a_sender_is_made_from_its_address(void)
{
	struct sender s = good_sender();
	struct rapi_msg_request q;

	begin("192.0.2.1");
	s.ttl = 255;
	T_EQ(send_it(&s), RAPI_ERR_OK);
	(void)rapi_daemon_next(&d, RAPI_MSG_OPEN);
	q = rapi_daemon_next(&d, RAPI_MSG_SENDER);
	T_CHECK(is_address(&q.sender.sender.src, "198.51.100.1"), "address");
	T_EQ(q.sender.sender.src_port, 99);
	check_tspec(&q.sender.tspec);
	T_EQ(q.sender.adspec_view.len, 0);
	T_EQ(q.sender.ttl, 255);
	end();
}

static void
a_template_wins_over_the_address(void)
{
	struct sender s = good_sender();
	struct rapi_msg_request q;

	begin("192.0.2.1");
	s.has_template = true;
	s.template = filter("203.0.113.5", 7);
	s.template.len = sizeof(s.template); /* as arrays of them have it */
	s.lhost.any.sa_family = 77;          /* not looked at */
	s.tspec.tspecbody_qosx.spec_type = RAPI_QOS_GUARANTEED;
	s.tspec.len = sizeof(s.tspec);
	T_EQ(send_it(&s), RAPI_ERR_OK);
	(void)rapi_daemon_next(&d, RAPI_MSG_OPEN);
	q = rapi_daemon_next(&d, RAPI_MSG_SENDER);
	T_CHECK(is_address(&q.sender.sender.src, "203.0.113.5"), "address");
	T_EQ(q.sender.sender.src_port, 7);
	check_tspec(&q.sender.tspec);
	end();
}

/* A bare struct sockaddr on the heap: a sanitizer sees a read beyond. */
static void
an_ipv4_address_is_sixteen_octets(void)
{
	struct sockaddr *bare = (struct sockaddr *)malloc(16);
	const union address a = address("198.51.100.1", 99);
	rapi_tspec_t t = tspec();

	begin("192.0.2.1");
	memcpy(bare, &a, 16);
	T_EQ(rapi_sender(sid, 0, bare, NULL, &t, NULL, NULL, 0), RAPI_ERR_OK);
	free(bare);
	end();
}

static void
a_sender_is_withdrawn_by_no_address(void)
{
	begin("192.0.2.1");
	T_EQ(rapi_sender(sid, 0, NULL, NULL, NULL, NULL, NULL, -1),
		RAPI_ERR_OK);
	(void)rapi_daemon_next(&d, RAPI_MSG_OPEN);
	(void)rapi_daemon_next(&d, RAPI_MSG_UNSEND);
	end();
}

static void
intserv_tspecs_are_checked_and_read(void)
{
	struct sender s = good_sender();
	IS_tspbody_t *b = &s.tspec.tspecbody_IS;
	gen_Tspec_t *g = &b->tspec_u.gen_stspec;
	struct rapi_msg_request q;

	begin("192.0.2.1");
	memset(b, 0, sizeof(*b));
	s.tspec.len = 40;
	s.tspec.form = RAPI_TSPECTYPE_Intserv;
	Set_Serv_Hdr(&g->gen_Tspec_serv_hdr, GENERAL_INFO, 24);
	Set_Parm_Hdr(&g->gen_Tspec_parm_hdr, IS_WKP_TB_TSPEC, 20);
	g->gen_Tspec_parms = (TB_Tsp_parms_t){ 1000, 2000, 3000, 40, 500 };
	T_EQ(send_it(&s), RAPI_ERR_OK);
	b->st_mh.ismh_version = 0x10;
	T_EQ(send_it(&s), RAPI_ERR_INTSERV);
	b->st_mh.ismh_version = 0;
	g->gen_Tspec_serv_hdr.issh_service = CONTROLLED_LOAD_SERV;
	T_EQ(send_it(&s), RAPI_ERR_INTSERV);
	g->gen_Tspec_serv_hdr.issh_service = GENERAL_INFO;
	g->gen_Tspec_serv_hdr.issh_len32b = 5;
	T_EQ(send_it(&s), RAPI_ERR_INTSERV);
	g->gen_Tspec_serv_hdr.issh_len32b = 6;
	g->gen_Tspec_parm_hdr.isph_parm_num = 126;
	T_EQ(send_it(&s), RAPI_ERR_INTSERV);
	g->gen_Tspec_parm_hdr.isph_parm_num = IS_WKP_TB_TSPEC;
	g->gen_Tspec_parm_hdr.isph_len32b = 4;
	T_EQ(send_it(&s), RAPI_ERR_INTSERV);
	s.tspec.len = 36;
	T_EQ(send_it(&s), RAPI_ERR_OBJLEN);
	(void)rapi_daemon_next(&d, RAPI_MSG_OPEN);
	q = rapi_daemon_next(&d, RAPI_MSG_SENDER);
	check_tspec(&q.sender.tspec);
	end();
}

static struct wire_adspec
sent_adspec(struct wire_view *ret_view)
{
	const struct rapi_msg_request q = rapi_daemon_next(&d, RAPI_MSG_SENDER);
	struct wire_adspec a;

	T_CHECK(wire_adspec_decode(q.sender.adspec_view, &a), "not an ADSPEC");
	*ret_view = q.sender.adspec_view;
	return a;
}

static void
a_simplified_adspec_becomes_the_object(void)
{
	struct sender s = good_sender();
	rapi_qos_adspecx_t *x = &s.adspec.adspecbody_qosx;
	struct wire_adspec a;
	struct wire_view view;
	const struct wire_adspec_service *gs;

	begin("192.0.2.1");
	s.has_adspec = true;
	x->xaspec_flags = RAPI_XASPEC_FLG_BRK;
	x->xaspec_hopcnt = 3;
	x->xaspec_path_bw = 1e6f;
	x->xaspec_min_latency = 11;
	x->xaspec_composed_MTU = 1400;
	x->xClaspec_flags = RAPI_XASPEC_FLG_IGN;
	x->xGaspec_flags = RAPI_XASPEC_FLG_PARM | RAPI_XASPEC_FLG_BRK;
	x->xGaspec_Ctot = 1;
	x->xGaspec_Dtot = 2;
	x->xGaspec_Csum = 3;
	x->xGaspec_Dsum = 4;
	x->xGaspec_override = 1;
	x->xGaspec_hopcnt = 5;
	x->xGaspec_path_bw = 6;
	x->xGaspec_min_latency = 7;
	x->xGaspec_composed_MTU = 8;
	T_EQ(send_it(&s), RAPI_ERR_OK);
	(void)rapi_daemon_next(&d, RAPI_MSG_OPEN);
	a = sent_adspec(&view);
	T_CHECK(a.broken, "break bit");
	T_EQ(a.general.hops, 3);
	T_CHECK(a.general.bandwidth_Bps == 1e6f, "bandwidth");
	T_EQ(a.general.latency_us, 11);
	T_EQ(a.general.mtu, 1400);
	T_CHECK(!wire_adspec_find(&a, WIRE_SERVICE_CL), "CL is not offered");
	gs = wire_adspec_find(&a, WIRE_SERVICE_GS);
	T_CHECK(gs && gs->broken && gs->gs_terms, "GS");
	T_EQ(gs->Ctot, 1);
	T_EQ(gs->Dtot, 2);
	T_EQ(gs->Csum, 3);
	T_EQ(gs->Dsum, 4);
	T_EQ(gs->overrides.hops, 5);
	T_EQ(gs->overrides.latency_us, 7);
	T_EQ(gs->overrides.mtu, 8);
	end();
}

/* One with every kind of fragment, in host order, by hand. */
static size_t
intserv_adspec(rapi_hdr_t *hdr)
{
	IS_adsbody_t *b = (IS_adsbody_t *)RAPIObj_data(hdr);
	genparm_parms_t *p = &b->adspec_genparms;
	Gads_parms_t *g = (Gads_parms_t *)(b + 1);
	Min_adspec_t *cl = (Min_adspec_t *)(g + 1);
	const size_t len = (size_t)((char *)(cl + 1) - (char *)hdr);

	Set_Main_Hdr(&b->adspec_mh, 0); /* the library knows better */
	Set_Serv_Hdr(&p->gen_parm_hdr, GENERAL_INFO, 32);
	Set_Break_Bit(&p->gen_parm_hdr);
	Set_Parm_Hdr(&p->gen_parm_hopcnt_hdr, IS_WKP_HOP_CNT, 4);
	p->gen_parm_hopcnt = 2;
	Set_Parm_Hdr(&p->gen_parm_pathbw_hdr, IS_WKP_PATH_BW, 4);
	p->gen_parm_path_bw = 5e5f;
	Set_Parm_Hdr(&p->gen_parm_minlat_hdr, IS_WKP_MIN_LATENCY, 4);
	p->gen_parm_min_latency = 33;
	Set_Parm_Hdr(&p->gen_parm_compmtu_hdr, IS_WKP_COMPOSED_MTU, 4);
	p->gen_parm_composed_MTU = 1280;
	Set_Serv_Hdr(&g->Gads_serv_hdr, GUARANTEED_SERV, 32);
	Set_Parm_Hdr(&g->Gads_Ctot_hdr, GUAR_ADSPARM_Ctot, 4);
	g->Gads_Ctot = 100;
	Set_Parm_Hdr(&g->Gads_Dtot_hdr, GUAR_ADSPARM_Dtot, 4);
	g->Gads_Dtot = 200;
	Set_Parm_Hdr(&g->Gads_Csum_hdr, GUAR_ADSPARM_Csum, 4);
	g->Gads_Csum = 300;
	Set_Parm_Hdr(&g->Gads_Dsum_hdr, GUAR_ADSPARM_Dsum, 4);
	g->Gads_Dsum = 400;
	Set_Serv_Hdr(&cl->mads_hdr, CONTROLLED_LOAD_SERV, 0);
	hdr->len = (unsigned)len;
	hdr->form = RAPI_ADSTYPE_Intserv;
	return len;
}

static void
an_intserv_adspec_becomes_the_object(void)
{
	uint32_t room[64] = { 0 };
	rapi_hdr_t *hdr = (rapi_hdr_t *)room;
	union address lhost = address("198.51.100.1", 99);
	rapi_tspec_t t = tspec();
	struct wire_view view;
	struct wire_adspec a;
	const struct wire_adspec_service *gs;

	begin("192.0.2.1");

	const size_t len = intserv_adspec(hdr);

	T_EQ(rapi_sender(sid, 0, &lhost.any, NULL, &t, (rapi_adspec_t *)room,
		     NULL, 0),
		RAPI_ERR_OK);
	(void)rapi_daemon_next(&d, RAPI_MSG_OPEN);
	a = sent_adspec(&view);
	T_EQ(view.len, len - 8 + 4);
	T_CHECK(a.broken, "break bit");
	T_EQ(a.general.hops, 2);
	T_CHECK(a.general.bandwidth_Bps == 5e5f, "bandwidth");
	T_EQ(a.general.latency_us, 33);
	T_EQ(a.general.mtu, 1280);
	gs = wire_adspec_find(&a, WIRE_SERVICE_GS);
	T_CHECK(gs && gs->gs_terms && !gs->broken, "GS");
	T_EQ(gs->Ctot, 100);
	T_EQ(gs->Dsum, 400);
	T_CHECK(wire_adspec_find(&a, WIRE_SERVICE_CL) != NULL, "CL");
	/* A parameter that is longer than its service. */
	((Gads_parms_t *)(room + 12))->Gads_Dsum_hdr.isph_len32b = 9;
	T_EQ(rapi_sender(sid, 0, &lhost.any, NULL, &t, (rapi_adspec_t *)room,
		     NULL, 0),
		RAPI_ERR_INTSERV);
	/* A service that is cut. */
	(void)intserv_adspec(hdr);
	hdr->len = (unsigned)len - 8;
	T_EQ(rapi_sender(sid, 0, &lhost.any, NULL, &t, (rapi_adspec_t *)room,
		     NULL, 0),
		RAPI_ERR_INTSERV);
	end();
}

/* ---- reserve
 * -------------------------------------------------------------------- */

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
	rapi_filter_t filters[2] = { filter("198.51.100.1", 1),
		filter("198.51.100.2", 1) };
	rapi_flowspec_t specs[2] = { flowspec(RAPI_QOS_CNTR_LOAD),
		flowspec(RAPI_QOS_CNTR_LOAD) };

	for (int i = 0; i < 2; i++) {
		filters[i].len = sizeof(filters[i]);
		specs[i].len = sizeof(specs[i]);
	}
	begin("192.0.2.1");
	for (int style = 1; style <= 3; style++)
		for (int nf = -1; nf <= 2; nf++)
			for (int ns = -1; ns <= 2; ns++)
				for (int lists = 0; lists < 2; lists++) {
					const int rc = rapi_reserve(sid, 0,
						NULL, (rapi_styleid_t)style,
						NULL, NULL, nf,
						lists ? filters : NULL, ns,
						lists ? specs : NULL);

					T_CHECK(rc == expected(style, nf, ns,
							      lists),
						"style %d, %d filters, %d "
						"flowspecs, lists %d: %d",
						style, nf, ns, lists, rc);
				}
	/* One list only. */
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_FIXED, NULL, NULL, 1, NULL,
		     1, specs),
		RAPI_ERR_INVAL);
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_FIXED, NULL, NULL, 1,
		     filters, 1, NULL),
		RAPI_ERR_INVAL);
	end();
}

static void
checks_have_an_order(void)
{
	rapi_flowspec_t spec = flowspec(RAPI_QOS_CNTR_LOAD);
	rapi_policy_t policy = { .len = 16, .form = RAPI_POLICY_NAME_STRING };
	int ext;

	begin("192.0.2.1");
	T_EQ(rapi_reserve(sid, 0x10, NULL, (rapi_styleid_t)9, &ext, NULL, 5,
		     NULL, 0, NULL),
		RAPI_ERR_UNSUPPORTED);
	T_EQ(rapi_reserve(sid, RAPI_REQ_CONFIRM, NULL, (rapi_styleid_t)9, &ext,
		     NULL, 5, NULL, 0, NULL),
		RAPI_ERR_OK);
	T_EQ(rapi_reserve(sid, 0, NULL, (rapi_styleid_t)4, &ext, NULL, 5, NULL,
		     1, &spec),
		RAPI_ERR_BADSTYLE);
	T_EQ(rapi_reserve(sid, 0, NULL, (rapi_styleid_t)0, NULL, NULL, 5, NULL,
		     1, &spec),
		RAPI_ERR_BADSTYLE);
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_WILDCARD, &ext, NULL, 5,
		     NULL, 1, &spec),
		RAPI_ERR_UNSUPPORTED);
	spec.form = 1;
	spec.len = 3;
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_WILDCARD, NULL, &policy, 0,
		     NULL, 1, &spec),
		RAPI_ERR_OBJTYPE);
	spec.form = RAPI_FLOWSTYPE_Simplified;
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_WILDCARD, NULL, &policy, 0,
		     NULL, 1, &spec),
		RAPI_ERR_OBJLEN);
	spec = flowspec(RAPI_QOS_TSPEC);
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_WILDCARD, NULL, &policy, 0,
		     NULL, 1, &spec),
		RAPI_ERR_INVAL);
	spec = flowspec(RAPI_QOS_CNTR_LOAD);
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_WILDCARD, NULL, &policy, 0,
		     NULL, 1, &spec),
		RAPI_ERR_UNSUPPORTED);
	end();
}

static struct rapi_msg_request
reserved(void)
{
	return rapi_daemon_next(&d, RAPI_MSG_RESERVE);
}

static void
packed_lists_are_walked_by_their_lengths(void)
{
	char filters[24 + 36 + 24];
	char specs[40 + 52 + 40];
	rapi_filter_t f;
	rapi_flowspec_t s;
	struct rapi_msg_request q;

	f = filter("198.51.100.1", 1);
	memcpy(filters, &f, 24);
	f = filter("198.51.100.2", 2);
	f.len = 36;
	memcpy(filters + 24, &f, 36);
	f = filter("198.51.100.3", 3);
	memcpy(filters + 60, &f, 24);
	s = flowspec(RAPI_QOS_GUARANTEED);
	memcpy(specs, &s, 40);
	s = flowspec(RAPI_QOS_CNTR_LOAD);
	s.len = 52;
	memcpy(specs + 40, &s, 52);
	s = flowspec(RAPI_QOS_GUARANTEED);
	s.specbody_qosx.xspec_R = 9999;
	memcpy(specs + 92, &s, 40);
	begin("192.0.2.1");
	T_EQ(rapi_reserve(sid, RAPI_REQ_CONFIRM, NULL, RAPI_RSTYLE_FIXED, NULL,
		     NULL, 3, (rapi_filter_t *)(void *)filters, 3,
		     (rapi_flowspec_t *)(void *)specs),
		RAPI_ERR_OK);
	(void)rapi_daemon_next(&d, RAPI_MSG_OPEN);
	q = reserved();
	T_EQ(q.reserve.style, WIRE_STYLE_FF);
	T_CHECK(q.confirm, "confirmation");
	T_EQ(q.reserve.flow_count, 3);
	for (int i = 0; i < 3; i++) {
		const struct wire_flow *flow = &q.reserve.flows[i];

		T_EQ(flow->filter.src_port, i + 1);
		T_EQ(flow->filter.src.b[3], i + 1);
		check_tspec(&flow->flowspec.tspec);
		T_EQ(flow->flowspec.service,
			i == 1 ? WIRE_SERVICE_CL : WIRE_SERVICE_GS);
	}
	T_CHECK(q.reserve.flows[0].flowspec.R == 1500, "R");
	T_EQ(q.reserve.flows[0].flowspec.S, 9);
	T_CHECK(q.reserve.flows[1].flowspec.R == 0, "CL has no R");
	T_EQ(q.reserve.flows[1].flowspec.S, 0);
	T_CHECK(q.reserve.flows[2].flowspec.R == 9999, "R");
	end();
}

static void
the_second_object_of_a_list_is_checked_too(void)
{
	rapi_filter_t filters[2] = { filter("198.51.100.1", 1),
		filter("198.51.100.2", 1) };
	rapi_flowspec_t spec = flowspec(RAPI_QOS_CNTR_LOAD);

	begin("192.0.2.1");
	filters[0].len = sizeof(filters[0]);
	filters[1].form = RAPI_EMPTY_OTYPE;
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_SE, NULL, NULL, 2, filters,
		     1, &spec),
		RAPI_ERR_OBJTYPE);
	filters[1] = filter("2001:db8::1", 1);
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_SE, NULL, NULL, 2, filters,
		     1, &spec),
		RAPI_ERR_INVAL);
	filters[1].len = 4100;
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_SE, NULL, NULL, 2, filters,
		     1, &spec),
		RAPI_ERR_OBJLEN);
	end();
}

static void
shared_styles_repeat_their_flowspec(void)
{
	rapi_filter_t filters[2] = { filter("2001:db8::1", 1),
		filter("2001:db8::2", 0) };
	rapi_flowspec_t spec = flowspec(RAPI_QOS_GUARANTEED);
	struct rapi_msg_request q;

	begin("2001:db8::9");
	filters[1].rapi_filt6.sin6_flowinfo = htonl(0x7ff12345);
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_SE, NULL, NULL, 2, filters,
		     1, &spec),
		RAPI_ERR_OK);
	(void)rapi_daemon_next(&d, RAPI_MSG_OPEN);
	q = reserved();
	T_EQ(q.reserve.style, WIRE_STYLE_SE);
	T_CHECK(!q.confirm, "no confirmation");
	T_EQ(q.reserve.flow_count, 2);
	T_CHECK(q.reserve.flows[1].flowspec.R == 1500, "R");
	check_tspec(&q.reserve.flows[1].flowspec.tspec);
	T_EQ(q.reserve.flows[0].filter.form, WIRE_FILTER_PORT);
	T_EQ(q.reserve.flows[1].filter.form, WIRE_FILTER_FLOW_LABEL);
	T_EQ(q.reserve.flows[1].filter.flow_label, 0x12345);
	/* WF: the filter is there, and not looked at. */
	filters[0].form = 0;
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_WILDCARD, NULL, NULL, 1,
		     filters, 1, &spec),
		RAPI_ERR_OK);
	q = reserved();
	T_EQ(q.reserve.style, WIRE_STYLE_WF);
	T_EQ(q.reserve.flow_count, 1);
	T_CHECK(!q.reserve.flows[0].has_filter, "no filter");
	T_EQ(rapi_reserve(sid, 0, NULL, (rapi_styleid_t)77, NULL, NULL, 3, NULL,
		     0, NULL),
		RAPI_ERR_OK);
	(void)rapi_daemon_next(&d, RAPI_MSG_UNRESERVE);
	end();
}

static void
intserv_flowspecs_are_checked_and_read(void)
{
	rapi_flowspec_t f = { .len = 52, .form = RAPI_FLOWSTYPE_Intserv };
	Guar_flowspec_t *g = &f.specbody_IS.spec_u.G_spec;
	CL_flowspec_t *c = &f.specbody_IS.spec_u.CL_spec;
	struct rapi_msg_request q;

#define RESERVE(code)                                                          \
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_WILDCARD, NULL, NULL, 0,   \
		     NULL, 1, &f),                                             \
		code)
	begin("192.0.2.1");
	(void)rapi_daemon_next(&d, RAPI_MSG_OPEN);
	Set_Serv_Hdr(&g->Guar_serv_hdr, GUARANTEED_SERV, 36);
	Set_Parm_Hdr(&g->Guar_Tspec_hdr, IS_WKP_TB_TSPEC, 20);
	g->Guar_Tspec_parms = (TB_Tsp_parms_t){ 1000, 2000, 3000, 40, 500 };
	Set_Parm_Hdr(&g->Guar_Rspec_hdr, IS_GUAR_RSPEC, 8);
	g->Guar_Rspec = (guar_Rspec_t){ 1500, 9 };
	RESERVE(RAPI_ERR_OK);
	q = reserved();
	T_EQ(q.reserve.flows[0].flowspec.service, WIRE_SERVICE_GS);
	check_tspec(&q.reserve.flows[0].flowspec.tspec);
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
	check_tspec(&q.reserve.flows[0].flowspec.tspec);
	c->CL_spec_parm_hdr.isph_len32b = 4;
	RESERVE(RAPI_ERR_INTSERV);
	end();
#undef RESERVE
}

static void
check_receiver(rapi_addr_t *rhost, const char *want)
{
	rapi_flowspec_t spec = flowspec(RAPI_QOS_CNTR_LOAD);
	struct rapi_msg_request q;

	T_EQ(rapi_reserve(sid, 0, rhost, RAPI_RSTYLE_WILDCARD, NULL, NULL, 0,
		     NULL, 1, &spec),
		RAPI_ERR_OK);
	q = reserved();
	if (want)
		T_CHECK(is_address(&q.reserve.receiver, want), "not %s", want);
	else
		T_EQ(q.reserve.receiver.family, ADDR_NONE);
}

static void
the_receiving_interface_never_fails(void)
{
	union address a = address("198.51.100.1", 0);
	union address b = address("2001:db8::1", 0);

	begin("233.252.0.7");
	(void)rapi_daemon_next(&d, RAPI_MSG_OPEN);
	check_receiver(NULL, NULL);
	check_receiver(&a.any, "198.51.100.1");
	check_receiver(&b.any, NULL);
	a.any.sa_family = 0x5a5a; /* a client that set the address only */
	check_receiver(&a.any, "198.51.100.1");
	a = address("0.0.0.0", 0);
	check_receiver(&a.any, NULL);
	end();
	begin("192.0.2.1");
	(void)rapi_daemon_next(&d, RAPI_MSG_OPEN);
	a = address("198.51.100.1", 0);
	check_receiver(&a.any, NULL); /* unicast: it is the session's */
	end();
}

static void
more_than_64_filters_are_refused(void)
{
	static rapi_filter_t filters[65];
	rapi_flowspec_t spec = flowspec(RAPI_QOS_CNTR_LOAD);

	for (size_t i = 0; i < 65; i++) {
		filters[i] = filter("198.51.100.1", (uint16_t)(i + 1));
		filters[i].len = sizeof(filters[i]);
	}
	begin("192.0.2.1");
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_SE, NULL, NULL, 65, filters,
		     1, &spec),
		RAPI_ERR_OVERFLOW);
	T_EQ(rapi_reserve(sid, 0, NULL, RAPI_RSTYLE_SE, NULL, NULL, 64, filters,
		     1, &spec),
		RAPI_ERR_OK);
	(void)rapi_daemon_next(&d, RAPI_MSG_OPEN);
	T_EQ(reserved().reserve.flow_count, 64);
	end();
}

static void
a_socket_path_has_a_limit(void)
{
	char path[200];

	memset(path, 'x', sizeof(path));
	path[108] = '\0';
	T_EQ(rapi_ext_set_socket(path), RAPI_ERR_OVERFLOW);
	path[107] = '\0';
	T_EQ(rapi_ext_set_socket(path), RAPI_ERR_OK);
	T_EQ(rapi_ext_set_socket(NULL), RAPI_ERR_OK);
}

static void
the_environment_names_the_socket(void)
{
	union address a = address("192.0.2.1", 1);

	rapi_daemon_start(&d);
	T_EQ(rapi_ext_set_socket(NULL), RAPI_ERR_OK);
	T_EQ(setenv("RAPI_SOCKET", d.path, 1), 0);
	sid = rapi_session(&a.any, 17, 0, NULL, NULL, NULL);
	T_CHECK(sid != RAPI_NULL_SID, "%s", rapi_ext_last_error());
	T_EQ(unsetenv("RAPI_SOCKET"), 0);
	rapi_daemon_accept(&d);
	end();
}

static struct t_case cases[] = {
	{ "sessions with wrong arguments are refused",
		sessions_with_wrong_arguments_are_refused },
	{ "a daemon that is not there is an error each time",
		a_daemon_that_is_not_there_is_an_error_each_time },
	{ "a session is sent as it was given",
		a_session_is_sent_as_it_was_given },
	{ "only open sessions may be used", only_open_sessions_may_be_used },
	{ "senders with wrong arguments are refused",
		senders_with_wrong_arguments_are_refused },
	{ "a sender is made from its address",
		a_sender_is_made_from_its_address },
	{ "a template wins over the address",
		a_template_wins_over_the_address },
	{ "an IPv4 address is sixteen octets",
		an_ipv4_address_is_sixteen_octets },
	{ "a sender is withdrawn by no address",
		a_sender_is_withdrawn_by_no_address },
	{ "Intserv Tspecs are checked and read",
		intserv_tspecs_are_checked_and_read },
	{ "a Simplified Adspec becomes the object",
		a_simplified_adspec_becomes_the_object },
	{ "an Intserv Adspec becomes the object",
		an_intserv_adspec_becomes_the_object },
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
	{ "a socket path has a limit", a_socket_path_has_a_limit },
	{ "the environment names the socket",
		the_environment_names_the_socket },
};
T_MAIN(cases)
