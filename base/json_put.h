/* SPDX-License-Identifier: ISC */
#ifndef JSON_PUT_H
#define JSON_PUT_H

/*
 * JSON put together.  What there was no memory for is noted, for whoever prints
 * it: half an answer must not be taken for a whole one.
 */

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "text.h"

/* Takes the element, which may be NULL for lack of memory. */
static inline void
json_put(bool *failed, json_t *object, const char *name, json_t *element)
{
	if (json_object_set_new(object, name, element) != 0)
		*failed = true;
}

static inline void
json_add(bool *failed, json_t *list, json_t *element)
{
	if (json_array_append_new(list, element) != 0)
		*failed = true;
}

/* JSON is UTF-8: text that is not, or that was cut within a character, is
 * escaped.  NULL for lack of memory. */
static inline json_t *
json_text(const char *text)
{
	enum { LONGEST = 4096 }; /* of what is escaped */
	char escaped[LONGEST];
	struct text t = text_over(escaped, sizeof(escaped));
	json_t *string = json_string(text);

	if (string)
		return string;
	text_add_escaped(&t, text, strlen(text));
	return json_string(escaped);
}

#endif /* JSON_PUT_H */
