/* SPDX-License-Identifier: ISC */

/* Which refusals are written to the log: rsvpd/refusal_log.c. */

#include "rsvpd/refusal_log.h"
#include "t.h"

enum { MOST = 8 };

/* Refusals as the core keeps them: the last ones, by their serial. */
struct rsvp_core {
	struct rsvp_refusal at[MOST];
	uint64_t newest;
};

bool
rsvp_core_refusal_before(const struct rsvp_core *core, uint64_t before,
	struct rsvp_refusal *ret_refusal)
{
	uint64_t serial = core->newest;

	if (before != 0 && before <= serial)
		serial = before - 1;
	if (serial == 0 || core->newest - serial >= MOST)
		return false;
	*ret_refusal = core->at[serial % MOST];
	return true;
}

static struct rsvp_core core;
static struct refusal_log refusals;
static struct mono now;

static const struct rsvp_refusal typical = { .message = WIRE_RESV,
	.session = { .dst = { .family = ADDR_V4, .b = { 10, 0, 0, 2 } },
		.proto = 17,
		.dst_port = 5004 },
	.sender = { .src = { .family = ADDR_V4, .b = { 10, 0, 0, 1 } },
		.src_port = 5004 },
	.style = WIRE_STYLE_FF,
	.ifindex = 2,
	.neighbour = { .family = ADDR_V4, .b = { 10, 0, 0, 2 } },
	.code = 2,
	.reason = "rule none denies it" };

static void
begin(void)
{
	memset(&core, 0, sizeof(core));
	memset(&refusals, 0, sizeof(refusals));
	now = (struct mono){ 5000000 };
}

static void
record(struct rsvp_refusal r)
{
	r.serial = ++core.newest;
	core.at[r.serial % MOST] = r;
}

/* What the core says of it; true: the log has it. */
static bool
is_said(const struct rsvp_refusal *r)
{
	struct rsvp_note note = { .remote = true, .warning = true };
	char dst[ADDR_TEXT];

	(void)snprintf(note.text, sizeof(note.text),
		"%s/%u/%u: reservation refused: code %u value 0, %s",
		addr_format(&r->session.dst, dst), r->session.proto,
		r->session.dst_port, r->code, r->reason);
	return refusal_log_note(&refusals, &core, &note, now);
}

static bool
refuse(struct rsvp_refusal r)
{
	record(r);
	return is_said(&r);
}

static void
pass_s(int64_t s)
{
	now = mono_add_ms(now, s * 1000);
}

static void
refreshes_are_refused_in_silence(void)
{
	begin();
	T_CHECK(refuse(typical), "mute");
	for (int i = 0; i < 100; i++) {
		pass_s(i % 2 == 0 ? 15 : REFUSAL_LOG_KEEP_MS / 1000);
		T_CHECK(!refuse(typical), "said again");
	}
	/* It was not asked for for a while. */
	pass_s(REFUSAL_LOG_KEEP_MS / 1000 + 1);
	T_CHECK(refuse(typical), "mute");
	T_CHECK(!refuse(typical), "said again");
	T_EQ(refusals.count, 1);
}

static void
another_verdict_is_said(void)
{
	struct rsvp_refusal r;

	begin();
	T_CHECK(refuse(typical), "mute");
#define ANOTHER(set)                                                           \
	r = typical;                                                           \
	set;                                                                   \
	T_CHECK(refuse(r), "mute: %s", #set);                                  \
	T_CHECK(!refuse(r), "said again: %s", #set)
	ANOTHER(r.reason[0] = 'R');
	ANOTHER(r.code = 1);
	ANOTHER(r.session.dst_port = 5005);
	ANOTHER(r.session.proto = 6);
	ANOTHER(r.session.dst.b[3] = 3);
	ANOTHER(r.neighbour.b[3] = 3);
	ANOTHER(r.sender.src.b[3] = 3);
	ANOTHER(r.sender.src_port = 1);
	ANOTHER(r.sender.flow_label = 1);
	ANOTHER(r.style = WIRE_STYLE_SE);
	ANOTHER(r.ifindex = 3);
	ANOTHER(r.who.uid = 7);
	ANOTHER(r.who.pid = 7);
#undef ANOTHER
	T_CHECK(!refuse(typical), "the first was forgotten");
	T_EQ(refusals.count, 14);
}

static void
what_was_in_force_is_news(void)
{
	struct rsvp_refusal other = typical;
	struct rsvp_flow flow = { .dst = typical.session.dst,
		.proto = typical.session.proto,
		.dst_port = typical.session.dst_port };

	begin();
	other.session.dst_port = 6000;
	refusal_log_admitted(&refusals, &flow); /* nothing was refused */
	T_CHECK(refuse(typical) && refuse(other), "mute");
	refusal_log_admitted(&refusals, &flow);
	T_EQ(refusals.count, 1);
	T_CHECK(!refuse(other), "said again");
	T_CHECK(refuse(typical), "mute");
	T_EQ(refusals.count, 2);
}

static void
what_is_no_refusal_is_said(void)
{
	struct rsvp_note note = { .remote = true,
		.warning = true,
		.text = "10.0.0.2/17/5004: rule none denies it" };

	begin();
	/* There is none. */
	T_CHECK(refusal_log_note(&refusals, &core, &note, now), "mute");
	T_CHECK(refuse(typical), "mute");
	T_CHECK(!refuse(typical), "said again");
	/* None that is new. */
	T_CHECK(refusal_log_note(&refusals, &core, &note, now), "mute");
	/* Others are not looked at. */
	record(typical);
	note.warning = false;
	T_CHECK(refusal_log_note(&refusals, &core, &note, now), "mute");
	note.remote = false;
	note.warning = true;
	T_CHECK(refusal_log_note(&refusals, &core, &note, now), "mute");
	T_CHECK(!is_said(&typical), "said again");
	T_EQ(refusals.count, 1);
}

/* Several before the first note is taken, or one without a note. */
static void
notes_find_their_refusals(void)
{
	struct rsvp_refusal other = typical;

	begin();
	other.session.dst_port = 6000;
	(void)refuse(typical);
	(void)refuse(other);
	record(typical);
	record(other);
	record(typical);
	T_CHECK(!is_said(&typical), "said again");
	T_CHECK(!is_said(&other), "said again");
	T_CHECK(!is_said(&typical), "said again");
	/* There was no memory for the first one's. */
	record(other);
	record(typical);
	T_CHECK(is_said(&typical), "of another refusal");
	T_CHECK(!refuse(typical), "not in step again");
	/* The reason is another's. */
	(void)snprintf(other.reason, sizeof(other.reason), "no room");
	record(other);
	T_CHECK(is_said(&typical), "of another refusal");
	/* More than the core keeps. */
	for (int i = 0; i < 2 * MOST; i++)
		record(typical);
	for (int i = 0; i < 2 * MOST; i++)
		T_CHECK(is_said(&typical), "of which?");
	T_CHECK(!refuse(typical), "not in step again");
}

/* As many as somebody likes: room for some, and the oldest goes. */
static void
memory_is_bounded(void)
{
	enum { MANY = 4 * REFUSAL_LOG_ROOM };
	struct rsvp_refusal r = typical;
	int again = 0;

	begin();
	for (int i = 0; i < MANY; i++) {
		r.session.dst_port = (uint16_t)i;
		now.us++;
		T_CHECK(refuse(r), "mute");
	}
	T_EQ(refusals.count, REFUSAL_LOG_ROOM);
	T_CHECK(!refuse(r), "the last one was forgotten");
	for (int i = MANY - REFUSAL_LOG_SETS; i < MANY; i++) {
		r.session.dst_port = (uint16_t)i;
		again += refuse(r);
	}
	/* The newest stay, but for sets that many fall into. */
	T_CHECK(again < REFUSAL_LOG_SETS / 10, "%d were forgotten", again);
}

static struct t_case cases[] = {
	{ "refreshes are refused in silence",
		refreshes_are_refused_in_silence },
	{ "another verdict is said", another_verdict_is_said },
	{ "what was in force is news when it is refused",
		what_was_in_force_is_news },
	{ "what is no refusal is said", what_is_no_refusal_is_said },
	{ "notes find their refusals", notes_find_their_refusals },
	{ "memory is bounded", memory_is_bounded },
};
T_MAIN(cases)
