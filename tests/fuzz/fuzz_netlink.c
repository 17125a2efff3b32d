/* SPDX-License-Identifier: ISC */

/*
 * What the kernel says over netlink, read from octets that no kernel sent:
 * tcctl's objects and counters, the engine's links, addresses, routes, port
 * owners and notifications.  The kernel behind libmnl's sockets is the fuzzer.
 */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "rsvpd/net_link_int.h"
#include "tcctl/nl_attr.h"
#include "tcctl/nl_conn.h"
#include "tests/fuzz/rim.h"
#include "tests/unit/mnl_t.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct feed input;
static uint32_t asked_seq;

/* A socket that has always something to read. */
static int
readable(void)
{
	static int pair[2] = { -1, -1 };

	if (pair[0] < 0 &&
		(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) != 0 ||
			write(pair[1], "", 1) != 1))
		rim_give_up("no sockets");
	return pair[0];
}

/* ---- the kernel ---------------------------------------------------------- */

static void
note_asked(const void *req, size_t size)
{
	(void)size;
	asked_seq = ((const struct nlmsghdr *)req)->nlmsg_seq;
}

/* How much of it is whole messages.  The kernel's framing is right, and libmnl
 * relies on it: a length over 2^31 would lead it astray. */
static size_t
framed(const uint8_t *bytes, size_t len)
{
	struct nlmsghdr head;
	size_t at = 0;

	while (len - at >= sizeof(head)) {
		memcpy(&head, bytes + at, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > len - at)
			break;
		at += NLMSG_ALIGN(head.nlmsg_len);
		if (at >= len)
			return len;
	}
	return at;
}

/* A kernel's errors are small and negative. */
static void
tame_errors(uint8_t *bytes, size_t len)
{
	struct nlmsghdr head;
	int error;

	for (size_t at = 0; at + sizeof(head) + sizeof(error) <= len;
		at += NLMSG_ALIGN(head.nlmsg_len)) {
		memcpy(&head, bytes + at, sizeof(head));
		memcpy(&error, bytes + at + sizeof(head), sizeof(error));
		if (head.nlmsg_type == NLMSG_ERROR ||
			head.nlmsg_type == NLMSG_DONE)
			error = -(error & 0xfff);
		memcpy(bytes + at + sizeof(head), &error, sizeof(error));
	}
}

/* The next datagram of the input.  Its first message is an answer to what was
 * asked last, or half of all would be thrown away as late. */
static ssize_t
say_next(void *buf, size_t size)
{
	const uint8_t *bytes;
	struct nlmsghdr head;
	size_t len;

	if (feed_empty(&input)) {
		errno = EAGAIN;
		return -1;
	}
	len = feed_bytes(&input, feed_u16(&input), &bytes);
	if (len > size) {
		errno = ENOSPC;
		return -1;
	}
	if (len > 0)
		memcpy(buf, bytes, len);
	len = framed(bytes, len);
	tame_errors((uint8_t *)buf, len);
	if (len >= sizeof(head)) {
		memcpy(&head, buf, sizeof(head));
		head.nlmsg_seq = asked_seq;
		memcpy(buf, &head, sizeof(head));
	}
	return (ssize_t)len;
}

void
net_link_changed(struct net_link *link)
{
	if (link->route_count > NET_ROUTES_PENDING)
		rim_give_up("too many routes are noted");
	link->links_changed = false;
	link->stale = false;
	link->all_routes = false;
	link->route_count = 0;
}

const struct net_iface *
net_link_find(const struct net_link *link, uint32_t ifindex)
{
	return net_table_iface(&link->table, ifindex);
}

void
effect_run(struct engine *e)
{
	(void)e; /* there is no core here */
}

/* ---- readers ------------------------------------------------------------- */

/* What was read can be said, written and read again as the same. */
static void
judge_object(const struct tc_object *o)
{
	static const struct nl_want wants[] = { { TCA_OPTIONS, 0 } };
	static uint8_t bytes[65536];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct tc_extra extra = { 0 };
	struct tc_object back = {
		.type = o->type, .handle = o->handle, .extra = &extra
	};
	struct nl_view got[1];
	char line[512];
	struct text t = text_over(line, sizeof(line));

	if (!o->kind)
		rim_give_up("an object of no kind");
	tc_object_print(&t, o, "eth0");
	if (!o->kind->fill)
		return;
	o->kind->fill(&w, o);
	if (w.failed)
		rim_give_up("an object that cannot be written");
	if (!nl_parse(
		    (struct nl_view){ bytes, buf_written(&w) }, wants, 1, got))
		rim_give_up("an object that is written wrongly");
	if (got[0].data &&
		(!o->kind->parse(&got[0], &back) || !o->kind->equal(&back, o)))
		rim_give_up(line);
}

static int
read_object(const struct nlmsghdr *h, void *arg)
{
	struct tc_object object;
	struct tc_extra extra;
	struct tc_class_stats stats;

	(void)arg;
	if (nl_object_get(h, &extra, &object))
		judge_object(&object);
	(void)nl_stats_get(h, &stats); /* any answer */
	(void)nl_root_get(h);
	return MNL_CB_OK;
}

/* A copy that is aligned and ends where it ends. */
static void
read_objects(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	size = framed(data, size);
	copy = (uint8_t *)malloc(size + 1);
	if (!copy)
		return;
	memcpy(copy, data, size);
	tame_errors(copy, size);
	(void)mnl_cb_run(copy, size, 0, 0, read_object, NULL);
	free(copy);
}

static void
read_table(struct net_link *link)
{
	net_table_free(&link->table);
	if (net_table_read(&link->route, &link->table) != 0)
		return;
	for (size_t i = 1; i < link->table.iface_count; i++)
		if (link->table.ifaces[i - 1].facts.ifindex >
			link->table.ifaces[i].facts.ifindex)
			rim_give_up("links out of order");
	for (size_t i = 0; i < link->table.addr_count; i++)
		if (!net_table_addr(&link->table, &link->table.addrs[i].addr))
			rim_give_up("an address that is not found");
}

static void
read_answers(struct net_link *link)
{
	struct rsvp_route_query query = { .dst = addr_v4_u32(0x0a000001),
		.src = addr_v4_u32(0x0a000002),
		.in_ifindex = 1 };
	struct rsvp_route route;
	struct addr src;
	uint32_t uid;

	read_table(link);
	net_link_route(link, &query, &route);
	if (route.count > RSVP_OIFS_MAX)
		rim_give_up("too many ways");
	query.dst = addr_v4_u32(0xe1000001);
	net_link_route(link, &query, &route);
	if (route.count > RSVP_OIFS_MAX)
		rim_give_up("too many ways");
	(void)net_link_source(link, &query.src, &src); /* any answer */
	(void)net_link_port_owner(link, 17, &query.src, 5004, &uid);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct net_link link;
	struct rim rim;

	memset(&link, 0, sizeof(link));
	log_set(LOG_LEVEL_ERR, 0);
	rim_begin(&rim);
	link.engine = &rim.engine;
	input = (struct feed){ data, data + size };
	mnl_t = (struct mnl_t){
		.fd = readable(), .asked = note_asked, .say = say_next
	};
	if (net_nl_open(&link.route, NETLINK_ROUTE) == 0)
		read_answers(&link);
	if (net_watch_open(&link) == 0)
		rim_turn_once();
	net_watch_close(&link);
	net_table_free(&link.table);
	rim_end(&rim);
	read_objects(data, size);
	return 0;
}
