/* SPDX-License-Identifier: ISC */

/* The engine's half at its edges: memory that ends in the middle of a load,
 * sets freed in slices, prefixes and names bit by bit. */

#include "t_alloc.h"
#include "t_policy.h"

enum { USERS = 40, DSTS = 30 };

/* Rules that only the index tells apart, of users and destinations. */
static struct policy_set *
many_rules(void)
{
	struct policy_set *set = t_set();
	char name[16];
	char addr[24];

	for (uint32_t i = 0; i < USERS; i++) {
		(void)snprintf(name, sizeof(name), "u%u", i);
		t_span(t_rule(set, name, NULL), POLICY_SPAN_USER, i, i);
	}
	for (uint32_t i = 0; i < DSTS; i++) {
		(void)snprintf(name, sizeof(name), "d%u", i);
		(void)snprintf(addr, sizeof(addr), "10.9.%u.1", i);
		t_range(t_rule(set, name, NULL), POLICY_ADDR_DST, addr, addr);
	}
	t_sort(set);
	return set;
}

/* Whatever is in force, each of its rules is found. */
static void
expect_all_found(struct policy *p)
{
	struct policy_request q = t_request();
	char category[POLICY_NAME];
	char name[16];
	char addr[24];

	for (uint32_t i = 0; i < USERS; i++) {
		q.uid = i;
		(void)snprintf(name, sizeof(name), "u%u", i);
		T_STR(t_decide(p, &q, 0).rule, name);
		T_CHECK(policy_rule_category(p, name, category), "%s", name);
	}
	q.uid = USERS;
	for (uint32_t i = 0; i < DSTS; i++) {
		(void)snprintf(name, sizeof(name), "d%u", i);
		(void)snprintf(addr, sizeof(addr), "10.9.%u.1", i);
		q.dst = t_addr(addr);
		T_STR(t_decide(p, &q, 0).rule, name);
	}
}

/* Each allocation fails in turn: the load is refused and holds nothing, or it
 * has all rules. */
static void
memory_that_ends_refuses_the_load(void)
{
	struct policy_set *set = many_rules();
	uint8_t *bytes = NULL;
	size_t len = 0;
	bool good = false;

	T_CHECK(policy_snapshot_write(set, &bytes, &len), "not written");
	policy_set_free(set);
	for (size_t n = 0; !good; n++) {
		struct t_ration ration = { .left = n };
		const struct alloc alloc = t_ration_alloc(&ration);
		struct policy_load *load =
			policy_load_begin(&alloc, bytes, len);
		enum policy_load_state state = POLICY_LOAD_MORE;
		struct policy *p;

		if (!load)
			continue;
		while (state == POLICY_LOAD_MORE)
			state = policy_load_step(load, 7);
		good = state == POLICY_LOAD_READY;
		if (!good) {
			T_EQ(ration.left, 0);
			T_CHECK(policy_load_problem(load)[0] != '\0', "why");
			policy_load_drop(load);
			T_EQ(ration.held, 0);
			continue;
		}
		T_CHECK(n > USERS + DSTS, "after %zu allocations", n);
		ration.left = 100000;
		p = policy_new(&alloc);
		policy_load_switch(p, load);
		expect_all_found(p);
		policy_free(p);
		T_EQ(ration.held, 0);
	}
	alloc_put(alloc_heap(), bytes);
}

/* One allocation fails, and those after it do not. */
struct once {
	size_t until;
	size_t held;
};

static void *
once_get(void *arg, size_t size)
{
	struct once *o = (struct once *)arg;

	if (o->until-- == 0)
		return NULL;
	o->held++;
	return alloc_get(alloc_heap(), size);
}

static void
once_put(void *arg, void *memory)
{
	((struct once *)arg)->held -= memory != NULL;
	alloc_put(alloc_heap(), memory);
}

/* What could not be had is missed, though there is memory again. */
static void
memory_that_lacks_once_refuses_the_load(void)
{
	struct policy_set *set = many_rules();
	uint8_t *bytes = NULL;
	size_t len = 0;
	bool good = false;

	T_CHECK(policy_snapshot_write(set, &bytes, &len), "not written");
	policy_set_free(set);
	for (size_t n = 0; !good; n++) {
		struct once once = { .until = n };
		const struct alloc alloc = { once_get, once_put, &once, NULL };
		struct policy_load *load =
			policy_load_begin(&alloc, bytes, len);
		enum policy_load_state state = POLICY_LOAD_MORE;

		if (!load)
			continue;
		while (state == POLICY_LOAD_MORE)
			state = policy_load_step(load, 7);
		good = once.until < SIZE_MAX / 2; /* it was not reached */
		T_EQ(state, good ? POLICY_LOAD_READY : POLICY_LOAD_REFUSED);
		policy_load_drop(load);
		T_EQ(once.held, 0);
	}
	alloc_put(alloc_heap(), bytes);
}

static void
a_set_is_freed_in_slices(void)
{
	struct t_ration ration = { .left = 1000 };
	const struct alloc alloc = t_ration_alloc(&ration);
	struct policy_set *set = (struct policy_set *)alloc_get(
		&alloc, sizeof(struct policy_set));

	set->alloc = &alloc;
	set->rules = (struct policy_rule **)alloc_get(
		&alloc, 5 * sizeof(struct policy_rule *));
	for (; set->n_rules < 5; set->n_rules++)
		set->rules[set->n_rules] = (struct policy_rule *)alloc_get(
			&alloc, sizeof(struct policy_rule));
	T_CHECK(!policy_set_free_some(set, 2), "first");
	T_EQ(set->n_rules, 3);
	T_CHECK(!policy_set_free_some(set, 0), "nothing");
	T_EQ(set->n_rules, 3);
	T_CHECK(!policy_set_free_some(set, 2), "second");
	T_EQ(set->n_rules, 1);
	T_EQ(ration.held, 3);
	T_CHECK(policy_set_free_some(set, 2), "third");
	T_EQ(ration.held, 0);
	policy_set_free(NULL);
}

/* By counting, for each pair of last octets. */
static int
prefix_of(unsigned lo, unsigned hi)
{
	for (int len = 0; len <= 8; len++) {
		unsigned mask = 0xffu >> len;

		if ((lo & mask) == 0 && (lo | mask) == hi)
			return 24 + len;
	}
	return -1;
}

static void
ranges_that_are_prefixes_are_known(void)
{
	struct policy_addr_span s = { t_addr("10.7.255.0"),
		t_addr("10.7.255.0") };

	for (unsigned lo = 0; lo < 256; lo++)
		for (unsigned hi = lo; hi < 256; hi++) {
			s.lo.b[3] = (uint8_t)lo;
			s.hi.b[3] = (uint8_t)hi;
			T_CHECK(policy_addr_span_prefix(&s) ==
					prefix_of(lo, hi),
				"%u-%u: %d", lo, hi,
				policy_addr_span_prefix(&s));
		}
	s = (struct policy_addr_span){ t_addr("0.0.0.0"),
		t_addr("255.255.255.255") };
	T_EQ(policy_addr_span_prefix(&s), 0);
	s.lo.b[0] = 128;
	T_EQ(policy_addr_span_prefix(&s), 1);
	s.lo.b[2] = 1;
	T_EQ(policy_addr_span_prefix(&s), -1);
	s = (struct policy_addr_span){ t_addr("2001:db8::"),
		t_addr("2001:db8::ffff") };
	T_EQ(policy_addr_span_prefix(&s), 112);
}

static void
names_are_printable_and_not_blank_at_an_end(void)
{
	char name[POLICY_NAME + 1];

	T_CHECK(policy_name_valid("a") && policy_name_valid("a b~"), "good");
	T_CHECK(policy_name_valid("!"), "0x21");
	T_CHECK(!policy_name_valid(""), "empty");
	T_CHECK(!policy_name_valid(" a") && !policy_name_valid("a "), "ends");
	T_CHECK(!policy_name_valid("a\x1f"
				   "b") &&
			!policy_name_valid("a\x7f"
					   "b"),
		"controls");
	memset(name, 'a', sizeof(name));
	name[POLICY_NAME] = '\0';
	T_CHECK(!policy_name_valid(name), "64");
	name[POLICY_NAME - 1] = '\0';
	T_CHECK(policy_name_valid(name), "63");
}

static void
protocols_have_names(void)
{
	static const struct {
		uint32_t number;
		const char *text;
	} rows[] = { { 1, "icmp" }, { 6, "tcp" }, { 17, "udp" }, { 33, "dccp" },
		{ 58, "icmp6" }, { 132, "sctp" }, { 136, "udplite" },
		{ 0, "protocol 0" }, { 2, "protocol 2" },
		{ 255, "protocol 255" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char got[32];
		struct text t = text_over(got, sizeof(got));

		policy_proto_text(&t, rows[i].number);
		T_STR(got, rows[i].text);
	}
}

static struct t_case cases[] = {
	{ "memory that ends refuses the load",
		memory_that_ends_refuses_the_load },
	{ "memory that lacks once refuses the load",
		memory_that_lacks_once_refuses_the_load },
	{ "a set is freed in slices", a_set_is_freed_in_slices },
	{ "ranges that are prefixes are known",
		ranges_that_are_prefixes_are_known },
	{ "names are printable and not blank at an end",
		names_are_printable_and_not_blank_at_an_end },
	{ "protocols have names", protocols_have_names },
};
T_MAIN(cases)
