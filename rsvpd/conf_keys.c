/* SPDX-License-Identifier: ISC */
/*
 * The configuration keys: the one table that parsing, ranges, defaults,
 * printing, reload and the manual page's check read.  All keys take effect at
 * a reload.
 */
#include "conf_int.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

static const char *const log_levels[] = { "err", "warn", "info", "debug",
	NULL };
static const char *const stops[] = { "keep", "tear", NULL };
static const char *const udp_modes[] = { [CONF_UDP_AUTO] = "auto",
	[CONF_UDP_ON] = "on",
	[CONF_UDP_OFF] = "off",
	NULL };
static const char *const classifiers[] = { [CONF_CLASSIFIER_AUTO] = "auto",
	[CONF_CLASSIFIER_U32] = "u32",
	[CONF_CLASSIFIER_FLOWER] = "flower",
	NULL };
static const char *const link_layers[] = { [CONF_LINK_NONE] = "none",
	[CONF_LINK_ETHERNET] = "ethernet",
	[CONF_LINK_VLAN] = "vlan",
	[CONF_LINK_PPPOE] = "pppoe",
	[CONF_LINK_PPPOE_VLAN] = "pppoe-vlan",
	[CONF_LINK_ATM_IPOA] = "atm-ipoa",
	[CONF_LINK_ATM_PPPOA] = "atm-pppoa",
	[CONF_LINK_ATM_BRIDGED] = "atm-bridged",
	[CONF_LINK_ATM_PPPOE] = "atm-pppoe",
	[CONF_LINK_PTM] = "ptm",
	[CONF_LINK_PTM_PPPOE] = "ptm-pppoe",
	[CONF_LINK_TUNNEL_IPIP] = "tunnel-ipip",
	[CONF_LINK_TUNNEL_GRE] = "tunnel-gre",
	[CONF_LINK_TUNNEL_IP6] = "tunnel-ip6",
	[CONF_LINK_TUNNEL_WIREGUARD] = "tunnel-wireguard",
	NULL };
static const char *const areas[] = {
#define X(name, text) [name] = text,
	LOG_AREAS(X)
#undef X
		[LOG_AREA_COUNT] = NULL
};

#define AT(type, member)                                                       \
	.offset = offsetof(struct type, member),                               \
	.size = sizeof(((struct type *)0)->member)
#define RANGE(low, high, initial)                                              \
	.min = (low), .max = (high), .value = (initial)

/* clang-format off */
static const struct conf_key global_keys[] = {
	{ "", "stop", CONF_WORD, AT(conf, stop), RANGE(0, 1, CONF_STOP_KEEP),
	  .words = stops,
	  .help = "what a stop does: keep leaves the kernel as it is; tear withdraws what was announced, asked for and installed, within 4 s" },
	{ "", "watchdog", CONF_MS, AT(conf, watchdog_ms), RANGE(500, 60000, 5000),
	  .help = "a process that is silent for so long is killed and restarted" },
	{ "", "raw", CONF_BOOL, AT(conf, raw), RANGE(0, 1, 1),
	  .help = "RSVP in IP packets of its own; false: no raw socket is opened, and this host takes part by UDP alone (IPv4, RFC 2205 Appendix C)" },
	{ "limits", "sessions", CONF_COUNT, AT(conf, max_sessions), RANGE(1, 4000000, 100000),
	  .help = "sessions of this node" },
	{ "limits", "sessionsPerNeighbour", CONF_COUNT, AT(conf, max_sessions_neighbour), RANGE(1, 4000000, 20000),
	  .help = "sessions that one previous hop may make on one interface" },
	{ "limits", "sessionsPerUser", CONF_COUNT, AT(conf, max_sessions_uid), RANGE(1, 4000000, 1000),
	  .help = "sessions that one local user may make" },
	{ "limits", "senders", CONF_COUNT, AT(conf, max_senders), RANGE(1, 4096, 64),
	  .help = "senders of one session" },
	{ "limits", "paths", CONF_COUNT, AT(conf, max_paths), RANGE(1, 8000000, 200000),
	  .help = "path states of this node, and reservation states; 512 octets of objects are kept for each on average" },
	{ "limits", "clients", CONF_COUNT, AT(conf, max_clients), RANGE(1, 16000, 4096),
	  .help = "applications connected at the same time" },
	{ "limits", "clientsPerUser", CONF_COUNT, AT(conf, max_clients_uid), RANGE(1, 16000, 256),
	  .help = "of them, those of one user" },
	{ "limits", "clientQueue", CONF_SIZE, AT(conf, client_queue_bytes), RANGE(65536, 1073741824, 4194304),
	  .help = "data waiting for an application that does not read; beyond it is cut off" },
	{ "protocol", "blockadeMultiple", CONF_COUNT, AT(conf, blockade_multiple), RANGE(1, 20, 2),
	  .help = "refresh periods that a refused reservation is blockaded (Kb, RFC 2205 3.5)" },
	{ "trafficControl", "wait", CONF_MS, AT(conf, tc_wait_ms), RANGE(100, 60000, 2000),
	  .help = "how long a request waits for traffic control before it is refused" },
	{ "trafficControl", "poolLow", CONF_COUNT, AT(conf, pool_low), RANGE(0, 10000, 64),
	  .help = "idle classes kept ready at least, for each service and interface" },
	{ "trafficControl", "poolHigh", CONF_COUNT, AT(conf, pool_high), RANGE(1, 20000, 256),
	  .help = "idle classes kept ready at most" },
	{ "control", "group", CONF_TEXT, AT(conf, control_group), .text = "rsvpd",
	  .help = "group whose members may use the control socket; root when there is no such group" },
	{ "accounting", "records", CONF_BOOL, AT(conf, accounting), RANGE(0, 1, 0),
	  .help = "a record of each reservation and rule is appended to accounting.jsonl when it ends" },
	{ "accounting", "interval", CONF_MS, AT(conf, accounting_ms), RANGE(100, 86400000, 0),
	  .special = "none", .special_value = 0,
	  .help = "and an interim record so often" },
	{ "log", "level", CONF_WORD, AT(conf, log_level), RANGE(0, 3, LOG_LEVEL_INFO),
	  .words = log_levels, .help = "least important messages that are logged" },
	{ "log", "debug", CONF_AREAS, AT(conf, log_debug), RANGE(0, (1u << LOG_AREA_COUNT) - 1, 0),
	  .words = areas, .help = "areas whose debug messages are logged whatever the level" },
};

static const struct conf_key iface_keys[] = {
	{ "interfaces", "enabled", CONF_BOOL, AT(conf_iface, enabled), RANGE(0, 1, 1),
	  .help = "RSVP is spoken on this interface" },
	{ "interfaces", "trafficControl", CONF_BOOL, AT(conf_iface, traffic_control), RANGE(0, 1, 1),
	  .help = "reservations are admitted against its capacity and installed in the kernel" },
	{ "interfaces", "takeOver", CONF_BOOL, AT(conf_iface, take_over), RANGE(0, 1, 0),
	  .help = "a root qdisc that somebody else configured may be replaced" },
	{ "interfaces", "classifier", CONF_WORD, AT(conf_iface, classifier), RANGE(0, CONF_CLASSIFIERS - 1, CONF_CLASSIFIER_AUTO),
	  .words = classifiers, .help = "how the kernel finds the packets of reservations: auto is u32, which every kernel has; flower also sees ports behind IPv6 extension headers" },
	{ "interfaces", "limitOffloads", CONF_BOOL, AT(conf_iface, limit_offloads), RANGE(0, 1, 1),
	  .help = "what this host treats as one packet is limited: what it hands down (GSO) to what the link sends in 0.25 ms, or one packet; what it puts together on receipt (GRO) to what the other interfaces may be handed" },
	{ "interfaces", "bandwidth", CONF_RATE, AT(conf_iface, bandwidth_Bps), RANGE(1000, 125000000000, 0),
	  .special = "link", .special_value = 0,
	  .help = "usable rate of the wire; link takes the speed that the interface reports" },
	{ "interfaces", "ingressBandwidth", CONF_RATE, AT(conf_iface, ingress_Bps), RANGE(1000, 125000000000, 0),
	  .special = "off", .special_value = 0,
	  .help = "what comes in is queued here, through an ifb, at this rate, which is below what the other end of the link sends at" },
	{ "interfaces", "reservable", CONF_COUNT, AT(conf_iface, reservable_percent), RANGE(0, 100, 75),
	  .help = "percentage of the bandwidth that all reservations may hold together" },
	{ "interfaces", "bestEffort", CONF_COUNT, AT(conf_iface, best_effort_percent), RANGE(1, 100, 5),
	  .help = "percentage of the bandwidth kept for traffic without reservation" },
	{ "interfaces", "gsBudget", CONF_SIZE, AT(conf_iface, gs_budget_bytes), RANGE(1500, 1000000000, 0),
	  .special = "auto", .special_value = 0,
	  .help = "bursts and packets that Guaranteed Service may send at once; bounds the delay; auto is made from the rate" },
	{ "interfaces", "maxFlows", CONF_COUNT, AT(conf_iface, max_flows), RANGE(0, 60000, 10000),
	  .help = "reservations installed on this interface at the same time" },
	{ "interfaces", "refresh", CONF_MS, AT(conf_iface, refresh_ms), RANGE(1000, 300000, 30000),
	  .help = "mean time between two refreshes of the same state (R, RFC 2205 3.7)" },
	{ "interfaces", "lives", CONF_COUNT, AT(conf_iface, lives), RANGE(1, 20, 3),
	  .help = "refreshes in succession of which one must arrive (K, RFC 2205 3.7)" },
	{ "interfaces", "repairWait", CONF_MS, AT(conf_iface, repair_wait_ms), RANGE(0, 60000, 2000),
	  .help = "how long routing may settle before a path is told its new interface (W, RFC 2205 3.6)" },
	{ "interfaces", "slewMax", CONF_COUNT, AT(conf_iface, slew_percent), RANGE(1, 1000, 30),
	  .help = "percentage by which a raised refresh period grows with each refresh (Slew.Max, RFC 2205 3.7)" },
	{ "interfaces", "quickRefreshes", CONF_COUNT, AT(conf_iface, quick_refreshes), RANGE(0, 10, 0),
	  .help = "refreshes that follow a change after a tenth of the period, for links that lose messages (RFC 2205 3.7)" },
	{ "interfaces", "linkLayer", CONF_WORD, AT(conf_iface, link_layer), RANGE(0, CONF_LINK_LAYERS - 1, CONF_LINK_NONE),
	  .words = link_layers, .help = "what carries the packets at the bottleneck: sets overhead and smallest frame, and counts the cells of ATM" },
	{ "interfaces", "headerBytes", CONF_COUNT, AT(conf_iface, header_bytes), RANGE(0, 256, UINT32_MAX),
	  .special = "auto", .special_value = UINT32_MAX,
	  .help = "link header that the queueing discipline counts; auto goes by the type of link" },
	{ "interfaces", "overheadBytes", CONF_COUNT, AT(conf_iface, overhead_bytes), RANGE(0, 256, UINT32_MAX),
	  .special = "auto", .special_value = UINT32_MAX,
	  .help = "more octets a packet takes on the wire than its link header; auto goes by linkLayer" },
	{ "interfaces", "minFrameBytes", CONF_COUNT, AT(conf_iface, min_frame_bytes), RANGE(0, 1500, UINT32_MAX),
	  .special = "auto", .special_value = UINT32_MAX,
	  .help = "least octets a packet takes on the wire; auto goes by linkLayer" },
	{ "interfaces", "assumedMinPacket", CONF_COUNT, AT(conf_iface, assumed_min_packet), RANGE(20, 1500, 128),
	  .help = "IP octets assumed as the smallest packet of a flow that says m = 0" },
	{ "interfaces", "timer", CONF_US, AT(conf_iface, timer_us), RANGE(0, 100000, 200),
	  .help = "lateness of the kernel's shaper, part of the advertised delay" },
	{ "interfaces", "deviceBytes", CONF_COUNT, AT(conf_iface, device_bytes), RANGE(0, 100000000, 0),
	  .help = "octets that the device queues below the shaper, part of the advertised delay" },
	{ "interfaces", "latency", CONF_US, AT(conf_iface, latency_us), RANGE(0, 1 << 28, UINT32_MAX),
	  .special = "unknown", .special_value = UINT32_MAX,
	  .help = "smallest delay of a packet on the link, which receivers add to the queueing delay" },
	{ "interfaces", "useSlack", CONF_BOOL, AT(conf_iface, use_slack), RANGE(0, 1, 0),
	  .help = "a guaranteed rate that does not fit is lowered as far as the slack of the request allows" },
	{ "interfaces", "packetsPerSecond", CONF_COUNT, AT(conf_iface, packets_per_s), RANGE(1, 10000000, 20000),
	  .help = "RSVP messages accepted a second, and their burst; more are dropped and counted" },
	{ "interfaces", "udp", CONF_WORD, AT(conf_iface, udp), RANGE(0, 2, CONF_UDP_AUTO),
	  .words = udp_modes, .help = "RSVP in UDP for hosts without raw sockets (IPv4, RFC 2205 Appendix C); auto uses it while such a host is heard" },
	{ "interfaces", "udpRouter", CONF_ADDR4, AT(conf_iface, udp_router), RANGE(1, 0xdfffffff, 0),
	  .special = "auto", .special_value = 0,
	  .help = "with raw = false: the router that gets the Path messages for hosts on other networks; auto takes the next hop of the route" },
	{ "interfaces", "udpTtl", CONF_COUNT, AT(conf_iface, udp_ttl), RANGE(1, 255, 1),
	  .help = "TTL that just takes a datagram to that router; 1 when it is on the network of the interface" },
};
/* clang-format on */

static const struct {
	const struct conf_key *keys;
	size_t count;
} scopes[] = {
	[CONF_GLOBAL] = { global_keys,
		sizeof(global_keys) / sizeof(global_keys[0]) },
	[CONF_IFACE] = { iface_keys,
		sizeof(iface_keys) / sizeof(iface_keys[0]) },
};

const struct conf_key *
conf_key_at(enum conf_scope scope, size_t i)
{
	return i < scopes[scope].count ? &scopes[scope].keys[i] : NULL;
}

const char *
conf_udp_text(enum conf_udp mode)
{
	return udp_modes[mode];
}

const struct conf_key *
conf_key_find(enum conf_scope scope, const char *group, const char *name)
{
	const struct conf_key *key;

	for (size_t i = 0; (key = conf_key_at(scope, i)); i++)
		if (strcmp(key->group, group) == 0 &&
			strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

bool
conf_group_exists(const char *group)
{
	const struct conf_key *key;

	for (size_t i = 0; (key = conf_key_at(CONF_GLOBAL, i)); i++)
		if (group[0] != '\0' && strcmp(key->group, group) == 0)
			return true;
	return strcmp(group, "interfaces") == 0;
}

/* The better of two suggestions; too far away is none. */
static void
consider(const char *candidate, const char *name, size_t *best,
	const char **nearest)
{
	const size_t distance = text_distance(candidate, name, *best);

	if (distance < *best) {
		*best = distance;
		*nearest = candidate;
	}
}

const char *
conf_key_nearest(enum conf_scope scope, const char *group, const char *name)
{
	const char *nearest = NULL;
	size_t best = strlen(name) / 2 + 1;
	const struct conf_key *key;

	if (scope == CONF_IFACE)
		consider("name", name, &best, &nearest);
	else if (group[0] == '\0')
		consider("interfaces", name, &best, &nearest);
	for (size_t i = 0; (key = conf_key_at(scope, i)); i++) {
		if (strcmp(key->group, group) == 0)
			consider(key->name, name, &best, &nearest);
		else if (group[0] == '\0')
			consider(key->group, name, &best, &nearest);
	}
	return nearest;
}

static void
list_key(const struct conf_key *key, const void *defaults, FILE *out)
{
	char buf[CONF_VALUE_TEXT];
	struct text t = text_over(buf, sizeof(buf));

	conf_value_text(key, defaults, &t);
	fprintf(out, "%s%s%s\t%s\t%s\n", key->group,
		key->group[0] != '\0' ? "." : "", key->name, buf, key->help);
}

void
conf_list(FILE *out)
{
	struct conf global = { 0 };
	struct conf_iface iface = { 0 };
	const struct conf_key *key;

	conf_value_defaults(CONF_GLOBAL, &global);
	conf_value_defaults(CONF_IFACE, &iface);
	for (size_t i = 0; (key = conf_key_at(CONF_GLOBAL, i)); i++)
		list_key(key, &global, out);
	fprintf(out, "interfaces.name\t\tinterface that the section is for\n");
	for (size_t i = 0; (key = conf_key_at(CONF_IFACE, i)); i++)
		list_key(key, &iface, out);
}
