/* SPDX-License-Identifier: ISC */

/*
 * What our own processes say to each other, read by those who trust nobody:
 * the frames of base/msg.h, and in them the messages of tcctl, of the library,
 * of the control socket and of the supervisor.  What is read can be written,
 * and is then read as the same.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/ctl_msg.h"
#include "rapi/rapi_msg.h"
#include "rsvpd/sup_msg.h"
#include "tcctl/tcctl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEEPEST = 6 };

static uint8_t first[MSG_DATAGRAM_MAX];
static uint8_t second[MSG_DATAGRAM_MAX];

static void
give_up(const char *what)
{
	fprintf(stderr, "fuzz_msg: %s\n", what);
	abort();
}

/* ---- attributes of any kind ---------------------------------------------- */

static void
walk(struct buf_reader r, unsigned depth)
{
	struct msg_attr attr;

	while (msg_attr_next(&r, &attr)) {
		const struct buf_reader body = attr.body;
		char text[64];

		(void)msg_get_u8(&attr);
		attr.body = body;
		(void)msg_get_u16(&attr);
		attr.body = body;
		(void)msg_get_u32(&attr);
		attr.body = body;
		(void)ctl_get_signed(&attr);
		attr.body = body;
		(void)ctl_get_real(&attr);
		attr.body = body;
		(void)msg_get_addr(&attr);
		attr.body = body;
		msg_get_text(&attr, text, sizeof(text));
		if (!memchr(text, '\0', sizeof(text)))
			give_up("a text without an end");
		if (depth < DEEPEST)
			walk(body, depth + 1);
	}
}

/* ---- traffic control ----------------------------------------------------- */

/* Read a message and write it; 0 when it is refused. */
static size_t
rewrite(const struct msg *m, uint8_t *bytes)
{
	struct buf_writer w = buf_writer(bytes, MSG_DATAGRAM_MAX);
	static struct tc_flow flow;
	struct tc_iface iface;
	struct tc_done done;
	struct tc_counters_query query;
	struct tc_counter counter;
	struct tc_lost lost;
	struct tc_flow_mark mark;
	uint32_t ifindex;
	char text[TC_TEXT];

	if (m->type == TC_MSG_IFACE && tc_get_iface(m, &iface))
		tc_put_iface(&w, m->serial, &iface);
	else if (m->type == TC_MSG_IFACE_OFF && tc_get_iface_off(m, &ifindex))
		tc_put_iface_off(&w, m->serial, ifindex);
	else if ((m->type == TC_MSG_FLOW_ADD || m->type == TC_MSG_FLOW_CHANGE ||
			 m->type == TC_MSG_FLOW_DEL ||
			 m->type == TC_MSG_ADOPTED) &&
		 tc_get_flow(m, &flow))
		tc_put_flow(&w, (enum tc_msg_type)m->type, m->serial, &flow);
	else if (m->type == TC_MSG_DONE && tc_get_done(m, &done))
		tc_put_done(&w, m->serial, &done);
	else if (m->type == TC_MSG_COUNTERS && tc_get_counters(m, &query))
		tc_put_counters(&w, m->serial, &query);
	else if (m->type == TC_MSG_COUNTER && tc_get_counter(m, &counter))
		tc_put_counter(&w, m->serial, &counter);
	else if (m->type == TC_MSG_NOTE && tc_get_note(m, text))
		tc_put_note(&w, text);
	else if (m->type == TC_MSG_LOST && tc_get_lost(m, &lost))
		tc_put_lost(&w, &lost);
	else if (m->type == TC_MSG_FLOW_MARK && tc_get_flow_mark(m, &mark))
		tc_put_flow_mark(&w, m->serial, &mark);
	if (w.failed)
		give_up("read, and too large to be written");
	return buf_written(&w);
}

static void
read_tc(const struct msg *m)
{
	const size_t len = rewrite(m, first);
	struct buf_reader r = buf_reader(first, len);
	struct msg again;

	if (len == 0)
		return;
	if (!msg_next(&r, &again) || rewrite(&again, second) != len ||
		memcmp(first, second, len) != 0)
		give_up("written and read again it is another");
}

/* ---- the library --------------------------------------------------------- */

static void
read_rapi(const struct msg *m)
{
	static struct rapi_msg_request request;
	static struct rapi_msg_answer answer;
	struct rapi_msg_item item;

	if (rapi_msg_decode_request(m, &request) == RAPI_MSG_OK &&
		request.type == RAPI_MSG_RESERVE &&
		request.reserve.flow_count > WIRE_FLOWS_MAX)
		give_up("more flows than there is room for");
	if (rapi_msg_decode_answer(m, &answer) != RAPI_MSG_OK ||
		answer.type != RAPI_MSG_EVENT)
		return;
	for (size_t i = 0; i < answer.item_count; i++)
		if (!rapi_msg_next_item(&answer.items, &item))
			give_up("fewer items than were counted");
}

/* ---- the supervisor ------------------------------------------------------ */

static void
read_sup(const uint8_t *data, size_t size)
{
	struct sup_msg m = { .fd = -1 };
	int pair[2];

	if (size == 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
				 pair) != 0)
		return;
	if (send(pair[0], data, size, MSG_NOSIGNAL) == (ssize_t)size &&
		sup_msg_recv(pair[1], false, &m) == 1) {
		if (!memchr(m.text, '\0', sizeof(m.text)) ||
			!memchr(m.group, '\0', sizeof(m.group)) || m.fd != -1)
			give_up("a message of the supervisor without an end");
	}
	close(pair[0]);
	close(pair[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf_reader r = buf_reader(data, size);
	struct msg m;

	while (msg_next(&r, &m)) {
		walk(m.body, 0);
		read_tc(&m);
		read_rapi(&m);
	}
	read_sup(data, size);
	return 0;
}
