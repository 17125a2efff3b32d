/* SPDX-License-Identifier: ISC */

/* policyd: options of `serve`, `check` and `explain`. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/log.h"
#include "main_int.h"

static const char usage_text[] =
	"usage: policyd check [--json | --quiet] [--strict]\n"
	"               [--format auto|native|aix] [--name NAME] FILE\n"
	"       policyd convert [--from auto|native|aix|ldif] --to "
	"native|aix|ldif\n"
	"               [--base DN] [--tag TAG] FILE\n"
	"       policyd explain [--json] [--offline] [--state-dir DIR] FILE\n"
	"               [--uid N] [--gid N] [--role sender|receiver|transit]\n"
	"               [--message path|resv] [--proto NAME] [--dst ADDR]\n"
	"               [--port N] [--src ADDR] [--sport N]\n"
	"               [--service GS|CL] [--rate RATE] [--bucket SIZE]\n"
	"               [--peak RATE] [--packet SIZE] [--iface NAME]\n"
	"               [--groups N,...] [--principal NAME] [--subject DN]\n"
	"               [--issuer DN] [--application LOCATOR]\n"
	"               [--neighbour ADDR] [--style WF|FF|SE] [--delay US]\n"
	"               [--slack US] [--time MOMENT]\n"
	"       policyd serve [-d] [-c FILE] [-i SECONDS] [--state-dir DIR]\n"
	"               [--no-sandbox]\n"
	"       policyd --version | --help\n";

static int
usage(void)
{
	(void)fputs(usage_text, stderr); /* nowhere to tell it */
	return EXIT_USAGE;
}

static int
complain(const char *option, const char *value, const char *wants)
{
	fprintf(stderr, "policyd: --%s %s: not %s\n", option, value, wants);
	return EXIT_USAGE;
}

static bool
parse_u32(const char *s, uint32_t most, uint32_t *ret)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end != '\0' || v > most)
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* ---- check -------------------------------------------------------------- */

static int
main_check(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL,
							 'j' },
		{ "format", required_argument, NULL, 'F' },
		{ "name", required_argument, NULL, 'N' },
		{ "strict", no_argument, NULL, 's' },
		{ "quiet", no_argument, NULL, 'q' }, { NULL, 0, NULL, 0 } };
	struct check_options o = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (c == 'j')
			o.json = true;
		else if (c == 'q')
			o.quiet = true;
		else if (c == 's')
			o.strict = true;
		else if (c == 'N')
			o.name = optarg;
		else if (c == 'F' && source_format_valid(optarg))
			o.format = optarg;
		else
			return c == 'F' ? complain("format", optarg,
						  "auto, native or aix")
					: usage();
	}
	if (argc - optind != 1)
		return usage();
	o.path = argv[optind];
	return check(&o);
}

/* ---- convert ------------------------------------------------------------ */

static bool
is_syntax(const char *word, bool automatic)
{
	return (automatic && strcmp(word, "auto") == 0) ||
	       strcmp(word, "native") == 0 || strcmp(word, "aix") == 0 ||
	       strcmp(word, "ldif") == 0;
}

static int
main_convert(int argc, char **argv)
{
	static const struct option options[] = { { "from", required_argument,
							 NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ "base", required_argument, NULL, 'b' },
		{ "tag", required_argument, NULL, 'T' }, { NULL, 0, NULL, 0 } };
	struct convert_options o = { .from = "auto",
		.base = "ou=NetworkPolicies,o=example",
		.tag = "all" };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'f')
			o.from = optarg;
		else if (c == 't')
			o.to = optarg;
		else if (c == 'b')
			o.base = optarg;
		else if (c == 'T')
			o.tag = optarg;
		else
			return usage();
	}
	if (argc - optind != 1 || !o.to)
		return usage();
	if (!is_syntax(o.from, true))
		return complain("from", o.from, "auto, native, aix or ldif");
	if (!is_syntax(o.to, false))
		return complain("to", o.to, "native, aix or ldif");
	o.path = argv[optind];
	return convert(&o);
}

/* ---- serve -------------------------------------------------------------- */

static int
main_serve(int argc, char **argv)
{
	static const struct option options[] = { { "file", required_argument,
							 NULL, 'f' },
		{ "state-dir", required_argument, NULL, 's' },
		{ "no-sandbox", no_argument, NULL, 'n' },
		{ "debug", no_argument, NULL, 'd' }, { NULL, 0, NULL, 0 } };
	struct serve_options o = { .conf_name = "policy.conf",
		.sandbox = true };
	int c;

	while ((c = getopt_long(argc, argv, "dc:f:i:", options, NULL)) != -1) {
		if (c == 'f' || c == 'c')
			o.conf_path = o.conf_name = optarg;
		else if (c == 'i' && !parse_u32(optarg, 86400, &o.poll_s))
			return complain(
				"i", optarg, "a number of seconds to 86400");
		else if (c == 'i')
			continue;
		else if (c == 's')
			o.state_dir = optarg;
		else if (c == 'n')
			o.sandbox = false;
		else if (c == 'd')
			log_set(LOG_LEVEL_DEBUG, UINT32_MAX);
		else
			return usage();
	}
	if (argc != optind)
		return usage();
	return serve(&o);
}

/* ---- explain ------------------------------------------------------------ */

static bool
set_uid(struct policy_request *q, const char *value)
{
	q->who_known = true;
	return parse_u32(value, UINT32_MAX, &q->uid);
}

static bool
set_gid(struct policy_request *q, const char *value)
{
	q->who_known = true;
	return parse_u32(value, UINT32_MAX, &q->gid);
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

static bool
set_role(struct policy_request *q, const char *value)
{
	static const char *const words[] = { "sender", "receiver", "transit",
		NULL };
	int v = find_word(words, value);

	q->role = v == 0   ? POLICY_SENDER
		  : v == 1 ? POLICY_RECEIVER
			   : POLICY_TRANSIT;
	return v >= 0;
}

static bool
set_message(struct policy_request *q, const char *value)
{
	static const char *const words[] = { "path", "resv", NULL };
	int v = find_word(words, value);

	q->message = v == 0 ? POLICY_PATH : POLICY_RESV;
	return v >= 0;
}

static bool
set_service(struct policy_request *q, const char *value)
{
	static const char *const words[] = { "GS", "CL", NULL };
	int v = find_word(words, value);

	q->service = v == 0 ? POLICY_SERVICE_GS : POLICY_SERVICE_CL;
	return v >= 0;
}

static bool
set_proto(struct policy_request *q, const char *value)
{
	static const char *const words[] = { "tcp", "udp", "icmp", "icmp6",
		"sctp", "dccp", "udplite", NULL };
	static const uint8_t numbers[] = { 6, 17, 1, 58, 132, 33, 136 };
	int v = find_word(words, value);
	uint32_t n;

	if (v >= 0) {
		q->proto = numbers[v];
		return true;
	}
	if (!parse_u32(value, UINT8_MAX, &n))
		return false;
	q->proto = (uint8_t)n;
	return true;
}

static bool
set_dst(struct policy_request *q, const char *value)
{
	return addr_parse(value, &q->dst);
}

static bool
set_src(struct policy_request *q, const char *value)
{
	return addr_parse(value, &q->src);
}

static bool
set_port(struct policy_request *q, const char *value)
{
	uint32_t n = 0;
	bool good = parse_u32(value, UINT16_MAX, &n);

	q->dst_port = (uint16_t)n;
	return good;
}

static bool
set_sport(struct policy_request *q, const char *value)
{
	uint32_t n = 0;
	bool good = parse_u32(value, UINT16_MAX, &n);

	q->src_port = (uint16_t)n;
	return good;
}

static bool
set_rate(struct policy_request *q, const char *value)
{
	return text_parse_rate(value, &q->rate_Bps);
}

static bool
set_bucket(struct policy_request *q, const char *value)
{
	return text_parse_size(value, &q->bucket_bytes);
}

static bool
set_peak(struct policy_request *q, const char *value)
{
	return text_parse_rate(value, &q->peak_Bps);
}

static bool
set_packet(struct policy_request *q, const char *value)
{
	uint64_t v = 0;
	bool good = text_parse_size(value, &v) && v <= UINT32_MAX;

	q->max_packet = (uint32_t)v;
	return good;
}

static bool
set_iface(struct policy_request *q, const char *value)
{
	return text_copy(q->iface, sizeof(q->iface), value);
}

enum { GROUPS_MAX = 64 };

static bool
set_groups(struct policy_request *q, const char *value)
{
	uint32_t *groups = (uint32_t *)calloc(GROUPS_MAX, sizeof(*groups));
	const char *p = value;

	/* NOLINTNEXTLINE(performance-no-int-to-ptr): ours, const for others */
	free((void *)(uintptr_t)q->groups); /* of the same option before */
	q->groups = groups;
	q->who_known = true;
	for (q->n_groups = 0; groups && q->n_groups < GROUPS_MAX;) {
		char one[16];
		size_t n = strcspn(p, ",");

		if (n >= sizeof(one))
			return false;
		memcpy(one, p, n);
		one[n] = '\0';
		if (!parse_u32(one, UINT32_MAX, &groups[q->n_groups++]))
			return false;
		if (p[n] == '\0')
			return true;
		p += n + 1;
	}
	return false;
}

static bool
set_principal(struct policy_request *q, const char *value)
{
	q->principal = value;
	return value[0] != '\0';
}

static bool
set_subject(struct policy_request *q, const char *value)
{
	q->cert_subject = value;
	return value[0] != '\0';
}

static bool
set_issuer(struct policy_request *q, const char *value)
{
	q->cert_issuer = value;
	return value[0] != '\0';
}

static bool
set_application(struct policy_request *q, const char *value)
{
	q->application = value;
	return value[0] != '\0';
}

static bool
set_neighbour(struct policy_request *q, const char *value)
{
	return addr_parse(value, &q->neighbour);
}

static bool
set_style(struct policy_request *q, const char *value)
{
	static const char *const words[] = { "WF", "FF", "SE", NULL };
	int v = find_word(words, value);

	q->style = (uint8_t)(POLICY_STYLE_WF + v);
	return v >= 0;
}

static bool
set_delay(struct policy_request *q, const char *value)
{
	uint32_t v = 0;
	bool good = parse_u32(value, UINT32_MAX, &v);

	q->delay_us = v;
	return good;
}

static bool
set_slack(struct policy_request *q, const char *value)
{
	uint32_t v = 0;
	bool good = parse_u32(value, UINT32_MAX, &v);

	q->slack_us = v;
	return good;
}

static bool
set_time(struct policy_request *q, const char *value)
{
	return source_moment(value, &q->now_unix_s);
}

struct request_option {
	const char *name;
	bool (*set)(struct policy_request *q, const char *value);
	const char *wants;
};

/* One row, one option of explain. */
static const struct request_option request_options[] = {
	{ "uid", set_uid, "a number" },
	{ "gid", set_gid, "a number" },
	{ "role", set_role, "sender, receiver or transit" },
	{ "message", set_message, "path or resv" },
	{ "proto", set_proto,
		"a number or one of tcp, udp, icmp, icmp6, sctp, dccp, "
		"udplite" },
	{ "dst", set_dst, "an IP address" },
	{ "port", set_port, "a port from 0 to 65535" },
	{ "src", set_src, "an IP address" },
	{ "sport", set_sport, "a port from 0 to 65535" },
	{ "service", set_service, "GS or CL" },
	{ "rate", set_rate, "a rate (write it like 2Mbit)" },
	{ "bucket", set_bucket, "a size (write it like 16kB)" },
	{ "peak", set_peak, "a rate (write it like 2Mbit)" },
	{ "packet", set_packet, "a size (write it like 1500)" },
	{ "iface", set_iface, "an interface's name" },
	{ "groups", set_groups, "numbers, separated by commas, up to 64" },
	{ "principal", set_principal, "a name" },
	{ "subject", set_subject, "a name" },
	{ "issuer", set_issuer, "a name" },
	{ "application", set_application, "a locator" },
	{ "neighbour", set_neighbour, "an IP address" },
	{ "style", set_style, "WF, FF or SE" },
	{ "delay", set_delay, "a number of microseconds" },
	{ "slack", set_slack, "a number of microseconds" },
	{ "time", set_time,
		"a moment in UTC (write it like 2026-11-22T03:15:00Z)" },
};

enum {
	REQUEST_OPTIONS = sizeof(request_options) / sizeof(request_options[0]),
	REQUEST_FIRST = 256 /* its value for getopt_long() */
};

static void
list_options(struct option options[REQUEST_OPTIONS + 4])
{
	size_t n = 0;

	for (; n < REQUEST_OPTIONS; n++)
		options[n] = (struct option){ request_options[n].name,
			required_argument, NULL, REQUEST_FIRST + (int)n };
	options[n++] = (struct option){ "json", no_argument, NULL, 'j' };
	options[n++] = (struct option){ "offline", no_argument, NULL, 'o' };
	options[n++] =
		(struct option){ "state-dir", required_argument, NULL, 's' };
	options[n] = (struct option){ NULL, 0, NULL, 0 };
}

static int
main_explain(int argc, char **argv)
{
	struct option options[REQUEST_OPTIONS + 4];
	struct explain_options o = { .request = { .message = POLICY_RESV,
					     .role = POLICY_RECEIVER,
					     .proto = 17,
					     .service = POLICY_SERVICE_CL,
					     .now_unix_s = time(NULL) } };
	int c;

	list_options(options);
	while ((c = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		const struct request_option *row = NULL;

		if (c >= REQUEST_FIRST)
			row = &request_options[c - REQUEST_FIRST];
		if (row && !row->set(&o.request, optarg))
			return complain(row->name, optarg, row->wants);
		if (c == 'j')
			o.json = true;
		else if (c == 'o')
			o.offline = true;
		else if (c == 's')
			o.state_dir = optarg;
		else if (!row)
			return usage();
	}
	if (argc - optind != 1)
		return usage();
	if (o.request.message == POLICY_PATH)
		o.request.service = POLICY_SERVICE_ANY;
	o.conf_path = argv[optind];

	int status = explain(&o);

	/* NOLINTNEXTLINE(performance-no-int-to-ptr): ours, const for others */
	free((void *)(uintptr_t)o.request.groups);
	return status;
}

/* ---- the verbs ---------------------------------------------------------- */

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "check", main_check },
	{ "convert", main_convert },
	{ "explain", main_explain },
	{ "serve", main_serve },
};

int
main(int argc, char **argv)
{
	log_open("policyd");
	/* No .ldaprc, no LDAP* variables: policy.conf alone counts. */
	if (setenv("LDAPNOINIT", "1", 1) != 0)
		return EXIT_FAILURE;
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("policyd " PACKAGE_VERSION "\n");
		return EXIT_SUCCESS;
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		printf("%s", usage_text);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]);
		i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			argv[1] = argv[0]; /* who complains of an option */
			return verbs[i].run(argc - 1, argv + 1);
		}
	return usage();
}
