/* SPDX-License-Identifier: ISC */

/* A scripted daemon; see rapi_daemon.h. */

#include "rapi_daemon.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rapi/rapi_ext.h"
#include "t.h"

void
rapi_daemon_back(struct rapi_daemon *d)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", d->path);
	d->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	T_CHECK(d->listener >= 0, "socket");
	T_EQ(bind(d->listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	T_EQ(listen(d->listener, 16), 0);
}

/* The directory of the case that runs; one that failed in the middle leaves
 * it. */
static char last_dir[sizeof(((struct rapi_daemon *)0)->dir)];

static void
sweep(void)
{
	char path[sizeof(last_dir) + sizeof("/sock")];

	if (last_dir[0] == '\0')
		return;
	snprintf(path, sizeof(path), "%s/sock", last_dir);
	unlink(path);
	rmdir(last_dir);
	last_dir[0] = '\0';
}

void
rapi_daemon_start(struct rapi_daemon *d)
{
	static bool registered;

	if (!registered && atexit(sweep) == 0)
		registered = true;
	sweep();
	memset(d, 0, sizeof(*d));
	d->fd = -1;
	snprintf(d->dir, sizeof(d->dir), "/tmp/rapi-test-XXXXXX");
	T_CHECK(mkdtemp(d->dir) != NULL, "no directory");
	snprintf(last_dir, sizeof(last_dir), "%s", d->dir);
	snprintf(d->path, sizeof(d->path), "%s/sock", d->dir);
	rapi_daemon_back(d);
	T_EQ(rapi_ext_set_socket(d->path), RAPI_ERR_OK);
}

void
rapi_daemon_die(struct rapi_daemon *d)
{
	if (d->fd >= 0)
		close(d->fd);
	if (d->listener >= 0)
		close(d->listener);
	d->fd = -1;
	d->listener = -1;
	d->left = (struct buf_reader){ 0 };
	unlink(d->path);
}

void
rapi_daemon_stop(struct rapi_daemon *d)
{
	rapi_daemon_die(d);
	sweep();
}

bool
rapi_daemon_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, RAPI_DAEMON_MS) == 1;
}

static struct rapi_msg_request
next_of(struct rapi_daemon *d)
{
	struct rapi_msg_request q;
	struct msg msg;

	if (buf_left(&d->left) == 0) {
		T_CHECK(rapi_daemon_readable(d->fd), "nothing came");

		const ssize_t n = recv(d->fd, d->bytes, sizeof(d->bytes), 0);

		T_CHECK(n > 0, "the library has gone");
		d->left = buf_reader(d->bytes, (size_t)n);
	}
	T_CHECK(msg_next(&d->left, &msg), "not a message");
	T_EQ(rapi_msg_decode_request(&msg, &q), RAPI_MSG_OK);
	return q;
}

struct rapi_msg_request
rapi_daemon_next(struct rapi_daemon *d, enum rapi_msg_type type)
{
	const struct rapi_msg_request q = next_of(d);

	T_EQ(q.type, type);
	return q;
}

bool
rapi_daemon_silent(const struct rapi_daemon *d)
{
	struct pollfd p = { .fd = d->fd, .events = POLLIN };

	return buf_left(&d->left) == 0 && poll(&p, 1, 0) == 0;
}

void
rapi_daemon_accept_settling(struct rapi_daemon *d, uint32_t settle_ms)
{
	uint8_t bytes[64];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	T_CHECK(rapi_daemon_readable(d->listener), "nobody connects");
	d->fd = accept(d->listener, NULL, NULL);
	T_CHECK(d->fd >= 0, "accept");

	const struct rapi_msg_request hello =
		rapi_daemon_next(d, RAPI_MSG_HELLO);

	T_EQ(hello.protocol_min, 1);
	T_EQ(hello.protocol_max, 1);
	rapi_msg_put_welcome(&w, settle_ms);
	rapi_daemon_send(d, &w);
}

void
rapi_daemon_accept(struct rapi_daemon *d)
{
	rapi_daemon_accept_settling(d, 3600000);
}

void
rapi_daemon_send(struct rapi_daemon *d, const struct buf_writer *w)
{
	T_CHECK(!w->failed, "too long");
	T_EQ(send(d->fd, w->start, buf_written(w), MSG_NOSIGNAL),
		buf_written(w));
}

void
rapi_daemon_event(struct rapi_daemon *d, const struct rapi_msg_event *event,
	const struct rapi_msg_item *items, size_t n)
{
	uint8_t bytes[8192];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = rapi_msg_begin_event(&w, event);

	for (size_t i = 0; i < n; i++)
		rapi_msg_put_item(&w, &items[i]);
	rapi_msg_end_event(&w, start);
	rapi_daemon_send(d, &w);
}
