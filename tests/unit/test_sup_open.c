/* SPDX-License-Identifier: ISC */

/*
 * What the supervisor opens: locks, listening sockets, files as sealed copies,
 * and the sockets of the network with their options.  rsvpd/sup_open.c,
 * sup_udp.c, net_tap.c
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rsvpd/daemon.h"
#include "rsvpd/net_open.h"
#include "rsvpd/sup_int.h"
#include "t.h"
#include "tcctl/tcctl.h"

enum {
	OPTIONS = 32,
	ROUTER_ALERT6 = 22,         /* of linux/in6.h */
	ROUTER_ALERT6_ISOLATE = 30, /* the same */
	RSVP = 46,
	MIB = 1 << 20
};

/* ---- the network --------------------------------------------------------- */

struct option_row {
	int level;
	int name;
	int value;
};

static struct {
	int family;
	int type;
	int protocol;
	int fd; /* that stands for the socket */
	struct option_row options[OPTIONS];
	size_t count;
	int refused; /* the option of that number, -1: none */
	int socket_error;
	int bind_error;
	uint16_t port;     /* that it was bound to */
	uint16_t ethernet; /* or that protocol */
	struct sock_filter code[64];
	size_t code_len;
	bool locked;
	char dir[64];
	size_t open_fds;
} w;

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __real_setsockopt(
	int fd, int level, int option, const void *value, socklen_t len);
int __wrap_setsockopt(
	int fd, int level, int option, const void *value, socklen_t len);
int __real_bind(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len);

int
net_guard_open(void)
{
	return -EOPNOTSUPP;
}

int
__wrap_socket(int family, int type, int protocol)
{
	if (family == AF_UNIX)
		return __real_socket(family, type, protocol);
	w.family = family;
	w.type = type;
	w.protocol = protocol;
	errno = w.socket_error;
	if (errno != 0)
		return -1;
	w.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return w.fd;
}

int
__wrap_setsockopt(
	int fd, int level, int option, const void *value, socklen_t len)
{
	struct sock_fprog program;

	if (fd != w.fd)
		return __real_setsockopt(fd, level, option, value, len);
	if (w.refused == (int)w.count) {
		errno = ENOPROTOOPT;
		return -1;
	}
	if (level == SOL_SOCKET && option == SO_ATTACH_FILTER) {
		T_EQ(len, sizeof(program));
		memcpy(&program, value, sizeof(program));
		w.code_len = program.len;
		T_CHECK(program.len <= 64, "a long filter");
		memcpy(w.code, program.filter, program.len * sizeof(w.code[0]));
		return 0;
	}
	T_EQ(len, sizeof(int));
	T_CHECK(w.count < OPTIONS, "many options");
	w.options[w.count].level = level;
	w.options[w.count].name = option;
	memcpy(&w.options[w.count++].value, value, sizeof(int));
	return 0;
}

int
__wrap_bind(int fd, const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_in in;
	struct sockaddr_ll ll;

	if (fd != w.fd)
		return __real_bind(fd, sa, len);
	errno = w.bind_error;
	if (errno != 0)
		return -1;
	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		w.port = ntohs(in.sin_port);
		T_EQ(in.sin_addr.s_addr, 0);
	} else {
		memcpy(&ll, sa, sizeof(ll));
		w.ethernet = ntohs(ll.sll_protocol);
		T_CHECK(w.code_len > 0, "unfiltered until then");
	}
	return 0;
}

static void
begin(void)
{
	memset(&w, 0, sizeof(w));
	w.open_fds = t_open_fds();
	w.fd = -1;
	w.refused = -1;
	(void)snprintf(w.dir, sizeof(w.dir), "/tmp/test_sup.XXXXXX");
	T_CHECK(mkdtemp(w.dir) != NULL, "no directory");
}

static void
end(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -r %s", w.dir);
	T_EQ(system(command), 0);
	T_EQ(t_open_fds(), w.open_fds);
}

static void
expect_option(int level, int name, int value)
{
	for (size_t i = 0; i < w.count; i++)
		if (w.options[i].level == level && w.options[i].name == name) {
			T_EQ(w.options[i].value, value);
			return;
		}
	T_CHECK(false, "no option %d of level %d", name, level);
}

static void
expect_opened(int fd)
{
	T_CHECK(fd >= 0, "%s", strerror(-fd));
	T_EQ(fd, w.fd);
}

static void
expect_socket(int family, int type, int protocol)
{
	T_EQ(w.family, family);
	T_EQ(w.type, type | SOCK_CLOEXEC | SOCK_NONBLOCK);
	T_EQ(w.protocol, protocol);
}

static void
a_raw_socket_hears_router_alert_and_writes_headers(void)
{
	begin();
	expect_opened(sup_raw(SUP_FD_RAW4));
	expect_socket(AF_INET, SOCK_RAW, RSVP);
	expect_option(IPPROTO_IP, IP_ROUTER_ALERT, 1);
	expect_option(IPPROTO_IP, IP_PKTINFO, 1);
	expect_option(IPPROTO_IP, IP_HDRINCL, 1);
	expect_option(IPPROTO_IP, IP_MULTICAST_LOOP, 0);
	expect_option(SOL_SOCKET, SO_RCVBUFFORCE, 4 * MIB);
	expect_option(SOL_SOCKET, SO_SNDBUFFORCE, 16 * MIB);
	(void)close(w.fd);
	w.count = 0;
	expect_opened(sup_raw(SUP_FD_RAW6));
	expect_socket(AF_INET6, SOCK_RAW, RSVP);
	expect_option(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	expect_option(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	expect_option(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
	expect_option(SOL_SOCKET, SO_RCVBUFFORCE, 4 * MIB);
	(void)close(w.fd);
	w.count = 0;
	/* Of this namespace alone; the list is the kernel's. */
	expect_opened(sup_raw(SUP_FD_ALERT6));
	expect_socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
	expect_option(IPPROTO_IPV6, ROUTER_ALERT6, 1);
	expect_option(IPPROTO_IPV6, ROUTER_ALERT6_ISOLATE, 1);
	expect_option(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	expect_option(IPPROTO_IPV6, IPV6_HDRINCL, 1);
	expect_option(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
	expect_option(SOL_SOCKET, SO_SNDBUFFORCE, 16 * MIB);
	(void)close(w.fd);
	T_EQ(sup_raw(SUP_FD_GUARD), -EOPNOTSUPP);
	T_EQ(sup_raw(SUP_FD_API), -EINVAL);
	end();
}

static void
a_udp_socket_is_bound_to_its_port(void)
{
	static const struct {
		int role;
		uint16_t port;
		int all_groups;
	} rows[] = { { SUP_FD_UDP, 1698, 0 }, { SUP_FD_UDP_HOST, 1699, 1 } };

	for (size_t i = 0; i < 2; i++) {
		begin();
		expect_opened(sup_udp(rows[i].role));
		expect_socket(AF_INET, SOCK_DGRAM, 0);
		T_EQ(w.port, rows[i].port);
		expect_option(IPPROTO_IP, IP_PKTINFO, 1);
		expect_option(IPPROTO_IP, IP_MULTICAST_LOOP, 0);
		expect_option(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
		expect_option(IPPROTO_IP, IP_TOS, 0xc0);
		expect_option(IPPROTO_IP, IP_MULTICAST_ALL, rows[i].all_groups);
		expect_option(SOL_SOCKET, SO_RCVBUFFORCE, MIB);
		expect_option(SOL_SOCKET, SO_SNDBUFFORCE, 16 * MIB);
		/* What sets the TOS sets it too, and must be before it. */
		T_EQ(w.options[3].name, IP_TOS);
		T_EQ(w.options[4].name, SO_PRIORITY);
		T_EQ(w.options[4].value, TC_CLASS_CONTROL);
		(void)close(w.fd);
		end();
	}
}

static void
a_socket_without_all_its_options_is_none(void)
{
	static const int raw[] = { SUP_FD_RAW4, SUP_FD_RAW6, SUP_FD_ALERT6,
		SUP_FD_TAP6 };
	static const int udp[] = { SUP_FD_UDP, SUP_FD_UDP_HOST };

	begin();
	for (size_t i = 0; i < 4; i++)
		for (w.refused = 0; w.refused < 2; w.refused++) {
			w.count = 0;
			T_EQ(sup_raw(raw[i]), -ENOPROTOOPT);
		}
	for (size_t i = 0; i < 2; i++)
		for (w.refused = 0; w.refused < 8; w.refused++) {
			w.count = 0;
			T_EQ(sup_udp(udp[i]), -ENOPROTOOPT);
		}
	w.refused = -1;
	w.count = 0;
	w.bind_error = EADDRINUSE;
	T_EQ(sup_udp(SUP_FD_UDP), -EADDRINUSE);
	T_EQ(sup_raw(SUP_FD_TAP6), -EADDRINUSE);
	w.socket_error = EPERM;
	T_EQ(sup_raw(SUP_FD_RAW4), -EPERM);
	T_EQ(sup_raw(SUP_FD_TAP6), -EPERM);
	T_EQ(sup_udp(SUP_FD_UDP), -EPERM);
	end(); /* it counts what is open */
}

/* ---- the packet socket --------------------------------------------------- */

/* What the kernel would do with a packet: the few instructions there are. */
static uint32_t
filter(const uint8_t *bytes, size_t len, uint8_t type)
{
	uint32_t a = 0;
	uint32_t x = 0;

	for (size_t pc = 0; pc < w.code_len; pc++) {
		const struct sock_filter *f = &w.code[pc];
		uint32_t at = f->k;

		switch (f->code) {
		case BPF_LD | BPF_B | BPF_IND:
			at += x; /* fall through */
		case BPF_LD | BPF_B | BPF_ABS:
			if (at == (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE))
				a = type;
			else if (at < len)
				a = bytes[at];
			else
				return 0;
			break;
		case BPF_LDX | BPF_IMM:
			x = f->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == f->k ? f->jt : f->jf;
			break;
		case BPF_ALU | BPF_ADD | BPF_K:
			a += f->k;
			break;
		case BPF_ALU | BPF_LSH | BPF_K:
			a <<= f->k;
			break;
		case BPF_MISC | BPF_TAX:
			x = a;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			T_CHECK(false, "instruction %x", f->code);
		}
	}
	T_CHECK(false, "it has no end");
	return 0;
}

/* An IPv6 packet with these headers: next, length of hop-by-hop in units
 * beside the first, what follows it and the fragment header. */
static bool
passes(uint8_t group, uint8_t next, uint8_t units, uint8_t second,
	uint8_t third)
{
	uint8_t b[40 + 8 * 4 + 8] = { 0x60 };
	size_t at = 40;

	b[6] = next;
	b[24] = group;
	if (next == 0) {
		b[at] = second;
		b[at + 1] = units;
		at += 8u * (units + 1u);
	}
	b[at] = third;
	return filter(b, sizeof(b), PACKET_MULTICAST) == UINT32_MAX;
}

static void
rsvp_to_groups_of_ipv6_passes_and_nothing_else(void)
{
	uint8_t b[40] = { [6] = RSVP, [24] = 0xff };

	begin();
	expect_opened(sup_raw(SUP_FD_TAP6));
	expect_socket(AF_PACKET, SOCK_DGRAM, 0);
	T_EQ(w.ethernet, ETH_P_IPV6);
	expect_option(SOL_SOCKET, SO_RCVBUFFORCE, 4 * MIB);
	expect_option(SOL_SOCKET, SO_LOCK_FILTER, 1);
	T_CHECK(passes(0xff, RSVP, 0, 0, 0), "plain");
	T_CHECK(passes(0xff, 44, 0, 0, RSVP), "a fragment");
	T_CHECK(passes(0xff, 0, 0, RSVP, 0), "behind hop-by-hop");
	T_CHECK(passes(0xff, 0, 0, 44, RSVP), "a fragment behind it");
	T_CHECK(passes(0xff, 0, 2, 44, RSVP), "behind a long one");
	T_CHECK(!passes(0xff, 17, 0, RSVP, RSVP), "UDP");
	T_CHECK(!passes(0xff, 44, 0, 0, 17), "a fragment of UDP");
	T_CHECK(!passes(0xff, 0, 0, 17, RSVP), "UDP behind hop-by-hop");
	T_CHECK(!passes(0xff, 0, 0, 44, 17), "a fragment of that");
	T_CHECK(!passes(0xff, 0, 1, 44, 17), "behind a long one");
	T_CHECK(!passes(0xfe, RSVP, 0, 0, 0), "not to a group");
	T_CHECK(filter(b, sizeof(b), PACKET_HOST) == UINT32_MAX, "to us");
	T_EQ(filter(b, sizeof(b), PACKET_OTHERHOST), 0);
	(void)close(w.fd);
	end();
}

/* ---- files --------------------------------------------------------------- */

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	T_CHECK(f != NULL, "%s", path);
	(void)fputs(text, f);
	T_EQ(fclose(f), 0);
}

static void
a_copy_of_a_file_is_sealed(void)
{
	char path[128];
	char got[16] = "";
	int fd;

	begin();
	(void)snprintf(path, sizeof(path), "%s/f", w.dir);
	T_EQ(sup_copy_file(path), -ENOENT);
	write_file(path, "before");
	fd = sup_copy_file(path);
	T_CHECK(fd >= 0, "no copy");
	write_file(path, "after");
	T_EQ(read(sup_rewind(fd), got, sizeof(got) - 1), 6);
	T_STR(got, "before");
	T_EQ(read(sup_rewind(fd), got, sizeof(got) - 1), 6); /* again */
	T_EQ(fcntl(fd, F_GET_SEALS),
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	T_EQ(write(fd, "x", 1), -1);
	T_CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "for all programs");
	(void)close(fd);
	T_CHECK(sup_copy_file(w.dir) < 0, "a directory is no file");
	/* What no configuration is. */
	T_EQ(truncate(path, (2 << 20) - 1), 0);
	fd = sup_copy_file(path);
	T_CHECK(fd >= 0, "%s", strerror(-fd));
	(void)close(fd);
	T_EQ(truncate(path, (2 << 20) + 1), 0);
	T_EQ(sup_copy_file(path), -EFBIG);
	end();
}

static void
records_are_appended_to_a_file_or_a_pipe(void)
{
	char dir[128];
	char path[160];
	char name[256];
	struct stat st;
	int fd;

	begin();
	(void)snprintf(dir, sizeof(dir), "%s/log", w.dir);
	(void)snprintf(path, sizeof(path), "%s/r", dir);
	for (int i = 0; i < 2; i++) {
		fd = sup_append(dir, "r");
		T_CHECK(fd >= 0, "%s", strerror(-fd));
		T_EQ(write(fd, "ab", 2), 2);
		(void)close(fd);
	}
	T_EQ(stat(path, &st), 0);
	T_EQ(st.st_size, 4);
	T_EQ(st.st_mode & 0777 & ~0640u, 0);
	T_EQ(stat(dir, &st), 0);
	T_EQ(st.st_mode & 0777 & ~0750u, 0);
	/* A pipe that nobody reads is not waited for. */
	T_EQ(unlink(path), 0);
	T_EQ(mkfifo(path, 0600), 0);
	T_EQ(sup_append(dir, "r"), -ENXIO);
	/* Nor is a link followed. */
	T_EQ(unlink(path), 0);
	T_EQ(symlink("/dev/null", path), 0);
	T_EQ(sup_append(dir, "r"), -ELOOP);
	(void)memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	T_EQ(sup_append(dir, name), -ENAMETOOLONG);
	T_EQ(sup_append("/dev", "null"), -EINVAL);
	end();
}

/* ---- locks and sockets of this host -------------------------------------- */

static void
a_directory_is_for_one(void)
{
	char path[128];
	char got[16] = "";
	char want[16];
	int fd;

	begin();
	(void)snprintf(path, sizeof(path), "%s/run", w.dir);
	T_CHECK(sup_lock_directory(path) < 0, "without a directory");
	T_EQ(sup_directory(path, 0), 0);
	T_EQ(sup_directory(path, 0), 0); /* it is there */
	T_EQ(sup_directory("/dev/null/x", 0), -ENOTDIR);
	fd = sup_lock_directory(path);
	T_CHECK(fd >= 0, "not locked");
	T_EQ(sup_lock_directory(path), -EBUSY);
	(void)snprintf(want, sizeof(want), "%d\n", (int)getpid());
	T_EQ(pread(fd, got, sizeof(got) - 1, 0), strlen(want));
	T_STR(got, want);
	(void)close(fd);
	fd = sup_lock_directory(path);
	T_CHECK(fd >= 0, "locked by nobody");
	(void)close(fd);
	end();
}

static void
a_socket_has_its_mode_from_the_first_moment(void)
{
	const mode_t before = umask(0);
	char path[128];
	char dir[200];
	struct stat st;
	int fd;

	begin();
	(void)snprintf(path, sizeof(path), "%s/s", w.dir);
	for (int i = 0; i < 2; i++) { /* the one before is replaced */
		fd = sup_listen(w.dir, "s", i == 0 ? 0666 : 0660);
		T_CHECK(fd >= 0, "%s", strerror(-fd));
		T_EQ(stat(path, &st), 0);
		T_EQ(st.st_mode & 0777, i == 0 ? 0666 : 0660);
		T_CHECK(S_ISSOCK(st.st_mode), "no socket");
		T_EQ(accept(fd, NULL, NULL), -1);
		T_EQ(errno, EAGAIN);
		(void)close(fd);
	}
	T_EQ(umask(before), 0); /* as it was */
	sup_unlink(w.dir, "s");
	T_EQ(access(path, F_OK), -1);
	(void)memset(dir, 'x', sizeof(dir) - 1);
	dir[sizeof(dir) - 1] = '\0';
	T_EQ(sup_listen(dir, "s", 0666), -ENAMETOOLONG);
	T_EQ(sup_listen("/nowhere/at/all", "s", 0666), -ENOENT);
	end();
}

static void
a_pair_carries_messages_both_ways(void)
{
	char got[8] = "";
	int pair[2];

	begin();
	T_EQ(sup_pair(pair), 0);
	for (int i = 0; i < 2; i++) {
		T_EQ(send(pair[i], "ab", 2, 0), 2);
		T_EQ(send(pair[i], "c", 1, 0), 1);
		T_EQ(recv(pair[1 - i], got, sizeof(got), 0), 2);
		T_EQ(recv(pair[1 - i], got, sizeof(got), 0), 1);
		T_EQ(recv(pair[1 - i], got, sizeof(got), 0), -1);
		T_EQ(errno, EAGAIN); /* nobody waits */
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
	end();
}

static struct t_case cases[] = {
	{ "a raw socket hears Router Alert and writes headers",
		a_raw_socket_hears_router_alert_and_writes_headers },
	{ "a UDP socket is bound to its port",
		a_udp_socket_is_bound_to_its_port },
	{ "a socket without all its options is none",
		a_socket_without_all_its_options_is_none },
	{ "RSVP to groups of IPv6 passes, and nothing else",
		rsvp_to_groups_of_ipv6_passes_and_nothing_else },
	{ "a copy of a file is sealed", a_copy_of_a_file_is_sealed },
	{ "records are appended to a file or a pipe",
		records_are_appended_to_a_file_or_a_pipe },
	{ "a directory is for one", a_directory_is_for_one },
	{ "a socket has its mode from the first moment",
		a_socket_has_its_mode_from_the_first_moment },
	{ "a pair carries messages both ways",
		a_pair_carries_messages_both_ways },
};
T_MAIN(cases)
