/* SPDX-License-Identifier: ISC */

/*
 * An application that reserves by the RAPI (C809) for every sender it hears
 * of, and prints what becomes of it, one JSON line an event, until SIGTERM.
 * For Guaranteed Service the rate is chosen from what the path announces
 * (RFC 2212), or given.
 */

#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rapi_app.h"
#include "traffic.h"

enum { SENDERS = 64 };

struct receiver {
	rapi_styleid_t style;
	bool guaranteed;
	bool confirm;
	float32_t rate;  /* R; 0: from the bound */
	double bound_us; /* 0: R is r */
	/* The latest request; one like it is not made again. */
	int count;
	rapi_filter_t filters[SENDERS];
	rapi_flowspec_t flowspecs[SENDERS];
};

/* The service's view of a path: its own values, or the general ones. */
static uint32_t
path_mtu(const rapi_qos_adspecx_t *a, bool guaranteed)
{
	if (guaranteed && a->xGaspec_override)
		return a->xGaspec_composed_MTU;
	if (!guaranteed && a->xClaspec_override)
		return a->xClaspec_composed_MTU;
	return a->xaspec_composed_MTU;
}

/* R for one sender.  False, and a line that says why, when there is none. */
static bool
choose_rate(const struct receiver *r, const rapi_tspec_t *tspec,
	const rapi_adspec_t *adspec, float32_t *ret_rate)
{
	if (r->rate > 0) {
		*ret_rate = r->rate;
		return true;
	}
	if (r->bound_us <= 0) {
		*ret_rate = tspec->tspecbody_qosx.xtspec_r;
		return true;
	}
	if (rapi_ext_guar_rate(tspec, adspec, r->bound_us / 1e6, ret_rate,
		    NULL) == RAPI_ERR_OK)
		return true;
	rapi_app_say("problem", rapi_ext_last_error());
	return false;
}

static bool
make_flowspec(const struct receiver *r, const rapi_tspec_t *tspec,
	const rapi_adspec_t *adspec, rapi_flowspec_t *ret_flowspec)
{
	rapi_flowspec_t f;
	rapi_qos_flowspecx_t *x = &f.specbody_qosx;

	memset(&f, 0, sizeof(f));
	f.len = sizeof(f); /* a list of them is an array then */
	f.form = RAPI_FLOWSTYPE_Simplified;
	x->spec_type = r->guaranteed ? RAPI_QOS_GUARANTEED : RAPI_QOS_CNTR_LOAD;
	x->xspec_Tspec = tspec->tspecbody_qosx.xtspec_Tspec;
	if (adspec && adspec->form == RAPI_ADSTYPE_Simplified) {
		const uint32_t mtu =
			path_mtu(&adspec->adspecbody_qosx, r->guaranteed);

		if (mtu > 0 && x->xspec_M > mtu)
			x->xspec_M = mtu;
	}
	if (r->guaranteed && !choose_rate(r, tspec, adspec, &x->xspec_R))
		return false;
	*ret_flowspec = f;
	return true;
}

static void
describe_path(json_t *line, const struct receiver *r, const rapi_tspec_t *tspec,
	const rapi_adspec_t *adspec, float32_t R)
{
	double delay_s;

	if (adspec && adspec->form == RAPI_ADSTYPE_Simplified) {
		const rapi_qos_adspecx_t *a = &adspec->adspecbody_qosx;
		const int flags =
			r->guaranteed ? a->xGaspec_flags : a->xClaspec_flags;

		json_object_set_new(
			line, "Ctot", json_integer(a->xGaspec_Ctot));
		json_object_set_new(
			line, "Dtot", json_integer(a->xGaspec_Dtot));
		json_object_set_new(
			line, "path_bw_Bps", json_real(a->xaspec_path_bw));
		json_object_set_new(
			line, "mtu", json_integer(a->xaspec_composed_MTU));
		json_object_set_new(
			line, "hops", json_integer(a->xaspec_hopcnt));
		json_object_set_new(line, "latency_us",
			json_integer(a->xaspec_min_latency));
		json_object_set_new(line, "break",
			json_boolean((a->xaspec_flags | flags) &
				     RAPI_XASPEC_FLG_BRK));
	}
	if (r->guaranteed && R > 0)
		json_object_set_new(line, "R", json_real(R));
	if (r->guaranteed &&
		rapi_ext_guar_delay(tspec, adspec, R, &delay_s) == RAPI_ERR_OK)
		json_object_set_new(line, "bound_us", json_real(delay_s * 1e6));
	else
		json_object_set_new(line, "bound_us", json_null());
}

/* By the bodies: what follows them in the union is nobody's. */
static bool
same_request(const struct receiver *a, const struct receiver *b)
{
	if (a->count != b->count)
		return false;
	for (int i = 0; i < a->count; i++)
		if (memcmp(&a->filters[i], &b->filters[i],
			    sizeof(a->filters[i])) != 0 ||
			memcmp(&a->flowspecs[i].specbody_qosx,
				&b->flowspecs[i].specbody_qosx,
				sizeof(rapi_qos_flowspecx_t)) != 0)
			return false;
	return true;
}

/* Reserve for all senders, if that differs from what was asked last.  Shared
 * styles have one flowspec, and the wildcard no filters. */
static void
reserve(struct receiver *r, rapi_sid_t sid, const struct receiver *want)
{
	if (same_request(r, want))
		return;
	*r = *want;

	const int shared = r->count > 0 ? 1 : 0;
	const int rc = rapi_reserve(sid, r->confirm ? RAPI_REQ_CONFIRM : 0,
		NULL, r->style, NULL, NULL,
		r->style == RAPI_RSTYLE_WILDCARD ? 0 : r->count, r->filters,
		r->style == RAPI_RSTYLE_FIXED ? r->count : shared,
		r->flowspecs);

	rapi_app_say(rc == RAPI_ERR_OK ? "reserve" : "problem",
		rc == RAPI_ERR_OK ? "" : rapi_ext_last_error());
}

static void
on_path(rapi_sid_t sid, const struct rapi_app_event *event, json_t *line,
	struct receiver *r)
{
	const rapi_filter_t *filter = event->filter;
	const rapi_flowspec_t *spec = event->flowspec;
	const rapi_adspec_t *adspec = event->adspec;
	struct receiver want = *r;

	memset(want.filters, 0, sizeof(want.filters));
	memset(want.flowspecs, 0, sizeof(want.flowspecs));
	want.count = 0;
	for (int i = 0; i < event->filters && want.count < SENDERS; i++) {
		const rapi_tspec_t *tspec = (const rapi_tspec_t *)spec;
		rapi_flowspec_t *f = &want.flowspecs[want.count];

		if (make_flowspec(r, tspec, adspec, f)) {
			rapi_filter_t *copy = &want.filters[want.count++];

			memcpy(copy, filter, filter->len);
			copy->len = sizeof(*copy);
		}
		if (i == 0) {
			json_object_set_new(
				line, "sender", rapi_app_filter(filter));
			json_object_set_new(
				line, "tspec", rapi_app_spec(spec, true));
			describe_path(line, r, tspec, adspec,
				f->specbody_qosx.xspec_R);
		}
		filter = (const rapi_filter_t *)((const char *)filter +
						 filter->len);
		spec = (const rapi_flowspec_t *)((const char *)spec +
						 spec->len);
		if (adspec)
			adspec = (const rapi_adspec_t *)((const char *)adspec +
							 adspec->len);
	}
	json_object_set_new(line, "senders", json_integer(event->filters));
	rapi_app_print(line);
	if (want.count > 0 || r->count > 0)
		reserve(r, sid, &want);
}

static void
on_event(rapi_sid_t sid, rapi_eventinfo_t type, rapi_styleid_t style, int code,
	int value, rapi_addr_t *node, unsigned flags, int filter_count,
	rapi_filter_t *filters, int flowspec_count, rapi_flowspec_t *flowspecs,
	int adspec_count, rapi_adspec_t *adspecs, void *arg)
{
	const struct rapi_app_event event = { type, style, code, value, node,
		flags, filter_count, filters, flowspec_count, flowspecs,
		adspec_count, adspecs };
	json_t *line = rapi_app_line(&event);

	if (type == RAPI_PATH_EVENT) {
		on_path(sid, &event, line, (struct receiver *)arg);
		return;
	}
	if (filter_count > 0)
		json_object_set_new(line, "filter", rapi_app_filter(filters));
	if (flowspec_count > 0)
		json_object_set_new(
			line, "flowspec", rapi_app_spec(flowspecs, false));
	rapi_app_print(line);
}

static void
usage(void)
{
	fprintf(stderr, "usage: rapi_recv --dst ADDR --port N "
			"[--service gs|cl] [--rate B/s | --bound-us N]\n"
			"	[--style wf|ff|se] [--confirm] [--proto N] "
			"[--family 4|6]\n");
	exit(2);
}

static rapi_styleid_t
style_of(const char *text)
{
	if (strcmp(text, "wf") == 0)
		return RAPI_RSTYLE_WILDCARD;
	if (strcmp(text, "se") == 0)
		return RAPI_RSTYLE_SE;
	if (strcmp(text, "ff") != 0)
		usage();
	return RAPI_RSTYLE_FIXED;
}

/* A receiver of multicast joins its group. */
static void
join(const char *dst, sa_family_t family)
{
	const int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		traffic_die("socket");
	traffic_join(fd, dst); /* for as long as it runs */
}

struct options {
	const char *dst;
	uint16_t port;
	int proto;
	int family;
};

static struct options
parse(int argc, char **argv, struct receiver *r)
{
	static const struct option names[] = {
		{ "dst", required_argument, NULL, 'd' },
		{ "port", required_argument, NULL, 'P' },
		{ "service", required_argument, NULL, 's' },
		{ "style", required_argument, NULL, 't' },
		{ "rate", required_argument, NULL, 'r' },
		{ "bound-us", required_argument, NULL, 'b' },
		{ "confirm", no_argument, NULL, 'c' },
		{ "proto", required_argument, NULL, 'o' },
		{ "family", required_argument, NULL, 'f' },
		{ 0 },
	};
	struct options o = { .proto = IPPROTO_UDP };
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'd':
			o.dst = optarg;
			break;
		case 'P':
			o.port = (uint16_t)traffic_number(
				"--port", optarg, 0, 65535);
			break;
		case 's':
			r->guaranteed = strcmp(optarg, "gs") == 0;
			if (!r->guaranteed && strcmp(optarg, "cl") != 0)
				usage();
			break;
		case 't':
			r->style = style_of(optarg);
			break;
		case 'r':
			r->rate = strtof(optarg, NULL);
			break;
		case 'b':
			r->bound_us = strtod(optarg, NULL);
			break;
		case 'c':
			r->confirm = true;
			break;
		case 'o':
			o.proto =
				(int)traffic_number("--proto", optarg, 1, 255);
			break;
		case 'f':
			o.family =
				(int)traffic_number("--family", optarg, 4, 6);
			break;
		default:
			usage();
		}
	}
	if (!o.dst || optind != argc)
		usage();
	return o;
}

int
main(int argc, char **argv)
{
	static struct receiver receiver = { .style = RAPI_RSTYLE_FIXED };
	const struct options o = parse(argc, argv, &receiver);
	const union rapi_app_addr dst = rapi_app_addr(o.dst, o.port, o.family);

	rapi_app_catch();
	join(o.dst, dst.any.sa_family);

	const rapi_sid_t sid =
		rapi_app_session(&dst, o.proto, on_event, &receiver);

	rapi_app_say("registered", "");
	rapi_app_run(sid);
	rapi_release(sid);
	rapi_app_say("released", "");
	return 0;
}
