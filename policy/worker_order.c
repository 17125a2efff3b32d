/* SPDX-License-Identifier: ISC */

/*
 * What an operator wants of the sources: to be read now, to be read and only
 * shown, or to be left alone while an earlier generation is in force.  The
 * directory is waited for, but not for ever, and what needs none is done
 * meanwhile.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/os.h"
#include "policy/snapshot_int.h"
#include "worker_own_int.h"

enum { WAIT_MS = 20000 /* for the directory */ };

/* ---- the answer ---------------------------------------------------------- */

static void
add_lines(struct text *t, const struct source_report *r)
{
	for (size_t i = 0; i < r->count && i < SOURCE_LINES; i++) {
		const char *line = r->lines[i] ? r->lines[i] : "no memory";

		if (t->len + strlen(line) + 2 > t->size - 40) {
			text_printf(t, "%zu more lines\n", r->count - i);
			return;
		}
		text_printf(t, "%s\n", line);
	}
}

static uint64_t
generation_in_force(const struct worker *w)
{
	return w->held.generation != 0 ? w->held.generation
				       : w->force.generation;
}

static void
answer(struct worker *w, struct work_order *o, bool ok)
{
	struct worker_done *done = &o->order->done;
	struct text lines = text_over(done->lines, sizeof(done->lines));

	done->ok = ok;
	done->generation = generation_in_force(w);
	add_lines(&lines, &o->errors);
	add_lines(&lines, &o->notes);
}

/* The order is done. */
static void
finish(struct worker *w, struct work_order *o)
{
	worker_tell_status(w);
	worker_tell_done(w, o->order);
	source_report_done(&o->errors);
	source_report_done(&o->notes);
	free(o->text);
	*o = (struct work_order){ .until = MONO_NEVER };
}

static void refuse(struct worker *w, struct work_order *o, const char *fmt, ...)
	TEXT_PRINTF(3, 4);

static void
refuse(struct worker *w, struct work_order *o, const char *fmt, ...)
{
	struct worker_done *done = &o->order->done;
	struct text t = text_over(done->text, sizeof(done->text));
	va_list ap;

	answer(w, o, false);
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	finish(w, o);
}

/* ---- load ---------------------------------------------------------------- */

/* Also one that an earlier load could not remove. */
static void
forget_rollback(struct worker *w, struct work_order *o)
{
	uint64_t generation = 0;
	int64_t ignored;
	int rc = history_held(&w->history, &generation, &ignored);

	if (generation != 0 || rc < 0)
		rc = history_hold(&w->history, 0, 0);
	if (rc == 0)
		return;
	log_err(LOG_POLICY,
		"rollback: %s/policy.rollback: not removed (%s); a restart of "
		"rsvpd goes back to it",
		w->history.state_dir, strerror(-rc));
	source_report_add(&o->notes, "rollback",
		"%s/policy.rollback: not removed (%s); a restart of rsvpd goes "
		"back to it (load again when it can be removed)",
		w->history.state_dir, strerror(-rc));
}

static void
let_go(struct worker *w)
{
	log_info(LOG_POLICY,
		"rollback to generation %" PRIu64 ": ended, generation "
		"%" PRIu64 " is in force",
		w->held.generation, w->force.generation);
	alloc_put(alloc_heap(), w->held.snapshot);
	w->held = (struct held){ 0 };
	worker_judge_again(w);
	worker_tell_snapshot(w);
	force_save_soon(&w->force);
}

/* What is told to be in force is that after a restart, too. */
static void
save_now(struct worker *w, struct work_order *o)
{
	const int rc = worker_save(w);

	if (rc < 0)
		source_report_add(&o->notes, "cache",
			"%s/policy.cache: not written (%s); a restart of rsvpd "
			"does not know this generation",
			w->force.state_dir, strerror(-rc));
}

/* The directory has said what it has, or that it has nothing to say. */
static void
end_load(struct worker *w, struct work_order *o)
{
	const char *problem = o->problem;
	struct worker_done *done = &o->order->done;
	struct text t = text_over(done->text, sizeof(done->text));

	if (w->directory.present && problem[0] == '\0')
		worker_consider(w);
	save_now(w, o);
	answer(w, o,
		problem[0] == '\0' && w->answer != ANSWER_UNUSABLE &&
			w->held.generation == 0);
	text_printf(&t, "generation %" PRIu64 " is in force",
		generation_in_force(w));
	if (w->held.generation != 0)
		text_add(&t, ", by a rollback that came meanwhile");
	if (w->directory.present)
		text_printf(&t, "; %s",
			w->directory_status[0] != '\0' ? w->directory_status
						       : problem);
	finish(w, o);
}

static void
wait_for_directory(struct work_order *o, uint64_t asked)
{
	o->waiting = true;
	o->asked = asked;
	o->until = mono_add_ms(os_now(), WAIT_MS);
}

static void
begin_load(struct worker *w, struct work_order *o, char *text)
{
	if (!text) {
		refuse(w, o, "no memory");
		return;
	}
	if (!worker_take_conf(w, text, &o->errors, &o->notes)) {
		char wrong[SOURCE_WRONG];

		refuse(w, o,
			"the file %s; generation %" PRIu64 " stays in force",
			source_report_wrong(&o->errors, wrong),
			generation_in_force(w));
		return;
	}
	forget_rollback(w, o);
	if (w->held.generation != 0)
		let_go(w);
	if (w->directory.present)
		wait_for_directory(o, w->asked);
	else
		end_load(w, o);
}

/* ---- a candidate --------------------------------------------------------- */

/* As bytes, with the generation it would have.  False: no memory. */
static bool
write_candidate(struct worker *w, struct policy_set *set, uint8_t **ret_bytes,
	size_t *ret_len)
{
	struct policy_head now = { 0 };
	struct policy_head then = { 0 };

	set->made_unix_s = (int64_t)time(NULL);
	set->generation = w->force.generation + 1;
	if (!policy_snapshot_write(set, ret_bytes, ret_len))
		return false;
	if (!w->force.snapshot ||
		policy_head_read(w->force.snapshot, w->force.len, &now) ||
		policy_head_read(*ret_bytes, *ret_len, &then) ||
		now.body_digest != then.body_digest)
		return true;
	alloc_put(alloc_heap(), *ret_bytes);
	set->generation = w->force.generation;
	return policy_snapshot_write(set, ret_bytes, ret_len);
}

/* What a strict directory would be refused for. */
static bool
is_too_strict(const struct source_directory *d, size_t skipped)
{
	return d->present && d->strict && skipped > 0;
}

static void
tell_candidate(struct worker *w, struct work_order *o,
	const struct source_directory *d, bool known, size_t skipped)
{
	struct worker_done *done = &o->order->done;
	const uint64_t generation = done->generation;
	struct text t = text_over(done->text, sizeof(done->text));

	answer(w, o, !is_too_strict(d, skipped));
	done->generation = generation;
	if (!done->ok)
		text_add(&t, "entries cannot be read, and it is strict; ");
	if (d->present && !known)
		text_add(&t, "nothing is known from the directory; ");
	text_add(&t, o->problem);
	finish(w, o);
}

static void
end_candidate(struct worker *w, struct work_order *o)
{
	struct source_draft live = { 0 };
	struct source_directory d;
	size_t skipped = 0;
	const struct worker_build b = { o->text ? o->text : w->conf, NULL, &d,
		&o->errors, &o->notes, &live, &skipped };
	bool known = false;
	struct policy_set *set = worker_compile(w, &b, &known);
	struct worker_done *done = &o->order->done;
	char wrong[SOURCE_WRONG];

	source_draft_done(&live);
	if (!set) {
		refuse(w, o, "the source %s",
			source_report_wrong(&o->errors, wrong));
		return;
	}
	if (write_candidate(w, set, &done->candidate, &done->candidate_len)) {
		done->generation = set->generation;
		tell_candidate(w, o, &d, known, skipped);
	} else {
		refuse(w, o, "no memory");
	}
	policy_set_free(set);
}

static void
begin_candidate(struct worker *w, struct work_order *o, char *text)
{
	o->text = text;
	if (!text && !w->conf)
		refuse(w, o, "no file has been read yet");
	else if (w->directory.present)
		wait_for_directory(o, dir_ask(w->dir));
	else
		end_candidate(w, o);
}

/* ---- rollback ------------------------------------------------------------ */

/* In force from now on, and after a restart. */
static void
hold(struct worker *w, struct work_order *o, const struct held *held)
{
	uint64_t was = generation_in_force(w);
	struct worker_done *done = &o->order->done;
	struct text t = text_over(done->text, sizeof(done->text));
	int rc =
		history_hold(&w->history, held->generation, held->since_unix_s);

	if (rc < 0) {
		alloc_put(alloc_heap(), held->snapshot);
		refuse(w, o,
			"%s/policy.rollback: not written (%s); generation "
			"%" PRIu64 " stays in force",
			w->history.state_dir, strerror(-rc), was);
		return;
	}
	alloc_put(alloc_heap(), w->held.snapshot);
	w->held = *held;
	worker_tell_snapshot(w);
	log_warn(LOG_POLICY,
		"rollback: generation %" PRIu64 " in the place of %" PRIu64
		", until rsvpctl policy load",
		held->generation, was);
	worker_judge_again(w);
	answer(w, o, true);
	text_printf(&t,
		"generation %" PRIu64 " is in force until rsvpctl policy load",
		held->generation);
	finish(w, o);
}

static void
begin_rollback(struct worker *w, struct work_order *o)
{
	const uint64_t now = generation_in_force(w);
	const struct history_entry *before = history_before(&w->history, now);
	struct held held = { .generation = o->order->generation,
		.since_unix_s = (int64_t)time(NULL) };
	const char *problem;

	if (!w->history.state_dir) {
		refuse(w, o,
			"no generations are kept: policyd has no state "
			"directory");
		return;
	}
	if (held.generation == 0 && before)
		held.generation = before->generation;
	if (held.generation == 0) {
		refuse(w, o, "no generation before %" PRIu64 " is kept", now);
		return;
	}
	if (held.generation == now) {
		refuse(w, o, "generation %" PRIu64 " is in force already", now);
		return;
	}
	w->history.needed = held.generation;
	worker_keep_history(w); /* the way forth */
	w->history.needed = 0;
	problem = history_load(
		&w->history, held.generation, &held.snapshot, &held.len);
	if (problem)
		refuse(w, o,
			"generation %" PRIu64 ": %s (rsvpctl policy history "
			"lists what is kept); generation %" PRIu64
			" stays in force",
			held.generation, problem, now);
	else
		hold(w, o, &held);
}

/* ---- orders -------------------------------------------------------------- */

/* There is room: no more are under way than that. */
static struct work_order *
room(struct worker *w)
{
	size_t i = 0;

	while (w->work[i].order)
		i++;
	return &w->work[i];
}

/* Whoever waited has been told that it failed. */
static bool
is_too_late(const struct worker_order *order)
{
	return mono_reached(order->begin_by, os_now());
}

void
order_begin(struct worker *w, struct worker_order *order)
{
	struct work_order *o = room(w);
	char *text = order->text;

	*o = (struct work_order){ .order = order, .until = MONO_NEVER };
	order->text = NULL; /* taken by who begins */
	if (is_too_late(order)) {
		free(text);
		refuse(w, o, "it came too late: nothing was done");
		return;
	}
	if (order->unread[0] != '\0') {
		refuse(w, o,
			"file %s cannot be read: %s; generation %" PRIu64
			" stays in force",
			w->name, order->unread, generation_in_force(w));
		return;
	}
	switch ((enum policy_order)order->what) {
	case POLICY_ORDER_LOAD:
		begin_load(w, o, text ? text : worker_no_file());
		return;
	case POLICY_ORDER_CANDIDATE:
		begin_candidate(w, o, text ? text : worker_no_file());
		return;
	case POLICY_ORDER_DIRECTORY:
		free(text); /* there is none */
		begin_candidate(w, o, NULL);
		return;
	case POLICY_ORDER_ROLLBACK:
		free(text); /* as above */
		begin_rollback(w, o);
		return;
	case POLICY_ORDER_END:
		break;
	}
	free(text);
	refuse(w, o, "an order that is not known");
}

static void
go_on(struct worker *w, struct work_order *o, const char *problem)
{
	(void)text_copy(
		o->problem, sizeof(o->problem), problem); /* cut is fine */
	o->waiting = false;
	o->until = MONO_NEVER;
	if (o->order->what == POLICY_ORDER_LOAD)
		end_load(w, o);
	else
		end_candidate(w, o);
}

void
order_heard(struct worker *w, uint64_t heard, const char *problem)
{
	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++)
		if (w->work[i].waiting && w->work[i].asked <= heard)
			go_on(w, &w->work[i], problem);
}

struct mono
order_until(const struct worker *w)
{
	struct mono first = MONO_NEVER;

	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++)
		if (w->work[i].waiting)
			first = mono_earlier(first, w->work[i].until);
	return first;
}

static void
check_time(struct worker *w, struct work_order *o, struct mono now)
{
	char said[WORKER_PROBLEM];
	struct text t = text_over(said, sizeof(said));

	text_printf(&t, "no server has answered for %d s", WAIT_MS / 1000);
	if (!w->directory.present)
		go_on(w, o, "");
	else if (mono_reached(o->until, now))
		go_on(w, o, said);
}

void
order_check_time(struct worker *w, struct mono now)
{
	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++)
		if (w->work[i].waiting)
			check_time(w, &w->work[i], now);
}
