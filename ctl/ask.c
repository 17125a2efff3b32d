/* SPDX-License-Identifier: ISC */

/* One question to the daemon over its control socket. */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/ctl.h"

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

int
ctl_ask(const struct ctl_options *options, enum ctl_type question,
	ctl_record_fn *tell, void *arg)
{
	uint8_t bytes[MSG_DATAGRAM_MAX];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	const int fd = reach(options);
	int status = CTL_UNREACHABLE;

	if (fd < 0)
		return CTL_UNREACHABLE;
	msg_end(&w, msg_begin(&w, (uint16_t)question, 1));
	if (send(fd, bytes, buf_written(&w), MSG_NOSIGNAL) < 0) {
		if (!options->quiet)
			fprintf(stderr, "%s: %s: %s\n", program(options),
				options->socket, strerror(errno));
		(void)close(fd); /* nothing to lose */
		return CTL_UNREACHABLE;
	}
	for (;;) {
		const ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

		if (n <= 0) {
			if (!options->quiet)
				fprintf(stderr,
					"%s: the daemon ended the "
					"connection\n",
					program(options));
			break;
		}
		if (take(options, buf_reader(bytes, (size_t)n), tell, arg,
			    &status))
			break;
	}
	(void)close(fd); /* only read from */
	return status;
}
