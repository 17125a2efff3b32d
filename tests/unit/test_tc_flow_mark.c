/* SPDX-License-Identifier: ISC */

/* How reservations are marked: as actions of their nodes, or as sets of nft,
 * over a kernel that only remembers. */

#include "tc_fixture.h"

#include <errno.h>

enum { EF = 46, AF41 = 34, TOKEN = 60000 };

/* A marker that remembers what it was told last. */
struct marker {
	size_t calls;
	size_t flow_count;
	struct tc_mark_flow flows[8];
	uint64_t stale;
	int refuse;
	struct tc_mark_flow found[4]; /* in the kernel, from before */
	size_t found_count;
	struct tc_marker as;
};

static int
marker_apply(void *arg, const struct tc_mark_set *set, char text[TC_TEXT])
{
	struct marker *m = (struct marker *)arg;

	T_CHECK(set->flow_count <= 8, "too many");
	m->calls++;
	m->stale = set->stale;
	if (m->refuse != 0) {
		(void)text_copy(text, TC_TEXT, "not today");
		return m->refuse;
	}
	m->flow_count = set->flow_count;
	if (set->flow_count > 0)
		memcpy(m->flows, set->flows,
			set->flow_count * sizeof(m->flows[0]));
	return 0;
}

static void
marker_counts(void *arg, const struct tc_iface *iface, tc_mark_count_fn *tell,
	void *tell_arg)
{
	(void)arg;
	(void)iface;
	(void)tell;
	(void)tell_arg;
}

static void
marker_flows(void *arg, const struct tc_iface *iface, tc_mark_flow_fn *tell,
	void *tell_arg)
{
	const struct marker *m = (const struct marker *)arg;

	(void)iface;
	for (size_t i = 0; i < m->found_count; i++)
		tell(tell_arg, &m->found[i]);
}

static struct marker *
with_marker(struct fix *f)
{
	struct marker *m = (struct marker *)calloc(1, sizeof(*m));

	T_CHECK(m != NULL, "memory");
	m->as = (struct tc_marker){ .arg = m,
		.apply = marker_apply,
		.counts = marker_counts,
		.flows = marker_flows };
	f->kernel.marker = &m->as;
	return m;
}

static struct fix *
opened(enum tc_rule_kernel kernel)
{
	struct fix *f = fix_new();
	const struct tc_iface iface = fix_iface();

	T_EQ(fix_open(f, &iface), 0);
	f->link->rules.kernel = kernel;
	f->link->police =
		kernel == TC_RULES_FULL ? TC_POLICE_YES : TC_POLICE_NO;
	fix_idle(f);
	return f;
}

/* The error of the answer. */
static int
mark(struct fix *f, uint32_t id, struct tc_marking as)
{
	const struct tc_flow_mark mark = { id, FIX_IFINDEX, as };
	struct tc_done done = { 0 };
	bool ready = false;

	done.error =
		tc_batch_mark(f->batch, f->link, 9, &mark, &ready, done.text);
	if (ready) {
		T_EQ(f->batch->count, 0);
		tc_rules_flows(f->link, f->now);
		return done.error;
	}
	f->ear.count = 0;
	T_EQ(tc_batch_run(f->batch, &f->kernel, f->now, &f->listener), 0);
	T_EQ(f->ear.count, 1);
	T_EQ(f->ear.serials[0], 9);
	T_EQ(f->ear.done[0].flow_id, id);
	return f->ear.done[0].error;
}

static const struct tc_extra *
acts_of(const struct fix *f, uint32_t id)
{
	const struct tc_record *r = tc_record_find(f->link, id);
	const struct tc_extra *found = NULL;
	size_t n = 0;

	T_CHECK(r != NULL, "no flow %u", id);
	for (size_t i = 0; i < f->dry.objects.count; i++) {
		const struct tc_object *o = &f->dry.objects.all[i];

		if (o->type != TC_FILTER ||
			o->u32.classid != tc_classid(r->minor))
			continue;
		found = o->extra;
		n++;
	}
	T_EQ(n, r->node_count);
	return found && found->action_count > 0 ? found : NULL;
}

static const struct tc_marking ef = { .marks = true, .dscp = EF };
static const struct tc_marking both = {
	.marks = true, .dscp = EF, .marks_out = true, .dscp_out = 8
};

static void
what_is_reshaped_is_marked_and_nothing_else(void)
{
	struct fix *f = opened(TC_RULES_FULL);
	const struct tc_flow flow = fix_flow(7, 5004);
	const struct tc_extra *x;

	T_EQ(fix_add(f, &flow).error, 0);
	T_CHECK(!acts_of(f, 7), "actions");
	/* Beyond its bucket it waits: nothing is out of profile. */
	T_EQ(mark(f, 7, both), 0);
	x = acts_of(f, 7);
	T_CHECK(x, "no actions");
	T_EQ(x->action_count, 2);
	T_CHECK(x->actions[0].kind == &tc_action_pedit, "first");
	T_EQ(x->actions[0].pedit.keys[0].mask, 0xff03ffff);
	T_EQ(x->actions[0].pedit.keys[0].value, EF << 18);
	T_CHECK(x->actions[1].kind == &tc_action_csum, "second");
	T_EQ(mark(f, 7, (struct tc_marking){ 0 }), 0);
	T_CHECK(!acts_of(f, 7), "actions");
	fix_free(f);
}

static void
what_exceeds_jumps_to_its_own_mark(void)
{
	struct fix *f = opened(TC_RULES_FULL);
	struct tc_flow flow = fix_flow(7, 5004);
	const struct tc_extra *x;

	flow.token_Bps = TOKEN;
	T_EQ(fix_add(f, &flow).error, 0);
	x = acts_of(f, 7);
	T_EQ(x->action_count, 1);
	T_EQ(mark(f, 7, both), 0);
	x = acts_of(f, 7);
	T_EQ(x->action_count, 7);
	T_CHECK(x->actions[0].kind == &tc_action_police, "police");
	T_EQ(x->actions[0].control, TC_VERDICT_JUMP | 4);
	T_EQ(x->actions[0].police.conform, TC_VERDICT_PIPE);
	T_EQ(x->actions[0].police.rate_Bps, TOKEN);
	T_EQ(x->actions[1].pedit.keys[0].value, EF << 18);
	T_EQ(x->actions[3].control, TC_VERDICT_OK);
	T_EQ(x->actions[4].pedit.keys[0].value, 8 << 18);
	T_EQ(x->actions[6].control, TC_VERDICT_CONTINUE);
	/* Without a mark for it: to best effort as it is. */
	T_EQ(mark(f, 7, ef), 0);
	x = acts_of(f, 7);
	T_EQ(x->action_count, 3);
	T_EQ(x->actions[0].control, TC_VERDICT_CONTINUE);
	T_EQ(x->actions[0].police.conform, TC_VERDICT_PIPE);
	/* Only that. */
	T_EQ(mark(f, 7, (struct tc_marking){ .marks_out = true }), 0);
	x = acts_of(f, 7);
	T_EQ(x->action_count, 4);
	T_EQ(x->actions[0].control, TC_VERDICT_JUMP | 1);
	T_EQ(x->actions[0].police.conform, TC_VERDICT_OK);
	T_EQ(mark(f, 7, (struct tc_marking){ 0 }), 0);
	x = acts_of(f, 7);
	T_EQ(x->action_count, 1);
	T_EQ(x->actions[0].control, TC_VERDICT_CONTINUE);
	fix_free(f);
}

static void
another_treatment_is_another_policer(void)
{
	struct fix *f = opened(TC_RULES_FULL);
	struct tc_flow flow = fix_flow(7, 5004);
	uint32_t index;

	flow.token_Bps = TOKEN;
	T_EQ(fix_add(f, &flow).error, 0);
	index = acts_of(f, 7)->actions[0].index;
	T_EQ(mark(f, 7, ef), 0);
	T_CHECK(acts_of(f, 7)->actions[0].index != index, "the kernel keeps "
							  "the verdicts");
	index = acts_of(f, 7)->actions[0].index;
	/* Other octets of the field alone are not. */
	T_EQ(mark(f, 7, (struct tc_marking){ .marks = true, .dscp = AF41 }), 0);
	T_EQ(acts_of(f, 7)->actions[0].index, index);
	/* Where what exceeds goes to is. */
	T_EQ(mark(f, 7, both), 0);
	T_CHECK(acts_of(f, 7)->actions[0].index != index, "another verdict");
	fix_free(f);
}

static void
controlled_load_is_judged_by_its_class_and_stays_in_it(void)
{
	struct fix *f = opened(TC_RULES_FULL);
	struct tc_flow flow = fix_flow(7, 5004);
	const struct tc_record *r;
	const struct tc_extra *x;

	flow.service = TC_SERVICE_CL;
	flow.filters[0] = fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(mark(f, 7, both), 0);
	r = tc_record_find(f->link, 7);
	x = acts_of(f, 7);
	T_EQ(x->action_count, 5); /* no checksum in this header */
	T_EQ(x->actions[0].police.rate_Bps, r->htb.rate_Bps);
	T_EQ(x->actions[0].police.burst_ticks, r->htb.buffer_ticks);
	T_EQ(x->actions[0].control, TC_VERDICT_JUMP | 3);
	T_EQ(x->actions[1].pedit.keys[0].value, EF << 22);
	T_EQ(x->actions[3].pedit.keys[0].value, 8 << 22);
	T_EQ(x->actions[4].control, TC_VERDICT_OK);
	T_EQ(tc_excess_rate(r), 0); /* it is not demoted */
	fix_free(f);
}

static void
a_mark_goes_with_the_flow_through_changes(void)
{
	struct fix *f = opened(TC_RULES_FULL);
	struct tc_flow flow = fix_flow(7, 5004);

	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(mark(f, 7, ef), 0);
	flow.rate_Bps = 150000;
	flow.filter_count = 2;
	flow.filters[1] = fix_filter("10.0.0.2", "10.0.0.9", 5004, 6000);
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(acts_of(f, 7)->action_count, 2);
	flow.service = TC_SERVICE_CL; /* another class */
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(acts_of(f, 7)->action_count, 3);
	T_EQ(acts_of(f, 7)->actions[0].control, TC_VERDICT_OK);
	T_CHECK(fix_del(f, 7), "removed");
	T_EQ(fix_add(f, &flow).error, 0);
	T_CHECK(!acts_of(f, 7), "a new one");
	fix_free(f);
}

static void
a_restart_reads_all_of_it_back(void)
{
	static const struct tc_marking kinds[] = { { .marks = true,
							   .dscp = EF },
		{ .marks = true, .dscp = 0, .marks_out = true, .dscp_out = 1 },
		{ .marks_out = true, .dscp_out = 63 } };
	const struct tc_iface iface = fix_iface();

	for (size_t i = 0; i < 6; i++) {
		struct fix *f = opened(TC_RULES_FULL);
		struct tc_flow flow = fix_flow(7, 5004);
		const struct tc_marking *as = &kinds[i / 2];
		const struct tc_record *r;
		char *before, *after;

		flow.service = i % 2 != 0 ? TC_SERVICE_CL : TC_SERVICE_GS;
		flow.token_Bps = i % 2 != 0 ? 0 : TOKEN;
		T_EQ(fix_add(f, &flow).error, 0);
		T_EQ(mark(f, 7, *as), 0);
		before = fix_picture(f);
		T_EQ(fix_open(f, &iface), 0);
		after = fix_picture(f);
		T_STR(after, before);
		r = tc_record_find(f->link, 7);
		T_CHECK(r, "not adopted");
		T_EQ(r->as.marks, as->marks);
		T_EQ(r->as.dscp, as->dscp);
		T_EQ(r->as.marks_out, as->marks_out);
		T_EQ(r->as.dscp_out, as->dscp_out);
		T_EQ(f->ear.adopted[0].token_Bps, flow.token_Bps);
		/* The same again is nothing to do. */
		T_EQ(mark(f, 7, *as), 0);
		free(before);
		free(after);
		fix_free(f);
	}
}

static void
actions_of_others_are_not_ours(void)
{
	struct fix *f = opened(TC_RULES_FULL);
	struct tc_flow flow = fix_flow(7, 5004);
	struct tc_extra x;
	struct tc_marking as;

	flow.token_Bps = TOKEN;
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(mark(f, 7, both), 0);
	x = *acts_of(f, 7);
	T_CHECK(tc_flow_act_decode(&x, false, &as), "ours");
	T_CHECK(!tc_flow_act_decode(&x, true, &as), "of the other family");
	x.actions[6].control = TC_VERDICT_DROP;
	T_CHECK(!tc_flow_act_decode(&x, false, &as), "dropped");
	x = *acts_of(f, 7);
	x.actions[1].pedit.keys[0].mask = 0;
	T_CHECK(!tc_flow_act_decode(&x, false, &as), "more than the field");
	x = *acts_of(f, 7);
	x.actions[3].control = TC_VERDICT_PIPE;
	T_CHECK(!tc_flow_act_decode(&x, false, &as), "both marks");
	x = *acts_of(f, 7);
	x.old_police = true;
	T_CHECK(!tc_flow_act_decode(&x, false, &as), "the classifier's own");
	x = *acts_of(f, 7);
	x.action_count = 5;
	T_CHECK(!tc_flow_act_decode(&x, false, &as), "cut");
	fix_free(f);
}

static void
bad_marks_are_refused(void)
{
	struct fix *f = opened(TC_RULES_FULL);
	struct tc_flow flow = fix_flow(7, 5004);

	flow.filter_count = 2;
	flow.filters[1] = fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(mark(f, 7, ef), EINVAL); /* two families */
	T_EQ(mark(f, 8, ef), ENOENT);
	flow = fix_flow(9, 5006);
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(mark(f, 9, (struct tc_marking){ .dscp = 64 }), EINVAL);
	T_EQ(mark(f, 9, (struct tc_marking){ .dscp_out = 64 }), EINVAL);
	fix_free(f);
}

/* ---- where nft marks ----------------------------------------------------- */

static void
step(struct fix *f)
{
	T_CHECK(tc_rules_next(f->link).us != MONO_NEVER.us, "nothing is due");
	f->now = tc_rules_next(f->link);
	T_EQ(tc_rules_step(f->link, &f->kernel, f->now, &f->listener), 0);
}

static void
without_actions_the_marker_is_told(void)
{
	struct fix *f = opened(TC_RULES_SMALL);
	struct marker *m = with_marker(f);
	struct tc_flow flow = fix_flow(7, 5004);

	T_EQ(fix_add(f, &flow).error, 0);
	flow = fix_flow(8, 5006); /* not marked */
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(m->calls, 0);
	T_EQ(mark(f, 7, ef), 0);
	T_CHECK(!acts_of(f, 7), "actions");
	step(f);
	T_EQ(m->flow_count, 1);
	T_EQ(m->flows[0].dscp, EF);
	T_EQ(m->flows[0].filter.dst_port, 5004);
	T_EQ(m->stale, 0);
	/* Nothing new: nothing is told. */
	tc_rules_flows(f->link, f->now);
	step(f);
	T_EQ(m->calls, 1);
	T_EQ(mark(f, 7, (struct tc_marking){ .marks = true, .dscp = AF41 }), 0);
	step(f);
	T_EQ(m->flows[0].dscp, AF41);
	T_EQ(m->stale, UINT64_C(1) << EF);
	T_CHECK(fix_del(f, 7), "removed");
	step(f);
	T_EQ(m->flow_count, 0);
	T_EQ(m->stale, UINT64_C(1) << AF41);
	T_EQ(m->calls, 3);
	fix_free(f);
	free(m);
}

/* The rules are told between a change of the flows and what follows of it, as
 * they are whenever an interface is ready. */
static void
rules_that_come_between_do_not_keep_marks_back(void)
{
	struct fix *f = opened(TC_RULES_SMALL);
	struct marker *m = with_marker(f);
	struct tc_flow flow = fix_flow(7, 5004);
	struct tc_done done;

	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(mark(f, 7, ef), 0);
	tc_rules_stage_for(f->link, 3);
	T_EQ(tc_rules_apply(f->link, &f->kernel, f->now, &done), 0);
	T_EQ(done.error, 0);
	step(f);
	T_EQ(m->flow_count, 1);
	flow = fix_flow(8, 5006);
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(mark(f, 8, ef), 0);
	T_EQ(tc_rules_again(f->link, &f->kernel, true, &done), 0);
	T_EQ(done.error, 0);
	step(f);
	T_EQ(m->flow_count, 2);
	T_CHECK(fix_del(f, 7), "removed");
	step(f);
	T_EQ(m->flow_count, 1);
	fix_free(f);
	free(m);
}

static void
what_the_marker_refuses_is_a_note_and_tried_again(void)
{
	struct fix *f = opened(TC_RULES_SMALL);
	struct marker *m = with_marker(f);
	struct tc_flow flow = fix_flow(7, 5004);

	T_EQ(fix_add(f, &flow).error, 0);
	m->refuse = EOPNOTSUPP;
	T_EQ(mark(f, 7, ef), 0);
	step(f);
	T_STR(f->ear.note, "not today");
	m->refuse = 0;
	flow = fix_flow(8, 5006);
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(mark(f, 8, ef), 0);
	step(f);
	T_EQ(m->flow_count, 2);
	T_EQ(m->stale, UINT64_C(1) << EF);
	fix_free(f);
	free(m);
}

static void
what_the_marker_has_is_adopted(void)
{
	struct fix *f = opened(TC_RULES_SMALL);
	struct marker *m = with_marker(f);
	const struct tc_iface iface = fix_iface();
	struct tc_flow flow = fix_flow(7, 5004);
	const struct tc_filter gone =
		fix_filter("10.0.0.2", "10.0.0.1", 5999, 6000);

	T_EQ(fix_add(f, &flow).error, 0);
	flow = fix_flow(8, 5006);
	T_EQ(fix_add(f, &flow).error, 0);
	m->found[0] = (struct tc_mark_flow){ flow.filters[0], EF };
	m->found[1] = (struct tc_mark_flow){ gone, AF41 };
	m->found_count = 2;
	T_EQ(fix_open(f, &iface), 0);
	f->link->rules.kernel = TC_RULES_SMALL;
	T_CHECK(!tc_record_find(f->link, 7)->as.marks, "unmarked");
	T_CHECK(tc_record_find(f->link, 8)->as.marks, "marked");
	T_EQ(tc_record_find(f->link, 8)->as.dscp, EF);
	T_EQ(mark(f, 7, ef), 0);
	step(f);
	T_EQ(m->flow_count, 2);
	T_EQ(m->stale, UINT64_C(1) << EF | UINT64_C(1) << AF41);
	fix_free(f);
	free(m);
}

/* With the same addresses and no ports: by label, by another, and any. */
static void
labels_are_told_apart(void)
{
	struct fix *f = opened(TC_RULES_SMALL);
	struct marker *m = with_marker(f);
	const struct tc_iface iface = fix_iface();

	for (uint32_t i = 0; i < 4; i++) {
		struct tc_flow flow = fix_flow(7 + i, 5004);

		flow.filters[0] =
			fix_filter("2001:db8::2", "2001:db8::1", 0, 0);
		flow.filters[0].by_label = i > 0;
		flow.filters[0].flow_label = i > 0 ? i - 1 : 0;
		T_EQ(fix_add(f, &flow).error, 0);
		m->found[i] = (struct tc_mark_flow){ flow.filters[0],
			(uint8_t)(20 - i) };
	}
	m->found_count = 4;
	T_EQ(fix_open(f, &iface), 0);
	for (uint32_t i = 0; i < 4; i++) {
		const struct tc_record *r = tc_record_find(f->link, 7 + i);

		T_CHECK(r && r->as.marks, "%u is not marked", i);
		T_EQ(r->as.dscp, 20 - i);
	}
	fix_free(f);
	free(m);
}

static void
security_associations_are_told_apart(void)
{
	struct fix *f = opened(TC_RULES_SMALL);
	struct marker *m = with_marker(f);
	const struct tc_iface iface = fix_iface();

	for (uint32_t i = 0; i < 3; i++) {
		struct tc_flow flow = fix_flow(7 + i, 5004);

		flow.filters[0] = fix_filter("10.0.0.2", "10.0.0.1", 0, 0);
		flow.filters[0].proto = 50;
		flow.filters[0].spi = 1000 + i;
		T_EQ(fix_add(f, &flow).error, 0);
		m->found[i] = (struct tc_mark_flow){ flow.filters[0],
			(uint8_t)(20 - i) };
	}
	m->found_count = 3;
	T_EQ(fix_open(f, &iface), 0);
	for (uint32_t i = 0; i < 3; i++)
		T_EQ(tc_record_find(f->link, 7 + i)->as.dscp, 20 - i);
	fix_free(f);
	free(m);
}

static void
flows_are_sets_in_the_table_of_the_interface(void)
{
	static const char want[] =
		"add set inet rsvpd_mark_3 f4_22 { type ipv4_addr . ipv4_addr "
		". inet_proto . inet_service . inet_service; }\n"
		"flush set inet rsvpd_mark_3 f4_22\n"
		"add element inet rsvpd_mark_3 f4_22 { 10.0.0.1 . 10.0.0.2 . "
		"17 . 6000 . 5004, 10.0.0.1 . 10.0.0.2 . 17 . 6000 . 5006 }\n"
		"add set inet rsvpd_mark_3 f6_22 { type ipv6_addr . ipv6_addr "
		". inet_proto . inet_service . inet_service; }\n"
		"flush set inet rsvpd_mark_3 f6_22\n"
		"delete set inet rsvpd_mark_3 f6_22\n"
		"add set inet rsvpd_mark_3 f4_2e { type ipv4_addr . ipv4_addr "
		". inet_proto . inet_service . inet_service; }\n"
		"flush set inet rsvpd_mark_3 f4_2e\n"
		"delete set inet rsvpd_mark_3 f4_2e\n"
		"add set inet rsvpd_mark_3 f6_2e { type ipv6_addr . ipv6_addr "
		". inet_proto . inet_service . inet_service; }\n"
		"flush set inet rsvpd_mark_3 f6_2e\n"
		"add element inet rsvpd_mark_3 f6_2e { 2001:db8::1 . "
		"2001:db8::2 . 6 . 1 . 2 }\n"
		"add rule inet rsvpd_mark_3 post ip saddr . ip daddr . meta "
		"l4proto . th sport . th dport @f4_22 ip dscp set 0x22 accept\n"
		"add rule inet rsvpd_mark_3 post ip6 saddr . ip6 daddr . meta "
		"l4proto . th sport . th dport @f6_2e ip6 dscp set 0x2e "
		"accept\n"
		"add rule inet rsvpd_mark_3 post meta nfproto ipv4 ip daddr "
		"239.1.1.1 meta l4proto 17 th dport 7 ip dscp set 0x2e "
		"accept comment \"flow 46 any 239.1.1.1 17 0 7 - 0 \"\n"
		"add rule inet rsvpd_mark_3 post meta nfproto ipv4 ip saddr "
		"10.0.0.1 ip daddr 10.0.0.2 meta l4proto 17 th dport 9 ip dscp "
		"set 0x2e accept comment \"flow 46 10.0.0.1 10.0.0.2 17 0 9 - "
		"0 \"\n";
	const struct tc_iface iface = fix_iface();
	struct tc_mark_flow flows[] = {
		{ fix_filter("10.0.0.2", "10.0.0.1", 5004, 6000), AF41 },
		{ fix_filter("2001:db8::2", "2001:db8::1", 2, 1), EF },
		{ fix_filter("10.0.0.2", "10.0.0.1", 5006, 6000), AF41 },
		{ fix_filter("239.1.1.1", "", 7, 0), EF },
		{ fix_filter("10.0.0.2", "10.0.0.1", 9, 0), EF },
	};
	const struct tc_mark_set set = { .iface = &iface,
		.flows = flows,
		.flow_count = 5,
		.stale = UINT64_C(1) << EF | UINT64_C(1) << AF41 };
	char got[8192];
	struct text t = text_over(got, sizeof(got));

	flows[1].filter.proto = 6;
	tc_mark_flow_sets(&t, &set);
	tc_mark_flow_rules(&t, &set);
	T_STR(got, want);
	/* The table is there for them alone. */
	t = text_over(got, sizeof(got));
	tc_mark_text(&t, &set, NULL, 0);
	T_CHECK(!strstr(got, "delete table"), "%s", got);
	T_CHECK(strstr(got, "post oifname != \"eth0\" accept"), "%s", got);
}

struct heard {
	size_t count;
	struct tc_mark_flow flows[64];
};

static void
hear(void *arg, const struct tc_mark_flow *flow)
{
	struct heard *h = (struct heard *)arg;

	T_CHECK(h->count < 64, "too many");
	h->flows[h->count++] = *flow;
}

static void
a_listing_is_read_and_damage_survived(void)
{
	static const char listing[] =
		"table inet rsvpd_mark_3 {\n"
		"\tset f4_22 {\n"
		"\t\ttype ipv4_addr . ipv4_addr . inet_proto . inet_service . "
		"inet_service\n"
		"\t\telements = { 10.0.0.1 . 10.0.0.2 . 17 . 6000 . 5004,\n"
		"\t\t\t     10.0.0.3 . 10.0.0.2 . 6 . 1 . 65535 }\n"
		"\t}\n\tset f6_00 {\n\t\ttype x\n\t}\n"
		"\tset other { elements = { 1 } }\n"
		"\tset f6_2e {\n"
		"\t\telements = { 2001:db8::1 . 2001:db8::2 . 17 . 5 . 6 }\n"
		"\t}\n}\n";
	struct heard h = { 0 };
	char cut[sizeof(listing)];

	tc_mark_parse_flows(listing, hear, &h);
	T_EQ(h.count, 3);
	T_EQ(h.flows[0].dscp, AF41);
	T_EQ(h.flows[0].filter.src_port, 6000);
	T_EQ(h.flows[0].filter.dst_port, 5004);
	T_EQ(h.flows[1].filter.proto, 6);
	T_EQ(h.flows[1].filter.dst_port, 65535);
	T_EQ(h.flows[2].dscp, EF);
	T_EQ(h.flows[2].filter.dst.family, ADDR_V6);
	for (size_t n = 0; n < sizeof(listing); n++) {
		memcpy(cut, listing, sizeof(listing));
		cut[n] = '\0';
		h.count = 0;
		tc_mark_parse_flows(cut, hear, &h);
		T_CHECK(h.count <= 3, "more than there is");
	}
	h.count = 0;
	tc_mark_parse_flows("set f4_7f { elements = { 1.2.3.4 . 1.2.3.5 . 17 "
			    ". 1 . 1 }",
		hear, &h);
	tc_mark_parse_flows("set f4_22 { elements = { 1.2.3.4 . 1.2.3.5 . 256 "
			    ". 1 . 1, x }",
		hear, &h);
	tc_mark_parse_flows("set foreign { elements = { 1.2.3.4 . 1.2.3.5 . 17 "
			    ". 1 . 1 }",
		hear, &h);
	tc_mark_parse_flows("set f4_zz { elements = { 1.2.3.4 . 1.2.3.5 . 17 "
			    ". 1 . 1 }",
		hear, &h);
	T_EQ(h.count, 0);
}

static bool
same_filter(const struct tc_filter *a, const struct tc_filter *b)
{
	return addr_equal(&a->dst, &b->dst) && addr_equal(&a->src, &b->src) &&
	       a->proto == b->proto && a->dst_port == b->dst_port &&
	       a->src_port == b->src_port && a->by_label == b->by_label &&
	       a->flow_label == b->flow_label && a->spi == b->spi;
}

static void
rules_of_flows_are_read_back(void)
{
	const struct tc_iface iface = fix_iface();
	struct tc_mark_flow flows[] = {
		{ fix_filter("239.1.1.1", "", 65535, 0), EF },
		{ fix_filter("2001:db8::2", "", 7, 0), 0 },
		{ fix_filter("2001:db8::2", "2001:db8::1", 0, 0), 63 },
		{ fix_filter("2001:db8::2", "2001:db8::1", 0, 0), AF41 },
		{ fix_filter("10.0.0.2", "10.0.0.1", 0, 0), 1 },
	};
	const struct tc_mark_set set = {
		.iface = &iface, .flows = flows, .flow_count = 5
	};
	struct heard h = { 0 };
	char got[8192];
	struct text t = text_over(got, sizeof(got));
	const char *longest;

	flows[2].filter.by_label = true;
	flows[2].filter.flow_label = 0xfffff;
	flows[3].filter.by_label = true; /* label 0 */
	flows[4].filter.spi = UINT32_MAX;
	flows[4].filter.proto = 50;
	tc_mark_flow_rules(&t, &set);
	tc_mark_parse_rules(got, hear, &h);
	T_EQ(h.count, 5);
	for (size_t i = 0; i < h.count; i++) {
		T_EQ(h.flows[i].dscp, flows[i].dscp);
		T_CHECK(same_filter(&h.flows[i].filter, &flows[i].filter),
			"%zu: %s", i, got);
	}
	/* nft takes 128 octets. */
	flows[2].filter = fix_filter("2001:db80:1111:2222:3333:4444:5555:6666",
		"2001:db80:1111:2222:3333:4444:5555:7777", 65535, 0);
	flows[2].filter.spi = UINT32_MAX;
	t = text_over(got, sizeof(got));
	tc_mark_flow_rules(&t, &set);
	longest = strstr(got, "\"flow 63");
	T_CHECK(longest && strcspn(longest, "\n") <= 128, "%s", got);
}

static void
rules_that_are_damaged_are_passed_over(void)
{
	static const char *const bad[] = {
		"flow 64 any 1.2.3.4 17 0 7 - 0 ",
		"flow 1 any 1.2.3.4 256 0 7 - 0 ",
		"flow 1 any 1.2.3.4 17 65536 7 - 0 ",
		"flow 1 any 1.2.3.4 17 0 65536 - 0 ",
		"flow 1 any 1.2.3.4 17 0 7 1048576 0 ",
		"flow 1 any 1.2.3.4 17 0 7 - 4294967296 ",
		"flow 1 any 1.2.3.4 17 0 7 - 99999999999999999999 ",
		"flow 1 any any 17 0 7 - 0 ",
		"flow 1 some 1.2.3.4 17 0 7 - 0 ",
		"flow x any 1.2.3.4 17 0 7 - 0 ",
	};
	static const char good[] =
		"comment \"flow 1 any 1.2.3.4 17 0 7 - 0 \" # handle 4";
	struct heard h = { 0 };
	char text[128];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "comment \"%s\"", bad[i]);
		tc_mark_parse_rules(text, hear, &h);
		T_CHECK(h.count == 0, "%s", bad[i]);
	}
	for (size_t n = 0; n < sizeof(good); n++) {
		memcpy(text, good, sizeof(good));
		text[n] = '\0';
		tc_mark_parse_rules(text, hear, &h);
	}
	T_CHECK(h.count > 0 && h.flows[0].filter.dst_port == 7, "none");
}

static struct t_case cases[] = {
	{ "what is reshaped is marked and nothing else",
		what_is_reshaped_is_marked_and_nothing_else },
	{ "what exceeds jumps to its own mark",
		what_exceeds_jumps_to_its_own_mark },
	{ "another treatment is another policer",
		another_treatment_is_another_policer },
	{ "Controlled Load is judged by its class and stays in it",
		controlled_load_is_judged_by_its_class_and_stays_in_it },
	{ "a mark goes with the flow through changes",
		a_mark_goes_with_the_flow_through_changes },
	{ "a restart reads all of it back", a_restart_reads_all_of_it_back },
	{ "actions of others are not ours", actions_of_others_are_not_ours },
	{ "bad marks are refused", bad_marks_are_refused },
	{ "without actions the marker is told",
		without_actions_the_marker_is_told },
	{ "rules that come between do not keep marks back",
		rules_that_come_between_do_not_keep_marks_back },
	{ "what the marker refuses is a note, and tried again",
		what_the_marker_refuses_is_a_note_and_tried_again },
	{ "what the marker has is adopted", what_the_marker_has_is_adopted },
	{ "labels are told apart", labels_are_told_apart },
	{ "security associations are told apart",
		security_associations_are_told_apart },
	{ "flows are sets in the table of the interface",
		flows_are_sets_in_the_table_of_the_interface },
	{ "a listing is read, and damage survived",
		a_listing_is_read_and_damage_survived },
	{ "rules of flows are read back", rules_of_flows_are_read_back },
	{ "rules that are damaged are passed over",
		rules_that_are_damaged_are_passed_over },
};

T_MAIN(cases)
