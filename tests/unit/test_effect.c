/* SPDX-License-Identifier: ISC */

/* Effects of the core, carried out in order: rsvpd/effect.c and stats.c. */

#include <ctype.h>
#include <unistd.h>

#include "rsvpd/account.h"
#include "rsvpd/api_server.h"
#include "rsvpd/daemon.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/rules.h"
#include "rsvpd/tc_client.h"
#include "t.h"

enum { MOST = 8 };

/* A core with a list of effects, and what became of them. */
struct rsvp_core {
	struct rsvp_effect queue[MOST];
	size_t count;
	size_t taken;
	char done[MOST * 4]; /* a letter for each */
	bool answer_at_once; /* a flow request adds an effect and runs it */
	bool refuses;        /* it has a refusal, for 10.0.0.2/17/5004 */
	struct mono next;
	struct engine *engine;
};

static void
note_done(struct rsvp_core *core, char what)
{
	size_t n = strlen(core->done);

	core->done[n] = what;
	core->done[n + 1] = '\0';
}

bool
rsvp_core_take(struct rsvp_core *core, struct rsvp_effect *ret_effect)
{
	if (core->taken == core->count)
		return false;
	*ret_effect = core->queue[core->taken++];
	return true;
}

struct mono
rsvp_core_next(const struct rsvp_core *core)
{
	return core->next;
}

bool
rsvp_core_refusal_before(const struct rsvp_core *core, uint64_t before,
	struct rsvp_refusal *ret_refusal)
{
	(void)before;
	if (!core->refuses)
		return false;
	*ret_refusal = (struct rsvp_refusal){ .serial = 1,
		.session = { .dst = addr_v4((const uint8_t[]){ 10, 0, 0, 2 }),
			.proto = 17,
			.dst_port = 5004 },
		.reason = "too much" };
	return true;
}

void
account_effect(struct account *account, const struct rsvp_account *what)
{
	T_EQ(what->flow.id, 9);
	note_done((struct rsvp_core *)(void *)account, 'a');
}

void
marks_effect(struct marks *marks, const struct rsvp_account *what)
{
	T_EQ(what->flow.id, 9);
	note_done((struct rsvp_core *)(void *)marks, 'm');
}

/* The parts of the engine are not there: each stands for the core. */
int
net_raw_send(struct net_raw *raw, const struct rsvp_send *send)
{
	T_EQ(send->ttl, 63);
	note_done((struct rsvp_core *)(void *)raw, 's');
	return -5;
}

void
rules_flow(struct rules *rules, const struct rsvp_flow *flow)
{
	(void)rules;
	(void)flow;
}

void
tc_client_flow(struct tc_client *tc, const struct rsvp_flow_request *request)
{
	struct rsvp_core *core = (struct rsvp_core *)(void *)tc;

	T_EQ(request->serial, 77);
	note_done(core, 'f');
	if (!core->answer_at_once)
		return;
	core->queue[core->count++] =
		(struct rsvp_effect){ .kind = RSVP_EFFECT_EVENT,
			.event = { .id = 5 } };
	effect_run(core->engine);
	note_done(core, '.'); /* the event must come after us */
}

void
api_server_event(struct api_server *api, const struct rsvp_local_event *event)
{
	T_EQ(event->id, 5);
	note_done((struct rsvp_core *)(void *)api, 'e');
}

/* What the effects of the core write to the log. */
static void
capture_log(struct engine *engine, char *buf, size_t size)
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	T_EQ(pipe(ends), 0);
	T_EQ(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	effect_run(engine);
	T_EQ(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	(void)close(saved);   /* restored */
	(void)close(ends[1]); /* so that reading ends */
	n = read(ends[0], buf, size - 1);
	(void)close(ends[0]); /* of the test */
	buf[n > 0 ? n : 0] = '\0';
}

static void
tick(void *arg)
{
	struct engine *engine = (struct engine *)arg;

	note_done(engine->core, 't');
	loop_stop(engine->loop);
}

static struct engine
engine_of(struct rsvp_core *core)
{
	struct engine engine = { .loop = loop_new(),
		.core = core,
		.raw = (struct net_raw *)(void *)core,
		.tc = (struct tc_client *)(void *)core,
		.api = (struct api_server *)(void *)core };

	T_CHECK(engine.loop != NULL, "no memory");
	core->next = MONO_NEVER;
	return engine;
}

static const struct rsvp_effect send_effect = { .kind = RSVP_EFFECT_SEND,
	.send = { .ttl = 63 } };
static const struct rsvp_effect flow_effect = { .kind = RSVP_EFFECT_FLOW,
	.flow = { .serial = 77 } };

static void
effects_are_carried_out_in_order(void)
{
	struct rsvp_core core = { .count = 3 };
	struct engine engine = engine_of(&core);

	engine.tick = loop_timer_add(engine.loop, tick, &engine);
	core.queue[0] = send_effect;
	core.queue[1] = flow_effect;
	core.queue[2] = send_effect;
	effect_run(&engine);
	T_STR(core.done, "sfs");
	T_EQ(engine.in_effects, false);
	loop_free(engine.loop);
}

static void
what_an_effect_causes_comes_after_it(void)
{
	struct rsvp_core core = { .count = 2, .answer_at_once = true };
	struct engine engine = engine_of(&core);

	core.engine = &engine;
	engine.tick = loop_timer_add(engine.loop, tick, &engine);
	core.queue[0] = flow_effect;
	core.queue[1] = send_effect;
	effect_run(&engine);
	T_STR(core.done, "f.se");
	loop_free(engine.loop);
}

static void
accounts_are_kept_in_order(void)
{
	struct rsvp_core core = { .count = 3 };
	struct engine engine = engine_of(&core);

	engine.account = (struct account *)(void *)&core;
	engine.marks = (struct marks *)(void *)&core;
	engine.tick = loop_timer_add(engine.loop, tick, &engine);
	core.queue[0] = flow_effect;
	core.queue[1] = (struct rsvp_effect){ .kind = RSVP_EFFECT_ACCOUNT,
		.account = { .flow = { .id = 9 } } };
	core.queue[2] = send_effect;
	effect_run(&engine);
	T_STR(core.done, "fams");
	loop_free(engine.loop);
}

static void
the_tick_is_set_for_the_next_moment(void)
{
	struct rsvp_core core = { .count = 0 };
	struct engine engine = engine_of(&core);

	engine.tick = loop_timer_add(engine.loop, tick, &engine);
	core.next = mono_add_ms(loop_now(), 20);
	effect_run(&engine);
	T_EQ(loop_run(engine.loop), 0);
	T_STR(core.done, "t");
	T_CHECK(mono_reached(core.next, loop_now()), "too early");
	loop_free(engine.loop);
}

static void
notes_go_to_the_log_with_their_weight(void)
{
	struct rsvp_core core = { .count = 2 };
	struct engine engine = engine_of(&core);
	char log[1024];

	engine.tick = loop_timer_add(engine.loop, tick, &engine);
	core.queue[0] = (struct rsvp_effect){ .kind = RSVP_EFFECT_NOTE,
		.note = { .text = "flow 5 adopted" } };
	core.queue[1] = (struct rsvp_effect){ .kind = RSVP_EFFECT_NOTE,
		.note = { .warning = true, .text = "flow 6 lost" } };
	capture_log(&engine, log, sizeof(log));
	T_CHECK(strstr(log, "info: core: flow 5 adopted\n"), "%s", log);
	T_CHECK(strstr(log, "warning: core: flow 6 lost\n"), "%s", log);
	loop_free(engine.loop);
}

/* Until the reservation was in force. */
static void
a_refusal_is_said_once(void)
{
	const struct rsvp_effect note = { .kind = RSVP_EFFECT_NOTE,
		.note = { .remote = true,
			.warning = true,
			.text = "10.0.0.2/17/5004: refused, too much" } };
	struct rsvp_effect account = { .kind = RSVP_EFFECT_ACCOUNT,
		.account = { .flow = { .id = 9,
				     .dst = addr_v4(
					     (const uint8_t[]){ 10, 0, 0, 2 }),
				     .proto = 17,
				     .dst_port = 5004 } } };
	struct rsvp_core core = { .refuses = true };
	struct engine engine = engine_of(&core);
	char log[1024];
	bool said[4];

	engine.account = (struct account *)(void *)&core;
	engine.marks = (struct marks *)(void *)&core;
	engine.tick = loop_timer_add(engine.loop, tick, &engine);
	for (int round = 0; round < 4; round++) {
		account.account.ended = round < 3;
		core.count = core.taken = 0;
		core.queue[core.count++] = account;
		core.queue[core.count++] = note;
		engine.refusals.serial = 0; /* the refusal is a new one */
		capture_log(&engine, log, sizeof(log));
		said[round] = strstr(log, "too much") != NULL;
		memset(core.done, 0, sizeof(core.done));
	}
	T_CHECK(said[0] && !said[1] && !said[2] && said[3], "%d %d %d %d",
		said[0], said[1], said[2], said[3]);
	loop_free(engine.loop);
}

static void
notes_that_peers_cause_are_limited(void)
{
	char log[4096] = "";
	size_t lines = 0;

	for (int round = 0; round < 5; round++) {
		struct rsvp_core core = { .count = MOST };
		struct engine engine = engine_of(&core);

		engine.tick = loop_timer_add(engine.loop, tick, &engine);
		for (size_t i = 0; i < MOST; i++)
			core.queue[i] = (struct rsvp_effect){
				.kind = RSVP_EFFECT_NOTE,
				.note = { .remote = true, .text = "bad peer" }
			};
		capture_log(&engine, log, sizeof(log));
		for (const char *at = log; (at = strstr(at, "bad peer")); at++)
			lines++;
		loop_free(engine.loop);
	}
	T_CHECK(lines >= 1 && lines <= 20, "%zu lines", lines);
}

static void
stop(void *arg)
{
	loop_stop((struct loop *)arg);
}

static void
without_timers_there_is_no_tick(void)
{
	struct rsvp_core core = { .count = 0 };
	struct engine engine = engine_of(&core);
	struct loop_timer *end = loop_timer_add(engine.loop, stop, engine.loop);

	engine.tick = loop_timer_add(engine.loop, tick, &engine);
	core.next = mono_add_ms(loop_now(), 1);
	effect_run(&engine);
	core.next = MONO_NEVER;
	effect_run(&engine);
	loop_timer_set(end, mono_add_ms(loop_now(), 20));
	T_EQ(loop_run(engine.loop), 0);
	T_STR(core.done, "");
	loop_free(engine.loop);
}

static void
every_counter_has_a_name_of_its_own(void)
{
	for (int i = 0; i < STATS_COUNTER_COUNT; i++) {
		const char *name = stats_name((enum stats_counter)i);

		T_CHECK(*stats_help((enum stats_counter)i), "%s: no help",
			name);
		for (const char *c = name; *c; c++)
			T_CHECK(islower(*c) || isdigit(*c) || *c == '_', "%s",
				name);
		for (int j = 0; j < i; j++)
			T_CHECK(strcmp(name,
					stats_name((enum stats_counter)j)) != 0,
				"%s twice", name);
	}
	T_STR(stats_name(STATS_RECEIVED), "received");
	T_STR(stats_name(STATS_RELOADS), "reloads");
}

static struct t_case cases[] = {
	{ "effects are carried out in order",
		effects_are_carried_out_in_order },
	{ "what an effect causes comes after it",
		what_an_effect_causes_comes_after_it },
	{ "notes go to the log with their weight",
		notes_go_to_the_log_with_their_weight },
	{ "a refusal is said once", a_refusal_is_said_once },
	{ "notes that peers cause are limited",
		notes_that_peers_cause_are_limited },
	{ "accounts are kept in order", accounts_are_kept_in_order },
	{ "the tick is set for the next moment",
		the_tick_is_set_for_the_next_moment },
	{ "without timers there is no tick", without_timers_there_is_no_tick },
	{ "every counter has a name of its own",
		every_counter_has_a_name_of_its_own },
};
T_MAIN(cases)
