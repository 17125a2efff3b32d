/* SPDX-License-Identifier: ISC */

/* When the engine begins to listen, and how it ends. */

#include "rsvpd/engine_life.h"

#include "rsvpd/api_server.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/tc_client.h"
#include "t.h"

enum { DEADLINE_MS = 10000 };

struct rsvp_core {
	unsigned steps; /* of the withdrawal that are left */
	unsigned done;
	size_t flows; /* the kernel lets one go at each look */
};

struct net_raw {
	bool listening;
};

static struct {
	struct engine engine;
	struct conf conf;
	struct rsvp_core core;
	struct net_raw raw;
	struct loop_timer *deadline;
	bool late;
	bool unsettled; /* tcctl has not answered for all */
} b;

/* ---- what is around it --------------------------------------------------- */

void
net_raw_listen(struct net_raw *raw)
{
	raw->listening = b.engine.listening;
	if (raw->listening)
		loop_stop(b.engine.loop);
}

void
api_server_listen(struct api_server *api)
{
	(void)api;
}

bool
tc_client_settled(const struct tc_client *tc)
{
	(void)tc;
	return !b.unsettled;
}

void
effect_run(struct engine *engine)
{
	(void)engine;
}

bool
rsvp_core_withdraw(struct rsvp_core *core, struct mono now)
{
	(void)now;
	if (core->steps == 0)
		return false;
	core->done++;
	return --core->steps > 0;
}

void
rsvp_core_totals(const struct rsvp_core *core, struct rsvp_totals *ret)
{
	*ret = (struct rsvp_totals){ .flows = core->flows };
	if (b.core.steps == 0 && b.core.flows > 0)
		b.core.flows--;
}

static void
too_late(void *arg)
{
	(void)arg;
	b.late = true;
	loop_stop(b.engine.loop);
}

static void
begin(enum conf_stop stop)
{
	memset(&b, 0, sizeof(b));
	b.conf.stop = stop;
	b.engine = (struct engine){ .loop = loop_new(),
		.conf = &b.conf,
		.core = &b.core,
		.raw = &b.raw };
	b.deadline = loop_timer_add(b.engine.loop, too_late, NULL);
	loop_timer_set(b.deadline, mono_add_ms(loop_now(), DEADLINE_MS));
	T_CHECK(engine_hold(&b.engine), "no memory");
}

static void
end(void)
{
	T_CHECK(!b.late, "it never came");
	loop_free(b.engine.loop);
}

/* ---- cases --------------------------------------------------------------- */

static void
rules_open_it(void)
{
	begin(CONF_STOP_KEEP);
	T_CHECK(!b.raw.listening, "before the rules");
	engine_open(&b.engine);
	T_CHECK(b.raw.listening, "not with the rules");
	end();
}

static void
so_does_what_is_in_the_kernel(void)
{
	begin(CONF_STOP_KEEP);
	b.unsettled = true;
	engine_open(&b.engine);
	T_CHECK(!b.raw.listening, "before tcctl");
	engine_adopted(&b.engine);
	T_CHECK(!b.raw.listening, "before tcctl has told of all");
	b.unsettled = false;
	engine_adopted(&b.engine);
	T_CHECK(b.raw.listening, "not with tcctl");
	end();
	begin(CONF_STOP_KEEP);
	engine_adopted(&b.engine);
	T_CHECK(!b.raw.listening, "without rules");
	engine_open(&b.engine);
	T_CHECK(b.raw.listening, "not with the rules");
	end();
}

static void
without_tcctl_it_opens_all_the_same(void)
{
	begin(CONF_STOP_KEEP);
	b.unsettled = true;
	engine_open(&b.engine);
	T_EQ(loop_run(b.engine.loop), 0);
	T_CHECK(b.raw.listening, "deaf for ever");
	end();
}

static void
without_rules_it_opens_all_the_same(void)
{
	begin(CONF_STOP_KEEP);
	T_EQ(loop_run(b.engine.loop), 0);
	T_CHECK(b.raw.listening, "deaf for ever");
	end();
}

static void
a_stop_that_keeps_ends_at_once(void)
{
	begin(CONF_STOP_KEEP);
	b.core.steps = 3;
	engine_stop(&b.engine);
	T_EQ(loop_run(b.engine.loop), 0);
	T_EQ(b.core.done, 0);
	end();
}

static void
a_stop_that_tears_waits_for_the_kernel(void)
{
	begin(CONF_STOP_TEAR);
	engine_open(&b.engine);
	b.core.steps = 3;
	b.core.flows = 2;
	engine_stop(&b.engine);
	T_CHECK(!b.raw.listening, "it still listens");
	engine_stop(&b.engine); /* asked twice */
	engine_open(&b.engine); /* new rules */
	T_CHECK(!b.raw.listening, "it listens again");
	/* Opening asked the loop to stop. */
	while (b.core.flows > 0 && !b.late)
		T_EQ(loop_run(b.engine.loop), 0);
	T_EQ(b.core.done, 3);
	end();
}

static struct t_case cases[] = {
	{ "rules open it", rules_open_it },
	{ "what is in the kernel has to be known, too",
		so_does_what_is_in_the_kernel },
	{ "without tcctl it opens all the same",
		without_tcctl_it_opens_all_the_same },
	{ "without rules it opens all the same",
		without_rules_it_opens_all_the_same },
	{ "a stop that keeps ends at once", a_stop_that_keeps_ends_at_once },
	{ "a stop that tears waits for the kernel",
		a_stop_that_tears_waits_for_the_kernel },
};
T_MAIN(cases)
