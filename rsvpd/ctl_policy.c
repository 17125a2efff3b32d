/* SPDX-License-Identifier: ISC */

/* Questions on policy that need more than a look at the rules. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#include "rsvpd/ctl_facts.h"
#include "rsvpd/ctl_int.h"
#include "rsvpd/policy_client.h"

/* ---- the rules in force, for tools that compare -------------------------- */

bool
ctl_step_snapshot(
	struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	const struct policy_client *client = c->server->engine->policy;
	const int fd = policy_client_snapshot(client);
	struct policy_status status;
	uint8_t *m;

	if (c->cursor > 0)
		return false;
	policy_status(policy_client_policy(client), &status);
	if (c->out_fd < 0 && fd >= 0)
		c->out_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	m = ctl_record(c, w);
	ctl_put_number(w, CTL_F_GENERATION, status.generation);
	ctl_put_text(w, CTL_F_SOURCE, status.source);
	msg_end(w, m);
	*ret_next = 1;
	return true;
}

/* ---- what policy was asked ----------------------------------------------- */

static void
put_request(struct buf_writer *w, const struct policy_request *request)
{
	char value[POLICY_OPTION];
	const char *name;

	for (size_t i = 0; policy_request_option(request, i, &name, value);
		i++) {
		uint8_t *nest;

		if (!name)
			continue;
		nest = msg_nest(w, CTL_F_OPTIONS);
		ctl_put_text(w, CTL_F_NAME, name);
		ctl_put_text(w, CTL_F_TEXT, value);
		msg_nest_end(w, nest);
	}
}

static void
put_query(struct ctl_client *c, struct buf_writer *w,
	const struct rsvp_policy_query *query, const char *rule)
{
	const struct policy_request request =
		policy_client_request(c->server->engine, query);
	uint8_t *m = ctl_record(c, w);

	ctl_put_text(w, CTL_F_RULE, rule);
	put_request(w, &request);
	msg_end(w, m);
}

static bool
same_filter(const struct wire_filter *a, const struct wire_filter *b)
{
	return a->form == b->form && addr_equal(&a->src, &b->src) &&
	       a->src_port == b->src_port && a->flow_label == b->flow_label;
}

/* The application of this host that sends the flow, or NULL. */
static const struct rsvp_path_info *
local_sender(const struct rsvp_resv_info *resv,
	const struct rsvp_path_info *paths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (paths[i].local_id == 0)
			continue;
		if (resv->style == WIRE_STYLE_WF)
			return &paths[i];
		for (size_t k = 0; k < resv->filter_count && k < 8; k++)
			if (same_filter(&resv->filters[k], &paths[i].sender))
				return &paths[i];
	}
	return NULL;
}

/* As the core asks it (RFC 2205 leaves the question to the node). */
static struct rsvp_policy_query
query_of_resv(const struct wire_session *session,
	const struct rsvp_resv_info *resv, const struct rsvp_path_info *paths,
	size_t count)
{
	const struct rsvp_path_info *sender = local_sender(resv, paths, count);
	struct rsvp_policy_query query = { .message = WIRE_RESV,
		.role = RSVP_ROLE_TRANSIT,
		.session = *session,
		.style = resv->style,
		.flowspec = resv->flowspec,
		.ifindex = resv->ifindex,
		.neighbour = resv->hop.addr };

	if (resv->filter_count > 0)
		query.sender = resv->filters[0];
	if (resv->local_id != 0) {
		query.role = RSVP_ROLE_RECEIVER;
		query.who = resv->who;
	} else if (sender) {
		query.role = RSVP_ROLE_SENDER;
		query.who = sender->who;
	}
	return query;
}

static struct rsvp_policy_query
query_of_path(
	const struct wire_session *session, const struct rsvp_path_info *path)
{
	return (struct rsvp_policy_query){ .message = WIRE_PATH,
		.role = RSVP_ROLE_SENDER,
		.who = path->who,
		.session = *session,
		.sender = path->sender,
		.flowspec = { .service = WIRE_SERVICE_GENERAL,
			.tspec = path->tspec } };
}

bool
ctl_step_request(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	struct ctl_server *s = c->server;
	struct rsvp_session_info info;
	size_t paths;
	size_t resvs;

	if (!ctl_session_after(s, c->cursor, &info, &paths, &resvs))
		return false;
	for (size_t i = 0; i < paths; i++) {
		const struct rsvp_policy_query query =
			query_of_path(&info.session, &s->paths[i]);

		if (s->paths[i].local_id != 0)
			put_query(c, w, &query, "");
	}
	for (size_t i = 0; i < resvs; i++) {
		const struct rsvp_policy_query query = query_of_resv(
			&info.session, &s->resvs[i], s->paths, paths);

		if (s->resvs[i].in_force)
			put_query(c, w, &query, s->resvs[i].rule);
	}
	*ret_next = info.serial;
	return true;
}

/* ---- what policyd does --------------------------------------------------- */

void
ctl_policy_drop(struct ctl_client *c)
{
	if (c->answer && c->answer->fd >= 0)
		(void)close(c->answer->fd); /* of memory: nothing to lose */
	free(c->answer);
	c->answer = NULL;
}

static void
answered(void *arg, const struct policy_done *done)
{
	struct ctl_client *c = (struct ctl_client *)arg;

	c->answer = (struct policy_done *)malloc(sizeof(*c->answer));
	if (c->answer) {
		*c->answer = *done;
		if (done->fd >= 0)
			c->answer->fd = fcntl(done->fd, F_DUPFD_CLOEXEC, 0);
	}
	ctl_resume(c);
}

/* Who changes something is known. */
static void
record_who(const struct ctl_client *c, const char *what)
{
	struct ucred who = { 0 };
	socklen_t len = sizeof(who);

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0)
		log_info(LOG_CTL, "policy %s: asked for by uid %u, process %d",
			what, who.uid, (int)who.pid);
}

const char *
ctl_policy_begin(struct ctl_client *c, const struct msg *m)
{
	static const enum policy_order orders[] = {
		[0] = POLICY_ORDER_LOAD,
		[CTL_ASK_CANDIDATE - CTL_ASK_LOAD] = POLICY_ORDER_CANDIDATE,
		[CTL_ASK_CANDIDATE_DIRECTORY - CTL_ASK_LOAD] =
			POLICY_ORDER_DIRECTORY,
		[CTL_ASK_ROLLBACK - CTL_ASK_LOAD] = POLICY_ORDER_ROLLBACK,
	};
	struct policy_wish wish = { .what = orders[m->type - CTL_ASK_LOAD],
		.done = answered,
		.arg = c };
	struct buf_reader r = m->body;
	const char *why = NULL;
	struct msg_attr a;

	while (msg_attr_next(&r, &a)) {
		if (a.type == CTL_F_GENERATION)
			wish.generation = msg_get_u64(&a);
		if (a.body.failed)
			return "the question is malformed";
	}
	if (wish.what == POLICY_ORDER_LOAD)
		record_who(c, "load");
	else if (wish.what == POLICY_ORDER_ROLLBACK)
		record_who(c, "rollback");
	return policy_client_order(c->server->engine->policy, &wish, &why)
		       ? NULL
		       : why;
}

static void
put_lines(struct buf_writer *w, const char *lines)
{
	char line[1000];

	while (*lines != '\0') {
		size_t n = strcspn(lines, "\n");
		struct text t = text_over(line, sizeof(line));
		uint8_t *nest = msg_nest(w, CTL_F_LINES);

		text_printf(&t, "%.*s", (int)n, lines);
		ctl_put_text(w, CTL_F_TEXT, line);
		msg_nest_end(w, nest);
		lines += n + (lines[n] != '\0');
	}
}

bool
ctl_step_answer(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	const struct policy_done *done = c->answer;
	uint8_t *m;

	if (c->cursor > 0)
		return false;
	m = ctl_record(c, w);
	ctl_put_bool(w, CTL_F_OK, done && done->ok);
	ctl_put_text(w, CTL_F_TEXT, done ? done->text : "no memory");
	if (done) {
		ctl_put_number(w, CTL_F_GENERATION, done->generation);
		put_lines(w, done->lines);
	}
	msg_end(w, m);
	if (done && done->fd >= 0 && c->out_fd < 0)
		c->out_fd = fcntl(done->fd, F_DUPFD_CLOEXEC, 0);
	*ret_next = 1;
	return true;
}

bool
ctl_step_history(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	const struct policy_client *client = c->server->engine->policy;
	const struct policy_history *h = policy_client_history(client);
	struct policy_status status;
	const struct policy_kept *k;
	uint8_t *m;

	if (c->cursor >= h->count)
		return false;
	k = &h->kept[c->cursor];
	policy_status(policy_client_policy(client), &status);
	m = ctl_record(c, w);
	ctl_put_number(w, CTL_F_GENERATION, k->generation);
	ctl_put_bool(w, CTL_F_IN_FORCE, k->generation == status.generation);
	ctl_put_signed(w, CTL_F_AGE,
		((int64_t)time(NULL) - (int64_t)k->made_s) * 1000);
	ctl_put_number(w, CTL_F_RULES, k->rules);
	ctl_put_text(w, CTL_F_SOURCE, k->source);
	if (k->generation == h->held)
		ctl_facts_held(w, client);
	msg_end(w, m);
	*ret_next = c->cursor + 1;
	return true;
}
