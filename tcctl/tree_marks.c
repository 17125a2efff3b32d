/* SPDX-License-Identifier: ISC */

/* Marks of a description as rules for netfilter, which every kernel has: the
 * table they are in is nobody else's (mark_text.c). */

#include "tree_int.h"

#include <string.h>

#include "tc_rule_int.h"

enum { PORT = 0xffff, DSCP_SHIFT = 2, ECN = 3, BITS = 8 };

/* First and last address of a prefix. */
static void
set_range(const struct addr_prefix *p, struct addr *first, struct addr *last)
{
	*first = p->addr;
	*last = p->addr;
	for (unsigned i = 0; i < addr_size(p->addr.family); i++) {
		unsigned left = p->len > i * BITS ? p->len - i * BITS : 0;

		if (left < BITS)
			last->b[i] |= (uint8_t)(0xff >> left);
	}
}

/* NULL, or what netfilter has no form for. */
static const char *
set_match(const struct tree_match *m, struct tc_rule_match *to)
{
	switch ((enum tree_field)m->field) {
	case TREE_SRC:
	case TREE_DST:
		if (m->local)
			return "\"local\" (name the prefixes)";
		set_range(&m->prefix,
			m->field == TREE_SRC ? &to->src_first : &to->dst_first,
			m->field == TREE_SRC ? &to->src_last : &to->dst_last);
		return NULL;
	case TREE_PROTO:
		to->proto = (uint8_t)m->value;
		return NULL;
	case TREE_SPORT:
		to->src_port_first = to->src_port_last = (uint16_t)m->value;
		return m->mask == PORT ? NULL : "a masked port";
	case TREE_DPORT:
		to->dst_port_first = to->dst_port_last = (uint16_t)m->value;
		return m->mask == PORT ? NULL : "a masked port";
	case TREE_TOS:
		to->dscp = (uint8_t)(m->value >> DSCP_SHIFT);
		to->dscp_mask = (uint8_t)(m->mask >> DSCP_SHIFT);
		return (m->mask & ECN) == 0 ? NULL : "the two bits of ECN";
	case TREE_MARK:
	case TREE_RAW:
		break; /* the reader does not take them here */
	}
	return NULL;
}

/* Prefixes are of one family. */
static bool
is_possible(const struct tree_filter *f, uint8_t family)
{
	for (size_t i = 0; i < f->match_count; i++) {
		uint8_t of = f->matches[i].prefix.addr.family;

		if (of != ADDR_NONE && of != family)
			return false;
	}
	return true;
}

static void
build_one(const struct tree_filter *f, struct tc_rule *rule,
	struct tree_faults *faults)
{
	static const uint8_t families[] = { ADDR_V4, ADDR_V6 };

	for (size_t i = 0; i < sizeof(families); i++) {
		struct tc_rule_match *to = &rule->matches[rule->match_count];

		if (!is_possible(f, families[i]))
			continue;
		to->family = families[i];
		for (size_t k = 0; k < f->match_count; k++) {
			const char *problem = set_match(&f->matches[k], to);

			if (problem && rule->match_count == 0)
				tree_error(faults, f->line,
					"marks: %s cannot be asked for here",
					problem);
		}
		rule->match_count++;
	}
	if (rule->match_count == 0)
		tree_error(faults, f->line,
			"marks: src and dst are of different protocols");
	if ((rule->matches[0].src_port_first |
		    rule->matches[0].dst_port_first) != 0 &&
		rule->matches[0].proto == 0)
		tree_error(faults, f->line,
			"marks: ports need a protocol (add for example: proto "
			"= \"tcp\";)");
}

size_t
tree_marks_build(const struct tree_iface *iface, const struct tree_link *link,
	struct tc_rule *rules, struct tree_faults *faults)
{
	if (iface->mark_count > TREE_MARKS_MAX) {
		tree_error(faults, iface->marks[TREE_MARKS_MAX].line,
			"more than %d marks", TREE_MARKS_MAX);
		return 0;
	}
	memset(rules, 0, iface->mark_count * sizeof(*rules));
	for (size_t i = 0; i < iface->mark_count; i++) {
		rules[i].id = (uint32_t)i + 1;
		rules[i].ifindex = link->ifindex;
		rules[i].marks = true;
		rules[i].dscp = (uint8_t)iface->marks[i].actions[0].value;
		build_one(&iface->marks[i], &rules[i], faults);
	}
	return iface->mark_count;
}

/* FNV-1a of the commands: what they say is all there is to it. */
uint64_t
tree_marks_digest(const struct tc_rule *rules, size_t count)
{
	static const struct tc_iface none = { 0 };
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < count; i++) {
		const struct tc_mark_set set = {
			.iface = &none, .rules = &rules[i], .count = 1
		};
		char line[4096];
		struct text t = text_over(line, sizeof(line));

		tc_mark_text(&t, &set, NULL, 0);
		for (size_t k = 0; k < t.len; k++)
			h = (h ^ (uint8_t)line[k]) * 0x100000001b3u;
	}
	return count > 0 ? h | 1 : 0;
}
