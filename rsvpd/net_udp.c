/* SPDX-License-Identifier: ISC */

/*
 * RSVP in UDP: the tables of RFC 2205 Appendix C, and the neighbours that were
 * heard in UDP.
 *
 * A neighbour is known by interface and hop address, for the lifetime of the
 * state that its message made, so that one that falls silent is forgotten as
 * its state is.  Whoever can send a datagram can claim to be one: their number
 * is bounded, and a message of the same hop in an IP packet of its own ends it,
 * so that a forged claim cannot keep messages from a node for long.
 */

#include "rsvpd/net_udp.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"

enum { SWEEP_MS = 1000 };

struct key { /* without padding: it is hashed as bytes */
	uint32_t ifindex;
	uint8_t hop[16];
};

struct neighbour {
	struct key key;
	bool claims; /* was heard in UDP, and it is not swept yet */
	struct mono udp_until;
	struct mono raw_until;
	bool fresh; /* heard once */
	TAILQ_ENTRY(neighbour) next_fresh;
	UT_hash_handle hh;
};

/* An interface where a Path in UDP was heard. */
struct place {
	uint32_t ifindex;
	struct mono until;
	UT_hash_handle hh;
};

struct net_udp {
	struct hash_key hash_key;
	struct neighbour *neighbours;
	TAILQ_HEAD(fresh_list, neighbour) fresh; /* the oldest first */
	struct place *places;
	size_t count;  /* of neighbours */
	size_t claims; /* of them */
	struct mono swept;
};

/* ---- figures 13 and 14 --------------------------------------------------- */

/* The rows Hu: a host without raw sockets. */
static enum net_udp_to
from_host(const struct net_udp_case *c)
{
	if (c->mode == CONF_UDP_OFF)
		return NET_UDP_TO_NONE;
	if (c->multicast)
		return NET_UDP_TO_ALL;
	return c->to_end && !c->on_link ? NET_UDP_TO_ROUTER : NET_UDP_TO_NODE;
}

struct net_udp_way
net_udp_way(const struct net_udp_case *c)
{
	struct net_udp_way way = { .raw = c->raw };

	if (!c->raw) {
		way.udp = from_host(c);
		return way;
	}
	/* The rows Hr and R. */
	if (c->mode == CONF_UDP_OFF)
		return way;
	if (c->to_end) {
		if (c->mode == CONF_UDP_ON || c->seen)
			way.udp = NET_UDP_TO_HOST;
		return way;
	}
	if (c->neighbour != NET_UDP_NEEDS_NONE)
		way = (struct net_udp_way){ .raw = c->neighbour ==
						   NET_UDP_DOUBTFUL,
			.udp = NET_UDP_TO_HOST };
	return way;
}

bool
net_udp_hears(const struct net_udp_arrival *a)
{
	const struct addr group = addr_v4_u32(NET_UDP_GROUP);
	bool to_all = addr_equal(&a->dst, &group);

	if (a->mode == CONF_UDP_OFF)
		return false;
	if (a->port == NET_UDP_PORT)
		return to_all || !addr_is_multicast(&a->dst);
	return !a->raw && !to_all;
}

/* ---- who needs it -------------------------------------------------------- */

struct net_udp *
net_udp_new(const struct hash_key *key)
{
	struct net_udp *udp = (struct net_udp *)calloc(1, sizeof(*udp));

	if (!udp)
		return NULL;
	udp->hash_key = *key;
	udp->swept = (struct mono){ INT64_MIN };
	TAILQ_INIT(&udp->fresh);
	return udp;
}

static void
set_fresh(struct net_udp *udp, struct neighbour *n, bool fresh)
{
	if (fresh)
		TAILQ_INSERT_TAIL(&udp->fresh, n, next_fresh);
	else if (n->fresh)
		TAILQ_REMOVE(&udp->fresh, n, next_fresh);
	n->fresh = fresh;
}

static void
set_claim(struct net_udp *udp, struct neighbour *n, bool claims)
{
	if (claims && !n->claims)
		udp->claims++;
	else if (!claims && n->claims)
		udp->claims--;
	n->claims = claims;
}

static bool
is_claimed(const struct neighbour *n, struct mono now)
{
	return n->claims && !mono_reached(n->udp_until, now);
}

static bool
is_raw(const struct neighbour *n, struct mono now)
{
	return !mono_reached(n->raw_until, now);
}

static void
drop_neighbour(struct net_udp *udp, struct neighbour *n)
{
	set_fresh(udp, n, false);
	set_claim(udp, n, false);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): no other is freed */
	HASH_DEL(udp->neighbours, n);
	udp->count--;
	free(n);
}

static void
drop_place(struct net_udp *udp, struct place *p)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): no other is freed */
	HASH_DEL(udp->places, p);
	free(p);
}

/* What of them ends by then. */
static void
sweep_neighbour(struct net_udp *udp, struct neighbour *n, struct mono then)
{
	if (n->claims && mono_reached(n->udp_until, then))
		set_claim(udp, n, false);
	if (!n->claims && mono_reached(n->raw_until, then))
		drop_neighbour(udp, n);
}

/* Neighbours and places of an interface (0: of all) that end by then. */
static void
drop_until(struct net_udp *udp, uint32_t ifindex, struct mono then)
{
	struct neighbour *n, *next_n;
	struct place *p, *next_p;

	HASH_ITER (hh, udp->neighbours, n, next_n)
		if (ifindex == 0 || n->key.ifindex == ifindex)
			sweep_neighbour(udp, n, then);
	HASH_ITER (hh, udp->places, p, next_p)
		if ((ifindex == 0 || p->ifindex == ifindex) &&
			mono_reached(p->until, then))
			drop_place(udp, p);
}

static void
sweep(struct net_udp *udp, struct mono now)
{
	if (!mono_reached(mono_add_ms(udp->swept, SWEEP_MS), now))
		return;
	drop_until(udp, 0, now);
	udp->swept = now;
}

void
net_udp_free(struct net_udp *udp)
{
	if (!udp)
		return;
	drop_until(udp, 0, MONO_NEVER);
	free(udp);
}

static struct key
key_of(uint32_t ifindex, const struct addr *hop)
{
	struct key key = { .ifindex = ifindex };

	memcpy(key.hop, hop->b, sizeof(key.hop));
	return key;
}

static struct neighbour *
find(const struct net_udp *udp, const struct key *key)
{
	struct neighbour *n;

	HASH_FIND_BYHASHVALUE(hh, udp->neighbours, key, sizeof(*key),
		hash_bytes(&udp->hash_key, key, sizeof(*key)), n);
	return n;
}

static struct place *
find_place(const struct net_udp *udp, uint32_t ifindex)
{
	struct place *p;

	HASH_FIND(hh, udp->places, &ifindex, sizeof(ifindex), p);
	return p;
}

/* False: all that there are were heard again. */
static bool
make_room(struct net_udp *udp)
{
	if (udp->count < NET_UDP_NEIGHBOURS_MAX)
		return true;
	if (TAILQ_EMPTY(&udp->fresh))
		return false;
	drop_neighbour(udp, TAILQ_FIRST(&udp->fresh));
	return true;
}

static struct neighbour *
add_neighbour(struct net_udp *udp, const struct key *key)
{
	struct neighbour *n;

	if (!make_room(udp))
		return NULL;
	n = (struct neighbour *)calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->key = *key;
	HASH_ADD_BYHASHVALUE(hh, udp->neighbours, key, sizeof(n->key),
		hash_bytes(&udp->hash_key, key, sizeof(*key)), n);
	if (!hash_added(n->hh)) {
		free(n);
		return NULL;
	}
	set_fresh(udp, n, true);
	udp->count++;
	return n;
}

static struct place *
add_place(struct net_udp *udp, uint32_t ifindex)
{
	struct place *p = (struct place *)calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->ifindex = ifindex;
	HASH_ADD(hh, udp->places, ifindex, sizeof(p->ifindex), p);
	if (!hash_added(p->hh)) {
		free(p);
		return NULL;
	}
	return p;
}

static bool
note_place(struct net_udp *udp, uint32_t ifindex, struct mono until)
{
	struct place *p = find_place(udp, ifindex);

	if (!p)
		p = add_place(udp, ifindex);
	if (!p)
		return false;
	/* The longest of its senders. */
	if (p->until.us < until.us)
		p->until = until;
	return true;
}

/* NULL: there is no room. */
static struct neighbour *
note_neighbour(struct net_udp *udp, const struct net_udp_heard *heard)
{
	const struct key key = key_of(heard->ifindex, &heard->hop);
	struct neighbour *n = find(udp, &key);

	if (!n)
		return add_neighbour(udp, &key);
	set_fresh(udp, n, false);
	return n;
}

bool
net_udp_heard(
	struct net_udp *udp, const struct net_udp_heard *heard, struct mono now)
{
	struct mono until = mono_add_ms(now, heard->lifetime_ms);
	struct neighbour *n;

	sweep(udp, now);
	if (heard->path && !note_place(udp, heard->ifindex, until))
		return false;
	n = note_neighbour(udp, heard);
	if (!n)
		return false;
	n->udp_until = until;
	set_claim(udp, n, true);
	return true;
}

void
net_udp_heard_raw(
	struct net_udp *udp, const struct net_udp_heard *heard, struct mono now)
{
	struct neighbour *n;

	sweep(udp, now);
	n = note_neighbour(udp, heard);
	if (n) /* else nobody can claim to be that one either */
		n->raw_until = mono_add_ms(now, heard->lifetime_ms);
}

bool
net_udp_is_idle(const struct net_udp *udp)
{
	return udp->claims == 0 && !udp->places;
}

bool
net_udp_seen(const struct net_udp *udp, uint32_t ifindex, struct mono now)
{
	const struct place *p = find_place(udp, ifindex);

	return p && !mono_reached(p->until, now);
}

enum net_udp_need
net_udp_need(const struct net_udp *udp, uint32_t ifindex,
	const struct addr *hop, struct mono now)
{
	const struct key key = key_of(ifindex, hop);
	const struct neighbour *n = find(udp, &key);

	if (!n || !is_claimed(n, now))
		return NET_UDP_NEEDS_NONE;
	return is_raw(n, now) ? NET_UDP_DOUBTFUL : NET_UDP_NEEDS_IT;
}

size_t
net_udp_count(const struct net_udp *udp, uint32_t ifindex, struct mono now)
{
	const struct neighbour *n;
	size_t count = 0;

	for (n = udp->neighbours; n; n = (const struct neighbour *)n->hh.next)
		count += n->key.ifindex == ifindex && is_claimed(n, now) &&
			 !is_raw(n, now);
	return count;
}

void
net_udp_forget(struct net_udp *udp, uint32_t ifindex)
{
	drop_until(udp, ifindex, MONO_NEVER);
}
