/* SPDX-License-Identifier: ISC */

/* The bench under the tests of the RAPI server; see api_t.h. */

#include "api_t.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "base/log.h"
#include "rapi/rapi_ext.h"
#include "rsvpd/api_int.h"
#include "rsvpd/net_link.h"

enum { PATIENCE_MS = 5000, ETH0 = 2 };

struct at at;

/* ---- the parts around the server ----------------------------------------- */

bool
net_link_is_local(const struct net_link *link, const struct addr *a)
{
	const struct addr ours4 = t_addr("192.0.2.1");
	const struct addr ours6 = t_addr("2001:db8::1");

	(void)link;
	return addr_equal(a, &ours4) || addr_equal(a, &ours6);
}

void
net_link_route(struct net_link *link, const struct rsvp_route_query *query,
	struct rsvp_route *ret_route)
{
	const struct addr fresh = t_addr("192.0.2.2");

	*ret_route = (struct rsvp_route){
		.local = link->fresh && addr_equal(&query->dst, &fresh)
	};
}

bool
net_link_source(
	struct net_link *link, const struct addr *dst, struct addr *ret_src)
{
	if (link->no_route)
		return false;
	*ret_src = t_addr(dst->family == ADDR_V4 ? "192.0.2.1" : "2001:db8::1");
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
			at.sent[effect.send.type]++;
			memcpy(at.last_bytes, effect.send.bytes,
				effect.send.len);
			T_EQ(wire_msg_decode(at.last_bytes, effect.send.len,
				     &at.last_sent),
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
	ret->local = net_link_is_local(&at.links, &query->dst);
	if (!ret->local)
		ret->out_ifindex[ret->count++] = ETH0;
}

static void
policy(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret)
{
	(void)arg;
	(void)query;
	*ret = (struct rsvp_policy_answer){ .allowed = !at.deny,
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

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", at.path);
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
		.v4 = t_addr("192.0.2.1"),
		.v6 = t_addr("2001:db8::1"),
		.mtu = 1500,
		.refresh_ms = 30000,
		.lives = 3,
		.assumed_min_packet = 128 };

	c.alloc = alloc_heap();
	c.max_sessions_uid = 10;
	c.hooks = (struct rsvp_hooks){ NULL, route, policy, policy_end };
	at.engine.core = rsvp_core_new(&c);
	rsvp_core_iface(at.engine.core, loop_now(), &eth0);
}

/* Also what a case that failed in the middle has left. */
static void
sweep(void)
{
	if (at.dir[0] == '\0')
		return;
	unlink(at.path);
	rmdir(at.dir);
	at.dir[0] = '\0';
}

void
at_begin(void)
{
	static bool registered;

	if (!registered && atexit(sweep) == 0)
		registered = true;
	sweep();
	at.links = (struct net_link){ 0 };
	at.stats = (struct stats){ 0 };
	memset(at.sent, 0, sizeof(at.sent));
	at.deny = false;
	at.eth0 = (struct conf_iface){
		.name = "eth0", .enabled = true, .refresh_ms = 30000
	};
	at.conf = (struct conf){ .raw = true,
		.max_clients = 8,
		.max_clients_uid = 4,
		.client_queue_bytes = 262144,
		.iface_count = 1,
		.ifaces = &at.eth0 };
	at.engine = (struct engine){ .conf = &at.conf,
		.listening = true,
		.stats = &at.stats,
		.link = &at.links,
		.loop = loop_new(),
		.started = loop_now() };
	make_core();
	at.engine.api = api_server_new(&at.engine);
	T_CHECK(at.engine.loop && at.engine.core && at.engine.api, "no memory");
	snprintf(at.dir, sizeof(at.dir), "/tmp/api-test-XXXXXX");
	T_CHECK(mkdtemp(at.dir) != NULL, "no directory");
	snprintf(at.path, sizeof(at.path), "%s/sock", at.dir);
	api_server_socket(at.engine.api, listener());
	T_EQ(rapi_ext_set_socket(at.path), RAPI_ERR_OK);
	log_set(LOG_LEVEL_ERR, 0);
}

void
at_end(void)
{
	api_server_free(at.engine.api);
	rsvp_core_free(at.engine.core);
	loop_free(at.engine.loop);
	sweep();
}

/* ---- running the loop ---------------------------------------------------- */

static void
poll_condition(void *arg)
{
	(void)arg;
	if (at.wanted() || mono_reached(at.give_up, loop_now()))
		loop_stop(at.engine.loop);
	else
		loop_timer_set(at.poller, mono_add_ms(loop_now(), 1));
}

/* Run the daemon until a condition holds; false when it never does. */
bool
at_run_until(bool (*condition)(void))
{
	at.wanted = condition;
	at.give_up = mono_add_ms(loop_now(), PATIENCE_MS);
	at.poller = loop_timer_add(at.engine.loop, poll_condition, NULL);
	loop_timer_set(at.poller, loop_now());
	T_EQ(loop_run(at.engine.loop), 0);
	loop_timer_del(at.poller);
	return condition();
}

/* ---- a client through librapi -------------------------------------------- */

static void
on_event(rapi_sid_t s, rapi_eventinfo_t type, rapi_styleid_t style, int code,
	int value, rapi_addr_t *node, unsigned flags, int filter_count,
	rapi_filter_t *filters, int flowspec_count, rapi_flowspec_t *flowspecs,
	int adspec_count, rapi_adspec_t *adspecs, void *arg)
{
	(void)s, (void)style, (void)node, (void)flags, (void)flowspecs;
	(void)adspecs, (void)arg;
	at.app.events++;
	at.app.type = type;
	at.app.code = code;
	at.app.value = value;
	at.app.filters = filter_count;
	at.app.flowspecs = flowspec_count;
	at.app.adspecs = adspec_count;
	if (filter_count > 0)
		memcpy(&at.app.filter, filters, filters->len);
	snprintf(at.app.text, sizeof(at.app.text), "%s", rapi_ext_event_text());
}

bool
at_heard(void)
{
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	return at.app.events > 0;
}

bool
at_one_client(void)
{
	return at.engine.api->client_count == 1;
}

bool
at_no_client(void)
{
	return at.engine.api->client_count == 0;
}

rapi_sid_t
at_open(const char *dst, uint16_t port)
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
	at.app = (struct at_app){ .sid = sid };
	return sid;
}

void
at_send_from(const char *src, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };
	const bool v4 = inet_pton(AF_INET, src, &sin.sin_addr) == 1;
	rapi_tspec_t t = { .len = 32, .form = RAPI_TSPECTYPE_Simplified };

	t.tspecbody_qosx.xtspec_r = 1000;
	t.tspecbody_qosx.xtspec_b = 2000;
	t.tspecbody_qosx.xtspec_p = 3000;
	t.tspecbody_qosx.xtspec_m = 40;
	t.tspecbody_qosx.xtspec_M = 500;
	(void)inet_pton(AF_INET6, src, &sin6.sin6_addr); /* else unused */
	T_EQ(rapi_sender(at.app.sid, 0,
		     v4 ? (rapi_addr_t *)&sin : (rapi_addr_t *)&sin6, NULL, &t,
		     NULL, NULL, 42),
		RAPI_ERR_OK);
}

static void
reserve(const char *src, uint16_t port, unsigned flags)
{
	rapi_filter_t filter = { .len = 24, .form = RAPI_FILTERFORM_BASE };
	rapi_flowspec_t f = { .len = 40, .form = RAPI_FLOWSTYPE_Simplified };

	if (strchr(src, ':')) {
		filter.len = 36;
		filter.form = RAPI_FILTERFORM_BASE6;
		filter.rapi_filt6.sin6_family = AF_INET6;
		filter.rapi_filtbase6_port = htons(port);
		inet_pton(AF_INET6, src, &filter.rapi_filt6.sin6_addr);
	} else {
		filter.rapi_filt4.sin_family = AF_INET;
		filter.rapi_filtbase4_port = htons(port);
		inet_pton(AF_INET, src, &filter.rapi_filtbase4_addr);
	}
	f.specbody_qosx.spec_type = RAPI_QOS_CNTR_LOAD;
	f.specbody_qosx.xspec_r = 1000;
	f.specbody_qosx.xspec_b = 2000;
	f.specbody_qosx.xspec_p = 3000;
	f.specbody_qosx.xspec_m = 40;
	f.specbody_qosx.xspec_M = 500;
	T_EQ(rapi_reserve(at.app.sid, flags, NULL, RAPI_RSTYLE_FIXED, NULL,
		     NULL, 1, &filter, 1, &f),
		RAPI_ERR_OK);
}

void
at_reserve_for(const char *src, uint16_t port)
{
	reserve(src, port, 0);
}

void
at_reserve_confirmed(const char *src, uint16_t port)
{
	reserve(src, port, RAPI_REQ_CONFIRM);
}

bool
at_path_sent(void)
{
	return at.sent[WIRE_PATH] > 0;
}

bool
at_path_torn(void)
{
	return at.sent[WIRE_PATH_TEAR] > 0;
}

bool
at_resv_sent(void)
{
	return at.sent[WIRE_RESV] > 0;
}

bool
at_resv_torn(void)
{
	return at.sent[WIRE_RESV_TEAR] > 0;
}

void
at_expect_error(rapi_eventinfo_t type, int code, int value, const char *text)
{
	T_CHECK(at_run_until(at_heard), "no event");
	T_EQ(at.app.type, type);
	T_EQ(at.app.code, code);
	T_EQ(at.app.value, value);
	T_CHECK(strstr(at.app.text, text) != NULL, "\"%s\" without \"%s\"",
		at.app.text, text);
}

/* The Path of a sender far away to 192.0.2.1:5004. */
void
at_path_arrives(void)
{
	struct wire_msg m = {
		.type = WIRE_PATH,
		.send_ttl = 63,
		.has = WIRE_HAS_SESSION | WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES |
		       WIRE_HAS_SENDER | WIRE_HAS_TSPEC,
		.session = { .dst = t_addr("192.0.2.1"),
			.proto = 17,
			.dst_port = 5004 },
		.hop = { .addr = t_addr("192.0.2.2") },
		.refresh_ms = 30000,
		.sender = { .src = t_addr("198.51.100.7"), .src_port = 5004 },
		.tspec = { .r = 1000, .b = 2000, .p = 3000, .m = 40, .M = 500 },
	};
	const struct rsvp_packet packet = { .ifindex = ETH0,
		.src = t_addr("198.51.100.7"),
		.dst = t_addr("192.0.2.1"),
		.ttl = 63,
		.dst_local = true,
		.msg = &m };

	rsvp_core_packet(at.engine.core, loop_now(), &packet);
	effect_run(&at.engine);
}

/* ---- a client that speaks for itself ------------------------------------- */

int
at_raw_connect(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", at.path);
	T_CHECK(fd >= 0, "socket");
	T_EQ(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

void
at_raw_send(int fd, const struct buf_writer *w)
{
	T_CHECK(!w->failed, "too long");
	T_EQ(send(fd, w->start, buf_written(w), MSG_NOSIGNAL), buf_written(w));
}

void
at_put_open(struct buf_writer *w, uint64_t handle)
{
	uint8_t bytes[128];
	struct buf_writer b = buf_writer(bytes, sizeof(bytes));
	const struct rapi_msg_session s = { .session = {
						    .dst = t_addr("192.0.2.1"),
						    .proto = 17,
						    .dst_port = 5004 } };

	rapi_msg_put_session(&b, &s);
	rapi_msg_put_request(w, RAPI_MSG_OPEN, handle,
		&(struct rapi_msg_body){ bytes, buf_written(&b), false });
}

/* The next answer of the daemon; false: it has closed. */
bool
at_raw_answer(struct rapi_msg_answer *ret)
{
	static uint8_t bytes[MSG_DATAGRAM_MAX];
	static struct buf_reader left;
	struct msg m;

	while (!msg_next(&left, &m)) {
		ssize_t n = recv(at.raw_fd, bytes, sizeof(bytes), 0);

		if (n < 0 && errno == ECONNRESET) /* before the last words */
			n = recv(at.raw_fd, bytes, sizeof(bytes), 0);
		T_CHECK(n >= 0, "recv: %s", strerror(errno));
		left = buf_reader(bytes, (size_t)n);
		if (n == 0)
			return false;
	}
	T_EQ(rapi_msg_decode_answer(&m, ret), RAPI_MSG_OK);
	return true;
}

void
at_raw_client(void)
{
	uint8_t bytes[512];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	at.raw_fd = at_raw_connect();
	rapi_msg_put_hello(&w);
	at_put_open(&w, 77);
	at_raw_send(at.raw_fd, &w);
}

bool
at_a_session(void)
{
	return at.engine.api->sessions != NULL;
}

bool
at_drained(void)
{
	const struct api_client *c = TAILQ_FIRST(&at.engine.api->clients);
	struct pollfd p = { .fd = at.raw_fd, .events = POLLIN };
	struct rapi_msg_answer a;

	if (!TAILQ_EMPTY(&c->queue)) {
		if (poll(&p, 1, 0) == 1)
			(void)at_raw_answer(&a);
		return false;
	}
	return true;
}
