/* SPDX-License-Identifier: ISC */

/*
 * The table of links and addresses: kept, compared with the one before, and the
 * difference told to the core and to tcctl.
 */

#include "rsvpd/net_link_int.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/diff.h"
#include "base/log.h"
#include "base/text.h"
#include "rsvpd/daemon.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/rules.h"
#include "rsvpd/tc_client.h"

/* Changes are acted on at once, but those of one kind no oftener than this: a
 * flapping route or a thousand new links cost one reading.  A link that breaks
 * does not wait because of something that took no way from anybody, nor is it
 * seen together with what came after it for that.  A message by a link that is
 * not up yet shortens the time. */
enum { QUIET_MS = 100, RETRY_MS = 1000, PACKET_QUIET_MS = 1 };

const struct net_iface *
net_link_find(const struct net_link *link, uint32_t ifindex)
{
	return net_table_iface(&link->table, ifindex);
}

bool
net_link_is_local(const struct net_link *link, const struct addr *addr)
{
	return net_table_addr(&link->table, addr) != NULL;
}

uint32_t
net_link_owner(const struct net_link *link, const struct addr *addr)
{
	const struct net_addr *entry = net_table_addr(&link->table, addr);

	return entry ? entry->ifindex : 0;
}

const char *
net_link_name(const struct net_link *link, uint32_t ifindex)
{
	const struct net_iface *iface = net_link_find(link, ifindex);

	return iface ? iface->facts.name : "";
}

uint64_t
net_link_ingress(const struct net_link *link, uint32_t ifindex)
{
	const struct net_iface *iface = net_link_find(link, ifindex);

	return iface ? iface->tc.ingress_Bps : 0;
}

struct net_offloads
net_link_offloads(const struct net_link *link, uint32_t ifindex)
{
	const struct net_iface *iface = net_link_find(link, ifindex);
	struct net_offloads o = { 0 };

	if (iface)
		o = (struct net_offloads){ .gso_segs = iface->facts.gso_packets,
			.gso_limit = iface->tc.gso_segs,
			.gro_octets = iface->facts.gro_octets,
			.gro_limit = iface->tc.gro_octets };
	return o;
}

/* Octets a second as the driver tells; 0 when it does not. */
static uint64_t
ask_speed(const struct net_link *link, const char *name)
{
	struct ethtool_cmd cmd = { .cmd = ETHTOOL_GSET };
	struct ifreq ifr = { .ifr_data = (char *)&cmd };

	if (link->ethtool < 0)
		return 0;
	(void)text_copy(ifr.ifr_name, sizeof(ifr.ifr_name), name);
	if (ioctl(link->ethtool, SIOCETHTOOL, &ifr) < 0)
		return 0;

	/* In two parts, and all ones when the driver does not know. */
	uint32_t mbit_s = (uint32_t)cmd.speed_hi << 16 | cmd.speed;

	return mbit_s == (uint32_t)SPEED_UNKNOWN ? 0
						 : mbit_s * UINT64_C(125000);
}

static bool
has_name(const struct net_table *table, const char *name)
{
	for (size_t i = 0; i < table->iface_count; i++)
		if (strcmp(table->ifaces[i].facts.name, name) == 0)
			return true;
	return false;
}

/* That of one of its addresses, as rsvpd.conf of AIX names interfaces. */
static const struct conf_iface *
section_by_address(const struct conf *conf, const struct net_table *table,
	uint32_t ifindex)
{
	const struct conf_iface *found = NULL;

	for (size_t i = 0; i < table->addr_count && !found; i++) {
		char text[ADDR_TEXT];

		if (table->addrs[i].ifindex == ifindex &&
			table->addrs[i].addr.family == ADDR_V4)
			found = conf_iface_find(
				conf, addr_format(&table->addrs[i].addr, text));
	}
	return found;
}

/* Nobody is behind it. */
static bool
is_made_by_us(const char *name)
{
	return strncmp(name, TC_INGRESS_PREFIX,
		       sizeof(TC_INGRESS_PREFIX) - 1) == 0;
}

/* That of its own name or address, else the one for all others. */
static const struct conf_iface *
own_section(const struct conf *conf, const struct net_table *table,
	const struct net_iface *iface)
{
	const struct conf_iface *section =
		conf_iface_find(conf, iface->facts.name);

	if (!section)
		section = section_by_address(conf, table, iface->facts.ifindex);
	if (!section && (iface->facts.flags & IFF_LOOPBACK) == 0 &&
		!is_made_by_us(iface->facts.name))
		section = conf_iface_find(conf, "*");
	return section;
}

/*
 * That of its name; or, when it was renamed and nothing is said of the new
 * name, the one it had before, as long as nobody else has that name now.
 */
static const struct conf_iface *
find_section(const struct conf *conf, const struct net_table *old,
	const struct net_table *table, const struct net_iface *iface)
{
	const struct conf_iface *section = own_section(conf, table, iface);
	const struct net_iface *before =
		net_table_iface(old, iface->facts.ifindex);
	struct addr address;

	if (section || !before || before->section[0] == '\0' ||
		addr_parse(before->section, &address) ||
		has_name(table, before->section))
		return section;
	return conf_iface_find(conf, before->section);
}

static void
settle(const struct net_link *link, const struct net_table *old,
	const struct net_table *table, struct net_iface *iface)
{
	const struct conf *conf = link->engine->conf;
	const struct conf_iface *section =
		find_section(conf, old, table, iface);

	if (section && section->enabled && section->bandwidth_Bps == 0)
		iface->facts.speed_Bps = ask_speed(link, iface->facts.name);
	iface->gso_answered =
		tc_client_gso(link->engine->tc, iface->facts.ifindex);
	net_iface_settle(iface, section, conf);
	(void)text_copy(iface->section, sizeof(iface->section),
		section ? section->name : ""); /* fits */
}

/* HTB counts and sends what is handed down as one packet as one: the link is
 * busy with it, and a guaranteed flow waits. */
static void
warn_gso(const struct net_iface *old, const struct net_iface *iface)
{
	const bool is_told =
		old && old->core.up && old->gso_us == iface->gso_us;

	if (iface->core.up && iface->gso_us > 0 && !is_told)
		log_warn(LOG_NET,
			"%s: guaranteed flows may wait %u us more than they "
			"are told (this host hands down %u packets as one, "
			"GSO: ip link set dev %s gso_max_segs %u)",
			iface->facts.name, iface->gso_us,
			net_iface_gso_packets(iface), iface->facts.name,
			iface->tc.gso_segs > 0 ? iface->tc.gso_segs : 1);
}

static void
log_iface(const struct net_iface *iface)
{
	const struct rsvp_iface *core = &iface->core;
	char v4[ADDR_TEXT], v6[ADDR_TEXT], rate[64];
	struct text text = text_over(rate, sizeof(rate));

	if (!core->enabled)
		return;
	text_add_rate(&text, (double)core->link_Bps);
	log_info(LOG_NET, "%s: %s, index %u, IPv4 %s, IPv6 %s, MTU %u, %s",
		core->name, core->up ? "up" : "down", core->ifindex,
		core->v4.family ? addr_format(&core->v4, v4) : "none",
		core->v6.family ? addr_format(&core->v6, v6) : "none",
		core->mtu, core->link_Bps > 0 ? rate : "rate unknown");
	if (core->traffic_control && core->link_Bps == 0)
		log_warn(LOG_NET,
			"%s: no reservations possible (the device does not "
			"tell its rate: set the bandwidth of the interface in "
			"the configuration)",
			core->name);
}

static void
tell_tc(struct tc_client *tc, const struct net_iface *have,
	const struct net_iface *want)
{
	bool had = have && have->controlled;

	if (want->controlled && (!had || !net_iface_tc_equal(have, want)))
		tc_client_iface(tc, &want->tc);
	if (had && !want->controlled)
		tc_client_iface_off(tc, have->tc.ifindex);
}

static void
forget(struct engine *engine, const struct net_iface *have)
{
	uint32_t ifindex = have->facts.ifindex;

	if (have->core.enabled)
		log_info(LOG_NET, "%s: gone", have->facts.name);
	if (have->controlled)
		tc_client_iface_off(engine->tc, ifindex);
	net_raw_iface_gone(engine->raw, ifindex);
	rsvp_core_iface_gone(engine->core, loop_now(), ifindex);
	effect_run(engine);
}

static void
tell(void *arg, enum diff_kind kind, const void *have, const void *want)
{
	struct engine *engine = (struct engine *)arg;
	const struct net_iface *old = (const struct net_iface *)have;
	const struct net_iface *new = (const struct net_iface *)want;

	switch (kind) {
	case DIFF_SAME:
		break;
	case DIFF_REMOVED:
		forget(engine, old);
		break;
	case DIFF_ADDED:
	case DIFF_CHANGED:
		log_iface(new);
		warn_gso(old, new);
		rsvp_core_iface(engine->core, loop_now(), &new->core);
		tell_tc(engine->tc, old, new);
		net_raw_iface(engine->raw, new);
		effect_run(engine);
		break;
	}
}

static int
compare(const void *a, const void *b)
{
	const struct net_iface *x = (const struct net_iface *)a;
	const struct net_iface *y = (const struct net_iface *)b;

	return (x->facts.ifindex > y->facts.ifindex) -
	       (x->facts.ifindex < y->facts.ifindex);
}

static bool
equal(const void *have, const void *want)
{
	return net_iface_equal(
		(const struct net_iface *)have, (const struct net_iface *)want);
}

static struct diff_side
side(const struct net_table *table)
{
	return (struct diff_side){ .records = table->ifaces,
		.count = table->iface_count,
		.size = sizeof(*table->ifaces) };
}

static bool
same_addrs(const struct net_table *a, const struct net_table *b)
{
	if (a->addr_count != b->addr_count)
		return false;
	for (size_t i = 0; i < a->addr_count; i++) {
		const struct net_addr *x = &a->addrs[i];
		const struct net_addr *y = &b->addrs[i];

		if (x->ifindex != y->ifindex || x->rank != y->rank ||
			!addr_equal(&x->addr, &y->addr))
			return false;
	}
	return true;
}

/* Of as many interfaces. */
static bool
same_names(const struct net_table *a, const struct net_table *b)
{
	for (size_t i = 0; i < a->iface_count; i++)
		if (a->ifaces[i].facts.ifindex != b->ifaces[i].facts.ifindex ||
			strcmp(a->ifaces[i].facts.name,
				b->ifaces[i].facts.name) != 0)
			return false;
	return true;
}

int
net_link_sync(struct net_link *link)
{
	static const struct diff_ops ops = {
		.compare = compare, .equal = equal, .tell = tell
	};
	struct net_table table;
	struct net_table old = link->table;
	const bool is_first = old.iface_count == 0;
	int error;

	/* A link or address that goes takes its routes with it unannounced. */
	if (link->links_changed)
		link->all_routes = true;
	error = net_table_read(&link->route, &table);
	if (error < 0) {
		log_warn(LOG_NET, "links: cannot read them: %s",
			strerror(-error));
		net_table_free(&table);
		return error;
	}
	for (size_t i = 0; i < table.iface_count; i++)
		settle(link, &old, &table, &table.ifaces[i]);
	net_iface_share_gro(table.ifaces, table.iface_count);
	/* In place before it is told: what is told asks questions. */
	link->table = table;
	/* What is read before it is told is no news any more when it is; of
	 * links the core knows what follows. */
	if (!is_first && !same_addrs(&old, &table))
		link->all_routes = true;
	link->links_changed = false;
	link->stale = false;

	const struct diff_side have = side(&old);
	const struct diff_side want = side(&table);

	diff_walk(&have, &want, &ops, link->engine);
	if (old.iface_count != table.iface_count || !same_names(&old, &table))
		rules_links_changed(link->engine->rules);
	net_table_free(&old);
	return 0;
}

static bool
is_in_use(const struct net_table *table, const char *section)
{
	for (size_t i = 0; i < table->iface_count; i++)
		if (strcmp(table->ifaces[i].section, section) == 0)
			return true;
	return false;
}

void
net_link_warn_missing(const struct net_link *link)
{
	const struct conf *conf = link->engine->conf;
	const struct net_table *table = &link->table;

	if (conf->iface_count == 0)
		log_warn(LOG_NET,
			"no interface is configured: RSVP is spoken on none "
			"(name them in the configuration, see rsvpd.conf(5))");
	for (size_t i = 0; i < conf->iface_count; i++) {
		const char *name = conf->ifaces[i].name;

		if (!is_in_use(table, name) && conf->ifaces[i].enabled &&
			strcmp(name, "*") != 0)
			log_warn(LOG_NET,
				"%s: there is no such interface (check the "
				"name; it is used as soon as it appears)",
				name);
	}
}

static void
tell_routes(struct net_link *link)
{
	struct engine *engine = link->engine;
	size_t count = link->route_count;

	link->route_count = 0;
	if (link->all_routes)
		rsvp_core_routes_changed(engine->core, loop_now(), NULL);
	for (size_t i = 0; i < count && !link->all_routes; i++) {
		rsvp_core_routes_changed(
			engine->core, loop_now(), &link->routes[i]);
		effect_run(engine);
	}
	link->all_routes = false;
	effect_run(engine);
}

/* There is something of that kind to act on. */
static bool
is_noted(const struct net_link *link, enum net_news kind)
{
	switch (kind) {
	case NET_NEWS_LINKS:
		return link->links_changed;
	case NET_NEWS_ROUTES:
		return link->all_routes || link->route_count > 0;
	case NET_NEWS_REST:
		return link->stale;
	case NET_NEWS_KINDS:
		break;
	}
	return false;
}

static void
act(void *arg)
{
	struct net_link *link = (struct net_link *)arg;
	const struct mono now = loop_now();

	for (int i = 0; i < NET_NEWS_KINDS; i++)
		if (is_noted(link, (enum net_news)i))
			link->acted[i] = now;
	if ((link->links_changed || link->stale) && net_link_sync(link) < 0)
		loop_timer_set(link->timer, mono_add_ms(now, RETRY_MS));
	if (link->all_routes || link->route_count > 0)
		tell_routes(link);
}

const struct net_iface *
net_link_arrived(struct net_link *link, uint32_t ifindex)
{
	const struct net_iface *iface = net_link_find(link, ifindex);

	if (iface && iface->core.up)
		return iface;
	net_watch_take(link);
	if (link->links_changed && mono_ms_between(link->acted[NET_NEWS_LINKS],
					   loop_now()) >= PACKET_QUIET_MS)
		act(link);
	return net_link_find(link, ifindex);
}

void
net_link_changed(struct net_link *link)
{
	struct mono due = MONO_NEVER;

	for (int i = 0; i < NET_NEWS_KINDS; i++)
		if (is_noted(link, (enum net_news)i))
			due = mono_earlier(
				due, mono_add_ms(link->acted[i], QUIET_MS));
	if (due.us != MONO_NEVER.us)
		loop_timer_set(link->timer, due);
}

void
net_link_read_again(struct net_link *link)
{
	link->stale = true;
	net_link_changed(link);
}

struct net_link *
net_link_new(struct engine *engine)
{
	struct net_link *link = (struct net_link *)calloc(1, sizeof(*link));
	int error = -ENOMEM;

	if (!link)
		return NULL;
	link->engine = engine;
	link->ethtool = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	link->timer = loop_timer_add(engine->loop, act, link);
	if (link->timer)
		error = net_nl_open(&link->route, NETLINK_ROUTE);
	if (error == 0)
		error = net_nl_open(&link->diag, NETLINK_SOCK_DIAG);
	/* Before the first reading, so that nothing is missed between. */
	if (error == 0)
		error = net_watch_open(link);
	if (error < 0) {
		log_err(LOG_NET, "netlink: cannot open: %s", strerror(-error));
		net_link_free(link);
		return NULL;
	}
	return link;
}

void
net_link_free(struct net_link *link)
{
	if (!link)
		return;
	net_watch_close(link);
	loop_timer_del(link->timer);
	net_nl_close(&link->route);
	net_nl_close(&link->diag);
	if (link->ethtool >= 0)
		(void)close(link->ethtool); /* it holds no data */
	net_table_free(&link->table);
	free(link);
}
