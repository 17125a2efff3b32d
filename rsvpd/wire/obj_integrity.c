/* SPDX-License-Identifier: ISC */

/*
 * INTEGRITY (RFC 2747 2.1): recognised, so that a message that carries one is
 * not refused for it, but neither checked nor sent.
 */

#include "rsvpd/wire/wire_int.h"

enum wire_fault
wire_decode_integrity(struct buf_reader *body, struct wire_obj *obj)
{
	(void)obj; /* nothing is kept */
	(void)buf_take(body, buf_left(body));
	return WIRE_OK;
}

void
wire_print_integrity(struct text *t, const struct wire_obj *obj)
{
	(void)obj;
	text_add(t, "not checked");
}
