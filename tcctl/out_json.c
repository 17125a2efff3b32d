/* SPDX-License-Identifier: ISC */

/* Operations as JSON. */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli_int.h"

struct out_json {
	json_t *operations;
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
	/* Lack of memory shows at the end: the array is then NULL or short. */
	(void)json_array_append_new(out->operations,
		json_pack("{s:s, s:s, s:s, s:s}", "operation", operation,
			"interface", ifname, "object", object, "text", text));
}

void
out_json_lacks(struct out_json *out, const char *what)
{
	const size_t count = json_array_size(out->operations);

	/* Lack of memory shows at the end. */
	if (count > 0)
		(void)json_object_set_new(
			json_array_get(out->operations, count - 1), "lacks",
			json_string(what));
}

bool
out_json_end(struct out_json *out, const char *problem)
{
	json_t *root =
		out ? json_pack("{s:i, s:o, s:s?}", "schema", 1, "operations",
			      out->operations, "problem", problem)
		    : NULL;
	bool ok = root && json_dumpf(root, stdout, JSON_INDENT(2)) == 0 &&
		  fputc('\n', stdout) != EOF;

	json_decref(root);
	free(out);
	return ok;
}
