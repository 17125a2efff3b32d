/* SPDX-License-Identifier: ISC */

/* What rapi_session() and rapi_sender() refuse, and what they send. */

#include <arpa/inet.h>
#include <errno.h>

#include "rapi/rapi_ext.h"
#include "rapi_t.h"

/* ---- session ------------------------------------------------------------- */

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
	union rt_address odd = { .any = { .sa_family = AF_UNIX } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		union rt_address a = rt_address(rows[i].dst, 1);

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
	union rt_address a = rt_address("192.0.2.1", 1);
	int error;

	rapi_daemon_start(&rt.daemon);
	rapi_daemon_die(&rt.daemon);
	for (int i = 0; i < 2; i++) {
		errno = 0;
		T_EQ(rapi_session(&a.any, 17, 0, NULL, NULL, &error),
			RAPI_NULL_SID);
		T_EQ(error, RAPI_ERR_NORSVP);
		T_EQ(errno, ENOENT);
		T_CHECK(strstr(rapi_ext_last_error(), rt.daemon.path) != NULL,
			"%s", rapi_ext_last_error());
	}
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	rapi_daemon_back(&rt.daemon);
	rt.sid = rapi_session(&a.any, 17, 0, NULL, NULL, &error);
	T_CHECK(rt.sid != RAPI_NULL_SID, "%s", rapi_ext_last_error());
	rapi_daemon_accept(&rt.daemon);
	rt_end();
}

static void
a_session_is_sent_as_it_was_given(void)
{
	union rt_address a = rt_address("ff02::7", 7);
	struct rapi_msg_request q;
	rapi_sid_t other;

	rt_begin("192.0.2.1");
	q = rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
	T_CHECK(rt_is_address(&q.session.session.dst, "192.0.2.1"), "address");
	T_EQ(q.session.session.proto, IPPROTO_UDP);
	T_EQ(q.session.session.dst_port, 5004);
	T_EQ(q.session.ifindex, 0);
	a.in6.sin6_scope_id = 12;
	other = rapi_session(&a.any, 255, RAPI_USE_INTSERV, NULL, NULL, NULL);
	T_EQ(other, 2);
	q = rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
	T_CHECK(rt_is_address(&q.session.session.dst, "ff02::7"), "address");
	T_EQ(q.session.session.proto, 255);
	T_EQ(q.session.session.dst_port, 7);
	T_EQ(q.session.ifindex, 12);
	T_EQ(rapi_release(other), RAPI_ERR_OK);
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_CLOSE);
	rt_end();
}

static void
only_open_sessions_may_be_used(void)
{
	union rt_address a = rt_address("192.0.2.1", 1);
	rapi_tspec_t t = rt_tspec();
	const rapi_sid_t bad[] = { RAPI_NULL_SID, 2, 1000000, UINT32_MAX };

	rt_begin("192.0.2.1");
	for (size_t i = 0; i < 4; i++) {
		T_EQ(rapi_sender(bad[i], 0xff, &a.any, NULL, &t, NULL, NULL, 0),
			RAPI_ERR_BADSID);
		T_EQ(rapi_reserve(bad[i], 0xff, NULL, (rapi_styleid_t)9, NULL,
			     NULL, 1, NULL, 1, NULL),
			RAPI_ERR_BADSID);
		T_EQ(rapi_release(bad[i]), RAPI_ERR_BADSID);
		T_EQ(rapi_getfd(bad[i]), -1);
	}
	rt_end();
	T_EQ(rapi_release(rt.sid), RAPI_ERR_BADSID);
	T_EQ(rapi_getfd(rt.sid), -1);
}

/* ---- sender -------------------------------------------------------------- */

/* The arguments of one rapi_sender(), each as it should be unless changed. */
struct sender {
	unsigned flags;
	union rt_address lhost;
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
	return (struct sender){ .lhost = rt_address("198.51.100.1", 99),
		.tspec = rt_tspec(),
		.adspec = { .len = 76, .form = RAPI_ADSTYPE_Simplified },
		.policy = { .len = 16, .form = RAPI_POLICY_NAME_STRING } };
}

static int
send_it(struct sender *s)
{
	return rapi_sender(rt.sid, s->flags, &s->lhost.any,
		s->has_template ? &s->template : NULL, &s->tspec,
		s->has_adspec ? &s->adspec : NULL,
		s->has_policy ? &s->policy : NULL, s->ttl);
}

static void
senders_with_wrong_arguments_are_refused(void)
{
	struct sender s;

	rt_begin("192.0.2.1");
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
	REFUSED(RAPI_ERR_INVAL, s.lhost = rt_address("2001:db8::1", 9));
	REFUSED(RAPI_ERR_INVAL, s.has_template = true,
		s.template = rt_filter("2001:db8::1", 1));
	REFUSED(RAPI_ERR_OBJTYPE, s.has_template = true,
		s.template = rt_filter("192.0.2.9", 1),
		s.template.form = RAPI_FILTERFORM_GPI);
	REFUSED(RAPI_ERR_OBJLEN, s.has_template = true,
		s.template = rt_filter("192.0.2.9", 1), s.template.len = 20);
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
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
	T_CHECK(rapi_daemon_silent(&rt.daemon), "something was sent");
	rt_end();
}

static void
a_sender_is_made_from_its_address(void)
{
	struct sender s = good_sender();
	struct rapi_msg_request q;

	rt_begin("192.0.2.1");
	s.ttl = 255;
	T_EQ(send_it(&s), RAPI_ERR_OK);
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
	q = rapi_daemon_next(&rt.daemon, RAPI_MSG_SENDER);
	T_CHECK(rt_is_address(&q.sender.sender.src, "198.51.100.1"), "address");
	T_EQ(q.sender.sender.src_port, 99);
	rt_check_tspec(&q.sender.tspec);
	T_EQ(q.sender.adspec_view.len, 0);
	T_EQ(q.sender.ttl, 255);
	rt_end();
}

static void
a_template_wins_over_the_address(void)
{
	struct sender s = good_sender();
	struct rapi_msg_request q;

	rt_begin("192.0.2.1");
	s.has_template = true;
	s.template = rt_filter("203.0.113.5", 7);
	s.template.len = sizeof(s.template); /* as arrays of them have it */
	s.lhost.any.sa_family = 77;          /* not looked at */
	s.tspec.tspecbody_qosx.spec_type = RAPI_QOS_GUARANTEED;
	s.tspec.len = sizeof(s.tspec);
	T_EQ(send_it(&s), RAPI_ERR_OK);
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
	q = rapi_daemon_next(&rt.daemon, RAPI_MSG_SENDER);
	T_CHECK(rt_is_address(&q.sender.sender.src, "203.0.113.5"), "address");
	T_EQ(q.sender.sender.src_port, 7);
	rt_check_tspec(&q.sender.tspec);
	rt_end();
}

/* A bare struct sockaddr on the heap: a sanitizer sees a read beyond. */
static void
an_ipv4_address_is_sixteen_octets(void)
{
	struct sockaddr *bare = (struct sockaddr *)malloc(16);
	const union rt_address a = rt_address("198.51.100.1", 99);
	rapi_tspec_t t = rt_tspec();

	rt_begin("192.0.2.1");
	memcpy(bare, &a, 16);
	T_EQ(rapi_sender(rt.sid, 0, bare, NULL, &t, NULL, NULL, 0),
		RAPI_ERR_OK);
	free(bare);
	rt_end();
}

static void
a_sender_is_withdrawn_by_no_address(void)
{
	rt_begin("192.0.2.1");
	T_EQ(rapi_sender(rt.sid, 0, NULL, NULL, NULL, NULL, NULL, -1),
		RAPI_ERR_OK);
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_UNSEND);
	rt_end();
}

static void
intserv_tspecs_are_checked_and_read(void)
{
	struct sender s = good_sender();
	IS_tspbody_t *b = &s.tspec.tspecbody_IS;
	gen_Tspec_t *g = &b->tspec_u.gen_stspec;
	struct rapi_msg_request q;

	rt_begin("192.0.2.1");
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
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
	q = rapi_daemon_next(&rt.daemon, RAPI_MSG_SENDER);
	rt_check_tspec(&q.sender.tspec);
	rt_end();
}

static struct wire_adspec
sent_adspec(struct wire_view *ret_view)
{
	const struct rapi_msg_request q =
		rapi_daemon_next(&rt.daemon, RAPI_MSG_SENDER);
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

	rt_begin("192.0.2.1");
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
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
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
	rt_end();
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
	union rt_address lhost = rt_address("198.51.100.1", 99);
	rapi_tspec_t t = rt_tspec();
	struct wire_view view;
	struct wire_adspec a;
	const struct wire_adspec_service *gs;

	rt_begin("192.0.2.1");

	const size_t len = intserv_adspec(hdr);

	T_EQ(rapi_sender(rt.sid, 0, &lhost.any, NULL, &t, (rapi_adspec_t *)room,
		     NULL, 0),
		RAPI_ERR_OK);
	(void)rapi_daemon_next(&rt.daemon, RAPI_MSG_OPEN);
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
	T_EQ(rapi_sender(rt.sid, 0, &lhost.any, NULL, &t, (rapi_adspec_t *)room,
		     NULL, 0),
		RAPI_ERR_INTSERV);
	/* A service that is cut. */
	(void)intserv_adspec(hdr);
	hdr->len = (unsigned)len - 8;
	T_EQ(rapi_sender(rt.sid, 0, &lhost.any, NULL, &t, (rapi_adspec_t *)room,
		     NULL, 0),
		RAPI_ERR_INTSERV);
	rt_end();
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
	union rt_address a = rt_address("192.0.2.1", 1);

	rapi_daemon_start(&rt.daemon);
	T_EQ(rapi_ext_set_socket(NULL), RAPI_ERR_OK);
	T_EQ(setenv("RAPI_SOCKET", rt.daemon.path, 1), 0);
	rt.sid = rapi_session(&a.any, 17, 0, NULL, NULL, NULL);
	T_CHECK(rt.sid != RAPI_NULL_SID, "%s", rapi_ext_last_error());
	T_EQ(unsetenv("RAPI_SOCKET"), 0);
	rapi_daemon_accept(&rt.daemon);
	rt_end();
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
	{ "a socket path has a limit", a_socket_path_has_a_limit },
	{ "the environment names the socket",
		the_environment_names_the_socket },
};
T_MAIN(cases)
