/* SPDX-License-Identifier: ISC */
#ifndef TC_CLIENT_CORE_T_H
#define TC_CLIENT_CORE_T_H

/* What is around tc_client.c in its tests: a core that only notes what it is
 * told, and stands for all others that are. */

#include "rsvpd/tc_client.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rsvpd/account.h"
#include "rsvpd/daemon.h"
#include "rsvpd/engine_life.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_link.h"
#include "t.h"

enum { TOLD_MAX = 16 };

/* What the core and the asker of counters were told, and tcctl's end. */
struct rsvp_core {
	size_t installed_count;
	struct rsvp_installed installed[TOLD_MAX];
	char text[TC_TEXT];
	size_t adopted_count;
	struct rsvp_flow adopted;
	size_t ready_count;
	uint32_t ready_ifindex;
	int ready_error;
	size_t lost_count;
	size_t flow_lost_count;
	uint32_t flow_lost;
	int flow_error;
	size_t effects; /* calls of effect_run() */
	size_t counter_count;
	struct tc_counter counter;
	size_t counter_ends;
	size_t mark_count; /* answers for marks */
	uint32_t marked;
	int mark_error;
	size_t adopted_calls; /* of engine_adopted() */
	size_t read_agains;   /* calls of net_link_read_again() */
	size_t account_count; /* last counters of flows */
	struct tc_counter account;
};

void
marks_done(struct marks *marks, uint32_t flow_id, int error)
{
	struct rsvp_core *core = (struct rsvp_core *)(void *)marks;

	core->mark_count++;
	core->marked = flow_id;
	core->mark_error = error;
}

/* The core stands for all that is told. */
void
net_link_read_again(struct net_link *link)
{
	((struct rsvp_core *)(void *)link)->read_agains++;
}

void
engine_adopted(struct engine *engine)
{
	engine->core->adopted_calls++;
}

void
effect_run(struct engine *engine)
{
	engine->core->effects++;
	loop_stop(engine->loop);
}

void
rsvp_core_installed(struct rsvp_core *core, struct mono now,
	const struct rsvp_installed *result)
{
	(void)now;
	T_CHECK(core->installed_count < TOLD_MAX, "too many answers");
	core->installed[core->installed_count++] = *result;
	(void)text_copy(core->text, sizeof(core->text), result->text);
}

void
rsvp_core_adopt(
	struct rsvp_core *core, struct mono now, const struct rsvp_flow *flow)
{
	(void)now;
	core->adopted_count++;
	core->adopted = *flow;
}

void
rsvp_core_tc_ready(struct rsvp_core *core, struct mono now, uint32_t ifindex,
	int error, const char *text)
{
	(void)now;
	core->ready_count++;
	core->ready_ifindex = ifindex;
	core->ready_error = error;
	(void)text_copy(core->text, sizeof(core->text), text);
}

void
rsvp_core_flow_lost(struct rsvp_core *core, struct mono now, uint32_t id,
	int error, const char *text)
{
	(void)now;
	core->flow_lost_count++;
	core->flow_lost = id;
	core->flow_error = error;
	(void)text_copy(core->text, sizeof(core->text), text);
}

void
rsvp_core_tc_lost(struct rsvp_core *core, struct mono now)
{
	(void)now;
	core->lost_count++;
}

void
account_counter(struct account *account, const struct tc_counter *counter)
{
	struct rsvp_core *core = (struct rsvp_core *)(void *)account;

	core->account_count++;
	core->account = *counter;
}

static inline void
note_counter(void *arg, const struct tc_counter *counter)
{
	struct rsvp_core *core = (struct rsvp_core *)arg;

	if (!counter) {
		core->counter_ends++;
		return;
	}
	core->counter_count++;
	core->counter = *counter;
}

static inline struct rsvp_flow_request
request(uint32_t serial, enum rsvp_flow_op op)
{
	struct rsvp_flow_request r = { .serial = serial, .op = op };

	r.flow = (struct rsvp_flow){ .id = 1000 + serial,
		.ifindex = 7,
		.service = WIRE_SERVICE_GS,
		.dst = addr_v4_u32(0x0a020009),
		.proto = 17,
		.dst_port = 5004,
		.rate_Bps = 125000,
		.peak_Bps = 250000,
		.bucket_bytes = 3000,
		.max_packet_bytes = 1538,
		.min_packet_bytes = 84,
		.buffer_bytes = 20000,
		.token_Bps = 100000,
		.filter_count = 2 };
	r.flow.filters[0] =
		(struct wire_filter){ .src = addr_v4_u32(0x0a010001),
			.form = WIRE_FILTER_PORT,
			.src_port = 4000,
			.flow_label = 99 /* is none in this form */ };
	r.flow.filters[1] =
		(struct wire_filter){ .form = WIRE_FILTER_FLOW_LABEL,
			.flow_label = 0x12345 };
	return r;
}

#endif /* TC_CLIENT_CORE_T_H */
