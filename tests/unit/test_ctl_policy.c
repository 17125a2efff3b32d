/* SPDX-License-Identifier: ISC */

/* What policy was asked for, told in datagrams. */

#include "rsvpd/ctl_facts.h"
#include "rsvpd/ctl_int.h"
#include "rsvpd/policy_client.h"
#include "t.h"

enum { DATAGRAM = 60000, SESSIONS = 3 };

static uint32_t groups[POLICY_QUESTION_GROUPS];
static size_t kept; /* paths, and reservations, of each session */

/* ---- the parts around it ------------------------------------------------- */

uint8_t *
ctl_record(struct ctl_client *client, struct buf_writer *w)
{
	return msg_begin(w, CTL_RECORD, client->serial);
}

bool
rsvp_core_session_after(const struct rsvp_core *core, uint64_t after,
	struct rsvp_session_info *ret_info)
{
	(void)core;
	*ret_info = (struct rsvp_session_info){ .serial = after + 1 };
	return after < SESSIONS;
}

void
ctl_resume(struct ctl_client *client)
{
	(void)client;
}

void
ctl_facts_held(struct buf_writer *w, const struct policy_client *client)
{
	(void)w, (void)client;
}

struct policy_request
policy_client_request(
	const struct engine *engine, const struct rsvp_policy_query *query)
{
	(void)engine, (void)query;
	return (struct policy_request){ .who_known = true,
		.groups = groups,
		.n_groups = POLICY_QUESTION_GROUPS };
}

const struct policy *
policy_client_policy(const struct policy_client *client)
{
	(void)client;
	return NULL;
}

int
policy_client_snapshot(const struct policy_client *client)
{
	(void)client;
	return -1;
}

const struct policy_history *
policy_client_history(const struct policy_client *client)
{
	(void)client;
	return NULL;
}

bool
policy_client_order(struct policy_client *client,
	const struct policy_wish *wish, const char **ret_why)
{
	(void)client, (void)wish, (void)ret_why;
	return false;
}

struct mono
loop_now(void)
{
	return (struct mono){ 1 };
}

bool
rsvp_core_refusal_before(
	const struct rsvp_core *core, uint64_t before, struct rsvp_refusal *ret)
{
	(void)core, (void)before, (void)ret;
	return false;
}

bool
rsvp_core_session_find(const struct rsvp_core *core,
	const struct wire_session *session, struct rsvp_session_info *ret)
{
	(void)core, (void)session, (void)ret;
	return false;
}

size_t
rsvp_core_paths(const struct rsvp_core *core, struct mono now, uint64_t session,
	struct rsvp_path_info *infos, size_t count)
{
	(void)core, (void)now, (void)session;
	for (size_t i = 0; i < kept && i < count; i++)
		infos[i] = (struct rsvp_path_info){ .local_id = 1 };
	return kept;
}

size_t
rsvp_core_resvs(const struct rsvp_core *core, struct mono now, uint64_t session,
	struct rsvp_resv_info *infos, size_t count)
{
	(void)core, (void)now, (void)session;
	for (size_t i = 0; i < kept && i < count; i++) {
		infos[i] = (struct rsvp_resv_info){ .in_force = true };
		(void)snprintf(infos[i].rule, sizeof(infos[i].rule), "%zu", i);
	}
	return kept;
}

/* ---- cases --------------------------------------------------------------- */

static size_t
records_in(const uint8_t *bytes, size_t len)
{
	struct buf_reader r = buf_reader(bytes, len);
	struct msg m;
	size_t n = 0;

	while (msg_next(&r, &m))
		n++;
	T_CHECK(!r.failed, "half a record");
	return n;
}

/* All records, datagram by datagram as the server fills them. */
static size_t
tell_all(struct ctl_client *c, size_t *ret_datagrams)
{
	static uint8_t bytes[DATAGRAM];
	size_t records = 0;
	bool more = true;

	c->cursor = 0;
	for (*ret_datagrams = 0; more; ++*ret_datagrams) {
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));

		for (;;) {
			uint8_t *before = w.pos;
			uint64_t next = c->cursor;

			more = ctl_step_request(c, &w, &next);
			if (!more)
				break;
			if (w.failed) {
				T_CHECK(before != bytes, "it never fits");
				w.pos = before;
				w.failed = false;
				break;
			}
			c->cursor = next;
		}
		records += records_in(bytes, buf_written(&w));
	}
	return records;
}

static void
a_session_may_need_several_datagrams(void)
{
	struct ctl_server *server =
		(struct ctl_server *)calloc(1, sizeof(*server));
	struct ctl_client *c = (struct ctl_client *)calloc(1, sizeof(*c));
	struct engine engine = { .policy = NULL };
	size_t datagrams;

	T_CHECK(server && c, "no memory");
	server->engine = &engine;
	c->server = server;
	for (size_t i = 0; i < POLICY_QUESTION_GROUPS; i++)
		groups[i] = UINT32_MAX;
	for (kept = 0; kept < 500; kept += 1 + kept / 10)
		T_EQ(tell_all(c, &datagrams), SESSIONS * kept * 2);
	T_CHECK(datagrams > SESSIONS, "%zu datagrams", datagrams);
	free(server->paths);
	free(server->resvs);
	free(server);
	free(c);
}

static struct t_case cases[] = {
	{ "a session may need several datagrams",
		a_session_may_need_several_datagrams },
};

T_MAIN(cases)
