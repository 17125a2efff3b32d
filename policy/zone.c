/* SPDX-License-Identifier: ISC */

/*
 * Zone files, RFC 8536: the changes that are listed, then those that the rule
 * at the end of the file makes ("CET-1CEST,M3.5.0,M10.5.0/3").
 */

#include "zone_int.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

enum {
	FILE_MAX = 256 * 1024,
	HEADER = 44,
	MAGIC = 0x545a6966, /* "TZif" */
	YEAR_FIRST = 2000,
	YEAR_LAST = 2099,
	HOUR_S = 3600
};

/* ---- changes ------------------------------------------------------------ */

/* A change after all that are there; none when the offset stays. */
static bool
add_change(struct policy_zone *zone, int64_t at_s, int32_t offset_s)
{
	int32_t before = zone->offset_s;

	/* Of two at one moment the later one counts: summer time that ends
	 * as it begins again lasts all year. */
	if (zone->count > 0 && zone->changes[zone->count - 1].at_s == at_s)
		zone->count--;
	if (zone->count > 0)
		before = zone->changes[zone->count - 1].offset_s;
	if (offset_s == before)
		return true;
	if (at_s < policy_days_from_civil(YEAR_FIRST, 1, 1) * POLICY_DAY_S) {
		zone->offset_s = offset_s;
		return true;
	}
	if (zone->count == POLICY_ZONE_CHANGES_MAX ||
		(zone->count > 0 &&
			at_s <= zone->changes[zone->count - 1].at_s))
		return false;
	zone->changes[zone->count++] =
		(struct policy_zone_change){ at_s, offset_s };
	return true;
}

/* ---- the rule at the end ------------------------------------------------ */

struct day_rule {
	char kind; /* 'J', 'M' or 'n' */
	int month;
	int week;
	int day;
	int32_t time_s; /* of local time before the change */
};

struct tz_rule {
	int32_t std_s;
	bool has_dst;
	int32_t dst_s;
	struct day_rule begins;
	struct day_rule ends;
};

static bool
take_int(const char **p, int most, int *ret)
{
	int v = 0;

	if (!isdigit((unsigned char)**p))
		return false;
	for (; isdigit((unsigned char)**p); (*p)++) {
		v = v * 10 + (**p - '0');
		if (v > most)
			return false;
	}
	*ret = v;
	return true;
}

/* "[+-]hh[:mm[:ss]]" in seconds. */
static bool
take_clock(const char **p, int32_t *ret)
{
	int sign = **p == '-' ? -1 : 1;
	int part[3] = { 0 };

	if (**p == '-' || **p == '+')
		(*p)++;
	if (!take_int(p, 167, &part[0]))
		return false;
	for (int i = 1; i < 3 && **p == ':'; i++) {
		(*p)++;
		if (!take_int(p, 59, &part[i]))
			return false;
	}
	*ret = sign * (part[0] * HOUR_S + part[1] * 60 + part[2]);
	return true;
}

/* "CET" or "<+03>" */
static bool
skip_name(const char **p)
{
	const char *start = *p;

	if (**p == '<') {
		const char *end = strchr(*p, '>');

		if (end)
			*p = end + 1;
		return end != NULL;
	}
	while (isalpha((unsigned char)**p))
		(*p)++;
	return *p - start >= 3;
}

static bool
take_dot(const char **p)
{
	return *(*p)++ == '.';
}

static bool
take_day(const char **p, struct day_rule *d)
{
	bool good;

	d->time_s = 2 * HOUR_S;
	d->kind = 'n';
	if (*(*p)++ != ',')
		return false;
	if (**p == 'J' || **p == 'M')
		d->kind = *(*p)++;
	if (d->kind == 'M')
		good = take_int(p, 12, &d->month) && take_dot(p) &&
		       take_int(p, 5, &d->week) && take_dot(p) &&
		       take_int(p, 6, &d->day) && d->month > 0 && d->week > 0;
	else
		good = take_int(p, 365, &d->day);
	if (!good || **p != '/')
		return good;
	(*p)++;
	return take_clock(p, &d->time_s);
}

static bool
parse_rule(const char *p, struct tz_rule *r)
{
	*r = (struct tz_rule){ 0 };
	if (!skip_name(&p) || !take_clock(&p, &r->std_s))
		return false;
	r->std_s = -r->std_s; /* POSIX counts west of Greenwich */
	if (*p == '\0')
		return true;
	r->has_dst = true;
	r->dst_s = r->std_s + HOUR_S;
	if (!skip_name(&p))
		return false;
	if (*p != ',') {
		if (!take_clock(&p, &r->dst_s))
			return false;
		r->dst_s = -r->dst_s;
	}
	return take_day(&p, &r->begins) && take_day(&p, &r->ends) && *p == '\0';
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since 1970 of the rule's day in that year. */
static int64_t
day_in_year(const struct day_rule *d, int year)
{
	int64_t first = policy_days_from_civil(year, 1, 1);
	int64_t day;
	int64_t next;

	if (d->kind == 'J') /* the 29th of February is not counted */
		return first + d->day - 1 + (is_leap(year) && d->day >= 60);
	if (d->kind == 'n')
		return first + d->day;
	/* M: week 5 is the last; days are counted from Sunday. */
	first = policy_days_from_civil(year, (unsigned)d->month, 1);
	next = d->month == 12 ? policy_days_from_civil(year + 1, 1, 1)
			      : policy_days_from_civil(
					year, (unsigned)d->month + 1, 1);
	day = first + (d->day + 6 - (int)policy_weekday(first) + 7) % 7;
	for (int week = 1; week < d->week && day + 7 < next; week++)
		day += 7;
	return day;
}

/* What the rule makes of the years after the last listed change. */
static bool
apply_rule(struct policy_zone *zone, const struct tz_rule *r, int64_t after_s)
{
	if (!r->has_dst)
		return after_s == INT64_MIN
			       ? add_change(zone, INT64_MIN, r->std_s)
			       : true;
	for (int year = YEAR_FIRST; year <= YEAR_LAST; year++) {
		int64_t begin = day_in_year(&r->begins, year) * POLICY_DAY_S +
				r->begins.time_s - r->std_s;
		int64_t end = day_in_year(&r->ends, year) * POLICY_DAY_S +
			      r->ends.time_s - r->dst_s;
		int64_t first = begin < end ? begin : end;
		int64_t last = begin < end ? end : begin;

		if (first > after_s &&
			!add_change(
				zone, first, begin < end ? r->dst_s : r->std_s))
			return false;
		if (last > after_s &&
			!add_change(
				zone, last, begin < end ? r->std_s : r->dst_s))
			return false;
	}
	return true;
}

/* ---- the file ----------------------------------------------------------- */

struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

static bool
read_header(struct buf_reader *r, struct counts *c, uint8_t *ret_version)
{
	if (buf_get_u32be(r) != MAGIC)
		return false;
	*ret_version = buf_get_u8(r);
	(void)buf_take(r, 15); /* reserved */
	c->isut = buf_get_u32be(r);
	c->isstd = buf_get_u32be(r);
	c->leap = buf_get_u32be(r);
	c->time = buf_get_u32be(r);
	c->type = buf_get_u32be(r);
	c->chars = buf_get_u32be(r);
	return !r->failed && c->isut <= FILE_MAX && c->isstd <= FILE_MAX &&
	       c->leap <= FILE_MAX && c->time <= FILE_MAX && c->type > 0 &&
	       c->type <= 256 && c->chars <= FILE_MAX;
}

static size_t
rest_of_block(const struct counts *c, size_t time_size)
{
	return (size_t)c->chars + c->leap * (time_size + 4) + c->isstd +
	       c->isut;
}

static int64_t
get_time(struct buf_reader *r)
{
	uint64_t high = buf_get_u32be(r);

	return (int64_t)(high << 32 | buf_get_u32be(r));
}

/* The second block, with times of 64 bits. */
static bool
read_changes(struct buf_reader *r, const struct counts *c,
	struct policy_zone *zone, int64_t *ret_last_s)
{
	struct buf_reader times = buf_split(r, (size_t)c->time * 8);
	struct buf_reader kinds = buf_split(r, c->time);
	int32_t offsets[256];
	int64_t at_s = INT64_MIN;

	for (uint32_t i = 0; i < c->type; i++) {
		offsets[i] = (int32_t)buf_get_u32be(r);
		(void)buf_get_u16be(r); /* daylight or not, its name */
		if (!policy_offset_valid(offsets[i]))
			return false;
	}
	(void)buf_take(r, rest_of_block(c, 8));
	if (r->failed || times.failed || kinds.failed)
		return false;
	zone->offset_s = offsets[0];
	for (uint32_t i = 0; i < c->time; i++) {
		uint8_t kind = buf_get_u8(&kinds);

		at_s = get_time(&times);
		if (kind >= c->type || !add_change(zone, at_s, offsets[kind]))
			return false;
	}
	*ret_last_s = at_s;
	return true;
}

/* "\nRULE\n"; nothing between is a zone without one. */
static bool
read_footer(struct buf_reader *r, struct policy_zone *zone, int64_t last_s)
{
	char text[128];
	size_t n = buf_left(r);
	const uint8_t *p = buf_take(r, n);
	struct tz_rule rule;

	if (n < 2 || n - 2 >= sizeof(text) || p[0] != '\n' || p[n - 1] != '\n')
		return false;
	memcpy(text, p + 1, n - 2);
	text[n - 2] = '\0';
	return n == 2 ||
	       (parse_rule(text, &rule) && apply_rule(zone, &rule, last_s));
}

bool
zone_parse(const void *bytes, size_t len, struct policy_zone *ret)
{
	struct buf_reader r = buf_reader(bytes, len);
	struct counts c;
	uint8_t version = 0;
	int64_t last_s = INT64_MIN;

	ret->count = 0;
	ret->changes = NULL;
	if (!read_header(&r, &c, &version) || version < '2')
		return false;
	(void)buf_take(&r,
		(size_t)c.time * 5 + (size_t)c.type * 6 + rest_of_block(&c, 4));
	if (!read_header(&r, &c, &version))
		return false;
	ret->changes = (struct policy_zone_change *)alloc_get(
		alloc_heap(), POLICY_ZONE_CHANGES_MAX * sizeof(*ret->changes));
	if (ret->changes && read_changes(&r, &c, ret, &last_s) &&
		read_footer(&r, ret, last_s))
		return true;
	alloc_put(alloc_heap(), ret->changes);
	ret->changes = NULL;
	return false;
}

/* ---- finding it --------------------------------------------------------- */

/* A path below the database, never out of it. */
static bool
valid_name(const char *name)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789_+-/";

	return name[0] != '\0' && name[0] != '/' &&
	       strlen(name) < POLICY_ZONE_NAME &&
	       strspn(name, allowed) == strlen(name);
}

static bool
read_zone_file(const char *path, struct policy_zone *zone)
{
	uint8_t *bytes = (uint8_t *)malloc(FILE_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 || !bytes ? -1 : read(fd, bytes, FILE_MAX);
	bool good = n > 0 && zone_parse(bytes, (size_t)n, zone);

	if (fd >= 0)
		(void)close(fd); /* only read */
	free(bytes);
	return good;
}

bool
zone_load(const char *name, struct policy_zone *ret, struct text *why)
{
	char path[256];
	struct text t = text_over(path, sizeof(path));
	bool local = strcmp(name, ZONE_LOCAL) == 0;

	*ret = (struct policy_zone){ 0 };
	if (!valid_name(name)) {
		text_add(why, "is not the name of a time zone (write it like "
			      "\"Europe/Berlin\", \"UTC\" or \"local\")");
		return false;
	}
	(void)text_copy(ret->name, sizeof(ret->name), name); /* it fits */
	if (strcmp(name, "UTC") == 0 ||
		(local && access("/etc/localtime", F_OK) != 0))
		return true;
	if (local)
		text_add(&t, "/etc/localtime");
	else
		text_printf(&t, "/usr/share/zoneinfo/%s", name);
	if (read_zone_file(path, ret))
		return true;
	text_printf(why,
		"is a time zone that this host does not know (%s; is the "
		"tzdata package installed?)",
		path);
	return false;
}
