/* SPDX-License-Identifier: ISC */

/*
 * Idle classes.  Creating a class costs the kernel time in proportion to the
 * classes there are, so they are made ahead, in the background, in steps small
 * enough that nothing else has to wait.
 */

#include "link_int.h"

#include <string.h>

enum { FIRST_ROOM = 64, STEP_MAX = 64, STEP_US = 1000 };

void
tc_pool_done(struct tc_pool *pool)
{
	alloc_put(pool->alloc, pool->ring);
	*pool = (struct tc_pool){ .alloc = pool->alloc };
}

/* One place stays free for tc_pool_untake(). */
static bool
make_room(struct tc_pool *pool)
{
	if (pool->count + 1 < pool->room)
		return true;

	size_t room = pool->room > 0 ? pool->room * 2 : FIRST_ROOM;
	struct tc_idle *ring =
		(struct tc_idle *)alloc_get(pool->alloc, room * sizeof(*ring));

	if (!ring)
		return false;
	for (size_t i = 0; pool->room > 0 && i < pool->count; i++)
		ring[i] = pool->ring[(pool->head + i) % pool->room];
	alloc_put(pool->alloc, pool->ring);
	pool->ring = ring;
	pool->room = room;
	pool->head = 0;
	return true;
}

bool
tc_pool_put(struct tc_pool *pool, const struct tc_idle *idle)
{
	if (!make_room(pool))
		return false;
	pool->ring[(pool->head + pool->count++) % pool->room] = *idle;
	return true;
}

bool
tc_pool_take(struct tc_pool *pool, struct tc_idle *ret_idle)
{
	if (pool->count == 0)
		return false;
	*ret_idle = pool->ring[pool->head];
	pool->head = (pool->head + 1) % pool->room;
	pool->count--;
	return true;
}

void
tc_idle_objects(const struct tc_iface *iface, enum tc_subtree subtree,
	const struct tc_idle *idle, struct tc_object ret[2])
{
	tc_want_idle(iface, subtree, idle->minor, &ret[0], &ret[1]);
	if (idle->limit != 0)
		ret[1].fifo.limit = idle->limit;
}

struct tc_idle *
tc_pool_at(struct tc_pool *pool, size_t i)
{
	return &pool->ring[(pool->head + i) % pool->room];
}

void
tc_pool_untake(struct tc_pool *pool, const struct tc_idle *idle)
{
	pool->head = (pool->head + pool->room - 1) % pool->room;
	pool->ring[pool->head] = *idle;
	pool->count++;
}

int
tc_pool_step(const struct tc_pool *pool, const struct tc_iface *iface, int step,
	bool busy)
{
	/* Whoever needs a class of an empty pool waits as long as who is held
	 * up by its growth: it may be half empty before that is worth it. */
	if (busy && pool->count >= iface->pool_low / 2)
		return 0;
	if (pool->count < iface->pool_low) {
		size_t missing = iface->pool_low - pool->count;

		return missing < (size_t)step ? (int)missing : step;
	}
	if (pool->count > iface->pool_high) {
		size_t surplus = pool->count - iface->pool_high;

		return surplus < (size_t)step ? -(int)surplus : -step;
	}
	return 0;
}

int
tc_pool_pace(int step, int64_t took_us)
{
	if (took_us > STEP_US && step > 1)
		return step / 2;
	if (took_us < STEP_US / 2 && step < STEP_MAX)
		return step * 2;
	return step;
}

static uint32_t
turn(uint32_t minor)
{
	return minor < TC_MINOR_LAST ? minor + 1 : TC_MINOR_FIRST;
}

uint32_t
tc_minors_take(struct tc_minors *m)
{
	enum { ALL = TC_MINOR_LAST - TC_MINOR_FIRST + 1 };
	uint32_t minor = m->next < TC_MINOR_FIRST ? TC_MINOR_FIRST : m->next;

	for (int i = 0; i < ALL; i++, minor = turn(minor))
		if (tc_minors_claim(m, minor)) {
			m->next = turn(minor);
			return minor;
		}
	return 0;
}

bool
tc_minors_claim(struct tc_minors *m, uint32_t minor)
{
	uint64_t bit = UINT64_C(1) << minor % 64;

	if ((m->used[minor / 64] & bit) != 0)
		return false;
	m->used[minor / 64] |= bit;
	return true;
}

void
tc_minors_give(struct tc_minors *m, uint32_t minor)
{
	m->used[minor / 64] &= ~(UINT64_C(1) << minor % 64);
}
