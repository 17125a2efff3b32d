/* SPDX-License-Identifier: ISC */

/*
 * When the engine begins to listen, and how it ends.
 *
 * It ends at once, usually: what is in the kernel stays, and the next start
 * adopts it.  With stop = "tear" it first withdraws what it announced, asked
 * for and installed, some sessions a turn of the loop.
 */

#include "rsvpd/engine_life.h"

#include "base/log.h"
#include "rsvpd/api_server.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/tc_client.h"

enum {
	HOLD_MS = 2000, /* for the first rules, and what is in the kernel */
	TEAR_MS = 4000, /* at most; the supervisor kills a second later */
	LOOK_MS = 10    /* between looks at what the kernel still has */
};

/* ---- beginning ----------------------------------------------------------- */

static void
listen_to_all(struct engine *engine, bool listening)
{
	engine->listening = listening;
	net_raw_listen(engine->raw);
	api_server_listen(engine->api);
}

static void
held_long_enough(void *arg)
{
	struct engine *engine = (struct engine *)arg;

	if (!engine->ruled)
		log_warn(LOG_POLICY,
			"no rules from policyd after %d ms: reservations are "
			"refused until they come",
			HOLD_MS);
	else
		log_warn(LOG_TC,
			"tcctl has not told within %d ms what is in the kernel",
			HOLD_MS);
	listen_to_all(engine, true);
}

static void
open_when_known(struct engine *engine)
{
	if (!engine->ruled || engine->listening || engine->stop ||
		!tc_client_settled(engine->tc))
		return;
	loop_timer_stop(engine->hold);
	listen_to_all(engine, true);
}

bool
engine_hold(struct engine *engine)
{
	engine->hold = loop_timer_add(engine->loop, held_long_enough, engine);
	if (!engine->hold)
		return false;
	loop_timer_set(engine->hold, mono_add_ms(loop_now(), HOLD_MS));
	return true;
}

void
engine_open(struct engine *engine)
{
	engine->ruled = true;
	open_when_known(engine);
}

void
engine_adopted(struct engine *engine)
{
	open_when_known(engine);
}

/* ---- ending -------------------------------------------------------------- */

static void
tear_on(void *arg)
{
	struct engine *engine = (struct engine *)arg;
	const struct mono now = loop_now();
	const bool more = rsvp_core_withdraw(engine->core, now);
	struct rsvp_totals totals;

	effect_run(engine);
	rsvp_core_totals(engine->core, &totals);
	if (!more && totals.flows == 0) {
		log_info(LOG_MAIN, "everything is withdrawn");
		loop_stop(engine->loop);
	} else if (now.us >= engine->stop_by.us) {
		log_warn(LOG_MAIN,
			"ending with %zu sessions and %zu flows in the kernel "
			"not withdrawn after %d ms (tcctl off removes flows)",
			totals.sessions, totals.flows, TEAR_MS);
		loop_stop(engine->loop);
	} else {
		loop_timer_set(
			engine->stop, more ? now : mono_add_ms(now, LOOK_MS));
	}
}

void
engine_stop(struct engine *engine)
{
	if (engine->stop)
		return; /* asked twice */
	if (engine->conf->stop == CONF_STOP_TEAR)
		engine->stop = loop_timer_add(engine->loop, tear_on, engine);
	if (!engine->stop) {
		log_info(LOG_MAIN, "ending; the kernel stays as it is");
		loop_stop(engine->loop);
		return;
	}
	log_info(LOG_MAIN, "withdrawing everything first (stop = \"tear\")");
	loop_timer_stop(engine->hold);
	listen_to_all(engine, false);
	engine->stop_by = mono_add_ms(loop_now(), TEAR_MS);
	loop_timer_set(engine->stop, loop_now());
}
