/* SPDX-License-Identifier: ISC */
#include "rsvpd/core/flowslot.h"

#include "t.h"
#include "t_random.h"

static bool
is_request(enum flowslot_act act)
{
	return act == FLOWSLOT_ADD || act == FLOWSLOT_CHANGE ||
	       act == FLOWSLOT_DEL;
}

static bool
is_answer(enum flowslot_event event)
{
	return event == FLOWSLOT_ACKED || event == FLOWSLOT_REFUSED;
}

static void
no_cell_was_forgotten(void)
{
	for (enum flowslot_state s = 0; s < FLOWSLOT_STATES; s++)
		for (enum flowslot_event e = 0; e < FLOWSLOT_EVENTS; e++) {
			const struct flowslot_cell *c = &flowslot_table[s][e];

			T_CHECK(c->act > FLOWSLOT_UNSET &&
					c->act <= FLOWSLOT_REPORT_STAYS,
				"state %d event %d: act %d", s, e, c->act);
			T_CHECK(c->next < FLOWSLOT_STATES,
				"state %d event %d: next %d", s, e, c->next);
		}
}

/* A request goes out only when none is in flight, and is then in flight until
 * its answer or LOST. */
static void
one_request_is_in_flight(void)
{
	for (enum flowslot_state s = 0; s < FLOWSLOT_STATES; s++)
		for (enum flowslot_event e = 0; e < FLOWSLOT_EVENTS; e++) {
			const struct flowslot_cell *c = &flowslot_table[s][e];
			const bool before = flowslot_busy(s) && !is_answer(e) &&
					    e != FLOWSLOT_LOST;

			if (is_request(c->act))
				T_CHECK(!before && flowslot_busy(c->next),
					"state %d event %d", s, e);
			else
				T_CHECK(before == flowslot_busy(c->next),
					"state %d event %d", s, e);
		}
}

static void
answers_to_nothing_are_bugs(void)
{
	for (enum flowslot_state s = 0; s < FLOWSLOT_STATES; s++)
		for (enum flowslot_event e = 0; e < FLOWSLOT_EVENTS; e++) {
			enum flowslot_state after = s;
			const enum flowslot_act act = flowslot_step(&after, e);
			const bool bug = is_answer(e) && !flowslot_busy(s);

			T_CHECK((act == FLOWSLOT_BUG) == bug,
				"state %d event %d", s, e);
			if (bug)
				T_EQ(after, s);
		}
}

struct step {
	enum flowslot_event event;
	enum flowslot_act act;
	enum flowslot_state after;
};

static void
walk(enum flowslot_state state, const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const enum flowslot_act act =
			flowslot_step(&state, steps[i].event);

		T_CHECK(act == steps[i].act && state == steps[i].after,
			"step %zu: act %d, state %s", i, act,
			flowslot_state_text(state));
	}
}

#define S(event, act, after)                                                   \
	{                                                                      \
		FLOWSLOT_##event, FLOWSLOT_##act, FLOWSLOT_##after             \
	}
#define WALK(from, steps)                                                      \
	walk(FLOWSLOT_##from, steps, sizeof(steps) / sizeof((steps)[0]))

static void
an_ordinary_life(void)
{
	static const struct step steps[] = {
		S(WANT, ADD, ADDING),
		S(ACKED, REPORT_UP, LIVE),
		S(WANT, NOTHING, LIVE),
		S(WANT_OTHER, CHANGE, CHANGING),
		S(ACKED, REPORT_UP, LIVE),
		S(UNWANT, DEL, REMOVING),
		S(ACKED, NOTHING, ABSENT),
		S(UNWANT, NOTHING, ABSENT),
	};

	WALK(ABSENT, steps);
}

static void
refusals_tell_what_is_in_force(void)
{
	static const struct step steps[] = {
		S(WANT_OTHER, ADD, ADDING),
		S(REFUSED, REPORT_DOWN, ABSENT),
		S(WANT, ADD, ADDING),
		S(ACKED, REPORT_UP, LIVE),
		S(WANT_OTHER, CHANGE, CHANGING),
		S(REFUSED, REPORT_KEPT, LIVE),
	};

	WALK(ABSENT, steps);
}

static void
a_change_in_flight_puts_off_the_next(void)
{
	static const struct step steps[] = {
		S(WANT, ADD, ADDING),
		S(WANT_OTHER, LATER, ADDING),
		S(ACKED, REPORT_UP, LIVE),
		S(WANT_OTHER, CHANGE, CHANGING),
		S(WANT_OTHER, LATER, CHANGING),
		S(REFUSED, REPORT_KEPT, LIVE),
		S(WANT_OTHER, CHANGE, CHANGING),
		S(ACKED, REPORT_UP, LIVE),
	};

	WALK(ABSENT, steps);
}

static void
what_is_no_longer_wanted_goes_when_it_can(void)
{
	static const struct step add[] = {
		S(UNWANT, NOTHING, ABANDONED),
		S(WANT, NOTHING, ADDING),
		S(UNWANT, NOTHING, ABANDONED),
		S(WANT_OTHER, LATER, ADDING),
		S(UNWANT, NOTHING, ABANDONED),
		S(ACKED, DEL, REMOVING),
		S(WANT_OTHER, NOTHING, RETURNING),
		S(UNWANT, NOTHING, REMOVING),
		S(WANT, NOTHING, RETURNING),
		S(ACKED, ADD, ADDING),
		S(UNWANT, NOTHING, ABANDONED),
		S(REFUSED, NOTHING, ABSENT),
	};
	static const struct step stays[] = {
		S(UNWANT, DEL, REMOVING),
		S(REFUSED, REPORT_STAYS, LIVE),
		S(UNWANT, DEL, REMOVING),
		S(WANT, NOTHING, RETURNING),
		S(REFUSED, NOTHING, LIVE),
	};
	static const struct step change[] = {
		S(UNWANT, NOTHING, DROPPING),
		S(WANT, NOTHING, CHANGING),
		S(UNWANT, NOTHING, DROPPING),
		S(WANT_OTHER, LATER, CHANGING),
		S(UNWANT, NOTHING, DROPPING),
		S(REFUSED, DEL, REMOVING),
		S(ACKED, NOTHING, ABSENT),
	};

	WALK(ADDING, add);
	WALK(CHANGING, change);
	WALK(LIVE, stays);
}

static void
what_was_wanted_survives_traffic_control(void)
{
	static const struct step found[] = {
		S(LOST, NOTHING, WAITING),
		S(WANT_OTHER, NOTHING, WAITING),
		S(FOUND, CHANGE, CHANGING),
		S(ACKED, REPORT_UP, LIVE),
	};
	static const struct step missing[] = {
		S(LOST, NOTHING, WAITING),
		S(LOST, NOTHING, WAITING),
		S(MISSING, ADD, ADDING),
		S(LOST, NOTHING, WAITING),
		S(UNWANT, NOTHING, OFF),
		S(WANT, NOTHING, WAITING),
	};
	static const struct step again[] = {
		S(FOUND, NOTHING, LIVE),
		S(MISSING, ADD, ADDING),
		S(REFUSED, REPORT_DOWN, ABSENT),
	};

	WALK(LIVE, found);
	WALK(CHANGING, found);
	WALK(ADDING, missing);
	WALK(RETURNING, missing);
	WALK(LIVE, again);
}

static void
what_was_not_wanted_does_not_survive_it(void)
{
	static const struct step found[] = {
		S(LOST, NOTHING, OFF),
		S(UNWANT, NOTHING, OFF),
		S(FOUND, DEL, REMOVING),
		S(ACKED, NOTHING, ABSENT),
	};
	static const struct step missing[] = {
		S(LOST, NOTHING, OFF),
		S(MISSING, NOTHING, ABSENT),
		S(MISSING, NOTHING, ABSENT),
		S(FOUND, DEL, REMOVING),
	};

	WALK(ABANDONED, found);
	WALK(DROPPING, found);
	WALK(REMOVING, found);
	WALK(ABSENT, missing);
	WALK(ABANDONED, missing);
}

/* ---- an owner, a traffic control that dies, and a kernel ----------------- */

struct world {
	uint64_t random;
	enum flowslot_state state;
	bool wanted;
	int want;     /* which version of the flow */
	bool later;   /* the owner's note */
	int in_force; /* what the owner believes the kernel has */
	enum flowslot_act in_flight; /* or NOTHING */
	int sent;
	bool ready; /* traffic control runs */
	bool kernel_has;
	int kernel;
};

static void step(struct world *w, enum flowslot_event event);

/* Judge afresh, as the owner must after a report. */
static void
judge(struct world *w)
{
	if (!w->later)
		return;
	w->later = false;
	if (w->wanted && w->state == FLOWSLOT_ABSENT)
		step(w, FLOWSLOT_WANT);
	else if (w->wanted && w->want != w->in_force)
		step(w, FLOWSLOT_WANT_OTHER);
}

static void
after_kept(struct world *w)
{
	if (w->later) {
		judge(w);
	} else if (t_below(&w->random, 2) == 0) {
		w->want = w->in_force;
	} else {
		w->wanted = false;
		step(w, FLOWSLOT_UNWANT);
	}
}

static void
perform(struct world *w, enum flowslot_act act)
{
	T_CHECK(act != FLOWSLOT_BUG, "bug");
	if (is_request(act)) {
		T_EQ(w->in_flight, FLOWSLOT_NOTHING);
		T_CHECK(w->ready, "sent to nobody");
		T_CHECK(w->wanted == (act != FLOWSLOT_DEL), "wrong request");
		w->in_flight = act;
		w->sent = w->want;
		w->later = false;
	} else if (act == FLOWSLOT_LATER) {
		w->later = true;
	} else if (act == FLOWSLOT_REPORT_UP) {
		w->in_force = w->sent;
		judge(w);
	} else if (act == FLOWSLOT_REPORT_KEPT) {
		after_kept(w);
	} else if (act == FLOWSLOT_REPORT_DOWN) {
		w->wanted = w->later;
		judge(w);
	}
}

static void
step(struct world *w, enum flowslot_event event)
{
	perform(w, flowslot_step(&w->state, event));
}

static void
check_world(const struct world *w)
{
	if (w->state == FLOWSLOT_ABSENT)
		T_CHECK(!w->kernel_has, "the kernel still has it");
	if (w->state == FLOWSLOT_LIVE)
		T_CHECK(w->kernel_has && w->kernel == w->in_force,
			"the kernel has something else");
	T_EQ(flowslot_busy(w->state), w->in_flight != FLOWSLOT_NOTHING);
}

/* The kernel does it, or there was nothing to change. */
static bool
carry_out(struct world *w)
{
	const bool had = w->kernel_has;

	if (w->in_flight == FLOWSLOT_DEL) {
		w->kernel_has = false;
		return true;
	}
	if (w->in_flight == FLOWSLOT_CHANGE && !had)
		return false;
	w->kernel_has = true;
	w->kernel = w->sent;
	return true;
}

static void
answer(struct world *w, bool refuse)
{
	const bool nothing = w->in_flight == FLOWSLOT_DEL && !w->kernel_has;
	const bool done = (!refuse || nothing) && carry_out(w);
	const bool stays = w->in_flight == FLOWSLOT_DEL && !done;

	w->in_flight = FLOWSLOT_NOTHING;
	if (stays)
		w->in_force = w->kernel;
	step(w, done ? FLOWSLOT_ACKED : FLOWSLOT_REFUSED);
	if (stays && w->wanted && w->want != w->in_force)
		step(w, FLOWSLOT_WANT_OTHER);
}

static void
unwant(struct world *w)
{
	w->wanted = false;
	w->later = false;
	step(w, FLOWSLOT_UNWANT);
}

static void
lose(struct world *w)
{
	if (w->in_flight != FLOWSLOT_NOTHING && t_below(&w->random, 2) == 0)
		carry_out(w);
	w->ready = false;
	w->in_flight = FLOWSLOT_NOTHING;
	w->later = false;
	step(w, FLOWSLOT_LOST);
	if (!w->wanted && w->state == FLOWSLOT_WAITING)
		unwant(w); /* it could not be removed before */
}

static void
be_ready(struct world *w)
{
	if (w->in_flight == FLOWSLOT_NOTHING && t_below(&w->random, 4) == 0)
		w->kernel_has = false; /* somebody deleted the tree */
	w->ready = true;
	if (!w->wanted && w->state == FLOWSLOT_LIVE) {
		unwant(w); /* and it does not matter what was found */
		return;
	}
	if (w->kernel_has && w->in_flight == FLOWSLOT_NOTHING)
		w->in_force = w->kernel; /* adopted, with its parameters */
	step(w, w->kernel_has ? FLOWSLOT_FOUND : FLOWSLOT_MISSING);
}

static void
want(struct world *w, int version)
{
	const int has =
		w->in_flight != FLOWSLOT_NOTHING ? w->sent : w->in_force;

	w->wanted = true;
	w->want = version;
	step(w, version == has ? FLOWSLOT_WANT : FLOWSLOT_WANT_OTHER);
}

static void
happen(struct world *w)
{
	switch (t_below(&w->random, 10)) {
	case 0:
		unwant(w);
		break;
	case 1:
		if (w->ready)
			lose(w);
		break;
	case 2:
		be_ready(w);
		break;
	case 3:
	case 4:
	case 5:
		want(w, (int)t_below(&w->random, 3));
		break;
	default:
		if (w->in_flight != FLOWSLOT_NOTHING)
			answer(w, t_below(&w->random, 3) == 0);
	}
}

static void
settle(struct world *w)
{
	if (!w->ready)
		be_ready(w);
	if (!w->wanted && w->state == FLOWSLOT_LIVE)
		unwant(w); /* it could not be removed before */
	for (int i = 0; i < 10 && w->in_flight != FLOWSLOT_NOTHING; i++)
		answer(w, false);
}

static void
every_history_ends_right(void)
{
	uint64_t random = t_seed();

	for (int run = 0; run < 20000; run++) {
		struct world w = { .random = random,
			.in_flight = FLOWSLOT_NOTHING,
			.state = FLOWSLOT_OFF };

		for (int i = 0; i < 30; i++) {
			happen(&w);
			check_world(&w);
		}
		settle(&w);
		check_world(&w);
		T_EQ(w.state, w.wanted ? FLOWSLOT_LIVE : FLOWSLOT_ABSENT);
		T_EQ(w.kernel_has, w.wanted);
		if (w.wanted)
			T_EQ(w.kernel, w.want);
		random = w.random;
	}
}

static void
states_have_names(void)
{
	for (enum flowslot_state s = 0; s < FLOWSLOT_STATES; s++)
		for (enum flowslot_state o = 0; o < s; o++)
			T_CHECK(strcmp(flowslot_state_text(s),
					flowslot_state_text(o)) != 0,
				"%d and %d", s, o);
	T_STR(flowslot_state_text(FLOWSLOT_LIVE), "live");
	T_STR(flowslot_state_text(FLOWSLOT_STATES), "?");
}

static struct t_case cases[] = {
	{ "no cell was forgotten", no_cell_was_forgotten },
	{ "one request is in flight at a time", one_request_is_in_flight },
	{ "answers to nothing are bugs, and only they",
		answers_to_nothing_are_bugs },
	{ "an ordinary life", an_ordinary_life },
	{ "refusals tell what is in force", refusals_tell_what_is_in_force },
	{ "a change in flight puts off the next",
		a_change_in_flight_puts_off_the_next },
	{ "what is no longer wanted goes when it can",
		what_is_no_longer_wanted_goes_when_it_can },
	{ "what was wanted survives the death of traffic control",
		what_was_wanted_survives_traffic_control },
	{ "what was not wanted does not survive it",
		what_was_not_wanted_does_not_survive_it },
	{ "every history ends right", every_history_ends_right },
	{ "states have names", states_have_names },
};

T_MAIN(cases)
