/* SPDX-License-Identifier: ISC */

/* Values of a description, by the tables of keys. */

#include "tree_conf_int.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { NEAR = 4, QUOTE_MAX = 40, US_PER_S = 1000000 };

unsigned
tree_line(const config_setting_t *s)
{
	return config_setting_source_line(s);
}

/* Foreign text in a message: short and printable. */
static const char *
quoted(const char *s, char buf[4 * QUOTE_MAX + 8])
{
	struct text t = text_over(buf, 4 * QUOTE_MAX + 8);
	size_t n = strlen(s);

	text_add(&t, "\"");
	text_add_escaped(&t, s, n < QUOTE_MAX ? n : QUOTE_MAX);
	text_add(&t, n < QUOTE_MAX ? "\"" : "...\"");
	return buf;
}

static const char *
kind_of(const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_GROUP:
		return "a group";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a whole number";
	case CONFIG_TYPE_FLOAT:
		return "a number with a fraction";
	case CONFIG_TYPE_STRING:
		return "text";
	case CONFIG_TYPE_BOOL:
		return "a truth value";
	default:
		return "a list";
	}
}

static bool
refuse(struct tree_reading *r, const config_setting_t *s, const char *key,
	const char *wanted, const char *example)
{
	char buf[4 * QUOTE_MAX + 8];
	const char *found = config_setting_type(s) == CONFIG_TYPE_STRING
				    ? quoted(config_setting_get_string(s), buf)
				    : kind_of(s);

	tree_error(r->faults, tree_line(s),
		"%s: %s, not %s (write for example: %s = %s;)", key, found,
		wanted, key, example);
	return false;
}

const char *
tree_get_text(struct tree_reading *r, const config_setting_t *s,
	const char *key, const char *example)
{
	if (config_setting_type(s) == CONFIG_TYPE_STRING)
		return config_setting_get_string(s);
	refuse(r, s, key, "text", example);
	return NULL;
}

bool
tree_get_bool(struct tree_reading *r, const config_setting_t *s,
	const char *key, bool *ret)
{
	if (config_setting_type(s) != CONFIG_TYPE_BOOL)
		return refuse(r, s, key, "true or false", "true");
	*ret = config_setting_get_bool(s) != 0;
	return true;
}

/* Digits with an optional 0x, nothing else. */
static bool
parse_number(const char *text, uint64_t *ret)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	*ret = strtoull(text, &end, 0);
	return *end == '\0' && *ret < ULLONG_MAX;
}

static bool
in_range(struct tree_reading *r, const config_setting_t *s, const char *key,
	uint64_t v, uint64_t min, uint64_t max)
{
	if (v >= min && v <= max)
		return true;
	tree_error(r->faults, tree_line(s),
		"%s: %" PRIu64 " is out of range (use %" PRIu64 " to %" PRIu64
		")",
		key, v, min, max);
	return false;
}

static bool
get_count(struct tree_reading *r, const config_setting_t *s, const char *key,
	const char *example, uint64_t *ret)
{
	int type = config_setting_type(s);

	if (type == CONFIG_TYPE_STRING)
		return parse_number(config_setting_get_string(s), ret) ||
		       refuse(r, s, key, "a whole number", example);
	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		return refuse(r, s, key, "a whole number", example);
	if (config_setting_get_int64(s) < 0) {
		tree_error(r->faults, tree_line(s),
			"%s: %lld is below 0 (use 0 or more)", key,
			config_setting_get_int64(s));
		return false;
	}
	*ret = (uint64_t)config_setting_get_int64(s);
	return true;
}

bool
tree_get_number(struct tree_reading *r, const config_setting_t *s,
	const char *key, uint64_t max, const char *example, uint64_t *ret)
{
	return get_count(r, s, key, example, ret) &&
	       in_range(r, s, key, *ret, 0, max);
}

/* Up to four hexadecimal digits. */
static bool
take_hex16(const char **p, uint32_t *ret)
{
	enum { DIGITS = 4 };
	size_t n = strspn(*p, "0123456789abcdefABCDEF");

	if (n > DIGITS)
		return false;
	*ret = n > 0 ? (uint32_t)strtoul(*p, NULL, 16) : 0;
	*p += n;
	return true;
}

bool
tree_parse_handle(const char *text, uint32_t *ret)
{
	const char *p = text;
	uint32_t major;
	uint32_t minor;

	if (!take_hex16(&p, &major) || *p++ != ':' || !take_hex16(&p, &minor) ||
		*p != '\0')
		return false;
	*ret = major << 16 | minor;
	return true;
}

bool
tree_get_class(struct tree_reading *r, const config_setting_t *s,
	const char *key, uint32_t *ret)
{
	if (config_setting_type(s) == CONFIG_TYPE_STRING &&
		tree_parse_handle(config_setting_get_string(s), ret) &&
		(*ret & 0xffff) != 0)
		return true;
	return refuse(r, s, key, "a class in hexadecimal numbers", "\"1:10\"");
}

bool
tree_get_target(struct tree_reading *r, const config_setting_t *s,
	const char *key, uint32_t *ret, bool *ret_missing)
{
	static const char missing[] = "missing ";
	const char *text = config_setting_type(s) == CONFIG_TYPE_STRING
				   ? config_setting_get_string(s)
				   : "";

	*ret_missing = strncmp(text, missing, sizeof(missing) - 1) == 0;
	if (!*ret_missing)
		return tree_get_class(r, s, key, ret);
	return tree_parse_handle(text + sizeof(missing) - 1, ret) ||
	       refuse(r, s, key, "a class in hexadecimal numbers", "\"1:10\"");
}

bool
tree_is_name(const char *name)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-_.@:";

	return name[0] != '\0' && name[strspn(name, plain)] == '\0' &&
	       strlen(name) < TC_NAME && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

bool
tree_get_name(struct tree_reading *r, const config_setting_t *s,
	const char *key, char ret[TC_NAME])
{
	const char *name = tree_get_text(r, s, key, "\"eth0\"");
	char buf[4 * QUOTE_MAX + 8];

	if (!name)
		return false;
	if (tree_is_name(name)) {
		(void)text_copy(ret, TC_NAME, name); /* fits */
		return true;
	}
	tree_error(r->faults, tree_line(s),
		"%s: %s is not the name of an interface (use 1 to 15 letters, "
		"digits, '-', '_', '.', '@' or ':')",
		key, quoted(name, buf));
	return false;
}

bool
tree_is_list(struct tree_reading *r, const config_setting_t *s, const char *key,
	const char *example)
{
	return config_setting_is_list(s) ||
	       refuse(r, s, key, "a list of groups", example);
}

bool
tree_is_group(struct tree_reading *r, const config_setting_t *s,
	const char *key, const char *example)
{
	return config_setting_is_group(s) ||
	       refuse(r, s, key, "a group", example);
}

int
tree_get_word(struct tree_reading *r, const config_setting_t *s,
	const char *key, const char *const *words, size_t count)
{
	char list[160];
	char example[40];
	struct text t = text_over(list, sizeof(list));
	struct text e = text_over(example, sizeof(example));

	for (size_t i = 0; i < count; i++)
		if (config_setting_type(s) == CONFIG_TYPE_STRING &&
			strcmp(config_setting_get_string(s), words[i]) == 0)
			return (int)i;
	text_add(&t, "one of the words");
	for (size_t i = 0; i < count; i++)
		text_printf(&t, "%s %s", i > 0 ? "," : ":", words[i]);
	text_printf(&e, "\"%s\"", words[0]);
	refuse(r, s, key, list, example);
	return -1;
}

/* A number with us, ms, s or min, in microseconds. */
static bool
parse_time(const char *text, uint64_t *ret)
{
	static const struct {
		const char *unit;
		double us;
	} units[] = { { "us", 1 }, { "ms", 1e3 }, { "s", 1e6 },
		{ "min", 6e7 } };
	char *end;
	double v;

	if (text[0] < '0' || text[0] > '9')
		return false;
	v = strtod(text, &end);
	end += strspn(end, " ");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].unit) == 0 && v * units[i].us < 1e12) {
			*ret = (uint64_t)(v * units[i].us + 0.5);
			return true;
		}
	return false;
}

/* "320001 ticks": what no whole number of octets gives. */
static bool
parse_ticks(const char *text, uint64_t *ret)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	*ret = strtoull(text, &end, 10);
	return strcmp(end, " ticks") == 0;
}

static bool
get_size(struct tree_reading *r, const config_setting_t *s, const char *key,
	const char *example, uint64_t *ret)
{
	if (config_setting_type(s) != CONFIG_TYPE_STRING)
		return config_setting_is_number(s) && config_setting_type(s) !=
							      CONFIG_TYPE_FLOAT
			       ? get_count(r, s, key, example, ret)
			       : refuse(r, s, key, "a size in B (k, M, G)",
					 example);
	return text_parse_size(config_setting_get_string(s), ret) ||
	       refuse(r, s, key, "a size in B (k, M, G)", example);
}

static void
get_burst(struct tree_reading *r, const config_setting_t *s,
	const struct tree_key *key, struct tree_burst *ret)
{
	uint64_t v = 0;

	if (config_setting_type(s) == CONFIG_TYPE_STRING &&
		parse_ticks(config_setting_get_string(s), &v)) {
		if (in_range(r, s, key->name, v, 1, UINT32_MAX))
			ret->ticks = v;
	} else if (get_size(r, s, key->name, key->example, &v) &&
		   in_range(r, s, key->name, v, key->min, key->max)) {
		ret->bytes = v;
	}
}

static bool
get_rate(struct tree_reading *r, const config_setting_t *s,
	const struct tree_key *key, uint64_t *ret)
{
	if (config_setting_type(s) != CONFIG_TYPE_STRING ||
		!text_parse_rate(config_setting_get_string(s), ret))
		return refuse(r, s, key->name,
			"a rate in bit/s or B/s (k, M, G, T)", key->example);
	if (*ret >= key->min && *ret <= key->max)
		return true;
	tree_error(r->faults, tree_line(s),
		"%s: \"%s\" is out of range (use 8 bit/s to 8 Tbit/s)",
		key->name, config_setting_get_string(s));
	return false;
}

static bool
get_time(struct tree_reading *r, const config_setting_t *s,
	const struct tree_key *key, uint64_t *ret)
{
	const bool whole = key->type == TREE_T_SECONDS;

	if (config_setting_type(s) != CONFIG_TYPE_STRING ||
		!parse_time(config_setting_get_string(s), ret) ||
		(whole && *ret % US_PER_S != 0))
		return refuse(r, s, key->name,
			whole ? "a time in whole seconds (min, s)"
			      : "a time with its unit (s, ms, us)",
			key->example);
	if (whole)
		*ret /= US_PER_S;
	if (*ret >= key->min && *ret <= key->max)
		return true;
	tree_error(r->faults, tree_line(s),
		"%s: \"%s\" is out of range (use %" PRIu64 " to %" PRIu64
		" %s)",
		key->name, config_setting_get_string(s), key->min, key->max,
		whole ? "s" : "us");
	return false;
}

static void
get_value(struct tree_reading *r, const config_setting_t *s,
	const struct tree_key *key, struct tree_params *to)
{
	uint8_t *at = (uint8_t *)to + key->offset;
	uint64_t v = 0;
	bool yes = false;
	bool ok = false;

	switch (key->type) {
	case TREE_T_COUNT:
		ok = get_count(r, s, key->name, key->example, &v) &&
		     in_range(r, s, key->name, v, key->min, key->max);
		break;
	case TREE_T_RATE:
		ok = get_rate(r, s, key, &v);
		break;
	case TREE_T_SIZE:
		ok = get_size(r, s, key->name, key->example, &v) &&
		     in_range(r, s, key->name, v, key->min, key->max);
		break;
	case TREE_T_BURST:
		get_burst(r, s, key, (struct tree_burst *)(void *)at);
		break;
	case TREE_T_TIME:
	case TREE_T_SECONDS:
		ok = get_time(r, s, key, &v);
		break;
	case TREE_T_BOOL:
		ok = tree_get_bool(r, s, key->name, &yes);
		v = yes;
		break;
	case TREE_T_OTHER:
		break;
	}
	if (ok)
		memcpy(at, &v, sizeof(v));
}

static const char *
nearest(const char *word, const struct tree_keys *keys)
{
	const char *near = NULL;
	size_t best = NEAR;

	for (size_t i = 0; i < keys->count; i++) {
		size_t d =
			(keys->all[i].kinds & keys->kind) != 0
				? text_distance(word, keys->all[i].name, NEAR)
				: NEAR;

		if (d < best) {
			best = d;
			near = keys->all[i].name;
		}
	}
	return near;
}

static void
refuse_key(struct tree_reading *r, const config_setting_t *s,
	const struct tree_keys *keys, bool of_another)
{
	const char *name = config_setting_name(s);
	const char *near = of_another ? NULL : nearest(name, keys);

	if (of_another)
		tree_error(r->faults, tree_line(s),
			"%s: %s has no such key (remove it; tcctl.conf(5) "
			"lists them)",
			name, keys->in);
	else if (near)
		tree_error(r->faults, tree_line(s),
			"unknown key \"%s\" in %s (did you mean \"%s\"?)", name,
			keys->in, near);
	else
		tree_error(r->faults, tree_line(s),
			"unknown key \"%s\" in %s (remove it; tcctl.conf(5) "
			"lists the keys)",
			name, keys->in);
}

/* NULL: there is none; *ret_other: but groups of another kind have it. */
static const struct tree_key *
find_key(const struct tree_keys *keys, const char *name, bool *ret_other)
{
	*ret_other = false;
	for (size_t i = 0; i < keys->count; i++) {
		if (strcmp(keys->all[i].name, name) != 0)
			continue;
		if ((keys->all[i].kinds & keys->kind) != 0)
			return &keys->all[i];
		*ret_other = true;
	}
	return NULL;
}

void
tree_get_keys(struct tree_reading *r, const config_setting_t *group,
	const struct tree_keys *keys, struct tree_params *ret)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s =
			config_setting_get_elem(group, (unsigned)i);
		bool other;
		const struct tree_key *found =
			find_key(keys, config_setting_name(s), &other);

		if (found)
			get_value(r, s, found, ret);
		else
			refuse_key(r, s, keys, other);
	}
}

void *
tree_grow(struct tree_reading *r, unsigned line, void **array, size_t *count,
	size_t size, const char *what)
{
	enum { FIRST = 4 };
	size_t n = *count;
	void *bigger = *array;

	if (n >= TREE_OBJECTS_MAX) {
		tree_error(r->faults, line, "more than %d %s (split the file)",
			TREE_OBJECTS_MAX, what);
		return NULL;
	}
	if (n == 0 || (n >= FIRST && (n & (n - 1)) == 0))
		bigger = realloc(*array, (n == 0 ? FIRST : n * 2) * size);
	if (!bigger) {
		r->no_memory = true;
		tree_error(r->faults, line, "no memory");
		return NULL;
	}
	*array = bigger;
	*count = n + 1;
	bigger = (uint8_t *)bigger + n * size;
	memset(bigger, 0, size);
	return bigger;
}
