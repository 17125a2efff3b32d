/* SPDX-License-Identifier: ISC */
#ifndef TC_OFFLOAD_T_H
#define TC_OFFLOAD_T_H

/* A managed interface whose gso_max_segs a kernel remembers, and refuses to set
 * if asked to, for the tests of tcctl/offload.c. */

#include "tcctl/offload_int.h"

#include <errno.h>

#include "tc_fixture.h"
#include "tc_layer.h"
#include "tcctl/links_int.h"
#include "tcctl/serve_int.h"

enum { ORIGINAL = 65535, SEGS = 4 };

/* gro_max_size for all, and for IPv4. */
#define BOTH(octets) ((uint64_t)(octets) << 32 | (uint32_t)(octets))

struct rig {
	struct layer layer;
	struct fix *f;
	struct tc_offloading offloads;
	struct tc_links links;
	uint64_t value;   /* the kernel's gso_max_segs; 0: it does not tell */
	uint64_t gro;     /* both of gro_max_size */
	bool deaf;        /* it says yes and changes nothing */
	int refuse_get;   /* with that error; 0: not */
	int refuse_set;   /* as above */
	const char *text; /* in the kernel's words */
	size_t gets;
	size_t sets;
	size_t calls;     /* operations and settings so far */
	size_t refuse_at; /* the n-th of them; 0: none */
	size_t die_at;    /* the conversation ends before the n-th; 0: it does
			   * not */
	bool dead;
};

/* False: this one is not to be. */
static inline bool
goes_on(struct rig *r, int *error)
{
	r->calls++;
	r->dead = r->dead || r->calls == r->die_at;
	*error = r->calls == r->refuse_at ? ENOSPC : 0;
	return !r->dead && *error == 0;
}

static inline int
rig_run(void *arg, const struct tc_op *ops, size_t count, struct tc_result *ret)
{
	struct rig *r = (struct rig *)arg;

	for (size_t i = 0; i < count; i++) {
		ret[i] = (struct tc_result){ 0 };
		if (goes_on(r, &ret[i].error))
			layer_one(r, &ops[i], &ret[i]);
	}
	return r->dead ? -EIO : 0;
}

static inline uint64_t *
value_of(struct rig *r, enum tc_offload_kind kind)
{
	T_CHECK(kind < TC_OFFLOADS, "no offload");
	return kind == TC_OFFLOAD_GSO ? &r->value : &r->gro;
}

static inline int
rig_get(void *arg, uint32_t ifindex, enum tc_offload_kind kind,
	uint64_t *ret_value, struct tc_result *ret)
{
	struct rig *r = (struct rig *)arg;

	T_EQ(ifindex, FIX_IFINDEX);
	r->gets++;
	ret->error = r->refuse_get;
	if (*value_of(r, kind) != 0 && r->refuse_get == 0)
		*ret_value = *value_of(r, kind);
	return r->dead ? -EIO : 0;
}

static inline int
rig_set(void *arg, uint32_t ifindex, enum tc_offload_kind kind, uint64_t value,
	struct tc_result *ret)
{
	struct rig *r = (struct rig *)arg;

	T_EQ(ifindex, FIX_IFINDEX);
	r->sets++;
	if (goes_on(r, &ret->error) && r->refuse_set == 0 && !r->deaf)
		*value_of(r, kind) = value;
	if (r->refuse_set != 0)
		ret->error = r->refuse_set;
	if (r->text)
		(void)text_copy(ret->text, sizeof(ret->text), r->text);
	return r->dead ? -EIO : 0;
}

static inline struct rig *
rig_new(void)
{
	struct rig *r = (struct rig *)calloc(1, sizeof(*r));

	T_CHECK(r != NULL, "memory");
	r->value = ORIGINAL;
	r->gro = BOTH(65536);
	r->offloads = (struct tc_offloading){ r, rig_get, rig_set };
	r->f = fix_new();
	r->f->kernel = layer_over(&r->layer, r->f->kernel);
	r->f->kernel.run = rig_run;
	r->f->kernel.offloads = &r->offloads;
	tc_links_init(&r->links, alloc_heap());
	return r;
}

static inline void
rig_free(struct rig *r)
{
	tc_links_done(&r->links);
	fix_free(r->f);
	free(r);
}

static inline struct tc_iface
limited(uint32_t segs)
{
	struct tc_iface iface = fix_iface();

	iface.gso_segs = segs;
	return iface;
}

/* The interface with that limit; what the conversation came to. */
static inline int
announce_with(struct rig *r, const struct tc_iface *conf)
{
	const struct tc_announcement a = { .conf = conf,
		.serial = 1,
		.kernel = &r->f->kernel,
		.listener = &r->f->listener };
	struct tc_done done;
	int error = tc_links_announce(&r->links, &a, &done);

	T_CHECK(error != 0 || done.error == 0, "%s", done.text);
	return error;
}

static inline struct tc_link *
announce(struct rig *r, uint32_t segs)
{
	const struct tc_iface conf = limited(segs);

	T_EQ(announce_with(r, &conf), 0);
	return tc_links_find(&r->links, FIX_IFINDEX);
}

/* As after the death of one tcctl and the start of the next. */
static inline struct tc_link *
restart(struct rig *r, uint32_t segs)
{
	tc_links_done(&r->links);
	r->dead = false;
	r->die_at = r->refuse_at = 0;
	memset(&r->f->ear, 0, sizeof(r->f->ear));
	return announce(r, segs);
}

static inline struct tc_done
give_back(struct rig *r)
{
	struct tc_done done = { 0 };

	T_EQ(tc_links_give_back(&r->links, &r->f->kernel, FIX_IFINDEX, &done),
		0);
	return done;
}

static inline void
watch(struct rig *r)
{
	r->f->now.us += 500000;
	T_EQ(tc_watch(tc_links_find(&r->links, FIX_IFINDEX), &r->f->kernel,
		     r->f->now, &r->f->listener),
		0);
}

/* The notes there are of that; the last one. */
static inline size_t
notes_of(const struct rig *r, enum tc_offload_kind kind, struct tc_offload *ret)
{
	enum tc_offload_kind found;
	struct tc_offload note;
	size_t n = 0;

	for (size_t i = 0; i < r->f->dry.objects.count; i++) {
		if (!tc_offload_note_decode(
			    &r->f->dry.objects.all[i], &found, &note) ||
			found != kind)
			continue;
		*ret = note;
		n++;
	}
	return n;
}

static inline size_t
notes(const struct rig *r, struct tc_offload *ret)
{
	return notes_of(r, TC_OFFLOAD_GSO, ret);
}

static inline void
expect_note_of(const struct rig *r, enum tc_offload_kind kind,
	uint64_t original, uint64_t set)
{
	struct tc_offload note = { 0 };

	T_EQ(notes_of(r, kind, &note), 1);
	T_CHECK(note.original == original && note.set == set,
		"%" PRIx64 " %" PRIx64, note.original, note.set);
}

static inline void
expect_note(const struct rig *r, uint32_t original, uint32_t set)
{
	expect_note_of(r, TC_OFFLOAD_GSO, original, set);
}

static inline void
expect_none(const struct rig *r)
{
	struct tc_offload note;

	T_EQ(notes(r, &note), 0);
}

/* Another manager takes the root, again and again. */
static inline struct tc_link *
lose(struct rig *r)
{
	struct tc_link *link = tc_links_find(&r->links, FIX_IFINDEX);

	for (int i = 0; i < 10 && !link->lost; i++) {
		tc_objects_done(&r->f->dry.objects);
		r->f->dry.objects.alloc = alloc_heap();
		T_EQ(tc_watch(link, &r->f->kernel, r->f->now, &r->f->listener),
			0);
	}
	T_CHECK(link->lost, "not lost");
	return link;
}

#endif /* TC_OFFLOAD_T_H */
