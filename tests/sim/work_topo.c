/* SPDX-License-Identifier: ISC */

/*
 * Random connected graphs.  Routers join with a preference for those that have
 * neighbours already, so that some have many and most have few; some links
 * more make cycles; hosts hang on routers, each by one link.  In some worlds
 * some routers know no RSVP; several next hops are behind one interface then.
 */

#include "work_int.h"

#include <stdlib.h>

enum { DEGREE_MAX = 24, COST_MAX = 10 };

static uint64_t
draw(uint64_t *random, uint64_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random % below;
}

struct graph {
	struct work *w;
	uint64_t *random;
	unsigned *degree;
};

static void
join(struct graph *g, uint32_t a, uint32_t b)
{
	g->w->links[g->w->link_count++] = (struct sim_link){ { a, b },
		{ 1 + (uint32_t)draw(g->random, COST_MAX),
			1 + (uint32_t)draw(g->random, COST_MAX) } };
	g->degree[a]++;
	g->degree[b]++;
}

static bool
joined(const struct work *w, uint32_t a, uint32_t b)
{
	for (size_t i = 0; i < w->link_count; i++) {
		const uint32_t *n = w->links[i].node;

		if ((n[0] == a && n[1] == b) || (n[0] == b && n[1] == a))
			return true;
	}
	return false;
}

/* One of the first ones; those with many neighbours more often. */
static uint32_t
prefer(struct graph *g, uint32_t among)
{
	uint32_t node;

	for (int i = 0; i < 100; i++) {
		node = (uint32_t)draw(g->random, among);
		if (g->w->link_count > 0 && draw(g->random, 2) == 0)
			node = g->w->links[draw(g->random, g->w->link_count)]
				       .node[draw(g->random, 2)];
		if (node < among && g->degree[node] < DEGREE_MAX)
			return node;
	}
	for (node = 0; g->degree[node] >= DEGREE_MAX; node++)
		continue;
	return node;
}

void
work_make_links(struct work *w, uint64_t *random)
{
	struct graph g = { w, random, calloc(w->nodes, sizeof(*g.degree)) };
	size_t more;

	w->routers = 2 + w->nodes * (3 + draw(random, 4)) / 10;
	if (w->routers > w->nodes - 2)
		w->routers = w->nodes - 2;
	more = draw(random, w->routers);
	w->links =
		(struct sim_link *)calloc(w->nodes + more, sizeof(*w->links));
	w->plain = (bool *)calloc(w->nodes, sizeof(*w->plain));
	if (!g.degree || !w->links || !w->plain)
		abort();
	for (size_t i = 0; w->conf.seed % 3 == 0 && i < w->routers; i++)
		w->plain[i] = draw(random, 4) == 0;
	for (uint32_t i = 1; i < w->routers; i++)
		join(&g, i, prefer(&g, i));
	for (size_t i = 0; i < more; i++) {
		uint32_t a = prefer(&g, (uint32_t)w->routers);
		uint32_t b = (uint32_t)draw(random, w->routers);

		if (a != b && g.degree[b] < DEGREE_MAX && !joined(w, a, b))
			join(&g, a, b);
	}
	for (uint32_t i = (uint32_t)w->routers; i < w->nodes; i++)
		join(&g, i, prefer(&g, (uint32_t)w->routers));
	free(g.degree);
}
