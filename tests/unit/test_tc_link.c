/* SPDX-License-Identifier: ISC */
#include "t_alloc.h"
#include "tc_busy.h"

#include <errno.h>

/* ---- pool and drain ------------------------------------------------------ */

static void
pool_is_filled_in_the_background(void)
{
	struct busy b;
	struct fix *f = opened(&b);

	T_EQ(f->link->pools[TC_GS].count, 4);
	T_EQ(f->link->pools[TC_CL].count, 4);
	for (uint32_t minor = 0x100; minor < 0x108; minor++) {
		const struct tc_object *c =
			fix_find(f, TC_CLASS, tc_classid(minor));

		T_CHECK(c != NULL, "no class %x", minor);
		/* Never tiny: debts are kept as time. */
		T_EQ(c->htb.rate_Bps, 125000);
		T_EQ(c->htb.ceil_Bps, 125000);
		T_CHECK(fix_find(f, TC_QDISC_LEAF, minor << 16), "no leaf");
	}
	fix_free(f);
}

static void
surplus_is_removed(void)
{
	struct busy b;
	struct fix *f = opened(&b);

	for (uint32_t id = 1; id <= 20; id++) {
		const struct tc_flow flow = fix_flow(id, (uint16_t)(5000 + id));

		T_EQ(fix_add(f, &flow).error, 0);
	}
	for (uint32_t id = 1; id <= 20; id++)
		T_CHECK(fix_del(f, id), "flow %u", id);
	T_EQ(f->link->pools[TC_GS].count, 20);
	fix_idle(f);
	T_EQ(f->link->pools[TC_GS].count, 8);
	T_EQ(f->link->pools[TC_CL].count, 4);

	size_t classes = 0;

	for (uint32_t minor = TC_MINOR_FIRST; minor < 0x200; minor++) {
		bool there = fix_find(f, TC_CLASS, tc_classid(minor)) != NULL;

		classes += there;
		/* Their numbers are free again. */
		T_CHECK(tc_minors_claim(&f->link->minors, minor) != there,
			"number %x", minor);
	}
	T_EQ(classes, 12);
	fix_free(f);
}

static int
cut_off(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	(void)arg;
	(void)ops;
	(void)count;
	(void)ret_results;
	return -EPIPE;
}

static void
conversation_that_fails_in_the_background_is_told(void)
{
	struct fix *f = fix_new();
	const struct tc_iface iface = fix_iface();
	bool more = true;

	T_EQ(fix_open(f, &iface), 0);
	f->kernel.run = cut_off;
	T_EQ(tc_link_idle(f->link, &f->kernel, &f->listener, &more), -EPIPE);
	T_CHECK(!more, "more to do");
	f->link->lost = true;
	T_EQ(tc_link_idle(f->link, &f->kernel, &f->listener, &more), 0);
	T_CHECK(!more, "of a lost tree");
	fix_free(f);
}

static void
empty_class_returns_at_once(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow flow = fix_flow(7, 5004);
	char *before = fix_picture(f);

	flow.buffer_bytes = FIX_IDLE_BUFFER;
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(pooled(f), 7);
	T_CHECK(fix_del(f, 7), "not answered");
	T_EQ(f->ear.done[0].flow_id, 7);
	T_EQ(f->ear.done[0].error, 0);
	T_EQ(pooled(f), 8);

	char *after = fix_picture(f);

	T_STR(after, before);
	T_CHECK(TAILQ_EMPTY(&f->link->drains), "still draining");
	T_EQ(tc_drain_next(f->link).us, MONO_NEVER.us);
	free(before);
	free(after);
	fix_free(f);
}

static void
queued_packets_go_out_first(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	const struct tc_flow flow = fix_flow(7, 5004);

	b.classid = fix_add(f, &flow).classid;
	b.stats.qlen = 3;
	T_CHECK(!fix_del(f, 7), "answered with packets in the queue");
	T_EQ(fix_nodes(f, b.classid), 0);
	/* The old rate as long as something is queued. */
	T_EQ(fix_find(f, TC_CLASS, b.classid)->htb.rate_Bps, 100000);
	T_CHECK(tc_drain_next(f->link).us > f->now.us, "not later");
	f->now = tc_drain_next(f->link);
	T_EQ(f->ear.last_count, 0);
	b.stats = (struct tc_class_stats){
		.bytes = 4500, .packets = 3, .drops = 2
	};
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(f->ear.count, 1);
	T_EQ(f->ear.serials[0], 8);
	/* What it has carried is told before, with all that was queued. */
	T_EQ(f->ear.last_count, 1);
	T_EQ(f->ear.last_serial, 8);
	T_EQ(f->ear.last.flow_id, 7);
	T_EQ(f->ear.last.classid, b.classid);
	T_EQ(f->ear.last.bytes, 4500);
	T_EQ(f->ear.last.packets, 3);
	T_EQ(f->ear.last.drops, 2);
	T_EQ(f->ear.notes, 0);
	T_EQ(fix_find(f, TC_CLASS, b.classid)->htb.rate_Bps, 125000);
	T_EQ(pooled(f), 8);
	fix_free(f);
}

static void
what_stays_too_long_is_thrown_away(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	const struct tc_flow flow = fix_flow(7, 5004);
	const struct mono start = f->now;

	b.classid = fix_add(f, &flow).classid;
	b.stats.qlen = 3;
	b.stats.backlog_bytes = 4500;
	T_CHECK(!fix_del(f, 7), "answered");
	T_EQ(b.stats.qlen, 3);
	while (f->ear.count == 0) {
		f->now = tc_drain_next(f->link);
		T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener),
			0);
		T_CHECK(mono_ms_between(start, f->now) <= 102, "too late");
	}
	T_EQ(f->ear.last.drops, 3); /* thrown away */
	T_CHECK(mono_ms_between(start, f->now) >= 100, "too early");
	T_EQ(f->ear.notes, 1);
	T_CHECK(strstr(f->ear.note, "3 packets (4500 B) of flow 7") != NULL,
		"%s", f->ear.note);
	T_CHECK(fix_find(f, TC_QDISC_LEAF, b.classid << 16), "no leaf");
	T_EQ(b.stats.qlen, 0); /* its leaf was another one meanwhile */
	T_EQ(pooled(f), 8);
	fix_free(f);
}

static void
debts_are_paid_before_the_next_owner(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	const struct tc_flow flow = fix_flow(7, 5004);

	b.classid = fix_add(f, &flow).classid;
	b.stats.tokens_ticks = -15625; /* 1 ms */
	b.stats.ctokens_ticks = -31250;
	T_CHECK(fix_del(f, 7), "the request need not wait for it");
	T_EQ(pooled(f), 7);
	T_EQ(tc_drain_next(f->link).us, f->now.us + 2000);
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(pooled(f), 7);
	f->now = tc_drain_next(f->link);
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(pooled(f), 8);
	fix_free(f);
}

static void
class_that_vanished_is_forgotten(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	const struct tc_flow flow = fix_flow(7, 5004);
	uint32_t classid = fix_add(f, &flow).classid;

	for (size_t i = 0; i < f->dry.objects.count; i++)
		if (f->dry.objects.all[i].type == TC_CLASS &&
			f->dry.objects.all[i].handle == classid)
			f->dry.objects.all[i] =
				f->dry.objects.all[--f->dry.objects.count];
	T_CHECK(fix_del(f, 7), "not answered");
	T_EQ(f->ear.done[0].error, 0);
	T_EQ(pooled(f), 7);
	fix_free(f);
}

/* ---- flows --------------------------------------------------------------- */

static void
same_request_again_changes_nothing(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	const struct tc_flow flow = fix_flow(7, 5004);
	uint32_t classid = fix_add(f, &flow).classid;
	char *before = fix_picture(f);
	struct tc_done done = fix_add(f, &flow);
	char *after = fix_picture(f);

	T_EQ(done.error, 0);
	T_EQ(done.classid, classid);
	T_STR(after, before);
	T_EQ(pooled(f), 7);
	T_EQ(f->link->reserved_Bps[TC_GS], 100000);
	free(before);
	free(after);
	fix_free(f);
}

static void
same_filter_twice_is_one_node(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow flow = fix_flow(7, 5004);

	flow.filter_count = 3;
	flow.filters[1] = flow.filters[0];
	flow.filters[2] = flow.filters[0];
	T_EQ(fix_nodes(f, fix_add(f, &flow).classid), 1);
	fix_free(f);
}

static void
sums_follow_the_flows(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow flow = fix_flow(1, 5001);
	const uint32_t gs = tc_classid(TC_MINOR_GS);
	const uint32_t cl = tc_classid(TC_MINOR_CL);

	T_EQ(fix_add(f, &flow).error, 0);
	flow = fix_flow(2, 5002);
	flow.rate_Bps = 50000;
	T_EQ(fix_add(f, &flow).error, 0);
	flow = fix_flow(3, 5003);
	flow.service = TC_SERVICE_CL;
	T_EQ(fix_add(f, &flow).error, 0);
	fix_idle(f);
	T_EQ(fix_find(f, TC_CLASS, gs)->htb.rate_Bps, 150000);
	T_EQ(fix_find(f, TC_CLASS, cl)->htb.rate_Bps, 100000);
	flow.service = TC_SERVICE_GS; /* moves */
	T_EQ(fix_add(f, &flow).error, 0);
	T_CHECK(fix_del(f, 2), "not answered");
	fix_idle(f);
	T_EQ(fix_find(f, TC_CLASS, gs)->htb.rate_Bps, 200000);
	T_EQ(fix_find(f, TC_CLASS, cl)->htb.rate_Bps, 1000);
	fix_free(f);
}

static void
senseless_flows_are_refused(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow bad[9];

	for (size_t i = 0; i < 9; i++)
		bad[i] = fix_flow(7, 5004);
	bad[0].service = 3;
	bad[1].rate_Bps = 0;
	bad[2].rate_Bps = 1250001;
	bad[3].max_packet_bytes = 0;
	bad[4].filter_count = 0;
	bad[5].filters[0].dst = (struct addr){ 0 };
	bad[6].bucket_bytes = 1ull << 32;
	bad[7].buffer_bytes = 1ull << 32;
	bad[8].max_packet_bytes = UINT32_MAX;
	for (size_t i = 0; i < 9; i++) {
		struct tc_done done = fix_add(f, &bad[i]);

		T_EQ(done.error, EINVAL);
		T_CHECK(done.text[0] != '\0', "no reason, %zu", i);
	}
	T_EQ(pooled(f), 8);
	bad[2].rate_Bps = 1250000;
	T_EQ(fix_add(f, &bad[2]).error, 0);
	fix_free(f);
}

static void
counters_begin_at_zero(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow flow = fix_flow(7, 5004);

	b.classid = tc_classid(TC_MINOR_FIRST);
	T_EQ(fix_add(f, &flow).classid, b.classid);
	b.stats = (struct tc_class_stats){
		.bytes = 10000, .packets = 10, .drops = 2, .backlog_bytes = 9
	};
	T_EQ(tc_link_counters(f->link, &f->kernel, 1, 7, &f->listener), 0);
	T_EQ(f->ear.counter_count, 1);
	T_EQ(f->ear.counters[0].packets, 10);
	/* A change leaves them alone, in the books and for the next tcctl. */
	flow.rate_Bps *= 2;
	T_EQ(fix_add(f, &flow).error, 0);
	T_CHECK(fix_del(f, 7), "not answered");
	/* The pool goes round until the class comes again. */
	for (uint32_t id = 8;; id++) {
		flow.id = id;
		if (fix_add(f, &flow).classid == b.classid)
			break;
		T_CHECK(fix_del(f, id) && id < 100, "never");
	}
	flow.rate_Bps /= 2;
	T_EQ(fix_add(f, &flow).classid, b.classid);
	b.stats.bytes += 300;
	b.stats.packets += 3;
	b.stats.drops += 1;
	f->ear.counter_count = 0;
	T_EQ(tc_link_counters(f->link, &f->kernel, 1, 0, &f->listener), 0);
	T_EQ(f->ear.counter_count, 2); /* best effort and the flow */
	T_EQ(f->ear.counters[0].flow_id, 0);
	T_EQ(f->ear.counters[1].flow_id, flow.id);
	T_EQ(f->ear.counters[1].bytes, 300);
	T_EQ(f->ear.counters[1].packets, 3);
	T_EQ(f->ear.counters[1].drops, 1);
	T_EQ(f->ear.counters[1].backlog_bytes, 9);
	/* And the next tcctl knows as well. */
	restart(f);
	T_EQ(tc_link_counters(f->link, &f->kernel, 1, flow.id, &f->listener),
		0);
	T_EQ(f->ear.counters[0].packets, 3);
	T_EQ(f->ear.counters[0].bytes, 300);
	T_EQ(f->ear.counters[0].drops, 1);
	/* A class that somebody made again counts from 0: never below. */
	b.stats = (struct tc_class_stats){ .bytes = 1 };
	f->ear.counter_count = 0;
	T_EQ(tc_link_counters(f->link, &f->kernel, 1, flow.id, &f->listener),
		0);
	T_EQ(f->ear.counters[0].packets, 0);
	T_EQ(f->ear.counters[0].bytes, 0);
	fix_free(f);
}

/* Another service is another class; the old one goes back to its pool, after
 * what it has queued. */
static void
moved_flow_leaves_its_class_to_the_pool(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow flow = fix_flow(7, 5004);

	b.classid = fix_add(f, &flow).classid;
	b.stats.qlen = 1;
	T_EQ(f->link->pools[TC_GS].count, 3);
	flow.service = TC_SERVICE_CL;
	T_CHECK(fix_add(f, &flow).classid != b.classid, "the same class");
	T_EQ(f->link->pools[TC_CL].count, 3);
	T_EQ(fix_nodes(f, b.classid), 0);
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(f->link->pools[TC_GS].count, 3);
	T_EQ(fix_find(f, TC_CLASS, b.classid)->htb.rate_Bps, 100000);
	b.stats.qlen = 0;
	f->now = tc_drain_next(f->link);
	f->ear.count = 0;
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	T_EQ(f->link->pools[TC_GS].count, 4);
	T_EQ(f->ear.count, 0); /* that was answered before */
	fix_free(f);
}

/* Set up, changed and removed again and again in one hash bucket, beside a flow
 * that keeps one of its filters: no number is lost, none is given twice. */
static void
node_numbers_come_round(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow kept = fix_flow(1, 5004);
	struct tc_flow other = fix_flow(2, 5004);

	kept.filter_count = 2;
	kept.filters[1] = fix_filter("10.0.0.2", "10.0.0.1", 5004, 6001);
	T_EQ(fix_add(f, &kept).error, 0);
	for (uint16_t i = 0; i < 4200; i++) {
		kept.filters[1].src_port = (uint16_t)(7000 + i);
		T_EQ(fix_add(f, &kept).error, 0);
		other.filters[0].src_port = (uint16_t)(20000 + i);
		T_EQ(fix_add(f, &other).error, 0);
		T_CHECK(fix_del(f, 2), "not answered");
	}
	T_EQ(fix_nodes(f, tc_classid(TC_MINOR_FIRST)), 2);
	fix_free(f);
}

/* Senders say odd things: a peak below the rate, a buffer below a packet. */
static void
odd_figures_are_made_usable(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow flow = fix_flow(7, 5004);
	uint32_t classid;

	flow.service = TC_SERVICE_CL;
	flow.peak_Bps = 1000;
	flow.buffer_bytes = 1;
	classid = fix_add(f, &flow).classid;
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.ceil_Bps, flow.rate_Bps);
	T_EQ(fix_find(f, TC_QDISC_LEAF, classid << 16)->fifo.limit,
		flow.max_packet_bytes);
	fix_free(f);
}

/* RFC 2212, Policing: inside the network excess waits, and only what finds the
 * queue full is lost. */
static void
guaranteed_flows_are_shaped_not_policed(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow flow = fix_flow(7, 5004);
	uint32_t classid;

	flow.service = TC_SERVICE_GS;
	flow.peak_Bps = 2 * flow.rate_Bps;
	flow.buffer_bytes = 54321;
	classid = fix_add(f, &flow).classid;
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.rate_Bps, flow.rate_Bps);
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.ceil_Bps, flow.rate_Bps);
	T_EQ(fix_find(f, TC_QDISC_LEAF, classid << 16)->fifo.limit,
		54321 + FIX_BESIDE);
	fix_free(f);
}

/* What is borrowed goes by priority: best effort's is the same. */
static void
excess_shares_with_best_effort(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_flow flow = fix_flow(7, 5004);
	uint32_t best = fix_find(f, TC_CLASS, tc_classid(5))->htb.prio;
	uint32_t classid;

	flow.service = TC_SERVICE_CL;
	classid = fix_add(f, &flow).classid;
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.prio, best);
	flow = fix_flow(8, 5006);
	classid = fix_add(f, &flow).classid;
	T_CHECK(fix_find(f, TC_CLASS, classid)->htb.prio < best, "GS first");
	/* Idle ones have it already: a new one would have to wait. */
	for (size_t i = 0; i < f->dry.objects.count; i++) {
		const struct tc_object *o = &f->dry.objects.all[i];

		if (o->type == TC_CLASS && o->parent == tc_classid(3))
			T_EQ(o->htb.prio, best);
	}
	fix_free(f);
}

static void
small_packets_count_as_m(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_iface iface = fix_iface();
	struct tc_flow flow = fix_flow(7, 5004);
	struct tc_done done;
	uint32_t classid;

	flow.min_packet_bytes = 1038;
	classid = fix_add(f, &flow).classid;
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.mpu, 1038);
	/* Another smallest frame of the link is no matter of this flow. */
	iface.min_frame_bytes = 90;
	T_EQ(tc_link_change(f->link, &f->kernel, &iface, &done), 0);
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.mpu, 1038);
	flow.id = 8;
	flow.filters[0].dst_port = 5006;
	flow.min_packet_bytes = 10;
	classid = fix_add(f, &flow).classid;
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.mpu, 90);
	iface.min_frame_bytes = 95;
	T_EQ(tc_link_change(f->link, &f->kernel, &iface, &done), 0);
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.mpu, 95);
	iface.min_frame_bytes = 85;
	T_EQ(tc_link_change(f->link, &f->kernel, &iface, &done), 0);
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.mpu, 85);
	flow.id = 9;
	flow.filters[0].dst_port = 5008;
	flow.min_packet_bytes = 70000;
	classid = fix_add(f, &flow).classid;
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.mpu, 65535);
	fix_free(f);
}

/* ---- settings ------------------------------------------------------------ */

static void
changed_settings_are_followed(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	struct tc_iface iface = fix_iface();
	struct tc_flow cl = fix_flow(8, 5006);
	struct tc_done done;
	uint32_t classid;

	cl.service = TC_SERVICE_CL;
	classid = fix_add(f, &cl).classid;
	iface.link_Bps = 600000;
	iface.overhead_bytes = 38;
	T_EQ(tc_link_change(f->link, &f->kernel, &iface, &done), 0);
	T_EQ(done.error, 0);
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.ceil_Bps, 600000);
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.overhead, 38);
	T_EQ(fix_find(f, TC_CLASS, tc_classid(1))->htb.rate_Bps, 600000);
	/* And up again: what may use the whole link may do so. */
	iface.link_Bps = 900000;
	T_EQ(tc_link_change(f->link, &f->kernel, &iface, &done), 0);
	T_EQ(fix_find(f, TC_CLASS, classid)->htb.ceil_Bps, 900000);
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	fix_idle(f);
	for (size_t i = 0; i < f->dry.objects.count; i++)
		if (f->dry.objects.all[i].type == TC_CLASS)
			T_EQ(f->dry.objects.all[i].htb.overhead, 38);
	T_EQ(pooled(f), 7 + 1);

	/* The books say the same as the kernel: a restart changes nothing. */
	char *before = fix_picture(f);

	memset(&f->ear, 0, sizeof(f->ear));
	T_EQ(fix_open(f, &iface), 0);
	T_EQ(tc_drain_step(f->link, &f->kernel, f->now, &f->listener), 0);
	fix_idle(f);

	char *after = fix_picture(f);

	T_STR(after, before);
	free(before);
	free(after);
	fix_free(f);
}

/* Whatever it is that idle classes were made for: they are made anew. */
static void
each_setting_of_idle_classes_renews_them(void)
{
	enum { SETTINGS = 7 };

	for (size_t i = 0; i < SETTINGS; i++) {
		struct busy b;
		struct fix *f = opened(&b);
		struct tc_iface iface = fix_iface();
		struct tc_done done;

		iface.mtu += i == 0;
		iface.overhead_bytes += i == 1;
		iface.min_frame_bytes += i == 2;
		iface.atm = i == 3;
		iface.timer_us += i == 4;
		iface.link_Bps -= i == 5;
		T_EQ(tc_link_change(f->link, &f->kernel, &iface, &done), 0);
		T_EQ(done.error, 0);
		T_CHECK((pooled(f) == 0) == (i < 5), "setting %zu", i);
		/* What makes no sense changes nothing. */
		iface.mtu = 67;
		T_EQ(tc_link_change(f->link, &f->kernel, &iface, &done), 0);
		T_EQ(done.error, EINVAL);
		T_CHECK(strstr(done.text, "MTU"), "%s", done.text);
		T_CHECK(f->link->conf.mtu >= 1500, "taken");
		fix_free(f);
	}
}

static void
senseless_settings_are_refused(void)
{
	struct tc_iface bad[8];

	for (size_t i = 0; i < 8; i++)
		bad[i] = fix_iface();
	bad[0].ifindex = 0;
	bad[1].link_Bps = 0;
	bad[2].best_effort_Bps = bad[2].link_Bps + 1;
	bad[3].control_Bps = bad[3].link_Bps + 1;
	bad[4].mtu = 67;
	bad[5].pool_low = bad[5].pool_high + 1;
	bad[6].timer_us = 100001;
	bad[7].overhead_bytes = 70000;
	for (size_t i = 0; i < 8; i++) {
		struct fix *f = fix_new();

		T_EQ(fix_open(f, &bad[i]), EINVAL);
		T_EQ(f->dry.objects.count, 0);
		fix_free(f);
	}
}

static void
closing_removes_the_tree(void)
{
	struct busy b;
	struct fix *f = opened(&b);
	const struct tc_flow flow = fix_flow(7, 5004);
	struct tc_done done;

	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(tc_link_close(f->link, &f->kernel, &done), 0);
	T_EQ(done.error, 0);
	T_EQ(f->dry.objects.count, 0);
	fix_free(f);
}

/* ---- memory -------------------------------------------------------------- */

/* Each allocation in turn fails: refused or given up, never a leak. */
static void
lack_of_memory_is_survived(void)
{
	const struct tc_iface iface = fix_iface();
	bool through = false;

	for (size_t n = 0; n < 2000 && !through; n++) {
		struct t_ration ration = { .left = n };
		const struct alloc alloc = t_ration_alloc(&ration);
		struct fix *f = fix_new();
		struct tc_flow flow = fix_flow(7, 5004);
		struct tc_done done = { 0 };
		bool more = true;

		f->batch->alloc = f->batch->ops.alloc = &alloc;
		f->link = tc_link_new(&alloc, &iface);
		if (!f->link ||
			tc_link_open(f->link, &f->kernel, 1, &f->listener,
				&done) != 0 ||
			tc_link_idle(
				f->link, &f->kernel, &f->listener, &more) != 0)
			goto next;
		done.error =
			tc_batch_flow(f->batch, f->link, 1, &flow, done.text);
		if (done.error != 0) {
			T_CHECK(done.error == ENOMEM || done.error == ENOSPC,
				"error %d", done.error);
			T_CHECK(!tc_record_find(f->link, 7), "there");
			goto next;
		}
		if (tc_batch_run(f->batch, &f->kernel, f->now, &f->listener) !=
			0)
			goto next;
		if (tc_batch_del(f->batch, f->link, 2, 7, done.text) != 0 ||
			tc_batch_run(f->batch, &f->kernel, f->now,
				&f->listener) != 0)
			goto next;
		through = tc_drain_step(f->link, &f->kernel, f->now,
				  &f->listener) == 0 &&
			  pooled(f) > 0;
	next:
		/* Records in the hash are plain heap of uthash's own. */
		tc_link_free(f->link);
		f->link = NULL;
		fix_free(f);
		T_EQ(ration.held, 0);
	}
	T_CHECK(through, "never enough memory");
}

/* There was memory for the operations of two flows and not for a third. */
static void
lack_of_memory_hurts_no_other_request(void)
{
	struct t_ration ration = { .left = 1 };
	const struct alloc alloc = t_ration_alloc(&ration);
	struct busy b;
	struct fix *f = opened(&b);
	char text[TC_TEXT];

	f->batch->ops.alloc = &alloc;
	for (uint32_t id = 1; id <= 3; id++) {
		const struct tc_flow flow = fix_flow(id, (uint16_t)(5000 + id));

		T_EQ(tc_batch_flow(f->batch, f->link, id, &flow, text),
			id < 3 ? 0 : ENOMEM);
	}
	ration.left = 100;
	f->ear.count = 0;
	T_EQ(tc_batch_run(f->batch, &f->kernel, f->now, &f->listener), 0);
	T_EQ(f->ear.count, 2);
	T_EQ(f->ear.done[0].error, 0);
	T_EQ(f->ear.done[1].error, 0);
	T_CHECK(!tc_record_find(f->link, 3), "there");
	fix_free(f);
}

static struct t_case cases[] = {
	{ "the pool is filled in the background",
		pool_is_filled_in_the_background },
	{ "a surplus of idle classes is removed", surplus_is_removed },
	{ "a conversation that fails in the background is told",
		conversation_that_fails_in_the_background_is_told },
	{ "an empty class returns at once", empty_class_returns_at_once },
	{ "queued packets go out first", queued_packets_go_out_first },
	{ "what stays longer than 100 ms is thrown away and told",
		what_stays_too_long_is_thrown_away },
	{ "a debt of tokens is paid before the next owner",
		debts_are_paid_before_the_next_owner },
	{ "a class that vanished is forgotten",
		class_that_vanished_is_forgotten },
	{ "the same request again changes nothing",
		same_request_again_changes_nothing },
	{ "the same filter twice is one node", same_filter_twice_is_one_node },
	{ "the sums follow the flows", sums_follow_the_flows },
	{ "senseless flows are refused", senseless_flows_are_refused },
	{ "counters begin at zero, also for the next tcctl",
		counters_begin_at_zero },
	{ "a moved flow leaves its class to the pool",
		moved_flow_leaves_its_class_to_the_pool },
	{ "odd figures are made usable", odd_figures_are_made_usable },
	{ "guaranteed flows are shaped, not policed",
		guaranteed_flows_are_shaped_not_policed },
	{ "excess shares with best effort", excess_shares_with_best_effort },
	{ "small packets count as m", small_packets_count_as_m },
	{ "node numbers come round", node_numbers_come_round },
	{ "changed settings are followed", changed_settings_are_followed },
	{ "each setting of idle classes renews them",
		each_setting_of_idle_classes_renews_them },
	{ "senseless settings are refused", senseless_settings_are_refused },
	{ "closing removes the tree", closing_removes_the_tree },
	{ "lack of memory is survived", lack_of_memory_is_survived },
	{ "lack of memory hurts no other request",
		lack_of_memory_hurts_no_other_request },
};

T_MAIN(cases)
