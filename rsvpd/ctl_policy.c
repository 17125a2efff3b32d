/* SPDX-License-Identifier: ISC */

/* Questions on policy that need more than a look at the rules. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>

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
