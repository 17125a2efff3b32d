/* SPDX-License-Identifier: ISC */

/*
 * Time of the soft state: jitter, lifetimes (RFC 2205 3.7), and the tick that
 * runs what is due.  Timers are embedded in the block they guard; the block's
 * removal stops them.
 */

#include "core_int.h"

#include <stddef.h>

enum {
	REFRESH_LEAST_MS = 1000,
	QUICK_PART = 10,                 /* of R, until an early refresh */
	REFRESH_MOST_MS = 60 * 60 * 1000 /* neighbours may keep state so long */
};

#define TIMER_OWNER(ptr, type, member)                                         \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

bool
timer_set_at(struct rsvp_core *core, struct timer *timer, struct mono deadline)
{
	return heap_set(&core->timers, &timer->node, deadline);
}

bool
timer_set(struct rsvp_core *core, struct timer *timer, int64_t in_ms)
{
	return timer_set_at(core, timer, mono_add_ms(core->now, in_ms));
}

void
timer_stop(struct rsvp_core *core, struct timer *timer)
{
	heap_remove(&core->timers, &timer->node);
}

/* xorshift64*: small, seeded, and no secret depends on it. */
static uint64_t
next_random(struct rsvp_core *core)
{
	uint64_t x = core->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	core->random = x;
	return x * 0x2545f4914f6cdd1dULL;
}

int64_t
timer_jitter_ms(struct rsvp_core *core, uint32_t refresh_ms)
{
	uint64_t part = next_random(core) >> 32;

	return (int64_t)(refresh_ms / 2 + (refresh_ms * part >> 32));
}

uint32_t
timer_quick_ms(uint32_t refresh_ms, uint8_t *quick)
{
	if (*quick == 0 || refresh_ms == 0)
		return refresh_ms;
	(*quick)--;
	return refresh_ms / QUICK_PART;
}

uint32_t
timer_sane_refresh(uint32_t refresh_ms)
{
	if (refresh_ms < REFRESH_LEAST_MS)
		return REFRESH_LEAST_MS;
	return refresh_ms > REFRESH_MOST_MS ? REFRESH_MOST_MS : refresh_ms;
}

int64_t
rsvp_lifetime_ms(uint32_t refresh_ms, uint32_t lives)
{
	const int64_t R = timer_sane_refresh(refresh_ms);

	return ((2 * (int64_t)lives + 1) * 3 * R + 3) / 4;
}

static enum rsvp_end
cause_of(const struct timer *t)
{
	switch ((enum timer_kind)t->kind) {
	case TIMER_PATH_EXPIRY:
	case TIMER_RESV_EXPIRY:
	case TIMER_BLOCKADE:
		return RSVP_END_EXPIRED;
	case TIMER_PATH_REFRESH: /* it asks for the route */
	case TIMER_ROUTES:
		return RSVP_END_ROUTE;
	case TIMER_POLICY:
		return RSVP_END_POLICY;
	case TIMER_PREEMPT:
		return RSVP_END_PREEMPTED;
	case TIMER_RESV_REFRESH:
	case TIMER_DEMAND:
		break;
	}
	return RSVP_END_ERROR;
}

static void
run_timer(struct rsvp_core *core, struct timer *t)
{
	core->cause = cause_of(t);
	switch ((enum timer_kind)t->kind) {
	case TIMER_PATH_EXPIRY:
		path_expired(core, TIMER_OWNER(t, struct psb, expiry));
		break;
	case TIMER_PATH_REFRESH:
		psb_refresh(core, TIMER_OWNER(t, struct psb, refresh));
		break;
	case TIMER_RESV_EXPIRY:
		resv_expired(core, TIMER_OWNER(t, struct rsb, expiry));
		break;
	case TIMER_RESV_REFRESH:
		ask_refresh(core, TIMER_OWNER(t, struct ask, refresh));
		break;
	case TIMER_DEMAND:
		demand_expired(core, TIMER_OWNER(t, struct demand, wait));
		break;
	case TIMER_ROUTES:
	case TIMER_POLICY:
		walk_step(core, TIMER_OWNER(t, struct walk, timer));
		break;
	case TIMER_PREEMPT:
		preempt_run(core, TIMER_OWNER(t, struct iface, preempt));
		break;
	case TIMER_BLOCKADE:
		bsb_expired(core, TIMER_OWNER(t, struct bsb, expiry));
		break;
	}
}

void
rsvp_core_tick(struct rsvp_core *core, struct mono now)
{
	core_begin(core, now);
	for (int i = 0; i < CORE_TICK_TIMERS; i++) {
		struct heap_node *node = heap_first(&core->timers);

		if (!node || !mono_reached(node->deadline, now))
			break;
		heap_remove(&core->timers, node);
		run_timer(core, TIMER_OWNER(node, struct timer, node));
	}
}

struct mono
rsvp_core_next(const struct rsvp_core *core)
{
	const struct heap_node *node = heap_first(&core->timers);

	return node ? node->deadline : MONO_NEVER;
}
