/* SPDX-License-Identifier: ISC */

/*
 * The core as a whole: its life, the queue of effects, and where packets are
 * handed to the code that knows their type.
 */

#include "core_int.h"

#include <stddef.h>
#include <string.h>

/* An effect in the queue; the body, of its kind's type, follows. */
struct queued {
	STAILQ_ENTRY(queued) next;
	enum rsvp_effect_kind kind;
	_Alignas(max_align_t) uint8_t body[];
};

static const char *const counter_names[] = {
#define X(name, text, help) [name] = text,
	RSVP_COUNTERS(X)
#undef X
};

static const char *const counter_helps[] = {
#define X(name, text, help) [name] = help,
	RSVP_COUNTERS(X)
#undef X
};

const char *
rsvp_counter_name(enum rsvp_counter counter)
{
	return counter < RSVP_COUNTER_COUNT ? counter_names[counter] : "";
}

const char *
rsvp_counter_help(enum rsvp_counter counter)
{
	return counter < RSVP_COUNTER_COUNT ? counter_helps[counter] : "";
}

uint64_t
rsvp_core_counter(const struct rsvp_core *core, enum rsvp_counter counter)
{
	return counter < RSVP_COUNTER_COUNT ? core->counters[counter] : 0;
}

void
core_count(struct rsvp_core *core, enum rsvp_counter counter)
{
	core->counters[counter]++;
}

void *
core_get(struct rsvp_core *core, size_t size)
{
	void *memory = alloc_get(core->alloc, size);

	if (!memory)
		core_count(core, RSVP_C_DROP_MEMORY);
	return memory;
}

void
core_put(struct rsvp_core *core, void *memory)
{
	alloc_put(core->alloc, memory);
}

/* What everything here allocates with: that of the configuration, counted. */
static void *
counted_get(void *arg, size_t size)
{
	struct rsvp_core *core = (struct rsvp_core *)arg;
	void *memory = alloc_get(core->conf.alloc, size);

	core->memory_bytes += alloc_size(core->conf.alloc, memory);
	return memory;
}

static void
counted_put(void *arg, void *memory)
{
	struct rsvp_core *core = (struct rsvp_core *)arg;

	core->memory_bytes -= alloc_size(core->conf.alloc, memory);
	alloc_put(core->conf.alloc, memory);
}

/* ---- life ---------------------------------------------------------------- */

static void
no_route(void *arg, const struct rsvp_route_query *query,
	struct rsvp_route *ret_route)
{
	(void)arg; /* nothing to know */
	(void)query;
	*ret_route = (struct rsvp_route){ 0 };
}

static void
any_policy(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret_answer)
{
	(void)arg; /* nothing to know */
	(void)query;
	*ret_answer = (struct rsvp_policy_answer){ .allowed = true };
	(void)text_copy(ret_answer->reason, sizeof(ret_answer->reason),
		"no policy"); /* fits */
}

static void
no_policy_end(void *arg, uint32_t claim)
{
	(void)arg; /* nothing to know */
	(void)claim;
}

struct rsvp_core_conf
rsvp_core_defaults(void)
{
	return (struct rsvp_core_conf){
		.alloc = alloc_heap(),
		.seed = 1,
		.hooks = { NULL, no_route, any_policy, no_policy_end },
		.max_sessions = 100000,
		.max_sessions_neighbour = 20000,
		.max_sessions_uid = 1000,
		.max_senders = 64,
		.max_paths = 200000,
		.blockade_multiple = 2,
		.tc_wait_ms = 2000,
		.default_lifetime_ms = 157500,
	};
}

struct rsvp_core *
rsvp_core_new(const struct rsvp_core_conf *conf)
{
	struct rsvp_core *core =
		(struct rsvp_core *)alloc_get(conf->alloc, sizeof(*core));

	if (!core)
		return NULL;
	core->conf = *conf;
	core->counted = (struct alloc){ counted_get, counted_put, core, NULL };
	core->alloc = &core->counted;
	core->random = conf->seed * 0x9e3779b97f4a7c15ULL + 1;
	if (core->random == 0)
		core->random = 1;
	/* Flows of an earlier process may turn up; to meet one of their numbers
	 * by chance is unlikely from here. */
	core->next_flow = (uint32_t)(core->random >> 32);
	STAILQ_INIT(&core->queue);
	TAILQ_INIT(&core->answered);
	TAILQ_INIT(&core->fresh);
	heap_init(&core->timers, core->alloc);
	walk_init(&core->routes, TIMER_ROUTES);
	walk_init(&core->policies, TIMER_POLICY);
	core->ledger = ledger_new(core->alloc, &conf->hash_key);
	core->refusals = (struct rsvp_refusal *)core_get(
		core, CORE_REFUSALS * sizeof(*core->refusals));
	if (!core->ledger || !core->refusals) {
		rsvp_core_free(core);
		return NULL;
	}
	return core;
}

static void
free_state(struct rsvp_core *core)
{
	struct session *session, *next_session;
	struct demand *demand, *next_demand;
	struct iface *iface, *next_iface;

	HASH_ITER (hh, core->sessions, session, next_session)
		session_free(core, session);
	HASH_ITER (hh, core->flows, demand, next_demand)
		demand_free(core, demand);
	HASH_ITER (hh, core->ifaces, iface, next_iface)
		iface_free(core, iface);
}

void
rsvp_core_free(struct rsvp_core *core)
{
	if (!core)
		return;
	core->conf.accounts = false; /* the kernel goes on */
	free_state(core);
	core_begin(core, core->now);
	while (!STAILQ_EMPTY(&core->queue)) {
		struct queued *q = STAILQ_FIRST(&core->queue);

		STAILQ_REMOVE_HEAD(&core->queue, next);
		core_put(core, q);
	}
	timer_stop(core, &core->routes.timer);
	timer_stop(core, &core->policies.timer);
	heap_done(&core->timers);
	ledger_free(core->ledger);
	wish_done(core);
	core_put(core, core->refusals);
	alloc_put(core->conf.alloc, core);
}

void
rsvp_core_reconf(struct rsvp_core *core, const struct rsvp_core_conf *conf)
{
	struct rsvp_core_conf old = core->conf;

	core->conf = *conf;
	core->conf.alloc = old.alloc;
	core->conf.hash_key = old.hash_key;
	core->conf.hooks = old.hooks;
}

/* ---- effects ------------------------------------------------------------- */

void
core_begin_answer(struct rsvp_core *core, struct mono now)
{
	core->now = now;
	core->cause = RSVP_END_TORN;
	core_put(core, core->taken);
	core->taken = NULL;
}

void
core_begin(struct rsvp_core *core, struct mono now)
{
	core_begin_answer(core, now);
	session_settle_answered(core);
}

static size_t
body_size(enum rsvp_effect_kind kind)
{
	switch (kind) {
	case RSVP_EFFECT_SEND:
		return sizeof(struct rsvp_send);
	case RSVP_EFFECT_FLOW:
		return sizeof(struct rsvp_flow_request);
	case RSVP_EFFECT_EVENT:
		return sizeof(struct rsvp_local_event);
	case RSVP_EFFECT_NOTE:
		return sizeof(struct rsvp_note);
	case RSVP_EFFECT_ACCOUNT:
		return sizeof(struct rsvp_account);
	}
	return 0;
}

void *
effect_push(struct rsvp_core *core, enum rsvp_effect_kind kind, size_t extra)
{
	struct queued *q = (struct queued *)core_get(
		core, sizeof(*q) + body_size(kind) + extra);

	if (!q)
		return NULL;
	q->kind = kind;
	STAILQ_INSERT_TAIL(&core->queue, q, next);
	return q->body;
}

bool
rsvp_core_take(struct rsvp_core *core, struct rsvp_effect *ret_effect)
{
	struct queued *q;

	core_begin(core, core->now);
	q = STAILQ_FIRST(&core->queue);
	if (!q)
		return false;
	STAILQ_REMOVE_HEAD(&core->queue, next);
	core->taken = q;
	ret_effect->kind = q->kind;
	switch (q->kind) {
	case RSVP_EFFECT_SEND:
		memcpy(&ret_effect->send, q->body, sizeof(ret_effect->send));
		break;
	case RSVP_EFFECT_FLOW:
		memcpy(&ret_effect->flow, q->body, sizeof(ret_effect->flow));
		break;
	case RSVP_EFFECT_EVENT:
		memcpy(&ret_effect->event, q->body, sizeof(ret_effect->event));
		break;
	case RSVP_EFFECT_NOTE:
		memcpy(&ret_effect->note, q->body, sizeof(ret_effect->note));
		break;
	case RSVP_EFFECT_ACCOUNT:
		memcpy(&ret_effect->account, q->body,
			sizeof(ret_effect->account));
		break;
	}
	return true;
}

void
core_note(struct rsvp_core *core, unsigned flags, const char *fmt, ...)
{
	struct rsvp_note *note =
		(struct rsvp_note *)effect_push(core, RSVP_EFFECT_NOTE, 0);
	struct text t;
	va_list ap;

	if (!note)
		return;
	note->remote = (flags & NOTE_REMOTE) != 0;
	note->warning = (flags & NOTE_WARNING) != 0;
	t = text_over(note->text, sizeof(note->text));
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
}

void
core_drop_bad(struct rsvp_core *core, const struct rsvp_packet *packet,
	const char *why)
{
	char from[ADDR_TEXT];

	core_count(core, RSVP_C_DROP_BAD);
	core_note(core, NOTE_REMOTE, "%s from %s dropped (%s)",
		wire_type_text(packet->msg->type),
		addr_format(&packet->src, from), why);
}

/* ---- packets ------------------------------------------------------------- */

/* What the message must carry for us to know whom an error concerns. */
static bool
answerable(const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;
	uint32_t need = WIRE_HAS_SESSION;

	if (msg->type == WIRE_PATH)
		need |= WIRE_HAS_SENDER | WIRE_HAS_TSPEC;
	return (msg->has & need) == need;
}

/* RFC 2205 3.10: objects of a class or type we do not know. */
static void
unknown_object(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;
	uint8_t code = packet->fault == WIRE_UNKNOWN_CLASS ? WIRE_E_CLASS
							   : WIRE_E_CTYPE;
	uint16_t value = (uint16_t)(msg->bad_class << 8 | msg->bad_ctype);

	core_count(core, RSVP_C_DROP_BAD);
	if (!answerable(packet))
		return;
	if (msg->type == WIRE_PATH)
		out_path_err(core, packet, code, value);
	else if (msg->type == WIRE_RESV)
		in_resv_refuse(core, packet, code, value);
}

static void
dispatch(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;

	if (msg->flows_ignored + msg->policies_ignored + msg->others_ignored >
		0)
		core_count(core, RSVP_C_DROP_LIMIT);
	switch ((enum wire_type)packet->msg->type) {
	case WIRE_PATH:
		in_path(core, packet);
		break;
	case WIRE_RESV:
		in_resv(core, packet);
		break;
	case WIRE_PATH_ERR:
		in_path_err(core, packet);
		break;
	case WIRE_RESV_ERR:
		in_resv_err(core, packet);
		break;
	case WIRE_PATH_TEAR:
		in_path_tear(core, packet);
		break;
	case WIRE_RESV_TEAR:
		in_resv_tear(core, packet);
		break;
	case WIRE_RESV_CONF:
		in_resv_conf(core, packet);
		break;
	default: /* a number from outside that is no type of ours */
		core_count(core, RSVP_C_DROP_BAD);
		break;
	}
}

/* Hop by hop messages that are for another node (RFC 2205 2.9). */
static bool
for_another(const struct rsvp_packet *packet)
{
	switch ((enum wire_type)packet->msg->type) {
	case WIRE_PATH:
	case WIRE_PATH_TEAR:
	case WIRE_RESV_CONF:
		return false;
	case WIRE_RESV:
	case WIRE_PATH_ERR:
	case WIRE_RESV_ERR:
	case WIRE_RESV_TEAR:
		return !packet->dst_local;
	}
	return false;
}

void
rsvp_core_packet(struct rsvp_core *core, struct mono now,
	const struct rsvp_packet *packet)
{
	core_begin(core, now);
	if (!iface_usable(core, packet->ifindex)) {
		core_count(core, RSVP_C_DROP_DISABLED);
		return;
	}
	if (for_another(packet)) {
		out_pass_on(core, packet);
		return;
	}
	switch (packet->fault) {
	case WIRE_OK:
		dispatch(core, packet);
		break;
	case WIRE_UNKNOWN_CLASS:
	case WIRE_UNKNOWN_CTYPE:
		unknown_object(core, packet);
		break;
	case WIRE_SHORT:
	case WIRE_SURPLUS:
	case WIRE_VERSION:
	case WIRE_CHECKSUM:
	case WIRE_LENGTH:
	case WIRE_VALUE:
	case WIRE_MISSING:
	case WIRE_ILLEGAL:
	case WIRE_DUPLICATE:
	case WIRE_ORDER:
	case WIRE_FLOW_COUNT:
	case WIRE_FAMILY:
	case WIRE_UNSUPPORTED_TYPE:
	case WIRE_FAULT_COUNT:
		core_count(core, RSVP_C_DROP_BAD);
		break;
	}
}
