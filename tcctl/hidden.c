/* SPDX-License-Identifier: ISC */

/*
 * Counters of packets whose ports are hidden (filter_hidden.c): which pairs
 * have one, what it has counted, and a word to the operator when a flow begins
 * to lose packets to best effort by it.
 *
 * All of it happens in the background, half a second and more behind what the
 * flows do, so that set-up costs nothing for it: the pairs of all flows are
 * compared with those that there are, and a few at a time are made or removed.
 */

#include "link_int.h"

#include <errno.h>
#include <string.h>

enum {
	SETTLE_MS = 500,
	FLOWS_A_MS = 10, /* a look at all of them takes a little of our time */
	STEP = 64,       /* pairs in one go */
	LOOK_MS = 10000,
	TOLD_MAX = 8 /* lines in that time */
};

/* Addresses are chosen by others, who do not know where our memory is. */
static unsigned
hash_of(const struct tc_link *link, const struct tc_hidden_pair *pair)
{
	const struct hash_key key = { (uint64_t)(uintptr_t)link,
		(uint64_t)(uintptr_t)&link->hidden };

	return hash_bytes(&key, pair, sizeof(*pair));
}

static struct tc_hidden *
find(const struct tc_link *link, const struct tc_hidden_pair *pair)
{
	struct tc_hidden *found;

	HASH_FIND_BYHASHVALUE(hh, link->hidden.all, pair, sizeof(*pair),
		hash_of(link, pair), found);
	return found;
}

static bool
has_room(const struct tc_link *link)
{
	return HASH_COUNT(link->hidden.all) < TC_HIDDEN_MAX;
}

static struct tc_hidden *
find_place(const struct tc_link *link, uint32_t place)
{
	return place < TC_HIDDEN_MAX ? link->hidden.places[place] : NULL;
}

/* The next place that is free, in turn, so that one that was given back rests:
 * its action lives on for a moment.  TC_HIDDEN_MAX: there is none. */
static uint32_t
next_place(struct tc_hiddens *all)
{
	uint32_t at = all->next;

	for (uint32_t i = 0; i < TC_HIDDEN_MAX && all->places[at]; i++)
		at = (at + 1) % TC_HIDDEN_MAX;
	if (all->places[at])
		return TC_HIDDEN_MAX;
	all->next = (at + 1) % TC_HIDDEN_MAX;
	return at;
}

/* NULL: the place is taken, or no memory. */
static struct tc_hidden *
add(struct tc_link *link, const struct tc_hidden_pair *pair, uint32_t at)
{
	struct tc_hiddens *all = &link->hidden;
	struct tc_hidden *h;

	if (at >= TC_HIDDEN_MAX || all->places[at])
		return NULL;
	h = (struct tc_hidden *)alloc_get(link->alloc, sizeof(*h));
	if (!h)
		return NULL;
	h->pair = *pair;
	h->place = at;
	HASH_ADD_BYHASHVALUE(
		hh, all->all, pair, sizeof(h->pair), hash_of(link, pair), h);
	if (!hash_added(h->hh)) {
		alloc_put(link->alloc, h);
		return NULL;
	}
	all->places[at] = h;
	return h;
}

static void
drop(struct tc_link *link, struct tc_hidden *h)
{
	for (int k = 0; k < TC_HIDDEN_KINDS; k++)
		link->hidden.past[k] += h->packets[k];
	link->hidden.places[h->place] = NULL;
	HASH_DEL(link->hidden.all, h);
	alloc_put(link->alloc, h);
}

void
tc_hidden_done(struct tc_link *link)
{
	struct tc_hidden *h = NULL;
	struct tc_hidden *after = NULL;

	HASH_ITER (hh, link->hidden.all, h, after)
		drop(link, h);
	link->hidden = (struct tc_hiddens){ .means = link->hidden.means,
		.due = MONO_NEVER };
}

static void
begin_anew(struct tc_link *link)
{
	link->hidden.stale = link->hidden.begun = true;
	link->hidden.due = (struct mono){ 0 };
}

void
tc_hidden_gone(struct tc_link *link)
{
	struct tc_hiddens *all = &link->hidden;
	struct tc_hidden *h;

	for (h = all->all; h; h = (struct tc_hidden *)h->hh.next) {
		uint32_t at = next_place(all);

		h->there = false;
		if (at == TC_HIDDEN_MAX)
			continue;
		all->places[h->place] = NULL;
		all->places[at] = h;
		h->place = at;
	}
	if (link->hidden.all)
		begin_anew(link);
}

void
tc_hidden_flows(struct tc_link *link, struct mono now)
{
	struct tc_hiddens *all = &link->hidden;

	if (all->stale || all->means == TC_HIDDEN_NONE)
		return;
	all->stale = true;
	all->due = mono_earlier(all->due,
		mono_add_ms(now, SETTLE_MS + (int64_t)HASH_COUNT(link->flows) /
						     FLOWS_A_MS));
}

struct mono
tc_hidden_next(const struct tc_link *link)
{
	return link->lost ? MONO_NEVER : link->hidden.due;
}

/* ---- their nodes --------------------------------------------------------- */

/* Append the nodes of the pair, with their actions. */
static void
add_nodes(const struct tc_link *link, const struct tc_hidden *h,
	struct tc_objects *into)
{
	struct tc_hidden_leaf leaf = {
		.pair = h->pair, .place = h->place, .means = link->hidden.means
	};

	for (int k = 0; k < TC_HIDDEN_KINDS; k++) {
		enum tc_hidden_kind kind = (enum tc_hidden_kind)k;
		struct tc_object *o;
		struct tc_extra *extra;
		struct tc_extra *next;

		if (!tc_hidden_has(&h->pair, kind))
			continue;
		o = tc_objects_add(into);
		extra = o ? tc_objects_extra(into, o) : NULL;
		if (!extra)
			return;
		next = extra->next;
		leaf.kind = kind;
		tc_hidden_node(link->conf.ifindex, &leaf, extra, o);
		extra->next = next;
	}
}

void
tc_hidden_objects(const struct tc_link *link, const struct tc_hidden *h,
	struct tc_objects *into)
{
	if (h->there)
		add_nodes(link, h, into);
}

struct tc_hidden *
tc_hidden_at(const struct tc_link *link, uint32_t handle)
{
	uint32_t place;

	return tc_hidden_place_of(handle, &place) ? find_place(link, place)
						  : NULL;
}

/* ---- can the kernel ------------------------------------------------------ */

/* A node that no packet meets: of addresses that are nobody's. */
static int
try_means(struct tc_link *link, const struct tc_kernel *kernel,
	enum tc_hidden_means means, bool *ret_can)
{
	const struct tc_hidden_leaf leaf = { .pair.dst.family = ADDR_V4,
		.place = TC_HIDDEN_MAX - 1,
		.means = means };
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_object node;
	struct tc_extra extra;
	struct tc_group group;
	int error;

	tc_hidden_node(link->conf.ifindex, &leaf, &extra, &node);
	tc_plan((struct tc_span){ &node, 0 }, (struct tc_span){ &node, 1 },
		&ops);
	tc_plan((struct tc_span){ &node, 1 }, (struct tc_span){ &node, 0 },
		&ops);
	error = tc_link_group(link, kernel, &ops, &group);
	tc_ops_done(&ops);
	*ret_can = error == 0 && group.error == 0;
	return error;
}

int
tc_hidden_try(struct tc_link *link, const struct tc_kernel *kernel)
{
	static const enum tc_hidden_means all[] = { TC_HIDDEN_GACT,
		TC_HIDDEN_MIRRED };
	bool can = false;
	int error = 0;

	if (link->hidden.means != TC_HIDDEN_UNTRIED)
		return 0;
	link->hidden.means = TC_HIDDEN_NONE;
	if (!kernel->acts || !tc_hidden_numbered(link->conf.ifindex))
		return 0;
	for (size_t i = 0; i < 2 && error == 0 && !can; i++) {
		error = try_means(link, kernel, all[i], &can);
		if (can)
			link->hidden.means = all[i];
	}
	return error;
}

/* ---- counts -------------------------------------------------------------- */

/* An action that was removed and is there again begins at 0. */
static void
take_count(void *arg, const struct tc_gact_count *count)
{
	struct tc_link *link = (struct tc_link *)arg;
	enum tc_hidden_kind kind;
	struct tc_hidden *h;
	uint32_t place;

	if (!tc_hidden_index_of(
		    count->index, link->conf.ifindex, &place, &kind))
		return;
	h = find_place(link, place);
	if (!h || !h->there)
		return;
	h->packets[kind] += count->packets >= h->seen[kind]
				    ? count->packets - h->seen[kind]
				    : count->packets;
	h->seen[kind] = count->packets;
}

int
tc_hidden_count(struct tc_link *link, const struct tc_kernel *kernel)
{
	if (!link->hidden.all || !kernel->acts)
		return 0;
	return kernel->acts(kernel->arg,
		link->hidden.means == TC_HIDDEN_MIRRED ? &tc_action_mirred
						       : &tc_action_gact,
		take_count, link);
}

bool
tc_hidden_of(const struct tc_link *link, const struct tc_record *record,
	uint64_t ret_packets[TC_HIDDEN_KINDS])
{
	const struct tc_hidden *met[TC_FILTERS_MAX];
	size_t count = 0;

	memset(ret_packets, 0, TC_HIDDEN_KINDS * sizeof(*ret_packets));
	for (size_t i = 0; i < record->node_count; i++) {
		const struct tc_filter *f = &record->nodes[i].filter;
		const struct tc_hidden_pair pair = tc_hidden_pair_of(f);
		const struct tc_hidden *h = find(link, &pair);
		size_t k = 0;

		if (!tc_hidden_can(f) || !h || !h->there)
			continue;
		while (k < count && met[k] != h)
			k++;
		if (k < count)
			continue;
		met[count++] = h;
		for (k = 0; k < TC_HIDDEN_KINDS; k++)
			ret_packets[k] += h->packets[k];
	}
	return count > 0;
}

bool
tc_hidden_all(const struct tc_link *link, uint64_t ret_packets[TC_HIDDEN_KINDS])
{
	const struct tc_hidden *h;

	memcpy(ret_packets, link->hidden.past, sizeof(link->hidden.past));
	for (h = link->hidden.all; h; h = (const struct tc_hidden *)h->hh.next)
		for (int k = 0; k < TC_HIDDEN_KINDS; k++)
			ret_packets[k] += h->packets[k];
	return link->hidden.means == TC_HIDDEN_GACT ||
	       link->hidden.means == TC_HIDDEN_MIRRED;
}

/* ---- what is said of it -------------------------------------------------- */

static void
tell(const struct tc_link *link, const struct tc_hidden *h,
	enum tc_hidden_kind kind, const struct tc_listener *listener)
{
	char dst[ADDR_TEXT];
	char src[ADDR_TEXT];
	char buf[TC_TEXT];
	struct text t = text_over(buf, sizeof(buf));

	text_printf(&t,
		"%s: flow %u: %s from %s to %s, protocol %u, go as best "
		"effort: ",
		link->conf.name, h->flow_id,
		kind == TC_HIDDEN_FRAGMENT ? "fragments"
					   : "packets with extension headers",
		h->pair.src.family == ADDR_NONE
			? "anywhere"
			: addr_format(&h->pair.src, src),
		addr_format(&h->pair.dst, dst), h->pair.proto);
	text_add(&t,
		kind == TC_HIDDEN_FRAGMENT
			? "they show no ports; the sender should keep packets "
			  "within the path MTU (M of its Tspec)"
			: "their ports are not where the kernel looks; "
			  "reserve by flow label");
	listener->note(listener->arg, buf);
}

/* Once for each pair and kind; a few lines in LOOK_MS, however often flows that
 * come and go make looks and news of their own. */
static void
tell_news(struct tc_link *link, struct mono now,
	const struct tc_listener *listener)
{
	struct tc_hiddens *all = &link->hidden;
	struct tc_hidden *h;

	if (mono_reached(all->told_until, now))
		all->told = 0;
	for (h = all->all; h; h = (struct tc_hidden *)h->hh.next)
		for (int k = 0; k < TC_HIDDEN_KINDS; k++) {
			if (h->packets[k] == 0 || h->told[k] ||
				h->flow_id == 0 || all->told == TOLD_MAX)
				continue; /* others have their turn later */
			if (all->told++ == 0)
				all->told_until = mono_add_ms(now, LOOK_MS);
			h->told[k] = true;
			tell(link, h, (enum tc_hidden_kind)k, listener);
		}
}

/* ---- steps --------------------------------------------------------------- */

/* Which pairs there should be now. */
static void
compare_with_flows(struct tc_link *link)
{
	const struct tc_record *r;
	struct tc_hidden *h;

	link->hidden.stale = link->hidden.lacks = false;
	for (h = link->hidden.all; h; h = (struct tc_hidden *)h->hh.next) {
		h->wanted = false;
		h->refused = false;
	}
	for (r = link->flows; r; r = (const struct tc_record *)r->hh.next)
		for (size_t i = 0; i < r->node_count; i++) {
			const struct tc_filter *f = &r->nodes[i].filter;
			const struct tc_hidden_pair pair = tc_hidden_pair_of(f);

			if (!tc_hidden_can(f))
				continue;
			h = find(link, &pair);
			if (!h && has_room(link)) /* else none is looked for */
				h = add(link, &pair, next_place(&link->hidden));
			if (!h) { /* there are more than are counted */
				link->hidden.lacks = true;
				continue;
			}
			if (!h->wanted)
				h->flow_id = r->id;
			h->wanted = true;
		}
}

static bool
is_to_compare(const struct tc_link *link)
{
	return link->hidden.stale || (link->hidden.lacks && has_room(link));
}

static bool
is_to_do(const struct tc_hidden *h)
{
	return h->wanted != h->there && !h->refused;
}

/* A few that are to be made or removed; true: there are more. */
static bool
choose(struct tc_link *link, struct tc_hidden *chosen[STEP], size_t *ret_count)
{
	struct tc_hidden *h = NULL;
	struct tc_hidden *after = NULL;
	size_t n = 0;

	HASH_ITER (hh, link->hidden.all, h, after) {
		if (!h->wanted && !h->there)
			drop(link, h);
		else if (is_to_do(h) && n++ < STEP)
			chosen[n - 1] = h;
	}
	*ret_count = n < STEP ? n : STEP;
	return n > STEP;
}

static void
plan_one(const struct tc_link *link, const struct tc_hidden *h,
	struct tc_objects *nodes, struct tc_ops *ops)
{
	size_t first = nodes->count;
	struct tc_span all = { NULL, 0 };
	struct tc_span none = { NULL, 0 };

	add_nodes(link, h, nodes);
	all.all = none.all = nodes->all + first;
	all.count = nodes->count - first;
	tc_plan(h->there ? all : none, h->there ? none : all, ops);
}

static void
finish_one(struct tc_link *link, struct tc_hidden *h,
	const struct tc_group *group, const struct tc_listener *listener)
{
	bool gone = h->there && (group->error == 0 || group->error == ENOENT);

	if (group->error != 0) /* also when others removed one of two */
		link->unclean = link->unclean || gone || !group->clean;
	if (gone) {
		drop(link, h);
		return;
	}
	if (group->error == 0) {
		h->there = true;
		memset(h->seen, 0, sizeof(h->seen));
		return;
	}
	h->refused = true;
	if (!link->hidden.refused)
		listener->note(listener->arg, group->text);
	link->hidden.refused = true;
}

static int
carry_out(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_hidden **chosen, size_t count,
	const struct tc_listener *listener)
{
	struct tc_objects nodes = { .alloc = link->alloc };
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_group groups[STEP];
	int error;

	for (size_t i = 0; i < count; i++) {
		groups[i] = (struct tc_group){ .first = ops.count };
		plan_one(link, chosen[i], &nodes, &ops);
		groups[i].count = ops.count - groups[i].first;
	}
	ops.failed = ops.failed || nodes.failed;
	error = ops.failed ? -ENOMEM
			   : tc_txn_run(kernel, &ops, groups, count,
				     link->conf.name);
	for (size_t i = 0; i < count && error == 0; i++)
		finish_one(link, chosen[i], &groups[i], listener);
	tc_ops_done(&ops);
	tc_objects_done(&nodes);
	return error;
}

int
tc_hidden_step(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener)
{
	struct tc_hidden *chosen[STEP];
	size_t count = 0;
	bool more = false;
	int error;

	link->hidden.due = MONO_NEVER;
	if (link->hidden.begun) { /* who waits for the tree is answered first */
		link->hidden.begun = false;
		link->hidden.due = mono_add_ms(now, SETTLE_MS);
		return 0;
	}
	if (!link->flows && !link->hidden.all) {
		link->hidden.stale = link->hidden.looked = false;
		return 0;
	}
	error = tc_hidden_try(link, kernel);
	if (error != 0 || link->hidden.means == TC_HIDDEN_NONE)
		return error;
	/* Also for those that go now; once before so many steps as it takes,
	 * as with thousands that is longer than all else of a step. */
	if (!link->hidden.looked && link->hidden.all) {
		error = tc_hidden_count(link, kernel);
		if (error != 0)
			return error;
		link->hidden.looked = true;
		if (is_to_compare(link)) { /* who asks comes in between */
			link->hidden.due = now;
			return 0;
		}
	}
	if (is_to_compare(link))
		compare_with_flows(link);
	tell_news(link, now, listener);
	more = choose(link, chosen, &count);
	if (count > 0)
		error = carry_out(link, kernel, chosen, count, listener);
	link->hidden.looked = more;
	if (more)
		link->hidden.due = now;
	else if (link->hidden.all)
		link->hidden.due = mono_add_ms(now, LOOK_MS);
	return error;
}

/* ---- adoption ------------------------------------------------------------ */

/* False: it is nobody's, or in the way. */
static bool
adopt_node(struct tc_link *link, const struct tc_object *o)
{
	struct tc_hiddens *all = &link->hidden;
	struct tc_hidden_leaf leaf;
	struct tc_hidden *h;

	if (!tc_hidden_decode(o, &leaf) ||
		(all->means != TC_HIDDEN_UNTRIED && all->means != leaf.means))
		return false;
	h = find(link, &leaf.pair);
	if (!h)
		h = add(link, &leaf.pair, leaf.place);
	if (!h || h->place != leaf.place)
		return false;
	all->means = leaf.means;
	all->next = (leaf.place + 1) % TC_HIDDEN_MAX;
	h->found[leaf.kind] = true;
	h->there = true;
	for (int k = 0; k < TC_HIDDEN_KINDS; k++)
		if (tc_hidden_has(&h->pair, (enum tc_hidden_kind)k) &&
			!h->found[k])
			h->there = false;
	return true;
}

/* One of two, from a start that was cut short. */
static bool
is_half(const struct tc_link *link, const struct tc_object *o)
{
	const struct tc_hidden *h = tc_hidden_at(link, o->handle);
	struct tc_hidden_leaf leaf;

	return h && !h->there && tc_hidden_decode(o, &leaf) &&
	       memcmp(&leaf.pair, &h->pair, sizeof(leaf.pair)) == 0;
}

static void
forget_halves(struct tc_link *link)
{
	struct tc_hidden *h = NULL;
	struct tc_hidden *after = NULL;

	HASH_ITER (hh, link->hidden.all, h, after)
		if (!h->there)
			drop(link, h);
}

static void
remove_node(const struct tc_object *o, struct tc_ops *ops)
{
	struct tc_op *op = tc_ops_add(ops, TC_OP_DEL);

	if (op)
		op->have = *o;
}

void
tc_hidden_adopt(
	struct tc_link *link, const struct tc_objects *dump, struct tc_ops *ops)
{
	const size_t first = tc_first_filter(dump);

	for (size_t i = first; i < dump->count; i++)
		if (tc_is_hidden_node(&dump->all[i]) &&
			!adopt_node(link, &dump->all[i]))
			remove_node(&dump->all[i], ops);
	for (size_t i = first; i < dump->count; i++)
		if (tc_is_hidden_node(&dump->all[i]) &&
			is_half(link, &dump->all[i]))
			remove_node(&dump->all[i], ops);
	forget_halves(link);
	if (link->flows || link->hidden.all)
		begin_anew(link);
}
