/* SPDX-License-Identifier: ISC */

/* Facts as text; see ctl_show_t.h. */

#include "ctl_show_t.h"

#include "ctl/ctl_msg.h"
#include "t.h"

/* NOLINTNEXTLINE(misc-no-recursion): as deep as what was written */
static void
put_value(struct text *t, const struct ctl_fact *f, struct msg_attr *a)
{
	struct addr addr;
	char text[1024];

	switch ((enum ctl_kind)f->kind) {
	case CTL_KIND_TEXT:
		msg_get_text(a, text, sizeof(text));
		text_printf(t, "'%s'", text);
		break;
	case CTL_KIND_NUMBER:
		text_printf(t, "%" PRIu64, msg_get_u64(a));
		break;
	case CTL_KIND_SIGNED:
		text_printf(t, "%" PRId64, ctl_get_signed(a));
		break;
	case CTL_KIND_REAL:
		text_printf(t, "%g", ctl_get_real(a));
		break;
	case CTL_KIND_BOOL:
		text_add(t, msg_get_u8(a) ? "yes" : "no");
		break;
	case CTL_KIND_ADDR:
		addr = msg_get_addr(a);
		text_add(t, addr_format(&addr, text));
		break;
	case CTL_KIND_OBJECT:
	case CTL_KIND_LIST:
		text_add(t, "{");
		ctl_show(t, a->body);
		text_add(t, "}");
		return;
	}
	T_CHECK(!a->body.failed, "%s has another size", f->name);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as what was written */
void
ctl_show(struct text *t, struct buf_reader facts)
{
	const char *between = "";
	struct msg_attr a;

	while (msg_attr_next(&facts, &a)) {
		const struct ctl_fact *f = ctl_fact_find(a.type);

		T_CHECK(f != NULL, "fact %u is not known", a.type);
		text_printf(t, "%s%s ", between, f->name);
		put_value(t, f, &a);
		between = " ";
	}
	T_CHECK(!facts.failed, "facts that are no facts");
}
