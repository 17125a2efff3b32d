/* SPDX-License-Identifier: ISC */

/*
 * Token buckets of interfaces and sources.
 *
 * Levels are millionths of a packet, so that a rate in packets a second times
 * an elapsed time in microseconds needs no division.  Every bucket holds one
 * second of its rate, at least one packet.
 *
 * Sources live in a table of small sets, found by a keyed hash; a new source
 * takes a place in its set only from one that was never heard twice, or that
 * has been quiet for long.  A flood of forged sources, each heard once, thus
 * cannot push out the neighbours, and memory never grows.
 */

#include "rsvpd/net_bucket.h"

#include <stdlib.h>
#include <string.h>

enum { WAYS = 4, SETS = NET_LIMIT_SOURCES / WAYS, PACKET = 1000000 };
enum { QUIET_MS = 300000 }; /* an address heard twice is then forgotten */

struct bucket {
	int64_t level; /* millionths of a packet */
	struct mono since;
	struct mono paid; /* when its costly packets are made up for */
};

/* What share of a processor they may have: one in so many. */
enum { SHARE_OF_ALL = 2, SHARE_OF_ONE = 4 };

struct source {
	struct addr addr; /* family ADDR_NONE: free */
	uint32_t ifindex;
	bool returned; /* heard more than once */
	struct bucket bucket;
};

struct port {
	UT_hash_handle hh;
	uint32_t ifindex;
	struct bucket all;
	struct bucket strangers;
};

struct net_limit {
	struct hash_key key;
	struct port *ports;
	struct source sources[SETS][WAYS];
};

struct net_limit *
net_limit_new(const struct hash_key *key)
{
	struct net_limit *limit = (struct net_limit *)calloc(1, sizeof(*limit));

	if (limit)
		limit->key = *key;
	return limit;
}

void
net_limit_free(struct net_limit *limit)
{
	struct port *port, *next;

	if (!limit)
		return;
	hash_dissolve(hh, limit->ports, port);
	for (; port; port = next) {
		next = (struct port *)port->hh.next;
		free(port);
	}
	free(limit);
}

static uint32_t
half(uint32_t rate)
{
	return rate > 1 ? rate / 2 : 1;
}

static int64_t
depth(uint32_t rate)
{
	return (int64_t)(rate > 0 ? rate : 1) * PACKET;
}

static struct bucket
full_bucket(uint32_t rate, struct mono now)
{
	return (struct bucket){ .level = depth(rate), .since = now };
}

/* Let the time since the last look flow in.  A reload may have lowered the
 * rate, hence the cap even when no time has passed. */
static void
refill(struct bucket *b, uint32_t rate, struct mono now)
{
	int64_t us = now.us - b->since.us;

	if (us > PACKET)
		us = PACKET; /* a second fills it */
	if (us > 0) {
		b->level += us * rate;
		b->since = now;
	}
	if (b->level > depth(rate))
		b->level = depth(rate);
}

static bool
has_packet(const struct bucket *b)
{
	return b->level >= PACKET;
}

static bool
owes_too_much(const struct bucket *b, struct mono now)
{
	return b->paid.us - now.us > (int64_t)SHARE_OF_ALL * NET_LIMIT_BURST_US;
}

/* Of an interface that had too much, a known source with nothing to make up for
 * is not to blame. */
static bool
is_overworked(
	const struct port *port, const struct bucket *own, struct mono now)
{
	bool in_debt = own == &port->strangers || own->paid.us > now.us;

	return owes_too_much(own, now) ||
	       (in_debt && owes_too_much(&port->all, now));
}

static void
charge(struct bucket *b, int share, int64_t us, struct mono now)
{
	if (b->paid.us < now.us)
		b->paid = now;
	b->paid.us += share * us;
}

static struct port *
find_port(struct net_limit *limit, uint32_t ifindex)
{
	struct port *port;

	HASH_FIND(hh, limit->ports, &ifindex, sizeof(ifindex), port);
	return port;
}

static struct port *
make_port(struct net_limit *limit, uint32_t ifindex, uint32_t rate,
	struct mono now)
{
	struct port *port = (struct port *)calloc(1, sizeof(*port));

	if (!port)
		return NULL;
	port->ifindex = ifindex;
	port->all = full_bucket(rate, now);
	port->strangers = full_bucket(half(rate), now);
	HASH_ADD(hh, limit->ports, ifindex, sizeof(port->ifindex), port);
	if (!hash_added(port->hh)) {
		free(port);
		return NULL;
	}
	return port;
}

static struct source *
find_set(struct net_limit *limit, uint32_t ifindex, const struct addr *src)
{
	uint8_t key[sizeof(src->b) + sizeof(src->family) + sizeof(ifindex)];

	memcpy(key, src->b, sizeof(src->b));
	key[sizeof(src->b)] = src->family;
	memcpy(key + sizeof(src->b) + 1, &ifindex, sizeof(ifindex));
	return limit->sources[hash_bytes(&limit->key, key, sizeof(key)) % SETS];
}

static struct source *
find_source(struct source *set, uint32_t ifindex, const struct addr *src)
{
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].ifindex == ifindex && addr_equal(&set[i].addr, src))
			return &set[i];
	return NULL;
}

static bool
replaceable(const struct source *s, struct mono now)
{
	return !s->returned ||
	       mono_reached(mono_add_ms(s->bucket.since, QUIET_MS), now);
}

/* The place for a new source: a free one has been quiet since the beginning of
 * time.  NULL when all are taken by sources worth remembering. */
static struct source *
find_place(struct source *set, struct mono now)
{
	struct source *best = NULL;

	for (size_t i = 0; i < WAYS; i++) {
		struct source *s = &set[i];

		if (!replaceable(s, now))
			continue;
		if (!best || s->bucket.since.us < best->bucket.since.us)
			best = s;
	}
	return best;
}

static void
remember(struct source *set, uint32_t ifindex, const struct addr *src,
	struct bucket bucket)
{
	struct source *place = find_place(set, bucket.since);

	if (!place)
		return;
	*place = (struct source){
		.addr = *src, .ifindex = ifindex, .bucket = bucket
	};
}

bool
net_limit_admit(struct net_limit *limit, uint32_t ifindex,
	const struct addr *src, uint32_t packets_per_s, struct mono now)
{
	uint32_t share = half(packets_per_s);
	struct source *set = find_set(limit, ifindex, src);
	struct source *known = find_source(set, ifindex, src);
	struct port *port = find_port(limit, ifindex);

	if (!port)
		port = make_port(limit, ifindex, packets_per_s, now);
	if (!port)
		return true;

	struct bucket *own = known ? &known->bucket : &port->strangers;

	refill(&port->all, packets_per_s, now);
	refill(own, share, now);
	if (!has_packet(&port->all) || !has_packet(own) ||
		is_overworked(port, own, now))
		return false;
	port->all.level -= PACKET;
	own->level -= PACKET;
	if (known)
		known->returned = true;
	else
		remember(set, ifindex, src, full_bucket(share, now));
	return true;
}

void
net_limit_charge(struct net_limit *limit, uint32_t ifindex,
	const struct addr *src, int64_t us, struct mono now)
{
	struct port *port = find_port(limit, ifindex);
	struct source *known =
		find_source(find_set(limit, ifindex, src), ifindex, src);

	if (!port || us < NET_LIMIT_COSTLY_US)
		return;
	charge(&port->all, SHARE_OF_ALL, us, now);
	/* Its first packet was a stranger's. */
	charge(known && known->returned ? &known->bucket : &port->strangers,
		SHARE_OF_ONE, us, now);
}

void
net_limit_forget(struct net_limit *limit, uint32_t ifindex)
{
	struct port *port = find_port(limit, ifindex);

	if (!port)
		return;
	HASH_DEL(limit->ports, port);
	free(port);
}
