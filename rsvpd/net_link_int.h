/* SPDX-License-Identifier: ISC */
#ifndef NET_LINK_INT_H
#define NET_LINK_INT_H

/*
 * Private to the files behind net_link.h:
 *
 *	net_link.c   keeps the table of links and addresses, tells what changed
 *	net_table.c  reads that table from the kernel
 *	net_iface.c  what a link is to the core and to tcctl (pure)
 *	net_watch.c  notifications
 *	net_route.c  questions about routes
 *	net_diag.c   who holds a port
 *	net_nl.c     questions over netlink
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include "base/addr.h"
#include "rsvpd/conf.h"
#include "rsvpd/core/rsvp.h"
#include "rsvpd/net_link.h"
#include "tcctl/tcctl.h"

/* One question at a time on one socket, answered by the kernel at once. */
struct net_nl {
	struct mnl_socket *socket;
	uint32_t seq;
};

/* What the kernel says of a link. */
struct net_facts {
	uint32_t ifindex;
	char name[RSVP_NAME];
	uint16_t type;  /* ARPHRD_ */
	uint32_t flags; /* IFF_ */
	uint32_t mtu;
	uint64_t speed_Bps; /* of the hardware; 0: unknown */
	struct addr v4;     /* for RSVP_HOP; ADDR_NONE: none */
	struct addr v6;
	uint8_t v4_rank; /* of those; smaller is better */
	uint8_t v6_rank;
	uint32_t gso_octets;  /* the most that is handed down as one packet, */
	uint32_t gso_packets; /* and of how many; 0: not told */
	uint32_t gro_octets;  /* the most that is put together; 0: as above */
};

/* And what follows from that and the configuration. */
struct net_iface {
	struct net_facts facts;
	uint32_t gso_answered;  /* the limit of packets that are handed down as
				 * one that tcctl has dealt with; 0: none */
	uint32_t packets_per_s; /* RSVP packets accepted */
	struct rsvp_iface core; /* for the core */
	bool controlled;        /* tcctl manages it, */
	struct tc_iface tc;     /* like this */
	enum conf_udp udp;
	struct addr udp_router;  /* ADDR_NONE: by the route */
	uint8_t udp_ttl;         /* to that router */
	char section[CONF_NAME]; /* the name it is configured by, or "" */
	bool limits_offloads;    /* as far as others need that */
	/* Microseconds that packets handed down as one (GSO) hold the link
	 * longer than its D (RFC 2212) has room for. */
	uint32_t gso_us;
};

struct net_addr {
	struct addr addr;
	uint32_t ifindex;
	uint8_t rank; /* as address of RSVP_HOP; smaller is better */
};

/* All links by ifindex, all addresses in order. */
struct net_table {
	struct net_iface *ifaces;
	size_t iface_count;
	size_t iface_room;
	struct net_addr *addrs;
	size_t addr_count;
	size_t addr_room;
};

enum { NET_ROUTES_PENDING = 32 };

/* What is noted, and acted on soon.  One kind does not wait for another. */
enum net_news {
	NET_NEWS_LINKS,  /* a link or an address is not as it is held */
	NET_NEWS_ROUTES, /* routes, or rules about them */
	NET_NEWS_REST,   /* a link may be, in what takes no way from anybody */
	NET_NEWS_KINDS
};

struct net_link {
	struct engine *engine;
	struct net_nl route; /* rtnetlink questions */
	struct net_nl diag;  /* sock_diag questions */
	int ethtool;         /* a datagram socket for SIOCETHTOOL, or -1 */
	struct mnl_socket *events;
	struct loop_fd *watch;
	struct loop_timer *timer; /* what changed is collected until then */
	struct net_table table;
	struct mono acted[NET_NEWS_KINDS]; /* when, last; 0: never */
	bool links_changed;                /* NET_NEWS_LINKS */
	bool stale;                        /* NET_NEWS_REST */
	bool all_routes;                   /* any route may have changed */
	size_t route_count;
	struct addr_prefix routes[NET_ROUTES_PENDING]; /* these changed */
};

/* The link with that index, or NULL. */
const struct net_iface *net_link_find(
	const struct net_link *link, uint32_t ifindex);
/* The same for a message that has just come by it.  What comes first by a new
 * link would be lost for a refresh period, were it judged by a table from
 * before: where the link is not there or not up, what waits to be noted is
 * noted first. */
const struct net_iface *net_link_arrived(
	struct net_link *link, uint32_t ifindex);
/* If something is noted in *link, act on it, soon. */
void net_link_changed(struct net_link *link);

/* Fill the rest from facts, what tcctl has answered, and section (NULL: not
 * configured, hence disabled) and the pool's limits. */
void net_iface_settle(struct net_iface *iface, const struct conf_iface *section,
	const struct conf *conf);
/* It is called the same, and who sends by it would still do so. */
bool net_facts_same_use(const struct net_facts *a, const struct net_facts *b);
/* The same to tcctl; the same to everybody (facts behind it do not count). */
bool net_iface_tc_equal(const struct net_iface *a, const struct net_iface *b);
bool net_iface_equal(const struct net_iface *a, const struct net_iface *b);
/* What comes in by one and is forwarded was put together there (GRO): each gets
 * the limit that the others need, when all are settled. */
void net_iface_share_gro(struct net_iface *ifaces, size_t count);
/* How many packets may be handed down as one, as far as is known: until tcctl
 * has answered, no more than it was asked for. */
uint32_t net_iface_gso_packets(const struct net_iface *iface);

/*
 * Read links and addresses; HOP addresses are chosen, the rest of the facts
 * complete but for the speed.  0 or a negative errno; free it in both cases.
 */
int net_table_read(struct net_nl *nl, struct net_table *ret_table);
void net_table_free(struct net_table *table);
/* The entry of a link or of an address, or NULL. */
const struct net_iface *net_table_iface(
	const struct net_table *table, uint32_t ifindex);
const struct net_addr *net_table_addr(
	const struct net_table *table, const struct addr *addr);
/* The same of an address that several links may have. */
const struct net_addr *net_table_addr_on(const struct net_table *table,
	const struct addr *addr, uint32_t ifindex);

/* What a message says of a link, over what *facts has of it.  False: it is none
 * of a link. */
bool net_table_parse_link(const struct nlmsghdr *nlh, struct net_facts *facts);
/* The address that a message is about, ADDR_NONE if there is none.  False: it
 * is not one to use, not yet or not at all. */
bool net_table_parse_addr(const struct nlmsghdr *nlh, struct net_addr *addr);

/* Note what the kernel has told by now. */
void net_watch_take(struct net_link *link);
/* Subscribe, and note changes from then on. */
int net_watch_open(struct net_link *link);
void net_watch_close(struct net_link *link);

/* 0 or a negative errno. */
int net_nl_open(struct net_nl *nl, int bus);
void net_nl_close(struct net_nl *nl);

/*
 * Send the request and read its answer: fn for each message of it.  Returns 0,
 * or a negative errno: the kernel's own, or -EINTR when a dump was interrupted
 * by a change and must be repeated.
 */
int net_nl_ask(
	struct net_nl *nl, struct nlmsghdr *request, mnl_cb_t fn, void *arg);

/* Address in an attribute, by its length; ADDR_NONE when it is neither. */
struct addr net_nl_addr(const struct nlattr *attr);

#endif /* NET_LINK_INT_H */
