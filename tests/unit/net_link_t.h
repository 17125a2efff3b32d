/* SPDX-License-Identifier: ISC */
#ifndef NET_LINK_T_H
#define NET_LINK_T_H

/*
 * A kernel that has the links and addresses that a case gives it, answers
 * questions for them and says what the case lets it say; a clock that the case
 * moves; and those who are told what changed, which only note it.  For tests of
 * net_link.c and net_watch.c, whose loop is loop_t.h, and ioctl() the bench's.
 */

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>

#include "rsvpd/net_link_int.h"
#include "t.h"

enum {
	NT_MOST = 16,
	NT_SAID = 200,
	NT_BYTES = 256,
	NT_RUNNING = IFF_UP | IFF_LOWER_UP,
	NT_NO_DRIVER = 1 /* that could be asked */
};

/* What a number or name of 0 would be is left out of messages. */
struct nt_link {
	uint32_t ifindex;
	const char *name;
	uint16_t type;
	uint32_t flags;
	uint32_t mtu;
	uint32_t gso_segs;
	uint32_t gso_octets;
	uint32_t gro_octets;
	uint32_t speed_mbit_s; /* 0: the driver does not know; or: */
};

struct nt_addr {
	struct addr addr;  /* IFA_ADDRESS */
	struct addr local; /* ADDR_NONE: it has none */
	uint32_t ifindex;
	uint8_t scope;
	uint32_t flags;
};

struct nt_route {
	uint8_t family;
	uint8_t dst_len;
	uint32_t flags;
	struct addr dst; /* ADDR_NONE: the default route */
};

struct nt_told {
	size_t ifaces; /* to the core */
	struct rsvp_iface iface;
	size_t gone;
	uint32_t gone_ifindex;
	size_t raws; /* to the sockets */
	size_t raws_gone;
	size_t managed; /* to tcctl */
	struct tc_iface tc;
	size_t unmanaged;
	size_t rules;
	size_t routes;     /* each prefix */
	size_t all_routes; /* all at once */
	struct addr_prefix prefixes[64];
	size_t effects;
	size_t warnings;
	char warning[300];
	char error[300];
	size_t errors;
};

struct nt {
	struct engine *engine;
	struct net_link *link;
	struct conf *conf;
	struct conf_iface *sections; /* room for NT_MOST, sorted */
	/* the kernel */
	size_t link_count;
	struct nt_link links[NT_MOST];
	size_t addr_count;
	struct nt_addr addrs[NT_MOST];
	int dump_error; /* the next questions fail with that */
	int dump_fails; /* so many of them */
	size_t readings;
	size_t speeds; /* asked of drivers */
	uint32_t gso_answered;
	size_t left; /* messages that nobody has read yet */
	struct nt_told told;
};

/* eth0 (1), eth1 (2), with a section for both and an address each, read once;
 * what was told of that is forgotten, and long ago. */
struct nt *nt_new(void);
void nt_free(struct nt *t);
/* Begin again, with the nth of all calls that open sockets failing. */
void nt_begin_failing(struct nt *t, size_t nth);
/* The section of that name, made if there is none. */
struct conf_iface *nt_section(struct nt *t, const char *name);

/* What the kernel says, for all who listen. */
void nt_say_link(struct nt *t, uint16_t type, const struct nt_link *link);
void nt_say_addr(struct nt *t, uint16_t type, const struct nt_addr *addr);
void nt_say_route(struct nt *t, uint16_t type, const struct nt_route *route);
void nt_say_short(struct nt *t, uint16_t type); /* a message without a body */
void nt_say_error(struct nt *t, int error);
/* It changes a link, and says so. */
void nt_change(struct nt *t, const struct nt_link *link);

/* What is said is noted, in one turn of the loop. */
void nt_note(struct nt *t);
/* Time goes on. */
void nt_run(struct nt *t, int64_t ms);
/* Milliseconds until something is done about what is noted; -1: nothing is. */
int64_t nt_due(const struct nt *t);
void nt_forget(struct nt *t); /* what was told */

#endif /* NET_LINK_T_H */
