/* SPDX-License-Identifier: ISC */

/* What others do where what comes in is shaped, and how it is put right. */

#include "tc_ingress_t.h"

static void
told_of_incoming(struct host *h, struct tc_link *link)
{
	const struct tc_event event = { .ifindex = FIX_IFINDEX,
		.gone = true,
		.type = TC_FILTER,
		.parent = TC_INGRESS_HANDLE,
		.port = 4711 };

	(void)tc_links_event(&h->links, &event, h->f->now);
	T_CHECK(link->ingress.pending, "not seen");
}

/* What is due next. */
static void
step(struct host *h, struct tc_link *link)
{
	T_EQ(tc_links_next(&h->links).us, tc_ingress_next(link).us);
	h->f->now = tc_ingress_next(link);
	T_EQ(tc_ingress_step(link, &h->f->kernel, h->f->now, &h->f->listener),
		0);
}

static void
settle(struct host *h, struct tc_link *link)
{
	step(h, link);
	T_EQ(tc_ingress_next(link).us, MONO_NEVER.us);
}

static void
remove_filters(struct host *h)
{
	struct tc_objects *all = &h->f->dry.objects;
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++)
		if (all->all[i].parent != TC_INGRESS_HANDLE)
			all->all[kept++] = all->all[i];
	all->count = kept;
}

static void
a_filter_that_others_delete_comes_back_and_is_told(void)
{
	struct host *h = host_new();
	struct tc_link *link = opened(h, RATE);
	const struct tc_drift_report *told = h->f->ear.drifts;

	remove_filters(h);
	told_of_incoming(h, link);
	T_EQ(tc_ingress_next(link).us, h->f->now.us); /* at once */
	settle(h, link);
	T_EQ(redirects(h, IFB), 1);
	T_EQ(h->f->ear.drift_count, 1);
	T_EQ(told->ifindex, FIX_IFINDEX);
	T_CHECK(strstr(told->text, "eth0: another program (netlink port 4711)"),
		"%s", told->text);
	T_CHECK(strstr(told->text, "repaired: add filter"), "%s", told->text);
	/* Nothing was done: nothing is said. */
	told_of_incoming(h, link);
	settle(h, link);
	T_EQ(h->f->ear.drift_count, 1);
	host_free(h);
}

static void
an_ifb_that_others_delete_is_made_again(void)
{
	struct host *h = host_new();
	struct tc_link *link = opened(h, RATE);
	const struct tc_event event = {
		.ifindex = IFB, .link = true, .gone = true
	};

	lose_ifb(h);
	T_CHECK(!tc_links_event(&h->links, &event, h->f->now) ||
			link->ingress.pending,
		"not seen");
	settle(h, link);
	T_EQ(h->ifindex, IFB + 1);
	T_EQ(redirects(h, IFB + 1), 1);
	T_EQ(redirects(h, IFB), 0);
	for (size_t i = 0; i < h->f->dry.objects.count; i++)
		T_CHECK(h->f->dry.objects.all[i].kind != &tc_kind_other,
			"what leads nowhere is there");
	T_CHECK(on(h, IFB + 1, TC_CLASS, tc_classid(TC_MINOR_BEST)), "tree");
	T_CHECK(strstr(h->f->ear.drifts[0].text, "add interface ifb-eth0"),
		"%s", h->f->ear.drifts[0].text);
	host_free(h);
}

/* Another program has set it down. */
static void
is_down(struct host *h, struct tc_link *link)
{
	const struct tc_event event = {
		.ifindex = IFB, .link = true, .port = 4711
	};

	h->down = true;
	T_CHECK(!tc_links_event(&h->links, &event, h->f->now),
		"no tree has gone");
	T_CHECK(link->ingress.pending, "not seen");
}

static void
set_down(struct host *h, struct tc_link *link)
{
	is_down(h, link);
	settle(h, link);
}

static void
an_ifb_that_others_set_down_is_up_again(void)
{
	struct host *h = host_new();
	struct tc_link *link = opened(h, RATE);
	size_t before = h->steps;

	set_down(h, link);
	T_CHECK(!h->down, "down");
	T_EQ(h->ifindex, IFB);
	T_EQ(h->raised, 1);
	T_EQ(h->steps, before); /* its tree and the way there stay */
	T_EQ(h->f->ear.drift_count, 1);
	T_STR(h->f->ear.drifts[0].text,
		"eth0: another program (netlink port 4711) changed where what "
		"comes in is shaped: repaired: set interface ifb-eth0 up");
	/* Up again before we looked: nothing to be said. */
	told_of_incoming(h, link);
	settle(h, link);
	T_EQ(h->raised, 1);
	T_EQ(h->f->ear.drift_count, 1);
	/* As long as we were away. */
	tc_links_done(&h->links);
	h->down = true;
	opened(h, RATE);
	T_CHECK(!h->down, "down after a restart");
	T_EQ(h->made, 1);
	host_free(h);
}

/* What is down drops all that comes in: better not shaped than that. */
static void
an_ifb_that_stays_down_is_given_up(void)
{
	struct host *h = host_new();
	struct tc_link *link = opened(h, RATE);

	h->refuse = EPERM;
	is_down(h, link);
	step(h, link);
	T_EQ(redirects(h, IFB), 0);
	T_EQ(h->ifindex, 0);
	T_CHECK(strstr(h->f->ear.drifts[0].text,
			"not repaired, to be tried again: its ifb cannot be "
			"set up: "),
		"%s", h->f->ear.drifts[0].text);
	host_free(h);
}

static int64_t
step_after_ms(struct host *h, struct tc_link *link)
{
	const struct mono before = h->f->now;

	step(h, link);
	return mono_ms_between(before, h->f->now);
}

static void
a_repair_that_is_refused_is_tried_again(void)
{
	struct host *h = host_new();
	struct tc_link *link = opened(h, RATE);

	h->f->now = mono_add_ms(h->f->now, 1000000);
	lose_ifb(h);
	h->refuse = ENOMEM;
	told_of_incoming(h, link);
	T_EQ(step_after_ms(h, link), 0);
	for (int i = 1; i <= 5; i++)
		T_EQ(step_after_ms(h, link), 100 << i);
	/* Six were enough for this minute. */
	T_EQ(step_after_ms(h, link), 6400);
	T_EQ(step_after_ms(h, link), 60000 - 6200 - 6400);
	T_EQ(step_after_ms(h, link), 200);
	T_EQ(h->f->ear.drift_count, 1); /* told once */
	T_CHECK(strstr(h->f->ear.drifts[0].text, "tried again: no ifb can be "),
		"%s", h->f->ear.drifts[0].text);
	h->refuse = 0;
	T_EQ(step_after_ms(h, link), 400);
	T_EQ(tc_ingress_next(link).us, MONO_NEVER.us);
	T_EQ(redirects(h, IFB + 1), 1);
	T_EQ(h->f->ear.drift_count, 2);
	T_CHECK(strstr(h->f->ear.drifts[1].text, "repaired: add interface"),
		"%s", h->f->ear.drifts[1].text);
	/* Another failure is another story. */
	h->refuse = EPERM;
	h->down = true;
	told_of_incoming(h, link);
	step(h, link);
	T_EQ(h->f->ear.drift_count, 3);
	host_free(h);
}

/* Not at the end of the minute: something has changed. */
static void
what_happens_meanwhile_has_it_tried_again_soon(void)
{
	struct host *h = host_new();
	struct tc_link *link = opened(h, RATE);

	lose_ifb(h);
	h->refuse = ENOMEM;
	told_of_incoming(h, link);
	for (int i = 0; i < 7; i++)
		step(h, link);
	h->refuse = 0;
	told_of_incoming(h, link);
	T_EQ(step_after_ms(h, link), 3200);
	T_EQ(redirects(h, IFB + 1), 1);
	host_free(h);
}

/* What nobody asks for any more is not tried. */
static void
a_refused_repair_ends_with_the_key(void)
{
	struct host *h = host_new();
	struct tc_link *link = opened(h, RATE);
	const struct tc_iface without = shaped(0);

	lose_ifb(h);
	h->refuse = ENOMEM;
	told_of_incoming(h, link);
	step(h, link);
	T_CHECK(link->ingress.pending, "to be tried again");
	T_EQ(announce(h, &link->conf).error, 0);
	T_CHECK(link->ingress.pending, "also after other settings");
	T_EQ(announce(h, &without).error, 0);
	T_EQ(tc_ingress_next(link).us, MONO_NEVER.us);
	host_free(h);
}

static void
who_insists_wins_for_a_minute(void)
{
	struct host *h = host_new();
	struct tc_link *link = opened(h, RATE);

	for (int i = 0; i < 6; i++) {
		remove_filters(h);
		told_of_incoming(h, link);
		settle(h, link);
		T_EQ(redirects(h, IFB), 1);
	}
	T_EQ(h->f->ear.drift_count, 6);
	T_CHECK(strstr(h->f->ear.drifts[5].text, "not again for a minute"),
		"%s", h->f->ear.drifts[5].text);
	remove_filters(h);
	told_of_incoming(h, link);
	step(h, link);
	T_EQ(redirects(h, IFB), 0);
	T_EQ(h->f->ear.drift_count, 6);
	told_of_incoming(h, link);
	settle(h, link);
	T_EQ(h->f->now.us, 60000000); /* the minute began with the clock */
	T_EQ(redirects(h, IFB + 1), 1);
	T_EQ(h->f->ear.drift_count, 7);
	host_free(h);
}

/* Nothing goes there meanwhile: it would be lost. */
static void
who_insists_on_it_being_down_loses_no_packets(void)
{
	struct host *h = host_new();
	struct tc_link *link = opened(h, RATE);

	for (int i = 0; i < 6; i++) {
		set_down(h, link);
		T_CHECK(!h->down, "down");
	}
	is_down(h, link);
	step(h, link);
	T_EQ(redirects(h, IFB), 0);
	T_EQ(h->ifindex, 0);
	h->down = false; /* another one is made */
	settle(h, link);
	T_EQ(redirects(h, IFB + 1), 1);
	host_free(h);
}

static void
what_happens_elsewhere_is_no_matter(void)
{
	struct host *h = host_new();
	struct tc_link *link = opened(h, RATE);
	struct tc_event event = { .ifindex = FIX_IFINDEX,
		.type = TC_FILTER,
		.parent = TC_ROOT_HANDLE };

	(void)tc_links_event(&h->links, &event, h->f->now);
	T_CHECK(!link->ingress.pending, "the other side");
	event.parent = TC_INGRESS_HANDLE;
	event.ifindex = 9;
	(void)tc_links_event(&h->links, &event, h->f->now);
	T_CHECK(!link->ingress.pending, "another interface");
	event.link = true;
	(void)tc_links_event(&h->links, &event, h->f->now);
	T_CHECK(!link->ingress.pending, "another interface goes");
	(void)tc_links_event(&h->links, NULL, h->f->now);
	T_CHECK(link->ingress.pending, "events were lost");
	host_free(h);
}

static struct t_case cases[] = {
	{ "a filter that others delete comes back and is told",
		a_filter_that_others_delete_comes_back_and_is_told },
	{ "an ifb that others delete is made again",
		an_ifb_that_others_delete_is_made_again },
	{ "an ifb that others set down is up again",
		an_ifb_that_others_set_down_is_up_again },
	{ "an ifb that stays down is given up",
		an_ifb_that_stays_down_is_given_up },
	{ "a repair that is refused is tried again",
		a_repair_that_is_refused_is_tried_again },
	{ "what happens meanwhile has it tried again soon",
		what_happens_meanwhile_has_it_tried_again_soon },
	{ "a refused repair ends with the key",
		a_refused_repair_ends_with_the_key },
	{ "who insists wins for a minute", who_insists_wins_for_a_minute },
	{ "who insists on it being down loses no packets",
		who_insists_on_it_being_down_loses_no_packets },
	{ "what happens elsewhere is no matter",
		what_happens_elsewhere_is_no_matter },
};

T_MAIN(cases)
