/* SPDX-License-Identifier: ISC */
#include "rsvpd/conf.h"

#include <dirent.h>
#include <errno.h>

#include "base/log.h"
#include "rsvpd/conf_int.h"
#include "t.h"

enum { TEXT_MAX = 64 * 1024 };

static void
golden_path(char *buf, size_t size, const char *name)
{
	const char *srcdir = getenv("srcdir");

	snprintf(buf, size, "%s/tests/golden/conf/%s", srcdir ? srcdir : "..",
		name);
}

/* Static storage: one file at a time. */
static const char *
content(const char *name)
{
	static char text[TEXT_MAX];
	char path[600];
	FILE *file;
	size_t n;

	golden_path(path, sizeof(path), name);
	file = fopen(path, "r");
	T_CHECK(file != NULL, "%s: %s", path, strerror(errno));
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

static struct conf *
parse_file(const char *name, struct conf_error *error)
{
	const char *base = strrchr(name, '/');
	char path[600];
	struct conf *conf;
	FILE *file;

	golden_path(path, sizeof(path), name);
	file = fopen(path, "r");
	T_CHECK(file != NULL, "%s: %s", path, strerror(errno));
	conf = conf_read(file, base ? base + 1 : name, error);
	fclose(file);
	return conf;
}

static struct conf *
parse(const char *text, struct conf_error *error)
{
	FILE *file = fmemopen(NULL, strlen(text) + 1, "w+");
	struct conf *conf;

	T_CHECK(file != NULL, "no memory file");
	fputs(text, file);
	rewind(file);
	/* fmemopen adds a NUL of its own at the end unless it is cut off. */
	conf = conf_read(file, "text", error);
	fclose(file);
	return conf;
}

/* Caller frees. */
static char *
print(const struct conf *conf)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	conf_print(conf, out);
	fclose(out);
	return text;
}

/* Run check for each *.conf of a folder; fails when there is none. */
static void
each_file(const char *folder, void (*check)(const char *name))
{
	char path[600];
	struct dirent *e;
	size_t seen = 0;
	DIR *dir;

	golden_path(path, sizeof(path), folder);
	dir = opendir(path);
	T_CHECK(dir != NULL, "%s: %s", path, strerror(errno));
	while ((e = readdir(dir))) {
		char name[400];
		const char *dot = strrchr(e->d_name, '.');

		if (!dot || strcmp(dot, ".conf") != 0)
			continue;
		snprintf(name, sizeof(name), "%s%s%s", folder,
			folder[0] != '\0' ? "/" : "", e->d_name);
		check(name);
		seen++;
	}
	closedir(dir);
	T_CHECK(seen >= 3, "only %zu files in %s", seen, path);
}

static void
with_ending(char *buf, size_t size, const char *name, const char *ending)
{
	snprintf(buf, size, "%.*s%s", (int)(strrchr(name, '.') - name), name,
		ending);
}

static void
check_good(const char *name)
{
	struct conf_error error = { "" };
	struct conf *conf = parse_file(name, &error);
	char ok[500];

	T_CHECK(conf != NULL, "%s: %s", name, error.text);

	char *first = print(conf);
	struct conf *again = parse(first, &error);

	T_CHECK(again != NULL, "%s: print does not parse: %s", name,
		error.text);

	char *second = print(again);

	with_ending(ok, sizeof(ok), name, ".ok");
	if (getenv("GOLDEN_PRINT"))
		print_message("%s\n%s", ok, first);
	T_STR(first, content(ok));
	T_STR(second, first);
	free(first);
	free(second);
	conf_free(conf);
	conf_free(again);
}

static void
good_files_print_as_expected_and_parse_again(void)
{
	each_file("", check_good);
}

static void
check_broken(const char *name)
{
	struct conf_error error = { "" };
	struct conf *conf = parse_file(name, &error);
	char err[500];
	char line[sizeof(error.text) + 1];

	T_CHECK(conf == NULL, "%s was accepted", name);
	snprintf(line, sizeof(line), "%s\n", error.text);
	with_ending(err, sizeof(err), name, ".err");
	if (getenv("GOLDEN_PRINT"))
		print_message("%s\n%s", err, line);
	T_STR(line, content(err));
}

static void
broken_files_name_file_line_and_remedy(void)
{
	each_file("broken", check_broken);
}

static void
defaults_are_those_of_the_manual(void)
{
	struct conf_error error;
	struct conf *conf =
		parse("interfaces = ( { name = \"e\"; } );", &error);

	T_CHECK(conf != NULL, "%s", error.text);
	T_EQ(conf->max_sessions, 100000);
	T_EQ(conf->max_sessions_neighbour, 20000);
	T_EQ(conf->max_sessions_uid, 1000);
	T_EQ(conf->max_senders, 64);
	T_EQ(conf->client_queue_bytes, 4 * 1024 * 1024);
	T_EQ(conf->tc_wait_ms, 2000);
	T_EQ(conf->watchdog_ms, 5000);
	T_EQ(conf->blockade_multiple, 2);
	T_EQ(conf->stop, CONF_STOP_KEEP);
	T_EQ(conf->log_level, LOG_LEVEL_INFO);
	T_STR(conf->control_group, "rsvpd");
	T_EQ(conf->iface_count, 1);
	T_EQ(conf->ifaces[0].enabled, true);
	T_EQ(conf->ifaces[0].traffic_control, true);
	T_EQ(conf->ifaces[0].take_over, false);
	T_EQ(conf->ifaces[0].bandwidth_Bps, 0);
	T_EQ(conf->ifaces[0].reservable_percent, 75);
	T_EQ(conf->ifaces[0].best_effort_percent, 5);
	T_EQ(conf->ifaces[0].refresh_ms, 30000);
	T_EQ(conf->ifaces[0].lives, 3);
	T_EQ(conf->ifaces[0].header_bytes, UINT32_MAX);
	T_EQ(conf->ifaces[0].assumed_min_packet, 128);
	T_EQ(conf->ifaces[0].timer_us, 200);
	T_EQ(conf->ifaces[0].latency_us, UINT32_MAX);
	T_EQ(conf->ifaces[0].use_slack, false);
	conf_free(conf);
}

static void
interfaces_are_found_by_name_only_when_configured(void)
{
	struct conf_error error;
	struct conf *conf = parse("interfaces = ( { name = \"z\"; lives = 9; },"
				  " { name = \"b\"; lives = 8; },"
				  " { name = \"m\"; lives = 7; } );",
		&error);
	struct conf *none = parse("# No end of line.", &error);

	T_CHECK(conf && none, "%s", error.text);
	T_EQ(conf_iface_find(conf, "z")->lives, 9);
	T_EQ(conf_iface_find(conf, "b")->lives, 8);
	T_EQ(conf_iface_find(conf, "m")->lives, 7);
	T_CHECK(!conf_iface_find(conf, "c"), "found what is not there");
	T_CHECK(!conf_iface_find(none, "b"), "found in nothing");
	conf_free(conf);
	conf_free(none);
	conf_free(NULL);
}

struct told {
	char text[2000];
	size_t len;
};

static void
note_change(void *arg, const char *iface, const char *line)
{
	struct told *told = (struct told *)arg;

	told->len += (size_t)snprintf(told->text + told->len,
		sizeof(told->text) - told->len, "[%s] %s\n",
		iface ? iface : "-", line);
}

static void
reload_tells_each_change_and_nothing_else(void)
{
	struct conf_error error;
	struct told told = { "", 0 };
	struct conf *have = parse("limits = { sessions = 10; };"
				  "control = { group = \"a\"; };"
				  "interfaces = ( { name = \"eth0\"; },"
				  " { name = \"eth1\"; refresh = \"30 s\"; },"
				  " { name = \"eth3\"; lives = 4; } );",
		&error);
	struct conf *want = parse("limits = { sessions = 20; };"
				  "control = { group = \"b\"; };"
				  "log = { debug = [ \"tc\", \"api\" ]; };"
				  "interfaces = ( { name = \"eth2\"; },"
				  " { name = \"eth1\"; refresh = \"15 s\";"
				  "   bandwidth = \"1 Gbit\"; },"
				  " { name = \"eth3\"; lives = 4; } );",
		&error);

	T_CHECK(have && want, "%s", error.text);
	conf_diff(have, want, note_change, &told);
	T_STR(told.text, "[-] limits.sessions: 10 -> 20\n"
			 "[-] control.group: a -> b\n"
			 "[-] log.debug:  -> tc, api\n"
			 "[eth0] interfaces.eth0: removed\n"
			 "[eth1] interfaces.eth1.bandwidth: link -> 1 Gbit/s\n"
			 "[eth1] interfaces.eth1.refresh: 30 s -> 15 s\n"
			 "[eth2] interfaces.eth2: added\n");
	told = (struct told){ "", 0 };
	conf_diff(want, want, note_change, &told);
	T_STR(told.text, "");
	conf_free(have);
	conf_free(want);
}

/* Each key of a scope at its least and its most prints and parses again. */
static void
check_ends(enum conf_scope scope, const struct conf_key *key, uint64_t v)
{
	struct conf_iface iface = { .name = "e" };
	struct conf conf = { .ifaces = &iface, .iface_count = 1 };
	struct conf_error error = { "" };

	conf_value_defaults(CONF_GLOBAL, &conf);
	conf_value_defaults(CONF_IFACE, &iface);
	iface.reservable_percent = 0;
	conf.pool_low = 0;
	conf.pool_high = 20000;
	conf_value_set(
		key, scope == CONF_GLOBAL ? (void *)&conf : (void *)&iface, v);

	char *text = print(&conf);
	struct conf *again = parse(text, &error);

	T_CHECK(again != NULL, "%s", error.text);
	T_EQ(conf_value_get(key, scope == CONF_GLOBAL ? (void *)again
						      : (void *)again->ifaces),
		v);
	free(text);
	conf_free(again);
}

static void
every_key_survives_at_both_ends_of_its_range(void)
{
	for (int scope = CONF_GLOBAL; scope <= CONF_IFACE; scope++) {
		const struct conf_key *key;

		for (size_t i = 0;
			(key = conf_key_at((enum conf_scope)scope, i)); i++) {
			if (key->type == CONF_TEXT)
				continue;
			check_ends((enum conf_scope)scope, key, key->min);
			if (strcmp(key->name, "reservable") != 0 &&
				strcmp(key->name, "poolLow") != 0)
				check_ends(
					(enum conf_scope)scope, key, key->max);
		}
	}
}

/* One past either end is refused, in the words of the key. */
static void
check_past(enum conf_scope scope, const struct conf_key *key, uint64_t v)
{
	struct conf_iface iface = { .name = "e" };
	struct conf conf = { .ifaces = &iface, .iface_count = 1 };
	struct conf_error error = { "" };

	if (key->special && v == key->special_value)
		return;
	conf_value_defaults(CONF_GLOBAL, &conf);
	conf_value_defaults(CONF_IFACE, &iface);
	conf_value_set(
		key, scope == CONF_GLOBAL ? (void *)&conf : (void *)&iface, v);

	char *text = print(&conf);
	struct conf *again = parse(text, &error);

	T_CHECK(!again, "%s: %" PRIu64 " was accepted", key->name, v);
	T_CHECK(strstr(error.text, "is out of range (use "), "%s", error.text);
	T_CHECK(strstr(error.text, key->name), "%s", error.text);
	free(text);
}

static bool
is_number(const struct conf_key *key)
{
	return key->type == CONF_COUNT || key->type == CONF_MS ||
	       key->type == CONF_US || key->type == CONF_RATE ||
	       key->type == CONF_SIZE;
}

static void
one_past_a_range_is_refused(void)
{
	for (int scope = CONF_GLOBAL; scope <= CONF_IFACE; scope++) {
		const struct conf_key *key;

		for (size_t i = 0;
			(key = conf_key_at((enum conf_scope)scope, i)); i++) {
			if (!is_number(key))
				continue;
			if (key->min > 0)
				check_past((enum conf_scope)scope, key,
					key->min - 1);
			check_past((enum conf_scope)scope, key, key->max + 1);
		}
	}
}

static void
too_large_a_file_and_too_many_interfaces_are_refused(void)
{
	struct conf_error error = { "" };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fprintf(out, "interfaces = (");
	for (int i = 0; i <= CONF_IFACES_MAX; i++)
		fprintf(out, "%s { name = \"e%d\"; }", i > 0 ? "," : "", i);
	fprintf(out, ");");
	fclose(out);
	T_CHECK(!parse(text, &error), "accepted 1025 interfaces");
	T_STR(error.text,
		"text:1: interfaces: 1025 sections (use 1024 at most)");
	free(text);
	text = (char *)malloc((1 << 20) + 2);
	T_CHECK(text != NULL, "no memory");
	memset(text, '\n', (1 << 20) + 1);
	text[(1 << 20) + 1] = '\0';
	T_CHECK(!parse(text, &error), "accepted more than 1 MiB");
	T_STR(error.text, "text: larger than 1048576 octets (shorten it)");
	free(text);
}

static void
list_names_every_key_with_default_and_help(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	const struct conf_key *key;

	conf_list(out);
	fclose(out);
	T_CHECK(strstr(text, "limits.sessions\t100000\t"), "%s", text);
	T_CHECK(strstr(text, "interfaces.refresh\t30 s\t"), "%s", text);
	T_CHECK(strncmp(text, "stop\tkeep\t", 10) == 0, "%s", text);
	for (int scope = CONF_GLOBAL; scope <= CONF_IFACE; scope++)
		for (size_t i = 0;
			(key = conf_key_at((enum conf_scope)scope, i)); i++)
			T_CHECK(strstr(text, key->help), "%s", key->name);
	free(text);
}

/* The sample has each key with its default behind '#': with the marks taken
 * away it is the effective configuration of one interface. */
static void
sample_shows_every_key_with_its_default(void)
{
	struct conf_error error = { "" };
	struct conf *want =
		parse("interfaces = ( { name = \"eth0\"; } );", &error);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	const char *p = content("../../../conf/rsvpd.conf");

	while (*p != '\0') {
		const size_t n = strcspn(p, "\n");
		const char *mark = memchr(p, '#', n);
		const bool prose = mark == p && (n < 2 || p[1] == ' ');

		for (size_t i = 0; i < n && !prose; i++)
			if (p + i != mark)
				fputc(p[i], out);
		fputc('\n', out);
		p += n + (p[n] == '\n');
	}
	fclose(out);

	struct conf *got = parse(text, &error);

	T_CHECK(want && got, "%s", error.text);

	char *shown = print(got);
	char *expected = print(want);
	const struct conf_key *key;

	T_STR(shown, expected);
	for (int scope = CONF_GLOBAL; scope <= CONF_IFACE; scope++)
		for (size_t i = 0;
			(key = conf_key_at((enum conf_scope)scope, i)); i++) {
			char assignment[64];

			snprintf(assignment, sizeof(assignment),
				"%s = ", key->name);
			T_CHECK(strstr(text, assignment), "%s is missing",
				key->name);
		}
	free(text);
	free(shown);
	free(expected);
	conf_free(want);
	conf_free(got);
}

/* The manual's item for a key, up to the next: static storage. */
static const char *
manual_item(const char *manual, const char *name)
{
	static char item[2000];
	char head[64];
	const char *p;
	const char *end;

	snprintf(head, sizeof(head), "\n.It Ic %s\n", name);
	p = strstr(manual, head);
	T_CHECK(p != NULL, "%s is not in the manual", name);
	p += strlen(head);
	end = strstr(p, "\n.It");
	if (!end || (strstr(p, "\n.El") && strstr(p, "\n.El") < end))
		end = strstr(p, "\n.El");
	T_CHECK(end != NULL, "%s has no end", name);
	snprintf(item, sizeof(item), "%.*s\n", (int)(end - p), p);
	return item;
}

static void
check_manual_range(const char *item, const struct conf_key *key)
{
	char range[2 * CONF_VALUE_TEXT];
	struct text t = text_over(range, sizeof(range));

	text_add(&t, "From ");
	conf_value_number(key, key->min, &t);
	text_add(&t, " to ");
	conf_value_number(key, key->max, &t);
	T_CHECK(strstr(item, range), "%s: \"%s\" is not in: %s", key->name,
		range, item);
}

static void
check_manual(const char *manual, const struct conf_key *key, const void *base)
{
	char value[CONF_VALUE_TEXT];
	char plain[CONF_VALUE_TEXT + 32];
	char quoted[CONF_VALUE_TEXT + 32];
	struct text t = text_over(value, sizeof(value));
	const char *item = manual_item(manual, key->name);

	conf_value_text(key, base, &t);
	snprintf(plain, sizeof(plain), "default%s%s.\n",
		value[0] != '\0' ? " " : ": ",
		value[0] != '\0' ? value : "empty");
	snprintf(quoted, sizeof(quoted), "efault%s\n.Dq %s .\n",
		key->type == CONF_TEXT ? ":" : "", value);
	T_CHECK(strstr(item, plain) || strstr(item, quoted),
		"%s: the default %s is not in: %s", key->name, value, item);
	if (is_number(key))
		check_manual_range(item, key);
}

static void
manual_names_every_key_with_range_and_default(void)
{
	static char manual[TEXT_MAX];
	struct conf global = { 0 };
	struct conf_iface iface = { 0 };
	const struct conf_key *key;

	snprintf(manual, sizeof(manual), "%s",
		content("../../../docs/rsvpd.conf.5.in"));
	conf_value_defaults(CONF_GLOBAL, &global);
	conf_value_defaults(CONF_IFACE, &iface);
	for (size_t i = 0; (key = conf_key_at(CONF_GLOBAL, i)); i++)
		check_manual(manual, key, &global);
	for (size_t i = 0; (key = conf_key_at(CONF_IFACE, i)); i++)
		check_manual(manual, key, &iface);
}

static void
a_fault_at_the_end_is_in_the_last_line(void)
{
	struct conf_error error = { "" };

	T_CHECK(!parse("\nrubbish", &error), "accepted");
	T_CHECK(strncmp(error.text, "text:2: ", 8) == 0, "%s", error.text);
}

static struct t_case cases[] = {
	{ "good files print as expected and parse again",
		good_files_print_as_expected_and_parse_again },
	{ "broken files name file, line and remedy",
		broken_files_name_file_line_and_remedy },
	{ "defaults are those of the manual",
		defaults_are_those_of_the_manual },
	{ "a fault at the end is in the last line",
		a_fault_at_the_end_is_in_the_last_line },
	{ "interfaces are found by name, only when configured",
		interfaces_are_found_by_name_only_when_configured },
	{ "a reload tells each change and nothing else",
		reload_tells_each_change_and_nothing_else },
	{ "every key survives at both ends of its range",
		every_key_survives_at_both_ends_of_its_range },
	{ "one past a range is refused", one_past_a_range_is_refused },
	{ "too large a file and too many interfaces are refused",
		too_large_a_file_and_too_many_interfaces_are_refused },
	{ "the sample shows every key with its default",
		sample_shows_every_key_with_its_default },
	{ "the manual names every key with its range and default",
		manual_names_every_key_with_range_and_default },
	{ "the list names every key with default and help",
		list_names_every_key_with_default_and_help },
};
T_MAIN(cases)
