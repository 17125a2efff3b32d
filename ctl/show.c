/* SPDX-License-Identifier: ISC */

/* The commands that only look: show ... and explain. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"

/* Which sessions are wanted: an address, perhaps a port. */
struct wanted {
	bool any;
	char dst[ADDR_TEXT];
	bool any_port;
	uint64_t port;
};

struct listing {
	const struct ctl_options *options;
	struct wanted wanted;
	struct out_json *json; /* or text */
	void (*text)(FILE *out, const struct buf_reader *facts);
	size_t shown;
};

static bool
parse_wanted(int argc, char **argv, struct wanted *ret)
{
	struct wanted w = { .any = argc == 0, .any_port = argc < 2 };
	struct addr dst;

	if (argc > 0 && argv[0][0] == '-') {
		fprintf(stderr,
			"rsvpctl: %s: options but --json stand before "
			"the command\n",
			argv[0]);
		return false;
	}
	if (argc > 0 && !addr_parse(argv[0], &dst)) {
		fprintf(stderr, "rsvpctl: %s: not an IP address\n", argv[0]);
		return false;
	}
	if (argc > 0)
		addr_format(&dst, w.dst);
	if (argc > 1) {
		char *end;

		w.port = strtoull(argv[1], &end, 10);
		if (*end != '\0' || end == argv[1] || w.port > 65535) {
			fprintf(stderr,
				"rsvpctl: %s: not a port (0 to 65535)\n",
				argv[1]);
			return false;
		}
	}
	if (argc > 2) {
		fprintf(stderr, "rsvpctl: too many arguments at %s\n", argv[2]);
		return false;
	}
	*ret = w;
	return true;
}

/* The session is in the record itself or in an object of it. */
static bool
matches(const struct wanted *w, const struct buf_reader *facts)
{
	struct ctl_value v;
	struct buf_reader in = *facts;

	if (w->any)
		return true;
	if (ctl_value_find(facts, CTL_F_SESSION, &v))
		in = v.facts;
	if (!ctl_value_find(&in, CTL_F_DST, &v) || strcmp(v.text, w->dst) != 0)
		return false;
	return w->any_port ||
	       (ctl_value_find(&in, CTL_F_PORT, &v) && v.number == w->port);
}

static void
told(void *arg, struct buf_reader *facts)
{
	struct listing *l = (struct listing *)arg;

	if (!matches(&l->wanted, facts))
		return;
	l->shown++;
	if (l->json)
		out_json_record(l->json, facts);
	else
		l->text(stdout, facts);
}

/* False: there is no memory for JSON. */
static bool
begin(struct listing *l, const char *name)
{
	if (l->options->json)
		l->json = out_json_new(name);
	return l->json || !l->options->json;
}

static int
list(struct listing *l, enum ctl_type question, const char *name,
	const char *nothing)
{
	int status;

	if (!begin(l, name))
		return CTL_REFUSED;
	status = ctl_ask(l->options, question, told, l);
	if (l->json)
		status = out_json_end(l->json, status, stdout);
	else if (status == CTL_DONE && l->shown == 0 && nothing)
		printf("%s\n", nothing);
	return status;
}

static bool
no_arguments(int argc, char **argv)
{
	if (argc > 0)
		fprintf(stderr, "rsvpctl: unexpected argument %s\n", argv[0]);
	return argc == 0;
}

int
ctl_show_interfaces(const struct ctl_options *options, int argc, char **argv)
{
	struct listing l = {
		.options = options, .wanted.any = true, .text = out_text_iface
	};

	if (!no_arguments(argc, argv))
		return CTL_USAGE;
	return list(
		&l, CTL_ASK_INTERFACES, "interfaces", "no interface is known");
}

int
ctl_show_sessions(const struct ctl_options *options, int argc, char **argv)
{
	struct listing l = { .options = options, .text = out_text_session };

	if (!parse_wanted(argc, argv, &l.wanted))
		return CTL_USAGE;
	return list(&l, CTL_ASK_SESSIONS, "sessions", "no sessions");
}

int
ctl_show_reservations(const struct ctl_options *options, int argc, char **argv)
{
	struct listing l = { .options = options, .text = out_text_resv };

	if (!parse_wanted(argc, argv, &l.wanted))
		return CTL_USAGE;
	return list(
		&l, CTL_ASK_RESERVATIONS, "reservations", "no reservations");
}

int
ctl_show_policy(const struct ctl_options *options, int argc, char **argv)
{
	struct listing l = {
		.options = options, .wanted.any = true, .text = out_text_rule
	};

	if (!no_arguments(argc, argv))
		return CTL_USAGE;
	return list(&l, CTL_ASK_POLICY, "rules", NULL);
}

int
ctl_policy_history(const struct ctl_options *options, int argc, char **argv)
{
	struct listing l = {
		.options = options, .wanted.any = true, .text = out_text_kept
	};

	if (!no_arguments(argc, argv))
		return CTL_USAGE;
	return list(
		&l, CTL_ASK_HISTORY, "generations", "no generations are kept");
}

int
ctl_directory_status(const struct ctl_options *options, int argc, char **argv)
{
	struct listing l = { .options = options,
		.wanted.any = true,
		.text = out_text_directory };

	if (!no_arguments(argc, argv))
		return CTL_USAGE;
	return list(&l, CTL_ASK_DIRECTORY, NULL, NULL);
}

int
ctl_show_rules(const struct ctl_options *options, int argc, char **argv)
{
	struct listing l = { .options = options,
		.wanted.any = true,
		.text = out_text_data_rule };

	if (!no_arguments(argc, argv))
		return CTL_USAGE;
	return list(&l, CTL_ASK_RULES, "rules", "no rules on data traffic");
}

static void
counter_text(FILE *out, const struct buf_reader *facts)
{
	struct ctl_value name;
	struct ctl_value value;
	struct ctl_value help;

	if (ctl_value_find(facts, CTL_F_NAME, &name) &&
		ctl_value_find(facts, CTL_F_VALUE, &value) &&
		ctl_value_find(facts, CTL_F_HELP, &help))
		fprintf(out, "%-20s %12" PRIu64 "  %s\n", name.text,
			value.number, help.text);
}

static void
counter_told(void *arg, struct buf_reader *facts)
{
	struct listing *l = (struct listing *)arg;
	struct ctl_value name;
	struct ctl_value value;

	if (!l->json)
		counter_text(stdout, facts);
	else if (ctl_value_find(facts, CTL_F_NAME, &name) &&
		 ctl_value_find(facts, CTL_F_VALUE, &value))
		out_json_pair(l->json, name.text, value.number);
}

int
ctl_show_counters(const struct ctl_options *options, int argc, char **argv)
{
	struct listing l = { .options = options };
	int status;

	if (!no_arguments(argc, argv))
		return CTL_USAGE;
	if (!begin(&l, NULL))
		return CTL_REFUSED;
	status = ctl_ask(options, CTL_ASK_COUNTERS, counter_told, &l);
	if (l.json)
		status = out_json_end(l.json, status, stdout);
	return status;
}

static void
status_text(FILE *out, const struct buf_reader *facts)
{
	struct buf_reader copy = *facts;
	struct ctl_value v;

	while (ctl_value_next(&copy, &v)) {
		if (v.fact->id == CTL_F_UPTIME)
			fprintf(out, "uptime: %" PRId64 " s\n",
				v.signed_number / 1000);
		else if (v.fact->kind == CTL_KIND_TEXT)
			fprintf(out, "%s: %s\n", v.fact->name, v.text);
		else if (v.fact->kind == CTL_KIND_SIGNED)
			fprintf(out, "%s: %" PRId64 "\n", v.fact->name,
				v.signed_number);
		else
			fprintf(out, "%s: %" PRIu64 "\n", v.fact->name,
				v.number);
	}
}

int
ctl_show_status(const struct ctl_options *options, int argc, char **argv)
{
	struct listing l = {
		.options = options, .wanted.any = true, .text = status_text
	};

	if (!no_arguments(argc, argv))
		return CTL_USAGE;
	return list(&l, CTL_ASK_STATUS, NULL, NULL);
}

int
ctl_explain(const struct ctl_options *options, int argc, char **argv)
{
	struct listing l = { .options = options, .text = out_text_refusal };
	int status;

	if (!parse_wanted(argc, argv, &l.wanted))
		return CTL_USAGE;
	if (!begin(&l, "refusals"))
		return CTL_REFUSED;
	status = ctl_ask(options, CTL_ASK_EXPLAIN, told, &l);
	if (l.json)
		out_json_list(l.json, "reservations");
	l.text = out_text_resv;
	if (status == CTL_DONE)
		status = ctl_ask(options, CTL_ASK_RESERVATIONS, told, &l);
	if (l.json)
		status = out_json_end(l.json, status, stdout);
	else if (status == CTL_DONE && l.shown == 0)
		printf("nothing was asked for, and nothing refused\n");
	return status;
}
