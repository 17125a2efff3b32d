/* SPDX-License-Identifier: ISC */
#ifndef TC_INGRESS_T_H
#define TC_INGRESS_T_H

/* What comes in, shaped: a host of one interface and at most one ifb, over a
 * kernel that only remembers. */

#include "tc_fixture.h"
#include "tc_layer.h"
#include "tcctl/ingress_int.h"
#include "tcctl/links_int.h"

#include <errno.h>

enum { IFB = 50, RATE = 500000 };

/* Interfaces of the host: one name at most. */
struct host {
	struct layer layer;
	struct fix *f;
	char name[TC_NAME];
	uint32_t ifindex; /* 0: none */
	bool is_ifb;
	bool down;
	int refuse;
	size_t raised;
	size_t made;
	size_t removed;
	uint32_t mtu;
	struct tc_ifbs ifbs;
	struct tc_links links;
	size_t steps;     /* operations so far */
	size_t refuse_at; /* 0: none */
};

static inline int
host_find(void *arg, const char *name, struct tc_ifb *ret)
{
	const struct host *h = (const struct host *)arg;

	*ret = (struct tc_ifb){ 0 };
	if (h->ifindex != 0 && strcmp(h->name, name) == 0)
		*ret = (struct tc_ifb){ h->ifindex, h->is_ifb, !h->down };
	return 0;
}

static inline int
host_up(void *arg, uint32_t ifindex, struct tc_result *ret)
{
	struct host *h = (struct host *)arg;

	T_EQ(ifindex, h->ifindex);
	T_CHECK(h->down, "it is up");
	ret->error = h->refuse;
	h->down = h->refuse != 0;
	h->raised++;
	return 0;
}

static inline int
host_make(void *arg, const char *name, uint32_t mtu, struct tc_result *ret)
{
	struct host *h = (struct host *)arg;

	ret->error = h->refuse;
	if (h->refuse != 0)
		return 0;
	T_CHECK(h->ifindex == 0, "there is one");
	(void)text_copy(h->name, sizeof(h->name), name);
	h->mtu = mtu;
	h->is_ifb = true;
	h->ifindex = IFB + (uint32_t)h->made++;
	return 0;
}

/* With all that is on it, and the kernel forgets who led there. */
static inline void
lose_ifb(struct host *h)
{
	struct tc_objects *all = &h->f->dry.objects;
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++)
		if (all->all[i].ifindex != h->ifindex)
			all->all[kept++] = all->all[i];
	all->count = kept;
	h->ifindex = 0;
	for (size_t i = 0; i < kept; i++) {
		struct tc_object *o = &all->all[i];

		if (o->type != TC_FILTER || o->parent != TC_INGRESS_HANDLE ||
			!o->extra)
			continue;
		/* As a dump shows it: it leads nowhere. */
		o->kind = &tc_kind_other;
		o->extra = NULL;
		memset(o->name, 0, sizeof(o->name));
		(void)text_copy(o->name, sizeof(o->name), "u32/mirred");
	}
}

static inline int
host_remove(void *arg, uint32_t ifindex, struct tc_result *ret)
{
	struct host *h = (struct host *)arg;

	(void)ret;
	T_EQ(ifindex, h->ifindex);
	lose_ifb(h);
	h->removed++;
	return 0;
}

static inline int
run(void *arg, const struct tc_op *ops, size_t count, struct tc_result *ret)
{
	struct host *h = (struct host *)arg;

	for (size_t i = 0; i < count; i++) {
		ret[i] = (struct tc_result){ .error = ENOSPC };
		if (++h->steps != h->refuse_at)
			layer_one(h, &ops[i], &ret[i]);
	}
	return 0;
}

static inline struct host *
host_new(void)
{
	struct host *h = (struct host *)calloc(1, sizeof(*h));

	T_CHECK(h != NULL, "memory");
	h->f = fix_new();
	h->ifbs = (struct tc_ifbs){ h, host_find, host_up, host_make,
		host_remove };
	h->f->kernel = layer_over(&h->layer, h->f->kernel);
	h->f->kernel.run = run;
	h->f->kernel.ifbs = &h->ifbs;
	tc_links_init(&h->links, alloc_heap());
	return h;
}

static inline void
host_free(struct host *h)
{
	tc_links_done(&h->links);
	fix_free(h->f);
	free(h);
}

static inline struct tc_iface
shaped(uint64_t rate_Bps)
{
	struct tc_iface iface = fix_iface();

	iface.ingress_Bps = rate_Bps;
	return iface;
}

static inline struct tc_done
announce(struct host *h, const struct tc_iface *conf)
{
	const struct tc_announcement a = { .conf = conf,
		.serial = 1,
		.kernel = &h->f->kernel,
		.listener = &h->f->listener };
	struct tc_done done;

	T_EQ(tc_links_announce(&h->links, &a, &done), 0);
	return done;
}

static inline struct tc_link *
opened(struct host *h, uint64_t rate_Bps)
{
	const struct tc_iface conf = shaped(rate_Bps);

	T_EQ(announce(h, &conf).error, 0);
	return tc_links_find(&h->links, FIX_IFINDEX);
}

static inline const struct tc_object *
on(const struct host *h, uint32_t ifindex, enum tc_type type, uint32_t handle)
{
	const struct tc_objects *all = &h->f->dry.objects;

	for (size_t i = 0; i < all->count; i++)
		if (all->all[i].ifindex == ifindex &&
			all->all[i].type == type &&
			(handle == 0 || all->all[i].handle == handle))
			return &all->all[i];
	return NULL;
}

/* Filters of the incoming side that redirect, and where to. */
static inline size_t
redirects(const struct host *h, uint32_t to)
{
	const struct tc_objects *all = &h->f->dry.objects;
	size_t n = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct tc_object *o = &all->all[i];

		n += o->type == TC_FILTER && o->ifindex == FIX_IFINDEX &&
		     o->parent == TC_INGRESS_HANDLE && o->extra &&
		     o->extra->action_count == 1 &&
		     o->extra->actions[0].kind == &tc_action_mirred &&
		     o->extra->actions[0].control == TC_VERDICT_STOLEN &&
		     o->extra->actions[0].mirred.way == TC_MIRRED_REDIRECT &&
		     o->extra->actions[0].mirred.ifindex == to;
	}
	return n;
}

#endif /* TC_INGRESS_T_H */
