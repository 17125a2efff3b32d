/* SPDX-License-Identifier: ISC */
#ifndef NET_BUCKET_H
#define NET_BUCKET_H

/*
 * How many packets a second may reach the parser, and how much work they may
 * make: token buckets of interfaces and of sources (RFC 6398).  Pure; memory is
 * bounded whatever the sources are.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/mono.h"

struct net_limit;

enum { NET_LIMIT_SOURCES = 4096 }; /* remembered at a time */

/* NULL only for lack of memory.  A peer chooses its source addresses, hence
 * the key. */
struct net_limit *net_limit_new(const struct hash_key *key);
void net_limit_free(struct net_limit *limit);

/*
 * May a packet from src that arrived on the interface go on to the parser?
 * An interface admits packets_per_s, with a burst of as many.  Half of it is
 * open to one source, and half of it to sources that are not remembered, so
 * that neither a loud neighbour nor a flood of forged sources starves those
 * that are known.  True also when there is no memory for the interface: the
 * limit is a courtesy to ourselves.
 */
bool net_limit_admit(struct net_limit *limit, uint32_t ifindex,
	const struct addr *src, uint32_t packets_per_s, struct mono now);

/*
 * What came of an admitted packet took so long.  Hardly any takes
 * NET_LIMIT_COSTLY_US; those that do, for a session with thousands of next hops
 * say, may take half of our time, from one source or from strangers a quarter,
 * after NET_LIMIT_BURST_US or half of it in one go.  Beyond that nothing is
 * admitted from there until it is made up for, except from a known source that
 * took none of it.
 */
enum { NET_LIMIT_COSTLY_US = 100, NET_LIMIT_BURST_US = 1000000 };
void net_limit_charge(struct net_limit *limit, uint32_t ifindex,
	const struct addr *src, int64_t us, struct mono now);

/* The interface is gone. */
void net_limit_forget(struct net_limit *limit, uint32_t ifindex);

#endif /* NET_BUCKET_H */
