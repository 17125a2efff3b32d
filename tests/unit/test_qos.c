/* SPDX-License-Identifier: ISC */

/*
 * The commands of AIX on a file: what they write, print and return.  The
 * program is run as it is, under its names, with no daemon to be reached.
 */

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t.h"

enum { OUTPUT = 65536 };

struct bench {
	char dir[64];
	char out[OUTPUT]; /* of the last command, both streams */
	int status;
};

static const char *const names[] = { "qosadd", "qosmod", "qosremove", "qoslist",
	"qosstat", "mkqos", "rmqos" };

static struct bench *
set_up(void)
{
	struct bench *b = (struct bench *)calloc(1, sizeof(*b));
	char here[1024];

	T_CHECK(b && getcwd(here, sizeof(here)), "no directory");
	if (!b) /* for a compiler that does not see that we have ended */
		return NULL;
	(void)snprintf(b->dir, sizeof(b->dir), "/tmp/test_qos.XXXXXX");
	T_CHECK(mkdtemp(b->dir) != NULL, "no directory");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char from[1200];
		char to[200];

		(void)snprintf(from, sizeof(from), "%s/ctl/qosstat", here);
		(void)snprintf(to, sizeof(to), "%s/%s", b->dir, names[i]);
		T_EQ(symlink(from, to), 0);
	}
	return b;
}

static void
tear_down(struct bench *b)
{
	char command[200];

	(void)snprintf(command, sizeof(command), "rm -r %s", b->dir);
	T_EQ(system(command), 0);
	free(b);
}

/* `COMMAND --file ... REST` */
static int
run(struct bench *b, const char *command, const char *rest)
{
	char line[2048];
	FILE *f;
	size_t n;

	(void)snprintf(line, sizeof(line),
		"cd %s && LSAN_OPTIONS=detect_leaks=0 ./%s --file policyd.conf "
		"--offline %s 2>&1",
		b->dir, command, rest);
	f = popen(line, "r");
	T_CHECK(f != NULL, "cannot run %s", line);
	n = fread(b->out, 1, sizeof(b->out) - 1, f);
	b->out[n] = '\0';
	b->status = pclose(f) >> 8;
	return b->status;
}

static void
path_of(const struct bench *b, char *path, size_t size)
{
	(void)snprintf(path, size, "%s/policyd.conf", b->dir);
}

static void
write_file(const struct bench *b, const char *text)
{
	char path[200];
	FILE *f;

	path_of(b, path, sizeof(path));
	f = fopen(path, "w");
	T_CHECK(f != NULL, "cannot write");
	(void)fputs(text, f);
	T_EQ(fclose(f), 0);
}

static void
expect_file(const struct bench *b, const char *want)
{
	static char got[OUTPUT];
	char path[200];
	FILE *f;
	size_t n;

	path_of(b, path, sizeof(path));
	f = fopen(path, "r");
	T_CHECK(f != NULL, "no file");
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	(void)fclose(f);
	T_CHECK(strcmp(got, want) == 0, "got\n%s\nnot\n%s", got, want);
}

static const char service[] = "ServiceCategories sc01\n"
			      "{\n"
			      "        MaxRate                 41\n"
			      "        MaxTokenBucket          81\n"
			      "        OutgoingTOS             10000001\n"
			      "        FlowServiceType         ControlledLoad\n"
			      "}\n";
static const char policy[] = "\n"
			     "ServicePolicyRules pr01\n"
			     "{\n"
			     "        PolicyRulePriority      3\n"
			     "        ProtocolNumber          6\n"
			     "        SourceAddressRange      1.2.3.6-1.2.3.6\n"
			     "        DestinationAddressRange 1.2.3.3-1.2.3.3\n"
			     "        SourcePortRange         1-2\n"
			     "        DestinationPortRange    0-1024\n"
			     "        ServiceReference        sc01\n"
			     "}\n";

static void
the_published_calls_work(void)
{
	struct bench *b = set_up();
	char both[2048];

	T_EQ(run(b, "qosadd",
		     "-s sc01 -t 10000001 -b 81 -f ControlledLoad -m 41 "
		     "service"),
		0);
	T_CHECK(strstr(b->out, "policyd.conf:5: OutgoingTOS 10000001"),
		"no word on ECN: %s", b->out);
	expect_file(b, service);
	T_EQ(run(b, "qosadd",
		     "-s sc01 -r pr01 -l 3 -n tcp -A 1.2.3.6-1.2.3.6 -a "
		     "1.2.3.3-1.2.3.3 -P 1-2 -p 0-1024 policy"),
		0);
	(void)snprintf(both, sizeof(both), "%s%s", service, policy);
	expect_file(b, both);
	T_EQ(run(b, "qosmod",
		     "-s sc01 -t 10001100 -b 84 -f Guaranteed service"),
		0);
	T_EQ(run(b, "qoslist", "sc01 service"), 0);
	T_STR(b->out, "ServiceCategories sc01\n"
		      "{\n"
		      "        MaxRate                 41\n"
		      "        MaxTokenBucket          84\n"
		      "        OutgoingTOS             10001100\n"
		      "        FlowServiceType         Guaranteed\n"
		      "}\n");
	T_EQ(run(b, "qoslist", "pr01 policy"), 0);
	T_STR(b->out, policy + 1);
	T_EQ(run(b, "qosremove", "pr01 policy"), 0);
	T_EQ(run(b, "qosremove", "sc01 service"), 0);
	/* Not empty: policyd would wait for its writer. */
	expect_file(b, "# edited by qosadd, qosmod and qosremove\n");
	T_EQ(run(b, "qosadd", "-s sc01 -m 41 service"), 0);
	expect_file(b, "# edited by qosadd, qosmod and qosremove\n\n"
		       "ServiceCategories sc01\n{\n"
		       "        MaxRate                 41\n}\n");
	write_file(b, service);
	T_EQ(run(b, "qosremove", "all"), 0);
	expect_file(b, "# edited by qosadd, qosmod and qosremove\n");
	tear_down(b);
}

static const char commented[] = "# head\n"
				"loglevel 31   # of it\n"
				"\n"
				"ServiceCategories gold { # shiny\n"
				"\tMaxRate\t\t1000  # kilobits\n"
				"\n"
				"\tqosOutProfileAction drop\n"
				"}\n"
				"# between\n"
				"ServicePolicyRules all { ProtocolNumber 6 "
				"ServiceReference gold }\n"
				"\n"
				"# foot, without an end of line";

static void
comments_blank_lines_and_order_stay(void)
{
	struct bench *b = set_up();
	char want[2048];

	write_file(b, commented);
	T_EQ(run(b, "qosadd", "-s new -m 5 service"), 0);
	(void)snprintf(want, sizeof(want),
		"%s\n\nServiceCategories new\n{\n"
		"        MaxRate                 5\n}\n",
		commented);
	expect_file(b, want);
	T_EQ(run(b, "qosremove", "new service"), 0);
	(void)snprintf(want, sizeof(want), "%s\n", commented);
	expect_file(b, want);
	T_EQ(run(b, "qosmod", "-s gold -m 2000 -t 111 service"), 0);
	T_EQ(run(b, "qosmod", "-r all -p 80-80 policy"), 0);
	expect_file(b, "# head\n"
		       "loglevel 31   # of it\n"
		       "\n"
		       "ServiceCategories gold { # shiny\n"
		       "\tMaxRate\t\t2000  # kilobits\n"
		       "\n"
		       "\tqosOutProfileAction drop\n"
		       "\tOutgoingTOS 111\n"
		       "}\n"
		       "# between\n"
		       "ServicePolicyRules all { ProtocolNumber 6 "
		       "ServiceReference gold DestinationPortRange 80-80 }\n"
		       "\n"
		       "# foot, without an end of line\n");
	T_EQ(run(b, "qosremove", "all"), 0);
	expect_file(b, "# head\n"
		       "loglevel 31   # of it\n"
		       "\n"
		       "# between\n"
		       "\n"
		       "# foot, without an end of line\n");
	tear_down(b);
}

struct refusal {
	const char *command;
	const char *rest;
	int status;
	const char *says;
};

static void
a_mistake_leaves_the_file_alone(void)
{
	static const struct refusal cases[] = {
		{ "qosadd", "-s gold service", 1, "exists" },
		{ "qosadd", "-s x -m -4 service", 1, "MaxRate" },
		{ "qosadd", "-s x -m 5 -f Guarantied service", 1, "none of" },
		{ "qosadd", "-s x -f Guaranteed service", 1, "no MaxRate" },
		{ "qosadd", "-s x -t 012 service", 1, "binary" },
		{ "qosadd", "-s none -r x -n 6 policy", 1, "does not exist" },
		{ "qosadd", "-s gold -r x -n 300 policy", 1, "ProtocolNumber" },
		{ "qosadd", "-s gold -r x -n 6 -A 1.2.3.9-1.2.3.1 policy", 1,
			"SourceAddressRange" },
		{ "qosadd", "-s gold -r x -n 6 -P 9-1 policy", 1,
			"SourcePortRange" },
		{ "qosadd", "-s gold -r x -n 6 -l high policy", 1,
			"PolicyRulePriority" },
		{ "qosadd", "-s 'x\"y' service", 1, "quote" },
		{ "qosadd", "-s x -m \"$(printf '1\\n2')\" service", 1,
			"control" },
		{ "qosadd", "-r x policy", 2, "missing" },
		{ "qosadd", "-s gold policy", 2, "missing" },
		{ "qosadd", "-m 5 service", 2, "missing" },
		{ "qosadd", "-s x -r y service", 2, "does not go with" },
		{ "qosadd", "-s gold -r x -t 1 policy", 2, "does not go with" },
		{ "qosadd", "-s x", 2, "usage" },
		{ "qosadd", "-s x sirvice", 2, "neither service nor policy" },
		{ "qosadd", "-z x service", 2, "usage" },
		{ "qosadd", "--wait x -s x service", 2, "seconds" },
		{ "qosmod", "-s none -m 5 service", 1, "there is no service" },
		{ "qosmod", "-r none -l 5 policy", 1, "there is no policy" },
		{ "qosmod", "-r all -s none policy", 1, "does not exist" },
		{ "qosremove", "none service", 1, "there is no service" },
		{ "qosremove", "gold service", 1, "used by policy all" },
		{ "qosremove", "gold policy", 1, "there is no policy" },
		{ "qosremove", "gold", 2, "usage" },
		{ "qoslist", "none policy", 1, "there is no policy" },
		{ "qoslist", "gold thing", 2, "neither" },
	};
	struct bench *b = set_up();

	write_file(b, commented);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run(b, cases[i].command, cases[i].rest);
		T_CHECK(b->status == cases[i].status &&
				strstr(b->out, cases[i].says),
			"%s %s: %d, %s", cases[i].command, cases[i].rest,
			b->status, b->out);
		expect_file(b, commented);
	}
	tear_down(b);
}

static void
a_file_with_a_mistake_is_not_edited(void)
{
	static const char broken[] = "ServiceCategories a {\n MaxRate 1\n";
	struct bench *b = set_up();

	write_file(b, broken);
	T_EQ(run(b, "qosadd", "-s x -m 1 service"), 1);
	T_CHECK(strstr(b->out, "policyd.conf:1: the { of ServiceCategories"),
		"%s", b->out);
	T_EQ(run(b, "qoslist", "all"), 1);
	expect_file(b, broken);
	tear_down(b);
}

static void
mode_links_and_leftovers_are_right(void)
{
	struct bench *b = set_up();
	char command[400];
	char path[200];
	struct stat st;

	write_file(b, commented);
	(void)snprintf(command, sizeof(command),
		"cd %s && mkdir etc && mv policyd.conf etc/real && ln -s "
		"etc/real policyd.conf && chmod 4640 etc/real",
		b->dir);
	T_EQ(system(command), 0);
	T_EQ(run(b, "qosadd", "-s new -m 5 service"), 0);
	path_of(b, path, sizeof(path));
	T_EQ(lstat(path, &st), 0);
	T_CHECK(S_ISLNK(st.st_mode), "the link is gone");
	T_EQ(stat(path, &st), 0);
	T_EQ(st.st_mode & 07777, 04640);
	(void)snprintf(command, sizeof(command),
		"test \"$(ls -A %s/etc)\" = real", b->dir);
	T_EQ(system(command), 0);
	tear_down(b);
}

/* Said at once, not waited for. */
static void
what_is_no_file_is_refused(void)
{
	struct bench *b = set_up();
	char command[400];

	(void)snprintf(
		command, sizeof(command), "ln -s gone %s/policyd.conf", b->dir);
	T_EQ(system(command), 0);
	T_EQ(run(b, "qosadd", "-s new -m 5 service"), 1);
	T_CHECK(strstr(b->out, "a link to a file that is not there"), "%s",
		b->out);
	(void)snprintf(command, sizeof(command),
		"cd %s && rm policyd.conf && mkfifo policyd.conf", b->dir);
	T_EQ(system(command), 0);
	T_EQ(run(b, "qoslist", "all"), 1);
	T_CHECK(strstr(b->out, "not a regular file"), "%s", b->out);
	tear_down(b);
}

/* An edit that fails makes no file; a look makes none either. */
static void
no_file_is_an_empty_one(void)
{
	struct bench *b = set_up();
	char path[200];

	path_of(b, path, sizeof(path));
	T_EQ(run(b, "qoslist", "all"), 0);
	T_STR(b->out, "");
	T_EQ(run(b, "qosadd", "-s x -m bad service"), 1);
	T_CHECK(access(path, F_OK) != 0, "a file was left");
	T_EQ(run(b, "qosremove", "x service"), 1);
	T_CHECK(access(path, F_OK) != 0, "a file was left");
	tear_down(b);
}

static void
many_at_once_lose_nothing(void)
{
	struct bench *b = set_up();
	char command[700];

	(void)snprintf(command, sizeof(command),
		"cd %s && for i in 1 2 3 4 5 6 7 8 9 10 11 12; do ./qosadd "
		"--file policyd.conf --offline -s s$i -m $i service & done; "
		"wait; test $(./qoslist --file policyd.conf all | grep -c "
		"ServiceCategories) = 12",
		b->dir);
	T_EQ(system(command), 0);
	tear_down(b);
}

/* A stand-in for systemctl says what it was told. */
static void
the_service_is_told_through_systemd(void)
{
	static const char *const cases[][3] = {
		{ "mkqos", "", "enable --now rsvpd.service" },
		{ "mkqos", "-B", "enable --now rsvpd.service" },
		{ "mkqos", "-I", "enable rsvpd.service" },
		{ "mkqos", "-N", "start rsvpd.service" },
		{ "rmqos", "", "disable --now rsvpd.service" },
		{ "rmqos", "-I", "disable rsvpd.service" },
		{ "rmqos", "-N", "stop rsvpd.service" },
	};
	struct bench *b = set_up();
	char line[500];

	(void)snprintf(line, sizeof(line),
		"cd %s && printf '#!/bin/sh\\necho \"told $*\"\\n' > systemctl "
		"&& chmod 755 systemctl",
		b->dir);
	T_EQ(system(line), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[200];

		(void)snprintf(line, sizeof(line),
			"cd %s && test \"$(PATH=%s:$PATH ./%s %s)\" = "
			"\"systemctl %s\ntold %s\"",
			b->dir, b->dir, cases[i][0], cases[i][1], cases[i][2],
			cases[i][2]);
		(void)snprintf(
			want, sizeof(want), "%s %s", cases[i][0], cases[i][1]);
		T_CHECK(system(line) == 0, "%s", want);
	}
	(void)snprintf(line, sizeof(line),
		"cd %s && ./mkqos -N -I 2> out; test $? = 2 && ./rmqos x 2> "
		"out; test $? = 2",
		b->dir);
	T_EQ(system(line), 0);
	tear_down(b);
}

/* startsrc and the like, with the stand-in that is active or not. */
static void
subsystems_are_those_of_the_service(void)
{
	struct bench *b = set_up();
	char here[1024];
	char line[4096];

	T_CHECK(getcwd(here, sizeof(here)) != NULL, "no directory");
	(void)snprintf(line, sizeof(line),
		"cd %s && cat > systemctl <<'END'\n"
		"#!/bin/sh\n"
		"case $1 in\n"
		"is-active) test -e active ;;\n"
		"show) echo 77 ;;\n"
		"start) test ! -e broken && touch active ;;\n"
		"stop) rm active ;;\n"
		"esac\n"
		"END\n"
		"chmod 755 systemctl && cat > run <<'END'\n"
		"PATH=%s:$PATH RSVPD_DROPIN_DIR=%s/run.d; export PATH "
		"RSVPD_DROPIN_DIR\n"
		"aix=%s/conf/aix\n"
		"set -x -e\n"
		"no() { if \"$@\"; then exit 1; fi; }\n"
		"test \"$($aix/lssrc -s policyd | tail -1)\" = ' policyd     "
		"     qos                           inoperative'\n"
		"no $aix/stopsrc -s policyd\n"
		"no $aix/refresh -s policyd\n"
		"no $aix/startsrc -s inetd\n"
		"no $aix/startsrc -s policyd -a '-i x'\n"
		"no $aix/startsrc -s policyd -a '-i 0'\n"
		"no $aix/startsrc -s policyd -a '-i 86401'\n"
		"no $aix/startsrc -s policyd -a '-d'\n"
		"no $aix/startsrc policyd\n"
		"test ! -e active\n"
		"touch broken\n"
		"no $aix/startsrc -s policyd -a '-i 60'\n"
		"test ! -e run.d/startsrc.conf\n"
		"rm broken\n"
		"$aix/startsrc -s policyd -a '-i 60' | grep '0513-059 The "
		"policyd Subsystem has been started. Subsystem PID is 77.'\n"
		"grep '/rsvpd $RSVPD_OPTIONS -i 60$' run.d/startsrc.conf\n"
		"no $aix/startsrc -s policyd\n"
		"$aix/refresh -s policyd | grep '^systemctl reload "
		"rsvpd.service$'\n"
		"test \"$($aix/lssrc -g qos | tail -1)\" = ' rsvpd           "
		" qos              77           active'\n"
		"$aix/stopsrc -s policyd | grep 0513-044\n"
		"test ! -e run.d/startsrc.conf\n"
		"test ! -e active\n"
		"END\n"
		"sh run > out 2>&1 || { cat out >&2; exit 1; }",
		b->dir, b->dir, b->dir, here);
	T_EQ(system(line), 0);
	tear_down(b);
}

static struct t_case cases[] = {
	{ "the published calls work", the_published_calls_work },
	{ "comments, blank lines and order stay",
		comments_blank_lines_and_order_stay },
	{ "a mistake leaves the file alone", a_mistake_leaves_the_file_alone },
	{ "a file with a mistake is not edited",
		a_file_with_a_mistake_is_not_edited },
	{ "mode, links and leftovers are right",
		mode_links_and_leftovers_are_right },
	{ "what is no file is refused", what_is_no_file_is_refused },
	{ "no file is an empty one", no_file_is_an_empty_one },
	{ "many at once lose nothing", many_at_once_lose_nothing },
	{ "the service is told through systemd",
		the_service_is_told_through_systemd },
	{ "subsystems are those of the service",
		subsystems_are_those_of_the_service },
};
T_MAIN(cases)
