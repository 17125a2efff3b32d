/* SPDX-License-Identifier: ISC */

/* Clients of the RAPI server that misbehave, do not read, or are too many. */

#include "api_t.h"

#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rapi/rapi_ext.h"
#include "rsvpd/api_int.h"

static bool
cut_off(void)
{
	return at.stats.count[STATS_API_BAD] == 1 && at_no_client();
}

/* What a client may say that no library does. */
static void
make_garbage(int i, struct buf_writer *w)
{
	const struct rapi_msg_body nothing = { 0 };
	uint8_t *start;

	if (i >= 4)
		rapi_msg_put_hello(w);
	switch (i) {
	case 0: /* bytes */
		buf_put_u64le(w, UINT64_MAX);
		buf_put_u64le(w, UINT64_MAX);
		break;
	case 1: /* a request before the greeting */
		at_put_open(w, 1);
		break;
	case 2: /* half a frame */
		rapi_msg_put_hello(w);
		w->pos -= 3;
		break;
	case 3: /* only protocols to come */
		start = msg_begin(w, RAPI_MSG_HELLO, 0);
		msg_put_u16(w, 1, 2);
		msg_put_u16(w, 2, 9);
		msg_end(w, start);
		break;
	case 12: /* only protocols of the past */
		w->pos = w->start;
		start = msg_begin(w, RAPI_MSG_HELLO, 0);
		msg_put_u16(w, 1, 0);
		msg_put_u16(w, 2, 0);
		msg_end(w, start);
		break;
	case 4: /* a second greeting */
		rapi_msg_put_hello(w);
		break;
	case 5: /* a handle used twice */
		at_put_open(w, 1);
		at_put_open(w, 1);
		break;
	case 6: /* an answer */
		rapi_msg_put_welcome(w, 1);
		break;
	case 7: /* a length far beyond */
		buf_put_u32le(w, 0x7fffffff);
		buf_put_u64le(w, 0);
		break;
	case 8: /* an attribute far beyond */
		start = msg_begin(w, RAPI_MSG_OPEN, 0);
		buf_put_u16le(w, 8);
		buf_put_u16le(w, 0xffff);
		msg_end(w, start);
		break;
	case 9: /* a reservation of nothing */
		rapi_msg_put_request(w, RAPI_MSG_RESERVE, 1, &nothing);
		break;
	case 10: /* another version */
		start = msg_begin(w, RAPI_MSG_CLOSE, 0);
		msg_end(w, start);
		start[4] = 2;
		break;
	default: /* a length of nothing */
		buf_put_u32le(w, 4);
		break;
	}
}
enum { GARBAGE = 13 };

static void
garbage_is_cut_off_with_a_word(void)
{
	for (int i = 0; i < GARBAGE; i++) {
		uint8_t bytes[512];
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));
		struct rapi_msg_answer a;

		at_begin();
		at.raw_fd = at_raw_connect();
		make_garbage(i, &w);
		at_raw_send(at.raw_fd, &w);
		T_CHECK(at_run_until(cut_off), "garbage %d", i);
		do
			T_CHECK(at_raw_answer(&a), "garbage %d: no word", i);
		while (a.type != RAPI_MSG_REFUSE);
		T_EQ(a.code, RAPI_ERR_PROTO);
		T_CHECK(a.event.text[0] != '\0', "no words");
		T_CHECK(!at_raw_answer(&a), "not closed");
		close(at.raw_fd);
		at_end();
	}
}

static void
a_datagram_beyond_the_limit_is_cut_off(void)
{
	static uint8_t bytes[MSG_DATAGRAM_MAX + 1];

	at_begin();
	at.raw_fd = at_raw_connect();
	T_EQ(send(at.raw_fd, bytes, sizeof(bytes), MSG_NOSIGNAL),
		sizeof(bytes));
	T_CHECK(at_run_until(cut_off), "not cut off");
	close(at.raw_fd);
	at_end();
}

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static bool
all_gone(void)
{
	return at.engine.api->client_count == 0;
}

enum { MANY = 1000 };

/* The number that the core's session has got which the raw client opened; they
 * are counted up.  0: not yet. */
static uint64_t
raw_session(void)
{
	const struct api_client *c;

	TAILQ_FOREACH (c, &at.engine.api->clients, entry)
		if (c->sessions && c->sessions->handle == 77)
			return c->sessions->id;
	return 0;
}

static bool
all_done(void)
{
	return at.engine.api->last_id == 3;
}

/* Between the first and the last of a thousand requests in one datagram it is
 * the turn of somebody else. */
static void
nobody_waits_for_the_requests_of_another(void)
{
	static uint8_t bytes[MSG_DATAGRAM_MAX];
	const struct rapi_msg_body nothing = { 0 };
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	int greedy;

	at_begin();
	greedy = at_raw_connect();
	rapi_msg_put_hello(&w);
	at_put_open(&w, 1);
	for (int i = 0; i < MANY; i++)
		rapi_msg_put_request(&w, RAPI_MSG_CLOSE, 9, &nothing);
	at_put_open(&w, 2);
	at_raw_send(greedy, &w);
	at_raw_client();
	T_CHECK(at_run_until(all_done), "only %d of 3 opened",
		(int)at.engine.api->last_id);
	T_EQ(raw_session(), 2);
	T_EQ(at.stats.count[STATS_API_BAD], 0);
	close(greedy);
	close(at.raw_fd);
	T_CHECK(at_run_until(all_gone), "still there");
	at_end();
}

/* Whatever follows a good greeting: the daemon lives and forgets it. */
static void
mutated_requests_leave_nothing_behind(void)
{
	uint32_t seed = 4711;

	at_begin();
	for (int round = 0; round < 300; round++) {
		uint8_t bytes[1024];
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));
		struct buf_writer hello = buf_writer(bytes, sizeof(bytes));

		at.raw_fd = at_raw_connect();
		rapi_msg_put_hello(&hello);
		at_raw_send(at.raw_fd, &hello);
		for (uint64_t h = 1; h < 6; h++)
			at_put_open(&w, h);
		for (int i = 0; i < 4; i++)
			bytes[next_random(&seed) % buf_written(&w)] =
				(uint8_t)next_random(&seed);
		at_raw_send(at.raw_fd, &w);
		close(at.raw_fd);
		if (round % 4 == 3)
			T_CHECK(at_run_until(all_gone), "still there");
	}
	T_CHECK(at_run_until(all_gone), "still there");

	struct rsvp_totals totals;

	rsvp_core_totals(at.engine.core, &totals);
	T_EQ(totals.sessions, 0);
	T_CHECK(at.engine.api->sessions == NULL, "sessions are left");
	at_end();
}

/* ---- clients that do not read -------------------------------------------- */

static void
tell(enum rsvp_event_kind kind, uint16_t value)
{
	const struct rsvp_event_item item = { .has_tspec = true,
		.tspec = { .r = value } };
	const struct rsvp_local_event event = {
		.id = at.engine.api->sessions->id,
		.kind = kind,
		.error = { .value = value },
		.item_count = 1,
		.items = &item
	};

	api_server_event(at.engine.api, &event);
}

static bool
nothing_waits(void)
{
	return TAILQ_EMPTY(&TAILQ_FIRST(&at.engine.api->clients)->queue);
}

static bool
slow_one_gone(void)
{
	return at.stats.count[STATS_API_SLOW] == 1 && at_no_client();
}

static bool
slow_one_cut_off(void)
{
	if (at.stats.count[STATS_API_SLOW] == 0)
		for (int i = 0; i < 100; i++)
			tell(RSVP_RESV_ERROR, 1);
	return slow_one_gone();
}

static void
a_client_that_does_not_read_errors_is_cut_off(void)
{
	at_begin();
	at_raw_client();
	T_CHECK(at_run_until(at_a_session), "no session");
	T_CHECK(at_run_until(slow_one_cut_off), "it may let anything pile up");
	T_CHECK(at.engine.api->sessions == NULL, "a session is left");
	close(at.raw_fd);
	at_end();
}

/* The limit is what the configuration says, and not a datagram more. */
static void
what_waits_is_limited(void)
{
	const struct api_client *c;
	size_t most = 0;

	at_begin();
	at_raw_client();
	T_CHECK(at_run_until(at_a_session), "no session");
	c = TAILQ_FIRST(&at.engine.api->clients);
	while (at.stats.count[STATS_API_SLOW] == 0) {
		most = c->queue_bytes;
		tell(RSVP_RESV_ERROR, 1);
	}
	T_CHECK(most <= at.conf.client_queue_bytes, "%zu octets", most);
	T_CHECK(most > at.conf.client_queue_bytes - 1000, "%zu octets", most);
	T_CHECK(at_run_until(slow_one_gone), "still there");
	close(at.raw_fd);
	at_end();
}

/* Of a session that has gone, or an event that has been read, nothing points
 * to the other. */
static void
events_and_sessions_part(void)
{
	const struct api_client *c;
	struct api_session *s;

	at_begin();
	at_raw_client();
	T_CHECK(at_run_until(at_a_session), "no session");
	c = TAILQ_FIRST(&at.engine.api->clients);
	s = at.engine.api->sessions;
	tell(RSVP_PATH_EVENT, 1);
	tell(RSVP_RESV_EVENT, 1);
	T_CHECK(s->path_state && s->resv_state, "not kept");
	T_CHECK(at_run_until(at_drained), "it stays in the queue");
	T_CHECK(!s->path_state && !s->resv_state, "kept after it was sent");
	tell(RSVP_PATH_EVENT, 2);
	api_session_close(s);
	T_CHECK(!TAILQ_EMPTY(&c->queue), "it has been told");
	T_CHECK(!TAILQ_FIRST(&c->queue)->session, "of a session that is gone");
	T_CHECK(at_run_until(at_drained), "it stays in the queue");
	close(at.raw_fd);
	T_CHECK(at_run_until(at_no_client), "still there");
	at_end();
}

/* Together they are longer than a datagram may be. */
static void
long_events_come_whole(void)
{
	enum { SENDERS = 20, EVENTS = 3 };
	static uint8_t big[2000];
	struct rsvp_event_item items[SENDERS] = { 0 };
	struct rapi_msg_answer a;

	at_begin();
	at_raw_client();
	T_CHECK(at_run_until(at_a_session), "no session");
	for (int i = 0; i < SENDERS; i++)
		items[i] = (struct rsvp_event_item){ .has_tspec = true,
			.adspec_view = { big, sizeof(big) } };
	for (int i = 0; i < EVENTS; i++)
		api_server_event(at.engine.api,
			&(struct rsvp_local_event){
				.id = at.engine.api->sessions->id,
				.kind = RSVP_RESV_CONFIRM,
				.item_count = SENDERS,
				.items = items });
	T_CHECK(at_run_until(nothing_waits), "it stays in the queue");
	T_CHECK(at_raw_answer(&a), "closed");
	T_EQ(a.type, RAPI_MSG_WELCOME);
	for (int i = 0; i < EVENTS; i++) {
		T_CHECK(at_raw_answer(&a), "closed");
		T_EQ(a.type, RAPI_MSG_EVENT);
		T_EQ(a.item_count, SENDERS);
	}
	close(at.raw_fd);
	T_CHECK(at_run_until(at_no_client), "still there");
	at_end();
}

static void
state_is_replaced_by_newer_state(void)
{
	struct rapi_msg_answer a;
	struct rapi_msg_item item;
	const struct api_client *c;

	at_begin();
	at_raw_client();
	T_CHECK(at_run_until(at_a_session), "no session");
	c = TAILQ_FIRST(&at.engine.api->clients);
	for (int i = 1; i <= 60000; i++) {
		tell(RSVP_PATH_EVENT, (uint16_t)i);
		tell(RSVP_RESV_EVENT, (uint16_t)i);
		if (i == 30000)
			tell(RSVP_PATH_ERROR, 5);
	}
	T_EQ(at.stats.count[STATS_API_SLOW], 0);
	T_CHECK(c->queue_bytes < 1024, "%zu octets wait", c->queue_bytes);
	T_CHECK(at_run_until(at_drained), "it stays in the queue");
	do
		T_CHECK(at_raw_answer(&a), "closed");
	while (a.type != RAPI_MSG_EVENT);
	/* The error first: the state that is told is of later. */
	T_EQ(a.event.kind, RSVP_PATH_ERROR);
	T_EQ(a.event.error.value, 5);
	T_CHECK(at_raw_answer(&a), "closed");
	T_EQ(a.event.kind, RSVP_PATH_EVENT);
	T_EQ(a.event.handle, 77);
	T_CHECK(rapi_msg_next_item(&a.items, &item), "no item");
	T_CHECK(item.tspec.r == 60000, "%f", (double)item.tspec.r);
	T_CHECK(at_raw_answer(&a), "closed");
	T_EQ(a.event.kind, RSVP_RESV_EVENT);
	T_CHECK(rapi_msg_next_item(&a.items, &item), "no item");
	T_CHECK(item.tspec.r == 60000, "%f", (double)item.tspec.r);
	close(at.raw_fd);
	T_CHECK(at_run_until(at_no_client), "still there");
	at_end();
}

static void
adspecs_that_do_not_fit_are_left_out(void)
{
	enum { SENDERS = 64 };
	static uint8_t big[2000];
	struct rsvp_event_item items[SENDERS] = { 0 };
	struct rapi_msg_answer a;

	at_begin();
	at_raw_client();
	T_CHECK(at_run_until(at_a_session), "no session");
	for (int i = 0; i < SENDERS; i++)
		items[i] = (struct rsvp_event_item){ .has_tspec = true,
			.adspec_view = { big, sizeof(big) } };
	api_server_event(at.engine.api,
		&(struct rsvp_local_event){ .id = at.engine.api->sessions->id,
			.kind = RSVP_PATH_EVENT,
			.item_count = SENDERS,
			.items = items });
	T_CHECK(at_run_until(at_drained), "it stays in the queue");
	do
		T_CHECK(at_raw_answer(&a), "closed");
	while (a.type != RAPI_MSG_EVENT);
	T_EQ(a.item_count, SENDERS);
	close(at.raw_fd);
	at_end();
}

/* ---- too many clients ---------------------------------------------------- */

static bool
turned_away(void)
{
	return at.stats.count[STATS_API_REFUSED] > 0;
}

static bool
four_clients(void)
{
	return at.engine.api->client_count == 4;
}

static void
expect_turned_away(const char *text)
{
	struct rapi_msg_answer a;

	T_CHECK(at_run_until(turned_away), "it was let in");
	T_CHECK(at_raw_answer(&a), "no word");
	T_EQ(a.type, RAPI_MSG_REFUSE);
	T_EQ(a.code, RAPI_ERR_MAXSESS);
	T_CHECK(strstr(a.event.text, text) != NULL, "%s", a.event.text);
	T_CHECK(!at_raw_answer(&a), "not closed");
}

static void
clients_beyond_the_limits_are_turned_away(void)
{
	int fds[4];

	at_begin();
	for (int i = 0; i < 4; i++)
		fds[i] = at_raw_connect();
	T_CHECK(at_run_until(four_clients), "not accepted");
	at.raw_fd = at_raw_connect();
	expect_turned_away("clientsPerUser");
	T_EQ(at.engine.api->client_count, 4);
	close(at.raw_fd);
	at.conf.max_clients_uid = 100;
	at.conf.max_clients = 4;
	at.stats.count[STATS_API_REFUSED] = 0;
	at.raw_fd = at_raw_connect();
	expect_turned_away("limits.clients)");
	close(at.raw_fd);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	T_CHECK(at_run_until(at_no_client), "still there");
	at_end();
}

static void
without_descriptors_clients_are_turned_away(void)
{
	struct rlimit old;
	struct rlimit none;
	int next;

	at_begin();
	at.raw_fd = at_raw_connect();
	next = dup(0); /* the first that is free, and all below are not */
	T_CHECK(next >= 0, "dup");
	close(next);
	T_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = (rlim_t)next;
	T_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	T_CHECK(dup(0) < 0 && errno == EMFILE, "there are more");
	expect_turned_away("no descriptor left");
	T_EQ(at.engine.api->client_count, 0);
	T_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
	close(at.raw_fd);
	at.raw_fd = at_raw_connect();
	T_CHECK(at_run_until(at_one_client), "not accepted afterwards");
	close(at.raw_fd);
	at_end();
}

static struct t_case cases[] = {
	{ "garbage is cut off with a word", garbage_is_cut_off_with_a_word },
	{ "a datagram beyond the limit is cut off",
		a_datagram_beyond_the_limit_is_cut_off },
	{ "nobody waits for the requests of another",
		nobody_waits_for_the_requests_of_another },
	{ "mutated requests leave nothing behind",
		mutated_requests_leave_nothing_behind },
	{ "a client that does not read errors is cut off",
		a_client_that_does_not_read_errors_is_cut_off },
	{ "what waits is limited", what_waits_is_limited },
	{ "events and sessions part", events_and_sessions_part },
	{ "long events come whole", long_events_come_whole },
	{ "state is replaced by newer state",
		state_is_replaced_by_newer_state },
	{ "Adspecs that do not fit are left out",
		adspecs_that_do_not_fit_are_left_out },
	{ "clients beyond the limits are turned away",
		clients_beyond_the_limits_are_turned_away },
	{ "without descriptors clients are turned away",
		without_descriptors_clients_are_turned_away },
};
T_MAIN(cases)
