/* SPDX-License-Identifier: ISC */
#include "ctl/ctl_msg.h"
#include "t.h"

static void
facts_are_numbered_without_a_gap(void)
{
	uint16_t id = 1;

	for (; ctl_fact_find(id); id++) {
		T_EQ(ctl_fact_find(id)->id, id);
		for (uint16_t other = 1; other < id; other++)
			T_CHECK(strcmp(ctl_fact_find(id)->name,
					ctl_fact_find(other)->name) != 0,
				"%s stands twice", ctl_fact_find(id)->name);
	}
	T_CHECK(id > 80, "only %u facts", id);
	T_CHECK(!ctl_fact_find(0) && !ctl_fact_find(id), "beyond the table");
}

static void
numbers_survive(void)
{
	uint8_t bytes[64];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct msg_attr a;

	ctl_put_signed(&w, CTL_F_EXPIRES, -5);
	ctl_put_real(&w, CTL_F_R, 1.25e5);
	ctl_put_bool(&w, CTL_F_UP, true);

	struct buf_reader r = buf_reader(bytes, buf_written(&w));

	T_CHECK(msg_attr_next(&r, &a), "no attribute");
	T_EQ(ctl_get_signed(&a), -5);
	T_CHECK(msg_attr_next(&r, &a), "no attribute");
	T_CHECK(ctl_get_real(&a) == 1.25e5, "another number");
	T_CHECK(msg_attr_next(&r, &a), "no attribute");
	T_EQ(msg_get_u8(&a), 1);
}

static void
no_address_is_left_out(void)
{
	const struct addr none = { 0 };
	uint8_t bytes[64];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	ctl_put_addr(&w, CTL_F_V6, &none);
	T_EQ(buf_written(&w), 0);
}

static struct t_case cases[] = {
	{ "facts are numbered without a gap",
		facts_are_numbered_without_a_gap },
	{ "numbers survive writing and reading", numbers_survive },
	{ "an address that is none is left out", no_address_is_left_out },
};

T_MAIN(cases)
