/* SPDX-License-Identifier: ISC */

/*
 * rsvpctl send and reserve: what they ask of the daemon, and how they show what
 * it says.  ctl/flow.c, cmd_send.c, cmd_reserve.c, out_event.c
 */

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl_t.h"
#include "rapi_daemon.h"
#include "t_addr.h"

enum { LINE = 2048, REFUSED = 1, USAGE = 2, UNREACHABLE = 3 };

static struct {
	struct rapi_daemon daemon;
	pid_t pid;
	int streams[2];
	uint64_t handle;
	struct wire_session session;
	char first[LINE]; /* what it says it does, on stderr */
} w;

/* ---- the program --------------------------------------------------------- */

/* The next line of a stream, octet by octet. */
static void
read_line(int stream, char line[LINE])
{
	struct pollfd p = { .fd = w.streams[stream], .events = POLLIN };
	size_t n = 0;

	do {
		T_CHECK(poll(&p, 1, RAPI_DAEMON_MS) == 1, "nothing is said");
		T_EQ(read(p.fd, line + n, 1), 1);
		T_CHECK(n + 1 < LINE, "a long line");
	} while (line[n++] != '\n');
	line[n - 1] = '\0';
}

static void
expect_line(int stream, const char *want)
{
	char line[LINE];

	read_line(stream, line);
	T_STR(line, want);
}

/* It has opened its session, and waits for what is said and for signals. */
static void
begin(const char *words)
{
	char all[1024];
	struct rapi_msg_request q;

	memset(&w, 0, sizeof(w));
	rapi_daemon_start(&w.daemon);
	(void)snprintf(
		all, sizeof(all), "--rapi-socket %s %s", w.daemon.path, words);
	w.pid = ctl_t_start("/nowhere", all, w.streams);
	rapi_daemon_accept(&w.daemon);
	q = rapi_daemon_next(&w.daemon, RAPI_MSG_OPEN);
	w.handle = q.handle;
	w.session = q.session.session;
	if (strncmp(words, "--json", 6) != 0)
		read_line(1, w.first);
}

/* It has left. */
static void
expect_gone(void)
{
	char octet;

	T_CHECK(rapi_daemon_readable(w.daemon.fd), "it stays");
	T_CHECK(recv(w.daemon.fd, &octet, 1, 0) <= 0, "it says more");
}

/* It ends, by itself or because it is asked to. */
static void
end(bool ask, int status)
{
	int got;

	if (ask)
		T_EQ(kill(w.pid, SIGTERM), 0);
	T_EQ(waitpid(w.pid, &got, 0), w.pid);
	T_CHECK(WIFEXITED(got), "killed");
	T_EQ(WEXITSTATUS(got), status);
	(void)close(w.streams[0]);
	(void)close(w.streams[1]);
	rapi_daemon_stop(&w.daemon);
}

static bool
is(const struct addr *a, const char *text)
{
	const struct addr b = t_addr(text);

	return addr_equal(a, &b);
}

static void
tell(uint8_t kind, const struct rapi_msg_item *items, size_t n)
{
	const struct rapi_msg_event event = { .handle = w.handle,
		.kind = kind };

	rapi_daemon_event(&w.daemon, &event, items, n);
}

static void
tell_error(uint8_t kind, uint8_t flags)
{
	const struct rapi_msg_event event = { .handle = w.handle,
		.kind = kind,
		.error = { .node = t_addr("10.0.0.254"),
			.flags = flags,
			.code = 1,
			.value = 2 },
		.text = "needs 5, has 1" };

	rapi_daemon_event(&w.daemon, &event, NULL, 0);
}

/* ---- send ---------------------------------------------------------------- */

static void
a_sender_is_announced_as_it_is_described(void)
{
	struct rapi_msg_request q;

	begin("send 10.0.0.9 5004 --src 10.0.0.2 --src-port 7 --rate 1Mbit "
	      "--bucket 16kB --peak 2Mbit --min 100 --max 900 --ttl 9 --proto "
	      "6");
	T_CHECK(is(&w.session.dst, "10.0.0.9"), "to another");
	T_EQ(w.session.dst_port, 5004);
	T_EQ(w.session.proto, 6);
	q = rapi_daemon_next(&w.daemon, RAPI_MSG_SENDER);
	T_EQ(q.handle, w.handle);
	T_CHECK(is(&q.sender.sender.src, "10.0.0.2"), "from another");
	T_EQ(q.sender.sender.src_port, 7);
	T_EQ(q.sender.tspec.r, 125000);
	T_EQ(q.sender.tspec.b, 16000);
	T_EQ(q.sender.tspec.p, 250000);
	T_EQ(q.sender.tspec.m, 100);
	T_EQ(q.sender.tspec.M, 900);
	T_EQ(q.sender.ttl, 9);
	T_STR(w.first, "rsvpctl: announced to 10.0.0.9; interrupt to withdraw "
		       "it");
	T_EQ(kill(w.pid, SIGINT), 0);
	expect_gone();
	end(false, 0);
}

static void
a_sender_has_defaults(void)
{
	struct rapi_msg_request q;

	begin("send 2001:db8::9 5004 --peak 0");
	T_EQ(w.session.proto, 17);
	q = rapi_daemon_next(&w.daemon, RAPI_MSG_SENDER);
	T_CHECK(is(&q.sender.sender.src, "::"), "from another");
	T_EQ(q.sender.sender.src_port, 5004);
	T_EQ(q.sender.tspec.r, 125000);
	T_EQ(q.sender.tspec.b, 3000);
	T_CHECK(q.sender.tspec.p > 1e30f, "bounded");
	T_EQ(q.sender.tspec.m, 64);
	T_EQ(q.sender.tspec.M, 1500);
	T_EQ(q.sender.ttl, 0);
	end(true, 0);
}

static const struct wire_tspec tspec = {
	.r = 1000, .b = 2000, .p = 3000, .m = 40, .M = 1400
};

static void
a_sender_hears_what_is_reserved(void)
{
	const struct rapi_msg_item item = { .has_flowspec = true,
		.has_filter = true,
		.filter = { .src = t_addr("10.0.0.2"), .src_port = 7 },
		.flowspec = { .service = WIRE_SERVICE_CL, .tspec = tspec } };

	begin("send 10.0.0.9 5004");
	(void)rapi_daemon_next(&w.daemon, RAPI_MSG_SENDER);
	tell(2, NULL, 0);
	expect_line(0, "reservation: none");
	tell_error(3, 0);
	expect_line(0, "path error: code 1 value 2: requested bandwidth "
		       "unavailable, at "
		       "10.0.0.254 (needs 5, has 1)");
	tell(2, &item, 1);
	expect_line(0,
		"reservation: 10.0.0.2:7 [CL [1K(2K) p=3K m=40 M=1400] R=0 "
		"S=0]");
	end(true, 0);
	/* The last word counts. */
	begin("send 10.0.0.9 5004");
	(void)rapi_daemon_next(&w.daemon, RAPI_MSG_SENDER);
	tell_error(3, 0);
	expect_line(0, "path error: code 1 value 2: requested bandwidth "
		       "unavailable, at 10.0.0.254 (needs 5, has 1)");
	end(true, REFUSED);
}

/* ---- reserve ------------------------------------------------------------- */

/* Of two senders. */
static uint8_t adspec_bytes[2][256];
static size_t adspecs;

static struct wire_view
adspec(uint32_t mtu)
{
	const struct wire_adspec a = {
		.general = { .present = WIRE_GENERAL_ALL,
			.hops = 3,
			.bandwidth_Bps = 1e6f,
			.latency_us = 1000,
			.mtu = mtu },
		.service_count = 2,
		.services = { { .service = WIRE_SERVICE_GS,
				      .gs_terms = true,
				      .Ctot = 100,
				      .Dtot = 200 },
			{ .service = WIRE_SERVICE_CL } },
	};
	uint8_t *bytes = adspec_bytes[adspecs++ % 2];
	struct buf_writer out = buf_writer(bytes, sizeof(adspec_bytes[0]));

	T_CHECK(wire_adspec_encode(&out, &a), "encode");
	return (struct wire_view){ bytes, buf_written(&out) };
}

static struct rapi_msg_item
path_of(const char *src, float r, uint32_t mtu)
{
	struct rapi_msg_item item = { .has_filter = true,
		.has_tspec = true,
		.filter = { .src = t_addr(src), .src_port = 7 },
		.tspec = tspec,
		.adspec_view = adspec(mtu) };

	item.tspec.r = r;
	return item;
}

static void
what_is_announced_is_reserved(void)
{
	const struct rapi_msg_item item = path_of("10.0.0.2", 1000, 1300);
	struct rapi_msg_request q;
	const struct wire_flowspec *f;

	begin("reserve 10.0.0.9 5004");
	T_STR(w.first, "rsvpctl: reserving for what is announced to 10.0.0.9; "
		       "interrupt to release it");
	tell(1, NULL, 0);
	expect_line(0, "path: none");
	tell(1, &item, 1);
	q = rapi_daemon_next(&w.daemon, RAPI_MSG_RESERVE);
	T_CHECK(!q.confirm, "nobody asked for it");
	T_EQ(q.reserve.style, WIRE_STYLE_FF);
	T_EQ(q.reserve.flow_count, 1);
	T_CHECK(is(&q.reserve.flows[0].filter.src, "10.0.0.2"), "of another");
	f = &q.reserve.flows[0].flowspec;
	T_EQ(f->service, WIRE_SERVICE_CL);
	T_EQ(f->tspec.r, 1000);
	T_EQ(f->tspec.m, 40);
	T_EQ(f->tspec.M, 1300); /* of the path */
	expect_line(0, "path: 10.0.0.2:7 [T [1K(2K) p=3K m=40 M=1400]]");
	/* The same again is not asked for again. */
	tell(1, &item, 1);
	expect_line(0, "path: 10.0.0.2:7 [T [1K(2K) p=3K m=40 M=1400]]");
	T_CHECK(rapi_daemon_silent(&w.daemon), "again");
	tell_error(4, 0);
	expect_line(0, "reservation error: code 1 value 2: requested bandwidth "
		       "unavailable, at "
		       "10.0.0.254 (needs 5, has 1)");
	end(true, REFUSED);
}

static void
one_reservation_is_enough_for_several_senders(void)
{
	struct rapi_msg_item items[2];
	struct rapi_msg_request q;
	const struct wire_flowspec *f;

	begin("reserve 10.0.0.9 5004 --style se --confirm");
	items[0] = path_of("10.0.0.2", 1000, 1300);
	items[1] = path_of("10.0.0.3", 1500, 1300);
	items[1].tspec.m = 30;
	items[1].tspec.M = 1200;
	tell(1, items, 2);
	q = rapi_daemon_next(&w.daemon, RAPI_MSG_RESERVE);
	T_CHECK(q.confirm, "not to be confirmed");
	T_EQ(q.reserve.style, WIRE_STYLE_SE);
	T_EQ(q.reserve.flow_count, 2);
	f = &q.reserve.flows[0].flowspec;
	T_EQ(f->tspec.r, 1500);
	T_EQ(f->tspec.m, 30);
	T_EQ(f->tspec.M, 1300);
	expect_line(0, "path: 10.0.0.2:7 and 1 more [T [1K(2K) p=3K m=40 "
		       "M=1400]] ...");
	tell(5, NULL, 0);
	expect_line(0, "confirmed:");
	end(true, 0);
	/* Each its own. */
	begin("reserve 10.0.0.9 5004 --style ff");
	items[0] = path_of("10.0.0.2", 1000, 1300);
	items[1] = path_of("10.0.0.3", 1500, 1200);
	tell(1, items, 2);
	q = rapi_daemon_next(&w.daemon, RAPI_MSG_RESERVE);
	T_EQ(q.reserve.flow_count, 2);
	T_EQ(q.reserve.flows[0].flowspec.tspec.M, 1300);
	T_EQ(q.reserve.flows[1].flowspec.tspec.M, 1200);
	T_EQ(q.reserve.flows[1].flowspec.tspec.r, 1500);
	end(true, 0);
	/* Any sender. */
	begin("reserve 10.0.0.9 5004 --style wf");
	items[0] = path_of("10.0.0.2", 1000, 1300);
	items[1] = path_of("10.0.0.3", 1500, 1200);
	tell(1, items, 2);
	q = rapi_daemon_next(&w.daemon, RAPI_MSG_RESERVE);
	T_EQ(q.reserve.style, WIRE_STYLE_WF);
	T_EQ(q.reserve.flow_count, 1);
	T_EQ(q.reserve.flows[0].flowspec.tspec.r, 1500);
	T_EQ(q.reserve.flows[0].flowspec.tspec.M, 1200); /* fits both */
	end(true, 0);
}

static void
a_guaranteed_rate_or_delay_is_asked_for(void)
{
	const struct rapi_msg_item item = path_of("10.0.0.2", 1000, 1500);
	struct rapi_msg_request q;

	begin("reserve 10.0.0.9 5004 --service gs");
	tell(1, &item, 1);
	q = rapi_daemon_next(&w.daemon, RAPI_MSG_RESERVE);
	T_EQ(q.reserve.flows[0].flowspec.service, WIRE_SERVICE_GS);
	T_EQ(q.reserve.flows[0].flowspec.R, 1000);
	T_EQ(q.reserve.flows[0].flowspec.S, 0);
	end(true, 0);
	begin("reserve 10.0.0.9 5004 --service gs --rate 16kbit");
	tell(1, &item, 1);
	q = rapi_daemon_next(&w.daemon, RAPI_MSG_RESERVE);
	T_EQ(q.reserve.flows[0].flowspec.R, 2000);
	end(true, 0);
	/* RFC 2212: with R >= p the bound is (M + Ctot)/R + Dtot. */
	begin("reserve 10.0.0.9 5004 --service gs --bound-us 100200");
	tell(1, &item, 1);
	q = rapi_daemon_next(&w.daemon, RAPI_MSG_RESERVE);
	T_EQ(q.reserve.flows[0].flowspec.R, 15000);
	T_EQ(q.reserve.flows[0].flowspec.S, 0);
	end(true, 0);
	/* With the latency of the path, here 1 ms. */
	begin("reserve 10.0.0.9 5004 --service gs --delay-us 101200");
	tell(1, &item, 1);
	q = rapi_daemon_next(&w.daemon, RAPI_MSG_RESERVE);
	T_EQ(q.reserve.flows[0].flowspec.R, 15000);
	end(true, 0);
	/* What the rate leaves of the delay is slack. */
	begin("reserve 10.0.0.9 5004 --service gs --rate 120kbit --bound-us "
	      "150200");
	tell(1, &item, 1);
	q = rapi_daemon_next(&w.daemon, RAPI_MSG_RESERVE);
	T_EQ(q.reserve.flows[0].flowspec.R, 15000);
	T_EQ(q.reserve.flows[0].flowspec.S, 50000);
	end(true, 0);
}

static void
a_delay_that_cannot_be_had_is_not_asked_for(void)
{
	const struct rapi_msg_item item = path_of("10.0.0.2", 1000, 1500);

	begin("reserve 10.0.0.9 5004 --service gs --rate 120kbit --bound-us "
	      "100199 --once");
	tell(1, &item, 1);
	T_STR(w.first, "rsvpctl: reserving for what is announced to 10.0.0.9; "
		       "interrupt to release it");
	expect_line(1, "rsvpctl: that rate keeps the queueing delay within "
		       "100200 us on this path, not within 100199 us");
	expect_gone();
	end(false, REFUSED);
	begin("reserve 10.0.0.9 5004 --service gs --delay-us 1000 --once");
	tell(1, &item, 1);
	T_STR(w.first, "rsvpctl: reserving for what is announced to 10.0.0.9; "
		       "interrupt to release it");
	expect_line(1, "rsvpctl: the path itself takes 1000 us at least");
	expect_gone();
	end(false, REFUSED);
}

static void
once_ends_with_the_answer(void)
{
	const struct rapi_msg_item item = path_of("10.0.0.2", 1000, 1500);

	begin("reserve 10.0.0.9 5004 --once");
	tell(1, &item, 1);
	T_CHECK(rapi_daemon_next(&w.daemon, RAPI_MSG_RESERVE).confirm,
		"it would wait for ever");
	tell(5, NULL, 0);
	expect_gone();
	end(false, 0);
	begin("reserve 10.0.0.9 5004 --once");
	tell(1, &item, 1);
	(void)rapi_daemon_next(&w.daemon, RAPI_MSG_RESERVE);
	tell_error(4, 0);
	expect_gone();
	end(false, REFUSED);
	/* Before an answer it was not confirmed. */
	begin("reserve 10.0.0.9 5004 --once");
	end(true, REFUSED);
}

/* ---- as JSON ------------------------------------------------------------- */

static void
events_as_json_are_a_line_each(void)
{
	struct rapi_msg_item items[2];

	begin("--json reserve 10.0.0.9 5004 --service gs");
	items[0] = path_of("10.0.0.2", 1000, 1500);
	items[1] = path_of("2001:db8::2", 500, 1500);
	tell(1, items, 1);
	expect_line(0, "{\"schema\":1,\"event\":\"path_event\",\"flows\":"
		       "[{\"address\":\"10.0.0.2\",\"port\":7,\"r\":1000.0,"
		       "\"b\":2000.0,\"p\":3000.0,\"m\":40,\"M\":1400,"
		       "\"hops\":3,\"path_bw_Bps\":1000000.0,\"latency_us\":"
		       "1000,\"path_mtu\":1500,\"break\":false,\"Ctot\":100,"
		       "\"Dtot\":200}],\"bound_us\":2100200.0,\"R\":1000.0}");
	tell_error(4, 1);
	expect_line(0, "{\"schema\":1,\"event\":\"resv_error\",\"flows\":[],"
		       "\"code\":1,\"value\":2,\"error\":\"requested bandwidth "
		       "unavailable\",\"in_place\":"
		       "true,\"not_guilty\":false,\"node\":\"10.0.0.254\","
		       "\"text\":\"needs 5, has 1\"}");
	tell_error(3, 2);
	expect_line(0, "{\"schema\":1,\"event\":\"path_error\",\"flows\":[],"
		       "\"code\":1,\"value\":2,\"error\":\"requested bandwidth "
		       "unavailable\",\"in_place\":"
		       "false,\"not_guilty\":true,\"node\":\"10.0.0.254\","
		       "\"text\":\"needs 5, has 1\"}");
	end(true, REFUSED);
}

static void
events_of_ipv6_as_json_are_no_fault(void)
{
	const struct rapi_msg_item item = { .has_flowspec = true,
		.has_filter = true,
		.filter = { .src = t_addr("2001:db8::2"), .src_port = 7 },
		.flowspec = { .service = WIRE_SERVICE_GS,
			.tspec = tspec,
			.R = 5,
			.S = 6 } };
	char octet;

	begin("--json send 2001:db8::9 5004");
	(void)rapi_daemon_next(&w.daemon, RAPI_MSG_SENDER);
	tell(2, &item, 1);
	expect_line(0,
		"{\"schema\":1,\"event\":\"resv_event\",\"flows\":["
		"{\"address\":\"2001:db8::2\",\"port\":7,\"r\":1000.0,"
		"\"b\":2000.0,\"p\":3000.0,\"m\":40,\"M\":1400,\"R\":5.0,"
		"\"S\":6}]}");
	T_EQ(kill(w.pid, SIGTERM), 0);
	T_EQ(read(w.streams[1], &octet, 1), 0); /* nothing is wrong */
	end(false, 0);
}

/* ---- what is wrong ------------------------------------------------------- */

static void
a_daemon_that_is_gone_is_waited_for(void)
{
	begin("send 10.0.0.9 5004");
	(void)rapi_daemon_next(&w.daemon, RAPI_MSG_SENDER);
	T_STR(w.first, "rsvpctl: announced to 10.0.0.9; interrupt to withdraw "
		       "it");
	rapi_daemon_die(&w.daemon);
	expect_line(1, "rsvpctl: the daemon is gone; waiting for it to come "
		       "back");
	end(true, 0);
	ctl_t_expect_fault(CTL_T_NOTHING,
		"--rapi-socket /nowhere/at/all send 10.0.0.9 5004", UNREACHABLE,
		"rsvpctl: no session: ");
}

static void
what_is_not_understood_is_not_announced(void)
{
	static const struct {
		const char *words;
		const char *err;
	} rows[] = {
		{ "send", "a destination address and a port are needed" },
		{ "send 10.0.0.9", "a destination address and a port are" },
		{ "send nowhere 1", "nowhere: not an IP address" },
		{ "send 10.0.0.9 65536", "65536: not a port" },
		{ "send 10.0.0.9 -1", "-1: not a port" },
		{ "send 10.0.0.9 1 --what", "no option --what" },
		{ "send 10.0.0.9 1 what", "no option what" },
		{ "send 10.0.0.9 1 --rate", "--rate needs a value" },
		{ "send 10.0.0.9 1 --rate 0", "--rate 0: not a rate" },
		{ "send 10.0.0.9 1 --bucket 0", "--bucket 0: not a size" },
		{ "send 10.0.0.9 1 --ttl 0", "--ttl 0: not a number from 1" },
		{ "send 10.0.0.9 1 --ttl 256", "--ttl 256: not a number" },
		{ "send 10.0.0.9 1 --proto 0", "--proto 0: not a number" },
		{ "send 10.0.0.9 1 --proto 256", "--proto 256: not a number" },
		{ "send 10.0.0.9 1 --src 2001:db8::1",
			"not an address of the destination's family" },
		{ "send 10.0.0.9 1 --src x", "not an address of the" },
		{ "send 10.0.0.9 1 --src-port 65536", "not a port" },
		{ "send 10.0.0.9 1 --min 1x", "not a number of octets" },
		{ "send 10.0.0.9 1 --max 4294967296", "not a number of" },
		{ "reserve 10.0.0.9 1 --style xx", "not ff, se or wf" },
		{ "reserve 10.0.0.9 1 --service xx", "not gs or cl" },
		{ "reserve 10.0.0.9 1 --service gs --bound-us 0",
			"not a number of microseconds" },
		{ "reserve 10.0.0.9 1 --rate 1Mbit", "go with --service gs" },
		{ "reserve 10.0.0.9 1 --bound-us 1", "go with --service gs" },
		{ "reserve 10.0.0.9 1 --delay-us 1", "go with --service gs" },
		{ "reserve 10.0.0.9 1 --service gs --bound-us 1 --delay-us 1",
			"--bound-us or --delay-us, not both" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ctl_t_expect_fault(NULL, rows[i].words, USAGE, rows[i].err);
}

static struct t_case cases[] = {
	{ "a sender is announced as it is described",
		a_sender_is_announced_as_it_is_described },
	{ "a sender has defaults", a_sender_has_defaults },
	{ "a sender hears what is reserved", a_sender_hears_what_is_reserved },
	{ "what is announced is reserved", what_is_announced_is_reserved },
	{ "one reservation is enough for several senders",
		one_reservation_is_enough_for_several_senders },
	{ "a guaranteed rate or delay is asked for",
		a_guaranteed_rate_or_delay_is_asked_for },
	{ "a delay that cannot be had is not asked for",
		a_delay_that_cannot_be_had_is_not_asked_for },
	{ "once ends with the answer", once_ends_with_the_answer },
	{ "events as JSON are a line each", events_as_json_are_a_line_each },
	{ "events of IPv6 as JSON are no fault",
		events_of_ipv6_as_json_are_no_fault },
	{ "a daemon that is gone is waited for",
		a_daemon_that_is_gone_is_waited_for },
	{ "what is not understood is not announced",
		what_is_not_understood_is_not_announced },
};
T_MAIN(cases)
