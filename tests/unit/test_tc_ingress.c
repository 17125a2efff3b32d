/* SPDX-License-Identifier: ISC */

/* What comes in, shaped: over a kernel that only remembers. */

#include "tc_ingress_t.h"

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

/* A preference of u32 that they have emptied. */
static void
add_empty(struct host *h)
{
	struct tc_object *o = tc_objects_add(&h->f->dry.objects);

	*o = (struct tc_object){ .type = TC_FILTER,
		.ifindex = FIX_IFINDEX,
		.handle = UINT32_C(0x850) << TC_U32_TABLE_SHIFT,
		.parent = TC_INGRESS_HANDLE,
		.pref = 77,
		.protocol = 0x800,
		.kind = &tc_kind_u32 };
	o->u32.divisor = 1;
}

static void
an_empty_preference_of_others_stays(void)
{
	struct host *h = host_new();
	struct tc_iface conf = shaped(RATE);

	add_foreign(h);
	add_empty(h);
	conf.take_over = true;
	T_EQ(announce(h, &conf).error, 0);
	T_EQ(redirects(h, h->ifindex), 1);
	T_CHECK(on(h, FIX_IFINDEX, TC_FILTER, 0x85000000), "with ours");
	conf.ingress_Bps = 0;
	T_EQ(announce(h, &conf).error, 0);
	T_EQ(redirects(h, h->ifindex), 0);
	T_CHECK(on(h, FIX_IFINDEX, TC_FILTER, 0x85000000), "without ours");
	host_free(h);
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

/* A conversation that fails at the n-th question, whichever it is. */
static struct {
	struct tc_kernel real;
	size_t asked;
	size_t fail_at;
} line;

static bool
fails(void)
{
	return ++line.asked == line.fail_at;
}

static int
cut_run(void *arg, const struct tc_op *ops, size_t count, struct tc_result *ret)
{
	return fails() ? -EPIPE : line.real.run(arg, ops, count, ret);
}

static int
cut_incoming(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	return fails() ? -EPIPE : line.real.dump_incoming(arg, ifindex, into);
}

static int
cut_root(void *arg, uint32_t ifindex, uint32_t *ret_handle)
{
	return fails() ? -EPIPE : line.real.root(arg, ifindex, ret_handle);
}

static struct host *
host_cut_at(size_t n)
{
	struct host *h = host_new();

	line.real = h->f->kernel;
	line.asked = 0;
	line.fail_at = n;
	h->f->kernel.run = cut_run;
	h->f->kernel.dump_incoming = cut_incoming;
	h->f->kernel.root = cut_root;
	return h;
}

/* It is told, and not taken for a refusal: nobody knows what was done. */
static void
a_conversation_that_fails_is_told(void)
{
	const struct tc_iface conf = shaped(RATE);
	size_t questions = 0;

	for (size_t n = 0; n == 0 || n <= questions; n++) {
		struct host *h = host_cut_at(n);
		const struct tc_announcement a = { .conf = &conf,
			.serial = 1,
			.kernel = &h->f->kernel,
			.listener = &h->f->listener };
		struct tc_done done;

		T_EQ(tc_links_announce(&h->links, &a, &done),
			n == 0 ? 0 : -EPIPE);
		T_EQ(h->f->ear.notes, 0);
		if (n == 0)
			questions = line.asked;
		host_free(h);
	}
	T_CHECK(questions > 5, "%zu questions", questions);
	for (size_t n = 0; n == 0 || n <= questions; n++) {
		struct host *h = host_cut_at(0);
		struct tc_done done;

		opened(h, RATE);
		line.asked = 0;
		line.fail_at = n;
		T_EQ(tc_links_give_back(
			     &h->links, &h->f->kernel, FIX_IFINDEX, &done),
			n == 0 ? 0 : -EPIPE);
		if (n == 0)
			questions = line.asked;
		host_free(h);
	}
	T_CHECK(questions > 3, "%zu questions", questions);
}

static void
what_stays_shaped_is_said(void)
{
	struct host *h = host_new();

	opened(h, RATE);
	h->steps = 0;
	h->refuse_at = 1;
	opened(h, 0);
	T_CHECK(strstr(h->f->ear.note, "eth0: what comes in is still shaped: "),
		"%s", h->f->ear.note);
	T_EQ(redirects(h, IFB), 1);
	host_free(h);
}

/* Given back, interfaces make room for others. */
static void
there_are_at_most_so_many_interfaces(void)
{
	enum { MOST = 256 };
	struct host *h = host_new();
	struct tc_iface conf = fix_iface();
	struct tc_done done;

	conf.pool_low = conf.pool_high = 0;
	for (uint32_t i = 1; i <= MOST; i++) {
		conf.ifindex = i;
		done = announce(h, &conf);
		T_CHECK(done.error == 0, "%u: %s", i, done.text);
		/* What others have does not count, and takes time to find. */
		h->f->dry.objects.count = 0;
	}
	conf.ifindex = MOST + 1;
	done = announce(h, &conf);
	T_EQ(done.error, ENOMEM);
	T_CHECK(strstr(done.text, "too many interfaces"), "%s", done.text);
	T_EQ(tc_links_give_back(&h->links, &h->f->kernel, 7, &done), 0);
	T_EQ(tc_links_give_back(&h->links, &h->f->kernel, 7, &done), 0);
	T_EQ(announce(h, &conf).error, 0);
	conf.ifindex = 7;
	T_EQ(announce(h, &conf).error, ENOMEM);
	host_free(h);
}

/* Whether a root is touched: then watch.c looks. */
static void
events_tell_of_roots(void)
{
	struct host *h = host_new();
	const struct mono now = { 1000000 };
	struct tc_event e = { .ifindex = FIX_IFINDEX,
		.type = TC_FILTER,
		.handle = 1,
		.parent = TC_ROOT_HANDLE };

	opened(h, RATE);
	T_CHECK(!tc_links_event(&h->links, &e, now), "a filter");
	e.type = TC_QDISC_ROOT;
	T_CHECK(tc_links_event(&h->links, &e, now), "a root");
	e.ifindex = IFB;
	T_CHECK(tc_links_event(&h->links, &e, now), "the root of the ifb");
	e.ifindex = 99;
	T_CHECK(!tc_links_event(&h->links, &e, now), "a root elsewhere");
	e = (struct tc_event){ .ifindex = FIX_IFINDEX, .link = true };
	T_CHECK(!tc_links_event(&h->links, &e, now), "a link set down");
	e.gone = true;
	T_CHECK(tc_links_event(&h->links, &e, now), "a link that has gone");
	T_CHECK(tc_links_event(&h->links, NULL, now), "events were lost");
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
	{ "an empty preference of others stays",
		an_empty_preference_of_others_stays },
	{ "a name that is taken and no ifb are said",
		a_name_that_is_taken_and_no_ifb_are_said },
	{ "an ifb of ours is not managed for others",
		an_ifb_of_ours_is_not_managed_for_others },
	{ "a conversation that fails is told",
		a_conversation_that_fails_is_told },
	{ "what stays shaped is said", what_stays_shaped_is_said },
	{ "there are at most so many interfaces",
		there_are_at_most_so_many_interfaces },
	{ "events tell of roots", events_tell_of_roots },
	{ "a refusal at any step leaves nothing",
		a_refusal_at_any_step_leaves_nothing },
};

T_MAIN(cases)
