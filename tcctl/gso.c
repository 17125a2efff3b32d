/* SPDX-License-Identifier: ISC */

/*
 * How many packets a managed interface is handed as one.  HTB counts and sends
 * what is handed down as one packet as one, and a guaranteed flow waits for all
 * of it; so we lower gso_max_segs, to which TCP keeps at once.
 *
 * What it was before is in a note in our tree, which is there before it is
 * changed and goes after it was changed back: whoever is killed between leaves
 * a note of a value that is not in force.  A note is never turned; that of the
 * next value is made beside it, and of the two the one that tells the value in
 * force counts.  A value that is neither ours nor the one before is somebody
 * else's, and stays.
 */

#include "gso_int.h"

#include <errno.h>
#include <string.h>

/* ---- what there is ------------------------------------------------------- */

/* segs 0: the kernel does not tell. */
static int
ask(const struct tc_link *link, const struct tc_kernel *kernel,
	uint32_t *ret_segs, struct tc_result *ret_result)
{
	*ret_segs = 0;
	*ret_result = (struct tc_result){ 0 };
	return kernel->segs->get(
		kernel->segs->arg, link->conf.ifindex, ret_segs, ret_result);
}

static bool
is_set(const struct tc_gso *gso)
{
	return gso->original != 0 && gso->set != 0;
}

static bool
is_theirs(const struct tc_gso *gso)
{
	return gso->original != 0 && gso->set == 0;
}

/* Does the note say more of the value in force than the one before it?  A
 * kernel that does not tell (0) leaves it with the first. */
static bool
tells_more(
	const struct tc_gso *note, const struct tc_gso *before, uint32_t segs)
{
	if (before->original == 0)
		return true;
	return segs != 0 && before->set != segs &&
	       (note->set == segs || note->set == 0);
}

int
tc_gso_adopt(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_objects *dump)
{
	struct tc_gso *gso = &link->shape.gso;
	struct tc_result result = { 0 };
	struct tc_gso note;
	uint32_t segs = 0;
	int error = kernel->segs ? ask(link, kernel, &segs, &result) : 0;

	*gso = (struct tc_gso){ 0 };
	for (size_t i = 0; i < dump->count && error == 0; i++)
		if (tc_gso_note_decode(&dump->all[i], &note) &&
			tells_more(&note, gso, segs))
			*gso = note;
	/* Killed before it was set, or after it was set back. */
	if (is_set(gso) && segs == gso->original)
		*gso = (struct tc_gso){ 0 };
	return error;
}

/* ---- what is said -------------------------------------------------------- */

static void
tell_refused(struct tc_link *link, const struct tc_listener *listener,
	uint32_t segs, const char *why)
{
	char buf[TC_TEXT];
	struct text t = text_over(buf, sizeof(buf));

	if (link->gso_refused)
		return;
	link->gso_refused = true;
	text_printf(&t, "%s: gso_max_segs cannot be set to %u: %s",
		link->conf.name, segs, why);
	listener->note(listener->arg, buf);
}

static void
tell_theirs(const struct tc_link *link, const struct tc_listener *listener,
	uint32_t segs)
{
	const struct tc_gso *gso = &link->shape.gso;
	struct tc_drift_report r = { .ifindex = link->conf.ifindex };
	struct text t = text_over(r.text, sizeof(r.text));

	text_printf(&t,
		"%s: another program changed gso_max_segs from %u, as it was "
		"set here, to %u: left alone (it was %u before)",
		link->conf.name, gso->set, segs, gso->original);
	listener->drift(listener->arg, &r);
}

static const char *
reason(const struct tc_result *result)
{
	return result->text[0] != '\0' ? result->text : strerror(result->error);
}

/* ---- changing ------------------------------------------------------------ */

/* Add or remove one; what there is nothing to say of has none. */
static int
run_note(struct tc_link *link, const struct tc_kernel *kernel,
	enum tc_op_kind kind, const struct tc_gso *gso,
	struct tc_done *ret_done)
{
	struct tc_ops ops = { .alloc = link->alloc };
	struct tc_op *op = NULL;
	int error;

	*ret_done = (struct tc_done){ 0 };
	if (gso->original == 0)
		return 0;
	op = tc_ops_add(&ops, kind);
	if (op) {
		tc_gso_note(link->conf.ifindex, gso, &op->want);
		op->have = op->want;
	}
	error = tc_link_run(link, kernel, &ops, ret_done);
	tc_ops_done(&ops);
	return error;
}

/* A kernel that does not know the attribute says yes, and does nothing. */
static int
set(const struct tc_link *link, const struct tc_kernel *kernel, uint32_t segs,
	struct tc_result *ret_result)
{
	struct tc_result other;
	uint32_t now = 0;
	int error = kernel->segs->set(
		kernel->segs->arg, link->conf.ifindex, segs, ret_result);

	if (error == 0 && ret_result->error == 0)
		error = ask(link, kernel, &now, &other);
	if (error == 0 && ret_result->error == 0 && now != segs)
		*ret_result = (struct tc_result){ EOPNOTSUPP,
			"the kernel takes it and changes nothing" };
	return error;
}

/* The books and the note say that; the note before goes.  If that is refused it
 * tells of a value that is not in force. */
static int
enter(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_gso *next)
{
	const struct tc_gso before = link->shape.gso;
	struct tc_done done;

	link->shape.gso = *next;
	return run_note(link, kernel, TC_OP_DEL, &before, &done);
}

/* From what is in force to segs, of which next tells. */
static int
turn(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_gso *next, uint32_t segs,
	const struct tc_listener *listener)
{
	struct tc_result result = { 0 };
	struct tc_done done;
	int error = run_note(link, kernel, TC_OP_ADD, next, &done);

	if (error != 0)
		return error;
	if (done.error != 0) {
		tell_refused(link, listener, segs, done.text);
		return 0;
	}
	error = set(link, kernel, segs, &result);
	if (error != 0)
		return error;
	if (result.error != 0) {
		tell_refused(link, listener, segs, reason(&result));
		return run_note(link, kernel, TC_OP_DEL, next, &done);
	}
	link->gso_refused = false;
	return enter(link, kernel, next);
}

/* Others have set it: from now on it is theirs. */
static int
give_way(struct tc_link *link, const struct tc_kernel *kernel, uint32_t segs,
	const struct tc_listener *listener)
{
	const struct tc_gso *gso = &link->shape.gso;
	const struct tc_gso next = { .original = gso->original,
		.place = !gso->place };
	struct tc_done done;
	int error;

	tell_theirs(link, listener, segs);
	/* Refused: the next tcctl finds it out again. */
	error = run_note(link, kernel, TC_OP_ADD, &next, &done);
	if (error == 0 && done.error == 0)
		error = enter(link, kernel, &next);
	link->shape.gso.set = 0;
	return error;
}

/* What is to be in force, when segs is; 0: as it was. */
static uint32_t
wanted(const struct tc_link *link, uint32_t segs)
{
	const struct tc_gso *gso = &link->shape.gso;
	const uint32_t most = gso->original != 0 ? gso->original : segs;

	return link->conf.gso_segs < most ? link->conf.gso_segs : 0;
}

static int
follow(struct tc_link *link, const struct tc_kernel *kernel, uint32_t segs,
	const struct tc_listener *listener)
{
	const struct tc_gso *gso = &link->shape.gso;
	const uint32_t want = wanted(link, segs);
	const uint32_t original = gso->original != 0 ? gso->original : segs;
	const struct tc_gso none = { 0 };
	const struct tc_gso next = {
		.original = original, .set = want, .place = !gso->place
	};

	if (is_theirs(gso))
		return link->conf.gso_segs == 0 ? enter(link, kernel, &none)
						: 0;
	if (want == gso->set)
		return 0;
	return turn(link, kernel, want != 0 ? &next : &none,
		want != 0 ? want : original, listener);
}

int
tc_gso_look(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener)
{
	const struct tc_gso *gso = &link->shape.gso;
	struct tc_result result;
	uint32_t segs;
	int error;

	if (!kernel->segs || !is_set(gso))
		return 0;
	error = ask(link, kernel, &segs, &result);
	if (error != 0 || segs == 0 || segs == gso->set)
		return error;
	return give_way(link, kernel, segs, listener);
}

int
tc_gso_follow(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener)
{
	struct tc_result result;
	uint32_t segs;
	int error;

	if (!kernel->segs ||
		(link->conf.gso_segs == 0 && link->shape.gso.original == 0))
		return 0;
	error = tc_gso_look(link, kernel, listener);
	if (error == 0)
		error = ask(link, kernel, &segs, &result);
	if (error != 0 || result.error == ENODEV)
		return error;
	if (segs == 0) {
		tell_refused(link, listener, link->conf.gso_segs,
			result.error != 0 ? reason(&result)
					  : "the kernel does not tell it");
		return 0;
	}
	return follow(link, kernel, segs, listener);
}

static void
refuse_restoring(struct tc_done *done, const struct tc_gso *gso,
	const struct tc_result *result)
{
	struct text t = text_over(done->text, sizeof(done->text));

	done->error = result->error;
	text_printf(&t, "gso_max_segs stays %u, which was %u before: %s",
		gso->set, gso->original, reason(result));
}

int
tc_gso_restore(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done)
{
	const struct tc_gso gso = link->shape.gso;
	struct tc_result result;
	uint32_t segs;
	int error;

	*ret_done = (struct tc_done){ 0 };
	if (!kernel->segs || !is_set(&gso))
		return 0;
	error = ask(link, kernel, &segs, &result);
	if (error == 0 && segs == gso.set)
		error = set(link, kernel, gso.original, &result);
	if (error != 0)
		return error;
	if (result.error != 0 && result.error != ENODEV)
		refuse_restoring(ret_done, &gso, &result);
	/* Once: somebody may well set the same value later. */
	link->shape.gso.set = 0;
	return 0;
}
