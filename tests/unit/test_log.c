/* SPDX-License-Identifier: ISC */

/* Lines of the log: which are written, in which form, and how many of those
 * that others can trigger. */

#include "base/log.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "t.h"

static struct timespec now;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	T_EQ(clock, CLOCK_MONOTONIC);
	*ret = now;
	return 0;
}

/* Standard error, while lines are written. */
static struct {
	FILE *file;
	int before;
} w;

static void
begin(void)
{
	now.tv_sec += 100;
	log_set(LOG_LEVEL_INFO, 0);
	w.file = tmpfile();
	(void)fflush(stderr);
	w.before = dup(STDERR_FILENO);
	T_CHECK(w.file && w.before >= 0, "no file");
	T_EQ(dup2(fileno(w.file), STDERR_FILENO), STDERR_FILENO);
}

/* What was written, with the process as "N". */
static void
end(char text[8192])
{
	char own[32];
	char *at;
	size_t n;

	T_EQ(dup2(w.before, STDERR_FILENO), STDERR_FILENO);
	(void)close(w.before);
	rewind(w.file);
	n = fread(text, 1, 8191, w.file);
	text[n] = '\0';
	(void)fclose(w.file);
	(void)snprintf(own, sizeof(own), "[%d]", (int)getpid());
	while ((at = strstr(text, own)))
		memmove(at, at + strlen(own), strlen(at + strlen(own)) + 1);
}

static void
a_line_names_process_level_and_area(void)
{
	char text[8192];

	begin();
	log_open("engine");
	log_err(LOG_NET, "a %d", 1);
	log_warn(LOG_TC, "b");
	log_info(LOG_MAIN, "two\nlines");
	/* Names of interfaces may have any octets: none moves a cursor. */
	log_err(LOG_NET, "%s: gone", "e\x1b[2J\x7f\xc3\xbc");
	end(text);
	T_STR(text, "engine error: net: a 1\n"
		    "engine warning: tc: b\n"
		    "engine info: main: two lines\n"
		    "engine error: net: e [2J \xc3\xbc: gone\n");
}

static void
levels_and_areas_choose_lines(void)
{
	static const struct {
		enum log_level level;
		uint32_t debug;
		const char *want;
	} rows[] = {
		{ LOG_LEVEL_ERR, 0, "e" },
		{ LOG_LEVEL_WARN, 0, "ew" },
		{ LOG_LEVEL_INFO, 0, "ewi" },
		{ LOG_LEVEL_DEBUG, 0, "ewid" },
		{ LOG_LEVEL_ERR, 1u << LOG_TC, "ed" },
		{ LOG_LEVEL_ERR, 1u << LOG_NET, "e" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[8192];
		char got[8] = "";
		size_t n = 0;

		begin();
		log_set(rows[i].level, rows[i].debug);
		log_err(LOG_TC, "x");
		log_warn(LOG_TC, "x");
		log_info(LOG_TC, "x");
		log_debug(LOG_TC, "x");
		end(text);
		for (const char *p = text; (p = strstr(p, "engine ")); p += 7)
			got[n++] = p[7];
		T_STR(got, rows[i].want);
	}
}

static size_t
lines_of(const char *text)
{
	size_t lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

static void
what_others_trigger_is_limited_in_each_area(void)
{
	char text[8192];
	const uint64_t before = log_lost();

	begin();
	for (int i = 0; i < 25; i++)
		log_remote(LOG_NET, "again %d", i);
	log_remote(LOG_API, "another");
	log_err(LOG_NET, "ours");
	now.tv_sec++;
	log_remote(LOG_NET, "later");
	log_remote(LOG_NET, "last");
	end(text);
	T_EQ(lines_of(text), 10 + 4);
	T_CHECK(strstr(text, "engine warning: net: again 9\n") != NULL &&
			strstr(text, "again 10") == NULL,
		"%s", text);
	T_CHECK(strstr(text, "engine warning: api: another\n"
			     "engine error: net: ours\n"
			     "engine warning: net: later (15 similar lines "
			     "left out)\n"
			     "engine warning: net: last\n") != NULL,
		"%s", text);
	T_EQ(log_lost() - before, 15);
	/* Where warnings are not wanted they are counted all the same. */
	begin();
	log_set(LOG_LEVEL_ERR, 0);
	log_remote(LOG_NET, "no");
	end(text);
	T_STR(text, "");
	T_EQ(log_lost() - before, 16);
}

static void
a_long_line_is_cut(void)
{
	char text[8192];
	char word[2000];

	(void)memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	begin();
	log_err(LOG_NET, "%s", word);
	log_err(LOG_NET, "next");
	end(text);
	T_EQ(lines_of(text), 2);
	T_CHECK(strlen(text) < 1100 && strlen(text) > 1000, "%zu octets",
		strlen(text));
	T_CHECK(strstr(text, "x\nengine error: net: next\n") != NULL, "%s",
		text);
}

/* Whoever does not read it is not waited for. */
static void
a_reader_that_is_blocked_loses_lines(void)
{
	const uint64_t before = log_lost();
	const int saved = dup(STDERR_FILENO);
	int fds[2];

	T_EQ(pipe(fds), 0);
	T_EQ(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	log_open("engine");
	log_set(LOG_LEVEL_INFO, 0);
	for (int i = 0; i < 5000; i++)
		log_err(LOG_NET, "line %d", i);
	T_EQ(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	(void)close(saved);
	(void)close(fds[0]);
	(void)close(fds[1]);
	T_CHECK(log_lost() - before > 1000 && log_lost() - before < 5000,
		"%" PRIu64 " lost", log_lost() - before);
}

static void
areas_are_found_by_name(void)
{
	T_EQ(log_area_find("main"), LOG_MAIN);
	T_EQ(log_area_find("ctl"), LOG_CTL);
	T_EQ(log_area_find("what"), -1);
}

static struct t_case cases[] = {
	{ "a line names process, level and area",
		a_line_names_process_level_and_area },
	{ "levels and areas choose lines", levels_and_areas_choose_lines },
	{ "what others trigger is limited in each area",
		what_others_trigger_is_limited_in_each_area },
	{ "a long line is cut", a_long_line_is_cut },
	{ "a reader that is blocked loses lines",
		a_reader_that_is_blocked_loses_lines },
	{ "areas are found by name", areas_are_found_by_name },
};
T_MAIN(cases)
