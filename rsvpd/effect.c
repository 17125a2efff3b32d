/* SPDX-License-Identifier: ISC */

/* Carries out what the core asked for, in the order it asked. */

#include "rsvpd/daemon.h"

#include "base/log.h"
#include "rsvpd/account.h"
#include "rsvpd/api_server.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/rules.h"
#include "rsvpd/tc_client.h"

static void
write_note(const struct rsvp_note *note)
{
	if (note->remote)
		log_remote(LOG_CORE, "%s", note->text);
	else if (note->warning)
		log_warn(LOG_CORE, "%s", note->text);
	else
		log_info(LOG_CORE, "%s", note->text);
}

static void
carry_out(struct engine *engine, const struct rsvp_effect *effect)
{
	switch (effect->kind) {
	case RSVP_EFFECT_SEND:
		/* Counted and logged there; soft state repairs a lost one. */
		(void)net_raw_send(engine->raw, &effect->send);
		break;
	case RSVP_EFFECT_FLOW:
		if (effect->flow.op != RSVP_FLOW_DEL)
			rules_flow(engine->rules, &effect->flow.flow);
		tc_client_flow(engine->tc, &effect->flow);
		break;
	case RSVP_EFFECT_EVENT:
		api_server_event(engine->api, &effect->event);
		break;
	case RSVP_EFFECT_NOTE:
		if (refusal_log_note(&engine->refusals, engine->core,
			    &effect->note, loop_now()))
			write_note(&effect->note);
		break;
	case RSVP_EFFECT_ACCOUNT:
		if (!effect->account.ended)
			refusal_log_admitted(
				&engine->refusals, &effect->account.flow);
		account_effect(engine->account, &effect->account);
		marks_effect(engine->marks, &effect->account);
		break;
	}
}

static void
set_tick(struct engine *engine)
{
	struct mono next = rsvp_core_next(engine->core);

	if (next.us == MONO_NEVER.us)
		loop_timer_stop(engine->tick);
	else
		loop_timer_set(engine->tick, next);
}

/*
 * Carrying out an effect may be an input of the core at once (traffic control
 * is not there: refused).  The call that follows it returns here at the flag,
 * and the loop below, which is already running, takes what came of it.
 */
void
effect_run(struct engine *engine)
{
	struct rsvp_effect effect;

	if (engine->in_effects)
		return;
	engine->in_effects = true;
	while (rsvp_core_take(engine->core, &effect))
		carry_out(engine, &effect);
	engine->in_effects = false;
	set_tick(engine);
}
