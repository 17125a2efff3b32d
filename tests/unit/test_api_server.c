/* SPDX-License-Identifier: ISC */

/*
 * The RAPI server on the real loop and the real core, with librapi and raw
 * sockets as its clients.  Addresses, ports and packets are the test's.
 */

#include "rsvpd/api_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "rapi/rapi_ext.h"
#include "rsvpd/api_int.h"
#include "rsvpd/net_link.h"
#include "t.h"

enum { PATIENCE_MS = 5000, ETH0 = 2 };

/* ---- the parts around the server -------------------------------------------
 */

struct net_link {
	bool no_route;
	int owner; /* what sock_diag says: 0 nobody, 1 owner_uid, or -errno */
	uint32_t owner_uid;
	uint8_t asked_proto;
	uint16_t asked_port;
};

static struct net_link links;
static struct conf conf;
static struct conf_iface eth0_conf;
static struct stats stats;
static struct engine engine;
static char dir[32];
static char path[64];
static unsigned sent[8]; /* messages of the core, by type */
static struct wire_msg last_sent;
static uint8_t last_bytes[2048];
static bool deny;

static struct addr
addr(const char *text)
{
	struct addr a;

	T_CHECK(addr_parse(text, &a), "%s", text);
	return a;
}

bool
net_link_is_local(const struct net_link *link, const struct addr *a)
{
	const struct addr ours4 = addr("192.0.2.1");
	const struct addr ours6 = addr("2001:db8::1");

	(void)link;
	return addr_equal(a, &ours4) || addr_equal(a, &ours6);
}

bool
net_link_source(
	struct net_link *link, const struct addr *dst, struct addr *ret_src)
{
	if (link->no_route)
		return false;
	*ret_src = addr(dst->family == ADDR_V4 ? "192.0.2.1" : "2001:db8::1");
	return true;
}

int
net_link_port_owner(struct net_link *link, uint8_t proto, const struct addr *a,
	uint16_t port, uint32_t *ret_uid)
{
	(void)a;
	link->asked_proto = proto;
	link->asked_port = port;
	*ret_uid = link->owner_uid;
	return link->owner;
}

void
effect_run(struct engine *e)
{
	struct rsvp_effect effect;

	if (e->in_effects)
		return;
	e->in_effects = true;
	while (rsvp_core_take(e->core, &effect)) {
		if (effect.kind == RSVP_EFFECT_EVENT) {
			api_server_event(e->api, &effect.event);
		} else if (effect.kind == RSVP_EFFECT_SEND) {
			sent[effect.send.type]++;
			memcpy(last_bytes, effect.send.bytes, effect.send.len);
			T_EQ(wire_msg_decode(
				     last_bytes, effect.send.len, &last_sent),
				WIRE_OK);
		}
	}
	e->in_effects = false;
}

static void
route(void *arg, const struct rsvp_route_query *query, struct rsvp_route *ret)
{
	(void)arg;
	*ret = (struct rsvp_route){ 0 };
	ret->local = net_link_is_local(&links, &query->dst);
	if (!ret->local)
		ret->out_ifindex[ret->count++] = ETH0;
}

static void
policy(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret)
{
	(void)arg;
	(void)query;
	*ret = (struct rsvp_policy_answer){ .allowed = !deny,
		.value = WIRE_POLICY_REJECT };
	snprintf(ret->rule, sizeof(ret->rule), "no-guests");
	snprintf(ret->reason, sizeof(ret->reason), "rule no-guests denies");
}

static void
policy_end(void *arg, uint32_t claim)
{
	(void)arg;
	(void)claim;
}

static int
listener(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const int fd = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	T_EQ(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	T_EQ(listen(fd, 64), 0);
	return fd;
}

static void
make_core(void)
{
	struct rsvp_core_conf c = rsvp_core_defaults();
	const struct rsvp_iface eth0 = { .ifindex = ETH0,
		.name = "eth0",
		.up = true,
		.enabled = true,
		.v4 = addr("192.0.2.1"),
		.v6 = addr("2001:db8::1"),
		.mtu = 1500,
		.refresh_ms = 30000,
		.lives = 3,
		.assumed_min_packet = 128 };

	c.alloc = alloc_heap();
	c.max_sessions_uid = 10;
	c.hooks = (struct rsvp_hooks){ NULL, route, policy, policy_end };
	engine.core = rsvp_core_new(&c);
	rsvp_core_iface(engine.core, loop_now(), &eth0);
}

static void
begin(void)
{
	links = (struct net_link){ 0 };
	stats = (struct stats){ 0 };
	memset(sent, 0, sizeof(sent));
	deny = false;
	eth0_conf = (struct conf_iface){
		.name = "eth0", .enabled = true, .refresh_ms = 30000
	};
	conf = (struct conf){ .max_clients = 8,
		.max_clients_uid = 4,
		.client_queue_bytes = 262144,
		.iface_count = 1,
		.ifaces = &eth0_conf };
	engine = (struct engine){ .conf = &conf,
		.stats = &stats,
		.link = &links,
		.loop = loop_new(),
		.started = loop_now() };
	make_core();
	engine.api = api_server_new(&engine);
	T_CHECK(engine.loop && engine.core && engine.api, "no memory");
	snprintf(dir, sizeof(dir), "/tmp/api-test-XXXXXX");
	T_CHECK(mkdtemp(dir) != NULL, "no directory");
	snprintf(path, sizeof(path), "%s/sock", dir);
	api_server_socket(engine.api, listener());
	T_EQ(rapi_ext_set_socket(path), RAPI_ERR_OK);
	log_set(LOG_LEVEL_ERR, 0);
}

static void
end(void)
{
	api_server_free(engine.api);
	rsvp_core_free(engine.core);
	loop_free(engine.loop);
	unlink(path);
	rmdir(dir);
}

/* ---- running the loop
 * --------------------------------------------------------- */

static bool (*wanted)(void);
static struct mono give_up;
static struct loop_timer *poller;

static void
poll_condition(void *arg)
{
	(void)arg;
	if (wanted() || mono_reached(give_up, loop_now()))
		loop_stop(engine.loop);
	else
		loop_timer_set(poller, mono_add_ms(loop_now(), 1));
}

/* Run the daemon until a condition holds; false when it never does. */
static bool
run_until(bool (*condition)(void))
{
	wanted = condition;
	give_up = mono_add_ms(loop_now(), PATIENCE_MS);
	poller = loop_timer_add(engine.loop, poll_condition, NULL);
	loop_timer_set(poller, loop_now());
	T_EQ(loop_run(engine.loop), 0);
	loop_timer_del(poller);
	return condition();
}

/* ---- a client through librapi
 * -------------------------------------------------- */

static struct app {
	rapi_sid_t sid;
	int events;
	rapi_eventinfo_t type;
	int code;
	int value;
	int filters;
	int flowspecs;
	int adspecs;
	rapi_filter_t filter;
	char text[256];
} app;

static void
on_event(rapi_sid_t s, rapi_eventinfo_t type, rapi_styleid_t style, int code,
	int value, rapi_addr_t *node, unsigned flags, int filter_count,
	rapi_filter_t *filters, int flowspec_count, rapi_flowspec_t *flowspecs,
	int adspec_count, rapi_adspec_t *adspecs, void *arg)
{
	(void)s, (void)style, (void)node, (void)flags, (void)flowspecs;
	(void)adspecs, (void)arg;
	app.events++;
	app.type = type;
	app.code = code;
	app.value = value;
	app.filters = filter_count;
	app.flowspecs = flowspec_count;
	app.adspecs = adspec_count;
	if (filter_count > 0)
		memcpy(&app.filter, filters, filters->len);
	snprintf(app.text, sizeof(app.text), "%s", rapi_ext_event_text());
}

static bool
heard(void)
{
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	return app.events > 0;
}

static bool
one_client(void)
{
	return engine.api->client_count == 1;
}

static bool
no_client(void)
{
	return engine.api->client_count == 0;
}

static rapi_sid_t
session(const char *dst, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };
	const bool v4 = inet_pton(AF_INET, dst, &sin.sin_addr) == 1;
	rapi_sid_t sid;

	(void)inet_pton(AF_INET6, dst, &sin6.sin6_addr); /* else unused */
	sid = rapi_session(v4 ? (rapi_addr_t *)&sin : (rapi_addr_t *)&sin6, 17,
		0, on_event, NULL, NULL);
	T_CHECK(sid != RAPI_NULL_SID, "%s", rapi_ext_last_error());
	app = (struct app){ .sid = sid };
	return sid;
}

static void
send_from(const char *src, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	rapi_tspec_t t = { .len = 32, .form = RAPI_TSPECTYPE_Simplified };

	t.tspecbody_qosx.xtspec_r = 1000;
	t.tspecbody_qosx.xtspec_b = 2000;
	t.tspecbody_qosx.xtspec_p = 3000;
	t.tspecbody_qosx.xtspec_m = 40;
	t.tspecbody_qosx.xtspec_M = 500;
	inet_pton(AF_INET, src, &sin.sin_addr);
	T_EQ(rapi_sender(
		     app.sid, 0, (rapi_addr_t *)&sin, NULL, &t, NULL, NULL, 42),
		RAPI_ERR_OK);
}

static void
reserve_for(const char *src, uint16_t port)
{
	rapi_filter_t filter = { .len = 24, .form = RAPI_FILTERFORM_BASE };
	rapi_flowspec_t f = { .len = 40, .form = RAPI_FLOWSTYPE_Simplified };

	filter.rapi_filt4.sin_family = AF_INET;
	filter.rapi_filtbase4_port = htons(port);
	inet_pton(AF_INET, src, &filter.rapi_filtbase4_addr);
	f.specbody_qosx.spec_type = RAPI_QOS_CNTR_LOAD;
	f.specbody_qosx.xspec_r = 1000;
	f.specbody_qosx.xspec_b = 2000;
	f.specbody_qosx.xspec_p = 3000;
	f.specbody_qosx.xspec_m = 40;
	f.specbody_qosx.xspec_M = 500;
	T_EQ(rapi_reserve(app.sid, 0, NULL, RAPI_RSTYLE_FIXED, NULL, NULL, 1,
		     &filter, 1, &f),
		RAPI_ERR_OK);
}

static bool
path_sent(void)
{
	return sent[WIRE_PATH] > 0;
}

static bool
path_torn(void)
{
	return sent[WIRE_PATH_TEAR] > 0;
}

static bool
resv_sent(void)
{
	return sent[WIRE_RESV] > 0;
}

static bool
resv_torn(void)
{
	return sent[WIRE_RESV_TEAR] > 0;
}

static void
expect_error(rapi_eventinfo_t type, int code, int value, const char *text)
{
	T_CHECK(run_until(heard), "no event");
	T_EQ(app.type, type);
	T_EQ(app.code, code);
	T_EQ(app.value, value);
	T_CHECK(strstr(app.text, text) != NULL, "\"%s\" without \"%s\"",
		app.text, text);
}

/* The Path of a sender far away to 192.0.2.1:5004. */
static void
path_arrives(void)
{
	struct wire_msg m = {
		.type = WIRE_PATH,
		.send_ttl = 63,
		.has = WIRE_HAS_SESSION | WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES |
		       WIRE_HAS_SENDER | WIRE_HAS_TSPEC,
		.session = { .dst = addr("192.0.2.1"),
			.proto = 17,
			.dst_port = 5004 },
		.hop = { .addr = addr("192.0.2.2") },
		.refresh_ms = 30000,
		.sender = { .src = addr("198.51.100.7"), .src_port = 5004 },
		.tspec = { .r = 1000, .b = 2000, .p = 3000, .m = 40, .M = 500 },
	};
	const struct rsvp_packet packet = { .ifindex = ETH0,
		.src = addr("198.51.100.7"),
		.dst = addr("192.0.2.1"),
		.ttl = 63,
		.dst_local = true,
		.msg = &m };

	rsvp_core_packet(engine.core, loop_now(), &packet);
	effect_run(&engine);
}

/* ---- a client that speaks for itself
 * ------------------------------------------- */

static int
raw_connect(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	T_CHECK(fd >= 0, "socket");
	T_EQ(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

static void
raw_send(int fd, const struct buf_writer *w)
{
	T_CHECK(!w->failed, "too long");
	T_EQ(send(fd, w->start, buf_written(w), MSG_NOSIGNAL), buf_written(w));
}

static void
put_open(struct buf_writer *w, uint64_t handle)
{
	uint8_t bytes[128];
	struct buf_writer b = buf_writer(bytes, sizeof(bytes));
	const struct rapi_msg_session s = { .session = {
						    .dst = addr("192.0.2.1"),
						    .proto = 17,
						    .dst_port = 5004 } };

	rapi_msg_put_session(&b, &s);
	rapi_msg_put_request(w, RAPI_MSG_OPEN, handle,
		&(struct rapi_msg_body){ bytes, buf_written(&b), false });
}

static int raw_fd;

/* The next answer of the daemon; false: it has closed. */
static bool
raw_answer(struct rapi_msg_answer *ret)
{
	static uint8_t bytes[MSG_DATAGRAM_MAX];
	static struct buf_reader left;
	struct msg m;

	while (!msg_next(&left, &m)) {
		ssize_t n = recv(raw_fd, bytes, sizeof(bytes), 0);

		if (n < 0 && errno == ECONNRESET) /* before the last words */
			n = recv(raw_fd, bytes, sizeof(bytes), 0);
		T_CHECK(n >= 0, "recv: %s", strerror(errno));
		left = buf_reader(bytes, (size_t)n);
		if (n == 0)
			return false;
	}
	T_EQ(rapi_msg_decode_answer(&m, ret), RAPI_MSG_OK);
	return true;
}

/* ---- cases
 * ------------------------------------------------------------------------ */

static void
a_receiver_hears_and_reserves_and_is_torn_when_it_ends(void)
{
	begin();
	session("192.0.2.1", 5004);
	T_CHECK(run_until(one_client), "not accepted");
	path_arrives();
	T_CHECK(run_until(heard), "no event");
	T_EQ(app.type, RAPI_PATH_EVENT);
	T_EQ(app.filters, 1);
	T_EQ(app.flowspecs, 1);
	T_EQ(ntohs(app.filter.rapi_filtbase4_port), 5004);
	reserve_for("198.51.100.7", 5004);
	T_CHECK(run_until(resv_sent), "no Resv");
	T_EQ(last_sent.style, WIRE_STYLE_FF);
	T_CHECK(last_sent.flows[0].flowspec.tspec.r == 1000, "r");
	T_EQ(last_sent.flows[0].flowspec.service, WIRE_SERVICE_CL);
	/* As when it is killed: the descriptor closes. */
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	T_CHECK(run_until(resv_torn), "no ResvTear");
	T_CHECK(run_until(no_client), "still there");
	end();
}

static void
a_sender_is_announced_and_torn_when_it_ends(void)
{
	begin();
	session("203.0.113.9", 5004);
	send_from("0.0.0.0", 99);
	T_CHECK(run_until(path_sent), "no Path");
	T_CHECK(addr_equal(&last_sent.sender.src,
			&(struct addr){ ADDR_V4, { 192, 0, 2, 1 } }),
		"an address that was left open is filled in");
	T_EQ(last_sent.sender.src_port, 99);
	T_CHECK(last_sent.tspec.b == 2000, "b");
	T_EQ(last_sent.send_ttl, 42);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	T_CHECK(run_until(path_torn), "no PathTear");
	end();
}

static void
withdrawals_are_passed_on(void)
{
	begin();
	session("203.0.113.9", 5004);
	send_from("192.0.2.1", 99);
	T_CHECK(run_until(path_sent), "no Path");
	T_EQ(rapi_sender(app.sid, 0, NULL, NULL, NULL, NULL, NULL, 0),
		RAPI_ERR_OK);
	T_CHECK(run_until(path_torn), "no PathTear");
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	session("192.0.2.1", 5004);
	path_arrives();
	reserve_for("198.51.100.7", 5004);
	T_CHECK(run_until(resv_sent), "no Resv");
	T_EQ(rapi_reserve(app.sid, 0, NULL, RAPI_RSTYLE_FIXED, NULL, NULL, 0,
		     NULL, 0, NULL),
		RAPI_ERR_OK);
	T_CHECK(run_until(resv_torn), "no ResvTear");
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	end();
}

static void
one_of_two_sessions_is_released(void)
{
	rapi_sid_t keep;

	begin();
	keep = session("192.0.2.1", 7);
	session("203.0.113.9", 5004);
	send_from("192.0.2.1", 99);
	T_CHECK(run_until(path_sent), "no Path");
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	T_CHECK(run_until(path_torn), "no PathTear");
	T_EQ(engine.api->client_count, 1);
	T_EQ(rapi_release(keep), RAPI_ERR_OK);
	end();
}

static void
ends_of_the_flow_must_be_here(void)
{
	begin();
	session("203.0.113.9", 5004);
	send_from("203.0.113.1", 99);
	expect_error(RAPI_PATH_ERROR, 20, RAPI_ERR_BADSEND,
		"203.0.113.1 is not of this host");
	T_EQ(app.filters, 1);
	T_EQ(app.flowspecs, 1);
	app.events = 0;
	links.no_route = true;
	send_from("0.0.0.0", 99);
	expect_error(RAPI_PATH_ERROR, 20, RAPI_ERR_BADSEND,
		"no route to 203.0.113.9");
	app.events = 0;
	reserve_for("198.51.100.7", 1);
	expect_error(RAPI_RESV_ERROR, 20, RAPI_ERR_BADRECV,
		"203.0.113.9 is not of this host");
	T_EQ(app.filters, 1);
	T_EQ(app.flowspecs, 1);
	T_EQ(sent[WIRE_PATH] + sent[WIRE_RESV], 0);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	session("203.0.113.9", 0);
	send_from("192.0.2.1", 99);
	expect_error(RAPI_PATH_ERROR, 20, RAPI_ERR_BADSPORT, "source port 99");
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	end();
}

/* May a client with that uid send from, or reserve for, this port? */
static bool
may(uint32_t uid, uint8_t proto, uint16_t port, bool sender,
	struct api_denial *d)
{
	struct api_client c = { .server = engine.api,
		.who = { .known = true, .uid = uid } };
	struct api_session s = {
		.client = &c,
		.want = { .session = { .dst = addr(sender ? "203.0.113.9"
							  : "192.0.2.1"),
				  .proto = proto,
				  .dst_port = sender && port != 0 ? 9 : port } }
	};
	struct wire_filter f = { .src = addr("192.0.2.1"), .src_port = port };
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

	begin();
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const size_t row = i / 2;

		links.owner = rows[row].owner;
		links.owner_uid = rows[row].owner_uid;
		T_CHECK(may(rows[row].uid, rows[row].proto, rows[row].port,
				i % 2, &d) == rows[row].allowed,
			"row %zu: %s", row, d.text);
		T_EQ(d.value, rows[row].allowed ? 0 : RAPI_ERR_PERM);
		T_CHECK(strstr(d.text, rows[row].text) != NULL, "row %zu: %s",
			row, d.text);
	}
	links.owner = 0;
	T_CHECK(may(1000, 6, 443, true, &d), "%s", d.text);
	T_EQ(links.asked_proto, 6);
	T_EQ(links.asked_port, 443);
	end();
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

	begin();
	c.server = engine.api;
	T_CHECK(api_auth_receiver(&s, &receiver, &d), "%s", d.text);
	receiver = addr("192.0.2.1");
	T_CHECK(api_auth_receiver(&s, &receiver, &d), "%s", d.text);
	receiver = addr("192.0.2.77");
	T_CHECK(!api_auth_receiver(&s, &receiver, &d), "not ours");
	T_EQ(d.value, RAPI_ERR_BADRECV);
	end();
}

static void
what_policy_says_reaches_the_application(void)
{
	begin();
	session("192.0.2.1", 5004);
	path_arrives();
	deny = true;
	reserve_for("198.51.100.7", 5004);
	T_CHECK(run_until(heard), "no event");
	app.events = 0;
	T_CHECK(app.type != RAPI_PATH_EVENT || run_until(heard), "no event");
	T_EQ(app.type, RAPI_RESV_ERROR);
	T_EQ(app.code, RSVP_Err_POLICY);
	T_CHECK(strstr(app.text, "no-guests") != NULL, "%s", app.text);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	end();
}

static bool
last_was_error(void)
{
	(void)heard();
	return app.type == RAPI_PATH_ERROR || app.type == RAPI_RESV_ERROR;
}

static void
sessions_beyond_the_limit_are_refused_as_events(void)
{
	rapi_sid_t sids[11];

	begin();
	for (int i = 0; i < 11; i++)
		sids[i] = session("192.0.2.1", (uint16_t)(100 + i));
	expect_error(RAPI_PATH_ERROR, 20, RAPI_ERR_MAXSESS, "sessionsPerUser");
	app.type = (rapi_eventinfo_t)0;
	reserve_for("198.51.100.7", 5004);
	T_CHECK(run_until(last_was_error), "no event");
	T_EQ(app.type, RAPI_RESV_ERROR);
	T_EQ(app.value, RAPI_ERR_BADSID);
	for (int i = 0; i < 11; i++)
		T_EQ(rapi_release(sids[i]), RAPI_ERR_OK);
	end();
}

static bool
cut_off(void)
{
	return stats.count[STATS_API_BAD] == 1 && no_client();
}

/* What a client may say that no library does. */
static void
make_garbage(int i, struct buf_writer *w)
{
	const struct rapi_msg_body nothing = { 0 };
	uint8_t *start;

	if (i >= 4)
		rapi_msg_put_hello(w);
	switch (i) {
	case 0: /* bytes */
		buf_put_u64le(w, UINT64_MAX);
		buf_put_u64le(w, UINT64_MAX);
		break;
	case 1: /* a request before the greeting */
		put_open(w, 1);
		break;
	case 2: /* half a frame */
		rapi_msg_put_hello(w);
		w->pos -= 3;
		break;
	case 3: /* only protocols to come */
		start = msg_begin(w, RAPI_MSG_HELLO, 0);
		msg_put_u16(w, 1, 2);
		msg_put_u16(w, 2, 9);
		msg_end(w, start);
		break;
	case 4: /* a second greeting */
		rapi_msg_put_hello(w);
		break;
	case 5: /* a handle used twice */
		put_open(w, 1);
		put_open(w, 1);
		break;
	case 6: /* an answer */
		rapi_msg_put_welcome(w, 1);
		break;
	case 7: /* a length far beyond */
		buf_put_u32le(w, 0x7fffffff);
		buf_put_u64le(w, 0);
		break;
	case 8: /* an attribute far beyond */
		start = msg_begin(w, RAPI_MSG_OPEN, 0);
		buf_put_u16le(w, 8);
		buf_put_u16le(w, 0xffff);
		msg_end(w, start);
		break;
	case 9: /* a reservation of nothing */
		rapi_msg_put_request(w, RAPI_MSG_RESERVE, 1, &nothing);
		break;
	case 10: /* another version */
		start = msg_begin(w, RAPI_MSG_CLOSE, 0);
		msg_end(w, start);
		start[4] = 2;
		break;
	default: /* a length of nothing */
		buf_put_u32le(w, 4);
		break;
	}
}
enum { GARBAGE = 12 };

static void
garbage_is_cut_off_with_a_word(void)
{
	for (int i = 0; i < GARBAGE; i++) {
		uint8_t bytes[512];
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));
		struct rapi_msg_answer a;

		begin();
		raw_fd = raw_connect();
		make_garbage(i, &w);
		raw_send(raw_fd, &w);
		T_CHECK(run_until(cut_off), "garbage %d", i);
		do
			T_CHECK(raw_answer(&a), "garbage %d: no word", i);
		while (a.type != RAPI_MSG_REFUSE);
		T_EQ(a.code, RAPI_ERR_PROTO);
		T_CHECK(a.event.text[0] != '\0', "no words");
		T_CHECK(!raw_answer(&a), "not closed");
		close(raw_fd);
		end();
	}
}

static void
a_datagram_beyond_the_limit_is_cut_off(void)
{
	static uint8_t bytes[MSG_DATAGRAM_MAX + 1];

	begin();
	raw_fd = raw_connect();
	T_EQ(send(raw_fd, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
	T_CHECK(run_until(cut_off), "not cut off");
	close(raw_fd);
	end();
}

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static bool
all_gone(void)
{
	return engine.api->client_count == 0;
}

/* Whatever follows a good greeting: the daemon lives and forgets it. */
static void
mutated_requests_leave_nothing_behind(void)
{
	uint32_t seed = 4711;

	begin();
	for (int round = 0; round < 300; round++) {
		uint8_t bytes[1024];
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));
		struct buf_writer hello = buf_writer(bytes, sizeof(bytes));

		raw_fd = raw_connect();
		rapi_msg_put_hello(&hello);
		raw_send(raw_fd, &hello);
		for (uint64_t h = 1; h < 6; h++)
			put_open(&w, h);
		for (int i = 0; i < 4; i++)
			bytes[next_random(&seed) % buf_written(&w)] =
				(uint8_t)next_random(&seed);
		raw_send(raw_fd, &w);
		close(raw_fd);
		if (round % 4 == 3)
			T_CHECK(run_until(all_gone), "still there");
	}
	T_CHECK(run_until(all_gone), "still there");

	struct rsvp_totals totals;

	rsvp_core_totals(engine.core, &totals);
	T_EQ(totals.sessions, 0);
	T_CHECK(engine.api->sessions == NULL, "sessions are left");
	end();
}

/* ---- clients that do not read
 * ----------------------------------------------------- */

static struct api_session *
greeted_raw_client(void)
{
	uint8_t bytes[512];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	raw_fd = raw_connect();
	rapi_msg_put_hello(&w);
	put_open(&w, 77);
	raw_send(raw_fd, &w);
	return NULL;
}

static bool
a_session(void)
{
	return engine.api->sessions != NULL;
}

static void
tell(enum rsvp_event_kind kind, uint16_t value)
{
	const struct rsvp_event_item item = { .has_tspec = true,
		.tspec = { .r = value } };
	const struct rsvp_local_event event = { .id = engine.api->sessions->id,
		.kind = kind,
		.error = { .value = value },
		.item_count = 1,
		.items = &item };

	api_server_event(engine.api, &event);
}

static bool
slow_one_gone(void)
{
	return stats.count[STATS_API_SLOW] == 1 && no_client();
}

static bool
slow_one_cut_off(void)
{
	if (stats.count[STATS_API_SLOW] == 0)
		for (int i = 0; i < 100; i++)
			tell(RSVP_RESV_ERROR, 1);
	return slow_one_gone();
}

static void
a_client_that_does_not_read_errors_is_cut_off(void)
{
	begin();
	greeted_raw_client();
	T_CHECK(run_until(a_session), "no session");
	T_CHECK(run_until(slow_one_cut_off), "it may let anything pile up");
	T_CHECK(engine.api->sessions == NULL, "a session is left");
	close(raw_fd);
	end();
}

static bool
drained(void)
{
	const struct api_client *c = TAILQ_FIRST(&engine.api->clients);
	struct pollfd p = { .fd = raw_fd, .events = POLLIN };
	struct rapi_msg_answer a;

	if (!TAILQ_EMPTY(&c->queue)) {
		if (poll(&p, 1, 0) == 1)
			(void)raw_answer(&a);
		return false;
	}
	return true;
}

static void
state_is_replaced_by_newer_state(void)
{
	struct rapi_msg_answer a;
	struct rapi_msg_item item;
	const struct api_client *c;

	begin();
	greeted_raw_client();
	T_CHECK(run_until(a_session), "no session");
	c = TAILQ_FIRST(&engine.api->clients);
	for (int i = 1; i <= 60000; i++) {
		tell(RSVP_PATH_EVENT, (uint16_t)i);
		tell(RSVP_RESV_EVENT, (uint16_t)i);
		if (i == 30000)
			tell(RSVP_PATH_ERROR, 5);
	}
	T_EQ(stats.count[STATS_API_SLOW], 0);
	T_CHECK(c->queue_bytes < 1024, "%zu octets wait", c->queue_bytes);
	T_CHECK(run_until(drained), "it stays in the queue");
	do
		T_CHECK(raw_answer(&a), "closed");
	while (a.type != RAPI_MSG_EVENT);
	/* The error first: the state that is told is of later. */
	T_EQ(a.event.kind, RSVP_PATH_ERROR);
	T_EQ(a.event.error.value, 5);
	T_CHECK(raw_answer(&a), "closed");
	T_EQ(a.event.kind, RSVP_PATH_EVENT);
	T_EQ(a.event.handle, 77);
	T_CHECK(rapi_msg_next_item(&a.items, &item), "no item");
	T_CHECK(item.tspec.r == 60000, "%f", (double)item.tspec.r);
	T_CHECK(raw_answer(&a), "closed");
	T_EQ(a.event.kind, RSVP_RESV_EVENT);
	T_CHECK(rapi_msg_next_item(&a.items, &item), "no item");
	T_CHECK(item.tspec.r == 60000, "%f", (double)item.tspec.r);
	close(raw_fd);
	T_CHECK(run_until(no_client), "still there");
	end();
}

static void
adspecs_that_do_not_fit_are_left_out(void)
{
	enum { SENDERS = 64 };
	static uint8_t big[2000];
	struct rsvp_event_item items[SENDERS] = { 0 };
	struct rapi_msg_answer a;

	begin();
	greeted_raw_client();
	T_CHECK(run_until(a_session), "no session");
	for (int i = 0; i < SENDERS; i++)
		items[i] = (struct rsvp_event_item){ .has_tspec = true,
			.adspec_view = { big, sizeof(big) } };
	api_server_event(engine.api,
		&(struct rsvp_local_event){ .id = engine.api->sessions->id,
			.kind = RSVP_PATH_EVENT,
			.item_count = SENDERS,
			.items = items });
	T_CHECK(run_until(drained), "it stays in the queue");
	do
		T_CHECK(raw_answer(&a), "closed");
	while (a.type != RAPI_MSG_EVENT);
	T_EQ(a.item_count, SENDERS);
	close(raw_fd);
	end();
}

/* ---- too many clients
 * --------------------------------------------------------- */

static bool
turned_away(void)
{
	return stats.count[STATS_API_REFUSED] > 0;
}

static bool
four_clients(void)
{
	return engine.api->client_count == 4;
}

static void
expect_turned_away(const char *text)
{
	struct rapi_msg_answer a;

	T_CHECK(run_until(turned_away), "it was let in");
	T_CHECK(raw_answer(&a), "no word");
	T_EQ(a.type, RAPI_MSG_REFUSE);
	T_EQ(a.code, RAPI_ERR_MAXSESS);
	T_CHECK(strstr(a.event.text, text) != NULL, "%s", a.event.text);
	T_CHECK(!raw_answer(&a), "not closed");
}

static void
clients_beyond_the_limits_are_turned_away(void)
{
	int fds[4];

	begin();
	for (int i = 0; i < 4; i++)
		fds[i] = raw_connect();
	T_CHECK(run_until(four_clients), "not accepted");
	raw_fd = raw_connect();
	expect_turned_away("clientsPerUser");
	T_EQ(engine.api->client_count, 4);
	close(raw_fd);
	conf.max_clients_uid = 100;
	conf.max_clients = 4;
	stats.count[STATS_API_REFUSED] = 0;
	raw_fd = raw_connect();
	expect_turned_away("limits.clients)");
	close(raw_fd);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	T_CHECK(run_until(no_client), "still there");
	end();
}

static void
without_descriptors_clients_are_turned_away(void)
{
	struct rlimit old;
	struct rlimit none;
	int next;

	begin();
	raw_fd = raw_connect();
	next = dup(0); /* the first that is free, and all below are not */
	T_CHECK(next >= 0, "dup");
	close(next);
	T_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = (rlim_t)next;
	T_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	T_CHECK(dup(0) < 0 && errno == EMFILE, "there are more");
	expect_turned_away("no descriptor left");
	T_EQ(engine.api->client_count, 0);
	T_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
	close(raw_fd);
	raw_fd = raw_connect();
	T_CHECK(run_until(one_client), "not accepted afterwards");
	close(raw_fd);
	end();
}

static void
the_end_of_the_daemon_tears_nothing(void)
{
	begin();
	session("203.0.113.9", 5004);
	send_from("192.0.2.1", 99);
	T_CHECK(run_until(path_sent), "no Path");
	api_server_free(engine.api);
	engine.api = NULL;
	effect_run(&engine);
	T_EQ(sent[WIRE_PATH_TEAR], 0);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	end();
}

static void
the_settling_time_shrinks_with_age(void)
{
	struct rapi_msg_answer a;

	for (int i = 0; i < 2; i++) {
		begin();
		engine.started = mono_add_ms(loop_now(), i * -40000);
		greeted_raw_client();
		T_CHECK(run_until(a_session), "no session");
		T_CHECK(run_until(drained), "not greeted");
		T_CHECK(raw_answer(&a), "closed");
		T_EQ(a.type, RAPI_MSG_WELCOME);
		/* 1.5 R + 7 s, of which 40 s are over. */
		T_CHECK(abs((int)a.settle_ms - (52000 - i * 40000)) < 1000,
			"%u", a.settle_ms);
		close(raw_fd);
		T_CHECK(run_until(no_client), "still there");
		end();
	}
}

static struct t_case cases[] = {
	{ "a receiver hears, reserves, and is torn when it ends",
		a_receiver_hears_and_reserves_and_is_torn_when_it_ends },
	{ "a sender is announced, and torn when it ends",
		a_sender_is_announced_and_torn_when_it_ends },
	{ "withdrawals are passed on", withdrawals_are_passed_on },
	{ "one of two sessions is released", one_of_two_sessions_is_released },
	{ "ends of the flow must be here", ends_of_the_flow_must_be_here },
	{ "ports of other users are theirs", ports_of_other_users_are_theirs },
	{ "groups are received on interfaces of this host",
		groups_are_received_on_interfaces_of_this_host },
	{ "what policy says reaches the application",
		what_policy_says_reaches_the_application },
	{ "sessions beyond the limit are refused as events",
		sessions_beyond_the_limit_are_refused_as_events },
	{ "garbage is cut off with a word", garbage_is_cut_off_with_a_word },
	{ "a datagram beyond the limit is cut off",
		a_datagram_beyond_the_limit_is_cut_off },
	{ "mutated requests leave nothing behind",
		mutated_requests_leave_nothing_behind },
	{ "a client that does not read errors is cut off",
		a_client_that_does_not_read_errors_is_cut_off },
	{ "state is replaced by newer state",
		state_is_replaced_by_newer_state },
	{ "Adspecs that do not fit are left out",
		adspecs_that_do_not_fit_are_left_out },
	{ "clients beyond the limits are turned away",
		clients_beyond_the_limits_are_turned_away },
	{ "without descriptors clients are turned away",
		without_descriptors_clients_are_turned_away },
	{ "the end of the daemon tears nothing",
		the_end_of_the_daemon_tears_nothing },
	{ "the settling time shrinks with age",
		the_settling_time_shrinks_with_age },
};
T_MAIN(cases)
