/* SPDX-License-Identifier: ISC */
#include "t.h"
#include "tcctl/link_int.h"

static struct tc_pool
new_pool(void)
{
	return (struct tc_pool){ .alloc = alloc_heap() };
}

static void
put(struct tc_pool *pool, uint32_t minor)
{
	const struct tc_idle idle = { .minor = minor,
		.base = { minor * 10u, minor, 1 } };

	T_CHECK(tc_pool_put(pool, &idle), "not put");
}

static void
first_in_first_out(void)
{
	struct tc_pool pool = new_pool();
	struct tc_idle idle;
	uint32_t next = 1;

	/* In and out in waves, so that the ring wraps and grows meanwhile. */
	for (uint32_t n = 1; n <= 1000; n++) {
		put(&pool, n);
		if (n % 3 == 0) {
			T_CHECK(tc_pool_take(&pool, &idle), "empty");
			T_EQ(idle.minor, next++);
			T_EQ(idle.base.bytes, idle.minor * 10);
		}
	}
	T_EQ(pool.count, 1000 - 333);
	while (tc_pool_take(&pool, &idle))
		T_EQ(idle.minor, next++);
	T_EQ(next, 1001);
	tc_pool_done(&pool);
}

static void
untaken_is_first_again(void)
{
	struct tc_pool pool = new_pool();
	struct tc_idle a;
	struct tc_idle b;

	/* Also when the ring is as full as it gets. */
	for (uint32_t n = 1; n <= 63; n++)
		put(&pool, n);
	T_CHECK(tc_pool_take(&pool, &a), "empty");
	put(&pool, 64);
	tc_pool_untake(&pool, &a);
	T_EQ(pool.count, 64);
	for (uint32_t n = 1; n <= 64; n++) {
		T_CHECK(tc_pool_take(&pool, &b), "empty");
		T_EQ(b.minor, n);
	}
	T_CHECK(!tc_pool_take(&pool, &b), "one too many");
	tc_pool_done(&pool);
	/* Two were taken, as many others came, and both were for nothing. */
	for (uint32_t n = 1; n <= 63; n++)
		put(&pool, n);
	T_CHECK(tc_pool_take(&pool, &a), "empty");
	put(&pool, 64);
	put(&pool, 65);
	tc_pool_untake(&pool, &a);
	for (uint32_t n = 1; n <= 65; n++) {
		T_CHECK(tc_pool_take(&pool, &b), "empty");
		T_EQ(b.minor, n);
	}
	tc_pool_done(&pool);
}

static int
step(size_t count, uint32_t low, uint32_t high, int most)
{
	const struct tc_pool pool = { .count = count };
	const struct tc_iface iface = { .pool_low = low, .pool_high = high };

	return tc_pool_step(&pool, &iface, most, false);
}

static int
busy_step(size_t count, uint32_t low, uint32_t high, int most)
{
	const struct tc_pool pool = { .count = count };
	const struct tc_iface iface = { .pool_low = low, .pool_high = high };

	return tc_pool_step(&pool, &iface, most, true);
}

static void
beside_requests_only_what_is_more_than_half_empty_grows(void)
{
	T_EQ(busy_step(0, 16, 64, 4), 4);
	T_EQ(busy_step(7, 16, 64, 4), 4);
	T_EQ(busy_step(8, 16, 64, 4), 0);
	T_EQ(busy_step(15, 16, 64, 4), 0);
	T_EQ(busy_step(65, 16, 64, 4), 0);
	T_EQ(busy_step(0, 0, 64, 4), 0);
}

static void
size_stays_between_the_limits(void)
{
	T_EQ(step(0, 16, 64, 4), 4);
	T_EQ(step(14, 16, 64, 4), 2);
	T_EQ(step(16, 16, 64, 4), 0);
	T_EQ(step(64, 16, 64, 4), 0);
	T_EQ(step(65, 16, 64, 4), -1);
	T_EQ(step(100, 16, 64, 4), -4);
	T_EQ(step(0, 0, 0, 4), 0);
	T_EQ(step(1, 0, 0, 4), -1);
}

static void
steps_stay_short(void)
{
	T_EQ(tc_pool_pace(4, 100), 8);
	T_EQ(tc_pool_pace(64, 100), 64);
	T_EQ(tc_pool_pace(8, 500), 8);
	T_EQ(tc_pool_pace(8, 1000), 8);
	T_EQ(tc_pool_pace(8, 1001), 4);
	T_EQ(tc_pool_pace(1, 50000), 1);
}

static void
minors_go_round(void)
{
	struct tc_minors *m = (struct tc_minors *)calloc(1, sizeof(*m));
	enum { ALL = TC_MINOR_LAST - TC_MINOR_FIRST + 1 };

	T_CHECK(m != NULL, "memory");
	T_EQ(tc_minors_take(m), TC_MINOR_FIRST);
	T_EQ(tc_minors_take(m), TC_MINOR_FIRST + 1);
	tc_minors_give(m, TC_MINOR_FIRST);
	/* What was given back rests until all others had their turn. */
	T_EQ(tc_minors_take(m), TC_MINOR_FIRST + 2);
	T_CHECK(tc_minors_claim(m, TC_MINOR_FIRST + 3), "free");
	T_CHECK(!tc_minors_claim(m, TC_MINOR_FIRST + 3), "taken");
	T_EQ(tc_minors_take(m), TC_MINOR_FIRST + 4);
	tc_minors_give(m, TC_MINOR_FIRST + 4);
	T_EQ(tc_minors_take(m), TC_MINOR_FIRST + 5);
	T_CHECK(tc_minors_claim(m, TC_MINOR_FIRST + 4), "given back");
	for (int i = 5; i < ALL - 1; i++)
		T_CHECK(tc_minors_take(m) > TC_MINOR_FIRST + 5, "%d", i);
	T_EQ(tc_minors_take(m), TC_MINOR_FIRST);
	T_EQ(tc_minors_take(m), 0);
	/* None is left: what is given back is what is had. */
	for (uint32_t n = TC_MINOR_FIRST; n <= TC_MINOR_LAST; n += 4093) {
		tc_minors_give(m, n);
		T_EQ(tc_minors_take(m), n);
		T_EQ(tc_minors_take(m), 0);
	}
	free(m);
}

static struct tc_nodes *
new_nodes(void)
{
	struct tc_nodes *n = (struct tc_nodes *)calloc(1, sizeof(*n));

	T_CHECK(n != NULL, "memory");
	tc_nodes_init(n, alloc_heap());
	return n;
}

static void
node_numbers_of_a_bucket(void)
{
	struct tc_nodes *n = new_nodes();
	const uint32_t bucket = 0x02c02000; /* 2c:2: */

	for (uint32_t i = 1; i <= TC_LEAF_NODE_MAX; i++)
		T_EQ(tc_nodes_take(n, bucket, 7), bucket | i);
	T_EQ(tc_nodes_take(n, bucket, 7), 0);
	tc_nodes_give(n, bucket | 77);
	T_EQ(tc_nodes_take(n, bucket, 7), bucket | 77);
	/* The next bucket has numbers of its own, which go round too. */
	T_EQ(tc_nodes_take(n, 0x02c03000, 7), 0x02c03001);
	T_EQ(tc_nodes_take(n, 0x12c02000, 7), 0x12c02001);
	tc_nodes_give(n, 0x12c02001);
	T_EQ(tc_nodes_take(n, 0x12c02000, 7), 0x12c02002);
	tc_nodes_done(n);
	free(n);
}

static void
claimed_numbers_are_not_taken(void)
{
	struct tc_nodes *n = new_nodes();

	T_CHECK(tc_nodes_claim(n, 0x01105001, 7), "free");
	T_CHECK(!tc_nodes_claim(n, 0x01105001, 7), "taken");
	T_CHECK(!tc_nodes_claim(n, 0x01105000, 7), "0 is the bucket itself");
	T_EQ(tc_nodes_take(n, 0x01105000, 7), 0x01105002);
	/* No bucket of ours holds leaf nodes there. */
	T_CHECK(!tc_nodes_claim(n, 0x01005001, 7), "a link table");
	T_EQ(tc_nodes_take(n, 0x80000000, 7), 0);
	tc_nodes_give(n, 0x80000001);
	tc_nodes_done(n);
	free(n);
}

static struct t_case cases[] = {
	{ "idle classes go first in first out", first_in_first_out },
	{ "an untaken class is the first again", untaken_is_first_again },
	{ "the size stays between the limits", size_stays_between_the_limits },
	{ "beside requests only what is less than half full grows",
		beside_requests_only_what_is_more_than_half_empty_grows },
	{ "steps stay short", steps_stay_short },
	{ "class numbers go round", minors_go_round },
	{ "a bucket has 4095 node numbers", node_numbers_of_a_bucket },
	{ "claimed numbers are not taken", claimed_numbers_are_not_taken },
};

T_MAIN(cases)
