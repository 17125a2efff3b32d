/* SPDX-License-Identifier: ISC */

/* Records as text for people: one thing a paragraph, values with units. */

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ctl.h"

static const char *
text_of(const struct buf_reader *facts, enum ctl_fact_id id, char *buf,
	size_t size)
{
	struct ctl_value v;

	if (!ctl_value_find(facts, id, &v))
		v.text[0] = '\0';
	(void)text_copy(buf, size, v.text); /* a cut is shown as cut */
	text_tame(buf);
	return buf;
}

static uint64_t
number_of(const struct buf_reader *facts, enum ctl_fact_id id)
{
	struct ctl_value v;

	return ctl_value_find(facts, id, &v) ? v.number : 0;
}

static bool
has(const struct buf_reader *facts, enum ctl_fact_id id)
{
	struct ctl_value v;

	return ctl_value_find(facts, id, &v);
}

static struct buf_reader
object_in(const struct buf_reader *facts, enum ctl_fact_id id)
{
	struct ctl_value v;

	return ctl_value_find(facts, id, &v) ? v.facts
					     : (struct buf_reader){ 0 };
}

static void
print_rate(FILE *out, uint64_t rate_bps)
{
	char buf[40];
	struct text t = text_over(buf, sizeof(buf));

	text_add_rate(&t, (double)rate_bps / 8);
	fputs(buf, out);
}

static void
print_endpoint(FILE *out, const struct buf_reader *facts, enum ctl_fact_id addr)
{
	char text[ADDR_TEXT];

	if (!has(facts, addr)) {
		fputs("any", out);
		return;
	}
	text_of(facts, addr, text, sizeof(text));
	fprintf(out, strchr(text, ':') ? "[%s]:%" PRIu64 : "%s:%" PRIu64, text,
		number_of(facts, CTL_F_PORT));
}

static void
print_session(FILE *out, const struct buf_reader *facts)
{
	print_endpoint(out, facts, CTL_F_DST);
	fprintf(out, " protocol %" PRIu64, number_of(facts, CTL_F_PROTO));
}

/* Packets of reservations that went as best effort; nothing when none did. */
static void
print_hidden(FILE *out, const struct buf_reader *facts, const char *indent)
{
	uint64_t fragments = number_of(facts, CTL_F_HIDDEN_FRAGMENTS);
	uint64_t extensions = number_of(facts, CTL_F_HIDDEN_EXTENSIONS);

	if (fragments > 0 || extensions > 0)
		fprintf(out,
			"%sports not seen, so best effort: %" PRIu64
			" fragments, %" PRIu64
			" packets with extension headers\n",
			indent, fragments, extensions);
}

struct offload {
	enum ctl_fact_id value;
	enum ctl_fact_id limit;
	const char *what;
	const char *key; /* the kernel's */
};

/* Only where that is, or should be, limited. */
static void
print_offload(
	FILE *out, const struct buf_reader *facts, const struct offload *o)
{
	const uint64_t value = number_of(facts, o->value);
	const uint64_t limit = number_of(facts, o->limit);

	if (!has(facts, o->value) || !has(facts, o->limit))
		return;
	fprintf(out, "  %s: at most %" PRIu64 " (%s", o->what, value, o->key);
	if (value > limit)
		fprintf(out, ", not limited to %" PRIu64, limit);
	fprintf(out, ")\n");
}

static void
print_offloads(FILE *out, const struct buf_reader *facts)
{
	static const struct offload gso = { CTL_F_GSO_SEGS, CTL_F_GSO_LIMIT,
		"packets handed down as one", "gso_max_segs" };
	static const struct offload gro = { CTL_F_GRO_OCTETS, CTL_F_GRO_LIMIT,
		"octets put together on receipt", "gro_max_size" };

	print_offload(out, facts, &gso);
	print_offload(out, facts, &gro);
}

void
out_text_iface(FILE *out, const struct buf_reader *facts)
{
	char name[32];
	char v4[ADDR_TEXT];
	char v6[ADDR_TEXT];
	char problem[512];
	char udp[8];

	(void)text_of(facts, CTL_F_V4, v4, sizeof(v4));
	(void)text_of(facts, CTL_F_V6, v6, sizeof(v6));
	fprintf(out, "%s: %s, %s, mtu %" PRIu64 ", %s%s%s\n",
		text_of(facts, CTL_F_NAME, name, sizeof(name)),
		number_of(facts, CTL_F_UP) ? "up" : "down",
		number_of(facts, CTL_F_ENABLED) ? "RSVP enabled"
						: "RSVP disabled",
		number_of(facts, CTL_F_MTU), v4, v4[0] && v6[0] ? " " : "", v6);
	if (number_of(facts, CTL_F_UDP_SEEN) ||
		number_of(facts, CTL_F_UDP_NEIGHBOURS) > 0 ||
		strcmp(text_of(facts, CTL_F_UDP, udp, sizeof(udp)), "on") == 0)
		fprintf(out,
			"  RSVP in UDP: %s, %s, %" PRIu64
			" neighbours need it\n",
			text_of(facts, CTL_F_UDP, udp, sizeof(udp)),
			number_of(facts, CTL_F_UDP_SEEN) ? "heard"
							 : "not heard",
			number_of(facts, CTL_F_UDP_NEIGHBOURS));
	if (!number_of(facts, CTL_F_TRAFFIC_CONTROL)) {
		fprintf(out, "  no traffic control\n");
		return;
	}
	fprintf(out, "  link ");
	print_rate(out, number_of(facts, CTL_F_BANDWIDTH));
	fprintf(out, ", reservable ");
	print_rate(out, number_of(facts, CTL_F_RESERVABLE));
	fprintf(out, ", reserved ");
	print_rate(out, number_of(facts, CTL_F_RESERVED));
	fprintf(out, " in %" PRIu64 " flows (at most %" PRIu64 ")\n",
		number_of(facts, CTL_F_FLOWS),
		number_of(facts, CTL_F_MAX_FLOWS));
	if (has(facts, CTL_F_INGRESS)) {
		fprintf(out, "  what comes in is shaped to ");
		print_rate(out, number_of(facts, CTL_F_INGRESS));
		fputc('\n', out);
	}
	fprintf(out,
		"  guaranteed service: C %" PRIu64 " B, D %" PRIu64
		" us, burst budget %" PRIu64 " of %" PRIu64 " B used\n",
		number_of(facts, CTL_F_GS_C), number_of(facts, CTL_F_GS_D),
		number_of(facts, CTL_F_BUDGET_USED),
		number_of(facts, CTL_F_BUDGET));
	print_offloads(out, facts);
	text_of(facts, CTL_F_TC_PROBLEM, problem, sizeof(problem));
	if (!number_of(facts, CTL_F_TC_READY))
		fprintf(out, "  traffic control is not ready%s%s\n",
			problem[0] ? ": " : "", problem);
	if (has(facts, CTL_F_TC_REFUSED))
		fprintf(out, "  goes on as before: %s\n",
			text_of(facts, CTL_F_TC_REFUSED, problem,
				sizeof(problem)));
	if (number_of(facts, CTL_F_DRIFTS) > 0)
		fprintf(out,
			"  changed by other programs %" PRIu64
			" time%s, the last: %s\n",
			number_of(facts, CTL_F_DRIFTS),
			number_of(facts, CTL_F_DRIFTS) == 1 ? "" : "s",
			text_of(facts, CTL_F_LAST_DRIFT, problem,
				sizeof(problem)));
	print_hidden(out, facts, "  ");
}

static void
print_spec(FILE *out, const struct buf_reader *facts)
{
	const struct buf_reader spec = object_in(facts, CTL_F_FLOWSPEC);
	char service[16];
	struct ctl_value v;

	text_of(facts, CTL_F_SERVICE, service, sizeof(service));
	if (strcmp(service, "none") != 0) /* a sender's has none */
		fprintf(out, "%s ", service);
	if (ctl_value_find(&spec, CTL_F_R, &v))
		fprintf(out, "r %.0f B/s", v.real);
	if (ctl_value_find(&spec, CTL_F_B, &v))
		fprintf(out, " b %.0f B", v.real);
	if (ctl_value_find(&spec, CTL_F_RATE_R, &v))
		fprintf(out, " R %.0f B/s", v.real);
}

/* Without figures the reason is the text of the code, or of its value. */
static bool
is_said_with_the_code(const struct buf_reader *facts, const char *reason)
{
	char text[512];

	return strcmp(reason, text_of(facts, CTL_F_CODE_TEXT, text,
				      sizeof(text))) == 0 ||
	       strcmp(reason, text_of(facts, CTL_F_VALUE_TEXT, text,
				      sizeof(text))) == 0;
}

static void
print_why(FILE *out, const struct buf_reader *facts)
{
	char rule[96];
	char reason[512];

	text_of(facts, CTL_F_RULE, rule, sizeof(rule));
	text_of(facts, CTL_F_REASON, reason, sizeof(reason));
	/* Most reasons begin with the rule. */
	if (rule[0] && strncmp(reason, "rule ", 5) != 0)
		fprintf(out, "    rule %s\n", rule);
	if (reason[0] && !is_said_with_the_code(facts, reason))
		fprintf(out, "    %s\n", reason);
}

/* The lines of a reservation below its session. */
static void
resv_lines(FILE *out, const struct buf_reader *facts)
{
	char name[32];
	char hop[ADDR_TEXT];
	char state[32];
	char style[8];
	const bool local = number_of(facts, CTL_F_LOCAL) != 0;

	fprintf(out, "  %s %s ",
		local ? "application"
		      : text_of(facts, CTL_F_INTERFACE, name, sizeof(name)),
		text_of(facts, CTL_F_STYLE, style, sizeof(style)));
	print_spec(out, facts);
	fprintf(out, ", %s", text_of(facts, CTL_F_STATE, state, sizeof(state)));
	if (local)
		fprintf(out, ", uid %" PRIu64, number_of(facts, CTL_F_UID));
	else
		fprintf(out, ", for %s",
			text_of(facts, CTL_F_HOP, hop, sizeof(hop)));
	fputc('\n', out);
	if (has(facts, CTL_F_CLASSID)) {
		char id[24];

		fprintf(out, "    class %s, ",
			text_of(facts, CTL_F_CLASSID, id, sizeof(id)));
		print_rate(out, number_of(facts, CTL_F_RATE));
		fprintf(out,
			" on the wire; %" PRIu64 " packets, %" PRIu64
			" octets, %" PRIu64 " dropped",
			number_of(facts, CTL_F_PACKETS),
			number_of(facts, CTL_F_BYTES),
			number_of(facts, CTL_F_DROPS));
		if (has(facts, CTL_F_EXCESS))
			fprintf(out, "; excess %s",
				text_of(facts, CTL_F_EXCESS, id, sizeof(id)));
		if (has(facts, CTL_F_DSCP))
			fprintf(out, "; DSCP %" PRIu64,
				number_of(facts, CTL_F_DSCP));
		if (has(facts, CTL_F_DSCP_OUT))
			fprintf(out, "; beyond the bucket DSCP %" PRIu64,
				number_of(facts, CTL_F_DSCP_OUT));
		fputc('\n', out);
		print_hidden(out, facts, "    ");
	}
	print_why(out, facts);
}

void
out_text_resv(FILE *out, const struct buf_reader *facts)
{
	const struct buf_reader session = object_in(facts, CTL_F_SESSION);
	const struct buf_reader filter = object_in(facts, CTL_F_FILTERS);

	print_session(out, &session);
	fprintf(out, " from ");
	print_endpoint(out, &filter, CTL_F_SRC);
	fputc('\n', out);
	resv_lines(out, facts);
}

static void
path_lines(FILE *out, const struct buf_reader *facts)
{
	const struct buf_reader sender = object_in(facts, CTL_F_SENDER);
	char hop[ADDR_TEXT];
	char in[32];
	char outs[128];

	fprintf(out, "  path from ");
	print_endpoint(out, &sender, CTL_F_SRC);
	if (number_of(facts, CTL_F_LOCAL))
		fprintf(out, ", an application here (uid %" PRIu64 ")",
			number_of(facts, CTL_F_UID));
	else
		fprintf(out, ", previous hop %s on %s",
			text_of(facts, CTL_F_HOP, hop, sizeof(hop)),
			text_of(facts, CTL_F_IN, in, sizeof(in)));
	text_of(facts, CTL_F_OUT, outs, sizeof(outs));
	if (outs[0])
		fprintf(out, ", out %s", outs);
	if (number_of(facts, CTL_F_TO_LOCAL))
		fprintf(out, ", to this host");
	if (number_of(facts, CTL_F_NON_RSVP))
		fprintf(out, ", over a hop without RSVP");
	fputc('\n', out);
}

void
out_text_session(FILE *out, const struct buf_reader *facts)
{
	struct buf_reader copy = *facts;
	struct ctl_value v;

	print_session(out, facts);
	fputc('\n', out);
	while (ctl_value_next(&copy, &v)) {
		if (v.fact->id == CTL_F_PATHS)
			path_lines(out, &v.facts);
		else if (v.fact->id == CTL_F_RESVS)
			resv_lines(out, &v.facts);
	}
}

/* Whose request it was and what it asked for; a session has many. */
static void
refused_line(FILE *out, const struct buf_reader *facts)
{
	char style[8];
	char name[32];
	char hop[ADDR_TEXT];

	fprintf(out, "  %s ",
		text_of(facts, CTL_F_INTERFACE, name, sizeof(name))[0]
			? name
			: "application");
	text_of(facts, CTL_F_STYLE, style, sizeof(style));
	if (strcmp(style, "none") != 0)
		fprintf(out, "%s ", style);
	print_spec(out, facts);
	if (has(facts, CTL_F_NEIGHBOUR))
		fprintf(out, ", for %s",
			text_of(facts, CTL_F_NEIGHBOUR, hop, sizeof(hop)));
	fputc('\n', out);
}

void
out_text_refusal(FILE *out, const struct buf_reader *facts)
{
	const struct buf_reader session = object_in(facts, CTL_F_SESSION);
	const struct buf_reader sender = object_in(facts, CTL_F_SENDER);
	struct ctl_value age;
	char message[24];
	char code[96];
	char value[96];

	print_session(out, &session);
	fprintf(out, " from ");
	print_endpoint(out, &sender, CTL_F_SRC);
	fprintf(out, ": %s refused",
		text_of(facts, CTL_F_MESSAGE, message, sizeof(message)));
	if (ctl_value_find(facts, CTL_F_AGE, &age))
		fprintf(out, " %" PRId64 " s ago", age.signed_number / 1000);
	if (has(facts, CTL_F_UID))
		fprintf(out, ", asked by uid %" PRIu64,
			number_of(facts, CTL_F_UID));
	fprintf(out, "\n  code %" PRIu64 " value %" PRIu64 ": %s",
		number_of(facts, CTL_F_CODE),
		number_of(facts, CTL_F_CODE_VALUE),
		text_of(facts, CTL_F_CODE_TEXT, code, sizeof(code)));
	text_of(facts, CTL_F_VALUE_TEXT, value, sizeof(value));
	fprintf(out, value[0] ? " (%s)\n" : "%s\n", value);
	refused_line(out, facts);
	print_why(out, facts);
}

/* "  last change      12 s ago"; nothing when it never was. */
static void
age_line(FILE *out, const struct buf_reader *facts, enum ctl_fact_id id,
	const char *what, const char *after)
{
	struct ctl_value age;

	if (ctl_value_find(facts, id, &age))
		fprintf(out, "  %-18s %" PRId64 " s%s\n", what,
			age.signed_number / 1000, after);
}

/* "rollback to generation 7, 12 s ago: ..."; nothing when there is none. */
static void
held_line(FILE *out, const struct buf_reader *facts)
{
	struct ctl_value age;

	if (!has(facts, CTL_F_HELD) ||
		!ctl_value_find(facts, CTL_F_HELD_AGE, &age))
		return;
	fprintf(out,
		"ROLLBACK to generation %" PRIu64 ", %" PRId64
		" s ago: changes wait for rsvpctl policy load\n",
		number_of(facts, CTL_F_HELD), age.signed_number / 1000);
}

void
out_text_kept(FILE *out, const struct buf_reader *facts)
{
	char text[512];
	struct ctl_value age = { 0 };

	(void)ctl_value_find(facts, CTL_F_AGE, &age); /* 0 without */
	fprintf(out,
		"generation %" PRIu64 ", %" PRId64 " s old, %" PRIu64
		" rule%s from %s%s%s\n",
		number_of(facts, CTL_F_GENERATION), age.signed_number / 1000,
		number_of(facts, CTL_F_RULES),
		number_of(facts, CTL_F_RULES) == 1 ? "" : "s",
		text_of(facts, CTL_F_SOURCE, text, sizeof(text)),
		number_of(facts, CTL_F_IN_FORCE) != 0 ? ", in force" : "",
		has(facts, CTL_F_HELD) ? " by a rollback" : "");
}

void
out_text_directory(FILE *out, const struct buf_reader *facts)
{
	char text[1024];
	char mode[16];
	struct ctl_value connected;
	struct ctl_value waiting;

	text_of(facts, CTL_F_SOURCES, text, sizeof(text));
	fprintf(out, "%s\n", text[0] ? text : "policyd has said nothing yet");
	held_line(out, facts);
	if (!ctl_value_find(facts, CTL_F_CONNECTED, &connected)) {
		fprintf(out, "no directory is configured\n");
		return;
	}
	text_of(facts, CTL_F_SERVER, text, sizeof(text));
	fprintf(out, "  %-18s %s%s\n", "server", text[0] ? text : "none yet",
		connected.number != 0 ? ", connected" : "");
	fprintf(out, "  %-18s %s\n", "mode",
		text_of(facts, CTL_F_MODE, mode, sizeof(mode)));
	fprintf(out, "  %-18s %" PRIu64 ", %" PRIu64 " of them skipped\n",
		"entries", number_of(facts, CTL_F_ENTRIES),
		number_of(facts, CTL_F_SKIPPED));
	if (ctl_value_find(facts, CTL_F_WAITING, &waiting) &&
		waiting.number != 0)
		fprintf(out, "  changes wait for the generation entry\n");
	age_line(out, facts, CTL_F_CHANGE_AGE, "last change", " ago");
	age_line(out, facts, CTL_F_ANSWER_AGE, "last confirmed", " ago");
	age_line(out, facts, CTL_F_COOKIE_AGE, "cookie age", "");
	age_line(out, facts, CTL_F_CACHE_AGE, "cache age", "");
	age_line(out, facts, CTL_F_RETRY, "next attempt in", "");
}

/* " (maxFlows 2, denied 1)" */
static void
print_refusals(FILE *out, struct buf_reader facts)
{
	const char *between = " (";
	char reason[64];
	struct ctl_value v;

	while (ctl_value_next(&facts, &v)) {
		if (v.fact->id != CTL_F_REFUSALS)
			continue;
		fprintf(out, "%s%s %" PRIu64, between,
			text_of(&v.facts, CTL_F_REASON, reason, sizeof(reason)),
			number_of(&v.facts, CTL_F_COUNT));
		between = ", ";
	}
	fputs(between[0] == ',' ? ")" : "", out);
}

void
out_text_rule(FILE *out, const struct buf_reader *facts)
{
	char name[96];
	char answer[16];
	char text[512];
	struct ctl_value priority;

	if (!ctl_value_find(facts, CTL_F_PRIORITY, &priority)) {
		fprintf(out, "generation %" PRIu64 " from %s\n",
			number_of(facts, CTL_F_GENERATION),
			text_of(facts, CTL_F_SOURCE, text, sizeof(text)));
		text_of(facts, CTL_F_SOURCES, text, sizeof(text));
		if (text[0])
			fprintf(out, "%s\n", text);
		held_line(out, facts);
		fprintf(out,
			"where no rule applies: allowed %" PRIu64
			", refused %" PRIu64 "\n",
			number_of(facts, CTL_F_ALLOWED),
			number_of(facts, CTL_F_REFUSED));
		if (number_of(facts, CTL_F_RULES_BEYOND) > 0)
			fprintf(out,
				"%" PRIu64 " rules on data traffic are not "
				"installed: more than an interface can have\n",
				number_of(facts, CTL_F_RULES_BEYOND));
		return;
	}
	fprintf(out, "%s: %s, priority %" PRId64 "\n",
		text_of(facts, CTL_F_NAME, name, sizeof(name)),
		text_of(facts, CTL_F_PERMISSION, answer, sizeof(answer)),
		priority.signed_number);
	text_of(facts, CTL_F_CONDITIONS, text, sizeof(text));
	if (text[0])
		fprintf(out, "  if %s\n", text);
	text_of(facts, CTL_F_GRANTS, text, sizeof(text));
	if (text[0])
		fprintf(out, "  grants %s\n", text);
	fprintf(out,
		"  matched %" PRIu64 ", allowed %" PRIu64 ", refused %" PRIu64,
		number_of(facts, CTL_F_MATCHED),
		number_of(facts, CTL_F_ALLOWED),
		number_of(facts, CTL_F_REFUSED));
	print_refusals(out, *facts);
	fprintf(out, "; %" PRIu64 " flows now\n",
		number_of(facts, CTL_F_FLOWS));
}

static void
data_rule_grants(FILE *out, const struct buf_reader *facts)
{
	char text[96];

	if (has(facts, CTL_F_DSCP))
		fprintf(out, ", DSCP %" PRIu64, number_of(facts, CTL_F_DSCP));
	if (!has(facts, CTL_F_RATE))
		return;
	fprintf(out, ", ");
	print_rate(out, number_of(facts, CTL_F_RATE));
	fprintf(out, ", bucket %" PRIu64 " B", number_of(facts, CTL_F_BUCKET));
	if (has(facts, CTL_F_PEAK)) {
		fprintf(out, ", peak ");
		print_rate(out, number_of(facts, CTL_F_PEAK));
	}
	if (has(facts, CTL_F_MIN_PACKET))
		fprintf(out, ", counted as %" PRIu64 " B at least",
			number_of(facts, CTL_F_MIN_PACKET));
	if (has(facts, CTL_F_MAX_PACKET))
		fprintf(out, ", packets up to %" PRIu64 " B",
			number_of(facts, CTL_F_MAX_PACKET));
	fprintf(out, ", excess %s",
		text_of(facts, CTL_F_EXCESS, text, sizeof(text)));
	if (has(facts, CTL_F_DSCP_OUT))
		fprintf(out, " with DSCP %" PRIu64,
			number_of(facts, CTL_F_DSCP_OUT));
}

/* Of packets that were dropped some kernels do not count the octets. */
static void
data_rule_counts(FILE *out, const struct buf_reader *facts)
{
	uint64_t packets = number_of(facts, CTL_F_OUT_PACKETS);
	uint64_t bytes = number_of(facts, CTL_F_OUT_BYTES);

	fprintf(out,
		"  in profile %" PRIu64 " packets, %" PRIu64
		" B; out of profile %" PRIu64 " packets",
		number_of(facts, CTL_F_IN_PACKETS),
		number_of(facts, CTL_F_IN_BYTES), packets);
	if (bytes > 0 || packets == 0)
		fprintf(out, ", %" PRIu64 " B\n", bytes);
	else
		fprintf(out, ", octets not counted\n");
}

void
out_text_data_rule(FILE *out, const struct buf_reader *facts)
{
	char name[96];
	char text[512];

	fprintf(out, "%s on ", text_of(facts, CTL_F_NAME, name, sizeof(name)));
	fprintf(out,
		"%s: ", text_of(facts, CTL_F_INTERFACE, text, sizeof(text)));
	fprintf(out, "%s", text_of(facts, CTL_F_STATE, text, sizeof(text)));
	data_rule_grants(out, facts);
	fprintf(out, "\n");
	text_of(facts, CTL_F_REASON, text, sizeof(text));
	if (text[0])
		fprintf(out, "  %s\n", text);
	text_of(facts, CTL_F_OTHER, text, sizeof(text));
	if (text[0])
		fprintf(out,
			"  VIOLATION: the reservation for %s covers the "
			"same traffic, the %s is first\n",
			text,
			number_of(facts, CTL_F_BEFORE) != 0 ? "rule"
							    : "reservation");
	data_rule_counts(out, facts);
}
