/* SPDX-License-Identifier: ISC */

/* Conditions on time as text, and the keys of schedules. */

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "values_int.h"
#include "zone_int.h"

static const char *const day_names[] = { "Mon", "Tue", "Wed", "Thu", "Fri",
	"Sat", "Sun", NULL };
static const char *const month_names[] = { "Jan", "Feb", "Mar", "Apr", "May",
	"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", NULL };

static struct source_when *
when_of(void *target, const struct source_key *key)
{
	struct source_when *own = VALUE_TARGET(struct source_when);

	own->set = true;
	return own;
}

/* ---- time of day -------------------------------------------------------- */

/* "hh:mm" or "hh:mm:ss", 24:00 the latest; where *s is then. */
static bool
take_clock(const char **s, uint32_t *ret_s)
{
	uint32_t part[3] = { 0 };
	size_t n = 0;

	while (n < 3) {
		const char *p = *s;

		if (!isdigit((unsigned char)p[0]) ||
			!isdigit((unsigned char)p[1]))
			return false;
		part[n++] =
			(uint32_t)(p[0] - '0') * 10 + (uint32_t)(p[1] - '0');
		*s += 2;
		if (**s != ':')
			break;
		(*s)++;
	}
	*ret_s = part[0] * 3600 + part[1] * 60 + part[2];
	return n >= 2 && part[1] < 60 && part[2] < 60 && *ret_s <= POLICY_DAY_S;
}

bool
value_read_daytimes(const struct source_key *key, const char *value,
	void *target, struct text *why)
{
	struct policy_when *when = &when_of(target, key)->when;
	struct policy_daytime t;
	const char *p = value;

	if (!take_clock(&p, &t.from_s) || *p++ != '-' ||
		!take_clock(&p, &t.until_s) || *p != '\0' ||
		t.from_s == POLICY_DAY_S)
		return value_no(why, value,
			"is not a time of day (write it like \"08:00-18:00\"; "
			"\"22:00-06:00\" goes past midnight)");
	if (when->n_times == POLICY_DAYTIMES) {
		text_printf(why, "more than %d times of day", POLICY_DAYTIMES);
		return false;
	}
	when->times[when->n_times++] = t;
	return true;
}

/* ---- days and months ---------------------------------------------------- */

static int
find_name(const char *const *names, const char *s, size_t n)
{
	for (int i = 0; names[i]; i++)
		if (n == 3 && strncasecmp(names[i], s, 3) == 0)
			return i;
	return -1;
}

/* "A" or "A-B" of the names, round the end when B comes before A. */
static bool
add_names(
	const char *const *names, int count, const char *value, uint32_t *bits)
{
	size_t n = strcspn(value, "-");
	int first = find_name(names, value, n);
	int last = first;

	if (value[n] == '-')
		last = find_name(names, value + n + 1, strlen(value + n + 1));
	if (first < 0 || last < 0)
		return false;
	for (int i = first;; i = (i + 1) % count) {
		*bits |= UINT32_C(1) << i;
		if (i == last)
			return true;
	}
}

static bool
read_one_days(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	struct policy_when *when = &when_of(target, key)->when;
	uint32_t bits = when->days;

	if (!add_names(day_names, 7, value, &bits))
		return value_no(why, value,
			"is not a day or a range of days (\"Mon\", "
			"\"Mon-Fri\")");
	when->days = (uint8_t)bits;
	return true;
}

bool
value_read_days(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	struct source_key one = *key;

	one.read = read_one_days;
	return value_each_part(&one, value, target, why);
}

static bool
read_one_months(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	struct policy_when *when = &when_of(target, key)->when;
	uint32_t bits = when->months;

	if (!add_names(month_names, 12, value, &bits))
		return value_no(why, value,
			"is not a month or a range of months (\"Jan\", "
			"\"Nov-Feb\")");
	when->months = (uint16_t)bits;
	return true;
}

bool
value_read_months(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	struct source_key one = *key;

	one.read = read_one_months;
	return value_each_part(&one, value, target, why);
}

static bool
read_one_month_days(const struct source_key *key, const char *value,
	void *target, struct text *why)
{
	struct policy_when *when = &when_of(target, key)->when;
	uint32_t lo = 0;
	uint32_t hi = 0;

	if (!value_span(value, 31, &lo, &hi) || lo == 0)
		return value_no(why, value,
			"is not a day of the month from 1 to 31 or a range, "
			"lower first");
	for (uint32_t i = lo; i <= hi; i++)
		when->month_days |= UINT32_C(1) << (i - 1);
	return true;
}

bool
value_read_month_days(const struct source_key *key, const char *value,
	void *target, struct text *why)
{
	struct source_key one = *key;

	one.read = read_one_month_days;
	return value_each_part(&one, value, target, why);
}

/* ---- validity ----------------------------------------------------------- */

static bool
take_digits(const char **s, int n, unsigned *ret)
{
	*ret = 0;
	for (int i = 0; i < n; i++, (*s)++) {
		if (!isdigit((unsigned char)**s))
			return false;
		*ret = *ret * 10 + (unsigned)(**s - '0');
	}
	return true;
}

static void
skip(const char **s, const char *any_of)
{
	if (**s != '\0' && strchr(any_of, **s))
		(*s)++;
}

static bool
date_valid(unsigned year, unsigned month, unsigned day)
{
	int64_t first;

	if (year == 0 || month == 0 || month > 12 || day == 0 || day > 31)
		return false;
	first = policy_days_from_civil(year, month, 1);
	return first + day <=
	       (month == 12 ? policy_days_from_civil((int64_t)year + 1, 1, 1)
			    : policy_days_from_civil(year, month + 1, 1));
}

/* "2026-11-22T03:15:00Z", or without its signs (generalized time). */
bool
source_moment(const char *p, int64_t *ret_s)
{
	unsigned year, month, day, hour, minute;
	unsigned second = 0;

	if (!take_digits(&p, 4, &year))
		return false;
	skip(&p, "-");
	if (!take_digits(&p, 2, &month))
		return false;
	skip(&p, "-");
	if (!take_digits(&p, 2, &day))
		return false;
	skip(&p, "T");
	if (!take_digits(&p, 2, &hour))
		return false;
	skip(&p, ":");
	if (!take_digits(&p, 2, &minute))
		return false;
	skip(&p, ":");
	if (isdigit((unsigned char)*p) && !take_digits(&p, 2, &second))
		return false;
	if (strcmp(p, "Z") != 0 || !date_valid(year, month, day) || hour > 23 ||
		minute > 59 || second > 59)
		return false;
	*ret_s = policy_days_from_civil(year, month, day) * POLICY_DAY_S +
		 (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
	return true;
}

static bool
read_moment(const char *value, int64_t *ret_s, struct text *why)
{
	return source_moment(value, ret_s) ||
	       value_no(why, value,
		       "is not a moment in UTC (write it like "
		       "\"2026-11-22T03:15:00Z\" or \"20261122031500Z\")");
}

bool
value_read_from(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	return read_moment(
		value, &when_of(target, key)->when.valid_from_s, why);
}

bool
value_read_until(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	return read_moment(
		value, &when_of(target, key)->when.valid_until_s, why);
}

/* A zone alone is no condition. */
bool
value_read_zone(const struct source_key *key, const char *value, void *target,
	struct text *why)
{
	struct source_when *own = VALUE_TARGET(struct source_when);
	struct policy_zone zone;
	char said[512];
	struct text t = text_over(said, sizeof(said));

	if (!zone_load(value, &zone, &t))
		return value_no(why, value, said);
	alloc_put(alloc_heap(), zone.changes);
	return text_copy(own->zone, sizeof(own->zone), value);
}

/* ---- the table ---------------------------------------------------------- */

#define OWN offsetof(struct source_schedule, own)

/* clang-format off */
static const struct source_key schedule_keys[] = {
	{ "name", NULL, false, value_read_name, offsetof(struct source_schedule, name), 0 },
	{ "time", NULL, true, value_read_daytimes, OWN, 0 },
	{ "days", NULL, true, value_read_days, OWN, 0 },
	{ "monthDays", NULL, true, value_read_month_days, OWN, 0 },
	{ "months", NULL, true, value_read_months, OWN, 0 },
	{ "validFrom", NULL, false, value_read_from, OWN, 0 },
	{ "validUntil", NULL, false, value_read_until, OWN, 0 },
	{ "zone", NULL, false, value_read_zone, OWN, 0 },
};
/* clang-format on */

const struct source_key *
source_schedule_keys(size_t *ret_count)
{
	*ret_count = sizeof(schedule_keys) / sizeof(schedule_keys[0]);
	return schedule_keys;
}
