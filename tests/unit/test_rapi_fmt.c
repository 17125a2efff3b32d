/* SPDX-License-Identifier: ISC */

/* Objects as text, the arithmetic of Guaranteed Service, and error strings. */

#include <arpa/inet.h>
#include <math.h>

#include "rapi/rapi_ext.h"
#include "t.h"

static char out[256];

static rapi_flowspec_t
flowspec(rapi_qos_service_t service)
{
	rapi_flowspec_t f = { .len = 40, .form = RAPI_FLOWSTYPE_Simplified };

	f.specbody_qosx.spec_type = service;
	f.specbody_qosx.xspec_r = 125000;
	f.specbody_qosx.xspec_b = 3000;
	f.specbody_qosx.xspec_p = 1.25e6f;
	f.specbody_qosx.xspec_m = 64;
	f.specbody_qosx.xspec_M = 1500;
	f.specbody_qosx.xspec_R = 150000;
	f.specbody_qosx.xspec_S = 20;
	return f;
}

static const char *
spec_text(rapi_flowspec_t *f)
{
	rapi_fmt_flowspec(f, out, sizeof(out));
	return out;
}

static void
simplified_flowspecs(void)
{
	rapi_flowspec_t f = flowspec(RAPI_QOS_CNTR_LOAD);

	T_STR(spec_text(&f),
		" [CL [125K(3K) p=1.25M m=64 M=1500] R=150K S=20]");
	f = flowspec(RAPI_QOS_GUARANTEED);
	f.len = sizeof(f); /* as many clients have it */
	T_STR(spec_text(&f), " [G [125K(3K) p=1.25M m=64 M=1500] R=150K S=20]");
	f = flowspec(RAPI_QOS_TSPEC);
	f.specbody_qosx.xspec_p = INFINITY32f;
	T_STR(spec_text(&f), " [T [125K(3K) p=Inf m=64 M=1500] R=150K S=20]");
}

static void
numbers_have_three_digits_and_a_suffix(void)
{
	static const struct {
		float v;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 1, "1" },
		{ 999, "999" },
		{ 999.6f, "1K" },
		{ 1000, "1K" },
		{ 1234, "1.23K" },
		{ 999600, "1M" },
		{ 2.5e9f, "2.5G" },
		{ 40e12f, "40T" },
		{ 1e15f, "Inf" },
		{ INFINITY, "Inf" },
		{ NAN, "NaN" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rapi_flowspec_t f = flowspec(RAPI_QOS_GUARANTEED);
		char want[128];

		f.specbody_qosx.xspec_R = rows[i].v;
		snprintf(want, sizeof(want),
			" [G [125K(3K) p=1.25M m=64 M=1500] R=%s S=20]",
			rows[i].text);
		T_STR(spec_text(&f), want);
	}
}

static void
fill_bucket(TB_Tsp_parms_t *t)
{
	t->TB_Tspec_r = 125000;
	t->TB_Tspec_b = 3000;
	t->TB_Tspec_p = 1.25e6f;
	t->TB_Tspec_m = 64;
	t->TB_Tspec_M = 1500;
}

static void
intserv_flowspecs(void)
{
	rapi_flowspec_t f = { .len = 40, .form = RAPI_FLOWSTYPE_Intserv };
	CL_flowspec_t *c = &f.specbody_IS.spec_u.CL_spec;
	Guar_flowspec_t *g = &f.specbody_IS.spec_u.G_spec;

	Set_Main_Hdr(&f.specbody_IS.spec_mh, sizeof(*c));
	Set_Serv_Hdr(&c->CL_spec_serv_hdr, CONTROLLED_LOAD_SERV, 24);
	Set_Parm_Hdr(&c->CL_spec_parm_hdr, IS_WKP_TB_TSPEC, 20);
	fill_bucket(&c->CL_spec_parms);
	T_STR(spec_text(&f), "[CL T=[125K(3K) 1.25MB/s 64 1500] ]");
	f.len = 52;
	Set_Main_Hdr(&f.specbody_IS.spec_mh, sizeof(*g));
	Set_Serv_Hdr(&g->Guar_serv_hdr, GUARANTEED_SERV, 36);
	Set_Parm_Hdr(&g->Guar_Tspec_hdr, IS_WKP_TB_TSPEC, 20);
	fill_bucket(&g->Guar_Tspec_parms);
	Set_Parm_Hdr(&g->Guar_Rspec_hdr, IS_GUAR_RSPEC, 8);
	g->Guar_Rspec.Guar_R = 150000;
	g->Guar_Rspec.Guar_S = 20;
	T_STR(spec_text(&f), "[G R=150K S=20 T=[125K(3K) 1.25MB/s 64 1500]]");
	g->Guar_Rspec_hdr.isph_flags = ISPH_FLG_INV;
	g->Guar_Tspec_hdr.isph_flags = ISPH_FLG_INV;
	T_STR(spec_text(&f), "[G INV T=[INV]]");
	g->Guar_serv_hdr.issh_len32b = 8;
	T_STR(spec_text(&f), " [?]");
}

static rapi_tspec_t
tspec_of(float r, float b, float p, uint32_t M)
{
	rapi_tspec_t t = { .len = 32, .form = RAPI_TSPECTYPE_Simplified };

	t.tspecbody_qosx.xtspec_r = r;
	t.tspecbody_qosx.xtspec_b = b;
	t.tspecbody_qosx.xtspec_p = p;
	t.tspecbody_qosx.xtspec_m = 64;
	t.tspecbody_qosx.xtspec_M = M;
	return t;
}

static void
tspecs(void)
{
	rapi_tspec_t t = tspec_of(125000, 3000, 1.25e6f, 1500);
	gen_Tspec_t *g = &t.tspecbody_IS.tspec_u.gen_stspec;

	rapi_fmt_tspec(&t, out, sizeof(out));
	T_STR(out, " [T [125K(3K) p=1.25M m=64 M=1500]]");
	t.len = 40;
	t.form = RAPI_TSPECTYPE_Intserv;
	Set_Main_Hdr(&t.tspecbody_IS.st_mh, sizeof(*g));
	Set_Serv_Hdr(&g->gen_Tspec_serv_hdr, GENERAL_INFO, 24);
	Set_Parm_Hdr(&g->gen_Tspec_parm_hdr, IS_WKP_TB_TSPEC, 20);
	fill_bucket(&g->gen_Tspec_parms);
	rapi_fmt_tspec(&t, out, sizeof(out));
	T_STR(out, "T=[125K(3K) 1.25MB/s 64 1500]");
	g->gen_Tspec_parm_hdr.isph_flags = ISPH_FLG_INV;
	rapi_fmt_tspec(&t, out, sizeof(out));
	T_STR(out, "T=[INV]");
}

static rapi_adspec_t
adspec(void)
{
	rapi_adspec_t a = { .len = 76, .form = RAPI_ADSTYPE_Simplified };
	rapi_qos_adspecx_t *x = &a.adspecbody_qosx;

	x->xaspec_hopcnt = 3;
	x->xaspec_path_bw = 1.25e6f;
	x->xaspec_min_latency = 10;
	x->xaspec_composed_MTU = 1500;
	x->xGaspec_flags = RAPI_XASPEC_FLG_PARM;
	x->xGaspec_Ctot = 4500;
	x->xGaspec_Dtot = 9000;
	x->xGaspec_Csum = 1500;
	x->xGaspec_Dsum = 3000;
	return a;
}

static const char *
adspec_text(rapi_adspec_t *a)
{
	rapi_fmt_adspec(a, out, sizeof(out));
	return out;
}

static void
adspecs(void)
{
	rapi_adspec_t a = adspec();
	rapi_qos_adspecx_t *x = &a.adspecbody_qosx;

	T_STR(adspec_text(&a), "Adspec( 3 hop 1.25MB/s 10us 1500B, "
			       "G={4500 9000 1500 3000}, CL={})");
	x->xaspec_flags = RAPI_XASPEC_FLG_BRK;
	x->xGaspec_flags |= RAPI_XASPEC_FLG_BRK;
	x->xClaspec_flags = RAPI_XASPEC_FLG_IGN;
	T_STR(adspec_text(&a), "Adspec( br!3 hop 1.25MB/s 10us 1500B, "
			       "G={br!4500 9000 1500 3000})");
	a = adspec();
	x->xGaspec_flags = RAPI_XASPEC_FLG_IGN;
	x->xClaspec_flags = RAPI_XASPEC_FLG_BRK;
	x->xClaspec_override = 1;
	x->xClaspec_hopcnt = 2;
	x->xClaspec_path_bw = 1000;
	x->xClaspec_min_latency = 7;
	x->xClaspec_composed_MTU = 1400;
	T_STR(adspec_text(&a), "Adspec( 3 hop 1.25MB/s 10us 1500B, "
			       "CL={br!2 hop 1KB/s 7us 1400B})");
	x->xClaspec_flags = RAPI_XASPEC_FLG_IGN | RAPI_XASPEC_FLG_PARM;
	T_STR(adspec_text(&a), " [?]");
}

static const char *
filter_text(rapi_filter_t *f)
{
	rapi_fmt_filtspec(f, out, sizeof(out));
	return out;
}

static void
filters(void)
{
	rapi_filter_t f = { .len = 24, .form = RAPI_FILTERFORM_BASE };

	inet_pton(AF_INET, "192.0.2.1", &f.rapi_filtbase4_addr);
	f.rapi_filtbase4_port = htons(5004);
	T_STR(filter_text(&f), "192.0.2.1:5004");
	f.rapi_filtbase4_port = 0;
	T_STR(filter_text(&f), "192.0.2.1:*");
	memset(&f.rapi_filtbase4_addr, 0, 4);
	f.rapi_filtbase4_port = htons(9);
	T_STR(filter_text(&f), "(*):9");
	f = (rapi_filter_t){ .len = 36, .form = RAPI_FILTERFORM_BASE6 };
	inet_pton(AF_INET6, "2001:db8::1", &f.rapi_filtbase6_addr);
	f.rapi_filtbase6_port = htons(5004);
	T_STR(filter_text(&f), "[2001:db8::1]:5004");
	f.rapi_filtbase6_port = 0;
	f.rapi_filt6.sin6_flowinfo = htonl(77);
	T_STR(filter_text(&f), "[2001:db8::1]<l>77");
	f = (rapi_filter_t){ .len = 16, .form = RAPI_FILTERFORM_GPI };
	inet_pton(AF_INET, "192.0.2.1", &f.rapi_filtgpi4_addr);
	f.rapi_filtgpi4_gpi = 1234;
	T_STR(filter_text(&f), "192.0.2.1<g>1234");
	f = (rapi_filter_t){ .len = 28, .form = RAPI_FILTERFORM_GPI6 };
	inet_pton(AF_INET6, "2001:db8::1", &f.rapi_filtgpi6_addr);
	f.rapi_filtgpi6_gpi = 1234;
	T_STR(filter_text(&f), "[2001:db8::1]<g>1234");
	f.len = 27;
	T_STR(filter_text(&f), " [?]");
}

static void
nothing_is_an_empty_pair(void)
{
	rapi_filter_t f = { .len = 8, .form = RAPI_EMPTY_OTYPE };

	T_STR(spec_text(NULL), " [ ]");
	rapi_fmt_tspec(NULL, out, sizeof(out));
	T_STR(out, " TS[ ]");
	rapi_fmt_adspec(NULL, out, sizeof(out));
	T_STR(out, " Adspec()");
	T_STR(filter_text(NULL), "( )");
	T_STR(filter_text(&f), "( )");
	f.form = RAPI_TSPECTYPE_Simplified;
	T_STR(filter_text(&f), " [?]");
}

static void
the_buffer_is_never_overrun(void)
{
	rapi_flowspec_t f = flowspec(RAPI_QOS_CNTR_LOAD);
	char whole[128];

	rapi_fmt_flowspec(&f, whole, sizeof(whole));
	for (int len = 1; len < 60; len++) {
		memset(out, '#', sizeof(out));
		rapi_fmt_flowspec(&f, out, len);
		T_CHECK(strlen(out) < (size_t)len, "len %d", len);
		T_CHECK(strncmp(out, whole, strlen(out)) == 0, "len %d", len);
		T_EQ(out[len], '#');
	}
	memset(out, '#', sizeof(out));
	rapi_fmt_flowspec(&f, out, 0);
	rapi_fmt_flowspec(&f, out, -1);
	T_EQ(out[0], '#');
}

/* ---- Guaranteed Service -------------------------------------------------- */

static double
delay_us(const rapi_tspec_t *t, float R)
{
	rapi_adspec_t a = adspec();
	double d = -1;

	T_EQ(rapi_ext_guar_delay(t, &a, R, &d), RAPI_ERR_OK);
	return d * 1e6;
}

/* RFC 2212, End-to-End Behavior, as it stands there: b = 20 kB, r = 100 kB/s,
 * M = 1500, Ctot = 4500, Dtot = 9 ms. */
static double
delay_by_the_rfc_us(double p, double R)
{
	const double last = (1500.0 + 4500) / R * 1e6 + 9000;

	if (isinf(p))
		return (20000.0 + 4500) / R * 1e6 + 9000;
	if (p > R)
		return (20000.0 - 1500) / R * (p - R) / (p - 100e3) * 1e6 +
		       last;
	return last;
}

static void
delays_are_those_of_the_rfc(void)
{
	static const float peaks[] = { 100e3f, 150e3f, 250e3f, 1e9f, INFINITY };

	for (size_t i = 0; i < 5; i++)
		for (float R = 100e3f; R < 2e6f; R *= 1.3f) {
			const rapi_tspec_t t =
				tspec_of(100e3f, 20000, peaks[i], 1500);
			const double want = delay_by_the_rfc_us(
				(double)peaks[i], (double)R);

			T_CHECK(fabs(delay_us(&t, R) - want) < 0.01,
				"p %g R %g: %f, not %f", (double)peaks[i],
				(double)R, delay_us(&t, R), want);
		}
}

static void
rates_are_the_smallest_that_keep_the_bound(void)
{
	static const float peaks[] = { 100e3f, 150e3f, 250e3f, 1e9f, INFINITY };
	rapi_adspec_t a = adspec();

	for (size_t i = 0; i < 5; i++)
		for (double us = 10000; us < 400000; us *= 1.2) {
			const rapi_tspec_t t =
				tspec_of(100e3f, 20000, peaks[i], 1500);
			uint32_t S;
			float R;

			T_EQ(rapi_ext_guar_rate(&t, &a, us / 1e6, &R, &S),
				RAPI_ERR_OK);

			const double got = delay_us(&t, R);

			T_CHECK(got <= us, "%f > %f", got, us);
			T_CHECK(fabs(got + S - us) < 2, "slack %u", S);
			T_CHECK(R <= 100e3f || delay_us(&t, R * 0.99999f) > us,
				"a smaller R than %g would do", (double)R);
		}
}

static void
impossible_bounds_are_refused(void)
{
	const rapi_tspec_t t = tspec_of(100e3f, 20000, INFINITY, 1500);
	rapi_tspec_t bad = t;
	rapi_adspec_t a = adspec();
	float R = 7;
	double d;

	T_EQ(rapi_ext_guar_rate(&t, &a, 0.009, &R, NULL), RAPI_ERR_INVAL);
	T_CHECK(strstr(rapi_ext_last_error(),
			": 9000 us of it do not depend") != NULL,
		"%s", rapi_ext_last_error());
	T_EQ(rapi_ext_guar_rate(&t, &a, (double)NAN, &R, NULL), RAPI_ERR_INVAL);
	T_EQ(rapi_ext_guar_delay(&t, &a, 99e3f, &d), RAPI_ERR_INVAL);
	a.adspecbody_qosx.xGaspec_flags |= RAPI_XASPEC_FLG_BRK;
	T_EQ(rapi_ext_guar_rate(&t, &a, 1, &R, NULL), RAPI_ERR_INVAL);
	a.adspecbody_qosx.xGaspec_flags = RAPI_XASPEC_FLG_IGN;
	T_EQ(rapi_ext_guar_rate(&t, &a, 1, &R, NULL), RAPI_ERR_INVAL);
	a = adspec();
	a.adspecbody_qosx.xaspec_flags |= RAPI_XASPEC_FLG_BRK;
	T_EQ(rapi_ext_guar_rate(&t, &a, 1, &R, NULL), RAPI_ERR_INVAL);
	T_CHECK(strstr(rapi_ext_last_error(), "nothing bounds") != NULL, "%s",
		rapi_ext_last_error());
	T_EQ(rapi_ext_guar_delay(&t, &a, 200e3f, &d), RAPI_ERR_INVAL);
	a = adspec();
	T_EQ(rapi_ext_guar_rate(&t, NULL, 1, &R, NULL), RAPI_ERR_INVAL);
	bad.tspecbody_qosx.xtspec_r = 0;
	T_EQ(rapi_ext_guar_rate(&bad, &a, 1, &R, NULL), RAPI_ERR_INVAL);
	bad.tspecbody_qosx.xtspec_r = NAN;
	T_EQ(rapi_ext_guar_rate(&bad, &a, 1, &R, NULL), RAPI_ERR_INVAL);
	T_CHECK(R == 7, "written on failure");
}

/* ---- general parameters -------------------------------------------------- */

static uint32_t
mtu_of(const rapi_adspec_t *a, rapi_qos_service_t service)
{
	uint32_t mtu = 0;

	T_EQ(rapi_ext_path_mtu(a, service, &mtu), RAPI_ERR_OK);
	return mtu;
}

static void
packets_are_as_large_as_the_service_carries(void)
{
	rapi_adspec_t a = adspec();
	rapi_qos_adspecx_t *x = &a.adspecbody_qosx;
	uint32_t mtu = 7;

	T_EQ(mtu_of(&a, RAPI_QOS_GUARANTEED), 1500);
	T_EQ(mtu_of(&a, RAPI_QOS_CNTR_LOAD), 1500);
	x->xGaspec_override = 1;
	x->xGaspec_composed_MTU = 1400;
	T_EQ(mtu_of(&a, RAPI_QOS_GUARANTEED), 1400);
	T_EQ(mtu_of(&a, RAPI_QOS_CNTR_LOAD), 1500);
	x->xClaspec_override = 1;
	x->xClaspec_composed_MTU = 1300;
	T_EQ(mtu_of(&a, RAPI_QOS_CNTR_LOAD), 1300);
	T_EQ(mtu_of(&a, RAPI_QOS_GUARANTEED), 1400);
	x->xaspec_flags |= RAPI_XASPEC_FLG_BRK; /* it is no more than that */
	T_EQ(mtu_of(&a, RAPI_QOS_GUARANTEED), 1400);
	T_EQ(rapi_ext_path_mtu(NULL, RAPI_QOS_GUARANTEED, &mtu),
		RAPI_ERR_INVAL);
	T_EQ(mtu, 7);
}

static void
latency_is_told_when_it_is_known(void)
{
	rapi_adspec_t a = adspec();
	rapi_qos_adspecx_t *x = &a.adspecbody_qosx;
	uint32_t us = 7;

	x->xaspec_min_latency = UINT32_MAX;
	T_EQ(rapi_ext_path_latency(&a, RAPI_QOS_GUARANTEED, &us),
		RAPI_ERR_INVAL);
	T_EQ(us, 7);
	x->xaspec_min_latency = 10;
	T_EQ(rapi_ext_path_latency(&a, RAPI_QOS_GUARANTEED, &us), RAPI_ERR_OK);
	T_EQ(us, 10);
	x->xGaspec_override = 1;
	x->xGaspec_min_latency = 12;
	T_EQ(rapi_ext_path_latency(&a, RAPI_QOS_GUARANTEED, &us), RAPI_ERR_OK);
	T_EQ(us, 12);
	T_EQ(rapi_ext_path_latency(&a, RAPI_QOS_CNTR_LOAD, &us), RAPI_ERR_OK);
	T_EQ(us, 10);
	x->xaspec_flags |= RAPI_XASPEC_FLG_BRK;
	T_EQ(rapi_ext_path_latency(&a, RAPI_QOS_CNTR_LOAD, &us),
		RAPI_ERR_INVAL);
}

/* ---- error strings ------------------------------------------------------- */

static void
errors_have_names(void)
{
	T_STR(rapi_strerror(RSVP_Err_POLICY, 0), "policy control failure");
	T_CHECK(strcmp(rapi_strerror(RSVP_Err_ADMISSION, RSVP_Erv_Bandwidth),
			rapi_strerror(RSVP_Err_ADMISSION, 0)) != 0,
		"the value says more");
	T_STR(rapi_strerror(RSVP_Err_API_ERROR, RAPI_ERR_OBJLEN),
		"invalid object length");
	T_STR(rapi_strerror(RSVP_Err_API_ERROR, RAPI_ERR_UNSUPPORTED),
		"not supported");
	T_CHECK(!rapi_strerror(RSVP_Err_API_ERROR, 18), "not defined");
	T_CHECK(!rapi_strerror(RSVP_Err_API_ERROR, -1), "negative");
	T_CHECK(!rapi_strerror(256, 0), "too large");
	T_CHECK(!rapi_strerror(-1, 0), "negative");
	T_CHECK(rapi_strerror(255, 0) != NULL, "the largest");
	T_EQ(rapi_version() / 100, 5);
}

static struct t_case cases[] = {
	{ "Simplified flowspecs print as in ISI", simplified_flowspecs },
	{ "numbers have three digits and a suffix",
		numbers_have_three_digits_and_a_suffix },
	{ "Intserv flowspecs print as in ISI", intserv_flowspecs },
	{ "Tspecs print in both formats", tspecs },
	{ "Adspecs print with their break bits", adspecs },
	{ "filters print as host and port", filters },
	{ "nothing prints as an empty pair", nothing_is_an_empty_pair },
	{ "the buffer is never overrun", the_buffer_is_never_overrun },
	{ "delays are those of the RFC", delays_are_those_of_the_rfc },
	{ "packets are as large as the service carries",
		packets_are_as_large_as_the_service_carries },
	{ "latency is told when it is known",
		latency_is_told_when_it_is_known },
	{ "rates are the smallest that keep the bound",
		rates_are_the_smallest_that_keep_the_bound },
	{ "impossible bounds are refused", impossible_bounds_are_refused },
	{ "errors have names", errors_have_names },
};
T_MAIN(cases)
