/* SPDX-License-Identifier: ISC */

/* Dumps, by a socket that says what the test has written. */

#include "mnl_t.h"
#include "t.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_gact.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tcctl/nl_attr.h"
#include "tcctl/nl_conn.h"

enum { DATAGRAMS = 64, OCTETS = 4096, IFINDEX = 3 };

/* What the kernel will say, in order; what it was asked. */
static struct {
	uint8_t bytes[DATAGRAMS][OCTETS];
	size_t len[DATAGRAMS];
	size_t said;
	size_t count;
	size_t asked;
	uint16_t types[DATAGRAMS];
	struct tcmsg heads[DATAGRAMS];
	uint32_t seq;
} kernel;

static void
note_asked(const void *req, size_t size)
{
	struct nlmsghdr h;

	(void)size;
	T_CHECK(kernel.asked < DATAGRAMS, "asked too often");
	memcpy(&h, req, sizeof(h));
	memcpy(&kernel.heads[kernel.asked], (const uint8_t *)req + sizeof(h),
		sizeof(struct tcmsg));
	kernel.types[kernel.asked++] = h.nlmsg_type;
	kernel.seq = h.nlmsg_seq;
}

static ssize_t
say_next(void *buf, size_t size)
{
	uint8_t *bytes = kernel.bytes[kernel.said];
	size_t len = kernel.len[kernel.said];

	T_CHECK(kernel.said < kernel.count && len <= size, "nothing to say");
	kernel.said++;
	memcpy(buf, bytes, len);
	for (size_t at = 0; at < len;) {
		struct nlmsghdr h;

		memcpy(&h, bytes + at, sizeof(h));
		h.nlmsg_seq = kernel.seq;
		memcpy((uint8_t *)buf + at, &h, sizeof(h));
		at += NLMSG_ALIGN(h.nlmsg_len);
	}
	return (ssize_t)len;
}

/* Append a message to the datagram under way. */
static void
say(uint16_t type, uint16_t flags, const struct tcmsg *tcm, const char *kind,
	uint32_t divisor)
{
	size_t *len = &kernel.len[kernel.count];
	uint8_t *start = kernel.bytes[kernel.count] + *len;
	struct buf_writer w = buf_writer(start, OCTETS - *len);
	struct nlmsghdr h = { .nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(flags | NLM_F_MULTI) };
	uint8_t *nest;

	buf_put_bytes(&w, &h, sizeof(h));
	buf_put_bytes(&w, tcm, sizeof(*tcm));
	nl_put_text(&w, TCA_KIND, kind);
	nest = nl_begin(&w, TCA_OPTIONS);
	if (divisor != 0)
		nl_put_u32(&w, 4, divisor);
	nl_end(&w, nest);
	h.nlmsg_len = (uint32_t)buf_written(&w);
	memcpy(start, &h, sizeof(h));
	*len += NLMSG_ALIGN(h.nlmsg_len);
}

static void
end_datagram(uint16_t flags)
{
	const struct nlmsghdr h = { .nlmsg_len = sizeof(h) + 4,
		.nlmsg_type = NLMSG_DONE,
		.nlmsg_flags = (uint16_t)(flags | NLM_F_MULTI) };
	size_t *len = &kernel.len[kernel.count];

	memcpy(kernel.bytes[kernel.count] + *len, &h, sizeof(h));
	memset(kernel.bytes[kernel.count] + *len + sizeof(h), 0, 4);
	*len += h.nlmsg_len;
	kernel.count++;
}

static void
say_qdisc(const char *kind, uint32_t handle, uint32_t parent, uint16_t flags)
{
	const struct tcmsg tcm = { .tcm_ifindex = IFINDEX,
		.tcm_handle = handle,
		.tcm_parent = parent };

	say(RTM_NEWQDISC, flags, &tcm, kind, 0);
}

static struct tc_objects
dump(int want_error)
{
	struct nl_conn *conn = nl_conn_new();
	struct tc_objects list = { .alloc = alloc_heap() };
	struct tc_kernel k;

	T_CHECK(conn != NULL, "memory");
	k = nl_conn_kernel(conn);
	T_EQ(k.dump_tree(k.arg, IFINDEX, &list), want_error);
	nl_conn_free(conn);
	return list;
}

static void
reset(void)
{
	memset(&kernel, 0, sizeof(kernel));
	mnl_t = (struct mnl_t){ .asked = note_asked, .say = say_next };
}

/* ---- cases --------------------------------------------------------------- */

static void
an_interrupted_dump_begins_again(void)
{
	struct tc_objects list;

	reset();
	/* It changed between two datagrams; only the end says so. */
	say_qdisc("ingress", TC_INGRESS_HANDLE, TC_INGRESS_PARENT, 0);
	say_qdisc("clsact", 0x10000, TC_PARENT_ROOT, 0);
	end_datagram(NLM_F_DUMP_INTR);
	/* The second time an object says so. */
	say_qdisc("clsact", 0x20000, TC_PARENT_ROOT, NLM_F_DUMP_INTR);
	end_datagram(0);
	say_qdisc("ingress", TC_INGRESS_HANDLE, TC_INGRESS_PARENT, 0);
	end_datagram(0);
	end_datagram(0); /* no classes */
	end_datagram(0); /* no filters of ingress */
	list = dump(0);
	T_EQ(list.count, 1);
	T_CHECK(list.all[0].kind == &tc_kind_ingress, "the third dump");
	T_EQ(kernel.said, kernel.count);
	T_EQ(kernel.asked, 5);
	for (size_t i = 0; i < 3; i++)
		T_EQ(kernel.types[i], RTM_GETQDISC);
	T_EQ(kernel.types[3], RTM_GETTCLASS);
	T_EQ(kernel.types[4], RTM_GETTFILTER);
	T_EQ(kernel.heads[4].tcm_parent, TC_INGRESS_HANDLE);
	tc_objects_done(&list);
}

static void
a_dump_that_never_ends_well_is_given_up(void)
{
	struct tc_objects list;

	reset();
	for (size_t i = 0; i < 20; i++)
		end_datagram(NLM_F_DUMP_INTR);
	list = dump(-EAGAIN);
	T_EQ(kernel.asked, 8);
	tc_objects_done(&list);
}

static void
filters_are_asked_of_each_that_may_have_them(void)
{
	static const uint32_t parents[] = { 0x10000, TC_CLSACT_INGRESS,
		TC_CLSACT_EGRESS, 0x20000, 0x10001 };
	const struct tcmsg class = { .tcm_ifindex = IFINDEX,
		.tcm_handle = 0x10001,
		.tcm_parent = 0x10000 };
	struct tc_objects list;

	reset();
	say_qdisc("hfsc", 0x10000, TC_PARENT_ROOT, 0);
	say_qdisc("clsact", TC_INGRESS_HANDLE, TC_INGRESS_PARENT, 0);
	say_qdisc("drr", 0x20000, 0x10001, 0);
	say_qdisc("pfifo_fast", 0, 0x10002, 0); /* the kernel's own */
	end_datagram(0);
	say(RTM_NEWTCLASS, 0, &class, "hfsc", 0);
	say(RTM_NEWTCLASS, 0, &class, "prio", 0); /* nobody's */
	end_datagram(0);
	for (size_t i = 0; i < 5; i++)
		end_datagram(0);
	list = dump(0);
	T_EQ(list.count, 4);
	T_EQ(kernel.asked, 7);
	for (size_t i = 0; i < 5; i++)
		T_EQ(kernel.heads[2 + i].tcm_parent, parents[i]);
	/* Ranked: the qdiscs of the device, the class, what hangs on it. */
	T_EQ(list.all[0].handle, 0x10000);
	T_EQ(list.all[1].type, TC_QDISC_INGRESS);
	T_EQ(list.all[2].type, TC_CLASS);
	T_EQ(list.all[3].handle, 0x20000);
	tc_objects_done(&list);
}

static void
another_interface_is_left_out(void)
{
	const struct tcmsg other = { .tcm_ifindex = IFINDEX + 1,
		.tcm_handle = 0x10000,
		.tcm_parent = TC_PARENT_ROOT };
	struct tc_objects list;

	reset();
	say(RTM_NEWQDISC, 0, &other, "htb", 0);
	end_datagram(0);
	end_datagram(0);
	list = dump(0);
	T_EQ(list.count, 0);
	tc_objects_done(&list);
}

static void
each_dump_is_asked_for_by_its_own_type(void)
{
	static const uint16_t types[] = { [NL_DUMP_QDISCS] = RTM_GETQDISC,
		[NL_DUMP_CLASSES] = RTM_GETTCLASS,
		[NL_DUMP_FILTERS] = RTM_GETTFILTER,
		[NL_DUMP_ACTIONS] = RTM_GETACTION };
	uint32_t bytes[64];
	const struct nlmsghdr *h = (const struct nlmsghdr *)bytes;

	for (unsigned what = 0; what < sizeof(types) / sizeof(types[0]);
		what++) {
		const struct nl_query query = { .what = what,
			.ifindex = IFINDEX,
			.action = "gact",
			.pref = 5 };
		struct buf_writer w =
			buf_writer((uint8_t *)bytes, sizeof(bytes));

		T_CHECK(nl_dump_put(&w, 7, &query), "it fits");
		T_EQ(h->nlmsg_type, types[what]);
		T_EQ(h->nlmsg_flags & NLM_F_DUMP, NLM_F_DUMP);
		T_EQ(h->nlmsg_seq, 7);
		/* Qdiscs and classes have none. */
		if (what == NL_DUMP_FILTERS)
			T_EQ(((const struct tcmsg *)NLMSG_DATA(h))->tcm_info,
				5u << 16);
	}
}

static void
add_up(void *arg, const struct tc_gact_count *count)
{
	uint64_t *sums = (uint64_t *)arg;

	sums[0]++;
	sums[1] += count->index;
	sums[2] += count->packets;
}

/* More than the 32 of a filter. */
static void
all_actions_of_a_message_are_told(void)
{
	enum { ACTIONS = 150 };
	static uint32_t bytes[8192];
	struct buf_writer w = buf_writer((uint8_t *)bytes, sizeof(bytes));
	struct nlmsghdr *h = (struct nlmsghdr *)bytes;
	const struct tcamsg head = { .tca_family = 0 };
	uint64_t sums[3] = { 0 };
	uint8_t *tab;

	(void)buf_reserve(&w, sizeof(*h));
	buf_put_bytes(&w, &head, sizeof(head));
	tab = nl_begin(&w, TCA_ACT_TAB);
	for (uint16_t i = 0; i < ACTIONS; i++) {
		const struct tc_gact gact = { .index = 1000u + i };
		const struct gnet_stats_basic basic = { 10, 2 };
		uint8_t *one = nl_begin(&w, i);
		uint8_t *nest = nl_begin(&w, TCA_ACT_OPTIONS);

		nl_put(&w, TCA_GACT_PARMS, &gact, sizeof(gact));
		nl_end(&w, nest);
		nest = nl_begin(&w, TCA_ACT_STATS);
		nl_put(&w, TCA_STATS_BASIC, &basic, 12);
		nl_end(&w, nest);
		nl_end(&w, one);
	}
	nl_end(&w, tab);
	T_CHECK(!w.failed, "it fits");
	*h = (struct nlmsghdr){ .nlmsg_len = (uint32_t)buf_written(&w),
		.nlmsg_type = RTM_GETACTION };
	nl_acts_get(h, add_up, sums);
	T_EQ(sums[0], ACTIONS);
	T_EQ(sums[1], 1000 * ACTIONS + ACTIONS * (ACTIONS - 1) / 2);
	T_EQ(sums[2], 2 * ACTIONS);
}

/* What has no parameters is no action; what has no counts has counted nothing.
 */
static void
halves_of_actions_are_not_told(void)
{
	static uint32_t bytes[256];
	struct buf_writer w = buf_writer((uint8_t *)bytes, sizeof(bytes));
	struct nlmsghdr *h = (struct nlmsghdr *)bytes;
	const struct tcamsg head = { .tca_family = 0 };
	const struct tc_gact gact = { .index = 7 };
	uint64_t sums[3] = { 0 };
	uint8_t *tab;

	(void)buf_reserve(&w, sizeof(*h));
	buf_put_bytes(&w, &head, sizeof(head));
	tab = nl_begin(&w, TCA_ACT_TAB);
	for (uint16_t i = 0; i < 3; i++) {
		uint8_t *one = nl_begin(&w, i);
		uint8_t *nest = i > 0 ? nl_begin(&w, TCA_ACT_OPTIONS) : NULL;

		if (i == 2)
			nl_put(&w, TCA_GACT_PARMS, &gact, sizeof(gact));
		if (nest)
			nl_end(&w, nest);
		nl_end(&w, one);
	}
	nl_end(&w, tab);
	T_CHECK(!w.failed, "it fits");
	*h = (struct nlmsghdr){ .nlmsg_len = (uint32_t)buf_written(&w),
		.nlmsg_type = RTM_GETACTION };
	nl_acts_get(h, add_up, sums);
	T_EQ(sums[0], 1);
	T_EQ(sums[1], 7);
	T_EQ(sums[2], 0);
}

static struct t_case cases[] = {
	{ "halves of actions are not told", halves_of_actions_are_not_told },
	{ "all actions of a message are told",
		all_actions_of_a_message_are_told },
	{ "each dump is asked for by its own type",
		each_dump_is_asked_for_by_its_own_type },
	{ "an interrupted dump begins again",
		an_interrupted_dump_begins_again },
	{ "a dump that never ends well is given up",
		a_dump_that_never_ends_well_is_given_up },
	{ "filters are asked of each that may have them",
		filters_are_asked_of_each_that_may_have_them },
	{ "another interface is left out", another_interface_is_left_out },
};

T_MAIN(cases)
