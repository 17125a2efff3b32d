/* SPDX-License-Identifier: ISC */

/*
 * The report of qosstat: the published one, field by field, and what it looks
 * like where AIX had nothing to show.
 */

#include "ctl/qos_stat.h"

#include <netinet/in.h>
#include <unistd.h>

#include "t_addr.h"

enum { OUTPUT = 16384 };

static struct qos_addrs
one(const char *text)
{
	return (struct qos_addrs){ t_addr(text), t_addr(text) };
}

static const struct qos_ports any_port = { 0, UINT16_MAX };
static const struct qos_addrs anywhere;

static struct qos_action *
reservation(struct qos_actions *list)
{
	struct qos_action *a = qos_actions_add(list);
	const struct qos_condition c = { .src = one("192.168.127.39"),
		.src_ports = { 8000, 8000 },
		.dst = one("192.168.25.29"),
		.dst_ports = { 35049, 35049 },
		.proto = IPPROTO_TCP,
		.connections = 1 };

	a->type = QOS_IS_CL;
	a->rate_Bps = a->peak_Bps = 10240;
	a->bucket_bytes = 1024;
	a->min_unit = 20;
	a->max_packet = 1452;
	a->excess = QOS_EXCESS_DELAY;
	a->n_places = 1;
	a->places[0].in_packets = 1423;
	a->places[0].in_bytes = 440538;
	T_CHECK(qos_action_condition(a, &c), "no memory");
	return a;
}

static struct qos_action *
rule(struct qos_actions *list)
{
	struct qos_action *a = qos_actions_add(list);
	struct qos_condition c = { .src = one("192.168.127.39"),
		.src_ports = { 80, 80 },
		.dst = anywhere,
		.dst_ports = any_port,
		.proto = IPPROTO_TCP,
		.connections = 1 };

	a->type = QOS_DS;
	(void)snprintf(a->name, sizeof(a->name), "web");
	a->priority = 3;
	a->rate_Bps = a->peak_Bps = 10240;
	a->bucket_bytes = 1024;
	a->marks = true;
	a->tos_in = 0xc0;
	a->excess = QOS_EXCESS_MARK;
	a->n_places = 2;
	/* Counted on two interfaces. */
	a->places[0].in_packets = 335000;
	a->places[0].in_bytes = 20721000;
	a->places[1].in_packets = 172;
	a->places[1].in_bytes = 355;
	a->places[0].out_packets = 5629;
	a->places[0].out_bytes = 187719;
	(void)snprintf(a->places[0].iface, sizeof(a->places[0].iface), "eth0");
	(void)snprintf(
		a->places[0].handle, sizeof(a->places[0].handle), "1:2f0");
	(void)snprintf(a->places[1].iface, sizeof(a->places[1].iface), "eth1");
	T_CHECK(qos_action_condition(a, &c), "no memory");
	c.src = one("192.168.127.40");
	c.connections = 5;
	T_CHECK(qos_action_condition(a, &c), "no memory");
	return a;
}

static const char *
print(const struct qos_actions *list, const struct qos_look *look)
{
	static char text[OUTPUT];
	FILE *f = fmemopen(text, sizeof(text), "w");

	T_CHECK(f != NULL, "no memory file");
	memset(text, 0, sizeof(text));
	qos_print(f, list, look);
	(void)fclose(f);
	return text;
}

/* All runs of blanks and ends of lines as one blank. */
static const char *
flat(const char *text)
{
	static char out[OUTPUT];
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		const bool blank = *p == ' ' || *p == '\n';

		if (blank && (n == 0 || out[n - 1] == ' '))
			continue;
		out[n++] = blank ? ' ' : *p;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return out;
}

static void
the_published_report_comes_out(void)
{
	/* One address of the published text is none, and is another here. */
	static const char published[] =
		"Action: Token bucket rate (B/sec): 10240 Token bucket depth "
		"(B): 1024 Peak rate (B/sec): 10240 Min policied unit (B): 20 "
		"Max packet size (B): 1452 Type: IS-CL Flags: 0x00001001 "
		"(POLICE,SHAPE) Statistics: Compliant packets: 1423 (440538 "
		"bytes) Conditions: Source address Dest address Protocol "
		"192.168.127.39:8000 192.168.25.29:35049 tcp (1 connection) "
		"Action: Token bucket rate (B/sec): 10240 Token bucket depth "
		"(B): 1024 Peak rate (B/sec): 10240 Outgoing TOS (compliant): "
		"0xc0 Outgoing TOS (non-compliant): 0x00 Flags: 0x00001011 "
		"(POLICE,MARK) Type: DS Statistics: Compliant packets: 335172 "
		"(20721355 bytes) Non-compliant packets: 5629 (187719 bytes) "
		"Conditions: Source address Dest address Protocol "
		"192.168.127.39:80 *:* tcp (1 connection) 192.168.127.40:80 "
		"*:* tcp (5 connections)";
	const struct qos_look look = { .all = true, .numeric = true };
	struct qos_actions list = { 0 };

	(void)reservation(&list);
	(void)rule(&list);
	T_STR(flat(print(&list, &look)), published);
	qos_actions_free(&list);
}

static void
the_lines_are_those_of_the_report(void)
{
	const struct qos_look look = { .all = true, .numeric = true };
	struct qos_actions list = { 0 };

	(void)rule(&list);
	T_STR(print(&list, &look),
		"Action:\n"
		" Token bucket rate (B/sec): 10240\n"
		" Token bucket depth (B): 1024\n"
		" Peak rate (B/sec): 10240\n"
		" Outgoing TOS (compliant): 0xc0\n"
		" Outgoing TOS (non-compliant): 0x00\n"
		" Flags: 0x00001011 (POLICE,MARK)\n"
		" Type: DS\n"
		"\n"
		" Statistics:\n"
		"  Compliant packets: 335172 (20721355 bytes)\n"
		"  Non-compliant packets: 5629 (187719 bytes)\n"
		"\n"
		" Conditions:\n"
		"  Source address         Dest address           Protocol\n"
		"  192.168.127.39:80      *:*                    tcp    (1 "
		"connection)\n"
		"  192.168.127.40:80      *:*                    tcp    (5 "
		"connections)\n");
	qos_actions_free(&list);
}

static void
expect_in(const char *text, const char *want)
{
	T_CHECK(strstr(text, want) != NULL, "no \"%s\" in\n%s", want, text);
}

static void
the_other_actions_are_told_apart(void)
{
	const struct qos_look look = { .all = true, .numeric = true };
	struct qos_actions list = { 0 };
	struct qos_action *a = rule(&list);

	a->excess = QOS_EXCESS_DELAY;
	expect_in(print(&list, &look), "0x00001031 (POLICE,SHAPE,MARK)");
	T_CHECK(!strstr(print(&list, &look), "Non-compliant packets"),
		"shaped packets are all compliant");
	a->marks = false;
	a->tos_in = 0;
	expect_in(print(&list, &look), "0x00001001 (POLICE,SHAPE)");
	a->excess = QOS_EXCESS_DROP;
	expect_in(print(&list, &look), "0x00001041 (POLICE,DROP)");
	expect_in(print(&list, &look), "Non-compliant packets: 5629");
	a->excess = QOS_EXCESS_NONE;
	a->rate_Bps = 0;
	a->marks = true;
	a->tos_in = 0x1c;
	expect_in(print(&list, &look), "0x00001010 (MARK)");
	expect_in(print(&list, &look), "(compliant): 0x1c");
	a->places[1].violation = true;
	expect_in(print(&list, &look), "0x00001110 (MARK,VIOLATION)");
	a->marks = false;
	a->deny = true;
	a->places[1].violation = false;
	expect_in(print(&list, &look), "0x00001040 (DROP)");
	a->type = QOS_IS_GS;
	a->peak_Bps = UINT64_MAX;
	expect_in(print(&list, &look), "Type: IS-GS");
	expect_in(print(&list, &look), "Peak rate (B/sec): unlimited");
	qos_actions_free(&list);
}

static void
without_a_only_what_has_connections_is_shown(void)
{
	struct qos_look look = { .numeric = true };
	struct qos_actions list = { 0 };

	reservation(&list)->conditions[0].connections = 0;
	T_STR(print(&list, &look), "");
	(void)rule(&list);
	expect_in(print(&list, &look), "Type: DS");
	T_CHECK(!strstr(print(&list, &look), "IS-CL"), "shown");
	look.all = true;
	expect_in(print(&list, &look), "Type: IS-CL");
	expect_in(print(&list, &look), "(0 connections)");
	qos_actions_free(&list);
}

static void
handles_and_later_parts_are_shown_when_asked(void)
{
	struct qos_look look = {
		.all = true, .numeric = true, .handles = true
	};
	struct qos_actions list = { 0 };

	(void)rule(&list);
	expect_in(print(&list, &look),
		"Action:\n Handle: web eth0 1:2f0\n"
		" Handle: web eth1 not installed\n Token");
	look = (struct qos_look){
		.all = true, .numeric = true, .filters = true
	};
	expect_in(print(&list, &look),
		"Filter specification for rule index 1:\n"
		"   PolicyRulePriority: 3\n"
		"   protocol: tcp\n"
		"   source IP addr: 192.168.127.39\n"
		"   source port: 80\n"
		"   destination IP addr: INADDR_ANY\n"
		"   destination port: ANY_PORT\n");
	expect_in(print(&list, &look), "Flow Class for rule index 1:\n"
				       "   service class: Diff-Serv\n"
				       "   peak rate: 10240 bytes/sec\n"
				       "   average rate: 10240 bytes/sec\n"
				       "   bucket depth: 1024 bytes\n"
				       "   TOS (in profile): 0xc0\n"
				       "   TOS (out profile): 0x00\n");
	look = (struct qos_look){
		.all = true, .numeric = true, .statistics = true
	};
	T_STR(print(&list, &look),
		"Statistics for rule index 1:\n"
		"   total number of connections: 6\n"
		"   total bytes transmitted: 20909074\n"
		"   total packets transmitted: 340801\n"
		"   total in-profile bytes transmitted: 20721355\n"
		"   total in-profile packets transmitted: 335172\n");
	qos_actions_free(&list);
}

static void
ends_of_both_families_are_written_plainly(void)
{
	const struct qos_look look = { .all = true, .numeric = true };
	struct qos_actions list = { 0 };
	struct qos_action *a = qos_actions_add(&list);
	struct qos_condition c = { .src = { t_addr("10.0.0.1"),
					   t_addr("10.0.0.9") },
		.src_ports = { 1000, 2000 },
		.dst = one("2001:db8::1"),
		.dst_ports = { 53, 53 },
		.proto = 132 };

	T_CHECK(qos_action_condition(a, &c), "no memory");
	c.any_proto = true;
	c.src = (struct qos_addrs){ t_addr("2001:db8::1"),
		t_addr("2001:db8::9") };
	T_CHECK(qos_action_condition(a, &c), "no memory");
	expect_in(print(&list, &look),
		"  10.0.0.1-10.0.0.9:1000-2000 [2001:db8::1]:53       sctp "
		"  (0");
	expect_in(print(&list, &look),
		"  [2001:db8::1-2001:db8::9]:1000-2000 [2001:db8::1]:53       "
		"*      (0");
	qos_actions_free(&list);
}

/* ---- connections --------------------------------------------------------- */

static void
put(const char *dir, const char *name, const char *text)
{
	char path[200];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	T_CHECK(f != NULL, "cannot write");
	(void)fprintf(f, "  sl  local_address rem_address   st ...\n%s", text);
	(void)fclose(f);
}

/* Little-endian hosts, as all that run this are. */
static void
connections_are_counted_and_ranges_resolved(void)
{
	char dir[] = "/tmp/test_qosstat.XXXXXX";
	char command[100];
	struct qos_actions list = { 0 };
	struct qos_action *a = qos_actions_add(&list);
	struct qos_condition web = { .src = { t_addr("10.0.0.1"),
					     t_addr("10.0.0.9") },
		.src_ports = { 80, 80 },
		.dst = anywhere,
		.dst_ports = any_port,
		.proto = IPPROTO_TCP };
	struct qos_condition dns = { .src = anywhere,
		.src_ports = any_port,
		.dst = one("10.0.1.1"),
		.dst_ports = { 53, 53 },
		.proto = IPPROTO_UDP };
	struct qos_condition none = { .src = { t_addr("10.7.0.1"),
					      t_addr("10.7.0.9") },
		.src_ports = any_port,
		.dst = anywhere,
		.dst_ports = any_port,
		.any_proto = true };

	T_CHECK(mkdtemp(dir) != NULL, "no directory");
	put(dir, "tcp",
		"   0: 00000000:0050 00000000:0000 0A 0\n" /* listens */
		"   1: 0200000A:0050 0101000A:C350 01 0\n" /* 10.0.0.2 */
		"   2: 0100000A:0050 0101000A:C351 01 0\n" /* 10.0.0.1 */
		"   3: 0100000A:0050 0101000A:C352 08 0\n" /* half closed */
		"   4: 0100000A:0050 0101000A:C353 06 0\n" /* over */
		"   5: 0100000A:0051 0101000A:C354 01 0\n" /* other port */
		"   6: 0A00000A:0050 0101000A:C354 01 0\n" /* 10.0.0.10 */
		"   rubbish\n");
	put(dir, "tcp6",
		"   0: 0000000000000000FFFF00000300000A:0050 "
		"0000000000000000FFFF00000101000A:C350 01 0\n"); /* 10.0.0.3 */
	put(dir, "udp",
		"   0: 0100000A:1234 0101000A:0035 01 0\n"
		"   1: 00000000:1234 00000000:0000 07 0\n");
	T_CHECK(qos_action_condition(a, &web) &&
			qos_action_condition(a, &dns) &&
			qos_action_condition(a, &none),
		"no memory");
	qos_connections(&list, dir);
	a = &list.at[0];
	T_EQ(a->n_conditions, 5);
	T_EQ(a->conditions[0].src.first.b[3], 1);
	T_EQ(a->conditions[0].src.last.b[3], 1);
	T_EQ(a->conditions[0].connections, 2);
	T_EQ(a->conditions[1].src.first.b[3], 2);
	T_EQ(a->conditions[1].connections, 1);
	T_EQ(a->conditions[2].src.first.b[3], 3);
	T_EQ(a->conditions[2].connections, 1);
	T_EQ(a->conditions[3].connections, 1);
	T_EQ(a->conditions[4].connections, 0);
	T_EQ(a->conditions[4].src.last.b[3], 9);
	qos_actions_free(&list);
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	T_EQ(system(command), 0);
}

static struct t_case cases[] = {
	{ "the published report comes out", the_published_report_comes_out },
	{ "the lines are those of the report",
		the_lines_are_those_of_the_report },
	{ "the other actions are told apart",
		the_other_actions_are_told_apart },
	{ "without -a only what has connections is shown",
		without_a_only_what_has_connections_is_shown },
	{ "handles and later parts are shown when asked",
		handles_and_later_parts_are_shown_when_asked },
	{ "ends of both families are written plainly",
		ends_of_both_families_are_written_plainly },
	{ "connections are counted and ranges resolved",
		connections_are_counted_and_ranges_resolved },
};
T_MAIN(cases)
