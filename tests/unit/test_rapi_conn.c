/* SPDX-License-Identifier: ISC */

/* The connection machine of librapi, on a clock of our own. */

#include "rapi/rapi_conn.h"

#include "rapi/rapi.h"
#include "t.h"

static void
attempts_back_off_to_five_seconds(void)
{
	static const int waits_ms[] = { 100, 200, 400, 800, 1600, 3200, 5000,
		5000 };
	static const struct rapi_msg_body body = { (const uint8_t *)"", 0, 0 };
	struct mono now = { 1000000 };
	struct conn_session *s;
	struct rapi_conn c;
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	rapi_conn_init(&c);
	T_EQ(rapi_conn_deadline(&c).us, MONO_NEVER.us);
	T_EQ(rapi_conn_open(&c, NULL, &body, &s), RAPI_ERR_OK);
	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
		const struct mono due = mono_add_ms(now, waits_ms[i]);

		rapi_conn_lost(&c, now);
		T_EQ(rapi_conn_deadline(&c).us, due.us);
		T_CHECK(!rapi_conn_retry_due(&c, (struct mono){ due.us - 1 }),
			"too early");
		T_CHECK(rapi_conn_retry_due(&c, due), "not due");
		now = due;
	}
	/* A connection alone is not enough; a welcome is. */
	rapi_conn_up(&c);
	T_CHECK(!rapi_conn_retry_due(&c, now), "connected");
	rapi_conn_lost(&c, now);
	T_EQ(rapi_conn_deadline(&c).us, mono_add_ms(now, 5000).us);
	rapi_conn_up(&c);
	rapi_msg_put_welcome(&w, 300);
	rapi_conn_input(&c, bytes, buf_written(&w));
	T_EQ(rapi_conn_next(&c, now, &s), CONN_NOTHING);
	T_EQ(c.state, CONN_UP);
	T_EQ(rapi_conn_deadline(&c).us, mono_add_ms(now, 300).us);
	rapi_conn_lost(&c, now);
	T_EQ(rapi_conn_deadline(&c).us, mono_add_ms(now, 100).us);
	rapi_conn_done(&c);
}

static void
a_closing_session_is_forgotten_with_the_connection(void)
{
	static const struct rapi_msg_body body = { (const uint8_t *)"", 0, 0 };
	struct conn_session *s;
	struct rapi_conn c;
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	rapi_conn_init(&c);
	rapi_conn_up(&c);
	T_EQ(rapi_conn_open(&c, NULL, &body, &s), RAPI_ERR_OK);
	/* Never told: nothing to take back. */
	rapi_conn_close(&c, s);
	T_CHECK(rapi_conn_output(&c, &w), "HELLO");
	T_EQ(rapi_conn_open(&c, NULL, &body, &s), RAPI_ERR_OK);
	w = buf_writer(bytes, sizeof(bytes));
	T_CHECK(rapi_conn_output(&c, &w), "OPEN");
	rapi_conn_close(&c, s);
	rapi_conn_lost(&c, (struct mono){ 0 });
	T_EQ(c.sessions, 0);
	T_EQ(rapi_conn_deadline(&c).us, MONO_NEVER.us);
	rapi_conn_up(&c);
	w = buf_writer(bytes, sizeof(bytes));
	T_CHECK(rapi_conn_output(&c, &w), "HELLO");
	w = buf_writer(bytes, sizeof(bytes));
	T_CHECK(!rapi_conn_output(&c, &w), "something is left");
	rapi_conn_done(&c);
}

/* Told on an earlier connection only: the present daemon knows nothing. */
static void
a_new_connection_has_been_told_nothing(void)
{
	static const struct rapi_msg_body body = { (const uint8_t *)"", 0, 0 };
	struct conn_session *s;
	struct rapi_conn c;
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	size_t hello;

	rapi_conn_init(&c);
	T_EQ(rapi_conn_open(&c, NULL, &body, &s), RAPI_ERR_OK);
	rapi_conn_up(&c);
	T_CHECK(rapi_conn_output(&c, &w), "HELLO and OPEN");
	rapi_conn_lost(&c, (struct mono){ 0 });
	rapi_conn_up(&c);
	rapi_conn_close(&c, s);
	w = buf_writer(bytes, sizeof(bytes));
	rapi_msg_put_hello(&w);
	hello = buf_written(&w);
	w = buf_writer(bytes, sizeof(bytes));
	T_CHECK(rapi_conn_output(&c, &w), "HELLO");
	T_EQ(buf_written(&w), hello);
	rapi_conn_done(&c);
}

static void
a_welcome_of_another_protocol_is_no_welcome(void)
{
	struct conn_session *s;
	struct rapi_conn c;
	uint8_t bytes[64];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&w, RAPI_MSG_WELCOME, 0);

	msg_put_u16(&w, 3, RAPI_MSG_PROTOCOL + 1);
	msg_end(&w, start);
	rapi_conn_init(&c);
	rapi_conn_up(&c);
	rapi_conn_input(&c, bytes, buf_written(&w));
	T_EQ(rapi_conn_next(&c, (struct mono){ 0 }, &s), CONN_BAD);
	rapi_conn_done(&c);
}

static void
sessions_have_a_limit(void)
{
	static const struct rapi_msg_body body = { (const uint8_t *)"", 0, 0 };
	struct conn_session *s = NULL;
	struct rapi_conn c;

	rapi_conn_init(&c);
	for (int i = 0; i < CONN_SESSIONS_MAX; i++)
		T_EQ(rapi_conn_open(&c, NULL, &body, &s), RAPI_ERR_OK);
	T_EQ(rapi_conn_open(&c, NULL, &body, &s), RAPI_ERR_MAXSESS);
	rapi_conn_close(&c, s);
	T_EQ(rapi_conn_open(&c, NULL, &body, &s), RAPI_ERR_OK);
	rapi_conn_done(&c);
}

static void
datagrams_hold_whole_messages(void)
{
	static const uint8_t blob[100];
	const struct rapi_msg_body body = { blob, sizeof(blob), false };
	struct conn_session *s;
	struct rapi_conn c;
	uint8_t bytes[300]; /* two of these and a bit */
	int messages = 0;

	rapi_conn_init(&c);
	rapi_conn_up(&c);
	for (int i = 0; i < 5; i++)
		T_EQ(rapi_conn_open(&c, NULL, &body, &s), RAPI_ERR_OK);
	for (;;) {
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));
		struct buf_reader r;
		struct msg m;

		if (!rapi_conn_output(&c, &w))
			break;
		T_CHECK(!w.failed, "failed");
		r = buf_reader(bytes, buf_written(&w));
		while (msg_next(&r, &m))
			messages++;
		T_CHECK(buf_complete(&r), "half a message");
	}
	T_EQ(messages, 6);
	rapi_conn_done(&c);
}

static struct t_case cases[] = {
	{ "attempts back off to five seconds",
		attempts_back_off_to_five_seconds },
	{ "a closing session is forgotten with the connection",
		a_closing_session_is_forgotten_with_the_connection },
	{ "a new connection has been told nothing",
		a_new_connection_has_been_told_nothing },
	{ "a WELCOME of another protocol is no welcome",
		a_welcome_of_another_protocol_is_no_welcome },
	{ "sessions have a limit", sessions_have_a_limit },
	{ "datagrams hold whole messages", datagrams_hold_whole_messages },
};
T_MAIN(cases)
