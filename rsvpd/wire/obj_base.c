/* SPDX-License-Identifier: ISC */

/*
 * RSVP_HOP, TIME_VALUES, ERROR_SPEC, SCOPE, STYLE and RESV_CONFIRM (RFC 2205
 * A.2 to A.7 and A.14): the objects of the protocol itself.
 */

#include "rsvpd/wire/wire_int.h"

enum wire_fault
wire_decode_hop(struct buf_reader *body, struct wire_obj *obj)
{
	obj->hop.addr = wire_get_addr(body, obj->cls->family);
	obj->hop.lih = buf_get_u32be(body);
	return addr_is_unicast(&obj->hop.addr) ? WIRE_OK : WIRE_VALUE;
}

void
wire_encode_hop(struct buf_writer *w, const struct wire_obj *obj)
{
	if (!addr_is_unicast(&obj->hop.addr))
		w->failed = true;
	wire_put_addr(w, &obj->hop.addr);
	buf_put_u32be(w, obj->hop.lih);
}

void
wire_print_hop(struct text *t, const struct wire_obj *obj)
{
	char addr[ADDR_TEXT];

	text_printf(t, "%s lih 0x%08x", addr_format(&obj->hop.addr, addr),
		(unsigned)obj->hop.lih);
}

enum wire_fault
wire_decode_time_values(struct buf_reader *body, struct wire_obj *obj)
{
	obj->refresh_ms = buf_get_u32be(body);
	return WIRE_OK;
}

void
wire_encode_time_values(struct buf_writer *w, const struct wire_obj *obj)
{
	buf_put_u32be(w, obj->refresh_ms);
}

void
wire_print_time_values(struct text *t, const struct wire_obj *obj)
{
	text_printf(t, "refresh %u ms", (unsigned)obj->refresh_ms);
}

enum wire_fault
wire_decode_error(struct buf_reader *body, struct wire_obj *obj)
{
	struct wire_error *e = &obj->error;

	e->node = wire_get_addr(body, obj->cls->family);
	e->flags = buf_get_u8(body);
	e->code = buf_get_u8(body);
	e->value = buf_get_u16be(body);
	return WIRE_OK;
}

void
wire_encode_error(struct buf_writer *w, const struct wire_obj *obj)
{
	const struct wire_error *e = &obj->error;

	wire_put_addr(w, &e->node);
	buf_put_u8(w, e->flags);
	buf_put_u8(w, e->code);
	buf_put_u16be(w, e->value);
}

void
wire_print_error(struct text *t, const struct wire_obj *obj)
{
	const struct wire_error *e = &obj->error;
	const char *value = wire_error_value_text(e->code, e->value);
	char node[ADDR_TEXT];

	text_printf(t, "code %u value %u from %s: %s", e->code, e->value,
		addr_format(&e->node, node), wire_error_text(e->code));
	if (value[0] != '\0')
		text_printf(t, ", %s", value);
	if (e->flags & WIRE_ERROR_IN_PLACE)
		text_add(t, " (InPlace)");
	if (e->flags & WIRE_ERROR_NOT_GUILTY)
		text_add(t, " (NotGuilty)");
}

enum wire_fault
wire_decode_scope(struct buf_reader *body, struct wire_obj *obj)
{
	size_t len = buf_left(body);

	if (len % addr_size(obj->cls->family) != 0)
		return WIRE_LENGTH;
	obj->scope_view = (struct wire_view){ buf_take(body, len), len };
	return WIRE_OK;
}

/*
 * Sent addresses are in ascending order, each once (RFC 2205 A.6); received
 * ones are taken in any.
 */
static bool
scope_is_ascending(const struct wire_obj *obj)
{
	struct buf_reader r =
		buf_reader(obj->scope_view.bytes, obj->scope_view.len);
	struct addr last = { .family = ADDR_NONE };

	while (buf_left(&r) > 0) {
		struct addr a = wire_get_addr(&r, obj->cls->family);

		if (addr_compare(&last, &a) >= 0)
			return false;
		last = a;
	}
	return buf_complete(&r);
}

void
wire_encode_scope(struct buf_writer *w, const struct wire_obj *obj)
{
	if (!scope_is_ascending(obj))
		w->failed = true;
	buf_put_bytes(w, obj->scope_view.bytes, obj->scope_view.len);
}

void
wire_print_scope(struct text *t, const struct wire_obj *obj)
{
	struct buf_reader r =
		buf_reader(obj->scope_view.bytes, obj->scope_view.len);
	const char *gap = "";

	while (buf_left(&r) > 0) {
		struct addr a = wire_get_addr(&r, obj->cls->family);
		char addr[ADDR_TEXT];

		text_printf(t, "%s%s", gap, addr_format(&a, addr));
		gap = " ";
	}
}

enum wire_fault
wire_decode_style(struct buf_reader *body, struct wire_obj *obj)
{
	(void)buf_get_u8(body); /* flags: none defined */

	uint32_t high = buf_get_u8(body);

	obj->style_vector = high << 16 | buf_get_u16be(body);
	return WIRE_OK;
}

void
wire_encode_style(struct buf_writer *w, const struct wire_obj *obj)
{
	buf_put_u32be(w, obj->style_vector & WIRE_STYLE_MASK);
}

void
wire_print_style(struct text *t, const struct wire_obj *obj)
{
	text_add(t, wire_style_text(obj->style_vector & WIRE_STYLE_MASK));
	if (!wire_style_known(obj->style_vector & WIRE_STYLE_MASK))
		text_printf(t, " 0x%06x", (unsigned)obj->style_vector);
}

enum wire_fault
wire_decode_confirm(struct buf_reader *body, struct wire_obj *obj)
{
	obj->confirm = wire_get_addr(body, obj->cls->family);
	return addr_is_unicast(&obj->confirm) ? WIRE_OK : WIRE_VALUE;
}

void
wire_encode_confirm(struct buf_writer *w, const struct wire_obj *obj)
{
	if (!addr_is_unicast(&obj->confirm))
		w->failed = true;
	wire_put_addr(w, &obj->confirm);
}

void
wire_print_confirm(struct text *t, const struct wire_obj *obj)
{
	char addr[ADDR_TEXT];

	text_add(t, addr_format(&obj->confirm, addr));
}
