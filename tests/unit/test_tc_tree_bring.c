/* SPDX-License-Identifier: ISC */
/*
 * From any tree to any other, on a kernel that refuses at step n, for all n:
 * then what there was is there again, or what is left is said.
 */
#include "tc_bring_fixture.h"

#include <linux/tc_act/tc_csum.h>

static void
from_to(size_t from, size_t to, unsigned sides)
{
	struct fake k = { .objects = { .alloc = alloc_heap() } };
	struct tree_outcome outcome = bring(&k, from, both);
	char before[T_FILE];
	char after[T_FILE];
	size_t steps;

	T_CHECK(outcome.error == 0, "%zu: %s", from, outcome.text);
	(void)text_copy(before, sizeof(before), state_of(&k));
	k.steps = 0;
	outcome = bring(&k, to, sides);
	steps = k.steps;
	T_CHECK(outcome.error == 0, "%zu to %zu: %s", from, to, outcome.text);
	(void)text_copy(after, sizeof(after), state_of(&k));
	/* Once more: nothing. */
	k.steps = 0;
	outcome = bring(&k, to, sides);
	T_EQ(k.steps, 0);
	for (size_t n = 1; n <= steps; n++) {
		k.refuse_at = 0;
		outcome = bring(&k, from, both);
		T_CHECK(outcome.error == 0, "%s", outcome.text);
		k.steps = 0;
		k.refuse_at = n;
		outcome = bring(&k, to, sides);
		T_EQ(outcome.error, ENOSPC);
		T_CHECK(outcome.clean && strstr(outcome.text, "; undone"),
			"%zu to %zu, step %zu: %s", from, to, n, outcome.text);
		T_STR(state_of(&k), before);
	}
	k.refuse_at = 0;
	tc_objects_done(&k.objects);
}

static void
every_refusal_is_undone(void)
{
	for (size_t from = 0; from <= NOTHING; from++)
		for (size_t to = 0; to <= NOTHING; to++)
			for (int all = 0; all < 2 && from != to; all++)
				from_to(from, to, all ? both : 0);
}

static void
a_kernel_that_refuses_everything_is_told_of(void)
{
	struct fake k = { .objects = { .alloc = alloc_heap() },
		.refuse_at = 4,
		.go_on_refusing = true };
	struct tree_outcome outcome = bring(&k, 0, both);

	T_EQ(outcome.error, ENOSPC);
	T_CHECK(!outcome.clean, "%s", outcome.text);
	T_STR(outcome.text,
		"step 4 of 10: add class 1:20 on eth0: No space left on device"
		"; not undone, still to be done: delete class 1:10 on eth0 and "
		"2 more");
	tc_objects_done(&k.objects);
}

static void
what_is_not_known_is_left_alone(void)
{
	struct fake k = { .objects = { .alloc = alloc_heap() } };
	struct tc_object *netem;

	(void)bring(&k, 2, both);
	netem = tc_objects_add(&k.objects);
	netem->type = TC_QDISC_LEAF;
	netem->handle = 0x400000;
	netem->parent = 0x10002;
	netem->kind = &tc_kind_other;
	(void)text_copy(netem->name, sizeof(netem->name), "netem");
	k.steps = 0;
	T_EQ(bring(&k, 2, both).error, 0);
	T_EQ(k.steps, 0);
	T_CHECK(find_handle(&k, 0x400000) != NULL, "it was removed");
	/* Its class goes: so does it, and that is no failure. */
	T_EQ(bring(&k, 0, both).error, 0);
	T_CHECK(find_handle(&k, 0x400000) == NULL, "it is still there");
	tc_objects_done(&k.objects);
}

static void
one_side_leaves_the_other(void)
{
	struct fake k = { .objects = { .alloc = alloc_heap() } };
	const struct tc_kernel kernel = {
		.arg = &k, .run = run, .dump_tree = dump_tree
	};
	const struct tree_bring b = { .kernel = &kernel, .name = "eth0" };
	struct tc_objects none = { .alloc = alloc_heap() };
	struct tree_outcome outcome;

	(void)bring(&k, 5, both); /* both sides of ppp0 */
	T_CHECK(find_handle(&k, TC_INGRESS_HANDLE) != NULL, "no ingress");
	T_EQ(tree_bring(&b, &none, TREE_OUTGOING, &outcome), 0);
	T_CHECK(find_handle(&k, 0x10000) == NULL, "the root is still there");
	T_CHECK(find_handle(&k, TC_INGRESS_HANDLE) != NULL, "ingress is gone");
	T_EQ(tree_bring(&b, &none, TREE_INCOMING, &outcome), 0);
	T_EQ(k.objects.count, 0);
	tc_objects_done(&k.objects);
}

static struct tree_outcome
bring_text(struct fake *k, const char *text)
{
	const struct tc_kernel kernel = {
		.arg = k, .run = run, .dump_tree = dump_tree
	};
	const struct tree_bring b = { .kernel = &kernel, .name = "eth0" };
	struct tc_objects want = { .alloc = alloc_heap() };
	struct tree_outcome outcome;

	t_build(text, 0, &want);
	T_EQ(tree_bring(&b, &want, both, &outcome), 0);
	T_CHECK(outcome.error == 0, "%s", outcome.text);
	tc_objects_done(&want);
	return outcome;
}

/* A prio whose last band is filtered to, with such a queue and protocol. */
static const char *
prio_with(const char *handle, const char *protocol)
{
	static char text[512];

	(void)snprintf(text, sizeof(text),
		"interfaces = ( { name = \"eth0\"; root = { kind = \"prio\"; "
		"handle = \"1:\"; classes = ( { id = \"1:1\"; queue = { kind = "
		"\"bfifo\"; handle = \"%s\"; limit = 3000; }; } ); filters = ( "
		"{ pref = 1; protocol = \"%s\"; class = \"1:3\"; } ); }; } );",
		handle, protocol);
	return text;
}

static void
what_cannot_change_is_made_again(void)
{
	struct fake k = { .objects = { .alloc = alloc_heap() } };

	(void)bring_text(&k, prio_with("30:", "ip"));
	T_CHECK(find_handle(&k, 0x300000) != NULL, "no queue");
	(void)bring_text(&k, prio_with("31:", "ip"));
	T_CHECK(find_handle(&k, 0x300000) == NULL, "the old handle");
	T_CHECK(find_handle(&k, 0x310000) != NULL, "no queue");
	(void)bring_text(&k, prio_with("31:", "ipv6"));
	T_CHECK(strstr(state_of(&k), "u32 to 1:3") != NULL, "%s", state_of(&k));
	k.steps = 0;
	(void)bring_text(&k, prio_with("31:", "ipv6"));
	T_EQ(k.steps, 0);
	tc_objects_done(&k.objects);
}

static void
no_description_has_incoming_interfaces(void)
{
	struct tc_object o = { .type = TC_FILTER,
		.kind = &tc_kind_u32,
		.pref = 7,
		.handle = 0x80000800,
		.u32 = { .flags = TC_U32_FLAG_TERMINAL, .key_count = 1 } };

	T_CHECK(tree_is_known(&o), "any packet");
	(void)text_copy(o.u32.in, sizeof(o.u32.in), "eth1");
	T_CHECK(!tree_is_known(&o), "what came in by eth1");
}

/* A filter with these actions, of how many there are. */
static bool
is_known_with(const struct tc_extra *actions, uint8_t count)
{
	struct tc_extra extra = *actions;
	const struct tc_object o = { .type = TC_FILTER,
		.kind = &tc_kind_matchall,
		.pref = 7,
		.handle = 1,
		.extra = &extra };

	extra.action_count = count;
	return tree_is_known(&o);
}

/* The checksum of IPv4 is mended right behind, and of nothing else. */
static void
what_writes_a_dscp_mends_the_checksum(void)
{
	enum { KEPT = 0xfc };
	struct tc_extra whole = {
		.actions = { { .kind = &tc_action_pedit,
				     .control = TC_VERDICT_PIPE },
			{ .kind = &tc_action_csum, .control = TC_VERDICT_OK } }
	};
	struct tc_extra other;

	tc_pedit_dsfield(&whole.actions[0].pedit, false, 0xb8, KEPT);
	whole.actions[1].csum.what = TCA_CSUM_UPDATE_FLAG_IPV4HDR;
	T_CHECK(is_known_with(&whole, 2), "both");
	other = whole;
	other.actions[0].control = TC_VERDICT_OK;
	T_CHECK(!is_known_with(&other, 2), "which is not come to");
	other.actions[1].control = TC_VERDICT_PIPE; /* left from another */
	T_CHECK(!is_known_with(&other, 1), "no checksum");
	other = whole;
	other.actions[1].kind = &tc_action_gact;
	T_CHECK(!is_known_with(&other, 2), "another action");
	other = whole;
	other.actions[1].control = TC_VERDICT_PIPE;
	T_CHECK(!is_known_with(&other, 2), "then nothing said");
	other = whole;
	other.actions[1].csum.what = TCA_CSUM_UPDATE_FLAG_UDP;
	T_CHECK(!is_known_with(&other, 2), "another checksum");
	tc_pedit_dsfield(&other.actions[0].pedit, true, 0xb8, KEPT);
	other.actions[0].control = TC_VERDICT_OK;
	T_CHECK(is_known_with(&other, 1), "IPv6 has none");
}

static void
what_cannot_be_made_is_not_known(void)
{
	struct tc_object o = {
		.type = TC_QDISC_ROOT, .kind = &tc_kind_pfifo, .handle = 0x10000
	};

	T_CHECK(tree_is_known(&o), "a queue");
	o.kind = &tc_kind_pfifo_fast;
	T_CHECK(!tree_is_known(&o), "the kernel's own");
	o.kind = &tc_kind_other;
	T_CHECK(!tree_is_known(&o), "another");
}

static struct t_case cases[] = {
	{ "what writes a dscp mends the checksum",
		what_writes_a_dscp_mends_the_checksum },
	{ "what cannot be made is not known",
		what_cannot_be_made_is_not_known },
	{ "no description has incoming interfaces",
		no_description_has_incoming_interfaces },
	{ "what cannot change is made again",
		what_cannot_change_is_made_again },
	{ "from any tree to any other, every refusal is undone",
		every_refusal_is_undone },
	{ "a kernel that refuses everything is told of",
		a_kernel_that_refuses_everything_is_told_of },
	{ "what is not known is left alone", what_is_not_known_is_left_alone },
	{ "one side leaves the other", one_side_leaves_the_other },
};
T_MAIN(cases)
