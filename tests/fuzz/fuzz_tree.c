/* SPDX-License-Identifier: ISC */

/*
 * The reader of descriptions of trees.  A file is refused with its line, or
 * becomes objects whose description is read again as the same objects.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcctl/tree_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
give_up(const char *what, const char *text)
{
	fprintf(stderr, "fuzz_tree: %s\n%s\n", what, text);
	abort();
}

static struct tree_link links[] = {
	{ .ifindex = 2, .name = "eth0", .mtu = 1500, .txqueuelen = 1000 },
	{ .ifindex = 3, .name = "eth1", .mtu = 1500, .txqueuelen = 1000 },
	{ .ifindex = 4, .name = "eno1", .mtu = 1500, .txqueuelen = 1000 },
	{ .ifindex = 5, .name = "ppp0", .mtu = 1492, .txqueuelen = 3 },
	{ .ifindex = 6,
		.name = "ifb0",
		.mtu = 1500,
		.txqueuelen = 1000,
		.is_ifb = true },
};
static struct tree_address addresses[] = {
	{ 2, { { ADDR_V6, { 0x20, 0x01, 0x0d, 0xb8 } }, 64 } },
	{ 2, { { ADDR_V4, { 192, 0, 2 } }, 24 } },
};
static const struct tree_host host = { .link_count = 5,
	.links = links,
	.address_count = 2,
	.addresses = addresses };

/* Objects of the one interface; false: it cannot be on this host. */
static bool
build(const struct tree_iface *iface, struct tc_objects *into)
{
	struct tree_faults faults = { .file = "file" };

	tree_build(iface, &host, into, &faults);
	return faults.errors == 0;
}

static void
write_and_read(const struct tree_iface *iface)
{
	struct tree_faults faults = { .file = "again" };
	struct tc_objects first = { .alloc = alloc_heap() };
	struct tc_objects second = { .alloc = alloc_heap() };
	struct tree_found found = { tree_host_link(&host, iface->name),
		&first };
	struct tree_writing w = { .host = &host, .all = &found, .count = 1 };
	struct tree again = { 0 };
	struct tc_ops ops = { .alloc = alloc_heap() };
	char *text = NULL;
	size_t len = 0;

	w.out = open_memstream(&text, &len);
	if (w.out && build(iface, &first) && first.count > 0) {
		tree_write(&w);
		fflush(w.out);
		if (!tree_read(text, len, &again, &faults))
			give_up("written, it is refused", text);
		if (again.count != 1 || !build(&again.ifaces[0], &second) ||
			second.count != first.count)
			give_up("written and read again it differs", text);
		tree_plan(&first, &second, TREE_OUTGOING | TREE_INCOMING, &ops);
		tree_done(&again);
	}
	if (w.out)
		fclose(w.out);
	free(text);
	tc_ops_done(&ops);
	tc_objects_done(&first);
	tc_objects_done(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tree_faults faults = { .file = "file" };
	struct tree tree = { 0 };
	char *copy = (char *)malloc(size + 1);

	if (!copy)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\0';
	if (tree_read(copy, size, &tree, &faults)) {
		for (size_t i = 0; i < tree.count; i++)
			write_and_read(&tree.ifaces[i]);
		tree_done(&tree);
	} else if (faults.count == 0) {
		give_up("refused without a reason", copy);
	}
	free(copy);
	return 0;
}
