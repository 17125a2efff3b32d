/* SPDX-License-Identifier: ISC */
/*
 * One configuration value: between its place in a struct, a number, and text.
 * Texts are exact: what is printed parses to the same value.
 */
#include "conf_int.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

struct unit {
	const char *name;
	uint64_t size;
};

/* Largest first; the last one divides everything. */
static const struct unit times_us[] = { { "min", 60000000 }, { "s", 1000000 },
	{ "ms", 1000 }, { "us", 1 } };
static const struct unit rates_bit[] = { { "Tbit/s", 1000000000000 },
	{ "Gbit/s", 1000000000 }, { "Mbit/s", 1000000 }, { "kbit/s", 1000 },
	{ "bit/s", 1 } };
static const struct unit sizes[] = { { "GB", 1000000000 }, { "MB", 1000000 },
	{ "kB", 1000 }, { "B", 1 } };

uint64_t
conf_value_get(const struct conf_key *key, const void *base)
{
	const char *at = (const char *)base + key->offset;
	uint64_t v64;
	uint32_t v32;
	bool v1;

	switch (key->size) {
	case sizeof(v64):
		memcpy(&v64, at, sizeof(v64));
		return v64;
	case sizeof(v32):
		memcpy(&v32, at, sizeof(v32));
		return v32;
	default:
		memcpy(&v1, at, sizeof(v1));
		return v1;
	}
}

void
conf_value_set(const struct conf_key *key, void *base, uint64_t value)
{
	char *at = (char *)base + key->offset;
	const uint32_t v32 = (uint32_t)value;
	const bool v1 = value != 0;

	switch (key->size) {
	case sizeof(value):
		memcpy(at, &value, sizeof(value));
		break;
	case sizeof(v32):
		memcpy(at, &v32, sizeof(v32));
		break;
	default:
		memcpy(at, &v1, sizeof(v1));
		break;
	}
}

void
conf_value_defaults(enum conf_scope scope, void *base)
{
	const struct conf_key *key;

	for (size_t i = 0; (key = conf_key_at(scope, i)); i++) {
		if (key->type == CONF_TEXT)
			(void)text_copy((char *)base + key->offset, key->size,
				key->text); /* ours; it fits */
		else
			conf_value_set(key, base, key->value);
	}
}

bool
conf_value_equal(const struct conf_key *key, const void *a, const void *b)
{
	if (key->type == CONF_TEXT)
		return strcmp((const char *)a + key->offset,
			       (const char *)b + key->offset) == 0;
	return conf_value_get(key, a) == conf_value_get(key, b);
}

static bool
parse_time(const char *s, uint64_t unit_us, uint64_t *ret_value)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;

	const double v = strtod(s, &end);

	while (*end == ' ')
		end++;
	for (size_t i = 0; i < sizeof(times_us) / sizeof(times_us[0]); i++) {
		if (strcmp(end, times_us[i].name) != 0)
			continue;

		const double n = v * (double)times_us[i].size / (double)unit_us;

		if (!isfinite(n) || n > 1e15 || n != floor(n))
			return false;
		*ret_value = (uint64_t)n;
		return true;
	}
	return false;
}

static bool
parse_word(const char *const *words, const char *s, uint64_t *ret_value)
{
	for (size_t i = 0; words[i]; i++)
		if (strcmp(words[i], s) == 0) {
			*ret_value = i;
			return true;
		}
	return false;
}

static bool
parse_addr4(const char *s, uint64_t *ret_value)
{
	struct addr addr;

	if (!addr_parse(s, &addr) || addr.family != ADDR_V4 ||
		!addr_is_unicast(&addr))
		return false;
	*ret_value = (uint64_t)addr.b[0] << 24 | (uint64_t)addr.b[1] << 16 |
		     (uint64_t)addr.b[2] << 8 | addr.b[3];
	return true;
}

bool
conf_value_parse(const struct conf_key *key, const char *s, uint64_t *ret_value)
{
	if (key->special && strcmp(s, key->special) == 0) {
		*ret_value = key->special_value;
		return true;
	}
	switch (key->type) {
	case CONF_MS:
		return parse_time(s, 1000, ret_value);
	case CONF_US:
		return parse_time(s, 1, ret_value);
	case CONF_RATE:
		return text_parse_rate(s, ret_value);
	case CONF_SIZE:
		return text_parse_size(s, ret_value);
	case CONF_WORD:
	case CONF_AREAS:
		return parse_word(key->words, s, ret_value);
	case CONF_ADDR4:
		return parse_addr4(s, ret_value);
	case CONF_BOOL:
	case CONF_COUNT:
	case CONF_TEXT:
		break;
	}
	return false;
}

static void
add_in_units(struct text *t, uint64_t v, const struct unit *units)
{
	size_t i = 0;

	while (units[i].size > 1 && (v == 0 || v % units[i].size != 0))
		i++;
	text_printf(t, "%" PRIu64 " %s", v / units[i].size, units[i].name);
}

static void
add_addr4(struct text *t, uint32_t v)
{
	const struct addr addr = addr_v4_u32(v);
	char buf[ADDR_TEXT];

	text_add(t, addr_format(&addr, buf));
}

/* The words of a mask; quote and gap as the reader of the text has it. */
static void
add_words(struct text *t, const char *const *words, uint64_t mask,
	const char *quote)
{
	const char *gap = "";

	for (size_t i = 0; words[i]; i++) {
		if ((mask >> i & 1) == 0)
			continue;
		text_printf(t, "%s%s%s%s", gap, quote, words[i], quote);
		gap = ", ";
	}
}

void
conf_value_number(const struct conf_key *key, uint64_t v, struct text *t)
{
	if (key->special && v == key->special_value) {
		text_add(t, key->special);
		return;
	}
	switch (key->type) {
	case CONF_BOOL:
		text_add(t, v != 0 ? "true" : "false");
		break;
	case CONF_COUNT:
	case CONF_TEXT:
		text_printf(t, "%" PRIu64, v);
		break;
	case CONF_MS:
		add_in_units(t, v * 1000, times_us);
		break;
	case CONF_US:
		add_in_units(t, v, times_us);
		break;
	case CONF_RATE:
		add_in_units(t, v * 8, rates_bit);
		break;
	case CONF_SIZE:
		add_in_units(t, v, sizes);
		break;
	case CONF_WORD:
		text_add(t, key->words[v]);
		break;
	case CONF_AREAS:
		add_words(t, key->words, v, "");
		break;
	case CONF_ADDR4:
		add_addr4(t, (uint32_t)v);
		break;
	}
}

void
conf_value_text(const struct conf_key *key, const void *base, struct text *t)
{
	if (key->type == CONF_TEXT)
		text_add(t, (const char *)base + key->offset);
	else
		conf_value_number(key, conf_value_get(key, base), t);
}

/* Everything but numbers and booleans is quoted; no value holds a quote. */
void
conf_value_syntax(const struct conf_key *key, const void *base, struct text *t)
{
	const bool plain =
		key->type == CONF_BOOL ||
		(key->type == CONF_COUNT &&
			!(key->special && conf_value_get(key, base) ==
						  key->special_value));

	if (key->type == CONF_AREAS) {
		text_add(t, "[ ");
		add_words(t, key->words, conf_value_get(key, base), "\"");
		text_add(t, conf_value_get(key, base) != 0 ? " ]" : "]");
		return;
	}
	text_add(t, plain ? "" : "\"");
	conf_value_text(key, base, t);
	text_add(t, plain ? "" : "\"");
}
