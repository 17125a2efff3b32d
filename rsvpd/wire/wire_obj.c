/* SPDX-License-Identifier: ISC */

/*
 * The object table (RFC 2205 3.1.2 and Appendix A).  Decoder, encoder, printer
 * and their tests walk it, so that adding an object is adding a row.
 *
 * Sizes are those of the body, without the object header.  A FLOWSPEC,
 * SENDER_TSPEC or ADSPEC is judged by its own length fields, because a wrong
 * one can be answered with an error message (RFC 2205 3.10).
 */

#include "rsvpd/wire/wire_int.h"

enum { BODY_MAX = WIRE_MESSAGE_MAX - WIRE_HEADER - WIRE_OBJ_HEADER };

/* clang-format off */
static const struct wire_class classes[] = {
/*	  num  type family    min  max  name
 *	  decode                   encode                   print */
	{ WIRE_C_SESSION, 1, ADDR_V4, 8, 8, "SESSION",
	  wire_decode_session,     wire_encode_session,     wire_print_session_obj },
	{ WIRE_C_SESSION, 2, ADDR_V6, 20, 20, "SESSION",
	  wire_decode_session,     wire_encode_session,     wire_print_session_obj },
	{ WIRE_C_HOP, 1, ADDR_V4, 8, 8, "RSVP_HOP",
	  wire_decode_hop,         wire_encode_hop,         wire_print_hop },
	{ WIRE_C_HOP, 2, ADDR_V6, 20, 20, "RSVP_HOP",
	  wire_decode_hop,         wire_encode_hop,         wire_print_hop },
	/* RFC 2747 2.1: flags to sequence number, then a digest of HMAC-MD5's
	 * 16 octets up to the longest in use. */
	{ WIRE_C_INTEGRITY, 1, ADDR_NONE, 32, 80, "INTEGRITY",
	  wire_decode_integrity,   NULL,                    wire_print_integrity },
	{ WIRE_C_TIME_VALUES, 1, ADDR_NONE, 4, 4, "TIME_VALUES",
	  wire_decode_time_values, wire_encode_time_values, wire_print_time_values },
	{ WIRE_C_ERROR, 1, ADDR_V4, 8, 8, "ERROR_SPEC",
	  wire_decode_error,       wire_encode_error,       wire_print_error },
	{ WIRE_C_ERROR, 2, ADDR_V6, 20, 20, "ERROR_SPEC",
	  wire_decode_error,       wire_encode_error,       wire_print_error },
	{ WIRE_C_SCOPE, 1, ADDR_V4, 4, BODY_MAX, "SCOPE",
	  wire_decode_scope,       wire_encode_scope,       wire_print_scope },
	{ WIRE_C_SCOPE, 2, ADDR_V6, 16, BODY_MAX, "SCOPE",
	  wire_decode_scope,       wire_encode_scope,       wire_print_scope },
	{ WIRE_C_STYLE, 1, ADDR_NONE, 4, 4, "STYLE",
	  wire_decode_style,       wire_encode_style,       wire_print_style },
	{ WIRE_C_FLOWSPEC, 2, ADDR_NONE, 0, BODY_MAX, "FLOWSPEC",
	  wire_decode_flowspec,    wire_encode_flowspec,    wire_print_flowspec_obj },
	{ WIRE_C_FILTER, 1, ADDR_V4, 8, 8, "FILTER_SPEC",
	  wire_decode_filter,      wire_encode_filter,      wire_print_filter_obj },
	{ WIRE_C_FILTER, 2, ADDR_V6, 20, 20, "FILTER_SPEC",
	  wire_decode_filter,      wire_encode_filter,      wire_print_filter_obj },
	{ WIRE_C_FILTER, 3, ADDR_V6, 20, 20, "FILTER_SPEC",
	  wire_decode_label,       wire_encode_label,       wire_print_filter_obj },
	{ WIRE_C_SENDER, 1, ADDR_V4, 8, 8, "SENDER_TEMPLATE",
	  wire_decode_filter,      wire_encode_filter,      wire_print_filter_obj },
	{ WIRE_C_SENDER, 2, ADDR_V6, 20, 20, "SENDER_TEMPLATE",
	  wire_decode_filter,      wire_encode_filter,      wire_print_filter_obj },
	{ WIRE_C_SENDER, 3, ADDR_V6, 20, 20, "SENDER_TEMPLATE",
	  wire_decode_label,       wire_encode_label,       wire_print_filter_obj },
	{ WIRE_C_TSPEC, 2, ADDR_NONE, 0, BODY_MAX, "SENDER_TSPEC",
	  wire_decode_tspec,       wire_encode_tspec,       wire_print_tspec_obj },
	{ WIRE_C_ADSPEC, 2, ADDR_NONE, 0, BODY_MAX, "ADSPEC",
	  wire_decode_adspec,      wire_encode_adspec,      wire_print_adspec },
	{ WIRE_C_POLICY, 1, ADDR_NONE, 0, BODY_MAX, "POLICY_DATA",
	  wire_decode_policy,      wire_encode_policy,      wire_print_policy },
	{ WIRE_C_CONFIRM, 1, ADDR_V4, 4, 4, "RESV_CONFIRM",
	  wire_decode_confirm,     wire_encode_confirm,     wire_print_confirm },
	{ WIRE_C_CONFIRM, 2, ADDR_V6, 16, 16, "RESV_CONFIRM",
	  wire_decode_confirm,     wire_encode_confirm,     wire_print_confirm },
};
/* clang-format on */

enum { CLASSES = sizeof(classes) / sizeof(classes[0]) };

const struct wire_class *
wire_class_at(size_t i)
{
	return i < CLASSES ? &classes[i] : NULL;
}

const struct wire_class *
wire_class_find(uint8_t class_num, uint8_t c_type)
{
	for (size_t i = 0; i < CLASSES; i++)
		if (classes[i].class_num == class_num &&
			classes[i].c_type == c_type)
			return &classes[i];
	return NULL;
}

const struct wire_class *
wire_class_for(uint8_t class_num, uint8_t family)
{
	for (size_t i = 0; i < CLASSES; i++)
		if (classes[i].class_num == class_num &&
			(classes[i].family == family ||
				classes[i].family == ADDR_NONE))
			return &classes[i];
	return NULL;
}

enum wire_unknown
wire_unknown_class(uint8_t class_num)
{
	switch (class_num >> 6) {
	case 2:
		return WIRE_UNKNOWN_DROP;
	case 3:
		return WIRE_UNKNOWN_FORWARD;
	default: /* 0bbbbbbb */
		return WIRE_UNKNOWN_REJECT;
	}
}

static bool
class_is_known(uint8_t class_num)
{
	for (size_t i = 0; i < CLASSES; i++)
		if (classes[i].class_num == class_num)
			return true;
	return false;
}

/* Length, class and C-Type; the body is split off. */
static enum wire_fault
decode_frame(
	struct buf_reader *r, struct wire_obj *obj, struct buf_reader *ret_body)
{
	struct buf_reader start = *r;
	size_t len = buf_get_u16be(r);

	obj->class_num = buf_get_u8(r);
	obj->c_type = buf_get_u8(r);
	if (r->failed)
		return WIRE_SHORT;
	if (len < WIRE_OBJ_HEADER || len % 4 != 0)
		return WIRE_LENGTH;
	*ret_body = buf_split(r, len - WIRE_OBJ_HEADER);
	if (ret_body->failed)
		return WIRE_SHORT;
	obj->whole = (struct wire_view){ buf_take(&start, len), len };
	return WIRE_OK;
}

enum wire_fault
wire_obj_decode(struct buf_reader *r, struct wire_obj *ret_obj)
{
	struct buf_reader body;
	enum wire_fault fault;

	*ret_obj = (struct wire_obj){ 0 };
	fault = decode_frame(r, ret_obj, &body);
	if (fault != WIRE_OK)
		return fault;
	ret_obj->cls = wire_class_find(ret_obj->class_num, ret_obj->c_type);
	if (!ret_obj->cls)
		return class_is_known(ret_obj->class_num) ? WIRE_UNKNOWN_CTYPE
							  : WIRE_UNKNOWN_CLASS;

	size_t len = buf_left(&body);

	if (len < ret_obj->cls->min_body || len > ret_obj->cls->max_body)
		return WIRE_LENGTH;
	fault = ret_obj->cls->decode(&body, ret_obj);
	if (fault != WIRE_OK)
		return fault;
	return buf_complete(&body) ? WIRE_OK : WIRE_LENGTH;
}

void
wire_obj_encode(struct buf_writer *w, const struct wire_obj *obj)
{
	size_t start = buf_written(w);
	uint8_t *length = buf_reserve(w, 2);

	if (!length || !obj->cls || !obj->cls->encode) {
		w->failed = true;
		return;
	}
	buf_put_u8(w, obj->cls->class_num);
	buf_put_u8(w, obj->cls->c_type);
	obj->cls->encode(w, obj);

	size_t len = buf_written(w) - start;
	size_t least = (size_t)WIRE_OBJ_HEADER + obj->cls->min_body;
	size_t most = (size_t)WIRE_OBJ_HEADER + obj->cls->max_body;

	if (len % 4 != 0 || len < least || len > most) {
		w->failed = true;
		return;
	}

	struct buf_writer field = buf_writer(length, 2);

	buf_put_u16be(&field, (uint16_t)len);
}

struct wire_obj
wire_obj_make(uint8_t class_num, uint8_t family)
{
	const struct wire_class *cls = wire_class_for(class_num, family);

	return (struct wire_obj){ .class_num = class_num,
		.c_type = cls ? cls->c_type : 0,
		.cls = cls };
}

struct wire_obj
wire_obj_make_filter(uint8_t class_num, const struct wire_filter *filter)
{
	struct wire_obj obj = wire_obj_make(class_num, filter->src.family);

	if (filter->form == WIRE_FILTER_FLOW_LABEL) {
		obj.cls = wire_class_find(class_num, WIRE_CTYPE_FLOW_LABEL);
		obj.c_type = WIRE_CTYPE_FLOW_LABEL;
	}
	obj.filter = *filter;
	return obj;
}

struct addr
wire_get_addr(struct buf_reader *r, uint8_t family)
{
	struct addr a = { .family = family };

	buf_get_bytes(r, a.b, addr_size(family));
	return a;
}

void
wire_put_addr(struct buf_writer *w, const struct addr *a)
{
	buf_put_bytes(w, a->b, addr_size(a->family));
}
