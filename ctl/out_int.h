/* SPDX-License-Identifier: ISC */
#ifndef OUT_INT_H
#define OUT_INT_H

/* JSON, as the two writers of it share it. */

struct json_t; /* jansson.h */

/* JSON is UTF-8: text that is not, or that was cut within a character, is
 * escaped.  NULL for lack of memory. */
struct json_t *out_json_text(const char *text);

#endif /* OUT_INT_H */
