/* SPDX-License-Identifier: ISC */

/*
 * A request as text, option by option, and back: what people ask of `explain`,
 * and how a reservation that stands is told to a tool.  Both ways go by one
 * table.
 */

#include "request_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- numbers and words --------------------------------------------------- */

static bool
get_number(const char *s, uint64_t most, uint64_t *ret)
{
	uint64_t v = 0;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		unsigned digit = (unsigned)(unsigned char)*s - '0';

		if (digit > 9 || v > (most - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*ret = v;
	return true;
}

static bool
get_u32(const char *s, uint32_t *ret)
{
	uint64_t v = 0;
	bool good = get_number(s, UINT32_MAX, &v);

	*ret = (uint32_t)v;
	return good;
}

static bool
get_u16(const char *s, uint16_t *ret)
{
	uint64_t v = 0;
	bool good = get_number(s, UINT16_MAX, &v);

	*ret = (uint16_t)v;
	return good;
}

static void
put_number(struct text *t, uint64_t v)
{
	text_printf(t, "%" PRIu64, v);
}

/* Index of the word, or -1. */
static int
find_word(const char *const words[], const char *value)
{
	for (int i = 0; words[i]; i++)
		if (strcasecmp(words[i], value) == 0)
			return i;
	return -1;
}

static const char *const roles[] = { "sender", "receiver", "transit", NULL };
static const char *const messages[] = { "path", "resv", NULL };
static const char *const services[] = { "any", "", "GS", "", "", "CL", NULL };
static const char *const styles[] = { "none", "WF", "FF", "SE", NULL };

/* ---- one option, both ways ----------------------------------------------- */

static bool
set_uid(struct policy_question *q, const char *value)
{
	q->request.who_known = true;
	return get_u32(value, &q->request.uid);
}

static bool
put_uid(struct text *t, const struct policy_request *r)
{
	put_number(t, r->uid);
	return r->who_known;
}

static bool
set_gid(struct policy_question *q, const char *value)
{
	q->request.who_known = true;
	return get_u32(value, &q->request.gid);
}

static bool
put_gid(struct text *t, const struct policy_request *r)
{
	put_number(t, r->gid);
	return r->who_known;
}

static bool
set_role(struct policy_question *q, const char *value)
{
	int v = find_word(roles, value);

	q->request.role = (enum policy_role)(v < 0 ? 0 : v);
	return v >= 0;
}

static bool
put_role(struct text *t, const struct policy_request *r)
{
	text_add(t, roles[r->role]);
	return true;
}

static bool
set_message(struct policy_question *q, const char *value)
{
	int v = find_word(messages, value);

	q->request.message = v == 0 ? POLICY_PATH : POLICY_RESV;
	return v >= 0;
}

static bool
put_message(struct text *t, const struct policy_request *r)
{
	text_add(t, messages[r->message == POLICY_PATH ? 0 : 1]);
	return true;
}

static bool
set_proto(struct policy_question *q, const char *value)
{
	static const char *const words[] = { "tcp", "udp", "icmp", "icmp6",
		"sctp", "dccp", "udplite", NULL };
	static const uint8_t numbers[] = { 6, 17, 1, 58, 132, 33, 136 };
	int v = find_word(words, value);
	uint64_t n = 0;
	bool good = v >= 0 || get_number(value, UINT8_MAX, &n);

	q->request.proto = v >= 0 ? numbers[v] : (uint8_t)n;
	return good;
}

static bool
put_proto(struct text *t, const struct policy_request *r)
{
	put_number(t, r->proto);
	return true;
}

static bool
put_addr(struct text *t, const struct addr *a)
{
	char name[ADDR_TEXT];

	text_add(t, addr_format(a, name));
	return a->family != ADDR_NONE;
}

static bool
set_dst(struct policy_question *q, const char *value)
{
	return addr_parse(value, &q->request.dst);
}

static bool
put_dst(struct text *t, const struct policy_request *r)
{
	return put_addr(t, &r->dst);
}

static bool
set_port(struct policy_question *q, const char *value)
{
	return get_u16(value, &q->request.dst_port);
}

static bool
put_port(struct text *t, const struct policy_request *r)
{
	put_number(t, r->dst_port);
	return true;
}

static bool
set_src(struct policy_question *q, const char *value)
{
	return addr_parse(value, &q->request.src);
}

static bool
put_src(struct text *t, const struct policy_request *r)
{
	return put_addr(t, &r->src);
}

static bool
set_sport(struct policy_question *q, const char *value)
{
	return get_u16(value, &q->request.src_port);
}

static bool
put_sport(struct text *t, const struct policy_request *r)
{
	put_number(t, r->src_port);
	return r->src_port != 0;
}

static bool
set_service(struct policy_question *q, const char *value)
{
	int v = find_word(services, value);

	q->request.service = (uint8_t)(v < 0 ? 0 : v);
	return v == POLICY_SERVICE_GS || v == POLICY_SERVICE_CL;
}

static bool
put_service(struct text *t, const struct policy_request *r)
{
	bool one = r->service == POLICY_SERVICE_GS ||
		   r->service == POLICY_SERVICE_CL;

	text_add(t, one ? services[r->service] : "");
	return one;
}

static bool
set_rate(struct policy_question *q, const char *value)
{
	return text_parse_rate(value, &q->request.rate_Bps);
}

/* What no text can say was too large for any limit. */
static bool
put_large(struct text *t, uint64_t v)
{
	put_number(t, v < POLICY_QUESTION_MOST ? v : POLICY_QUESTION_MOST);
	return true;
}

static bool
put_rate(struct text *t, const struct policy_request *r)
{
	return put_large(t, r->rate_Bps);
}

static bool
set_tspec_rate(struct policy_question *q, const char *value)
{
	return text_parse_rate(value, &q->request.tspec_rate_Bps);
}

static bool
put_tspec_rate(struct text *t, const struct policy_request *r)
{
	return put_large(t, r->tspec_rate_Bps) && r->tspec_rate_Bps != 0;
}

static bool
set_bucket(struct policy_question *q, const char *value)
{
	return text_parse_size(value, &q->request.bucket_bytes);
}

static bool
put_bucket(struct text *t, const struct policy_request *r)
{
	return put_large(t, r->bucket_bytes);
}

static bool
set_peak(struct policy_question *q, const char *value)
{
	return text_parse_rate(value, &q->request.peak_Bps);
}

static bool
put_peak(struct text *t, const struct policy_request *r)
{
	return put_large(t, r->peak_Bps) && r->peak_Bps != 0;
}

static bool
set_packet(struct policy_question *q, const char *value)
{
	uint64_t v = 0;
	bool good = text_parse_size(value, &v) && v <= UINT32_MAX;

	q->request.max_packet = (uint32_t)v;
	return good;
}

static bool
put_packet(struct text *t, const struct policy_request *r)
{
	put_number(t, r->max_packet);
	return true;
}

static bool
set_iface(struct policy_question *q, const char *value)
{
	return text_copy(q->request.iface, sizeof(q->request.iface), value);
}

static bool
put_iface(struct text *t, const struct policy_request *r)
{
	text_add(t, r->iface);
	return r->iface[0] != '\0';
}

static bool
set_groups(struct policy_question *q, const char *value)
{
	const char *p = value;

	q->request.who_known = true;
	q->request.groups = q->groups;
	for (q->request.n_groups = 0;
		q->request.n_groups < POLICY_QUESTION_GROUPS;) {
		char one[16];
		size_t n = strcspn(p, ",");

		if (n >= sizeof(one))
			return false;
		memcpy(one, p, n);
		one[n] = '\0';
		if (!get_u32(one, &q->groups[q->request.n_groups++]))
			return false;
		if (p[n] == '\0')
			return true;
		p += n + 1;
	}
	return false;
}

static bool
put_groups(struct text *t, const struct policy_request *r)
{
	for (size_t i = 0; i < r->n_groups && i < POLICY_QUESTION_GROUPS; i++)
		text_printf(t, "%s%" PRIu32, i > 0 ? "," : "", r->groups[i]);
	return r->n_groups > 0;
}

static bool
set_text(char room[POLICY_QUESTION_TEXT], const char **ret, const char *value)
{
	*ret = room;
	return value[0] != '\0' && text_copy(room, POLICY_QUESTION_TEXT, value);
}

static bool
put_text(struct text *t, const char *value)
{
	text_add(t, value ? value : "");
	return value && value[0] != '\0';
}

static bool
set_principal(struct policy_question *q, const char *value)
{
	return set_text(q->principal, &q->request.principal, value);
}

static bool
put_principal(struct text *t, const struct policy_request *r)
{
	return put_text(t, r->principal);
}

static bool
set_subject(struct policy_question *q, const char *value)
{
	return set_text(q->subject, &q->request.cert_subject, value);
}

static bool
put_subject(struct text *t, const struct policy_request *r)
{
	return put_text(t, r->cert_subject);
}

static bool
set_issuer(struct policy_question *q, const char *value)
{
	return set_text(q->issuer, &q->request.cert_issuer, value);
}

static bool
put_issuer(struct text *t, const struct policy_request *r)
{
	return put_text(t, r->cert_issuer);
}

static bool
set_application(struct policy_question *q, const char *value)
{
	return set_text(q->application, &q->request.application, value);
}

static bool
put_application(struct text *t, const struct policy_request *r)
{
	return put_text(t, r->application);
}

static bool
set_neighbour(struct policy_question *q, const char *value)
{
	return addr_parse(value, &q->request.neighbour);
}

static bool
put_neighbour(struct text *t, const struct policy_request *r)
{
	return put_addr(t, &r->neighbour);
}

static bool
set_style(struct policy_question *q, const char *value)
{
	int v = find_word(styles, value);

	q->request.style = (uint8_t)(v < 0 ? 0 : v);
	return v > POLICY_STYLE_NONE;
}

static bool
put_style(struct text *t, const struct policy_request *r)
{
	text_add(t, styles[r->style]);
	return r->style != POLICY_STYLE_NONE;
}

static bool
set_delay(struct policy_question *q, const char *value)
{
	return get_number(value, POLICY_QUESTION_MOST, &q->request.delay_us);
}

static bool
put_delay(struct text *t, const struct policy_request *r)
{
	return put_large(t, r->delay_us) && r->delay_us != 0;
}

static bool
set_slack(struct policy_question *q, const char *value)
{
	return get_number(value, UINT32_MAX, &q->request.slack_us);
}

static bool
put_slack(struct text *t, const struct policy_request *r)
{
	return put_large(t, r->slack_us) && r->slack_us != 0;
}

/* ---- the table ----------------------------------------------------------- */

/* put is false when that need not be said. */
static const struct row {
	const char *name;
	bool (*set)(struct policy_question *q, const char *value);
	bool (*put)(struct text *t, const struct policy_request *r);
	const char *wants;
} rows[] = {
	{ "uid", set_uid, put_uid, "a number" },
	{ "gid", set_gid, put_gid, "a number" },
	{ "role", set_role, put_role, "sender, receiver or transit" },
	{ "message", set_message, put_message, "path or resv" },
	{ "proto", set_proto, put_proto,
		"a number or one of tcp, udp, icmp, icmp6, sctp, dccp, "
		"udplite" },
	{ "dst", set_dst, put_dst, "an IP address" },
	{ "port", set_port, put_port, "a port from 0 to 65535" },
	{ "src", set_src, put_src, "an IP address" },
	{ "sport", set_sport, put_sport, "a port from 0 to 65535" },
	{ "service", set_service, put_service, "GS or CL" },
	{ "rate", set_rate, put_rate, "a rate (write it like 2Mbit)" },
	{ "tspec-rate", set_tspec_rate, put_tspec_rate,
		"a rate (write it like 2Mbit)" },
	{ "bucket", set_bucket, put_bucket, "a size (write it like 16kB)" },
	{ "peak", set_peak, put_peak, "a rate (write it like 2Mbit)" },
	{ "packet", set_packet, put_packet, "a size (write it like 1500)" },
	{ "iface", set_iface, put_iface, "an interface's name" },
	{ "groups", set_groups, put_groups,
		"numbers, separated by commas, up to 64" },
	{ "principal", set_principal, put_principal, "a name" },
	{ "subject", set_subject, put_subject, "a name" },
	{ "issuer", set_issuer, put_issuer, "a name" },
	{ "application", set_application, put_application, "a locator" },
	{ "neighbour", set_neighbour, put_neighbour, "an IP address" },
	{ "style", set_style, put_style, "WF, FF or SE" },
	{ "delay", set_delay, put_delay, "a number of microseconds" },
	{ "slack", set_slack, put_slack, "a number of microseconds" },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

void
policy_question_init(struct policy_question *q, int64_t now_unix_s)
{
	*q = (struct policy_question){ .request = { .message = POLICY_RESV,
					       .role = POLICY_RECEIVER,
					       .proto = 17,
					       .service = POLICY_SERVICE_CL,
					       .now_unix_s = now_unix_s } };
}

const char *
policy_question_option(size_t i)
{
	return i < ROWS ? rows[i].name : NULL;
}

enum policy_question_said
policy_question_set(struct policy_question *q, const char *name,
	const char *value, const char **ret_wants)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		*ret_wants = rows[i].wants;
		return rows[i].set(q, value) ? POLICY_QUESTION_TAKEN
					     : POLICY_QUESTION_WRONG;
	}
	return POLICY_QUESTION_UNKNOWN;
}

void
policy_question_settle(struct policy_question *q)
{
	if (q->request.message != POLICY_PATH)
		return;
	q->request.service = POLICY_SERVICE_ANY;
	q->request.style = POLICY_STYLE_NONE;
}

bool
policy_request_option(const struct policy_request *r, size_t i,
	const char **ret_name, char value[POLICY_OPTION])
{
	struct text t = text_over(value, POLICY_OPTION);

	if (i >= ROWS)
		return false;
	*ret_name = rows[i].put(&t, r) ? rows[i].name : NULL;
	return true;
}
