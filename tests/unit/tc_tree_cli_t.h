/* SPDX-License-Identifier: ISC */
#ifndef TC_TREE_CLI_T_H
#define TC_TREE_CLI_T_H

/* The commands on descriptions: a host whose kernel is one of objects alone for
 * each interface, and a state directory of its own. */

#include <sys/stat.h>
#include <unistd.h>

#include "tc_bring_fixture.h"
#include "tc_cli_t.h"
#include "tcctl/tree_cli.h"

enum { WORLDS = 32 };

struct tree_bench {
	struct fake worlds[WORLDS]; /* by number of the interface */
	size_t steps;
	size_t refuse_at; /* 1: the first; 0: never */
	size_t dumps;
	/* Another program, before that dump; 0: none. */
	size_t intrude_at;
	void (*come)(void);
	char dir[64];
	char state[80];
	const char *text; /* of the file */
	struct tc_marker marker;
	int refuse_marks;
	size_t mark_calls;
	size_t marks; /* rules that mark */
	char mark_name[TC_NAME];
};

static struct tree_bench *bench;

static inline int
worlds_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	(void)arg;
	for (size_t i = 0; i < count; i++) {
		const uint32_t at = tc_op_object(&ops[i])->ifindex;

		T_CHECK(at > 0 && at < WORLDS, "interface %u", at);
		ret_results[i] = (struct tc_result){ ENOSPC, "no room" };
		if (++bench->steps != bench->refuse_at)
			(void)run(&bench->worlds[at], &ops[i], 1,
				&ret_results[i]);
	}
	return -cli->fail_run;
}

static inline int
worlds_dump_tree(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	(void)arg;
	T_CHECK(ifindex > 0 && ifindex < WORLDS, "interface %u", ifindex);
	if (++bench->dumps == bench->intrude_at)
		bench->come();
	(void)dump_tree(&bench->worlds[ifindex], ifindex, into);
	return -cli->fail_dump;
}

static inline int
worlds_place(
	void *arg, uint32_t ifindex, uint32_t parent, struct tc_objects *into)
{
	(void)arg;
	return place(&bench->worlds[ifindex], ifindex, parent, into);
}

static inline int
put_marks(void *arg, const struct tc_mark_set *set, char text[TC_TEXT])
{
	(void)arg;
	bench->mark_calls++;
	if (bench->refuse_marks != 0) {
		(void)text_copy(text, TC_TEXT, "not these");
		return bench->refuse_marks;
	}
	bench->marks = set->count;
	(void)text_copy(bench->mark_name, TC_NAME, set->iface->name);
	return 0;
}

static inline int
try_marks(void *arg, const struct tc_mark_set *set, char text[TC_TEXT])
{
	(void)arg;
	(void)set;
	if (bench->refuse_marks != 0)
		(void)text_copy(text, TC_TEXT, "not these");
	return bench->refuse_marks;
}

static inline void
count_marks(void *arg, const struct tc_iface *iface, tc_mark_count_fn *tell,
	void *tell_arg)
{
	const struct tc_mark_count none = { 0 };

	(void)arg;
	for (size_t i = 0;
		i < bench->marks && strcmp(iface->name, bench->mark_name) == 0;
		i++)
		tell(tell_arg, &none);
}

static inline void
bench_begin(void)
{
	cli_begin();
	bench = (struct tree_bench *)calloc(1, sizeof(*bench));
	T_CHECK(bench, "memory");
	for (size_t i = 0; i < WORLDS; i++)
		bench->worlds[i].objects.alloc = alloc_heap();
	(void)snprintf(bench->dir, sizeof(bench->dir), "tc_cli.XXXXXX");
	T_CHECK(mkdtemp(bench->dir), "no directory");
	(void)snprintf(
		bench->state, sizeof(bench->state), "%s/state", bench->dir);
	cli->options.state_dir = bench->state;
	cli->kernel = (struct tc_kernel){ .run = worlds_run,
		.dump_tree = worlds_dump_tree,
		.place = worlds_place };
	bench->marker = (struct tc_marker){ .arg = bench,
		.apply = put_marks,
		.check = try_marks,
		.counts = count_marks };
	cli->marker = &bench->marker;
}

static inline const char *
record_of(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", bench->state, name);
	return path;
}

static inline bool
has_record(const char *name)
{
	return access(record_of(name), F_OK) == 0;
}

static inline void
bench_end(void)
{
	for (size_t i = 0; i < cli->link_count; i++)
		(void)unlink(record_of(cli->links[i].name));
	(void)unlink(record_of("lock"));
	(void)unlink(record_of(".lock"));
	(void)rmdir(bench->state);
	T_EQ(rmdir(bench->dir), 0);
	for (size_t i = 0; i < WORLDS; i++)
		tc_objects_done(&bench->worlds[i].objects);
	free(bench);
	cli_end();
}

/* As a file of `tcctl apply` and `tcctl plan`. */
static inline int
run_text(const struct cli_options *options)
{
	struct tree_session s;

	if (tree_session_open(&s, options))
		tree_apply_text(&s, "file", bench->text, strlen(bench->text));
	return tree_session_close(&s);
}

static inline int
apply(const char *text)
{
	bench->text = text;
	cli->options.plan = false;
	return cli_do(run_text);
}

static inline int
plan(const char *text)
{
	bench->text = text;
	cli->options.plan = true;
	return cli_do(run_text);
}

static inline int
off(const char *name)
{
	cli->options.plan = false;
	cli->options.iface = name;
	return cli_do(cli_off);
}

/* What there is on an interface, as text. */
static inline const char *
tree_on(uint32_t ifindex)
{
	return state_of(&bench->worlds[ifindex]);
}

/* What was applied on eth0 is taken off, and leaves nothing there. */
static inline void
goes_off(void)
{
	T_EQ(off("eth0"), CLI_DONE);
	T_STR(tree_on(2), "");
}

static inline void
add_link(const char *name, bool is_ifb)
{
	struct tree_link *link = &cli->links[cli->link_count++];

	*link = (struct tree_link){ .ifindex = (uint32_t)cli->link_count,
		.mtu = 1500,
		.txqueuelen = 1000,
		.header_bytes = 14,
		.is_ifb = is_ifb,
		.up = true };
	(void)text_copy(link->name, TC_NAME, name);
}

#endif /* TC_TREE_CLI_T_H */
