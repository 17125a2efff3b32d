/* SPDX-License-Identifier: ISC */

/* The bench under the tests of the engine's side of policy; see
 * policy_client_t.h. */

#include "policy_client_t.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rsvpd/api_server.h"
#include "rsvpd/engine_life.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_link.h"

enum { DEADLINE_MS = 5000 };

struct policy_load {
	const uint8_t *bytes;
	unsigned steps;
};

struct policy pt_policy;

struct policy *
policy_new(const struct alloc *alloc)
{
	(void)alloc;
	memset(&pt_policy, 0, sizeof(pt_policy));
	return &pt_policy;
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
	pt_policy.steps++;
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
	policy->untidy = policy->leaves;
	free(load);
}

bool
policy_tidy(struct policy *policy, size_t budget)
{
	T_CHECK(budget > 0 && budget <= 1000, "a slice of %zu", budget);
	if (policy->untidy == 0)
		return false;
	policy->untidy--;
	policy->tidied++;
	return true;
}

void
policy_load_drop(struct policy_load *load)
{
	if (load)
		pt_policy.dropped++;
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
marks_policy(struct marks *marks)
{
	(void)marks;
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
	struct pt *b = (struct pt *)arg;
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

/* What a new policyd is told first. */
static void
take_greeting(struct pt *b)
{
	uint8_t bytes[1024];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	const ssize_t n = recvmsg(b->peer, &h, MSG_DONTWAIT);
	struct buf_reader r = buf_reader(bytes, n > 0 ? (size_t)n : 0);
	const struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	struct msg_attr a;
	struct msg m;

	T_CHECK(n > 0 && msg_next(&r, &m), "no greeting");
	T_EQ(m.type, POLICY_MSG_IN_FORCE);
	b->greeting = (struct pt_greeting){ .fd = -1 };
	while (msg_attr_next(&m.body, &a)) {
		T_CHECK(a.type < PT_ATTRS, "attribute %u", a.type);
		b->greeting.of[a.type] = msg_get_u64(&a);
	}
	T_EQ(buf_complete(&r), true);
	if (c)
		memcpy(&b->greeting.fd, CMSG_DATA(c), sizeof(int));
}

void
pt_connect(struct pt *b)
{
	int pair[2];

	T_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	b->peer = pair[1];
	b->watch = loop_fd_add(b->engine.loop, b->peer, LOOP_READ, hear, b);
	policy_client_socket(b->engine.policy, pair[0]);
	take_greeting(b);
}

struct pt *
pt_new(void)
{
	struct pt *b = (struct pt *)calloc(1, sizeof(*b));

	T_CHECK(b != NULL, "no memory");
	b->engine.loop = loop_new();
	b->engine.core = &b->core;
	b->engine.stats = &b->stats;
	b->engine.policy = policy_client_new(&b->engine);
	T_CHECK(b->engine.policy != NULL, "no memory");
	b->deadline = loop_timer_add(b->engine.loop, too_late, b);
	pt_connect(b);
	return b;
}

void
pt_free(struct pt *b)
{
	policy_client_free(b->engine.policy);
	(void)close(b->peer); /* of the test */
	loop_free(b->engine.loop);
	free(b);
}

void
pt_set_deadline(struct pt *b)
{
	loop_timer_set(b->deadline, mono_add_ms(loop_now(), DEADLINE_MS));
}

void
pt_run_until(struct pt *b, size_t answers)
{
	pt_set_deadline(b);
	while (b->answers < answers)
		T_EQ(loop_run(b->engine.loop), 0);
}

static void
turn_over(void *arg)
{
	struct pt *b = (struct pt *)arg;

	b->turns++;
	loop_stop(b->engine.loop);
}

void
pt_one_turn(struct pt *b)
{
	struct loop_timer *end = loop_timer_add(b->engine.loop, turn_over, b);
	const size_t before = b->turns;

	loop_timer_set(end, loop_now());
	pt_set_deadline(b);
	while (b->turns == before)
		T_EQ(loop_run(b->engine.loop), 0);
	loop_timer_del(end);
}

int
pt_memory(size_t size, uint8_t slices, uint8_t fault, int seals)
{
	const uint8_t head[2] = { slices, fault };
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	T_CHECK(fd >= 0, "memfd: %s", strerror(errno));
	T_EQ(ftruncate(fd, (off_t)size), 0);
	T_EQ(pwrite(fd, head, size < 2 ? size : 2, 0), size < 2 ? size : 2);
	T_EQ(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

void
pt_put_offer(struct buf_writer *w, uint16_t type, uint64_t generation,
	uint64_t size, const char *text)
{
	uint8_t *start = msg_begin(w, type, 0);

	msg_put_u64(w, POLICY_ATTR_GENERATION, generation);
	msg_put_u64(w, POLICY_ATTR_SIZE, size);
	msg_put_text(w, POLICY_ATTR_TEXT, text);
	msg_end(w, start);
}

void
pt_say(struct pt *b, const struct buf_writer *w, const int *fds, size_t count)
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

void
pt_offer(struct pt *b, uint64_t generation, uint64_t size, int fd)
{
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	pt_put_offer(&w, POLICY_MSG_SNAPSHOT, generation, size, "");
	pt_say(b, &w, &fd, fd < 0 ? 0 : 1);
}
