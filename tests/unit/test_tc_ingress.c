/* SPDX-License-Identifier: ISC */

/* What comes in, shaped: over a kernel that only remembers. */

#include "tc_fixture.h"
#include "tcctl/ingress_int.h"
#include "tcctl/links_int.h"

#include <errno.h>

enum { IFB = 50, RATE = 500000 };

/* Interfaces of the host: one name at most. */
struct host {
	struct fix *f;
	char name[TC_NAME];
	uint32_t ifindex; /* 0: none */
	bool is_ifb;
	bool down;
	int refuse;
	size_t raised;
	size_t made;
	size_t removed;
	uint32_t mtu;
	struct tc_ifbs ifbs;
	struct tc_links links;
	size_t steps;     /* operations so far */
	size_t refuse_at; /* 0: none */
};

static int
host_find(void *arg, const char *name, struct tc_ifb *ret)
{
	const struct host *h = (const struct host *)arg;

	*ret = (struct tc_ifb){ 0 };
	if (h->ifindex != 0 && strcmp(h->name, name) == 0)
		*ret = (struct tc_ifb){ h->ifindex, h->is_ifb, !h->down };
	return 0;
}

static int
host_up(void *arg, uint32_t ifindex, struct tc_result *ret)
{
	struct host *h = (struct host *)arg;

	T_EQ(ifindex, h->ifindex);
	T_CHECK(h->down, "it is up");
	ret->error = h->refuse;
	h->down = h->refuse != 0;
	h->raised++;
	return 0;
}

static int
host_make(void *arg, const char *name, uint32_t mtu, struct tc_result *ret)
{
	struct host *h = (struct host *)arg;

	ret->error = h->refuse;
	if (h->refuse != 0)
		return 0;
	T_CHECK(h->ifindex == 0, "there is one");
	(void)text_copy(h->name, sizeof(h->name), name);
	h->mtu = mtu;
	h->is_ifb = true;
	h->ifindex = IFB + (uint32_t)h->made++;
	return 0;
}

/* With all that is on it, and the kernel forgets who led there. */
static void
lose_ifb(struct host *h)
{
	struct tc_objects *all = &h->f->dry.objects;
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++)
		if (all->all[i].ifindex != h->ifindex)
			all->all[kept++] = all->all[i];
	all->count = kept;
	h->ifindex = 0;
	for (size_t i = 0; i < kept; i++) {
		struct tc_object *o = &all->all[i];

		if (o->type != TC_FILTER || o->parent != TC_INGRESS_HANDLE ||
			!o->extra)
			continue;
		/* As a dump shows it: it leads nowhere. */
		o->kind = &tc_kind_other;
		o->extra = NULL;
		memset(o->name, 0, sizeof(o->name));
		(void)text_copy(o->name, sizeof(o->name), "u32/mirred");
	}
}

static int
host_remove(void *arg, uint32_t ifindex, struct tc_result *ret)
{
	struct host *h = (struct host *)arg;

	(void)ret;
	T_EQ(ifindex, h->ifindex);
	lose_ifb(h);
	h->removed++;
	return 0;
}

static struct tc_kernel behind;

static int
run(void *arg, const struct tc_op *ops, size_t count, struct tc_result *ret)
{
	struct host *h = (struct host *)arg;

	for (size_t i = 0; i < count; i++) {
		ret[i] = (struct tc_result){ .error = ENOSPC };
		if (++h->steps != h->refuse_at)
			T_EQ(behind.run(&h->f->dry, &ops[i], 1, &ret[i]), 0);
	}
	return 0;
}

static int
dump(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	return behind.dump(&((struct host *)arg)->f->dry, ifindex, into);
}

static int
dump_incoming(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	return behind.dump_incoming(
		&((struct host *)arg)->f->dry, ifindex, into);
}

static int
root(void *arg, uint32_t ifindex, uint32_t *ret_handle)
{
	return behind.root(&((struct host *)arg)->f->dry, ifindex, ret_handle);
}

static int
stats_all(void *arg, uint32_t ifindex, tc_stats_fn *tell, void *tell_arg)
{
	return behind.stats_all(
		&((struct host *)arg)->f->dry, ifindex, tell, tell_arg);
}

static struct host *
host_new(void)
{
	struct host *h = (struct host *)calloc(1, sizeof(*h));

	T_CHECK(h != NULL, "memory");
	h->f = fix_new();
	behind = h->f->kernel;
	h->ifbs = (struct tc_ifbs){ h, host_find, host_up, host_make,
		host_remove };
	h->f->kernel = (struct tc_kernel){ .arg = h,
		.run = run,
		.dump = dump,
		.stats_all = stats_all,
		.root = root,
		.dump_incoming = dump_incoming,
		.ifbs = &h->ifbs };
	tc_links_init(&h->links, alloc_heap());
	return h;
}

static void
host_free(struct host *h)
{
	tc_links_done(&h->links);
	fix_free(h->f);
	free(h);
}

static struct tc_iface
shaped(uint64_t rate_Bps)
{
	struct tc_iface iface = fix_iface();

	iface.ingress_Bps = rate_Bps;
	return iface;
}

static struct tc_done
announce(struct host *h, const struct tc_iface *conf)
{
	const struct tc_announcement a = { .conf = conf,
		.serial = 1,
		.kernel = &h->f->kernel,
		.listener = &h->f->listener };
	struct tc_done done;

	T_EQ(tc_links_announce(&h->links, &a, &done), 0);
	return done;
}

static struct tc_link *
opened(struct host *h, uint64_t rate_Bps)
{
	const struct tc_iface conf = shaped(rate_Bps);

	T_EQ(announce(h, &conf).error, 0);
	return tc_links_find(&h->links, FIX_IFINDEX);
}

static const struct tc_object *
on(const struct host *h, uint32_t ifindex, enum tc_type type, uint32_t handle)
{
	const struct tc_objects *all = &h->f->dry.objects;

	for (size_t i = 0; i < all->count; i++)
		if (all->all[i].ifindex == ifindex &&
			all->all[i].type == type &&
			(handle == 0 || all->all[i].handle == handle))
			return &all->all[i];
	return NULL;
}

/* Filters of the incoming side that redirect, and where to. */
static size_t
redirects(const struct host *h, uint32_t to)
{
	const struct tc_objects *all = &h->f->dry.objects;
	size_t n = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct tc_object *o = &all->all[i];

		n += o->type == TC_FILTER && o->ifindex == FIX_IFINDEX &&
		     o->parent == TC_INGRESS_HANDLE && o->extra &&
		     o->extra->action_count == 1 &&
		     o->extra->actions[0].kind == &tc_action_mirred &&
		     o->extra->actions[0].control == TC_VERDICT_STOLEN &&
		     o->extra->actions[0].mirred.way == TC_MIRRED_REDIRECT &&
		     o->extra->actions[0].mirred.ifindex == to;
	}
	return n;
}

static void
nothing_is_there(const struct host *h)
{
	T_CHECK(!on(h, FIX_IFINDEX, TC_QDISC_INGRESS, 0), "ingress");
	T_EQ(redirects(h, IFB), 0);
	T_EQ(h->ifindex, 0);
}

static void
what_comes_in_goes_through_a_tree_of_its_own(void)
{
	struct host *h = host_new();
	const struct tc_object *c;

	opened(h, RATE);
	T_EQ(h->f->ear.notes, 0);
	T_STR(h->name, "ifb-eth0");
	T_EQ(h->mtu, 1500);
	T_EQ(redirects(h, IFB), 1);
	c = on(h, IFB, TC_CLASS, tc_classid(TC_MINOR_LINK));
	T_CHECK(c, "no tree");
	T_EQ(c->htb.rate_Bps, RATE);
	T_EQ(c->htb.ceil_Bps, RATE);
	T_EQ(c->htb.overhead, 24);
	c = on(h, IFB, TC_CLASS, tc_classid(TC_MINOR_CONTROL));
	T_EQ(c->htb.rate_Bps, 8000);
	c = on(h, IFB, TC_CLASS, tc_classid(TC_MINOR_BEST));
	T_EQ(c->htb.rate_Bps, RATE - 8000);
	T_CHECK(on(h, IFB, TC_QDISC_LEAF, tc_leaf_handle(TC_MINOR_BEST)),
		"no leaf");
	/* What leads RSVP to its class. */
	T_CHECK(on(h, IFB, TC_FILTER, 0), "no filters");
	host_free(h);
}

static void
without_a_rate_nothing_is_made(void)
{
	struct host *h = host_new();

	opened(h, 0);
	T_EQ(h->made, 0);
	nothing_is_there(h);
	host_free(h);
}

static void
a_long_name_becomes_a_number(void)
{
	struct tc_iface iface = fix_iface();
	char name[TC_NAME];

	(void)text_copy(iface.name, sizeof(iface.name), "enp0s20f0u1");
	tc_ingress_name(&iface, name);
	T_STR(name, "ifb-enp0s20f0u1");
	(void)text_copy(iface.name, sizeof(iface.name), "enp0s20f0u12");
	tc_ingress_name(&iface, name);
	T_STR(name, "ifb-3");
}

static void
the_same_again_changes_nothing(void)
{
	struct host *h = host_new();
	size_t before;

	opened(h, RATE);
	before = h->steps;
	opened(h, RATE);
	T_EQ(h->steps, before);
	/* The next tcctl. */
	tc_links_done(&h->links);
	opened(h, RATE);
	T_EQ(h->steps, before);
	T_EQ(h->made, 1);
	host_free(h);
}

static void
another_rate_is_a_change_of_the_tree(void)
{
	struct host *h = host_new();

	opened(h, RATE);
	opened(h, 2 * RATE);
	T_EQ(on(h, IFB, TC_CLASS, tc_classid(TC_MINOR_LINK))->htb.rate_Bps,
		2 * RATE);
	T_EQ(h->made, 1);
	T_EQ(redirects(h, IFB), 1);
	/* A slow link gives control half of it at most. */
	opened(h, 10000);
	T_EQ(on(h, IFB, TC_CLASS, tc_classid(TC_MINOR_CONTROL))->htb.rate_Bps,
		5000);
	host_free(h);
}

static void
it_goes_with_the_key_and_with_the_interface(void)
{
	struct host *h = host_new();
	struct tc_done done;

	opened(h, RATE);
	opened(h, 0);
	nothing_is_there(h);
	opened(h, RATE);
	tc_links_done(&h->links);
	opened(h, 0); /* the key went while nobody looked */
	nothing_is_there(h);
	opened(h, RATE);
	T_EQ(tc_links_give_back(&h->links, &h->f->kernel, FIX_IFINDEX, &done),
		0);
	T_EQ(done.error, 0);
	nothing_is_there(h);
	T_EQ(h->removed, 3);
	T_EQ(h->f->dry.objects.count, 0);
	host_free(h);
}

static void
add_foreign(struct host *h)
{
	struct tc_object *q = tc_objects_add(&h->f->dry.objects);
	struct tc_object *o;

	*q = (struct tc_object){ .type = TC_QDISC_INGRESS,
		.ifindex = FIX_IFINDEX,
		.handle = TC_INGRESS_HANDLE,
		.parent = TC_INGRESS_PARENT,
		.kind = &tc_kind_ingress };
	o = tc_objects_add(&h->f->dry.objects);
	*o = (struct tc_object){ .type = TC_FILTER,
		.ifindex = FIX_IFINDEX,
		.handle = 1,
		.parent = TC_INGRESS_HANDLE,
		.pref = 7,
		.protocol = 3,
		.kind = &tc_kind_matchall };
}

static void
filters_of_others_are_not_touched_without_being_told(void)
{
	struct host *h = host_new();
	struct tc_iface conf = shaped(RATE);

	add_foreign(h);
	T_EQ(announce(h, &conf).error, 0);
	T_EQ(h->f->ear.notes, 1);
	T_CHECK(strstr(h->f->ear.note, "eth0: what comes in is not shaped"),
		"%s", h->f->ear.note);
	T_CHECK(strstr(h->f->ear.note, "takeOver"), "%s", h->f->ear.note);
	T_EQ(redirects(h, IFB), 0);
	T_EQ(h->ifindex, 0);
	conf.take_over = true;
	T_EQ(announce(h, &conf).error, 0);
	T_EQ(redirects(h, h->ifindex), 1);
	conf.ingress_Bps = 0;
	T_EQ(announce(h, &conf).error, 0);
	T_EQ(redirects(h, h->ifindex), 0);
	T_CHECK(on(h, FIX_IFINDEX, TC_QDISC_INGRESS, 0), "their qdisc");
	T_CHECK(on(h, FIX_IFINDEX, TC_FILTER, 1), "their filter");
	host_free(h);
}

static void
a_name_that_is_taken_and_no_ifb_are_said(void)
{
	struct host *h = host_new();

	(void)text_copy(h->name, sizeof(h->name), "ifb-eth0");
	h->ifindex = 77;
	opened(h, RATE);
	T_CHECK(strstr(h->f->ear.note, "is no ifb"), "%s", h->f->ear.note);
	T_EQ(h->ifindex, 77);
	h->ifindex = 0;
	h->refuse = EOPNOTSUPP;
	opened(h, RATE);
	T_CHECK(strstr(h->f->ear.note, "no ifb can be made"), "%s",
		h->f->ear.note);
	T_CHECK(!on(h, FIX_IFINDEX, TC_QDISC_INGRESS, 0), "ingress");
	host_free(h);
}

static void
an_ifb_of_ours_is_not_managed_for_others(void)
{
	struct host *h = host_new();
	struct tc_iface conf = fix_iface();

	opened(h, RATE);
	conf.ifindex = IFB;
	T_EQ(announce(h, &conf).error, EBUSY);
	host_free(h);
}

/* Whichever operation is refused: shaped as asked for, or not at all. */
static void
a_refusal_at_any_step_leaves_nothing(void)
{
	size_t steps = 0;

	for (size_t n = 1; n == 1 || n <= steps; n++) {
		struct host *h = host_new();

		opened(h, 0);
		h->steps = 0;
		h->refuse_at = n;
		opened(h, RATE);
		if (n == 1)
			steps = h->steps > 20 ? h->steps : 60;
		if (h->f->ear.notes > 0)
			nothing_is_there(h);
		else
			T_EQ(redirects(h, IFB), 1);
		host_free(h);
	}
}

/* ---- what others do ------------------------------------------------------ */

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
	T_EQ(tc_ingress_step(link, &h->f->kernel, &h->f->listener), 0);
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
	set_down(h, link);
	T_EQ(redirects(h, IFB), 0);
	T_EQ(h->ifindex, 0);
	T_CHECK(strstr(h->f->ear.drifts[0].text,
			"not repaired: its ifb cannot be set up: "),
		"%s", h->f->ear.drifts[0].text);
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
	{ "what comes in goes through a tree of its own",
		what_comes_in_goes_through_a_tree_of_its_own },
	{ "without a rate nothing is made", without_a_rate_nothing_is_made },
	{ "a long name becomes a number", a_long_name_becomes_a_number },
	{ "the same again changes nothing", the_same_again_changes_nothing },
	{ "another rate is a change of the tree",
		another_rate_is_a_change_of_the_tree },
	{ "it goes with the key and with the interface",
		it_goes_with_the_key_and_with_the_interface },
	{ "filters of others are not touched without being told",
		filters_of_others_are_not_touched_without_being_told },
	{ "a name that is taken and no ifb are said",
		a_name_that_is_taken_and_no_ifb_are_said },
	{ "an ifb of ours is not managed for others",
		an_ifb_of_ours_is_not_managed_for_others },
	{ "a refusal at any step leaves nothing",
		a_refusal_at_any_step_leaves_nothing },
	{ "a filter that others delete comes back and is told",
		a_filter_that_others_delete_comes_back_and_is_told },
	{ "an ifb that others delete is made again",
		an_ifb_that_others_delete_is_made_again },
	{ "an ifb that others set down is up again",
		an_ifb_that_others_set_down_is_up_again },
	{ "an ifb that stays down is given up",
		an_ifb_that_stays_down_is_given_up },
	{ "who insists wins for a minute", who_insists_wins_for_a_minute },
	{ "who insists on it being down loses no packets",
		who_insists_on_it_being_down_loses_no_packets },
	{ "what happens elsewhere is no matter",
		what_happens_elsewhere_is_no_matter },
};

T_MAIN(cases)
