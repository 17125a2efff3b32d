/* SPDX-License-Identifier: ISC */

/* Shared by the RAPI test applications; see rapi_app.h. */

#include "rapi_app.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <arpa/inet.h>

union rapi_app_addr
rapi_app_addr(const char *text, uint16_t port, int family)
{
	union rapi_app_addr a = { .in = { .sin_family = AF_INET,
					  .sin_port = htons(port) } };

	if (family != 6 && inet_pton(AF_INET, text, &a.in.sin_addr) == 1)
		return a;
	a = (union rapi_app_addr){ .in6 = { .sin6_family = AF_INET6,
					   .sin6_port = htons(port) } };
	if (family != 4 && inet_pton(AF_INET6, text, &a.in6.sin6_addr) == 1)
		return a;
	fprintf(stderr, "%s: not an address of that family\n", text);
	exit(2);
}

void
rapi_app_tspec(rapi_tspec_t *ret_tspec, double r, double b, double p,
	uint32_t m, uint32_t M)
{
	rapi_qos_tspecx_t *x = &ret_tspec->tspecbody_qosx;

	memset(ret_tspec, 0, sizeof(*ret_tspec));
	ret_tspec->len = sizeof(rapi_hdr_t) + sizeof(*x);
	ret_tspec->form = RAPI_TSPECTYPE_Simplified;
	x->spec_type = RAPI_QOS_TSPEC;
	x->xtspec_r = (float32_t)r;
	x->xtspec_b = (float32_t)b;
	x->xtspec_p = p > 0 ? (float32_t)p : INFINITY32f;
	x->xtspec_m = m;
	x->xtspec_M = M;
}

static const char *
event_name(rapi_eventinfo_t type)
{
	switch (type) {
	case RAPI_PATH_EVENT:
		return "path_event";
	case RAPI_RESV_EVENT:
		return "resv_event";
	case RAPI_PATH_ERROR:
		return "path_error";
	case RAPI_RESV_ERROR:
		return "resv_error";
	case RAPI_RESV_CONFIRM:
		return "resv_confirm";
	}
	return "unknown";
}

static json_t *
style_name(rapi_styleid_t style)
{
	switch (style) {
	case RAPI_RSTYLE_WILDCARD:
		return json_string("WF");
	case RAPI_RSTYLE_FIXED:
		return json_string("FF");
	case RAPI_RSTYLE_SE:
		return json_string("SE");
	}
	return json_null();
}

/* JSON has no infinity. */
static json_t *
number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *
address(const rapi_addr_t *sa)
{
	char text[INET6_ADDRSTRLEN] = "";
	union rapi_app_addr a;

	if (sa->sa_family == AF_INET6) {
		memcpy(&a.in6, sa, sizeof(a.in6));
		inet_ntop(AF_INET6, &a.in6.sin6_addr, text, sizeof(text));
	} else {
		memcpy(&a.in, sa, sizeof(a.in));
		inet_ntop(AF_INET, &a.in.sin_addr, text, sizeof(text));
	}
	return json_string(text);
}

json_t *
rapi_app_line(const struct rapi_app_event *event)
{
	const char *text = rapi_strerror(event->code, event->value);

	return json_pack("{s:s, s:o, s:i, s:i, s:s, s:s, s:o, s:i}", "event",
		event_name(event->type), "style", style_name(event->style),
		"code", event->code, "value", event->value, "error",
		event->code == 0 || !text ? "" : text, "text",
		rapi_ext_event_text(), "node", address(event->node), "flags",
		(int)event->flags);
}

json_t *
rapi_app_filter(const rapi_filter_t *filter)
{
	char text[128];
	rapi_filter_t copy;

	memset(&copy, 0, sizeof(copy));
	memcpy(&copy, filter,
		filter->len < sizeof(copy) ? filter->len : sizeof(copy));
	rapi_fmt_filtspec(&copy, text, sizeof(text));
	return json_string(text);
}

json_t *
rapi_app_spec(const rapi_flowspec_t *spec, bool is_tspec)
{
	static const char *const services[] = { "tspec", "cl", "gs" };
	const rapi_qos_flowspecx_t *x = &spec->specbody_qosx;
	json_t *o = json_pack("{s:s, s:o, s:o, s:o, s:I, s:I}", "service",
		services[x->spec_type], "r", number(x->xspec_r), "b",
		number(x->xspec_b), "p", number(x->xspec_p), "m",
		(json_int_t)x->xspec_m, "M", (json_int_t)x->xspec_M);

	if (!is_tspec && x->spec_type == RAPI_QOS_GUARANTEED) {
		json_object_set_new(o, "R", number(x->xspec_R));
		json_object_set_new(o, "S", json_integer(x->xspec_S));
	}
	return o;
}

void
rapi_app_print(json_t *line)
{
	if (!line || json_dumpf(line, stdout, JSON_COMPACT) != 0)
		fprintf(stderr, "an event could not be printed\n");
	json_decref(line);
	putchar('\n');
	fflush(stdout);
}

void
rapi_app_say(const char *what, const char *text)
{
	rapi_app_print(json_pack("{s:s, s:s}", "event", what, "text", text));
}

rapi_sid_t
rapi_app_session(const union rapi_app_addr *dst, int proto,
	rapi_event_rtn_t *event, void *arg)
{
	union rapi_app_addr copy = *dst;
	int error = 0;
	const rapi_sid_t sid =
		rapi_session(&copy.any, proto, 0, event, arg, &error);

	if (sid == RAPI_NULL_SID) {
		fprintf(stderr, "rapi_session: %s: %s\n",
			rapi_strerror(RSVP_Err_API_ERROR, error),
			rapi_ext_last_error());
		exit(error == RAPI_ERR_NORSVP ? 3 : 1);
	}
	return sid;
}

static void
ending_signals(sigset_t *ret_set)
{
	sigemptyset(ret_set);
	sigaddset(ret_set, SIGTERM);
	sigaddset(ret_set, SIGINT);
}

void
rapi_app_catch(void)
{
	sigset_t set;

	ending_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void
dispatch(void)
{
	const int rc = rapi_dispatch();

	if (rc == RAPI_ERR_NORSVP)
		rapi_app_say("reconnect", rapi_ext_last_error());
	else if (rc != RAPI_ERR_OK)
		rapi_app_say("problem", rapi_ext_last_error());
}

void
rapi_app_run(rapi_sid_t sid)
{
	struct pollfd fds[2] = { { .fd = rapi_getfd(sid), .events = POLLIN },
		{ .events = POLLIN } };
	sigset_t set;

	ending_signals(&set);
	fds[1].fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fds[0].fd < 0 || fds[1].fd < 0) {
		fprintf(stderr, "no descriptor to wait on\n");
		exit(1);
	}
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR) {
			perror("poll");
			exit(1);
		}
		if (fds[1].revents)
			break;
		if (fds[0].revents)
			dispatch();
	}
	close(fds[1].fd);
}
