/* SPDX-License-Identifier: ISC */

/* The world around a fuzzed core; see core_world.h. */

#include "core_world.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { END_TICKS = 100000, VIEWS = 96, GROUP = 6 };

void
world_give_up(const char *what)
{
	fprintf(stderr, "fuzz_core: %s\n", what);
	abort();
}

/* ---- memory -------------------------------------------------------------- */

static void *
get(void *arg, size_t size)
{
	struct world *w = (struct world *)arg;
	void *memory;

	if (++w->allocations == w->fail_at) {
		w->failed = true;
		return NULL;
	}
	memory = calloc(1, size);
	w->blocks += memory != NULL;
	return memory;
}

/* Who looks at freed memory shall see it, without a sanitizer too; volatile, or
 * it is left out as a write that nobody reads. */
static void
poison(void *memory)
{
	volatile uint8_t *at = (volatile uint8_t *)memory;
	const size_t size = memory ? malloc_usable_size(memory) : 0;

	for (size_t i = 0; i < size; i++)
		at[i] = 0xa5;
}

static void
put(void *arg, void *memory)
{
	struct world *w = (struct world *)arg;

	w->blocks -= memory != NULL;
	poison(memory);
	free(memory);
}

/* ---- addresses and routes ------------------------------------------------ */

struct addr
world_addr(uint8_t family, unsigned net, unsigned host)
{
	uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	if (family == ADDR_V4)
		return addr_v4_u32(10u << 24 | net << 8 | host);
	v6[7] = (uint8_t)net;
	v6[15] = (uint8_t)host;
	return addr_v6(v6);
}

struct addr
world_dst(uint8_t family, unsigned number)
{
	uint8_t group[16] = { 0xff, 0x0e };

	if (number < GROUP)
		return world_addr(family, 9, number + 1);
	if (family == ADDR_V4)
		return addr_v4_u32(225u << 24 | number);
	group[15] = (uint8_t)number;
	return addr_v6(group);
}

static unsigned
dst_number(const struct addr *dst)
{
	for (unsigned i = 0; i < 8; i++) {
		const struct addr known = world_dst(dst->family, i);

		if (addr_equal(&known, dst))
			return i;
	}
	return 0;
}

static void
route(void *arg, const struct rsvp_route_query *query, struct rsvp_route *ret)
{
	const struct world *w = (const struct world *)arg;
	const unsigned dst = dst_number(&query->dst);

	*ret = (struct rsvp_route){ .local = w->route_local[dst] };
	if (addr_is_multicast(&query->dst))
		ret->in_ifindex = w->route_in;
	else if (ret->local)
		return;
	for (uint32_t i = 1; i <= WORLD_IFACES; i++) {
		if ((w->route_out[dst] & 1u << i) == 0)
			continue;
		ret->out_ifindex[ret->count++] = i;
		if (!addr_is_multicast(&query->dst))
			return;
	}
}

/* ---- policy -------------------------------------------------------------- */

static uint32_t
make_claim(struct world *w)
{
	for (unsigned i = 0; i < WORLD_CLAIMS; i++) {
		w->last_claim = w->last_claim % (WORLD_CLAIMS - 1) + 1;
		if (!w->claims[w->last_claim]) {
			w->claims[w->last_claim] = true;
			w->claim_count++;
			return w->last_claim;
		}
	}
	world_give_up("too many claims");
}

static void
policy_end(void *arg, uint32_t claim)
{
	struct world *w = (struct world *)arg;

	if (claim == 0 || claim >= WORLD_CLAIMS || !w->claims[claim])
		world_give_up("a claim ends that is not in force");
	w->claims[claim] = false;
	w->claim_count--;
}

static void
policy(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret)
{
	struct world *w = (struct world *)arg;

	w->asked++;
	*ret = (struct rsvp_policy_answer){ .allowed = w->deny == 0 ||
						       w->asked % w->deny != 0,
		.value = (uint16_t)(w->asked % 3),
		.rule = "rule",
		.reason = "the fuzzer" };
	if (query->claim >= WORLD_CLAIMS ||
		(query->claim != 0 && !w->claims[query->claim]))
		world_give_up("a question with a claim that is not in force");
	if (!ret->allowed)
		return;
	ret->claim = make_claim(w);
	if (query->claim != 0)
		policy_end(w, query->claim);
}

static void take_effects(struct world *w);

/* ---- kernel -------------------------------------------------------------- */

static struct world_flow *
find_flow(struct world *w, uint32_t id)
{
	for (size_t i = 0; i < w->flow_count; i++)
		if (w->flows[i].flow.id == id)
			return &w->flows[i];
	return NULL;
}

static void
forget_flow(struct world *w, struct world_flow *flow)
{
	*flow = w->flows[--w->flow_count];
}

/* One request at a time for a flow, and one that fits what the kernel has. */
static void
take_request(struct world *w, const struct rsvp_flow_request *r)
{
	struct world_flow *flow = find_flow(w, r->flow.id);

	if (getenv("FUZZ_TRACE"))
		fprintf(stderr, "      flow %u on %u: operation %d, %llu\n",
			r->flow.id, r->flow.ifindex, r->op,
			(unsigned long long)r->flow.rate_Bps);
	if (r->serial == 0 || r->flow.id == 0 ||
		r->flow.filter_count > RSVP_FLOW_FILTERS_MAX)
		world_give_up("a request for a flow makes no sense");
	if (r->flow.ifindex > WORLD_IFACES || !w->iface_there[r->flow.ifindex])
		world_give_up("a request for no interface");
	if (flow && flow->in_flight)
		world_give_up("two requests for one flow");
	if (w->request_count == WORLD_REQUESTS || w->flow_count == WORLD_FLOWS)
		world_give_up("too many requests or flows");
	/* What an interface that was given up had is asked for once more. */
	if (w->tc_up[r->flow.ifindex] && !w->failed &&
		!w->gave_up[r->flow.ifindex] &&
		(r->op == RSVP_FLOW_ADD) != !(flow && flow->there))
		world_give_up("an operation that does not fit the flow");
	if (!flow) {
		flow = &w->flows[w->flow_count++];
		*flow = (struct world_flow){ .flow = r->flow };
	}
	flow->in_flight = true;
	flow->asked_Bps = r->op == RSVP_FLOW_DEL ? 0 : r->flow.rate_Bps;
	w->requests[w->request_count++] = *r;
}

static void
carry_out(struct world *w, const struct rsvp_flow_request *r, bool done)
{
	struct world_flow *flow = find_flow(w, r->flow.id);

	if (!flow)
		return;
	flow->in_flight = false;
	if (flow->doomed) {
		flow->doomed = false;
		flow->there = false;
	} else if (done) {
		flow->there = r->op != RSVP_FLOW_DEL;
		if (flow->there)
			flow->flow = r->flow;
	}
	if (!flow->there)
		forget_flow(w, flow);
}

void
world_answer(struct world *w, size_t n, int error)
{
	struct rsvp_flow_request r;
	struct rsvp_installed answer = { .error = error,
		.text = error == ENOBUFS ? "no buffers" : NULL };
	const struct world_flow *flow;

	if (w->request_count == 0)
		return;
	n %= w->request_count;
	r = w->requests[n];
	memmove(&w->requests[n], &w->requests[n + 1],
		(--w->request_count - n) * sizeof(r));
	answer.serial = r.serial;
	flow = find_flow(w, r.flow.id);
	if (!flow || flow->doomed) /* its interface went */
		answer.error = r.op == RSVP_FLOW_DEL ? ENOENT : ENODEV;
	else if (!flow->there && r.op != RSVP_FLOW_ADD)
		answer.error = ENOENT;
	if (answer.error == ENOENT && r.op == RSVP_FLOW_DEL)
		carry_out(w, &r, true);
	else
		carry_out(w, &r, answer.error == 0);
	if (getenv("FUZZ_TRACE"))
		fprintf(stderr, "      flow %u answered %d\n", r.flow.id,
			answer.error);
	rsvp_core_installed(w->core, w->now, &answer);
	take_effects(w);
}

/* The kernel has none of the interface's flows any more; nor is the core
 * waiting for any. */
static void
forget_flows(struct world *w, uint32_t ifindex)
{
	w->tc_up[ifindex] = false;
	for (size_t i = w->flow_count; i-- > 0;)
		if (w->flows[i].flow.ifindex == ifindex)
			forget_flow(w, &w->flows[i]);
}

/* As before, but what is in flight will be answered. */
static void
lose_flows(struct world *w, uint32_t ifindex)
{
	w->tc_up[ifindex] = false;
	for (size_t i = w->flow_count; i-- > 0;) {
		struct world_flow *flow = &w->flows[i];

		if (flow->flow.ifindex == ifindex && flow->in_flight)
			flow->doomed = true;
		else if (flow->flow.ifindex == ifindex)
			forget_flow(w, flow);
	}
}

void
world_tc_lost(struct world *w, unsigned done_bits)
{
	while (w->request_count > 0) {
		const struct rsvp_flow_request r =
			w->requests[--w->request_count];

		carry_out(w, &r, (done_bits >> r.serial % 8 & 1) != 0);
	}
	memset(w->tc_up, 0, sizeof(w->tc_up));
	rsvp_core_tc_lost(w->core, w->now);
}

/* Traffic control answers in order: first what it was asked before. */
static void
answer_of_iface(struct world *w, uint32_t ifindex)
{
	for (size_t i = w->request_count; i-- > 0;)
		if (w->requests[i].flow.ifindex == ifindex)
			world_answer(w, i, 0);
}

void
world_tc_ready(struct world *w, uint32_t ifindex, int error)
{
	if (!w->iface_there[ifindex] || !w->ifaces[ifindex].traffic_control)
		return;
	w->gave_up[ifindex] = w->gave_up[ifindex] || error != 0;
	if (error != 0)
		lose_flows(w, ifindex);
	else if (w->tc_up[ifindex])
		return;
	else
		answer_of_iface(w, ifindex);
	for (size_t i = 0; i < w->flow_count; i++)
		if (w->flows[i].flow.ifindex == ifindex && w->flows[i].there &&
			!w->flows[i].in_flight)
			rsvp_core_adopt(w->core, w->now, &w->flows[i].flow);
	w->tc_up[ifindex] = error == 0;
	rsvp_core_tc_ready(
		w->core, w->now, ifindex, error, error ? "given up" : NULL);
}

/* ---- interfaces ---------------------------------------------------------- */

void
world_set_iface(struct world *w, uint32_t ifindex)
{
	const struct rsvp_iface *iface = &w->ifaces[ifindex];

	if (!iface->traffic_control)
		forget_flows(w, ifindex);
	w->iface_there[ifindex] = true;
	rsvp_core_iface(w->core, w->now, iface);
}

void
world_iface_gone(struct world *w, uint32_t ifindex)
{
	if (!w->iface_there[ifindex])
		return;
	forget_flows(w, ifindex);
	w->iface_there[ifindex] = false;
	rsvp_core_iface_gone(w->core, w->now, ifindex);
}

static void
usual_iface(struct world *w, uint32_t ifindex)
{
	w->ifaces[ifindex] = (struct rsvp_iface){ .ifindex = ifindex,
		.up = true,
		.enabled = true,
		.traffic_control = ifindex != WORLD_IFACES,
		.v4 = world_addr(ADDR_V4, ifindex, 1),
		.v6 = world_addr(ADDR_V6, ifindex, 1),
		.mtu = 1500,
		.refresh_ms = 30000,
		.lives = 3,
		.link_Bps = 1250000,
		.reservable_Bps = 1000000,
		.budget_bytes = 40000,
		.max_flows = 20,
		.header_bytes = 14,
		.overhead_bytes = 24,
		.min_frame_bytes = 84,
		.assumed_min_packet = 128,
		.timer_us = 200 };
	snprintf(w->ifaces[ifindex].name, RSVP_NAME, "eth%u", ifindex);
	world_set_iface(w, ifindex);
}

/* ---- life ---------------------------------------------------------------- */

void
world_begin(struct world *w, struct feed *f)
{
	const uint8_t flags = feed_u8(f);

	memset(w, 0, sizeof(*w));
	w->now.us = 1000000;
	w->alloc = (struct alloc){ get, put, w, NULL };
	w->conf = rsvp_core_defaults();
	w->conf.alloc = &w->alloc;
	w->conf.seed = feed_u8(f);
	w->conf.hooks = (struct rsvp_hooks){ w, route, policy, policy_end };
	if (flags & 1) { /* limits that are soon reached */
		w->conf.max_sessions = 4;
		w->conf.max_sessions_neighbour = 3;
		w->conf.max_sessions_uid = 2;
		w->conf.max_senders = 2;
		w->conf.max_paths = 6;
	}
	w->route_in = 1;
	for (unsigned i = 0; i < 8; i++)
		w->route_out[i] = i < GROUP ? 1u << 2 : 0x1c;
	w->core = rsvp_core_new(&w->conf);
	if (!w->core)
		world_give_up("no core");
	for (uint32_t i = 1; i <= WORLD_IFACES; i++)
		usual_iface(w, i);
	for (uint32_t i = 1; i <= WORLD_IFACES && !(flags & 2); i++)
		world_tc_ready(w, i, 0);
	world_settle(w);
}

void
world_drop(struct world *w)
{
	rsvp_core_free(w->core);
	if (w->blocks != 0)
		world_give_up("memory is left");
	if (w->claim_count != 0)
		world_give_up("claims are left");
}

/* ---- effects ------------------------------------------------------------- */

static void
check_send(const struct world *w, const struct rsvp_send *send)
{
	static struct wire_msg msg;

	if (send->len == w->given_len &&
		memcmp(send->bytes, w->given, send->len) == 0)
		return; /* another node's, untouched */
	if (wire_msg_decode(send->bytes, send->len, &msg) != WIRE_OK)
		world_give_up("a message that is refused by its own decoder");
	if (msg.type != send->type)
		world_give_up("a message of another type");
	if (send->ifindex > WORLD_IFACES ||
		(send->ifindex != 0 && !w->iface_there[send->ifindex]))
		world_give_up("a message out of no interface");
	if (send->dst.family != send->src.family ||
		send->dst.family != msg.session.dst.family ||
		addr_is_zero(&send->dst) || send->ttl == 0)
		world_give_up("a message to nobody");
}

static void
check_event(const struct world *w, const struct rsvp_local_event *event)
{
	if (event->id == 0 || event->id > WORLD_LOCALS ||
		(!w->locals[event->id] && !w->closing))
		world_give_up("an event for nobody");
	if (event->kind < RSVP_PATH_EVENT || event->kind > RSVP_RESV_CONFIRM)
		world_give_up("an event of no kind");
	for (size_t i = 0; i < event->item_count; i++) {
		const struct rsvp_event_item *item = &event->items[i];
		struct wire_adspec adspec;

		if (item->adspec_view.len > 0 &&
			!wire_adspec_decode(item->adspec_view, &adspec))
			world_give_up("an event with a broken ADSPEC");
	}
}

static void
take_effects(struct world *w)
{
	struct rsvp_effect e;

	while (rsvp_core_take(w->core, &e)) {
		switch (e.kind) {
		case RSVP_EFFECT_SEND:
			check_send(w, &e.send);
			break;
		case RSVP_EFFECT_FLOW:
			take_request(w, &e.flow);
			break;
		case RSVP_EFFECT_EVENT:
			check_event(w, &e.event);
			break;
		case RSVP_EFFECT_ACCOUNT:
			break;
		case RSVP_EFFECT_NOTE:
			if (!memchr(e.note.text, '\0', sizeof(e.note.text)))
				world_give_up("a note without an end");
			break;
		}
	}
}

/* ---- invariants ---------------------------------------------------------- */

static uint64_t
kernel_Bps(const struct world *w, uint32_t ifindex)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->flow_count; i++) {
		const struct world_flow *f = &w->flows[i];
		const uint64_t has = f->there ? f->flow.rate_Bps : 0;

		if (f->flow.ifindex != ifindex)
			continue;
		sum += f->in_flight && f->asked_Bps > has ? f->asked_Bps : has;
	}
	return sum;
}

/* The ledger has what the kernel has or is asked for, the larger of the two.
 * After a lack of memory it may lag behind until the next change; what an
 * interface that was given up had, is held until it is known to be gone. */
static void
check_ledgers(const struct world *w)
{
	struct rsvp_iface_info info = { 0 };
	uint32_t after = 0;

	while (rsvp_core_iface_after(w->core, after, &info)) {
		after = info.conf.ifindex;
		if (info.reserved_Bps !=
			info.reserved_gs_Bps + info.reserved_cl_Bps)
			world_give_up("the services are not the sum");
		if (w->tc_up[after] && !w->failed && !w->gave_up[after] &&
			info.reserved_Bps != kernel_Bps(w, after)) {
			fprintf(stderr,
				"      on %u: ledger %llu, kernel %llu\n",
				after, (unsigned long long)info.reserved_Bps,
				(unsigned long long)kernel_Bps(w, after));
			world_give_up("the ledger and the kernel differ");
		}
	}
}

static void
check_session(const struct world *w, const struct rsvp_session_info *session)
{
	static struct rsvp_path_info paths[VIEWS];
	static struct rsvp_resv_info resvs[VIEWS];
	const size_t path_count =
		rsvp_core_paths(w->core, w->now, session->serial, paths, VIEWS);
	const size_t resv_count =
		rsvp_core_resvs(w->core, w->now, session->serial, resvs, VIEWS);

	if (path_count != session->paths || resv_count != session->resvs)
		world_give_up("a session is miscounted");
	for (size_t i = 0; i < path_count && i < VIEWS; i++)
		if (paths[i].out_count > RSVP_OIFS_MAX)
			world_give_up("a path leaves everywhere");
	for (size_t i = 0; i < resv_count && i < VIEWS; i++)
		if (!memchr(resvs[i].rule, '\0', RSVP_RULE) ||
			!memchr(resvs[i].reason, '\0', RSVP_REASON) ||
			(resvs[i].filter_count == 0) !=
				(resvs[i].style == WIRE_STYLE_WF))
			world_give_up("a reservation makes no sense");
}

static void
check_state(const struct world *w)
{
	struct rsvp_session_info session = { 0 };
	struct rsvp_totals totals;
	size_t sessions = 0, paths = 0, resvs = 0;

	while (rsvp_core_session_after(w->core, session.serial, &session)) {
		check_session(w, &session);
		sessions++;
		paths += session.paths;
		resvs += session.resvs;
	}
	rsvp_core_totals(w->core, &totals);
	if (sessions != totals.sessions || paths != totals.paths ||
		resvs != totals.resvs)
		world_give_up("the totals are not the sum");
	if (w->claim_count > paths + resvs)
		world_give_up("more claims than requests");
	if (rsvp_core_counter(w->core, RSVP_C_BUG) != 0)
		world_give_up("a bug was counted");
}

static void
check_refusals(const struct world *w)
{
	struct rsvp_refusal r = { 0 };
	uint64_t before = 0;
	size_t count = 0;

	while (rsvp_core_refusal_before(w->core, before, &r)) {
		if ((before != 0 && r.serial >= before) || ++count > 256)
			world_give_up("refusals without an end");
		before = r.serial;
	}
}

void
world_settle(struct world *w)
{
	take_effects(w);
	check_ledgers(w);
	check_state(w);
	check_refusals(w);
}

/* ---- time ---------------------------------------------------------------- */

/* All that is due; a core that is never done would spin here. */
static void
run_due(struct world *w)
{
	for (int i = 0; mono_reached(rsvp_core_next(w->core), w->now); i++) {
		if (i == END_TICKS)
			world_give_up("a tick without an end");
		rsvp_core_tick(w->core, w->now);
		take_effects(w);
	}
}

void
world_run(struct world *w, int64_t us, bool on_time)
{
	const struct mono until = { w->now.us + us };

	for (;;) {
		const struct mono next = rsvp_core_next(w->core);

		if (!on_time || !mono_reached(next, until))
			break;
		if (!mono_reached(next, w->now))
			w->now = next;
		run_due(w);
	}
	w->now = until;
	run_due(w);
}

/* ---- the end ------------------------------------------------------------- */

static bool
is_empty(const struct world *w)
{
	struct rsvp_totals totals;

	rsvp_core_totals(w->core, &totals);
	return totals.sessions + totals.paths + totals.resvs + totals.flows +
			       totals.adopted_unclaimed ==
		       0 &&
	       rsvp_core_next(w->core).us == MONO_NEVER.us;
}

static void
leave(struct world *w)
{
	w->deny = 0;
	w->fail_at = 0;
	for (unsigned i = 1; i <= WORLD_LOCALS; i++) {
		w->locals[i] = false;
		w->closing = true; /* it may hear of what came before */
		rsvp_local_close(w->core, w->now, i);
		world_settle(w);
	}
	w->closing = false;
	for (uint32_t i = 1; i <= WORLD_IFACES; i++)
		world_tc_ready(w, i, 0);
	world_settle(w);
}

void
world_end(struct world *w)
{
	leave(w);
	for (int i = 0; i < END_TICKS && !is_empty(w); i++) {
		while (w->request_count > 0)
			world_answer(w, 0, 0);
		if (rsvp_core_next(w->core).us == MONO_NEVER.us)
			break;
		w->now = rsvp_core_next(w->core);
		run_due(w);
	}
	world_settle(w);
	if (!is_empty(w))
		world_give_up("state is left");
	/* What could not be adopted for lack of memory is nobody's. */
	for (uint32_t i = 1; i <= WORLD_IFACES && !w->failed; i++)
		if (w->tc_up[i] && kernel_Bps(w, i) != 0)
			world_give_up("the kernel still has a flow");
	if (w->claim_count != 0)
		world_give_up("claims are left");
	world_drop(w);
}
