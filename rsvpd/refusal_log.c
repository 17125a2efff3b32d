/* SPDX-License-Identifier: ISC */

/* Which refusals the log has already; see refusal_log.h. */

#include "rsvpd/refusal_log.h"

#include <string.h>

#include "base/text.h"

enum { SESSION_TEXT = ADDR_TEXT + 16, KEY_TEXT = 640 };

/* As the core begins its notes. */
static void
put_session(struct text *t, const struct wire_session *s)
{
	char dst[ADDR_TEXT];

	text_printf(t, "%s/%u/%u: ", addr_format(&s->dst, dst), s->proto,
		s->dst_port);
}

static uint64_t
session_digest(const struct wire_session *session)
{
	char text[SESSION_TEXT];
	struct text t = text_over(text, sizeof(text));

	put_session(&t, session);
	return text_digest(text);
}

/* Who was refused what, and why; the same for each refresh. */
static uint64_t
key_of(const struct rsvp_refusal *r, const struct rsvp_note *note)
{
	char text[KEY_TEXT];
	char hop[ADDR_TEXT];
	char src[ADDR_TEXT];
	struct text t = text_over(text, sizeof(text));

	text_printf(&t, "%u %s %u %u %u %s %u %u %s", r->ifindex,
		addr_format(&r->neighbour, hop), r->who.uid, r->who.pid,
		r->style, addr_format(&r->sender.src, src), r->sender.src_port,
		r->sender.flow_label, note->text);
	return text_digest(text) | 1; /* 0 is no key */
}

/* The refusal that the note is about.  Each has a note, in their order, unless
 * memory was short or more came at once than the core keeps. */
static bool
find_refusal(struct refusal_log *log, const struct rsvp_core *core,
	const struct rsvp_note *note, struct rsvp_refusal *ret)
{
	char text[SESSION_TEXT];
	struct text t = text_over(text, sizeof(text));

	/* The next one, or the newest where there is none. */
	if (rsvp_core_refusal_before(core, log->serial + 2, ret)) {
		if (ret->serial <= log->serial)
			return false;
		put_session(&t, &ret->session);
		log->serial = ret->serial;
		if (strncmp(note->text, text, t.len) == 0 &&
			strstr(note->text, ret->reason))
			return true;
	}
	if (rsvp_core_refusal_before(core, 0, ret))
		log->serial = ret->serial;
	return false;
}

static struct refusal_said *
find_key(struct refusal_log *log, uint64_t key)
{
	struct refusal_said *set =
		&log->said[key / 2 % REFUSAL_LOG_SETS * REFUSAL_LOG_WAYS];
	struct refusal_said *oldest = set;

	for (size_t i = 0; i < REFUSAL_LOG_WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (oldest->key != 0 &&
			(set[i].key == 0 || set[i].when.us < oldest->when.us))
			oldest = &set[i];
	}
	if (oldest->key != 0)
		log->count--;
	*oldest = (struct refusal_said){ 0 };
	return oldest;
}

bool
refusal_log_note(struct refusal_log *log, const struct rsvp_core *core,
	const struct rsvp_note *note, struct mono now)
{
	struct rsvp_refusal r;
	struct refusal_said *said;
	uint64_t key;
	bool fresh;

	if (!note->remote || !note->warning ||
		!find_refusal(log, core, note, &r))
		return true;
	key = key_of(&r, note);
	said = find_key(log, key);
	fresh = said->key == 0 ||
		mono_ms_between(said->when, now) > REFUSAL_LOG_KEEP_MS;
	if (said->key == 0)
		log->count++;
	*said = (struct refusal_said){ key, session_digest(&r.session), now };
	return fresh;
}

void
refusal_log_admitted(struct refusal_log *log, const struct rsvp_flow *flow)
{
	const struct wire_session session = { .dst = flow->dst,
		.proto = flow->proto,
		.dst_port = flow->dst_port };
	uint64_t digest;

	if (log->count == 0)
		return;
	digest = session_digest(&session);
	for (size_t i = 0; i < REFUSAL_LOG_ROOM; i++)
		if (log->said[i].key != 0 && log->said[i].session == digest) {
			log->said[i] = (struct refusal_said){ 0 };
			log->count--;
		}
}
