/* SPDX-License-Identifier: ISC */

/* One question to the daemon over its control socket. */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/ctl.h"

enum { QUESTION_MAX = 8192 };

static const char *
program(const struct ctl_options *options)
{
	return options->program ? options->program : "rsvpctl";
}

static int
reach(const struct ctl_options *options)
{
	const char *path = options->socket;
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(sa.sun_path)) {
		errno = ENAMETOOLONG;
	} else if (fd >= 0) {
		memcpy(sa.sun_path, path, strlen(path) + 1);
		if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0)
			return fd;
	}
	if (!options->quiet)
		fprintf(stderr,
			"%s: %s: %s (is rsvpd running, may you use it?)\n",
			program(options), path, strerror(errno));
	if (fd >= 0)
		(void)close(fd); /* nothing was written */
	return -1;
}

/* The end of an answer as an exit status. */
static int
ended(const struct ctl_options *options, struct buf_reader facts)
{
	struct ctl_value v;

	if (!ctl_value_find(&facts, CTL_F_ERROR, &v))
		return CTL_DONE;
	fprintf(stderr, "%s: %s\n", program(options), v.text);
	return CTL_REFUSED;
}

/* True when the answer has ended; *ret_status is set then. */
static bool
take(const struct ctl_options *options, struct buf_reader datagram,
	ctl_record_fn *tell, void *arg, int *ret_status)
{
	struct msg m;

	while (msg_next(&datagram, &m)) {
		if (m.version != MSG_VERSION) {
			fprintf(stderr,
				"%s: the daemon speaks version %u, this tool "
				"%d\n",
				program(options), m.version, MSG_VERSION);
			*ret_status = CTL_UNREACHABLE;
			return true;
		}
		if (m.type == CTL_END) {
			*ret_status = ended(options, m.body);
			return true;
		}
		if (m.type == CTL_RECORD)
			tell(arg, &m.body);
	}
	return false;
}

/* NOLINTBEGIN(readability-non-const-parameter): recvmsg() writes there */
/* The next datagram; the first descriptor that comes is kept, any other
 * closed. */
static ssize_t
receive(int from, uint8_t *bytes, size_t size, int *fd)
{
	struct iovec iov = { .iov_base = bytes, .iov_len = size };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	const ssize_t n = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&m);
	int got;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
		c->cmsg_len != CMSG_LEN(sizeof(int)))
		return n;
	memcpy(&got, CMSG_DATA(c), sizeof(got));
	if (*fd < 0)
		*fd = got;
	else
		(void)close(got); /* never used */
	return n;
}

/* NOLINTEND(readability-non-const-parameter) */

/* No answer, or half of one.  An exit status. */
static int
cut_off(const struct ctl_options *options)
{
	if (!options->quiet)
		fprintf(stderr,
			"%s: the daemon ended the connection (it was started "
			"again, or has too many of them: try again)\n",
			program(options));
	return CTL_UNREACHABLE;
}

/* Until the end of the answer. */
static int
hear(const struct ctl_options *options, struct ctl_question *q, int from)
{
	uint8_t bytes[MSG_DATAGRAM_MAX];
	int status = CTL_UNREACHABLE;

	for (;;) {
		const ssize_t n = receive(from, bytes, sizeof(bytes), &q->fd);

		if (n <= 0)
			return cut_off(options);
		if (take(options, buf_reader(bytes, (size_t)n), q->tell, q->arg,
			    &status))
			return status;
	}
}

int
ctl_ask_more(const struct ctl_options *options, struct ctl_question *q)
{
	uint8_t bytes[QUESTION_MAX];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *m = msg_begin(&w, (uint16_t)q->type, 1);
	int status = CTL_UNREACHABLE;
	int fd;

	q->fd = -1;
	if (q->put)
		q->put(&w, q->put_arg);
	msg_end(&w, m);
	if (w.failed) {
		fprintf(stderr, "%s: the question is too long\n",
			program(options));
		return CTL_USAGE;
	}
	fd = reach(options);
	if (fd < 0)
		return CTL_UNREACHABLE;
	if (send(fd, bytes, buf_written(&w), MSG_NOSIGNAL) >= 0)
		status = hear(options, q, fd);
	else
		status = cut_off(options);
	(void)close(fd); /* only read from */
	return status;
}

int
ctl_ask(const struct ctl_options *options, enum ctl_type question,
	ctl_record_fn *tell, void *arg)
{
	struct ctl_question q = { .type = question, .tell = tell, .arg = arg };
	const int status = ctl_ask_more(options, &q);

	if (q.fd >= 0)
		(void)close(q.fd); /* not asked for */
	return status;
}
