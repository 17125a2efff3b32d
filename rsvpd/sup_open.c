/* SPDX-License-Identifier: ISC */
/*
 * What needs root to be opened: locks, directories, listening sockets, raw
 * sockets; and files as sealed copies.  Everything is close-on-exec.
 */
#include "sup_int.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "rsvpd/daemon.h"
#include "rsvpd/net_open.h"

enum {
	RSVP_PROTOCOL = 46,
	RECEIVE_BUFFER = 4 << 20,
	/* More than the queues of many interfaces hold: a full one drops, and
	 * what goes elsewhere by the same socket is sent all the same. */
	SEND_BUFFER = 16 << 20,
	PAIR_BUFFER = 1 << 20,
	BACKLOG = 128,
	/* linux/in6.h, which cannot be included beside netinet/in.h. */
	OPT_IPV6_ROUTER_ALERT = 22,
	OPT_IPV6_ROUTER_ALERT_ISOLATE = 30
};

static const char lock_name[] = "rsvpd-engine";

int
sup_lock_namespace(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const socklen_t len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			    sizeof(lock_name));
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	/* Abstract: a leading NUL, and no NUL at the end. */
	memcpy(sun.sun_path + 1, lock_name, sizeof(lock_name) - 1);
	if (bind(fd, (const struct sockaddr *)&sun, len) == 0 &&
		listen(fd, 1) == 0)
		return fd;
	ret = -errno;
	close(fd);
	if (ret == -EADDRINUSE)
		log_err(LOG_MAIN,
			"another rsvpd runs in this network namespace (one is "
			"possible; stop it first, or start this one by ip "
			"netns exec)");
	else
		log_err(LOG_MAIN, "lock @%s: %s", lock_name, strerror(-ret));
	return ret;
}

/* Who holds the lock, from what he wrote into it. */
static void
report_holder(const char *path, int fd)
{
	char pid[16] = "";
	const ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[n > 0 ? n : 0] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	log_err(LOG_MAIN,
		"%s: in use by another rsvpd, process %s (stop it first, or "
		"give --runtime-dir)",
		path, pid);
}

int
sup_lock_directory(const char *runtime_dir)
{
	char path[200];
	struct text t = text_over(path, sizeof(path));
	char pid[16];
	int fd;

	text_printf(&t, "%s/rsvpd.pid", runtime_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0) {
		log_err(LOG_MAIN, "%s: %s", path, strerror(errno));
		return -errno;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		report_holder(path, fd);
		close(fd);
		return -EBUSY;
	}
	t = text_over(pid, sizeof(pid));
	text_printf(&t, "%d\n", (int)getpid());
	if (ftruncate(fd, 0) != 0 || write(fd, pid, t.len) != (ssize_t)t.len)
		log_warn(LOG_MAIN, "%s: %s", path, strerror(errno));
	return fd;
}

int
sup_directory(const char *path, uid_t owner)
{
	int ret;

	if (mkdir(path, 0755) == 0 || errno == EEXIST) {
		if (owner == 0 || lchown(path, owner, (gid_t)-1) == 0)
			return 0;
	}
	ret = -errno;
	log_err(LOG_MAIN, "%s: %s (make the directory)", path, strerror(-ret));
	return ret;
}

static bool
socket_path(struct sockaddr_un *sun, const char *runtime_dir, const char *name)
{
	struct text t = text_over(sun->sun_path, sizeof(sun->sun_path));

	sun->sun_family = AF_UNIX;
	text_printf(&t, "%s/%s", runtime_dir, name);
	return !t.cut;
}

/* The mode comes from the umask, so that it is right from the first moment. */
static int
bind_with_mode(int fd, const struct sockaddr_un *sun, mode_t mode)
{
	const mode_t before = umask(0777 & ~mode);
	int ret = 0;

	if ((unlink(sun->sun_path) != 0 && errno != ENOENT) ||
		bind(fd, (const struct sockaddr *)sun, sizeof(*sun)) != 0)
		ret = -errno;
	umask(before);
	return ret;
}

int
sup_listen(const char *runtime_dir, const char *name, mode_t mode)
{
	struct sockaddr_un sun = { 0 };
	int fd;
	int ret;

	if (!socket_path(&sun, runtime_dir, name)) {
		log_err(LOG_MAIN,
			"%s/%s: longer than %zu octets (use a shorter "
			"--runtime-dir)",
			runtime_dir, name, sizeof(sun.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	ret = bind_with_mode(fd, &sun, mode);
	if (ret == 0 && listen(fd, BACKLOG) != 0)
		ret = -errno;
	if (ret == 0)
		return fd;
	log_err(LOG_MAIN, "%s: %s", sun.sun_path, strerror(-ret));
	close(fd);
	return ret;
}

void
sup_give_to_group(const char *runtime_dir, const char *name, const char *group)
{
	const struct group *gr = getgrnam(group);
	struct sockaddr_un sun = { 0 };

	if (!gr)
		log_info(LOG_MAIN,
			"no group %s: the control socket is root's alone",
			group);
	/* The path was good enough to bind. */
	(void)socket_path(&sun, runtime_dir, name);
	if (lchown(sun.sun_path, 0, gr ? gr->gr_gid : 0) != 0)
		log_warn(LOG_MAIN, "%s: %s", sun.sun_path, strerror(errno));
}

void
sup_unlink(const char *runtime_dir, const char *name)
{
	struct sockaddr_un sun = { 0 };

	/* Left behind, it would be replaced at the next start. */
	if (socket_path(&sun, runtime_dir, name))
		(void)unlink(sun.sun_path);
}

struct option_row {
	int level;
	int name;
	int value;
};

static const struct option_row raw4_options[] = {
	{ IPPROTO_IP, IP_ROUTER_ALERT, 1 },
	{ IPPROTO_IP, IP_PKTINFO, 1 },
	{ IPPROTO_IP, IP_RECVTTL, 1 },
	{ IPPROTO_IP, IP_RECVTOS, 1 },
	{ IPPROTO_IP, IP_HDRINCL, 1 },
	{ IPPROTO_IP, IP_MULTICAST_LOOP, 0 },
	{ SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER },
	{ SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER },
};

/* What is addressed to us. */
static const struct option_row raw6_options[] = {
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 },
	{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1 },
	{ IPPROTO_IPV6, IPV6_RECVTCLASS, 1 },
	{ IPPROTO_IPV6, IPV6_RECVHOPOPTS, 1 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0 },
	{ SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER },
};

/* What passes through with a router alert, and everything we send.  The
 * kernel keeps one list for all namespaces: isolated, we see our own only. */
static const struct option_row alert6_options[] = {
	{ IPPROTO_IPV6, OPT_IPV6_ROUTER_ALERT, 1 },
	{ IPPROTO_IPV6, OPT_IPV6_ROUTER_ALERT_ISOLATE, 1 },
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 },
	{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1 },
	{ IPPROTO_IPV6, IPV6_RECVTCLASS, 1 },
	{ IPPROTO_IPV6, IPV6_HDRINCL, 1 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0 },
	{ SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER },
	{ SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER },
};

static int
open_raw(int family, int protocol, const struct option_row *rows, size_t count)
{
	const int fd = socket(
		family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < count; i++) {
		if (setsockopt(fd, rows[i].level, rows[i].name, &rows[i].value,
			    sizeof(rows[i].value)) == 0)
			continue;

		const int ret = -errno;

		log_err(LOG_NET, "raw socket: option %d of level %d: %s",
			rows[i].name, rows[i].level, strerror(-ret));
		close(fd);
		return ret;
	}
	return fd;
}

#define ROWS(table) table, sizeof(table) / sizeof((table)[0])

int
sup_raw(int role)
{
	switch (role) {
	case SUP_FD_RAW4:
		return open_raw(AF_INET, RSVP_PROTOCOL, ROWS(raw4_options));
	case SUP_FD_RAW6:
		return open_raw(AF_INET6, RSVP_PROTOCOL, ROWS(raw6_options));
	case SUP_FD_ALERT6:
		return open_raw(AF_INET6, IPPROTO_RAW, ROWS(alert6_options));
	case SUP_FD_TAP6:
		return net_tap6_open();
	case SUP_FD_GUARD:
		return net_guard_open();
	default:
		return -EINVAL;
	}
}

/* All of from, but not more than a configuration may have, into to. */
static int
copy_bytes(int to, int from)
{
	enum { COPY_MAX = 2 << 20 };

	for (size_t left = COPY_MAX; left > 0;) {
		const ssize_t n = sendfile(to, from, NULL, left);

		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		left -= (size_t)n;
	}
	return -EFBIG;
}

int
sup_copy_file(const char *path)
{
	const int from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int to;
	int ret;

	if (from < 0)
		return -errno;
	to = memfd_create("rsvpd.conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ret = to < 0 ? -errno : copy_bytes(to, from);
	close(from);
	if (ret == 0 && fcntl(to, F_ADD_SEALS,
				F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW |
					F_SEAL_WRITE) != 0)
		ret = -errno;
	if (ret == 0)
		return to;
	if (to >= 0)
		close(to);
	return ret;
}

int
sup_append(const char *dir, const char *name)
{
	char path[200];
	struct text t = text_over(path, sizeof(path));
	struct stat st;
	int fd;

	text_printf(&t, "%s/%s", dir, name);
	if (t.cut)
		return -ENAMETOOLONG;
	if (mkdir(dir, 0750) != 0 && errno != EEXIST)
		return -errno;
	/* Never waits for who reads a pipe. */
	fd = open(path,
		O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
			O_NOCTTY | O_NONBLOCK,
		0640);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 &&
		(S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode)))
		return fd;
	close(fd);
	return -EINVAL;
}

int
sup_rewind(int fd)
{
	/* Sealed memory can always seek. */
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

int
sup_pair(int ret_pair[2])
{
	const int size = PAIR_BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    0, ret_pair) != 0)
		return -errno;
	/* A whole batch must fit with room to spare; the default would do. */
	for (int i = 0; i < 2; i++)
		(void)setsockopt(ret_pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &size,
			sizeof(size));
	return 0;
}
