/* SPDX-License-Identifier: ISC */

/* How many packets an interface is handed as one: set, kept, restored, and what
 * others make of it. */

#include "tc_offload_t.h"

/* ---- set and restored ---------------------------------------------------- */

static void
it_is_limited_while_the_interface_is_managed(void)
{
	struct rig *r = rig_new();

	announce(r, SEGS);
	T_EQ(r->value, SEGS);
	T_EQ(r->sets, 1);
	expect_note(r, ORIGINAL, SEGS);
	T_EQ(r->f->ear.notes, 0);
	T_EQ(give_back(r).error, 0);
	T_EQ(r->value, ORIGINAL);
	T_EQ(r->sets, 2);
	T_EQ(r->f->dry.objects.count, 0);
	rig_free(r);
}

static void
who_does_not_ask_for_it_has_nothing_touched(void)
{
	struct rig *r = rig_new();

	announce(r, 0);
	watch(r);
	T_EQ(give_back(r).error, 0);
	T_EQ(r->gets + r->sets, 0);
	r->f->kernel.offloads = NULL; /* nor a kernel that cannot */
	announce(r, SEGS);
	watch(r);
	announce(r, SEGS + 1);
	T_EQ(give_back(r).error, 0);
	T_EQ(r->gets + r->sets, 0);
	rig_free(r);
}

static void
what_is_low_enough_stays(void)
{
	struct rig *r = rig_new();

	r->value = SEGS;
	announce(r, SEGS);
	announce(r, SEGS + 1);
	T_EQ(r->sets, 0);
	expect_none(r);
	announce(r, SEGS - 1);
	T_EQ(r->value, SEGS - 1);
	expect_note(r, SEGS, SEGS - 1);
	rig_free(r);
}

static void
new_settings_change_it_and_the_original_stays(void)
{
	struct rig *r = rig_new();

	announce(r, SEGS);
	announce(r, SEGS);
	T_EQ(r->sets, 1);
	announce(r, SEGS + 3);
	T_EQ(r->value, SEGS + 3);
	expect_note(r, ORIGINAL, SEGS + 3);
	announce(r, 1);
	T_EQ(r->value, 1);
	expect_note(r, ORIGINAL, 1);
	announce(r, 0);
	T_EQ(r->value, ORIGINAL);
	expect_none(r);
	announce(r, SEGS);
	announce(r, ORIGINAL); /* no limit any more */
	T_EQ(r->value, ORIGINAL);
	expect_none(r);
	announce(r, SEGS);
	announce(r, ORIGINAL - 1); /* but this is one */
	T_EQ(r->value, ORIGINAL - 1);
	T_EQ(give_back(r).error, 0);
	T_EQ(r->value, ORIGINAL);
	rig_free(r);
}

static void
the_next_tcctl_knows_it(void)
{
	struct rig *r = rig_new();

	announce(r, SEGS);
	restart(r, SEGS);
	T_EQ(r->sets, 1);
	T_EQ(r->f->ear.drift_count + r->f->ear.notes, 0);
	expect_note(r, ORIGINAL, SEGS);
	restart(r, SEGS + 1);
	T_EQ(r->value, SEGS + 1);
	expect_note(r, ORIGINAL, SEGS + 1);
	restart(r, SEGS + 1);
	T_EQ(give_back(r).error, 0);
	T_EQ(r->value, ORIGINAL);
	announce(r, SEGS);
	restart(r, 0); /* it was not to be limited any more */
	T_EQ(r->value, ORIGINAL);
	expect_none(r);
	rig_free(r);
}

static void
a_tree_that_is_made_again_has_the_note(void)
{
	struct rig *r = rig_new();
	struct tc_link *link = announce(r, SEGS);

	tc_objects_done(&r->f->dry.objects);
	r->f->dry.objects.alloc = alloc_heap();
	watch(r);
	T_CHECK(!link->lost, "lost");
	T_EQ(r->sets, 1);
	expect_note(r, ORIGINAL, SEGS);
	rig_free(r);
}

/* The whole tree is looked at, and what is missing in it is made. */
static void
a_note_that_others_remove_is_made_again(void)
{
	struct rig *r = rig_new();
	struct tc_link *link = announce(r, SEGS);
	struct tc_objects *all = &r->f->dry.objects;
	enum tc_offload_kind kind;
	struct tc_offload note;

	for (size_t i = 0; i < all->count; i++)
		if (tc_offload_note_decode(&all->all[i], &kind, &note))
			all->all[i] = all->all[--all->count];
	expect_none(r);
	tc_drift_event(link, NULL, r->f->now);
	T_EQ(tc_drift_step(
		     link, &r->f->kernel, tc_drift_next(link), &r->f->listener),
		0);
	expect_note(r, ORIGINAL, SEGS);
	T_EQ(r->f->ear.drift_count, 1);
	rig_free(r);
}

static void
notes_of_flows_stand_beside_it(void)
{
	struct rig *r = rig_new();
	struct tc_iface conf = limited(SEGS);
	struct tc_flow flow = fix_flow(7, 5004);
	size_t of_flows = 0;

	conf.classifier = TC_CLASSIFIER_FLOWER;
	T_EQ(announce_with(r, &conf), 0);
	r->f->link = tc_links_find(&r->links, FIX_IFINDEX);
	T_EQ(fix_add(r->f, &flow).error, 0);
	r->f->link = NULL;
	tc_links_done(&r->links);
	T_EQ(announce_with(r, &conf), 0);
	T_EQ(r->f->ear.adopted_count, 1);
	expect_note(r, ORIGINAL, SEGS);
	for (size_t i = 0; i < r->f->dry.objects.count; i++)
		of_flows += tc_is_note(&r->f->dry.objects.all[i]);
	T_EQ(of_flows, 1);
	rig_free(r);
}

/* ---- what others set ----------------------------------------------------- */

static void
what_others_set_stays_and_is_told_once(void)
{
	struct rig *r = rig_new();

	announce(r, SEGS);
	watch(r);
	T_EQ(r->f->ear.drift_count, 0);
	r->value = 99;
	watch(r);
	watch(r);
	T_EQ(r->f->ear.drift_count, 1);
	T_EQ(r->f->ear.drifts[0].ifindex, FIX_IFINDEX);
	T_EQ(r->f->ear.drifts[0].error, 0);
	T_STR(r->f->ear.drifts[0].text,
		"eth0: another program changed gso_max_segs from 4, as it was "
		"set here, to 99: left alone (it was 65535 before)");
	expect_note(r, ORIGINAL, 0);
	announce(r, 1);
	restart(r, 2);
	watch(r);
	T_EQ(r->f->ear.drift_count, 0);
	T_EQ(r->value, 99);
	expect_note(r, ORIGINAL, 0);
	T_EQ(give_back(r).error, 0);
	T_EQ(r->value, 99);
	T_EQ(r->sets, 1);
	rig_free(r);
}

/* Also to what it was: that is an answer to us. */
static void
setting_it_back_is_somebody_elses_will(void)
{
	struct rig *r = rig_new();

	announce(r, SEGS);
	r->value = ORIGINAL;
	watch(r);
	T_EQ(r->f->ear.drift_count, 1);
	restart(r, SEGS);
	T_EQ(r->value, ORIGINAL);
	T_EQ(r->sets, 1);
	rig_free(r);
}

static void
what_others_set_while_nobody_looks_stays(void)
{
	struct rig *r = rig_new();

	announce(r, SEGS);
	r->value = 3;
	restart(r, 1);
	T_EQ(r->value, 3);
	T_EQ(r->f->ear.drift_count, 1);
	expect_note(r, ORIGINAL, 0);
	restart(r, 1);
	T_EQ(r->f->ear.drift_count, 0);
	/* And just before new settings. */
	T_EQ(give_back(r).error, 0);
	announce(r, 2);
	r->value = 77;
	announce(r, 1);
	T_EQ(r->value, 77);
	T_EQ(r->f->ear.drift_count, 1);
	T_EQ(give_back(r).error, 0);
	T_EQ(r->value, 77);
	rig_free(r);
}

static void
it_is_ours_again_once_it_was_not_asked_for(void)
{
	struct rig *r = rig_new();

	announce(r, SEGS);
	r->value = 99;
	watch(r);
	announce(r, 0);
	T_EQ(r->value, 99);
	expect_none(r);
	announce(r, SEGS);
	T_EQ(r->value, SEGS);
	expect_note(r, 99, SEGS);
	T_EQ(give_back(r).error, 0);
	T_EQ(r->value, 99);
	rig_free(r);
}

static void
who_takes_the_root_gets_the_interface_as_it_was(void)
{
	struct rig *r = rig_new();

	announce(r, SEGS);
	lose(r);
	watch(r);
	T_EQ(r->value, ORIGINAL);
	r->value = SEGS; /* that is not ours any more */
	watch(r);
	T_EQ(r->value, SEGS);
	T_EQ(r->f->ear.notes, 0);
	T_EQ(give_back(r).error, 0);
	T_EQ(r->value, SEGS);
	rig_free(r);
}

static void
but_as_he_set_it_if_he_did(void)
{
	struct rig *r = rig_new();

	announce(r, SEGS);
	lose(r);
	r->value = 17;
	watch(r);
	T_EQ(r->value, 17);
	rig_free(r);
}

static void
a_lost_interface_is_restored_before_it_is_managed_again(void)
{
	struct rig *r = rig_new();

	announce(r, SEGS);
	lose(r);
	announce(r, SEGS + 1); /* sooner than the watch */
	T_EQ(r->value, SEGS + 1);
	expect_note(r, ORIGINAL, SEGS + 1);
	rig_free(r);
}

static void
an_interface_that_is_given_back_lost_is_restored(void)
{
	struct rig *r = rig_new();

	announce(r, SEGS);
	lose(r);
	T_EQ(give_back(r).error, 0);
	T_EQ(r->value, ORIGINAL);
	rig_free(r);
}

/* ---- what is put together ------------------------------------------------ */

static void
announce_gro(struct rig *r, uint32_t segs, uint32_t octets)
{
	struct tc_iface conf = limited(segs);

	conf.gro_octets = octets;
	T_EQ(announce_with(r, &conf), 0);
}

static void
expect_gro(const struct rig *r, uint64_t value)
{
	T_CHECK(r->gro == value, "%" PRIx64 ", not %" PRIx64, r->gro, value);
}

static void
what_is_put_together_is_limited_as_well(void)
{
	struct rig *r = rig_new();

	announce_gro(r, 0, 1501);
	expect_gro(r, BOTH(1501));
	T_EQ(r->value, ORIGINAL);
	expect_none(r);
	expect_note_of(r, TC_OFFLOAD_GRO, BOTH(65536), BOTH(1501));
	announce_gro(r, SEGS, 3001);
	expect_gro(r, BOTH(3001));
	expect_note(r, ORIGINAL, SEGS);
	tc_links_done(&r->links);
	announce_gro(r, SEGS, 3001);
	T_EQ(r->sets, 3);
	expect_note(r, ORIGINAL, SEGS);
	expect_note_of(r, TC_OFFLOAD_GRO, BOTH(65536), BOTH(3001));
	announce_gro(r, SEGS, 0);
	expect_gro(r, BOTH(65536));
	T_EQ(r->value, SEGS);
	announce_gro(r, 0, 3001);
	T_EQ(give_back(r).error, 0);
	expect_gro(r, BOTH(65536));
	T_EQ(r->value, ORIGINAL);
	rig_free(r);
}

/* For IPv4 it may be another, or not be known at all. */
static void
each_half_has_its_own_limit(void)
{
	static const struct {
		uint64_t had;
		uint64_t has;
	} rows[] = {
		{ (uint64_t)65536 << 32 | 185000, BOTH(3001) },
		{ (uint64_t)2000 << 32 | 65536, (uint64_t)2000 << 32 | 3001 },
		{ (uint64_t)65536 << 32 | 2000, (uint64_t)3001 << 32 | 2000 },
		{ 65536, 3001 },
		{ (uint64_t)3001 << 32 | 2000, (uint64_t)3001 << 32 | 2000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig *r = rig_new();

		r->gro = rows[i].had;
		announce_gro(r, 0, 3001);
		expect_gro(r, rows[i].has);
		T_EQ(r->sets, rows[i].had != rows[i].has);
		T_EQ(give_back(r).error, 0);
		expect_gro(r, rows[i].had);
		rig_free(r);
	}
}

static void
one_may_be_theirs_and_the_other_ours(void)
{
	struct rig *r = rig_new();

	announce_gro(r, SEGS, 1501);
	r->gro = (uint64_t)65536 << 32 | 9000;
	watch(r);
	T_EQ(r->f->ear.drift_count, 1);
	T_STR(r->f->ear.drifts[0].text,
		"eth0: another program changed gro_max_size from 1501, as it "
		"was set here, to 9000 (IPv4: 65536): left alone (it was 65536 "
		"before)");
	expect_note(r, ORIGINAL, SEGS);
	expect_note_of(r, TC_OFFLOAD_GRO, BOTH(65536), 0);
	T_EQ(give_back(r).error, 0);
	expect_gro(r, (uint64_t)65536 << 32 | 9000);
	T_EQ(r->value, ORIGINAL);
	rig_free(r);
}

static struct t_case cases[] = {
	{ "what is put together is limited as well",
		what_is_put_together_is_limited_as_well },
	{ "each half has its own limit", each_half_has_its_own_limit },
	{ "one may be theirs and the other ours",
		one_may_be_theirs_and_the_other_ours },
	{ "it is limited while the interface is managed",
		it_is_limited_while_the_interface_is_managed },
	{ "who does not ask for it has nothing touched",
		who_does_not_ask_for_it_has_nothing_touched },
	{ "what is low enough stays", what_is_low_enough_stays },
	{ "new settings change it and the original stays",
		new_settings_change_it_and_the_original_stays },
	{ "the next tcctl knows it", the_next_tcctl_knows_it },
	{ "a tree that is made again has the note",
		a_tree_that_is_made_again_has_the_note },
	{ "a note that others remove is made again",
		a_note_that_others_remove_is_made_again },
	{ "notes of flows stand beside it", notes_of_flows_stand_beside_it },
	{ "what others set stays and is told once",
		what_others_set_stays_and_is_told_once },
	{ "setting it back is somebody else's will",
		setting_it_back_is_somebody_elses_will },
	{ "what others set while nobody looks stays",
		what_others_set_while_nobody_looks_stays },
	{ "it is ours again once it was not asked for",
		it_is_ours_again_once_it_was_not_asked_for },
	{ "who takes the root gets the interface as it was",
		who_takes_the_root_gets_the_interface_as_it_was },
	{ "but as he set it, if he did", but_as_he_set_it_if_he_did },
	{ "a lost interface is restored before it is managed again",
		a_lost_interface_is_restored_before_it_is_managed_again },
	{ "an interface that is given back lost is restored",
		an_interface_that_is_given_back_lost_is_restored },
};

T_MAIN(cases)
