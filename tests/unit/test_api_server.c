/* SPDX-License-Identifier: ISC */

/* What applications ask the RAPI server for, who may, and what they hear. */

#include "api_t.h"

#include <errno.h>
#include <unistd.h>

#include "rapi/rapi_ext.h"
#include "rsvpd/api_int.h"

static void
a_receiver_hears_and_reserves_and_is_torn_when_it_ends(void)
{
	at_begin();
	at_open("192.0.2.1", 5004);
	T_CHECK(at_run_until(at_one_client), "not accepted");
	at_path_arrives();
	T_CHECK(at_run_until(at_heard), "no event");
	T_EQ(at.app.type, RAPI_PATH_EVENT);
	T_EQ(at.app.filters, 1);
	T_EQ(at.app.flowspecs, 1);
	T_EQ(ntohs(at.app.filter.rapi_filtbase4_port), 5004);
	at_reserve_for("198.51.100.7", 5004);
	T_CHECK(at_run_until(at_resv_sent), "no Resv");
	T_EQ(at.last_sent.style, WIRE_STYLE_FF);
	T_CHECK(at.last_sent.flows[0].flowspec.tspec.r == 1000, "r");
	T_EQ(at.last_sent.flows[0].flowspec.service, WIRE_SERVICE_CL);
	T_CHECK(!(at.last_sent.has & WIRE_HAS_CONFIRM), "not asked for");
	at.sent[WIRE_RESV] = 0;
	at_reserve_confirmed("198.51.100.7", 5004);
	T_CHECK(at_run_until(at_resv_sent), "no Resv");
	T_CHECK(at.last_sent.has & WIRE_HAS_CONFIRM, "asked for");
	/* As when it is killed: the descriptor closes. */
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	T_CHECK(at_run_until(at_resv_torn), "no ResvTear");
	T_CHECK(at_run_until(at_no_client), "still there");
	at_end();
}

static void
a_sender_is_announced_and_torn_when_it_ends(void)
{
	at_begin();
	at_open("203.0.113.9", 5004);
	at_send_from("0.0.0.0", 99);
	T_CHECK(at_run_until(at_path_sent), "no Path");
	T_CHECK(addr_equal(&at.last_sent.sender.src,
			&(struct addr){ ADDR_V4, { 192, 0, 2, 1 } }),
		"an address that was left open is filled in");
	T_EQ(at.last_sent.sender.src_port, 99);
	T_CHECK(at.last_sent.tspec.b == 2000, "b");
	T_EQ(at.last_sent.send_ttl, 42);
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	T_CHECK(at_run_until(at_path_torn), "no PathTear");
	at_end();
}

static void
withdrawals_are_passed_on(void)
{
	at_begin();
	at_open("203.0.113.9", 5004);
	at_send_from("192.0.2.1", 99);
	T_CHECK(at_run_until(at_path_sent), "no Path");
	T_EQ(rapi_sender(at.app.sid, 0, NULL, NULL, NULL, NULL, NULL, 0),
		RAPI_ERR_OK);
	T_CHECK(at_run_until(at_path_torn), "no PathTear");
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	at_open("192.0.2.1", 5004);
	at_path_arrives();
	at_reserve_for("198.51.100.7", 5004);
	T_CHECK(at_run_until(at_resv_sent), "no Resv");
	T_EQ(rapi_reserve(at.app.sid, 0, NULL, RAPI_RSTYLE_FIXED, NULL, NULL, 0,
		     NULL, 0, NULL),
		RAPI_ERR_OK);
	T_CHECK(at_run_until(at_resv_torn), "no ResvTear");
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	at_end();
}

static void
one_of_two_sessions_is_released(void)
{
	rapi_sid_t keep;

	at_begin();
	keep = at_open("192.0.2.1", 7);
	at_open("203.0.113.9", 5004);
	at_send_from("192.0.2.1", 99);
	T_CHECK(at_run_until(at_path_sent), "no Path");
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	T_CHECK(at_run_until(at_path_torn), "no PathTear");
	T_EQ(at.engine.api->client_count, 1);
	T_EQ(rapi_release(keep), RAPI_ERR_OK);
	at_end();
}

static void
ipv6_has_no_way_without_raw_sockets(void)
{
	at_begin();
	at.conf.raw = false;
	at_open("2001:db8:9::9", 5004);
	at_send_from("::", 99);
	at_expect_error(RAPI_PATH_ERROR, 20, RAPI_ERR_UNSUPPORTED,
		"raw = false in rsvpd.conf");
	T_EQ(at.app.filters, 1);
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	at.app.events = 0;
	at_open("2001:db8::1", 5004);
	at_reserve_for("2001:db8:9::9", 1);
	at_expect_error(RAPI_RESV_ERROR, 20, RAPI_ERR_UNSUPPORTED,
		"raw = false in rsvpd.conf");
	T_EQ(at.sent[WIRE_PATH] + at.sent[WIRE_RESV], 0);
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	/* IPv4 goes in UDP. */
	at_open("203.0.113.9", 5004);
	at_send_from("192.0.2.1", 99);
	T_CHECK(at_run_until(at_path_sent), "no Path");
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	/* With raw sockets IPv6 goes too. */
	at.conf.raw = true;
	at.sent[WIRE_PATH] = 0;
	at_open("2001:db8:9::9", 5004);
	at_send_from("2001:db8::1", 99);
	T_CHECK(at_run_until(at_path_sent), "no Path");
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	at_end();
}

/* Its notification has not been read yet. */
static void
an_address_that_was_just_added_is_of_this_host(void)
{
	at_begin();
	at_open("203.0.113.9", 5004);
	at_send_from("192.0.2.2", 99);
	at_expect_error(RAPI_PATH_ERROR, 20, RAPI_ERR_BADSEND,
		"192.0.2.2 is not of this host");
	at.links.fresh = true;
	at_send_from("192.0.2.2", 99);
	T_CHECK(at_run_until(at_path_sent), "no Path");
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	at_end();
}

static void
ends_of_the_flow_must_be_here(void)
{
	at_begin();
	at_open("203.0.113.9", 5004);
	at_send_from("203.0.113.1", 99);
	at_expect_error(RAPI_PATH_ERROR, 20, RAPI_ERR_BADSEND,
		"203.0.113.1 is not of this host");
	T_EQ(at.app.filters, 1);
	T_EQ(at.app.flowspecs, 1);
	at.app.events = 0;
	at.links.no_route = true;
	at_send_from("0.0.0.0", 99);
	at_expect_error(RAPI_PATH_ERROR, 20, RAPI_ERR_BADSEND,
		"no route to 203.0.113.9");
	at.app.events = 0;
	at_reserve_for("198.51.100.7", 1);
	at_expect_error(RAPI_RESV_ERROR, 20, RAPI_ERR_BADRECV,
		"203.0.113.9 is not of this host");
	T_EQ(at.app.filters, 1);
	T_EQ(at.app.flowspecs, 1);
	T_EQ(at.sent[WIRE_PATH] + at.sent[WIRE_RESV], 0);
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	at_open("203.0.113.9", 0);
	at_send_from("192.0.2.1", 99);
	at_expect_error(
		RAPI_PATH_ERROR, 20, RAPI_ERR_BADSPORT, "source port 99");
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	at_end();
}

/* RFC 2205 3.2: with and without ports is one session too many. */
static void
sessions_with_and_without_ports_conflict(void)
{
	rapi_sid_t with;

	at_begin();
	with = at_open("192.0.2.1", 5004);
	T_CHECK(at_run_until(at_one_client), "not accepted");
	at_path_arrives();
	T_CHECK(at_run_until(at_heard), "no event");
	at_open("192.0.2.1", 0);
	at_expect_error(RAPI_PATH_ERROR, WIRE_E_DST_PORTS, 0, "ports conflict");
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	T_EQ(rapi_release(with), RAPI_ERR_OK);
	at_end();
}

/* May a client with that uid send from, or reserve for, this port? */
static bool
may(uint32_t uid, uint8_t proto, uint16_t port, bool sender,
	struct api_denial *d)
{
	struct api_client c = { .server = at.engine.api,
		.who = { .known = true, .uid = uid } };
	struct api_session s = {
		.client = &c,
		.want = { .session = { .dst = t_addr(sender ? "203.0.113.9"
							    : "192.0.2.1"),
				  .proto = proto,
				  .dst_port = sender && port != 0 ? 9 : port } }
	};
	struct wire_filter f = { .src = t_addr("192.0.2.1"), .src_port = port };
	const struct addr nobody = { 0 };

	*d = (struct api_denial){ 0 };
	return sender ? api_auth_sender(&s, &f, d)
		      : api_auth_receiver(&s, &nobody, d);
}

static void
ports_of_other_users_are_theirs(void)
{
	static const struct {
		uint32_t uid;
		uint8_t proto;
		uint16_t port;
		int owner;
		uint32_t owner_uid;
		bool allowed;
		const char *text;
	} rows[] = {
		{ 1000, 17, 5004, 0, 0, true, "" },
		{ 1000, 17, 5004, 1, 1000, true, "" },
		{ 1000, 6, 5004, 1, 1000, true, "" },
		{ 1000, 17, 5004, 1, 1001, false, "held by uid 1001" },
		{ 1000, 17, 5004, 1, 0, false, "held by uid 0" },
		{ 1000, 132, 5004, 1, 1001, false, "held by uid 1001" },
		{ 1000, 17, 5004, -EPERM, 0, false, "cannot find out" },
		{ 1000, 17, 0, 0, 0, false, "every user" },
		{ 1000, 1, 0, 0, 0, false, "every user" },
		{ 1000, 47, 5004, 0, 0, false, "every user" },
		{ 0, 17, 5004, 1, 1001, true, "" },
		{ 0, 17, 5004, -EPERM, 0, true, "" },
		{ 0, 47, 0, 0, 0, true, "" },
	};
	struct api_denial d;

	at_begin();
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const size_t row = i / 2;

		at.links.owner = rows[row].owner;
		at.links.owner_uid = rows[row].owner_uid;
		T_CHECK(may(rows[row].uid, rows[row].proto, rows[row].port,
				i % 2, &d) == rows[row].allowed,
			"row %zu: %s", row, d.text);
		T_EQ(d.value, rows[row].allowed ? 0 : RAPI_ERR_PERM);
		T_CHECK(strstr(d.text, rows[row].text) != NULL, "row %zu: %s",
			row, d.text);
	}
	at.links.owner = 0;
	T_CHECK(may(1000, 6, 443, true, &d), "%s", d.text);
	T_EQ(at.links.asked_proto, 6);
	T_EQ(at.links.asked_port, 443);
	at_end();
}

static void
groups_are_received_on_interfaces_of_this_host(void)
{
	struct api_client c = { .who = { .known = true, .uid = 1000 } };
	struct api_session s = { .client = &c,
		.want = { .session = { .dst = { ADDR_V4, { 233, 252, 0, 1 } },
				  .proto = 17,
				  .dst_port = 9 } } };
	struct addr receiver = { 0 };
	struct api_denial d = { 0 };

	at_begin();
	c.server = at.engine.api;
	T_CHECK(api_auth_receiver(&s, &receiver, &d), "%s", d.text);
	receiver = t_addr("192.0.2.1");
	T_CHECK(api_auth_receiver(&s, &receiver, &d), "%s", d.text);
	receiver = t_addr("192.0.2.77");
	T_CHECK(!api_auth_receiver(&s, &receiver, &d), "not ours");
	T_EQ(d.value, RAPI_ERR_BADRECV);
	at_end();
}

static void
what_policy_says_reaches_the_application(void)
{
	at_begin();
	at_open("192.0.2.1", 5004);
	at_path_arrives();
	at.deny = true;
	at_reserve_for("198.51.100.7", 5004);
	T_CHECK(at_run_until(at_heard), "no event");
	at.app.events = 0;
	T_CHECK(at.app.type != RAPI_PATH_EVENT || at_run_until(at_heard),
		"no event");
	T_EQ(at.app.type, RAPI_RESV_ERROR);
	T_EQ(at.app.code, RSVP_Err_POLICY);
	T_CHECK(strstr(at.app.text, "no-guests") != NULL, "%s", at.app.text);
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	at_end();
}

static bool
last_was_error(void)
{
	(void)at_heard();
	return at.app.type == RAPI_PATH_ERROR || at.app.type == RAPI_RESV_ERROR;
}

static void
sessions_beyond_the_limit_are_refused_as_events(void)
{
	rapi_sid_t sids[11];

	at_begin();
	for (int i = 0; i < 11; i++)
		sids[i] = at_open("192.0.2.1", (uint16_t)(100 + i));
	at_expect_error(
		RAPI_PATH_ERROR, 20, RAPI_ERR_MAXSESS, "sessionsPerUser");
	at.app.type = (rapi_eventinfo_t)0;
	at_reserve_for("198.51.100.7", 5004);
	T_CHECK(at_run_until(last_was_error), "no event");
	T_EQ(at.app.type, RAPI_RESV_ERROR);
	T_EQ(at.app.value, RAPI_ERR_BADSID);
	for (int i = 0; i < 11; i++)
		T_EQ(rapi_release(sids[i]), RAPI_ERR_OK);
	at_end();
}

static void
the_end_of_the_daemon_tears_nothing(void)
{
	at_begin();
	at_open("203.0.113.9", 5004);
	at_send_from("192.0.2.1", 99);
	T_CHECK(at_run_until(at_path_sent), "no Path");
	api_server_free(at.engine.api);
	at.engine.api = NULL;
	effect_run(&at.engine);
	T_EQ(at.sent[WIRE_PATH_TEAR], 0);
	T_EQ(rapi_release(at.app.sid), RAPI_ERR_OK);
	at_end();
}

static void
the_settling_time_shrinks_with_age(void)
{
	struct rapi_msg_answer a;

	for (int i = 0; i < 2; i++) {
		at_begin();
		at.engine.started = mono_add_ms(loop_now(), i * -40000);
		at_raw_client();
		T_CHECK(at_run_until(at_a_session), "no session");
		T_CHECK(at_run_until(at_drained), "not greeted");
		T_CHECK(at_raw_answer(&a), "closed");
		T_EQ(a.type, RAPI_MSG_WELCOME);
		/* 1.5 R + 7 s, of which 40 s are over. */
		T_CHECK(abs((int)a.settle_ms - (52000 - i * 40000)) < 1000,
			"%u", a.settle_ms);
		close(at.raw_fd);
		T_CHECK(at_run_until(at_no_client), "still there");
		at_end();
	}
}

static struct t_case cases[] = {
	{ "a receiver hears, reserves, and is torn when it ends",
		a_receiver_hears_and_reserves_and_is_torn_when_it_ends },
	{ "a sender is announced, and torn when it ends",
		a_sender_is_announced_and_torn_when_it_ends },
	{ "withdrawals are passed on", withdrawals_are_passed_on },
	{ "one of two sessions is released", one_of_two_sessions_is_released },
	{ "IPv6 has no way without raw sockets",
		ipv6_has_no_way_without_raw_sockets },
	{ "an address that was just added is of this host",
		an_address_that_was_just_added_is_of_this_host },
	{ "ends of the flow must be here", ends_of_the_flow_must_be_here },
	{ "ports of other users are theirs", ports_of_other_users_are_theirs },
	{ "groups are received on interfaces of this host",
		groups_are_received_on_interfaces_of_this_host },
	{ "what policy says reaches the application",
		what_policy_says_reaches_the_application },
	{ "sessions beyond the limit are refused as events",
		sessions_beyond_the_limit_are_refused_as_events },
	{ "the end of the daemon tears nothing",
		the_end_of_the_daemon_tears_nothing },
	{ "the settling time shrinks with age",
		the_settling_time_shrinks_with_age },
	{ "sessions with and without ports conflict",
		sessions_with_and_without_ports_conflict },
};
T_MAIN(cases)
