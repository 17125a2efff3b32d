/* SPDX-License-Identifier: ISC */

/*
 * The kernel's objects as a description: read again it gives the same objects.
 * What it cannot say becomes a comment.
 *
 * Groups nest as the tree does; they are walked with a stack, whose height is
 * bounded.
 */

#include "tree_int.h"

#include <string.h>

#define MAJOR 0xffff0000u

enum { STEP = 2 };

void
tree_indent(FILE *out, unsigned depth)
{
	fprintf(out, "%*s", (int)(depth * STEP), "");
}

static void
put_handle(FILE *out, const char *key, uint32_t handle)
{
	fprintf(out, "%s = \"%x:", key, handle >> 16);
	if ((handle & ~MAJOR) != 0)
		fprintf(out, "%x", handle & ~MAJOR);
	fprintf(out, "\"; ");
}

/* Whole numbers of the file have 31 bits. */
void
tree_write_number(FILE *out, const char *key, uint64_t value)
{
	const char *quote = value > INT32_MAX ? "\"" : "";

	fprintf(out, "%s = %s%llu%s; ", key, quote, (unsigned long long)value,
		quote);
}

static void
put_unless(FILE *out, const char *key, uint64_t value, uint64_t usual)
{
	if (value != usual)
		tree_write_number(out, key, value);
}

void
tree_write_rate(FILE *out, const char *key, uint64_t rate_Bps)
{
	static const struct {
		uint64_t factor;
		const char *prefix;
	} prefixes[] = { { 1000000000, "G" }, { 1000000, "M" }, { 1000, "k" },
		{ 1, "" } };
	uint64_t bits = rate_Bps * 8;
	size_t i = 0;

	while (bits % prefixes[i].factor != 0)
		i++;
	fprintf(out, "%s = \"%llu %sbit/s\"; ", key,
		(unsigned long long)(bits / prefixes[i].factor),
		prefixes[i].prefix);
}

/* The fewest octets that take as many ticks, or more. */
static uint64_t
fewest(uint32_t ticks, uint64_t rate_Bps)
{
	uint64_t low = 1; /* none is no burst that can be read */
	uint64_t high = INT32_MAX;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (tc_burst_ticks(middle, rate_Bps) >= ticks)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Several numbers of octets may be the same to the kernel: the roundest. */
void
tree_write_burst(FILE *out, const char *key, uint32_t ticks, uint64_t rate_Bps)
{
	static const uint64_t round[] = { 10000, 1024, 1000, 100, 10, 1 };
	uint64_t least = fewest(ticks, rate_Bps);

	for (size_t i = 0; i < sizeof(round) / sizeof(round[0]); i++) {
		uint64_t bytes = (least + round[i] - 1) / round[i] * round[i];

		if (bytes > INT32_MAX ||
			tc_burst_ticks(bytes, rate_Bps) != ticks)
			continue;
		tree_write_number(out, key, bytes);
		return;
	}
	fprintf(out, "%s = \"%u ticks\"; ", key, ticks);
}

/* ---- qdiscs and classes -------------------------------------------------- */

static void
put_stab(FILE *out, const struct tc_object *o)
{
	const struct tc_stab *s = o->extra ? &o->extra->stab : NULL;

	if (!s || !o->extra->has_stab)
		return;
	fprintf(out, "size_table = { overhead = %d; ", s->overhead);
	put_unless(out, "mpu", s->mpu, 0);
	if (s->tsize != 0) {
		tree_write_number(out, "mtu", s->mtu);
		tree_write_number(out, "entries", s->tsize);
	}
	if (s->linklayer != TC_LAYER_NONE)
		fprintf(out, "linklayer = \"%s\"; ",
			s->linklayer == TC_LAYER_ATM ? "atm" : "ethernet");
	fprintf(out, "}; ");
}

static void
put_packet(FILE *out, uint16_t overhead, uint16_t mpu, bool atm)
{
	put_unless(out, "overhead", overhead, 0);
	put_unless(out, "mpu", mpu, 0);
	if (atm)
		fprintf(out, "atm = true; ");
}

static void
put_tbf(FILE *out, const struct tc_tbf *t)
{
	tree_write_rate(out, "rate", t->rate_Bps);
	tree_write_number(out, "burst", t->burst_bytes);
	put_unless(out, "limit", t->limit_bytes, UINT64_MAX);
	if (t->peak_Bps != 0) {
		tree_write_rate(out, "peak", t->peak_Bps);
		tree_write_number(out, "mtu", t->mtu_bytes);
	}
	put_packet(out, t->overhead, t->mpu, t->atm);
}

static void
put_prio(FILE *out, const struct tc_prio *p)
{
	tree_write_number(out, "bands", p->bands);
	fprintf(out, "priomap = [ ");
	for (size_t i = 0; i < TREE_PRIOS; i++)
		fprintf(out, "%u%s", p->map[i],
			i + 1 < TREE_PRIOS ? ", " : " ]; ");
}

static void
put_sfq(FILE *out, const struct tc_sfq *s)
{
	put_unless(out, "quantum", s->quantum, 0);
	if (s->perturb_s != 0)
		fprintf(out, "perturb = \"%u s\"; ", s->perturb_s);
	put_unless(out, "limit", s->limit, 0);
	put_unless(out, "depth", s->depth, 0);
	put_unless(out, "flows", s->flows, 0);
	put_unless(out, "divisor", s->divisor, 0);
	if (s->headdrop)
		fprintf(out, "headdrop = true; ");
}

static void
put_us(FILE *out, const char *key, uint32_t us)
{
	if (us != 0)
		fprintf(out, "%s = \"%u us\"; ", key, us);
}

static void
put_fq_codel(FILE *out, const struct tc_fq_codel *c)
{
	put_unless(out, "limit", c->limit, 0);
	put_unless(out, "flows", c->flows, 0);
	put_unless(out, "quantum", c->quantum, 0);
	put_us(out, "target", c->target_us);
	put_us(out, "interval", c->interval_us);
	if (c->has_ce_threshold)
		put_us(out, "ce_threshold", c->ce_threshold_us);
	put_unless(out, "memory_limit", c->memory_limit_bytes, 0);
	put_unless(out, "drop_batch", c->drop_batch, 0);
	fprintf(out, "ecn = %s; ", c->ecn != 0 ? "true" : "false");
}

static const struct tc_object *
find(const struct tc_objects *list, uint32_t handle)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->all[i].type != TC_FILTER &&
			list->all[i].handle == handle)
			return &list->all[i];
	return NULL;
}

static void
put_htb(FILE *out, const struct tree_found *found, const struct tc_object *o)
{
	uint32_t id = o->handle | o->root.default_minor;

	if (o->root.default_minor == 0)
		fprintf(out, "default = \"none\"; ");
	else if (find(found->objects, id))
		put_handle(out, "default", id);
	else
		fprintf(out, "default = \"missing %x:%x\"; ", id >> 16,
			id & ~MAJOR);
	put_unless(out, "r2q", o->root.r2q, TC_HTB_R2Q);
	if (!o->root.any_qlen)
		put_unless(out, "direct_qlen", o->root.direct_qlen,
			found->link->txqueuelen);
}

static void
put_qdisc(FILE *out, const struct tree_found *found, const struct tc_object *o)
{
	fprintf(out, "kind = \"%s\"; ", o->kind->name);
	put_handle(out, "handle", o->handle);
	if (o->kind == &tc_kind_htb_root)
		put_htb(out, found, o);
	else if (o->kind == &tc_kind_tbf)
		put_tbf(out, &o->tbf);
	else if (o->kind == &tc_kind_prio)
		put_prio(out, &o->prio);
	else if (o->kind == &tc_kind_sfq)
		put_sfq(out, &o->sfq);
	else if (o->kind == &tc_kind_fq_codel)
		put_fq_codel(out, &o->fq_codel);
	else
		put_unless(out, "limit", o->fifo.limit, 0);
	put_stab(out, o);
}

static uint32_t
usual_quantum(const struct tree_found *found, const struct tc_object *c)
{
	const struct tc_object *q = find(found->objects, c->handle & MAJOR);
	return tc_htb_quantum_default(c->htb.rate_Bps, q ? q->root.r2q : 0);
}

static uint32_t
usual_ticks(uint64_t rate_Bps)
{
	enum { TICKS_PER_S = 1000000000 };

	return tc_burst_ticks(
		tc_htb_burst_default(rate_Bps, 0, TICKS_PER_S), rate_Bps);
}

static void
put_class(FILE *out, const struct tree_found *found, const struct tc_object *o)
{
	const struct tc_htb_class *c = &o->htb;

	put_handle(out, "id", o->handle);
	tree_write_rate(out, "rate", c->rate_Bps);
	if (c->ceil_Bps != c->rate_Bps)
		tree_write_rate(out, "ceil", c->ceil_Bps);
	if (c->buffer_ticks != usual_ticks(c->rate_Bps))
		tree_write_burst(out, "burst", c->buffer_ticks, c->rate_Bps);
	if (c->cbuffer_ticks != usual_ticks(c->ceil_Bps))
		tree_write_burst(out, "cburst", c->cbuffer_ticks, c->ceil_Bps);
	if (!c->inner) {
		put_unless(out, "prio", c->prio, 0);
		put_unless(out, "quantum", c->quantum, usual_quantum(found, o));
	}
	put_packet(out, c->overhead, c->mpu, c->atm);
}

/* ---- the walk ------------------------------------------------------------ */

/* An open group: a qdisc, a class, or a band, which is nobody's object. */
struct frame {
	const struct tc_object *o; /* NULL: a band */
	uint32_t id;               /* class or band; qdisc: its handle */
	bool qdisc;
	bool listing; /* its classes are under way */
	bool queued;  /* its queue has been written */
	size_t next;  /* where to look for the next class */
	unsigned depth;
};

struct walk {
	const struct tree_writing *w;
	const struct tree_found *found;
	struct frame stack[TREE_DEPTH_MAX];
	size_t height;
};

static struct frame *
push(struct walk *k, const struct tc_object *o, uint32_t id, bool qdisc)
{
	const struct frame *below =
		k->height > 0 ? &k->stack[k->height - 1] : NULL;
	struct frame *f;

	if (k->height == TREE_DEPTH_MAX)
		return NULL;
	f = &k->stack[k->height++];
	*f = (struct frame){ .o = o,
		.id = id,
		.qdisc = qdisc,
		.depth = below ? below->depth + (below->listing ? 2 : 1) : 3 };
	return f;
}

static const struct tc_object *
queue_of(const struct walk *k, uint32_t id)
{
	const struct tc_objects *list = k->found->objects;

	for (size_t i = 0; i < list->count; i++)
		if (list->all[i].type == TC_QDISC_LEAF &&
			list->all[i].parent == id &&
			tree_is_known(&list->all[i]))
			return &list->all[i];
	return NULL;
}

/* The next class below, or the next band that has a queue. */
static bool
next_class(const struct walk *k, struct frame *f, const struct tc_object **ret,
	uint32_t *ret_id)
{
	const struct tc_objects *list = k->found->objects;

	if (f->o && f->qdisc && f->o->kind == &tc_kind_prio) {
		while (f->next < f->o->prio.bands) {
			*ret = NULL;
			*ret_id = f->id | (uint32_t)++f->next;
			if (queue_of(k, *ret_id))
				return true;
		}
		return false;
	}
	for (; f->next < list->count; f->next++)
		if (list->all[f->next].type == TC_CLASS &&
			list->all[f->next].parent == f->id &&
			tree_is_known(&list->all[f->next])) {
			*ret = &list->all[f->next++];
			*ret_id = (*ret)->handle;
			return true;
		}
	return false;
}

static void
write_filters(
	const struct walk *k, uint32_t parent, const char *key, unsigned depth)
{
	const struct tc_objects *list = k->found->objects;
	FILE *out = k->w->out;
	bool any = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct tc_object *o = &list->all[i];

		if (o->type != TC_FILTER || o->parent != parent ||
			tree_is_automatic(o) || !tree_is_known(o))
			continue;
		if (any)
			fprintf(out, ",\n");
		else {
			tree_indent(out, depth);
			fprintf(out, "%s = (\n", key);
		}
		any = true;
		tree_write_filter(k->w, list, o, depth + 1);
	}
	if (any) {
		fprintf(out, " );\n");
	}
}

static void
open_qdisc(struct walk *k, const struct tc_object *o, const char *key)
{
	const struct frame *f = push(k, o, o->handle, true);

	if (!f)
		return;
	tree_indent(k->w->out, f->depth - 1);
	fprintf(k->w->out, "%s = { ", key);
	put_qdisc(k->w->out, k->found, o);
	fprintf(k->w->out, "\n");
}

static void
open_class(struct walk *k, const struct tc_object *o, uint32_t id)
{
	struct frame *f = &k->stack[k->height - 1];
	FILE *out = k->w->out;
	bool first = !f->listing;

	f->listing = true;
	if (first) {
		tree_indent(out, f->depth);
		fprintf(out, "classes = (\n");
	} else {
		fprintf(out, ",\n");
	}
	f = push(k, o, id, false);
	if (!f)
		return;
	tree_indent(out, f->depth - 1);
	fprintf(out, "{ ");
	if (o)
		put_class(out, k->found, o);
	else
		put_handle(out, "id", id);
	fprintf(out, "\n");
}

static void
close_frame(struct walk *k)
{
	struct frame *f = &k->stack[--k->height];
	FILE *out = k->w->out;

	if (f->listing)
		fprintf(out, " );\n");
	if (f->o && f->id != 0)
		write_filters(k, f->id, "filters", f->depth);
	tree_indent(out, f->depth - 1);
	fprintf(out, f->qdisc ? "};\n" : "}");
}

static void
write_tree(struct walk *k, const struct tc_object *root)
{
	open_qdisc(k, root, "root");
	while (k->height > 0) {
		struct frame *f = &k->stack[k->height - 1];
		const struct tc_object *queue =
			f->qdisc || f->queued ? NULL : queue_of(k, f->id);
		const struct tc_object *o = NULL;
		uint32_t id = 0;

		f->queued = true;
		if (queue)
			open_qdisc(k, queue, "queue");
		else if (next_class(k, f, &o, &id))
			open_class(k, o, id);
		else
			close_frame(k);
	}
}

/* ---- what cannot be said ------------------------------------------------- */

static void
write_alone(const struct walk *k)
{
	const struct tc_objects *list = k->found->objects;

	for (size_t i = 0; i < list->count; i++) {
		const struct tc_object *o = &list->all[i];
		char what[256];
		struct text t = text_over(what, sizeof(what));

		if (tree_is_automatic(o) || tree_is_known(o))
			continue;
		tc_object_print(&t, o, k->found->link->name);
		text_tame(what);
		tree_indent(k->w->out, 2);
		fprintf(k->w->out, "# left alone, not described: %s\n", what);
		if (k->w->alone)
			k->w->alone(k->w->arg, k->found->link->name, what);
	}
}

/* ---- interfaces ---------------------------------------------------------- */

static const struct tc_object *
find_type(const struct tree_found *found, enum tc_type type)
{
	for (size_t i = 0; i < found->objects->count; i++) {
		const struct tc_object *o = &found->objects->all[i];

		if (o->type == type && o->handle != 0)
			return o;
	}
	return NULL;
}

static void
write_incoming(const struct walk *k)
{
	const struct tc_object *o = find_type(k->found, TC_QDISC_INGRESS);
	FILE *out = k->w->out;

	if (!o || !tree_is_known(o))
		return;
	tree_indent(out, 2);
	if (o->kind == &tc_kind_ingress) {
		fprintf(out, "ingress = {\n");
		write_filters(k, TC_INGRESS_HANDLE, "filters", 3);
	} else {
		fprintf(out, "clsact = {\n");
		write_filters(k, TC_CLSACT_INGRESS, "ingress", 3);
		write_filters(k, TC_CLSACT_EGRESS, "egress", 3);
	}
	tree_indent(out, 2);
	fprintf(out, "};\n");
}

static void
write_sides(const struct walk *from)
{
	struct walk k = *from;
	const struct tc_object *root = find_type(k.found, TC_QDISC_ROOT);

	k.height = 0;
	if (root && tree_is_known(root))
		write_tree(&k, root);
	write_incoming(&k);
	write_alone(&k);
}

static const struct tree_found *
find_ifb(const struct tree_writing *w, const struct tc_action *a)
{
	for (size_t i = 0; i < w->count && a->kind == &tc_action_mirred; i++)
		if (w->all[i].link->is_ifb &&
			tree_is_name(w->all[i].link->name) &&
			w->all[i].link->ifindex == a->mirred.ifindex)
			return &w->all[i];
	return NULL;
}

/* The first ifb that the interface sends packets to, or whether it is this one
 * that it sends some to; NULL. */
static const struct tree_found *
sends_to(const struct tree_writing *w, const struct tree_found *found,
	const struct tree_found *which)
{
	for (size_t i = 0; i < found->objects->count; i++) {
		const struct tc_extra *e = found->objects->all[i].extra;

		for (size_t a = 0; e && a < e->action_count; a++) {
			const struct tree_found *ifb =
				find_ifb(w, &e->actions[a]);

			if (ifb && (!which || ifb == which))
				return ifb;
		}
	}
	return NULL;
}

static const struct tree_found *
ifb_of(const struct tree_writing *w, const struct tree_found *found)
{
	return sends_to(w, found, NULL);
}

/* The interface that is asked for, and the ifbs that go with it. */
static bool
is_asked_for(const struct tree_writing *w, const struct tree_found *found)
{
	if (!w->only || strcmp(found->link->name, w->only) == 0)
		return true;
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->all[i].link->name, w->only) == 0)
			return sends_to(w, &w->all[i], found) != NULL;
	return false;
}

static bool
is_taken(const struct tree_writing *w, const struct tree_found *ifb,
	size_t before)
{
	for (size_t i = 0; i < before; i++)
		if (ifb_of(w, &w->all[i]) == ifb)
			return true;
	return false;
}

static void
write_ifb(const struct walk *k, const struct tree_found *ifb)
{
	struct walk inner = *k;
	FILE *out = k->w->out;

	inner.found = ifb;
	tree_indent(out, 2);
	fprintf(out, "ifb = { name = \"%s\"; txqueuelen = %u;\n",
		ifb->link->name, ifb->link->txqueuelen);
	write_sides(&inner);
	tree_indent(out, 2);
	fprintf(out, "};\n");
}

/* The kernel takes names that a description cannot have. */
static void
write_unnamed(const struct tree_writing *w, const struct tree_found *found)
{
	enum { NAME = 4 * TC_NAME + 1 };
	const char *name = found->link->name;
	char buf[NAME];
	struct text t = text_over(buf, sizeof(buf));

	text_add_escaped(&t, name, strlen(name));
	fprintf(w->out, "# left alone, not described: interface %s\n", buf);
	if (w->alone)
		w->alone(w->arg, buf, "the name of the interface");
}

static bool
has_something(const struct tree_found *found)
{
	for (size_t i = 0; i < found->objects->count; i++)
		if (!tree_is_automatic(&found->objects->all[i]))
			return true;
	return false;
}

void
tree_write(const struct tree_writing *w)
{
	bool any = false;

	fprintf(w->out, "interfaces = (\n");
	for (size_t i = 0; i < w->count; i++) {
		struct walk k = { .w = w, .found = &w->all[i] };
		const struct tree_found *ifb = ifb_of(w, k.found);

		if (!has_something(k.found) || !is_asked_for(w, k.found) ||
			is_taken(w, k.found, w->count))
			continue;
		if (!tree_is_name(k.found->link->name)) {
			write_unnamed(w, k.found);
			continue;
		}
		fprintf(w->out, "%s  { name = \"%s\";\n", any ? ",\n" : "",
			k.found->link->name);
		any = true;
		write_sides(&k);
		if (ifb && !is_taken(w, ifb, i))
			write_ifb(&k, ifb);
		fprintf(w->out, "  }");
	}
	fprintf(w->out, "\n);\n");
}
