/* SPDX-License-Identifier: ISC */

/*
 * Size tables: what a qdisc and all below it charge for a packet, by adding an
 * overhead and by looking the sum up in a table of cells.  The kernel dumps the
 * parameters and not the table, which follows from them.
 */

#include "stab_int.h"

#include <linux/rtnetlink.h>
#include <string.h>

#include "rate_int.h"

_Static_assert((int)TC_LAYER_ETHERNET == TC_LINKLAYER_ETHERNET &&
		       (int)TC_LAYER_ATM == TC_LINKLAYER_ATM,
	"kernel's link layers");

enum { TSIZE = 512 };

/* Octets that packets in a cell of the table are charged. */
static uint32_t
entry(const struct tc_stab *s, uint32_t index)
{
	uint32_t size = (index + 1) << s->cell_log;

	size = size < s->mpu ? s->mpu : size;
	return tc_rate_cells(size, s->linklayer == TC_LAYER_ATM);
}

void
tc_stab_complete(struct tc_stab *stab)
{
	if (stab->linklayer <= TC_LAYER_ETHERNET && stab->mpu == 0) {
		stab->mtu = 0; /* an overhead alone needs no table */
		stab->tsize = 0;
		stab->cell_log = 0;
		stab->size_log = 0;
		stab->cell_align = 0;
		return;
	}
	if (stab->mtu == 0)
		stab->mtu = TC_RATE_MTU;
	if (stab->tsize == 0)
		stab->tsize = TSIZE;
	stab->cell_log = 0;
	while (stab->mtu >> stab->cell_log > stab->tsize - 1)
		stab->cell_log++;
	stab->size_log = 0;
	while (entry(stab, stab->tsize - 1) >> stab->size_log > UINT16_MAX)
		stab->size_log++;
	stab->cell_align = -1;
}

const char *
tc_stab_problem(const struct tc_stab *stab)
{
	if (stab->tsize > TC_STAB_TSIZE_MAX)
		return "a size table of more than 16384 entries";
	if (stab->mtu > TC_STAB_MTU_MAX || stab->mpu > TC_STAB_MTU_MAX)
		return "a size table for packets above 16 MiB";
	if (stab->linklayer > TC_LAYER_ATM)
		return "a size table for an unknown link layer";
	return NULL;
}

void
tc_stab_fill(struct buf_writer *w, const struct tc_stab *s)
{
	const struct tc_sizespec base = { .cell_log = s->cell_log,
		.size_log = s->size_log,
		.cell_align = s->cell_align,
		.overhead = s->overhead,
		.linklayer = s->linklayer,
		.mpu = s->mpu,
		.mtu = s->mtu,
		.tsize = s->tsize };
	uint8_t *nest = nl_begin(w, TCA_STAB);
	uint8_t *data;

	nl_put(w, TCA_STAB_BASE, &base, sizeof(base));
	if (s->tsize > 0) {
		data = nl_begin(w, TCA_STAB_DATA);
		for (uint32_t i = 0; i < s->tsize && !w->failed; i++) {
			uint16_t size = (uint16_t)(entry(s, i) >> s->size_log);

			buf_put_bytes(w, &size, sizeof(size));
		}
		nl_end(w, data);
	}
	nl_end(w, nest);
}

bool
tc_stab_parse(struct nl_view view, struct tc_stab *ret_stab)
{
	static const struct nl_want wants[] = { { TCA_STAB_BASE,
		sizeof(struct tc_sizespec) } };
	struct nl_view got[1];
	struct tc_sizespec base;

	if (!nl_parse(view, wants, 1, got) || !got[0].data)
		return false;
	memcpy(&base, got[0].data, sizeof(base));
	*ret_stab = (struct tc_stab){ .cell_log = base.cell_log,
		.size_log = base.size_log,
		.cell_align = base.cell_align,
		.overhead = base.overhead,
		.linklayer = base.linklayer,
		.mpu = base.mpu,
		.mtu = base.mtu,
		.tsize = base.tsize };
	return base.cell_log < 32 && base.size_log < 32 &&
	       !tc_stab_problem(ret_stab);
}

void
tc_stab_print(struct text *t, const struct tc_stab *s)
{
	static const char *const layers[] = { "", " ethernet", " atm" };

	text_printf(t, " size table%s overhead %d",
		layers[s->linklayer <= TC_LAYER_ATM ? s->linklayer : 0],
		s->overhead);
	if (s->mpu != 0)
		text_printf(t, " mpu %u", s->mpu);
	if (s->tsize != 0)
		text_printf(t, " mtu %u tsize %u", s->mtu, s->tsize);
}
