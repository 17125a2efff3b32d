/* SPDX-License-Identifier: ISC */

/* The answer of a command as JSON, or that there is not the memory for it. */

#include <jansson.h>
#include <stdio.h>

#include "main_int.h"

bool
answer_json(json_t *answer, bool failed)
{
	/* Half an answer is none: a script must not take it for a short one. */
	if (!failed) {
		failed = json_dumpf(answer, stdout,
				 JSON_INDENT(2) | JSON_PRESERVE_ORDER) != 0;
		(void)fputc('\n', stdout); /* a fault stays with the stream */
	}
	json_decref(answer);
	/* What the stream did not take is told by who flushes it. */
	if (!failed || ferror(stdout))
		return true;
	fprintf(stderr, "policyd: no memory\n");
	return false;
}
