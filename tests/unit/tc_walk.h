/* SPDX-License-Identifier: ISC */
#ifndef TC_WALK_H
#define TC_WALK_H

#include "base/buf.h"
#include "tc_fixture.h"

/* A walk of the layout as the kernel does it, over a packet's bytes. */
struct walk {
	struct tc_objects tree;
	const uint8_t *packet;
	size_t len;
	unsigned looked;  /* nodes */
	unsigned counted; /* by nodes that let it go on */
	uint32_t counter; /* the last of them */
	bool sorted;
	struct tc_roots roots;
};

static inline bool
word(const struct walk *w, int at, uint32_t *ret)
{
	if (at < 0 || (size_t)at + 4 > w->len)
		return false;

	struct buf_reader r = buf_reader(w->packet + at, 4);

	*ret = buf_get_u32be(&r);
	return true;
}

static inline bool
matches(const struct walk *w, const struct tc_u32 *u, int floating)
{
	for (size_t i = 0; i < u->key_count; i++) {
		const struct tc_key *k = &u->keys[i];
		uint32_t value;

		if (!word(w, k->off + (k->floating ? floating : 0), &value) ||
			((value ^ k->value) & k->mask) != 0)
			return false;
	}
	return true;
}

static inline uint32_t
fold(uint32_t value, uint32_t mask)
{
	return mask == 0 ? 0 : (value & mask) >> __builtin_ctz(mask);
}

/* The class for the packet in that bucket and below; 0: none. */
static inline uint32_t
classify(struct walk *w, uint16_t pref, uint32_t bucket, int floating)
{
	for (size_t i = 0; i < w->tree.count; i++) {
		const struct tc_object *o = &w->tree.all[i];
		const struct tc_u32 *u = &o->u32;
		uint32_t value = 0;

		if (o->type != TC_FILTER || o->pref != pref ||
			u->divisor != 0 || (o->handle & 0xfffff000) != bucket)
			continue;
		w->looked++;
		if (!matches(w, u, floating))
			continue;
		if (u->link == 0 && u->classid != 0)
			return u->classid;
		if (u->link == 0) {
			w->counted++;
			w->counter = o->handle;
			continue;
		}
		if (u->hmask != 0 && !word(w, u->hoff, &value))
			return 0;

		int next = floating;

		if ((u->flags & (TC_U32_FLAG_VAROFFSET | TC_U32_FLAG_OFFSET)) !=
			0)
			next = u->off;
		if ((u->flags & TC_U32_FLAG_VAROFFSET) != 0)
			next += ((w->packet[u->offoff] << 8 |
					 w->packet[u->offoff + 1]) &
					u->offmask) >>
				u->offshift;

		uint32_t found = classify(
			w, pref, u->link | fold(value, u->hmask) << 12, next);

		if (found != 0)
			return found;
	}
	return 0;
}

static const struct tc_roots walk_roots = { 0x80000000, 0x80100000,
	0x80200000 };

static inline struct walk
new_walk(void)
{
	struct walk w = { .tree = { .alloc = alloc_heap() },
		.roots = walk_roots };

	tc_want_filters(FIX_IFINDEX, &walk_roots, &w.tree);
	return w;
}

static inline void
add_filter(struct walk *w, const struct tc_filter *f, uint32_t classid)
{
	const struct tc_mark mark = { .flow_id = classid, .classid = classid };
	struct tc_object *o = tc_objects_add(&w->tree);

	T_CHECK(o != NULL && tc_filter_problem(f) == NULL, "%s",
		tc_filter_problem(f));
	tc_u32_node(FIX_IFINDEX, tc_u32_bucket(f) | (uint32_t)w->tree.count, f,
		&mark, o);
}

static inline uint32_t
class_of(struct walk *w, const uint8_t *packet, size_t len)
{
	bool v4 = packet[0] >> 4 == 4;

	w->packet = packet;
	w->len = len;
	w->looked = 0;
	w->counted = 0;
	if (!w->sorted)
		tc_objects_sort(&w->tree);
	return classify(w, v4 ? TC_PREF_V4 : TC_PREF_V6,
		v4 ? w->roots.v4 : w->roots.v6, 0);
}

/* An IPv4 packet with so many words of options. */
static inline size_t
packet4(uint8_t *bytes, const struct tc_filter *f, unsigned options,
	uint16_t fragment)
{
	struct buf_writer w = buf_writer(bytes, 128);

	buf_put_u8(&w, (uint8_t)(0x45 + options));
	buf_put_u8(&w, 0xb8);
	buf_put_u16be(&w, 100);
	buf_put_u16be(&w, 0xabcd);
	buf_put_u16be(&w, fragment);
	buf_put_u8(&w, 64);
	buf_put_u8(&w, f->proto);
	buf_put_u16be(&w, 0x1234);
	buf_put_bytes(&w, f->src.b, 4);
	buf_put_bytes(&w, f->dst.b, 4);
	for (unsigned i = 0; i < options; i++)
		buf_put_u32be(&w, 0x01010101);
	buf_put_u16be(&w, f->src_port);
	buf_put_u16be(&w, f->dst_port);
	buf_put_u32be(&w, 0);
	return buf_written(&w);
}

static inline size_t
packet6(uint8_t *bytes, const struct tc_filter *f)
{
	struct buf_writer w = buf_writer(bytes, 128);

	buf_put_u32be(&w, 0x6b800000 | f->flow_label);
	buf_put_u16be(&w, 8);
	buf_put_u8(&w, f->proto);
	buf_put_u8(&w, 64);
	buf_put_bytes(&w, f->src.b, 16);
	buf_put_bytes(&w, f->dst.b, 16);
	buf_put_u16be(&w, f->src_port);
	buf_put_u16be(&w, f->dst_port);
	buf_put_u32be(&w, 0);
	return buf_written(&w);
}

#endif /* TC_WALK_H */
