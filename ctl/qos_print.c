/* SPDX-License-Identifier: ISC */

/* The report of qosstat: fields, words and order are those of AIX. */

#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "ctl/qos_stat.h"

/* Of the flag word; the first four as AIX shows them. */
enum {
	FLAG_POLICE = 0x1,
	FLAG_MARK = 0x10,
	FLAG_SHAPE = 0x20, /* as well as a mark; alone it is the word below */
	FLAG_DROP = 0x40,
	FLAG_VIOLATION = 0x100,
	FLAG_ACTIVE = 0x1000
};

/* ---- ends ---------------------------------------------------------------- */

static bool
is_any_port(const struct qos_ports *p)
{
	return p->first == 0 && p->last == UINT16_MAX;
}

static void
add_host(struct text *t, const struct addr *a, bool numeric)
{
	char text[ADDR_TEXT];
	char name[NI_MAXHOST];
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	const bool v4 = a->family == ADDR_V4;
	const struct sockaddr *sa = v4 ? (const struct sockaddr *)&four
				       : (const struct sockaddr *)&six;

	memcpy(&four.sin_addr, a->b, sizeof(four.sin_addr));
	memcpy(&six.sin6_addr, a->b, sizeof(six.sin6_addr));
	if (!numeric && getnameinfo(sa, v4 ? sizeof(four) : sizeof(six), name,
				sizeof(name), NULL, 0, NI_NAMEREQD) == 0)
		text_add(t, name);
	else
		text_printf(t, v4 ? "%s" : "[%s]", addr_format(a, text));
}

static void
add_addrs(struct text *t, const struct qos_addrs *a, bool numeric)
{
	char text[ADDR_TEXT];

	if (a->first.family == ADDR_NONE) {
		text_add(t, "*");
	} else if (addr_equal(&a->first, &a->last)) {
		add_host(t, &a->first, numeric);
	} else {
		text_printf(t, a->first.family == ADDR_V4 ? "%s-" : "[%s-",
			addr_format(&a->first, text));
		text_printf(t, a->first.family == ADDR_V4 ? "%s" : "%s]",
			addr_format(&a->last, text));
	}
}

static const char *
proto_name(uint8_t proto)
{
	return proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" : "";
}

static void
add_ports(
	struct text *t, const struct qos_ports *p, uint8_t proto, bool numeric)
{
	const char *name = proto_name(proto);
	const struct servent *s = NULL;

	if (!numeric && p->first == p->last && name[0] != '\0')
		s = getservbyport(htons(p->first), name);
	if (is_any_port(p))
		text_add(t, ":*");
	else if (s)
		text_printf(t, ":%s", s->s_name);
	else if (p->first == p->last)
		text_printf(t, ":%u", p->first);
	else
		text_printf(t, ":%u-%u", p->first, p->last);
}

static void
print_proto(char *buf, size_t size, const struct qos_condition *c)
{
	struct text t = text_over(buf, size);
	const struct protoent *p = getprotobynumber(c->proto);

	if (c->any_proto)
		text_add(&t, "*");
	else if (p)
		text_add(&t, p->p_name);
	else
		text_printf(&t, "%u", c->proto);
}

static void
print_condition(
	FILE *out, const struct qos_condition *c, const struct qos_look *look)
{
	char src[QOS_END];
	char dst[QOS_END];
	char proto[32];
	struct text s = text_over(src, sizeof(src));
	struct text d = text_over(dst, sizeof(dst));

	add_addrs(&s, &c->src, look->numeric);
	add_ports(&s, &c->src_ports, c->proto, look->numeric);
	add_addrs(&d, &c->dst, look->numeric);
	add_ports(&d, &c->dst_ports, c->proto, look->numeric);
	print_proto(proto, sizeof(proto), c);
	fprintf(out, "  %-22s %-22s %-6s (%u connection%s)\n", src, dst, proto,
		c->connections, c->connections == 1 ? "" : "s");
}

/* ---- an action ----------------------------------------------------------- */

static bool
is_violated(const struct qos_action *a)
{
	bool violated = false;

	for (size_t i = 0; i < a->n_places; i++)
		violated = violated || a->places[i].violation;
	return violated;
}

static unsigned
flags_of(const struct qos_action *a)
{
	unsigned flags = FLAG_ACTIVE;

	if (a->rate_Bps > 0)
		flags |= FLAG_POLICE;
	if (a->deny || a->excess == QOS_EXCESS_DROP)
		flags |= FLAG_DROP;
	if (a->marks || a->excess == QOS_EXCESS_MARK)
		flags |= FLAG_MARK;
	if (a->excess == QOS_EXCESS_DELAY && (flags & FLAG_MARK) != 0)
		flags |= FLAG_SHAPE;
	if (is_violated(a))
		flags |= FLAG_VIOLATION;
	return flags;
}

static void
print_flags(FILE *out, const struct qos_action *a)
{
	const unsigned flags = flags_of(a);
	const struct {
		bool on;
		const char *word;
	} words[] = {
		{ (flags & FLAG_POLICE) != 0, "POLICE" },
		{ a->excess == QOS_EXCESS_DELAY, "SHAPE" },
		{ (flags & FLAG_MARK) != 0, "MARK" },
		{ (flags & FLAG_DROP) != 0, "DROP" },
		{ (flags & FLAG_VIOLATION) != 0, "VIOLATION" },
	};
	const char *before = "";

	fprintf(out, " Flags: 0x%08x (", flags);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].on) {
			fprintf(out, "%s%s", before, words[i].word);
			before = ",";
		}
	fprintf(out, ")\n");
}

static void
print_rates(FILE *out, const struct qos_action *a)
{
	fprintf(out, " Token bucket rate (B/sec): %" PRIu64 "\n", a->rate_Bps);
	fprintf(out, " Token bucket depth (B): %" PRIu64 "\n", a->bucket_bytes);
	if (a->peak_Bps == UINT64_MAX)
		fprintf(out, " Peak rate (B/sec): unlimited\n");
	else
		fprintf(out, " Peak rate (B/sec): %" PRIu64 "\n", a->peak_Bps);
}

static void
print_action(FILE *out, const struct qos_action *a)
{
	static const char *const types[] = {
		[QOS_DS] = "DS", [QOS_IS_CL] = "IS-CL", [QOS_IS_GS] = "IS-GS"
	};

	print_rates(out, a);
	if (a->type != QOS_DS) {
		fprintf(out, " Min policied unit (B): %" PRIu64 "\n",
			a->min_unit);
		fprintf(out, " Max packet size (B): %" PRIu64 "\n",
			a->max_packet);
		fprintf(out, " Type: %s\n", types[a->type]);
		print_flags(out, a);
		return;
	}
	fprintf(out, " Outgoing TOS (compliant): 0x%02x\n", a->tos_in);
	fprintf(out, " Outgoing TOS (non-compliant): 0x%02x\n", a->tos_out);
	print_flags(out, a);
	fprintf(out, " Type: %s\n", types[a->type]);
}

/* What all places counted. */
static struct qos_place
sum_of(const struct qos_action *a)
{
	struct qos_place sum = { .iface = "" };

	for (size_t i = 0; i < a->n_places; i++) {
		sum.in_packets += a->places[i].in_packets;
		sum.in_bytes += a->places[i].in_bytes;
		sum.out_packets += a->places[i].out_packets;
		sum.out_bytes += a->places[i].out_bytes;
	}
	return sum;
}

static void
print_statistics(FILE *out, const struct qos_action *a)
{
	const struct qos_place sum = sum_of(a);

	fprintf(out,
		"\n Statistics:\n"
		"  Compliant packets: %" PRIu64 " (%" PRIu64 " bytes)\n",
		sum.in_packets, sum.in_bytes);
	/* What is shaped becomes compliant. */
	if (a->excess == QOS_EXCESS_MARK || a->excess == QOS_EXCESS_DROP ||
		a->deny)
		fprintf(out,
			"  Non-compliant packets: %" PRIu64 " (%" PRIu64
			" bytes)\n",
			sum.out_packets, sum.out_bytes);
}

static void
print_handles(FILE *out, const struct qos_action *a)
{
	for (size_t i = 0; i < a->n_places; i++)
		fprintf(out, " Handle: %s%s%s %s\n", a->name,
			a->name[0] != '\0' ? " " : "", a->places[i].iface,
			a->places[i].handle[0] != '\0' ? a->places[i].handle
						       : "not installed");
}

static void
print_one(FILE *out, const struct qos_action *a, const struct qos_look *look)
{
	fprintf(out, "Action:\n");
	if (look->handles)
		print_handles(out, a);
	print_action(out, a);
	print_statistics(out, a);
	fprintf(out, "\n Conditions:\n  %-22s %-22s %s\n", "Source address",
		"Dest address", "Protocol");
	for (size_t i = 0; i < a->n_conditions; i++)
		print_condition(out, &a->conditions[i], look);
}

/* ---- the parts that later releases show ---------------------------------- */

static unsigned
connections_of(const struct qos_action *a)
{
	unsigned n = 0;

	for (size_t i = 0; i < a->n_conditions; i++)
		n += a->conditions[i].connections;
	return n;
}

static void
print_filter_end(FILE *out, const char *what, const struct qos_addrs *addrs,
	const struct qos_ports *ports, const struct qos_look *look)
{
	char host[QOS_END];
	char port[QOS_END];
	struct text h = text_over(host, sizeof(host));
	struct text p = text_over(port, sizeof(port));

	add_addrs(&h, addrs, look->numeric);
	add_ports(&p, ports, 0, true);
	fprintf(out, "   %s IP addr: %s\n", what,
		addrs->first.family == ADDR_NONE ? "INADDR_ANY" : host);
	fprintf(out, "   %s port: %s\n", what,
		is_any_port(ports) ? "ANY_PORT" : port + 1);
}

static void
print_filter(FILE *out, const struct qos_action *a, size_t index,
	const struct qos_look *look)
{
	fprintf(out, "Filter specification for rule index %zu:\n", index);
	fprintf(out, "   PolicyRulePriority: %" PRId64 "\n", a->priority);
	for (size_t i = 0; i < a->n_conditions; i++) {
		const struct qos_condition *c = &a->conditions[i];
		char proto[32];

		print_proto(proto, sizeof(proto), c);
		fprintf(out, "   protocol: %s\n", proto);
		print_filter_end(out, "source", &c->src, &c->src_ports, look);
		print_filter_end(
			out, "destination", &c->dst, &c->dst_ports, look);
	}
	fprintf(out, "Flow Class for rule index %zu:\n", index);
	fprintf(out, "   service class: %s\n",
		a->type == QOS_DS ? "Diff-Serv" : "Int-Serv");
	if (a->peak_Bps == UINT64_MAX)
		fprintf(out, "   peak rate: unlimited\n");
	else
		fprintf(out, "   peak rate: %" PRIu64 " bytes/sec\n",
			a->peak_Bps);
	fprintf(out, "   average rate: %" PRIu64 " bytes/sec\n", a->rate_Bps);
	fprintf(out, "   bucket depth: %" PRIu64 " bytes\n", a->bucket_bytes);
	fprintf(out, "   TOS (in profile): 0x%02x\n", a->tos_in);
	fprintf(out, "   TOS (out profile): 0x%02x\n", a->tos_out);
}

static void
print_totals(FILE *out, const struct qos_action *a, size_t index)
{
	const struct qos_place sum = sum_of(a);

	fprintf(out, "Statistics for rule index %zu:\n", index);
	fprintf(out, "   total number of connections: %u\n", connections_of(a));
	fprintf(out, "   total bytes transmitted: %" PRIu64 "\n",
		sum.in_bytes + sum.out_bytes);
	fprintf(out, "   total packets transmitted: %" PRIu64 "\n",
		sum.in_packets + sum.out_packets);
	fprintf(out, "   total in-profile bytes transmitted: %" PRIu64 "\n",
		sum.in_bytes);
	fprintf(out, "   total in-profile packets transmitted: %" PRIu64 "\n",
		sum.in_packets);
}

void
qos_print(
	FILE *out, const struct qos_actions *list, const struct qos_look *look)
{
	const char *gap = "";

	for (size_t i = 0; i < list->count; i++) {
		const struct qos_action *a = &list->at[i];

		if (!look->all && connections_of(a) == 0)
			continue;
		fputs(gap, out);
		gap = "\n";
		if (look->filters)
			print_filter(out, a, i + 1, look);
		if (look->statistics)
			print_totals(out, a, i + 1);
		if (!look->filters && !look->statistics)
			print_one(out, a, look);
	}
}
