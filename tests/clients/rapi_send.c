/* SPDX-License-Identifier: ISC */

/* An application that announces a flow by the RAPI (C809) and prints what
 * becomes of it, one JSON line an event, until SIGTERM. */

#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "rapi_app.h"
#include "traffic.h"

struct options {
	const char *dst;
	const char *src;
	uint16_t port;
	uint16_t src_port;
	double rate, bucket, peak;
	uint32_t min, max;
	int ttl;
	int family;
	int proto;
};

static void
on_event(rapi_sid_t sid, rapi_eventinfo_t type, rapi_styleid_t style, int code,
	int value, rapi_addr_t *node, unsigned flags, int filter_count,
	rapi_filter_t *filters, int flowspec_count, rapi_flowspec_t *flowspecs,
	int adspec_count, rapi_adspec_t *adspecs, void *arg)
{
	const struct rapi_app_event event = { .type = type,
		.style = style,
		.code = code,
		.value = value,
		.node = node,
		.flags = flags };
	const bool tspec = type == RAPI_PATH_ERROR || type == RAPI_PATH_EVENT;
	json_t *line = rapi_app_line(&event);

	(void)sid; /* there is one */
	(void)adspec_count;
	(void)adspecs;
	(void)arg;
	if (filter_count > 0)
		json_object_set_new(line, "filter", rapi_app_filter(filters));
	if (flowspec_count > 0)
		json_object_set_new(line, tspec ? "tspec" : "flowspec",
			rapi_app_spec(flowspecs, tspec));
	json_object_set_new(line, "flowspecs", json_integer(flowspec_count));
	rapi_app_print(line);
}

static void
usage(void)
{
	fprintf(stderr,
		"usage: rapi_send --dst ADDR --port N [--src-addr ADDR] "
		"[--src-port N]\n"
		"	--rate B/s --bucket B [--peak B/s] [--min B] [--max B] "
		"[--ttl N]\n"
		"	[--proto N] [--family 4|6]\n");
	exit(2);
}

static struct options
parse(int argc, char **argv)
{
	static const struct option names[] = {
		{ "dst", required_argument, NULL, 'd' },
		{ "port", required_argument, NULL, 'P' },
		{ "src-addr", required_argument, NULL, 's' },
		{ "src-port", required_argument, NULL, 'S' },
		{ "rate", required_argument, NULL, 'r' },
		{ "bucket", required_argument, NULL, 'b' },
		{ "peak", required_argument, NULL, 'p' },
		{ "min", required_argument, NULL, 'm' },
		{ "max", required_argument, NULL, 'M' },
		{ "ttl", required_argument, NULL, 't' },
		{ "proto", required_argument, NULL, 'o' },
		{ "family", required_argument, NULL, 'f' },
		{ 0 },
	};
	struct options o = { .min = 64, .max = 1500, .proto = IPPROTO_UDP };
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'd':
			o.dst = optarg;
			break;
		case 's':
			o.src = optarg;
			break;
		case 'P':
			o.port = (uint16_t)traffic_number(
				"--port", optarg, 0, 65535);
			break;
		case 'S':
			o.src_port = (uint16_t)traffic_number(
				"--src-port", optarg, 0, 65535);
			break;
		case 'r':
			o.rate = strtod(optarg, NULL);
			break;
		case 'b':
			o.bucket = strtod(optarg, NULL);
			break;
		case 'p':
			o.peak = strtod(optarg, NULL);
			break;
		case 'm':
			o.min = (uint32_t)traffic_number(
				"--min", optarg, 0, UINT32_MAX);
			break;
		case 'M':
			o.max = (uint32_t)traffic_number(
				"--max", optarg, 0, UINT32_MAX);
			break;
		case 't':
			o.ttl = (int)traffic_number("--ttl", optarg, 0, 255);
			break;
		case 'o':
			o.proto =
				(int)traffic_number("--proto", optarg, 1, 255);
			break;
		case 'f':
			o.family =
				(int)traffic_number("--family", optarg, 4, 6);
			break;
		default:
			usage();
		}
	}
	if (!o.dst || !(o.rate > 0) || !(o.bucket > 0) || optind != argc)
		usage();
	return o;
}

int
main(int argc, char **argv)
{
	const struct options o = parse(argc, argv);
	const union rapi_app_addr dst = rapi_app_addr(o.dst, o.port, o.family);
	const bool v6 = dst.any.sa_family == AF_INET6;
	const char *any = v6 ? "::" : "0.0.0.0";
	union rapi_app_addr src =
		rapi_app_addr(o.src ? o.src : any, o.src_port, v6 ? 6 : 4);
	rapi_tspec_t tspec;

	rapi_app_catch();
	rapi_app_tspec(&tspec, o.rate, o.bucket, o.peak, o.min, o.max);

	const rapi_sid_t sid = rapi_app_session(&dst, o.proto, on_event, NULL);
	const int rc =
		rapi_sender(sid, 0, &src.any, NULL, &tspec, NULL, NULL, o.ttl);

	if (rc != RAPI_ERR_OK) {
		fprintf(stderr, "rapi_sender: %s\n", rapi_ext_last_error());
		return 1;
	}
	rapi_app_say("registered", "");
	rapi_app_run(sid);
	rapi_release(sid);
	rapi_app_say("released", "");
	return 0;
}
