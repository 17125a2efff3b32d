/* SPDX-License-Identifier: ISC */

/*
 * Addresses, filters, Tspecs and flowspecs: objects of the C809 interface to
 * host-order values and back.
 *
 * Liberal in: an object may be longer than its form needs (clients give the
 * size of the whole union).  Strict out: lengths are exact.
 */

#include "rapi_int.h"

#include <arpa/inet.h>

/* The interface promises these sizes on every platform. */
_Static_assert(sizeof(rapi_hdr_t) == 8, "object header");
_Static_assert(sizeof(rapi_flowspec_t) == 52, "flowspec");
_Static_assert(sizeof(rapi_tspec_t) == 40, "Tspec");
_Static_assert(sizeof(rapi_adspec_t) == 76, "Adspec");
_Static_assert(sizeof(rapi_filter_t) == 36, "filter");
_Static_assert(sizeof(rapi_policy_t) == 16, "policy");
_Static_assert(sizeof(rapi_qos_flowspecx_t) == 32, "Simplified flowspec");
_Static_assert(sizeof(rapi_qos_tspecx_t) == 24, "Simplified Tspec");
_Static_assert(sizeof(rapi_qos_adspecx_t) == 68, "Simplified Adspec");
_Static_assert(sizeof(IS_specbody_t) == 44, "Intserv flowspec");
_Static_assert(sizeof(IS_tspbody_t) == 32, "Intserv Tspec");
_Static_assert(sizeof(IS_adsbody_t) == 40, "Intserv Adspec");
_Static_assert(sizeof(rapi_filter_base_t) == 16, "IPv4 filter");
_Static_assert(sizeof(rapi_filter_base6_t) == 28, "IPv6 filter");
_Static_assert(offsetof(rapi_qos_flowspecx_t, xspec_Tspec) ==
		       offsetof(rapi_qos_tspecx_t, xtspec_Tspec),
	"a Tspec can be read as the beginning of a flowspec");

enum { HEADER = sizeof(rapi_hdr_t), FLOW_LABEL_MASK = 0xfffff };

static rapi_hdr_t
header_of(const void *object)
{
	rapi_hdr_t hdr;

	memcpy(&hdr, object, sizeof(hdr));
	return hdr;
}

bool
rapi_obj_is_empty(const void *object)
{
	return !object || header_of(object).form == RAPI_EMPTY_OTYPE;
}

/* Copy the body of an object that must have at least `exact` octets of it; of
 * a longer one, up to `most`.  The caller has zeroed the copy. */
static int
take_body(const void *object, void *body, size_t exact, size_t most)
{
	const rapi_hdr_t hdr = header_of(object);

	if (hdr.len < HEADER + exact || hdr.len > RAPI_OBJ_MAX ||
		hdr.len % 4 != 0)
		return rapi_fail(RAPI_ERR_OBJLEN,
			"object of form %u has length %u, not %zu to %d in "
			"steps of 4",
			hdr.form, hdr.len, HEADER + exact, RAPI_OBJ_MAX);

	const size_t n = hdr.len - HEADER;

	memcpy(body, (const char *)object + HEADER, n < most ? n : most);
	return RAPI_ERR_OK;
}

/* ---- in ------------------------------------------------------------------ */

static struct rapi_endpoint
endpoint4(const struct sockaddr_in *sin)
{
	uint8_t bytes[4];

	memcpy(bytes, &sin->sin_addr, sizeof(bytes));
	return (struct rapi_endpoint){ .addr = addr_v4(bytes),
		.port = ntohs(sin->sin_port) };
}

static struct rapi_endpoint
endpoint6(const struct sockaddr_in6 *sin6)
{
	return (struct rapi_endpoint){ .addr = addr_v6(sin6->sin6_addr.s6_addr),
		.port = ntohs(sin6->sin6_port),
		.scope = sin6->sin6_scope_id };
}

int
rapi_addr_in(const rapi_addr_t *sa, struct rapi_endpoint *ret_endpoint)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&sin, sa, sizeof(sin));
		*ret_endpoint = endpoint4(&sin);
		return RAPI_ERR_OK;
	case AF_INET6:
		memcpy(&sin6, sa, sizeof(sin6));
		*ret_endpoint = endpoint6(&sin6);
		return RAPI_ERR_OK;
	default:
		return rapi_fail(RAPI_ERR_INVAL,
			"address family %d is neither AF_INET nor AF_INET6",
			sa->sa_family);
	}
}

static int
filter4_in(const rapi_filter_t *object, struct wire_filter *ret_filter)
{
	rapi_filter_base_t base = { 0 };
	const int rc = take_body(object, &base, sizeof(base), sizeof(base));

	if (rc == RAPI_ERR_OK) {
		const struct rapi_endpoint e = endpoint4(&base.sender);

		*ret_filter = (struct wire_filter){ .src = e.addr,
			.form = WIRE_FILTER_PORT,
			.src_port = e.port };
	}
	return rc;
}

/* An IPv6 filter without a port but with a flow label is of the flow-label
 * form (RFC 2205 A.9); the interface has no other way to say so. */
static int
filter6_in(const rapi_filter_t *object, struct wire_filter *ret_filter)
{
	rapi_filter_base6_t base = { 0 };
	const int rc = take_body(object, &base, sizeof(base), sizeof(base));

	if (rc == RAPI_ERR_OK) {
		const struct rapi_endpoint e = endpoint6(&base.sender);
		const uint32_t label =
			ntohl(base.sender.sin6_flowinfo) & FLOW_LABEL_MASK;

		*ret_filter = (struct wire_filter){ .src = e.addr,
			.form = WIRE_FILTER_PORT,
			.src_port = e.port };
		if (e.port == 0 && label != 0) {
			ret_filter->form = WIRE_FILTER_FLOW_LABEL;
			ret_filter->flow_label = label;
		}
	}
	return rc;
}

int
rapi_filter_in(const rapi_filter_t *object, uint8_t family,
	struct wire_filter *ret_filter)
{
	const rapi_hdr_t hdr = header_of(object);
	struct wire_filter filter = { 0 };
	int rc;

	if (hdr.form == RAPI_FILTERFORM_BASE)
		rc = filter4_in(object, &filter);
	else if (hdr.form == RAPI_FILTERFORM_BASE6)
		rc = filter6_in(object, &filter);
	else
		return rapi_fail(RAPI_ERR_OBJTYPE,
			"form %u is not a filter of addresses and ports",
			hdr.form);
	if (rc != RAPI_ERR_OK)
		return rc;
	if (filter.src.family != family)
		return rapi_fail(RAPI_ERR_INVAL,
			"filter of IPv%u in a session of IPv%u",
			filter.src.family, family);
	*ret_filter = filter;
	return RAPI_ERR_OK;
}

static struct wire_tspec
tspec_from_simplified(const rapi_qos_Tspec_body *t)
{
	return (struct wire_tspec){ .r = t->spec_Tspec_r,
		.b = t->spec_Tspec_b,
		.p = t->spec_Tspec_p,
		.m = t->spec_Tspec_m,
		.M = t->spec_Tspec_M };
}

static struct wire_tspec
tspec_from_intserv(const TB_Tsp_parms_t *t)
{
	return (struct wire_tspec){ .r = t->TB_Tspec_r,
		.b = t->TB_Tspec_b,
		.p = t->TB_Tspec_p,
		.m = t->TB_Tspec_m,
		.M = t->TB_Tspec_M };
}

static bool
main_is_right(const IS_main_hdr_t *h)
{
	return Intserv_Version(h->ismh_version) == INTSERV_VERSION0;
}

static bool
serv_is(const IS_serv_hdr_t *h, int service, size_t bytes)
{
	return h->issh_service == service && h->issh_len32b == bytes / 4;
}

static bool
parm_is(const IS_parm_hdr_t *h, int parm, size_t bytes)
{
	return h->isph_parm_num == parm && h->isph_len32b == bytes / 4;
}

static int
bad_intserv(const char *what)
{
	return rapi_fail(RAPI_ERR_INTSERV,
		"%s in Intserv format: version, service, parameter or length "
		"is not that of RFC 2210",
		what);
}

int
rapi_tspec_in(const rapi_tspec_t *object, struct wire_tspec *ret_tspec)
{
	const rapi_hdr_t hdr = header_of(object);

	if (hdr.form == RAPI_TSPECTYPE_Simplified) {
		rapi_qos_tspecx_t body = { 0 };
		const int rc =
			take_body(object, &body, sizeof(body), sizeof(body));

		if (rc != RAPI_ERR_OK)
			return rc;
		if (body.spec_type > RAPI_QOS_GUARANTEED)
			return rapi_fail(RAPI_ERR_INVAL,
				"service %u of a Tspec is not known",
				body.spec_type);
		*ret_tspec = tspec_from_simplified(&body.xtspec_Tspec);
		return RAPI_ERR_OK;
	}
	if (hdr.form != RAPI_TSPECTYPE_Intserv)
		return rapi_fail(
			RAPI_ERR_OBJTYPE, "form %u is not a Tspec", hdr.form);

	IS_tspbody_t body = { 0 };
	const gen_Tspec_t *t = &body.tspec_u.gen_stspec;
	const int rc = take_body(object, &body, sizeof(body), sizeof(body));

	if (rc != RAPI_ERR_OK)
		return rc;
	if (!main_is_right(&body.st_mh) ||
		!serv_is(&t->gen_Tspec_serv_hdr, GENERAL_INFO,
			sizeof(*t) - sizeof(t->gen_Tspec_serv_hdr)) ||
		!parm_is(&t->gen_Tspec_parm_hdr, IS_WKP_TB_TSPEC,
			sizeof(t->gen_Tspec_parms)))
		return bad_intserv("Tspec");
	*ret_tspec = tspec_from_intserv(&t->gen_Tspec_parms);
	return RAPI_ERR_OK;
}

static int
simplified_flowspec_in(
	const rapi_flowspec_t *object, struct wire_flowspec *ret_flowspec)
{
	rapi_qos_flowspecx_t body = { 0 };
	const int rc = take_body(object, &body, sizeof(body), sizeof(body));

	if (rc != RAPI_ERR_OK)
		return rc;
	if (body.spec_type != RAPI_QOS_CNTR_LOAD &&
		body.spec_type != RAPI_QOS_GUARANTEED)
		return rapi_fail(RAPI_ERR_INVAL,
			"service %u of a flowspec is neither Controlled-Load "
			"nor Guaranteed",
			body.spec_type);

	const bool gs = body.spec_type == RAPI_QOS_GUARANTEED;

	*ret_flowspec = (struct wire_flowspec){
		.service = gs ? WIRE_SERVICE_GS : WIRE_SERVICE_CL,
		.tspec = tspec_from_simplified(&body.xspec_Tspec),
		.R = gs ? body.xspec_R : 0,
		.S = gs ? body.xspec_S : 0,
	};
	return RAPI_ERR_OK;
}

static bool
guar_is_right(const Guar_flowspec_t *g)
{
	return serv_is(&g->Guar_serv_hdr, GUARANTEED_SERV,
		       sizeof(*g) - sizeof(g->Guar_serv_hdr)) &&
	       parm_is(&g->Guar_Tspec_hdr, IS_WKP_TB_TSPEC,
		       sizeof(g->Guar_Tspec_parms)) &&
	       parm_is(&g->Guar_Rspec_hdr, IS_GUAR_RSPEC,
		       sizeof(g->Guar_Rspec));
}

static bool
cl_is_right(const CL_flowspec_t *c)
{
	return serv_is(&c->CL_spec_serv_hdr, CONTROLLED_LOAD_SERV,
		       sizeof(*c) - sizeof(c->CL_spec_serv_hdr)) &&
	       parm_is(&c->CL_spec_parm_hdr, IS_WKP_TB_TSPEC,
		       sizeof(c->CL_spec_parms));
}

static int
intserv_flowspec_in(
	const rapi_flowspec_t *object, struct wire_flowspec *ret_flowspec)
{
	IS_specbody_t body = { 0 };
	const Guar_flowspec_t *g = &body.spec_u.G_spec;
	const CL_flowspec_t *c = &body.spec_u.CL_spec;
	const int rc = take_body(
		object, &body, sizeof(body.spec_mh) + sizeof(*c), sizeof(body));

	if (rc != RAPI_ERR_OK)
		return rc;
	if (!main_is_right(&body.spec_mh))
		return bad_intserv("flowspec");
	/* A short object leaves zeroes where the R and S would be, and those
	 * are no parameter header. */
	if (guar_is_right(g)) {
		*ret_flowspec = (struct wire_flowspec){
			.service = WIRE_SERVICE_GS,
			.tspec = tspec_from_intserv(&g->Guar_Tspec_parms),
			.R = g->Guar_Rspec.Guar_R,
			.S = g->Guar_Rspec.Guar_S,
		};
		return RAPI_ERR_OK;
	}
	if (!cl_is_right(c))
		return bad_intserv("flowspec");
	*ret_flowspec = (struct wire_flowspec){ .service = WIRE_SERVICE_CL,
		.tspec = tspec_from_intserv(&c->CL_spec_parms) };
	return RAPI_ERR_OK;
}

int
rapi_flowspec_in(
	const rapi_flowspec_t *object, struct wire_flowspec *ret_flowspec)
{
	const rapi_hdr_t hdr = header_of(object);

	if (hdr.form == RAPI_FLOWSTYPE_Simplified)
		return simplified_flowspec_in(object, ret_flowspec);
	if (hdr.form == RAPI_FLOWSTYPE_Intserv)
		return intserv_flowspec_in(object, ret_flowspec);
	return rapi_fail(
		RAPI_ERR_OBJTYPE, "form %u is not a flowspec", hdr.form);
}

/* ---- out ----------------------------------------------------------------- */

static void
put_header(struct buf_writer *w, rapi_format_t form, size_t body)
{
	const rapi_hdr_t hdr = { .len = (unsigned)(HEADER + body),
		.form = form };

	buf_put_bytes(w, &hdr, sizeof(hdr));
}

void
rapi_empty_out(struct buf_writer *w)
{
	put_header(w, RAPI_EMPTY_OTYPE, 0);
}

void
rapi_filter_out(struct buf_writer *w, const struct wire_filter *filter)
{
	if (filter->src.family == ADDR_V4) {
		rapi_filter_base_t base = { .sender = {
						    .sin_family = AF_INET,
						    .sin_port = htons(
							    filter->src_port),
					    } };

		memcpy(&base.sender.sin_addr, filter->src.b, 4);
		put_header(w, RAPI_FILTERFORM_BASE, sizeof(base));
		buf_put_bytes(w, &base, sizeof(base));
		return;
	}
	if (filter->src.family != ADDR_V6) {
		rapi_empty_out(w);
		return;
	}

	rapi_filter_base6_t base = { .sender = {
					     .sin6_family = AF_INET6,
					     .sin6_port =
						     htons(filter->src_port),
					     .sin6_flowinfo =
						     htonl(filter->flow_label),
				     } };

	memcpy(&base.sender.sin6_addr, filter->src.b, 16);
	put_header(w, RAPI_FILTERFORM_BASE6, sizeof(base));
	buf_put_bytes(w, &base, sizeof(base));
}

static rapi_qos_Tspec_body
tspec_to_simplified(const struct wire_tspec *t)
{
	return (rapi_qos_Tspec_body){ .spec_Tspec_b = t->b,
		.spec_Tspec_r = t->r,
		.spec_Tspec_p = t->p,
		.spec_Tspec_m = t->m,
		.spec_Tspec_M = t->M };
}

static TB_Tsp_parms_t
tspec_to_intserv(const struct wire_tspec *t)
{
	return (TB_Tsp_parms_t){ .TB_Tspec_r = t->r,
		.TB_Tspec_b = t->b,
		.TB_Tspec_p = t->p,
		.TB_Tspec_m = t->m,
		.TB_Tspec_M = t->M };
}

static IS_main_hdr_t
main_hdr(size_t bytes)
{
	return (IS_main_hdr_t){ .ismh_len32b = (uint16_t)(bytes / 4) };
}

static IS_serv_hdr_t
serv_hdr(int service, size_t bytes)
{
	return (IS_serv_hdr_t){ .issh_service = (uint8_t)service,
		.issh_len32b = (uint16_t)(bytes / 4) };
}

static IS_parm_hdr_t
parm_hdr(int parm, size_t bytes)
{
	return (IS_parm_hdr_t){ .isph_parm_num = (uint8_t)parm,
		.isph_len32b = (uint16_t)(bytes / 4) };
}

void
rapi_tspec_out(
	struct buf_writer *w, const struct wire_tspec *tspec, bool intserv)
{
	if (!intserv) {
		const rapi_qos_tspecx_t body = { .spec_type = RAPI_QOS_TSPEC,
			.xtspec_Tspec = tspec_to_simplified(tspec) };

		put_header(w, RAPI_TSPECTYPE_Simplified, sizeof(body));
		buf_put_bytes(w, &body, sizeof(body));
		return;
	}

	IS_tspbody_t body = { .st_mh = main_hdr(sizeof(gen_Tspec_t)) };
	gen_Tspec_t *t = &body.tspec_u.gen_stspec;

	t->gen_Tspec_serv_hdr =
		serv_hdr(GENERAL_INFO, sizeof(*t) - sizeof(IS_serv_hdr_t));
	t->gen_Tspec_parm_hdr =
		parm_hdr(IS_WKP_TB_TSPEC, sizeof(t->gen_Tspec_parms));
	t->gen_Tspec_parms = tspec_to_intserv(tspec);
	put_header(w, RAPI_TSPECTYPE_Intserv, sizeof(body));
	buf_put_bytes(w, &body, sizeof(body));
}

static void
guar_out(struct buf_writer *w, const struct wire_flowspec *f)
{
	IS_specbody_t body = { .spec_mh = main_hdr(sizeof(Guar_flowspec_t)) };
	Guar_flowspec_t *g = &body.spec_u.G_spec;

	g->Guar_serv_hdr =
		serv_hdr(GUARANTEED_SERV, sizeof(*g) - sizeof(IS_serv_hdr_t));
	g->Guar_Tspec_hdr =
		parm_hdr(IS_WKP_TB_TSPEC, sizeof(g->Guar_Tspec_parms));
	g->Guar_Tspec_parms = tspec_to_intserv(&f->tspec);
	g->Guar_Rspec_hdr = parm_hdr(IS_GUAR_RSPEC, sizeof(g->Guar_Rspec));
	g->Guar_Rspec.Guar_R = f->R;
	g->Guar_Rspec.Guar_S = f->S;
	put_header(w, RAPI_FLOWSTYPE_Intserv, sizeof(body));
	buf_put_bytes(w, &body, sizeof(body));
}

static void
cl_out(struct buf_writer *w, const struct wire_flowspec *f)
{
	IS_specbody_t body = { .spec_mh = main_hdr(sizeof(CL_flowspec_t)) };
	CL_flowspec_t *c = &body.spec_u.CL_spec;
	const size_t size = sizeof(body.spec_mh) + sizeof(*c);

	c->CL_spec_serv_hdr = serv_hdr(
		CONTROLLED_LOAD_SERV, sizeof(*c) - sizeof(IS_serv_hdr_t));
	c->CL_spec_parm_hdr =
		parm_hdr(IS_WKP_TB_TSPEC, sizeof(c->CL_spec_parms));
	c->CL_spec_parms = tspec_to_intserv(&f->tspec);
	put_header(w, RAPI_FLOWSTYPE_Intserv, size);
	buf_put_bytes(w, &body, size);
}

bool
rapi_flowspec_out(struct buf_writer *w, const struct wire_flowspec *flowspec,
	bool intserv)
{
	const bool gs = flowspec->service == WIRE_SERVICE_GS;

	if (!gs && flowspec->service != WIRE_SERVICE_CL) {
		rapi_empty_out(w);
		return false;
	}
	if (intserv && gs) {
		guar_out(w, flowspec);
	} else if (intserv) {
		cl_out(w, flowspec);
	} else {
		const rapi_qos_flowspecx_t body = {
			.spec_type =
				gs ? RAPI_QOS_GUARANTEED : RAPI_QOS_CNTR_LOAD,
			.xspec_Tspec = tspec_to_simplified(&flowspec->tspec),
			.xspec_R = gs ? flowspec->R : 0,
			.xspec_S = gs ? flowspec->S : 0,
		};

		put_header(w, RAPI_FLOWSTYPE_Simplified, sizeof(body));
		buf_put_bytes(w, &body, sizeof(body));
	}
	return true;
}
