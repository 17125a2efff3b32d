/* SPDX-License-Identifier: ISC */

/*
 * Objects of the interface as one line of text, in the notation of the ISI
 * library.  Numeric addresses only; never a byte more than asked for.
 */

#include <math.h>

#include "rapi_int.h"

enum { HEADER = sizeof(rapi_hdr_t) };

/* Over the application's buffer; false: there is no room for anything. */
static bool
begin(struct text *t, char *buf, int len)
{
	if (!buf || len <= 0)
		return false;
	*t = text_over(buf, (size_t)len);
	return true;
}

/* "125K", "1.25M", "Inf". */
static void
number(struct text *t, double v)
{
	static const char *const suffix[] = { "", "K", "M", "G", "T" };
	size_t i = 0;

	if (isnan(v)) {
		text_add(t, "NaN");
		return;
	}
	/* 999.5 would round to 1e+03 */
	while (v >= 999.5 && i < 4) {
		v /= 1000;
		i++;
	}
	if (v >= 999.5)
		text_add(t, "Inf");
	else
		text_printf(t, "%.3g%s", v, suffix[i]);
}

static void
unreadable(struct text *t)
{
	text_add(t, " [?]");
}

/* "[r(b) p=P m=m M=M]" */
static void
simplified_bucket(struct text *t, const struct wire_tspec *spec)
{
	text_add(t, "[");
	number(t, (double)spec->r);
	text_add(t, "(");
	number(t, (double)spec->b);
	text_add(t, ") p=");
	number(t, (double)spec->p);
	text_printf(t, " m=%u M=%u]", spec->m, spec->M);
}

/* "T=[r(b) PB/s m M]" */
static void
intserv_bucket(struct text *t, const struct wire_tspec *spec, bool invalid)
{
	text_add(t, "T=[");
	if (invalid) {
		text_add(t, "INV]");
		return;
	}
	number(t, (double)spec->r);
	text_add(t, "(");
	number(t, (double)spec->b);
	text_add(t, ") ");
	number(t, (double)spec->p);
	text_printf(t, "B/s %u %u]", spec->m, spec->M);
}

static void
simplified_flowspec(struct text *t, const rapi_flowspec_t *object)
{
	static const char *const names[] = { "T", "CL", "G" };
	rapi_qos_flowspecx_t body = { 0 };

	/* Unlike a request, a text may be of any service. */
	memcpy(&body, (const char *)object + HEADER, sizeof(body));
	if (body.spec_type > RAPI_QOS_GUARANTEED) {
		unreadable(t);
		return;
	}

	const struct wire_tspec spec = { .r = body.xspec_r,
		.b = body.xspec_b,
		.p = body.xspec_p,
		.m = body.xspec_m,
		.M = body.xspec_M };

	text_printf(t, " [%s ", names[body.spec_type]);
	simplified_bucket(t, &spec);
	text_add(t, " R=");
	number(t, (double)body.xspec_R);
	text_printf(t, " S=%u]", body.xspec_S);
}

static void
intserv_flowspec(struct text *t, const rapi_flowspec_t *object)
{
	struct wire_flowspec f;

	if (rapi_flowspec_in(object, &f) != RAPI_ERR_OK) {
		unreadable(t);
		return;
	}
	if (f.service == WIRE_SERVICE_CL) {
		const CL_flowspec_t *c = &object->specbody_IS.spec_u.CL_spec;

		text_add(t, "[CL ");
		intserv_bucket(t, &f.tspec,
			c->CL_spec_parm_hdr.isph_flags & ISPH_FLG_INV);
		text_add(t, " ]");
		return;
	}

	const Guar_flowspec_t *g = &object->specbody_IS.spec_u.G_spec;

	text_add(t, "[G ");
	if (g->Guar_Rspec_hdr.isph_flags & ISPH_FLG_INV) {
		text_add(t, "INV ");
	} else {
		text_add(t, "R=");
		number(t, (double)f.R);
		text_printf(t, " S=%u ", f.S);
	}
	intserv_bucket(
		t, &f.tspec, g->Guar_Tspec_hdr.isph_flags & ISPH_FLG_INV);
	text_add(t, "]");
}

void
rapi_fmt_flowspec(rapi_flowspec_t *specp, char *buf, int len)
{
	struct text t;

	if (!begin(&t, buf, len))
		return;
	if (rapi_obj_is_empty(specp))
		text_add(&t, " [ ]");
	else if (specp->form == RAPI_FLOWSTYPE_Simplified &&
		 specp->len >= HEADER + sizeof(rapi_qos_flowspecx_t))
		simplified_flowspec(&t, specp);
	else if (specp->form == RAPI_FLOWSTYPE_Intserv)
		intserv_flowspec(&t, specp);
	else
		unreadable(&t);
}

void
rapi_fmt_tspec(rapi_tspec_t *tspecp, char *buf, int len)
{
	struct wire_tspec spec;
	struct text t;

	if (!begin(&t, buf, len))
		return;
	if (rapi_obj_is_empty(tspecp)) {
		text_add(&t, " TS[ ]");
	} else if (rapi_tspec_in(tspecp, &spec) != RAPI_ERR_OK) {
		unreadable(&t);
	} else if (tspecp->form == RAPI_TSPECTYPE_Simplified) {
		text_add(&t, " [T ");
		simplified_bucket(&t, &spec);
		text_add(&t, "]");
	} else {
		const gen_Tspec_t *g = &tspecp->tspecbody_IS.tspec_u.gen_stspec;

		intserv_bucket(&t, &spec,
			g->gen_Tspec_parm_hdr.isph_flags & ISPH_FLG_INV);
	}
}

/* "3 hop 1.25MB/s 10us 1500B" */
static void
general(struct text *t, const struct wire_general *g)
{
	text_printf(t, "%u hop ", g->hops);
	number(t, (double)g->bandwidth_Bps);
	text_printf(t, "B/s %uus %uB", g->latency_us, g->mtu);
}

static void
service(struct text *t, const char *name, const struct wire_adspec_service *s)
{
	if (!s)
		return;
	text_printf(t, ", %s={%s", name, s->broken ? "br!" : "");
	if (s->gs_terms)
		text_printf(
			t, "%u %u %u %u", s->Ctot, s->Dtot, s->Csum, s->Dsum);
	if (s->overrides.present == WIRE_GENERAL_ALL) {
		text_add(t, s->gs_terms ? " " : "");
		general(t, &s->overrides);
	}
	text_add(t, "}");
}

void
rapi_fmt_adspec(rapi_adspec_t *adspecp, char *buf, int len)
{
	uint8_t bytes[RAPI_ADSPEC_MAX];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct wire_adspec a;
	struct text t;

	if (!begin(&t, buf, len))
		return;
	if (rapi_obj_is_empty(adspecp)) {
		text_add(&t, " Adspec()");
		return;
	}
	if (rapi_adspec_in(adspecp, &w) != RAPI_ERR_OK ||
		!wire_adspec_decode(
			(struct wire_view){ bytes, buf_written(&w) }, &a)) {
		unreadable(&t);
		return;
	}
	text_printf(&t, "Adspec( %s", a.broken ? "br!" : "");
	general(&t, &a.general);
	service(&t, "G", wire_adspec_find(&a, WIRE_SERVICE_GS));
	service(&t, "CL", wire_adspec_find(&a, WIRE_SERVICE_CL));
	text_add(&t, ")");
}

static void
port(struct text *t, uint16_t host_order)
{
	if (host_order == 0)
		text_add(t, "*");
	else
		text_printf(t, "%u", host_order);
}

static void
host(struct text *t, const struct addr *a)
{
	char name[ADDR_TEXT];

	if (addr_is_zero(a))
		text_add(t, "(*)");
	else
		text_printf(t, a->family == ADDR_V6 ? "[%s]" : "%s",
			addr_format(a, name));
}

static void
base_filter(struct text *t, const rapi_filter_t *object, uint8_t family)
{
	struct wire_filter f;

	if (rapi_filter_in(object, family, &f) != RAPI_ERR_OK) {
		unreadable(t);
		return;
	}
	host(t, &f.src);
	if (f.form == WIRE_FILTER_FLOW_LABEL) {
		text_printf(t, "<l>%u", f.flow_label);
		return;
	}
	text_add(t, ":");
	port(t, f.src_port);
}

static void
gpi_filter(struct text *t, const rapi_filter_t *object)
{
	const bool v4 = object->form == RAPI_FILTERFORM_GPI;
	const size_t size =
		v4 ? sizeof(rapi_filter_gpi_t) : sizeof(rapi_filter_gpi6_t);
	uint8_t body[sizeof(rapi_filter_gpi6_t)];
	uint32_t gpi;

	if (object->len < HEADER + size) {
		unreadable(t);
		return;
	}
	memcpy(body, (const char *)object + HEADER, size);
	memcpy(&gpi, body + size - sizeof(gpi), sizeof(gpi));

	const struct addr a = v4 ? addr_v4(body) : addr_v6(body);

	host(t, &a);
	text_printf(t, "<g>%u", gpi);
}

void
rapi_fmt_filtspec(rapi_filter_t *filtp, char *buf, int len)
{
	struct text t;

	if (!begin(&t, buf, len))
		return;
	if (rapi_obj_is_empty(filtp))
		text_add(&t, "( )");
	else if (filtp->form == RAPI_FILTERFORM_BASE)
		base_filter(&t, filtp, ADDR_V4);
	else if (filtp->form == RAPI_FILTERFORM_BASE6)
		base_filter(&t, filtp, ADDR_V6);
	else if (filtp->form == RAPI_FILTERFORM_GPI ||
		 filtp->form == RAPI_FILTERFORM_GPI6)
		gpi_filter(&t, filtp);
	else
		unreadable(&t);
}
