/* SPDX-License-Identifier: ISC */
/* Messages between the supervisor and its workers; see sup_msg.h. */
#include "sup_msg.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/os.h"

enum attr { ATTR_ROLE = 1, ATTR_OK, ATTR_WATCHDOG_MS, ATTR_GROUP, ATTR_TEXT };

enum { MESSAGE_MAX = 1024, FDS_MAX = 2 };

static size_t
encode(const struct sup_msg *msg, uint8_t *buf, size_t size)
{
	struct buf_writer w = buf_writer(buf, size);
	uint8_t *start = msg_begin(&w, msg->type, msg->serial);

	if (msg->type == SUP_FD || msg->type == SUP_NEED)
		msg_put_u8(&w, ATTR_ROLE, msg->role);
	if (msg->type == SUP_RELOADED)
		msg_put_u8(&w, ATTR_OK, msg->ok);
	if (msg->watchdog_ms != 0)
		msg_put_u32(&w, ATTR_WATCHDOG_MS, msg->watchdog_ms);
	if (msg->group[0] != '\0')
		msg_put_text(&w, ATTR_GROUP, msg->group);
	if (msg->text[0] != '\0')
		msg_put_text(&w, ATTR_TEXT, msg->text);
	msg_end(&w, start);
	return w.failed ? 0 : buf_written(&w);
}

int
sup_msg_send(int sock, const struct sup_msg *msg)
{
	uint8_t buf[MESSAGE_MAX];
	const size_t len = encode(msg, buf, sizeof(buf));

	return len == 0 ? -EMSGSIZE : os_send(sock, buf, len, msg->fd);
}

/* The first descriptor beside a message, or -1; any other is closed. */
static int
take_descriptor(struct msghdr *mh)
{
	int first = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (first < 0)
				first = fd;
			else
				close(fd);
		}
	}
	return first;
}

static void
read_attr(struct msg_attr *a, struct sup_msg *msg)
{
	switch (a->type) {
	case ATTR_ROLE:
		msg->role = msg_get_u8(a);
		break;
	case ATTR_OK:
		msg->ok = msg_get_u8(a) != 0;
		break;
	case ATTR_WATCHDOG_MS:
		msg->watchdog_ms = msg_get_u32(a);
		break;
	case ATTR_GROUP:
		msg_get_text(a, msg->group, sizeof(msg->group));
		break;
	case ATTR_TEXT:
		msg_get_text(a, msg->text, sizeof(msg->text));
		break;
	default: /* of a newer version */
		return;
	}
}

static bool
decode(const uint8_t *buf, size_t len, struct sup_msg *ret_msg)
{
	struct buf_reader r = buf_reader(buf, len);
	struct msg_attr a;
	struct msg m;

	if (!msg_next(&r, &m) || m.version != MSG_VERSION || !buf_complete(&r))
		return false;
	ret_msg->type = m.type;
	ret_msg->serial = m.serial;
	while (msg_attr_next(&m.body, &a)) {
		read_attr(&a, ret_msg);
		if (a.body.failed)
			return false;
	}
	return !m.body.failed;
}

int
sup_msg_recv(int sock, bool take_fd, struct sup_msg *ret_msg)
{
	uint8_t buf[MESSAGE_MAX];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct sup_msg msg = { .fd = -1 };
	ssize_t n;

	if (take_fd) {
		mh.msg_control = control.bytes;
		mh.msg_controllen = sizeof(control.bytes);
	}
	n = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (take_fd)
		msg.fd = take_descriptor(&mh);
	if (n == 0)
		return 0;
	if ((mh.msg_flags & MSG_TRUNC) != 0 || !decode(buf, (size_t)n, &msg)) {
		if (msg.fd >= 0)
			close(msg.fd);
		return -EPROTO;
	}
	*ret_msg = msg;
	return 1;
}
