/* SPDX-License-Identifier: ISC */

/* Keys of hash tables and the links to further ones: tcctl/hash.c; and which
 * buckets may share one: nodes.c. */

#include "tc_fixture.h"

/* All of one bucket told apart by nothing but what a key does not see. */
static void
without_a_better_key_it_stays(void)
{
	struct tc_filter filters[40];
	const struct tc_filter *all[40];
	struct tc_hash hash;

	for (size_t i = 0; i < 40; i++) {
		filters[i] = fix_filter("10.0.0.2", "10.0.0.1", 0, 0);
		filters[i].proto = (uint8_t)(100 + i);
		all[i] = &filters[i];
	}
	T_CHECK(!tc_hash_choose(all, 40, 0, &hash), "by what?");
	T_CHECK(!tc_hash_choose(all, 0, 0, &hash), "of nothing");
	filters[0].src.b[0] = 11;
	T_CHECK(!tc_hash_choose(all, 40, 0, &hash), "for one of 40");
}

static void
half_a_key_is_none(void)
{
	struct tc_filter f = fix_filter("10.0.0.2", "10.0.0.1", 5004, 0);
	const struct tc_hash both = { 0x000ff000, 0, true };
	uint32_t index;

	T_CHECK(!tc_hash_index(&f, &both, &index), "any source port");
	f.src_port = 0x1234;
	T_CHECK(tc_hash_index(&f, &both, &index), "both ports");
	T_EQ(index, 0x41);
}

static void
the_best_key_is_chosen(void)
{
	struct tc_filter filters[64];
	const struct tc_filter *all[64];
	struct tc_hash hash;
	uint32_t index;

	for (size_t i = 0; i < 64; i++) {
		filters[i] = fix_filter("10.0.0.2", "10.0.0.1", 5004, 6000);
		filters[i].src.b[1] = (uint8_t)i;
		filters[i].src_port = (uint16_t)(i % 8);
		all[i] = &filters[i];
	}
	T_CHECK(tc_hash_choose(all, 64, 0, &hash), "none");
	T_EQ(hash.off, 12);
	T_CHECK(!hash.floating, "floating");
	T_EQ(hash.mask & 0x003f0000, 0x003f0000);
	T_CHECK(tc_hash_index(&filters[5], &hash, &index), "index");
	filters[5].src = (struct addr){ 0 };
	T_CHECK(!tc_hash_index(&filters[5], &hash, &index), "any source");
}

static void
only_our_links_are_decoded(void)
{
	static const struct tc_hash hashes[] = { { 0xff, 0, true },
		{ 0xff00000, 4, true }, { 0xff000000, 12, false },
		{ 0xff0, 16, false } };

	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		struct tc_object links[TC_SPLIT_LINKS];
		size_t n = tc_hash_links(FIX_IFINDEX, 0x02005000,
			TC_SPLIT_FIRST << TC_U32_TABLE_SHIFT, &hashes[i],
			links);

		T_EQ(n, hashes[i].floating ? TC_SPLIT_LINKS : 1);
		for (size_t k = 0; k < n; k++) {
			struct tc_object bad = links[k];
			struct tc_hash back;

			T_CHECK(tc_hash_decode(&links[k], &back), "ours");
			T_EQ(back.mask, hashes[i].mask);
			T_EQ(back.off, hashes[i].off);
			T_EQ(back.floating, hashes[i].floating);
			bad.u32.hmask = 0x7f;
			T_CHECK(!tc_hash_decode(&bad, &back), "7 bits");
			bad.u32.hmask = 0;
			T_CHECK(!tc_hash_decode(&bad, &back), "0 bits");
			bad = links[k];
			bad.u32.link = 0x10 << TC_U32_TABLE_SHIFT;
			T_CHECK(!tc_hash_decode(&bad, &back), "fixed table");
			bad = links[k];
			bad.u32.keys[0].mask ^= 0x01000000;
			T_CHECK(!tc_hash_decode(&bad, &back), "key");
			bad = links[k];
			bad.handle = (bad.handle & ~0xfffu) | 5;
			T_CHECK(!tc_hash_decode(&bad, &back), "number");
			bad = links[k];
			bad.pref = TC_PREF_V6;
			T_CHECK(!tc_hash_decode(&bad, &back), "family");
		}
	}
}

/* A key for this bucket alone, or for those that come after it as well. */
static void
a_key_suits_others_too(void)
{
	struct tc_filter filters[64];
	const struct tc_filter *all[64];
	struct tc_hash hash;

	/* In each of four buckets the third octet tells all apart; over all of
	 * them the octet in between does, too. */
	for (size_t i = 0; i < 64; i++) {
		filters[i] = fix_filter("10.0.0.2", "10.0.0.1", 5004, 6000);
		filters[i].dst.b[2] = (uint8_t)(i % 16);
		filters[i].dst.b[3] = (uint8_t)(i / 16 << 4);
		all[i] = &filters[i];
	}
	T_CHECK(tc_hash_choose(all, 16, 48, &hash), "none");
	T_EQ(hash.off, 16);
	T_EQ(hash.mask, 0xff0);
}

static uint32_t
table(uint32_t i)
{
	return (TC_SPLIT_FIRST + i) << TC_U32_TABLE_SHIFT;
}

enum { BY_PORT = 0x02005000, ANOTHER = 0x02105000, BY_ADDRESS = 0x01105000 };

static void
a_table_is_shared_by_one_key_way_and_depth(void)
{
	const struct tc_hash hash = { 0xff00, 12, false };
	const struct tc_hash others[] = { { 0xff, 12, false },
		{ 0xff00, 16, false }, { 0xff00, 12, true } };
	struct tc_nodes *n = (struct tc_nodes *)calloc(1, sizeof(*n));
	struct tc_split *s;

	T_CHECK(n != NULL, "memory");
	tc_nodes_init(n, alloc_heap());
	s = tc_nodes_split(n, BY_PORT, table(0), &hash);
	T_CHECK(s != NULL, "the first");
	T_CHECK(!tc_nodes_split(n, BY_PORT, table(0), &hash), "twice");
	T_CHECK(!tc_nodes_split(n, BY_PORT, table(1), &hash), "two tables");
	T_CHECK(!tc_nodes_split(n, BY_ADDRESS, table(0), &hash), "way");
	T_CHECK(!tc_nodes_split(n, table(0) | 0x5000, table(0), &hash),
		"in a circle");
	for (size_t i = 0; i < 3; i++)
		T_CHECK(!tc_nodes_split(n, ANOTHER, table(0), &others[i]),
			"by key %zu", i);
	T_EQ(s->parents, 1);
	T_CHECK(tc_nodes_split(n, ANOTHER, table(0), &hash) == s, "shared");
	T_EQ(s->parents, 2);
	T_CHECK(tc_nodes_split_of(n, BY_PORT | 7) == s, "of a node");
	T_CHECK(tc_nodes_alike(n, BY_PORT, ANOTHER), "the same way");
	T_CHECK(!tc_nodes_alike(n, BY_PORT, BY_ADDRESS), "another way");
	T_CHECK(!tc_nodes_alike(n, BY_PORT, table(0) | 0x5000), "deeper");

	/* Deeper. */
	T_CHECK(tc_nodes_split(n, table(0) | 0x5000, table(1), &hash) != NULL,
		"of its bucket");
	T_EQ(s->splits, 1);
	T_EQ(n->splits[1]->depth, 2);
	T_CHECK(!tc_nodes_split(n, 0x02006000, table(1), &hash), "depth");
	T_CHECK(tc_nodes_split(n, table(0) | 0x6000, table(1), &hash) != NULL,
		"shared");
	T_EQ(s->splits, 2);
	tc_nodes_done(n);
	free(n);
}

static struct tc_bucket *
bucket_of(const struct tc_nodes *n, uint32_t handle)
{
	struct tc_bucket *b;
	size_t cursor = 0;

	while ((b = tc_nodes_next(n, &cursor)) && b->handle != handle)
		;
	return b;
}

static void
a_table_closes_with_its_last_link(void)
{
	const struct tc_hash hash = { 0xff00, 12, false };
	struct tc_nodes *n = (struct tc_nodes *)calloc(1, sizeof(*n));
	struct tc_objects objects = { .alloc = alloc_heap() };
	struct tc_split *s;

	T_CHECK(n != NULL, "memory");
	tc_nodes_init(n, alloc_heap());
	s = tc_nodes_split(n, BY_PORT, table(0), &hash);
	T_CHECK(s && tc_nodes_split(n, ANOTHER, table(0), &hash), "shared");
	tc_nodes_objects(n, FIX_IFINDEX, &objects);
	T_EQ(objects.count, 3); /* a table, two links */
	tc_nodes_unlink(n, bucket_of(n, BY_PORT));
	T_EQ(n->closing, 0);
	T_CHECK(!tc_nodes_split_of(n, BY_PORT), "a link");
	tc_nodes_unlink(n, bucket_of(n, ANOTHER));
	T_EQ(n->closing, 1);
	T_CHECK(!tc_nodes_split(n, BY_PORT, table(0), &hash), "it goes");
	objects.count = 0;
	tc_nodes_objects(n, FIX_IFINDEX, &objects);
	T_EQ(objects.count, 0);
	tc_nodes_unsplit(n, s);
	T_EQ(n->closing, 0);
	T_CHECK(tc_nodes_split(n, BY_PORT, table(0), &hash) != NULL, "again");
	tc_objects_done(&objects);
	tc_nodes_done(n);
	free(n);
}

static struct t_case cases[] = {
	{ "without a better key it stays", without_a_better_key_it_stays },
	{ "half a key is none", half_a_key_is_none },
	{ "the best key is chosen", the_best_key_is_chosen },
	{ "only our links are decoded", only_our_links_are_decoded },
	{ "a key suits others too", a_key_suits_others_too },
	{ "a table is shared by one key, way and depth",
		a_table_is_shared_by_one_key_way_and_depth },
	{ "a table closes with its last link",
		a_table_closes_with_its_last_link },
};
T_MAIN(cases)
