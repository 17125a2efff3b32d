/* SPDX-License-Identifier: ISC */

/* `tcctl probe`: which kinds this kernel has, and what each function is done
 * with, tried in a network namespace made for it. */

#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>

#include "cli_int.h"
#include "out_probe.h"
#include "scratch_int.h"

struct probe {
	struct tc_scratch scratch;
	struct tc_kernel kernel; /* that of scratch */
	uint32_t ifindex;
	struct out_probe out;
};

/* Can nftables mark?  Tried in the namespace of ours. */
static bool
try_marker(const struct tc_iface *conf)
{
	const struct tc_rule rule = { .id = 4,
		.ifindex = conf->ifindex,
		.marks = true,
		.match_count = 1,
		.matches[0] = { .family = ADDR_V4 } };
	const struct tc_mark_set set = {
		.iface = conf, .rules = &rule, .count = 1
	};
	struct tc_marker marker;
	char text[TC_TEXT];
	bool can;

	if (!tc_marker_open(&marker, NULL))
		return false;
	can = marker.apply(marker.arg, &set, text) == 0;
	tc_marker_close(&marker);
	return can;
}

/* A filter of ours with that action, in a table that nothing leads to. */
static bool
has_action(struct probe *p, const struct tc_action *action)
{
	struct tc_extra extra = { .action_count = 1, .actions = { *action } };
	struct tc_op op = { .kind = TC_OP_ADD,
		.want = { .type = TC_FILTER,
			.ifindex = p->ifindex,
			.handle = tc_rule_table(false, TC_RULES_AFTER, 1) |
				  TC_NODE_MAX,
			.parent = TC_ROOT_HANDLE,
			.pref = TC_PREF_V4,
			.protocol = ETH_P_IP,
			.kind = &tc_kind_u32,
			.extra = &extra,
			.u32 = { .flags = TC_U32_FLAG_TERMINAL,
				.classid = tc_classid(TC_MINOR_BEST),
				.key_count = 1 } } };
	struct tc_op del = { .kind = TC_OP_DEL, .have = op.want };
	struct tc_result result = { 0 };
	int error = p->kernel.run(p->kernel.arg, &op, 1, &result);
	bool there = error == 0 && result.error == 0;

	if (there)
		(void)p->kernel.run(p->kernel.arg, &del, 1, &result);
	return there;
}

static bool
has_part(struct probe *p, enum tc_part part, const char *name)
{
	bool there = false;

	return tc_scratch_has(&p->scratch, part, name, &there) == 0 && there;
}

static const char *
hidden_means(struct probe *p, struct tc_link *link)
{
	if (tc_hidden_try(link, &p->kernel) != 0)
		return NULL;
	if (link->hidden.means == TC_HIDDEN_GACT)
		return "act_gact";
	return link->hidden.means == TC_HIDDEN_MIRRED
		       ? "act_mirred to a block without interfaces"
		       : NULL;
}

/* Of rules that police, and of those whose class shapes or drops. */
static const char *
peak_means(struct probe *p, const struct tc_link *link)
{
	bool polices = link->rules.kernel == TC_RULES_FULL;

	if (!has_part(p, TC_PART_QDISC, tc_kind_tbf.name))
		return polices ? "act_police" : NULL;
	return polices ? "act_police, or a tbf in the class"
		       : "a tbf in the class";
}

/* What each function of static rules is done with here. */
static void
try_means(struct probe *p, struct tc_link *link)
{
	const struct tc_action connmark = { .kind = &tc_action_connmark,
		.control = TC_VERDICT_PIPE };
	const struct tc_action mirred = { .kind = &tc_action_mirred,
		.control = TC_VERDICT_STOLEN,
		.mirred = { p->ifindex, TC_MIRRED_REDIRECT } };
	const char **means = p->out.means;

	if (tc_rules_try(link, &p->kernel) == 0 &&
		link->rules.kernel == TC_RULES_FULL) {
		means[OUT_PROBE_MARK] = "act_pedit";
		means[OUT_PROBE_RESERVED_MARK] =
			"act_pedit; out of profile is told by act_police";
		means[OUT_PROBE_POLICE] = means[OUT_PROBE_REMARK] =
			"act_police";
	} else {
		means[OUT_PROBE_POLICE] =
			"an HTB class with a queue of one packet";
		if (try_marker(&link->conf)) {
			means[OUT_PROBE_MARK] = "nftables";
			means[OUT_PROBE_RESERVED_MARK] =
				"nftables, all of it as in profile";
			means[OUT_PROBE_REMARK] =
				"nftables limit, its bucket one second of the "
				"rate larger than asked for";
		}
	}
	means[OUT_PROBE_SHAPE] = "an HTB class";
	if (has_action(p, &connmark))
		means[OUT_PROBE_CONNMARK] = "act_connmark";
	if (has_action(p, &mirred))
		means[OUT_PROBE_INGRESS] =
			has_part(p, TC_PART_IFB, "")
				? "act_mirred to an ifb"
				: "act_mirred, and no ifb for it";
	means[OUT_PROBE_EXCESS] = tc_excess_try(link, &p->kernel) == 0 &&
						  link->police == TC_POLICE_YES
					  ? "demoted by act_police"
					  : "reshaped";
	means[OUT_PROBE_HIDDEN] = hidden_means(p, link);
	means[OUT_PROBE_PEAK] = peak_means(p, link);
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
	if (p->out.enough)
		try_means(p, link);
	tc_link_free(link);
	if (done.error == EPERM || done.error == EACCES)
		return -done.error;
	return error;
}

/* The kinds first: the tree takes the place where they are tried. */
static int
try_all(struct probe *p)
{
	int error = 0;

	for (size_t i = 0; i < OUT_PROBE_QDISCS && error == 0; i++)
		error = tc_scratch_has(&p->scratch, TC_PART_QDISC,
			out_probe_qdiscs[i], &p->out.qdiscs[i]);
	for (size_t i = 0; i < OUT_PROBE_CLASSIFIERS && error == 0; i++)
		error = tc_scratch_has(&p->scratch, TC_PART_CLASSIFIER,
			out_probe_classifiers[i], &p->out.classifiers[i]);
	if (error == 0)
		error = tc_scratch_clear(&p->scratch);
	return error == 0 ? try_tree(p) : error;
}

int
cli_probe(const struct cli_options *options)
{
	struct probe p = { .out = { .best = "" } };
	int error = tc_scratch_open(&p.scratch, true);
	int status;

	if (error != 0) {
		cli_complain("a network namespace to try it in: %s",
			strerror(-error));
		return CLI_UNREACHABLE;
	}
	p.kernel = p.scratch.kernel;
	p.ifindex = p.scratch.ifindex;
	error = try_all(&p);
	tc_scratch_close(&p.scratch);
	if (error != 0) {
		cli_complain(
			"the kernel's traffic control: %s", strerror(-error));
		return CLI_UNREACHABLE;
	}
	status = p.out.enough ? CLI_DONE : CLI_REFUSED;
	if (options->json)
		return out_probe_json(&p.out, status);
	out_probe_text(&p.out);
	return status;
}
