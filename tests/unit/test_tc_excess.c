/* SPDX-License-Identifier: ISC */

/* What exceeds is demoted by a policer that the flow's nodes share:
 * tcctl/excess.c, and what flow.c, adopt.c, split.c and repair.c do with it. */

#include <errno.h>

#include "tc_fixture.h"

enum { TOKEN = 60000, FLOWS = 40 };

/* A kernel that binds a policer by its number, whatever else is said of it. */
struct world {
	struct tc_kernel behind;
	struct fix *f;
	bool lacks;    /* the action */
	size_t refuse; /* that step, counted from 1; 0: none */
	size_t calls;
	struct tc_act_police last[1 << 10];
	uint32_t numbers[1 << 10]; /* ever used */
	size_t count;
};

static const struct tc_action *
police_of(const struct tc_object *o)
{
	return o->extra && o->extra->action_count > 0 ? &o->extra->actions[0]
						      : NULL;
}

static bool
is_bound(const struct world *w, uint32_t index)
{
	for (size_t i = 0; i < w->f->dry.objects.count; i++) {
		const struct tc_action *a =
			police_of(&w->f->dry.objects.all[i]);

		if (a && a->index == index)
			return true;
	}
	return false;
}

static void
bind(struct world *w, const struct tc_action *a)
{
	size_t i = 0;

	while (i < w->count && w->numbers[i] != a->index)
		i++;
	T_CHECK(i < 1 << 10, "too many policers");
	if (i < w->count && is_bound(w, a->index))
		T_CHECK(w->last[i].rate_Bps == a->police.rate_Bps &&
				w->last[i].burst_ticks ==
					a->police.burst_ticks &&
				w->last[i].mtu == a->police.mtu,
			"the kernel keeps what number %x had", a->index);
	if (i == w->count)
		w->numbers[w->count++] = a->index;
	w->last[i] = a->police;
}

static int
world_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct world *w = (struct world *)((struct tc_dry *)arg)->arg;

	for (size_t i = 0; i < count; i++) {
		const struct tc_action *a = ops[i].kind == TC_OP_DEL
						    ? NULL
						    : police_of(&ops[i].want);

		ret_results[i] = (struct tc_result){ 0 };
		if (a && w->lacks)
			ret_results[i].error = ENOENT;
		else if (++w->calls == w->refuse)
			ret_results[i].error = ENOSPC;
		if (ret_results[i].error != 0)
			continue;
		if (a)
			bind(w, a);
		T_EQ(w->behind.run(w->behind.arg, &ops[i], 1, &ret_results[i]),
			0);
	}
	return 0;
}

static struct world *
begin(bool lacks)
{
	struct world *w = (struct world *)calloc(1, sizeof(*w));
	const struct tc_iface iface = fix_iface();

	T_CHECK(w != NULL, "memory");
	w->f = fix_new();
	w->lacks = lacks;
	w->behind = w->f->kernel;
	w->f->dry.arg = w;
	w->f->kernel.run = world_run;
	T_EQ(fix_open(w->f, &iface), 0);
	T_EQ(tc_excess_try(w->f->link, &w->f->kernel), 0);
	return w;
}

static void
end(struct world *w)
{
	fix_free(w->f);
	free(w);
}

static struct tc_flow
demoted(uint32_t id, uint16_t port)
{
	struct tc_flow flow = fix_flow(id, port);

	flow.token_Bps = TOKEN;
	flow.filter_count = 3;
	flow.filters[1] = fix_filter("10.0.0.2", "10.0.0.1", port, 6001);
	flow.filters[2] = fix_filter("2001:db8::2", "", port, 0);
	return flow;
}

/* The one policer of the class' nodes, all of them; NULL: none has one. */
static const struct tc_action *
only_police(const struct world *w, uint32_t classid, size_t nodes)
{
	const struct tc_action *one = NULL;
	size_t with = 0;
	size_t n = 0;

	for (size_t i = 0; i < w->f->dry.objects.count; i++) {
		const struct tc_object *o = &w->f->dry.objects.all[i];
		const struct tc_action *a = police_of(o);

		if (o->type != TC_FILTER || o->u32.classid != classid)
			continue;
		n++;
		if (!a)
			continue;
		with++;
		T_CHECK(!one || (one->index == a->index &&
					a->kind->equal(one, a)),
			"two policers");
		one = a;
	}
	T_EQ(n, nodes);
	T_CHECK(with == 0 || with == nodes, "%zu of %zu nodes", with, nodes);
	return one;
}

static size_t
policed_nodes(const struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->f->dry.objects.count; i++)
		n += police_of(&w->f->dry.objects.all[i]) != NULL;
	return n;
}

static void
nodes_share_a_policer_of_the_token_bucket(void)
{
	struct world *w = begin(false);
	struct tc_flow flow = demoted(7, 5004);
	struct tc_done done;
	const struct tc_action *a;

	T_EQ(policed_nodes(w), 0); /* the trial leaves nothing */
	flow.min_packet_bytes = 138;
	done = fix_add(w->f, &flow);
	T_EQ(done.error, 0);
	a = only_police(w, done.classid, 3);
	T_CHECK(a != NULL, "not policed");
	T_CHECK(a->kind == &tc_action_police, "another action");
	T_EQ(a->control, TC_VERDICT_CONTINUE);
	T_EQ(a->police.conform, TC_VERDICT_OK);
	T_EQ(a->police.rate_Bps, TOKEN);
	T_EQ(a->police.burst_ticks, tc_clock_ticks(3000, TOKEN));
	T_EQ(a->police.mtu, 1538 - 24); /* as the kernel counts the packet */
	T_EQ(a->police.overhead, 24);
	T_EQ(a->police.mpu, 138);
	T_CHECK(fix_del(w->f, 7), "not removed");
	T_EQ(policed_nodes(w), 0);
	end(w);
}

static void
it_is_reshaped_where_the_kernel_cannot(void)
{
	struct world *w = begin(true);
	const struct tc_flow flow = demoted(7, 5004);
	struct tc_done done = fix_add(w->f, &flow);

	T_EQ(done.error, 0);
	T_CHECK(!only_police(w, done.classid, 3), "policed");
	end(w);
}

static void
nobody_else_is_policed(void)
{
	struct world *w = begin(false);
	struct tc_flow flow = demoted(7, 5004);
	char text[TC_TEXT];

	flow.token_Bps = 0;
	T_CHECK(!only_police(w, fix_add(w->f, &flow).classid, 3), "policed");
	flow.token_Bps = flow.rate_Bps + 1;
	T_EQ(tc_batch_flow(w->f->batch, w->f->link, 7, &flow, text), EINVAL);
	flow.token_Bps = TOKEN;
	flow.service = TC_SERVICE_CL;
	T_EQ(tc_batch_flow(w->f->batch, w->f->link, 7, &flow, text), EINVAL);
	end(w);
}

/* No number for a policer holds such an interface. */
static void
an_interface_of_a_high_number_reshapes(void)
{
	struct world *w = begin(false);
	const struct tc_flow flow = demoted(7, 5004);

	T_CHECK(tc_excess_possible(w->f->link, &flow), "the lowest");
	w->f->link->conf.ifindex = 0x1fff;
	T_CHECK(tc_excess_possible(w->f->link, &flow), "the highest");
	w->f->link->conf.ifindex = 0x2000;
	T_CHECK(!tc_excess_possible(w->f->link, &flow), "above");
	w->f->link->conf.ifindex = FIX_IFINDEX;
	end(w);
}

static void
a_change_takes_another_number(void)
{
	struct world *w = begin(false);
	struct tc_flow flow = demoted(7, 5004);
	uint32_t classid = fix_add(w->f, &flow).classid;
	uint32_t before = only_police(w, classid, 3)->index;
	const struct tc_action *a;

	for (uint32_t n = 1; n < 20; n++) {
		flow.token_Bps = TOKEN + n;
		T_EQ(fix_add(w->f, &flow).error, 0);
		a = only_police(w, classid, 3);
		T_EQ(a->police.rate_Bps, TOKEN + n);
		T_CHECK(a->index != before, "the same number");
		T_EQ(a->index & ~7u, before & ~7u);
		before = a->index;
	}
	flow.filter_count = 2; /* and the same bucket */
	T_EQ(fix_add(w->f, &flow).error, 0);
	T_EQ(only_police(w, classid, 2)->index, before);
	flow.token_Bps = 0;
	T_EQ(fix_add(w->f, &flow).error, 0);
	T_CHECK(!only_police(w, classid, 2), "policed");
	flow.token_Bps = TOKEN;
	T_EQ(fix_add(w->f, &flow).error, 0);
	T_CHECK(only_police(w, classid, 2) != NULL, "not policed");
	end(w);
}

static void
flows_do_not_share(void)
{
	struct world *w = begin(false);

	for (uint32_t id = 1; id <= FLOWS; id++) {
		struct tc_flow flow = demoted(id, (uint16_t)(5000 + id));

		flow.token_Bps += id;
		T_EQ(fix_add(w->f, &flow).error, 0);
	}
	T_EQ(w->count, 1 + FLOWS); /* with the trial */
	end(w);
}

static void
every_refused_step_is_undone(void)
{
	for (size_t n = 1;; n++) {
		struct world *w = begin(false);
		struct tc_flow flow = demoted(7, 5004);
		char *before;
		char *after;
		int error;

		T_EQ(fix_add(w->f, &flow).error, 0);
		before = fix_picture(w->f);
		flow.token_Bps = TOKEN / 2;
		w->calls = 0;
		w->refuse = n;
		error = fix_add(w->f, &flow).error;
		w->refuse = 0;
		after = fix_picture(w->f);
		if (error != 0)
			T_STR(after, before);
		free(before);
		free(after);
		end(w);
		if (error == 0) {
			T_CHECK(n == 4, "%zu steps", n - 1);
			return;
		}
	}
}

static void
it_is_adopted(void)
{
	struct world *w = begin(false);
	const struct tc_flow flow = demoted(7, 5004);
	const struct tc_iface iface = fix_iface();
	uint32_t classid = fix_add(w->f, &flow).classid;
	char *before = fix_picture(w->f);
	char *after;

	T_EQ(fix_open(w->f, &iface), 0);
	T_EQ(w->f->ear.adopted_count, 1);
	T_EQ(w->f->ear.adopted[0].token_Bps, TOKEN);
	T_EQ(w->f->ear.adopted[0].filter_count, 3);
	T_EQ(tc_excess_try(w->f->link, &w->f->kernel), 0);
	w->calls = 0;
	T_EQ(fix_add(w->f, &flow).error, 0);
	T_EQ(w->calls, 0); /* nothing to do */
	after = fix_picture(w->f);
	T_STR(after, before);
	T_CHECK(only_police(w, classid, 3) != NULL, "not policed");
	free(before);
	free(after);
	end(w);
}

/* A node of the class, of those that there are. */
static struct tc_object *
node_of(const struct world *w, uint32_t classid, size_t n)
{
	for (size_t i = 0; i < w->f->dry.objects.count; i++) {
		struct tc_object *o = &w->f->dry.objects.all[i];

		if (o->type == TC_FILTER && o->u32.classid == classid &&
			n-- == 0)
			return o;
	}
	T_CHECK(false, "no such node");
	return NULL;
}

static void
half_a_change_is_made_whole_at_adoption(void)
{
	for (size_t n = 0; n < 3; n++) {
		struct world *w = begin(false);
		const struct tc_flow flow = demoted(7, 5004);
		const struct tc_iface iface = fix_iface();
		uint32_t classid = fix_add(w->f, &flow).classid;

		node_of(w, classid, n)->extra = NULL;
		T_EQ(fix_open(w->f, &iface), 0);
		T_EQ(w->f->ear.adopted_count, 1);
		(void)only_police(w, classid, 3); /* all or none */
		end(w);
	}
}

static void
a_node_with_another_action_is_not_ours(void)
{
	struct world *w = begin(false);
	const struct tc_flow flow = demoted(7, 5004);
	uint32_t classid = fix_add(w->f, &flow).classid;
	struct tc_object o = *node_of(w, classid, 0);
	struct tc_extra extra = { 0 };
	const struct tc_iface iface = fix_iface();
	struct tc_action *a = &extra.actions[0];

	T_CHECK(tc_excess_is_ours(&o), "the good one");
	tc_extra_copy(&extra, o.extra);
	o.extra = &extra;
	T_CHECK(tc_excess_is_ours(&o), "its copy");
	extra.action_count = 2;
	T_CHECK(!tc_excess_is_ours(&o), "two");
	extra.action_count = 1;
	extra.old_police = true;
	T_CHECK(!tc_excess_is_ours(&o), "the old word");
	extra.old_police = false;
	a->control = TC_VERDICT_DROP;
	T_CHECK(!tc_excess_is_ours(&o), "drops");
	a->control = TC_VERDICT_CONTINUE;
	a->police.conform = TC_VERDICT_PIPE;
	T_CHECK(!tc_excess_is_ours(&o), "pipe");
	a->police.conform = TC_VERDICT_OK;
	a->index ^= 8;
	T_CHECK(!tc_excess_is_ours(&o), "of another class");
	a->index ^= 8;
	a->kind = &tc_action_gact;
	T_CHECK(!tc_excess_is_ours(&o), "another kind");
	extra.action_count = 0;
	T_CHECK(tc_excess_is_ours(&o), "none");
	node_of(w, classid, 0)->extra->actions[0].control = TC_VERDICT_DROP;
	T_EQ(fix_open(w->f, &iface), 0);
	T_EQ(w->f->ear.adopted_count, 1);
	T_CHECK(only_police(w, classid, 2) != NULL, "not policed");
	end(w);
}

static void
what_others_take_away_is_put_back(void)
{
	struct world *w = begin(false);
	const struct tc_flow flow = demoted(7, 5004);
	uint32_t classid = fix_add(w->f, &flow).classid;
	struct fix *f = w->f;

	node_of(w, classid, 1)->extra = NULL;
	tc_drift_event(f->link, NULL, f->now);
	f->now = mono_add_ms(f->now, 60000);
	T_EQ(tc_drift_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_CHECK(only_police(w, classid, 3) != NULL, "not policed");
	end(w);
}

/* With `tc actions change`: all nodes have it at once. */
static void
what_others_make_of_a_policer_is_left_behind(void)
{
	struct world *w = begin(false);
	const struct tc_flow flow = demoted(7, 5004);
	uint32_t classid = fix_add(w->f, &flow).classid;
	uint32_t before = only_police(w, classid, 3)->index;
	struct fix *f = w->f;

	for (size_t n = 0; n < 3; n++)
		node_of(w, classid, n)->extra->actions[0].police.rate_Bps = 1;
	for (size_t i = 0; i < w->count; i++)
		w->last[i].rate_Bps = 1;
	tc_drift_event(f->link, NULL, f->now);
	f->now = mono_add_ms(f->now, 60000);
	T_EQ(tc_drift_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(only_police(w, classid, 3)->police.rate_Bps, TOKEN);
	T_CHECK(only_police(w, classid, 3)->index != before, "the same number");
	end(w);
}

static void
a_split_keeps_the_policers(void)
{
	struct world *w = begin(false);
	struct fix *f = w->f;
	bool more = true;

	for (uint32_t id = 1; id <= FLOWS; id++) {
		struct tc_flow flow = fix_flow(id, 5004);

		flow.token_Bps = TOKEN + id;
		flow.filters[0].src_port = (uint16_t)(6000 + id);
		T_EQ(fix_add(f, &flow).error, 0);
	}
	while (more) {
		more = false;
		T_EQ(tc_split_step(f->link, &f->kernel, &f->listener, &more),
			0);
	}
	T_EQ(policed_nodes(w), FLOWS);
	for (uint32_t id = 1; id <= FLOWS; id++) {
		const struct tc_record *r = tc_record_find(f->link, id);
		const struct tc_action *a =
			only_police(w, tc_classid(r->minor), 1);

		T_CHECK(tc_hash_is_split(r->nodes[0].handle), "not moved");
		T_EQ(a->police.rate_Bps, TOKEN + id);
	}
	end(w);
}

/* Asked for both, in a kernel that polices or does not; what it tells. */
static bool
is_marked_out(uint8_t service, uint64_t token_Bps, bool full, bool out)
{
	struct fix *f = fix_new();
	const struct tc_iface iface = fix_iface();
	struct tc_flow flow = fix_flow(7, 5004);
	const struct tc_flow_mark mark = {
		7, FIX_IFINDEX,
		{ .marks = true, .dscp = 46, .marks_out = out, .dscp_out = 8 }
	};
	struct tc_done done = { 0 };
	bool ready = false;
	bool told;

	T_EQ(fix_open(f, &iface), 0);
	f->link->rules.kernel = full ? TC_RULES_FULL : TC_RULES_SMALL;
	f->link->police = full ? TC_POLICE_YES : TC_POLICE_NO;
	flow.service = service;
	flow.token_Bps = token_Bps;
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(tc_batch_mark(f->batch, f->link, 9, &mark, &ready, done.text), 0);
	T_EQ(tc_batch_run(f->batch, &f->kernel, f->now, &f->listener), 0);
	T_EQ(tc_link_counters(f->link, &f->kernel, 1, 7, &f->listener), 0);
	T_EQ(f->ear.counter_count, 1);
	told = f->ear.counters[0].marks_out;
	fix_free(f);
	return told;
}

static void
counters_tell_if_what_exceeds_is_marked(void)
{
	T_CHECK(is_marked_out(TC_SERVICE_CL, 0, true, true), "CL");
	T_CHECK(is_marked_out(TC_SERVICE_GS, TOKEN, true, true), "GS");
	T_CHECK(!is_marked_out(TC_SERVICE_GS, 0, true, true), "it waits");
	T_CHECK(!is_marked_out(TC_SERVICE_CL, 0, true, false), "unasked");
	T_CHECK(!is_marked_out(TC_SERVICE_CL, 0, false, true), "CL, small");
	T_CHECK(!is_marked_out(TC_SERVICE_GS, TOKEN, false, true), "GS, small");
}

static void
counters_tell(void)
{
	struct world *w = begin(false);
	struct tc_flow flow = demoted(7, 5004);
	struct fix *f = w->f;

	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(tc_link_counters(f->link, &f->kernel, 1, 7, &f->listener), 0);
	T_EQ(f->ear.counter_count, 1);
	T_CHECK(f->ear.counters[0].demoted, "reshaped");
	flow.token_Bps = 0;
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(tc_link_counters(f->link, &f->kernel, 1, 0, &f->listener), 0);
	T_EQ(f->ear.counter_count, 3);
	T_CHECK(!f->ear.counters[1].demoted && !f->ear.counters[2].demoted,
		"demoted");
	end(w);
}

/* What a class of Controlled Load lets pass at once, of packets as large as
 * those it was made for. */
static void
controlled_load_is_policed_as_its_class(void)
{
	const struct tc_iface iface = fix_iface();
	const struct tc_htb_class class = { .rate_Bps = 100000,
		.ceil_Bps = 200000,
		.buffer_ticks = 12345,
		.cbuffer_ticks = 54321,
		.quantum = 9000,
		.overhead = 24,
		.mpu = 84,
		.atm = true };
	const struct tc_flow flow = { .token_Bps = 100000,
		.max_packet_bytes = 9000 };
	struct tc_extra cl;
	struct tc_extra gs;

	tc_excess_want_cl(&iface, &class, &cl);
	tc_excess_want(&iface, &flow, &class, &gs);
	T_EQ(cl.action_count, 1);
	T_EQ(cl.actions[0].control, TC_VERDICT_CONTINUE);
	T_EQ(cl.actions[0].police.rate_Bps, 100000);
	T_EQ(cl.actions[0].police.burst_ticks, 12345);
	T_EQ(cl.actions[0].police.conform, TC_VERDICT_OK);
	T_EQ(cl.actions[0].police.overhead, 24);
	T_EQ(cl.actions[0].police.mpu, 84);
	T_EQ(cl.actions[0].police.atm, true);
	T_EQ(cl.actions[0].police.mtu, gs.actions[0].police.mtu);
	T_CHECK(cl.actions[0].police.mtu >= 9000 - 24, "of %u octets",
		cl.actions[0].police.mtu);
}

static struct t_case cases[] = {
	{ "Controlled Load is policed as its class",
		controlled_load_is_policed_as_its_class },
	{ "nodes share a policer of the token bucket",
		nodes_share_a_policer_of_the_token_bucket },
	{ "it is reshaped where the kernel cannot",
		it_is_reshaped_where_the_kernel_cannot },
	{ "nobody else is policed", nobody_else_is_policed },
	{ "an interface of a high number reshapes",
		an_interface_of_a_high_number_reshapes },
	{ "a change takes another number", a_change_takes_another_number },
	{ "flows do not share", flows_do_not_share },
	{ "every refused step is undone", every_refused_step_is_undone },
	{ "it is adopted", it_is_adopted },
	{ "half a change is made whole at adoption",
		half_a_change_is_made_whole_at_adoption },
	{ "a node with another action is not ours",
		a_node_with_another_action_is_not_ours },
	{ "what others take away is put back",
		what_others_take_away_is_put_back },
	{ "what others make of a policer is left behind",
		what_others_make_of_a_policer_is_left_behind },
	{ "a split keeps the policers", a_split_keeps_the_policers },
	{ "counters tell", counters_tell },
	{ "counters tell if what exceeds is marked",
		counters_tell_if_what_exceeds_is_marked },
};

T_MAIN(cases)
