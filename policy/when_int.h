/* SPDX-License-Identifier: ISC */
#ifndef WHEN_INT_H
#define WHEN_INT_H

/*
 * Conditions on time: whether one holds, and when that may change next.  Pure:
 * a time zone is the list of its changes, which policyd reads from the zone
 * files of its host, so that the engine opens nothing and any thread may ask.
 *
 * As in RFC 3060 every part that is set must hold at the moment itself: 22:00-
 * 06:00 on Mondays is the first six and the last two hours of a Monday.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/text.h"
#include "policy/policy.h"

enum {
	POLICY_DAYTIMES = 8,
	POLICY_DAY_S = 86400,
	POLICY_ZONE_NAME = 64, /* with its terminator */
	POLICY_ZONES_MAX = 256,
	POLICY_ZONE_CHANGES_MAX = 1024,
	POLICY_WHENS_MAX = 200000,
	POLICY_OFFSET_MAX_S = 26 * 3600 /* of any zone from UTC */
};

/* From one second of the day up to, not including, another; past midnight
 * when that is earlier; never when they are the same. */
struct policy_daytime {
	uint32_t from_s;
	uint32_t until_s; /* up to POLICY_DAY_S */
};

struct policy_when {
	char name[POLICY_NAME]; /* of a schedule; "": of one rule */
	uint32_t zone;          /* index in struct policy_times */
	uint8_t n_times;        /* 0: all day */
	uint8_t days;           /* bit 0: Monday; 0: any */
	uint16_t months;        /* bit 0: January; 0: any */
	uint32_t month_days;    /* bit 0: the first; 0: any */
	int64_t valid_from_s;   /* INT64_MIN: not set */
	int64_t valid_until_s;  /* not included; INT64_MAX: not set */
	struct policy_daytime times[POLICY_DAYTIMES];
};

struct policy_zone_change {
	int64_t at_s;     /* ascending */
	int32_t offset_s; /* east of UTC, from then on */
};

struct policy_zone {
	char name[POLICY_ZONE_NAME];
	int32_t offset_s; /* before the first change */
	size_t count;
	struct policy_zone_change *changes;
};

struct policy_times {
	struct policy_zone *zones;
	size_t n_zones;
	struct policy_when *whens;
	size_t n_whens;
};

void policy_when_init(struct policy_when *when);
bool policy_when_holds(const struct policy_times *times,
	const struct policy_when *when, int64_t now_s);
/* The next moment after now at which that may change; INT64_MAX: none. */
int64_t policy_when_next(const struct policy_times *times,
	const struct policy_when *when, int64_t now_s);
/* It can never hold. */
bool policy_when_empty(const struct policy_when *when);
/* All but the names are the same. */
bool policy_when_same(const struct policy_when *a, const struct policy_when *b);
/* For people. */
void policy_when_text(struct text *t, const struct policy_times *times,
	const struct policy_when *when);

/* A moment that a calendar of four digits has; an offset that a zone has. */
bool policy_moment_valid(int64_t at_s);
bool policy_offset_valid(int32_t offset_s);
/* Days since 1970-01-01 of a date of the Gregorian calendar. */
int64_t policy_days_from_civil(int64_t year, unsigned month, unsigned day);
/* 0 for Monday. */
unsigned policy_weekday(int64_t days);

void policy_times_done(const struct alloc *alloc, struct policy_times *times);

#endif /* WHEN_INT_H */
