/* SPDX-License-Identifier: ISC */

/* pedit: words of the packet changed by mask and value, above all the DS field
 * of both families. */

#include <arpa/inet.h>
#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_pedit.h>
#include <string.h>

#include "action_int.h"

enum { V4_DS_SHIFT = 16, V6_DS_SHIFT = 20 };

static bool
pedit_equal(const struct tc_action *a, const struct tc_action *b)
{
	const struct tc_act_pedit *p = &a->pedit;
	const struct tc_act_pedit *q = &b->pedit;

	if (p->extended != q->extended || p->key_count != q->key_count ||
		p->flags != q->flags)
		return false;
	for (size_t i = 0; i < p->key_count; i++) {
		const struct tc_pedit_word *k = &p->keys[i];
		const struct tc_pedit_word *l = &q->keys[i];

		if (k->mask != l->mask || k->value != l->value ||
			k->off != l->off || k->at != l->at ||
			k->offmask != l->offmask || k->shift != l->shift ||
			k->header != l->header || k->command != l->command)
			return false;
	}
	return true;
}

static void
fill_ex(struct buf_writer *w, const struct tc_act_pedit *p)
{
	uint8_t *keys = nl_begin(w, TCA_PEDIT_KEYS_EX);

	for (size_t i = 0; i < p->key_count; i++) {
		const struct tc_pedit_word *k = &p->keys[i];
		uint8_t *key = nl_begin(w, TCA_PEDIT_KEY_EX);

		nl_put(w, TCA_PEDIT_KEY_EX_HTYPE, &k->header,
			sizeof(k->header));
		nl_put(w, TCA_PEDIT_KEY_EX_CMD, &k->command,
			sizeof(k->command));
		nl_end(w, key);
	}
	nl_end(w, keys);
}

static void
pedit_fill(struct buf_writer *w, const struct tc_action *a)
{
	const struct tc_act_pedit *p = &a->pedit;
	const struct tc_pedit_sel sel = {
		.action = a->control, .nkeys = p->key_count, .flags = p->flags
	};
	uint8_t *start =
		nl_begin(w, p->extended ? TCA_PEDIT_PARMS_EX : TCA_PEDIT_PARMS);

	buf_put_bytes(w, &sel, sizeof(sel));
	for (size_t i = 0; i < p->key_count; i++) {
		const struct tc_pedit_word *k = &p->keys[i];
		const struct tc_pedit_key key = { .mask = htonl(k->mask),
			.val = htonl(k->value),
			.off = (uint32_t)k->off,
			.at = k->at,
			.offmask = k->offmask,
			.shift = k->shift };

		buf_put_bytes(w, &key, sizeof(key));
	}
	nl_end(w, start);
	if (p->extended)
		fill_ex(w, p);
}

static bool
parse_sel(struct nl_view view, struct tc_action *a)
{
	struct buf_reader r = buf_reader(view.data, view.len);
	struct tc_act_pedit *p = &a->pedit;
	struct tc_pedit_sel sel;

	buf_get_bytes(&r, &sel, sizeof(sel));
	if (r.failed || sel.nkeys > TC_PEDIT_KEYS_MAX)
		return false;
	a->control = sel.action;
	p->key_count = sel.nkeys;
	p->flags = sel.flags;
	for (size_t i = 0; i < p->key_count; i++) {
		struct tc_pedit_key key;

		buf_get_bytes(&r, &key, sizeof(key));
		if (r.failed)
			return false;
		p->keys[i] = (struct tc_pedit_word){ .mask = ntohl(key.mask),
			.value = ntohl(key.val),
			.off = (int32_t)key.off,
			.at = key.at,
			.offmask = key.offmask,
			.shift = key.shift };
	}
	return true;
}

static bool
parse_key_ex(struct nl_view view, struct tc_pedit_word *k)
{
	static const struct nl_want wants[] = {
		{ TCA_PEDIT_KEY_EX_HTYPE, sizeof(uint16_t) },
		{ TCA_PEDIT_KEY_EX_CMD, sizeof(uint16_t) },
	};
	struct nl_view got[2];

	if (!nl_parse(view, wants, 2, got) || !got[0].data || !got[1].data)
		return false;
	memcpy(&k->header, got[0].data, sizeof(k->header));
	memcpy(&k->command, got[1].data, sizeof(k->command));
	return true;
}

/* One attribute a key, all of the same type. */
static bool
parse_ex(struct nl_view view, struct tc_act_pedit *p)
{
	struct nl_view left = view;
	struct nl_view one;
	size_t count = 0;

	for (; nl_next(&left, TCA_PEDIT_KEY_EX, &one); count++)
		if (count >= p->key_count ||
			!parse_key_ex(one, &p->keys[count]))
			return false;
	return count == p->key_count;
}

static bool
pedit_parse(const struct nl_view *options, struct tc_action *a)
{
	static const struct nl_want wants[] = {
		{ TCA_PEDIT_PARMS, sizeof(struct tc_pedit_sel) },
		{ TCA_PEDIT_PARMS_EX, sizeof(struct tc_pedit_sel) },
		{ TCA_PEDIT_KEYS_EX, 0 },
	};
	struct nl_view got[3];

	if (!nl_parse(*options, wants, 3, got))
		return false;
	if (!got[1].data)
		return got[0].data && parse_sel(got[0], a);
	a->pedit.extended = true;
	return got[2].data && parse_sel(got[1], a) &&
	       parse_ex(got[2], &a->pedit);
}

void
tc_pedit_dsfield(
	struct tc_act_pedit *ret_pedit, bool v6, uint8_t value, uint8_t retain)
{
	unsigned shift = v6 ? V6_DS_SHIFT : V4_DS_SHIFT;

	*ret_pedit = (struct tc_act_pedit){ .extended = true,
		.key_count = 1,
		.keys[0] = { .mask = ~((uint32_t)retain << shift),
			.value = (uint32_t)(value & retain) << shift,
			.header = v6 ? TCA_PEDIT_KEY_EX_HDR_TYPE_IP6
				     : TCA_PEDIT_KEY_EX_HDR_TYPE_IP4,
			.command = TCA_PEDIT_KEY_EX_CMD_SET } };
}

bool
tc_pedit_is_dsfield(const struct tc_act_pedit *pedit, bool *ret_v6,
	uint8_t *ret_value, uint8_t *ret_retain)
{
	const struct tc_pedit_word *k = &pedit->keys[0];
	bool v6 = k->header == TCA_PEDIT_KEY_EX_HDR_TYPE_IP6;
	unsigned shift = v6 ? V6_DS_SHIFT : V4_DS_SHIFT;
	struct tc_action same = { 0 };
	struct tc_action this = { .pedit = *pedit };

	tc_pedit_dsfield(&same.pedit, v6, (uint8_t)(k->value >> shift),
		(uint8_t)(~k->mask >> shift));
	if (!pedit_equal(&same, &this))
		return false;
	*ret_v6 = v6;
	*ret_value = (uint8_t)(k->value >> shift);
	*ret_retain = (uint8_t)(~k->mask >> shift);
	return true;
}

static void
pedit_print(struct text *t, const struct tc_action *a)
{
	const struct tc_act_pedit *p = &a->pedit;
	uint8_t value;
	uint8_t retain;
	bool v6;

	if (tc_pedit_is_dsfield(p, &v6, &value, &retain)) {
		text_printf(t, " %s dsfield %#x of %#x", v6 ? "ip6" : "ip",
			value, retain);
	} else {
		for (size_t i = 0; i < p->key_count; i++)
			text_printf(t, " %s %08x keeping %08x at %d+%u",
				p->keys[i].command == TCA_PEDIT_KEY_EX_CMD_ADD
					? "add"
					: "set",
				p->keys[i].value, p->keys[i].mask,
				p->keys[i].off, p->keys[i].header);
	}
	text_add(t, " ");
	tc_verdict_print(t, a->control);
}

const struct tc_action_kind tc_action_pedit = {
	.name = "pedit",
	.equal = pedit_equal,
	.fill = pedit_fill,
	.parse = pedit_parse,
	.print = pedit_print,
};
