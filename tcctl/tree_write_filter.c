/* SPDX-License-Identifier: ISC */

/* A filter of the kernel's as a member of a description's list. */

#include "tree_int.h"

#include <linux/if_ether.h>
#include <string.h>

enum {
	V4_TOS = 0,
	V4_PROTO = 8,
	V4_SRC = 12,
	V4_DST = 16,
	V4_PORTS = 20,
	V6_NEXT = 4,
	V6_PORTS = 40,
	BYTE = 0xff
};

#define PORT 0xffffu

/* A described class, or a band of a prio. */
static bool
is_class(const struct tc_objects *list, uint32_t id)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct tc_object *o = &list->all[i];

		if (o->type != TC_FILTER && o->handle == id)
			return true;
		if (o->kind == &tc_kind_prio && o->handle == (id & ~PORT) &&
			(id & PORT) <= o->prio.bands)
			return true;
	}
	return false;
}

static void
put_class(FILE *out, const struct tc_objects *list, const struct tc_object *f,
	uint32_t id)
{
	bool missing =
		(f->parent & ~PORT) != TC_INGRESS_HANDLE && !is_class(list, id);

	if (id != 0)
		fprintf(out, "class = \"%s%x:%x\"; ", missing ? "missing " : "",
			id >> 16, id & PORT);
}

static void
put_protocol(FILE *out, uint16_t protocol)
{
	switch (protocol) {
	case ETH_P_IP:
		break; /* what is meant where nothing is said */
	case ETH_P_IPV6:
		fprintf(out, "protocol = \"ipv6\"; ");
		break;
	case ETH_P_ARP:
		fprintf(out, "protocol = \"arp\"; ");
		break;
	case ETH_P_ALL:
		fprintf(out, "protocol = \"all\"; ");
		break;
	default:
		fprintf(out, "protocol = \"0x%x\"; ", protocol);
		break;
	}
}

/* ---- u32 ----------------------------------------------------------------- */

/* A word as what it stands for; NULL fields: it is nothing that has a name. */
struct named {
	const char *high; /* key of its upper or only part */
	const char *low;
	unsigned shift;
	uint32_t all; /* mask of the part */
};

static struct named
name_of(uint16_t protocol, const struct tc_key *k)
{
	static const struct named ports = { "sport", "dport", 16, PORT };
	static const struct named proto4 = { "proto", NULL, 16, BYTE };
	static const struct named tos4 = { "tos", NULL, 16, BYTE };
	static const struct named next6 = { "proto", NULL, 8, BYTE };
	static const struct named class6 = { "tos", NULL, 20, BYTE };
	const bool v4 = protocol == ETH_P_IP;

	if (k->floating || (!v4 && protocol != ETH_P_IPV6))
		return (struct named){ 0 };
	if (k->off == (v4 ? V4_PORTS : V6_PORTS))
		return ports;
	if (v4 && k->off == V4_PROTO)
		return proto4;
	if (v4 && k->off == V4_TOS)
		return tos4;
	if (!v4 && k->off == V6_NEXT)
		return next6;
	if (!v4 && k->off == 0)
		return class6;
	return (struct named){ 0 };
}

/* The length of a mask of leading ones; -1: it is another. */
static int
prefix_length(uint32_t mask)
{
	int len = 0;

	while (len < 32 && (mask << len & 0x80000000u) != 0)
		len++;
	return len == 32 || mask << len == 0 ? len : -1;
}

static bool
is_prefix(uint16_t protocol, const struct tc_key *k)
{
	return protocol == ETH_P_IP && !k->floating &&
	       (k->off == V4_SRC || k->off == V4_DST) &&
	       prefix_length(k->mask) >= 0;
}

static bool
has_name(uint16_t protocol, const struct tc_key *k)
{
	const struct named n = name_of(protocol, k);
	uint32_t parts = n.all << n.shift | (n.low ? n.all : 0);

	if (is_prefix(protocol, k))
		return true;
	if (!n.high || (k->mask & ~parts) != 0 || k->mask == 0)
		return false;
	/* A masked protocol has no form of its own. */
	return strcmp(n.high, "proto") != 0 || k->mask == n.all << n.shift;
}

static void
put_part(
	FILE *out, const char *key, uint32_t value, uint32_t mask, uint32_t all)
{
	if (mask == 0)
		return;
	if (mask == all)
		tree_write_number(out, key, value);
	else
		fprintf(out, "%s = \"0x%x/0x%x\"; ", key, value, mask);
}

static void
put_named(FILE *out, uint16_t protocol, const struct tc_key *k)
{
	const struct named n = name_of(protocol, k);
	const struct addr a = addr_v4_u32(k->value);
	char buf[ADDR_TEXT];

	if (is_prefix(protocol, k)) {
		fprintf(out, "%s = \"%s/%d\"; ",
			k->off == V4_SRC ? "src" : "dst", addr_format(&a, buf),
			prefix_length(k->mask));
		return;
	}
	put_part(out, n.high, k->value >> n.shift & n.all,
		k->mask >> n.shift & n.all, n.all);
	if (n.low)
		put_part(out, n.low, k->value & n.all, k->mask & n.all, n.all);
}

static void
put_raw(FILE *out, const struct tc_u32 *u)
{
	fprintf(out, "raw = ( ");
	for (size_t i = 0; i < u->key_count; i++) {
		const struct tc_key *k = &u->keys[i];

		fprintf(out,
			"%s{ at = %d; value = \"0x%08x\"; mask = "
			"\"0x%08x\";%s }",
			i > 0 ? ", " : "", k->off, k->value, k->mask,
			k->floating ? " transport = true;" : "");
	}
	fprintf(out, " ); ");
}

static bool
is_everything(const struct tc_u32 *u)
{
	return u->key_count == 1 && u->keys[0].mask == 0 &&
	       u->keys[0].value == 0 && u->keys[0].off == 0 &&
	       !u->keys[0].floating;
}

static void
put_u32(FILE *out, const struct tc_object *f)
{
	const bool marked = f->extra && f->extra->mark_mask != 0;
	bool named = true;

	for (size_t i = 0; i < f->u32.key_count; i++)
		named = named && has_name(f->protocol, &f->u32.keys[i]);
	if (is_everything(&f->u32) && !marked)
		return;
	fprintf(out, "match = { ");
	if (marked)
		fprintf(out, "mark = \"0x%x/0x%x\"; ", f->extra->mark,
			f->extra->mark_mask);
	for (size_t i = 0; i < f->u32.key_count && named; i++)
		put_named(out, f->protocol, &f->u32.keys[i]);
	if (!named && !is_everything(&f->u32))
		put_raw(out, &f->u32);
	fprintf(out, "}; ");
}

/* ---- flower -------------------------------------------------------------- */

static int
mask_length(const struct addr *mask)
{
	enum { BITS = 8 };
	int len = 0;

	for (size_t i = 0; i < addr_size(mask->family); i++)
		for (unsigned bit = 0x80; bit != 0 && (mask->b[i] & bit) != 0;
			bit >>= 1)
			len++;
	return len;
}

static void
put_flower_addr(
	FILE *out, const char *key, const struct tc_flower_addr *a, bool there)
{
	char buf[ADDR_TEXT];

	if (there)
		fprintf(out, "%s = \"%s/%d\"; ", key,
			addr_format(&a->value, buf), mask_length(&a->mask));
}

static void
put_flower(FILE *out, const struct tc_flower *w)
{
	if ((w->fields & ~(uint32_t)TC_FLOWER_ETH_TYPE) == 0)
		return;
	fprintf(out, "match = { ");
	put_flower_addr(out, "src", &w->src, (w->fields & TC_FLOWER_SRC) != 0);
	put_flower_addr(out, "dst", &w->dst, (w->fields & TC_FLOWER_DST) != 0);
	if ((w->fields & TC_FLOWER_PROTO) != 0)
		fprintf(out, "proto = %u; ", w->ip_proto);
	if ((w->fields & TC_FLOWER_SPORT) != 0)
		put_part(out, "sport", w->sport.a, w->sport.b, PORT);
	if ((w->fields & TC_FLOWER_DPORT) != 0)
		put_part(out, "dport", w->dport.a, w->dport.b, PORT);
	if ((w->fields & TC_FLOWER_TOS) != 0)
		put_part(out, "tos", w->tos, w->tos_mask, BYTE);
	fprintf(out, "}; ");
}

/* ---- actions ------------------------------------------------------------- */

static const char *
verdict_name(int32_t verdict)
{
	static const char *const names[] = { "continue", "pass", "reclassify",
		"drop", "pipe" };

	return names[verdict + 1]; /* known: -1 to 3 */
}

static void
put_police(FILE *out, const struct tc_action *a)
{
	const struct tc_act_police *p = &a->police;

	fprintf(out, "police = { ");
	tree_write_rate(out, "rate", p->rate_Bps);
	tree_write_burst(out, "burst", p->burst_ticks, p->rate_Bps);
	if (p->peak_Bps != 0)
		tree_write_rate(out, "peak", p->peak_Bps);
	if (p->mtu != TC_POLICE_MTU)
		fprintf(out, "mtu = \"%u\"; ", p->mtu);
	if (p->overhead != 0)
		fprintf(out, "overhead = %u; ", p->overhead);
	if (p->mpu != 0)
		fprintf(out, "mpu = %u; ", p->mpu);
	if (p->atm)
		fprintf(out, "atm = true; ");
	fprintf(out, "exceed = \"%s\"; ", verdict_name(a->control));
	if (p->conform != TC_VERDICT_OK)
		fprintf(out, "conform = \"%s\"; ", verdict_name(p->conform));
	fprintf(out, "}; ");
}

static void
put_target(FILE *out, const struct tree_host *host, const struct tc_action *a)
{
	const char *name = "missing";

	for (size_t i = 0; i < host->link_count; i++)
		if (host->links[i].ifindex == a->mirred.ifindex &&
			tree_is_name(host->links[i].name))
			name = host->links[i].name;
	fprintf(out, "%s = \"%s\"; ",
		a->mirred.way == TC_MIRRED_REDIRECT ? "redirect" : "mirror",
		name);
}

static void
put_skbedit(FILE *out, const struct tc_act_skbedit *s)
{
	if (s->has_priority)
		fprintf(out, "priority = \"%x:%x\"; ", s->priority >> 16,
			s->priority & PORT);
	else
		put_part(out, "mark", s->mark, s->mask, UINT32_MAX);
}

static void
put_action(FILE *out, const struct tree_host *host, const struct tc_action *a)
{
	enum { SHIFT = 2 };
	uint8_t value = 0;
	uint8_t retain;
	bool v6;

	if (a->kind == &tc_action_police)
		put_police(out, a);
	else if (a->kind == &tc_action_mirred)
		put_target(out, host, a);
	else if (a->kind == &tc_action_connmark && a->connmark.zone == 0)
		fprintf(out, "connmark = true; ");
	else if (a->kind == &tc_action_connmark)
		fprintf(out, "connmark = %u; ", a->connmark.zone);
	else if (a->kind == &tc_action_skbedit)
		put_skbedit(out, &a->skbedit);
	else if (a->kind == &tc_action_gact)
		fprintf(out, "verdict = \"%s\"; ", verdict_name(a->control));
	else if (tc_pedit_is_dsfield(&a->pedit, &v6, &value, &retain))
		fprintf(out, "dscp = %u; ", (unsigned)value >> SHIFT);
}

static void
put_actions(FILE *out, const struct tree_host *host, const struct tc_extra *e)
{
	bool any = false;

	if (e->action_count == 0)
		return;
	if (e->old_police) {
		put_police(out, &e->actions[0]);
		return;
	}
	fprintf(out, "actions = ( ");
	for (size_t i = 0; i < e->action_count; i++) {
		if (e->actions[i].kind == &tc_action_csum)
			continue; /* goes with the field it follows */
		fprintf(out, "%s{ ", any ? ", " : "");
		any = true;
		put_action(out, host, &e->actions[i]);
		fprintf(out, "}");
	}
	fprintf(out, " ); ");
}

void
tree_write_filter(const struct tree_writing *w, const struct tc_objects *list,
	const struct tc_object *f, unsigned depth)
{
	FILE *out = w->out;

	tree_indent(out, depth);
	fprintf(out, "{ pref = %u; ", f->pref);
	put_protocol(out, f->protocol);
	if (f->kind != &tc_kind_u32)
		fprintf(out, "kind = \"%s\"; ", f->kind->name);
	if (f->kind == &tc_kind_u32) {
		put_u32(out, f);
		put_class(out, list, f, f->u32.classid);
	} else if (f->kind == &tc_kind_fw) {
		fprintf(out, "mark = \"%u\"; ", f->handle);
		if (f->fw.mask != UINT32_MAX)
			fprintf(out, "mask = \"0x%x\"; ", f->fw.mask);
		put_class(out, list, f, f->fw.classid);
	} else if (f->kind == &tc_kind_flower) {
		put_flower(out, &f->flower);
		put_class(out, list, f, f->flower.classid);
	} else {
		put_class(out, list, f, f->matchall.classid);
	}
	if (f->extra)
		put_actions(out, w->host, f->extra);
	fprintf(out, "}");
}
