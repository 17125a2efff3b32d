/* SPDX-License-Identifier: ISC */
/*
 * libconfig to struct conf: the one file that knows libconfig here.  The whole
 * file is read and judged before anything is taken; each refusal names file,
 * line, key and remedy.
 */
#include "conf_int.h"

#include <errno.h>
#include <inttypes.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "base/lex.h"
#include "base/log.h"

enum { FILE_OCTETS_MAX = 1 << 20, QUOTE_MAX = 40 };

struct reader {
	const char *name; /* of the file */
	struct conf_error *error;
	struct conf *conf;
	unsigned *lines; /* where each interface begins */
};

/* Where a value is: for messages. */
struct place {
	unsigned line;
	char path[100]; /* "limits.sessions" */
};

static bool refuse(struct reader *r, unsigned line, const char *fmt, ...)
	TEXT_PRINTF(3, 4);

static bool
refuse(struct reader *r, unsigned line, const char *fmt, ...)
{
	struct text t = text_over(r->error->text, sizeof(r->error->text));
	va_list ap;

	if (line > 0)
		text_printf(&t, "%s:%u: ", r->name, line);
	else
		text_printf(&t, "%s: ", r->name);
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	return false;
}

/* Foreign text in a message: short and printable. */
static void
quote(struct text *t, const char *s)
{
	const size_t n = strlen(s);

	text_add(t, "\"");
	text_add_escaped(t, s, n < QUOTE_MAX ? n : QUOTE_MAX);
	text_add(t, n < QUOTE_MAX ? "\"" : "...\"");
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
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		return "a list";
	default:
		return "nothing";
	}
}

/* "write for example: refresh = "30 s";" */
static void
add_example(struct text *t, const struct conf_key *key)
{
	struct conf global = { 0 };
	struct conf_iface iface = { 0 };
	const bool of_iface = strcmp(key->group, "interfaces") == 0;

	conf_value_defaults(CONF_GLOBAL, &global);
	conf_value_defaults(CONF_IFACE, &iface);
	/* Examples that show more than these defaults do. */
	if (key->type == CONF_RATE)
		conf_value_set(key, &iface, 1250000);
	else if (key->type == CONF_AREAS)
		conf_value_set(key, &global, 1u << LOG_CORE);
	else if (key->type == CONF_ADDR4)
		conf_value_set(key, &iface, 0xc0000201); /* 192.0.2.1 */
	text_printf(t, "write for example: %s = ", key->name);
	if (of_iface)
		conf_value_syntax(key, &iface, t);
	else
		conf_value_syntax(key, &global, t);
	text_add(t, ";");
}

static bool
refuse_value(struct reader *r, const struct place *at,
	const struct conf_key *key, const char *found)
{
	static const char *const wanted[] = {
		[CONF_BOOL] = "true or false",
		[CONF_COUNT] = "a whole number",
		[CONF_MS] = "a time with its unit (min, s, ms)",
		[CONF_US] = "a time with its unit (s, ms, us)",
		[CONF_RATE] = "a rate in bit/s or B/s (k, M, G, T)",
		[CONF_SIZE] = "a size in B (k, M, G)",
		[CONF_WORD] = "one of the words",
		[CONF_TEXT] = "a name",
		[CONF_AREAS] = "a list of areas",
		[CONF_ADDR4] = "the IPv4 address of a host",
	};
	char buf[250];
	struct text t = text_over(buf, sizeof(buf));

	text_printf(&t, "%s", wanted[key->type]);
	for (size_t i = 0; key->words && key->words[i]; i++)
		text_printf(&t, "%s %s", i > 0 ? "," : ":", key->words[i]);
	if (key->special)
		text_printf(&t, " or \"%s\"", key->special);
	text_add(&t, " (");
	add_example(&t, key);
	text_add(&t, ")");
	return refuse(r, at->line, "%s: %s, not %s", at->path, found, buf);
}

static bool
take_number(struct reader *r, const struct place *at,
	const struct conf_key *key, void *base, uint64_t v)
{
	/* A number is none of the words that have one inside. */
	const struct conf_key plain = { .type = key->type,
		.words = key->words };
	char buf[CONF_VALUE_TEXT];
	struct text t = text_over(buf, sizeof(buf));

	if (v >= key->min && v <= key->max) {
		conf_value_set(key, base, v);
		return true;
	}
	conf_value_number(&plain, v, &t);
	text_add(&t, " is out of range (use ");
	conf_value_number(key, key->min, &t);
	text_add(&t, " to ");
	conf_value_number(key, key->max, &t);
	text_add(&t, ")");
	return refuse(r, at->line, "%s: %s", at->path, buf);
}

static bool
read_count(struct reader *r, const struct place *at, const struct conf_key *key,
	void *base, const config_setting_t *s)
{
	const long long v = config_setting_get_int64(s);

	if (v < 0)
		return refuse(r, at->line,
			"%s: %lld is out of range (use %" PRIu64 " to %" PRIu64
			")",
			at->path, v, key->min, key->max);
	return take_number(r, at, key, base, (uint64_t)v);
}

static bool
read_string(struct reader *r, const struct place *at,
	const struct conf_key *key, void *base, const config_setting_t *s)
{
	const char *value = config_setting_get_string(s);
	char buf[4 * QUOTE_MAX + 8];
	struct text t = text_over(buf, sizeof(buf));
	uint64_t v;

	if (key->special && strcmp(value, key->special) == 0) {
		conf_value_set(key, base, key->special_value);
		return true;
	}
	if (conf_value_parse(key, value, &v))
		return take_number(r, at, key, base, v);
	quote(&t, value);
	return refuse_value(r, at, key, buf);
}

bool
conf_name_is_plain(const char *s, size_t size)
{
	const size_t n = strlen(s);

	if (n == 0 || n >= size || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~' || strchr("/:\"\\", s[i]))
			return false;
	return true;
}

static bool
read_name(struct reader *r, const struct place *at, char *name, size_t size,
	const config_setting_t *s)
{
	const char *value = config_setting_get_string(s);
	char buf[4 * QUOTE_MAX + 8];
	struct text t = text_over(buf, sizeof(buf));

	if (conf_name_is_plain(value, size))
		return text_copy(name, size, value);
	quote(&t, value);
	return refuse(r, at->line,
		"%s: %s is not a usable name (use 1 to %zu letters, digits, "
		"'-', '_' or '.')",
		at->path, buf, size - 1);
}

static bool
read_areas(struct reader *r, const struct place *at, const struct conf_key *key,
	void *base, const config_setting_t *s)
{
	uint64_t mask = 0;

	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *e =
			config_setting_get_elem(s, (unsigned)i);
		const char *word = config_setting_get_string(e);
		char buf[4 * QUOTE_MAX + 8];
		struct text t = text_over(buf, sizeof(buf));
		uint64_t v;

		if (!word)
			return refuse_value(r, at, key, kind_of(e));
		quote(&t, word);
		if (!conf_value_parse(key, word, &v))
			return refuse_value(r, at, key, buf);
		mask |= UINT64_C(1) << v;
	}
	conf_value_set(key, base, mask);
	return true;
}

/* One value by the type that its row wants and the type that it has. */
static bool
read_value(struct reader *r, const struct place *at, const struct conf_key *key,
	void *base, const config_setting_t *s)
{
	const int type = config_setting_type(s);
	const bool whole = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;

	if (key->type == CONF_BOOL && type == CONFIG_TYPE_BOOL)
		return take_number(
			r, at, key, base, config_setting_get_bool(s) != 0);
	if (whole && (key->type == CONF_COUNT || key->type == CONF_SIZE))
		return read_count(r, at, key, base, s);
	if (key->type == CONF_AREAS &&
		(type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST))
		return read_areas(r, at, key, base, s);
	if (type != CONFIG_TYPE_STRING || key->type == CONF_AREAS)
		return refuse_value(r, at, key, kind_of(s));
	if (key->type == CONF_TEXT)
		return read_name(
			r, at, (char *)base + key->offset, key->size, s);
	return read_string(r, at, key, base, s);
}

static bool
refuse_key(struct reader *r, const config_setting_t *s, enum conf_scope scope,
	const char *group)
{
	const char *name = config_setting_name(s);
	const char *nearest = conf_key_nearest(scope, group, name);
	char buf[300];
	struct text t = text_over(buf, sizeof(buf));

	if (group[0] != '\0')
		text_printf(&t, "%s: ", group);
	text_add(&t, "unknown key ");
	quote(&t, name);
	if (nearest)
		text_printf(&t, " (did you mean \"%s\"?)", nearest);
	else
		text_add(&t, " (remove it; rsvpd.conf(5) lists the keys)");
	return refuse(r, config_setting_source_line(s), "%s", buf);
}

static bool
read_group(struct reader *r, const config_setting_t *group)
{
	const char *name = config_setting_name(group);

	if (config_setting_type(group) != CONFIG_TYPE_GROUP)
		return refuse(r, config_setting_source_line(group),
			"%s: %s, not a group (write: %s = { KEY = VALUE; };)",
			name, kind_of(group), name);
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s =
			config_setting_get_elem(group, (unsigned)i);
		const struct conf_key *key = conf_key_find(
			CONF_GLOBAL, name, config_setting_name(s));
		struct place at = { .line = config_setting_source_line(s) };
		struct text t = text_over(at.path, sizeof(at.path));

		if (!key)
			return refuse_key(r, s, CONF_GLOBAL, name);
		text_printf(&t, "%s.%s", name, key->name);
		if (!read_value(r, &at, key, r->conf, s))
			return false;
	}
	return true;
}

/* The section's name comes first: messages about its other keys use it. */
static bool
read_iface_name(struct reader *r, const config_setting_t *section, size_t i)
{
	const config_setting_t *s = config_setting_get_member(section, "name");
	struct conf_iface *iface = &r->conf->ifaces[i];
	struct place at = { .line = config_setting_source_line(section) };
	struct text t = text_over(at.path, sizeof(at.path));

	text_printf(&t, "interfaces[%zu].name", i);
	if (!s)
		return refuse(r, at.line,
			"interfaces[%zu]: no name (add: name = \"eth0\";)", i);
	at.line = config_setting_source_line(s);
	if (config_setting_type(s) != CONFIG_TYPE_STRING)
		return refuse(r, at.line,
			"%s: %s, not text (write: name = \"eth0\";)", at.path,
			kind_of(s));
	if (!read_name(r, &at, iface->name, sizeof(iface->name), s))
		return false;
	for (size_t k = 0; k < i; k++)
		if (strcmp(r->conf->ifaces[k].name, iface->name) == 0)
			return refuse(r, at.line,
				"interfaces.%s: a second section for this "
				"interface (the first is in line %u; keep one)",
				iface->name, r->lines[k]);
	r->lines[i] = at.line;
	return true;
}

static bool
check_iface(struct reader *r, const struct conf_iface *iface, unsigned line)
{
	const uint32_t sum =
		iface->reservable_percent + iface->best_effort_percent;

	if (sum <= 100)
		return true;
	return refuse(r, line,
		"interfaces.%s: reservable %" PRIu32 " and bestEffort %" PRIu32
		" are %" PRIu32
		" percent of the link together (lower one: at most 100)",
		iface->name, iface->reservable_percent,
		iface->best_effort_percent, sum);
}

static bool
read_iface(struct reader *r, const config_setting_t *section, size_t i)
{
	struct conf_iface *iface = &r->conf->ifaces[i];

	if (config_setting_type(section) != CONFIG_TYPE_GROUP)
		return refuse(r, config_setting_source_line(section),
			"interfaces[%zu]: %s, not a group "
			"(write: { name = \"eth0\"; })",
			i, kind_of(section));
	conf_value_defaults(CONF_IFACE, iface);
	if (!read_iface_name(r, section, i))
		return false;
	for (int k = 0; k < config_setting_length(section); k++) {
		const config_setting_t *s =
			config_setting_get_elem(section, (unsigned)k);
		const char *name = config_setting_name(s);
		const struct conf_key *key =
			conf_key_find(CONF_IFACE, "interfaces", name);
		struct place at = { .line = config_setting_source_line(s) };
		struct text t = text_over(at.path, sizeof(at.path));

		if (strcmp(name, "name") == 0)
			continue;
		if (!key)
			return refuse_key(r, s, CONF_IFACE, "interfaces");
		text_printf(&t, "interfaces.%s.%s", iface->name, name);
		if (!read_value(r, &at, key, iface, s))
			return false;
	}
	return check_iface(r, iface, r->lines[i]);
}

static int
compare_iface(const void *a, const void *b)
{
	return strcmp(((const struct conf_iface *)a)->name,
		((const struct conf_iface *)b)->name);
}

static bool
read_ifaces(struct reader *r, const config_setting_t *list)
{
	const unsigned line = config_setting_source_line(list);
	const int type = config_setting_type(list);
	const size_t count = (size_t)config_setting_length(list);

	if (type != CONFIG_TYPE_LIST &&
		!(type == CONFIG_TYPE_ARRAY && count == 0))
		return refuse(r, line,
			"interfaces: %s, not a list of groups "
			"(write: interfaces = ( { name = \"eth0\"; } );)",
			kind_of(list));
	if (count > CONF_IFACES_MAX)
		return refuse(r, line,
			"interfaces: %zu sections (use %d at most)", count,
			CONF_IFACES_MAX);
	r->conf->ifaces = (struct conf_iface *)calloc(
		count + 1, sizeof(r->conf->ifaces[0]));
	r->lines = (unsigned *)calloc(count + 1, sizeof(r->lines[0]));
	if (!r->conf->ifaces || !r->lines)
		return refuse(r, line, "out of memory (free some)");
	for (size_t i = 0; i < count; i++)
		if (!read_iface(
			    r, config_setting_get_elem(list, (unsigned)i), i))
			return false;
	r->conf->iface_count = count;
	qsort(r->conf->ifaces, count, sizeof(r->conf->ifaces[0]),
		compare_iface);
	return true;
}

static bool
read_top(struct reader *r, const config_setting_t *s)
{
	const char *name = config_setting_name(s);
	const struct conf_key *key = conf_key_find(CONF_GLOBAL, "", name);
	struct place at = { .line = config_setting_source_line(s) };

	if (strcmp(name, "interfaces") == 0)
		return read_ifaces(r, s);
	if (conf_group_exists(name))
		return read_group(r, s);
	if (!key)
		return refuse_key(r, s, CONF_GLOBAL, "");
	(void)text_copy(at.path, sizeof(at.path), name); /* a key's: short */
	return read_value(r, &at, key, r->conf, s);
}

/* Without raw sockets an interface has nothing but UDP. */
static bool
check_udp(struct reader *r, const config_setting_t *root)
{
	for (size_t i = 0; i < r->conf->iface_count && !r->conf->raw; i++) {
		const struct conf_iface *iface = &r->conf->ifaces[i];

		if (iface->enabled && iface->udp == CONF_UDP_OFF)
			return refuse(r,
				config_setting_source_line(
					config_setting_get_member(root, "raw")),
				"interfaces.%s.udp: \"off\" leaves the "
				"interface nothing, because raw is false "
				"(remove one of the two)",
				iface->name);
	}
	return true;
}

static bool
read_root(struct reader *r, const config_setting_t *root)
{
	for (int i = 0; i < config_setting_length(root); i++)
		if (!read_top(r, config_setting_get_elem(root, (unsigned)i)))
			return false;
	if (r->conf->pool_low <= r->conf->pool_high)
		return check_udp(r, root);
	/* One of the two was set, so there is a group. */
	return refuse(r,
		config_setting_source_line(
			config_setting_get_member(root, "trafficControl")),
		"trafficControl: poolLow %" PRIu32 " is above poolHigh %" PRIu32
		" (lower it)",
		r->conf->pool_low, r->conf->pool_high);
}

static bool
refuse_syntax(struct reader *r, const config_t *config)
{
	const char *text = config_error_text(config);
	const int line = config_error_line(config);
	const char *remedy = "look here and in the line before for a missing "
			     "';', '=', quote or bracket";

	if (strstr(text, "duplicate"))
		remedy = "a key stands once in its group; remove one";
	else if (strstr(text, "mismatched"))
		remedy = "values between [ ] are of one type";
	return refuse(
		r, line > 0 ? (unsigned)line : 1, "%s (%s)", text, remedy);
}

/* The whole file, terminated; NULL when it is refused.  Caller frees. */
static char *
slurp(struct reader *r, FILE *file, size_t *ret_len)
{
	char *text = (char *)malloc(FILE_OCTETS_MAX + 1);

	if (!text) {
		(void)refuse(r, 0, "out of memory (free some)");
		return NULL;
	}

	const size_t n = fread(text, 1, FILE_OCTETS_MAX + 1, file);

	if (ferror(file))
		(void)refuse(r, 0, "cannot read it: %s (check the file)",
			strerror(errno));
	else if (n > FILE_OCTETS_MAX)
		(void)refuse(r, 0, "larger than %d octets (shorten it)",
			FILE_OCTETS_MAX);
	else {
		text[n] = '\0';
		*ret_len = n;
		return text;
	}
	free(text);
	return NULL;
}

static bool
read_text(struct reader *r, const char *text, size_t len)
{
	struct lex_fault fault;
	config_t config;
	char *ended;
	bool ok;

	if (len == 0)
		return refuse(r, 0,
			"the file is empty, as an editor or a full disk leaves "
			"one (if the defaults are meant, write a comment into "
			"it)");
	if (strlen(text) == len && conf_aix_is(text))
		return conf_aix_read(text, r->name, r->conf, r->error);
	if (!lex_check(text, len, &fault))
		return refuse(r, fault.line, "%s", fault.text);
	ended = lex_ended(text);
	config_init(&config);
	ok = config_read_string(&config, ended ? ended : text) == CONFIG_TRUE
		     ? read_root(r, config_root_setting(&config))
		     : refuse_syntax(r, &config);
	config_destroy(&config);
	free(ended);
	return ok;
}

struct conf *
conf_read(FILE *file, const char *name, struct conf_error *ret_error)
{
	struct reader r = { .name = name, .error = ret_error };
	size_t len = 0;
	char *text = slurp(&r, file, &len);
	bool ok = false;

	if (!text)
		return NULL;
	r.conf = (struct conf *)calloc(1, sizeof(*r.conf));
	if (r.conf) {
		conf_value_defaults(CONF_GLOBAL, r.conf);
		ok = read_text(&r, text, len);
	} else {
		(void)refuse(&r, 0, "out of memory (free some)");
	}
	free(r.lines);
	free(text);
	if (ok)
		return r.conf;
	conf_free(r.conf);
	return NULL;
}
