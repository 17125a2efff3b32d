/* SPDX-License-Identifier: ISC */

/* flower: fields of a packet's headers, each with a mask, found by hash.  A
 * filter that asks for more fields than we know is not ours to read. */

#include <arpa/inet.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "action_int.h"

_Static_assert(
	(int)TC_FLOWER_FRAG == TCA_FLOWER_KEY_FLAGS_IS_FRAGMENT &&
		(int)TC_FLOWER_FIRST_FRAG == TCA_FLOWER_KEY_FLAGS_FRAG_IS_FIRST,
	"kernel's flags");

/* The attributes of a port, by protocol. */
struct port_attrs {
	uint8_t proto;
	uint16_t src;
	uint16_t src_mask;
	uint16_t dst;
	uint16_t dst_mask;
};

static const struct port_attrs port_attrs[] = {
	{ IPPROTO_TCP, TCA_FLOWER_KEY_TCP_SRC, TCA_FLOWER_KEY_TCP_SRC_MASK,
		TCA_FLOWER_KEY_TCP_DST, TCA_FLOWER_KEY_TCP_DST_MASK },
	{ IPPROTO_UDP, TCA_FLOWER_KEY_UDP_SRC, TCA_FLOWER_KEY_UDP_SRC_MASK,
		TCA_FLOWER_KEY_UDP_DST, TCA_FLOWER_KEY_UDP_DST_MASK },
	{ IPPROTO_SCTP, TCA_FLOWER_KEY_SCTP_SRC, TCA_FLOWER_KEY_SCTP_SRC_MASK,
		TCA_FLOWER_KEY_SCTP_DST, TCA_FLOWER_KEY_SCTP_DST_MASK },
};

/* The attributes of an address, by family. */
struct addr_attrs {
	uint32_t field;
	uint8_t family;
	uint16_t value;
	uint16_t mask;
};

static const struct addr_attrs addr_attrs[] = {
	{ TC_FLOWER_SRC, ADDR_V4, TCA_FLOWER_KEY_IPV4_SRC,
		TCA_FLOWER_KEY_IPV4_SRC_MASK },
	{ TC_FLOWER_DST, ADDR_V4, TCA_FLOWER_KEY_IPV4_DST,
		TCA_FLOWER_KEY_IPV4_DST_MASK },
	{ TC_FLOWER_SRC, ADDR_V6, TCA_FLOWER_KEY_IPV6_SRC,
		TCA_FLOWER_KEY_IPV6_SRC_MASK },
	{ TC_FLOWER_DST, ADDR_V6, TCA_FLOWER_KEY_IPV6_DST,
		TCA_FLOWER_KEY_IPV6_DST_MASK },
};

enum { PORT_KINDS = 3, ADDR_KINDS = 4 };

/* ---- comparing ----------------------------------------------------------- */

static bool
addrs_equal(const struct tc_flower_addr *a, const struct tc_flower_addr *b)
{
	return addr_equal(&a->value, &b->value) &&
	       addr_equal(&a->mask, &b->mask);
}

static bool
ports_equal(const struct tc_flower_port *a, const struct tc_flower_port *b)
{
	return a->a == b->a && a->b == b->b;
}

/* A field that does not count is zero on both sides: see flower_parse(). */
static bool
fields_equal(const struct tc_flower *a, const struct tc_flower *b)
{
	return a->eth_type == b->eth_type && a->ip_proto == b->ip_proto &&
	       a->tos == b->tos && a->tos_mask == b->tos_mask &&
	       a->ttl == b->ttl && a->ttl_mask == b->ttl_mask &&
	       a->vlan_prio == b->vlan_prio && a->vlan_id == b->vlan_id &&
	       a->vlan_type == b->vlan_type && a->ip_flags == b->ip_flags &&
	       a->ip_flags_mask == b->ip_flags_mask;
}

static bool
flower_equal(const struct tc_object *have, const struct tc_object *want)
{
	const struct tc_flower *a = &have->flower;
	const struct tc_flower *b = &want->flower;

	return a->classid == b->classid && a->fields == b->fields &&
	       fields_equal(a, b) && addrs_equal(&a->src, &b->src) &&
	       addrs_equal(&a->dst, &b->dst) &&
	       ports_equal(&a->sport, &b->sport) &&
	       ports_equal(&a->dport, &b->dport);
}

/* The kernel makes a new filter and puts it in the place of the old one. */
static bool
flower_changeable(const struct tc_object *have, const struct tc_object *want)
{
	(void)have; /* whatever they are */
	(void)want;
	return true;
}

/* ---- writing ------------------------------------------------------------- */

static void
put_u8(struct buf_writer *w, uint16_t type, uint8_t value)
{
	nl_put(w, type, &value, sizeof(value));
}

static void
put_be16(struct buf_writer *w, uint16_t type, uint16_t value)
{
	uint16_t wire = htons(value);

	nl_put(w, type, &wire, sizeof(wire));
}

static void
put_be32(struct buf_writer *w, uint16_t type, uint32_t value)
{
	nl_put_u32(w, type, htonl(value));
}

enum {
	VLAN_FIELDS =
		TC_FLOWER_VLAN_ID | TC_FLOWER_VLAN_PRIO | TC_FLOWER_VLAN_TYPE
};

static void
fill_link(struct buf_writer *w, const struct tc_flower *f)
{
	if (f->fields & TC_FLOWER_ETH_TYPE)
		put_be16(w, TCA_FLOWER_KEY_ETH_TYPE, f->eth_type);
	if (f->fields & TC_FLOWER_VLAN_ID)
		nl_put(w, TCA_FLOWER_KEY_VLAN_ID, &f->vlan_id,
			sizeof(f->vlan_id));
	if (f->fields & TC_FLOWER_VLAN_PRIO)
		put_u8(w, TCA_FLOWER_KEY_VLAN_PRIO, f->vlan_prio);
	if (f->fields & TC_FLOWER_VLAN_TYPE)
		put_be16(w, TCA_FLOWER_KEY_VLAN_ETH_TYPE, f->vlan_type);
}

static void
fill_ip(struct buf_writer *w, const struct tc_flower *f)
{
	if (f->fields & TC_FLOWER_PROTO)
		put_u8(w, TCA_FLOWER_KEY_IP_PROTO, f->ip_proto);
	for (size_t i = 0; i < ADDR_KINDS; i++) {
		const struct addr_attrs *attrs = &addr_attrs[i];
		const struct tc_flower_addr *a =
			attrs->field == TC_FLOWER_SRC ? &f->src : &f->dst;
		size_t size = addr_size(a->value.family);

		if (!(f->fields & attrs->field) ||
			a->value.family != attrs->family)
			continue;
		nl_put(w, attrs->value, a->value.b, size);
		nl_put(w, attrs->mask, a->mask.b, size);
	}
	if (f->fields & TC_FLOWER_TOS) {
		put_u8(w, TCA_FLOWER_KEY_IP_TOS, f->tos);
		put_u8(w, TCA_FLOWER_KEY_IP_TOS_MASK, f->tos_mask);
	}
	if (f->fields & TC_FLOWER_TTL) {
		put_u8(w, TCA_FLOWER_KEY_IP_TTL, f->ttl);
		put_u8(w, TCA_FLOWER_KEY_IP_TTL_MASK, f->ttl_mask);
	}
	if (f->fields & TC_FLOWER_IP_FLAGS) {
		put_be32(w, TCA_FLOWER_KEY_FLAGS, f->ip_flags);
		put_be32(w, TCA_FLOWER_KEY_FLAGS_MASK, f->ip_flags_mask);
	}
}

static void
fill_ports(struct buf_writer *w, const struct tc_flower *f)
{
	for (size_t i = 0; i < PORT_KINDS; i++) {
		const struct port_attrs *attrs = &port_attrs[i];

		if (attrs->proto != f->ip_proto)
			continue;
		if (f->fields & TC_FLOWER_SPORT) {
			put_be16(w, attrs->src, f->sport.a);
			put_be16(w, attrs->src_mask, f->sport.b);
		}
		if (f->fields & TC_FLOWER_DPORT) {
			put_be16(w, attrs->dst, f->dport.a);
			put_be16(w, attrs->dst_mask, f->dport.b);
		}
	}
	if (f->fields & TC_FLOWER_SPORT_RANGE) {
		put_be16(w, TCA_FLOWER_KEY_PORT_SRC_MIN, f->sport.a);
		put_be16(w, TCA_FLOWER_KEY_PORT_SRC_MAX, f->sport.b);
	}
	if (f->fields & TC_FLOWER_DPORT_RANGE) {
		put_be16(w, TCA_FLOWER_KEY_PORT_DST_MIN, f->dport.a);
		put_be16(w, TCA_FLOWER_KEY_PORT_DST_MAX, f->dport.b);
	}
}

static void
flower_fill(struct buf_writer *w, const struct tc_object *o)
{
	const struct tc_flower *f = &o->flower;
	uint8_t *nest = nl_begin(w, TCA_OPTIONS);

	if (f->classid != 0)
		nl_put_u32(w, TCA_FLOWER_CLASSID, f->classid);
	fill_link(w, f);
	fill_ip(w, f);
	fill_ports(w, f);
	tc_actions_fill(w, o, TCA_FLOWER_ACT, 0);
	tc_filter_put_hw(w, TCA_FLOWER_FLAGS, o);
	nl_end(w, nest);
}

/* ---- reading ------------------------------------------------------------- */

enum attr {
	CLASSID,
	ACT,
	FLAGS,
	IN_HW,
	ETH_TYPE,
	VLAN_ID,
	VLAN_PRIO,
	VLAN_TYPE,
	PROTO,
	TOS,
	TOS_MASK,
	TTL,
	TTL_MASK,
	IP_FLAGS,
	IP_FLAGS_MASK,
	SRC_MIN,
	SRC_MAX,
	DST_MIN,
	DST_MAX,
	ADDRS, /* value and mask, in the order of addr_attrs */
	PORTS = ADDRS + 2 * ADDR_KINDS, /* as port_attrs, four each */
	WANTS = PORTS + 4 * PORT_KINDS
};

static const struct nl_want wants[WANTS] = {
	[CLASSID] = { TCA_FLOWER_CLASSID, sizeof(uint32_t) },
	[ACT] = { TCA_FLOWER_ACT, 0 },
	[FLAGS] = { TCA_FLOWER_FLAGS, sizeof(uint32_t) },
	[IN_HW] = { TCA_FLOWER_IN_HW_COUNT, 0 },
	[ETH_TYPE] = { TCA_FLOWER_KEY_ETH_TYPE, sizeof(uint16_t) },
	[VLAN_ID] = { TCA_FLOWER_KEY_VLAN_ID, sizeof(uint16_t) },
	[VLAN_PRIO] = { TCA_FLOWER_KEY_VLAN_PRIO, 1 },
	[VLAN_TYPE] = { TCA_FLOWER_KEY_VLAN_ETH_TYPE, sizeof(uint16_t) },
	[PROTO] = { TCA_FLOWER_KEY_IP_PROTO, 1 },
	[TOS] = { TCA_FLOWER_KEY_IP_TOS, 1 },
	[TOS_MASK] = { TCA_FLOWER_KEY_IP_TOS_MASK, 1 },
	[TTL] = { TCA_FLOWER_KEY_IP_TTL, 1 },
	[TTL_MASK] = { TCA_FLOWER_KEY_IP_TTL_MASK, 1 },
	[IP_FLAGS] = { TCA_FLOWER_KEY_FLAGS, sizeof(uint32_t) },
	[IP_FLAGS_MASK] = { TCA_FLOWER_KEY_FLAGS_MASK, sizeof(uint32_t) },
	[SRC_MIN] = { TCA_FLOWER_KEY_PORT_SRC_MIN, sizeof(uint16_t) },
	[SRC_MAX] = { TCA_FLOWER_KEY_PORT_SRC_MAX, sizeof(uint16_t) },
	[DST_MIN] = { TCA_FLOWER_KEY_PORT_DST_MIN, sizeof(uint16_t) },
	[DST_MAX] = { TCA_FLOWER_KEY_PORT_DST_MAX, sizeof(uint16_t) },
	[ADDRS] = { TCA_FLOWER_KEY_IPV4_SRC, 4 },
	{ TCA_FLOWER_KEY_IPV4_SRC_MASK, 4 },
	{ TCA_FLOWER_KEY_IPV4_DST, 4 },
	{ TCA_FLOWER_KEY_IPV4_DST_MASK, 4 },
	{ TCA_FLOWER_KEY_IPV6_SRC, 16 },
	{ TCA_FLOWER_KEY_IPV6_SRC_MASK, 16 },
	{ TCA_FLOWER_KEY_IPV6_DST, 16 },
	{ TCA_FLOWER_KEY_IPV6_DST_MASK, 16 },
	[PORTS] = { TCA_FLOWER_KEY_TCP_SRC, sizeof(uint16_t) },
	{ TCA_FLOWER_KEY_TCP_SRC_MASK, sizeof(uint16_t) },
	{ TCA_FLOWER_KEY_TCP_DST, sizeof(uint16_t) },
	{ TCA_FLOWER_KEY_TCP_DST_MASK, sizeof(uint16_t) },
	{ TCA_FLOWER_KEY_UDP_SRC, sizeof(uint16_t) },
	{ TCA_FLOWER_KEY_UDP_SRC_MASK, sizeof(uint16_t) },
	{ TCA_FLOWER_KEY_UDP_DST, sizeof(uint16_t) },
	{ TCA_FLOWER_KEY_UDP_DST_MASK, sizeof(uint16_t) },
	{ TCA_FLOWER_KEY_SCTP_SRC, sizeof(uint16_t) },
	{ TCA_FLOWER_KEY_SCTP_SRC_MASK, sizeof(uint16_t) },
	{ TCA_FLOWER_KEY_SCTP_DST, sizeof(uint16_t) },
	{ TCA_FLOWER_KEY_SCTP_DST_MASK, sizeof(uint16_t) },
};

static uint16_t
be16(struct nl_view v)
{
	uint16_t value = 0;

	if (v.data)
		memcpy(&value, v.data, sizeof(value));
	return ntohs(value);
}

/* Absent: a mask of all ones. */
static uint16_t
be16_mask(struct nl_view v)
{
	return v.data ? be16(v) : UINT16_MAX;
}

static uint8_t
octet(struct nl_view v, uint8_t absent)
{
	return v.data ? v.data[0] : absent;
}

static void
parse_link(const struct nl_view *got, struct tc_flower *f)
{
	if (got[ETH_TYPE].data) {
		f->fields |= TC_FLOWER_ETH_TYPE;
		f->eth_type = be16(got[ETH_TYPE]);
	}
	if (got[VLAN_ID].data) { /* the host's order, unlike its neighbours */
		f->fields |= TC_FLOWER_VLAN_ID;
		memcpy(&f->vlan_id, got[VLAN_ID].data, sizeof(f->vlan_id));
	}
	if (got[VLAN_PRIO].data) {
		f->fields |= TC_FLOWER_VLAN_PRIO;
		f->vlan_prio = got[VLAN_PRIO].data[0];
	}
	if (got[VLAN_TYPE].data) {
		f->fields |= TC_FLOWER_VLAN_TYPE;
		f->vlan_type = be16(got[VLAN_TYPE]);
	}
}

static void
parse_ip(const struct nl_view *got, struct tc_flower *f)
{
	if (got[PROTO].data) {
		f->fields |= TC_FLOWER_PROTO;
		f->ip_proto = got[PROTO].data[0];
	}
	if (got[TOS].data) {
		f->fields |= TC_FLOWER_TOS;
		f->tos = got[TOS].data[0];
		f->tos_mask = octet(got[TOS_MASK], UINT8_MAX);
	}
	if (got[TTL].data) {
		f->fields |= TC_FLOWER_TTL;
		f->ttl = got[TTL].data[0];
		f->ttl_mask = octet(got[TTL_MASK], UINT8_MAX);
	}
	if (got[IP_FLAGS].data) {
		f->fields |= TC_FLOWER_IP_FLAGS;
		f->ip_flags = ntohl(nl_u32(got[IP_FLAGS]));
		f->ip_flags_mask = got[IP_FLAGS_MASK].data
					   ? ntohl(nl_u32(got[IP_FLAGS_MASK]))
					   : UINT32_MAX;
	}
}

static void
parse_addrs(const struct nl_view *got, struct tc_flower *f)
{
	for (size_t i = 0; i < ADDR_KINDS; i++) {
		const struct addr_attrs *attrs = &addr_attrs[i];
		struct nl_view value = got[ADDRS + 2 * i];
		struct nl_view mask = got[ADDRS + 2 * i + 1];
		struct tc_flower_addr *a =
			attrs->field == TC_FLOWER_SRC ? &f->src : &f->dst;
		size_t size = addr_size(attrs->family);

		if (!value.data)
			continue;
		f->fields |= attrs->field;
		a->value.family = attrs->family;
		a->mask.family = attrs->family;
		memcpy(a->value.b, value.data, size);
		memset(a->mask.b, UINT8_MAX, size);
		if (mask.data)
			memcpy(a->mask.b, mask.data, size);
	}
}

static void
parse_ports(const struct nl_view *got, struct tc_flower *f)
{
	for (size_t i = 0; i < PORT_KINDS; i++) {
		const struct nl_view *v = &got[PORTS + 4 * i];

		if (v[0].data) {
			f->fields |= TC_FLOWER_SPORT;
			f->sport = (struct tc_flower_port){ be16(v[0]),
				be16_mask(v[1]) };
		}
		if (v[2].data) {
			f->fields |= TC_FLOWER_DPORT;
			f->dport = (struct tc_flower_port){ be16(v[2]),
				be16_mask(v[3]) };
		}
	}
	if (got[SRC_MIN].data && got[SRC_MAX].data) {
		f->fields |= TC_FLOWER_SPORT_RANGE;
		f->sport = (struct tc_flower_port){ be16(got[SRC_MIN]),
			be16(got[SRC_MAX]) };
	}
	if (got[DST_MIN].data && got[DST_MAX].data) {
		f->fields |= TC_FLOWER_DPORT_RANGE;
		f->dport = (struct tc_flower_port){ be16(got[DST_MIN]),
			be16(got[DST_MAX]) };
	}
}

static bool
flower_parse(const struct nl_view *options, struct tc_object *o)
{
	static const struct nl_view none = { 0 };
	struct nl_view got[WANTS];
	struct tc_flower *f = &o->flower;

	if (!nl_parse(*options, wants, WANTS, got) ||
		!nl_only(*options, wants, WANTS))
		return false;
	memset(f, 0, sizeof(*f));
	f->classid = nl_u32(got[CLASSID]);
	o->hw = tc_filter_hw(got[FLAGS]);
	parse_link(got, f);
	/* Behind a tag the kernel tells what is carried for the type; that of
	 * the tag is the filter's protocol. */
	if (f->fields & VLAN_FIELDS) {
		f->fields |= TC_FLOWER_ETH_TYPE;
		f->eth_type = o->protocol;
	}
	parse_ip(got, f);
	parse_addrs(got, f);
	parse_ports(got, f);
	return tc_actions_parse(o, got[ACT], none);
}

/* ---- words --------------------------------------------------------------- */

static void
print_addr(struct text *t, const char *word, const struct tc_flower_addr *a)
{
	char buf[ADDR_TEXT];

	text_printf(t, "%s %s", word, addr_format(&a->value, buf));
	text_printf(t, "/%s ", addr_format(&a->mask, buf));
}

static void
print_port(struct text *t, const char *word, const struct tc_flower *f,
	const struct tc_flower_port *p)
{
	bool src = p == &f->sport;

	if (f->fields & (src ? TC_FLOWER_SPORT_RANGE : TC_FLOWER_DPORT_RANGE))
		text_printf(t, "%s %u-%u ", word, p->a, p->b);
	else if (!(f->fields & (src ? TC_FLOWER_SPORT : TC_FLOWER_DPORT)))
		return;
	else if (p->b == UINT16_MAX)
		text_printf(t, "%s %u ", word, p->a);
	else
		text_printf(t, "%s %#x/%#x ", word, p->a, p->b);
}

static void
print_link(struct text *t, const struct tc_flower *f)
{
	if (f->fields & TC_FLOWER_ETH_TYPE)
		text_printf(t, "eth_type %#06x ", f->eth_type);
	if (f->fields & TC_FLOWER_VLAN_ID)
		text_printf(t, "vlan %u ", f->vlan_id);
	if (f->fields & TC_FLOWER_VLAN_PRIO)
		text_printf(t, "vlan_prio %u ", f->vlan_prio);
	if (f->fields & TC_FLOWER_VLAN_TYPE)
		text_printf(t, "vlan_type %#06x ", f->vlan_type);
}

static void
flower_print(struct text *t, const struct tc_object *o)
{
	const struct tc_flower *f = &o->flower;

	print_link(t, f);
	if (f->fields & TC_FLOWER_PROTO)
		text_printf(t, "proto %u ", f->ip_proto);
	if (f->fields & TC_FLOWER_SRC)
		print_addr(t, "src", &f->src);
	if (f->fields & TC_FLOWER_DST)
		print_addr(t, "dst", &f->dst);
	print_port(t, "sport", f, &f->sport);
	print_port(t, "dport", f, &f->dport);
	if (f->fields & TC_FLOWER_TOS)
		text_printf(t, "tos %#x/%#x ", f->tos, f->tos_mask);
	if (f->fields & TC_FLOWER_TTL)
		text_printf(t, "ttl %#x/%#x ", f->ttl, f->ttl_mask);
	if (f->fields & TC_FLOWER_IP_FLAGS)
		text_printf(
			t, "ip_flags %#x/%#x ", f->ip_flags, f->ip_flags_mask);
	tc_filter_print_class(t, f->classid);
	tc_actions_print(t, o->extra);
}

const struct tc_kind tc_kind_flower = {
	.name = "flower",
	.equal = flower_equal,
	.changeable = flower_changeable,
	.fill = flower_fill,
	.parse = flower_parse,
	.print = flower_print,
};
