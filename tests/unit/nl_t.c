/* SPDX-License-Identifier: ISC */

/* A kernel that says what was written down; see nl_t.h. */

#include "nl_t.h"

#include <errno.h>
#include <linux/netlink.h>

#include "mnl_t.h"
#include "t.h"

enum { DATAGRAMS = 32, OCTETS = 16384, REQUESTS = 32, REQUEST = 512 };

struct datagram {
	_Alignas(struct nlmsghdr) uint8_t bytes[OCTETS];
	size_t len;
	struct nlmsghdr *last; /* the message under way */
	int error;             /* instead of it */
	bool late;
};

static struct {
	struct datagram datagrams[DATAGRAMS];
	size_t count;
	size_t said;
	_Alignas(struct nlmsghdr) uint8_t requests[REQUESTS][REQUEST];
	size_t asked;
} kernel;

static void
note(const void *request, size_t size)
{
	T_CHECK(kernel.asked < REQUESTS && size <= REQUEST, "too much asked");
	memcpy(kernel.requests[kernel.asked++], request, size);
}

static ssize_t
say(void *buf, size_t size)
{
	struct datagram *d = &kernel.datagrams[kernel.said];
	const uint32_t seq = nl_t_request(kernel.asked - 1)->nlmsg_seq;
	int left = (int)d->len;

	T_CHECK(kernel.said < kernel.count, "there is no more to say");
	T_CHECK(d->len <= size, "little room for %zu octets", d->len);
	kernel.said++;
	if (d->error != 0) {
		errno = d->error;
		return -1;
	}
	for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)d->bytes;
		mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
		h->nlmsg_seq = d->late ? seq - 1 : seq;
	memcpy(buf, d->bytes, d->len);
	return (ssize_t)d->len;
}

void
nl_t_begin(void)
{
	memset(&kernel, 0, sizeof(kernel));
	mnl_t = (struct mnl_t){ .asked = note, .say = say };
}

static struct datagram *
under_way(void)
{
	T_CHECK(kernel.count < DATAGRAMS, "too many datagrams");
	return &kernel.datagrams[kernel.count];
}

/* The message under way has its attributes. */
static void
close_message(struct datagram *d)
{
	if (d->last)
		d->len = (size_t)((uint8_t *)d->last - d->bytes) +
			 NLMSG_ALIGN(d->last->nlmsg_len);
	d->last = NULL;
	T_CHECK(d->len <= OCTETS - REQUEST, "a datagram is too long");
}

struct nlmsghdr *
nl_t_say(uint16_t type, const void *head, size_t len)
{
	struct datagram *d = under_way();

	close_message(d);
	d->last = mnl_nlmsg_put_header(d->bytes + d->len);
	d->last->nlmsg_type = type;
	memcpy(mnl_nlmsg_put_extra_header(d->last, len), head, len);
	return d->last;
}

void
nl_t_end(uint16_t flags)
{
	struct datagram *d = under_way();
	struct nlmsghdr *first = (struct nlmsghdr *)(void *)d->bytes;

	close_message(d);
	first->nlmsg_flags |= flags;
	kernel.count++;
}

void
nl_t_end_late(void)
{
	under_way()->late = true;
	nl_t_end(0);
}

void
nl_t_done(void)
{
	const int status = 0;

	(void)nl_t_say(NLMSG_DONE, &status, sizeof(status));
	nl_t_end(0);
}

void
nl_t_error(int error)
{
	const struct nlmsgerr e = { .error = error };

	(void)nl_t_say(NLMSG_ERROR, &e, sizeof(e));
	nl_t_end(0);
}

void
nl_t_fail(int error)
{
	under_way()->error = error;
	kernel.count++;
}

bool
nl_t_silent(void)
{
	return kernel.said == kernel.count;
}

size_t
nl_t_asked(void)
{
	return kernel.asked;
}

const struct nlmsghdr *
nl_t_request(size_t i)
{
	T_CHECK(i < kernel.asked, "%zu was not asked", i);
	return (const struct nlmsghdr *)(const void *)kernel.requests[i];
}

const struct nlattr *
nl_t_attr(size_t i, size_t head, uint16_t type)
{
	const struct nlmsghdr *h = nl_t_request(i);
	const struct nlattr *attr =
		(const struct nlattr *)mnl_nlmsg_get_payload_offset(h, head);
	const char *end = (const char *)mnl_nlmsg_get_payload_tail(h);

	while (mnl_attr_ok(attr, (int)(end - (const char *)attr))) {
		if (mnl_attr_get_type(attr) == type)
			return attr;
		attr = mnl_attr_next(attr);
	}
	return NULL;
}
