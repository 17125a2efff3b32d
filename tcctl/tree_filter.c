/* SPDX-License-Identifier: ISC */

/*
 * From the filters of a description to the kernel's: conditions as keys of u32
 * or fields of flower, and actions.  A filter for "local" becomes one for each
 * prefix.
 *
 * New nodes of u32 are numbered from 0x800 on in a table that has no number yet
 * (tree_plan.c).
 */

#include "tree_int.h"

#include <linux/if_ether.h>
#include <linux/tc_act/tc_csum.h>
#include <string.h>

enum {
	FIRST_NODE = 0x800,
	ECN_KEPT = 0xfc,
	BYTE = 8,
	WORD = 4,
	V4_TOS = 0,
	V4_PROTO = 8,
	V4_SRC = 12,
	V4_DST = 16,
	V4_PORTS = 20, /* without options, as tc(8) */
	V6_CLASS = 0,
	V6_NEXT = 4,
	V6_SRC = 8,
	V6_DST = 24,
	V6_PORTS = 40
};

/* Where a byte or port lies in its word. */
enum {
	AT_TOS4 = 16,
	AT_PROTO4 = 16,
	AT_CLASS6 = 20,
	AT_NEXT6 = 8,
	AT_SPORT = 16
};

static bool
is_v6(const struct tree_filter *f)
{
	return f->protocol == ETH_P_IPV6;
}

/* ---- u32 ----------------------------------------------------------------- */

/* Conditions on the same word are one key, as in tc(8). */
static bool
merge_key(struct tc_u32 *u, const struct tc_key *key)
{
	for (size_t i = 0; i < u->key_count; i++) {
		struct tc_key *k = &u->keys[i];

		if (k->off != key->off || k->floating != key->floating)
			continue;
		if (((k->value ^ key->value) & k->mask & key->mask) != 0)
			return false;
		k->value |= key->value;
		k->mask |= key->mask;
		return true;
	}
	if (u->key_count == TC_U32_KEYS_MAX)
		return false;
	u->keys[u->key_count++] = *key;
	return true;
}

static bool
add_key(struct tc_u32 *u, int off, uint32_t value, uint32_t mask)
{
	const struct tc_key key = {
		.mask = mask, .value = value & mask, .off = (int16_t)off
	};

	return merge_key(u, &key);
}

/* The bits of a mask of that length that fall into word i. */
static uint32_t
mask_word(unsigned len, unsigned i)
{
	enum { BITS = 32 };
	unsigned before = i * BITS;

	if (len <= before)
		return 0;
	if (len >= before + BITS)
		return UINT32_MAX;
	return UINT32_MAX << (before + BITS - len);
}

static uint32_t
word_of(const struct addr *a, unsigned i)
{
	const uint8_t *b = a->b + (size_t)i * WORD;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
}

/* IPv4: one key, also for a length of 0; IPv6: one for each word in part. */
static bool
add_prefix(struct tc_u32 *u, int off, const struct addr_prefix *p)
{
	unsigned words = p->addr.family == ADDR_V6 ? 4 : 1;
	bool ok = true;

	for (unsigned i = 0; i < words && ok; i++)
		if (i == 0 || mask_word(p->len, i) != 0)
			ok = add_key(u, off + (int)(i * WORD),
				word_of(&p->addr, i), mask_word(p->len, i));
	return ok;
}

static bool
add_match(struct tc_u32 *u, const struct tree_filter *f,
	const struct tree_match *m)
{
	const bool v6 = is_v6(f);
	const struct tc_key raw = { .mask = m->mask,
		.value = m->value,
		.off = m->off,
		.floating = m->floating };
	int shift;

	switch ((enum tree_field)m->field) {
	case TREE_SRC:
		return add_prefix(u, v6 ? V6_SRC : V4_SRC, &m->prefix);
	case TREE_DST:
		return add_prefix(u, v6 ? V6_DST : V4_DST, &m->prefix);
	case TREE_PROTO:
		shift = v6 ? AT_NEXT6 : AT_PROTO4;
		return add_key(u, v6 ? V6_NEXT : V4_PROTO, m->value << shift,
			m->mask << shift);
	case TREE_SPORT:
		return add_key(u, v6 ? V6_PORTS : V4_PORTS,
			m->value << AT_SPORT, m->mask << AT_SPORT);
	case TREE_DPORT:
		return add_key(u, v6 ? V6_PORTS : V4_PORTS, m->value, m->mask);
	case TREE_TOS:
		shift = v6 ? AT_CLASS6 : AT_TOS4;
		return add_key(u, v6 ? V6_CLASS : V4_TOS, m->value << shift,
			m->mask << shift);
	case TREE_RAW:
		return merge_key(u, &raw);
	case TREE_MARK:
		break;
	}
	return true;
}

static void
build_u32(struct tree_building *b, const struct tree_filter *f,
	struct tc_object *o)
{
	o->kind = &tc_kind_u32;
	o->u32.flags = TC_U32_FLAG_TERMINAL;
	o->u32.classid = f->classid;
	for (size_t i = 0; i < f->match_count; i++) {
		const struct tree_match *m = &f->matches[i];

		if (m->field == TREE_MARK && o->extra) {
			o->extra->mark = m->value & m->mask;
			o->extra->mark_mask = m->mask;
		}
		if (!add_match(&o->u32, f, m)) {
			tree_error(b->faults, f->line,
				"match: conditions that contradict each other, "
				"or more than %d keys",
				TC_U32_KEYS_MAX);
			return;
		}
	}
	if (o->u32.key_count == 0)               /* everything */
		(void)add_key(&o->u32, 0, 0, 0); /* there is room */
}

/* ---- flower -------------------------------------------------------------- */

static void
set_mask(const struct addr_prefix *p, struct tc_flower_addr *to)
{
	to->value = p->addr;
	to->mask.family = p->addr.family;
	for (unsigned i = 0; i < addr_size(p->addr.family); i++) {
		unsigned bits = p->len > i * BYTE ? p->len - i * BYTE : 0;

		to->mask.b[i] =
			(uint8_t)(bits >= BYTE ? 0xff : 0xff00 >> bits & 0xff);
	}
}

static void
set_field(struct tc_flower *w, const struct tree_match *m)
{
	const struct tc_flower_port port = { (uint16_t)m->value,
		(uint16_t)m->mask };

	switch ((enum tree_field)m->field) {
	case TREE_SRC:
		w->fields |= TC_FLOWER_SRC;
		set_mask(&m->prefix, &w->src);
		break;
	case TREE_DST:
		w->fields |= TC_FLOWER_DST;
		set_mask(&m->prefix, &w->dst);
		break;
	case TREE_PROTO:
		w->fields |= TC_FLOWER_PROTO;
		w->ip_proto = (uint8_t)m->value;
		break;
	case TREE_SPORT:
		w->fields |= TC_FLOWER_SPORT;
		w->sport = port;
		break;
	case TREE_DPORT:
		w->fields |= TC_FLOWER_DPORT;
		w->dport = port;
		break;
	case TREE_TOS:
		w->fields |= TC_FLOWER_TOS;
		w->tos = (uint8_t)(m->value & m->mask);
		w->tos_mask = (uint8_t)m->mask;
		break;
	case TREE_MARK:
	case TREE_RAW:
		break; /* the reader takes them for u32 alone */
	}
}

static void
build_flower(const struct tree_filter *f, struct tc_object *o)
{
	o->kind = &tc_kind_flower;
	o->flower.classid = f->classid;
	if (f->protocol != ETH_P_ALL) {
		o->flower.fields = TC_FLOWER_ETH_TYPE;
		o->flower.eth_type = f->protocol;
	}
	for (size_t i = 0; i < f->match_count; i++)
		set_field(&o->flower, &f->matches[i]);
}

/* ---- actions ------------------------------------------------------------- */

static void
build_police(struct tree_building *b, const struct tree_action *from,
	struct tc_action *a)
{
	const struct tree_params *p = &from->p;
	uint32_t packet = b->link->mtu + b->link->header_bytes;

	if (p->burst.bytes != TREE_UNSET && p->burst.bytes < packet)
		tree_warning(b->faults, from->line,
			"police: a burst of %llu octets is less than a packet "
			"of %s (%u): those exceed it always (raise it)",
			(unsigned long long)p->burst.bytes, b->link->name,
			packet);
	a->kind = &tc_action_police;
	a->control = from->exceed;
	a->police = (struct tc_act_police){ .rate_Bps = p->rate_Bps,
		.peak_Bps = p->peak_Bps == TREE_UNSET ? 0 : p->peak_Bps,
		.burst_ticks = tree_burst_ticks(&p->burst, p->rate_Bps, 0),
		.mtu = p->mtu_bytes == TREE_UNSET ? TC_POLICE_MTU
						  : (uint32_t)p->mtu_bytes,
		.conform = from->conform,
		.overhead = p->overhead_bytes == TREE_UNSET
				    ? 0
				    : (uint16_t)p->overhead_bytes,
		.mpu = p->mpu_bytes == TREE_UNSET ? 0 : (uint16_t)p->mpu_bytes,
		.atm = p->atm == 1 };
}

static void
build_mirred(struct tree_building *b, const struct tree_action *from,
	struct tc_action *a)
{
	const char *name =
		from->target[0] != '\0' ? from->target : b->iface->ifb;
	const struct tree_link *link = tree_host_link(b->host, name);
	bool redirect = from->act == TREE_ACT_REDIRECT;

	if (!link)
		tree_error(b->faults, from->line,
			"there is no interface %s to send packets to", name);
	a->kind = &tc_action_mirred;
	a->control = redirect ? TC_VERDICT_STOLEN : TC_VERDICT_PIPE;
	a->mirred.way = redirect ? TC_MIRRED_REDIRECT : TC_MIRRED_MIRROR;
	a->mirred.ifindex = link ? link->ifindex : 0;
	(void)text_copy(a->mirred.name, TC_NAME, name); /* as long */
}

static void
build_skbedit(const struct tree_action *from, struct tc_action *a)
{
	a->kind = &tc_action_skbedit;
	a->control = TC_VERDICT_PIPE;
	if (from->act == TREE_ACT_PRIORITY) {
		a->skbedit.has_priority = true;
		a->skbedit.priority = from->value;
		return;
	}
	a->skbedit.has_mark = true;
	a->skbedit.mark = from->value;
	a->skbedit.mask = from->mask;
}

/* The DS field without ECN; in IPv4 the header's checksum after it.  Who is
 * last lets the packet pass, as in tc(8). */
static size_t
build_dscp(struct tree_building *b, const struct tree_filter *f,
	const struct tree_action *from, struct tc_action a[2])
{
	enum { SHIFT = 2 };
	const int32_t end = from == &f->actions[f->action_count - 1]
				    ? TC_VERDICT_OK
				    : TC_VERDICT_PIPE;

	if (f->protocol != ETH_P_IP && f->protocol != ETH_P_IPV6)
		tree_error(b->faults, from->line,
			"dscp: only IPv4 and IPv6 packets have it (add "
			"protocol = \"ip\"; or protocol = \"ipv6\";)");
	a[0].kind = &tc_action_pedit;
	a[0].control = is_v6(f) ? end : TC_VERDICT_PIPE;
	tc_pedit_dsfield(&a[0].pedit, is_v6(f), (uint8_t)(from->value << SHIFT),
		ECN_KEPT);
	if (is_v6(f))
		return 1;
	a[1].kind = &tc_action_csum;
	a[1].control = end;
	a[1].csum.what = TCA_CSUM_UPDATE_FLAG_IPV4HDR;
	return 2;
}

static size_t
build_action(struct tree_building *b, const struct tree_filter *f,
	const struct tree_action *from, struct tc_action a[2])
{
	memset(a, 0, 2 * sizeof(*a));
	switch ((enum tree_act)from->act) {
	case TREE_ACT_POLICE:
		build_police(b, from, a);
		return 1;
	case TREE_ACT_REDIRECT:
	case TREE_ACT_MIRROR:
		build_mirred(b, from, a);
		return 1;
	case TREE_ACT_CONNMARK:
		a->kind = &tc_action_connmark;
		a->control = TC_VERDICT_PIPE;
		a->connmark.zone = (uint16_t)from->value;
		return 1;
	case TREE_ACT_DSCP:
		return build_dscp(b, f, from, a);
	case TREE_ACT_MARK:
	case TREE_ACT_PRIORITY:
		build_skbedit(from, a);
		return 1;
	case TREE_ACT_VERDICT:
		a->kind = &tc_action_gact;
		a->control = from->exceed;
		return 1;
	}
	return 0;
}

static void
build_actions(struct tree_building *b, const struct tree_filter *f,
	struct tc_extra *extra)
{
	struct tc_action made[2];

	if (f->policed) {
		extra->old_police = true;
		extra->action_count = 1;
		build_police(b, &f->police, &extra->actions[0]);
	}
	for (size_t i = 0; i < f->action_count; i++) {
		size_t n = build_action(b, f, &f->actions[i], made);

		if (extra->action_count + n > TC_ACTIONS_MAX) {
			tree_error(b->faults, f->line,
				"actions: more than the kernel is asked for "
				"(%d; dscp counts twice in IPv4)",
				TC_ACTIONS_MAX);
			return;
		}
		memcpy(&extra->actions[extra->action_count], made,
			n * sizeof(made[0]));
		extra->action_count = (uint8_t)(extra->action_count + n);
	}
}

/* ---- one after the other ------------------------------------------------- */

static bool
needs_extra(const struct tree_filter *f)
{
	for (size_t i = 0; i < f->match_count; i++)
		if (f->matches[i].field == TREE_MARK)
			return true;
	return f->policed || f->action_count > 0;
}

static void
build_one(struct tree_building *b, const struct tree_filter *f, uint16_t pref,
	uint32_t number)
{
	struct tc_object *o = tc_objects_add(b->into);

	if (!o)
		return;
	o->type = TC_FILTER;
	o->ifindex = b->link->ifindex;
	o->parent = f->parent;
	o->pref = pref;
	o->protocol = f->protocol;
	if (needs_extra(f)) {
		struct tc_extra *extra = tc_objects_extra(b->into, o);

		if (!extra)
			return;
		build_actions(b, f, extra);
	}
	switch ((enum tree_classifier)f->kind) {
	case TREE_U32:
		o->handle = FIRST_NODE + number;
		build_u32(b, f, o);
		break;
	case TREE_FW:
		o->handle = f->mark;
		o->kind = &tc_kind_fw;
		o->fw.classid = f->classid;
		o->fw.mask = f->mask;
		break;
	case TREE_MATCHALL:
		o->handle = 1;
		o->kind = &tc_kind_matchall;
		o->matchall.classid = f->classid;
		break;
	case TREE_FLOWER:
		o->handle = 1 + number;
		build_flower(f, o);
		break;
	}
}

/* How many filters of that place and preference there are already.  Mostly they
 * follow each other. */
static uint32_t
number_in(struct tree_building *b, uint32_t parent, uint16_t pref)
{
	uint32_t n = 0;

	if (b->built + 1 == b->into->count && b->parent == parent &&
		b->pref == pref) {
		b->built++;
		return ++b->number;
	}
	for (size_t i = 0; i < b->into->count; i++) {
		const struct tc_object *o = &b->into->all[i];

		n += o->type == TC_FILTER && o->parent == parent &&
		     o->pref == pref;
	}
	b->parent = parent;
	b->pref = pref;
	b->number = n;
	b->built = b->into->count;
	return n;
}

static struct tree_match *
find_local(struct tree_filter *f)
{
	for (size_t i = 0; i < f->match_count; i++)
		if (f->matches[i].local)
			return &f->matches[i];
	return NULL;
}

/* Both ends local: the first is spread here, the second in the copies. */
static void
build_spread(struct tree_building *b, const struct tree_filter *f)
{
	const uint16_t pref = f->number;
	const uint8_t family = is_v6(f) ? ADDR_V6 : ADDR_V4;
	struct tree_filter copy = *f;
	struct tree_match *first = find_local(&copy);
	struct tree_match *second;

	if (!first) {
		build_one(b, f, pref, number_in(b, f->parent, pref));
		return;
	}
	first->local = false;
	second = find_local(&copy);
	for (size_t i = 0; i < b->locals.count; i++) {
		if (b->locals.all[i].addr.family != family)
			continue;
		first->prefix = b->locals.all[i];
		if (!second) {
			build_one(
				b, &copy, pref, number_in(b, f->parent, pref));
			continue;
		}
		for (size_t k = 0; k < b->locals.count; k++) {
			second->prefix = b->locals.all[k];
			if (second->prefix.addr.family == family)
				build_one(b, &copy, pref,
					number_in(b, f->parent, pref));
		}
	}
}

void
tree_build_filters(struct tree_building *b)
{
	for (size_t i = 0; i < b->iface->filter_count; i++)
		build_spread(b, &b->iface->filters[i]);
}
