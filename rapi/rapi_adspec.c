/* SPDX-License-Identifier: ISC */

/*
 * Adspecs: the two formats of the interface, and the object of the wire
 * (RFC 2210 3.3).  The wire object is kept as bytes between, so that fragments
 * of services we do not know survive.
 */

#include "rapi_int.h"

enum {
	HEADER = sizeof(rapi_hdr_t),
	OBJECT_HEADER = 4, /* of an RSVP object */
	CLASS_ADSPEC = 13,
	CTYPE_INTSERV = 2
};

/*
 * An IntServ body as a sequence of 32-bit words, each a header (two octets and
 * a length) or a number.  Where the next header is follows from the lengths.
 */
struct walk {
	size_t word;         /* index of the next one */
	size_t service_left; /* words of the current service */
	size_t parm_left;    /* words of the current parameter */
	bool broken;         /* a parameter longer than its service */
};

static bool
at_header(const struct walk *w)
{
	return w->parm_left == 0;
}

static void
walk_header(struct walk *w, uint16_t len32b)
{
	if (w->word == 0) {
		/* Of the whole body: the caller knows its length. */
	} else if (w->service_left == 0) {
		w->service_left = len32b;
	} else {
		w->service_left--;
		w->parm_left = len32b;
		if (w->parm_left > w->service_left)
			w->broken = true;
	}
	w->word++;
}

static void
walk_number(struct walk *w)
{
	w->word++;
	w->parm_left--;
	w->service_left--;
}

/* One body from host order to network order, as far as its lengths make sense:
 * the decoder of the wire judges what came out. */
static void
body_to_net(const uint8_t *host, size_t words, struct buf_writer *w)
{
	struct walk walk = { 0 };

	for (size_t i = 0; i < words && !walk.broken; i++, host += 4) {
		if (!at_header(&walk)) {
			uint32_t number;

			memcpy(&number, host, sizeof(number));
			buf_put_u32be(w, number);
			walk_number(&walk);
			continue;
		}

		/* What the application wrote as the length of the whole is
		 * overwritten: the object's own length is the truth. */
		uint16_t len32b = (uint16_t)(words - 1);

		if (i > 0)
			memcpy(&len32b, host + 2, sizeof(len32b));
		buf_put_bytes(w, host, 2);
		buf_put_u16be(w, len32b);
		walk_header(&walk, len32b);
	}
}

/* And back. */
static bool
body_to_host(struct buf_reader *net, struct buf_writer *w)
{
	struct walk walk = { 0 };

	while (buf_left(net) >= 4 && !walk.broken) {
		if (!at_header(&walk)) {
			const uint32_t number = buf_get_u32be(net);

			buf_put_bytes(w, &number, sizeof(number));
			walk_number(&walk);
			continue;
		}

		const uint8_t *two = buf_take(net, 2);
		const uint16_t len32b = buf_get_u16be(net);

		buf_put_bytes(w, two, 2);
		buf_put_bytes(w, &len32b, sizeof(len32b));
		walk_header(&walk, len32b);
	}
	return buf_complete(net) && !walk.broken && walk.service_left == 0 &&
	       walk.parm_left == 0;
}

/* ---- in ------------------------------------------------------------------ */

static int
not_right(void)
{
	return rapi_fail(RAPI_ERR_INTSERV,
		"Adspec in Intserv format: version, service, parameter or "
		"length is not that of RFC 2210");
}

static int
intserv_in(const rapi_adspec_t *object, size_t len, struct buf_writer *w)
{
	uint8_t *start = w->pos;
	const size_t body = len - HEADER;
	struct wire_adspec check;

	buf_put_u16be(w, (uint16_t)(OBJECT_HEADER + body));
	buf_put_u8(w, CLASS_ADSPEC);
	buf_put_u8(w, CTYPE_INTSERV);
	body_to_net((const uint8_t *)object + HEADER, body / 4, w);
	if (w->failed)
		return rapi_fail(RAPI_ERR_OVERFLOW, "Adspec too long");

	const struct wire_view view = { .bytes = start,
		.len = (size_t)(w->pos - start) };

	return wire_adspec_decode(view, &check) ? RAPI_ERR_OK : not_right();
}

/* The general parameters as one service overrides them. */
static struct wire_general
override_in(uint8_t hops_override, uint16_t hops, float bandwidth,
	uint32_t latency, uint32_t mtu)
{
	if (!hops_override)
		return (struct wire_general){ 0 };
	return (struct wire_general){ .present = WIRE_GENERAL_ALL,
		.hops = hops,
		.bandwidth_Bps = bandwidth,
		.latency_us = latency,
		.mtu = mtu };
}

static bool
flags_make_sense(const rapi_qos_adspecx_t *a)
{
	const unsigned both = RAPI_XASPEC_FLG_IGN | RAPI_XASPEC_FLG_PARM;

	return (a->xClaspec_flags & both) != both &&
	       (a->xGaspec_flags & both) != both &&
	       !(a->xaspec_flags & RAPI_XASPEC_FLG_IGN);
}

static void
simplified_to_wire(const rapi_qos_adspecx_t *a, struct wire_adspec *ret)
{
	*ret = (struct wire_adspec){
		.broken = (a->xaspec_flags & RAPI_XASPEC_FLG_BRK) != 0,
		.general = override_in(1, a->xaspec_hopcnt, a->xaspec_path_bw,
			a->xaspec_min_latency, a->xaspec_composed_MTU),
	};
	if (!(a->xGaspec_flags & RAPI_XASPEC_FLG_IGN))
		ret->services[ret->service_count++] =
			(struct wire_adspec_service){
				.service = WIRE_SERVICE_GS,
				.broken = (a->xGaspec_flags &
						  RAPI_XASPEC_FLG_BRK) != 0,
				.gs_terms = (a->xGaspec_flags &
						    RAPI_XASPEC_FLG_PARM) != 0,
				.Ctot = a->xGaspec_Ctot,
				.Dtot = a->xGaspec_Dtot,
				.Csum = a->xGaspec_Csum,
				.Dsum = a->xGaspec_Dsum,
				.overrides = override_in(a->xGaspec_override,
					a->xGaspec_hopcnt, a->xGaspec_path_bw,
					a->xGaspec_min_latency,
					a->xGaspec_composed_MTU),
			};
	if (!(a->xClaspec_flags & RAPI_XASPEC_FLG_IGN))
		ret->services[ret->service_count++] =
			(struct wire_adspec_service){
				.service = WIRE_SERVICE_CL,
				.broken = (a->xClaspec_flags &
						  RAPI_XASPEC_FLG_BRK) != 0,
				.overrides = override_in(a->xClaspec_override,
					a->xClaspec_hopcnt, a->xClaspec_path_bw,
					a->xClaspec_min_latency,
					a->xClaspec_composed_MTU),
			};
}

static int
simplified_in(const rapi_adspec_t *object, struct buf_writer *w)
{
	rapi_qos_adspecx_t body;
	struct wire_adspec adspec;

	memcpy(&body, (const char *)object + HEADER, sizeof(body));
	if (!flags_make_sense(&body))
		return rapi_fail(RAPI_ERR_INVAL,
			"Adspec flags: IGN excludes PARM, and is not for the "
			"general part");
	simplified_to_wire(&body, &adspec);
	if (!wire_adspec_encode(w, &adspec))
		return rapi_fail(RAPI_ERR_OVERFLOW, "Adspec too long");
	return RAPI_ERR_OK;
}

int
rapi_adspec_in(const rapi_adspec_t *object, struct buf_writer *w)
{
	rapi_hdr_t hdr;

	memcpy(&hdr, object, sizeof(hdr));
	if (hdr.form != RAPI_ADSTYPE_Simplified &&
		hdr.form != RAPI_ADSTYPE_Intserv)
		return rapi_fail(
			RAPI_ERR_OBJTYPE, "form %u is not an Adspec", hdr.form);

	const bool intserv = hdr.form == RAPI_ADSTYPE_Intserv;
	const size_t body =
		intserv ? sizeof(IS_adsbody_t) : sizeof(rapi_qos_adspecx_t);

	if (hdr.len < HEADER + body || hdr.len > RAPI_OBJ_MAX ||
		hdr.len % 4 != 0)
		return rapi_fail(RAPI_ERR_OBJLEN,
			"Adspec has length %u, not %zu to %d in steps of 4",
			hdr.len, HEADER + body, RAPI_OBJ_MAX);
	return intserv ? intserv_in(object, hdr.len, w)
		       : simplified_in(object, w);
}

/* ---- out ----------------------------------------------------------------- */

static uint16_t
hops16(uint32_t hops)
{
	return hops > UINT16_MAX ? UINT16_MAX : (uint16_t)hops;
}

/* What the service says, and the general value where it says nothing. */
static struct wire_general
effective(const struct wire_general *general, const struct wire_general *own)
{
	struct wire_general g = *general;

	if (own->present & WIRE_GENERAL_HOPS)
		g.hops = own->hops;
	if (own->present & WIRE_GENERAL_BANDWIDTH)
		g.bandwidth_Bps = own->bandwidth_Bps;
	if (own->present & WIRE_GENERAL_LATENCY)
		g.latency_us = own->latency_us;
	if (own->present & WIRE_GENERAL_MTU)
		g.mtu = own->mtu;
	return g;
}

static void
gs_to_simplified(const struct wire_general *general,
	const struct wire_adspec_service *s, rapi_qos_adspecx_t *a)
{
	if (!s) {
		a->xGaspec_flags = RAPI_XASPEC_FLG_IGN;
		return;
	}
	if (s->broken)
		a->xGaspec_flags |= RAPI_XASPEC_FLG_BRK;
	if (s->gs_terms) {
		a->xGaspec_flags |= RAPI_XASPEC_FLG_PARM;
		a->xGaspec_Ctot = s->Ctot;
		a->xGaspec_Dtot = s->Dtot;
		a->xGaspec_Csum = s->Csum;
		a->xGaspec_Dsum = s->Dsum;
	}
	if (s->overrides.present == 0)
		return;

	const struct wire_general g = effective(general, &s->overrides);

	a->xGaspec_override = 1;
	a->xGaspec_hopcnt = hops16(g.hops);
	a->xGaspec_path_bw = g.bandwidth_Bps;
	a->xGaspec_min_latency = g.latency_us;
	a->xGaspec_composed_MTU = g.mtu;
}

static void
cl_to_simplified(const struct wire_general *general,
	const struct wire_adspec_service *s, rapi_qos_adspecx_t *a)
{
	if (!s) {
		a->xClaspec_flags = RAPI_XASPEC_FLG_IGN;
		return;
	}
	if (s->broken)
		a->xClaspec_flags |= RAPI_XASPEC_FLG_BRK;
	if (s->overrides.present == 0)
		return;

	const struct wire_general g = effective(general, &s->overrides);

	a->xClaspec_override = 1;
	a->xClaspec_hopcnt = hops16(g.hops);
	a->xClaspec_path_bw = g.bandwidth_Bps;
	a->xClaspec_min_latency = g.latency_us;
	a->xClaspec_composed_MTU = g.mtu;
}

static bool
simplified_out(struct buf_writer *w, struct wire_view object)
{
	struct wire_adspec adspec;

	if (!wire_adspec_decode(object, &adspec)) {
		rapi_empty_out(w);
		return false;
	}

	const struct wire_general *general = &adspec.general;
	rapi_adspec_t out = { .len = HEADER + sizeof(rapi_qos_adspecx_t),
		.form = RAPI_ADSTYPE_Simplified };
	rapi_qos_adspecx_t *a = &out.adspecbody_qosx;

	a->xaspec_flags = adspec.broken ? RAPI_XASPEC_FLG_BRK : 0;
	a->xaspec_hopcnt = hops16(general->hops);
	a->xaspec_path_bw = general->bandwidth_Bps;
	a->xaspec_min_latency = general->latency_us;
	a->xaspec_composed_MTU = general->mtu;
	gs_to_simplified(
		general, wire_adspec_find(&adspec, WIRE_SERVICE_GS), a);
	cl_to_simplified(
		general, wire_adspec_find(&adspec, WIRE_SERVICE_CL), a);
	buf_put_bytes(w, &out, out.len);
	return true;
}

static bool
intserv_out(struct buf_writer *w, struct wire_view object)
{
	struct buf_reader body = buf_reader(object.bytes, object.len);
	uint8_t *const start = w->pos;
	const rapi_hdr_t hdr = { .len = (unsigned)(HEADER + object.len -
						   OBJECT_HEADER),
		.form = RAPI_ADSTYPE_Intserv };

	buf_take(&body, OBJECT_HEADER);
	buf_put_bytes(w, &hdr, sizeof(hdr));
	if (body_to_host(&body, w))
		return true;
	w->pos = start;
	rapi_empty_out(w);
	return false;
}

bool
rapi_adspec_out(struct buf_writer *w, struct wire_view object, bool intserv)
{
	if (object.len < OBJECT_HEADER + sizeof(IS_main_hdr_t)) {
		rapi_empty_out(w);
		return object.len == 0;
	}
	return intserv ? intserv_out(w, object) : simplified_out(w, object);
}
