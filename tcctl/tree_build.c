/* SPDX-License-Identifier: ISC */

/*
 * From a description to the kernel's objects: qdiscs and classes.  What the
 * file leaves out becomes what tc(8) and the kernel would make of it, so that
 * the same tree described and typed is the same.
 */

#include "tree_int.h"

#include <string.h>

#include "stab_int.h"

enum {
	TICKS_PER_S = 1000000000, /* of the clock that fills buckets */
	AUTO_HANDLE = 0x8001
};

static uint64_t
or_else(uint64_t value, uint64_t otherwise)
{
	return value == TREE_UNSET ? otherwise : value;
}

static uint32_t
or_zero(uint64_t value)
{
	return value == TREE_UNSET ? 0 : (uint32_t)value; /* checked */
}

uint32_t
tree_burst_ticks(
	const struct tree_burst *burst, uint64_t rate_Bps, uint64_t otherwise)
{
	if (burst->ticks != TREE_UNSET)
		return (uint32_t)burst->ticks; /* checked */
	return tc_burst_ticks(or_else(burst->bytes, otherwise), rate_Bps);
}

/* A bucket smaller than a packet never lets one through at the full rate. */
static void
judge_burst(const struct tree_building *b, unsigned line, const char *what,
	const struct tree_burst *burst)
{
	uint32_t packet = b->link->mtu + b->link->header_bytes;

	if (burst->bytes != TREE_UNSET && burst->bytes < packet)
		tree_warning(b->faults, line,
			"%s: %llu octets are less than a packet of %s (%u): "
			"the rate will not be reached (raise it)",
			what, (unsigned long long)burst->bytes, b->link->name,
			packet);
}

/* ---- qdiscs -------------------------------------------------------------- */

static void
build_htb(const struct tree_qdisc *q, struct tc_object *o)
{
	o->kind = &tc_kind_htb_root;
	o->root.default_minor = q->default_id & 0xffff;
	o->root.r2q = (uint32_t)or_else(q->p.r2q, TC_HTB_R2Q);
	o->root.direct_qlen = or_zero(q->p.direct_qlen);
	o->root.any_qlen = q->p.direct_qlen == TREE_UNSET;
}

static void
build_tbf(struct tree_building *b, const struct tree_qdisc *q,
	struct tc_object *o)
{
	const struct tree_params *p = &q->p;
	uint64_t burst =
		p->burst.bytes != TREE_UNSET
			? p->burst.bytes
			: tc_clock_bytes((uint32_t)p->burst.ticks, p->rate_Bps);

	judge_burst(b, q->line, "burst", &p->burst);
	o->kind = &tc_kind_tbf;
	o->tbf = (struct tc_tbf){ .rate_Bps = p->rate_Bps,
		.peak_Bps = or_else(p->peak_Bps, 0),
		.burst_bytes = (uint32_t)burst,
		.mtu_bytes =
			p->peak_Bps != TREE_UNSET ? or_zero(p->mtu_bytes) : 0,
		.overhead = (uint16_t)or_zero(p->overhead_bytes),
		.mpu = (uint16_t)or_zero(p->mpu_bytes),
		.atm = p->atm == 1 };
	o->tbf.limit_bytes = p->limit != TREE_UNSET
				     ? (uint32_t)p->limit
				     : tc_tbf_limit_of_latency(&o->tbf,
					       (uint32_t)p->latency_us);
}

static void
build_prio(const struct tree_qdisc *q, struct tc_object *o)
{
	o->kind = &tc_kind_prio;
	tc_prio_default(&o->prio);
	o->prio.bands = (uint8_t)or_else(q->p.bands, o->prio.bands);
	for (size_t i = 0; i < TREE_PRIOS; i++) {
		if (q->has_priomap)
			o->prio.map[i] = q->priomap[i];
		if (o->prio.map[i] >= o->prio.bands)
			o->prio.map[i] = (uint8_t)(o->prio.bands - 1);
	}
}

static void
build_sfq(const struct tree_qdisc *q, struct tc_object *o)
{
	o->kind = &tc_kind_sfq;
	o->sfq = (struct tc_sfq){ .quantum = or_zero(q->p.quantum_bytes),
		.perturb_s = or_zero(q->p.perturb_s),
		.limit = or_zero(q->p.limit),
		.divisor = or_zero(q->p.divisor),
		.flows = or_zero(q->p.flows),
		.depth = or_zero(q->p.depth),
		.headdrop = q->p.headdrop == 1 };
}

static void
build_fq_codel(const struct tree_qdisc *q, struct tc_object *o)
{
	const struct tree_params *p = &q->p;

	o->kind = &tc_kind_fq_codel;
	o->fq_codel = (struct tc_fq_codel){ .limit = or_zero(p->limit),
		.target_us = or_zero(p->target_us),
		.interval_us = or_zero(p->interval_us),
		.quantum = or_zero(p->quantum_bytes),
		.ecn = (uint32_t)or_else(p->ecn, 1),
		.flows = or_zero(p->flows),
		.memory_limit_bytes = or_zero(p->memory_bytes),
		.drop_batch = or_zero(p->drop_batch),
		.has_ce_threshold = p->ce_threshold_us != TREE_UNSET,
		.ce_threshold_us = or_zero(p->ce_threshold_us) };
}

static void
build_kind(struct tree_building *b, const struct tree_qdisc *q,
	struct tc_object *o)
{
	switch ((enum tree_kind)q->kind) {
	case TREE_HTB:
		build_htb(q, o);
		break;
	case TREE_TBF:
		build_tbf(b, q, o);
		break;
	case TREE_PRIO:
		build_prio(q, o);
		break;
	case TREE_SFQ:
		build_sfq(q, o);
		break;
	case TREE_FQ_CODEL:
		build_fq_codel(q, o);
		break;
	case TREE_PFIFO:
	case TREE_BFIFO:
		o->kind =
			q->kind == TREE_PFIFO ? &tc_kind_pfifo : &tc_kind_bfifo;
		o->fifo.limit = or_zero(q->p.limit);
		break;
	case TREE_INGRESS:
		o->kind = &tc_kind_ingress;
		break;
	case TREE_CLSACT:
		o->kind = &tc_kind_clsact;
		break;
	case TREE_KINDS:
		break;
	}
}

static void
build_stab(struct tree_building *b, const struct tree_stab *from,
	struct tc_object *o)
{
	struct tc_extra *extra = tc_objects_extra(b->into, o);

	if (!extra)
		return;
	extra->has_stab = true;
	extra->stab = (struct tc_stab){ .overhead = (int32_t)from->overhead,
		.linklayer = from->linklayer,
		.mpu = (uint32_t)from->mpu,
		.mtu = (uint32_t)from->mtu,
		.tsize = (uint32_t)from->entries };
	tc_stab_complete(&extra->stab);
	if (tc_stab_problem(&extra->stab))
		tree_error(b->faults, from->line, "size_table: %s",
			tc_stab_problem(&extra->stab));
}

enum by { HANDLE, PARENT };

static void
index_iface(const struct tree_iface *iface, struct tree_index *ret)
{
	for (size_t i = 0; i < iface->qdisc_count; i++)
		tree_index_add(ret, HANDLE, iface->qdiscs[i].handle, i);
	for (size_t i = 0; i < iface->class_count; i++)
		tree_index_add(ret, PARENT, iface->classes[i].parent, i);
	tree_index_sort(ret);
}

static bool
is_there(const struct tree_building *b, enum by by, uint32_t key)
{
	return tree_index_from(&b->index, by, key, 0) != TREE_NOWHERE;
}

static void
build_qdiscs(struct tree_building *b)
{
	uint32_t next = AUTO_HANDLE;

	for (size_t i = 0; i < b->iface->qdisc_count; i++) {
		const struct tree_qdisc *q = &b->iface->qdiscs[i];
		struct tc_object *o = tc_objects_add(b->into);

		if (!o)
			return;
		while (q->handle == 0 && is_there(b, HANDLE, next << 16))
			next++;
		o->ifindex = b->link->ifindex;
		o->parent = q->parent;
		o->handle = q->handle != 0 ? q->handle : next++ << 16;
		o->type = q->parent == TC_PARENT_ROOT      ? TC_QDISC_ROOT
			  : q->parent == TC_INGRESS_PARENT ? TC_QDISC_INGRESS
							   : TC_QDISC_LEAF;
		build_kind(b, q, o);
		if (q->stab.line != 0)
			build_stab(b, &q->stab, o);
	}
}

/* ---- classes ------------------------------------------------------------- */

static uint32_t
r2q_of(const struct tree_building *b, uint32_t handle)
{
	size_t at = tree_index_from(&b->index, HANDLE, handle, 0);

	return at == TREE_NOWHERE ? 0 : or_zero(b->iface->qdiscs[at].p.r2q);
}

static void
build_htb_class(struct tree_building *b, const struct tree_class *c)
{
	const struct tree_params *p = &c->p;
	uint64_t ceil_Bps = or_else(p->ceil_Bps, p->rate_Bps);
	uint32_t mtu = or_zero(p->mtu_bytes);
	struct tc_object *o = tc_objects_add(b->into);

	if (!o)
		return;
	judge_burst(b, c->line, "burst", &p->burst);
	judge_burst(b, c->line, "cburst", &p->cburst);
	o->type = TC_CLASS;
	o->ifindex = b->link->ifindex;
	o->handle = c->id;
	o->parent = c->parent;
	o->kind = &tc_kind_htb_class;
	o->htb = (struct tc_htb_class){ .rate_Bps = p->rate_Bps,
		.ceil_Bps = ceil_Bps,
		.buffer_ticks = tree_burst_ticks(&p->burst, p->rate_Bps,
			tc_htb_burst_default(p->rate_Bps, mtu, TICKS_PER_S)),
		.cbuffer_ticks = tree_burst_ticks(&p->cburst, ceil_Bps,
			tc_htb_burst_default(ceil_Bps, mtu, TICKS_PER_S)),
		.quantum = (uint32_t)or_else(p->quantum_bytes,
			tc_htb_quantum_default(
				p->rate_Bps, r2q_of(b, c->id & 0xffff0000u))),
		.prio = or_zero(p->prio),
		.overhead = (uint16_t)or_zero(p->overhead_bytes),
		.mpu = (uint16_t)or_zero(p->mpu_bytes),
		.inner = is_there(b, PARENT, c->id),
		.atm = p->atm == 1 };
}

/* ---- the whole ----------------------------------------------------------- */

void
tree_build(const struct tree_iface *iface, const struct tree_host *host,
	struct tc_objects *into, struct tree_faults *faults)
{
	struct tree_building b = { .iface = iface,
		.host = host,
		.link = tree_host_link(host, iface->name),
		.into = into,
		.faults = faults };

	if (!b.link) {
		tree_error(faults, iface->line, "there is no interface %s",
			iface->name);
		return;
	}
	tree_locals(iface, host, &b.locals, faults);
	index_iface(iface, &b.index);
	into->failed = into->failed || b.index.failed;
	build_qdiscs(&b);
	for (size_t i = 0; i < iface->class_count; i++)
		if (iface->classes[i].in == TREE_HTB)
			build_htb_class(&b, &iface->classes[i]);
	tree_build_filters(&b);
	tree_index_done(&b.index);
	tc_objects_rank(into);
	tc_objects_sort(into);
}
