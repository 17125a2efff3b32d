/* SPDX-License-Identifier: ISC */

/* Time: the calendar against libc's, and when conditions hold and change. */

#include <time.h>
#include <unistd.h>

#include "policy/source.h"
#include "policy/zone_int.h"
#include "t_policy.h"

enum { HOUR = 3600, DAY = 86400, ZONE_FILE = 256 };

static int64_t
utc(int year, unsigned month, unsigned day, int hour, int minute)
{
	return policy_days_from_civil(year, month, day) * DAY + hour * HOUR +
	       minute * 60;
}

static void
the_calendar_is_that_of_libc(void)
{
	uint64_t seed = 1;

	for (int i = 0; i < 200000; i++) {
		time_t t = (time_t)t_random(&seed, 0x7fffffff) * 8 - 4000000000;
		struct tm tm;
		int64_t days;

		T_CHECK(gmtime_r(&t, &tm) != NULL, "no date");
		days = policy_days_from_civil(tm.tm_year + 1900,
			(unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday);
		T_EQ(days * DAY + tm.tm_hour * HOUR + tm.tm_min * 60 +
				tm.tm_sec,
			t);
		T_EQ(policy_weekday(days), (tm.tm_wday + 6) % 7);
	}
}

/* One condition in a zone that goes from +1 to +2 hours at that moment. */
struct world {
	struct policy_set *set;
	struct policy_when *when;
};

static const int64_t CHANGE = 1774746000; /* 2026-03-29 01:00 UTC */

static struct world
world(void)
{
	struct world w = { .set = t_set() };

	(void)t_zone(w.set, "Europe/Berlin", HOUR, CHANGE, 2 * HOUR);
	w.when = t_when(w.set, "");
	return w;
}

static bool
holds(const struct world *w, int64_t now_s)
{
	return policy_when_holds(&w->set->times, w->when, now_s);
}

static void
set_time(struct world *w, uint32_t from_s, uint32_t until_s)
{
	w->when->times[w->when->n_times++] =
		(struct policy_daytime){ from_s, until_s };
}

static void
times_of_day_are_local(void)
{
	struct world w = world();

	set_time(&w, 8 * HOUR, 18 * HOUR);
	T_CHECK(!holds(&w, utc(2026, 3, 28, 6, 59)), "07:59");
	T_CHECK(holds(&w, utc(2026, 3, 28, 7, 0)), "08:00");
	T_CHECK(holds(&w, utc(2026, 3, 28, 16, 59)), "17:59");
	T_CHECK(!holds(&w, utc(2026, 3, 28, 17, 0)), "18:00");
	/* An hour earlier in summer. */
	T_CHECK(holds(&w, utc(2026, 3, 30, 6, 0)), "08:00");
	T_CHECK(!holds(&w, utc(2026, 3, 30, 16, 0)), "18:00");
	policy_set_free(w.set);
}

static void
a_time_may_go_past_midnight(void)
{
	struct world w = world();

	set_time(&w, 22 * HOUR, 6 * HOUR);
	T_CHECK(holds(&w, utc(2026, 3, 1, 21, 0)), "22:00");
	T_CHECK(holds(&w, utc(2026, 3, 1, 23, 30)), "00:30");
	T_CHECK(!holds(&w, utc(2026, 3, 2, 5, 0)), "06:00");
	T_CHECK(!holds(&w, utc(2026, 3, 2, 20, 59)), "21:59");
	/* The day is that of the moment. */
	w.when->days = 1; /* 2 March 2026 is a Monday */
	T_CHECK(holds(&w, utc(2026, 3, 2, 4, 59)), "Monday 05:59");
	T_CHECK(holds(&w, utc(2026, 3, 2, 21, 0)), "Monday 22:00");
	T_CHECK(!holds(&w, utc(2026, 3, 2, 23, 30)), "Tuesday 00:30");
	policy_set_free(w.set);
}

static void
all_day_is_all_day(void)
{
	struct world w = world();

	set_time(&w, 0, DAY);
	T_CHECK(holds(&w, utc(2026, 3, 1, 23, 0)), "midnight");
	T_CHECK(holds(&w, utc(2026, 3, 1, 22, 59)), "the last minute");
	w.when->times[0].until_s = 0;
	T_CHECK(!holds(&w, utc(2026, 3, 1, 23, 0)), "nothing");
	T_CHECK(policy_when_empty(w.when), "empty");
	set_time(&w, 1, 2);
	T_CHECK(!policy_when_empty(w.when), "not empty");
	policy_set_free(w.set);
}

static void
dates_are_local(void)
{
	struct world w = world();

	w.when->month_days = 1;
	w.when->months = 1 << 2;
	T_CHECK(!holds(&w, utc(2026, 2, 28, 22, 59)), "28 February");
	T_CHECK(holds(&w, utc(2026, 2, 28, 23, 0)), "1 March");
	T_CHECK(!holds(&w, utc(2026, 3, 1, 23, 0)), "2 March");
	T_CHECK(!holds(&w, utc(2026, 4, 1, 12, 0)), "1 April");
	T_CHECK(!policy_when_empty(w.when), "it comes");
	w.when->months = 1 << 1;
	w.when->month_days = 1u << 28;
	T_CHECK(!policy_when_empty(w.when), "29 February comes");
	w.when->month_days = 1u << 29;
	T_CHECK(policy_when_empty(w.when), "30 February does not");
	w.when->months = 0;
	w.when->month_days = 1u << 30;
	T_CHECK(!policy_when_empty(w.when), "a 31st does");
	policy_set_free(w.set);
}

static void
validity_has_a_beginning_and_an_end(void)
{
	struct world w = world();

	w.when->valid_from_s = 100;
	w.when->valid_until_s = 200;
	T_CHECK(!holds(&w, 99) && holds(&w, 100), "from");
	T_CHECK(holds(&w, 199) && !holds(&w, 200), "until");
	T_CHECK(!policy_when_empty(w.when), "not empty");
	w.when->valid_until_s = 100;
	T_CHECK(policy_when_empty(w.when), "empty");
	policy_set_free(w.set);
}

static void
narrow(struct world *w, uint64_t *seed)
{
	if (t_random(seed, 2) == 0)
		set_time(w, t_random(seed, 24) * HOUR,
			t_random(seed, 25) * HOUR);
	if (t_random(seed, 3) == 0)
		set_time(w, t_random(seed, DAY), t_random(seed, DAY + 1));
	if (t_random(seed, 3) == 0)
		w->when->days = (uint8_t)(1 + t_random(seed, 127));
	if (t_random(seed, 4) == 0)
		w->when->months = (uint16_t)(1 + t_random(seed, 4095));
	if (t_random(seed, 4) == 0)
		w->when->month_days = 1 + t_random(seed, 0x7ffffffe);
	if (t_random(seed, 4) == 0)
		w->when->valid_from_s = CHANGE + t_random(seed, 20 * DAY);
	if (t_random(seed, 4) == 0)
		w->when->valid_until_s = CHANGE + t_random(seed, 20 * DAY);
}

/* Between two announced moments nothing changes. */
static void
every_change_is_announced(void)
{
	uint64_t seed = 7;
	size_t changes = 0;

	for (int round = 0; round < 300; round++) {
		struct world w = world();
		int64_t now = CHANGE - 10 * DAY + t_random(&seed, 9 * DAY);
		int64_t end = now + 40 * DAY;

		narrow(&w, &seed);
		while (now < end) {
			bool is = holds(&w, now);
			int64_t next =
				policy_when_next(&w.set->times, w.when, now);
			int64_t last = next < end ? next : end;

			T_CHECK(next > now, "round %d: it stands still", round);
			for (int i = 0; i < 40; i++)
				T_CHECK(holds(&w, now + (last - now) * i /
								  40) == is,
					"round %d: unannounced", round);
			T_EQ(holds(&w, last - 1), is);
			changes += next < end && holds(&w, next) != is;
			now = last;
		}
		policy_set_free(w.set);
	}
	T_CHECK(changes > 3000, "only %zu changes", changes);
}

/* What libc makes of that TZ, random hours of the century after that year. */
static void
expect_zone_as(const char *tz, const struct policy_zone *zone, int year)
{
	struct policy_set *set = t_set();
	struct policy_when *w;
	uint64_t seed = 5;

	set->times.zones = (struct policy_zone *)t_zeroed(sizeof(*zone));
	set->times.zones[0] = *zone;
	set->times.n_zones = 1;
	w = t_when(set, "");
	w->n_times = 1;
	T_EQ(setenv("TZ", tz, 1), 0);
	tzset();
	for (int i = 0; i < 20000; i++) {
		time_t t = (time_t)utc(year, 1, 1, 12, 0) +
			   (time_t)t_random(&seed, 860000) * HOUR;
		struct tm tm;
		uint32_t second;

		T_CHECK(localtime_r(&t, &tm) != NULL, "no date");
		second = (uint32_t)(tm.tm_hour * HOUR + tm.tm_min * 60);
		w->times[0] = (struct policy_daytime){ second, second + 60 };
		w->month_days = 1u << (tm.tm_mday - 1);
		w->months = (uint16_t)(1u << tm.tm_mon);
		w->days = (uint8_t)(1u << (tm.tm_wday + 6) % 7);
		T_CHECK(policy_when_holds(&set->times, w, t),
			"%s: %lld is not %02d:%02d", tz, (long long)t,
			tm.tm_hour, tm.tm_min);
	}
	(void)unsetenv("TZ");
	policy_set_free(set);
}

static void
expect_zone(const char *name)
{
	struct policy_zone zone;
	char said[512];
	struct text why = text_over(said, sizeof(said));

	T_CHECK(zone_load(name, &zone, &why), "%s: %s", name, said);
	expect_zone_as(name, &zone, 2000);
}

static void
zones_are_those_of_libc(void)
{
	static const char *const names[] = { "UTC", "Europe/Berlin",
		"America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
		"America/Sao_Paulo", "Pacific/Apia", "Europe/Dublin",
		"America/St_Johns", "Pacific/Chatham", "Antarctica/Troll" };

	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0) {
		print_message("# no zone files on this host\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		expect_zone(names[i]);
}

static void
no_zone_lies_outside_the_database(void)
{
	static const char *const names[] = { "", "/etc/passwd",
		"../../../etc/passwd", "Europe/Berlin\n", "No/Such_Zone",
		"a.b" };
	struct policy_zone zone;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char said[512];
		struct text why = text_over(said, sizeof(said));

		T_CHECK(!zone_load(names[i], &zone, &why), "%s", names[i]);
		T_CHECK(said[0] != '\0', "%s: no reason", names[i]);
	}
}

/* A zone file of one type and that rule. */
static size_t
zone_file(uint8_t *bytes, const char *rule)
{
	static const uint8_t head[44] = { 'T', 'Z', 'i', 'f',
		'2', [39] = 1, [43] = 4 };
	static const uint8_t type[6 + 4] = { 0, 0, 0x0e, 0x10, 0, 0, 'X', 'Y',
		'Z', 0 };
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		memcpy(bytes + n, head, sizeof(head));
		n += sizeof(head);
		memcpy(bytes + n, type, sizeof(type));
		n += sizeof(type);
	}
	return n + (size_t)snprintf(
			   (char *)bytes + n, ZONE_FILE - n, "\n%s\n", rule);
}

static bool
parses(const char *rule)
{
	uint8_t bytes[ZONE_FILE];
	size_t n = zone_file(bytes, rule);
	struct policy_zone zone = { 0 };
	bool good = zone_parse(bytes, n, &zone);

	if (good)
		alloc_put(alloc_heap(), zone.changes);
	for (size_t cut = 0; cut < n; cut++)
		T_CHECK(!zone_parse(bytes, cut, &zone), "%s cut to %zu", rule,
			cut);
	return good;
}

static void
rules_of_zones_are_read_or_refused(void)
{
	static const char *const good[] = { "XYZ-1", "<+03>-3",
		"CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT4,J60/0,J300/-1:30",
		"XYZ0ABC,0/0,J365/25" };
	static const char *const bad[] = { "X-1", "<+03-3", "XYZ", "XYZ-1ABC",
		"XYZ-1ABC,M3.5.0", "XYZ-1ABC,M0.5.0,M10.5.0",
		"XYZ-1ABC,M3.6.0,M10.5.0", "XYZ-1ABC,M3.0.0,M10.5.0",
		"XYZ-1ABC,M3.5.7,M10.5.0", "XYZ-1ABC,M3.5.0,M10.5.0x",
		"XYZ-1ABC,M3-5.0,M10.5.0", "XYZ-168", "XYZ-1:60" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		T_CHECK(parses(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		T_CHECK(!parses(bad[i]), "%s", bad[i]);
}

/* Every form of POSIX: the n-th day of a year with and without the 29th of
 * February, the last weekday of a month, either half of the world, hours beyond
 * the day and before it, odd offsets. */
static void
rules_of_zones_mean_what_libc_makes_of_them(void)
{
	static const char *const rules[] = { "XYZ5", "<+0545>-5:45",
		"CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0",
		"AEST-10AEDT,M10.1.0,M4.1.0/3", "EST5EDT4,J59/0,J300/-1:30",
		"EST5EDT,J60,J61/23:59:59", "EST5EDT,J2/3,J364/22",
		"XYZ3ABC,59/1,300", "XYZ3ABC,58,59/26", "XYZ3ABC,300,60",
		"<-03>3<-02>,M3.5.0/-2,M10.4.6/25",
		"XYZ-1ABC-3:30:30,M12.5.1,M2.4.3/72",
		"XYZ-1ABC,M3.1.6,M11.5.2/-167" };

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		uint8_t bytes[ZONE_FILE];
		size_t n = zone_file(bytes, rules[i]);
		struct policy_zone zone = { 0 };

		T_CHECK(zone_parse(bytes, n, &zone), "%s", rules[i]);
		expect_zone_as(rules[i], &zone, 2001);
	}
}

static void
moments_are_read_or_refused(void)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = { { "2026-11-22T03:15:00Z", true },
		{ "20261122031500Z", true }, { "202611220315Z", true },
		{ "2026-11-22T23:59:59Z", true },
		{ "2028-02-29T00:00:00Z", true },
		{ "2026-11-22T03:15:00", false }, { "", false },
		{ "2026-1-22T03:15Z", false }, { "2026-11-2T03:15Z", false },
		{ "2026-11-22T3:15Z", false }, { "2026-11-22T03:1Z", false },
		{ "2026-11-22T24:00:00Z", false },
		{ "2026-11-22T03:60:00Z", false },
		{ "2026-11-22T03:15:60Z", false },
		{ "2026-11-22T03:15:5Z", false }, { "2026112203150Z", false },
		{ "2026-02-29T00:00:00Z", false },
		{ "2026-04-31T00:00:00Z", false },
		{ "2026-12-32T00:00:00Z", false },
		{ "2026-13-01T00:00:00Z", false },
		{ "2026-00-01T00:00:00Z", false },
		{ "2026-01-00T00:00:00Z", false },
		{ "0000-01-01T00:00:00Z", false }, { "202-01-01T00Z", false } };
	int64_t s = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		T_CHECK(source_moment(rows[i].text, &s) == rows[i].good, "%s",
			rows[i].text);
	T_CHECK(source_moment("2026-12-31T23:59:58Z", &s), "a moment");
	T_EQ(s, utc(2026, 12, 31, 23, 59) + 58);
}

/* What a host knows of a directory that does not answer. */
static void
the_directorys_part_of_a_snapshot_keeps_its_times(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "theirs");
	struct policy_rule *r = t_rule(set, "theirs", "theirs");
	struct source_draft draft = { 0 };
	uint8_t *bytes = NULL;
	size_t len = 0;

	(void)t_category(set, "ours");
	(void)t_rule(set, "ours", "ours");
	t_rule(set, "at any time", NULL)->origin = POLICY_FROM_DIRECTORY;
	set->source_key = 77;
	c->origin = POLICY_FROM_DIRECTORY;
	c->max_flows = 5;
	c->pool = 0;
	(void)t_pool(set, "hall");
	r->origin = POLICY_FROM_DIRECTORY;
	(void)t_zone(set, "Europe/Berlin", HOUR, CHANGE, 2 * HOUR);
	t_when(set, "")->days = 3;
	(void)t_when(set, "office");
	r->own_when = 0;
	t_whens(r, 1);
	t_sort(set);
	T_CHECK(policy_snapshot_write(set, &bytes, &len), "not written");
	T_CHECK(!source_from_snapshot(bytes, len, 78, &draft), "another's");
	T_CHECK(source_from_snapshot(bytes, len, 77, &draft), "not read");
	T_EQ(draft.n_categories, 1);
	T_STR(draft.categories[0].category.name, "theirs");
	T_EQ(draft.categories[0].category.max_flows, 5);
	T_STR(draft.categories[0].pool, "hall");
	T_EQ(draft.n_rules, 2);
	T_STR(draft.rules[1].rule->name, "at any time");
	T_STR(draft.rules[1].category, "");
	T_CHECK(!draft.rules[1].own.set, "no time");
	T_EQ(draft.rules[1].schedules.count, 0);
	T_STR(draft.rules[0].rule->name, "theirs");
	T_STR(draft.rules[0].category, "theirs");
	T_CHECK(draft.rules[0].own.set && draft.rules[0].own.when.days == 3,
		"its own time");
	T_STR(draft.rules[0].own.zone, "Europe/Berlin");
	T_EQ(draft.rules[0].schedules.count, 1);
	T_STR(draft.rules[0].schedules.at[0].text, "office");
	source_draft_done(&draft);
	alloc_put(alloc_heap(), bytes);
	policy_set_free(set);
}

static struct t_case cases[] = {
	{ "the directory's part of a snapshot keeps its times",
		the_directorys_part_of_a_snapshot_keeps_its_times },
	{ "the calendar is that of libc", the_calendar_is_that_of_libc },
	{ "times of day are local", times_of_day_are_local },
	{ "a time may go past midnight", a_time_may_go_past_midnight },
	{ "all day is all day", all_day_is_all_day },
	{ "dates are local", dates_are_local },
	{ "validity has a beginning and an end",
		validity_has_a_beginning_and_an_end },
	{ "every change is announced", every_change_is_announced },
	{ "zones are those of libc", zones_are_those_of_libc },
	{ "no zone lies outside the database",
		no_zone_lies_outside_the_database },
	{ "rules of zones mean what libc makes of them",
		rules_of_zones_mean_what_libc_makes_of_them },
	{ "moments are read or refused", moments_are_read_or_refused },
	{ "rules of zones are read or refused",
		rules_of_zones_are_read_or_refused },
};
T_MAIN(cases)
