/* SPDX-License-Identifier: ISC */
#ifndef WORK_INT_H
#define WORK_INT_H

/* What the files of a world share. */

#include "tests/sim/work.h"

#include "rsvpd/wire/wire.h"

enum {
	SLOT_APPS = 12, /* of one session */
	DESCRIBED = 160
};

/* One session that applications use. */
struct slot {
	bool used;
	bool multicast;
	uint8_t style;
	uint8_t service;
	struct wire_session session;
	uint32_t to; /* unicast: destination */
	size_t count;
	struct slot_app {
		uint32_t number; /* of the application */
		uint32_t node;
		bool sending;
		bool receiving;
		struct wire_filter sender;
	} apps[SLOT_APPS];
};

struct work {
	struct work_conf conf;
	struct sim *s;
	size_t nodes, routers, link_count;
	struct sim_link *links;
	bool *plain; /* of each node */
	size_t slot_count;
	struct slot *slots;
	uint16_t next_port;
	bool ample;   /* room for all; nobody disagrees */
	bool trouble; /* restarts and their like */
	struct sim_weather weather;
	struct mono healed; /* links that were taken are given back then */
	char described[DESCRIBED];
};

/* ---- work_topo.c --------------------------------------------------------- */

void work_make_links(struct work *w, uint64_t *random);

/* ---- work_apps.c --------------------------------------------------------- */

uint32_t work_node(struct work *w);
/* Something that an application does. */
void work_act(struct work *w);
/* One of them goes; false: there is none. */
bool work_close_one(struct work *w);

/* ---- work_trouble.c ------------------------------------------------------ */

void work_trouble(struct work *w);
void work_heal(struct work *w);

#endif /* WORK_INT_H */
