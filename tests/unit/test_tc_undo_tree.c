/* SPDX-License-Identifier: ISC */

/*
 * A kernel that refuses the n-th operation, for all n, of what concerns the
 * tree as a whole: making it again, repairing it, further hash tables, static
 * rules, taking it away; and one that refuses a step of the undo as well.
 */

#include "t_alloc.h"
#include "tc_refusing.h"
#include "tcctl/serve_int.h"

/* The next tcctl, over a kernel that refuses nothing: it finds what there is,
 * and the flows are asked for. */
static void
next_tcctl(struct fix *f)
{
	const struct tc_iface iface = fix_iface();
	struct tc_done done;

	f->kernel = tc_dry_kernel(&f->dry);
	tc_link_free(f->link);
	f->link = tc_link_new(alloc_heap(), &iface);
	f->ear.adopted_count = 0;
	T_EQ(tc_link_open(f->link, &f->kernel, 1, &f->listener, &done), 0);
	T_EQ(done.error, 0);
	fix_add_two(f);
}

static struct tc_done
told(struct fix *f)
{
	struct tc_done done = { .error = ENOSPC };

	(void)text_copy(done.text, sizeof(done.text), f->ear.note);
	return done;
}

/* ---- requests ------------------------------------------------------------ */

/* Another program removes the tree. */
static struct tc_done
request_rebuild(struct fix *f)
{
	struct tc_done done = { .error = ENOSPC };
	bool left;

	f->dry.objects.count = 0;
	T_EQ(tc_watch(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(f->ear.drift_count, 1);
	(void)text_copy(done.text, sizeof(done.text), f->ear.drifts[0].text);
	f->ear.drift_count = 0; /* this was the answer */
	if (!f->link->lost)
		return (struct tc_done){ 0 };
	left = strstr(done.text, "; undo failed: the tree stays: ") != NULL;
	T_EQ(f->dry.objects.count > 0, left);
	next_tcctl(f);
	f->link->unclean = left;
	return done;
}

static void
somebody_deletes(struct fix *f, enum tc_type type, uint32_t handle)
{
	for (size_t i = f->dry.objects.count; i-- > 0;)
		if (f->dry.objects.all[i].type == type &&
			f->dry.objects.all[i].handle == handle)
			f->dry.objects.all[i] =
				f->dry.objects.all[--f->dry.objects.count];
}

/* A flow that is given up is gone, and asked for again. */
static void
ask_again(struct fix *f, uint32_t id)
{
	struct tc_flow flow = fix_flow(id, id == 7 ? 5004 : 5006);

	if (tc_record_find(f->link, id))
		return;
	flow.service = id == 7 ? TC_SERVICE_GS : TC_SERVICE_CL;
	if (id == 7) {
		flow.filter_count = 2;
		flow.filters[1] =
			fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);
	}
	T_EQ(fix_add(f, &flow).error, 0);
}

/* Parts of it: the leaf and class of the control class, an idle class, and
 * nodes and class of both flows. */
static struct tc_done
request_repair(struct fix *f)
{
	struct refusing *r = (struct refusing *)f->kernel.arg;
	const struct tc_record *seven = tc_record_find(f->link, 7);
	const struct tc_record *eight = tc_record_find(f->link, 8);
	uint32_t idle = tc_pool_at(&f->link->pools[TC_GS], 0)->minor;
	struct tc_done done = { 0 };
	size_t first = r->first;

	somebody_deletes(f, TC_CLASS, tc_classid(TC_MINOR_CONTROL));
	somebody_deletes(f, TC_QDISC_LEAF, tc_leaf_handle(TC_MINOR_CONTROL));
	somebody_deletes(f, TC_CLASS, tc_classid(idle));
	somebody_deletes(f, TC_QDISC_LEAF, tc_leaf_handle(idle));
	somebody_deletes(f, TC_FILTER, seven->nodes[0].handle);
	somebody_deletes(f, TC_FILTER, seven->nodes[1].handle);
	somebody_deletes(f, TC_CLASS, tc_classid(eight->minor));
	f->ear.drift_count = 0;
	tc_drift_event(f->link, NULL, f->now);
	while (tc_drift_next(f->link).us != MONO_NEVER.us) {
		f->now = tc_drift_next(f->link);
		T_EQ(tc_drift_step(f->link, &f->kernel, f->now, &f->listener),
			0);
	}
	T_CHECK(!f->link->lost, "lost");
	for (size_t i = 0; i < f->ear.drift_count; i++)
		if (strstr(f->ear.drifts[i].text, "no more room")) {
			done.error = ENOSPC;
			(void)text_copy(done.text, sizeof(done.text),
				f->ear.drifts[i].text);
		}
	T_CHECK(r->refused == 0 || first == 0 || done.error != 0,
		"a refusal that nobody was told of");
	r->first = 0;
	while (f->link->drains.tqh_first) {
		f->now = tc_drain_next(f->link);
		T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener),
			0);
	}
	ask_again(f, 7);
	ask_again(f, 8);
	return done;
}

/* Forty filters that one bucket has in the end. */
static struct tc_done
request_split(struct fix *f)
{
	struct refusing *r = (struct refusing *)f->kernel.arg;
	size_t first = r->first;
	size_t before;
	bool more = true;

	r->first = 0;
	for (uint32_t i = 0; i < 40; i++) {
		struct tc_flow flow =
			fix_flow(100 + i, (uint16_t)(5004 + 16 * i));

		flow.rate_Bps = 100;
		T_EQ(fix_add(f, &flow).error, 0);
	}
	r->first = first;
	r->calls = 0;
	before = f->ear.notes;
	for (int i = 0; more && i < 100; i++)
		T_EQ(tc_link_idle(f->link, &f->kernel, &f->listener, &more), 0);
	return f->ear.notes > before ? told(f) : (struct tc_done){ 0 };
}

/* And back: the flows go, and the further table with them. */
static struct tc_done
request_unsplit(struct fix *f)
{
	struct refusing *r = (struct refusing *)f->kernel.arg;
	size_t first = r->first;
	size_t second = r->second;
	size_t before;
	bool more = true;

	r->first = r->second = 0;
	T_EQ(request_split(f).error, 0);
	for (uint32_t i = 0; i < 40; i++)
		(void)fix_del(f, 100 + i);
	r->first = first;
	r->second = second;
	r->calls = 0;
	before = f->ear.notes;
	for (int i = 0; more && i < 100; i++)
		T_EQ(tc_link_idle(f->link, &f->kernel, &f->listener, &more), 0);
	return f->ear.notes > before ? told(f) : (struct tc_done){ 0 };
}

/* ---- static rules -------------------------------------------------------- */

static int
apply_marks(void *arg, const struct tc_mark_set *set, char text[TC_TEXT])
{
	const bool *refuses = (const bool *)arg;

	(void)set;
	if (*refuses)
		(void)text_copy(text, TC_TEXT, "nftables: no more room");
	return *refuses ? ENOSPC : 0;
}

static void
stage_rules(struct fix *f)
{
	for (uint16_t i = 0; i < 2; i++) {
		const struct tc_rule rule = { .id = 4 + i,
			.ifindex = FIX_IFINDEX,
			.rate_Bps = 50000,
			.bucket_bytes = 5000,
			.excess = TC_EXCESS_DELAY,
			.marks = true,
			.dscp = 46,
			.match_count = 1,
			.matches[0] = { .family = ADDR_V4,
				.proto = 17,
				.dst_port_first = (uint16_t)(7000 + i),
				.dst_port_last = (uint16_t)(7000 + i) } };

		tc_rules_stage(f->link, 3, &rule);
	}
	f->link->rules.kernel = TC_RULES_SMALL;
}

static struct tc_done
put_rules(struct fix *f, bool refuse_marks)
{
	const struct tc_marker marker = { .arg = &refuse_marks,
		.apply = apply_marks };
	struct tc_done done;

	stage_rules(f);
	f->kernel.marker = &marker;
	T_EQ(tc_rules_apply(f->link, &f->kernel, f->now, &done), 0);
	f->kernel.marker = NULL;
	return done;
}

static struct tc_done
request_rules(struct fix *f)
{
	return put_rules(f, false);
}

/* Marks that are refused take the filters back; the first refusal of the kernel
 * is in that. */
static struct tc_done
request_rules_without_marks(struct fix *f)
{
	struct refusing *r = (struct refusing *)f->kernel.arg;
	const struct tc_done done = put_rules(f, true);

	T_EQ(done.error, ENOSPC);
	T_EQ(strncmp(done.text, "nftables: no more room; ", 24), 0);
	T_EQ(f->link->rules.objects.count, 0);
	T_EQ(strstr(done.text, "undo failed: delete ") != NULL ||
			strstr(done.text, "undo failed: change ") != NULL ||
			strstr(done.text, "undo failed: add ") != NULL,
		f->link->unclean);
	T_CHECK(f->link->unclean || strstr(done.text, "; undone"), "%s",
		done.text);
	T_EQ(f->link->unclean, r->refused > 0);
	return r->refused == 0 ? (struct tc_done){ 0 } : done;
}

/* Each step of the way back by itself, which is half of all. */
static void
refused_way_back_is_named_and_repaired(void)
{
	size_t unclean = 0;

	for (size_t n = 1;; n++) {
		struct refusing r;
		struct fix *f = busy_link(&r);
		size_t steps;

		(void)request_rules_without_marks(f);
		steps = r.calls / 2;
		T_EQ(look_at_all(f), 0);
		fix_free(f);
		if (n > steps)
			break;
		f = busy_link(&r);
		r.first = steps + n;
		(void)request_rules_without_marks(f);
		r.first = 0;
		T_EQ(r.refused, 1);
		unclean += f->link->unclean;
		if (f->link->unclean)
			expect_numbers_kept(f);
		tc_drift_unclean(f->link, f->now);
		(void)look_at_all(f);
		T_EQ(look_at_all(f), 0);
		expect_numbers_kept(f);
		/* And the set can be had. */
		T_EQ(put_rules(f, false).error, 0);
		T_EQ(look_at_all(f), 0);
		fix_free(f);
	}
	T_CHECK(unclean >= 6, "%zu steps", unclean);
}

/* Without memory nothing is changed, or it is said what is. */
static void
rules_without_memory_change_nothing(void)
{
	size_t refused = 0;
	size_t standing = 0;

	for (size_t n = 0;; n++) {
		bool refuses = true;
		const struct tc_marker marker = { .arg = &refuses,
			.apply = apply_marks };
		struct refusing r;
		struct fix *f = busy_link(&r);
		struct t_ration ration = { .left = n };
		const struct alloc alloc = t_ration_alloc(&ration);
		char *before = fix_picture(f);
		char *after;
		struct tc_done done;
		int error;

		stage_rules(f);
		f->kernel.marker = &marker;
		f->link->alloc = &alloc;
		error = tc_rules_apply(f->link, &f->kernel, f->now, &done);
		f->link->alloc = alloc_heap();
		f->kernel.marker = NULL;
		after = fix_picture(f);
		if (error != 0 || strcmp(done.text, "no memory") == 0) {
			T_CHECK(error == -ENOMEM || done.error == EINVAL, "%d",
				error);
			T_STR(after, before);
			refused++;
		} else if (strstr(done.text, "not undone (out of memory): ")) {
			const char *left = strstr(done.text, "not undone");

			T_CHECK(strstr(left, ": add class 52:") &&
					strstr(left, " and ") &&
					strstr(left, " more"),
				"%s", done.text);
			T_EQ(f->link->unclean, true);
			(void)look_at_all(f);
			T_EQ(look_at_all(f), 0);
			standing++;
		} else {
			T_STR(done.text, "nftables: no more room; undone");
			T_STR(after, before);
			n = SIZE_MAX - 1;
		}
		free(before);
		free(after);
		fix_free(f);
		if (n == SIZE_MAX - 1)
			break;
	}
	T_CHECK(refused >= 4 && standing >= 2, "%zu, %zu", refused, standing);
}

/* ---- the tree goes ------------------------------------------------------- */

/* What cannot be removed is as it was, and managed. */
static void
refused_close_leaves_all(void)
{
	struct refusing r;
	struct fix *f = busy_link(&r);
	char *before = fix_picture(f);
	char *after;
	struct tc_done done;

	r.first = 1;
	T_EQ(tc_link_close(f->link, &f->kernel, &done), 0);
	T_EQ(done.error, ENOSPC);
	T_CHECK(strstr(done.text, "step 1 of 1: delete qdisc 52:") &&
			strstr(done.text, "; nothing was changed"),
		"%s", done.text);
	after = fix_picture(f);
	T_STR(after, before);
	r.first = 0;
	T_EQ(look_at_all(f), 0);
	T_EQ(tc_link_close(f->link, &f->kernel, &done), 0);
	T_EQ(done.error, 0);
	T_EQ(f->dry.objects.count, 0);
	free(before);
	free(after);
	fix_free(f);
}

/* Twice a second it is tried, and told once; and again when it failed anew. */
static void
refused_sum_is_told_once(void)
{
	struct refusing r;
	struct fix *f = busy_link(&r);
	struct tc_flow flow = fix_flow(9, 5010);
	size_t before = f->ear.notes;
	bool more;

	for (int turn = 0; turn < 2; turn++) {
		flow.rate_Bps += 1000;
		T_EQ(fix_add(f, &flow).error, 0);
		for (int i = 0; i < 3; i++) {
			r.calls = 0;
			r.first = 1;
			T_EQ(tc_link_idle(
				     f->link, &f->kernel, &f->listener, &more),
				0);
		}
		T_EQ(f->ear.notes, before + 1);
		before = f->ear.notes;
		r.first = 0;
		fix_idle(f);
		T_EQ(look_at_all(f), 0);
	}
	T_EQ(f->ear.notes, before);
	fix_free(f);
}

/* Which refusals are taken back, and by which steps of their own. */
static const struct {
	request_fn *request;
	const char *what;
	size_t least; /* steps */
} requests[] = {
	{ request_rebuild, "a tree made again", 50 },
	{ request_repair, "repairs", 6 },
	{ request_split, "a further table", 12 },
	{ request_unsplit, "a table that goes", 3 },
	{ request_rules, "static rules", 6 },
};

static void
one_refusal_leaves_nothing(void)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		once_refused(requests[i].request, requests[i].what,
			requests[i].least);
}

static void
refused_undo_is_named_and_repaired(void)
{
	twice_refused(request_rules, "static rules");
	twice_refused(request_split, "a further table");
	twice_refused(request_rebuild, "a tree made again");
}

static struct t_case cases[] = {
	{ "one refusal leaves nothing", one_refusal_leaves_nothing },
	{ "a refused undo is named and repaired",
		refused_undo_is_named_and_repaired },
	{ "a refused way back is named and repaired",
		refused_way_back_is_named_and_repaired },
	{ "a refused sum is told once", refused_sum_is_told_once },
	{ "rules without memory change nothing",
		rules_without_memory_change_nothing },
	{ "a refused close leaves all", refused_close_leaves_all },
};

T_MAIN(cases)
