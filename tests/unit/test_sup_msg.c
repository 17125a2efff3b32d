/* SPDX-License-Identifier: ISC */
#include "rsvpd/sup_msg.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "t.h"

enum { NEAR, FAR };

static void
make_pair(int pair[2])
{
	T_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		     0, pair),
		0);
}

static void
close_pair(const int pair[2])
{
	close(pair[NEAR]);
	close(pair[FAR]);
}

/* How many descriptors this process has. */
static int
open_count(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
every_field_survives(void)
{
	struct sup_msg sent = { .type = SUP_RELOADED,
		.serial = 77,
		.ok = true,
		.watchdog_ms = 1500,
		.group = "operators",
		.text = "rsvpd.conf:3: why",
		.fd = -1 };
	struct sup_msg got;
	int pair[2];

	make_pair(pair);
	T_EQ(sup_msg_send(pair[NEAR], &sent), 0);
	T_EQ(sup_msg_recv(pair[FAR], true, &got), 1);
	T_EQ(got.type, SUP_RELOADED);
	T_EQ(got.serial, 77);
	T_EQ(got.ok, true);
	T_EQ(got.watchdog_ms, 1500);
	T_STR(got.group, "operators");
	T_STR(got.text, "rsvpd.conf:3: why");
	T_EQ(got.fd, -1);
	sent.ok = false;
	T_EQ(sup_msg_send(pair[NEAR], &sent), 0);
	T_EQ(sup_msg_recv(pair[FAR], true, &got), 1);
	T_EQ(got.ok, false);
	close_pair(pair);
}

static void
descriptor_arrives_with_its_role_and_closes_on_exec(void)
{
	const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct sup_msg sent = { .type = SUP_FD, .role = 5, .fd = null };
	struct sup_msg got;
	struct stat a;
	struct stat b;
	int pair[2];

	make_pair(pair);
	T_EQ(sup_msg_send(pair[NEAR], &sent), 0);
	T_EQ(sup_msg_recv(pair[FAR], true, &got), 1);
	T_EQ(got.role, 5);
	T_CHECK(got.fd >= 0 && got.fd != null, "%d", got.fd);
	T_EQ(fstat(null, &a), 0);
	T_EQ(fstat(got.fd, &b), 0);
	T_EQ(a.st_rdev, b.st_rdev);
	T_EQ(fcntl(got.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(got.fd);
	close(null);
	close_pair(pair);
}

static void
a_need_and_its_answer_without_descriptor_name_the_role(void)
{
	static const uint16_t types[] = { SUP_NEED, SUP_FD };
	struct sup_msg got;
	int pair[2];

	make_pair(pair);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct sup_msg sent = {
			.type = types[i], .role = 9, .fd = -1
		};

		T_EQ(sup_msg_send(pair[NEAR], &sent), 0);
		T_EQ(sup_msg_recv(pair[FAR], true, &got), 1);
		T_EQ(got.type, types[i]);
		T_EQ(got.role, 9);
		T_EQ(got.fd, -1);
	}
	close_pair(pair);
}

static void
descriptor_is_not_taken_from_a_worker(void)
{
	const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct sup_msg sent = { .type = SUP_PONG, .fd = null };
	struct sup_msg got;
	int before;
	int pair[2];

	make_pair(pair);
	before = open_count();
	T_EQ(sup_msg_send(pair[NEAR], &sent), 0);
	T_EQ(sup_msg_recv(pair[FAR], false, &got), 1);
	T_EQ(got.fd, -1);
	T_EQ(open_count(), before);
	close(null);
	close_pair(pair);
}

/* Send bytes with that many descriptors beside them. */
static void
send_raw(int sock, const void *bytes, size_t len, int fd, size_t fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = { .bytes = { 0 } };
	char copy[2048];
	struct iovec iov = { .iov_base = copy, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	memcpy(copy, bytes, len);
	if (fds > 0) {
		struct cmsghdr *c;

		mh.msg_control = control.bytes;
		mh.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fds * sizeof(int));
		for (size_t i = 0; i < fds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(fd));
	}
	T_EQ(sendmsg(sock, &mh, 0), (ssize_t)len);
}

static size_t
ping_bytes(uint8_t *buf, size_t size)
{
	struct buf_writer w = buf_writer(buf, size);

	msg_end(&w, msg_begin(&w, SUP_PING, 9));
	return buf_written(&w);
}

static void
second_descriptor_and_those_of_nonsense_are_closed(void)
{
	const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	uint8_t ping[64];
	const size_t n = ping_bytes(ping, sizeof(ping));
	struct sup_msg got;
	int before;
	int pair[2];

	make_pair(pair);
	before = open_count();
	send_raw(pair[NEAR], ping, n, null, 2);
	T_EQ(sup_msg_recv(pair[FAR], true, &got), 1);
	T_CHECK(got.fd >= 0, "no descriptor");
	T_EQ(open_count(), before + 1);
	close(got.fd);
	send_raw(pair[NEAR], "nonsense", 8, null, 1);
	T_EQ(sup_msg_recv(pair[FAR], true, &got), -EPROTO);
	T_EQ(open_count(), before);
	close(null);
	close_pair(pair);
}

static void
malformed_messages_are_refused(void)
{
	uint8_t ping[64];
	const size_t n = ping_bytes(ping, sizeof(ping));
	char large[1500] = { 0 };
	struct sup_msg got;
	int pair[2];

	make_pair(pair);
	for (size_t len = 1; len < n; len++) {
		send_raw(pair[NEAR], ping, len, -1, 0);
		T_EQ(sup_msg_recv(pair[FAR], false, &got), -EPROTO);
	}
	/* Two messages, another version, larger than any of ours. */
	memcpy(large, ping, n);
	memcpy(large + n, ping, n);
	send_raw(pair[NEAR], large, 2 * n, -1, 0);
	T_EQ(sup_msg_recv(pair[FAR], false, &got), -EPROTO);
	ping[4]++;
	send_raw(pair[NEAR], ping, n, -1, 0);
	T_EQ(sup_msg_recv(pair[FAR], false, &got), -EPROTO);
	send_raw(pair[NEAR], large, sizeof(large), -1, 0);
	T_EQ(sup_msg_recv(pair[FAR], false, &got), -EPROTO);
	close_pair(pair);
}

/* What fits is a whole message, and there was more. */
static void
datagram_that_was_cut_is_refused(void)
{
	enum { LARGEST = 1024 };
	static const uint8_t filling[LARGEST];
	static uint8_t buf[LARGEST + 1];
	struct buf_writer w = buf_writer(buf, LARGEST);
	uint8_t *start = msg_begin(&w, SUP_PING, 0);
	struct sup_msg got;
	int pair[2];

	msg_put_bytes(&w, 99, filling, LARGEST - MSG_HEADER - MSG_ATTR_HEADER);
	msg_end(&w, start);
	T_EQ(buf_written(&w), LARGEST);
	make_pair(pair);
	send_raw(pair[NEAR], buf, LARGEST, -1, 0);
	T_EQ(sup_msg_recv(pair[FAR], false, &got), 1);
	send_raw(pair[NEAR], buf, LARGEST + 1, -1, 0);
	T_EQ(sup_msg_recv(pair[FAR], false, &got), -EPROTO);
	close_pair(pair);
}

static void
attributes_of_wrong_size_are_refused_and_unknown_ones_skipped(void)
{
	static const struct {
		uint16_t attr;
		size_t len;
		int want;
	} rows[] = {
		{ 1, 2, -EPROTO },
		{ 2, 4, -EPROTO },
		{ 3, 1, -EPROTO },
		{ 4, 40, -EPROTO },
		{ 5, 500, -EPROTO },
		{ 99, 7, 1 },
	};
	uint8_t filler[512];
	int pair[2];

	memset(filler, 'x', sizeof(filler));
	make_pair(pair);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t buf[1024];
		struct buf_writer w = buf_writer(buf, sizeof(buf));
		uint8_t *start = msg_begin(&w, SUP_READY, 0);
		struct sup_msg got;

		msg_put_bytes(&w, rows[i].attr, filler, rows[i].len);
		msg_end(&w, start);
		send_raw(pair[NEAR], buf, buf_written(&w), -1, 0);
		T_EQ(sup_msg_recv(pair[FAR], false, &got), rows[i].want);
	}
	close_pair(pair);
}

static void
nothing_and_the_end_are_told_apart(void)
{
	const struct sup_msg ping = { .type = SUP_PING, .fd = -1 };
	struct sup_msg got;
	int pair[2];

	make_pair(pair);
	T_EQ(sup_msg_recv(pair[FAR], true, &got), -EAGAIN);
	close(pair[NEAR]);
	T_EQ(sup_msg_recv(pair[FAR], true, &got), 0);
	T_EQ(sup_msg_send(pair[FAR], &ping), -EPIPE);
	close(pair[FAR]);
}

static void
a_full_socket_is_told_and_never_waited_for(void)
{
	const struct sup_msg ping = { .type = SUP_PING, .fd = -1 };
	int pair[2];
	int ret = 0;

	make_pair(pair);
	/* Not even when the socket itself would wait. */
	T_EQ(fcntl(pair[NEAR], F_SETFL, 0), 0);
	alarm(10);
	for (int i = 0; i < 100000 && ret == 0; i++)
		ret = sup_msg_send(pair[NEAR], &ping);
	alarm(0);
	T_EQ(ret, -EAGAIN);
	close_pair(pair);
}

static struct t_case cases[] = {
	{ "every field survives", every_field_survives },
	{ "a descriptor arrives with its role and closes on exec",
		descriptor_arrives_with_its_role_and_closes_on_exec },
	{ "a need and its answer without descriptor name the role",
		a_need_and_its_answer_without_descriptor_name_the_role },
	{ "a descriptor is not taken from a worker",
		descriptor_is_not_taken_from_a_worker },
	{ "a second descriptor and those of nonsense are closed",
		second_descriptor_and_those_of_nonsense_are_closed },
	{ "malformed messages are refused", malformed_messages_are_refused },
	{ "a datagram that was cut is refused",
		datagram_that_was_cut_is_refused },
	{ "attributes of wrong size are refused, unknown ones skipped",
		attributes_of_wrong_size_are_refused_and_unknown_ones_skipped },
	{ "nothing and the end are told apart",
		nothing_and_the_end_are_told_apart },
	{ "a full socket is told and never waited for",
		a_full_socket_is_told_and_never_waited_for },
};
T_MAIN(cases)
