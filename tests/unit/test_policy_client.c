/* SPDX-License-Identifier: ISC */

/*
 * The engine's side of policy: rsvpd/policy_client.c, over a real socket pair
 * with real memory descriptors.  Rules are not real: a snapshot is as many
 * slices of work as its first octet says, and good when its second one is 0.
 */

#include "rsvpd/api_server.h"
#include "rsvpd/policy_client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/msg.h"
#include "rsvpd/engine_life.h"
#include "rsvpd/net_link.h"
#include "rsvpd/rules.h"
#include "t.h"

enum { DEADLINE_MS = 5000, SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

struct policy_load {
	const uint8_t *bytes;
	unsigned steps;
};

/* What the core and the rules were told. */
struct rsvp_core {
	size_t changed;
	size_t effects;
};

struct policy {
	unsigned switched; /* snapshots in force so far */
	unsigned dropped;
	unsigned steps;
	struct policy_request request;
	uint32_t claim;
	uint32_t ended;
	void (*change_verdict)(struct policy_verdict *v);
	int64_t next_s; /* until the next change; 0: none */
};

struct bench {
	struct engine engine;
	struct stats stats;
	struct rsvp_core core;
	struct loop_timer *deadline;
	int peer; /* policyd's end */
	struct loop_fd *watch;
	size_t turns;
	size_t answers;
	uint64_t generation; /* of the last answer */
	char text[400];
};

/* One at a time: the stubs below have no other way to find it. */
static struct policy the_policy;

struct policy *
policy_new(const struct alloc *alloc)
{
	(void)alloc;
	memset(&the_policy, 0, sizeof(the_policy));
	return &the_policy;
}

void
policy_free(struct policy *policy)
{
	(void)policy;
}

void
policy_decide(struct policy *policy, const struct policy_request *request,
	uint32_t claim, struct policy_verdict *ret_verdict)
{
	policy->request = *request;
	policy->claim = claim;
	*ret_verdict = (struct policy_verdict){ .allowed = true,
		.value = 17,
		.claim = 99,
		.preemption = 3,
		.defending = 4,
		.rule = "gold",
		.reason = "rule gold allows 2 Mbit/s",
		.max_slack_us = UINT64_MAX,
		.until_unix_s = INT64_MAX };
	if (policy->change_verdict)
		policy->change_verdict(ret_verdict);
}

int64_t
policy_next_change(const struct policy *policy, int64_t now_unix_s)
{
	return policy->next_s == 0 ? INT64_MAX : now_unix_s + policy->next_s;
}

void
policy_end(struct policy *policy, uint32_t claim)
{
	policy->ended = claim;
}

struct policy_load *
policy_load_begin(const struct alloc *alloc, const void *bytes, size_t len)
{
	struct policy_load *load =
		(struct policy_load *)alloc_get(alloc, sizeof(*load));

	T_CHECK(len >= 2, "%zu octets", len);
	load->bytes = (const uint8_t *)bytes;
	load->steps = load->bytes[0];
	return load;
}

enum policy_load_state
policy_load_step(struct policy_load *load, size_t budget)
{
	T_CHECK(budget > 0 && budget <= 1000, "a slice of %zu", budget);
	the_policy.steps++;
	if (load->steps-- > 1)
		return POLICY_LOAD_MORE;
	return load->bytes[1] != 0 ? POLICY_LOAD_REFUSED : POLICY_LOAD_READY;
}

const char *
policy_load_problem(const struct policy_load *load)
{
	static char endless[400];

	memset(endless, 'x', sizeof(endless) - 1);
	return load->bytes[1] == 1 ? "rule 3: offset out of range" : endless;
}

void
policy_load_switch(struct policy *policy, struct policy_load *load)
{
	policy->switched++;
	free(load);
}

void
policy_load_drop(struct policy_load *load)
{
	if (load)
		the_policy.dropped++;
	free(load);
}

void
policy_status(const struct policy *policy, struct policy_status *ret)
{
	*ret = (struct policy_status){ .rules = policy->switched,
		.source = "test" };
}

void
rsvp_core_policy_changed(struct rsvp_core *core, struct mono now)
{
	(void)now;
	core->changed++;
}

void
rules_replan(struct rules *rules)
{
	(void)rules;
}

void
engine_open(struct engine *engine)
{
	engine->listening = true;
}

void
effect_run(struct engine *engine)
{
	engine->core->effects++;
}

size_t
api_server_groups(const struct api_server *api, const struct rsvp_who *who,
	const uint32_t **ret_groups)
{
	static const uint32_t groups[] = { 5, 6 };

	(void)api;
	*ret_groups = groups;
	return who->pid == 13 ? 2 : 0;
}

const char *
net_link_name(const struct net_link *link, uint32_t ifindex)
{
	(void)link;
	return ifindex == 7 ? "eth7" : "";
}

/* ---- the bench ----------------------------------------------------------- */

static void
too_late(void *arg)
{
	(void)arg;
	T_CHECK(false, "nothing happened for %d ms", DEADLINE_MS);
}

static void
hear(void *arg, int fd, unsigned ready)
{
	struct bench *b = (struct bench *)arg;
	uint8_t bytes[1024];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	struct buf_reader r = buf_reader(bytes, n > 0 ? (size_t)n : 0);
	struct msg_attr a;
	struct msg m;

	(void)ready;
	loop_stop(b->engine.loop);
	if (n <= 0)
		return;
	T_EQ(msg_next(&r, &m), true);
	T_EQ(m.type, POLICY_MSG_LOADED);
	T_EQ(buf_complete(&r), true);
	while (msg_attr_next(&m.body, &a)) {
		if (a.type == POLICY_ATTR_GENERATION)
			b->generation = msg_get_u64(&a);
		if (a.type == POLICY_ATTR_TEXT)
			msg_get_text(&a, b->text, sizeof(b->text));
		T_EQ(a.body.failed, false);
	}
	b->answers++;
}

static struct bench *
new_bench(void)
{
	struct bench *b = (struct bench *)calloc(1, sizeof(*b));
	int pair[2];

	T_CHECK(b != NULL, "no memory");
	b->engine.loop = loop_new();
	b->engine.core = &b->core;
	b->engine.stats = &b->stats;
	b->engine.policy = policy_client_new(&b->engine);
	T_CHECK(b->engine.policy != NULL, "no memory");
	b->deadline = loop_timer_add(b->engine.loop, too_late, b);
	T_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	b->peer = pair[1];
	b->watch = loop_fd_add(b->engine.loop, b->peer, LOOP_READ, hear, b);
	policy_client_socket(b->engine.policy, pair[0]);
	return b;
}

/* A new policyd in the place of the one before. */
static void
replace_peer(struct bench *b)
{
	int pair[2];

	T_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	loop_fd_del(b->watch);
	(void)close(b->peer); /* of the test */
	b->peer = pair[1];
	b->watch = loop_fd_add(b->engine.loop, b->peer, LOOP_READ, hear, b);
	policy_client_socket(b->engine.policy, pair[0]);
}

static void
free_bench(struct bench *b)
{
	policy_client_free(b->engine.policy);
	(void)close(b->peer); /* of the test */
	loop_free(b->engine.loop);
	free(b);
}

/* Until policyd has heard that many answers. */
static void
run_until(struct bench *b, size_t answers)
{
	loop_timer_set(b->deadline, mono_add_ms(loop_now(), DEADLINE_MS));
	while (b->answers < answers)
		T_EQ(loop_run(b->engine.loop), 0);
}

static void
turn_over(void *arg)
{
	struct bench *b = (struct bench *)arg;

	b->turns++;
	loop_stop(b->engine.loop);
}

/* Everything that is due now. */
static void
one_turn(struct bench *b)
{
	struct loop_timer *end = loop_timer_add(b->engine.loop, turn_over, b);
	const size_t before = b->turns;

	loop_timer_set(end, loop_now());
	loop_timer_set(b->deadline, mono_add_ms(loop_now(), DEADLINE_MS));
	while (b->turns == before)
		T_EQ(loop_run(b->engine.loop), 0);
	loop_timer_del(end);
}

/* A memory descriptor of that size. */
static int
memory(size_t size, uint8_t slices, uint8_t fault, int seals)
{
	const uint8_t head[2] = { slices, fault };
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	T_CHECK(fd >= 0, "memfd: %s", strerror(errno));
	T_EQ(ftruncate(fd, (off_t)size), 0);
	T_EQ(pwrite(fd, head, size < 2 ? size : 2, 0), size < 2 ? size : 2);
	T_EQ(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void
put_offer(struct buf_writer *w, uint16_t type, uint64_t generation,
	uint64_t size, const char *text)
{
	uint8_t *start = msg_begin(w, type, 0);

	msg_put_u64(w, POLICY_ATTR_GENERATION, generation);
	msg_put_u64(w, POLICY_ATTR_SIZE, size);
	msg_put_text(w, POLICY_ATTR_TEXT, text);
	msg_end(w, start);
}

/* Send with these descriptors and close them here. */
static void
say(struct bench *b, const struct buf_writer *w, const int *fds, size_t count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))] = {
		0
	};
	struct iovec iov = { .iov_base = w->start, .iov_len = buf_written(w) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count > 0) {
		struct cmsghdr *c = (struct cmsghdr *)control;

		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(count * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	}
	T_EQ(sendmsg(b->peer, &m, 0), buf_written(w));
	for (size_t i = 0; i < count; i++)
		(void)close(fds[i]); /* sent */
}

static void
offer(struct bench *b, uint64_t generation, uint64_t size, int fd)
{
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	put_offer(&w, POLICY_MSG_SNAPSHOT, generation, size, "");
	say(b, &w, &fd, fd < 0 ? 0 : 1);
}

static size_t
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	T_CHECK(dir != NULL, "no /proc");
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

/* Of memory that test made. */
static size_t
mappings(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	char line[400];
	size_t n = 0;

	T_CHECK(file != NULL, "no /proc");
	while (fgets(line, sizeof(line), file))
		n += strstr(line, "memfd:test") != NULL;
	(void)fclose(file); /* was only read */
	return n;
}

/* ---- cases --------------------------------------------------------------- */

static void
a_sealed_snapshot_is_put_in_force(void)
{
	struct bench *b = new_bench();

	offer(b, 5, 4096, memory(4096, 3, 0, SEALS));
	run_until(b, 1);
	T_EQ(b->generation, 5);
	T_STR(b->text, "");
	T_EQ(the_policy.switched, 1);
	T_EQ(the_policy.steps, 3);
	T_EQ(b->core.changed, 1);
	T_CHECK(b->engine.listening, "not opened");
	T_EQ(b->core.effects, 1);
	T_EQ(b->stats.count[STATS_POLICY_LOADS], 1);
	T_EQ(b->stats.count[STATS_POLICY_BAD], 0);
	T_CHECK(policy_client_policy(b->engine.policy) == &the_policy,
		"another policy");
	free_bench(b);
}

static void
a_bad_snapshot_leaves_the_rules_alone(void)
{
	struct bench *b = new_bench();

	offer(b, 6, 4096, memory(4096, 2, 1, SEALS));
	run_until(b, 1);
	T_EQ(b->generation, 6);
	T_STR(b->text, "rule 3: offset out of range");
	T_EQ(the_policy.switched, 0);
	T_EQ(the_policy.dropped, 1);
	T_EQ(b->core.changed, 0);
	T_CHECK(!b->engine.listening, "opened without rules");
	T_EQ(b->stats.count[STATS_POLICY_BAD], 1);
	/* A long reason is cut. */
	offer(b, 7, 4096, memory(4096, 2, 2, SEALS));
	run_until(b, 2);
	T_EQ(b->generation, 7);
	T_EQ(strlen(b->text), 299);
	free_bench(b);
}

static void
what_is_no_sealed_memory_is_refused(void)
{
	int pipe_ends[2];
	struct bench *b = new_bench();
	size_t answers = 0;

	T_EQ(pipe(pipe_ends), 0);
	(void)close(pipe_ends[0]); /* one end will do */

	const struct {
		int fd;
		uint64_t size;
		const char *problem;
	} rows[] = {
		{ memory(4096, 1, 0, 0), 4096, "its memory is not sealed" },
		{ memory(4096, 1, 0, SEALS & ~F_SEAL_WRITE), 4096,
			"its memory is not sealed" },
		{ memory(4096, 1, 0, SEALS & ~F_SEAL_SHRINK), 4096,
			"its memory is not sealed" },
		{ memory(4096, 1, 0, SEALS & ~F_SEAL_GROW), 4096,
			"its memory is not sealed" },
		{ memory(4096, 1, 0, SEALS), 4095,
			"its size is not the stated one" },
		{ memory(4096, 1, 0, SEALS), 4097,
			"its size is not the stated one" },
		{ memory(0, 1, 0, SEALS), 0, "its size is out of range" },
		{ memory(POLICY_SNAPSHOT_MAX + 1, 1, 0, SEALS),
			POLICY_SNAPSHOT_MAX + 1, "its size is out of range" },
		{ pipe_ends[1], 4096, "its descriptor is not a memory file" },
		{ -1, 4096, "it came without a descriptor" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		offer(b, 10 + i, rows[i].size, rows[i].fd);
		run_until(b, ++answers);
		T_EQ(b->generation, 10 + i);
		T_STR(b->text, rows[i].problem);
		T_EQ(b->stats.count[STATS_POLICY_BAD], answers);
	}
	T_EQ(the_policy.switched, 0);
	T_EQ(the_policy.steps, 0);
	free_bench(b);
}

/* Packets come between two slices. */
static void
a_snapshot_is_looked_at_in_turns_of_the_loop(void)
{
	struct bench *b = new_bench();

	offer(b, 1, 4096, memory(4096, 200, 0, SEALS));
	while (the_policy.steps == 0)
		one_turn(b);
	T_CHECK(the_policy.steps < 10, "%u slices in one turn",
		the_policy.steps);
	T_EQ(b->answers, 0);
	T_EQ(mappings(), 1);
	/* An end in the middle leaves nothing behind. */
	free_bench(b);
	T_EQ(the_policy.switched, 0);
	T_EQ(the_policy.dropped, 1);
	T_EQ(mappings(), 0);
}

static void
a_newer_snapshot_replaces_one_that_is_loading(void)
{
	struct bench *b = new_bench();

	offer(b, 1, 4096, memory(4096, 255, 0, SEALS));
	offer(b, 2, 8192, memory(8192, 2, 0, SEALS));
	run_until(b, 1);
	T_EQ(b->generation, 1);
	T_STR(b->text, "replaced by a newer one while it was loaded");
	T_EQ(the_policy.dropped, 1);
	run_until(b, 2);
	T_EQ(b->generation, 2);
	T_STR(b->text, "");
	T_EQ(the_policy.switched, 1);
	free_bench(b);
}

static void
descriptors_are_not_kept(void)
{
	struct bench *b = new_bench();
	size_t before = open_descriptors();
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	const int fds[] = { memory(4096, 1, 0, SEALS),
		memory(4096, 1, 0, SEALS), memory(4096, 1, 0, SEALS) };

	put_offer(&w, POLICY_MSG_SNAPSHOT, 1, 4096, "");
	say(b, &w, fds, 3);
	run_until(b, 1);
	T_STR(b->text, "");
	offer(b, 2, 1, memory(4096, 1, 0, SEALS));
	run_until(b, 2);
	T_EQ(open_descriptors(), before);
	T_EQ(mappings(), 0);
	free_bench(b);
}

/* The descriptor belongs to one snapshot; a second message has none. */
static void
a_descriptor_serves_one_snapshot(void)
{
	struct bench *b = new_bench();
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	int fd = memory(4096, 1, 0, SEALS);

	put_offer(&w, POLICY_MSG_SNAPSHOT, 1, 4096, "");
	put_offer(&w, POLICY_MSG_SNAPSHOT, 2, 4096, "");
	say(b, &w, &fd, 1);
	run_until(b, 2);
	T_EQ(the_policy.switched, 1);
	T_EQ(b->stats.count[STATS_POLICY_BAD], 1);
	free_bench(b);
}

static void
what_policyd_says_of_the_directory_is_kept(void)
{
	struct bench *b = new_bench();
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	int fd = memory(4096, 1, 0, SEALS);
	const struct policy_directory *d =
		policy_client_directory(b->engine.policy);
	uint8_t *start;

	T_CHECK(!d->known, "nothing was said");
	start = msg_begin(&w, POLICY_MSG_STATUS, 0);
	msg_put_text(&w, POLICY_ATTR_TEXT, "fine");
	msg_put_text(&w, POLICY_ATTR_SERVER, "ldap://x");
	msg_put_text(&w, POLICY_ATTR_MODE, "persist");
	msg_put_u8(&w, POLICY_ATTR_CONNECTED, 1);
	msg_put_u8(&w, POLICY_ATTR_WAITING, 1);
	msg_put_u64(&w, POLICY_ATTR_ENTRIES, 1);
	msg_put_u64(&w, POLICY_ATTR_SKIPPED, 2);
	msg_put_u64(&w, POLICY_ATTR_COOKIE_TIME, 3);
	msg_put_u64(&w, POLICY_ATTR_CHANGE_TIME, 4);
	msg_put_u64(&w, POLICY_ATTR_ANSWER_TIME, 5);
	msg_put_u64(&w, POLICY_ATTR_CACHE_TIME, 6);
	msg_put_u64(&w, POLICY_ATTR_RETRY_TIME, 7);
	msg_put_u64(&w, POLICY_ATTR_RETRY_TIME + 100, 8); /* later version */
	msg_end(&w, start);
	put_offer(&w, POLICY_MSG_SNAPSHOT, 1, 4096, "");
	say(b, &w, &fd, 1);
	run_until(b, 1);
	T_CHECK(d->known && d->connected && d->waiting, "flags");
	T_STR(d->server, "ldap://x");
	T_STR(d->mode, "persist");
	T_EQ(d->entries, 1);
	T_EQ(d->skipped, 2);
	T_EQ(d->cookie_s, 3);
	T_EQ(d->change_s, 4);
	T_EQ(d->answer_s, 5);
	T_EQ(d->cache_s, 6);
	T_EQ(d->retry_s, 7);
	/* A status without it: there is none any more. */
	w = buf_writer(bytes, sizeof(bytes));
	fd = memory(4096, 1, 0, SEALS);
	start = msg_begin(&w, POLICY_MSG_STATUS, 0);
	msg_put_text(&w, POLICY_ATTR_TEXT, "fine");
	msg_end(&w, start);
	put_offer(&w, POLICY_MSG_SNAPSHOT, 2, 4096, "");
	say(b, &w, &fd, 1);
	run_until(b, 2);
	T_CHECK(!d->known, "forgotten");
	free_bench(b);
}

static void
what_policyd_says_of_its_sources_is_kept(void)
{
	struct bench *b = new_bench();
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	int fd = memory(4096, 1, 0, SEALS);

	T_STR(policy_client_sources(b->engine.policy), "");
	put_offer(&w, POLICY_MSG_STATUS, 0, 0, "ldap://x: 3 s ago");
	put_offer(&w, POLICY_MSG_SNAPSHOT, 1, 4096, "");
	say(b, &w, &fd, 1);
	run_until(b, 1);
	T_STR(b->text, ""); /* the descriptor was not the status' */
	T_STR(policy_client_sources(b->engine.policy), "ldap://x: 3 s ago");
	free_bench(b);
}

/* Until the engine's end of the connection is closed; nothing was said. */
static void
expect_hang_up(struct bench *b)
{
	uint8_t byte;

	loop_timer_set(b->deadline, mono_add_ms(loop_now(), DEADLINE_MS));
	T_EQ(loop_run(b->engine.loop), 0);
	T_EQ(recv(b->peer, &byte, 1, MSG_DONTWAIT), 0);
	T_EQ(b->answers, 0);
}

static void
what_comes_cut_ends_the_connection(void)
{
	static uint8_t bytes[10000];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct bench *b = new_bench();
	size_t before = open_descriptors();
	uint8_t *start;
	int fds[6];

	/* More descriptors than anybody has reason to send. */
	for (size_t i = 0; i < 6; i++)
		fds[i] = memory(4096, 1, 0, SEALS);
	put_offer(&w, POLICY_MSG_SNAPSHOT, 1, 4096, "");
	say(b, &w, fds, 6);
	expect_hang_up(b);
	T_EQ(open_descriptors(), before - 1);
	free_bench(b);
	/* Good messages as far as they can be seen, and one more: 8192 octets
	 * are one of 20 and 681 of 12. */
	b = new_bench();
	w = buf_writer(bytes, sizeof(bytes));
	start = msg_begin(&w, POLICY_MSG_STATUS, 0);
	msg_put_text(&w, POLICY_ATTR_TEXT, "four");
	msg_end(&w, start);
	while (buf_written(&w) < 8192)
		msg_end(&w, msg_begin(&w, POLICY_MSG_STATUS, 0));
	T_EQ(buf_written(&w), 8192);
	msg_end(&w, msg_begin(&w, POLICY_MSG_STATUS, 0));
	say(b, &w, NULL, 0);
	expect_hang_up(b);
	free_bench(b);
}

/* The rules stay in force, and the next policyd is heard. */
static void
a_new_policyd_takes_the_place_of_the_old(void)
{
	struct bench *b = new_bench();
	size_t before = open_descriptors();

	offer(b, 1, 4096, memory(4096, 1, 0, SEALS));
	run_until(b, 1);
	/* It ends: its socket is closed, and nobody spins on it. */
	T_EQ(shutdown(b->peer, SHUT_RDWR), 0);
	while (open_descriptors() == before)
		one_turn(b);
	T_EQ(open_descriptors(), before - 1);
	replace_peer(b);
	offer(b, 2, 4096, memory(4096, 1, 0, SEALS));
	run_until(b, 2);
	T_EQ(the_policy.switched, 2);
	/* One takes over before the other has been missed. */
	replace_peer(b);
	T_EQ(open_descriptors(), before);
	offer(b, 3, 4096, memory(4096, 1, 0, SEALS));
	run_until(b, 3);
	T_EQ(b->generation, 3);
	free_bench(b);
}

/* Lost on nonsense; the rules stay, and a new policyd is heard. */
static void
nonsense_ends_the_connection(void)
{
	static const struct {
		uint8_t bytes[20];
		size_t len;
	} rows[] = {
		{ { 12, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0 }, 12 }, /* version */
		{ { 12, 0, 0, 0, 1, 0, 9, 0, 0, 0, 0, 0 }, 12 }, /* type */
		{ { 13, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0 }, 12 }, /* length */
		{ { 17, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 5, 0, 0 },
			17 }, /* a generation of one octet */
		{ { 17, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 9, 0, 0 },
			17 } /* an attribute longer than its message */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench *b = new_bench();

		T_EQ(send(b->peer, rows[i].bytes, rows[i].len, 0), rows[i].len);
		expect_hang_up(b);
		free_bench(b);
	}
}

static struct rsvp_policy_query
query(void)
{
	return (struct rsvp_policy_query){ .message = WIRE_RESV,
		.role = RSVP_ROLE_RECEIVER,
		.who = { .known = true, .uid = 11, .gid = 12, .pid = 13 },
		.session = { .dst = addr_v4_u32(0x0a020009),
			.proto = 17,
			.dst_port = 5004 },
		.sender = { .src = addr_v4_u32(0x0a010001), .src_port = 4000 },
		.style = WIRE_STYLE_FF,
		.flowspec = { .service = WIRE_SERVICE_GS,
			.tspec = { .r = 1000.5f,
				.b = 2000,
				.p = 3000,
				.m = 64,
				.M = 1500 },
			.R = 5000,
			.S = 9 },
		.ifindex = 7,
		.neighbour = addr_v4_u32(0x0a020002),
		.claim = 42 };
}

static void
a_question_is_translated_whole(void)
{
	struct bench *b = new_bench();
	const struct rsvp_policy_query q = query();
	const struct policy_request *r = &the_policy.request;
	struct rsvp_policy_answer a;

	policy_client_ask(b->engine.policy, &q, &a);
	T_EQ(r->message, POLICY_RESV);
	T_EQ(r->role, POLICY_RECEIVER);
	T_EQ(r->who_known, true);
	T_EQ(r->uid, 11);
	T_EQ(r->gid, 12);
	T_EQ(r->proto, 17);
	T_EQ(addr_equal(&r->dst, &q.session.dst), true);
	T_EQ(r->dst_port, 5004);
	T_EQ(addr_equal(&r->src, &q.sender.src), true);
	T_EQ(r->src_port, 4000);
	T_EQ(r->service, POLICY_SERVICE_GS);
	T_EQ(r->rate_Bps, 5000);
	T_EQ(r->bucket_bytes, 2000);
	T_EQ(r->peak_Bps, 3000);
	T_EQ(r->max_packet, 1500);
	T_STR(r->iface, "eth7");
	T_EQ(addr_equal(&r->neighbour, &q.neighbour), true);
	T_CHECK(r->now_unix_s > 1700000000, "no wall clock");
	T_EQ(r->style, POLICY_STYLE_FF);
	T_EQ(r->n_groups, 2);
	T_EQ(r->groups[1], 6);
	T_EQ(r->tspec_rate_Bps, 1001);
	T_EQ(r->slack_us, 9);
	/* RFC 2212: (b - M) (p - R)/(R (p - r)) is none when R is over p, and
	 * M/R is left; with the slack on top. */
	T_EQ(r->delay_us, 300000 + 9);
	T_EQ(the_policy.claim, 42);
	T_EQ(a.allowed, true);
	T_EQ(a.value, 17);
	T_EQ(a.claim, 99);
	T_EQ(a.preemption, 3);
	T_EQ(a.defending, 4);
	T_STR(a.rule, "gold");
	T_STR(a.reason, "rule gold allows 2 Mbit/s");
	policy_client_end(b->engine.policy, 99);
	T_EQ(the_policy.ended, 99);
	free_bench(b);
}

static void
services_and_odd_rates_are_translated(void)
{
	struct bench *b = new_bench();
	const struct policy_request *r = &the_policy.request;
	struct rsvp_policy_query q = query();
	struct rsvp_policy_answer a;

	q.flowspec.service = WIRE_SERVICE_CL;
	q.flowspec.tspec.p = INFINITY;
	q.role = RSVP_ROLE_TRANSIT;
	policy_client_ask(b->engine.policy, &q, &a);
	T_EQ(r->service, POLICY_SERVICE_CL);
	T_EQ(r->rate_Bps, 1001); /* never less than what is asked for */
	T_EQ(r->peak_Bps, 0);
	T_EQ(r->role, POLICY_TRANSIT);
	q.message = WIRE_PATH;
	q.role = RSVP_ROLE_SENDER;
	q.flowspec.service = WIRE_SERVICE_GENERAL;
	q.flowspec.tspec.r = NAN;
	q.flowspec.tspec.b = 1e30f;
	policy_client_ask(b->engine.policy, &q, &a);
	T_EQ(r->message, POLICY_PATH);
	T_EQ(r->role, POLICY_SENDER);
	T_EQ(r->service, POLICY_SERVICE_ANY);
	T_CHECK(r->rate_Bps == UINT64_MAX, "NaN passes a limit");
	T_CHECK(r->bucket_bytes == UINT64_MAX, "1e30 passes a limit");
	q.flowspec.tspec.b = -1;
	policy_client_ask(b->engine.policy, &q, &a);
	T_CHECK(r->bucket_bytes == UINT64_MAX, "-1 passes a limit");
	free_bench(b);
}

static void
lower(struct policy_verdict *v)
{
	v->lowered = true;
	v->service = POLICY_SERVICE_CL;
	v->rate_Bps = 500;
	v->bucket_bytes = 1000;
	v->peak_Bps = 700;
	v->max_packet = 40;
	v->max_slack_us = 77;
}

static void
what_is_granted_is_translated(void)
{
	struct bench *b = new_bench();
	struct rsvp_policy_query q = query();
	struct rsvp_policy_answer a;

	policy_client_ask(b->engine.policy, &q, &a);
	T_CHECK(!a.lowered && !a.bounds_slack, "as it was asked for");
	the_policy.change_verdict = lower;
	policy_client_ask(b->engine.policy, &q, &a);
	T_CHECK(a.lowered, "less than was asked for");
	T_EQ(a.granted.service, WIRE_SERVICE_CL);
	T_CHECK(a.granted.tspec.r == 500 && a.granted.tspec.b == 1000 &&
			a.granted.tspec.p == 700,
		"the bounds");
	T_EQ(a.granted.tspec.M, 40);
	T_EQ(a.granted.tspec.m, 40);
	T_CHECK(a.granted.R == 0 && a.granted.S == 0, "no guarantee");
	T_CHECK(a.bounds_slack && a.max_slack_us == 77, "its slack");
	free_bench(b);
}

static void
refuse_and_keep(struct policy_verdict *v)
{
	v->allowed = false;
	v->change = POLICY_KEEP;
}

static void
refuse_and_tell(struct policy_verdict *v)
{
	v->allowed = false;
	v->change = POLICY_RENEGOTIATE;
	v->grace_s = 30;
}

static void
refuse_and_tear(struct policy_verdict *v)
{
	v->allowed = false;
	v->change = POLICY_TEAR;
	v->grace_s = UINT32_MAX;
}

static void
how_it_ends_is_translated(void)
{
	struct bench *b = new_bench();
	struct rsvp_policy_query q = query();
	struct rsvp_policy_answer a;

	the_policy.change_verdict = refuse_and_keep;
	policy_client_ask(b->engine.policy, &q, &a);
	T_EQ(a.ends, RSVP_POLICY_KEEP);
	the_policy.change_verdict = refuse_and_tell;
	policy_client_ask(b->engine.policy, &q, &a);
	T_EQ(a.ends, RSVP_POLICY_TELL);
	T_EQ(a.grace_ms, 30000);
	the_policy.change_verdict = refuse_and_tear;
	policy_client_ask(b->engine.policy, &q, &a);
	T_EQ(a.ends, RSVP_POLICY_TEAR);
	T_EQ(a.grace_ms, UINT32_MAX);
	free_bench(b);
}

/* The core is asked once by the snapshot, and once more by the time. */
static void
what_runs_is_judged_again_when_a_time_begins(void)
{
	struct bench *b = new_bench();

	the_policy.next_s = 1;
	offer(b, 1, 4096, memory(4096, 1, 0, SEALS));
	run_until(b, 1);
	T_EQ(b->core.changed, 1);
	the_policy.next_s = 0;
	loop_timer_set(b->deadline, mono_add_ms(loop_now(), DEADLINE_MS));
	while (b->core.changed < 2)
		one_turn(b);
	free_bench(b);
}

static void
end_in_a_second(struct policy_verdict *v)
{
	v->until_unix_s = (int64_t)time(NULL) + 1;
}

static void
what_runs_is_judged_again_when_it_has_lasted_its_time(void)
{
	struct bench *b = new_bench();
	struct rsvp_policy_query q = query();
	struct rsvp_policy_answer a;

	the_policy.change_verdict = end_in_a_second;
	policy_client_ask(b->engine.policy, &q, &a);
	loop_timer_set(b->deadline, mono_add_ms(loop_now(), DEADLINE_MS));
	while (b->core.changed < 1)
		one_turn(b);
	free_bench(b);
}

static struct t_case cases[] = {
	{ "what is granted is translated", what_is_granted_is_translated },
	{ "how it ends is translated", how_it_ends_is_translated },
	{ "what runs is judged again when a time begins",
		what_runs_is_judged_again_when_a_time_begins },
	{ "what runs is judged again when it has lasted its time",
		what_runs_is_judged_again_when_it_has_lasted_its_time },
	{ "a sealed snapshot is put in force",
		a_sealed_snapshot_is_put_in_force },
	{ "a bad snapshot leaves the rules alone",
		a_bad_snapshot_leaves_the_rules_alone },
	{ "what is no sealed memory is refused",
		what_is_no_sealed_memory_is_refused },
	{ "a newer snapshot replaces one that is loading",
		a_newer_snapshot_replaces_one_that_is_loading },
	{ "a snapshot is looked at in turns of the loop",
		a_snapshot_is_looked_at_in_turns_of_the_loop },
	{ "what comes cut ends the connection",
		what_comes_cut_ends_the_connection },
	{ "a new policyd takes the place of the old",
		a_new_policyd_takes_the_place_of_the_old },
	{ "descriptors are not kept", descriptors_are_not_kept },
	{ "a descriptor serves one snapshot",
		a_descriptor_serves_one_snapshot },
	{ "what policyd says of its sources is kept",
		what_policyd_says_of_its_sources_is_kept },
	{ "what policyd says of the directory is kept",
		what_policyd_says_of_the_directory_is_kept },
	{ "nonsense ends the connection", nonsense_ends_the_connection },
	{ "a question is translated whole", a_question_is_translated_whole },
	{ "services and odd rates are translated",
		services_and_odd_rates_are_translated },
};
T_MAIN(cases)
