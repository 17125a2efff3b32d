/* SPDX-License-Identifier: ISC */

/* Flows by flower: tcctl/filter_flower.c, classifier.c, handles.c, reclass.c,
 * and what adoption makes of them. */

#include "tc_busy.h"
#include "tc_layer.h"

#include <errno.h>

static struct tc_iface
iface_by(uint8_t classifier)
{
	struct tc_iface iface = fix_iface();

	iface.classifier = classifier;
	return iface;
}

/* Refuses the n-th operation, and filters of flower if there is none. */
struct strict {
	struct layer layer;
	size_t calls;
	size_t refused; /* counted from 1; 0: none */
	bool no_flower;
};

static int
strict_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct strict *s = (struct strict *)arg;

	for (size_t i = 0; i < count; i++) {
		const struct tc_object *o = tc_op_object(&ops[i]);

		if (++s->calls == s->refused)
			ret_results[i] =
				(struct tc_result){ ENOSPC, "no more room" };
		else if (s->no_flower && o->kind == &tc_kind_flower)
			ret_results[i] = (struct tc_result){ ENOENT,
				"TC classifier not found" };
		else
			layer_one(s, &ops[i], &ret_results[i]);
	}
	return 0;
}

static struct fix *
fix_strict(struct strict *s)
{
	struct fix *f = fix_new();

	*s = (struct strict){ .calls = 0 };
	f->kernel = layer_over(&s->layer, tc_dry_kernel(&f->dry));
	f->kernel.run = strict_run;
	return f;
}

/* All that a filter can say, by flower or not. */
static struct tc_flow
rich_flow(uint32_t id)
{
	struct tc_flow flow = fix_flow(id, 5004);

	flow.filter_count = 6;
	flow.filters[1] = fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);
	flow.filters[2] = fix_filter("10.0.0.3", "", 0, 0);
	flow.filters[3] = fix_filter("2001:db8::3", "", 0, 0);
	flow.filters[4] = fix_filter("2001:db8::4", "", 0, 0);
	flow.filters[4].by_label = true;
	flow.filters[4].flow_label = 0xabcde;
	flow.filters[5] = fix_filter("10.0.0.4", "", 0, 0);
	flow.filters[5].proto = 50;
	flow.filters[5].spi = 0x1000;
	return flow;
}

static struct fix *
opened_by(struct strict *s, uint8_t classifier)
{
	const struct tc_iface iface = iface_by(classifier);
	struct fix *f = fix_strict(s);

	T_EQ(fix_open(f, &iface), 0);
	fix_idle(f);
	return f;
}

/* Nodes of flows, by kind, and notes. */
struct census {
	size_t u32;
	size_t flower;
	size_t notes;
};

static struct census
census_of(const struct fix *f)
{
	struct census c = { 0 };

	for (size_t i = 0; i < f->dry.objects.count; i++) {
		const struct tc_object *o = &f->dry.objects.all[i];

		c.u32 += tc_classifier_of(o) == &tc_classifier_u32;
		c.flower += tc_classifier_of(o) == &tc_classifier_flower;
		c.notes += tc_is_note(o);
	}
	return c;
}

#define T_CENSUS(f, n_u32, n_flower, n_notes)                                  \
	do {                                                                   \
		const struct census got = census_of(f);                        \
		T_EQ(got.u32, n_u32);                                          \
		T_EQ(got.flower, n_flower);                                    \
		T_EQ(got.notes, n_notes);                                      \
	} while (0)

static const struct tc_object *
in_kernel(const struct fix *f, const struct tc_object *want)
{
	const struct tc_object *have = NULL;

	for (size_t k = 0; k < f->dry.objects.count; k++)
		if (tc_object_compare(&f->dry.objects.all[k], want) == 0)
			have = &f->dry.objects.all[k];
	return have;
}

/* The books hold what the kernel holds. */
static void
check_books(struct fix *f)
{
	for (const struct tc_record *r = f->link->flows; r;
		r = (const struct tc_record *)r->hh.next) {
		struct tc_object want[TC_RECORD_OBJECTS];
		size_t count = tc_record_objects(f->link, r, want);

		for (size_t i = 0; i < count; i++) {
			const struct tc_object *have = in_kernel(f, &want[i]);

			T_CHECK(have && tc_object_equal(have, &want[i]),
				"object %zu of flow %u", i, r->id);
		}
	}
}

/* ---- filters ------------------------------------------------------------- */

static void
filters_come_back_as_they_were(void)
{
	const struct tc_flow flow = rich_flow(1);
	const struct tc_mark mark = { .classid = tc_classid(0x123) };
	static const uint16_t prefs[] = { 5, 6, 7, 8 };

	for (size_t i = 0; i < 4; i++) {
		struct tc_object node;
		struct tc_filter filter;
		struct tc_mark got;

		T_CHECK(tc_classifier_flower.takes(&flow.filters[i]), "%zu", i);
		tc_classifier_flower.node(
			FIX_IFINDEX, 9, &flow.filters[i], &mark, &node);
		T_EQ(node.pref, prefs[i]);
		T_EQ(node.handle, 9);
		T_CHECK(tc_classifier_flower.decode(&node, &filter, &got),
			"not read: %zu", i);
		T_CHECK(tc_filter_equal(&filter, &flow.filters[i]), "%zu", i);
		T_EQ(got.classid, mark.classid);

		struct tc_object other = node;

		other.flower.fields |= TC_FLOWER_TOS;
		other.flower.tos_mask = 0xff;
		T_CHECK(!tc_classifier_flower.decode(&other, &filter, &got),
			"with a TOS");
		other = node;
		other.pref = (uint16_t)(5 + (other.pref - 4) % 4);
		T_CHECK(!tc_classifier_flower.decode(&other, &filter, &got),
			"in another preference");
		other = node;
		other.flower.dst.mask.b[3] = 0;
		T_CHECK(!tc_classifier_flower.decode(&other, &filter, &got),
			"of a network");
	}
}

static void
u32_has_what_flower_cannot_say(void)
{
	static const struct {
		uint8_t proto;
		uint16_t port;
		bool flower;
	} rows[] = { { 6, 5004, true }, { 17, 5004, true }, { 132, 5004, true },
		{ 33, 5004, false }, { 136, 5004, false }, { 33, 0, true },
		{ 46, 0, false }, { 58, 0, false }, { 50, 0, true } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tc_filter f =
			fix_filter("10.0.0.2", "", rows[i].port, 0);

		f.proto = rows[i].proto;
		T_CHECK((tc_classifier_for(TC_CLASSIFIER_FLOWER, &f) ==
				&tc_classifier_flower) == rows[i].flower,
			"protocol %u port %u", f.proto, f.dst_port);
		T_CHECK(tc_classifier_for(TC_CLASSIFIER_AUTO, &f) ==
					&tc_classifier_u32 &&
				tc_classifier_for(TC_CLASSIFIER_U32, &f) ==
					&tc_classifier_u32,
			"protocol %u: not u32", f.proto);
	}
}

static void
numbers_are_used_once(void)
{
	struct tc_handles h = { .alloc = alloc_heap() };
	enum { N = 5000 };

	for (uint32_t i = 1; i <= N; i++)
		T_EQ(tc_handles_take(&h), i);
	T_CHECK(!tc_handles_claim(&h, 1) && !tc_handles_claim(&h, N), "taken");
	T_CHECK(!tc_handles_claim(&h, 0), "none");
	T_CHECK(!tc_handles_claim(&h, TC_HANDLES_MAX), "too large");
	T_CHECK(tc_handles_claim(&h, TC_HANDLES_MAX - 1), "the largest");
	T_CHECK(tc_handles_claim(&h, N + 1), "the next");
	T_EQ(tc_handles_take(&h), N + 2);
	tc_handles_give(&h, 7);
	tc_handles_give(&h, 7);
	T_EQ(h.count, N + 2);
	T_EQ(tc_handles_take(&h), N + 3); /* 7 rests */
	T_CHECK(tc_handles_claim(&h, 7), "given back");
	tc_handles_done(&h);
}

/* ---- flows --------------------------------------------------------------- */

static void
flow_comes_changes_and_goes(void)
{
	struct strict s;
	struct fix *f = opened_by(&s, TC_CLASSIFIER_FLOWER);
	char *before = fix_picture(f);
	struct tc_flow flow = rich_flow(7);

	flow.buffer_bytes = FIX_IDLE_BUFFER; /* the leaf stays as it is */
	T_EQ(fix_add(f, &flow).error, 0);
	T_CENSUS(f, 2, 4, 1);
	check_books(f);
	/* What stays, stays where it is. */
	uint32_t handle = f->link->flows->nodes[1].handle;

	flow.filters[0] = fix_filter("10.0.0.2", "10.0.0.1", 5006, 6000);
	T_EQ(fix_add(f, &flow).error, 0);
	T_CENSUS(f, 2, 4, 1);
	T_EQ(f->link->flows->nodes[1].handle, handle);
	check_books(f);
	/* The last of flower: no note. */
	flow.filters[0] = flow.filters[4];
	flow.filter_count = 1;
	T_EQ(fix_add(f, &flow).error, 0);
	T_CENSUS(f, 1, 0, 0);
	T_CHECK(fix_del(f, 7), "not removed");
	T_CENSUS(f, 0, 0, 0);
	T_EQ(f->link->nodes.flower.count, 0);
	fix_idle(f);

	char *after = fix_picture(f);

	T_STR(after, before);
	free(before);
	free(after);
	fix_free(f);
}

/* The kernel has no two with the same keys: they are turned. */
static void
another_class_turns_the_filters(void)
{
	struct strict s;
	struct fix *f = opened_by(&s, TC_CLASSIFIER_FLOWER);
	struct tc_flow flow = rich_flow(7);

	T_EQ(fix_add(f, &flow).error, 0);

	uint32_t first = tc_classid(f->link->flows->minor);
	uint32_t handle = f->link->flows->nodes[0].handle;

	flow.service = TC_SERVICE_CL;
	T_EQ(fix_add(f, &flow).error, 0);
	T_CHECK(tc_classid(f->link->flows->minor) != first, "the same class");
	T_EQ(f->link->flows->nodes[0].handle, handle);
	T_CENSUS(f, 2, 4, 1);
	check_books(f);
	T_EQ(f->link->nodes.flower.count, 4);
	T_EQ(f->link->nodes.count, 2);
	T_CHECK(fix_del(f, 7), "not removed");
	T_CENSUS(f, 0, 0, 0);
	fix_free(f);
}

static void
same_filter_of_two_flows_is_refused(void)
{
	struct strict s;
	struct fix *f = opened_by(&s, TC_CLASSIFIER_FLOWER);
	const struct tc_flow one = fix_flow(1, 5004);
	const struct tc_flow two = fix_flow(2, 5004);

	T_EQ(fix_add(f, &one).error, 0);
	T_EQ(fix_add(f, &two).error, EEXIST);
	T_CENSUS(f, 0, 1, 1);
	T_EQ(f->link->nodes.flower.count, 1);
	check_books(f);
	fix_free(f);
}

/* ---- adoption ------------------------------------------------------------ */

static void
flows_are_adopted(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	const struct tc_iface iface = iface_by(TC_CLASSIFIER_FLOWER);
	const struct tc_flow flow = rich_flow(7);
	char *before;
	char *after;

	T_EQ(fix_open(f, &iface), 0);
	/* The class it gets has been used. */
	for (uint32_t minor = 0x100; minor < 0x104; minor++) {
		struct tc_pool *pool = &f->link->pools[TC_GS];

		for (size_t i = 0; i < pool->count; i++)
			tc_pool_at(pool, i)->base =
				(struct tc_base){ 1ull << 33, 77, 3 };
	}
	T_EQ(fix_add(f, &flow).error, 0);
	T_CENSUS(f, 2, 4, 1);
	before = fix_picture(f);
	memset(&f->ear, 0, sizeof(f->ear));
	T_EQ(fix_open(f, &iface), 0);
	after = fix_picture(f);
	T_STR(after, before);
	T_EQ(f->ear.adopted_count, 1);
	T_EQ(f->ear.adopted[0].id, 7);
	T_EQ(f->ear.adopted[0].filter_count, 6);
	T_EQ(f->link->flows->base.bytes, 1ull << 33);
	T_EQ(f->link->flows->base.packets, 77);
	T_EQ(f->link->flows->base.drops, 3);
	check_books(f);
	/* Numbers of the adopted are taken. */
	T_EQ(f->link->nodes.flower.count, 4);

	const struct tc_flow other = fix_flow(8, 5010);

	T_EQ(fix_add(f, &other).error, 0);
	T_CENSUS(f, 2, 5, 2);
	T_CHECK(fix_del(f, 7) && fix_del(f, 8), "not ours");
	T_CENSUS(f, 0, 0, 0);
	free(before);
	free(after);
	fix_free(f);
}

/* Delete what the callback says. */
static void
lose(struct fix *f, bool notes)
{
	for (size_t i = f->dry.objects.count; i-- > 0;) {
		const struct tc_object o = f->dry.objects.all[i];
		struct tc_op op = { .kind = TC_OP_DEL, .have = o };
		struct tc_result result;

		if (notes ? !tc_is_note(&o)
			  : tc_classifier_of(&o) != &tc_classifier_flower)
			continue;
		T_EQ(f->kernel.run(f->kernel.arg, &op, 1, &result), 0);
		T_EQ(result.error, 0);
	}
}

static void
halves_are_cleared_away(void)
{
	for (int notes = 0; notes < 2; notes++) {
		const struct tc_iface iface = iface_by(TC_CLASSIFIER_FLOWER);
		const struct tc_flow flow = fix_flow(7, 5004);
		struct strict s;
		struct fix *f = opened_by(&s, TC_CLASSIFIER_FLOWER);

		T_EQ(fix_add(f, &flow).error, 0);
		lose(f, notes == 1);
		T_EQ(fix_open(f, &iface), 0);
		T_EQ(f->ear.adopted_count, 0);
		T_CENSUS(f, 0, 0, 0);
		T_EQ(f->link->nodes.flower.count, 0);
		T_EQ(fix_add(f, &flow).error, 0);
		check_books(f);
		fix_free(f);
	}
}

/* ---- another classifier -------------------------------------------------- */

static struct tc_done
change_to(struct fix *f, uint8_t classifier)
{
	const struct tc_iface iface = iface_by(classifier);
	struct tc_done done = { 0 };

	T_EQ(tc_link_change(f->link, &f->kernel, &iface, &done), 0);
	return done;
}

static void
classifier_changes_both_ways(void)
{
	struct strict s;
	struct fix *f = opened_by(&s, TC_CLASSIFIER_U32);
	const struct tc_flow rich = rich_flow(7);
	const struct tc_flow plain = fix_flow(8, 5010);

	T_EQ(fix_add(f, &rich).error, 0);
	T_EQ(fix_add(f, &plain).error, 0);
	T_CENSUS(f, 7, 0, 0);

	T_EQ(change_to(f, TC_CLASSIFIER_FLOWER).error, 0);
	T_CENSUS(f, 2, 5, 2);
	T_EQ(f->link->nodes.count, 2);
	check_books(f);

	T_EQ(change_to(f, TC_CLASSIFIER_AUTO).error, 0);
	T_CENSUS(f, 7, 0, 0);
	T_EQ(f->link->nodes.count, 7);
	T_EQ(f->link->nodes.flower.count, 0);
	check_books(f);
	T_CHECK(fix_del(f, 7) && fix_del(f, 8), "not removed");
	fix_free(f);
}

static void
adopted_flows_move_to_the_classifier_of_the_settings(void)
{
	static const uint8_t ways[] = { TC_CLASSIFIER_FLOWER,
		TC_CLASSIFIER_U32 };

	for (size_t i = 0; i < 2; i++) {
		const struct tc_iface other = iface_by(ways[1 - i]);
		const struct tc_flow flow = rich_flow(7);
		struct strict s;
		struct fix *f = opened_by(&s, ways[i]);

		T_EQ(fix_add(f, &flow).error, 0);
		T_EQ(fix_open(f, &other), 0);
		T_EQ(f->ear.adopted_count, 1);
		T_EQ(f->ear.adopted[0].filter_count, 6);
		T_CENSUS(f, i == 0 ? 6 : 2, i == 0 ? 0 : 4, i);
		check_books(f);
		fix_free(f);
	}
}

/* What exceeds is policed by the filter of either kind. */
static void
policers_go_along(void)
{
	const struct tc_iface iface = iface_by(TC_CLASSIFIER_U32);
	struct tc_flow flow = rich_flow(7);
	struct strict s;
	struct fix *f = opened_by(&s, TC_CLASSIFIER_FLOWER);

	f->link->police = TC_POLICE_YES;
	flow.token_Bps = 50000;
	T_EQ(fix_add(f, &flow).error, 0);
	T_CHECK(f->link->flows->acts != NULL, "not policed");
	check_books(f);
	/* Reshaped in another class, and back again. */
	flow.service = TC_SERVICE_CL;
	flow.token_Bps = 0;
	T_EQ(fix_add(f, &flow).error, 0);
	T_CHECK(f->link->flows->acts == NULL, "policed");
	check_books(f);
	flow.service = TC_SERVICE_GS;
	flow.token_Bps = 50000;
	T_EQ(fix_add(f, &flow).error, 0);
	check_books(f);
	T_EQ(change_to(f, TC_CLASSIFIER_U32).error, 0);
	check_books(f);
	T_EQ(change_to(f, TC_CLASSIFIER_FLOWER).error, 0);
	T_CENSUS(f, 2, 4, 1);
	check_books(f);
	T_EQ(fix_open(f, &iface), 0);
	T_EQ(f->ear.adopted_count, 1);
	T_EQ(f->ear.adopted[0].filter_count, 6);
	T_EQ(f->ear.adopted[0].token_Bps, 50000);
	T_CENSUS(f, 6, 0, 0);
	check_books(f);
	fix_free(f);
}

/* ---- refusals ------------------------------------------------------------ */

static void
kernel_without_flower_is_named(void)
{
	const struct tc_iface flower = iface_by(TC_CLASSIFIER_FLOWER);
	const struct tc_iface u32 = iface_by(TC_CLASSIFIER_AUTO);
	const struct tc_flow flow = fix_flow(7, 5004);
	struct strict s;
	struct fix *f = fix_strict(&s);
	struct tc_done done;
	char *before;
	char *after;

	s.no_flower = true;
	T_EQ(fix_open(f, &flower), ENOENT);
	T_CHECK(strstr(f->ear.note, "cls_flower") &&
			strstr(f->ear.note, "use u32"),
		"%s", f->ear.note);
	T_EQ(f->dry.objects.count, 0);
	/* Of one that runs nothing changes. */
	T_EQ(fix_open(f, &u32), 0);
	T_EQ(fix_add(f, &flow).error, 0);
	before = fix_picture(f);
	done = change_to(f, TC_CLASSIFIER_FLOWER);
	T_EQ(done.error, ENOENT);
	T_CHECK(strstr(done.text, "cls_flower"), "%s", done.text);
	after = fix_picture(f);
	T_STR(after, before);
	T_EQ(f->link->conf.classifier, TC_CLASSIFIER_AUTO);
	free(before);
	free(after);
	fix_free(f);
}

typedef struct tc_done request_fn(struct fix *f);

static struct tc_done
request_add(struct fix *f)
{
	struct tc_flow flow = fix_flow(9, 5010);

	flow.filter_count = 2;
	flow.filters[1] = fix_filter("2001:db8::9", "", 5010, 0);
	return fix_add(f, &flow);
}

static struct tc_done
request_filters(struct fix *f)
{
	struct tc_flow flow = rich_flow(7);

	flow.filters[0].dst_port = 5008;
	flow.filters[3].proto = 6;
	return fix_add(f, &flow);
}

static struct tc_done
request_service(struct fix *f)
{
	struct tc_flow flow = rich_flow(7);

	flow.service = TC_SERVICE_CL;
	return fix_add(f, &flow);
}

static struct tc_done
request_del(struct fix *f)
{
	struct tc_done done = { 0 };

	done.error = tc_batch_del(f->batch, f->link, 8, 7, done.text);
	f->ear.count = 0;
	T_EQ(tc_batch_run(f->batch, &f->kernel, f->now, &f->listener), 0);
	return f->ear.count == 1 ? f->ear.done[0] : done;
}

static struct tc_done
request_turn(struct fix *f)
{
	return change_to(f, f->link->conf.classifier == TC_CLASSIFIER_FLOWER
				    ? TC_CLASSIFIER_U32
				    : TC_CLASSIFIER_FLOWER);
}

/* Refuse its n-th operation; false: it has no more. */
static bool
refuse(uint8_t classifier, request_fn *request, size_t n)
{
	struct strict s;
	struct fix *f = opened_by(&s, classifier);
	const struct tc_flow flow = rich_flow(7);
	struct tc_done done;
	char *before;
	char *after;
	size_t flowers;

	T_EQ(fix_add(f, &flow).error, 0);
	fix_idle(f);
	before = fix_picture(f);
	flowers = f->link->nodes.flower.count;
	s.calls = 0;
	s.refused = n;
	done = request(f);
	T_EQ(done.error, s.calls < n ? 0 : ENOSPC);
	s.refused = 0;
	check_books(f);
	if (done.error != 0) {
		after = fix_picture(f);
		T_STR(after, before);
		free(after);
		T_CHECK(done.text[0] != '\0', "no reason");
		T_EQ(f->link->nodes.flower.count, flowers);
		T_EQ(f->link->conf.classifier, classifier);
		T_EQ(request(f).error, 0);
		check_books(f);
	}
	free(before);
	fix_free(f);
	return done.error != 0;
}

static void
refusals_are_undone_at_each_step(void)
{
	static request_fn *const requests[] = { request_add, request_filters,
		request_service, request_del, request_turn };

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		size_t n = 1;

		while (refuse(TC_CLASSIFIER_FLOWER, requests[i], n))
			n++;
		T_CHECK(n > 3, "request %zu has %zu steps", i, n - 1);
	}
	for (size_t n = 1; refuse(TC_CLASSIFIER_U32, request_turn, n);)
		n++;
}

/* All that a filter says is asked for, whole. */
static void
a_filter_is_asked_for_in_full(void)
{
	static const struct {
		struct {
			const char *dst;
			const char *src;
			uint16_t dport;
			uint16_t sport;
		} f;
		const char *text;
	} rows[] = {
		{ { "10.0.0.2", "", 0, 0 },
			"filter 7 handle 9 on eth0 flower eth_type "
			"0x0800 proto 17 dst 10.0.0.2/255.255.255.255 to "
			"52:100" },
		{ { "10.0.0.2", "10.0.0.1", 0, 0 },
			"filter 7 handle 9 on eth0 flower eth_type "
			"0x0800 proto 17 src 10.0.0.1/255.255.255.255 dst "
			"10.0.0.2/255.255.255.255 to 52:100" },
		{ { "10.0.0.2", "10.0.0.1", 5004, 0 },
			"filter 5 handle 9 on eth0 flower eth_type "
			"0x0800 proto 17 src 10.0.0.1/255.255.255.255 dst "
			"10.0.0.2/255.255.255.255 dport 5004 to 52:100" },
		{ { "2001:db8::2", "2001:db8::1", 5004, 6000 },
			"filter 6 handle 9 on eth0 flower eth_type "
			"0x86dd proto 17 src 2001:db8::1/"
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff dst "
			"2001:db8::2/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
			"sport 6000 dport 5004 to 52:100" },
	};
	const struct tc_mark mark = { .classid = 0x520100 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tc_filter filter = fix_filter(rows[i].f.dst,
			rows[i].f.src, rows[i].f.dport, rows[i].f.sport);
		char buf[512];
		struct text t = text_over(buf, sizeof(buf));
		struct tc_object o;

		tc_classifier_flower.node(FIX_IFINDEX, 9, &filter, &mark, &o);
		tc_object_print(&t, &o, "eth0");
		T_STR(buf, rows[i].text);
	}
}

/* Commands that tell what they do leave it out. */
static void
the_attempt_is_told_from_filters(void)
{
	const struct tc_iface iface = iface_by(TC_CLASSIFIER_FLOWER);
	const struct tc_flow flow = fix_flow(7, 5004);
	struct fix *f = fix_new();
	struct tc_object trial = { 0 };

	tc_classifier_trial(FIX_IFINDEX, &trial);
	T_CHECK(tc_classifier_is_trial(&trial), "it is one");
	trial.parent = TC_CLSACT_EGRESS;
	T_CHECK(!tc_classifier_is_trial(&trial), "elsewhere");
	T_EQ(fix_open(f, &iface), 0);
	T_EQ(fix_add(f, &flow).error, 0);
	for (size_t i = 0; i < f->dry.objects.count; i++)
		T_CHECK(!tc_classifier_is_trial(&f->dry.objects.all[i]),
			"object %zu", i);
	fix_free(f);
}

static struct t_case cases[] = {
	{ "filters come back as they were", filters_come_back_as_they_were },
	{ "u32 has what flower cannot say", u32_has_what_flower_cannot_say },
	{ "numbers are used once", numbers_are_used_once },
	{ "a flow comes, changes and goes", flow_comes_changes_and_goes },
	{ "another class turns the filters", another_class_turns_the_filters },
	{ "the same filter of two flows is refused",
		same_filter_of_two_flows_is_refused },
	{ "flows are adopted with their counters", flows_are_adopted },
	{ "halves of a flow are cleared away", halves_are_cleared_away },
	{ "the classifier changes both ways", classifier_changes_both_ways },
	{ "adopted flows move to the classifier of the settings",
		adopted_flows_move_to_the_classifier_of_the_settings },
	{ "policers go along", policers_go_along },
	{ "a kernel without flower is named", kernel_without_flower_is_named },
	{ "a filter is asked for in full", a_filter_is_asked_for_in_full },
	{ "the attempt is told from filters",
		the_attempt_is_told_from_filters },
	{ "refusals are undone at each step",
		refusals_are_undone_at_each_step },
};

T_MAIN(cases)
