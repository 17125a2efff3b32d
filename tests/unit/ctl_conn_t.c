/* SPDX-License-Identifier: ISC */

/* What surrounds the control socket; see ctl_conn_t.h. */

#include "ctl_conn_t.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64 };

struct ctl_conn_t ctl_conn_t;

/* ---- who writes ---------------------------------------------------------- */

static void
say(struct buf_writer *out, const char *what, uint64_t number)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s %" PRIu64, what, number);
	ctl_put_text(out, CTL_F_NAME, text);
}

bool
rsvp_core_iface_after(const struct rsvp_core *core, uint32_t after,
	struct rsvp_iface_info *ret_info)
{
	(void)core;
	*ret_info = (struct rsvp_iface_info){ .conf.ifindex = after + 1 };
	return after < ctl_conn_t.ifaces;
}

void
ctl_facts_iface(struct buf_writer *out, const struct rsvp_iface_info *info)
{
	say(out, "iface", info->conf.ifindex);
}

void
ctl_facts_udp(
	struct buf_writer *out, const struct engine *engine, uint32_t ifindex)
{
	T_CHECK(engine == &ctl_conn_t.engine, "another engine");
	say(out, "udp", ifindex);
}

void
ctl_facts_tc(
	struct buf_writer *out, const struct engine *engine, uint32_t ifindex)
{
	(void)engine;
	say(out, "tc", ifindex);
}

void
ctl_facts_drift(
	struct buf_writer *out, const struct engine *engine, uint32_t ifindex)
{
	(void)engine;
	say(out, "drift", ifindex);
}

static const struct tc_counter *
counter_of(uint32_t id)
{
	static struct tc_counter counter;

	counter.flow_id = id;
	return &counter;
}

const struct tc_counter *
ctl_count_of_iface(const struct ctl_client *client, uint32_t ifindex)
{
	(void)client;
	return counter_of(ifindex);
}

const struct tc_counter *
ctl_count_of(const struct ctl_client *client, uint32_t flow_id)
{
	(void)client;
	return counter_of(flow_id);
}

void
ctl_facts_hidden(struct buf_writer *out, const struct tc_counter *counter)
{
	say(out, "hidden", counter->flow_id);
}

bool
ctl_part_find(
	struct ctl_server *server, uint64_t cursor, struct ctl_part *ret_part)
{
	T_CHECK(server == ctl_conn_t.server, "another server");
	*ret_part = (struct ctl_part){ .info.serial = cursor + 1,
		.paths = ctl_conn_t.paths,
		.resvs = ctl_conn_t.paths };
	return cursor < ctl_conn_t.sessions;
}

uint64_t
ctl_part_cursor(const struct ctl_part *part)
{
	T_EQ(part->at, part->paths + part->resvs);
	return part->info.serial;
}

bool
ctl_part_step(struct ctl_client *client, struct buf_writer *out,
	ctl_part_fn *put, uint64_t *ret_next)
{
	struct ctl_part part;

	if (!ctl_part_find(client->server, client->cursor, &part))
		return false;
	for (; part.at < part.paths + part.resvs; part.at++)
		put(client, out, &part);
	*ret_next = ctl_part_cursor(&part);
	return true;
}

void
ctl_facts_session(struct buf_writer *out, const struct wire_session *session)
{
	(void)session;
	say(out, "session", 0);
}

void
ctl_facts_path(struct buf_writer *out, const struct engine *engine,
	const struct rsvp_path_info *info)
{
	(void)engine;
	say(out, "path", info->in_ifindex);
}

void
ctl_facts_resv(struct buf_writer *out, const struct engine *engine,
	const struct rsvp_resv_info *info, const struct tc_counter *counter)
{
	(void)engine;
	say(out, "resv", info->flow_id);
	if (counter)
		say(out, "counter", counter->flow_id);
}

const struct policy *
policy_client_policy(const struct policy_client *client)
{
	(void)client;
	return NULL;
}

void
policy_status(const struct policy *policy, struct policy_status *ret)
{
	(void)policy;
	*ret = (struct policy_status){ .generation = ctl_conn_t.generation };
}

bool
policy_rule_at(const struct policy *policy, size_t i,
	struct policy_rule_info *ret_info)
{
	(void)policy;
	*ret_info = (struct policy_rule_info){ .flows = i };
	return i < ctl_conn_t.rules;
}

bool
policy_data_at(const struct policy *policy, size_t i, int64_t now_unix_s,
	struct policy_data_rule *ret_rule)
{
	(void)policy, (void)now_unix_s;
	*ret_rule = (struct policy_data_rule){ .bucket_bytes = i };
	return i < ctl_conn_t.rules;
}

bool
rules_at(const struct rules *rules, size_t i, struct rules_info *ret)
{
	(void)rules;
	*ret = (struct rules_info){ .classid = (uint32_t)i };
	return i < ctl_conn_t.rules;
}

void
ctl_facts_policy(struct buf_writer *out, const struct policy_status *status,
	const struct policy_client *client, const struct rules *rules)
{
	(void)client, (void)rules;
	say(out, "policy", status->generation);
}

void
ctl_facts_rule(struct buf_writer *out, const struct policy_rule_info *rule)
{
	static char fat[MSG_DATAGRAM_MAX];

	say(out, "rule", rule->flows);
	(void)memset(fat, 'x', sizeof(fat) - 1);
	if (ctl_conn_t.fat > 0)
		msg_put_bytes(out, CTL_F_HELP, fat, ctl_conn_t.fat);
}

void
ctl_facts_data(struct buf_writer *out, const struct policy_data_rule *rule)
{
	say(out, "data", rule->bucket_bytes);
}

void
ctl_facts_data_rule(struct buf_writer *out, const struct rules_info *info)
{
	say(out, "installed", info->classid);
}

bool
rsvp_core_refusal_before(
	const struct rsvp_core *core, uint64_t before, struct rsvp_refusal *ret)
{
	(void)core;
	*ret = (struct rsvp_refusal){
		.serial = (before == 0 ? ctl_conn_t.refusals + 1 : before) - 1
	};
	return ret->serial > 0;
}

void
ctl_facts_refusal(struct buf_writer *out, const struct engine *engine,
	const struct rsvp_refusal *refusal, struct mono now)
{
	(void)engine;
	T_EQ(now.us, loop_now().us);
	say(out, "refusal", refusal->serial);
}

void
ctl_facts_status(
	struct buf_writer *out, const struct engine *engine, struct mono now)
{
	(void)engine;
	T_EQ(now.us, loop_now().us);
	say(out, "status", 0);
}

const struct policy_directory *
policy_client_directory(const struct policy_client *client)
{
	(void)client;
	return NULL;
}

const char *
policy_client_sources(const struct policy_client *client)
{
	(void)client;
	return "";
}

void
ctl_facts_directory(struct buf_writer *out,
	const struct policy_directory *directory, const char *sources,
	uint64_t now_s)
{
	(void)directory, (void)sources, (void)now_s;
	say(out, "directory", 0);
}

void
ctl_facts_held(struct buf_writer *out, const struct policy_client *client)
{
	(void)client;
	say(out, "held", 0);
}

/* ---- what is waited for -------------------------------------------------- */

bool
ctl_count_begin(struct ctl_client *client)
{
	ctl_conn_t.waiting = client;
	return !ctl_conn_t.no_counters;
}

const char *
ctl_policy_begin(struct ctl_client *client, const struct msg *m)
{
	T_EQ(m->type, client->ask);
	ctl_conn_t.waiting = client;
	return ctl_conn_t.problem;
}

const char *
ctl_why_begin(struct ctl_client *client, const struct msg *m)
{
	(void)client, (void)m;
	return ctl_conn_t.problem;
}

void
ctl_policy_drop(struct ctl_client *client)
{
	(void)client;
	ctl_conn_t.dropped++;
}

void
policy_client_forget(struct policy_client *client, const void *arg)
{
	(void)client;
	ctl_conn_t.forgotten = arg;
}

static bool
step_once(struct ctl_client *c, struct buf_writer *out, uint64_t *ret_next,
	const char *what)
{
	uint8_t *m;

	if (c->cursor > 0)
		return false;
	m = ctl_record(c, out);
	say(out, what, 0);
	msg_end(out, m);
	*ret_next = 1;
	return true;
}

bool
ctl_step_snapshot(
	struct ctl_client *c, struct buf_writer *out, uint64_t *ret_next)
{
	if (c->cursor == 0)
		c->out_fd = dup(ctl_conn_t.listener);
	ctl_conn_t.out_fd = c->out_fd;
	return step_once(c, out, ret_next, "snapshot");
}

bool
ctl_step_request(
	struct ctl_client *c, struct buf_writer *out, uint64_t *ret_next)
{
	return step_once(c, out, ret_next, "request");
}

bool
ctl_step_answer(
	struct ctl_client *c, struct buf_writer *out, uint64_t *ret_next)
{
	return step_once(c, out, ret_next, "answer");
}

bool
ctl_step_history(
	struct ctl_client *c, struct buf_writer *out, uint64_t *ret_next)
{
	return step_once(c, out, ret_next, "history");
}

bool
ctl_step_why(struct ctl_client *c, struct buf_writer *out, uint64_t *ret_next)
{
	return !c->error && step_once(c, out, ret_next, "why");
}

bool
ctl_step_refused(
	struct ctl_client *c, struct buf_writer *out, uint64_t *ret_next)
{
	return step_once(c, out, ret_next, "refused");
}

/* ---- scene --------------------------------------------------------------- */

void
ctl_conn_t_turn_all(void)
{
	while (loop_t_call_fds())
		;
}

void
ctl_conn_t_begin(void)
{
	const struct sockaddr_un any = { .sun_family = AF_UNIX };

	memset(&ctl_conn_t, 0, sizeof(ctl_conn_t));
	ctl_conn_t.open_fds = t_open_fds();
	ctl_conn_t.engine.loop =
		loop_t_begin((struct mono){ INT64_C(1) << 40 });
	ctl_conn_t.engine.stats = &ctl_conn_t.stats;
	ctl_conn_t.server = ctl_server_new(&ctl_conn_t.engine);
	T_CHECK(ctl_conn_t.server != NULL, "no memory");
	ctl_conn_t.listener = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	T_EQ(bind(ctl_conn_t.listener, (const struct sockaddr *)&any,
		     sizeof(any.sun_family)),
		0);
	T_EQ(listen(ctl_conn_t.listener, BACKLOG), 0);
	ctl_server_socket(ctl_conn_t.server, ctl_conn_t.listener);
}

void
ctl_conn_t_end(void)
{
	ctl_server_free(ctl_conn_t.server);
	ctl_server_free(NULL);
	T_EQ(loop_t_left(), 0);
	T_EQ(t_open_fds(), ctl_conn_t.open_fds);
}

int
ctl_conn_t_connect_one(void)
{
	struct sockaddr_un to;
	socklen_t len = sizeof(to);
	const int fd = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	T_EQ(getsockname(ctl_conn_t.listener, (struct sockaddr *)&to, &len), 0);
	T_EQ(connect(fd, (const struct sockaddr *)&to, len), 0);
	ctl_conn_t_turn_all();
	return fd;
}

void
ctl_conn_t_ask_as(int fd, uint16_t type, uint32_t serial, uint8_t version)
{
	uint8_t bytes[64];
	struct buf_writer out = buf_writer(bytes, sizeof(bytes));
	uint8_t *m = msg_begin(&out, type, serial);

	msg_end(&out, m);
	m[4] = version;
	T_EQ(send(fd, bytes, buf_written(&out), 0), buf_written(&out));
	ctl_conn_t_turn_all();
}

void
ctl_conn_t_ask(int fd, uint16_t type)
{
	ctl_conn_t_ask_as(fd, type, 5, MSG_VERSION);
}

/* Names of facts, a record in brackets; how it ended. */
static void
put_facts(struct text *t, struct buf_reader facts)
{
	const char *between = "";
	char text[256];
	struct msg_attr a;

	while (msg_attr_next(&facts, &a)) {
		if (a.type == CTL_F_HELP)
			continue;
		if (a.type == CTL_F_NAME || a.type == CTL_F_ERROR) {
			msg_get_text(&a, text, sizeof(text));
			text_printf(t, "%s%s", between, text);
		} else {
			struct msg_attr b;

			text_printf(t, "%s{", between);
			while (msg_attr_next(&a.body, &b)) {
				msg_get_text(&b, text, sizeof(text));
				text_printf(t, "%s,", text);
			}
			text_add(t, "}");
		}
		between = ", ";
	}
}

size_t
ctl_conn_t_hear_datagram(int fd, struct text *t)
{
	static uint8_t bytes[MSG_DATAGRAM_MAX];
	const ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	struct buf_reader r = buf_reader(bytes, n > 0 ? (size_t)n : 0);
	struct msg m;

	while (msg_next(&r, &m)) {
		T_EQ(m.serial, 5);
		T_EQ(m.version, MSG_VERSION);
		text_add(t, m.type == CTL_END ? "end " : "[");
		put_facts(t, m.body);
		text_add(t, m.type == CTL_END ? "" : "] ");
	}
	return n > 0 ? (size_t)n : 0;
}

/* All that was answered; how many datagrams. */
size_t
ctl_conn_t_hear(int fd, const char *want)
{
	static char got[CTL_CONN_T_ANSWER];
	struct text t = text_over(got, sizeof(got));
	size_t count = 0;

	while (ctl_conn_t_hear_datagram(fd, &t) > 0) {
		count++;
		ctl_conn_t_turn_all();
	}
	if (want)
		T_CHECK(strcmp(got, want) == 0, "got\n%s\nnot\n%s", got, want);
	return count;
}

bool
ctl_conn_t_is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}
