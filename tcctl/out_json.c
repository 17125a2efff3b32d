/* SPDX-License-Identifier: ISC */

/* Operations as JSON.  What there is no memory for is noted until the end, and
 * told there. */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_put.h"
#include "cli_int.h"

struct out_json {
	json_t *operations;
	bool failed; /* something is missing */
};

struct out_json *
out_json_new(void)
{
	struct out_json *out = (struct out_json *)calloc(1, sizeof(*out));

	if (out)
		out->operations = json_array();
	return out;
}

void
out_json_op(struct out_json *out, const struct tc_op *op, const char *ifname)
{
	static const char *const words[] = { "add", "change", "delete" };
	char object[128];
	char whole[1024];
	struct text o = text_over(object, sizeof(object));
	struct text w = text_over(whole, sizeof(whole));

	tc_object_name(&o, tc_op_object(op), ifname);
	tc_op_print(&w, op, ifname);
	out_json_line(out, words[op->kind], ifname, object, whole);
}

void
out_json_line(struct out_json *out, const char *operation, const char *ifname,
	const char *object, const char *text)
{
	json_add(&out->failed, out->operations,
		json_pack("{s:s, s:o, s:o, s:o}", "operation", operation,
			"interface", json_text(ifname), "object",
			json_text(object), "text", json_text(text)));
}

void
out_json_lacks(struct out_json *out, const char *what)
{
	const size_t count = json_array_size(out->operations);

	if (count > 0)
		json_put(&out->failed,
			json_array_get(out->operations, count - 1), "lacks",
			json_text(what));
}

int
out_json_end(struct out_json *out, int status, const char *problem)
{
	json_t *root;

	if (!out)
		return status;
	root = json_pack("{s:i, s:o, s:o}", "schema", 1, "operations",
		out->operations, "problem",
		problem ? json_text(problem) : json_null());
	status = out_json_print(root, out->failed, status);
	free(out);
	return status;
}

int
out_json_print(struct json_t *root, bool failed, int status)
{
	/* Half an answer is none: a script must not take it for a short one. */
	if (root && !failed) {
		failed = json_dumpf(root, stdout, JSON_INDENT(2)) != 0;
		(void)fputc('\n', stdout); /* a fault stays with the stream */
	} else {
		failed = true;
	}
	json_decref(root);
	/* What the stream did not take is told by who flushes it. */
	if (!failed || ferror(stdout))
		return status;
	fprintf(stderr, "tcctl: out of memory\n");
	return status == CLI_DONE ? CLI_REFUSED : status;
}
