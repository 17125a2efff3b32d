/* SPDX-License-Identifier: ISC */
#ifndef TC_TREE_H
#define TC_TREE_H

/* Descriptions for the tests: files, a host, a kernel of objects alone. */

#include "t.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcctl/link_int.h"
#include "tcctl/tree_int.h"

enum { T_FILE = 65536 };

/* The host that every description is for. */
static const struct tree_link t_links[] = {
	{ .ifindex = 2,
		.name = "eth0",
		.mtu = 1500,
		.txqueuelen = 1000,
		.header_bytes = 14,
		.up = true },
	{ .ifindex = 3,
		.name = "eth1",
		.mtu = 1500,
		.txqueuelen = 1000,
		.header_bytes = 14,
		.up = true },
	{ .ifindex = 4,
		.name = "eno1",
		.mtu = 1500,
		.txqueuelen = 1000,
		.header_bytes = 14,
		.up = true },
	{ .ifindex = 5,
		.name = "ppp0",
		.mtu = 1492,
		.txqueuelen = 3,
		.up = true },
	{ .ifindex = 6,
		.name = "ifb0",
		.mtu = 1500,
		.txqueuelen = 1000,
		.header_bytes = 14,
		.is_ifb = true,
		.up = true },
	{ .ifindex = 7,
		.name = "ifb-eno1",
		.mtu = 1500,
		.txqueuelen = 1000,
		.header_bytes = 14,
		.is_ifb = true,
		.up = true },
};

static const struct tree_address t_addresses[] = {
	{ 4, { { ADDR_V6, { 0x20, 0x01, 0x0d, 0xb8, 0, 1 } }, 64 } },
	{ 4, { { ADDR_V6, { 0x20, 0x01, 0x0d, 0xb8, 0, 1 } }, 64 } },
	{ 4, { { ADDR_V4, { 192, 0, 2 } }, 24 } },
	{ 2, { { ADDR_V6, { 0x20, 0x01, 0x0d, 0xb8, 0, 2 } }, 56 } },
};

static inline struct tree_host
t_host(void)
{
	/* The functions under test only read. */
	return (struct tree_host){ .link_count = 6,
		.links = (struct tree_link *)(uintptr_t)t_links,
		.address_count = 4,
		.addresses = (struct tree_address *)(uintptr_t)t_addresses };
}

static inline size_t
t_load(const char *path, char *ret)
{
	FILE *f = fopen(path, "r");
	size_t n;

	T_CHECK(f != NULL, "%s is missing", path);
	n = fread(ret, 1, T_FILE - 1, f);
	fclose(f);
	ret[n] = '\0';
	return n;
}

/* The kernel's choice, where it is left to it, as a dump has it. */
static inline void
t_settle(struct tc_object *o)
{
	if (o->kind != &tc_kind_sfq)
		return;
	o->sfq.flows = o->sfq.flows != 0 ? o->sfq.flows : 128;
	o->sfq.depth = o->sfq.depth != 0 ? o->sfq.depth : 127;
	o->sfq.quantum = o->sfq.quantum != 0 ? o->sfq.quantum : 1514;
}

/* The objects of interface n of a text that makes sense. */
static inline void
t_build(const char *text, size_t n, struct tc_objects *into)
{
	struct tree_faults faults = { .file = "text" };
	const struct tree_host host = t_host();
	struct tree tree;
	char said[4096];
	struct text t = text_over(said, sizeof(said));
	bool ok = tree_read(text, strlen(text), &tree, &faults);

	if (!ok)
		tree_faults_print(&faults, &t);
	T_CHECK(ok, "%s", said);
	T_CHECK(n < tree.count, "only %zu interfaces", tree.count);
	tree_build(&tree.ifaces[n], &host, into, &faults);
	tree_faults_print(&faults, &t);
	T_CHECK(faults.errors == 0 && !into->failed, "%s", said);
	tree_done(&tree);
}

#endif /* TC_TREE_H */
