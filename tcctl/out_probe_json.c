/* SPDX-License-Identifier: ISC */

/* What `tcctl probe` found; see out_probe.h. */

#include <jansson.h>
#include <stdio.h>

#include "base/json_put.h"
#include "cli_int.h"
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
json_list(
	bool *failed, const char *const *names, const bool *there, size_t count)
{
	json_t *list = json_object();

	for (size_t i = 0; i < count; i++)
		json_put(failed, list, names[i], json_boolean(there[i]));
	return list;
}

static json_t *
json_means(bool *failed, const struct out_probe *out)
{
	json_t *list = json_object();

	for (size_t i = 0; i < OUT_PROBE_MEANS; i++)
		json_put(failed, list, out_probe_functions[i],
			out->means[i] ? json_string(out->means[i])
				      : json_null());
	return list;
}

int
out_probe_json(const struct out_probe *out, int status)
{
	bool failed = false;
	json_t *root = json_pack("{s:i, s:b, s:o, s:s, s:o, s:o, s:o}",
		"schema", 1, "enough", out->enough, "problem",
		json_text(out->problem), "best_effort", out->best, "qdiscs",
		json_list(&failed, out_probe_qdiscs, out->qdiscs,
			OUT_PROBE_QDISCS),
		"classifiers",
		json_list(&failed, out_probe_classifiers, out->classifiers,
			OUT_PROBE_CLASSIFIERS),
		"functions", json_means(&failed, out));

	return out_json_print(root, failed, status);
}
