/* SPDX-License-Identifier: ISC */

/* Comparison of decoded messages; see wire_same.h. */

#include "wire_same.h"

static bool
same_float(float a, float b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static bool
same_view(const struct wire_view *a, const struct wire_view *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

static bool
same_views(const struct wire_view *a, const struct wire_view *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!same_view(&a[i], &b[i]))
			return false;
	return true;
}

static bool
same_filter(const struct wire_filter *a, const struct wire_filter *b)
{
	return a->form == b->form && addr_equal(&a->src, &b->src) &&
	       a->src_port == b->src_port && a->flow_label == b->flow_label;
}

static bool
same_tspec(const struct wire_tspec *a, const struct wire_tspec *b)
{
	return same_float(a->r, b->r) && same_float(a->b, b->b) &&
	       same_float(a->p, b->p) && a->m == b->m && a->M == b->M;
}

static bool
same_flow(const struct wire_flow *a, const struct wire_flow *b)
{
	const struct wire_flowspec *x = &a->flowspec;
	const struct wire_flowspec *y = &b->flowspec;

	return a->has_flowspec == b->has_flowspec &&
	       a->has_filter == b->has_filter && x->service == y->service &&
	       same_tspec(&x->tspec, &y->tspec) && same_float(x->R, y->R) &&
	       x->S == y->S &&
	       same_view(&a->flowspec_view, &b->flowspec_view) &&
	       same_filter(&a->filter, &b->filter);
}

static bool
same_general(const struct wire_general *a, const struct wire_general *b)
{
	return a->present == b->present && a->hops == b->hops &&
	       same_float(a->bandwidth_Bps, b->bandwidth_Bps) &&
	       a->latency_us == b->latency_us && a->mtu == b->mtu;
}

static bool
same_service(const struct wire_adspec_service *a,
	const struct wire_adspec_service *b)
{
	return a->service == b->service && a->broken == b->broken &&
	       a->gs_terms == b->gs_terms && a->Ctot == b->Ctot &&
	       a->Dtot == b->Dtot && a->Csum == b->Csum && a->Dsum == b->Dsum &&
	       same_general(&a->overrides, &b->overrides) &&
	       same_view(&a->data_view, &b->data_view);
}

static bool
same_adspec(const struct wire_adspec *a, const struct wire_adspec *b)
{
	if (a->broken != b->broken || !same_general(&a->general, &b->general) ||
		a->service_count != b->service_count)
		return false;
	for (size_t i = 0; i < a->service_count; i++)
		if (!same_service(&a->services[i], &b->services[i]))
			return false;
	return true;
}

static bool
same_error(const struct wire_error *a, const struct wire_error *b)
{
	return addr_equal(&a->node, &b->node) && a->flags == b->flags &&
	       a->code == b->code && a->value == b->value;
}

static const char *
flows_differ(const struct wire_msg *a, const struct wire_msg *b)
{
	if (a->flow_count != b->flow_count ||
		a->flows_ignored != b->flows_ignored)
		return "flow count";
	for (size_t i = 0; i < a->flow_count; i++)
		if (!same_flow(&a->flows[i], &b->flows[i]))
			return "flow";
	return NULL;
}

static const char *
lists_differ(const struct wire_msg *a, const struct wire_msg *b)
{
	if (a->scope_count != b->scope_count ||
		!same_view(&a->scope_view, &b->scope_view))
		return "scope";
	if (a->policy_count != b->policy_count ||
		!same_views(a->policies, b->policies, a->policy_count))
		return "policies";
	if (a->other_count != b->other_count ||
		!same_views(a->others, b->others, a->other_count))
		return "other objects";
	return flows_differ(a, b);
}

static const char *
header_differs(const struct wire_msg *a, const struct wire_msg *b)
{
	if (a->type != b->type)
		return "type";
	if (a->flags != b->flags)
		return "header flags";
	if (a->send_ttl != b->send_ttl)
		return "Send_TTL";
	if (a->has != b->has)
		return "which objects";
	return NULL;
}

const char *
wire_differs(const struct wire_msg *a, const struct wire_msg *b)
{
	const char *what = header_differs(a, b);

	if (what)
		return what;
	if (!wire_session_equal(&a->session, &b->session) ||
		a->session.flags != b->session.flags)
		return "session";
	if (!addr_equal(&a->hop.addr, &b->hop.addr) || a->hop.lih != b->hop.lih)
		return "hop";
	if (a->refresh_ms != b->refresh_ms)
		return "refresh period";
	if (!same_error(&a->error, &b->error))
		return "error";
	if (a->style != b->style)
		return "style";
	if (!addr_equal(&a->confirm, &b->confirm))
		return "confirm";
	if (!same_filter(&a->sender, &b->sender))
		return "sender";
	if (!same_tspec(&a->tspec, &b->tspec))
		return "tspec";
	if (!same_adspec(&a->adspec, &b->adspec))
		return "adspec";
	return lists_differ(a, b);
}
