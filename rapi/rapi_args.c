/* SPDX-License-Identifier: ISC */

/* Argument checks of the calls; see rapi_args.h. */

#include "rapi_args.h"

int
rapi_args_session(const rapi_addr_t *dest, int protid, unsigned flags,
	struct rapi_msg_session *ret_session)
{
	struct rapi_endpoint e;

	if (!dest)
		return rapi_fail(RAPI_ERR_INVAL, "no destination address");

	const int rc = rapi_addr_in(dest, &e);

	if (rc != RAPI_ERR_OK)
		return rc;
	if (!addr_is_unicast(&e.addr) && !addr_is_multicast(&e.addr))
		return rapi_fail(RAPI_ERR_INVAL,
			"destination is neither a unicast nor a multicast "
			"address");
	if (protid < 0 || protid > 255)
		return rapi_fail(RAPI_ERR_INVAL,
			"protocol %d is outside 0 to 255", protid);
	if (flags & ~(unsigned)RAPI_USE_INTSERV)
		return rapi_fail(RAPI_ERR_UNSUPPORTED,
			"session flags 0x%x: only RAPI_USE_INTSERV is "
			"supported",
			flags);
	*ret_session = (struct rapi_msg_session){
		.session = { .dst = e.addr,
			.proto = protid == 0 ? IPPROTO_UDP : (uint8_t)protid,
			.dst_port = e.port },
		.ifindex = e.scope,
	};
	return RAPI_ERR_OK;
}

static int
check_template(const struct rapi_msg_session *session, const rapi_addr_t *lhost,
	const rapi_filter_t *template, struct rapi_msg_sender *sender)
{
	const uint8_t family = session->session.dst.family;
	struct rapi_endpoint e;

	sender->ifindex = session->ifindex;
	if (!rapi_obj_is_empty(template))
		return rapi_filter_in(template, family, &sender->sender);

	const int rc = rapi_addr_in(lhost, &e);

	if (rc != RAPI_ERR_OK)
		return rc;
	if (e.addr.family != family)
		return rapi_fail(RAPI_ERR_INVAL,
			"sender address of IPv%u in a session of IPv%u",
			e.addr.family, family);
	sender->sender = (struct wire_filter){
		.src = e.addr, .form = WIRE_FILTER_PORT, .src_port = e.port
	};
	if (e.scope != 0)
		sender->ifindex = e.scope;
	return RAPI_ERR_OK;
}

static int
check_policy(const rapi_policy_t *policy)
{
	if (rapi_obj_is_empty(policy))
		return RAPI_ERR_OK;
	return rapi_fail(RAPI_ERR_UNSUPPORTED,
		"policy data of form %u is not supported", policy->form);
}

static int
fits(const struct buf_writer *w)
{
	if (!w->failed)
		return RAPI_ERR_OK;
	return rapi_fail(RAPI_ERR_OVERFLOW, "the objects exceed a message");
}

int
rapi_args_sender(const struct rapi_msg_session *session,
	const struct rapi_sender_args *args, struct buf_writer *w)
{
	struct rapi_msg_sender sender = { .ttl = (uint8_t)args->ttl };
	uint8_t adspec[RAPI_ADSPEC_MAX];
	struct buf_writer aw = buf_writer(adspec, sizeof(adspec));
	int rc;

	if (rapi_obj_is_empty(args->tspec))
		return rapi_fail(RAPI_ERR_NOTSPEC, "a sender needs a Tspec");
	if (args->ttl < 0 || args->ttl > 255)
		return rapi_fail(RAPI_ERR_INVAL, "TTL %d is outside 0 to 255",
			args->ttl);
	rc = check_template(session, args->lhost, args->template, &sender);
	if (rc == RAPI_ERR_OK)
		rc = rapi_tspec_in(args->tspec, &sender.tspec);
	if (rc == RAPI_ERR_OK && !rapi_obj_is_empty(args->adspec))
		rc = rapi_adspec_in(args->adspec, &aw);
	if (rc == RAPI_ERR_OK)
		rc = check_policy(args->policy);
	if (rc != RAPI_ERR_OK)
		return rc;
	sender.adspec_view =
		(struct wire_view){ .bytes = adspec, .len = buf_written(&aw) };
	rapi_msg_put_sender(w, &sender);
	return fits(w);
}

/* How many filters and flowspecs each style takes (RFC 2205 1.3). */
static int
check_counts(const struct rapi_reserve_args *a)
{
	const int filters = a->filter_count;
	const int flowspecs = a->flowspec_count;
	bool right = false;

	if (filters < 0 || flowspecs < 0)
		return rapi_fail(RAPI_ERR_INVAL, "a count is negative");
	switch (a->style) {
	case RAPI_RSTYLE_WILDCARD:
		right = flowspecs == 1 && filters <= 1;
		break;
	case RAPI_RSTYLE_FIXED:
		right = flowspecs == filters;
		break;
	case RAPI_RSTYLE_SE:
		right = flowspecs == 1 && filters >= 1;
		break;
	}
	if (!right)
		return rapi_fail(RAPI_ERR_N_FFS,
			"%d filters and %d flowspecs do not fit the style",
			filters, flowspecs);
	if (!a->flowspecs || (filters > 0 && !a->filters))
		return rapi_fail(RAPI_ERR_INVAL, "a list is missing");
	if (filters > WIRE_FLOWS_MAX)
		return rapi_fail(RAPI_ERR_OVERFLOW,
			"%d filters; a request holds %d", filters,
			WIRE_FLOWS_MAX);
	return RAPI_ERR_OK;
}

static const void *
after(const void *object)
{
	rapi_hdr_t hdr;

	memcpy(&hdr, object, sizeof(hdr));
	return (const char *)object + hdr.len;
}

static int
take_flowspecs(const struct rapi_reserve_args *a, struct rapi_msg_reserve *r)
{
	const rapi_flowspec_t *spec = a->flowspecs;
	int rc = RAPI_ERR_OK;

	for (size_t i = 0; i < r->flow_count && rc == RAPI_ERR_OK; i++) {
		struct wire_flow *flow = &r->flows[i];

		flow->has_flowspec = true;
		if (i > 0 && a->flowspec_count == 1) {
			flow->flowspec = r->flows[0].flowspec;
			continue;
		}
		rc = rapi_flowspec_in(spec, &flow->flowspec);
		if (rc == RAPI_ERR_OK)
			spec = (const rapi_flowspec_t *)after(spec);
	}
	return rc;
}

static int
take_filters(const struct rapi_reserve_args *a, uint8_t family,
	struct rapi_msg_reserve *r)
{
	const rapi_filter_t *filter = a->filters;
	int rc = RAPI_ERR_OK;

	for (size_t i = 0; i < r->flow_count && rc == RAPI_ERR_OK; i++) {
		struct wire_flow *flow = &r->flows[i];

		rc = rapi_filter_in(filter, family, &flow->filter);
		if (rc == RAPI_ERR_OK) {
			flow->has_filter = true;
			filter = (const rapi_filter_t *)after(filter);
		}
	}
	return rc;
}

/*
 * The receiving interface of a group.  Never an error here: clients leave the
 * family unset, then the bytes are read as an address of the session's family.
 */
static struct addr
receiver_of(const rapi_addr_t *rhost, const struct wire_session *session)
{
	struct rapi_endpoint e = { 0 };
	union {
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		rapi_addr_t any;
	} copy = { 0 };

	if (!rhost || !addr_is_multicast(&session->dst))
		return e.addr;
	memcpy(&copy, rhost,
		session->dst.family == ADDR_V4 ? sizeof(copy.in)
					       : sizeof(copy.in6));
	if (rhost->sa_family != AF_INET && rhost->sa_family != AF_INET6)
		copy.any.sa_family =
			session->dst.family == ADDR_V4 ? AF_INET : AF_INET6;
	if (rapi_addr_in(&copy.any, &e) != RAPI_ERR_OK ||
		e.addr.family != session->dst.family || addr_is_zero(&e.addr))
		return (struct addr){ 0 };
	return e.addr;
}

static uint8_t
wire_style_of(rapi_styleid_t style)
{
	switch (style) {
	case RAPI_RSTYLE_WILDCARD:
		return WIRE_STYLE_WF;
	case RAPI_RSTYLE_FIXED:
		return WIRE_STYLE_FF;
	case RAPI_RSTYLE_SE:
		return WIRE_STYLE_SE;
	}
	return 0;
}

int
rapi_args_reserve(const struct rapi_msg_session *session,
	const struct rapi_reserve_args *a, struct buf_writer *w)
{
	struct rapi_msg_reserve r = { .style = wire_style_of(a->style),
		.receiver = receiver_of(a->rhost, &session->session) };

	if (r.style == 0)
		return rapi_fail(RAPI_ERR_BADSTYLE,
			"style %d is none of WF, FF and SE", (int)a->style);
	if (a->style_ext)
		return rapi_fail(RAPI_ERR_UNSUPPORTED,
			"style extensions are not supported");

	const bool wf = r.style == WIRE_STYLE_WF;
	int rc = check_counts(a);

	if (rc != RAPI_ERR_OK)
		return rc;
	r.flow_count = wf ? 1 : (size_t)a->filter_count;
	if (!wf)
		rc = take_filters(a, session->session.dst.family, &r);
	if (rc == RAPI_ERR_OK)
		rc = take_flowspecs(a, &r);
	if (rc == RAPI_ERR_OK)
		rc = check_policy(a->policy);
	if (rc != RAPI_ERR_OK)
		return rc;
	rapi_msg_put_reserve(w, &r);
	return fits(w);
}
