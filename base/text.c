/* SPDX-License-Identifier: ISC */

/* Building, printing and parsing bounded text; see text.h. */

#include "text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct text
text_over(char *buf, size_t size)
{
	buf[0] = '\0';
	return (struct text){ .buf = buf, .size = size };
}

void
text_vprintf(struct text *t, const char *fmt, va_list ap)
{
	size_t room = t->size - t->len;
	int n = vsnprintf(t->buf + t->len, room, fmt, ap);

	if (n < 0)
		return;
	if ((size_t)n >= room) {
		t->len = t->size - 1;
		t->cut = true;
		return;
	}
	t->len += (size_t)n;
}

void
text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_vprintf(t, fmt, ap);
	va_end(ap);
}

void
text_add(struct text *t, const char *s)
{
	size_t n = strlen(s);
	size_t room = t->size - 1 - t->len;

	if (n > room) {
		n = room;
		t->cut = true;
	}
	memcpy(t->buf + t->len, s, n);
	t->len += n;
	t->buf[t->len] = '\0';
}

void
text_add_escaped(struct text *t, const void *bytes, size_t n)
{
	const unsigned char *p = (const unsigned char *)bytes;

	for (size_t i = 0; i < n; i++) {
		if (p[i] >= 0x20 && p[i] < 0x7f && p[i] != '\\')
			text_printf(t, "%c", p[i]);
		else
			text_printf(t, "\\x%02x", p[i]);
	}
}

void
text_tame(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
}

bool
text_copy(char *dst, size_t size, const char *src)
{
	struct text t = text_over(dst, size);

	text_add(&t, src);
	return !t.cut;
}

uint64_t
text_digest(const char *s)
{
	uint64_t d = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (; *s != '\0'; s++)
		d = (d ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return d >> 1;
}

static void
add_scaled(struct text *t, double v, const char *unit)
{
	static const char *const prefix[] = { "", "k", "M", "G", "T", "P" };
	size_t i = 0;

	if (isnan(v) || isinf(v)) {
		text_printf(t, "%s %s", isnan(v) ? "NaN" : "infinite", unit);
		return;
	}
	while (fabs(v) >= 1000 && i + 1 < sizeof(prefix) / sizeof(prefix[0])) {
		v /= 1000;
		i++;
	}
	text_printf(t, "%.4g %s%s", v, prefix[i], unit);
}

void
text_add_rate(struct text *t, double rate_Bps)
{
	add_scaled(t, rate_Bps * 8, "bit/s");
}

void
text_add_size(struct text *t, double octets)
{
	add_scaled(t, octets, "B");
}

/* Takes "k", "M", "G", "T" off *s and returns its factor; 1 if none. */
static double
take_prefix(const char **s)
{
	static const struct {
		char c;
		double factor;
	} prefixes[] = { { 'k', 1e3 }, { 'K', 1e3 }, { 'M', 1e6 }, { 'G', 1e9 },
		{ 'T', 1e12 } };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (**s == prefixes[i].c) {
			(*s)++;
			return prefixes[i].factor;
		}
	return 1;
}

static bool
take_word(const char **s, const char *word)
{
	size_t n = strlen(word);

	if (strncasecmp(*s, word, n) != 0)
		return false;
	*s += n;
	return true;
}

static bool
parse_quantity(const char *s, bool rate, uint64_t *ret)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;

	double v = strtod(s, &end);
	const char *unit = end;

	while (*unit == ' ')
		unit++;
	v *= take_prefix(&unit);
	if (take_word(&unit, "bit"))
		v /= 8;
	else if (*unit == 'B')
		unit++; /* octets are the default */
	if (rate)
		(void)take_word(&unit, "/s"); /* "2 Mbit" is a rate too */
	if (*unit != '\0' || !isfinite(v) || v >= 9.2e18)
		return false;
	*ret = (uint64_t)v;
	return true;
}

bool
text_parse_rate(const char *s, uint64_t *ret_Bps)
{
	return parse_quantity(s, true, ret_Bps);
}

bool
text_parse_size(const char *s, uint64_t *ret_octets)
{
	return parse_quantity(s, false, ret_octets);
}

size_t
text_distance(const char *a, const char *b, size_t limit)
{
	enum { LONGEST = 64 };
	size_t la = strlen(a);
	size_t lb = strlen(b);
	size_t row[LONGEST + 1];

	if (la > LONGEST || lb > LONGEST)
		return limit;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb] < limit ? row[lb] : limit;
}
