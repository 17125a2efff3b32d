/* SPDX-License-Identifier: ISC */

/* Facts off the wire as values. */

#include "base/text.h"
#include "ctl/ctl.h"

static void
decode(struct msg_attr *a, struct ctl_value *v)
{
	struct addr addr;
	char text[ADDR_TEXT];

	switch ((enum ctl_kind)v->fact->kind) {
	case CTL_KIND_TEXT:
		msg_get_text(a, v->text, sizeof(v->text));
		break;
	case CTL_KIND_NUMBER:
		v->number = msg_get_u64(a);
		break;
	case CTL_KIND_SIGNED:
		v->signed_number = ctl_get_signed(a);
		break;
	case CTL_KIND_REAL:
		v->real = ctl_get_real(a);
		break;
	case CTL_KIND_BOOL:
		v->number = msg_get_u8(a) != 0;
		break;
	case CTL_KIND_ADDR:
		addr = msg_get_addr(a);
		(void)text_copy(v->text, sizeof(v->text),
			addr_format(&addr, text)); /* always fits */
		break;
	case CTL_KIND_OBJECT:
	case CTL_KIND_LIST:
		v->facts = a->body;
		break;
	}
}

bool
ctl_value_next(struct buf_reader *facts, struct ctl_value *ret_value)
{
	struct msg_attr a;

	while (msg_attr_next(facts, &a)) {
		struct ctl_value v = { .fact = ctl_fact_find(a.type) };

		if (!v.fact)
			continue; /* of a newer daemon */
		decode(&a, &v);
		if (a.body.failed)
			continue;
		*ret_value = v;
		return true;
	}
	return false;
}

bool
ctl_value_find(const struct buf_reader *facts, enum ctl_fact_id id,
	struct ctl_value *ret_value)
{
	struct buf_reader copy = *facts;
	struct ctl_value v;

	while (ctl_value_next(&copy, &v)) {
		if (v.fact->id == id) {
			*ret_value = v;
			return true;
		}
	}
	return false;
}
