/* SPDX-License-Identifier: ISC */

/*
 * The kernel's counters for a listing.  tcctl tells them, and may be held up by
 * a kernel whose lock others have: then the listing goes on without them, and
 * says so at its end.
 */

#include <stdlib.h>

#include "rsvpd/ctl_int.h"
#include "rsvpd/rules.h"

enum { WAIT_MS = 2000 };

/* A question to tcctl: kept until it is answered, however late. */
struct ctl_count {
	struct ctl_client *client; /* NULL: it waits no longer */
	struct loop_timer *late;
};

static int
by_flow_id(const void *a, const void *b)
{
	const struct tc_counter *x = (const struct tc_counter *)a;
	const struct tc_counter *y = (const struct tc_counter *)b;

	return x->flow_id < y->flow_id ? -1 : x->flow_id > y->flow_id;
}

const struct tc_counter *
ctl_count_of(const struct ctl_client *c, uint32_t flow_id)
{
	const struct tc_counter key = { .flow_id = flow_id };

	if (c->counter_count == 0 || flow_id == 0)
		return NULL;
	return (const struct tc_counter *)bsearch(
		&key, c->counters, c->counter_count, sizeof(key), by_flow_id);
}

const struct tc_counter *
ctl_count_of_iface(const struct ctl_client *c, uint32_t ifindex)
{
	for (size_t i = 0; i < c->counter_count; i++)
		if (c->counters[i].flow_id == 0 &&
			c->counters[i].ifindex == ifindex)
			return &c->counters[i];
	return NULL;
}

static void
go_on(struct ctl_count *count)
{
	struct ctl_client *c = count->client;

	loop_timer_del(count->late);
	count->late = NULL;
	count->client = NULL;
	ctl_resume(c);
}

static void
too_late(void *arg)
{
	struct ctl_count *count = (struct ctl_count *)arg;

	count->client->counter_count = 0;
	count->client->error =
		"counters are missing: traffic control has not answered within "
		"2 s (is the kernel busy? see the log)";
	go_on(count);
}

static void
done(void *arg)
{
	struct ctl_count *count = (struct ctl_count *)arg;
	struct ctl_client *c = count->client;

	if (c && c->counter_count > 0)
		qsort(c->counters, c->counter_count, sizeof(*c->counters),
			by_flow_id);
	if (c)
		go_on(count);
	free(count);
}

static void
take(void *arg, const struct tc_counter *counter)
{
	struct ctl_client *c = ((struct ctl_count *)arg)->client;

	if (!counter) {
		done(arg);
		return;
	}
	if (!c)
		return;
	if (c->counter_count == c->counter_room) {
		const size_t room = c->counter_room * 2 + 64;
		struct tc_counter *grown = (struct tc_counter *)realloc(
			c->counters, room * sizeof(*grown));

		if (!grown)
			return; /* shown without its counters */
		c->counters = grown;
		c->counter_room = room;
	}
	c->counters[c->counter_count++] = *counter;
}

bool
ctl_count_begin(struct ctl_client *c)
{
	const struct tc_counters_query query = {
		.flow_id = c->ask == CTL_ASK_INTERFACES ? TC_COUNTERS_BEST : 0
	};
	struct engine *engine = c->server->engine;
	struct ctl_count *count = (struct ctl_count *)calloc(1, sizeof(*count));

	if (!count)
		return false;
	count->client = c;
	count->late = loop_timer_add(engine->loop, too_late, count);
	if (!count->late) {
		free(count);
		return false;
	}
	loop_timer_set(count->late, mono_add_ms(loop_now(), WAIT_MS));
	if (c->ask == CTL_ASK_RULES)
		rules_count(engine->rules, done, count);
	else
		tc_client_counters(engine->tc, &query, take, count);
	return true;
}
