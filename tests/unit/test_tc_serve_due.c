/* SPDX-License-Identifier: ISC */

/* What `tcctl serve` does unasked: what is due, and what can wait. */

#include "tc_serve_t.h"

#include <errno.h>

enum { IFB = 50, WATCH_MS = 500 };

/* ---- the watch ----------------------------------------------------------- */

static void
a_tree_is_looked_at_twice_a_second(void)
{
	struct bench *b = b_new();

	b_calm_link(b);
	for (int ms = 0; ms < 3 * WATCH_MS; ms++) {
		t_clock_add_ms(1);
		tc_serve_turn(b->s);
		T_EQ(b->calls[CALL_ROOT], (ms + 1) / WATCH_MS);
	}
	/* And what could not be done before is tried again. */
	T_EQ(b->s->idle_due.us, os_now().us);
	b_free(b);
}

static void
answers_are_out_before_what_is_due_begins(void)
{
	struct bench *b = b_new();

	b_calm_link(b);
	t_clock_add_ms(WATCH_MS);
	tc_put_iface_off(&b->w, 5, 9);
	b_send(b);
	b_turn(b);
	T_EQ(b->calls[CALL_ROOT], 1);
	T_CHECK(b->told_first, "the answer waited");
	T_EQ(b_done(b, 5)->error, 0);
	b_free(b);
}

/* As another program does it. */
static void
somebody_removes_the_tree(struct bench *b, uint32_t ifindex)
{
	struct tc_objects *all = &b->dry.objects;
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++)
		if (all->all[i].ifindex != ifindex)
			all->all[kept++] = all->all[i];
	all->count = kept;
}

static void
a_tree_that_is_gone_is_made_again_and_told(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_calm_link(b);

	somebody_removes_the_tree(b, FIX_IFINDEX);
	t_clock_add_ms(WATCH_MS);
	b_turn(b);
	T_EQ(b_count(b, TC_MSG_DRIFT), 1);
	T_EQ(b_count(b, TC_MSG_LOST), 0);
	T_CHECK(b->dry.objects.count > 0 && !link->lost, "not made again");
	b_free(b);
}

static void
a_tree_that_is_given_up_is_told_once(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_calm_link(b);

	b_other(b, 4);
	link->rebuilds = 5;
	link->rebuilt = os_now();
	somebody_removes_the_tree(b, FIX_IFINDEX);
	t_clock_add_ms(WATCH_MS);
	b_turn(b);
	T_EQ(b_count(b, TC_MSG_LOST), 1);
	for (size_t i = 0; i < b->count; i++)
		if (b->heard[i].type == TC_MSG_LOST) {
			T_EQ(b->heard[i].serial, 0);
			T_EQ(b->heard[i].lost.ifindex, FIX_IFINDEX);
			T_STR(b->heard[i].lost.text,
				"the tree was removed or changed by another "
				"program");
		}
	T_CHECK(link->lost, "managed");
	t_clock_add_ms(WATCH_MS);
	b_turn(b);
	T_EQ(b_count(b, TC_MSG_LOST), 0);
	b_free(b);
}

/* That an interface has gone the engine knows by itself. */
static void
an_interface_that_has_gone_is_noted_only(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_calm_link(b);

	somebody_removes_the_tree(b, FIX_IFINDEX);
	b->refuse = ENODEV;
	t_clock_add_ms(WATCH_MS);
	b_turn(b);
	T_CHECK(link->lost && link->gone, "not gone");
	T_EQ(b_count(b, TC_MSG_NOTE), 1);
	T_EQ(b_count(b, TC_MSG_LOST), 0);
	T_CHECK(strstr(b->heard[0].note, "has gone"), "%s", b->heard[0].note);
	b_free(b);
}

/* ---- what other programs do ---------------------------------------------- */

static void
told_by_netlink(struct bench *b, const struct tc_event *event)
{
	t_event = event;
	t_event_any = true;
	t_event_reads = 0;
	t_poll_ready = TC_SERVE_EVENT;
	b_turn(b);
	t_poll_ready = -1;
	t_event_any = false;
	t_event = NULL;
	T_EQ(t_event_reads, 1);
}

static void
the_end_of_a_root_is_looked_at_in_the_same_turn(void)
{
	struct bench *b = b_new();
	struct tc_event event = { .ifindex = FIX_IFINDEX,
		.gone = true,
		.type = TC_CLASS,
		.handle = tc_classid(TC_MINOR_BEST),
		.port = 4711 };

	b_calm_link(b);
	t_event_reads = 0;
	tc_serve_turn(b->s);
	T_EQ(t_event_reads, 0);
	told_by_netlink(b, &event);
	T_EQ(b->calls[CALL_ROOT], 0);
	event.type = TC_QDISC_ROOT;
	event.handle = TC_ROOT_HANDLE;
	somebody_removes_the_tree(b, FIX_IFINDEX);
	told_by_netlink(b, &event);
	T_EQ(b->calls[CALL_ROOT], 1);
	T_EQ(b_count(b, TC_MSG_DRIFT), 1);
	b_free(b);
}

static void
events_that_cannot_be_read_are_the_end(void)
{
	struct bench *b = b_new();

	b_calm_link(b);
	t_clock_add_ms(WATCH_MS);
	t_event_error = -EIO;
	told_by_netlink(b, NULL);
	t_event_error = 0;
	T_EQ(b->s->error, -EIO);
	T_EQ(b->calls[CALL_ROOT], 0);
	b_free(b);
}

/* A class that is changed is put right, a moment later. */
static void
what_others_changed_is_repaired_and_told(void)
{
	struct bench *b = b_new();
	const struct tc_event event = { .ifindex = FIX_IFINDEX,
		.type = TC_CLASS,
		.handle = tc_classid(TC_MINOR_BEST),
		.parent = tc_classid(TC_MINOR_LINK),
		.port = 4711 };
	struct tc_object *class = NULL;
	struct tc_object before;

	b_calm_link(b);
	for (size_t i = 0; i < b->dry.objects.count; i++)
		if (b->dry.objects.all[i].handle == event.handle &&
			b->dry.objects.all[i].type == TC_CLASS)
			class = &b->dry.objects.all[i];
	T_CHECK(class, "no class");
	before = *class;
	class->htb.rate_Bps++;
	told_by_netlink(b, &event);
	t_clock_add_ms(100);
	b_turn(b);
	T_EQ(b_count(b, TC_MSG_DRIFT), 1);
	T_EQ(class->htb.rate_Bps, before.htb.rate_Bps);
	b_free(b);
}

/* A look at the whole tree takes a tenth of our time at most. */
static void
a_look_that_takes_long_is_not_repeated_at_once(void)
{
	enum { LOOK_MS = 200 };
	struct bench *b = b_new();
	struct tc_link *link = b_calm_link(b);

	b->takes_us = LOOK_MS * 1000;
	told_by_netlink(b, NULL); /* what it was is lost */
	b->s->watch_due = mono_add_ms(os_now(), 60000);
	t_clock_add_ms(100);
	tc_serve_turn(b->s);
	T_EQ(b->calls[CALL_DUMP], 1);
	tc_drift_event(link, NULL, os_now());
	T_CHECK(mono_ms_between(os_now(), tc_drift_next(link)) >= 9 * LOOK_MS,
		"again at once");
	b_free(b);
}

/* What could not be undone is looked at as what others did. */
static void
what_is_unclean_is_looked_at(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_calm_link(b);

	link->unclean = true;
	tc_serve_turn(b->s);
	T_CHECK(!link->unclean, "unclean");
	t_clock_add_ms(100);
	tc_serve_turn(b->s);
	T_EQ(b->calls[CALL_DUMP], 1);
	b_free(b);
}

/* A tree that cannot be put right is given up, and that is told. */
static void
what_cannot_be_repaired_is_given_up_and_told(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_calm_link(b);
	const struct tc_event event = { .ifindex = FIX_IFINDEX,
		.gone = true,
		.type = TC_CLASS,
		.handle = tc_classid(TC_MINOR_BEST),
		.parent = tc_classid(TC_MINOR_LINK),
		.port = 4711 };
	size_t lost = 0;

	for (size_t i = 0; i < b->dry.objects.count; i++)
		if (b->dry.objects.all[i].handle == event.handle &&
			b->dry.objects.all[i].type == TC_CLASS)
			b->dry.objects.all[i] =
				b->dry.objects.all[--b->dry.objects.count];
	b->refuse = EPERM;
	told_by_netlink(b, &event);
	for (int i = 0; i < 200 && !link->lost; i++) {
		t_clock_add_ms(100);
		b_turn(b);
		lost += b_count(b, TC_MSG_LOST);
	}
	T_CHECK(link->lost, "not given up");
	T_EQ(lost, 1);
	b_free(b);
}

/* ---- what is due --------------------------------------------------------- */

/* Whatever is due is done by the turn in which it is: nothing is left over, for
 * which the next one would not wait. */
static void
nothing_that_is_due_is_left(void)
{
	struct bench *b = b_new();
	const struct tc_flow flow = fix_flow(7, 5004);
	size_t steps = 0;

	b_calm_link(b);
	T_EQ(b_add(b, 7, 5004), 0);
	T_EQ(b_add(b, 8, 5006), 0);
	tc_put_flow(&b->w, TC_MSG_FLOW_DEL, 9, &flow);
	b_ask(b);
	while (tc_links_next(&b->s->links).us != MONO_NEVER.us &&
		steps++ < 100) {
		const struct mono next = tc_links_next(&b->s->links);

		if (!mono_reached(next, os_now()))
			t_clock_add_us(next.us - os_now().us);
		tc_serve_turn(b->s);
		T_CHECK(tc_links_next(&b->s->links).us > os_now().us,
			"something due is left");
	}
	T_CHECK(steps > 0 && steps < 100, "%zu steps", steps);
	b_hear(b);
	T_EQ(b_done(b, 9)->error, 0);
	b_free(b);
}

/* A class on its way back is soon used again: the pool is looked at. */
static void
what_has_drained_is_followed_by_a_look_at_the_pool(void)
{
	struct bench *b = b_new();
	const struct tc_flow flow = fix_flow(7, 5004);

	b_calm_link(b);
	T_EQ(b_add(b, 7, 5004), 0);
	tc_put_flow(&b->w, TC_MSG_FLOW_DEL, 9, &flow);
	b_ask(b);
	b->s->idle_due = MONO_NEVER;
	tc_serve_due(b->s);
	T_EQ(b->s->idle_due.us, os_now().us + 20000);
	b_free(b);
}

/* In whichever of the things that are due it fails: nothing more is said to a
 * kernel of which nothing is known. */
static void
after_a_failure_nothing_more_is_asked(void)
{
	for (int last = 0; last < 2; last++) {
		struct bench *b = b_new();
		struct tc_link *link = b_calm_link(b);
		const struct tc_flow flow = fix_flow(7, 5004);

		b_other(b, 4);
		T_EQ(b_add(b, 7, 5004), 0);
		tc_put_flow(&b->w, TC_MSG_FLOW_DEL, 9, &flow);
		b_ask(b);
		tc_drift_event(link, NULL, os_now());
		t_clock_add_ms(WATCH_MS);
		b_forget_calls(b);
		b->fail[last ? CALL_DUMP : CALL_ROOT] = -EIO;
		b->fail[CALL_GET] = last ? -EIO : 0;
		tc_serve_turn(b->s);
		T_EQ(b->s->error, -EIO);
		T_CHECK(b->calls[CALL_ROOT] <= 2, "it went on");
		if (!last) {
			T_EQ(b->calls[CALL_ROOT], 1);
			T_EQ(b->calls[CALL_DUMP] + b->calls[CALL_GET] +
					b->calls[CALL_RUN] +
					b->calls[CALL_STATS],
				0);
		}
		b_free(b);
	}
}

/* ---- the tree of what comes in ------------------------------------------- */

static int
ifb_find(void *arg, const char *name, struct tc_ifb *ret)
{
	(void)name;
	*ret = (struct tc_ifb){ 0 };
	if (*(const uint32_t *)arg != 0)
		*ret = (struct tc_ifb){ IFB, true, true };
	return 0;
}

static int
ifb_up(void *arg, uint32_t ifindex, struct tc_result *ret)
{
	(void)arg;
	(void)ifindex;
	ret->error = 0;
	return 0;
}

static int
ifb_make(void *arg, const char *name, uint32_t mtu, struct tc_result *ret)
{
	(void)name;
	(void)mtu;
	*(uint32_t *)arg = IFB;
	ret->error = 0;
	return 0;
}

static int
ifb_remove(void *arg, uint32_t ifindex, struct tc_result *ret)
{
	T_EQ(ifindex, IFB);
	*(uint32_t *)arg = 0;
	ret->error = 0;
	return 0;
}

static bool
is_incoming(const struct tc_object *o)
{
	return o->ifindex == FIX_IFINDEX &&
	       (o->type == TC_QDISC_INGRESS || o->parent == TC_INGRESS_HANDLE);
}

static size_t
incoming(const struct bench *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->dry.objects.count; i++)
		n += is_incoming(&b->dry.objects.all[i]);
	return n;
}

static void
somebody_removes_what_leads_there(struct bench *b)
{
	struct tc_objects *all = &b->dry.objects;
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++)
		if (!is_incoming(&all->all[i]))
			all->all[kept++] = all->all[i];
	all->count = kept;
}

static void
the_tree_of_what_comes_in_is_looked_after_as_well(void)
{
	static const struct tc_event event = { .ifindex = FIX_IFINDEX,
		.gone = true,
		.type = TC_QDISC_INGRESS,
		.handle = TC_INGRESS_HANDLE,
		.parent = TC_INGRESS_HANDLE,
		.port = 4711 };
	struct bench *b = b_new();
	uint32_t ifb = 0;
	const struct tc_ifbs ifbs = { &ifb, ifb_find, ifb_up, ifb_make,
		ifb_remove };
	struct tc_iface iface = fix_iface();
	size_t before;

	b->acts = true;
	b->s->kernel.ifbs = &ifbs;
	iface.ingress_Bps = 500000;
	T_EQ(b_iface(b, &iface), 0);
	T_EQ(ifb, IFB);
	b->s->watch_due = os_now();
	b_calm(b);
	t_clock_add_ms(WATCH_MS);
	tc_serve_turn(b->s);
	T_EQ(b->calls[CALL_ROOT], 2);
	T_EQ(b->roots[0], FIX_IFINDEX);
	T_EQ(b->roots[1], IFB);
	/* And what leads there. */
	before = incoming(b);
	somebody_removes_what_leads_there(b);
	T_CHECK(incoming(b) == 0 && before > 0, "nothing leads there");
	told_by_netlink(b, &event);
	T_EQ(incoming(b), before);
	T_EQ(b_count(b, TC_MSG_DRIFT), 1);
	b_free(b);
}

/* ---- the background ------------------------------------------------------ */

/* An interface whose pool is empty. */
static struct tc_link *
needs_classes(struct bench *b, uint32_t ifindex, uint32_t count)
{
	struct tc_iface iface = fix_iface();

	iface.ifindex = ifindex;
	iface.name[3] = (char)('0' + ifindex);
	iface.pool_low = iface.pool_high = count;
	T_EQ(b_iface(b, &iface), 0);
	b_forget_calls(b);
	return tc_links_find(&b->s->links, ifindex);
}

static size_t
pooled(const struct tc_link *link)
{
	size_t n = 0;

	for (int i = 0; i < TC_SUBTREES; i++)
		n += link->pools[i].count;
	return n;
}

static void
classes_are_made_ahead_when_nobody_asks(void)
{
	struct bench *b = b_new();
	struct tc_link *link = needs_classes(b, FIX_IFINDEX, 40);
	size_t before = 0;

	b->s->watch_due = mono_add_ms(os_now(), 60000);
	tc_serve_turn(b->s);
	T_EQ(t_poll_ms, TC_SERVE_IDLE_MS + 1);
	T_EQ(pooled(link), 0);
	t_clock_add_ms(TC_SERVE_IDLE_MS);
	while (b->s->idle_due.us != MONO_NEVER.us) {
		tc_serve_turn(b->s);
		T_EQ(t_poll_ms, 0);
		T_CHECK(pooled(link) > before ||
				b->s->idle_due.us == MONO_NEVER.us,
			"a turn without a step");
		before = pooled(link);
	}
	T_EQ(before, 80);
	b_free(b);
}

/* Whoever asks will ask again: what it needs soon is made, class by class, and
 * the rest when it is quiet. */
static void
between_requests_half_of_them_is_made_in_small_steps(void)
{
	struct bench *b = b_new();
	struct tc_link *link = needs_classes(b, FIX_IFINDEX, 40);

	b->s->watch_due = mono_add_ms(os_now(), 60000);
	t_clock_add_ms(TC_SERVE_IDLE_MS);
	link->step = 16;
	tc_put_iface_off(&b->w, 5, 9);
	b_send(b);
	tc_serve_turn(b->s); /* the request and nothing else */
	T_EQ(pooled(link), 0);
	for (size_t i = 1; i <= 40; i++) {
		tc_serve_turn(b->s);
		T_EQ(pooled(link), i);
	}
	tc_serve_turn(b->s);
	T_EQ(pooled(link), 40);
	tc_serve_turn(b->s);
	T_EQ(t_poll_ms, TC_SERVE_IDLE_MS + 1);
	T_EQ(pooled(link), 40);
	t_clock_add_ms(TC_SERVE_IDLE_MS);
	for (int i = 0; i < 12; i++)
		tc_serve_turn(b->s);
	T_EQ(pooled(link), 80);
	b_free(b);
}

/* Steps are small enough that whoever asks meanwhile does not wait. */
static void
steps_that_take_long_become_smaller(void)
{
	struct bench *b = b_new();
	struct tc_link *link = needs_classes(b, FIX_IFINDEX, 400);
	int step;

	b->s->watch_due = mono_add_ms(os_now(), 600000);
	t_clock_add_ms(20);
	for (int i = 0; i < 4; i++)
		tc_serve_turn(b->s);
	step = link->step;
	T_CHECK(step > 1, "it does not grow");
	b->takes_us = 3000;
	tc_serve_turn(b->s);
	T_CHECK(link->step < step, "%d after %d", link->step, step);
	for (int i = 0; i < 10; i++)
		tc_serve_turn(b->s);
	T_EQ(link->step, 1);
	b_free(b);
}

/* What a step of that size took is known of then: it begins small again. */
static void
a_later_need_begins_with_small_steps(void)
{
	struct bench *b = b_new();
	struct tc_link *link = needs_classes(b, FIX_IFINDEX, 100);

	b->s->watch_due = mono_add_ms(os_now(), 600000);
	t_clock_add_ms(TC_SERVE_IDLE_MS);
	for (int i = 0; i < 5; i++)
		tc_serve_turn(b->s);
	T_CHECK(link->step > 8, "it does not grow");
	b_settle(b);
	T_EQ(link->step, 1);
	b_free(b);
}

static void
interfaces_take_turns(void)
{
	struct bench *b = b_new();
	struct tc_link *a = needs_classes(b, FIX_IFINDEX, 200);
	struct tc_link *c = needs_classes(b, 4, 200);
	bool was_a = false;

	b->s->watch_due = mono_add_ms(os_now(), 600000);
	b->takes_us = 3000; /* steps stay small */
	t_clock_add_ms(20);
	for (int i = 0; i < 6; i++) {
		const size_t had_a = pooled(a);
		const size_t had_c = pooled(c);
		bool is_a;

		tc_serve_turn(b->s);
		is_a = pooled(a) > had_a;
		T_CHECK(is_a != (pooled(c) > had_c), "one step a turn");
		T_CHECK(i == 0 || is_a != was_a, "one alone");
		was_a = is_a;
	}
	b_free(b);
}

static void
what_is_due_comes_before_what_can_wait(void)
{
	struct bench *b = b_new();
	struct tc_link *link = needs_classes(b, FIX_IFINDEX, 40);

	b->s->watch_due = mono_add_ms(os_now(), 60000);
	t_clock_add_ms(20);
	tc_drift_event(link, NULL, os_now());
	t_clock_add_ms(100);
	tc_serve_turn(b->s);
	T_EQ(pooled(link), 0);
	tc_serve_turn(b->s);
	T_CHECK(pooled(link) > 0, "it does not go on");
	b_free(b);
}

static void
a_step_that_fails_is_the_end(void)
{
	struct bench *b = b_new();

	needs_classes(b, FIX_IFINDEX, 40);
	needs_classes(b, 4, 40);
	b->s->watch_due = mono_add_ms(os_now(), 60000);
	t_clock_add_ms(20);
	b->fail[CALL_RUN] = -EIO;
	tc_serve_turn(b->s);
	T_EQ(b->s->error, -EIO);
	T_EQ(b->calls[CALL_RUN], 1);
	T_EQ(b->s->idle_due.us, MONO_NEVER.us);
	b_free(b);
}

static struct t_case cases[] = {
	{ "a tree is looked at twice a second",
		a_tree_is_looked_at_twice_a_second },
	{ "answers are out before what is due begins",
		answers_are_out_before_what_is_due_begins },
	{ "a tree that is gone is made again and told",
		a_tree_that_is_gone_is_made_again_and_told },
	{ "a tree that is given up is told once",
		a_tree_that_is_given_up_is_told_once },
	{ "an interface that has gone is noted only",
		an_interface_that_has_gone_is_noted_only },
	{ "the end of a root is looked at in the same turn",
		the_end_of_a_root_is_looked_at_in_the_same_turn },
	{ "events that cannot be read are the end",
		events_that_cannot_be_read_are_the_end },
	{ "what others changed is repaired and told",
		what_others_changed_is_repaired_and_told },
	{ "a look that takes long is not repeated at once",
		a_look_that_takes_long_is_not_repeated_at_once },
	{ "what is unclean is looked at", what_is_unclean_is_looked_at },
	{ "what cannot be repaired is given up and told",
		what_cannot_be_repaired_is_given_up_and_told },
	{ "nothing that is due is left", nothing_that_is_due_is_left },
	{ "what has drained is followed by a look at the pool",
		what_has_drained_is_followed_by_a_look_at_the_pool },
	{ "after a failure nothing more is asked",
		after_a_failure_nothing_more_is_asked },
	{ "the tree of what comes in is looked after as well",
		the_tree_of_what_comes_in_is_looked_after_as_well },
	{ "classes are made ahead when nobody asks",
		classes_are_made_ahead_when_nobody_asks },
	{ "between requests half of them is made, in small steps",
		between_requests_half_of_them_is_made_in_small_steps },
	{ "steps that take long become smaller",
		steps_that_take_long_become_smaller },
	{ "a later need begins with small steps",
		a_later_need_begins_with_small_steps },
	{ "interfaces take turns", interfaces_take_turns },
	{ "what is due comes before what can wait",
		what_is_due_comes_before_what_can_wait },
	{ "a step that fails is the end", a_step_that_fails_is_the_end },
};
T_MAIN(cases)
