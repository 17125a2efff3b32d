/* SPDX-License-Identifier: ISC */

/* rsvpctl reserve: make a reservation for the senders that are heard, and hold
 * it. */

#include <math.h>
#include <string.h>

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

	q->xspec_R = flow->rate_Bps > 0 ? flow->rate_Bps : q->xspec_r;
	if (bound_s < 0)
		return false;
	if (bound_s == 0)
		return true;
	if (flow->rate_Bps > 0 &&
		rapi_ext_guar_delay(tspec, adspec, q->xspec_R, &delay_s) ==
			RAPI_ERR_OK &&
		delay_s <= bound_s) {
		q->xspec_S = (uint32_t)((bound_s - delay_s) * 1e6);
		return true;
	}
	if (flow->rate_Bps == 0 && rapi_ext_guar_rate(tspec, adspec, bound_s,
					   &q->xspec_R, NULL) == RAPI_ERR_OK)
		return true;
	fprintf(stderr,
		"rsvpctl: %s keeps the queueing delay within %.0f us on this "
		"path\n",
		flow->rate_Bps > 0 ? "that rate never" : "no rate",
		bound_s * 1e6);
	return false;
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

/* A path event that changes nothing of the request does not repeat it. */
static bool
asked_before(struct flow *flow, const void *specs, const char *specs_end,
	const void *filters, const char *filters_end)
{
	uint8_t bytes[sizeof(flow->asked)];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	buf_put_bytes(&w, specs, (size_t)(specs_end - (const char *)specs));
	buf_put_bytes(
		&w, filters, (size_t)(filters_end - (const char *)filters));
	if (buf_written(&w) == flow->asked_len &&
		memcmp(bytes, flow->asked, flow->asked_len) == 0)
		return true;
	flow->asked_len = buf_written(&w);
	memcpy(flow->asked, bytes, flow->asked_len);
	return false;
}

/* Reserve, fixed filter, for each sender that was heard.  False, with a
 * message, when nothing could be asked for. */
static bool
reserve(struct flow *flow, struct flow_event *event)
{
	rapi_flowspec_t specs[FLOW_SENDERS_MAX];
	rapi_filter_t filters[FLOW_SENDERS_MAX];
	/* In a path event the specs are Tspecs. */
	rapi_tspec_t *tspec = (rapi_tspec_t *)(void *)event->spec_list;
	rapi_adspec_t *adspec = event->adspec_list;
	rapi_filter_t *filter = event->filter_list;
	char *specs_at = (char *)specs;
	char *filters_at = (char *)filters;
	int n = 0;

	for (int i = 0; i < event->filters && n < FLOW_SENDERS_MAX; i++) {
		rapi_flowspec_t spec;

		if (spec_for(flow, tspec, i < event->adspecs ? adspec : NULL,
			    &spec, &event->bound_us)) {
			event->R = spec.specbody_qosx.xspec_R;
			/* Lists are packed. */
			memcpy(specs_at, &spec, spec.len);
			specs_at += spec.len;
			memcpy(filters_at, filter, filter->len);
			filters_at += filter->len;
			n++;
		}
		tspec = (rapi_tspec_t *)(void *)After_RAPIObj(tspec);
		filter = (rapi_filter_t *)(void *)After_RAPIObj(filter);
		if (i < event->adspecs)
			adspec = (rapi_adspec_t *)(void *)After_RAPIObj(adspec);
	}
	if (n == 0)
		return false;
	if (asked_before(flow, specs, specs_at, filters, filters_at))
		return true;

	const int error = rapi_reserve(flow->sid,
		flow->confirm ? RAPI_REQ_CONFIRM : 0, NULL, RAPI_RSTYLE_FIXED,
		NULL, NULL, n, filters, n, specs);

	if (error != RAPI_ERR_OK)
		fprintf(stderr, "rsvpctl: %s\n", rapi_ext_last_error());
	return error == RAPI_ERR_OK;
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
		.service = RAPI_QOS_CNTR_LOAD };

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
	if (flow.once)
		flow.status = CTL_REFUSED; /* until it is confirmed */
	flow_run(&flow);
	return flow.status;
}
