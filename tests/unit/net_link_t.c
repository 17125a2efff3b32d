/* SPDX-License-Identifier: ISC */

/* The bench of net_link_t.h. */

#include "net_link_t.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "loop_t.h"
#include "mnl_t.h"
#include "rsvpd/daemon.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/rules.h"
#include "rsvpd/tc_client.h"
#include "t_log.h"

enum { ANSWER = 16384 };

struct said {
	int error;
	_Alignas(struct nlmsghdr) char bytes[NT_BYTES];
};

/* The stubs have no other way to find it. */
static struct {
	struct nt nt;
	struct engine engine;
	struct conf conf;
	struct conf_iface sections[NT_MOST];
	int ready[2]; /* always something to read */
	int drivers;  /* the socket that asks them, or -1 */
	bool asks;    /* its answer is next */
	struct nlmsghdr asked;
	size_t first; /* of what is said */
	struct said said[NT_SAID];
} w;

/* ---- what the kernel says ------------------------------------------------ */

static void
put_number(struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	if (value != 0)
		mnl_attr_put_u32(nlh, type, value);
}

static void
put_addr(struct nlmsghdr *nlh, uint16_t type, const struct addr *a)
{
	if (a->family != ADDR_NONE)
		mnl_attr_put(nlh, type, addr_size(a->family), a->b);
}

static int
family_of(const struct addr *a)
{
	return a->family == ADDR_V4 ? AF_INET : AF_INET6;
}

static struct nlmsghdr *
begin(char *buf, uint16_t type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	/* Of whoever changed it. */
	nlh->nlmsg_seq = 77;
	nlh->nlmsg_pid = 88;
	return nlh;
}

static struct nlmsghdr *
put_link(char *buf, uint16_t type, const struct nt_link *l)
{
	struct nlmsghdr *nlh = begin(buf, type);
	struct ifinfomsg *ifi = (struct ifinfomsg *)mnl_nlmsg_put_extra_header(
		nlh, sizeof(*ifi));

	ifi->ifi_index = (int)l->ifindex;
	ifi->ifi_type = l->type;
	ifi->ifi_flags = l->flags;
	if (l->name)
		mnl_attr_put_strz(nlh, IFLA_IFNAME, l->name);
	put_number(nlh, IFLA_MTU, l->mtu);
	put_number(nlh, IFLA_GSO_MAX_SEGS, l->gso_segs);
	put_number(nlh, IFLA_GSO_MAX_SIZE, l->gso_octets);
	put_number(nlh, IFLA_GRO_MAX_SIZE, l->gro_octets);
	return nlh;
}

static struct nlmsghdr *
put_address(char *buf, uint16_t type, const struct nt_addr *a)
{
	struct nlmsghdr *nlh = begin(buf, type);
	struct ifaddrmsg *ifa = (struct ifaddrmsg *)mnl_nlmsg_put_extra_header(
		nlh, sizeof(*ifa));

	ifa->ifa_family = (uint8_t)family_of(&a->addr);
	ifa->ifa_index = a->ifindex;
	ifa->ifa_scope = a->scope;
	ifa->ifa_flags = (uint8_t)a->flags;
	put_addr(nlh, IFA_LOCAL, &a->local);
	put_addr(nlh, IFA_ADDRESS, &a->addr);
	put_number(nlh, IFA_FLAGS, a->flags);
	return nlh;
}

static struct said *
next_said(struct nt *t)
{
	T_CHECK(t->left < NT_SAID, "too much is said");
	return &w.said[(w.first + t->left++) % NT_SAID];
}

void
nt_say_link(struct nt *t, uint16_t type, const struct nt_link *link)
{
	struct said *s = next_said(t);

	s->error = 0;
	(void)put_link(s->bytes, type, link);
}

void
nt_say_addr(struct nt *t, uint16_t type, const struct nt_addr *addr)
{
	struct said *s = next_said(t);

	s->error = 0;
	(void)put_address(s->bytes, type, addr);
}

void
nt_say_route(struct nt *t, uint16_t type, const struct nt_route *route)
{
	struct said *s = next_said(t);
	struct nlmsghdr *nlh = begin(s->bytes, type);
	struct rtmsg *rtm =
		(struct rtmsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	s->error = 0;
	rtm->rtm_family = route->family;
	rtm->rtm_dst_len = route->dst_len;
	rtm->rtm_flags = route->flags;
	put_addr(nlh, RTA_GATEWAY, &t->addrs[0].addr);
	put_addr(nlh, RTA_DST, &route->dst);
}

void
nt_say_short(struct nt *t, uint16_t type)
{
	struct said *s = next_said(t);

	s->error = 0;
	(void)begin(s->bytes, type);
}

void
nt_say_error(struct nt *t, int error)
{
	next_said(t)->error = error;
}

void
nt_change(struct nt *t, const struct nt_link *link)
{
	for (size_t i = 0; i < t->link_count; i++)
		if (t->links[i].ifindex == link->ifindex)
			t->links[i] = *link;
	nt_say_link(t, RTM_NEWLINK, link);
}

static ssize_t
hear(void *buf)
{
	const struct said *s = &w.said[w.first];
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)s->bytes;

	if (w.nt.left == 0) {
		errno = EAGAIN;
		return -1;
	}
	w.first = (w.first + 1) % NT_SAID;
	w.nt.left--;
	if (s->error != 0) {
		errno = s->error;
		return -1;
	}
	memcpy(buf, s->bytes, nlh->nlmsg_len);
	return (ssize_t)nlh->nlmsg_len;
}

static char *
put_all(char *at, uint16_t asked)
{
	for (size_t i = 0; asked == RTM_GETLINK && i < w.nt.link_count; i++)
		at += put_link(at, RTM_NEWLINK, &w.nt.links[i])->nlmsg_len;
	for (size_t i = 0; asked == RTM_GETADDR && i < w.nt.addr_count; i++)
		at += put_address(at, RTM_NEWADDR, &w.nt.addrs[i])->nlmsg_len;
	return at;
}

static ssize_t
answer(void *buf)
{
	_Alignas(struct nlmsghdr) char bytes[ANSWER];
	char *end = put_all(bytes, w.asked.nlmsg_type);

	if (w.nt.dump_fails > 0) {
		w.nt.dump_fails--;
		errno = w.nt.dump_error;
		return -1;
	}
	mnl_nlmsg_put_extra_header(begin(end, NLMSG_DONE), sizeof(int));
	end += ((struct nlmsghdr *)(void *)end)->nlmsg_len;
	for (char *at = bytes; at < end;
		at += ((struct nlmsghdr *)(void *)at)->nlmsg_len)
		((struct nlmsghdr *)(void *)at)->nlmsg_seq = w.asked.nlmsg_seq;
	memcpy(buf, bytes, (size_t)(end - bytes));
	return end - bytes;
}

static ssize_t
say(void *buf, size_t size)
{
	T_CHECK(size >= ANSWER, "little room");
	if (!w.asks)
		return hear(buf);
	w.asks = false;
	return answer(buf);
}

static void
take_question(const void *request, size_t size)
{
	(void)size;
	memcpy(&w.asked, request, sizeof(w.asked));
	w.asks = true;
	if (w.asked.nlmsg_type == RTM_GETLINK)
		w.nt.readings++;
}

/* SIOCETHTOOL, ETHTOOL_GSET */
int
ioctl(int fd, unsigned long request, ...)
{
	struct ethtool_cmd *cmd;
	struct ifreq *ifr;
	va_list ap;

	w.drivers = fd;
	T_EQ(request, SIOCETHTOOL);
	va_start(ap, request);
	ifr = va_arg(ap, struct ifreq *);
	va_end(ap);
	cmd = (struct ethtool_cmd *)(void *)ifr->ifr_data;
	T_EQ(cmd->cmd, ETHTOOL_GSET);
	w.nt.speeds++;
	for (size_t i = 0; i < w.nt.link_count; i++) {
		const uint32_t speed = w.nt.links[i].speed_mbit_s;

		if (strcmp(w.nt.links[i].name, ifr->ifr_name) != 0)
			continue;
		if (speed == NT_NO_DRIVER)
			break;
		ethtool_cmd_speed_set(
			cmd, speed != 0 ? speed : (uint32_t)SPEED_UNKNOWN);
		return 0;
	}
	errno = EOPNOTSUPP;
	return -1;
}

/* ---- who is told --------------------------------------------------------- */

void
effect_run(struct engine *engine)
{
	T_CHECK(engine == &w.engine, "another engine");
	w.nt.told.effects++;
}

void
rsvp_core_iface(
	struct rsvp_core *core, struct mono now, const struct rsvp_iface *iface)
{
	(void)core;
	T_EQ(now.us, loop_now().us);
	w.nt.told.ifaces++;
	w.nt.told.iface = *iface;
}

void
rsvp_core_iface_gone(struct rsvp_core *core, struct mono now, uint32_t ifindex)
{
	(void)core;
	T_EQ(now.us, loop_now().us);
	w.nt.told.gone++;
	w.nt.told.gone_ifindex = ifindex;
}

void
rsvp_core_routes_changed(
	struct rsvp_core *core, struct mono now, const struct addr_prefix *dst)
{
	struct nt_told *told = &w.nt.told;

	(void)core;
	T_EQ(now.us, loop_now().us);
	if (!dst) {
		told->all_routes++;
		return;
	}
	told->prefixes[told->routes % 64] = *dst;
	told->routes++;
}

void
tc_client_iface(struct tc_client *tc, const struct tc_iface *iface)
{
	(void)tc;
	w.nt.told.managed++;
	w.nt.told.tc = *iface;
}

void
tc_client_iface_off(struct tc_client *tc, uint32_t ifindex)
{
	(void)tc, (void)ifindex;
	w.nt.told.unmanaged++;
}

uint32_t
tc_client_gso(const struct tc_client *tc, uint32_t ifindex)
{
	(void)tc, (void)ifindex;
	return w.nt.gso_answered;
}

void
net_raw_iface(struct net_raw *raw, const struct net_iface *iface)
{
	(void)raw, (void)iface;
	w.nt.told.raws++;
}

void
net_raw_iface_gone(struct net_raw *raw, uint32_t ifindex)
{
	(void)raw, (void)ifindex;
	w.nt.told.raws_gone++;
}

void
rules_links_changed(struct rules *rules)
{
	(void)rules;
	w.nt.told.rules++;
}

T_LOG_KEEP(warn, w.nt.told.warning, w.nt.told.warnings)
T_LOG_KEEP(err, w.nt.told.error, w.nt.told.errors)

/* ---- the bench ----------------------------------------------------------- */

struct conf_iface *
nt_section(struct nt *t, const char *name)
{
	size_t at = 0;

	while (at < t->conf->iface_count &&
		strcmp(t->sections[at].name, name) < 0)
		at++;
	if (at < t->conf->iface_count &&
		strcmp(t->sections[at].name, name) == 0)
		return &t->sections[at];
	T_CHECK(t->conf->iface_count < NT_MOST, "too many sections");
	memmove(&t->sections[at + 1], &t->sections[at],
		(t->conf->iface_count - at) * sizeof(t->sections[0]));
	t->conf->iface_count++;
	t->sections[at] = (struct conf_iface){ .enabled = true,
		.traffic_control = true,
		.bandwidth_Bps = 1250000,
		.reservable_percent = 75,
		.refresh_ms = 30000,
		.lives = 3,
		.header_bytes = UINT32_MAX,
		.max_flows = 100 };
	(void)text_copy(t->sections[at].name, sizeof(t->sections[at].name),
		name); /* fits */
	return &t->sections[at];
}

static void
give(struct nt *t, uint32_t ifindex, const char *name)
{
	const struct addr addr = addr_v4_u32(0x0a000001 + (ifindex << 8));

	t->links[t->link_count++] = (struct nt_link){ .ifindex = ifindex,
		.name = name,
		.type = ARPHRD_ETHER,
		.flags = NT_RUNNING,
		.mtu = 1500,
		.gso_segs = 1,
		.gso_octets = 65536,
		.gro_octets = 65536,
		.speed_mbit_s = 100 };
	t->addrs[t->addr_count++] = (struct nt_addr){
		.addr = addr, .local = addr, .ifindex = ifindex
	};
}

static void
begin_all(size_t fail_at)
{
	mnl_t = (struct mnl_t){ .fd = w.ready[0],
		.asked = take_question,
		.say = say,
		.fail_at = fail_at };
	w.engine.loop = loop_t_begin((struct mono){ 1000000000 });
	w.nt.link = w.engine.link = net_link_new(&w.engine);
}

/* Nothing is left of it. */
static void
end_all(void)
{
	net_link_free(w.nt.link);
	T_EQ(mnl_t.closed, mnl_t.opened);
	T_EQ(loop_t_left(), 0);
	T_CHECK(w.drivers < 0 || fcntl(w.drivers, F_GETFD) < 0,
		"a socket is open");
}

struct nt *
nt_new(void)
{
	struct nt *t = &w.nt;

	memset(&w, 0, sizeof(w));
	w.drivers = -1;
	T_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, w.ready), 0);
	T_EQ(write(w.ready[1], "", 1), 1);
	log_set(LOG_LEVEL_ERR, 0);
	t->engine = &w.engine;
	t->conf = w.engine.conf = &w.conf;
	t->sections = w.conf.ifaces = w.sections;
	w.conf.pool_low = 10;
	(void)nt_section(t, "eth0");
	(void)nt_section(t, "eth1");
	give(t, 1, "eth0");
	give(t, 2, "eth1");
	begin_all(0);
	assert_non_null(t->link);
	T_EQ(net_link_sync(t->link), 0);
	loop_t_go_on(1000000);
	nt_forget(t);
	return t;
}

void
nt_begin_failing(struct nt *t, size_t nth)
{
	(void)t;
	end_all();
	begin_all(nth);
}

void
nt_free(struct nt *t)
{
	(void)t;
	end_all();
	(void)close(w.ready[0]); /* of the test */
	(void)close(w.ready[1]);
}

void
nt_forget(struct nt *t)
{
	t->told = (struct nt_told){ 0 };
	t->readings = 0;
	t->speeds = 0;
}

void
nt_note(struct nt *t)
{
	(void)t;
	T_EQ(loop_t_call_fds(), true);
}

int64_t
nt_due(const struct nt *t)
{
	const struct mono next = loop_t_next();

	(void)t;
	if (next.us == MONO_NEVER.us)
		return -1;
	return mono_reached(next, loop_now())
		       ? 0
		       : mono_ms_between(loop_now(), next);
}

void
nt_run(struct nt *t, int64_t ms)
{
	const struct mono end = mono_add_ms(loop_now(), ms);

	(void)t;
	while (mono_reached(loop_t_next(), end)) {
		if (!mono_reached(loop_t_next(), loop_now()))
			loop_t_go_on(loop_t_next().us - loop_now().us);
		(void)loop_t_call_timers(); /* one is due */
	}
	loop_t_go_on(end.us - loop_now().us);
}
