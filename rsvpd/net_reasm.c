/* SPDX-License-Identifier: ISC */

/*
 * Fragments of IPv6 datagrams.  A table of few entries: signalling that does
 * not fit a packet is rare, and its senders are neighbours.
 */

#include "rsvpd/net_reasm.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"

enum {
	UNIT = 8, /* octets; offsets count them */
	ROOM = (NET_PACKET_MAX + UNIT) / UNIT * UNIT,
	UNITS = ROOM / UNIT
};

struct pending {
	TAILQ_ENTRY(pending) next;
	struct addr src;
	struct addr dst;
	uint32_t ifindex;
	uint32_t id;
	struct mono since;
	uint8_t ttl;  /* of the first fragment */
	size_t total; /* octets; 0: the last fragment is not there yet */
	size_t have;  /* octets */
	bool filled[UNITS];
	uint8_t bytes[ROOM];
};

struct net_reasm {
	TAILQ_HEAD(pending_list, pending) list; /* the oldest first */
	size_t count;
	struct pending *whole; /* the latest, until the next call */
	uint64_t lost;
};

struct net_reasm *
net_reasm_new(void)
{
	struct net_reasm *reasm = (struct net_reasm *)calloc(1, sizeof(*reasm));

	if (reasm)
		TAILQ_INIT(&reasm->list);
	return reasm;
}

static void
forget(struct net_reasm *reasm, struct pending *p)
{
	TAILQ_REMOVE(&reasm->list, p, next);
	reasm->count--;
	free(p);
}

static void
give_up(struct net_reasm *reasm, struct pending *p)
{
	reasm->lost++;
	forget(reasm, p);
}

void
net_reasm_free(struct net_reasm *reasm)
{
	struct pending *p;

	if (!reasm)
		return;
	while ((p = TAILQ_FIRST(&reasm->list)))
		forget(reasm, p);
	free(reasm->whole);
	free(reasm);
}

uint64_t
net_reasm_lost(struct net_reasm *reasm)
{
	uint64_t lost = reasm->lost;

	reasm->lost = 0;
	return lost;
}

static void
expire(struct net_reasm *reasm, struct mono now)
{
	struct pending *p;

	while ((p = TAILQ_FIRST(&reasm->list)) &&
		mono_reached(mono_add_ms(p->since, NET_REASM_WAIT_MS), now))
		give_up(reasm, p);
}

static struct pending *
find(const struct net_reasm *reasm, uint32_t ifindex,
	const struct net_packet *packet)
{
	struct pending *p;

	TAILQ_FOREACH (p, &reasm->list, next)
		if (p->ifindex == ifindex && p->id == packet->fragment_id &&
			addr_equal(&p->src, &packet->src) &&
			addr_equal(&p->dst, &packet->dst))
			return p;
	return NULL;
}

/* Those that came in there, from that source (NULL: from any). */
static struct pending *
oldest_of(const struct net_reasm *reasm, uint32_t ifindex,
	const struct addr *src, size_t *ret_count)
{
	struct pending *p, *oldest = NULL;

	*ret_count = 0;
	TAILQ_FOREACH (p, &reasm->list, next) {
		if (p->ifindex != ifindex || (src && !addr_equal(&p->src, src)))
			continue;
		(*ret_count)++;
		if (!oldest)
			oldest = p;
	}
	return oldest;
}

/* The oldest of the interface that has most, with the one that needs room. */
static struct pending *
oldest_of_most(const struct net_reasm *reasm, uint32_t ifindex)
{
	size_t most, count;
	struct pending *oldest = oldest_of(reasm, ifindex, NULL, &most);
	struct pending *p;

	most++;
	TAILQ_FOREACH (p, &reasm->list, next) {
		struct pending *other =
			oldest_of(reasm, p->ifindex, NULL, &count);

		if (p->ifindex == ifindex || count <= most)
			continue;
		most = count;
		oldest = other;
	}
	return oldest ? oldest : TAILQ_FIRST(&reasm->list); /* one each */
}

/* One source does not displace the others, nor do many that somebody makes up
 * displace those of other interfaces. */
static void
make_room(struct net_reasm *reasm, uint32_t ifindex, const struct addr *src)
{
	size_t of_source;
	struct pending *p = oldest_of(reasm, ifindex, src, &of_source);

	if (of_source < NET_REASM_OF_SOURCE)
		p = reasm->count < NET_REASM_PENDING
			    ? NULL
			    : oldest_of_most(reasm, ifindex);
	if (p)
		give_up(reasm, p);
}

static struct pending *
make(struct net_reasm *reasm, struct mono now, uint32_t ifindex,
	const struct net_packet *packet)
{
	struct pending *p;

	make_room(reasm, ifindex, &packet->src);
	p = (struct pending *)calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->src = packet->src;
	p->dst = packet->dst;
	p->ifindex = ifindex;
	p->id = packet->fragment_id;
	p->since = now;
	TAILQ_INSERT_TAIL(&reasm->list, p, next);
	reasm->count++;
	return p;
}

/* By itself: a part of a datagram, in units unless it is the last. */
static bool
is_sound(const struct net_packet *packet)
{
	return packet->len > 0 &&
	       packet->fragment_offset + packet->len <= NET_PACKET_MAX &&
	       (!packet->fragment_more || packet->len % UNIT == 0);
}

/* With the last fragment: nobody said otherwise before, and nothing lies
 * beyond. */
static bool
fits(const struct pending *p, const struct net_packet *packet)
{
	size_t end = packet->fragment_offset + packet->len;

	if (packet->fragment_more)
		return p->total == 0 || end <= p->total;
	if (p->total != 0 && end != p->total)
		return false;
	for (size_t i = (end + UNIT - 1) / UNIT; i < UNITS; i++)
		if (p->filled[i])
			return false;
	return true;
}

/* How many of its units are there already. */
static size_t
count_filled(const struct pending *p, size_t first, size_t units)
{
	size_t filled = 0;

	for (size_t i = first; i < first + units; i++)
		filled += p->filled[i];
	return filled;
}

/* False: it overlaps (RFC 5722).  The same once more changes nothing. */
static bool
fill(struct pending *p, const struct net_packet *packet)
{
	size_t first = packet->fragment_offset / UNIT;
	size_t units = (packet->len + UNIT - 1) / UNIT;
	size_t filled = count_filled(p, first, units);
	uint8_t *to = p->bytes + packet->fragment_offset;

	if (filled > 0)
		return filled == units &&
		       memcmp(to, packet->message, packet->len) == 0;
	memcpy(to, packet->message, packet->len);
	memset(p->filled + first, true, units);
	p->have += packet->len;
	if (!packet->fragment_more)
		p->total = packet->fragment_offset + packet->len;
	if (packet->fragment_offset == 0)
		p->ttl = packet->ttl;
	return true;
}

enum net_reasm_result
net_reasm_add(struct net_reasm *reasm, struct mono now, uint32_t ifindex,
	struct net_packet *packet)
{
	struct pending *p;

	free(reasm->whole);
	reasm->whole = NULL;
	expire(reasm, now);
	p = find(reasm, ifindex, packet);
	if (!p && is_sound(packet))
		p = make(reasm, now, ifindex, packet);
	if (!p)
		return NET_REASM_BAD;
	if (!is_sound(packet) || !fits(p, packet) || !fill(p, packet)) {
		forget(reasm, p);
		return NET_REASM_BAD;
	}
	if (p->total == 0 || p->have < p->total)
		return NET_REASM_WAIT;
	TAILQ_REMOVE(&reasm->list, p, next);
	reasm->count--;
	reasm->whole = p;
	packet->ttl = p->ttl;
	packet->message = p->bytes;
	packet->len = p->total;
	return NET_REASM_WHOLE;
}
