/* SPDX-License-Identifier: ISC */

/* The least that netlink can be asked for the same: what others cost. */

#include "bench_tc_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>

/* In the tree of tcctl. */
enum { OURS_ROOT = 0x520000, OURS_GS = 0x520002, OURS_LAST = 0x52ffdf };

enum { HTID = 0x20, TICKS = 2000, LIST = 4000, ROOT = 1 << 16 };

uint32_t
bare_iface(const struct bare *b, uint32_t n)
{
	return n / b->share;
}

uint32_t
bare_minor(const struct bare *b, uint32_t n)
{
	return FIRST_MINOR + n % b->share;
}

static struct nlmsghdr *
begin(struct bare *b, uint16_t type, uint16_t flags, const struct tcmsg *tcm)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(b->buf + b->len);

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	h->nlmsg_seq = ++b->seq;
	memcpy(mnl_nlmsg_put_extra_header(h, sizeof(*tcm)), tcm, sizeof(*tcm));
	return h;
}

static void
end(struct bare *b, const struct nlmsghdr *h)
{
	b->len += NLMSG_ALIGN(h->nlmsg_len);
	b->waiting++;
}

/* Send what is there and read all acknowledgements. */
static void
flush(struct bare *b)
{
	uint8_t answer[4096];

	if (mnl_socket_sendto(b->nl, b->buf, b->len) < 0)
		die("netlink send");
	b->len = 0;
	while (b->waiting > 0) {
		ssize_t n = mnl_socket_recvfrom(b->nl, answer, sizeof(answer));
		const struct nlmsghdr *h =
			(const struct nlmsghdr *)(const void *)answer;
		const struct nlmsgerr *err =
			(const struct nlmsgerr *)mnl_nlmsg_get_payload(h);

		if (n < 0)
			die("netlink receive");
		errno = -err->error;
		if (err->error != 0)
			die("netlink");
		b->waiting--;
	}
}

static void
put_class(struct bare *b, int ifindex, uint32_t parent, uint32_t handle,
	uint16_t flags, uint32_t rate)
{
	const struct tcmsg tcm = { .tcm_ifindex = ifindex,
		.tcm_handle = handle,
		.tcm_parent = parent };
	const struct tc_htb_opt opt = { .rate = { .linklayer = 1,
						.rate = rate },
		.ceil = { .linklayer = 1, .rate = rate },
		.buffer = TICKS,
		.cbuffer = TICKS,
		.quantum = 1500 };
	struct nlmsghdr *h = begin(b, RTM_NEWTCLASS, flags, &tcm);

	mnl_attr_put_strz(h, TCA_KIND, "htb");

	struct nlattr *nest = mnl_attr_nest_start(h, TCA_OPTIONS);

	mnl_attr_put(h, TCA_HTB_PARMS, sizeof(opt), &opt);
	mnl_attr_nest_end(h, nest);
	end(b, h);
}

static void
put_flow_class(struct bare *b, uint32_t n, uint16_t flags, uint32_t rate)
{
	put_class(b, b->ifindex[bare_iface(b, n)], ROOT | 1,
		ROOT | bare_minor(b, n), flags, rate);
}

static void
put_class_removal(struct bare *b, int ifindex, uint32_t handle)
{
	const struct tcmsg tcm = { .tcm_ifindex = ifindex,
		.tcm_handle = handle };

	end(b, begin(b, RTM_DELTCLASS, 0, &tcm));
}

static struct tcmsg
filter_head(int ifindex, uint32_t handle)
{
	return (struct tcmsg){ .tcm_ifindex = ifindex,
		.tcm_handle = handle,
		.tcm_parent = 1u << 16,
		.tcm_info = TC_H_MAKE(PREF << 16, htons(ETH_P_IP)) };
}

static void
put_table(struct bare *b, int ifindex, uint32_t htid, uint32_t divisor)
{
	const struct tcmsg tcm = filter_head(ifindex, htid << 20);
	struct nlmsghdr *h =
		begin(b, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &tcm);

	mnl_attr_put_strz(h, TCA_KIND, "u32");

	struct nlattr *nest = mnl_attr_nest_start(h, TCA_OPTIONS);

	mnl_attr_put_u32(h, TCA_U32_DIVISOR, divisor);
	mnl_attr_nest_end(h, nest);
	end(b, h);
}

uint32_t
bare_node(const struct bare *b, uint32_t n)
{
	n %= b->share;
	return (uint32_t)HTID << 20 | (n & 0xff) << 12 | (1 + (n >> 8));
}

/* A list has numbers for 4 094: more of them. */
static uint32_t
list_node(const struct bare *b, uint32_t n)
{
	n %= b->share;
	return (HTID + 1 + n / LIST) << 20 | (1 + n % LIST);
}

static uint32_t
node_of(const struct bare *b, uint32_t n)
{
	return b->flat ? list_node(b, n) : bare_node(b, n);
}

/* Destination, source, protocol and ports, as a flow has them. */
static void
put_node(struct bare *b, uint32_t n)
{
	const uint32_t handle = node_of(b, n);
	const struct tcmsg tcm =
		filter_head(b->ifindex[bare_iface(b, n)], handle);
	const struct tc_u32_sel sel = { .flags = TC_U32_TERMINAL, .nkeys = 4 };
	const struct tc_u32_key keys[4] = { { UINT32_MAX, htonl(n), 20, 0 },
		{ UINT32_MAX, htonl(0x0a000002), 16, 0 },
		{ UINT32_MAX, htonl(0x0a000001), 12, 0 },
		{ htonl(0xff0000), htonl(17 << 16), 8, 0 } };
	uint8_t selector[sizeof(sel) + sizeof(keys)];
	struct nlmsghdr *h =
		begin(b, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &tcm);

	mnl_attr_put_strz(h, TCA_KIND, "u32");

	struct nlattr *nest = mnl_attr_nest_start(h, TCA_OPTIONS);

	mnl_attr_put_u32(h, TCA_U32_HASH, handle & 0xfffff000);
	mnl_attr_put_u32(
		h, TCA_U32_CLASSID, TC_H_MAKE(1 << 16, bare_minor(b, n)));
	memcpy(selector, &sel, sizeof(sel));
	memcpy(selector + sizeof(sel), keys, sizeof(keys));
	mnl_attr_put(h, TCA_U32_SEL, sizeof(selector), selector);
	mnl_attr_nest_end(h, nest);
	end(b, h);
}

static void
put_node_removal(struct bare *b, uint32_t n)
{
	const struct tcmsg tcm =
		filter_head(b->ifindex[bare_iface(b, n)], node_of(b, n));
	struct nlmsghdr *h = begin(b, RTM_DELTFILTER, 0, &tcm);

	mnl_attr_put_strz(h, TCA_KIND, "u32");
	end(b, h);
}

static int
iface_number(const char *name, uint32_t n)
{
	char buf[IF_NAMESIZE];
	struct text t = text_over(buf, sizeof(buf));

	text_printf(&t, "%s%u", name, n);
	return (int)if_nametoindex(buf);
}

static int
build_iface(struct bare *b, const char *name, uint32_t n)
{
	int ifindex;

	/* One node stays: with the last the kernel takes the tables away. */
	shell("ip link add %s%u type ifb && ip link set %s%u up && "
	      "tc qdisc add dev %s%u root handle 1: htb r2q 1000 && "
	      "tc filter add dev %s%u parent 1: protocol ip pref %d u32 match "
	      "ip dst 192.0.2.1 classid 1:1",
		name, n, name, n, name, n, name, n, PREF);
	ifindex = iface_number(name, n);
	put_class(b, ifindex, ROOT, ROOT | 1, NLM_F_CREATE, 1000000000);
	put_table(b, ifindex, HTID, 256);
	for (uint32_t i = 0; i * LIST < b->share; i++)
		put_table(b, ifindex, HTID + 1 + i, 1);
	flush(b);
	return ifindex;
}

static void
open_netlink(struct bare *b)
{
	const int on = 1;

	b->nl = mnl_socket_open(NETLINK_ROUTE);
	if (!b->nl || mnl_socket_bind(b->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	/* As ours has it: an acknowledgement does not repeat the request. */
	(void)mnl_socket_setsockopt(
		b->nl, NETLINK_CAP_ACK, (void *)(uintptr_t)&on, sizeof(on));
}

void
bare_build(struct bare *b, const char *name, uint32_t classes)
{
	open_netlink(b);
	b->share = classes > BARE_WHOLE ? BARE_PART : BARE_WHOLE;
	for (uint32_t i = 0; i < classes; i++) {
		if (i % b->share == 0)
			b->ifindex[bare_iface(b, i)] =
				build_iface(b, name, bare_iface(b, i));
		put_flow_class(b, i, NLM_F_CREATE, 125000);
		flush(b);
	}
}

double
bare_install(struct bare *b, uint32_t first, uint32_t count)
{
	double start = now_s();

	for (uint32_t i = first; i < first + count; i++) {
		put_flow_class(b, i, 0, 20000 + i);
		put_node(b, i);
		flush(b);
	}
	return count / (now_s() - start);
}

double
bare_remove(struct bare *b, uint32_t first, uint32_t count)
{
	double start = now_s();

	for (uint32_t i = first; i < first + count; i++) {
		put_node_removal(b, i);
		put_flow_class(b, i, 0, 125000);
		flush(b);
	}
	return count / (now_s() - start);
}

void
bare_clear(struct bare *b, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++) {
		put_class_removal(b, b->ifindex[bare_iface(b, i)],
			ROOT | bare_minor(b, i));
		flush(b);
	}
}

/* Read a dump and look at nothing. */
static void
bare_dump(struct mnl_socket *nl, uint16_t type, const struct tcmsg *what)
{
	static uint8_t buf[65536];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	bool done = false;

	memcpy(mnl_nlmsg_put_extra_header(h, sizeof(*what)), what,
		sizeof(*what));
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (mnl_socket_sendto(nl, h, h->nlmsg_len) < 0)
		die("dump");
	while (!done) {
		ssize_t n = mnl_socket_recvfrom(nl, buf, sizeof(buf));

		if (n <= 0)
			die("dump");
		h = (struct nlmsghdr *)(void *)buf;
		done = h->nlmsg_type == NLMSG_DONE ||
		       h->nlmsg_type == NLMSG_ERROR;
	}
}

struct took
bare_dumps(uint32_t ifindex)
{
	const struct tcmsg classes = { .tcm_ifindex = (int)ifindex };
	const struct tcmsg filters = { .tcm_ifindex = (int)ifindex,
		.tcm_parent = OURS_ROOT };
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	struct took took;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	took = took_begin(CLOCK_PROCESS_CPUTIME_ID);
	bare_dump(nl, RTM_GETTCLASS, &classes);
	bare_dump(nl, RTM_GETTFILTER, &filters);
	took = took_end(CLOCK_PROCESS_CPUTIME_ID, &took);
	mnl_socket_close(nl);
	return took;
}

double
bare_class_s(uint32_t ifindex)
{
	struct bare b = { .waiting = 0 };
	double began;
	double took_s;

	open_netlink(&b);
	began = now_s();
	put_class(&b, (int)ifindex, OURS_GS, OURS_LAST, NLM_F_CREATE, 125000);
	flush(&b);
	took_s = now_s() - began;
	put_class_removal(&b, (int)ifindex, OURS_LAST);
	flush(&b);
	mnl_socket_close(b.nl);
	return took_s;
}
