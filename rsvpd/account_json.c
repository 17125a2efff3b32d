/* SPDX-License-Identifier: ISC */

/* Accounting records as JSON, see account_json.h and rsvpd(8). */

#include "rsvpd/account_json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

enum { SEED = 0x5256, STAMP = 48 };

void
account_json_init(void)
{
	/* With no seed it opens a file for one.  All keys are ours. */
	json_object_seed(SEED);
	tzset(); /* gmtime_r() would, and that opens a file too */
}

const char *
account_end_text(enum rsvp_end end)
{
	static const char *const words[RSVP_END_COUNT] = {
		[RSVP_END_TORN] = "torn",
		[RSVP_END_EXPIRED] = "expired",
		[RSVP_END_PREEMPTED] = "preempted",
		[RSVP_END_POLICY] = "policy",
		[RSVP_END_ROUTE] = "route",
		[RSVP_END_INTERFACE] = "interface",
		[RSVP_END_UNCLAIMED] = "unclaimed",
		[RSVP_END_STOPPED] = "stopped",
		[RSVP_END_ERROR] = "error",
	};

	return words[end];
}

static json_t *
number(uint64_t v)
{
	return json_integer((json_int_t)(v < INT64_MAX ? v : INT64_MAX));
}

static json_t *
bits(double octets)
{
	return json_real(octets * 8);
}

static void
put(json_t *object, const char *key, json_t *value)
{
	/* Without memory the whole line is missing: json_dumps() fails too or
	 * the key is not there; nothing is wrong. */
	(void)json_object_set_new(object, key, value);
}

static json_t *
text_or_null(const char *s)
{
	return s[0] != '\0' ? json_string(s) : json_null();
}

/* RFC 3339, UTC, milliseconds. */
static json_t *
stamp(int64_t unix_ms)
{
	char buf[STAMP];
	struct text t = text_over(buf, sizeof(buf));
	const time_t s = (time_t)(unix_ms / 1000);
	struct tm tm;

	if (!gmtime_r(&s, &tm))
		return json_null();
	text_printf(&t, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		tm.tm_min, tm.tm_sec, (int)(unix_ms % 1000));
	return json_string(buf);
}

static json_t *
address(const struct addr *addr)
{
	char buf[ADDR_TEXT];

	return addr->family == ADDR_NONE ? json_null()
					 : json_string(addr_format(addr, buf));
}

static void
put_times(
	json_t *o, const char *how, int64_t start_unix_ms, int64_t now_unix_ms)
{
	put(o, "event", json_string(how ? "end" : "interim"));
	put(o, "how", how ? json_string(how) : json_null());
	put(o, "start", stamp(start_unix_ms));
	put(o, "end", stamp(now_unix_ms));
	put(o, "duration_ms", json_integer(now_unix_ms - start_unix_ms));
}

static json_t *
who_of(const struct account_flow *flow)
{
	const struct rsvp_account *what = flow->what;
	json_t *o;

	if (!flow->charged)
		return json_null();
	o = json_object();
	if (what->role == RSVP_ROLE_SENDER && what->who.known) {
		put(o, "uid", number(what->who.uid));
		put(o, "gid", number(what->who.gid));
		put(o, "pid", number(what->who.pid));
		put(o, "user", text_or_null(flow->user));
	}
	put(o, "neighbour", address(&what->neighbour));
	return o;
}

static json_t *
session_of(const struct rsvp_flow *flow)
{
	json_t *o = json_object();

	put(o, "destination", address(&flow->dst));
	put(o, "protocol", number(flow->proto));
	put(o, "port", number(flow->dst_port));
	return o;
}

static json_t *
senders_of(const struct rsvp_flow *flow)
{
	json_t *list = json_array();

	for (size_t i = 0; i < flow->filter_count; i++) {
		const struct wire_filter *f = &flow->filters[i];
		json_t *o = json_object();

		put(o, "address", address(&f->src));
		put(o, "port", number(f->src_port));
		(void)json_array_append_new(list, o); /* as in put() */
	}
	return list;
}

static void
put_rates(json_t *o, const struct account_flow *flow)
{
	const struct rsvp_account *what = flow->what;
	bool gs = what->flow.service == WIRE_SERVICE_GS;

	put(o, "service", json_string(gs ? "GS" : "CL"));
	put(o, "style",
		flow->charged && wire_style_known(what->style)
			? json_string(wire_style_text(what->style))
			: json_null());
	put(o, "rate_bps",
		!flow->charged ? json_null()
		: gs           ? bits((double)what->flowspec.R)
			       : bits((double)what->flowspec.tspec.r));
	put(o, "bucket_bytes",
		flow->charged ? json_real((double)what->flowspec.tspec.b)
			      : json_null());
	put(o, "wire_rate_bps", number(what->flow.rate_Bps * 8));
}

static void
put_counters(json_t *o, const struct account_flow *flow)
{
	static const char *const words[] = { [ACCOUNT_NOT_COUNTED] = "no",
		[ACCOUNT_COUNTED_BEFORE] = "before",
		[ACCOUNT_COUNTED] = "yes" };
	bool known = flow->counted != ACCOUNT_NOT_COUNTED;
	const struct tc_counter *c = &flow->counter;

	put(o, "counted", json_string(words[flow->counted]));
	put(o, "bytes", known ? number(c->bytes) : json_null());
	put(o, "packets", known ? number(c->packets) : json_null());
	put(o, "out_packets", known ? number(c->drops) : json_null());
}

static char *
line_of(json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
	size_t len = text ? strlen(text) : 0;
	char *line = text ? (char *)malloc(len + 2) : NULL;

	json_decref(o);
	if (line) {
		memcpy(line, text, len + 1);
		line[len] = '\n';
		line[len + 1] = '\0';
	}
	free(text);
	return line;
}

char *
account_json_flow(const struct account_flow *flow)
{
	const struct rsvp_account *what = flow->what;
	json_t *o = json_object();

	put(o, "schema", json_integer(1));
	put(o, "record", json_string("reservation"));
	put_times(o, what->ended ? account_end_text(what->end) : NULL,
		flow->start_unix_ms, flow->now_unix_ms);
	put(o, "flow", number(what->flow.id));
	put(o, "interface", json_string(flow->ifname));
	put(o, "adopted", json_boolean(what->adopted));
	put(o, "who", who_of(flow));
	put(o, "reservations", number(what->reservations));
	put(o, "session", session_of(&what->flow));
	put(o, "senders", senders_of(&what->flow));
	put_rates(o, flow);
	put(o, "rule", text_or_null(flow->charged ? what->rule : ""));
	put(o, "category", text_or_null(flow->category));
	put_counters(o, flow);
	return line_of(o);
}

char *
account_json_rule(const struct rules_info *rule, const char *how,
	int64_t start_unix_ms, int64_t now_unix_ms)
{
	json_t *o = json_object();

	put(o, "schema", json_integer(1));
	put(o, "record", json_string("rule"));
	put_times(o, how, start_unix_ms, now_unix_ms);
	put(o, "interface", json_string(rule->ifname));
	put(o, "rule", json_string(rule->name));
	put(o, "category", text_or_null(rule->category));
	put(o, "wire_rate_bps",
		rule->rate_Bps != 0 ? number(rule->rate_Bps * 8) : json_null());
	put(o, "bytes", number(rule->in_bytes));
	put(o, "packets", number(rule->in_packets));
	put(o, "out_bytes", number(rule->out_bytes));
	put(o, "out_packets", number(rule->out_packets));
	return line_of(o);
}
