/* SPDX-License-Identifier: ISC */

/* What stands around the network side of rsvpd; see net_t.h. */

#include "net_t.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "rsvpd/net_link.h"
#include "t.h"

enum { MARKS = 256 };

struct net_t net_t;

static struct {
	struct net_t_mark marks[MARKS];
	size_t count;
	size_t told;
} waiting;

/* ---- the rest of the daemon ---------------------------------------------- */

int64_t
os_computed_us(void)
{
	return net_t.computed_us;
}

const struct net_iface *
net_link_find(const struct net_link *link, uint32_t ifindex)
{
	return net_table_iface(&link->table, ifindex);
}

const struct net_iface *
net_link_arrived(struct net_link *link, uint32_t ifindex)
{
	return net_link_find(link, ifindex);
}

bool
net_link_is_local(const struct net_link *link, const struct addr *addr)
{
	return net_table_addr(&link->table, addr) != NULL;
}

void
net_link_route(struct net_link *link, const struct rsvp_route_query *query,
	struct rsvp_route *ret_route)
{
	(void)link;
	net_t.query = *query;
	*ret_route = net_t.route;
}

bool
net_link_source(
	struct net_link *link, const struct addr *dst, struct addr *ret_src)
{
	(void)link, (void)dst;
	*ret_src = net_t.source;
	return net_t.source.family != ADDR_NONE;
}

struct addr
net_link_gateway(struct net_link *link, const struct addr *dst)
{
	(void)link, (void)dst;
	return net_t.gateway;
}

enum wire_fault
wire_msg_decode(const uint8_t *bytes, size_t len, struct wire_msg *ret_msg)
{
	(void)bytes, (void)len;
	*ret_msg = net_t.msg;
	return net_t.fault;
}

const char *
wire_fault_text(enum wire_fault fault)
{
	(void)fault;
	return "";
}

void
rsvp_core_packet(struct rsvp_core *core, struct mono now,
	const struct rsvp_packet *packet)
{
	(void)core;
	T_EQ(now.us, loop_now().us);
	net_t.packet = *packet;
	net_t.handed++;
	if (net_t.on_packet)
		net_t.on_packet(packet);
}

int64_t
rsvp_lifetime_ms(uint32_t refresh_ms, uint32_t lives)
{
	return (int64_t)refresh_ms * lives;
}

void
effect_run(struct engine *engine)
{
	(void)engine;
	if (net_t.on_effects)
		net_t.on_effects();
}

void __wrap_log_warn(enum log_area area, const char *fmt, ...);

void
__wrap_log_warn(enum log_area area, const char *fmt, ...)
{
	struct text t = text_over(net_t.warning, sizeof(net_t.warning));
	va_list ap;

	T_EQ(area, LOG_NET);
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	net_t.warnings++;
}

/* ---- the kernel ---------------------------------------------------------- */

int __real_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
	struct timespec *limit);
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
	struct timespec *limit);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);
int __real_setsockopt(
	int fd, int level, int option, const void *value, socklen_t len);
int __wrap_setsockopt(
	int fd, int level, int option, const void *value, socklen_t len);

static void
tell(struct msghdr *m, const struct net_t_mark *mark)
{
	T_CHECK(m->msg_namelen >= sizeof(mark->name) &&
			m->msg_controllen >= mark->control_len,
		"no room");
	memcpy(m->msg_name, &mark->name, sizeof(mark->name));
	memcpy(m->msg_control, mark->control, mark->control_len);
	m->msg_controllen = mark->control_len;
	m->msg_flags |= mark->flags;
}

int
__wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
	struct timespec *limit)
{
	struct msghdr asked[MARKS];
	int got;

	T_CHECK(count <= MARKS, "so many");
	errno = net_t.receive_error;
	net_t.receive_error = 0;
	if (errno != 0)
		return -1;
	for (unsigned i = 0; i < count; i++)
		asked[i] = messages[i].msg_hdr;
	got = __real_recvmmsg(fd, messages, count, flags, limit);
	for (int i = 0; i < got; i++) {
		struct msghdr *m = &messages[i].msg_hdr;

		m->msg_namelen = asked[i].msg_namelen;
		m->msg_controllen = asked[i].msg_controllen;
		tell(m, &waiting.marks[waiting.told++ % MARKS]);
	}
	return got;
}

static void
note_control(struct net_t_sent *s, const struct msghdr *m)
{
	struct in_pktinfo info4;
	struct in6_pktinfo info6;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c;
		c = CMSG_NXTHDR((struct msghdr *)(uintptr_t)m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&info4, CMSG_DATA(c), sizeof(info4));
			s->ifindex = (uint32_t)info4.ipi_ifindex;
			s->from = addr_v4_u32(ntohl(info4.ipi_spec_dst.s_addr));
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
			   c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info6, CMSG_DATA(c), sizeof(info6));
			s->ifindex = info6.ipi6_ifindex;
		} else {
			T_EQ(c->cmsg_level, IPPROTO_IP);
			T_EQ(c->cmsg_type, IP_TTL);
			memcpy(&s->ttl, CMSG_DATA(c), sizeof(s->ttl));
		}
	}
}

ssize_t
__wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct net_t_sent *s = &net_t.out[net_t.sent % NET_T_SENT];

	T_EQ(flags, 0);
	errno = net_t.send_error;
	net_t.send_error = 0;
	if (errno != 0)
		return -1;
	*s = (struct net_t_sent){ .role = -1 };
	for (int role = 0; role < SUP_FD_COUNT; role++)
		if (net_t.fds[role][1] == fd)
			s->role = role;
	memcpy(&s->name, m->msg_name, m->msg_namelen);
	note_control(s, m);
	for (size_t i = 0; i < m->msg_iovlen; i++) {
		T_CHECK(s->len + m->msg_iov[i].iov_len <= NET_T_OCTETS,
			"a long one");
		memcpy(s->bytes + s->len, m->msg_iov[i].iov_base,
			m->msg_iov[i].iov_len);
		s->len += m->msg_iov[i].iov_len;
	}
	net_t.sent++;
	return (ssize_t)s->len;
}

int
__wrap_setsockopt(
	int fd, int level, int option, const void *value, socklen_t len)
{
	struct net_t_group *g = &net_t.groups[net_t.group_count % 8];
	struct ip_mreqn group;

	if (level != IPPROTO_IP || len != sizeof(group))
		return __real_setsockopt(fd, level, option, value, len);
	memcpy(&group, value, sizeof(group));
	T_EQ(fd, net_t.fds[SUP_FD_UDP][1]);
	*g = (struct net_t_group){ option, (uint32_t)group.imr_ifindex,
		group.imr_multiaddr };
	net_t.group_count++;
	errno = net_t.group_error;
	return errno == 0 ? 0 : -1;
}

/* ---- the scene ----------------------------------------------------------- */

static void
make_iface(size_t i, uint32_t ifindex, const char *v4, const char *v6)
{
	struct net_iface *iface = &net_t.ifaces[i];

	iface->facts.ifindex = ifindex;
	iface->facts.mtu = 1500;
	(void)snprintf(
		iface->facts.name, sizeof(iface->facts.name), "e%u", ifindex);
	iface->core.enabled = true;
	iface->core.lives = 3;
	iface->core.v4 = t_addr(v4);
	iface->core.v6 = t_addr(v6);
	iface->packets_per_s = 100000;
	net_t.addrs[i].addr = iface->core.v4;
	net_t.addrs[2 + i].addr = iface->core.v6;
}

void
net_t_begin(void)
{
	memset(&net_t, 0, sizeof(net_t));
	memset(&waiting, 0, sizeof(waiting));
	net_t.open_fds = t_open_fds();
	make_iface(0, NET_T_ETH, "10.0.0.9", "2001:db8::9");
	make_iface(1, NET_T_OUT, "10.0.1.9", "2001:db8:1::9");
	net_t.link.table = (struct net_table){ .ifaces = net_t.ifaces,
		.iface_count = 2,
		.addrs = net_t.addrs,
		.addr_count = 4 };
	for (int role = 0; role < SUP_FD_COUNT; role++)
		net_t.fds[role][0] = net_t.fds[role][1] = -1;
	net_t.conf.raw = true;
	net_t.engine = (struct engine){ .loop = loop_t_begin((struct mono){
						INT64_C(1) << 40 }),
		.stats = &net_t.stats,
		.conf = &net_t.conf,
		.link = &net_t.link,
		.listening = true };
	net_t.engine.raw = net_raw_new(&net_t.engine);
	T_CHECK(net_t.engine.raw != NULL, "no memory");
}

void
net_t_end(void)
{
	net_raw_free(net_t.engine.raw);
	for (int role = 0; role < SUP_FD_COUNT; role++)
		if (net_t.fds[role][0] >= 0)
			(void)close(net_t.fds[role][0]);
	T_EQ(loop_t_left(), 0);
	T_EQ(t_open_fds(), net_t.open_fds);
}

void
net_t_open(int role)
{
	if (net_t.fds[role][0] >= 0)
		(void)close(net_t.fds[role][0]);
	T_EQ(socketpair(
		     AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, net_t.fds[role]),
		0);
	net_raw_socket(net_t.engine.raw, role, net_t.fds[role][1]);
}

struct net_t_mark
net_t_from(const char *src, uint16_t port)
{
	const struct addr a = t_addr(src);
	struct net_t_mark mark = { .flags = 0 };

	if (a.family == ADDR_V4) {
		mark.name.in = (struct sockaddr_in){ .sin_family = AF_INET,
			.sin_port = htons(port) };
		memcpy(&mark.name.in.sin_addr, a.b, 4);
	} else {
		mark.name.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
			.sin6_port = htons(port) };
		memcpy(&mark.name.in6.sin6_addr, a.b, 16);
	}
	return mark;
}

void
net_t_control(struct net_t_mark *mark, int level, int type, const void *data,
	size_t len)
{
	struct cmsghdr c = { .cmsg_level = level,
		.cmsg_type = type,
		.cmsg_len = CMSG_LEN(len) };
	char *at = mark->control + mark->control_len;

	T_CHECK(mark->control_len + CMSG_SPACE(len) <= sizeof(mark->control),
		"too much is told");
	memcpy(at, &c, sizeof(c));
	memcpy(at + CMSG_LEN(0), data, len);
	mark->control_len += CMSG_SPACE(len);
}

void
net_t_by4(struct net_t_mark *mark, uint32_t ifindex, const char *dst)
{
	const struct addr a = t_addr(dst);
	struct in_pktinfo info = { .ipi_ifindex = (int)ifindex };

	memcpy(&info.ipi_addr, a.b, 4);
	net_t_control(mark, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

void
net_t_by6(struct net_t_mark *mark, uint32_t ifindex, const char *dst)
{
	const struct addr a = t_addr(dst);
	struct in6_pktinfo info = { .ipi6_ifindex = ifindex };

	memcpy(&info.ipi6_addr, a.b, 16);
	net_t_control(mark, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
}

void
net_t_hops(struct net_t_mark *mark, int hops)
{
	net_t_control(mark, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof(hops));
}

void
net_t_arrive(
	int role, const struct net_t_mark *mark, const void *bytes, size_t len)
{
	T_CHECK(waiting.count - waiting.told < MARKS, "too many wait");
	waiting.marks[waiting.count++ % MARKS] = *mark;
	T_EQ(send(net_t.fds[role][0], bytes, len, 0), len);
}

void
net_t_take(void)
{
	while (loop_t_call_timers() || loop_t_call_fds())
		;
}

uint64_t
net_t_count(enum stats_counter counter)
{
	return net_t.stats.count[counter];
}
