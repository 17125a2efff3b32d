/* SPDX-License-Identifier: ISC */

/* An event of a RAPI session as one line of JSON. */

#include <arpa/inet.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "ctl/flow.h"
#include "rapi/rapi_ext.h"

static json_t *
number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static void
put_filter(json_t *object, const rapi_filter_t *filter)
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
	json_object_set_new(object, "address",
		json_string(flow_address(
			(const rapi_addr_t *)(void *)&sa, text, sizeof(text))));
	json_object_set_new(object, "port", json_integer(port));
}

static void
put_spec(json_t *object, const rapi_flowspec_t *spec)
{
	/* A Tspec is laid out as the beginning of a flowspec. */
	const rapi_qos_flowspecx_t *q = &spec->specbody_qosx;

	if (spec->form != RAPI_FLOWSTYPE_Simplified &&
		spec->form != RAPI_TSPECTYPE_Simplified)
		return;
	json_object_set_new(object, "r", number((double)q->xspec_r));
	json_object_set_new(object, "b", number((double)q->xspec_b));
	json_object_set_new(object, "p", number((double)q->xspec_p));
	json_object_set_new(object, "m", json_integer(q->xspec_m));
	json_object_set_new(object, "M", json_integer(q->xspec_M));
	if (spec->form == RAPI_FLOWSTYPE_Simplified &&
		q->spec_type == RAPI_QOS_GUARANTEED) {
		json_object_set_new(object, "R", number((double)q->xspec_R));
		json_object_set_new(object, "S", json_integer(q->xspec_S));
	}
}

static void
put_adspec(json_t *object, const rapi_adspec_t *adspec)
{
	const rapi_qos_adspecx_t *a = &adspec->adspecbody_qosx;

	if (adspec->form != RAPI_ADSTYPE_Simplified)
		return;
	json_object_set_new(object, "hops", json_integer(a->xaspec_hopcnt));
	json_object_set_new(
		object, "path_bw_Bps", number((double)a->xaspec_path_bw));
	/* All ones: unknown, RFC 2215 3.4. */
	json_object_set_new(object, "latency_us",
		a->xaspec_min_latency == UINT32_MAX
			? json_null()
			: json_integer(a->xaspec_min_latency));
	json_object_set_new(
		object, "path_mtu", json_integer(a->xaspec_composed_MTU));
	json_object_set_new(object, "break",
		json_boolean(a->xaspec_flags & RAPI_XASPEC_FLG_BRK));
	json_object_set_new(object, "Ctot", json_integer(a->xGaspec_Ctot));
	json_object_set_new(object, "Dtot", json_integer(a->xGaspec_Dtot));
}

/* Senders of a path event, or the flows of any other. */
static json_t *
flows_of(const struct flow_event *e)
{
	json_t *list = json_array();
	rapi_filter_t *filter = e->filter_list;
	rapi_flowspec_t *spec = e->spec_list;
	rapi_adspec_t *adspec = e->adspec_list;
	const int n = e->filters > e->specs ? e->filters : e->specs;

	for (int i = 0; i < n; i++) {
		json_t *flow = json_object();

		if (i < e->filters) {
			put_filter(flow, filter);
			filter = (rapi_filter_t *)(void *)After_RAPIObj(filter);
		}
		if (i < e->specs) {
			put_spec(flow, spec);
			spec = (rapi_flowspec_t *)(void *)After_RAPIObj(spec);
		}
		if (i < e->adspecs) {
			put_adspec(flow, adspec);
			adspec = (rapi_adspec_t *)(void *)After_RAPIObj(adspec);
		}
		json_array_append_new(list, flow);
	}
	return list;
}

void
out_json_event(const struct flow_event *event, FILE *out)
{
	static const char *const kinds[] = { "", "path_event", "resv_event",
		"path_error", "resv_error", "resv_confirm" };
	json_t *top = json_object();
	char node[64];

	json_object_set_new(top, "schema", json_integer(1));
	json_object_set_new(top, "event",
		json_string(event->kind <= RAPI_RESV_CONFIRM
				    ? kinds[event->kind]
				    : "other"));
	json_object_set_new(top, "flows", flows_of(event));
	if (event->kind != RAPI_PATH_EVENT && event->kind != RAPI_RESV_EVENT) {
		const char *error = rapi_strerror(event->code, event->value);

		json_object_set_new(top, "code", json_integer(event->code));
		json_object_set_new(top, "value", json_integer(event->value));
		json_object_set_new(
			top, "error", json_string(error ? error : ""));
		json_object_set_new(top, "in_place",
			json_boolean(event->flags & RAPI_ERRF_InPlace));
		json_object_set_new(top, "not_guilty",
			json_boolean(event->flags & RAPI_ERRF_NotGuilty));
		json_object_set_new(top, "node",
			json_string(
				flow_address(event->node, node, sizeof(node))));
		json_object_set_new(
			top, "text", json_string(rapi_ext_event_text()));
	}
	if (event->bound_us > 0) {
		json_object_set_new(top, "bound_us", number(event->bound_us));
		json_object_set_new(top, "R", number((double)event->R));
	}
	(void)json_dumpf(top, out, JSON_COMPACT); /* stdout's fault */
	fputc('\n', out);
	json_decref(top);
}
