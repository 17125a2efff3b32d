/* SPDX-License-Identifier: ISC */

/* A message as text: one line for logs, or a tree with a line an object. */

#include "rsvpd/wire/wire_int.h"

static void
print_hex(struct text *t, const struct wire_view *view, size_t max)
{
	for (size_t i = 0; i < view->len && i < max; i++)
		text_printf(t, "%02x", view->bytes[i]);
	if (view->len > max)
		text_add(t, "...");
}

/* The most useful facts, in the order in which people ask for them. */
static bool
print_fact(void *arg, const struct wire_obj *obj)
{
	struct text *t = (struct text *)arg;

	switch (obj->class_num) {
	case WIRE_C_SESSION:
	case WIRE_C_STYLE:
		text_add(t, " ");
		break;
	case WIRE_C_HOP:
		text_add(t, " hop ");
		break;
	case WIRE_C_ERROR:
		text_add(t, " error ");
		break;
	case WIRE_C_CONFIRM:
		text_add(t, " confirm ");
		break;
	case WIRE_C_SENDER:
		text_add(t, " sender ");
		break;
	case WIRE_C_TSPEC:
		text_add(t, " tspec ");
		break;
	case WIRE_C_FLOWSPEC:
		text_add(t, " flowspec ");
		break;
	case WIRE_C_FILTER:
		text_add(t, " filter ");
		break;
	default:
		return true;
	}
	if (obj->cls)
		obj->cls->print(t, obj);
	return true;
}

void
wire_msg_print(struct text *t, const struct wire_msg *msg)
{
	text_add(t, wire_type_text(msg->type));
	(void)wire_msg_each(msg, print_fact, t); /* print_fact goes on */
	if (msg->flows_ignored > 0)
		text_printf(t, " and %zu more", msg->flows_ignored);
	text_printf(t, " ttl %u", msg->send_ttl);
}

static bool
print_branch(void *arg, const struct wire_obj *obj)
{
	struct text *t = (struct text *)arg;

	if (!obj->cls) {
		text_printf(t,
			"  class %u C-Type %u, %zu octets: ", obj->class_num,
			obj->c_type, obj->whole.len);
		print_hex(t, &obj->whole, 32);
		text_add(t, "\n");
		return true;
	}
	text_printf(t, "  %s (%u,%u): ", obj->cls->name, obj->cls->class_num,
		obj->cls->c_type);
	obj->cls->print(t, obj);
	text_add(t, "\n");
	return true;
}

void
wire_msg_print_tree(struct text *t, const struct wire_msg *msg)
{
	text_printf(t, "%s (type %u), flags 0x%x, Send_TTL %u\n",
		wire_type_text(msg->type), msg->type, msg->flags,
		msg->send_ttl);
	if (msg->has & WIRE_HAS_INTEGRITY) {
		struct wire_obj obj =
			wire_obj_make(WIRE_C_INTEGRITY, ADDR_NONE);

		(void)print_branch(t, &obj);
	}
	(void)wire_msg_each(msg, print_branch, t); /* print_branch goes on */
	if (msg->flows_ignored > 0)
		text_printf(t, "  %zu more flow descriptors ignored\n",
			msg->flows_ignored);
}
