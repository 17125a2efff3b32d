/* SPDX-License-Identifier: ISC */

/*
 * `tcctl plan` and `tcctl apply` of a description.  Everything is looked at
 * before anything is done: what the file means here, whose trees there are,
 * what would change.  Then the ifbs are made, their trees, and the others; when
 * the kernel refuses a step all is brought back.
 */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tree_cli.h"

/* Of an ifb that a plan only imagines. */
enum { IMAGINED = 0x7f000000 };

/* One interface of the file on its way. */
struct job {
	const struct tree_iface *iface;
	struct tree_link link;
	struct tc_objects have; /* as it was found */
	struct tc_objects want;
	struct tc_ops ops; /* planned */
	struct tree_record record;
	bool make_link;
	bool change_link;
	struct tc_rule *marks;
	size_t mark_count;
	bool remark; /* they are not these */
	bool marked;
	bool recorded; /* the record was written by us just now */
	bool begun;
	bool returned;   /* it was brought back when it was refused ... */
	bool unreturned; /* ... but for something */
};

struct applying {
	struct tree_session *s;
	const char *path;
	struct tree tree;
	struct job *jobs; /* ifbs first */
	size_t count;
	const char *name; /* of the interface under way */
};

static bool
is_planning(const struct applying *a)
{
	return a->s->options->plan;
}

static const char *
state_dir(const struct applying *a)
{
	return a->s->options->state_dir;
}

/* ---- reading and building ------------------------------------------------ */

static void
print_faults(struct applying *a, struct tree_faults *faults)
{
	char text[TREE_FAULTS_MAX * 320];
	struct text t = text_over(text, sizeof(text));
	char *line = text;

	tree_faults_print(faults, &t);
	while (line[0] != '\0') {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		cli_complain("%s", line);
		if (a->s->problem[0] == '\0' && faults->errors > 0 &&
			!strstr(line, ": warning: "))
			(void)text_copy(a->s->problem, sizeof(a->s->problem),
				line); /* cut is enough */
		line = end ? end + 1 : line + strlen(line);
	}
	if (faults->errors > 0)
		a->s->status = CLI_USAGE;
	faults->count = 0;
}

/* An ifb that is to be made is in the host's list already, so that a plan can
 * send packets to it. */
static bool
imagine(struct applying *a, struct job *job)
{
	struct tree_host *host = &a->s->host;
	const struct tree_link *of;
	void *all = realloc(
		host->links, (host->link_count + 1) * sizeof(host->links[0]));

	if (!all) {
		tree_say_error(a->s, -ENOMEM);
		return false;
	}
	host->links = (struct tree_link *)all;
	of = tree_host_link(host, job->iface->ifb_of);
	job->make_link = true;
	job->link = (struct tree_link){ .ifindex = IMAGINED +
						   (uint32_t)host->link_count,
		.mtu = of ? of->mtu : 0,
		.txqueuelen = (uint32_t)job->iface->txqueuelen,
		.header_bytes = of ? of->header_bytes : 0,
		.is_ifb = true };
	(void)text_copy(job->link.name, TC_NAME, job->iface->name); /* fits */
	host->links[host->link_count++] = job->link;
	return true;
}

static bool
find_link(struct applying *a, struct job *job, struct tree_faults *faults)
{
	const struct tree_iface *iface = job->iface;
	const struct tree_link *link;

	assert(iface);
	link = tree_host_link(&a->s->host, iface->name);
	if (!link && iface->is_ifb)
		return imagine(a, job);
	if (!link) {
		tree_error(faults, iface->line, "there is no interface %s",
			iface->name);
		return true;
	}
	job->link = *link;
	if (!iface->is_ifb)
		return true;
	if (!link->is_ifb)
		tree_error(faults, iface->line,
			"%s is there and is no ifb (give the ifb another "
			"name)",
			iface->name);
	job->change_link = !link->up || link->txqueuelen != iface->txqueuelen;
	job->link.txqueuelen = (uint32_t)iface->txqueuelen;
	return true;
}

/* The jobs of all interfaces, ifbs first: their trees are there before packets
 * are sent to them. */
static bool
make_jobs(struct applying *a)
{
	a->jobs = (struct job *)calloc(
		a->tree.count > 0 ? a->tree.count : 1, sizeof(*a->jobs));
	if (!a->jobs) {
		tree_say_error(a->s, -ENOMEM);
		return false;
	}
	for (int ifb = 1; ifb >= 0; ifb--)
		for (size_t i = 0; i < a->tree.count; i++) {
			struct job *job = &a->jobs[a->count];

			if (a->tree.ifaces[i].is_ifb != (ifb == 1))
				continue;
			job->iface = &a->tree.ifaces[i];
			job->have.alloc = alloc_heap();
			job->want.alloc = alloc_heap();
			job->ops.alloc = alloc_heap();
			a->count++;
		}
	return true;
}

static void
drop_jobs(struct applying *a)
{
	for (size_t i = 0; i < a->count; i++) {
		tc_ops_done(&a->jobs[i].ops);
		tc_objects_done(&a->jobs[i].have);
		tc_objects_done(&a->jobs[i].want);
		tree_record_done(&a->jobs[i].record);
		free(a->jobs[i].marks);
	}
	free(a->jobs);
	tree_done(&a->tree);
}

static bool
build(struct applying *a, struct job *job, struct tree_faults *faults)
{
	tc_objects_done(&job->want);
	tree_build(job->iface, &a->s->host, &job->want, faults);
	if (job->want.failed)
		tree_say_error(a->s, -ENOMEM);
	return !job->want.failed;
}

static bool
build_marks(struct applying *a, struct job *job, struct tree_faults *faults)
{
	size_t count = job->iface->mark_count;

	if (count == 0)
		return true;
	job->marks = (struct tc_rule *)calloc(count, sizeof(*job->marks));
	if (!job->marks) {
		tree_say_error(a->s, -ENOMEM);
		return false;
	}
	job->mark_count =
		tree_marks_build(job->iface, &job->link, job->marks, faults);
	return true;
}

/* Those that are there cannot be read back as they were written: the record
 * knows which they are, and the kernel whether they are still there. */
static void
judge_marks(struct applying *a, struct job *job)
{
	uint64_t digest = tree_marks_digest(job->marks, job->mark_count);

	job->remark = digest != job->record.marks ||
		      (digest != 0 && tree_count_marks(a->s, &job->link) !=
					      job->mark_count);
}

static bool
plan_job(struct applying *a, struct job *job)
{
	const struct tc_object *unnumbered;

	if (!job->make_link && !tree_dump(a->s, job->link.ifindex, &job->have))
		return false;
	tree_plan(&job->have, &job->want, tree_sides(&job->want), &job->ops);
	if (job->ops.failed) {
		tree_say_error(a->s, -ENOMEM);
		return false;
	}
	unnumbered = tree_without_number(&job->want);
	if (unnumbered)
		tree_say(a->s, CLI_REFUSED,
			"%s: no number is left for one more filter of u32 with "
			"pref %u: the last that is there has node %x; give it "
			"another pref",
			job->link.name, unnumbered->pref, TC_NODE_MAX);
	return !unnumbered;
}

/* ---- whose it is --------------------------------------------------------- */

bool
tree_is_engines(const struct tc_objects *have)
{
	for (size_t i = 0; i < have->count; i++) {
		const struct tc_object *o = &have->all[i];

		if (o->type == TC_QDISC_ROOT && o->handle == TC_ROOT_HANDLE &&
			o->kind == &tc_kind_htb_root &&
			(o->root.r2q & TC_LAYOUT_MASK) == TC_LAYOUT_MARK)
			return true;
	}
	return false;
}

static bool
touches(const struct tc_ops *ops, unsigned side)
{
	for (size_t i = 0; i < ops->count; i++)
		if (tree_side_of(tc_op_object(&ops->all[i])) == side)
			return true;
	return false;
}

/* A tree on that side that tcctl did not make, and that would change. */
static bool
is_foreign(const struct job *job, unsigned side)
{
	const char *ours = side == TREE_OUTGOING ? job->record.outgoing
						 : job->record.incoming;
	char there[64];

	tree_identity(&job->have, side, there);
	return there[0] != '\0' && strcmp(there, ours) != 0 &&
	       touches(&job->ops, side);
}

static bool
read_record(struct applying *a, struct job *job)
{
	int error =
		tree_state_read(state_dir(a), job->iface->name, &job->record);

	if (error == 0)
		return true;
	if (error == -EXDEV)
		tree_say(a->s, CLI_REFUSED,
			"%s: %s holds the record of another network "
			"namespace (use --state-dir)",
			job->iface->name, state_dir(a));
	else
		tree_say(a->s, CLI_REFUSED, "%s: %s: %s", job->iface->name,
			state_dir(a), strerror(-error));
	return false;
}

static bool
may_touch(struct applying *a, struct job *job)
{
	const bool told = job->iface->take_over || a->s->options->take_over;
	unsigned side =
		is_foreign(job, TREE_OUTGOING) ? TREE_OUTGOING : TREE_INCOMING;
	char there[64];

	if (tree_is_engines(&job->have) && a->s->options->lock < 0 &&
		!is_planning(a) && job->ops.count > 0) {
		tree_say(a->s, CLI_REFUSED,
			"%s: a running rsvpd manages this interface; change "
			"its configuration, or stop it first",
			job->iface->name);
		return false;
	}
	if (told || !is_foreign(job, side))
		return true;
	tree_identity(&job->have, side, there);
	tree_say(a->s, CLI_REFUSED,
		"%s: the %s qdisc %s was not made by tcctl (look at it with "
		"tcctl show; take_over = true; in the file or --take-over "
		"replaces it, tcctl off brings it back)",
		job->iface->name, side == TREE_OUTGOING ? "root" : "incoming",
		there);
	return false;
}

/* ---- looking before doing ------------------------------------------------ */

static bool
prepare(struct applying *a)
{
	struct tree_faults faults = { .file = a->path };
	bool ok = true;

	for (size_t i = 0; i < a->count && ok; i++)
		ok = find_link(a, &a->jobs[i], &faults);
	for (size_t i = 0; i < a->count && ok && faults.errors == 0; i++)
		ok = build(a, &a->jobs[i], &faults) &&
		     build_marks(a, &a->jobs[i], &faults);
	print_faults(a, &faults);
	if (!ok || faults.errors > 0)
		return false;
	for (size_t i = 0; i < a->count && ok; i++)
		ok = plan_job(a, &a->jobs[i]) && read_record(a, &a->jobs[i]);
	for (size_t i = 0; i < a->count && ok; i++)
		judge_marks(a, &a->jobs[i]);
	for (size_t i = 0; i < a->count; i++)
		ok = ok && may_touch(a, &a->jobs[i]);
	return ok;
}

static void
tell_plan(struct applying *a)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct job *job = &a->jobs[i];

		if (job->make_link || job->change_link)
			tree_tell_planned_link(a->s,
				job->make_link ? "add" : "change", &job->link);
		tree_tell_planned(a->s, &job->link, &job->ops);
		if (job->remark)
			tree_tell_planned_marks(
				a->s, &job->link, job->marks, job->mark_count);
	}
}

/* ---- the record of what was there ---------------------------------------- */

static bool
is_ours(const struct job *job)
{
	char out[64];
	char in[64];

	tree_identity(&job->have, TREE_OUTGOING, out);
	tree_identity(&job->have, TREE_INCOMING, in);
	return job->record.found &&
	       (strcmp(out, job->record.outgoing) == 0 ||
		       strcmp(in, job->record.incoming) == 0);
}

/* A side that is taken over although another is ours already: only that. */
static bool
add_foreign(struct applying *a, const struct job *job, struct tree_record *ret)
{
	struct tc_objects side = { .alloc = alloc_heap() };
	const unsigned foreign =
		(is_foreign(job, TREE_OUTGOING) ? TREE_OUTGOING : 0u) |
		(is_foreign(job, TREE_INCOMING) ? TREE_INCOMING : 0u);

	if (foreign == 0 || ret->former)
		return true;
	for (size_t i = 0; i < job->have.count; i++)
		if ((tree_side_of(&job->have.all[i]) & foreign) != 0)
			(void)tc_objects_copy(/* at worst it is not kept */
				&side, &job->have.all[i]);
	ret->former = tree_describe(a->s, &job->link, &side);
	tc_objects_done(&side);
	return ret->former != NULL;
}

/* What was there before the first time is kept; what is there now is what a
 * later `off` will find. */
static bool
fill_record(struct applying *a, struct job *job, struct tree_record *ret)
{
	unsigned sides = tree_sides(&job->want);
	char there[64];

	*ret = (struct tree_record){ .found = true };
	if (is_ours(job)) {
		*ret = job->record;
		job->record.former = NULL; /* is ret's now */
		if (!add_foreign(a, job, ret))
			return false;
	} else if (tree_identity(&job->have, TREE_OUTGOING, there),
		there[0] != '\0' ||
			(tree_identity(&job->have, TREE_INCOMING, there),
				there[0] != '\0')) {
		ret->former = tree_describe(a->s, &job->link, &job->have);
		if (!ret->former)
			return false;
	}
	ret->marks = tree_marks_digest(job->marks, job->mark_count);
	ret->made_link |= job->make_link;
	(void)text_copy(ret->ifb, TC_NAME, job->iface->ifb); /* as long */
	if ((sides & TREE_OUTGOING) != 0)
		tree_identity(&job->want, TREE_OUTGOING, ret->outgoing);
	if ((sides & TREE_INCOMING) != 0)
		tree_identity(&job->want, TREE_INCOMING, ret->incoming);
	return true;
}

/* Before it is replaced: would off find its way back? */
static bool
can_return(
	struct applying *a, const struct job *job, const struct tree_record *r)
{
	struct tc_objects back = { .alloc = alloc_heap() };
	bool ok = tree_former(a->s, r, TREE_OUTGOING | TREE_INCOMING, &back);

	tc_objects_done(&back);
	if (!ok)
		tree_say(a->s, CLI_REFUSED,
			"%s: what is there could not be brought back by tcctl "
			"off, so it is left (remove it yourself: tc qdisc del)",
			job->iface->name);
	return ok;
}

static bool
keep_record(struct applying *a, struct job *job)
{
	const char *kept = job->record.former;
	struct tree_record next;
	int error;

	if (job->ops.count == 0 && !job->make_link && !job->remark)
		return true;
	if (!fill_record(a, job, &next) ||
		(next.former && next.former != kept &&
			!can_return(a, job, &next))) {
		tree_record_done(&next);
		return false;
	}
	error = tree_state_write(state_dir(a), job->iface->name, &next);
	job->recorded = error == 0;
	if (error != 0)
		tree_say(a->s, CLI_REFUSED,
			"%s: what was there before cannot be kept in %s: %s "
			"(use --state-dir)",
			job->iface->name, state_dir(a), strerror(-error));
	if (is_ours(job))
		job->record.former = next.former; /* back */
	else
		tree_record_done(&next);
	return error == 0;
}

/* ---- doing it ------------------------------------------------------------ */

static bool
put_link(struct applying *a, struct job *job)
{
	struct tree_link link = job->link;
	struct tc_result result;
	int error;

	if (!job->make_link && !job->change_link)
		return true;
	if (job->make_link)
		link.ifindex = 0;
	error = nl_host_put_ifb(a->s->links, &link, &result);
	if (error != 0) {
		tree_say_error(a->s, error);
		return false;
	}
	if (result.error == 0) {
		job->begun = true;
		tree_tell_link(a->s, job->make_link ? "add" : "change", &link);
		return true;
	}
	tree_say(a->s, CLI_REFUSED, "%s: %s interface: %s%s%s%s",
		job->iface->name, job->make_link ? "add" : "change",
		strerror(result.error), result.text[0] != '\0' ? " (" : "",
		result.text, result.text[0] != '\0' ? ")" : "");
	return false;
}

/* The ifbs have their numbers now: what sends packets there is built again. */
static bool
settle_links(struct applying *a)
{
	struct tree_faults faults = { .file = a->path };
	bool made = false;
	bool ok = true;

	for (size_t i = 0; i < a->count && ok; i++) {
		made |= a->jobs[i].make_link;
		ok = put_link(a, &a->jobs[i]);
	}
	if (!ok || !made)
		return ok;
	ok = tree_look(a->s);
	for (size_t i = 0; i < a->count && ok; i++) {
		struct job *job = &a->jobs[i];
		const struct tree_link *link =
			tree_host_link(&a->s->host, job->iface->name);

		ok = link != NULL && build(a, job, &faults);
		if (ok)
			job->link = *link;
	}
	faults.count -= faults.errors == 0 ? faults.count : 0; /* told before */
	print_faults(a, &faults);
	return ok && faults.errors == 0;
}

static void
tell_step(void *arg, const struct tc_op *op)
{
	const struct applying *a = (const struct applying *)arg;

	tree_tell(a->s, op, a->name);
}

static struct tree_bring
bring_of(struct applying *a, const struct job *job)
{
	a->name = job->iface->name;
	return (struct tree_bring){ .kernel = &a->s->kernel,
		.ifindex = job->link.ifindex,
		.name = job->iface->name,
		.tell = tell_step,
		.arg = a };
}

/* Whose tree it is was judged before other interfaces had their turn, and what
 * it was is in the record.  False: another program has made another one. */
static bool
is_as_judged(struct applying *a, const struct job *job)
{
	struct tc_objects now = { .alloc = alloc_heap() };
	bool ok = tree_dump(a->s, job->link.ifindex, &now);

	for (unsigned side = TREE_OUTGOING; ok && side <= TREE_INCOMING;
		side++) {
		char before[64];
		char there[64];

		if ((tree_sides(&job->want) & side) == 0)
			continue;
		tree_identity(&job->have, side, before);
		tree_identity(&now, side, there);
		ok = strcmp(before, there) == 0;
		if (!ok)
			tree_say(a->s, CLI_REFUSED,
				"%s: the %s qdisc is another one by now (%s): "
				"left as it is",
				job->iface->name,
				side == TREE_OUTGOING ? "root" : "incoming",
				there[0] != '\0' ? there : "none");
	}
	tc_objects_done(&now);
	return ok;
}

static bool
bring(struct applying *a, struct job *job)
{
	const struct tree_bring b = bring_of(a, job);
	struct tree_outcome outcome;
	int error;

	if (!is_as_judged(a, job))
		return false;
	error = tree_bring(&b, &job->want, tree_sides(&job->want), &outcome);
	job->begun = true;
	job->returned = error == 0 && outcome.error != 0;
	job->unreturned = !outcome.clean;
	if (error != 0)
		tree_say_error(a->s, error);
	else if (outcome.error != 0)
		tree_say(a->s, CLI_REFUSED, "%s: %s", job->iface->name,
			outcome.text);
	return error == 0 && outcome.error == 0;
}

/* A record that was only written for what did not come about. */
static void
restore_record(struct applying *a, struct job *job)
{
	int error = job->record.found
			    ? tree_state_write(state_dir(a), job->iface->name,
				      &job->record)
			    : tree_state_remove(state_dir(a), job->iface->name);

	if (error != 0)
		tree_say(a->s, CLI_REFUSED, "%s: %s: %s", job->iface->name,
			state_dir(a), strerror(-error));
}

/* The ifb that was made, unless somebody else uses it by now. */
static bool
drop_ifb(struct applying *a, const struct job *job)
{
	const struct tree_link *link =
		tree_host_link(&a->s->host, job->iface->name);
	struct tc_objects now = { .alloc = alloc_heap() };
	struct tc_ops none = { .alloc = alloc_heap() };
	struct tree_spared spared = { 0 };
	bool ok;

	if (!link || link->ifindex >= IMAGINED)
		return true;
	ok = tree_dump(a->s, link->ifindex, &now) &&
	     tree_spare(&now, &job->have, &job->want,
		     TREE_OUTGOING | TREE_INCOMING, &none, &spared);
	if (spared.count > 0)
		tree_say(a->s, CLI_REFUSED,
			"%s: left, as another program uses it by now: %s %x:",
			link->name, spared.first.kind->name,
			spared.first.handle >> 16);
	ok = ok && spared.count == 0 && tree_drop_link(a->s, link);
	tc_objects_done(&now);
	return ok;
}

static void
bring_back(struct applying *a, struct job *job)
{
	const struct tree_bring b = bring_of(a, job);
	struct tree_outcome outcome = { .clean = !job->unreturned };
	int error = 0;

	if (job->begun && job->make_link)
		outcome.clean = drop_ifb(a, job);
	else if (job->begun && !job->returned && job->want.count > 0)
		error = tree_bring_back(&b, &job->have, &job->want,
			tree_sides(&job->want), &outcome);
	if (error != 0)
		tree_say_error(a->s, error);
	else if (!outcome.clean && outcome.text[0] != '\0')
		tree_say(a->s, CLI_REFUSED, "%s%s", job->iface->name,
			outcome.text);
	if (job->recorded && outcome.clean)
		restore_record(a, job);
}

static bool
put_marks(struct applying *a, struct job *job)
{
	job->marked =
		tree_put_marks(a->s, &job->link, job->marks, job->mark_count);
	return job->marked;
}

/* Of a file of several: those that were made before the one refused. */
static void
unmark(struct applying *a, struct job *job)
{
	if (!job->marked)
		return;
	job->recorded = false; /* it says what is there */
	tree_say(a->s, CLI_REFUSED,
		"%s: its marks are left as the file has "
		"them",
		job->iface->name);
}

static void
do_jobs(struct applying *a)
{
	bool ok = true;

	for (size_t i = 0; i < a->count && ok; i++)
		ok = keep_record(a, &a->jobs[i]);
	ok = ok && settle_links(a);
	for (size_t i = 0; i < a->count && ok; i++)
		if (a->jobs[i].ops.count > 0)
			ok = bring(a, &a->jobs[i]);
	/* Last: nothing can be refused behind them. */
	for (size_t i = 0; i < a->count && ok; i++)
		if (a->jobs[i].remark)
			ok = put_marks(a, &a->jobs[i]);
	if (ok)
		return;
	(void)tree_look(a->s); /* said */
	for (size_t i = a->count; i-- > 0;) {
		unmark(a, &a->jobs[i]);
		bring_back(a, &a->jobs[i]);
	}
}

void
tree_apply_text(
	struct tree_session *s, const char *path, const char *text, size_t len)
{
	struct applying a = { .s = s, .path = path };
	struct tree_faults faults = { .file = path };

	if (!tree_read(text, len, &a.tree, &faults)) {
		print_faults(&a, &faults);
		return;
	}
	print_faults(&a, &faults);
	if (make_jobs(&a) && prepare(&a)) {
		if (is_planning(&a))
			tell_plan(&a);
		else
			do_jobs(&a);
	}
	drop_jobs(&a);
}
