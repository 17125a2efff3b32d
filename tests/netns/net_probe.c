/* SPDX-License-Identifier: ISC */

/*
 * The engine's network side alone, with a core that only tells what reaches it:
 * net_probe CONF UID opens the sockets as the supervisor does, gives up its
 * privileges, and then answers commands on standard input.  Events and answers
 * are JSON objects, one a line.
 *
 *	send IFINDEX SRC DST TTL ALERT OCTETS	a message of that many octets
 *	route IFINDEX SRC DST			SRC - for a local sender
 *	source DST
 *	owner PROTO ADDR PORT
 *	counters
 *	break					a raw socket that is none
 */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "rsvpd/daemon.h"
#include "rsvpd/net_link.h"
#include "rsvpd/net_open.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/rules.h"
#include "rsvpd/tc_client.h"

enum { ARGS_MAX = 8, MESSAGE_MAX = 65536 };

struct rsvp_core {
	unsigned unused;
};

struct probe {
	struct engine engine;
	struct rsvp_core core;
	struct stats stats;
	char line[512];
	size_t len;
};

static const char *
text_of(const struct addr *a)
{
	static char buf[4][ADDR_TEXT];
	static unsigned next;

	next = (next + 1) % 4;
	return a->family == ADDR_NONE ? "" : addr_format(a, buf[next]);
}

/* ---- what the network side calls ----------------------------------------- */

void
effect_run(struct engine *engine)
{
	(void)engine;
}

/* Nobody falls silent here. */
int64_t
rsvp_lifetime_ms(uint32_t refresh_ms, uint32_t lives)
{
	return (int64_t)refresh_ms * lives;
}

void
rsvp_core_iface(
	struct rsvp_core *core, struct mono now, const struct rsvp_iface *i)
{
	(void)core;
	(void)now;
	printf("{\"event\":\"iface\",\"ifindex\":%u,\"name\":\"%s\","
	       "\"up\":%d,\"enabled\":%d,\"v4\":\"%s\",\"v6\":\"%s\","
	       "\"mtu\":%u,\"header\":%u,\"link\":%" PRIu64 "}\n",
		i->ifindex, i->name, i->up, i->enabled, text_of(&i->v4),
		text_of(&i->v6), i->mtu, i->header_bytes, i->link_Bps);
}

void
rsvp_core_iface_gone(struct rsvp_core *core, struct mono now, uint32_t ifindex)
{
	(void)core;
	(void)now;
	printf("{\"event\":\"gone\",\"ifindex\":%u}\n", ifindex);
}

void
rsvp_core_routes_changed(
	struct rsvp_core *core, struct mono now, const struct addr_prefix *dst)
{
	char text[ADDR_TEXT] = "all";

	(void)core;
	(void)now;
	if (dst)
		(void)addr_prefix_format(dst, text);
	printf("{\"event\":\"routes\",\"dst\":\"%s\"}\n", text);
}

void
rsvp_core_packet(
	struct rsvp_core *core, struct mono now, const struct rsvp_packet *p)
{
	(void)core;
	(void)now;
	printf("{\"event\":\"packet\",\"ifindex\":%u,\"src\":\"%s\","
	       "\"dst\":\"%s\",\"ttl\":%u,\"local\":%d,\"fault\":\"%s\","
	       "\"type\":%u,\"send_ttl\":%u}\n",
		p->ifindex, text_of(&p->src), text_of(&p->dst), p->ttl,
		p->dst_local, wire_fault_text(p->fault), p->msg->type,
		p->msg->send_ttl);
}

void
tc_client_iface(struct tc_client *tc, const struct tc_iface *i)
{
	(void)tc;
	printf("{\"event\":\"tc\",\"ifindex\":%u,\"name\":\"%s\","
	       "\"link\":%" PRIu64 ",\"control\":%" PRIu64 "}\n",
		i->ifindex, i->name, i->link_Bps, i->control_Bps);
}

void
rules_links_changed(struct rules *rules)
{
	(void)rules; /* there are none */
}

uint32_t
tc_client_gso(const struct tc_client *tc, uint32_t ifindex)
{
	(void)tc;
	(void)ifindex;
	return 0;
}

void
tc_client_iface_off(struct tc_client *tc, uint32_t ifindex)
{
	(void)tc;
	printf("{\"event\":\"tc_off\",\"ifindex\":%u}\n", ifindex);
}

/* ---- commands ------------------------------------------------------------ */

static struct addr
addr_arg(const char *text)
{
	struct addr a = { 0 };

	(void)addr_parse(text, &a); /* "-": none */
	return a;
}

static uint32_t
number_arg(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

static void
do_send(struct probe *probe, char *const *arg)
{
	uint8_t bytes[MESSAGE_MAX] = { 0 };
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct rsvp_send send = { .type = WIRE_PATH,
		.ifindex = number_arg(arg[1]),
		.src = addr_arg(arg[2]),
		.dst = addr_arg(arg[3]),
		.ttl = (uint8_t)number_arg(arg[4]),
		.router_alert = number_arg(arg[5]) != 0,
		.bytes = bytes,
		.len = number_arg(arg[6]) };

	/* A header, and an object of class 0xff that fills the rest. */
	buf_put_u8(&w, 0x10);
	buf_put_u8(&w, WIRE_PATH);
	buf_put_u16be(&w, 0);
	buf_put_u8(&w, send.ttl);
	buf_put_u8(&w, 0);
	buf_put_u16be(&w, (uint16_t)send.len);
	buf_put_u16be(&w, (uint16_t)(send.len - 8));
	buf_put_u16be(&w, 0xff01);
	for (size_t i = 12; i < send.len; i++)
		buf_put_u8(&w, (uint8_t)(i * 7));
	w = buf_writer(bytes + 2, 2);
	buf_put_u16be(&w, wire_checksum(bytes, send.len));
	printf("{\"event\":\"sent\",\"error\":\"%s\"}\n",
		strerror(-net_raw_send(probe->engine.raw, &send)));
}

static void
do_route(struct probe *probe, char *const *arg)
{
	const struct rsvp_route_query query = { .in_ifindex =
							number_arg(arg[1]),
		.src = addr_arg(arg[2]),
		.dst = addr_arg(arg[3]) };
	struct rsvp_route route;

	net_link_route(probe->engine.link, &query, &route);
	printf("{\"event\":\"route\",\"local\":%d,\"in\":%u,\"out\":[",
		route.local, route.in_ifindex);
	for (size_t i = 0; i < route.count; i++)
		printf("%s%u", i > 0 ? "," : "", route.out_ifindex[i]);
	printf("]}\n");
}

static void
do_source(struct probe *probe, char *const *arg)
{
	const struct addr dst = addr_arg(arg[1]);
	struct addr src = { 0 };

	(void)net_link_source(probe->engine.link, &dst, &src); /* "" then */
	printf("{\"event\":\"source\",\"src\":\"%s\"}\n", text_of(&src));
}

static void
do_owner(struct probe *probe, char *const *arg)
{
	const struct addr addr = addr_arg(arg[2]);
	uint32_t uid = 0;
	int found = net_link_port_owner(probe->engine.link,
		(uint8_t)number_arg(arg[1]), &addr,
		(uint16_t)number_arg(arg[3]), &uid);

	printf("{\"event\":\"owner\",\"found\":%d,\"uid\":%u}\n", found, uid);
}

static void
do_counters(struct probe *probe, char *const *arg)
{
	(void)arg;
	printf("{\"event\":\"counters\"");
	for (int i = 0; i < STATS_COUNTER_COUNT; i++)
		printf(",\"%s\":%" PRIu64, stats_name((enum stats_counter)i),
			probe->stats.count[i]);
	printf("}\n");
}

static void
do_break(struct probe *probe, char *const *arg)
{
	int ends[2];

	(void)arg;
	if (pipe(ends) == 0 && write(ends[1], "x", 1) == 1)
		net_raw_socket(probe->engine.raw, SUP_FD_RAW4, ends[0]);
}

struct command {
	const char *name;
	size_t args; /* with the name */
	void (*run)(struct probe *probe, char *const *arg);
};

static const struct command commands[] = {
	{ "send", 7, do_send },
	{ "route", 4, do_route },
	{ "source", 2, do_source },
	{ "owner", 4, do_owner },
	{ "counters", 1, do_counters },
	{ "break", 1, do_break },
};

static void
run_line(struct probe *probe, char *line)
{
	char *arg[ARGS_MAX] = { NULL };
	char *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(line, " ", &rest); word && n < ARGS_MAX;
		word = strtok_r(NULL, " ", &rest))
		arg[n++] = word;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (n == commands[i].args &&
			strcmp(arg[0], commands[i].name) == 0) {
			commands[i].run(probe, arg);
			return;
		}
	}
	printf("{\"event\":\"bad\"}\n");
}

static void
read_commands(void *arg, int fd, unsigned ready)
{
	struct probe *probe = (struct probe *)arg;
	ssize_t n = read(fd, probe->line + probe->len,
		sizeof(probe->line) - probe->len - 1);
	char *end;

	(void)ready;
	if (n <= 0) {
		loop_stop(probe->engine.loop);
		return;
	}
	probe->len += (size_t)n;
	probe->line[probe->len] = '\0';
	while ((end = strchr(probe->line, '\n'))) {
		*end = '\0';
		run_line(probe, probe->line);
		probe->len -= (size_t)(end + 1 - probe->line);
		memmove(probe->line, end + 1, probe->len + 1);
	}
}

/* ---- start --------------------------------------------------------------- */

struct option {
	int level;
	int name;
	int value;
};

static int
open_socket(int family, int proto, const struct option *options)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, proto);

	for (const struct option *o = options; fd >= 0 && o->level >= 0; o++) {
		if (setsockopt(fd, o->level, o->name, &o->value,
			    sizeof(o->value)) == 0)
			continue;
		fprintf(stderr, "option %d: %s\n", o->name, strerror(errno));
		exit(2);
	}
	return fd;
}

static int
opened(const char *what, int fd)
{
	if (fd < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(-fd));
		exit(2);
	}
	return fd;
}

static void
open_sockets(struct net_raw *raw)
{
	static const struct option raw4[] = { { IPPROTO_IP, IP_ROUTER_ALERT,
						      1 },
		{ IPPROTO_IP, IP_PKTINFO, 1 }, { IPPROTO_IP, IP_HDRINCL, 1 },
		{ IPPROTO_IP, IP_MULTICAST_LOOP, 0 }, { -1, 0, 0 } };
	static const struct option raw6[] = { { IPPROTO_IPV6, IPV6_RECVPKTINFO,
						      1 },
		{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1 },
		{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0 }, { -1, 0, 0 } };
	static const struct option alert6[] = { { IPPROTO_IPV6,
							IPV6_ROUTER_ALERT, 1 },
		{ IPPROTO_IPV6, IPV6_ROUTER_ALERT_ISOLATE, 1 },
		{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 },
		{ IPPROTO_IPV6, IPV6_HDRINCL, 1 },
		{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0 }, { -1, 0, 0 } };
	int guard;

	net_raw_socket(raw, SUP_FD_RAW4, open_socket(AF_INET, 46, raw4));
	net_raw_socket(raw, SUP_FD_RAW6, open_socket(AF_INET6, 46, raw6));
	net_raw_socket(
		raw, SUP_FD_ALERT6, open_socket(AF_INET6, IPPROTO_RAW, alert6));
	net_raw_socket(raw, SUP_FD_TAP6, opened("tap", net_tap6_open()));
	/* As the supervisor: without it, if the kernel has no nf_tables. */
	guard = net_guard_open();
	if (guard >= 0)
		net_raw_socket(raw, SUP_FD_GUARD, guard);
	else
		fprintf(stderr, "guard: %s\n", strerror(-guard));
}

static struct conf *
read_conf(const char *path)
{
	FILE *file = fopen(path, "re");
	struct conf_error error = { "cannot open it" };
	struct conf *conf = file ? conf_read(file, path, &error) : NULL;

	if (!conf) {
		fprintf(stderr, "%s: %s\n", path, error.text);
		exit(2);
	}
	(void)fclose(file);
	return conf;
}

static bool
drop_privileges(uint32_t uid)
{
	return setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 &&
	       setresuid(uid, uid, uid) == 0;
}

int
main(int argc, char **argv)
{
	static struct probe probe;
	struct engine *e = &probe.engine;
	bool ok;

	if (argc != 3) {
		fprintf(stderr, "usage: net_probe CONF UID\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	log_open("net_probe");
	log_set(LOG_LEVEL_INFO, 0);
	e->core = &probe.core;
	e->stats = &probe.stats;
	e->conf = read_conf(argv[1]);
	e->listening = true;
	e->loop = loop_new();
	e->raw = e->loop ? net_raw_new(e) : NULL;
	if (!e->raw)
		return 1;
	open_sockets(e->raw);
	if (!drop_privileges(number_arg(argv[2]))) {
		fprintf(stderr, "cannot become user %s\n", argv[2]);
		return 1;
	}
	e->link = net_link_new(e);
	ok = e->link && net_link_sync(e->link) == 0 &&
	     loop_fd_add(
		     e->loop, STDIN_FILENO, LOOP_READ, read_commands, &probe);
	if (ok) {
		printf("{\"event\":\"ready\"}\n");
		ok = loop_run(e->loop) == 0;
	}
	net_link_free(e->link);
	net_raw_free(e->raw);
	loop_free(e->loop);
	conf_free(e->conf);
	return ok ? 0 : 1;
}
