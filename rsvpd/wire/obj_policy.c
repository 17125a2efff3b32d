/* SPDX-License-Identifier: ISC */

/*
 * POLICY_DATA (RFC 2750 3.1): its framing only.  The contents are opaque here
 * and are forwarded as they came.
 */

#include "rsvpd/wire/wire_int.h"

enum { POLICY_HEADER = 4, ELEMENT_HEADER = 4 };

/* Options are standard objects and end where the elements begin. */
static bool
options_are_framed(struct buf_reader options)
{
	while (buf_left(&options) > 0) {
		size_t len = buf_get_u16be(&options);

		if (len < WIRE_OBJ_HEADER || len % 4 != 0)
			return false;
		(void)buf_take(&options, len - 2);
	}
	return buf_complete(&options);
}

static bool
elements_are_framed(struct buf_reader elements)
{
	while (buf_left(&elements) > 0) {
		size_t len = buf_get_u16be(&elements);

		if (len < ELEMENT_HEADER)
			return false;
		(void)buf_take(&elements, len - 2);
	}
	return buf_complete(&elements);
}

static bool
policy_is_framed(struct buf_reader body)
{
	size_t offset = buf_get_u16be(&body); /* from the object header */

	(void)buf_get_u16be(&body); /* reserved */
	if (body.failed || offset < WIRE_OBJ_HEADER + POLICY_HEADER)
		return false;

	size_t options = offset - WIRE_OBJ_HEADER - POLICY_HEADER;

	return options_are_framed(buf_split(&body, options)) &&
	       elements_are_framed(body);
}

enum wire_fault
wire_decode_policy(struct buf_reader *body, struct wire_obj *obj)
{
	size_t len = buf_left(body);

	obj->malformed = !policy_is_framed(*body);
	obj->policy_view = (struct wire_view){ buf_take(body, len), len };
	return WIRE_OK;
}

void
wire_encode_policy(struct buf_writer *w, const struct wire_obj *obj)
{
	if (!policy_is_framed(
		    buf_reader(obj->policy_view.bytes, obj->policy_view.len)))
		w->failed = true;
	buf_put_bytes(w, obj->policy_view.bytes, obj->policy_view.len);
}

void
wire_print_policy(struct text *t, const struct wire_obj *obj)
{
	struct buf_reader body =
		buf_reader(obj->policy_view.bytes, obj->policy_view.len);
	size_t offset = buf_get_u16be(&body);
	const char *gap = "elements";

	if (!policy_is_framed(
		    buf_reader(obj->policy_view.bytes, obj->policy_view.len))) {
		text_add(t, "malformed");
		return;
	}
	(void)buf_take(&body, offset - WIRE_OBJ_HEADER - 2);
	while (buf_left(&body) > 0) {
		size_t len = buf_get_u16be(&body);
		unsigned p_type = buf_get_u16be(&body);

		(void)buf_take(&body, len - ELEMENT_HEADER);
		text_printf(t, "%s %u (%zu octets)", gap, p_type, len);
		gap = ",";
	}
}
