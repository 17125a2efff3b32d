/* SPDX-License-Identifier: ISC */

/*
 * How the engine ends.  Usually at once: what is in the kernel stays, and the
 * next start adopts it.  With stop = "tear" it first withdraws what it
 * announced, asked for and installed, some sessions a turn of the loop.
 */

#include "rsvpd/engine_stop.h"

#include "base/log.h"
#include "rsvpd/net_raw.h"

enum {
	TEAR_MS = 4000, /* at most; the supervisor kills a second later */
	LOOK_MS = 10    /* between looks at what the kernel still has */
};

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
		loop_stop(engine->loop);
		return;
	}
	log_info(LOG_MAIN, "withdrawing everything first (stop = \"tear\")");
	net_raw_deafen(engine->raw);
	engine->stop_by = mono_add_ms(loop_now(), TEAR_MS);
	loop_timer_set(engine->stop, loop_now());
}
