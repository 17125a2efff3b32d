/* SPDX-License-Identifier: ISC */

/*
 * ADSPEC (RFC 2210 3.3): the general fragment, then one fragment per service in
 * increasing order of number.  Any fragment may override general parameters for
 * itself.  Fragments are cut by their own length, never by an assumed one.
 *
 * Taken although a careful sender would not send it: a fragment without data
 * whose break bit is set (also the general one), parameters in any order, and
 * parameters that are not known, which are passed over.
 */

#include "rsvpd/wire/wire_int.h"

enum {
	PARAM_HOPS = 4, /* composed numbers: RFC 2215 3 */
	PARAM_BANDWIDTH = 6,
	PARAM_LATENCY = 8,
	PARAM_MTU = 10,
	PARAM_C_TOT = 133, /* RFC 2212 */
	PARAM_D_TOT = 134,
	PARAM_C_SUM = 135,
	PARAM_D_SUM = 136,
	GS_TERMS = 4
};

/* Bit of the general parameter, 0 for any other number. */
static uint8_t
general_bit(uint8_t num)
{
	switch (num) {
	case PARAM_HOPS:
		return WIRE_GENERAL_HOPS;
	case PARAM_BANDWIDTH:
		return WIRE_GENERAL_BANDWIDTH;
	case PARAM_LATENCY:
		return WIRE_GENERAL_LATENCY;
	case PARAM_MTU:
		return WIRE_GENERAL_MTU;
	default:
		return 0;
	}
}

/* Takes one general parameter; false when it is malformed or there twice. */
static bool
get_general(struct wire_block *param, struct wire_general *g)
{
	uint8_t bit = general_bit(param->num);

	if (g->present & bit)
		return false;
	g->present |= bit;
	switch (param->num) {
	case PARAM_HOPS:
		g->hops = buf_get_u32be(&param->data);
		break;
	case PARAM_BANDWIDTH:
		g->bandwidth_Bps = wire_get_float(&param->data);
		break;
	case PARAM_LATENCY:
		g->latency_us = buf_get_u32be(&param->data);
		break;
	default:
		g->mtu = buf_get_u32be(&param->data);
		break;
	}
	return buf_complete(&param->data);
}

static void
put_u32_param(struct buf_writer *w, uint8_t num, uint32_t v)
{
	size_t param = wire_block_begin(w, num, 0);

	buf_put_u32be(w, v);
	wire_block_end(w, param);
}

static void
put_general(struct buf_writer *w, const struct wire_general *g)
{
	if (g->present & WIRE_GENERAL_HOPS)
		put_u32_param(w, PARAM_HOPS, g->hops);
	if (g->present & WIRE_GENERAL_BANDWIDTH) {
		size_t param = wire_block_begin(w, PARAM_BANDWIDTH, 0);

		wire_put_float(w, g->bandwidth_Bps);
		wire_block_end(w, param);
	}
	if (g->present & WIRE_GENERAL_LATENCY)
		put_u32_param(w, PARAM_LATENCY, g->latency_us);
	if (g->present & WIRE_GENERAL_MTU)
		put_u32_param(w, PARAM_MTU, g->mtu);
}

/* Where a Guaranteed Service sum belongs; NULL for any other parameter. */
static uint32_t *
gs_term(struct wire_adspec_service *s, uint8_t num)
{
	if (s->service != WIRE_SERVICE_GS)
		return NULL;
	switch (num) {
	case PARAM_C_TOT:
		return &s->Ctot;
	case PARAM_D_TOT:
		return &s->Dtot;
	case PARAM_C_SUM:
		return &s->Csum;
	case PARAM_D_SUM:
		return &s->Dsum;
	default:
		return NULL;
	}
}

/* The parameters of a known service: its own, then overrides. */
static bool
get_params(struct buf_reader *data, struct wire_adspec_service *s)
{
	unsigned terms = 0; /* bit by term; all four or none */

	while (buf_left(data) > 0) {
		struct wire_block param;

		if (!wire_block_next(data, &param))
			return false;

		uint32_t *term = gs_term(s, param.num);

		if (term) {
			unsigned bit = 1u << (param.num - PARAM_C_TOT);

			if (terms & bit)
				return false;
			terms |= bit;
			*term = buf_get_u32be(&param.data);
			if (!buf_complete(&param.data))
				return false;
		} else if (general_bit(param.num) != 0 &&
			   !get_general(&param, &s->overrides)) {
			return false;
		}
	}
	s->gs_terms = terms != 0;
	return terms == 0 || terms == (1u << GS_TERMS) - 1;
}

static bool
service_is_known(uint8_t service)
{
	return service == WIRE_SERVICE_GS || service == WIRE_SERVICE_CL;
}

static bool
get_service(struct wire_block *block, struct wire_adspec_service *s)
{
	size_t len = buf_left(&block->data);

	s->service = block->num;
	s->broken = (block->flags & WIRE_BREAK_BIT) != 0;
	if (service_is_known(s->service))
		return get_params(&block->data, s);
	if (len > 0)
		s->data_view =
			(struct wire_view){ buf_take(&block->data, len), len };
	return true;
}

/* The general fragment has the shape of a service that only overrides. */
static bool
get_general_fragment(struct buf_reader *blocks, struct wire_adspec *adspec)
{
	struct wire_block block;
	struct wire_adspec_service s = { .service = WIRE_SERVICE_GENERAL };

	if (!wire_block_next(blocks, &block) ||
		block.num != WIRE_SERVICE_GENERAL ||
		!get_params(&block.data, &s))
		return false;
	adspec->broken = (block.flags & WIRE_BREAK_BIT) != 0;
	adspec->general = s.overrides;
	return adspec->broken || adspec->general.present == WIRE_GENERAL_ALL;
}

static bool
get_adspec(struct buf_reader body, struct wire_adspec *adspec)
{
	struct buf_reader blocks;
	uint8_t last = WIRE_SERVICE_GENERAL;

	if (!wire_intserv_open(&body, &blocks) ||
		!get_general_fragment(&blocks, adspec))
		return false;
	while (buf_left(&blocks) > 0) {
		struct wire_block block;
		struct wire_adspec_service s = { 0 };

		if (!wire_block_next(&blocks, &block) || block.num <= last ||
			!get_service(&block, &s))
			return false;
		last = block.num;
		if (adspec->service_count < WIRE_SERVICES_MAX)
			adspec->services[adspec->service_count++] = s;
	}
	return true;
}

enum wire_fault
wire_decode_adspec(struct buf_reader *body, struct wire_obj *obj)
{
	struct buf_reader inside = buf_split(body, buf_left(body));

	obj->malformed = !get_adspec(inside, &obj->adspec);
	if (obj->malformed)
		obj->adspec = (struct wire_adspec){ 0 };
	return WIRE_OK;
}

static void
put_service(struct buf_writer *w, const struct wire_adspec_service *s)
{
	uint8_t flags = s->broken ? WIRE_BREAK_BIT : 0;
	size_t block = wire_block_begin(w, s->service, flags);

	if (service_is_known(s->service)) {
		if (s->service == WIRE_SERVICE_GS && s->gs_terms) {
			put_u32_param(w, PARAM_C_TOT, s->Ctot);
			put_u32_param(w, PARAM_D_TOT, s->Dtot);
			put_u32_param(w, PARAM_C_SUM, s->Csum);
			put_u32_param(w, PARAM_D_SUM, s->Dsum);
		}
		put_general(w, &s->overrides);
	} else {
		buf_put_bytes(w, s->data_view.bytes, s->data_view.len);
	}
	wire_block_end(w, block);
}

void
wire_encode_adspec(struct buf_writer *w, const struct wire_obj *obj)
{
	const struct wire_adspec *a = &obj->adspec;
	uint8_t flags = a->broken ? WIRE_BREAK_BIT : 0;
	size_t message = wire_block_begin(w, 0, 0);
	size_t general = wire_block_begin(w, WIRE_SERVICE_GENERAL, flags);
	uint8_t last = WIRE_SERVICE_GENERAL;

	if (!a->broken && a->general.present != WIRE_GENERAL_ALL)
		w->failed = true;
	put_general(w, &a->general);
	wire_block_end(w, general);
	for (size_t i = 0; i < a->service_count; i++) {
		if (a->services[i].service <= last)
			w->failed = true;
		last = a->services[i].service;
		put_service(w, &a->services[i]);
	}
	wire_block_end(w, message);
}

bool
wire_adspec_decode(struct wire_view object, struct wire_adspec *ret_adspec)
{
	struct buf_reader r = buf_reader(object.bytes, object.len);
	struct wire_obj obj;

	if (wire_obj_decode(&r, &obj) != WIRE_OK || !buf_complete(&r) ||
		obj.class_num != WIRE_C_ADSPEC || obj.malformed)
		return false;
	*ret_adspec = obj.adspec;
	return true;
}

bool
wire_adspec_encode(struct buf_writer *w, const struct wire_adspec *adspec)
{
	struct wire_obj obj = wire_obj_make(WIRE_C_ADSPEC, ADDR_NONE);

	obj.adspec = *adspec;
	wire_obj_encode(w, &obj);
	return !w->failed;
}

struct wire_adspec_service *
wire_adspec_find(struct wire_adspec *adspec, uint8_t service)
{
	for (size_t i = 0; i < adspec->service_count; i++)
		if (adspec->services[i].service == service)
			return &adspec->services[i];
	return NULL;
}

/* Where the parameter of that bit stands for the service. */
static const struct wire_general *
general_for(const struct wire_adspec *adspec, uint8_t service, uint8_t bit)
{
	for (size_t i = 0; i < adspec->service_count; i++) {
		const struct wire_adspec_service *s = &adspec->services[i];

		if (s->service == service && (s->overrides.present & bit) != 0)
			return &s->overrides;
	}
	return &adspec->general;
}

uint32_t
wire_adspec_mtu(const struct wire_adspec *adspec, uint8_t service)
{
	return general_for(adspec, service, WIRE_GENERAL_MTU)->mtu;
}

uint32_t
wire_adspec_latency(const struct wire_adspec *adspec, uint8_t service)
{
	return general_for(adspec, service, WIRE_GENERAL_LATENCY)->latency_us;
}

static void
print_general(struct text *t, const struct wire_general *g)
{
	if (g->present & WIRE_GENERAL_HOPS)
		text_printf(t, " hops %u", (unsigned)g->hops);
	if (g->present & WIRE_GENERAL_BANDWIDTH) {
		text_add(t, " bandwidth ");
		text_add_rate(t, (double)g->bandwidth_Bps);
	}
	if ((g->present & WIRE_GENERAL_LATENCY) &&
		g->latency_us == WIRE_LATENCY_UNKNOWN)
		text_add(t, " latency unknown");
	else if (g->present & WIRE_GENERAL_LATENCY)
		text_printf(t, " latency %u us", (unsigned)g->latency_us);
	if (g->present & WIRE_GENERAL_MTU)
		text_printf(t, " mtu %u", (unsigned)g->mtu);
}

static void
print_service(struct text *t, const struct wire_adspec_service *s)
{
	switch (s->service) {
	case WIRE_SERVICE_GS:
		text_add(t, "; GS");
		break;
	case WIRE_SERVICE_CL:
		text_add(t, "; CL");
		break;
	default:
		text_printf(t, "; service %u (%zu octets)", s->service,
			s->data_view.len);
		break;
	}
	if (s->broken)
		text_add(t, " broken");
	if (s->gs_terms)
		text_printf(t, " Ctot %u B Dtot %u us Csum %u B Dsum %u us",
			(unsigned)s->Ctot, (unsigned)s->Dtot, (unsigned)s->Csum,
			(unsigned)s->Dsum);
	print_general(t, &s->overrides);
}

void
wire_print_adspec(struct text *t, const struct wire_obj *obj)
{
	const struct wire_adspec *a = &obj->adspec;

	if (obj->malformed) {
		text_add(t, "malformed");
		return;
	}
	text_add(t, "general");
	if (a->broken)
		text_add(t, " broken");
	print_general(t, &a->general);
	for (size_t i = 0; i < a->service_count; i++)
		print_service(t, &a->services[i]);
}
