/* SPDX-License-Identifier: ISC */
#ifndef TC_FIXTURE_H
#define TC_FIXTURE_H

/* Interfaces, flows and an ear for answers, for the tests of tcctl. */

#include "t.h"
#include "tcctl/dry_int.h"
#include "tcctl/link_int.h"

enum {
	FIX_IFINDEX = 3,
	FIX_DONE_MAX = 600,
	FIX_IDLE_LIMIT = 16 * 1538, /* octets that a new idle class queues */
	/* With the room that a leaf of Guaranteed Service has beside it. */
	FIX_BESIDE = 2 * 1538,
	FIX_IDLE_BUFFER = FIX_IDLE_LIMIT - FIX_BESIDE
};

static inline struct tc_iface
fix_iface(void)
{
	return (struct tc_iface){ .ifindex = FIX_IFINDEX,
		.name = "eth0",
		.link_Bps = 1250000,
		.best_effort_Bps = 62500,
		.control_Bps = 12500,
		.mtu = 1500,
		.header_bytes = 14,
		.overhead_bytes = 24,
		.min_frame_bytes = 84,
		.timer_us = 200,
		.pool_low = 4,
		.pool_high = 8 };
}

static inline struct addr
fix_addr(const char *text)
{
	struct addr a = { 0 };

	T_CHECK(text[0] == '\0' || addr_parse(text, &a), "address %s", text);
	return a;
}

static inline struct tc_filter
fix_filter(const char *dst, const char *src, uint16_t dport, uint16_t sport)
{
	return (struct tc_filter){ .dst = fix_addr(dst),
		.src = fix_addr(src),
		.proto = 17,
		.dst_port = dport,
		.src_port = sport };
}

static inline struct tc_flow
fix_flow(uint32_t id, uint16_t port)
{
	return (struct tc_flow){ .id = id,
		.ifindex = FIX_IFINDEX,
		.service = TC_SERVICE_GS,
		.rate_Bps = 100000,
		.bucket_bytes = 3000,
		.max_packet_bytes = 1538,
		.min_packet_bytes = 84,
		.buffer_bytes = 20000,
		.filter_count = 1,
		.filters[0] = fix_filter("10.0.0.2", "10.0.0.1", port, 6000) };
}

static inline struct tc_rule
fix_rule(uint32_t id, uint16_t port)
{
	return (struct tc_rule){ .id = id,
		.ifindex = FIX_IFINDEX,
		.match_count = 1,
		.matches[0] = { .family = ADDR_V4,
			.proto = 17,
			.dst_port_first = port,
			.dst_port_last = port } };
}

static inline struct tc_rule
fix_shaped(uint32_t id, uint16_t port, uint64_t rate_Bps)
{
	struct tc_rule r = fix_rule(id, port);

	r.rate_Bps = rate_Bps;
	r.bucket_bytes = 10000;
	r.excess = TC_EXCESS_DELAY;
	return r;
}

/* What was answered. */
struct fix_ear {
	size_t count;
	uint32_t serials[FIX_DONE_MAX];
	struct tc_done done[FIX_DONE_MAX];
	size_t adopted_count;
	struct tc_flow adopted[16];
	size_t counter_count;
	struct tc_counter counters[16];
	size_t last_count; /* of flows that are removed: told unasked */
	uint32_t last_serial;
	struct tc_counter last;
	size_t notes;
	char note[TC_TEXT];
	size_t drift_count;
	struct tc_drift_report drifts[64];
};

static inline void
fix_done(void *arg, uint32_t serial, const struct tc_done *done)
{
	struct fix_ear *ear = (struct fix_ear *)arg;

	T_CHECK(ear->count < FIX_DONE_MAX, "too many answers");
	ear->serials[ear->count] = serial;
	ear->done[ear->count++] = *done;
}

static inline void
fix_adopted(void *arg, uint32_t serial, const struct tc_flow *flow)
{
	struct fix_ear *ear = (struct fix_ear *)arg;

	(void)serial;
	T_CHECK(ear->adopted_count < 16, "too many flows");
	ear->adopted[ear->adopted_count++] = *flow;
}

static inline void
fix_counter(void *arg, uint32_t serial, const struct tc_counter *counter)
{
	struct fix_ear *ear = (struct fix_ear *)arg;

	if (serial != 1) { /* nobody asked: a flow that is removed */
		ear->last_count++;
		ear->last = *counter;
		ear->last_serial = serial;
		return;
	}
	T_CHECK(ear->counter_count < 16, "too many counters");
	ear->counters[ear->counter_count++] = *counter;
}

static inline void
fix_note(void *arg, const char *text)
{
	struct fix_ear *ear = (struct fix_ear *)arg;

	ear->notes++;
	(void)text_copy(ear->note, sizeof(ear->note), text);
}

static inline void
fix_drift(void *arg, const struct tc_drift_report *report)
{
	struct fix_ear *ear = (struct fix_ear *)arg;

	T_CHECK(ear->drift_count < 64, "too many reports");
	ear->drifts[ear->drift_count++] = *report;
}

static inline struct tc_listener
fix_listener(struct fix_ear *ear)
{
	return (struct tc_listener){ .arg = ear,
		.adopted = fix_adopted,
		.done = fix_done,
		.counter = fix_counter,
		.note = fix_note,
		.drift = fix_drift };
}

/* A link, its kernel, and a batch. */
struct fix {
	struct tc_dry dry;
	struct tc_kernel kernel; /* of dry; a test may put another in front */
	struct tc_link *link;
	struct tc_batch *batch;
	struct fix_ear ear;
	struct tc_listener listener;
	struct mono now;
};

static inline struct fix *
fix_new(void)
{
	struct fix *f = (struct fix *)calloc(1, sizeof(*f));

	T_CHECK(f != NULL, "memory");
	tc_dry_init(&f->dry, alloc_heap());
	f->kernel = tc_dry_kernel(&f->dry);
	f->batch = (struct tc_batch *)calloc(1, sizeof(*f->batch));
	T_CHECK(f->batch != NULL, "memory");
	f->batch->alloc = f->batch->ops.alloc = alloc_heap();
	f->listener = fix_listener(&f->ear);
	f->now = (struct mono){ 1000000 };
	return f;
}

/* Announce the interface; returns the error of the answer. */
static inline int
fix_open(struct fix *f, const struct tc_iface *conf)
{
	struct tc_done done = { 0 };

	tc_link_free(f->link);
	f->link = tc_link_new(alloc_heap(), conf);
	T_CHECK(f->link != NULL, "memory");
	T_EQ(tc_link_open(f->link, &f->kernel, 1, &f->listener, &done), 0);
	if (done.error != 0)
		(void)text_copy(f->ear.note, sizeof(f->ear.note), done.text);
	return done.error;
}

static inline void
fix_free(struct fix *f)
{
	tc_link_free(f->link);
	tc_batch_done(f->batch);
	free(f->batch);
	tc_dry_done(&f->dry);
	free(f);
}

/* One request on its own: the answer. */
static inline struct tc_done
fix_add(struct fix *f, const struct tc_flow *flow)
{
	struct tc_done done = { .flow_id = flow->id };

	done.error = tc_batch_flow(f->batch, f->link, 7, flow, done.text);
	if (done.error != 0)
		return done;
	f->ear.count = 0;
	T_EQ(tc_batch_run(f->batch, &f->kernel, f->now, &f->listener), 0);
	T_EQ(f->ear.count, 1);
	T_EQ(f->ear.serials[0], 7);
	return f->ear.done[0];
}

/* Remove and drain; true when it was answered. */
static inline bool
fix_del(struct fix *f, uint32_t id)
{
	struct tc_done done = { 0 };

	done.error = tc_batch_del(f->batch, f->link, 8, id, done.text);
	if (done.error != 0)
		return false;
	f->ear.count = 0;
	T_EQ(tc_batch_run(f->batch, &f->kernel, f->now, &f->listener), 0);
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	return f->ear.count == 1;
}

/* Grow the pool to the end. */
static inline void
fix_idle(struct fix *f)
{
	bool more = true;

	while (more)
		T_EQ(tc_link_idle(f->link, &f->kernel, &f->listener, &more), 0);
}

/* Flow 7 with senders in both families, and flow 8 of Controlled Load. */
static inline void
fix_add_two(struct fix *f)
{
	struct tc_flow flow = fix_flow(7, 5004);

	flow.filter_count = 2;
	flow.filters[1] = fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);
	T_EQ(fix_add(f, &flow).error, 0);
	flow = fix_flow(8, 5006);
	flow.service = TC_SERVICE_CL;
	T_EQ(fix_add(f, &flow).error, 0);
	fix_idle(f);
}

static inline const struct tc_object *
fix_find(const struct fix *f, enum tc_type type, uint32_t handle)
{
	for (size_t i = 0; i < f->dry.objects.count; i++)
		if (f->dry.objects.all[i].type == type &&
			f->dry.objects.all[i].handle == handle)
			return &f->dry.objects.all[i];
	return NULL;
}

/* Nodes that lead to the class. */
static inline size_t
fix_nodes(const struct fix *f, uint32_t classid)
{
	size_t n = 0;

	for (size_t i = 0; i < f->dry.objects.count; i++)
		n += f->dry.objects.all[i].type == TC_FILTER &&
		     f->dry.objects.all[i].u32.classid == classid;
	return n;
}

/* The whole kernel as text, sorted: two equal ones are equal. */
static inline char *
fix_picture(struct fix *f)
{
	enum { SIZE = 1 << 18 };
	char *buf = (char *)malloc(SIZE);
	struct text t = text_over(buf, SIZE);

	tc_objects_sort(&f->dry.objects);
	for (size_t i = 0; i < f->dry.objects.count; i++) {
		tc_object_print(&t, &f->dry.objects.all[i], "eth0");
		text_add(&t, "\n");
	}
	T_CHECK(!t.cut, "the picture is too small");
	return buf;
}

#endif /* TC_FIXTURE_H */
