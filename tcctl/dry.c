/* SPDX-License-Identifier: ISC */

/* The kernel that only remembers; see dry_int.h. */

#include "dry_int.h"

#include <errno.h>
#include <string.h>

enum { FIRST_ROOT = 0x800 };

void
tc_dry_init(struct tc_dry *dry, const struct alloc *alloc)
{
	memset(dry, 0, sizeof(*dry));
	dry->objects.alloc = alloc;
}

void
tc_dry_done(struct tc_dry *dry)
{
	tc_objects_done(&dry->objects);
}

/* Where an object is known by: its kind of thing, its handle and, for filters
 * in a root table, nothing more: those numbers differ. */
static struct tc_object *
find(const struct tc_dry *dry, const struct tc_object *like)
{
	for (size_t i = 0; i < dry->objects.count; i++) {
		struct tc_object *o = &dry->objects.all[i];

		if (o->type == like->type && o->ifindex == like->ifindex &&
			o->handle == like->handle &&
			(o->type != TC_FILTER || o->pref == like->pref))
			return o;
	}
	return NULL;
}

/* The leaf on the same class. */
static struct tc_object *
find_leaf(const struct tc_dry *dry, const struct tc_object *like)
{
	for (size_t i = 0; i < dry->objects.count; i++) {
		struct tc_object *o = &dry->objects.all[i];

		if (o->type == TC_QDISC_LEAF && o->ifindex == like->ifindex &&
			o->parent == like->parent)
			return o;
	}
	return NULL;
}

static bool
exists(const struct tc_dry *dry, const struct tc_object *child,
	enum tc_type type, uint32_t handle)
{
	const struct tc_object like = { .type = (uint8_t)type,
		.ifindex = child->ifindex,
		.handle = handle,
		.pref = child->pref };

	return find(dry, &like) != NULL;
}

static bool
is_incoming(const struct tc_object *o)
{
	return o->type == TC_QDISC_INGRESS ||
	       (o->type == TC_FILTER &&
		       o->parent >> 16 == TC_INGRESS_HANDLE >> 16);
}

/* The thing that it hangs on. */
static bool
has_parent(const struct tc_dry *dry, const struct tc_object *o)
{
	switch ((enum tc_type)o->type) {
	case TC_QDISC_ROOT:
	case TC_QDISC_INGRESS:
		return true;
	case TC_CLASS:
		if ((o->parent & 0xffff) == 0)
			return exists(dry, o, TC_QDISC_ROOT, o->parent);
		return exists(dry, o, TC_CLASS, o->parent);
	case TC_QDISC_LEAF:
		return exists(dry, o, TC_CLASS, o->parent);
	case TC_FILTER:
		if (is_incoming(o))
			return exists(
				dry, o, TC_QDISC_INGRESS, TC_INGRESS_HANDLE);
		if (!exists(dry, o, TC_QDISC_ROOT, o->parent))
			return false;
		return o->kind != &tc_kind_u32 || o->u32.divisor != 0 ||
		       (exists(dry, o, TC_FILTER,
				tc_u32_table(o->handle)
					<< TC_U32_TABLE_SHIFT) &&
			       (o->u32.link == 0 ||
				       exists(dry, o, TC_FILTER, o->u32.link)));
	}
	return false;
}

/* The first filter of a preference brings its root table. */
static int
make_root_table(struct tc_dry *dry, const struct tc_object *filter)
{
	struct tc_object *root;

	for (size_t i = 0; i < dry->objects.count; i++) {
		const struct tc_object *o = &dry->objects.all[i];

		if (o->type == TC_FILTER && o->ifindex == filter->ifindex &&
			o->pref == filter->pref)
			return 0;
	}
	root = tc_objects_add(&dry->objects);
	if (!root)
		return ENOMEM;
	root->type = TC_FILTER;
	root->ifindex = filter->ifindex;
	root->parent = filter->parent;
	root->pref = filter->pref;
	root->protocol = filter->protocol;
	root->kind = &tc_kind_u32;
	root->u32.divisor = 1;
	root->handle = (FIRST_ROOT + dry->next_root++) << TC_U32_TABLE_SHIFT;
	return 0;
}

/* The object becomes that one, with an extra of its own: what is wanted may be
 * forgotten before the kernel forgets. */
static int
keep(struct tc_dry *dry, struct tc_object *o, const struct tc_object *want)
{
	struct tc_extra *extra;

	*o = *want;
	if (!want->extra)
		return 0;
	extra = tc_objects_extra(&dry->objects, o);
	if (!extra)
		return ENOMEM;
	tc_extra_copy(extra, want->extra);
	return 0;
}

/* A filter of flower that asks for the same as another of its preference. */
static bool
repeats(const struct tc_dry *dry, const struct tc_object *want)
{
	struct tc_object like = *want;

	if (want->type != TC_FILTER || want->kind != &tc_kind_flower)
		return false;
	for (size_t i = 0; i < dry->objects.count; i++) {
		const struct tc_object *o = &dry->objects.all[i];

		if (o->type != TC_FILTER || o->kind != &tc_kind_flower ||
			o->ifindex != want->ifindex || o->pref != want->pref)
			continue;
		like.flower.classid = o->flower.classid;
		if (tc_kind_flower.equal(o, &like))
			return true;
	}
	return false;
}

static int
add(struct tc_dry *dry, const struct tc_object *want)
{
	struct tc_object *o;

	if (find(dry, want))
		return EEXIST;
	if (!has_parent(dry, want))
		return ENOENT;
	o = want->type == TC_QDISC_LEAF ? find_leaf(dry, want) : NULL;
	if (o) /* in place of whatever there is */
		return keep(dry, o, want);
	if (repeats(dry, want))
		return EEXIST;
	if (want->type == TC_FILTER && want->kind == &tc_kind_u32 &&
		make_root_table(dry, want) != 0)
		return ENOMEM;
	o = tc_objects_add(&dry->objects);
	if (!o || keep(dry, o, want) != 0)
		return ENOMEM;
	if (want->any_handle)
		o->handle = ((FIRST_ROOT + dry->next_root - 1)
				    << TC_U32_TABLE_SHIFT) |
			    FIRST_ROOT;
	o->any_handle = false;
	return 0;
}

static int
change(struct tc_dry *dry, const struct tc_object *want)
{
	struct tc_object *o = find(dry, want);

	return o ? keep(dry, o, want) : ENOENT;
}

/* A class with a filter or a child; a table with a link or a node. */
static bool
uses(const struct tc_object *by, const struct tc_object *o)
{
	bool node = by->type == TC_FILTER && by->kind == &tc_kind_u32 &&
		    by->u32.divisor == 0;
	bool flower = by->type == TC_FILTER && by->kind == &tc_kind_flower;

	if (by == o || by->ifindex != o->ifindex)
		return false;
	if (o->type == TC_CLASS)
		return (by->type == TC_CLASS && by->parent == o->handle) ||
		       (node && by->u32.classid == o->handle) ||
		       (flower && by->flower.classid == o->handle);
	if (o->type != TC_FILTER || o->kind != &tc_kind_u32 ||
		o->u32.divisor == 0)
		return false;
	return node &&
	       (by->u32.link == o->handle ||
		       tc_u32_table(by->handle) == tc_u32_table(o->handle));
}

static bool
in_use(const struct tc_dry *dry, const struct tc_object *o)
{
	for (size_t i = 0; i < dry->objects.count; i++)
		if (uses(&dry->objects.all[i], o))
			return true;
	return false;
}

/* A preference with all that is in it. */
static int
del_preference(struct tc_dry *dry, const struct tc_object *have)
{
	size_t before = dry->objects.count;
	size_t kept = 0;

	for (size_t i = 0; i < before; i++) {
		const struct tc_object *o = &dry->objects.all[i];

		if (o->type != TC_FILTER || o->ifindex != have->ifindex ||
			o->pref != have->pref)
			dry->objects.all[kept++] = *o;
	}
	dry->objects.count = kept;
	return kept == before ? ENOENT : 0;
}

static int
del(struct tc_dry *dry, const struct tc_object *have)
{
	struct tc_object *o = find(dry, have);
	size_t kept = 0;

	if (have->any_handle)
		return del_preference(dry, have);
	if (!o)
		return ENOENT;
	if (in_use(dry, o))
		return EBUSY;
	if (o->type == TC_QDISC_ROOT) {
		for (size_t i = 0; i < dry->objects.count; i++)
			if (dry->objects.all[i].ifindex != have->ifindex)
				dry->objects.all[kept++] = dry->objects.all[i];
		dry->objects.count = kept;
		return 0;
	}
	*o = dry->objects.all[--dry->objects.count];
	return 0;
}

static int
run_one(struct tc_dry *dry, const struct tc_op *op)
{
	switch (op->kind) {
	case TC_OP_ADD:
		return add(dry, &op->want);
	case TC_OP_CHANGE:
		return change(dry, &op->want);
	case TC_OP_DEL:
		return del(dry, &op->have);
	}
	return EINVAL;
}

static bool
lacks(const struct tc_dry *dry, const struct tc_op *op,
	char text[TC_KERNEL_TEXT])
{
	return dry->lacks && op->kind != TC_OP_DEL &&
	       dry->lacks(dry->arg, &op->want, text);
}

static int
run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct tc_dry *dry = (struct tc_dry *)arg;

	for (size_t i = 0; i < count; i++) {
		const struct tc_op *op = &ops[i];
		struct tc_result *result = &ret_results[i];

		result->text[0] = '\0';
		result->error = lacks(dry, op, result->text) ? ENOENT
							     : run_one(dry, op);
		if (result->error == 0 && dry->tell)
			dry->tell(dry->arg, op);
	}
	return 0;
}

static int
dump(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	const struct tc_dry *dry = (const struct tc_dry *)arg;

	for (size_t i = 0; i < dry->objects.count; i++) {
		const struct tc_object *from = &dry->objects.all[i];
		struct tc_object *o =
			from->ifindex == ifindex && !is_incoming(from)
				? tc_objects_add(into)
				: NULL;

		if (o)
			*o = *from;
	}
	return 0;
}

static int
dump_incoming(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	const struct tc_dry *dry = (const struct tc_dry *)arg;

	for (size_t i = 0; i < dry->objects.count; i++)
		if (dry->objects.all[i].ifindex == ifindex &&
			is_incoming(&dry->objects.all[i]))
			(void)tc_objects_copy(/* notes a failure */
				into, &dry->objects.all[i]);
	tc_objects_rank(into);
	tc_objects_sort(into);
	return 0;
}

static int
stats_of(void *arg, uint32_t ifindex, const uint32_t *classids, size_t count,
	struct tc_class_stats *ret_stats)
{
	const struct tc_dry *dry = (const struct tc_dry *)arg;
	const struct tc_object child = { .ifindex = ifindex };

	for (size_t i = 0; i < count; i++) {
		memset(&ret_stats[i], 0, sizeof(ret_stats[i]));
		if (exists(dry, &child, TC_CLASS, classids[i]))
			ret_stats[i].handle = classids[i];
	}
	return 0;
}

static int
stats_of_all(void *arg, uint32_t ifindex, tc_stats_fn *tell, void *tell_arg)
{
	const struct tc_dry *dry = (const struct tc_dry *)arg;

	for (size_t i = 0; i < dry->objects.count; i++) {
		const struct tc_object *o = &dry->objects.all[i];
		const struct tc_class_stats stats = { .handle = o->handle };

		if (o->type == TC_CLASS && o->ifindex == ifindex)
			tell(tell_arg, &stats);
	}
	return 0;
}

static int
dump_counted(void *arg, uint32_t ifindex, struct tc_objects *into,
	tc_stats_fn *tell, void *tell_arg)
{
	int error = dump(arg, ifindex, into);

	return error == 0 ? stats_of_all(arg, ifindex, tell, tell_arg) : error;
}

static int
root_of(void *arg, uint32_t ifindex, uint32_t *ret_handle)
{
	const struct tc_dry *dry = (const struct tc_dry *)arg;

	*ret_handle = 0;
	for (size_t i = 0; i < dry->objects.count; i++)
		if (dry->objects.all[i].type == TC_QDISC_ROOT &&
			dry->objects.all[i].ifindex == ifindex)
			*ret_handle = dry->objects.all[i].handle;
	return 0;
}

static int
get(void *arg, const struct tc_object *keys, size_t count,
	struct tc_objects *into)
{
	const struct tc_dry *dry = (const struct tc_dry *)arg;

	for (size_t i = 0; i < count; i++) {
		const struct tc_object *found =
			keys[i].type == TC_QDISC_LEAF ? find_leaf(dry, &keys[i])
						      : find(dry, &keys[i]);

		if (found)
			(void)tc_objects_copy(into, found);
	}
	return 0;
}

struct tc_kernel
tc_dry_kernel(struct tc_dry *dry)
{
	return (struct tc_kernel){ .arg = dry,
		.run = run,
		.dump = dump,
		.stats = stats_of,
		.stats_all = stats_of_all,
		.root = root_of,
		.get = get,
		.dump_counted = dump_counted,
		.dump_incoming = dump_incoming };
}
