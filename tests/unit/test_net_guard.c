/* SPDX-License-Identifier: ISC */

/*
 * The rule that keeps the kernel from forwarding multicast RSVP: what
 * rsvpd/net_guard.c tells nf_tables, as text, and what it makes of the answers.
 */

#include "rsvpd/net_open.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "t.h"

enum {
	SENT_MAX = 4096,
	ANSWERS = 8,
	ACK = NLMSG_HDRLEN + sizeof(struct nlmsgerr),
	WANTED = 4 /* table, chain and two rules */
};

/* Messages of one datagram; the errors that they tell. */
struct answer {
	size_t count;
	int error[ANSWERS];
	bool is_short; /* the first has no room for an error */
	bool is_other; /* the first is none of NLMSG_ERROR */
};

static struct {
	int fd; /* that stands for the socket */
	int socket_error;
	int bind_error;
	int send_error;
	int recv_error; /* when there are no answers left */
	_Alignas(struct nlmsghdr) char sent[SENT_MAX];
	size_t len;
	unsigned sends;
	struct answer answers[ANSWERS];
	size_t count;
	size_t read;
	size_t open_fds;
} k;

/* ---- the kernel ---------------------------------------------------------- */

int __wrap_socket(int family, int type, int protocol);
int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags);

static int
refused(int error)
{
	errno = error;
	return error != 0 ? -1 : 0;
}

int
__wrap_socket(int family, int type, int protocol)
{
	T_EQ(family, AF_NETLINK);
	T_EQ(type, SOCK_RAW | SOCK_CLOEXEC);
	T_EQ(protocol, NETLINK_NETFILTER);
	if (refused(k.socket_error) != 0)
		return -1;
	k.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return k.fd;
}

int
__wrap_bind(int fd, const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_nl nl;

	T_EQ(fd, k.fd);
	T_EQ(len, sizeof(nl));
	memcpy(&nl, sa, sizeof(nl));
	T_EQ(nl.nl_family, AF_NETLINK);
	T_EQ(nl.nl_pid, 0); /* the kernel chooses */
	T_EQ(nl.nl_groups, 0);
	return refused(k.bind_error);
}

ssize_t
__wrap_send(int fd, const void *bytes, size_t len, int flags)
{
	T_EQ(fd, k.fd);
	T_EQ(flags, 0);
	T_CHECK(len <= SENT_MAX, "%zu octets", len);
	k.sends++;
	memcpy(k.sent, bytes, len);
	k.len = len;
	return refused(k.send_error) != 0 ? -1 : (ssize_t)len;
}

ssize_t
__wrap_recv(int fd, void *bytes, size_t size, int flags)
{
	const struct answer *a = &k.answers[k.read];
	uint8_t *to = (uint8_t *)bytes;
	size_t len = 0;

	T_EQ(fd, k.fd);
	T_EQ(flags, MSG_DONTWAIT); /* it has answered, or never will */
	T_CHECK(k.sends == 1, "nothing was asked");
	if (k.read == k.count)
		return refused(k.recv_error);
	k.read++;
	for (size_t i = 0; i < a->count; i++) {
		struct nlmsghdr h = { .nlmsg_len = ACK,
			.nlmsg_type = NLMSG_ERROR };
		const struct nlmsgerr e = { .error = a->error[i] };

		if (i == 0 && a->is_short)
			h.nlmsg_len = NLMSG_HDRLEN + sizeof(e.error);
		if (i == 0 && a->is_other)
			h.nlmsg_type = NLMSG_NOOP;
		T_CHECK(len + ACK <= size, "no room");
		memcpy(to + len, &h, sizeof(h));
		memcpy(to + len + NLMSG_HDRLEN, &e, sizeof(e));
		len += h.nlmsg_len;
	}
	errno = EIO; /* means nothing now */
	return (ssize_t)len;
}

static void
begin(void)
{
	memset(&k, 0, sizeof(k));
	k.open_fds = t_open_fds();
	k.recv_error = EAGAIN;
}

static void
end(void)
{
	T_EQ(t_open_fds(), k.open_fds);
}

static void
answer(struct answer a)
{
	k.answers[k.count++] = a;
}

/* Of what it asks everything is granted. */
static void
grant(void)
{
	answer((struct answer){ .count = WANTED });
}

static void
expect_guard(void)
{
	const int fd = net_guard_open();

	T_CHECK(fd >= 0, "%s", strerror(-fd));
	T_EQ(fd, k.fd);
	T_EQ(k.read, k.count);
	T_EQ(close(fd), 0);
	end();
}

static void
expect_refusal(int error)
{
	T_EQ(net_guard_open(), -error);
	end(); /* it counts what is open */
}

/* ---- messages as text ---------------------------------------------------- */

/* How to show an attribute: as a text, a number, octets, or what is in it. */
enum how { END, TEXT, NUMBER, OCTETS, NEST };

struct shown {
	uint16_t type;
	enum how how;
	const char *name;
	const struct shown *inner;
};

static const struct shown value[] = {
	{ NFTA_DATA_VALUE, OCTETS, "value", NULL }, { .how = END }
};
static const struct shown code[] = {
	{ NFTA_VERDICT_CODE, NUMBER, "code", NULL }, { .how = END }
};
static const struct shown verdict[] = {
	{ NFTA_DATA_VERDICT, NEST, "verdict", code }, { .how = END }
};
static const struct shown meta[] = { { NFTA_META_DREG, NUMBER, "to", NULL },
	{ NFTA_META_KEY, NUMBER, "key", NULL }, { .how = END } };
static const struct shown cmp[] = { { NFTA_CMP_SREG, NUMBER, "from", NULL },
	{ NFTA_CMP_OP, NUMBER, "op", NULL },
	{ NFTA_CMP_DATA, NEST, "data", value }, { .how = END } };
static const struct shown payload[] = { { NFTA_PAYLOAD_DREG, NUMBER, "to",
						NULL },
	{ NFTA_PAYLOAD_BASE, NUMBER, "base", NULL },
	{ NFTA_PAYLOAD_OFFSET, NUMBER, "offset", NULL },
	{ NFTA_PAYLOAD_LEN, NUMBER, "len", NULL }, { .how = END } };
static const struct shown bitwise[] = { { NFTA_BITWISE_SREG, NUMBER, "from",
						NULL },
	{ NFTA_BITWISE_DREG, NUMBER, "to", NULL },
	{ NFTA_BITWISE_LEN, NUMBER, "len", NULL },
	{ NFTA_BITWISE_MASK, NEST, "mask", value },
	{ NFTA_BITWISE_XOR, NEST, "xor", value }, { .how = END } };
static const struct shown immediate[] = { { NFTA_IMMEDIATE_DREG, NUMBER, "to",
						  NULL },
	{ NFTA_IMMEDIATE_DATA, NEST, "data", verdict }, { .how = END } };
static const struct shown nothing[] = { { .how = END } };

static const struct {
	const char *name;
	const struct shown *data;
} exprs[] = {
	{ "meta", meta },
	{ "cmp", cmp },
	{ "payload", payload },
	{ "bitwise", bitwise },
	{ "counter", nothing },
	{ "immediate", immediate },
};

/* What is in its data depends on its name. */
static const struct shown expr[] = { { NFTA_EXPR_NAME, TEXT, "name", NULL },
	{ NFTA_EXPR_DATA, NEST, "data", NULL }, { .how = END } };
static const struct shown list[] = { { NFTA_LIST_ELEM, NEST, "\n\t", expr },
	{ .how = END } };
static const struct shown rule[] = { { NFTA_RULE_TABLE, TEXT, "table", NULL },
	{ NFTA_RULE_CHAIN, TEXT, "chain", NULL },
	{ NFTA_RULE_EXPRESSIONS, NEST, "list", list }, { .how = END } };
static const struct shown hook[] = { { NFTA_HOOK_HOOKNUM, NUMBER, "hook",
					     NULL },
	{ NFTA_HOOK_PRIORITY, NUMBER, "priority", NULL }, { .how = END } };
static const struct shown chain[] = { { NFTA_CHAIN_TABLE, TEXT, "table", NULL },
	{ NFTA_CHAIN_NAME, TEXT, "name", NULL },
	{ NFTA_CHAIN_TYPE, TEXT, "type", NULL },
	{ NFTA_CHAIN_HOOK, NEST, "at", hook },
	{ NFTA_CHAIN_POLICY, NUMBER, "policy", NULL }, { .how = END } };
static const struct shown table[] = { { NFTA_TABLE_NAME, TEXT, "name", NULL },
	{ NFTA_TABLE_FLAGS, NUMBER, "flags", NULL }, { .how = END } };

/* Attributes that lie one behind the other, or within one. */
struct range {
	const uint8_t *pos;
	size_t left;
};

static bool
next(struct range *r, struct nlattr *ret_attr, const uint8_t **ret_body)
{
	size_t whole;

	if (r->left == 0)
		return false;
	T_CHECK(r->left >= sizeof(*ret_attr), "half an attribute");
	memcpy(ret_attr, r->pos, sizeof(*ret_attr));
	T_CHECK(ret_attr->nla_len >= sizeof(*ret_attr) &&
			ret_attr->nla_len <= r->left,
		"%u octets of %zu", ret_attr->nla_len, r->left);
	*ret_body = r->pos + sizeof(*ret_attr);
	whole = MNL_ALIGN(ret_attr->nla_len);
	r->pos += whole;
	r->left -= whole < r->left ? whole : r->left;
	return true;
}

static void
show_octets(struct text *t, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text_printf(t, "%s%02x", i == 0 ? "" : ".", bytes[i]);
}

static void
show_number(struct text *t, const uint8_t *bytes, size_t len)
{
	uint32_t n = 0;

	T_EQ(len, sizeof(n));
	memcpy(&n, bytes, sizeof(n));
	text_printf(t, "%" PRIu32, ntohl(n));
}

/* Which of the kind's it is. */
static const struct shown *
shown_as(const struct shown *all, uint16_t type)
{
	for (; all->how != END; all++)
		if (all->type == type)
			return all;
	T_CHECK(false, "attribute %u", type);
	return NULL;
}

static const struct shown *
data_of(const char *name)
{
	for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++)
		if (strcmp(exprs[i].name, name) == 0)
			return exprs[i].data;
	T_CHECK(false, "no expression %s", name);
	return NULL;
}

/* As deep as the messages are. */
static void
show(struct text *t, struct range r, const struct shown *all)
{
	const struct shown *data = nothing;
	const uint8_t *body = NULL;
	struct nlattr attr;

	while (next(&r, &attr, &body)) {
		const uint16_t type = attr.nla_type & (uint16_t)NLA_TYPE_MASK;
		const struct shown *as = shown_as(all, type);
		const size_t len = attr.nla_len - sizeof(attr);

		T_EQ((attr.nla_type & NLA_F_NESTED) != 0, as->how == NEST);
		text_printf(t, " %s ", as->name);
		switch (as->how) {
		case TEXT:
			T_EQ(body[len - 1], '\0');
			text_add(t, (const char *)body);
			if (all == expr)
				data = data_of((const char *)body);
			break;
		case NUMBER:
			show_number(t, body, len);
			break;
		case OCTETS:
			show_octets(t, body, len);
			break;
		case NEST:
			text_add(t, "{");
			show(t, (struct range){ body, len },
				as->inner ? as->inner : data);
			text_add(t, " }");
			break;
		case END:
			break;
		}
	}
}

static void
show_flags(struct text *t, uint16_t flags)
{
	static const struct {
		uint16_t flag;
		const char *name;
	} rows[] = { { NLM_F_REQUEST, "request" }, { NLM_F_ACK, "ack" },
		{ NLM_F_EXCL, "excl" }, { NLM_F_CREATE, "create" },
		{ NLM_F_APPEND, "append" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((flags & rows[i].flag) != 0) {
			text_printf(t, " %s", rows[i].name);
			flags &= (uint16_t)~rows[i].flag;
		}
	T_EQ(flags, 0);
}

static void
show_message(struct text *t, const uint8_t *at, const struct nlmsghdr *h)
{
	static const struct {
		uint16_t type;
		const char *name;
		const struct shown *all;
	} rows[] = { { NFNL_MSG_BATCH_BEGIN, "begin", nothing },
		{ NFNL_MSG_BATCH_END, "end", nothing },
		{ NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, "table",
			table },
		{ NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN, "chain",
			chain },
		{ NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE, "rule", rule } };
	const size_t head = NLMSG_HDRLEN + sizeof(struct nfgenmsg);
	struct nfgenmsg g;

	T_CHECK(h->nlmsg_len >= head, "%u octets", h->nlmsg_len);
	memcpy(&g, at + NLMSG_HDRLEN, sizeof(g));
	T_EQ(g.version, NFNETLINK_V0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == h->nlmsg_type) {
			text_printf(t, "%" PRIu32 " %s:", h->nlmsg_seq,
				rows[i].name);
			show_flags(t, h->nlmsg_flags);
			text_printf(t, ", family %u, of %u,", g.nfgen_family,
				ntohs(g.res_id));
			show(t,
				(struct range){
					at + head, h->nlmsg_len - head },
				rows[i].all);
			text_add(t, "\n");
			return;
		}
	T_CHECK(false, "message %x", h->nlmsg_type);
}

static void
show_sent(struct text *t)
{
	const uint8_t *at = (const uint8_t *)k.sent;
	size_t left = k.len;

	while (left > 0) {
		struct nlmsghdr h;

		T_CHECK(left >= sizeof(h), "half a message");
		memcpy(&h, at, sizeof(h));
		T_CHECK(h.nlmsg_len <= left, "%u octets of %zu", h.nlmsg_len,
			left);
		show_message(t, at, &h);
		T_EQ(h.nlmsg_len % NLMSG_ALIGNTO, 0);
		at += h.nlmsg_len;
		left -= h.nlmsg_len;
	}
}

/* ---- cases --------------------------------------------------------------- */

static void
multicast_rsvp_is_dropped_and_nothing_else(void)
{
	static const char want[] =
		"1 begin: request, family 0, of 10,\n"
		"2 table: request ack excl create, family 1, of 0, name rsvpd "
		"flags 2\n"
		"3 chain: request ack excl create, family 1, of 0, table rsvpd "
		"name forward type filter at { hook 2 priority 0 } policy 1\n"
		/* ip daddr 224.0.0.0/4 meta l4proto 46 drop */
		"4 rule: request ack create append, family 1, of 0, table "
		"rsvpd chain forward list { "
		"\n\t { name meta data { to 1 key 15 } } "
		"\n\t { name cmp data { from 1 op 0 data { value 02 } } } "
		"\n\t { name payload data { to 1 base 1 offset 16 len 4 } } "
		"\n\t { name bitwise data { from 1 to 1 len 4 "
		"mask { value f0.00.00.00 } xor { value 00.00.00.00 } } } "
		"\n\t { name cmp data { from 1 op 0 data { "
		"value e0.00.00.00 } } } "
		"\n\t { name meta data { to 1 key 16 } } "
		"\n\t { name cmp data { from 1 op 0 data { value 2e } } } "
		"\n\t { name counter data { } } "
		"\n\t { name immediate data { to 0 data { verdict { code 0 } } "
		"} } }\n"
		/* ip6 daddr ff00::/8 meta l4proto 46 drop */
		"5 rule: request ack create append, family 1, of 0, table "
		"rsvpd chain forward list { "
		"\n\t { name meta data { to 1 key 15 } } "
		"\n\t { name cmp data { from 1 op 0 data { value 0a } } } "
		"\n\t { name payload data { to 1 base 1 offset 24 len 1 } } "
		"\n\t { name cmp data { from 1 op 0 data { value ff } } } "
		"\n\t { name meta data { to 1 key 16 } } "
		"\n\t { name cmp data { from 1 op 0 data { value 2e } } } "
		"\n\t { name counter data { } } "
		"\n\t { name immediate data { to 0 data { verdict { code 0 } } "
		"} } }\n"
		"6 end: request, family 0, of 10,\n";
	char got[4096];
	struct text t = text_over(got, sizeof(got));

	begin();
	grant();
	expect_guard();
	show_sent(&t);
	T_STR(got, want);
}

static void
answers_come_in_any_number_of_datagrams(void)
{
	begin();
	for (int i = 0; i < WANTED; i++)
		answer((struct answer){ .count = 1 });
	expect_guard();
	begin();
	answer((struct answer){ .count = 3 });
	answer((struct answer){ .count = 0 });
	answer((struct answer){ .count = 1 });
	expect_guard();
}

static void
what_is_no_answer_is_passed_over(void)
{
	begin();
	answer((struct answer){
		.count = WANTED, .error = { -EPERM }, .is_other = true });
	answer((struct answer){
		.count = 2, .error = { -EPERM }, .is_short = true });
	expect_guard();
}

static void
what_the_kernel_refuses_is_told(void)
{
	for (int i = 0; i < WANTED; i++) {
		struct answer a = { .count = WANTED };

		a.error[i] = -EOPNOTSUPP;
		begin();
		answer(a);
		expect_refusal(EOPNOTSUPP);
	}
	/* Or later than the others. */
	begin();
	answer((struct answer){ .count = WANTED - 1 });
	answer((struct answer){ .count = 1, .error = { -EEXIST } });
	expect_refusal(EEXIST);
}

static void
without_all_answers_there_is_no_rule(void)
{
	begin();
	expect_refusal(EPROTO);
	begin();
	answer((struct answer){ .count = WANTED - 1 });
	expect_refusal(EPROTO);
	begin();
	k.recv_error = ENOBUFS;
	answer((struct answer){ .count = WANTED - 1 });
	expect_refusal(ENOBUFS);
}

static void
a_socket_that_cannot_be_had_is_told(void)
{
	begin();
	grant();
	k.socket_error = EPROTONOSUPPORT; /* a kernel without nf_tables */
	expect_refusal(EPROTONOSUPPORT);
	begin();
	grant();
	k.bind_error = EPERM;
	expect_refusal(EPERM);
	T_EQ(k.sends, 0);
	begin();
	grant();
	k.send_error = ENOBUFS;
	expect_refusal(ENOBUFS);
	T_EQ(k.read, 0);
}

static struct t_case cases[] = {
	{ "multicast RSVP is dropped, and nothing else",
		multicast_rsvp_is_dropped_and_nothing_else },
	{ "answers come in any number of datagrams",
		answers_come_in_any_number_of_datagrams },
	{ "what is no answer is passed over",
		what_is_no_answer_is_passed_over },
	{ "what the kernel refuses is told", what_the_kernel_refuses_is_told },
	{ "without all answers there is no rule",
		without_all_answers_there_is_no_rule },
	{ "a socket that cannot be had is told",
		a_socket_that_cannot_be_had_is_told },
};
T_MAIN(cases)
