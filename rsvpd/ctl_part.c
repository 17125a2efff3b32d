/* SPDX-License-Identifier: ISC */

/* The state of one session, however much of it there is, told part by part. */

#include <stdlib.h>

#include "rsvpd/ctl_int.h"

enum { PART_BITS = 24 }; /* of a cursor */

/* Room for that many; what there is when there is no memory. */
static size_t
grow(void **room, size_t *ret_count, size_t wanted, size_t size)
{
	void *grown;

	if (wanted <= *ret_count)
		return wanted;
	grown = reallocarray(*room, wanted, size);
	if (!grown)
		return *ret_count;
	*room = grown;
	*ret_count = wanted;
	return wanted;
}

size_t
ctl_paths_of(struct ctl_server *s, uint64_t serial)
{
	const struct rsvp_core *core = s->engine->core;
	const struct mono now = loop_now();
	const size_t count = rsvp_core_paths(core, now, serial, NULL, 0);
	void *room = s->paths;
	const size_t fit = grow(&room, &s->path_room, count, sizeof(*s->paths));

	s->paths = (struct rsvp_path_info *)room;
	(void)rsvp_core_paths(core, now, serial, s->paths, fit); /* as before */
	return fit;
}

static size_t
resvs_of(struct ctl_server *s, uint64_t serial)
{
	const struct rsvp_core *core = s->engine->core;
	const struct mono now = loop_now();
	const size_t count = rsvp_core_resvs(core, now, serial, NULL, 0);
	void *room = s->resvs;
	const size_t fit = grow(&room, &s->resv_room, count, sizeof(*s->resvs));

	s->resvs = (struct rsvp_resv_info *)room;
	(void)rsvp_core_resvs(core, now, serial, s->resvs, fit); /* as before */
	return fit;
}

bool
ctl_part_find(struct ctl_server *s, uint64_t cursor, struct ctl_part *ret)
{
	const uint64_t serial = cursor >> PART_BITS;
	const size_t at = (size_t)(cursor & ((UINT64_C(1) << PART_BITS) - 1));

	if (!rsvp_core_session_after(
		    s->engine->core, at > 0 ? serial - 1 : serial, &ret->info))
		return false;
	ret->paths = ctl_paths_of(s, ret->info.serial);
	ret->resvs = resvs_of(s, ret->info.serial);
	ret->at = ret->info.serial == serial ? at : 0; /* else: another one */
	return true;
}

uint64_t
ctl_part_cursor(const struct ctl_part *part)
{
	return part->info.serial << PART_BITS |
	       (part->at < part->paths + part->resvs ? part->at : 0);
}

bool
ctl_part_step(struct ctl_client *c, struct buf_writer *w, ctl_part_fn *put,
	uint64_t *ret_next)
{
	const uint8_t *start = w->pos;
	struct ctl_part part;

	if (!ctl_part_find(c->server, c->cursor, &part))
		return false;
	for (; part.at < part.paths + part.resvs && !w->failed; part.at++) {
		uint8_t *before = w->pos;

		put(c, w, &part);
		if (!w->failed || before == start)
			continue;
		w->pos = before; /* it goes into the next datagram */
		w->failed = false;
		break;
	}
	*ret_next = ctl_part_cursor(&part);
	return true;
}
