/* SPDX-License-Identifier: ISC */

/* Operations as rtnetlink messages, and objects back from them. */

#include <arpa/inet.h>
#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "nl_attr.h"
#include "nl_conn.h"
#include "stab_int.h"

struct head {
	uint16_t type;
	uint16_t flags;
	uint32_t seq;
};

static uint8_t *
begin(struct buf_writer *w, const struct head *head, const struct tcmsg *tcm)
{
	const struct nlmsghdr h = { .nlmsg_type = head->type,
		.nlmsg_flags = (uint16_t)(head->flags | NLM_F_REQUEST),
		.nlmsg_seq = head->seq };
	uint8_t *start = buf_reserve(w, sizeof(h));

	if (start)
		memcpy(start, &h, sizeof(h));
	buf_put_bytes(w, tcm, sizeof(*tcm));
	return start;
}

/* Measure the message, or take it back when it did not fit. */
static bool
end(struct buf_writer *w, uint8_t *start, uint8_t *before)
{
	if (w->failed) {
		w->failed = false;
		w->pos = before;
		return false;
	}

	uint32_t len = (uint32_t)(w->pos - start);

	memcpy(start, &len, sizeof(len));
	return true;
}

static uint16_t
message_type(const struct tc_object *o, bool del)
{
	switch ((enum tc_type)o->type) {
	case TC_QDISC_ROOT:
	case TC_QDISC_LEAF:
	case TC_QDISC_INGRESS:
		return del ? RTM_DELQDISC : RTM_NEWQDISC;
	case TC_CLASS:
		return del ? RTM_DELTCLASS : RTM_NEWTCLASS;
	case TC_FILTER:
		return del ? RTM_DELTFILTER : RTM_NEWTFILTER;
	}
	return 0;
}

/* A leaf goes over whatever is there; everything else must be new. */
static uint16_t
add_flags(const struct tc_object *o)
{
	bool over = o->type == TC_QDISC_LEAF ||
		    (o->type == TC_QDISC_ROOT && o->take_over);

	return over ? NLM_F_CREATE | NLM_F_REPLACE : NLM_F_CREATE | NLM_F_EXCL;
}

bool
nl_op_put(struct buf_writer *w, uint32_t seq, const struct tc_op *op)
{
	bool del = op->kind == TC_OP_DEL;
	const struct tc_object *o = tc_op_object(op);
	const struct head head = { message_type(o, del),
		op->kind == TC_OP_ADD ? add_flags(o)
		: op->told            ? NLM_F_ECHO
				      : 0,
		seq };
	const struct tcmsg tcm = { .tcm_ifindex = (int)o->ifindex,
		.tcm_handle = o->any_handle ? 0 : o->handle,
		.tcm_parent = o->parent,
		.tcm_info = o->type == TC_FILTER ? (uint32_t)o->pref << 16 |
							   htons(o->protocol)
						 : 0 };
	uint8_t *before = w->pos;
	uint8_t *start = begin(w, &head, &tcm);

	nl_put_text(w, TCA_KIND,
		o->kind == &tc_kind_other ? o->name : o->kind->name);
	if (o->type == TC_FILTER && o->chain != 0)
		nl_put_u32(w, TCA_CHAIN, o->chain);
	if (!del)
		o->kind->fill(w, o);
	/* Also on a change, or the kernel takes the table away. */
	if (!del && o->type != TC_FILTER && o->extra && o->extra->has_stab)
		tc_stab_fill(w, &o->extra->stab);
	return end(w, start, before);
}

void
nl_want_ack(uint8_t *message)
{
	struct nlmsghdr h;

	memcpy(&h, message, sizeof(h));
	h.nlmsg_flags |= NLM_F_ACK;
	memcpy(message, &h, sizeof(h));
}

/* The fixed head and the attributes of a message. */
static bool
take_head(const struct nlmsghdr *h, struct tcmsg *ret_tcm,
	struct nl_view *ret_attrs)
{
	const uint8_t *bytes = (const uint8_t *)h;
	struct buf_reader r = buf_reader(bytes, h->nlmsg_len);

	(void)buf_take(&r, sizeof(*h)); /* known to be there */
	buf_get_bytes(&r, ret_tcm, sizeof(*ret_tcm));
	*ret_attrs = (struct nl_view){ r.pos, buf_left(&r) };
	return !r.failed;
}

/* The answer to a question about one object is a notification: only ECHO sends
 * it to whoever asked. */
bool
nl_get_class_put(
	struct buf_writer *w, uint32_t seq, uint32_t ifindex, uint32_t classid)
{
	const struct head head = { RTM_GETTCLASS, NLM_F_ECHO, seq };
	const struct tcmsg tcm = { .tcm_ifindex = (int)ifindex,
		.tcm_handle = classid };
	uint8_t *before = w->pos;

	return end(w, begin(w, &head, &tcm), before);
}

bool
nl_get_root_put(struct buf_writer *w, uint32_t seq, uint32_t ifindex)
{
	const struct head head = { RTM_GETQDISC, NLM_F_ECHO, seq };
	const struct tcmsg tcm = { .tcm_ifindex = (int)ifindex,
		.tcm_parent = TC_H_ROOT };
	uint8_t *before = w->pos;

	return end(w, begin(w, &head, &tcm), before);
}

bool
nl_get_object_put(
	struct buf_writer *w, uint32_t seq, const struct tc_object *key)
{
	static const uint16_t types[] = { [TC_QDISC_ROOT] = RTM_GETQDISC,
		[TC_CLASS] = RTM_GETTCLASS,
		[TC_QDISC_LEAF] = RTM_GETQDISC,
		[TC_QDISC_INGRESS] = RTM_GETQDISC,
		[TC_FILTER] = RTM_GETTFILTER };
	const struct head head = { types[key->type], NLM_F_ECHO, seq };
	const bool qdisc = head.type == RTM_GETQDISC;
	const struct tcmsg tcm = { .tcm_ifindex = (int)key->ifindex,
		.tcm_handle = qdisc ? 0 : key->handle,
		.tcm_parent = key->type == TC_CLASS ? 0 : key->parent,
		.tcm_info = (uint32_t)key->pref << 16 };
	uint8_t *before = w->pos;

	return end(w, begin(w, &head, &tcm), before);
}

bool
nl_get_filter_root_put(
	struct buf_writer *w, uint32_t seq, const struct tc_object *like)
{
	const struct head head = { RTM_GETTFILTER, 0, seq };
	const struct tcmsg tcm = { .tcm_ifindex = (int)like->ifindex,
		.tcm_handle = TC_U32_ROOT,
		.tcm_parent = like->parent,
		.tcm_info =
			(uint32_t)like->pref << 16 | htons(like->protocol) };
	uint8_t *before = w->pos;
	uint8_t *start = begin(w, &head, &tcm);

	nl_put_text(w, TCA_KIND, like->kind->name);
	if (like->chain != 0)
		nl_put_u32(w, TCA_CHAIN, like->chain);
	return end(w, start, before);
}

uint32_t
nl_filter_get(const struct nlmsghdr *h)
{
	struct nl_view attrs;
	struct tcmsg tcm;

	if (h->nlmsg_type != RTM_NEWTFILTER || !take_head(h, &tcm, &attrs))
		return 0;
	return tcm.tcm_handle;
}

bool
nl_dump_put(struct buf_writer *w, uint32_t seq, const struct nl_query *query)
{
	static const uint16_t types[] = { [NL_DUMP_QDISCS] = RTM_GETQDISC,
		[NL_DUMP_CLASSES] = RTM_GETTCLASS,
		[NL_DUMP_FILTERS] = RTM_GETTFILTER };
	struct head head = { .flags = NLM_F_DUMP, .seq = seq };
	const struct tcmsg tcm = { .tcm_ifindex = (int)query->ifindex,
		.tcm_parent = query->parent,
		.tcm_info = (uint32_t)query->pref << 16 };
	uint8_t *before = w->pos;

	if (query->what == NL_DUMP_ACTIONS)
		return nl_acts_put(w, seq, query->action);
	head.type = types[query->what];
	return end(w, begin(w, &head, &tcm), before);
}

uint32_t
nl_root_get(const struct nlmsghdr *h)
{
	struct nl_view attrs;
	struct tcmsg tcm;

	if (h->nlmsg_type != RTM_NEWQDISC || !take_head(h, &tcm, &attrs) ||
		tcm.tcm_parent != TC_H_ROOT)
		return 0;
	return tcm.tcm_handle;
}

/* Classes that a qdisc has by itself, for its queues. */
static bool
is_own_class(const char *kind)
{
	static const char *const kinds[] = { "codel", "fq_codel", "mq",
		"mqprio", "multiq", "prio", "red", "sfb", "sfq", "tbf" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

static bool
take_type(const struct nlmsghdr *h, const struct tcmsg *tcm, const char *kind,
	uint8_t *ret_type)
{
	switch (h->nlmsg_type) {
	case RTM_NEWQDISC:
		if (tcm->tcm_parent == TC_H_INGRESS)
			*ret_type = TC_QDISC_INGRESS;
		else if (tcm->tcm_parent == TC_H_ROOT)
			*ret_type = TC_QDISC_ROOT;
		else
			*ret_type = TC_QDISC_LEAF;
		return true;
	case RTM_NEWTCLASS:
		*ret_type = TC_CLASS;
		return !is_own_class(kind);
	case RTM_NEWTFILTER:
		*ret_type = TC_FILTER;
		return true;
	default:
		return false;
	}
}

enum object_attr {
	KIND,
	OPTIONS,
	CHAIN,
	STAB,
	BLOCK_IN,
	BLOCK_OUT,
	OBJECT_ATTRS
};

/* What stands in the head and beside the options. */
static bool
take_common(
	const struct tcmsg *tcm, const struct nl_view *got, struct tc_object *o)
{
	o->ifindex = (uint32_t)tcm->tcm_ifindex;
	o->handle = tcm->tcm_handle;
	o->parent = tcm->tcm_parent;
	if (o->type == TC_CLASS)
		o->leaf = tcm->tcm_info;
	if (o->type == TC_CLASS && o->parent == TC_H_ROOT)
		o->parent = o->handle & 0xffff0000u; /* as we ask for it */
	if (o->type == TC_FILTER) {
		o->pref = (uint16_t)(tcm->tcm_info >> 16);
		o->protocol = ntohs((uint16_t)tcm->tcm_info);
		o->chain = nl_u32(got[CHAIN]);
	}
	/* Filters shared by interfaces: not known here. */
	if (got[BLOCK_IN].data || got[BLOCK_OUT].data)
		return false;
	if (!got[STAB].data)
		return true;
	if (!o->extra || !tc_stab_parse(got[STAB], &o->extra->stab))
		return false;
	o->extra->has_stab = true;
	return true;
}

/* All that an extra can hold: is there anything? */
static bool
is_used(const struct tc_extra *extra)
{
	return extra->has_stab || extra->action_count > 0 ||
	       extra->mark_mask != 0;
}

static void
make_foreign(struct tc_object *o, const char *name)
{
	struct text t;

	o->kind = &tc_kind_other;
	memset(o->name, 0, sizeof(o->name));
	t = text_over(o->name, sizeof(o->name));
	text_add(&t, name);
	if (o->extra && o->extra->unknown[0] != '\0')
		text_printf(&t, "/%s", o->extra->unknown);
	o->extra = NULL;
}

static void
clear_extra(struct tc_extra *extra)
{
	extra->next = NULL;
	extra->has_stab = false;
	extra->old_police = false;
	extra->action_count = 0;
	extra->mark = 0;
	extra->mark_mask = 0;
	extra->unknown[0] = '\0';
}

bool
nl_object_get(const struct nlmsghdr *h, struct tc_extra *scratch,
	struct tc_object *ret_object)
{
	static const struct nl_want wants[OBJECT_ATTRS] = {
		[KIND] = { TCA_KIND, 1 },
		[OPTIONS] = { TCA_OPTIONS, 0 },
		[CHAIN] = { TCA_CHAIN, sizeof(uint32_t) },
		[STAB] = { TCA_STAB, 0 },
		[BLOCK_IN] = { TCA_INGRESS_BLOCK, 0 },
		[BLOCK_OUT] = { TCA_EGRESS_BLOCK, 0 },
	};
	struct tc_object o = { .extra = scratch };
	struct nl_view got[OBJECT_ATTRS];
	struct nl_view attrs;
	struct tcmsg tcm;
	char name[TC_NAME];
	bool known;

	if (!take_head(h, &tcm, &attrs) ||
		!nl_parse(attrs, wants, OBJECT_ATTRS, got))
		return false;
	nl_text(got[KIND], name, sizeof(name));
	if (!take_type(h, &tcm, name, &o.type))
		return false;
	clear_extra(scratch);
	o.kind = tc_kind_find((enum tc_type)o.type, name);
	known = take_common(&tcm, got, &o) && o.kind->parse;
	/* A filter without options is only the head of its chain. */
	if (o.type == TC_FILTER && !got[OPTIONS].data &&
		(o.kind != &tc_kind_other || o.handle == 0))
		return false;
	if (!known || !got[OPTIONS].data || !o.kind->parse(&got[OPTIONS], &o))
		make_foreign(&o, name);
	else if (!is_used(scratch))
		o.extra = NULL;
	*ret_object = o;
	return true;
}

static void
take_stats2(struct nl_view stats2, struct tc_class_stats *ret)
{
	static const struct nl_want wants[] = {
		{ TCA_STATS_BASIC, sizeof(uint64_t) + sizeof(uint32_t) },
		{ TCA_STATS_PKT64, sizeof(uint64_t) },
		{ TCA_STATS_QUEUE, sizeof(struct gnet_stats_queue) },
		{ TCA_STATS_APP, 0 },
	};
	struct nl_view got[4];
	struct gnet_stats_queue queue;
	struct tc_htb_xstats xstats;

	if (!nl_parse(stats2, wants, 4, got))
		return;
	if (got[0].data) {
		uint32_t packets;

		memcpy(&ret->bytes, got[0].data, sizeof(ret->bytes));
		memcpy(&packets, got[0].data + sizeof(ret->bytes),
			sizeof(packets));
		ret->packets = packets;
	}
	if (got[1].data)
		ret->packets = nl_u64(got[1]);
	if (got[2].data) {
		memcpy(&queue, got[2].data, sizeof(queue));
		ret->qlen = queue.qlen;
		ret->backlog_bytes = queue.backlog;
		ret->drops = queue.drops;
	}
	if (got[3].len >= sizeof(xstats)) {
		memcpy(&xstats, got[3].data, sizeof(xstats));
		ret->tokens_ticks = (int32_t)xstats.tokens;
		ret->ctokens_ticks = (int32_t)xstats.ctokens;
	}
}

bool
nl_stats_get(const struct nlmsghdr *h, struct tc_class_stats *ret_stats)
{
	static const struct nl_want wants[] = { { TCA_STATS2, 0 } };
	struct tc_class_stats stats = { 0 };
	struct nl_view got[1];
	struct nl_view attrs;
	struct tcmsg tcm;

	if (h->nlmsg_type != RTM_NEWTCLASS || !take_head(h, &tcm, &attrs) ||
		!nl_parse(attrs, wants, 1, got))
		return false;
	stats.handle = tcm.tcm_handle;
	if (got[0].data)
		take_stats2(got[0], &stats);
	*ret_stats = stats;
	return true;
}
