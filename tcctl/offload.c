/* SPDX-License-Identifier: ISC */

/*
 * What a host treats as one packet.  HTB counts and sends it as one, and a
 * guaranteed flow waits for all of it; so while an interface is managed we
 * limit what is handed down to it (gso_max_segs, to which TCP keeps), and what
 * is put together on receipt there, to be forwarded to others (gro_max_size).
 *
 * What it was before is in a note in our tree, which is there before it is
 * changed and goes after it was changed back: whoever is killed between leaves
 * a note of a value that is not in force.  A note is never turned; that of the
 * next value is made beside it, and of the two the one that tells the value in
 * force counts.  A value that is neither ours nor the one before is somebody
 * else's, and stays.
 */

#include "offload_int.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"

enum { HALF = 32 };

/* One of them, under way. */
struct turn {
	struct tc_link *link;
	const struct tc_kernel *kernel;
	const struct tc_listener *listener;
	enum tc_offload_kind kind;
};

static struct tc_offload *
books(const struct turn *t)
{
	return &t->link->shape.offloads[t->kind];
}

/* ---- what there is ------------------------------------------------------- */

/* value 0: the kernel does not tell. */
static int
ask(const struct turn *t, uint64_t *ret_value, struct tc_result *ret_result)
{
	const struct tc_offloading *o = t->kernel->offloads;

	*ret_value = 0;
	*ret_result = (struct tc_result){ 0 };
	return o->get(
		o->arg, t->link->conf.ifindex, t->kind, ret_value, ret_result);
}

static bool
is_set(const struct tc_offload *o)
{
	return o->original != 0 && o->set != 0;
}

static bool
is_theirs(const struct tc_offload *o)
{
	return o->original != 0 && o->set == 0;
}

/* Does the note say more of the value in force than the one before it?  A
 * kernel that does not tell (0) leaves it with the first. */
static bool
tells_more(const struct tc_offload *note, const struct tc_offload *before,
	uint64_t value)
{
	if (before->original == 0)
		return true;
	return value != 0 && before->set != value &&
	       (note->set == value || note->set == 0);
}

static int
adopt(const struct turn *t, const struct tc_objects *dump)
{
	struct tc_offload *o = books(t);
	enum tc_offload_kind kind;
	struct tc_result result;
	struct tc_offload note;
	uint64_t value = 0;
	int error = t->kernel->offloads ? ask(t, &value, &result) : 0;

	*o = (struct tc_offload){ 0 };
	for (size_t i = tc_first_filter(dump); i < dump->count; i++)
		if (tc_offload_note_decode(&dump->all[i], &kind, &note) &&
			kind == t->kind && tells_more(&note, o, value))
			*o = note;
	/* Killed before it was set, or after it was set back. */
	if (is_set(o) && value == o->original)
		*o = (struct tc_offload){ 0 };
	return error;
}

int
tc_offload_adopt(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_objects *dump)
{
	struct turn t = { .link = link, .kernel = kernel };
	int error = 0;

	for (int k = 0; k < TC_OFFLOADS && error == 0; k++) {
		t.kind = (enum tc_offload_kind)k;
		error = adopt(&t, dump);
	}
	return error;
}

/* ---- what is said -------------------------------------------------------- */

static const char *
name_of(enum tc_offload_kind kind)
{
	return kind == TC_OFFLOAD_GSO ? "gso_max_segs" : "gro_max_size";
}

/* With what is for IPv4 alone, where that is another. */
static void
add_value(struct text *t, uint64_t value)
{
	const uint32_t low = (uint32_t)value;
	const uint32_t high = (uint32_t)(value >> HALF);

	text_printf(t, "%" PRIu32, low);
	if (high != 0 && high != low)
		text_printf(t, " (IPv4: %" PRIu32 ")", high);
}

static void
tell_refused(const struct turn *t, uint64_t value, const char *why)
{
	char buf[TC_TEXT];
	struct text text = text_over(buf, sizeof(buf));

	if (t->link->offload_refused[t->kind])
		return;
	t->link->offload_refused[t->kind] = true;
	text_printf(&text, "%s: %s cannot be set to ", t->link->conf.name,
		name_of(t->kind));
	add_value(&text, value);
	text_printf(&text, ": %s", why);
	t->listener->note(t->listener->arg, buf);
}

static void
tell_theirs(const struct turn *t, uint64_t value)
{
	const struct tc_offload *o = books(t);
	struct tc_drift_report r = { .ifindex = t->link->conf.ifindex };
	struct text text = text_over(r.text, sizeof(r.text));

	text_printf(&text, "%s: another program changed %s from ",
		t->link->conf.name, name_of(t->kind));
	add_value(&text, o->set);
	text_add(&text, ", as it was set here, to ");
	add_value(&text, value);
	text_add(&text, ": left alone (it was ");
	add_value(&text, o->original);
	text_add(&text, " before)");
	t->listener->drift(t->listener->arg, &r);
}

static void
log_value(const struct turn *t, uint64_t before, uint64_t value)
{
	char buf[TC_TEXT];
	struct text text = text_over(buf, sizeof(buf));

	add_value(&text, value);
	text_add(&text, ", was ");
	add_value(&text, before);
	log_info(LOG_TC, "%s: %s is %s", t->link->conf.name, name_of(t->kind),
		buf);
}

static const char *
reason(const struct tc_result *result)
{
	return result->text[0] != '\0' ? result->text : strerror(result->error);
}

/* ---- changing ------------------------------------------------------------ */

/* Add or remove one; what there is nothing to say of has none. */
static int
run_note(const struct turn *t, enum tc_op_kind op_kind,
	const struct tc_offload *o, struct tc_done *ret_done)
{
	struct tc_ops ops = { .alloc = t->link->alloc };
	struct tc_op *op = NULL;
	int error;

	*ret_done = (struct tc_done){ 0 };
	if (o->original == 0)
		return 0;
	op = tc_ops_add(&ops, op_kind);
	if (op) {
		tc_offload_note(t->link->conf.ifindex, t->kind, o, &op->want);
		op->have = op->want;
	}
	error = tc_link_run(t->link, t->kernel, &ops, ret_done);
	tc_ops_done(&ops);
	return error;
}

/* A kernel that does not know the attribute says yes, and does nothing. */
static int
set(const struct turn *t, uint64_t value, struct tc_result *ret_result)
{
	const struct tc_offloading *o = t->kernel->offloads;
	struct tc_result other;
	uint64_t now = 0;
	int error = o->set(
		o->arg, t->link->conf.ifindex, t->kind, value, ret_result);

	if (error == 0 && ret_result->error == 0)
		error = ask(t, &now, &other);
	if (error == 0 && ret_result->error == 0 && now != value)
		*ret_result = (struct tc_result){ EOPNOTSUPP,
			"the kernel takes it and changes nothing" };
	return error;
}

/* The books and the note say that; the note before goes.  If that is refused it
 * tells of a value that is not in force. */
static int
enter(const struct turn *t, const struct tc_offload *next)
{
	const struct tc_offload before = *books(t);
	struct tc_done done;

	*books(t) = *next;
	return run_note(t, TC_OP_DEL, &before, &done);
}

/* From what is in force to that value, of which next tells. */
static int
turn_to(const struct turn *t, const struct tc_offload *next, uint64_t before,
	uint64_t value)
{
	struct tc_result result = { 0 };
	struct tc_done done;
	int error = run_note(t, TC_OP_ADD, next, &done);

	if (error != 0)
		return error;
	if (done.error != 0) {
		tell_refused(t, value, done.text);
		return 0;
	}
	error = set(t, value, &result);
	if (error != 0)
		return error;
	if (result.error != 0) {
		tell_refused(t, value, reason(&result));
		return run_note(t, TC_OP_DEL, next, &done);
	}
	log_value(t, before, value);
	t->link->offload_refused[t->kind] = false;
	return enter(t, next);
}

/* Others have set it: from now on it is theirs. */
static int
give_way(const struct turn *t, uint64_t value)
{
	const struct tc_offload next = { .original = books(t)->original,
		.place = !books(t)->place };
	struct tc_done done;
	int error;

	tell_theirs(t, value);
	/* Refused: the next tcctl finds it out again. */
	error = run_note(t, TC_OP_ADD, &next, &done);
	if (error == 0 && done.error == 0)
		error = enter(t, &next);
	books(t)->set = 0;
	return error;
}

/* ---- what is wanted ------------------------------------------------------ */

/* 0: that it is left alone. */
static uint32_t
asked(const struct turn *t)
{
	const struct tc_iface *conf = &t->link->conf;

	return t->kind == TC_OFFLOAD_GSO ? conf->gso_segs : conf->gro_octets;
}

static uint64_t
at_most(uint64_t value, uint64_t most)
{
	return value < most ? value : most;
}

/* With no half above what is asked for. */
static uint64_t
limited(const struct turn *t, uint64_t value)
{
	const uint32_t most = asked(t);

	if (most == 0)
		return value;
	return at_most(value >> HALF, most) << HALF |
	       at_most(value & UINT32_MAX, most);
}

static int
look(const struct turn *t)
{
	struct tc_result result;
	uint64_t value;
	int error;

	if (!is_set(books(t)))
		return 0;
	error = ask(t, &value, &result);
	if (error != 0 || value == 0 || value == books(t)->set)
		return error;
	return give_way(t, value);
}

/* When that is the value in force, which is ours or was never anybody's. */
static int
bring(const struct turn *t, uint64_t value)
{
	const struct tc_offload *o = books(t);
	const uint64_t original = o->original != 0 ? o->original : value;
	const uint64_t to = limited(t, original);
	struct tc_offload next = { 0 };

	if (to != original)
		next = (struct tc_offload){ original, to, !o->place };
	return next.set == o->set ? 0 : turn_to(t, &next, value, to);
}

static int
follow(const struct turn *t)
{
	const struct tc_offload none = { 0 };
	struct tc_result result;
	uint64_t value;
	int error;

	if (asked(t) == 0 && books(t)->original == 0)
		return 0;
	error = look(t);
	if (error == 0 && is_theirs(books(t)))
		return asked(t) == 0 ? enter(t, &none) : 0;
	if (error == 0)
		error = ask(t, &value, &result);
	if (error != 0 || result.error == ENODEV)
		return error;
	if (value != 0)
		return bring(t, value);
	tell_refused(t, asked(t),
		result.error != 0 ? reason(&result)
				  : "the kernel does not tell it");
	return 0;
}

/* ---- all of them --------------------------------------------------------- */

typedef int step_fn(const struct turn *t);

static int
do_all(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener, step_fn *step)
{
	struct turn t = {
		.link = link, .kernel = kernel, .listener = listener
	};
	int error = 0;

	for (int k = 0; k < TC_OFFLOADS && error == 0 && kernel->offloads;
		k++) {
		t.kind = (enum tc_offload_kind)k;
		error = step(&t);
	}
	return error;
}

int
tc_offload_look(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener)
{
	return do_all(link, kernel, listener, look);
}

int
tc_offload_follow(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener)
{
	return do_all(link, kernel, listener, follow);
}

static void
refuse_restoring(const struct turn *t, const struct tc_result *result,
	struct tc_done *done)
{
	const size_t said = strlen(done->text);
	struct text text =
		text_over(done->text + said, sizeof(done->text) - said);

	done->error = result->error;
	text_printf(
		&text, "%s%s stays ", said > 0 ? "; " : "", name_of(t->kind));
	add_value(&text, books(t)->set);
	text_add(&text, ", which was ");
	add_value(&text, books(t)->original);
	text_printf(&text, " before: %s", reason(result));
}

static int
restore(const struct turn *t, struct tc_done *ret_done)
{
	struct tc_offload *o = books(t);
	struct tc_result result;
	uint64_t value;
	int error;

	if (!is_set(o))
		return 0;
	error = ask(t, &value, &result);
	if (error == 0 && value == o->set)
		error = set(t, o->original, &result);
	if (error != 0)
		return error;
	if (result.error != 0 && result.error != ENODEV)
		refuse_restoring(t, &result, ret_done);
	/* Once: somebody may well set the same value later. */
	o->set = 0;
	return 0;
}

int
tc_offload_restore(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done)
{
	struct turn t = { .link = link, .kernel = kernel };
	int error = 0;

	*ret_done = (struct tc_done){ 0 };
	for (int k = 0; k < TC_OFFLOADS && error == 0 && kernel->offloads;
		k++) {
		t.kind = (enum tc_offload_kind)k;
		error = restore(&t, ret_done);
	}
	return error;
}
