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
	const struct rsvp_policy_query *query, const char *rule,
	const char *reason)
{
	const struct policy_request request =
		policy_client_request(c->server->engine, query);
	uint8_t *m = ctl_record(c, w);

	ctl_put_text(w, CTL_F_RULE, rule);
	ctl_put_text(w, CTL_F_REASON, reason);
	put_request(w, &request);
	msg_end(w, m);
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
			if (wire_filter_equal(
				    &resv->filters[k], &paths[i].sender))
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

/* A path or reservation, when policy was asked for it. */
static void
put_asked(
	struct ctl_client *c, struct buf_writer *w, const struct ctl_part *part)
{
	const struct ctl_server *s = c->server;
	const struct wire_session *session = &part->info.session;
	const struct rsvp_resv_info *resv =
		part->at < part->paths ? NULL
				       : &s->resvs[part->at - part->paths];
	struct rsvp_policy_query query;

	if (!resv && s->paths[part->at].local_id != 0) {
		query = query_of_path(session, &s->paths[part->at]);
		put_query(c, w, &query, "", "");
	} else if (resv && resv->in_force) {
		query = query_of_resv(session, resv, s->paths, part->paths);
		put_query(c, w, &query, resv->rule, resv->reason);
	}
}

bool
ctl_step_request(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	return ctl_part_step(c, w, put_asked, ret_next);
}

/* ---- what policyd does --------------------------------------------------- */

void
ctl_policy_drop(struct ctl_client *c)
{
	if (c->answer && c->answer->fd >= 0)
		(void)close(c->answer->fd); /* of memory: nothing to lose */
	free(c->answer);
	c->answer = NULL;
	free(c->why);
	c->why = NULL;
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
		log_remote(LOG_CTL,
			"policy %s: asked for by uid %u, process %d", what,
			who.uid, (int)who.pid);
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

/* ---- why ----------------------------------------------------------------- */

struct ctl_why {
	struct policy_question question;
	char held[POLICY_NAME]; /* the rule it stands by; "": it does not */
	uint64_t generation;    /* of the rules it is asked of */
	bool decided;           /* the rule that decides was told */
	char problem[200];
};

/* One option of the request. */
static bool
take_word(struct ctl_why *why, struct msg_attr *nest)
{
	struct text t = text_over(why->problem, sizeof(why->problem));
	char name[32] = "";
	char value[POLICY_OPTION] = "";
	const char *wants = "";
	struct msg_attr a;

	while (msg_attr_next(&nest->body, &a)) {
		if (a.type == CTL_F_NAME)
			msg_get_text(&a, name, sizeof(name));
		else if (a.type == CTL_F_TEXT)
			msg_get_text(&a, value, sizeof(value));
		if (a.body.failed)
			nest->body.failed = true;
	}
	if (nest->body.failed) {
		text_add(&t, "an option is too long");
		return false;
	}
	switch (policy_question_set(&why->question, name, value, &wants)) {
	case POLICY_QUESTION_TAKEN:
		return true;
	case POLICY_QUESTION_UNKNOWN:
		text_printf(&t, "--%s: no such option", name);
		break;
	case POLICY_QUESTION_WRONG:
		text_printf(&t, "--%s %s: not %s", name, value, wants);
		break;
	}
	return false;
}

const char *
ctl_why_begin(struct ctl_client *c, const struct msg *m)
{
	struct ctl_why *why = (struct ctl_why *)calloc(1, sizeof(*why));
	struct buf_reader r = m->body;
	struct policy_status status;
	struct msg_attr a;

	c->why = why;
	if (!why)
		return "no memory";
	policy_status(policy_client_policy(c->server->engine->policy), &status);
	why->generation = status.generation;
	policy_question_init(&why->question, (int64_t)time(NULL));
	while (msg_attr_next(&r, &a)) {
		if (a.type == CTL_F_OPTIONS && !take_word(why, &a))
			return why->problem;
		if (a.type == CTL_F_RULE)
			msg_get_text(&a, why->held, sizeof(why->held));
		if (a.body.failed)
			return "the question is malformed";
	}
	policy_question_settle(&why->question);
	return NULL;
}

static void
put_verdict(struct ctl_client *c, struct buf_writer *w)
{
	const struct policy *policy =
		policy_client_policy(c->server->engine->policy);
	const struct ctl_why *why = c->why;
	struct policy_status status;
	struct policy_verdict v;
	char category[POLICY_NAME];
	uint8_t *m = ctl_record(c, w);

	policy_weigh(policy, &why->question.request,
		why->held[0] != '\0' ? why->held : NULL, &v);
	policy_status(policy, &status);
	ctl_put_text(w, CTL_F_VERDICT, v.allowed ? "allowed" : "refused");
	ctl_put_text(w, CTL_F_RULE, v.rule);
	if (policy_rule_category(policy, v.rule, category))
		ctl_put_text(w, CTL_F_CATEGORY, category);
	ctl_put_text(w, CTL_F_REASON, v.reason);
	if (!v.allowed) {
		ctl_put_number(w, CTL_F_CODE_VALUE, v.value);
		ctl_put_text(w, CTL_F_LIMIT, v.limit);
	}
	ctl_put_bool(w, CTL_F_LOWERED, v.lowered);
	ctl_put_number(w, CTL_F_GENERATION, status.generation);
	ctl_put_text(w, CTL_F_SOURCE, status.source);
	ctl_put_number(w, CTL_F_RULES, status.rules);
	msg_end(w, m);
}

/* The verdict, then the rules that are tried, up to the one that decides. */
bool
ctl_step_why(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	const struct policy *policy =
		policy_client_policy(c->server->engine->policy);
	struct ctl_why *why = c->why;
	const char *name = "";
	const char *lost = "";
	struct policy_status status;
	bool continues;
	uint8_t *m;

	if (c->error || why->decided)
		return false;
	policy_status(policy, &status);
	if (status.generation != why->generation) {
		c->error = "the policy has changed meanwhile: ask again";
		return false;
	}
	*ret_next = c->cursor + 1;
	if (c->cursor == 0) {
		put_verdict(c, w);
		return true;
	}
	if (!policy_tried_at(policy, (size_t)c->cursor - 1,
		    &why->question.request, &name, &lost))
		return false;
	continues = policy_continues_at(policy, (size_t)c->cursor - 1);
	m = ctl_record(c, w);
	ctl_put_text(w, CTL_F_NAME, name);
	ctl_put_text(w, CTL_F_WHY, lost);
	ctl_put_bool(w, CTL_F_CONTINUES, continues);
	msg_end(w, m);
	why->decided = !w->failed && lost[0] == '\0' && !continues;
	return true;
}

/* ---- what was refused ---------------------------------------------------- */

/* The application of this host whose flow was asked for, while it sends. */
static const struct rsvp_path_info *
sender_of_refusal(struct ctl_server *s, const struct rsvp_refusal *r)
{
	const struct rsvp_resv_info resv = {
		.style = r->style, .filter_count = 1, .filters = { r->sender }
	};
	struct rsvp_session_info info;
	size_t count;

	if (!rsvp_core_session_find(s->engine->core, &r->session, &info))
		return NULL;
	count = ctl_paths_of(s, info.serial);
	return local_sender(&resv, s->paths, count);
}

/* What is remembered of it; whose the flow is, its session may still tell. */
static struct rsvp_policy_query
query_of_refusal(struct ctl_server *s, const struct rsvp_refusal *r)
{
	const struct rsvp_path_info *sender;
	struct rsvp_policy_query query = { .message = r->message,
		.role = RSVP_ROLE_TRANSIT,
		.who = r->who,
		.session = r->session,
		.sender = r->sender,
		.style = r->style,
		.flowspec = r->flowspec,
		.ifindex = r->ifindex,
		.neighbour = r->neighbour };

	if (r->message == WIRE_PATH || r->who.known) {
		query.role = r->message == WIRE_PATH ? RSVP_ROLE_SENDER
						     : RSVP_ROLE_RECEIVER;
		return query;
	}
	sender = sender_of_refusal(s, r);
	if (sender) {
		query.role = RSVP_ROLE_SENDER;
		query.who = sender->who;
	}
	return query;
}

bool
ctl_step_refused(struct ctl_client *c, struct buf_writer *w, uint64_t *ret_next)
{
	struct engine *engine = c->server->engine;
	struct rsvp_policy_query query;
	struct policy_request request;
	struct rsvp_refusal refusal;
	uint8_t *m;

	if (!rsvp_core_refusal_before(engine->core, c->cursor, &refusal))
		return false;
	query = query_of_refusal(c->server, &refusal);
	request = policy_client_request(engine, &query);
	m = ctl_record(c, w);
	ctl_put_signed(w, CTL_F_AGE, mono_ms_between(refusal.when, loop_now()));
	ctl_put_text(w, CTL_F_RULE, refusal.rule);
	ctl_put_text(w, CTL_F_REASON, refusal.reason);
	put_request(w, &request);
	msg_end(w, m);
	*ret_next = refusal.serial;
	return true;
}
