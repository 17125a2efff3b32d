/* SPDX-License-Identifier: ISC */

/* A RAPI session in the foreground; see flow.h. */

#include "ctl/flow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/addr.h"
#include "rapi/rapi_ext.h"

bool
flow_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	char *end;

	errno = 0;

	const unsigned long long v = strtoull(text, &end, 10);

	if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' ||
		v < min || v > max)
		return false;
	*ret_value = v;
	return true;
}

bool
flow_set_proto(struct flow *flow, const char *value)
{
	uint64_t v;

	if (!flow_number(value, 1, 255, &v))
		return false;
	flow->proto = (uint8_t)v;
	return true;
}

static bool
set_sockaddr(struct sockaddr_storage *sa, const char *text, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };

	memset(sa, 0, sizeof(*sa));
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		memcpy(sa, &in, sizeof(in));
	else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		memcpy(sa, &in6, sizeof(in6));
	else
		return false;
	return true;
}

static bool
take_option(struct flow *flow, const struct flow_option *options, int *at,
	int argc, char **argv)
{
	const char *name = argv[*at];

	for (const struct flow_option *o = options; o->name; o++) {
		if (strncmp(name, "--", 2) != 0 ||
			strcmp(name + 2, o->name) != 0)
			continue;
		if (!o->flag && *at + 1 >= argc) {
			fprintf(stderr, "rsvpctl: %s needs a value\n", name);
			return false;
		}

		const char *value = o->flag ? "" : argv[++*at];

		if (o->set(flow, value))
			return true;
		fprintf(stderr, "rsvpctl: %s %s: not %s\n", name, value,
			o->wants ? o->wants : "possible");
		return false;
	}
	fprintf(stderr, "rsvpctl: no option %s; rsvpctl(1) lists them\n", name);
	return false;
}

bool
flow_parse(struct flow *flow, int argc, char **argv,
	const struct flow_option *options)
{
	uint64_t port;

	if (argc < 2) {
		fprintf(stderr, "rsvpctl: a destination address and a port are "
				"needed; rsvpctl --help\n");
		return false;
	}
	if (!flow_number(argv[1], 0, 65535, &port)) {
		fprintf(stderr, "rsvpctl: %s: not a port (0 to 65535)\n",
			argv[1]);
		return false;
	}
	if (!set_sockaddr(&flow->dst, argv[0], (uint16_t)port)) {
		fprintf(stderr, "rsvpctl: %s: not an IP address\n", argv[0]);
		return false;
	}
	/* The own end: any address of the family, the same port. */
	if (!set_sockaddr(&flow->src,
		    flow->dst.ss_family == AF_INET ? "0.0.0.0" : "::",
		    (uint16_t)port))
		return false;
	for (int i = 2; i < argc; i++)
		if (!take_option(flow, options, &i, argc, argv))
			return false;
	return true;
}

/* NOLINTBEGIN(readability-function-size): the standard's parameters */
static void
upcall(rapi_sid_t sid, rapi_eventinfo_t kind, rapi_styleid_t style, int code,
	int value, rapi_addr_t *node, unsigned int flags, int filters,
	rapi_filter_t *filter_list, int specs, rapi_flowspec_t *spec_list,
	int adspecs, rapi_adspec_t *adspec_list, void *arg)
{
	struct flow *flow = (struct flow *)arg;
	struct flow_event event = { .kind = kind,
		.code = code,
		.value = value,
		.flags = flags,
		.node = node,
		.filters = filters,
		.filter_list = filter_list,
		.specs = specs,
		.spec_list = spec_list,
		.adspecs = adspecs,
		.adspec_list = adspec_list };

	(void)sid;   /* there is one */
	(void)style; /* it is known, or shown by the daemon's listings */
	flow->hear(flow, &event);
}
/* NOLINTEND(readability-function-size) */

bool
flow_open(struct flow *flow, flow_hear_fn *hear)
{
	int error = 0;

	flow->hear = hear;
	if (flow->options->rapi_socket &&
		rapi_ext_set_socket(flow->options->rapi_socket) != 0) {
		fprintf(stderr, "rsvpctl: %s: path too long\n",
			flow->options->rapi_socket);
		flow->status = CTL_USAGE;
		return false;
	}
	flow->sid = rapi_session((rapi_addr_t *)(void *)&flow->dst, flow->proto,
		0, upcall, flow, &error);
	if (flow->sid != RAPI_NULL_SID)
		return true;
	fprintf(stderr, "rsvpctl: no session: %s\n", rapi_ext_last_error());
	flow->status = error == RAPI_ERR_NORSVP ? CTL_UNREACHABLE : CTL_REFUSED;
	return false;
}

bool
flow_is_group(const struct flow *flow)
{
	const struct sockaddr_storage *dst = &flow->dst;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (dst->ss_family == AF_INET) {
		memcpy(&in, dst, sizeof(in));
		return IN_MULTICAST(ntohl(in.sin_addr.s_addr));
	}
	memcpy(&in6, dst, sizeof(in6));
	return IN6_IS_ADDR_MULTICAST(&in6.sin6_addr);
}

/* Nothing else may be heard for long. */
static void
say_what_is_waited_for(const struct flow *flow)
{
	char text[64];

	if (flow->options->json)
		return;
	flow_address((const rapi_addr_t *)(const void *)&flow->dst, text,
		sizeof(text));
	if (flow->service == 0)
		fprintf(stderr,
			"rsvpctl: announced to %s; interrupt to "
			"withdraw it\n",
			text);
	else
		fprintf(stderr,
			"rsvpctl: reserving for what is announced to "
			"%s; interrupt to release it\n",
			text);
}

void
flow_run(struct flow *flow)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);

	const int sig = signalfd(-1, &mask, SFD_CLOEXEC);
	struct pollfd fds[2] = {
		{ .fd = rapi_getfd(flow->sid), .events = POLLIN },
		{ .fd = sig, .events = POLLIN },
	};

	say_what_is_waited_for(flow);
	while (!flow->ended) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if ((fds[1].revents & POLLIN) != 0)
			break;
		if (rapi_dispatch() == RAPI_ERR_NORSVP)
			fprintf(stderr,
				"rsvpctl: the daemon is gone; waiting for it "
				"to come back\n");
		fflush(stdout);
	}
	(void)rapi_release(flow->sid); /* it is gone in any case */
	if (flow->unprinted)
		flow->status = CTL_REFUSED;
	if (sig >= 0)
		(void)close(sig);
}

const char *
flow_address(const rapi_addr_t *sa, char *buf, size_t size)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	buf[0] = '\0';
	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		(void)inet_ntop(AF_INET, &in.sin_addr, buf, (socklen_t)size);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		(void)inet_ntop(AF_INET6, &in6.sin6_addr, buf, (socklen_t)size);
	}
	return buf;
}

/* Of a sender it is a Tspec, which is laid out as a flowspec begins. */
static void
print_spec(rapi_flowspec_t *spec)
{
	char text[256];

	if (spec->form == RAPI_TSPECTYPE_Simplified)
		rapi_fmt_tspec(
			(rapi_tspec_t *)(void *)spec, text, sizeof(text));
	else
		rapi_fmt_flowspec(spec, text, sizeof(text));
	fputs(text, stdout);
}

static void
print_text(const struct flow_event *e)
{
	static const char *const kinds[] = { "", "path", "reservation",
		"path error", "reservation error", "confirmed" };
	char text[256];
	const char *why = rapi_ext_event_text();

	printf("%s:", e->kind <= RAPI_RESV_CONFIRM ? kinds[e->kind] : "event");
	for (int i = 0; i < e->filters && i < 1; i++) {
		rapi_fmt_filtspec(e->filter_list, text, sizeof(text));
		/* the wildcard style's is empty */
		printf(" %s", e->filter_list->form == RAPI_EMPTY_OTYPE
				      ? "any sender"
				      : text);
	}
	if (e->filters > 1)
		printf(" and %d more", e->filters - 1);
	if (e->specs > 0) {
		print_spec(e->spec_list);
		fputs(e->specs > 1 ? " ..." : "", stdout);
	}
	if (e->specs == 0 &&
		(e->kind == RAPI_PATH_EVENT || e->kind == RAPI_RESV_EVENT))
		printf(" none");
	if (e->bound_us > 0)
		printf(" asking for %.0f B/s, delay at most %.1f ms",
			(double)e->R, e->bound_us / 1000);
	if (e->kind == RAPI_PATH_ERROR || e->kind == RAPI_RESV_ERROR) {
		const char *error = rapi_strerror(e->code, e->value);

		printf(" code %d value %d: %s, at %s", e->code, e->value,
			error ? error : "unknown error",
			flow_address(e->node, text, sizeof(text)));
	}
	if (why[0])
		printf(" (%s)", why);
	putchar('\n');
}

void
flow_print(struct flow *flow, const struct flow_event *event)
{
	if (!flow->options->json) {
		print_text(event);
	} else if (!out_json_event(event, stdout)) {
		fprintf(stderr, "rsvpctl: out of memory: an event is not "
				"shown\n");
		flow->unprinted = true;
	}
	fflush(stdout);
}
