/* SPDX-License-Identifier: ISC */

/*
 * Time: the civil calendar, the zones' changes, and the moments at which a
 * condition may begin or cease to hold.
 */

#include "when_int.h"

#include <inttypes.h>
#include <string.h>

/* A moment in a zone. */
struct civil {
	int64_t days; /* since 1970-01-01 */
	uint32_t second;
	unsigned month; /* 1 to 12 */
	unsigned day;   /* 1 to 31 */
};

/* ---- the calendar ------------------------------------------------------- */

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * Years begin in March, so that the leap day is their last, and repeat every
 * 400 of them, 146 097 days.
 */
int64_t
policy_days_from_civil(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = floor_div(y, 400);
	int64_t of_era = y - era * 400;
	unsigned from_march = month > 2 ? month - 3 : month + 9;
	int64_t of_year = (153 * (int64_t)from_march + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

static void
civil_date(int64_t days, unsigned *ret_month, unsigned *ret_day)
{
	int64_t z = days + 719468;
	int64_t of_era = z - floor_div(z, 146097) * 146097;
	int64_t year =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
		365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t from_march = (5 * of_year + 2) / 153;

	*ret_day = (unsigned)(of_year - (153 * from_march + 2) / 5 + 1);
	*ret_month =
		(unsigned)(from_march < 10 ? from_march + 3 : from_march - 9);
}

unsigned
policy_weekday(int64_t days)
{
	int64_t d = days + 3; /* 1970-01-01 was a Thursday */

	return (unsigned)(d - floor_div(d, 7) * 7);
}

/* ---- zones -------------------------------------------------------------- */

/* Number of changes up to now. */
static size_t
changes_before(const struct policy_zone *zone, int64_t now_s)
{
	size_t lo = 0;
	size_t hi = zone->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (zone->changes[mid].at_s <= now_s)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int32_t
zone_offset(const struct policy_zone *zone, int64_t now_s)
{
	size_t n = changes_before(zone, now_s);

	return n == 0 ? zone->offset_s : zone->changes[n - 1].offset_s;
}

static struct civil
civil_at(const struct policy_zone *zone, int64_t now_s)
{
	int64_t local = now_s + zone_offset(zone, now_s);
	struct civil c = { .days = floor_div(local, POLICY_DAY_S) };

	c.second = (uint32_t)(local - c.days * POLICY_DAY_S);
	civil_date(c.days, &c.month, &c.day);
	return c;
}

/* ---- holding ------------------------------------------------------------ */

void
policy_when_init(struct policy_when *when)
{
	*when = (struct policy_when){ .valid_from_s = INT64_MIN,
		.valid_until_s = INT64_MAX };
}

static bool
daytime_holds(const struct policy_daytime *t, uint32_t second)
{
	if (t->from_s <= t->until_s)
		return t->from_s <= second && second < t->until_s;
	return t->from_s <= second || second < t->until_s;
}

static bool
daytimes_hold(const struct policy_when *when, uint32_t second)
{
	for (size_t i = 0; i < when->n_times; i++)
		if (daytime_holds(&when->times[i], second))
			return true;
	return when->n_times == 0;
}

static bool
bit_holds(uint32_t bits, unsigned bit)
{
	return bits == 0 || (bits >> bit & 1) != 0;
}

bool
policy_when_holds(const struct policy_times *times,
	const struct policy_when *when, int64_t now_s)
{
	if (now_s < when->valid_from_s || now_s >= when->valid_until_s)
		return false;

	struct civil c = civil_at(&times->zones[when->zone], now_s);

	return bit_holds(when->days, policy_weekday(c.days)) &&
	       bit_holds(when->month_days, c.day - 1) &&
	       bit_holds(when->months, c.month - 1) &&
	       daytimes_hold(when, c.second);
}

/* ---- the next change ---------------------------------------------------- */

static int64_t
later_first(int64_t best, int64_t candidate, int64_t now_s)
{
	return candidate > now_s && candidate < best ? candidate : best;
}

/* The second of the day, today and tomorrow, as long as the offset is what it
 * is now: should it change, that is a moment to look again. */
static int64_t
next_daytime(int64_t best, int64_t midnight_s, uint32_t second, int64_t now_s)
{
	best = later_first(best, midnight_s + second, now_s);
	return later_first(best, midnight_s + POLICY_DAY_S + second, now_s);
}

int64_t
policy_when_next(const struct policy_times *times,
	const struct policy_when *when, int64_t now_s)
{
	const struct policy_zone *zone = &times->zones[when->zone];
	int64_t best = INT64_MAX;
	bool civil = when->n_times > 0 || when->days != 0 ||
		     when->month_days != 0 || when->months != 0;

	if (now_s < when->valid_from_s)
		return when->valid_from_s;
	if (now_s >= when->valid_until_s)
		return INT64_MAX;
	best = later_first(best, when->valid_until_s, now_s);
	if (!civil)
		return best;

	size_t n = changes_before(zone, now_s);
	struct civil c = civil_at(zone, now_s);
	int64_t midnight_s = now_s - c.second;

	if (n < zone->count)
		best = later_first(best, zone->changes[n].at_s, now_s);
	for (size_t i = 0; i < when->n_times; i++) {
		best = next_daytime(
			best, midnight_s, when->times[i].from_s, now_s);
		best = next_daytime(
			best, midnight_s, when->times[i].until_s, now_s);
	}
	if (when->days != 0 || when->month_days != 0 || when->months != 0)
		best = next_daytime(best, midnight_s, 0, now_s);
	return best;
}

bool
policy_moment_valid(int64_t at_s)
{
	const int64_t first_s = INT64_C(-62135596800); /* 0001-01-01 */
	const int64_t end_s = INT64_C(253402300800);   /* 10000-01-01 */

	return at_s >= first_s && at_s < end_s;
}

bool
policy_offset_valid(int32_t offset_s)
{
	return offset_s >= -POLICY_OFFSET_MAX_S &&
	       offset_s <= POLICY_OFFSET_MAX_S;
}

/* ---- looking at them ---------------------------------------------------- */

/* No day of the months has such a number. */
static bool
dates_empty(const struct policy_when *when)
{
	static const uint8_t lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31 };

	if (when->month_days == 0)
		return false;
	for (unsigned m = 0; m < 12; m++)
		if (bit_holds(when->months, m) &&
			(when->month_days &
				((UINT32_C(1) << (lengths[m] - 1)) * 2 - 1)) !=
				0)
			return false;
	return true;
}

bool
policy_when_empty(const struct policy_when *when)
{
	bool any = when->n_times == 0;

	for (size_t i = 0; i < when->n_times; i++)
		if (when->times[i].from_s != when->times[i].until_s)
			any = true;
	return !any || when->valid_from_s >= when->valid_until_s ||
	       dates_empty(when);
}

bool
policy_when_same(const struct policy_when *a, const struct policy_when *b)
{
	if (a->zone != b->zone || a->n_times != b->n_times ||
		a->days != b->days || a->months != b->months ||
		a->month_days != b->month_days ||
		a->valid_from_s != b->valid_from_s ||
		a->valid_until_s != b->valid_until_s)
		return false;
	for (size_t i = 0; i < a->n_times; i++)
		if (a->times[i].from_s != b->times[i].from_s ||
			a->times[i].until_s != b->times[i].until_s)
			return false;
	return true;
}

static void
add_bits(struct text *t, const char *const *names, uint32_t bits, unsigned n)
{
	const char *between = " ";

	for (unsigned i = 0; i < n; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		text_add(t, between);
		if (names)
			text_add(t, names[i]);
		else
			text_printf(t, "%u.", i + 1);
		between = ",";
	}
}

static void
add_moment(struct text *t, const char *word, int64_t at_s)
{
	int64_t days = floor_div(at_s, POLICY_DAY_S);
	int64_t second = at_s - days * POLICY_DAY_S;
	unsigned month;
	unsigned day;
	int64_t year = 1970 + floor_div(days, 365);

	civil_date(days, &month, &day);
	while (policy_days_from_civil(year, 1, 1) > days)
		year--;
	text_printf(t,
		" %s %04" PRId64 "-%02u-%02uT%02" PRId64 ":%02" PRId64
		":%02" PRId64 "Z",
		word, year, month, day, second / 3600, second / 60 % 60,
		second % 60);
}

static void
add_clock(struct text *t, uint32_t second)
{
	text_printf(
		t, "%02" PRIu32 ":%02" PRIu32, second / 3600, second / 60 % 60);
	if (second % 60 != 0)
		text_printf(t, ":%02" PRIu32, second % 60);
}

void
policy_when_text(struct text *t, const struct policy_times *times,
	const struct policy_when *when)
{
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri",
		"Sat", "Sun" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

	text_add(t, when->name[0] != '\0' ? when->name : "when");
	for (size_t i = 0; i < when->n_times; i++) {
		text_add(t, i == 0 ? " " : ",");
		add_clock(t, when->times[i].from_s);
		text_add(t, "-");
		add_clock(t, when->times[i].until_s);
	}
	add_bits(t, days, when->days, 7);
	add_bits(t, NULL, when->month_days, 31);
	add_bits(t, months, when->months, 12);
	if (when->valid_from_s != INT64_MIN)
		add_moment(t, "from", when->valid_from_s);
	if (when->valid_until_s != INT64_MAX)
		add_moment(t, "until", when->valid_until_s);
	text_printf(t, " %s", times->zones[when->zone].name);
}

void
policy_times_done(const struct alloc *alloc, struct policy_times *times)
{
	for (size_t i = 0; times->zones && i < times->n_zones; i++)
		alloc_put(alloc, times->zones[i].changes);
	alloc_put(alloc, times->zones);
	alloc_put(alloc, times->whens);
	*times = (struct policy_times){ 0 };
}
