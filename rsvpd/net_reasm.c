/* SPDX-License-Identifier: ISC */

/*
 * Fragments of IPv6 datagrams.  A table of few entries: signalling that does
 * not fit a packet is rare, and its senders are neighbours.
 */

#include "rsvpd/net_reasm.h"

#include <stdlib.h>
#include <string.h>

enum {
	UNIT = 8, /* octets; offsets count them */
	ROOM = (NET_PACKET_MAX + UNIT) / UNIT * UNIT,
	UNITS = ROOM / UNIT
};

struct pending {
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
	struct pending *pending[NET_REASM_PENDING]; /* the oldest first */
	size_t count;
	struct pending *whole; /* the latest, until the next call */
	uint64_t lost;
};

struct net_reasm *
net_reasm_new(void)
{
	return (struct net_reasm *)calloc(1, sizeof(struct net_reasm));
}

/* Out of the table; the caller's from now on. */
static struct pending *
take(struct net_reasm *reasm, size_t at)
{
	struct pending *p = reasm->pending[at];

	reasm->count--;
	memmove(&reasm->pending[at], &reasm->pending[at + 1],
		(reasm->count - at) * sizeof(struct pending *));
	return p;
}

static void
give_up(struct net_reasm *reasm, size_t at)
{
	reasm->lost++;
	free(take(reasm, at));
}

void
net_reasm_free(struct net_reasm *reasm)
{
	if (!reasm)
		return;
	for (size_t i = 0; i < reasm->count; i++)
		free(reasm->pending[i]);
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
	while (reasm->count > 0 &&
		mono_reached(mono_add_ms(reasm->pending[0]->since,
				     NET_REASM_WAIT_MS),
			now))
		give_up(reasm, 0);
}

/* Where the datagram of the fragment is; reasm->count: it is new. */
static size_t
find(const struct net_reasm *reasm, uint32_t ifindex,
	const struct net_packet *packet)
{
	size_t at;

	for (at = 0; at < reasm->count; at++) {
		const struct pending *p = reasm->pending[at];

		if (p->ifindex == ifindex && p->id == packet->fragment_id &&
			addr_equal(&p->src, &packet->src) &&
			addr_equal(&p->dst, &packet->dst))
			break;
	}
	return at;
}

/* How many came in there, from that source (NULL: from any), and where the
 * oldest of them is. */
static size_t
count_of(const struct net_reasm *reasm, uint32_t ifindex,
	const struct addr *src, size_t *ret_oldest)
{
	size_t count = 0;

	for (size_t i = reasm->count; i-- > 0;) {
		const struct pending *p = reasm->pending[i];

		if (p->ifindex != ifindex || (src && !addr_equal(&p->src, src)))
			continue;
		count++;
		*ret_oldest = i;
	}
	return count;
}

/* The oldest of the interface that has most, with the one that needs room; the
 * oldest of all where each has one. */
static size_t
oldest_of_most(const struct net_reasm *reasm, uint32_t ifindex)
{
	size_t at = 0, other = 0;
	size_t most = count_of(reasm, ifindex, NULL, &at) + 1;

	for (size_t i = 0; i < reasm->count; i++) {
		const uint32_t its = reasm->pending[i]->ifindex;
		const size_t count = count_of(reasm, its, NULL, &other);

		if (its == ifindex || count <= most)
			continue;
		most = count;
		at = other;
	}
	return at;
}

/* One source does not displace the others, nor do many that somebody makes up
 * displace those of other interfaces. */
static void
make_room(struct net_reasm *reasm, uint32_t ifindex, const struct addr *src)
{
	size_t at = 0;

	if (count_of(reasm, ifindex, src, &at) >= NET_REASM_OF_SOURCE)
		give_up(reasm, at);
	else if (reasm->count >= NET_REASM_PENDING)
		give_up(reasm, oldest_of_most(reasm, ifindex));
}

/* Behind the others.  False: no memory. */
static bool
add(struct net_reasm *reasm, struct mono now, uint32_t ifindex,
	const struct net_packet *packet)
{
	struct pending *p;

	make_room(reasm, ifindex, &packet->src);
	p = (struct pending *)calloc(1, sizeof(*p));
	if (!p)
		return false;
	p->src = packet->src;
	p->dst = packet->dst;
	p->ifindex = ifindex;
	p->id = packet->fragment_id;
	p->since = now;
	reasm->pending[reasm->count++] = p;
	return true;
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
		return p->total == 0 || end < p->total;
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
	size_t at;

	free(reasm->whole);
	reasm->whole = NULL;
	expire(reasm, now);
	at = find(reasm, ifindex, packet);
	if (at == reasm->count) {
		if (!is_sound(packet) || !add(reasm, now, ifindex, packet))
			return NET_REASM_BAD;
		at = reasm->count - 1;
	}
	p = reasm->pending[at];
	if (!is_sound(packet) || !fits(p, packet) || !fill(p, packet)) {
		free(take(reasm, at));
		return NET_REASM_BAD;
	}
	if (p->total == 0 || p->have < p->total)
		return NET_REASM_WAIT;
	reasm->whole = take(reasm, at);
	packet->ttl = p->ttl;
	packet->message = p->bytes;
	packet->len = p->total;
	return NET_REASM_WHOLE;
}
