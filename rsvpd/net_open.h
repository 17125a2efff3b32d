/* SPDX-License-Identifier: ISC */
#ifndef NET_OPEN_H
#define NET_OPEN_H

/*
 * What multicast needs beside the raw sockets, and only root can open.  The
 * supervisor opens it for the engine and keeps no copy: it has to die with
 * whoever reads the messages.
 */

/*
 * IPv6 multicast RSVP as it arrives on any interface: Router Alert never acts
 * on multicast in IPv6.  Packets begin with their IPv6 header; fragments are
 * not put together.  A descriptor or a negative errno.
 */
int net_tap6_open(void);

/*
 * While this descriptor is open the kernel does not forward multicast RSVP by
 * itself: it would, beside what we send, with the HOP of the node before.
 * Closing it takes the rule away.  A descriptor or a negative errno.
 */
int net_guard_open(void);

#endif /* NET_OPEN_H */
