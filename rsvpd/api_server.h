/* SPDX-License-Identifier: ISC */
#ifndef API_SERVER_H
#define API_SERVER_H

/*
 * Applications over the RAPI socket: frames of rapi/rapi_msg.h in, calls of the
 * core's local functions; events of the core out.  Knows who each client is
 * from its socket, and what it may ask for.
 */

#include "rsvpd/core/rsvp.h"

struct engine;
struct api_server;

struct api_server *api_server_new(struct engine *engine);
void api_server_free(struct api_server *api);

/* The engine began, or ceased, to listen: who connects waits. */
void api_server_listen(struct api_server *api);

/* Take over the listening socket. */
void api_server_socket(struct api_server *api, int fd);

/* An event of the core for one application (RSVP_EFFECT_EVENT). */
void api_server_event(
	struct api_server *api, const struct rsvp_local_event *event);

/* Supplementary groups of who connected as that; none when it is not known. */
size_t api_server_groups(const struct api_server *api,
	const struct rsvp_who *who, const uint32_t **ret_groups);

#endif /* API_SERVER_H */
