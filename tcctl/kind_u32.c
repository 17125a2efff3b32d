/* SPDX-License-Identifier: ISC */

/* u32 tables and nodes as the kernel has them, whatever they match; what ours
 * look like is the matter of filter_u32.c. */

#include <arpa/inet.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "action_int.h"

_Static_assert(TC_U32_FLAG_TERMINAL == TC_U32_TERMINAL, "kernel's flag");
_Static_assert(TC_U32_FLAG_VAROFFSET == TC_U32_VAROFFSET, "kernel's flag");

enum { DIVISOR_MAX = 256 };

static bool
keys_equal(const struct tc_u32 *a, const struct tc_u32 *b)
{
	if (a->key_count != b->key_count)
		return false;
	for (size_t i = 0; i < a->key_count; i++)
		if (a->keys[i].mask != b->keys[i].mask ||
			a->keys[i].value != b->keys[i].value ||
			a->keys[i].off != b->keys[i].off ||
			a->keys[i].floating != b->keys[i].floating)
			return false;
	return true;
}

/* The part of a node that the kernel cannot change in place (and says yes). */
static bool
selector_equal(const struct tc_u32 *a, const struct tc_u32 *b)
{
	return a->divisor == b->divisor && a->flags == b->flags &&
	       a->offshift == b->offshift && a->offmask == b->offmask &&
	       a->off == b->off && a->offoff == b->offoff &&
	       a->hoff == b->hoff && a->hmask == b->hmask &&
	       strcmp(a->in, b->in) == 0 && keys_equal(a, b);
}

/* The mark that a node asks for of a packet; fixed, too. */
static bool
marks_equal(const struct tc_object *a, const struct tc_object *b)
{
	static const struct tc_extra none = { 0 };
	const struct tc_extra *x = a->extra ? a->extra : &none;
	const struct tc_extra *y = b->extra ? b->extra : &none;

	return x->mark == y->mark && x->mark_mask == y->mark_mask;
}

static bool
u32_equal(const struct tc_object *have, const struct tc_object *want)
{
	return selector_equal(&have->u32, &want->u32) &&
	       marks_equal(have, want) && have->u32.link == want->u32.link &&
	       have->u32.classid == want->u32.classid;
}

static bool
u32_changeable(const struct tc_object *have, const struct tc_object *want)
{
	const struct tc_u32 *a = &have->u32;
	const struct tc_u32 *b = &want->u32;

	/* A class or link that is not sent stays as it was. */
	return selector_equal(a, b) && marks_equal(have, want) &&
	       (a->classid == 0 || b->classid != 0) &&
	       (a->link == 0 || b->link != 0);
}

static void
fill_selector(struct buf_writer *w, const struct tc_u32 *u)
{
	const struct tc_u32_sel sel = { .flags = u->flags,
		.offshift = u->offshift,
		.nkeys = u->key_count,
		.offmask = htons(u->offmask),
		.off = u->off,
		.offoff = u->offoff,
		.hoff = u->hoff,
		.hmask = htonl(u->hmask) };
	uint8_t *start = nl_begin(w, TCA_U32_SEL);

	buf_put_bytes(w, &sel, sizeof(sel));
	for (size_t i = 0; i < u->key_count; i++) {
		/* The kernel's key: four words. */
		const uint32_t key[4] = { htonl(u->keys[i].mask),
			htonl(u->keys[i].value),
			(uint32_t)(int32_t)u->keys[i].off,
			u->keys[i].floating ? UINT32_MAX : 0 };

		buf_put_bytes(w, key, sizeof(key));
	}
	nl_end(w, start);
}

static void
fill_node(struct buf_writer *w, const struct tc_object *o)
{
	const struct tc_u32 *u = &o->u32;

	if (o->handle != 0 && !o->any_handle) /* else the root table */
		nl_put_u32(w, TCA_U32_HASH, o->handle & ~(uint32_t)TC_NODE_MAX);
	if (u->link != 0)
		nl_put_u32(w, TCA_U32_LINK, u->link);
	if (u->classid != 0)
		nl_put_u32(w, TCA_U32_CLASSID, u->classid);
	fill_selector(w, u);
	if (u->in[0] != '\0')
		nl_put_text(w, TCA_U32_INDEV, u->in);
	if (o->extra && o->extra->mark_mask != 0) {
		const struct tc_u32_mark mark = { .val = o->extra->mark,
			.mask = o->extra->mark_mask };

		nl_put(w, TCA_U32_MARK, &mark, sizeof(mark));
	}
	tc_actions_fill(w, o, TCA_U32_ACT, TCA_U32_POLICE);
}

static void
u32_fill(struct buf_writer *w, const struct tc_object *o)
{
	uint8_t *nest = nl_begin(w, TCA_OPTIONS);

	if (o->u32.divisor != 0)
		nl_put_u32(w, TCA_U32_DIVISOR, o->u32.divisor);
	else
		fill_node(w, o);
	tc_filter_put_hw(w, TCA_U32_FLAGS, o);
	nl_end(w, nest);
}

/* tc(8) makes no others, and neither do we. */
static bool
key_fits(const uint32_t key[4])
{
	int32_t off = (int32_t)key[2];

	return off >= INT16_MIN && off <= INT16_MAX &&
	       (key[3] == 0 || key[3] == UINT32_MAX);
}

static bool
parse_selector(struct nl_view view, struct tc_u32 *u)
{
	struct buf_reader r = buf_reader(view.data, view.len);
	struct tc_u32_sel sel;

	buf_get_bytes(&r, &sel, sizeof(sel));
	if (r.failed || sel.nkeys > TC_U32_KEYS_MAX)
		return false;
	u->flags = sel.flags;
	u->offshift = sel.offshift;
	u->offmask = ntohs(sel.offmask);
	u->off = sel.off;
	u->offoff = sel.offoff;
	u->hoff = sel.hoff;
	u->hmask = ntohl(sel.hmask);
	u->key_count = sel.nkeys;
	for (size_t i = 0; i < sel.nkeys; i++) {
		uint32_t key[4];

		buf_get_bytes(&r, key, sizeof(key));
		if (!key_fits(key))
			return false;
		u->keys[i] = (struct tc_key){ .mask = ntohl(key[0]),
			.value = ntohl(key[1]),
			.off = (int16_t)(int32_t)key[2],
			.floating = key[3] != 0 };
	}
	return !r.failed;
}

static bool
parse_mark(struct nl_view view, struct tc_object *o)
{
	struct tc_u32_mark mark;

	if (!view.data)
		return true;
	memcpy(&mark, view.data, sizeof(mark));
	if (mark.mask == 0)
		return true;
	if (!o->extra)
		return false;
	o->extra->mark = mark.val;
	o->extra->mark_mask = mark.mask;
	return true;
}

static bool
u32_parse(const struct nl_view *options, struct tc_object *o)
{
	enum {
		DIVISOR,
		LINK,
		CLASSID,
		SEL,
		ACT,
		POLICE,
		MARK,
		FLAGS,
		INDEV,
		WANTS
	};
	static const struct nl_want wants[WANTS] = {
		[DIVISOR] = { TCA_U32_DIVISOR, sizeof(uint32_t) },
		[LINK] = { TCA_U32_LINK, sizeof(uint32_t) },
		[CLASSID] = { TCA_U32_CLASSID, sizeof(uint32_t) },
		[SEL] = { TCA_U32_SEL, sizeof(struct tc_u32_sel) },
		[ACT] = { TCA_U32_ACT, 0 },
		[POLICE] = { TCA_U32_POLICE, 0 },
		[MARK] = { TCA_U32_MARK, sizeof(struct tc_u32_mark) },
		[FLAGS] = { TCA_U32_FLAGS, sizeof(uint32_t) },
		[INDEV] = { TCA_U32_INDEV, 0 },
	};
	struct nl_view got[WANTS];

	if (!nl_parse(*options, wants, WANTS, got))
		return false;
	o->hw = tc_filter_hw(got[FLAGS]);
	if (nl_u32(got[DIVISOR]) != 0) { /* a table has nothing else */
		o->u32.divisor = (uint16_t)nl_u32(got[DIVISOR]);
		return nl_u32(got[DIVISOR]) <= DIVISOR_MAX;
	}
	o->u32.link = nl_u32(got[LINK]);
	o->u32.classid = nl_u32(got[CLASSID]);
	if (got[INDEV].data)
		nl_text(got[INDEV], o->u32.in, sizeof(o->u32.in));
	if (got[SEL].data && !parse_selector(got[SEL], &o->u32))
		return false;
	return parse_mark(got[MARK], o) &&
	       tc_actions_parse(o, got[ACT], got[POLICE]);
}

static void
print_keys(struct text *t, const struct tc_u32 *u)
{
	for (size_t i = 0; i < u->key_count; i++)
		text_printf(t, " %08x/%08x at %s%d", u->keys[i].value,
			u->keys[i].mask, u->keys[i].floating ? "+" : "",
			u->keys[i].off);
}

static void
print_addr(struct text *t, const char *word, const struct addr *a)
{
	char buf[ADDR_TEXT];

	if (a->family != ADDR_NONE)
		text_printf(t, "%s %s ", word, addr_format(a, buf));
}

static void
print_leaf(struct text *t, const struct tc_filter *f, const struct tc_mark *m)
{
	text_printf(t, "flow %u to %x:%x ", m->flow_id, m->classid >> 16,
		m->classid & 0xffff);
	print_addr(t, "dst", &f->dst);
	print_addr(t, "src", &f->src);
	text_printf(t, "proto %u", f->proto);
	if (f->dst_port != 0)
		text_printf(t, " dport %u", f->dst_port);
	if (f->src_port != 0)
		text_printf(t, " sport %u", f->src_port);
	if (f->by_label)
		text_printf(t, " label 0x%05x", f->flow_label);
	if (f->spi != 0)
		text_printf(t, " spi 0x%08x", f->spi);
}

static void
u32_print(struct text *t, const struct tc_object *o)
{
	const struct tc_u32 *u = &o->u32;
	struct tc_filter filter;
	struct tc_mark mark;

	if (u->divisor != 0) {
		text_printf(t, "table of %u", u->divisor);
		return;
	}
	if (tc_u32_decode(o, &filter, &mark)) {
		print_leaf(t, &filter, &mark);
		return;
	}
	if (u->link != 0)
		text_printf(t, "link %x:", tc_u32_table(u->link));
	if (u->classid != 0)
		text_printf(
			t, "to %x:%x", u->classid >> 16, u->classid & 0xffff);
	if (u->hmask != 0)
		text_printf(t, " by %08x at %d", u->hmask, u->hoff);
	print_keys(t, u);
	if (u->in[0] != '\0')
		text_printf(t, " in %s", u->in);
	if (o->extra && o->extra->mark_mask != 0)
		text_printf(t, " mark %#x/%#x", o->extra->mark,
			o->extra->mark_mask);
	tc_actions_print(t, o->extra);
}

const struct tc_kind tc_kind_u32 = {
	.name = "u32",
	.equal = u32_equal,
	.changeable = u32_changeable,
	.fill = u32_fill,
	.parse = u32_parse,
	.print = u32_print,
};
