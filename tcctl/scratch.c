/* SPDX-License-Identifier: ISC */

/* A network namespace to try things in; see scratch_int.h. */

#include "scratch_int.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "nl_conn.h"
#include "nl_host.h"

enum { ROOT = 0x10000, PREF = 100 };

/* ---- the namespace ------------------------------------------------------- */

static int
open_within(struct tc_scratch *s)
{
	s->conn = nl_conn_new();
	s->host = s->conn ? nl_host_new() : NULL;
	s->ifindex = s->host ? if_nametoindex("lo") : 0;
	if (s->ifindex != 0)
		return 0;

	const int error = -errno;

	tc_scratch_close(s);
	return error;
}

int
tc_scratch_open(struct tc_scratch *s, bool stay)
{
	int home = -1;
	int error;

	*s = (struct tc_scratch){ 0 };
	if (!stay) {
		home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		if (home < 0)
			return -errno;
	}
	error = unshare(CLONE_NEWNET) == 0 ? open_within(s) : -errno;
	/* Sockets stay where they were opened. */
	if (home >= 0 && setns(home, CLONE_NEWNET) != 0 && error == 0) {
		error = -errno;
		tc_scratch_close(s);
	}
	if (home >= 0)
		(void)close(home); /* only read */
	if (error == 0)
		s->kernel = nl_conn_kernel(s->conn);
	return error;
}

void
tc_scratch_close(struct tc_scratch *s)
{
	nl_host_free(s->host);
	nl_conn_free(s->conn);
	s->host = NULL;
	s->conn = NULL;
}

/* ---- trying -------------------------------------------------------------- */

static void
fill_nothing(struct buf_writer *w, const struct tc_object *o)
{
	(void)w; /* the kind's defaults, or its refusal */
	(void)o;
}

static void
fill_no_action(struct buf_writer *w, const struct tc_action *a)
{
	(void)w;
	(void)a;
}

static int
run(struct tc_scratch *s, enum tc_op_kind kind, const struct tc_object *o,
	int *ret_refusal)
{
	struct tc_op op = { .kind = kind, .have = *o, .want = *o };
	struct tc_result result = { 0 };
	int error = s->kernel.run(s->kernel.arg, &op, 1, &result);

	*ret_refusal = result.error;
	if (error == 0 && (result.error == EPERM || result.error == EACCES))
		error = -result.error;
	return error;
}

static bool
is_incoming(const char *name)
{
	return strcmp(name, "ingress") == 0 || strcmp(name, "clsact") == 0;
}

static struct tc_object
qdisc(const struct tc_scratch *s, const struct tc_kind *kind)
{
	const bool incoming = is_incoming(kind->name);

	return (struct tc_object){ .type = incoming ? TC_QDISC_INGRESS
						    : TC_QDISC_ROOT,
		.ifindex = s->ifindex,
		.handle = incoming ? TC_INGRESS_HANDLE : ROOT,
		.parent = incoming ? TC_INGRESS_PARENT : TC_PARENT_ROOT,
		.kind = kind };
}

int
tc_scratch_clear(struct tc_scratch *s)
{
	const struct tc_object o = qdisc(
		s, s->place == ROOT ? &tc_kind_htb_root : &tc_kind_ingress);
	int refusal;

	if (s->place == 0)
		return 0;
	s->place = 0;
	return run(s, TC_OP_DEL, &o, &refusal);
}

static int
try_qdisc(struct tc_scratch *s, const char *name, bool *ret_there)
{
	const struct tc_kind kind = { .name = name, .fill = fill_nothing };
	const struct tc_object o = qdisc(s, &kind);
	int refusal;
	int error = tc_scratch_clear(s);

	if (error == 0)
		error = run(s, TC_OP_ADD, &o, &refusal);
	if (error != 0)
		return error;
	*ret_there = refusal != ENOENT;
	return refusal == 0 ? run(s, TC_OP_DEL, &o, &refusal) : 0;
}

/* Something that takes filters: place stays 0 where there is none. */
static int
make_place(struct tc_scratch *s)
{
	static const struct tc_kind *const kinds[] = { &tc_kind_ingress,
		&tc_kind_htb_root };

	for (size_t i = 0; i < 2 && s->place == 0; i++) {
		const struct tc_object o = qdisc(s, kinds[i]);
		int refusal;
		int error = run(s, TC_OP_ADD, &o, &refusal);

		if (error != 0)
			return error;
		s->place = refusal == 0 ? o.handle : 0;
	}
	return 0;
}

static int
try_filter(struct tc_scratch *s, const struct tc_kind *kind,
	struct tc_extra *extra, int *ret_refusal)
{
	struct tc_object o = { .type = TC_FILTER,
		.any_handle = true,
		.ifindex = s->ifindex,
		.pref = PREF,
		.protocol = ETH_P_ALL,
		.kind = kind,
		.extra = extra };
	int refusal;
	int error = make_place(s);

	o.parent = s->place;
	if (kind == &tc_kind_u32) {
		o.u32.flags = TC_U32_FLAG_TERMINAL;
		o.u32.key_count = 1;
	}
	if (error == 0)
		error = run(s, TC_OP_ADD, &o, ret_refusal);
	if (error != 0 || *ret_refusal != 0)
		return error;
	return run(s, TC_OP_DEL, &o, &refusal);
}

static int
try_classifier(struct tc_scratch *s, const char *name, bool *ret_there)
{
	const struct tc_kind kind = { .name = name, .fill = fill_nothing };
	int refusal;
	int error = try_filter(s, &kind, NULL, &refusal);

	*ret_there = error == 0 && refusal != ENOENT;
	return error;
}

static int
try_action(struct tc_scratch *s, const char *name, bool *ret_there)
{
	const struct tc_action_kind kind = { .name = name,
		.fill = fill_no_action };
	struct tc_extra extra = { .action_count = 1, .actions[0].kind = &kind };
	int refusal;
	int error = try_filter(s, &tc_kind_u32, &extra, &refusal);

	*ret_there = error == 0 && refusal != ENOENT && refusal != EOPNOTSUPP;
	return error;
}

/* A kernel without takes the filter and forgets the mark. */
static int
try_u32_mark(struct tc_scratch *s, bool *ret_there)
{
	struct tc_extra extra = { .mark = 1, .mark_mask = 1 };
	struct tc_objects have = { .alloc = alloc_heap() };
	struct tc_object o = { .type = TC_FILTER,
		.any_handle = true,
		.ifindex = s->ifindex,
		.pref = PREF,
		.protocol = ETH_P_ALL,
		.kind = &tc_kind_u32,
		.extra = &extra,
		.u32 = { .flags = TC_U32_FLAG_TERMINAL, .key_count = 1 } };
	int refusal;
	int error = make_place(s);

	*ret_there = false;
	o.parent = s->place;
	if (error == 0)
		error = run(s, TC_OP_ADD, &o, &refusal);
	if (error == 0)
		error = s->kernel.dump_tree(s->kernel.arg, s->ifindex, &have);
	for (size_t i = 0; i < have.count; i++)
		*ret_there |=
			have.all[i].extra && have.all[i].extra->mark_mask != 0;
	if (error == 0)
		error = run(s, TC_OP_DEL, &o, &refusal);
	tc_objects_done(&have);
	return error;
}

/* It ends with the namespace. */
static int
try_ifb(struct tc_scratch *s, bool *ret_there)
{
	const struct tree_link link = { .name = "ifb-probe", .txqueuelen = 1 };
	struct tc_result result = { 0 };
	int error = nl_host_put_ifb(s->host, &link, &result);

	*ret_there = error == 0 && result.error == 0;
	return error;
}

static int
try_part(struct tc_scratch *s, enum tc_part part, const char *name,
	bool *ret_there)
{
	switch (part) {
	case TC_PART_QDISC:
		return try_qdisc(s, name, ret_there);
	case TC_PART_CLASSIFIER:
		return try_classifier(s, name, ret_there);
	case TC_PART_ACTION:
		return try_action(s, name, ret_there);
	case TC_PART_U32_MARK:
		return try_u32_mark(s, ret_there);
	case TC_PART_IFB:
		return try_ifb(s, ret_there);
	}
	return 0;
}

int
tc_scratch_has(struct tc_scratch *s, enum tc_part part, const char *name,
	bool *ret_there)
{
	struct tc_part_tried *t = s->tried;
	int error;

	for (; t < s->tried + s->tried_count; t++)
		if (t->part == part && strcmp(t->name, name) == 0) {
			*ret_there = t->there;
			return 0;
		}
	error = try_part(s, part, name, ret_there);
	if (error == 0 && s->tried_count < TC_PARTS_TRIED) {
		*t = (struct tc_part_tried){ .part = part,
			.there = *ret_there };
		(void)text_copy(t->name, TC_NAME, name); /* they are short */
		s->tried_count++;
	}
	return error;
}

/* ---- objects ------------------------------------------------------------- */

/* Once something is missing the rest does not matter. */
static int
need(struct tc_scratch *s, enum tc_part part, const char *name,
	char text[TC_LACK_TEXT])
{
	static const char *const words[] = { [TC_PART_QDISC] = "sch_",
		[TC_PART_CLASSIFIER] = "cls_",
		[TC_PART_ACTION] = "act_",
		[TC_PART_U32_MARK] = "marks in u32 (CLS_U32_MARK)",
		[TC_PART_IFB] = "ifb" };
	bool there = true;
	int error = text[0] != '\0' ? 0 : tc_scratch_has(s, part, name, &there);

	if (error == 0 && !there) {
		struct text t = text_over(text, TC_LACK_TEXT);

		text_printf(&t, "%s%s", words[part], name);
	}
	return error;
}

int
tc_scratch_lacks(struct tc_scratch *s, const struct tc_object *o,
	char ret_text[TC_LACK_TEXT])
{
	const struct tc_extra *extra = o->extra;
	int error;

	ret_text[0] = '\0';
	if (o->kind == &tc_kind_other)
		return 0; /* we do not make any */
	if (o->type != TC_FILTER)
		return need(s, TC_PART_QDISC, o->kind->name, ret_text);
	error = need(s, TC_PART_CLASSIFIER, o->kind->name, ret_text);
	for (size_t i = 0; error == 0 && extra && i < extra->action_count; i++)
		error = need(s, TC_PART_ACTION, extra->actions[i].kind->name,
			ret_text);
	if (error == 0 && extra && extra->mark_mask != 0)
		error = need(s, TC_PART_U32_MARK, "", ret_text);
	return error;
}
