/* SPDX-License-Identifier: ISC */

/* The trouble of a world. */

#include "work_int.h"

#include <stdlib.h>

enum { FLAP_PORTS = 6 };

static uint64_t
draw(struct work *w, uint64_t below)
{
	return sim_random(w->s, below);
}

/* Mark a part of the nodes, around one of them. */
static void
spread(struct work *w, bool *part)
{
	size_t size = 1 + draw(w, w->nodes / 2), count = 1;

	part[draw(w, w->nodes)] = true;
	for (int rounds = 0; rounds < 20 && count < size; rounds++)
		for (size_t i = 0; i < w->link_count && count < size; i++) {
			const uint32_t *n = w->links[i].node;

			if (part[n[0]] == part[n[1]])
				continue;
			part[n[0]] = part[n[1]] = true;
			count++;
		}
}

/* No way between that part and the rest; routing knows it, or does not. */
static void
partition(struct work *w)
{
	bool *part = (bool *)calloc(w->nodes, sizeof(*part));
	bool known = draw(w, 2) == 0;

	if (!part)
		abort();
	spread(w, part);
	for (size_t i = 0; i < w->link_count; i++) {
		if (part[w->links[i].node[0]] == part[w->links[i].node[1]])
			continue;
		if (known)
			sim_link_routed(w->s, i, false);
		sim_link_cut(w->s, i, true);
	}
	free(part);
	w->healed = mono_add_ms(sim_now(w->s), (int64_t)draw(w, 200000));
}

static void
one_link(struct work *w)
{
	size_t link = draw(w, w->link_count);

	if (draw(w, 2) == 0)
		sim_link_cost(w->s, link, (unsigned)draw(w, 2),
			1 + (uint32_t)draw(w, 20));
	else
		sim_link_routed(w->s, link, false);
	w->healed = mono_add_ms(sim_now(w->s), (int64_t)draw(w, 100000));
}

/* The first interface has the address of the node; of the others there may be
 * fewer. */
static void
flap(struct work *w, size_t node)
{
	const uint64_t among = draw(w, 2) == 0 ? 1 : FLAP_PORTS;
	const uint32_t ifindex = 1 + (uint32_t)draw(w, among);

	sim_iface_flap(w->s, node, ifindex, draw(w, 2) == 0);
}

void
work_heal(struct work *w)
{
	sim_heal(w->s);
	w->healed = MONO_NEVER;
}

void
work_trouble(struct work *w)
{
	size_t node = draw(w, w->nodes);

	if (mono_reached(w->healed, sim_now(w->s)))
		work_heal(w);
	switch (draw(w, 100)) {
	case 0:
		sim_tc_restart(w->s, node);
		break;
	case 1:
		sim_core_restart(w->s, node, (int64_t)draw(w, 20000));
		break;
	case 2:
	case 3:
		flap(w, node);
		break;
	case 4:
		sim_policy_change(w->s, node);
		break;
	case 5:
		sim_stall(w->s, node, (int64_t)draw(w, 20000));
		break;
	case 6:
		sim_clock_leap(w->s, node, (int64_t)draw(w, 60000));
		break;
	case 7:
		partition(w);
		break;
	case 8:
	case 9:
	case 10:
		one_link(w);
		break;
	case 11:
		sim_notify(w->s, node);
		break;
	default:
		break;
	}
}
