/* SPDX-License-Identifier: ISC */
#ifndef CTL_SERVER_H
#define CTL_SERVER_H

/*
 * The control socket: questions of rsvpctl (ctl/ctl_msg.h) answered with
 * facts, never with formatted text, in slices, so that signalling never waits.
 */

struct engine;
struct ctl_server;

struct ctl_server *ctl_server_new(struct engine *engine);
void ctl_server_free(struct ctl_server *ctl);

/* Take over the listening socket. */
void ctl_server_socket(struct ctl_server *ctl, int fd);

#endif /* CTL_SERVER_H */
