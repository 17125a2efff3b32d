/* SPDX-License-Identifier: ISC */

/* What `tcctl probe` found; see out_probe.h. */

#include <jansson.h>
#include <stdio.h>

#include "out_probe.h"

const char *const out_probe_qdiscs[OUT_PROBE_QDISCS] = { "htb", "bfifo",
	"pfifo", "fq_codel", "sfq", "tbf", "prio", "red", "netem" };
const char *const out_probe_classifiers[OUT_PROBE_CLASSIFIERS] = { "u32",
	"flower", "matchall", "fw", "bpf", "basic" };

const char *const out_probe_functions[OUT_PROBE_MEANS] = { "mark", "police",
	"remark", "shape", "connmark", "ingress", "excess", "reserved-mark",
	"hidden-ports", "peak" };

static void
print_list(const char *title, const char *const *names, const bool *there,
	size_t count)
{
	printf("%s:", title);
	for (size_t i = 0; i < count; i++)
		printf(" %s%s", there[i] ? "" : "-", names[i]);
	printf("\n");
}

void
out_probe_text(const struct out_probe *out)
{
	print_list("qdiscs", out_probe_qdiscs, out->qdiscs, OUT_PROBE_QDISCS);
	print_list("classifiers", out_probe_classifiers, out->classifiers,
		OUT_PROBE_CLASSIFIERS);
	for (size_t i = 0; i < OUT_PROBE_MEANS; i++)
		printf("%s: %s\n", out_probe_functions[i],
			out->means[i] ? out->means[i] : "none");
	if (out->enough)
		printf("enough for reservations; best effort: %s\n", out->best);
	else
		printf("not enough for reservations: %s\n", out->problem);
}

static json_t *
json_list(const char *const *names, const bool *there, size_t count)
{
	json_t *list = json_object();

	for (size_t i = 0; i < count; i++)
		(void)json_object_set_new(
			list, names[i], json_boolean(there[i]));
	return list;
}

static json_t *
json_means(const struct out_probe *out)
{
	json_t *list = json_object();

	for (size_t i = 0; i < OUT_PROBE_MEANS; i++)
		(void)json_object_set_new(list, out_probe_functions[i],
			out->means[i] ? json_string(out->means[i])
				      : json_null());
	return list;
}

void
out_probe_json(const struct out_probe *out)
{
	json_t *root = json_pack("{s:i, s:b, s:s, s:s, s:o, s:o, s:o}",
		"schema", 1, "enough", out->enough, "problem", out->problem,
		"best_effort", out->best, "qdiscs",
		json_list(out_probe_qdiscs, out->qdiscs, OUT_PROBE_QDISCS),
		"classifiers",
		json_list(out_probe_classifiers, out->classifiers,
			OUT_PROBE_CLASSIFIERS),
		"functions", json_means(out));

	(void)json_dumpf(root, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(root);
}
