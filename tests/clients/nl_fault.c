/* SPDX-License-Identifier: ISC */

/*
 * Faults between a program and the kernel's traffic control, for LD_PRELOAD:
 * the program ends in the middle of what it sends, a change is refused, a call
 * fails, a dump is interrupted or cut, a change or an answer takes as long as
 * the test says.  Which, and when, says a file that tests map as well, so that
 * it can be said when the program is running, and that it is found behind a
 * system-call filter.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind {
	NONE,
	END,
	REFUSE,
	SEND_FAILS,
	RECEIVE_FAILS,
	INTERRUPT,
	CUT,
	SEND_WAITS, /* until there is another plan */
	RECEIVE_WAITS,
	REFUSE_ALL /* from then on, until there is another plan */
};

/* As tests/netns/nl_fault.py has it, which writes all but the last. */
struct plan {
	uint32_t number; /* of the plan; odd while it is being made */
	uint32_t kind;
	uint32_t at; /* counted from 1 */
	uint32_t error;
	uint32_t hit; /* number of the plan that has happened */
};

static struct plan nothing;
static volatile struct plan *shared = &nothing;

/* The plan of the call that runs: another one is for the next call. */
static struct plan plan;
static uint32_t changes;          /* sent since it was made */
static uint32_t sends;            /* calls */
static uint32_t receives;         /* calls that take answers */
static uint32_t refused[1 << 16]; /* errno or 0, by the sequence number */
static uint8_t out[1 << 20];

static __attribute__((constructor)) void
map_plan(void)
{
	const char *path = getenv("NL_FAULT");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0)
		return;
	map = mmap(
		NULL, sizeof(plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		shared = (volatile struct plan *)map;
	(void)close(fd);
}

static void
take_plan(void)
{
	struct plan now;

	if (shared->number == plan.number)
		return;
	do {
		now.number = shared->number;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		now.kind = shared->kind;
		now.at = shared->at;
		now.error = shared->error;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	} while (now.number % 2 != 0 || now.number != shared->number);
	now.hit = 0;
	plan = now;
	changes = 0;
	sends = 0;
	receives = 0;
}

static void
hit(void)
{
	plan.hit++;
	shared->hit = plan.number;
}

static int
is_change(const struct nlmsghdr *m)
{
	switch (m->nlmsg_type) {
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
	case RTM_NEWTCLASS:
	case RTM_DELTCLASS:
	case RTM_NEWTFILTER:
	case RTM_DELTFILTER:
		return 1;
	default:
		return 0;
	}
}

static int
happens(enum kind kind, uint32_t number)
{
	if (plan.kind != (uint32_t)kind || number != plan.at)
		return 0;
	hit();
	return 1;
}

static uint32_t *
refusal(const struct nlmsghdr *m)
{
	return &refused[m->nlmsg_seq % (sizeof(refused) / sizeof(refused[0]))];
}

/* The kernel does nothing and answers, and the answer is to be spoilt. */
static void
refuse(struct nlmsghdr *m)
{
	*refusal(m) = plan.error;
	m->nlmsg_type = NLMSG_NOOP;
	m->nlmsg_flags |= NLM_F_ACK;
}

static void
wait_for_another(void)
{
	while (shared->number == plan.number)
		(void)poll(NULL, 0, 5);
}

ssize_t
sendto(int fd, const void *data, size_t size, int flags,
	__CONST_SOCKADDR_ARG to, socklen_t to_size)
{
	const struct sockaddr *peer = to.__sockaddr__;
	bool all = false;

	if (!peer || peer->sa_family != AF_NETLINK || size > sizeof(out))
		return syscall(
			SYS_sendto, fd, data, size, flags, peer, to_size);
	take_plan();
	sends++;
	if (happens(SEND_FAILS, sends)) {
		errno = (int)plan.error;
		return -1;
	}
	memcpy(out, data, size);
	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= size;) {
		struct nlmsghdr *m = (struct nlmsghdr *)(void *)(out + at);

		at += NLMSG_ALIGN(m->nlmsg_len);
		*refusal(m) = 0;
		if (!is_change(m))
			continue;
		changes++;
		if (happens(END, changes)) {
			(void)syscall(
				SYS_sendto, fd, out, at, flags, peer, to_size);
			_exit(137);
		}
		if (happens(SEND_WAITS, changes))
			wait_for_another();
		if (plan.kind == REFUSE_ALL && changes >= plan.at)
			all = true;
		if (all || happens(REFUSE, changes))
			refuse(m);
	}
	if (all)
		hit();
	return syscall(SYS_sendto, fd, out, size, flags, peer, to_size);
}

/* An answer on its way to the program; its size then. */
static size_t
spoil(uint8_t *data, size_t size)
{
	int interrupt = happens(INTERRUPT, receives);

	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= size;) {
		struct nlmsghdr *m = (struct nlmsghdr *)(void *)(data + at);
		struct nlmsgerr *e = (struct nlmsgerr *)NLMSG_DATA(m);

		if (m->nlmsg_len < sizeof(*m))
			break;
		if (m->nlmsg_type == NLMSG_ERROR && *refusal(m) != 0)
			e->error = -(int)*refusal(m);
		if (interrupt && (m->nlmsg_flags & NLM_F_MULTI) != 0)
			m->nlmsg_flags |= NLM_F_DUMP_INTR;
		at += NLMSG_ALIGN(m->nlmsg_len);
	}
	/* The first from then on that is one of many. */
	if (plan.hit == 0 && receives >= plan.at && size > 1000 &&
		happens(CUT, plan.at))
		return size / 2;
	return size;
}

static int
fails(void)
{
	take_plan();
	receives++;
	if (happens(RECEIVE_WAITS, receives))
		wait_for_another();
	if (!happens(RECEIVE_FAILS, receives))
		return 0;
	errno = (int)plan.error;
	return 1;
}

ssize_t
recvmsg(int fd, struct msghdr *msg, int flags)
{
	const struct sockaddr *from = (const struct sockaddr *)msg->msg_name;
	ssize_t n;

	if (!from || msg->msg_namelen != sizeof(struct sockaddr_nl))
		return syscall(SYS_recvmsg, fd, msg, flags);
	if (fails())
		return -1;
	n = syscall(SYS_recvmsg, fd, msg, flags);
	if (n > 0 && from->sa_family == AF_NETLINK)
		n = (ssize_t)spoil(
			(uint8_t *)msg->msg_iov[0].iov_base, (size_t)n);
	return n;
}

int
recvmmsg(int fd, struct mmsghdr *all, unsigned count, int flags,
	struct timespec *timeout)
{
	int n;

	if (fails())
		return -1;
	n = (int)syscall(SYS_recvmmsg, fd, all, count, flags, timeout);
	for (int i = 0; i < n; i++)
		all[i].msg_len = (unsigned)spoil(
			(uint8_t *)all[i].msg_hdr.msg_iov[0].iov_base,
			all[i].msg_len);
	return n;
}
