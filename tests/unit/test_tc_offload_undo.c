/* SPDX-License-Identifier: ISC */

/* How many packets an interface is handed as one: what is refused, or ends at
 * any step; the note of it. */

#include "tc_offload_t.h"

/* ---- refusals ------------------------------------------------------------ */

static void
a_refusal_is_told_once_and_the_interface_is_managed(void)
{
	struct rig *r = rig_new();
	struct tc_link *link;

	r->refuse_set = EOPNOTSUPP;
	link = announce(r, SEGS);
	T_CHECK(link && !link->lost, "not managed");
	T_EQ(r->value, ORIGINAL);
	expect_none(r);
	T_STR(r->f->ear.note,
		"eth0: gso_max_segs cannot be set to 4: Operation not "
		"supported");
	announce(r, SEGS);
	announce(r, 1);
	T_EQ(r->f->ear.notes, 1);
	r->refuse_set = 0;
	announce(r, SEGS);
	T_EQ(r->value, SEGS);
	r->refuse_set = EINVAL;
	r->text = "too many";
	announce(r, 1); /* as before, which is told: it had worked */
	T_EQ(r->value, SEGS);
	expect_note(r, ORIGINAL, SEGS);
	T_EQ(r->f->ear.notes, 2);
	T_STR(r->f->ear.note,
		"eth0: gso_max_segs cannot be set to 1: too many");
	rig_free(r);
}

static void
a_kernel_that_does_nothing_is_found_out(void)
{
	struct rig *r = rig_new();

	r->deaf = true;
	announce(r, SEGS);
	expect_none(r);
	T_CHECK(strstr(r->f->ear.note, "takes it and changes nothing"), "%s",
		r->f->ear.note);
	rig_free(r);
}

static void
a_kernel_that_does_not_tell_is_told_of(void)
{
	struct rig *r = rig_new();

	r->value = 0;
	announce(r, SEGS);
	T_EQ(r->sets, 0);
	expect_none(r);
	T_CHECK(strstr(r->f->ear.note, "set to 4: the kernel does not tell it"),
		"%s", r->f->ear.note);
	r->refuse_get = EPERM;
	restart(r, SEGS);
	T_CHECK(strstr(r->f->ear.note, "Operation not permitted"), "%s",
		r->f->ear.note);
	r->refuse_get = ENODEV; /* it has just gone, which others tell */
	restart(r, SEGS);
	T_EQ(r->f->ear.notes, 0);
	rig_free(r);
}

/* What cannot be asked is not taken for somebody else's. */
static void
no_answer_is_no_change(void)
{
	struct rig *r = rig_new();

	announce(r, SEGS);
	r->refuse_get = ENODEV;
	watch(r);
	T_EQ(r->f->ear.drift_count, 0);
	restart(r, SEGS);
	T_EQ(r->f->ear.drift_count, 0);
	expect_note(r, ORIGINAL, SEGS);
	r->refuse_get = 0;
	T_EQ(give_back(r).error, 0);
	T_EQ(r->value, ORIGINAL);
	rig_free(r);
}

static void
what_cannot_be_restored_is_named(void)
{
	struct rig *r = rig_new();
	struct tc_done done;

	announce(r, SEGS);
	r->refuse_set = EPERM;
	done = give_back(r);
	T_EQ(done.error, EPERM);
	T_STR(done.text,
		"gso_max_segs stays 4, which was 65535 before: Operation not "
		"permitted");
	T_EQ(r->f->dry.objects.count, 0); /* but the tree has gone */
	r->refuse_set = 0;
	r->value = ORIGINAL;
	announce(r, SEGS);
	lose(r);
	r->refuse_set = EPERM;
	watch(r);
	watch(r);
	T_EQ(r->f->ear.notes, 1);
	T_CHECK(strstr(r->f->ear.note, "eth0: gso_max_segs stays 4"), "%s",
		r->f->ear.note);
	T_EQ(give_back(r).error, 0);
	/* Of an interface that has gone there is nothing to restore. */
	r->refuse_set = 0;
	r->value = ORIGINAL;
	announce(r, SEGS);
	r->refuse_set = ENODEV;
	T_EQ(give_back(r).error, 0);
	rig_free(r);
}

static void
each_refusal_is_told(void)
{
	struct rig *r = rig_new();
	struct tc_iface conf = limited(SEGS);
	struct tc_done done;

	conf.gro_octets = 1501;
	r->refuse_set = EPERM;
	T_EQ(announce_with(r, &conf), 0);
	T_EQ(announce_with(r, &conf), 0);
	T_EQ(r->f->ear.notes, 2);
	T_STR(r->f->ear.note,
		"eth0: gro_max_size cannot be set to 1501: Operation not "
		"permitted");
	r->refuse_set = 0;
	T_EQ(announce_with(r, &conf), 0);
	r->refuse_set = EPERM;
	done = give_back(r);
	T_EQ(done.error, EPERM);
	T_STR(done.text,
		"gso_max_segs stays 4, which was 65535 before: Operation not "
		"permitted; gro_max_size stays 1501, which was 65536 before: "
		"Operation not permitted");
	rig_free(r);
}

/* ---- at every step ------------------------------------------------------- */

/* What an interface goes through. */
static const uint32_t course[] = { SEGS, 1, 0, 2, ORIGINAL, 3 };

enum { STAGES = sizeof(course) / sizeof(course[0]) };

/* 0, or a negative errno when it died. */
static int
go_through(struct rig *r)
{
	int error = 0;

	for (size_t i = 0; i < STAGES && error == 0; i++) {
		struct tc_iface conf = limited(course[i]);

		conf.gro_octets = course[i] * 1500;
		error = announce_with(r, &conf);
	}
	return error;
}

/* First of all the tree, without a limit: how it is made others test. */
static struct rig *
with_tree(void)
{
	struct rig *r = rig_new();

	announce(r, 0);
	r->calls = 0;
	return r;
}

static void
whoever_is_killed_at_any_step_leaves_it_known(void)
{
	for (size_t n = 1;; n++) {
		struct rig *r = with_tree();
		struct tc_offload note;
		int error;

		r->die_at = n;
		error = go_through(r);
		if (error == 0) {
			T_CHECK(n > 4 * STAGES, "%zu steps only", n);
			rig_free(r);
			break;
		}
		restart(r, 7);
		T_EQ(r->value, 7);
		T_EQ(r->f->ear.drift_count, 0);
		expect_note(r, ORIGINAL, 7);
		T_CHECK(r->gro == BOTH(65536), "%" PRIx64, r->gro);
		T_EQ(notes_of(r, TC_OFFLOAD_GRO, &note), 0);
		T_EQ(give_back(r).error, 0);
		T_EQ(r->value, ORIGINAL);
		rig_free(r);
	}
}

static void
killed_while_it_is_given_back(void)
{
	for (size_t n = 1; n <= 2; n++) {
		struct rig *r = rig_new();
		struct tc_done done;

		announce(r, SEGS);
		r->calls = 0;
		r->die_at = n;
		T_EQ(tc_offload_restore(tc_links_find(&r->links, FIX_IFINDEX),
			     &r->f->kernel, &done),
			n == 1 ? -EIO : 0);
		T_CHECK(tc_links_give_back(&r->links, &r->f->kernel,
				FIX_IFINDEX, &done) != 0,
			"step %zu", n);
		restart(r, SEGS);
		T_EQ(r->value, SEGS);
		T_EQ(give_back(r).error, 0);
		T_EQ(r->value, ORIGINAL);
		rig_free(r);
	}
}

static void
whatever_step_is_refused_the_books_are_right(void)
{
	size_t told = 0;

	for (size_t n = 1;; n++) {
		struct rig *r = with_tree();
		struct tc_offload note;

		r->refuse_at = n;
		T_EQ(go_through(r), 0);
		if (r->calls < n) {
			rig_free(r);
			break;
		}
		told += r->f->ear.notes;
		T_CHECK(r->f->ear.notes <= 1, "step %zu", n);
		T_EQ(r->f->ear.drift_count, 0);
		T_CHECK(notes(r, &note) <= 2, "step %zu", n);
		restart(r, 7);
		T_EQ(r->value, 7);
		T_EQ(r->f->ear.drift_count, 0);
		expect_note(r, ORIGINAL, 7);
		T_CHECK(r->gro == BOTH(65536), "%" PRIx64, r->gro);
		T_EQ(notes_of(r, TC_OFFLOAD_GRO, &note), 0);
		T_EQ(give_back(r).error, 0);
		T_EQ(r->value, ORIGINAL);
		rig_free(r);
	}
	T_CHECK(told >= STAGES, "%zu refusals told", told);
}

/* Also while it becomes somebody else's. */
static void
killed_while_it_becomes_theirs(void)
{
	for (size_t n = 1; n <= 2; n++) {
		struct rig *r = rig_new();

		announce(r, SEGS);
		r->calls = 0;
		r->die_at = n;
		r->value = 99;
		T_CHECK(tc_offload_look(tc_links_find(&r->links, FIX_IFINDEX),
				&r->f->kernel, &r->f->listener) != 0,
			"step %zu", n);
		restart(r, 1);
		T_EQ(r->value, 99);
		expect_note(r, ORIGINAL, 0);
		rig_free(r);
	}
}

/* The note of what is theirs is refused: it is theirs all the same. */
static void
theirs_without_a_note(void)
{
	struct rig *r = rig_new();

	announce(r, SEGS);
	r->calls = 0;
	r->refuse_at = 1;
	r->value = 99;
	watch(r);
	watch(r);
	T_EQ(r->f->ear.drift_count, 1);
	announce(r, 1);
	T_EQ(r->value, 99);
	T_EQ(give_back(r).error, 0);
	T_EQ(r->value, 99);
	rig_free(r);
}

/* ---- the note ------------------------------------------------------------ */

static void
a_note_says_what_it_was_told(void)
{
	uint32_t handles[2 * TC_OFFLOADS] = { 0 };

	for (uint8_t n = 0; n < 2 * TC_OFFLOADS; n++) {
		const struct tc_offload offload = { 0xfedcba9876543210,
			0x0123456789abcdef, n % 2 };
		const enum tc_offload_kind kind = (enum tc_offload_kind)(n / 2);
		enum tc_offload_kind got_kind = TC_OFFLOADS;
		struct tc_offload got = { 0 };
		struct tc_object note;

		tc_offload_note(FIX_IFINDEX, kind, &offload, &note);
		T_EQ(note.ifindex, FIX_IFINDEX);
		T_CHECK(!tc_is_note(&note), "it is no flow's");
		T_CHECK(tc_offload_note_decode(&note, &got_kind, &got),
			"not known again");
		T_EQ(got_kind, kind);
		T_CHECK(got.original == offload.original, "original");
		T_CHECK(got.set == offload.set, "set");
		T_EQ(got.place, n % 2);
		handles[n] = note.handle;
		for (uint8_t k = 0; k < n; k++)
			T_CHECK(handles[k] != note.handle, "one place");
	}
}

static void
what_is_no_note_is_not_taken_for_one(void)
{
	enum { WRONG = 10 };
	const struct tc_offload gso = { ORIGINAL, SEGS, 0 };
	struct tc_object notes[WRONG];
	enum tc_offload_kind kind;
	struct tc_offload got;

	for (size_t i = 0; i < WRONG; i++)
		tc_offload_note(FIX_IFINDEX, TC_OFFLOAD_GSO, &gso, &notes[i]);
	notes[0].type = TC_CLASS;
	notes[1].kind = &tc_kind_flower;
	notes[2].pref = TC_PREF_V6;
	notes[3].u32.divisor = 1;
	notes[4].u32.key_count = 2;
	notes[5].u32.keys[0].value++;
	notes[6].u32.keys[1].value = notes[6].u32.keys[2].value = 0;
	notes[7].handle++;
	notes[8].u32.keys[4].mask = 1;
	notes[9].handle += 2 * TC_OFFLOADS << TC_U32_BUCKET_SHIFT;
	for (size_t i = 0; i < WRONG; i++)
		T_CHECK(!tc_offload_note_decode(&notes[i], &kind, &got), "%zu",
			i);
}

static struct t_case cases[] = {
	{ "a refusal is told once and the interface is managed",
		a_refusal_is_told_once_and_the_interface_is_managed },
	{ "a kernel that does nothing is found out",
		a_kernel_that_does_nothing_is_found_out },
	{ "a kernel that does not tell is told of",
		a_kernel_that_does_not_tell_is_told_of },
	{ "no answer is no change", no_answer_is_no_change },
	{ "what cannot be restored is named",
		what_cannot_be_restored_is_named },
	{ "each refusal is told", each_refusal_is_told },
	{ "whoever is killed at any step leaves it known",
		whoever_is_killed_at_any_step_leaves_it_known },
	{ "killed while it is given back", killed_while_it_is_given_back },
	{ "whatever step is refused, the books are right",
		whatever_step_is_refused_the_books_are_right },
	{ "killed while it becomes theirs", killed_while_it_becomes_theirs },
	{ "theirs without a note", theirs_without_a_note },
	{ "a note says what it was told", a_note_says_what_it_was_told },
	{ "what is no note is not taken for one",
		what_is_no_note_is_not_taken_for_one },
};

T_MAIN(cases)
