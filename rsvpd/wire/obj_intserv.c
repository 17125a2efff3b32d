/* SPDX-License-Identifier: ISC */

/*
 * SENDER_TSPEC and FLOWSPEC (RFC 2210 3.1, 3.2), and the framing that they
 * share with ADSPEC (RFC 2210 Appendix 1): a message header, per-service blocks
 * in it, parameter blocks in those, each with its length in words.
 *
 * Broken framing inside a well-framed object marks the object malformed; it can
 * be answered with code 21.  Values are kept as they came: the core judges NaN,
 * negative and absurd ones.
 */

#include "rsvpd/wire/wire_int.h"

enum {
	PARAM_TSPEC = 127,
	PARAM_RSPEC = 130,
	INTSERV_HEADER = 4,
	VERSION_SHIFT = 12 /* of the header's upper 16 bits */
};

_Static_assert(sizeof(float) == sizeof(uint32_t), "IEEE 754 single precision");

float
wire_get_float(struct buf_reader *r)
{
	uint32_t bits = buf_get_u32be(r);
	float v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static uint32_t
float_bits(float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

void
wire_put_float(struct buf_writer *w, float v)
{
	buf_put_u32be(w, float_bits(v));
}

bool
wire_intserv_open(struct buf_reader *body, struct buf_reader *ret_blocks)
{
	unsigned version = buf_get_u16be(body) >> VERSION_SHIFT;
	size_t words = buf_get_u16be(body);

	*ret_blocks = buf_split(body, 4 * words);
	return version == 0 && buf_complete(body);
}

bool
wire_block_next(struct buf_reader *r, struct wire_block *ret_block)
{
	ret_block->num = buf_get_u8(r);
	ret_block->flags = buf_get_u8(r);

	size_t words = buf_get_u16be(r);

	ret_block->data = buf_split(r, 4 * words);
	return !ret_block->data.failed;
}

size_t
wire_block_begin(struct buf_writer *w, uint8_t num, uint8_t flags)
{
	size_t start = buf_written(w);

	buf_put_u8(w, num);
	buf_put_u8(w, flags);
	buf_put_u16be(w, 0); /* words; wire_block_end() fills them in */
	return start;
}

void
wire_block_end(struct buf_writer *w, size_t start)
{
	if (w->failed)
		return;

	size_t len = buf_written(w) - start - WIRE_BLOCK_HEADER;
	struct buf_writer field = buf_writer(w->start + start + 2, 2);

	if (len % 4 != 0)
		w->failed = true;
	/* A block too long for its field makes an object too long to send. */
	buf_put_u16be(&field, (uint16_t)(len / 4));
}

static bool
get_token_bucket(struct buf_reader *service, struct wire_tspec *tspec)
{
	struct wire_block param;

	if (!wire_block_next(service, &param) || param.num != PARAM_TSPEC)
		return false;
	tspec->r = wire_get_float(&param.data);
	tspec->b = wire_get_float(&param.data);
	tspec->p = wire_get_float(&param.data);
	tspec->m = buf_get_u32be(&param.data);
	tspec->M = buf_get_u32be(&param.data);
	return buf_complete(&param.data);
}

static void
put_token_bucket(struct buf_writer *w, const struct wire_tspec *tspec)
{
	size_t param = wire_block_begin(w, PARAM_TSPEC, 0);

	wire_put_float(w, tspec->r);
	wire_put_float(w, tspec->b);
	wire_put_float(w, tspec->p);
	buf_put_u32be(w, tspec->m);
	buf_put_u32be(w, tspec->M);
	wire_block_end(w, param);
}

static bool
get_rspec(struct buf_reader *service, struct wire_flowspec *spec)
{
	struct wire_block param;

	if (!wire_block_next(service, &param) || param.num != PARAM_RSPEC)
		return false;
	spec->R = wire_get_float(&param.data);
	spec->S = buf_get_u32be(&param.data);
	return buf_complete(&param.data);
}

static void
put_rspec(struct buf_writer *w, const struct wire_flowspec *spec)
{
	size_t param = wire_block_begin(w, PARAM_RSPEC, 0);

	wire_put_float(w, spec->R);
	buf_put_u32be(w, spec->S);
	wire_block_end(w, param);
}

/* The one per-service block of a Tspec or flowspec. */
static bool
only_service(struct buf_reader *body, struct wire_block *ret_service)
{
	struct buf_reader blocks;

	return wire_intserv_open(body, &blocks) &&
	       wire_block_next(&blocks, ret_service) && buf_complete(&blocks);
}

static bool
get_tspec(struct buf_reader body, struct wire_tspec *tspec)
{
	struct wire_block service;

	return only_service(&body, &service) &&
	       service.num == WIRE_SERVICE_GENERAL &&
	       get_token_bucket(&service.data, tspec) &&
	       buf_complete(&service.data);
}

enum wire_fault
wire_decode_tspec(struct buf_reader *body, struct wire_obj *obj)
{
	struct wire_tspec tspec;
	struct buf_reader inside = buf_split(body, buf_left(body));

	obj->malformed = !get_tspec(inside, &tspec);
	if (!obj->malformed)
		obj->tspec = tspec;
	return WIRE_OK;
}

void
wire_encode_tspec(struct buf_writer *w, const struct wire_obj *obj)
{
	size_t message = wire_block_begin(w, 0, 0);
	size_t service = wire_block_begin(w, WIRE_SERVICE_GENERAL, 0);

	put_token_bucket(w, &obj->tspec);
	wire_block_end(w, service);
	wire_block_end(w, message);
}

/* A service that is not known here is well framed, and left to the core. */
static bool
get_flowspec(struct buf_reader body, struct wire_flowspec *spec)
{
	struct wire_block service;

	if (!only_service(&body, &service))
		return false;
	spec->service = service.num;
	switch (service.num) {
	case WIRE_SERVICE_CL:
		return get_token_bucket(&service.data, &spec->tspec) &&
		       buf_complete(&service.data);
	case WIRE_SERVICE_GS:
		return get_token_bucket(&service.data, &spec->tspec) &&
		       get_rspec(&service.data, spec) &&
		       buf_complete(&service.data);
	default:
		return true;
	}
}

enum wire_fault
wire_decode_flowspec(struct buf_reader *body, struct wire_obj *obj)
{
	struct wire_flowspec spec = { 0 };
	struct buf_reader inside = buf_split(body, buf_left(body));

	obj->malformed = !get_flowspec(inside, &spec);
	if (!obj->malformed)
		obj->flowspec = spec;
	return WIRE_OK;
}

void
wire_encode_flowspec(struct buf_writer *w, const struct wire_obj *obj)
{
	const struct wire_flowspec *spec = &obj->flowspec;
	size_t message = wire_block_begin(w, 0, 0);
	size_t service = wire_block_begin(w, spec->service, 0);

	if (spec->service != WIRE_SERVICE_GS &&
		spec->service != WIRE_SERVICE_CL)
		w->failed = true;
	put_token_bucket(w, &spec->tspec);
	if (spec->service == WIRE_SERVICE_GS)
		put_rspec(w, spec);
	wire_block_end(w, service);
	wire_block_end(w, message);
}

static bool
same_bits(float a, float b)
{
	return float_bits(a) == float_bits(b);
}

bool
wire_flowspec_same(const struct wire_flowspec *a, const struct wire_flowspec *b)
{
	return a->service == b->service && same_bits(a->tspec.r, b->tspec.r) &&
	       same_bits(a->tspec.b, b->tspec.b) &&
	       same_bits(a->tspec.p, b->tspec.p) && a->tspec.m == b->tspec.m &&
	       a->tspec.M == b->tspec.M && same_bits(a->R, b->R) &&
	       a->S == b->S;
}

void
wire_tspec_print(struct text *t, const struct wire_tspec *tspec)
{
	text_add(t, "r ");
	text_add_rate(t, (double)tspec->r);
	text_add(t, ", b ");
	text_add_size(t, (double)tspec->b);
	text_add(t, ", p ");
	text_add_rate(t, (double)tspec->p);
	text_printf(t, ", m %u, M %u", (unsigned)tspec->m, (unsigned)tspec->M);
}

void
wire_flowspec_print(struct text *t, const struct wire_flowspec *spec)
{
	switch (spec->service) {
	case WIRE_SERVICE_GENERAL: /* the Tspec of a sender */
		break;
	case WIRE_SERVICE_GS:
		text_add(t, "GS ");
		break;
	case WIRE_SERVICE_CL:
		text_add(t, "CL ");
		break;
	default:
		text_printf(t, "service %u", spec->service);
		return;
	}
	wire_tspec_print(t, &spec->tspec);
	if (spec->service != WIRE_SERVICE_GS)
		return;
	text_add(t, ", R ");
	text_add_rate(t, (double)spec->R);
	text_printf(t, ", S %u us", (unsigned)spec->S);
}

void
wire_print_tspec_obj(struct text *t, const struct wire_obj *obj)
{
	if (obj->malformed)
		text_add(t, "malformed");
	else
		wire_tspec_print(t, &obj->tspec);
}

void
wire_print_flowspec_obj(struct text *t, const struct wire_obj *obj)
{
	if (obj->malformed)
		text_add(t, "malformed");
	else
		wire_flowspec_print(t, &obj->flowspec);
}
