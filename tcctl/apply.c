/* SPDX-License-Identifier: ISC */

/*
 * `tcctl plan` and `tcctl apply` of interfaces with their reservations: from
 * what is there to what a file wants.  Both take the same way; a plan goes it
 * with a kernel that only remembers, loaded with what the real one has.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "cli_int.h"
#include "dry_int.h"
#include "nl_conn.h"
#include "scratch_int.h"

struct applying {
	const struct cli_options *options;
	struct tc_kernel kernel; /* the one that is changed */
	struct tc_listener listener;
	struct tc_batch *batch;
	const char *ifname;        /* of what is under way */
	struct out_json *json;     /* or NULL */
	bool telling;              /* print operations */
	size_t waiting;            /* requests without an answer */
	struct tc_scratch scratch; /* plan: tells what the kernel has */
	char problem[TC_TEXT + 64];
};

static void
complain(struct applying *a, const char *text)
{
	struct text t = text_over(a->problem, sizeof(a->problem));

	text_printf(&t, "%s: %s", a->ifname, text);
	cli_complain("%s", a->problem);
}

static void
tell_op(void *arg, const struct tc_op *op)
{
	struct applying *a = (struct applying *)arg;
	char line[512];
	struct text t = text_over(line, sizeof(line));

	if (tc_classifier_is_trial(tc_op_object(op)))
		return; /* it goes at once */
	if (a->json) {
		out_json_op(a->json, op, a->ifname);
		return;
	}
	tc_op_print(&t, op, a->ifname);
	cli_print(line);
}

/* The real kernel, telling what it was asked and did. */
struct telling {
	struct tc_kernel behind;
	struct applying *applying;
};

static int
run_and_tell(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct telling *t = (struct telling *)arg;
	int error = t->behind.run(t->behind.arg, ops, count, ret_results);

	for (size_t i = 0; i < count && error == 0; i++)
		if (ret_results[i].error == 0)
			tell_op(t->applying, &ops[i]);
	return error;
}

static int
dump_behind(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	struct telling *t = (struct telling *)arg;

	return t->behind.dump(t->behind.arg, ifindex, into);
}

static int
stats_behind(void *arg, uint32_t ifindex, const uint32_t *classids,
	size_t count, struct tc_class_stats *ret_stats)
{
	struct telling *t = (struct telling *)arg;

	return t->behind.stats(
		t->behind.arg, ifindex, classids, count, ret_stats);
}

static int
stats_all_behind(void *arg, uint32_t ifindex, tc_stats_fn *tell, void *tell_arg)
{
	struct telling *t = (struct telling *)arg;

	return t->behind.stats_all(t->behind.arg, ifindex, tell, tell_arg);
}

static int
root_behind(void *arg, uint32_t ifindex, uint32_t *ret_handle)
{
	struct telling *t = (struct telling *)arg;

	return t->behind.root(t->behind.arg, ifindex, ret_handle);
}

static void
on_done(void *arg, uint32_t serial, const struct tc_done *done)
{
	struct applying *a = (struct applying *)arg;
	char text[TC_TEXT + 32];
	struct text t = text_over(text, sizeof(text));

	(void)serial; /* the flow is named */
	a->waiting--;
	if (done->error == 0)
		return;
	text_printf(&t, "flow %u: %s", done->flow_id,
		done->text[0] != '\0' ? done->text : strerror(done->error));
	complain(a, text);
}

static void
on_adopted(void *arg, uint32_t serial, const struct tc_flow *flow)
{
	(void)arg; /* the link knows its flows */
	(void)serial;
	(void)flow;
}

static void
on_counter(void *arg, uint32_t serial, const struct tc_counter *counter)
{
	(void)arg; /* nobody asks for any */
	(void)serial;
	(void)counter;
}

static void
on_note(void *arg, const char *text)
{
	(void)arg;
	cli_complain("%s", text);
}

static int
flush(struct applying *a)
{
	return tc_batch_run(a->batch, &a->kernel, os_now(), &a->listener);
}

/* One request into the batch; a refusal is told like one of the kernel. */
static int
request(struct applying *a, struct tc_link *link, const struct tc_flow *flow,
	uint32_t remove_id)
{
	struct tc_done done = { .flow_id = flow ? flow->id : remove_id };
	int error = a->batch->count == TC_BATCH_MAX ? flush(a) : 0;

	if (error != 0)
		return error;
	a->waiting++;
	done.error =
		flow ? tc_batch_flow(a->batch, link, 1, flow, done.text)
		     : tc_batch_del(a->batch, link, 1, remove_id, done.text);
	if (done.error != 0)
		on_done(a, 1, &done);
	return 0;
}

static bool
is_wanted(const struct want_iface *want, uint32_t id)
{
	for (size_t i = 0; i < want->flow_count; i++)
		if (want->flows[i].id == id)
			return true;
	return false;
}

/* Ids of the flows that are there and not wanted. */
static uint32_t *
unwanted(const struct tc_link *link, const struct want_iface *want,
	size_t *ret_count)
{
	uint32_t *ids =
		(uint32_t *)calloc(HASH_COUNT(link->flows) + 1, sizeof(*ids));
	const struct tc_record *r;
	size_t n = 0;

	for (r = link->flows; r && ids;
		r = (const struct tc_record *)r->hh.next)
		if (!is_wanted(want, r->id))
			ids[n++] = r->id;
	*ret_count = n;
	return ids;
}

/* Until every removal is answered: 100 ms at most. */
static int
wait_for_removals(struct applying *a, struct tc_link *link)
{
	int error = 0;

	while (error == 0 && a->waiting > 0 && !TAILQ_EMPTY(&link->drains)) {
		error = tc_drain_step(link, &a->kernel, os_now(), &a->listener);
		if (error == 0 && a->waiting > 0)
			(void)poll(NULL, 0, 2); /* as often as serve looks */
	}
	return error;
}

static int
bring_flows(
	struct applying *a, struct tc_link *link, const struct want_iface *want)
{
	size_t count = 0;
	uint32_t *ids = unwanted(link, want, &count);
	int error = ids ? 0 : -ENOMEM;
	bool more;

	/* Those that go make room for those that come. */
	for (size_t i = 0; i < count && error == 0; i++)
		error = request(a, link, NULL, ids[i]);
	free(ids);
	if (error == 0)
		error = flush(a);
	if (error == 0)
		error = wait_for_removals(a, link);
	for (size_t i = 0; i < want->flow_count && error == 0; i++)
		error = request(a, link, &want->flows[i], 0);
	if (error == 0)
		error = flush(a);
	if (error == 0)
		error = tc_link_idle(link, &a->kernel, &a->listener, &more);
	return error;
}

static int
bring_iface(struct applying *a, const struct want_iface *want)
{
	struct tc_link *link = tc_link_new(alloc_heap(), &want->conf);
	struct tc_done done = { 0 };
	int error = -ENOMEM;

	a->ifname = want->conf.name;
	if (link)
		error = tc_link_open(link, &a->kernel, 1, &a->listener, &done);
	if (error == 0 && done.error != 0)
		complain(a, done.text[0] != '\0' ? done.text
						 : strerror(done.error));
	else if (error == 0)
		error = bring_flows(a, link, want);
	tc_link_free(link);
	return error;
}

static int
bring_all(struct applying *a, const struct want *want)
{
	int error = 0;

	a->batch = (struct tc_batch *)calloc(1, sizeof(*a->batch));
	if (!a->batch)
		return -ENOMEM;
	a->batch->alloc = a->batch->ops.alloc = alloc_heap();
	for (size_t i = 0; i < want->count && error == 0; i++)
		error = bring_iface(a, &want->ifaces[i]);
	tc_batch_done(a->batch);
	free(a->batch);
	return error;
}

static int
finish(struct applying *a, int error)
{
	int status = a->problem[0] != '\0' ? CLI_REFUSED : CLI_DONE;

	if (error != 0)
		cli_complain(
			"the kernel's traffic control: %s", strerror(-error));
	if (error != 0)
		status = CLI_UNREACHABLE;
	return out_json_end(
		a->json, status, a->problem[0] != '\0' ? a->problem : NULL);
}

static bool
start(struct applying *a, const struct cli_options *options,
	const struct cli_file *file, struct want *want)
{
	char text[TC_TEXT];

	*a = (struct applying){ .options = options,
		.listener = { .arg = a,
			.adopted = on_adopted,
			.done = on_done,
			.counter = on_counter,
			.note = on_note } };
	if (!want_read(file, want, text)) {
		cli_complain("%s", text);
		return false;
	}
	return true;
}

/* Copy what the real kernel has of all interfaces. */
static int
load(struct tc_dry *dry, const struct tc_kernel *real, const struct want *want)
{
	int error = 0;

	for (size_t i = 0; i < want->count && error == 0; i++)
		error = real->dump(
			real->arg, want->ifaces[i].conf.ifindex, &dry->objects);
	return dry->objects.failed ? -ENOMEM : error;
}

/* What cannot be tried out is taken to be there. */
static bool
lacks(void *arg, const struct tc_object *o, char text[TC_KERNEL_TEXT])
{
	struct applying *a = (struct applying *)arg;
	char lack[TC_LACK_TEXT];
	struct text t = text_over(text, TC_KERNEL_TEXT);

	if (tc_scratch_lacks(&a->scratch, o, lack) != 0 || lack[0] == '\0')
		return false;
	text_printf(&t, CLI_LACKS, lack);
	return true;
}

static int
plan_with(struct applying *a, struct nl_conn *conn, const struct want *want)
{
	const struct tc_kernel real = nl_conn_kernel(conn);
	struct tc_dry dry;
	int error = tc_scratch_open(&a->scratch, false);

	tc_dry_init(&dry, alloc_heap());
	dry.arg = a;
	dry.tell = tell_op;
	if (error == 0)
		dry.lacks = lacks;
	else
		cli_untried(error);
	a->kernel = tc_dry_kernel(&dry);
	error = load(&dry, &real, want);
	if (error == 0)
		error = bring_all(a, want);
	tc_dry_done(&dry);
	tc_scratch_close(&a->scratch);
	return error;
}

/* The first interface of the file that carries a tree of ours, or NULL. */
static const char *
managed_one(const struct tc_kernel *kernel, const struct want *want)
{
	for (size_t i = 0; i < want->count; i++) {
		const struct tc_iface *conf = &want->ifaces[i].conf;
		uint32_t handle = 0;

		if (kernel->root(kernel->arg, conf->ifindex, &handle) == 0 &&
			handle == TC_ROOT_HANDLE)
			return conf->name;
	}
	return NULL;
}

static int
apply_with(struct applying *a, struct nl_conn *conn, const struct want *want)
{
	struct telling telling = { nl_conn_kernel(conn), a };
	const char *managed = a->options->lock < 0
				      ? managed_one(&telling.behind, want)
				      : NULL;

	if (managed) {
		a->ifname = managed;
		complain(a, "a running rsvpd manages this interface; change "
			    "its configuration, or stop it first");
		return 0;
	}
	a->kernel = (struct tc_kernel){ .arg = &telling,
		.run = run_and_tell,
		.dump = dump_behind,
		.stats = stats_behind,
		.stats_all = stats_all_behind,
		.root = root_behind };
	return bring_all(a, want);
}

int
apply_want(const struct cli_options *options, const struct cli_file *file)
{
	struct applying a;
	struct want want;
	struct nl_conn *conn = NULL;
	int error;

	if (!start(&a, options, file, &want))
		return CLI_USAGE;
	if (options->json && !(a.json = out_json_new()))
		error = -ENOMEM;
	else if (!(conn = nl_conn_new()))
		error = -errno;
	else
		error = options->plan ? plan_with(&a, conn, &want)
				      : apply_with(&a, conn, &want);
	nl_conn_free(conn);
	want_done(&want);
	return finish(&a, error);
}
