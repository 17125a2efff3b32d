/* SPDX-License-Identifier: ISC */

/*
 * What the engine asks of `tcctl serve`, message by message.  Flows are
 * gathered into a batch; everything else comes after it.
 */

#include "serve_int.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/os.h"

static void
run_batch(struct tc_serve *s)
{
	int error = tc_batch_run(s->batch, &s->kernel, os_now(), &s->listener);

	if (error != 0)
		s->error = error;
}

/* When the conversation failed what came of it is not known, and not said. */
static void
answer(struct tc_serve *s, uint32_t serial, const struct tc_done *done)
{
	if (s->error == 0)
		s->listener.done(s, serial, done);
}

static void
handle_iface(struct tc_serve *s, const struct msg *m)
{
	struct tc_iface conf;
	const struct tc_announcement a = { .conf = &conf,
		.serial = m->serial,
		.kernel = &s->kernel,
		.listener = &s->listener };
	struct tc_done done = { 0 };

	if (!tc_get_iface(m, &conf)) {
		tc_serve_refuse(s, m->serial, EBADMSG, "malformed interface");
		return;
	}
	s->error = tc_links_announce(&s->links, &a, &done);
	answer(s, m->serial, &done);
}

static void
handle_iface_off(struct tc_serve *s, const struct msg *m)
{
	uint32_t ifindex = 0;
	struct tc_done done = { 0 };

	if (!tc_get_iface_off(m, &ifindex)) {
		tc_serve_refuse(s, m->serial, EBADMSG, "malformed interface");
		return;
	}
	s->error = tc_links_give_back(&s->links, &s->kernel, ifindex, &done);
	answer(s, m->serial, &done);
}

/* The link of a flow, or NULL when the request has been refused. */
static struct tc_link *
flow_link(struct tc_serve *s, uint32_t serial, const struct tc_flow *flow)
{
	struct tc_link *link = tc_links_find(&s->links, flow->ifindex);
	struct tc_done done = { .error = ENODEV, .flow_id = flow->id };

	if (link && !link->lost)
		return link;
	(void)text_copy(done.text, sizeof(done.text),
		link ? "the tree of the interface was removed"
		     : "the interface is not managed");
	s->listener.done(s, serial, &done);
	return NULL;
}

static void
handle_flow(struct tc_serve *s, const struct msg *m)
{
	struct tc_flow flow;
	struct tc_done done = { 0 };
	const struct tc_record *known;
	struct tc_link *link = NULL;

	if (!tc_get_flow(m, &flow)) {
		tc_serve_refuse(s, m->serial, EBADMSG, "malformed flow");
		return;
	}
	link = flow_link(s, m->serial, &flow);
	if (!link)
		return;
	known = tc_record_find(link, flow.id);
	if (s->batch->count == TC_BATCH_MAX || (known && known->busy)) {
		run_batch(s);
		known = tc_record_find(link, flow.id);
	}
	done.flow_id = flow.id;
	if (flow.token_Bps != 0 && s->error == 0)
		s->error = tc_excess_try(link, &s->kernel);
	if (m->type != TC_MSG_FLOW_DEL)
		done.error = tc_batch_flow(
			s->batch, link, m->serial, &flow, done.text);
	else if (known)
		done.error = tc_batch_del(
			s->batch, link, m->serial, flow.id, done.text);
	/* Removing what is not there is done already. */
	if (done.error != 0 || (m->type == TC_MSG_FLOW_DEL && !known))
		answer(s, m->serial, &done);
}

static void
handle_flow_mark(struct tc_serve *s, const struct msg *m)
{
	struct tc_flow_mark mark;
	struct tc_done done = { 0 };
	const struct tc_record *known;
	struct tc_link *link = NULL;
	bool ready = true;

	if (!tc_get_flow_mark(m, &mark)) {
		tc_serve_refuse(s, m->serial, EBADMSG, "malformed mark");
		return;
	}
	done.flow_id = mark.flow_id;
	link = flow_link(s, m->serial,
		&(const struct tc_flow){
			.id = mark.flow_id, .ifindex = mark.ifindex });
	if (!link)
		return;
	known = tc_record_find(link, mark.flow_id);
	if (s->batch->count == TC_BATCH_MAX || (known && known->busy))
		run_batch(s);
	if (s->error == 0)
		s->error = tc_rules_try(link, &s->kernel);
	if (s->error == 0 && !tc_rules_can_mark(link, &s->kernel)) {
		tc_serve_refuse(s, m->serial, EOPNOTSUPP,
			"marks need act_pedit or nftables, which this kernel "
			"or build lacks");
		return;
	}
	if (s->error == 0)
		done.error = tc_batch_mark(
			s->batch, link, m->serial, &mark, &ready, done.text);
	if (!ready)
		return;
	tc_rules_flows(link, os_now());
	answer(s, m->serial, &done);
}

static void
handle_counters(struct tc_serve *s, const struct msg *m)
{
	struct tc_counters_query query;
	struct tc_done done = { 0 };
	struct tc_link *link = NULL;

	if (!tc_get_counters(m, &query)) {
		tc_serve_refuse(s, m->serial, EBADMSG, "malformed query");
		return;
	}
	TAILQ_FOREACH (link, &s->links.all, entry) {
		if ((query.ifindex != 0 &&
			    query.ifindex != link->conf.ifindex) ||
			link->lost || s->error != 0)
			continue;
		s->error = tc_link_counters(link, &s->kernel, m->serial,
			query.flow_id, &s->listener);
	}
	done.flow_id = query.flow_id;
	answer(s, m->serial, &done);
}

/* Whichever set it was for is not whole, as the answer to that will say: none
 * is expected to a single rule. */
static void
spoil_rules(struct tc_serve *s, uint32_t serial)
{
	struct tc_link *link = NULL;

	TAILQ_FOREACH (link, &s->links.all, entry)
		tc_rules_spoil(link, serial);
}

/* One more for TC_MSG_RULES; a malformed one spoils the answer to that. */
static void
handle_rule(struct tc_serve *s, const struct msg *m)
{
	struct tc_rule rule;
	struct tc_link *link = NULL;

	if (!tc_get_rule(m, &rule)) {
		spoil_rules(s, m->serial);
		return;
	}
	link = tc_links_find(&s->links, rule.ifindex);
	if (link && !link->lost)
		tc_rules_stage(link, m->serial, &rule);
}

static void
handle_rules(struct tc_serve *s, const struct msg *m)
{
	uint32_t ifindex = 0;
	struct tc_link *link = NULL;
	struct tc_done done = { 0 };

	if (!tc_get_rules(m, &ifindex)) {
		tc_serve_refuse(
			s, m->serial, EBADMSG, "malformed set of rules");
		return;
	}
	link = tc_links_find(&s->links, ifindex);
	if (!link || link->lost) {
		tc_serve_refuse(
			s, m->serial, ENODEV, "the interface is not managed");
		return;
	}
	tc_rules_stage_for(link, m->serial);
	s->error = tc_rules_apply(link, &s->kernel, os_now(), &done);
	answer(s, m->serial, &done);
}

static void
handle_rule_counters(struct tc_serve *s, const struct msg *m)
{
	uint32_t ifindex = 0;
	struct tc_link *link = NULL;
	struct tc_done done = { 0 };

	if (!tc_get_rules(m, &ifindex)) {
		tc_serve_refuse(s, m->serial, EBADMSG, "malformed query");
		return;
	}
	TAILQ_FOREACH (link, &s->links.all, entry)
		if ((ifindex == 0 || ifindex == link->conf.ifindex) &&
			!link->lost && s->error == 0)
			s->error = tc_rules_counters(
				link, &s->kernel, m->serial, &s->listener);
	answer(s, m->serial, &done);
}

static void
handle(struct tc_serve *s, const struct msg *m)
{
	if (m->version != MSG_VERSION) {
		tc_serve_refuse(s, m->serial, EPROTONOSUPPORT,
			"message of another version");
		return;
	}
	/* Flows are gathered; everything else comes after them. */
	if (m->type != TC_MSG_FLOW_ADD && m->type != TC_MSG_FLOW_CHANGE &&
		m->type != TC_MSG_FLOW_DEL && m->type != TC_MSG_FLOW_MARK)
		run_batch(s);
	if (s->error != 0)
		return; /* what came of the flows is not known */
	switch (m->type) {
	case TC_MSG_IFACE:
		handle_iface(s, m);
		break;
	case TC_MSG_IFACE_OFF:
		handle_iface_off(s, m);
		break;
	case TC_MSG_FLOW_ADD:
	case TC_MSG_FLOW_CHANGE:
	case TC_MSG_FLOW_DEL:
		handle_flow(s, m);
		break;
	case TC_MSG_FLOW_MARK:
		handle_flow_mark(s, m);
		break;
	case TC_MSG_COUNTERS:
		handle_counters(s, m);
		break;
	case TC_MSG_RULE:
		handle_rule(s, m);
		break;
	case TC_MSG_RULES:
		handle_rules(s, m);
		break;
	case TC_MSG_RULE_COUNTERS:
		handle_rule_counters(s, m);
		break;
	default:
		tc_serve_refuse(s, m->serial, EOPNOTSUPP, "unknown request");
		break;
	}
}

void
tc_serve_receive(struct tc_serve *s)
{
	ssize_t n = recv(s->fds[TC_SERVE_REQUEST].fd, s->request,
		sizeof(s->request), MSG_DONTWAIT | MSG_TRUNC);
	struct buf_reader r;
	struct msg m;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		s->stopping = true;
		return;
	}
	if ((size_t)n > sizeof(s->request)) {
		tc_serve_refuse(s, 0, EMSGSIZE, "datagram too long");
		return;
	}
	r = buf_reader(s->request, (size_t)n);
	while (s->error == 0 && msg_next(&r, &m))
		handle(s, &m);
	if (s->error == 0)
		run_batch(s);
	s->asked = os_now();
	s->idle_due = mono_earlier(
		s->idle_due, mono_add_ms(s->asked, TC_SERVE_IDLE_MS));
	if (r.failed)
		tc_serve_refuse(s, 0, EBADMSG, "malformed datagram");
}
