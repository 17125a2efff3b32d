/* SPDX-License-Identifier: ISC */

/* rsvpctl reserve: make a reservation for the senders that are heard, and hold
 * it. */

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/flow.h"
#include "rapi/rapi_ext.h"

static bool
set_service(struct flow *flow, const char *value)
{
	if (strcmp(value, "gs") == 0)
		flow->service = RAPI_QOS_GUARANTEED;
	else if (strcmp(value, "cl") == 0)
		flow->service = RAPI_QOS_CNTR_LOAD;
	else
		return false;
	return true;
}

static bool
set_rate(struct flow *flow, const char *value)
{
	uint64_t v;

	if (!text_parse_rate(value, &v) || v == 0)
		return false;
	flow->rate_Bps = (float)v;
	return true;
}

static bool
set_seconds(double *ret_s, const char *value)
{
	uint64_t v;

	if (!flow_number(value, 1, 3600000000u, &v))
		return false;
	*ret_s = (double)v / 1e6;
	return true;
}

static bool
set_bound(struct flow *flow, const char *value)
{
	return set_seconds(&flow->bound_s, value);
}

static bool
set_delay(struct flow *flow, const char *value)
{
	return set_seconds(&flow->delay_s, value);
}

static bool
set_style(struct flow *flow, const char *value)
{
	if (strcmp(value, "ff") == 0)
		flow->style = RAPI_RSTYLE_FIXED;
	else if (strcmp(value, "se") == 0)
		flow->style = RAPI_RSTYLE_SE;
	else if (strcmp(value, "wf") == 0)
		flow->style = RAPI_RSTYLE_WILDCARD;
	else
		return false;
	return true;
}

static bool
set_confirm(struct flow *flow, const char *value)
{
	(void)value; /* a flag */
	flow->confirm = true;
	return true;
}

static bool
set_once(struct flow *flow, const char *value)
{
	(void)value; /* a flag */
	flow->once = true;
	flow->confirm = true;
	return true;
}

static const struct flow_option options[] = {
	{ "service", false, set_service, "gs or cl" },
	{ "rate", false, set_rate, "a rate (write it like \"1 Mbit\")" },
	{ "bound-us", false, set_bound, "a number of microseconds" },
	{ "delay-us", false, set_delay, "a number of microseconds" },
	{ "style", false, set_style, "ff, se or wf" },
	{ "confirm", true, set_confirm, NULL },
	{ "once", true, set_once, NULL },
	{ "proto", false, flow_set_proto, "a number from 1 to 255" },
	{ NULL, false, NULL, NULL },
};

/* The queueing delay wanted of that path; 0: none is, negative: reported. */
static double
wanted_bound_s(const struct flow *flow, const rapi_adspec_t *adspec)
{
	uint32_t latency_us;

	if (flow->delay_s <= 0)
		return flow->bound_s;
	if (rapi_ext_path_latency(adspec, flow->service, &latency_us) !=
		RAPI_ERR_OK) {
		fprintf(stderr,
			"rsvpctl: %s; --bound-us asks for a queueing delay "
			"without it\n",
			rapi_ext_last_error());
		return -1;
	}
	if (flow->delay_s * 1e6 > latency_us)
		return flow->delay_s - latency_us / 1e6;
	fprintf(stderr, "rsvpctl: the path itself takes %u us at least\n",
		(unsigned)latency_us);
	return -1;
}

/* A rate and a delay: what the rate leaves of the delay is slack for the nodes
 * on the way.  A delay alone: the smallest rate.  False: reported. */
static bool
set_rspec(const struct flow *flow, const rapi_tspec_t *tspec,
	const rapi_adspec_t *adspec, rapi_qos_flowspecx_t *q)
{
	const double bound_s = wanted_bound_s(flow, adspec);
	double delay_s = 0;
	int rc;

	q->xspec_R = flow->rate_Bps > 0 ? flow->rate_Bps : q->xspec_r;
	if (bound_s < 0)
		return false;
	if (bound_s == 0)
		return true;
	rc = flow->rate_Bps > 0
		     ? rapi_ext_guar_delay(tspec, adspec, q->xspec_R, &delay_s)
		     : rapi_ext_guar_rate(
			       tspec, adspec, bound_s, &q->xspec_R, NULL);
	if (rc != RAPI_ERR_OK) {
		fprintf(stderr, "rsvpctl: %s\n", rapi_ext_last_error());
		return false;
	}
	if (delay_s > bound_s) {
		fprintf(stderr,
			"rsvpctl: that rate keeps the queueing delay within "
			"%.0f us on this path, not within %.0f us\n",
			ceil(delay_s * 1e6), bound_s * 1e6);
		return false;
	}
	if (flow->rate_Bps > 0)
		q->xspec_S = (uint32_t)((bound_s - delay_s) * 1e6);
	return true;
}

/*
 * What to ask for one sender.  False, with a message, when the wanted delay
 * cannot be had.
 */
static bool
spec_for(const struct flow *flow, const rapi_tspec_t *tspec,
	const rapi_adspec_t *adspec, rapi_flowspec_t *ret_spec,
	double *ret_bound_us)
{
	rapi_flowspec_t spec = { .len = sizeof(rapi_hdr_t) +
					sizeof(rapi_qos_flowspecx_t),
		.form = RAPI_FLOWSTYPE_Simplified };
	rapi_qos_flowspecx_t *q = &spec.specbody_qosx;
	uint32_t mtu;
	double delay_s = 0;

	q->spec_type = flow->service;
	q->xspec_Tspec = tspec->tspecbody_qosx.xtspec_Tspec;
	*ret_bound_us = 0;
	/* RFC 2210 2.3.2 */
	if (rapi_ext_path_mtu(adspec, flow->service, &mtu) == RAPI_ERR_OK &&
		q->xspec_M > mtu)
		q->xspec_M = mtu;
	if (q->xspec_m > q->xspec_M)
		q->xspec_m = q->xspec_M;
	if (flow->service == RAPI_QOS_GUARANTEED) {
		if (!set_rspec(flow, tspec, adspec, q))
			return false;
		if (rapi_ext_guar_delay(tspec, adspec, q->xspec_R, &delay_s) ==
			RAPI_ERR_OK)
			*ret_bound_us = delay_s * 1e6 + q->xspec_S;
	}
	*ret_spec = spec;
	return true;
}

/* What is asked for.  Lists of the RAPI are packed. */
struct request {
	int specs;
	int filters;
	char *specs_end;
	char *filters_end;
	uint32_t mtu; /* the smallest of the paths */
	rapi_flowspec_t spec_list[FLOW_SENDERS_MAX];
	rapi_filter_t filter_list[FLOW_SENDERS_MAX];
};

/* A path event that changes nothing of the request does not repeat it. */
static bool
asked_before(struct flow *flow, const struct request *r)
{
	uint8_t bytes[sizeof(flow->asked)];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	buf_put_bytes(&w, r->spec_list,
		(size_t)(r->specs_end - (const char *)r->spec_list));
	buf_put_bytes(&w, r->filter_list,
		(size_t)(r->filters_end - (const char *)r->filter_list));
	if (buf_written(&w) == flow->asked_len &&
		memcmp(bytes, flow->asked, flow->asked_len) == 0)
		return true;
	flow->asked_len = buf_written(&w);
	memcpy(flow->asked, bytes, flow->asked_len);
	return false;
}

/* One reservation that is enough for either sender, and whose packets fit all
 * paths (RFC 2210 2.3.2). */
static void
share(rapi_flowspec_t *shared, const rapi_flowspec_t *spec, uint32_t mtu)
{
	rapi_qos_flowspecx_t *s = &shared->specbody_qosx;
	const rapi_qos_flowspecx_t *q = &spec->specbody_qosx;

	s->xspec_r = fmaxf(s->xspec_r, q->xspec_r);
	s->xspec_b = fmaxf(s->xspec_b, q->xspec_b);
	s->xspec_p = fmaxf(s->xspec_p, q->xspec_p);
	s->xspec_R = fmaxf(s->xspec_R, q->xspec_R);
	if (s->xspec_S > q->xspec_S)
		s->xspec_S = q->xspec_S;
	if (s->xspec_M < q->xspec_M)
		s->xspec_M = q->xspec_M;
	if (s->xspec_M > mtu)
		s->xspec_M = mtu;
	if (s->xspec_m > q->xspec_m)
		s->xspec_m = q->xspec_m;
	if (s->xspec_m > s->xspec_M)
		s->xspec_m = s->xspec_M;
}

static void
ask_for(struct request *r, const struct flow *flow, const rapi_flowspec_t *spec,
	const rapi_filter_t *filter)
{
	if (r->specs == 0 || flow->style == RAPI_RSTYLE_FIXED) {
		memcpy(r->specs_end, spec, spec->len);
		r->specs_end += spec->len;
		r->specs++;
	} else {
		share(r->spec_list, spec, r->mtu);
	}
	if (flow->style == RAPI_RSTYLE_WILDCARD)
		return;
	memcpy(r->filters_end, filter, filter->len);
	r->filters_end += filter->len;
	r->filters++;
}

/* The senders that were heard.  What the lists have no room for is left out. */
static void
ask_for_all(
	struct request *r, const struct flow *flow, struct flow_event *event)
{
	/* In a path event the specs are Tspecs. */
	rapi_tspec_t *tspec = (rapi_tspec_t *)(void *)event->spec_list;
	rapi_adspec_t *adspec = event->adspec_list;
	rapi_filter_t *filter = event->filter_list;

	for (int i = 0; i < event->filters && r->filters < FLOW_SENDERS_MAX;
		i++) {
		const rapi_adspec_t *path = i < event->adspecs ? adspec : NULL;
		rapi_flowspec_t spec;
		uint32_t mtu;

		if (spec_for(flow, tspec, path, &spec, &event->bound_us)) {
			if (rapi_ext_path_mtu(path, flow->service, &mtu) ==
					RAPI_ERR_OK &&
				mtu < r->mtu)
				r->mtu = mtu;
			ask_for(r, flow, &spec, filter);
			event->R = spec.specbody_qosx.xspec_R;
		}
		tspec = (rapi_tspec_t *)(void *)After_RAPIObj(tspec);
		filter = (rapi_filter_t *)(void *)After_RAPIObj(filter);
		if (path)
			adspec = (rapi_adspec_t *)(void *)After_RAPIObj(adspec);
	}
}

/* Reserve for the senders that were heard.  False, with a message, when
 * nothing could be asked for. */
static bool
reserve(struct flow *flow, struct flow_event *event)
{
	struct request r = { .mtu = UINT32_MAX };

	r.specs_end = (char *)r.spec_list;
	r.filters_end = (char *)r.filter_list;
	ask_for_all(&r, flow, event);
	if (r.specs == 0)
		return false;
	if (flow->style != RAPI_RSTYLE_FIXED)
		event->R = r.spec_list[0].specbody_qosx.xspec_R;
	if (asked_before(flow, &r))
		return true;

	const int error = rapi_reserve(flow->sid,
		flow->confirm ? RAPI_REQ_CONFIRM : 0, NULL, flow->style, NULL,
		NULL, r.filters, r.filters > 0 ? r.filter_list : NULL, r.specs,
		r.spec_list);

	if (error != RAPI_ERR_OK)
		fprintf(stderr, "rsvpctl: %s\n", rapi_ext_last_error());
	return error == RAPI_ERR_OK;
}

/* The daemon hears the senders of a group where this host is a member of it,
 * which it is for as long as the socket lives; -1: no group, or it is told that
 * it is not. */
static int
join(const struct flow *flow)
{
	struct group_req group = { .gr_interface = 0 /* by the route */ };
	const bool four = flow->dst.ss_family == AF_INET;
	char text[64];
	int fd;

	if (!flow_is_group(flow))
		return -1;
	group.gr_group = flow->dst;
	flow_address((const rapi_addr_t *)(const void *)&flow->dst, text,
		sizeof(text));
	fd = socket(flow->dst.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && setsockopt(fd, four ? IPPROTO_IP : IPPROTO_IPV6,
			       MCAST_JOIN_GROUP, &group, sizeof(group)) == 0)
		return fd;
	fprintf(stderr,
		"rsvpctl: cannot join %s: %s (the interface is that of the "
		"route to it); nothing is heard of the senders of a group "
		"unless a program of this host has joined it\n",
		text, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static void
hear(struct flow *flow, struct flow_event *event)
{
	const bool hopeless = event->kind == RAPI_PATH_EVENT &&
			      event->filters > 0 && !reserve(flow, event);

	flow_print(flow, event);
	if (event->kind == RAPI_RESV_ERROR)
		flow->status = CTL_REFUSED;
	else if (event->kind == RAPI_RESV_CONFIRM)
		flow->status = CTL_DONE;
	if (flow->once && (hopeless || event->kind == RAPI_RESV_ERROR ||
				  event->kind == RAPI_RESV_CONFIRM))
		flow->ended = true;
}

int
ctl_reserve(const struct ctl_options *opts, int argc, char **argv)
{
	struct flow flow = { .options = opts,
		.proto = IPPROTO_UDP,
		.service = RAPI_QOS_CNTR_LOAD,
		.style = RAPI_RSTYLE_FIXED };
	int member;

	if (!flow_parse(&flow, argc, argv, options))
		return CTL_USAGE;
	if (flow.service != RAPI_QOS_GUARANTEED &&
		(flow.rate_Bps > 0 || flow.bound_s > 0 || flow.delay_s > 0)) {
		fprintf(stderr, "rsvpctl: --rate, --bound-us and --delay-us go "
				"with --service gs (Controlled-Load takes the "
				"sender's rate)\n");
		return CTL_USAGE;
	}
	if (flow.bound_s > 0 && flow.delay_s > 0) {
		fprintf(stderr, "rsvpctl: --bound-us or --delay-us, not both "
				"(the second has the path's latency in it)\n");
		return CTL_USAGE;
	}
	if (!flow_open(&flow, hear))
		return flow.status;
	member = join(&flow);
	if (flow.once)
		flow.status = CTL_REFUSED; /* until it is confirmed */
	flow_run(&flow);
	if (member >= 0)
		(void)close(member);
	return flow.status;
}
