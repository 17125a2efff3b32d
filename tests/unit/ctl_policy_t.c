/* SPDX-License-Identifier: ISC */

/* What surrounds questions on policy; see ctl_policy_t.h. */

#include "ctl_policy_t.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl_show_t.h"
#include "rsvpd/ctl_facts.h"

struct cp cp;

/* ---- the parts around it ------------------------------------------------- */

int __wrap_getsockopt(
	int fd, int level, int option, void *value, socklen_t *len);
time_t __wrap_time(time_t *ret);
void __wrap_log_remote(enum log_area area, const char *fmt, ...)
	TEXT_PRINTF(2, 3);
void __wrap_policy_status(
	const struct policy *policy, struct policy_status *ret);
void __wrap_policy_weigh(const struct policy *policy,
	const struct policy_request *request, const char *held,
	struct policy_verdict *ret);
bool __wrap_policy_rule_category(const struct policy *policy, const char *name,
	char ret_category[POLICY_NAME]);
bool __wrap_policy_continues_at(const struct policy *policy, size_t i);
bool __wrap_policy_tried_at(const struct policy *policy, size_t i,
	const struct policy_request *request, const char **ret_rule,
	const char **ret_why);

/* Who is at the other end. */
int
__wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	const struct ucred who = { .pid = 14, .uid = 12, .gid = 13 };

	T_EQ(level, SOL_SOCKET);
	T_EQ(option, SO_PEERCRED);
	T_EQ(*len, sizeof(who));
	if (fd < 0)
		return -1;
	memcpy(value, &who, sizeof(who));
	return 0;
}

time_t
__wrap_time(time_t *ret)
{
	T_CHECK(!ret, "nobody wants it");
	return CP_NOW_S;
}

void
__wrap_log_remote(enum log_area area, const char *fmt, ...)
{
	va_list ap;

	T_EQ(area, LOG_CTL);
	va_start(ap, fmt);
	(void)vsnprintf(cp.logged, sizeof(cp.logged), fmt, ap);
	va_end(ap);
}

void
__wrap_policy_status(const struct policy *policy, struct policy_status *ret)
{
	(void)policy;
	*ret = cp.status;
}

void
__wrap_policy_weigh(const struct policy *policy,
	const struct policy_request *request, const char *held,
	struct policy_verdict *ret)
{
	(void)policy;
	cp.weighed_uid = request->uid;
	cp.weighed_service = request->service;
	(void)snprintf(cp.held, sizeof(cp.held), "%s", held ? held : "none");
	*ret = cp.verdict;
}

bool
__wrap_policy_rule_category(const struct policy *policy, const char *name,
	char ret_category[POLICY_NAME])
{
	(void)policy;
	T_STR(name, cp.verdict.rule);
	if (cp.category)
		(void)snprintf(ret_category, POLICY_NAME, "%s", cp.category);
	return cp.category != NULL;
}

bool
__wrap_policy_continues_at(const struct policy *policy, size_t i)
{
	(void)policy;
	return cp.tried[i].continues;
}

bool
__wrap_policy_tried_at(const struct policy *policy, size_t i,
	const struct policy_request *request, const char **ret_rule,
	const char **ret_why)
{
	(void)policy;
	T_EQ(request->uid, cp.weighed_uid);
	if (i >= cp.tried_count)
		return false;
	*ret_rule = cp.tried[i].name;
	*ret_why = cp.tried[i].why;
	return true;
}

uint8_t *
ctl_record(struct ctl_client *client, struct buf_writer *w)
{
	return msg_begin(w, CTL_RECORD, client->serial);
}

void
ctl_resume(struct ctl_client *client)
{
	T_CHECK(client == cp.c, "another client");
	cp.resumed++;
}

void
ctl_facts_held(struct buf_writer *w, const struct policy_client *client)
{
	(void)w, (void)client;
	cp.facts_of_held++;
}

struct policy_request
policy_client_request(
	const struct engine *engine, const struct rsvp_policy_query *query)
{
	T_CHECK(engine == &cp.engine, "another engine");
	cp.queries[cp.query_count++ % CP_FEW] = *query;
	return (struct policy_request){ .who_known = query->who.known,
		.uid = query->who.uid,
		.groups = cp.groups,
		.n_groups = cp.group_count,
		.now_unix_s = CP_NOW_S };
}

const struct policy *
policy_client_policy(const struct policy_client *client)
{
	(void)client;
	return NULL;
}

int
policy_client_snapshot(const struct policy_client *client)
{
	(void)client;
	return cp.snapshot;
}

const struct policy_history *
policy_client_history(const struct policy_client *client)
{
	(void)client;
	return &cp.history;
}

bool
policy_client_order(struct policy_client *client,
	const struct policy_wish *wish, const char **ret_why)
{
	(void)client;
	cp.wish = *wish;
	cp.wishes++;
	if (cp.refuses)
		*ret_why = cp.refuses;
	return !cp.refuses;
}

struct mono
loop_now(void)
{
	return (struct mono){ 5000000 };
}

bool
rsvp_core_session_after(const struct rsvp_core *core, uint64_t after,
	struct rsvp_session_info *ret_info)
{
	(void)core;
	*ret_info = (struct rsvp_session_info){ .serial = after + 1,
		.session = { .proto = 17, .dst_port = 5000 } };
	return after < cp.sessions;
}

bool
rsvp_core_session_find(const struct rsvp_core *core,
	const struct wire_session *session, struct rsvp_session_info *ret)
{
	(void)core;
	T_EQ(session->dst_port, cp.refusal.session.dst_port);
	*ret = (struct rsvp_session_info){ .serial = 1 };
	return !cp.no_session;
}

/* As many as there are, into the room for so many. */
static size_t
give(void *infos, size_t room, const void *from, size_t size, size_t count)
{
	for (size_t i = 0; i < count && i < room; i++)
		memcpy((uint8_t *)infos + i * size,
			(const uint8_t *)from + i % CP_FEW * size, size);
	return count;
}

size_t
rsvp_core_paths(const struct rsvp_core *core, struct mono now, uint64_t session,
	struct rsvp_path_info *infos, size_t count)
{
	(void)core, (void)now;
	T_CHECK(session - 1 < cp.sessions, "no session");
	return give(infos, count, cp.paths, sizeof(infos[0]), cp.path_count);
}

size_t
rsvp_core_resvs(const struct rsvp_core *core, struct mono now, uint64_t session,
	struct rsvp_resv_info *infos, size_t count)
{
	(void)core, (void)now;
	T_CHECK(session - 1 < cp.sessions, "no session");
	return give(infos, count, cp.resvs, sizeof(infos[0]), cp.resv_count);
}

bool
rsvp_core_refusal_before(
	const struct rsvp_core *core, uint64_t before, struct rsvp_refusal *ret)
{
	(void)core;
	cp.refusal_before = before;
	*ret = cp.refusal;
	return cp.refusal.serial != 0;
}

/* ---- the scene ----------------------------------------------------------- */

void
cp_begin(void)
{
	memset(&cp, 0, sizeof(cp));
	cp.open_fds = t_open_fds();
	cp.snapshot = -1;
	cp.sessions = 1;
	cp.verdict.limit = "";
	cp.server = (struct ctl_server *)calloc(1, sizeof(*cp.server));
	cp.c = (struct ctl_client *)calloc(1, sizeof(*cp.c));
	T_CHECK(cp.server && cp.c, "no memory");
	cp.server->engine = &cp.engine;
	cp.c->server = cp.server;
	cp.c->fd = cp.c->out_fd = -1;
	cp.c->serial = CP_SERIAL;
	cp.w = buf_writer(cp.bytes, sizeof(cp.bytes));
}

void
cp_end(void)
{
	ctl_policy_drop(cp.c);
	if (cp.c->out_fd >= 0)
		(void)close(cp.c->out_fd);
	free(cp.server->paths);
	free(cp.server->resvs);
	free(cp.server);
	free(cp.c);
	T_EQ(t_open_fds(), cp.open_fds);
}

bool
cp_step(ctl_step_fn *fn)
{
	uint64_t next = cp.c->cursor;
	const bool more = fn(cp.c, &cp.w, &next);

	cp.c->cursor = next;
	return more;
}

void
cp_expect(const char *want)
{
	struct buf_reader r = buf_reader(cp.bytes, buf_written(&cp.w));
	char got[4096];
	struct text t = text_over(got, sizeof(got));
	struct msg m;

	while (msg_next(&r, &m)) {
		T_EQ(m.type, CTL_RECORD);
		T_EQ(m.serial, CP_SERIAL);
		ctl_show(&t, m.body);
		text_add(&t, "\n");
	}
	T_CHECK(!r.failed && !cp.w.failed, "half a record");
	T_STR(got, want);
	cp.w = buf_writer(cp.bytes, sizeof(cp.bytes));
}
