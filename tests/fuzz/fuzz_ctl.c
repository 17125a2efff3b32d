/* SPDX-License-Identifier: ISC */

/*
 * The control socket under questions of any kind, in front of an engine that
 * has a little state.  What it answers must be whole messages of known facts.
 */

#include <sys/socket.h>
#include <unistd.h>

#include "ctl/ctl_msg.h"
#include "rsvpd/ctl_server.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_link.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/rules.h"
#include "rsvpd/tc_client.h"
#include "tests/fuzz/rim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CLIENTS = 2, FLAG = 0x8000, DEEPEST = 4 };

static struct rim rim;
static struct policy *rules;

/* ---- the parts around the server ----------------------------------------- */

uint64_t
net_link_ingress(const struct net_link *link, uint32_t ifindex)
{
	(void)link;
	return ifindex % 2 == 0 ? 0 : UINT64_MAX;
}

struct net_offloads
net_link_offloads(const struct net_link *link, uint32_t ifindex)
{
	(void)link;
	return (struct net_offloads){ .gso_segs = UINT32_MAX * (ifindex % 2),
		.gso_limit = ifindex,
		.gro_octets = ifindex,
		.gro_limit = UINT32_MAX * (ifindex % 2) };
}

const char *
net_link_name(const struct net_link *link, uint32_t ifindex)
{
	(void)link;
	return ifindex == 2 ? "eth0" : "";
}

void
net_raw_udp(const struct net_raw *raw, uint32_t ifindex,
	struct net_raw_udp *ret_udp)
{
	(void)raw;
	*ret_udp = (struct net_raw_udp){ .seen = ifindex == 2 };
}

const struct policy *
policy_client_policy(const struct policy_client *client)
{
	(void)client;
	return rules;
}

/* One that is read is the test's; none is handed over. */
int
policy_client_snapshot(const struct policy_client *client)
{
	(void)client;
	return -1;
}

struct policy_request
policy_client_request(
	const struct engine *engine, const struct rsvp_policy_query *query)
{
	(void)engine, (void)query;
	return (struct policy_request){ .proto = 17 };
}

/* It answers at once, or does not listen. */
bool
policy_client_order(struct policy_client *client,
	const struct policy_wish *wish, const char **ret_why)
{
	const struct policy_done done = {
		.ok = true, .text = "done", .lines = "one\ntwo", .fd = -1
	};

	(void)client;
	*ret_why = "nobody listens";
	if (wish->generation % 2 != 0)
		return false;
	wish->done(wish->arg, &done);
	return true;
}

void
policy_client_forget(struct policy_client *client, const void *arg)
{
	(void)client, (void)arg;
}

const struct policy_history *
policy_client_history(const struct policy_client *client)
{
	static const struct policy_history history = { .held = 4,
		.kept = { { 5, 1, 2, "file" }, { 4, 1, 2, "" } },
		.count = 2 };

	(void)client;
	return &history;
}

const char *
policy_client_sources(const struct policy_client *client)
{
	(void)client;
	return "none";
}

const struct policy_client_file *
policy_client_file(const struct policy_client *client)
{
	static const struct policy_client_file file = {
		.digest = 5, .generation = 6, .problem = "a problem"
	};

	(void)client;
	return &file;
}

const struct policy_directory *
policy_client_directory(const struct policy_client *client)
{
	static const struct policy_directory directory = { .known = true,
		.server = "ldap://x",
		.mode = "persist",
		.cookie_s = 1 };

	(void)client;
	return &directory;
}

void
tc_client_counters(struct tc_client *tc, const struct tc_counters_query *query,
	tc_client_counter_fn *tell, void *arg)
{
	const struct tc_counter counter = { .flow_id = 1, .bytes = 2 };

	(void)tc, (void)query;
	tell(arg, &counter);
	tell(arg, NULL);
}

uint64_t
rules_settled(const struct rules *all)
{
	(void)all;
	return 6;
}

size_t
rules_beyond(const struct rules *all)
{
	(void)all;
	return 7;
}

void
rules_count(struct rules *all, rules_counted_fn *done, void *arg)
{
	(void)all;
	done(arg);
}

bool
rules_at(const struct rules *all, size_t i, struct rules_info *ret)
{
	(void)all;
	*ret = (struct rules_info){ 0 };
	return i == 0;
}

const struct tc_marking *
marks_of(const struct marks *marks, uint32_t flow_id)
{
	static const struct tc_marking both = { true, 46, true, 8 };

	(void)marks;
	return flow_id % 2 == 0 ? &both : NULL;
}

uint64_t
tc_client_drift(
	const struct tc_client *tc, uint32_t ifindex, char text[TC_TEXT])
{
	(void)tc, (void)ifindex;
	text[0] = 0;
	return 1;
}

const char *
tc_client_refused(const struct tc_client *tc, uint32_t ifindex)
{
	(void)tc;
	return ifindex == 2 ? "refused" : "";
}

void
effect_run(struct engine *e)
{
	struct rsvp_effect effect;

	while (rsvp_core_take(e->core, &effect))
		;
}

/* ---- the tool ------------------------------------------------------------ */

static void
check_facts(struct buf_reader *r, unsigned depth)
{
	struct msg_attr attr;

	while (msg_attr_next(r, &attr)) {
		const struct ctl_fact *fact = ctl_fact_find(attr.type);

		if (!fact || depth == DEEPEST)
			rim_give_up("a fact that is not in the table");
		if (fact->kind == CTL_KIND_OBJECT ||
			fact->kind == CTL_KIND_LIST)
			check_facts(&attr.body, depth + 1);
	}
	if (r->failed)
		rim_give_up("facts that are cut");
}

static void
listen_to(int fd)
{
	static uint8_t bytes[MSG_DATAGRAM_MAX];
	ssize_t len;

	while ((len = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		struct buf_reader r = buf_reader(bytes, (size_t)len);
		struct msg m;

		while (msg_next(&r, &m)) {
			if (m.type != CTL_RECORD && m.type != CTL_END)
				rim_give_up("no record and no end");
			check_facts(&m.body, 0);
		}
		if (r.failed)
			rim_give_up("half a message");
		rim_turn();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed f = { data, data + size };
	int clients[CLIENTS];
	int listener;

	rim_begin(&rim);
	rules = policy_new(alloc_heap());
	rim.engine.ctl = ctl_server_new(&rim.engine);
	if (!rules || !rim.engine.ctl)
		rim_give_up("no memory");
	listener = rim_listen();
	ctl_server_socket(rim.engine.ctl, listener);
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i] = rim_connect(listener);
	if (rim.stats.count[STATS_CTL_CLIENTS] != CLIENTS)
		rim_give_up("nobody listens");
	while (!feed_empty(&f)) {
		const unsigned said = rim_send_one(&f, clients[size % CLIENTS]);

		if ((said & FLAG) != 0 && (said & 1) != 0)
			rim_path_arrives(&rim);
		else if (said & FLAG)
			listen_to(clients[size % CLIENTS]);
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		listen_to(clients[i]);
		close(clients[i]);
	}
	rim_turn();
	ctl_server_free(rim.engine.ctl);
	policy_free(rules);
	rim_end(&rim);
	return 0;
}
