/* SPDX-License-Identifier: ISC */

/* An event of a RAPI session as one line of JSON. */

#include <arpa/inet.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/json_put.h"
#include "ctl/flow.h"
#include "rapi/rapi_ext.h"

/* An object, and whether something of it is missing. */
struct line {
	json_t *object;
	bool failed;
};

static void
put(struct line *l, const char *name, json_t *element)
{
	json_put(&l->failed, l->object, name, element);
}

static json_t *
number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static void
put_filter(struct line *l, const rapi_filter_t *filter)
{
	struct sockaddr_storage sa;
	char text[64];
	uint16_t port = 0;

	memset(&sa, 0, sizeof(sa));
	if (filter->form == RAPI_FILTERFORM_BASE) {
		memcpy(&sa, &filter->rapi_filt4, sizeof(struct sockaddr_in));
		port = ntohs(filter->rapi_filtbase4_port);
	} else if (filter->form == RAPI_FILTERFORM_BASE6) {
		memcpy(&sa, &filter->rapi_filt6, sizeof(struct sockaddr_in6));
		port = ntohs(filter->rapi_filtbase6_port);
	} else {
		return; /* wildcard */
	}
	put(l, "address",
		json_text(flow_address(
			(const rapi_addr_t *)(void *)&sa, text, sizeof(text))));
	put(l, "port", json_integer(port));
}

static void
put_spec(struct line *l, const rapi_flowspec_t *spec)
{
	/* A Tspec is laid out as the beginning of a flowspec. */
	const rapi_qos_flowspecx_t *q = &spec->specbody_qosx;

	if (spec->form != RAPI_FLOWSTYPE_Simplified &&
		spec->form != RAPI_TSPECTYPE_Simplified)
		return;
	put(l, "r", number((double)q->xspec_r));
	put(l, "b", number((double)q->xspec_b));
	put(l, "p", number((double)q->xspec_p));
	put(l, "m", json_integer(q->xspec_m));
	put(l, "M", json_integer(q->xspec_M));
	if (spec->form == RAPI_FLOWSTYPE_Simplified &&
		q->spec_type == RAPI_QOS_GUARANTEED) {
		put(l, "R", number((double)q->xspec_R));
		put(l, "S", json_integer(q->xspec_S));
	}
}

static void
put_adspec(struct line *l, const rapi_adspec_t *adspec)
{
	const rapi_qos_adspecx_t *a = &adspec->adspecbody_qosx;

	if (adspec->form != RAPI_ADSTYPE_Simplified)
		return;
	put(l, "hops", json_integer(a->xaspec_hopcnt));
	put(l, "path_bw_Bps", number((double)a->xaspec_path_bw));
	/* All ones: unknown, RFC 2215 3.4. */
	put(l, "latency_us",
		a->xaspec_min_latency == UINT32_MAX
			? json_null()
			: json_integer(a->xaspec_min_latency));
	put(l, "path_mtu", json_integer(a->xaspec_composed_MTU));
	put(l, "break", json_boolean(a->xaspec_flags & RAPI_XASPEC_FLG_BRK));
	put(l, "Ctot", json_integer(a->xGaspec_Ctot));
	put(l, "Dtot", json_integer(a->xGaspec_Dtot));
}

/* Senders of a path event, or the flows of any other. */
static void
put_flows(struct line *l, const struct flow_event *e)
{
	json_t *list = json_array();
	rapi_filter_t *filter = e->filter_list;
	rapi_flowspec_t *spec = e->spec_list;
	rapi_adspec_t *adspec = e->adspec_list;
	const int n = e->filters > e->specs ? e->filters : e->specs;

	for (int i = 0; i < n; i++) {
		struct line flow = { .object = json_object() };

		if (i < e->filters) {
			put_filter(&flow, filter);
			filter = (rapi_filter_t *)(void *)After_RAPIObj(filter);
		}
		if (i < e->specs) {
			put_spec(&flow, spec);
			spec = (rapi_flowspec_t *)(void *)After_RAPIObj(spec);
		}
		if (i < e->adspecs) {
			put_adspec(&flow, adspec);
			adspec = (rapi_adspec_t *)(void *)After_RAPIObj(adspec);
		}
		if (json_array_append_new(list, flow.object) != 0 ||
			flow.failed)
			l->failed = true;
	}
	put(l, "flows", list);
}

bool
out_json_event(const struct flow_event *event, FILE *out)
{
	static const char *const kinds[] = { "", "path_event", "resv_event",
		"path_error", "resv_error", "resv_confirm" };
	struct line l = { .object = json_object() };
	char node[64];

	put(&l, "schema", json_integer(1));
	put(&l, "event",
		json_string(event->kind <= RAPI_RESV_CONFIRM
				    ? kinds[event->kind]
				    : "other"));
	put_flows(&l, event);
	if (event->kind != RAPI_PATH_EVENT && event->kind != RAPI_RESV_EVENT) {
		const char *error = rapi_strerror(event->code, event->value);

		put(&l, "code", json_integer(event->code));
		put(&l, "value", json_integer(event->value));
		put(&l, "error", json_text(error ? error : ""));
		put(&l, "in_place",
			json_boolean(event->flags & RAPI_ERRF_InPlace));
		put(&l, "not_guilty",
			json_boolean(event->flags & RAPI_ERRF_NotGuilty));
		put(&l, "node",
			json_string(
				flow_address(event->node, node, sizeof(node))));
		put(&l, "text", json_text(rapi_ext_event_text()));
	}
	if (event->bound_us > 0) {
		put(&l, "bound_us", number(event->bound_us));
		put(&l, "R", number((double)event->R));
	}
	if (!l.failed) {
		l.failed = json_dumpf(l.object, out, JSON_COMPACT) != 0;
		(void)fputc('\n', out); /* a fault stays with the stream */
	}
	json_decref(l.object);
	return !l.failed || ferror(out);
}
