/* SPDX-License-Identifier: ISC */

/*
 * The rule that keeps the kernel from forwarding multicast RSVP, as nf_tables
 * messages:
 *
 *	table inet rsvpd { flags owner
 *		chain forward { type filter hook forward priority 0
 *			ip daddr 224.0.0.0/4 meta l4proto 46 drop
 *			ip6 daddr ff00::/8 meta l4proto 46 drop } }
 *
 * The table is owned by the netlink socket that made it and goes with the
 * socket, however its holder ends; nobody else can change it.
 */

#include "rsvpd/net_open.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RSVP = 46, BATCH_MAX = 4096, ANSWER_MAX = 4096 };

static const char table_name[] = "rsvpd";
static const char chain_name[] = "forward";

/* Which destinations of a family are groups. */
struct group_rule {
	uint8_t family;  /* NFPROTO_ */
	uint32_t offset; /* of the destination in the IP header */
	uint32_t len;
	bool masked;
	uint8_t mask[4];
	uint8_t value[4];
};

static const struct group_rule rules[] = {
	{ NFPROTO_IPV4, 16, 4, true, { 0xf0 }, { 0xe0 } },
	{ NFPROTO_IPV6, 24, 1, false, { 0 }, { 0xff } },
};

/* Messages one behind the other, sent as one transaction. */
struct batch {
	_Alignas(struct nlmsghdr) char bytes[BATCH_MAX];
	size_t len;
	uint32_t seq;
	uint32_t answers; /* messages that are acknowledged */
};

static struct nlmsghdr *
begin(struct batch *b, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(b->bytes + b->len);
	struct nfgenmsg *nfg = (struct nfgenmsg *)mnl_nlmsg_put_extra_header(
		nlh, sizeof(*nfg));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nlh->nlmsg_seq = b->seq++;
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

static void
end(struct batch *b, const struct nlmsghdr *nlh)
{
	b->len += NLMSG_ALIGN(nlh->nlmsg_len);
}

static void
put_border(struct batch *b, uint16_t type)
{
	struct nlmsghdr *nlh = begin(b, type, 0, AF_UNSPEC);
	struct nfgenmsg *nfg = (struct nfgenmsg *)mnl_nlmsg_get_payload(nlh);

	nfg->res_id = htons(NFNL_SUBSYS_NFTABLES);
	end(b, nlh);
}

static struct nlmsghdr *
begin_new(struct batch *b, uint16_t type, uint16_t flags)
{
	b->answers++;
	return begin(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type),
		(uint16_t)(NLM_F_CREATE | NLM_F_ACK | flags), NFPROTO_INET);
}

static void
put_u32(struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(nlh, type, htonl(value));
}

static void
put_table(struct batch *b)
{
	struct nlmsghdr *nlh = begin_new(b, NFT_MSG_NEWTABLE, NLM_F_EXCL);

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, table_name);
	put_u32(nlh, NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
	end(b, nlh);
}

static void
put_chain(struct batch *b)
{
	struct nlmsghdr *nlh = begin_new(b, NFT_MSG_NEWCHAIN, NLM_F_EXCL);
	struct nlattr *hook;

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, table_name);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, chain_name);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, "filter");
	hook = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);
	put_u32(nlh, NFTA_HOOK_HOOKNUM, NF_INET_FORWARD);
	put_u32(nlh, NFTA_HOOK_PRIORITY, 0);
	mnl_attr_nest_end(nlh, hook);
	put_u32(nlh, NFTA_CHAIN_POLICY, NF_ACCEPT);
	end(b, nlh);
}

/* ---- expressions of a rule; each works on register 1 --------------------- */

struct expr {
	struct nlattr *elem;
	struct nlattr *data;
};

static struct expr
begin_expr(struct nlmsghdr *nlh, const char *name)
{
	struct expr e = { .elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM) };

	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, name);
	e.data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
	return e;
}

static void
end_expr(struct nlmsghdr *nlh, const struct expr *e)
{
	mnl_attr_nest_end(nlh, e->data);
	mnl_attr_nest_end(nlh, e->elem);
}

static void
put_value(struct nlmsghdr *nlh, uint16_t type, const void *value, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, len, value);
	mnl_attr_nest_end(nlh, nest);
}

static void
put_equal(struct nlmsghdr *nlh, const void *value, size_t len)
{
	const struct expr e = begin_expr(nlh, "cmp");

	put_u32(nlh, NFTA_CMP_SREG, NFT_REG_1);
	put_u32(nlh, NFTA_CMP_OP, NFT_CMP_EQ);
	put_value(nlh, NFTA_CMP_DATA, value, len);
	end_expr(nlh, &e);
}

static void
put_meta_equal(struct nlmsghdr *nlh, uint32_t key, uint8_t value)
{
	const struct expr e = begin_expr(nlh, "meta");

	put_u32(nlh, NFTA_META_DREG, NFT_REG_1);
	put_u32(nlh, NFTA_META_KEY, key);
	end_expr(nlh, &e);
	put_equal(nlh, &value, sizeof(value));
}

static void
put_destination(struct nlmsghdr *nlh, const struct group_rule *rule)
{
	static const uint8_t zero[4];
	struct expr e = begin_expr(nlh, "payload");

	put_u32(nlh, NFTA_PAYLOAD_DREG, NFT_REG_1);
	put_u32(nlh, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	put_u32(nlh, NFTA_PAYLOAD_OFFSET, rule->offset);
	put_u32(nlh, NFTA_PAYLOAD_LEN, rule->len);
	end_expr(nlh, &e);
	if (rule->masked) {
		e = begin_expr(nlh, "bitwise");
		put_u32(nlh, NFTA_BITWISE_SREG, NFT_REG_1);
		put_u32(nlh, NFTA_BITWISE_DREG, NFT_REG_1);
		put_u32(nlh, NFTA_BITWISE_LEN, rule->len);
		put_value(nlh, NFTA_BITWISE_MASK, rule->mask, rule->len);
		put_value(nlh, NFTA_BITWISE_XOR, zero, rule->len);
		end_expr(nlh, &e);
	}
	put_equal(nlh, rule->value, rule->len);
}

static void
put_drop(struct nlmsghdr *nlh)
{
	struct expr e = begin_expr(nlh, "counter");
	struct nlattr *data, *verdict;

	end_expr(nlh, &e);
	e = begin_expr(nlh, "immediate");
	put_u32(nlh, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = mnl_attr_nest_start(nlh, NFTA_IMMEDIATE_DATA);
	verdict = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);
	put_u32(nlh, NFTA_VERDICT_CODE, NF_DROP);
	mnl_attr_nest_end(nlh, verdict);
	mnl_attr_nest_end(nlh, data);
	end_expr(nlh, &e);
}

static void
put_rule(struct batch *b, const struct group_rule *rule)
{
	struct nlmsghdr *nlh = begin_new(b, NFT_MSG_NEWRULE, NLM_F_APPEND);
	struct nlattr *list;

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, table_name);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain_name);
	list = mnl_attr_nest_start(nlh, NFTA_RULE_EXPRESSIONS);
	put_meta_equal(nlh, NFT_META_NFPROTO, rule->family);
	put_destination(nlh, rule);
	put_meta_equal(nlh, NFT_META_L4PROTO, RSVP);
	put_drop(nlh);
	mnl_attr_nest_end(nlh, list);
	end(b, nlh);
}

/* ---- the conversation ---------------------------------------------------- */

static int
count_answer(const struct nlmsghdr *nlh, void *arg)
{
	uint32_t *answers = (uint32_t *)arg;
	const struct nlmsgerr *err =
		(const struct nlmsgerr *)mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != NLMSG_ERROR ||
		mnl_nlmsg_get_payload_len(nlh) < sizeof(*err))
		return MNL_CB_OK;
	if (err->error != 0) {
		errno = -err->error;
		return MNL_CB_ERROR;
	}
	(*answers)++;
	return MNL_CB_OK;
}

/* mnl_cb_run() would end at the first acknowledgement. */
static int
read_answers(const struct nlmsghdr *nlh, size_t len, uint32_t *answers)
{
	int left = (int)len;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		if (count_answer(nlh, answers) == MNL_CB_ERROR)
			return -errno;
	return 0;
}

/* The kernel has answered by the time the request is sent. */
static int
await(int fd, uint32_t wanted)
{
	union {
		struct nlmsghdr first;
		char bytes[ANSWER_MAX];
	} answer;
	uint32_t answers = 0;

	while (answers < wanted) {
		const ssize_t n =
			recv(fd, &answer, sizeof(answer), MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN ? -EPROTO : -errno;

		const int ret =
			read_answers(&answer.first, (size_t)n, &answers);

		if (ret < 0)
			return ret;
	}
	return 0;
}

static int
install(int fd)
{
	struct batch b = { .seq = 1 };

	put_border(&b, NFNL_MSG_BATCH_BEGIN);
	put_table(&b);
	put_chain(&b);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		put_rule(&b, &rules[i]);
	put_border(&b, NFNL_MSG_BATCH_END);
	if (send(fd, b.bytes, b.len, 0) != (ssize_t)b.len)
		return -errno;
	return await(fd, b.answers);
}

int
net_guard_open(void)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	const int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	int ret;

	if (fd < 0)
		return -errno;
	ret = bind(fd, (const struct sockaddr *)&any, sizeof(any)) != 0
		      ? -errno
		      : install(fd);
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}
