/* SPDX-License-Identifier: ISC */

/*
 * `tcctl probe`: which kinds this kernel has.  Each is tried on the loopback of
 * a network namespace made for it, which ends with us: nothing of the host is
 * touched.  A kind that is there may refuse to be made without options; only
 * one that is not answers ENOENT.
 */

#include <errno.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "cli_int.h"
#include "nl_conn.h"
#include "out_probe.h"

struct probe {
	struct tc_kernel kernel;
	uint32_t ifindex;
	struct out_probe out;
};

static void
fill_nothing(struct buf_writer *w, const struct tc_object *o)
{
	(void)w; /* the kind's defaults, or its refusal */
	(void)o;
}

static int
try_object(struct probe *p, const struct tc_object *o, bool *ret_there)
{
	struct tc_op op = { .kind = TC_OP_ADD, .want = *o };
	struct tc_result result;
	int error = p->kernel.run(p->kernel.arg, &op, 1, &result);

	*ret_there = error == 0 && result.error != ENOENT;
	if (error == 0 && (result.error == EPERM || result.error == EACCES))
		return -result.error;
	return error;
}

static int
try_qdisc(struct probe *p, const char *name, uint32_t minor, bool *ret_there)
{
	const struct tc_kind kind = { .name = name, .fill = fill_nothing };
	const struct tc_object o = { .type = TC_QDISC_LEAF,
		.ifindex = p->ifindex,
		.handle = tc_leaf_handle(minor),
		.parent = tc_classid(TC_MINOR_BEST),
		.kind = &kind };

	return try_object(p, &o, ret_there);
}

static int
try_classifier(
	struct probe *p, const char *name, uint16_t pref, bool *ret_there)
{
	const struct tc_kind kind = { .name = name, .fill = fill_nothing };
	const struct tc_object o = { .type = TC_FILTER,
		.ifindex = p->ifindex,
		.parent = TC_ROOT_HANDLE,
		.pref = pref,
		.protocol = ETH_P_ALL,
		.kind = &kind };

	return try_object(p, &o, ret_there);
}

/* The tree of the layout on the loopback: with it htb, bfifo and u32 in the
 * form that serve needs are proved. */
static int
try_tree(struct probe *p)
{
	const struct tc_iface conf = { .ifindex = p->ifindex,
		.name = "lo",
		.link_Bps = 1250000,
		.mtu = 1500 };
	const struct tc_listener nobody = { 0 };
	struct tc_link *link = tc_link_new(alloc_heap(), &conf);
	struct tc_done done = { 0 };
	int error;

	if (!link)
		return -ENOMEM;
	error = tc_link_open(link, &p->kernel, 1, &nobody, &done);
	p->out.enough = error == 0 && done.error == 0;
	(void)text_copy(p->out.problem, sizeof(p->out.problem), done.text);
	if (p->out.enough)
		p->out.best = link->shape.best->name;
	tc_link_free(link);
	if (done.error == EPERM || done.error == EACCES)
		return -done.error;
	return error;
}

static int
try_all(struct probe *p)
{
	uint16_t pref = 100;
	int error = try_tree(p);

	for (size_t i = 0; i < OUT_PROBE_QDISCS && error == 0; i++)
		error = try_qdisc(p, out_probe_qdiscs[i],
			TC_MINOR_FIRST + (uint32_t)i, &p->out.qdiscs[i]);
	for (size_t i = 0; i < OUT_PROBE_CLASSIFIERS && error == 0; i++)
		error = try_classifier(p, out_probe_classifiers[i], pref++,
			&p->out.classifiers[i]);
	return error;
}

int
cli_probe(const struct cli_options *options)
{
	struct probe p = { .out = { .best = "" } };
	struct nl_conn *conn;
	int error;

	if (unshare(CLONE_NEWNET) != 0) {
		fprintf(stderr, "tcctl: a network namespace to try it in: %s\n",
			strerror(errno));
		return CLI_UNREACHABLE;
	}
	conn = nl_conn_new();
	if (!conn) {
		fprintf(stderr, "tcctl: netlink: %s\n", strerror(errno));
		return CLI_UNREACHABLE;
	}
	p.kernel = nl_conn_kernel(conn);
	p.ifindex = if_nametoindex("lo");
	error = try_all(&p);
	nl_conn_free(conn);
	if (error != 0) {
		fprintf(stderr, "tcctl: the kernel's traffic control: %s\n",
			strerror(-error));
		return CLI_UNREACHABLE;
	}
	if (options->json)
		out_probe_json(&p.out);
	else
		out_probe_text(&p.out);
	return p.out.enough ? CLI_DONE : CLI_REFUSED;
}
