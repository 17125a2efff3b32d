/* SPDX-License-Identifier: ISC */

/* The table of facts and their bytes; see ctl_msg.h. */

#include "ctl/ctl_msg.h"

static const struct ctl_fact facts[] = {
#define X(id, number, name, kind) { number, CTL_KIND_##kind, name },
	CTL_FACTS(X)
#undef X
};

const struct ctl_fact *
ctl_fact_find(uint16_t id)
{
	const size_t count = sizeof(facts) / sizeof(facts[0]);

	/* The numbers run from 1 without a gap (a test sees to it). */
	return id >= 1 && id <= count ? &facts[id - 1] : NULL;
}

void
ctl_put_text(struct buf_writer *w, enum ctl_fact_id id, const char *text)
{
	msg_put_text(w, (uint16_t)id, text);
}

void
ctl_put_number(struct buf_writer *w, enum ctl_fact_id id, uint64_t v)
{
	msg_put_u64(w, (uint16_t)id, v);
}

void
ctl_put_signed(struct buf_writer *w, enum ctl_fact_id id, int64_t v)
{
	msg_put_u64(w, (uint16_t)id, (uint64_t)v);
}

void
ctl_put_real(struct buf_writer *w, enum ctl_fact_id id, double v)
{
	uint64_t bits;

	_Static_assert(sizeof(bits) == sizeof(v), "a double has 64 bits");
	memcpy(&bits, &v, sizeof(bits));
	msg_put_u64(w, (uint16_t)id, bits);
}

void
ctl_put_bool(struct buf_writer *w, enum ctl_fact_id id, bool v)
{
	msg_put_u8(w, (uint16_t)id, v ? 1 : 0);
}

void
ctl_put_addr(struct buf_writer *w, enum ctl_fact_id id, const struct addr *a)
{
	if (a->family != ADDR_NONE)
		msg_put_addr(w, (uint16_t)id, a);
}

int64_t
ctl_get_signed(struct msg_attr *attr)
{
	return (int64_t)msg_get_u64(attr);
}

double
ctl_get_real(struct msg_attr *attr)
{
	const uint64_t bits = msg_get_u64(attr);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}
