/* SPDX-License-Identifier: ISC */

/*
 * What tcctl reads of an interface, printed, made again on another, compared,
 * taken away:
 *
 *	tc_kinds show IFACE
 *	tc_kinds copy FROM TO	make on TO what FROM has; then compare
 *	tc_kinds off IFACE	delete, object by object
 *	tc_kinds raw IFACE	ticks of the first class's bucket
 *	tc_kinds ticks RATE BYTES
 */

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcctl/nl_conn.h"

struct client {
	struct nl_conn *conn;
	struct tc_kernel kernel;
};

static _Noreturn void
give_up(const char *what, const char *why)
{
	fprintf(stderr, "tc_kinds: %s: %s\n", what, why);
	exit(1);
}

static uint32_t
ifindex_of(const char *name)
{
	unsigned index = if_nametoindex(name);

	if (index == 0)
		give_up(name, "no such interface");
	return index;
}

static struct tc_objects
dump(const struct client *c, const char *name)
{
	struct tc_objects list = { .alloc = alloc_heap() };
	int error = c->kernel.dump_tree(c->kernel.arg, ifindex_of(name), &list);

	if (error != 0 || list.failed)
		give_up(name, strerror(error != 0 ? -error : ENOMEM));
	return list;
}

static void
say(const struct tc_object *o, const char *name)
{
	char line[1024];
	struct text t = text_over(line, sizeof(line));

	tc_object_print(&t, o, name);
	printf("%s\n", line);
}

static int
show(const struct client *c, const char *name)
{
	struct tc_objects list = dump(c, name);

	for (size_t i = 0; i < list.count; i++)
		say(&list.all[i], name);
	tc_objects_done(&list);
	return 0;
}

static void
run(const struct client *c, const struct tc_op *op, const char *name)
{
	struct tc_result result;
	char line[1024];
	struct text t = text_over(line, sizeof(line));
	int error = c->kernel.run(c->kernel.arg, op, 1, &result);

	tc_op_print(&t, op, name);
	if (error != 0)
		give_up(line, strerror(-error));
	if (op->kind == TC_OP_DEL && result.error == ENOENT)
		return; /* went with another */
	if (result.error != 0)
		give_up(line, result.text[0] != '\0' ? result.text
						     : strerror(result.error));
}

/* What the kernel makes by itself, and what we only read. */
static bool
is_ours_to_make(const struct tc_object *o)
{
	return o->kind->fill && o->handle != 0 && !tc_object_is_automatic(o);
}

/* What tc(8) filled in is what we do. */
static void
check_stab(const struct tc_object *o)
{
	struct tc_object again = *o;
	struct tc_extra extra = { 0 };

	if (!o->extra || !o->extra->has_stab)
		return;
	tc_extra_copy(&extra, o->extra);
	again.extra = &extra;
	extra.stab.cell_log = 0;
	extra.stab.size_log = 0;
	extra.stab.cell_align = 0;
	tc_stab_complete(&extra.stab);
	if (!tc_object_equal(o, &again))
		give_up("size table", "filled in otherwise");
}

/* The objects of one interface as those of another, numbered as tree
 * descriptions are. */
static struct tc_objects
move(const struct tc_objects *from, uint32_t ifindex, bool numbered)
{
	struct tc_objects none = { .alloc = alloc_heap() };
	struct tc_objects to = { .alloc = alloc_heap() };

	for (size_t i = 0; i < from->count; i++) {
		struct tc_object *o =
			is_ours_to_make(&from->all[i])
				? tc_objects_copy(&to, &from->all[i])
				: NULL;

		if (!o)
			continue;
		o->ifindex = ifindex;
		check_stab(o);
		if (numbered && o->type == TC_FILTER &&
			tc_u32_is_root(o->handle) && o->kind == &tc_kind_u32)
			o->handle = 0;
		o->take_over = o->type == TC_QDISC_ROOT;
	}
	if (numbered)
		tc_filters_number(&to, &none);
	return to;
}

static int
compare(const struct client *c, const struct tc_objects *want, const char *name)
{
	struct tc_objects there = dump(c, name);
	struct tc_objects have = move(&there, ifindex_of(name), false);
	struct tc_objects again = { .alloc = alloc_heap() };
	struct tc_ops ops = { .alloc = alloc_heap() };
	char line[1024];
	int status;

	for (size_t i = 0; i < want->count; i++) {
		struct tc_object *o = tc_objects_copy(&again, &want->all[i]);

		if (o && o->any_handle) {
			o->handle = 0;
			o->any_handle = false;
		}
	}
	tc_filters_number(&again, &have);
	tc_objects_sort(&again);
	tc_plan((struct tc_span){ have.all, have.count },
		(struct tc_span){ again.all, again.count }, &ops);
	for (size_t i = 0; i < ops.count; i++) {
		struct text t = text_over(line, sizeof(line));

		tc_op_print(&t, &ops.all[i], name);
		printf("differs: %s\n", line);
	}
	status = ops.count == 0 && !ops.failed ? 0 : 1;
	tc_ops_done(&ops);
	tc_objects_done(&again);
	tc_objects_done(&have);
	tc_objects_done(&there);
	return status;
}

static int
copy(const struct client *c, const char *from, const char *name)
{
	struct tc_objects list = dump(c, from);
	struct tc_objects want = move(&list, ifindex_of(name), true);
	int status;

	for (size_t i = 0; i < want.count; i++) {
		struct tc_op op = { .kind = TC_OP_ADD, .want = want.all[i] };

		run(c, &op, name);
	}
	status = compare(c, &want, name);
	tc_objects_done(&want);
	tc_objects_done(&list);
	return status;
}

static int
off(const struct client *c, const char *name)
{
	struct tc_objects list = dump(c, name);
	struct tc_objects ours = move(&list, ifindex_of(name), false);

	for (size_t i = ours.count; i-- > 0;) {
		struct tc_op op = { .kind = TC_OP_DEL, .have = ours.all[i] };

		run(c, &op, name);
	}
	tc_objects_done(&ours);
	tc_objects_done(&list);
	return 0;
}

static int
raw(const struct client *c, const char *name)
{
	struct tc_objects list = dump(c, name);
	size_t i = 0;

	while (i < list.count && list.all[i].kind != &tc_kind_htb_class)
		i++;
	if (i == list.count)
		give_up(name, "no class");
	printf("%" PRIu32 "\n", list.all[i].htb.buffer_ticks);
	tc_objects_done(&list);
	return 0;
}

static int
ticks(const char *rate, const char *bytes)
{
	printf("%" PRIu32 "\n", tc_burst_ticks(strtoull(bytes, NULL, 10),
					strtoull(rate, NULL, 10)));
	return 0;
}

static int
carry_out(const struct client *c, int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (argc == 3 && strcmp(word, "show") == 0)
		return show(c, argv[2]);
	if (argc == 4 && strcmp(word, "copy") == 0)
		return copy(c, argv[2], argv[3]);
	if (argc == 3 && strcmp(word, "off") == 0)
		return off(c, argv[2]);
	if (argc == 3 && strcmp(word, "raw") == 0)
		return raw(c, argv[2]);
	if (argc == 4 && strcmp(word, "ticks") == 0)
		return ticks(argv[2], argv[3]);
	give_up("usage", "show|off|raw IFACE, copy FROM TO, ticks RATE BYTES");
}

int
main(int argc, char **argv)
{
	struct client c = { .conn = nl_conn_new() };
	int status;

	if (!c.conn)
		give_up("netlink", strerror(errno));
	c.kernel = nl_conn_kernel(c.conn);
	status = carry_out(&c, argc, argv);
	nl_conn_free(c.conn);
	return status;
}
