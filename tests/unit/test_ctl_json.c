/* SPDX-License-Identifier: ISC */

/* Records as JSON, and as much of it as there is memory for: ctl/out_json.c. */

#include "t_memory.h"

#include <math.h>
#include <unistd.h>

#include "ctl/ctl.h"

enum { ROOM = 8192 };

static const char whole[] = "{\n"
			    "  \"schema\": 1,\n"
			    "  \"rules\": [\n"
			    "    {\n"
			    "      \"name\": \"gold\",\n"
			    "      \"value\": 9223372036854775807,\n"
			    "      \"r\": 0.5,\n"
			    "      \"p\": null,\n"
			    "      \"up\": true,\n"
			    "      \"session\": {\n"
			    "        \"dst\": \"10.0.0.9\"\n"
			    "      },\n"
			    "      \"from\": [\n"
			    "        {\n"
			    "          \"low\": 1\n"
			    "        },\n"
			    "        {\n"
			    "          \"low\": 2\n"
			    "        }\n"
			    "      ]\n"
			    "    }\n"
			    "  ],\n"
			    "  \"uptime_ms\": -7,\n"
			    "  \"sessions\": [\n"
			    "    {\n"
			    "      \"dst\": \"10.0.0.9\",\n"
			    "      \"paths\": [],\n"
			    "      \"reservations\": []\n"
			    "    }\n"
			    "  ]\n"
			    "}\n";

/* ---- records ------------------------------------------------------------- */

static struct addr
address(void)
{
	struct addr a;

	T_CHECK(addr_parse("10.0.0.9", &a), "an address");
	return a;
}

static void
put_status(struct buf_writer *w)
{
	ctl_put_text(w, CTL_F_KIND, "status");
	ctl_put_signed(w, CTL_F_UPTIME, -7);
}

static void
put_session(struct buf_writer *w)
{
	const struct addr a = address();

	ctl_put_addr(w, CTL_F_DST, &a);
}

static void
put_rule(struct buf_writer *w)
{
	uint8_t *nest;

	ctl_put_text(w, CTL_F_NAME, "gold");
	ctl_put_number(w, CTL_F_VALUE, UINT64_MAX);
	ctl_put_real(w, CTL_F_R, 0.5);
	ctl_put_real(w, CTL_F_P, HUGE_VAL);
	ctl_put_bool(w, CTL_F_UP, true);
	nest = msg_nest(w, CTL_F_SESSION);
	put_session(w);
	msg_nest_end(w, nest);
	for (uint64_t i = 1; i <= 2; i++) {
		nest = msg_nest(w, CTL_F_FROM);
		ctl_put_number(w, CTL_F_LOW, i);
		msg_nest_end(w, nest);
	}
}

static void
tell(struct out_json *json, void (*put)(struct buf_writer *w))
{
	uint8_t bytes[2048];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct buf_reader r;

	put(&w);
	r = buf_reader(bytes, buf_written(&w));
	out_json_record(json, &r);
}

static int
end(struct out_json *json, int status, char text[ROOM])
{
	FILE *f = tmpfile();
	size_t n;

	T_CHECK(f != NULL, "no file");
	status = out_json_end(json, status, f);
	rewind(f);
	n = fread(text, 1, ROOM - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return status;
}

/* What the cases tell on stderr is kept. */
static FILE *
listen_to_stderr(int *ret_before)
{
	FILE *heard = tmpfile();

	(void)fflush(stderr);
	*ret_before = dup(STDERR_FILENO);
	T_CHECK(heard && *ret_before >= 0, "no file");
	T_EQ(dup2(fileno(heard), STDERR_FILENO), STDERR_FILENO);
	return heard;
}

/* So often it said that. */
static size_t
times_heard(FILE *heard, int before, const char *line)
{
	char text[256];
	size_t count = 0;

	(void)fflush(stderr);
	T_EQ(dup2(before, STDERR_FILENO), STDERR_FILENO);
	(void)close(before);
	rewind(heard);
	while (fgets(text, sizeof(text), heard))
		count += strcmp(text, line) == 0;
	(void)fclose(heard);
	return count;
}

/* ---- cases --------------------------------------------------------------- */

static int
print_all(char text[ROOM])
{
	struct out_json *json = out_json_new("rules");

	T_CHECK(json != NULL, "memory");
	tell(json, put_status);
	tell(json, put_rule);
	out_json_list(json, "sessions");
	tell(json, put_session);
	return end(json, CTL_DONE, text);
}

static void
records_are_told_by_their_kinds(void)
{
	char text[ROOM];

	T_EQ(print_all(text), CTL_DONE);
	T_CHECK(strstr(text, "\"uptime_ms\": -7") != NULL, "no status: %s",
		text);
	T_CHECK(strstr(text, "\"kind\"") == NULL, "of no use: %s", text);
	T_STR(text, whole);
}

static bool
print_for_trial(const char **ret_text)
{
	static char text[ROOM];
	int status = print_all(text);

	T_CHECK(status == CTL_DONE || status == CTL_REFUSED, "%d", status);
	*ret_text = text;
	return status == CTL_DONE;
}

static void
a_listing_that_lacks_memory_is_no_success(void)
{
	int before;
	FILE *heard = listen_to_stderr(&before);
	size_t failures = t_memory_try(print_for_trial, whole);

	T_EQ(times_heard(heard, before, "rsvpctl: out of memory\n"), failures);
	T_CHECK(failures > 40, "%zu failures", failures);
}

static void
a_listing_that_was_cut_off_is_not_printed(void)
{
	struct out_json *json = out_json_new(NULL);
	char text[ROOM];

	tell(json, put_rule);
	T_EQ(end(json, CTL_UNREACHABLE, text), CTL_UNREACHABLE);
	T_STR(text, "");
}

/* Whoever flushes the stream says so, and why. */
static void
what_the_stream_refuses_is_not_lack_of_memory(void)
{
	struct out_json *json = out_json_new(NULL);
	FILE *full = fopen("/dev/full", "w");

	T_CHECK(full != NULL, "no /dev/full");
	setbuf(full, NULL);
	T_EQ(out_json_end(json, CTL_DONE, full), CTL_DONE);
	T_CHECK(ferror(full), "it fits");
	(void)fclose(full);
}

static void
counters_are_pairs(void)
{
	struct out_json *json = out_json_new(NULL);
	char text[ROOM];

	out_json_pair(json, "received", 3);
	out_json_pair(json, "sent", UINT64_MAX);
	T_EQ(end(json, CTL_DONE, text), CTL_DONE);
	T_STR(text, "{\n"
		    "  \"schema\": 1,\n"
		    "  \"counters\": {\n"
		    "    \"received\": 3,\n"
		    "    \"sent\": 9223372036854775807\n"
		    "  }\n"
		    "}\n");
}

static void
put_odd_text(struct buf_writer *w)
{
	ctl_put_text(w, CTL_F_NAME, "caf\xc3\xa9");
	ctl_put_text(w, CTL_F_HELP, "caf\xc3");
}

/* A record that is not in a list is the document itself. */
static void
text_that_is_not_utf8_is_escaped(void)
{
	struct out_json *json = out_json_new(NULL);
	char text[ROOM];

	tell(json, put_odd_text);
	T_EQ(end(json, CTL_DONE, text), CTL_DONE);
	T_STR(text, "{\n"
		    "  \"schema\": 1,\n"
		    "  \"name\": \"caf\xc3\xa9\",\n"
		    "  \"help\": \"caf\\\\xc3\"\n"
		    "}\n");
}

/* The longest text there is. */
static void
put_long_text(struct buf_writer *w)
{
	char text[1024];

	(void)memset(text, 0xff, sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ctl_put_text(w, CTL_F_NAME, text);
}

static void
all_of_a_text_is_escaped(void)
{
	struct out_json *json = out_json_new(NULL);
	char text[ROOM];
	size_t count = 0;

	tell(json, put_long_text);
	T_EQ(end(json, CTL_DONE, text), CTL_DONE);
	for (const char *p = text; (p = strstr(p, "\\\\xff")); p++)
		count++;
	T_EQ(count, 1023);
}

/* NOLINTNEXTLINE(misc-no-recursion): to the depth of the case */
static void
put_deep(struct buf_writer *w, int depth)
{
	uint8_t *nest = msg_nest(w, CTL_F_SESSION);

	ctl_put_number(w, CTL_F_VALUE, (uint64_t)depth);
	if (depth < 9)
		put_deep(w, depth + 1);
	msg_nest_end(w, nest);
}

static void
put_nests(struct buf_writer *w)
{
	put_deep(w, 1);
}

static void
what_is_nested_without_end_is_cut(void)
{
	struct out_json *json = out_json_new(NULL);
	char text[ROOM];

	tell(json, put_nests);
	T_EQ(end(json, CTL_DONE, text), CTL_DONE);
	T_CHECK(strstr(text, "\"value\": 3,") != NULL, "not deep: %s", text);
	T_CHECK(strstr(text, "\"value\": 4") == NULL, "too deep: %s", text);
}

static struct t_case cases[] = {
	{ "records are told by their kinds", records_are_told_by_their_kinds },
	{ "a listing that lacks memory is no success",
		a_listing_that_lacks_memory_is_no_success },
	{ "a listing that was cut off is not printed",
		a_listing_that_was_cut_off_is_not_printed },
	{ "what the stream refuses is not lack of memory",
		what_the_stream_refuses_is_not_lack_of_memory },
	{ "counters are pairs", counters_are_pairs },
	{ "text that is not UTF-8 is escaped",
		text_that_is_not_utf8_is_escaped },
	{ "all of a text is escaped", all_of_a_text_is_escaped },
	{ "what is nested without end is cut",
		what_is_nested_without_end_is_cut },
};
T_MAIN(cases)
