/* SPDX-License-Identifier: ISC */

/* What does not hang together in a description that can be read. */

#include "tree_int.h"

#include <linux/if_ether.h>
#include <string.h>

struct name {
	char text[16];
};

/* "1:10", "1:" */
static struct name
name_of(uint32_t handle)
{
	struct name n = { "" };
	struct text t = text_over(n.text, sizeof(n.text));

	text_printf(&t, "%x:", handle >> 16);
	if ((handle & 0xffff) != 0)
		text_printf(&t, "%x", handle & 0xffff);
	return n;
}

/* One interface of the description, and where its things are. */
struct checking {
	const struct tree_iface *iface;
	struct tree_index index;
	struct tree_index firsts; /* u32: the first filter of each preference */
	struct tree_faults *faults;
};

enum by { CLASS, CLASS_BELOW, QDISC, PREF, MARK };

#define MAJOR 0xffff0000u

static uint64_t
pref_key(const struct tree_filter *f)
{
	return (uint64_t)f->parent << 16 | f->number;
}

/* Of a filter by mark: minor, with the preference's number in major. */
static uint64_t
mark_key(const struct tree_filter *f)
{
	return MARK + (pref_key(f) << 3);
}

static void
index_all(struct checking *c)
{
	const struct tree_iface *iface = c->iface;

	for (size_t i = 0; i < iface->class_count; i++) {
		tree_index_add(&c->index, CLASS, iface->classes[i].id, i);
		tree_index_add(
			&c->index, CLASS_BELOW, iface->classes[i].parent, i);
	}
	for (size_t i = 0; i < iface->qdisc_count; i++)
		tree_index_add(&c->index, QDISC, iface->qdiscs[i].handle, i);
	for (size_t i = 0; i < iface->filter_count; i++) {
		const struct tree_filter *f = &iface->filters[i];

		tree_index_add(&c->index, PREF, pref_key(f), i);
		if (f->kind == TREE_FW)
			tree_index_add(&c->index, mark_key(f), f->mark, i);
	}
	tree_index_sort(&c->index);
}

/* The first of the keys, if it stands before place n. */
static bool
stands_before(const struct checking *c, uint64_t major, uint64_t minor,
	size_t n, size_t *ret_at)
{
	*ret_at = tree_index_from(&c->index, major, minor, 0);
	return *ret_at < n; /* TREE_NOWHERE is behind all */
}

/* All classes of a qdisc, and both sides of clsact, share its tables. */
static void
index_firsts(struct checking *c)
{
	for (size_t i = 0; i < c->iface->filter_count; i++) {
		const struct tree_filter *f = &c->iface->filters[i];
		size_t first;

		if (f->kind == TREE_U32 &&
			!stands_before(c, PREF, pref_key(f), i, &first))
			tree_index_add(&c->firsts, QDISC, f->parent & MAJOR, i);
	}
	tree_index_sort(&c->firsts);
}

static const struct tree_class *
find_class(const struct checking *c, uint32_t id)
{
	size_t at = tree_index_from(&c->index, CLASS, id, 0);

	return at == TREE_NOWHERE ? NULL : &c->iface->classes[at];
}

static const struct tree_qdisc *
find_qdisc(const struct checking *c, uint32_t handle)
{
	size_t at = tree_index_from(&c->index, QDISC, handle, 0);

	return at == TREE_NOWHERE ? NULL : &c->iface->qdiscs[at];
}

static bool
has_children(const struct checking *c, uint32_t id)
{
	return tree_index_from(&c->index, CLASS_BELOW, id, 0) != TREE_NOWHERE;
}

static uint64_t
bands_of(const struct tree_qdisc *q)
{
	enum { BANDS = 3 }; /* the kernel's */

	return q->p.bands == TREE_UNSET ? BANDS : q->p.bands;
}

/* A class that packets can be sent to: a described one, or a band. */
static bool
is_class(const struct checking *c, uint32_t id)
{
	const struct tree_qdisc *q = find_qdisc(c, id & MAJOR);

	return find_class(c, id) != NULL ||
	       (q && q->kind == TREE_PRIO && (id & 0xffff) <= bands_of(q));
}

/* ---- qdiscs -------------------------------------------------------------- */

static void
check_tbf(const struct tree_qdisc *q, struct tree_faults *faults)
{
	if (q->p.rate_Bps == TREE_UNSET)
		tree_error(faults, q->line,
			"tbf without rate (add for example: rate = \"220 "
			"kbit/s\";)");
	if (q->p.burst.bytes == TREE_UNSET && q->p.burst.ticks == TREE_UNSET)
		tree_error(faults, q->line,
			"tbf without burst (add at least one packet, for "
			"example: burst = 1540;)");
	if (q->p.limit == TREE_UNSET && q->p.latency_us == TREE_UNSET)
		tree_error(faults, q->line,
			"tbf without latency or limit (add for example: "
			"latency = \"50 ms\";)");
	if (q->p.limit != TREE_UNSET && q->p.latency_us != TREE_UNSET)
		tree_error(faults, q->line,
			"tbf with both latency and limit: each follows from "
			"the other (remove one)");
	if (q->p.peak_Bps != TREE_UNSET && q->p.mtu_bytes == TREE_UNSET)
		tree_error(faults, q->line,
			"tbf with peak and without mtu (add the bucket of the "
			"peak rate, for example: mtu = 1514;)");
	if (q->p.peak_Bps != TREE_UNSET && q->p.rate_Bps != TREE_UNSET &&
		q->p.peak_Bps < q->p.rate_Bps)
		tree_error(faults, q->line,
			"peak is below rate (raise it, or remove it)");
}

static void
check_default(const struct checking *c, const struct tree_qdisc *q)
{
	struct tree_faults *faults = c->faults;
	uint32_t id = q->default_id;

	if (id == 0 || q->default_missing)
		return;
	if ((id & 0xffff0000u) != q->handle)
		tree_error(faults, q->line,
			"default: %s is not a class of qdisc %s (use %s%x)",
			name_of(id).text, name_of(q->handle).text,
			name_of(q->handle).text, id & 0xffff);
	else if (!find_class(c, id))
		tree_error(faults, q->line,
			"default: there is no class %s; what no filter takes "
			"would be sent unshaped (add the class, or name "
			"another)",
			name_of(id).text);
	else if (has_children(c, id))
		tree_error(faults, q->line,
			"default: class %s has classes below it and takes no "
			"packets (name one of those)",
			name_of(id).text);
}

static void
check_qdisc(const struct checking *c, size_t n)
{
	const struct tree_qdisc *q = &c->iface->qdiscs[n];
	struct tree_faults *faults = c->faults;
	size_t i;

	if (q->handle != 0 && stands_before(c, QDISC, q->handle, n, &i))
		tree_error(faults, q->line,
			"handle %s stands twice, first in line %u (take "
			"another)",
			name_of(q->handle).text, c->iface->qdiscs[i].line);
	if (find_class(c, q->parent) && has_children(c, q->parent))
		tree_error(faults, q->line,
			"queue: class %s has classes below it and can have no "
			"queue (move it into one of those)",
			name_of(q->parent).text);
	if (q->kind == TREE_HTB)
		check_default(c, q);
	if (q->kind == TREE_TBF)
		check_tbf(q, faults);
}

/* ---- classes ------------------------------------------------------------- */

static void
check_class(const struct checking *in, size_t n)
{
	const struct tree_class *c = &in->iface->classes[n];
	struct tree_faults *faults = in->faults;
	const struct tree_qdisc *q;
	uint32_t major = c->parent & 0xffff0000u;
	size_t i;

	if (stands_before(in, CLASS, c->id, n, &i)) {
		tree_error(faults, c->line,
			"class %s stands twice, first in line %u (take another "
			"id)",
			name_of(c->id).text, in->iface->classes[i].line);
		return;
	}
	if (major != 0 && (c->id & 0xffff0000u) != major)
		tree_error(faults, c->line,
			"class %s cannot be in qdisc %s (use id = \"%s%x\";)",
			name_of(c->id).text, name_of(major).text,
			name_of(major).text, c->id & 0xffff);
	if (c->p.ceil_Bps != TREE_UNSET && c->p.rate_Bps != TREE_UNSET &&
		c->p.ceil_Bps < c->p.rate_Bps)
		tree_error(faults, c->line,
			"class %s: ceil is below rate (raise it, or leave it "
			"out: then it is the rate)",
			name_of(c->id).text);
	q = find_qdisc(in, major);
	if (q && q->kind == TREE_PRIO && (c->id & 0xffff) > bands_of(q))
		tree_error(faults, c->line,
			"class %s: the qdisc has %d bands, %s1 to %s%x",
			name_of(c->id).text, (int)bands_of(q),
			name_of(major).text, name_of(major).text,
			(unsigned)bands_of(q));
}

/* ---- filters ------------------------------------------------------------- */

static void
check_family(const struct tree_filter *f, const struct tree_match *m,
	struct tree_faults *faults)
{
	static const char *const words[] = { "src", "dst", "proto", "sport",
		"dport", "tos", "mark", "raw" };
	uint16_t of = m->prefix.addr.family == ADDR_V6 ? ETH_P_IPV6 : ETH_P_IP;
	bool addressed = m->field == TREE_SRC || m->field == TREE_DST;

	if (m->field == TREE_MARK || m->field == TREE_RAW)
		return;
	if (f->protocol != ETH_P_IP && f->protocol != ETH_P_IPV6)
		tree_error(faults, f->line,
			"%s: only IPv4 and IPv6 packets have it (add protocol "
			"= \"ip\"; or protocol = \"ipv6\";)",
			words[m->field]);
	else if (addressed && !m->local && f->protocol != of)
		tree_error(faults, f->line,
			"%s: the prefix is of the other protocol (write "
			"protocol = \"%s\";)",
			words[m->field], of == ETH_P_IP ? "ip" : "ipv6");
}

static bool
uses_local(const struct tree_filter *f)
{
	for (size_t i = 0; i < f->match_count; i++)
		if (f->matches[i].local)
			return true;
	return false;
}

static void
check_target(const struct checking *c, const struct tree_filter *f)
{
	const struct tree_iface *iface = c->iface;
	struct tree_faults *faults = c->faults;
	bool inside = (f->parent & 0xffff0000u) != TC_INGRESS_HANDLE;

	if (inside && f->classid != 0 && !f->missing &&
		!is_class(c, f->classid))
		tree_error(faults, f->line,
			"class: there is no class %s (add it, or name another)",
			name_of(f->classid).text);
	if (f->classid == 0 && f->action_count == 0 && !f->policed)
		tree_error(faults, f->line,
			"a filter that does nothing (add class = \"1:10\"; or "
			"actions)");
	if (uses_local(f) && iface->local_count == 0)
		tree_error(faults, f->line,
			"\"local\": the interface has no such list (add for "
			"example: local = ( \"192.168.0.0/16\", \"own IPv6\" "
			");)");
	for (size_t i = 0; i < f->action_count; i++)
		if ((f->actions[i].act == TREE_ACT_REDIRECT ||
			    f->actions[i].act == TREE_ACT_MIRROR) &&
			f->actions[i].target[0] == '\0' &&
			iface->ifb[0] == '\0')
			tree_error(faults, f->actions[i].line,
				"\"ifb\": the interface has none (add ifb = { "
				"root = { ... }; };)");
}

/* Without a preference of its own: behind the filter before it, or beside it
 * where the kernel allows that. */
static uint16_t
number_of(const struct tree_filter *filters, size_t n)
{
	const struct tree_filter *f = &filters[n];
	uint16_t last = 0;

	if (f->pref != 0)
		return f->pref;
	for (size_t i = n; i-- > 0;) {
		const struct tree_filter *before = &filters[i];

		if (before->parent != f->parent)
			continue;
		if (last == 0 && before->pref == 0 && before->kind == f->kind &&
			before->protocol == f->protocol &&
			f->kind != TREE_MATCHALL)
			return before->number;
		last = before->number > last ? before->number : last;
	}
	return (uint16_t)(last + 1);
}

void
tree_number_filters(struct tree_iface *iface)
{
	for (size_t i = 0; i < iface->filter_count; i++)
		iface->filters[i].number = number_of(iface->filters, i);
}

/* What filters with one preference may not differ in, or share. */
static void
check_pref(const struct checking *c, const struct tree_filter *f, size_t n)
{
	const struct tree_filter *a;
	size_t i;

	if (!stands_before(c, PREF, pref_key(f), n, &i))
		return;
	a = &c->iface->filters[i];
	if (a->protocol != f->protocol || a->kind != f->kind)
		tree_error(c->faults, f->line,
			"pref %u is of another %s since line %u (each needs a "
			"pref of its own)",
			f->number,
			a->kind != f->kind ? "kind of filter" : "protocol",
			a->line);
	else if (f->kind == TREE_MATCHALL)
		tree_error(c->faults, f->line,
			"pref %u matches everything already since line %u "
			"(take another pref)",
			f->number, a->line);
	else if (f->kind == TREE_FW &&
		 stands_before(c, mark_key(f), f->mark, n, &i))
		tree_error(c->faults, f->line,
			"mark %u stands twice, first in line %u (remove one)",
			f->mark, c->iface->filters[i].line);
}

/* The kernel numbers what has one preference in twelve bits. */
static void
check_number(const struct checking *c, const struct tree_filter *f, size_t n)
{
	enum { NODES_MAX = 2047 };

	if (f->kind == TREE_U32 &&
		tree_index_before(&c->index, PREF, pref_key(f), n) == NODES_MAX)
		tree_error(c->faults, f->line,
			"more than %d filters of u32 with pref %u (give this "
			"and those behind it another pref)",
			NODES_MAX, f->number);
}

/* Each has a table, and those that the kernel numbers by itself have eleven
 * bits, but for one number. */
static void
check_tables(const struct checking *c, const struct tree_filter *f, size_t n)
{
	enum { TABLES_MAX = 2047 };
	const uint32_t qdisc = f->parent & MAJOR;

	if (tree_index_from(&c->firsts, QDISC, qdisc, n) == n &&
		tree_index_before(&c->firsts, QDISC, qdisc, n) == TABLES_MAX)
		tree_error(c->faults, f->line,
			"more than %d prefs of u32 in qdisc %s, which the "
			"kernel has no tables for (give this and those behind "
			"it the pref of others of their protocol)",
			TABLES_MAX, name_of(qdisc).text);
}

static void
check_filter(const struct checking *c, size_t n)
{
	const struct tree_filter *f = &c->iface->filters[n];
	struct tree_faults *faults = c->faults;

	if (f->number == 0)
		tree_error(faults, f->line,
			"no pref is left behind 65535 (give this filter one)");
	check_pref(c, f, n);
	check_number(c, f, n);
	check_tables(c, f, n);
	for (size_t i = 0; i < f->match_count; i++)
		check_family(f, &f->matches[i], faults);
	check_target(c, f);
	if (f->policed && f->action_count > 0)
		tree_error(faults, f->line,
			"police and actions exclude each other (write it as an "
			"action: { police = { ... }; })");
}

/* ---- interfaces ---------------------------------------------------------- */

static void
check_objects(const struct checking *c)
{
	for (size_t i = 0; i < c->iface->qdisc_count; i++)
		check_qdisc(c, i);
	for (size_t i = 0; i < c->iface->class_count; i++)
		check_class(c, i);
	for (size_t i = 0; i < c->iface->filter_count; i++)
		check_filter(c, i);
}

static void
check_iface(const struct tree *tree, size_t n, struct tree_faults *faults)
{
	const struct tree_iface *iface = &tree->ifaces[n];
	struct checking c = { .iface = iface, .faults = faults };

	for (size_t i = 0; i < n; i++)
		if (strcmp(tree->ifaces[i].name, iface->name) == 0)
			tree_error(faults, iface->line,
				"interface %s stands twice, first in line %u "
				"(keep one)",
				iface->name, tree->ifaces[i].line);
	if (iface->qdisc_count == 0 && iface->mark_count == 0)
		tree_error(faults, iface->line,
			"%s: nothing is described (add root = { ... };)",
			iface->name);
	index_all(&c);
	index_firsts(&c);
	if (c.index.failed || c.firsts.failed)
		tree_error(faults, iface->line, "%s: no memory", iface->name);
	else
		check_objects(&c);
	tree_index_done(&c.index);
	tree_index_done(&c.firsts);
}

static uint64_t
bit_of(const struct tree *tree, const char *name)
{
	for (size_t i = 0; i < tree->count; i++)
		if (strcmp(tree->ifaces[i].name, name) == 0)
			return 1ull << i;
	return 0;
}

/* To which interfaces of the file a filter sends packets, as bits. */
static uint64_t
redirects_of(const struct tree *tree, const struct tree_iface *from,
	const struct tree_filter *f)
{
	uint64_t to = 0;

	for (size_t i = 0; i < f->action_count; i++)
		if (f->actions[i].act == TREE_ACT_REDIRECT)
			to |= bit_of(tree, f->actions[i].target[0] != '\0'
						   ? f->actions[i].target
						   : from->ifb);
	return to;
}

static uint64_t
redirects(const struct tree *tree, const struct tree_iface *from)
{
	uint64_t to = 0;

	for (size_t i = 0; i < from->filter_count; i++)
		to |= redirects_of(tree, from, &from->filters[i]);
	return to;
}

_Static_assert(TREE_IFACES_MAX <= 64, "a bit for each");

/* Packets that are redirected in a circle never leave the host. */
static void
check_circles(const struct tree *tree, struct tree_faults *faults)
{
	uint64_t reach[TREE_IFACES_MAX];

	for (size_t i = 0; i < tree->count; i++)
		reach[i] = redirects(tree, &tree->ifaces[i]);
	for (size_t k = 0; k < tree->count; k++)
		for (size_t i = 0; i < tree->count; i++)
			if ((reach[i] >> k & 1) != 0)
				reach[i] |= reach[k];
	for (size_t i = 0; i < tree->count; i++)
		if ((reach[i] >> i & 1) != 0)
			tree_error(faults, tree->ifaces[i].line,
				"%s: its packets are redirected in a circle "
				"(remove one of the redirects)",
				tree->ifaces[i].name);
}

void
tree_check(const struct tree *tree, struct tree_faults *faults)
{
	for (size_t i = 0; i < tree->count; i++)
		check_iface(tree, i, faults);
	check_circles(tree, faults);
}
