/* SPDX-License-Identifier: ISC */

/* The directory section of policy.conf: where it is and how it is asked. */

#include "source_conf_int.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "policy/snapshot_int.h"

enum {
	POLL_S = 60,
	TIMEOUT_S = 10,
	MAX_AGE_S = 7 * 86400,
	RETRY_S = 300,
	QUIET_MS = 500,
	FILTER_VERSION = 1 /* another when dir_filter() selects otherwise */
};

static bool
take_uri(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	struct source_directory *d = rd->directory;

	(void)arg; /* the reading's */
	if (strncasecmp(value, "ldap://", 7) != 0 &&
		strncasecmp(value, "ldaps://", 8) != 0 &&
		strncasecmp(value, "ldapi://", 8) != 0) {
		conf_error(rd, s,
			"uri: \"%s\" does not begin with ldap://, ldaps:// or "
			"ldapi://",
			value);
		return false;
	}
	if (d->n_uris == SOURCE_URIS ||
		!text_copy(d->uris[d->n_uris], SOURCE_TEXT, value)) {
		conf_error(rd, s, "uri: at most %d of %d characters",
			SOURCE_URIS, SOURCE_TEXT - 1);
		return false;
	}
	d->n_uris++;
	return true;
}

static bool
take_tag(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	struct source_directory *d = rd->directory;

	(void)arg; /* the reading's */
	if (value[0] == '\0' || d->n_tags == SOURCE_TAGS ||
		!text_copy(d->tags[d->n_tags], SOURCE_TAG, value)) {
		conf_error(rd, s, "tags: at most %d of 1 to %d characters",
			SOURCE_TAGS, SOURCE_TAG - 1);
		return false;
	}
	d->n_tags++;
	return true;
}

struct seconds_key {
	uint32_t least;
	uint32_t most;
	uint32_t *target;
};

static bool
take_seconds(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	const struct seconds_key *k = (const struct seconds_key *)arg;
	uint32_t v;

	if (source_seconds(value, &v) && v >= k->least && v <= k->most) {
		*k->target = v;
		return true;
	}
	conf_error(rd, s,
		"%s: \"%s\" is not a time from %u to %u s (write 60, \"5m\", "
		"\"1h\" or \"7d\")",
		config_setting_name(s), value, k->least, k->most);
	return false;
}

static bool
take_text(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	char *target = (char *)arg;

	if (value[0] != '\0' && text_copy(target, SOURCE_TEXT, value))
		return true;
	conf_error(rd, s, "%s: takes 1 to %d characters",
		config_setting_name(s), SOURCE_TEXT - 1);
	return false;
}

/* "0", "500", "500 ms", "2s" */
static bool
take_quiet(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	const char *end = value + strspn(value, "0123456789");
	const char *unit = end + strspn(end, " ");
	size_t digits = (size_t)(end - value);
	unsigned long n =
		digits > 0 && digits < 6 ? strtoul(value, NULL, 10) : ULONG_MAX;
	unsigned long factor = 0;

	(void)arg; /* the reading's */
	if (*unit == '\0' || strcmp(unit, "ms") == 0)
		factor = 1;
	else if (strcmp(unit, "s") == 0)
		factor = 1000;
	if (factor != 0 && n <= SOURCE_QUIET_MOST_MS / factor) {
		rd->directory->quiet_ms = (uint32_t)(n * factor);
		return true;
	}
	conf_error(rd, s,
		"%s: \"%s\" is not a time from 0 to %d ms (write 500 or "
		"\"2s\")",
		config_setting_name(s), value, SOURCE_QUIET_MOST_MS);
	return false;
}

struct word {
	const char *text;
	uint8_t value;
};

struct word_key {
	const struct word *words;
	uint8_t *target;
};

static bool
take_word(struct reading *rd, const config_setting_t *s, const char *value,
	void *arg)
{
	const struct word_key *k = (const struct word_key *)arg;
	char line[SOURCE_TAG];
	struct text list = text_over(line, sizeof(line));

	for (const struct word *w = k->words; w->text; w++) {
		if (strcasecmp(value, w->text) == 0) {
			*k->target = w->value;
			return true;
		}
		text_printf(&list, "%s\"%s\"",
			w == k->words ? ""
			: w[1].text   ? ", "
				      : " nor ",
			w->text);
	}
	conf_error(rd, s, "%s: \"%s\" is neither %s", config_setting_name(s),
		value, line);
	return false;
}

static void
read_uri(struct reading *rd, const config_setting_t *s)
{
	(void)conf_each_value(rd, s, true, take_uri, NULL); /* said */
}

static void
read_base(struct reading *rd, const config_setting_t *s)
{
	(void)conf_each_value(
		rd, s, false, take_text, rd->directory->base); /* said */
}

static void
read_tags(struct reading *rd, const config_setting_t *s)
{
	(void)conf_each_value(rd, s, true, take_tag, NULL); /* said */
}

static void
read_poll(struct reading *rd, const config_setting_t *s)
{
	struct seconds_key k = { 1, 86400, &rd->directory->poll_s };

	(void)conf_each_value(rd, s, false, take_seconds, &k); /* said */
}

static void
read_timeout(struct reading *rd, const config_setting_t *s)
{
	struct seconds_key k = { 1, 300, &rd->directory->timeout_s };

	(void)conf_each_value(rd, s, false, take_seconds, &k); /* said */
}

static void
read_max_age(struct reading *rd, const config_setting_t *s)
{
	struct seconds_key k = { 0, UINT32_MAX, &rd->directory->max_age_s };

	(void)conf_each_value(rd, s, false, take_seconds, &k); /* said */
}

static void
read_retry(struct reading *rd, const config_setting_t *s)
{
	struct seconds_key k = { 1, 3600, &rd->directory->retry_s };

	(void)conf_each_value(rd, s, false, take_seconds, &k); /* said */
}

static void
read_quiet(struct reading *rd, const config_setting_t *s)
{
	(void)conf_each_value(rd, s, false, take_quiet, NULL); /* said */
}

static void
read_starttls(struct reading *rd, const config_setting_t *s)
{
	static const struct word words[] = { { "demand", STARTTLS_DEMAND },
		{ "never", STARTTLS_NEVER }, { NULL, 0 } };
	struct word_key k = { words, &rd->directory->starttls };

	(void)conf_each_value(rd, s, false, take_word, &k); /* said */
}

static void
read_stale(struct reading *rd, const config_setting_t *s)
{
	static const struct word words[] = { { "keep", SOURCE_STALE_KEEP },
		{ "file", SOURCE_STALE_FILE }, { "deny", SOURCE_STALE_DENY },
		{ NULL, 0 } };
	struct word_key k = { words, &rd->directory->stale };

	(void)conf_each_value(rd, s, false, take_word, &k); /* said */
}

static void
read_mode(struct reading *rd, const config_setting_t *s)
{
	static const struct word words[] = { { "persist", SOURCE_MODE_PERSIST },
		{ "refresh", SOURCE_MODE_REFRESH },
		{ "poll", SOURCE_MODE_POLL }, { NULL, 0 } };
	uint8_t mode = (uint8_t)rd->directory->mode_most;
	struct word_key k = { words, &mode };

	(void)conf_each_value(rd, s, false, take_word, &k); /* said */
	rd->directory->mode_most = (enum source_mode)mode;
}

static void
read_bind_mech(struct reading *rd, const config_setting_t *s)
{
	static const struct word words[] = { { "simple", SOURCE_BIND_SIMPLE },
		{ "EXTERNAL", SOURCE_BIND_EXTERNAL }, { NULL, 0 } };
	struct word_key k = { words, &rd->directory->bind_mech };

	(void)conf_each_value(rd, s, false, take_word, &k); /* said */
}

static void
read_strict(struct reading *rd, const config_setting_t *s)
{
	if (config_setting_type(s) == CONFIG_TYPE_BOOL)
		rd->directory->strict = config_setting_get_bool(s) != 0;
	else
		conf_error(rd, s, "strict: expected true or false");
}

static void
read_ca_file(struct reading *rd, const config_setting_t *s)
{
	(void)conf_each_value(
		rd, s, false, take_text, rd->directory->ca_file); /* said */
}

static void
read_ca_dir(struct reading *rd, const config_setting_t *s)
{
	(void)conf_each_value(
		rd, s, false, take_text, rd->directory->ca_dir); /* said */
}

static void
read_cert_file(struct reading *rd, const config_setting_t *s)
{
	(void)conf_each_value(
		rd, s, false, take_text, rd->directory->cert_file); /* said */
}

static void
read_key_file(struct reading *rd, const config_setting_t *s)
{
	(void)conf_each_value(
		rd, s, false, take_text, rd->directory->key_file); /* said */
}

static void
read_bind_dn(struct reading *rd, const config_setting_t *s)
{
	(void)conf_each_value(
		rd, s, false, take_text, rd->directory->bind_dn); /* said */
}

static void
read_password_file(struct reading *rd, const config_setting_t *s)
{
	(void)conf_each_value(rd, s, false, take_text,
		rd->directory->bind_password_file); /* said */
}

static const struct conf_section directory_keys[] = {
	{ "uri", read_uri },
	{ "base", read_base },
	{ "tags", read_tags },
	{ "poll", read_poll },
	{ "timeout", read_timeout },
	{ "retry", read_retry },
	{ "quiet", read_quiet },
	{ "mode", read_mode },
	{ "strict", read_strict },
	{ "maxAge", read_max_age },
	{ "staleAction", read_stale },
	{ "starttls", read_starttls },
	{ "caFile", read_ca_file },
	{ "caDir", read_ca_dir },
	{ "certFile", read_cert_file },
	{ "keyFile", read_key_file },
	{ "bindMech", read_bind_mech },
	{ "bindDn", read_bind_dn },
	{ "bindPasswordFile", read_password_file },
};

bool
source_uri_is_local(const char *uri)
{
	const char *start = strstr(uri, "://");
	char host[SOURCE_TEXT];
	struct addr a;

	if (!start || strncasecmp(uri, "ldapi", 5) == 0)
		return true;
	if (strncasecmp(start + 3, "[::1]", 5) == 0)
		return true;
	(void)text_copy(host, sizeof(host), start + 3); /* cut: not local */
	host[strcspn(host, ":/")] = '\0';
	if (addr_parse(host, &a))
		return addr_is_loopback(&a);
	return strcasecmp(host, "localhost") == 0;
}

/* The short host name, the full one if it is another, and "all". */
void
source_directory_tags(struct source_directory *d)
{
	char host[SOURCE_TAG];
	char *dot;

	if (gethostname(host, sizeof(host)) == 0) {
		host[sizeof(host) - 1] = '\0';
		dot = strchr(host, '.');
		if (dot)
			*dot = '\0';
		(void)text_copy(d->tags[d->n_tags++], SOURCE_TAG, host);
		if (dot) {
			*dot = '.';
			(void)text_copy(d->tags[d->n_tags++], SOURCE_TAG, host);
		}
	}
	(void)text_copy(d->tags[d->n_tags++], SOURCE_TAG, "all"); /* fits */
}

static void
check_external(struct reading *rd, const config_setting_t *s)
{
	const struct source_directory *d = rd->directory;

	if (d->bind_dn[0] != '\0' || d->bind_password_file[0] != '\0')
		conf_error(rd, s,
			"directory: bindMech = \"EXTERNAL\" takes who we are "
			"from the connection (remove bindDn and "
			"bindPasswordFile)");
	for (size_t i = 0; i < d->n_uris; i++)
		if (strncasecmp(d->uris[i], "ldapi", 5) != 0 &&
			(d->cert_file[0] == '\0' ||
				(strncasecmp(d->uris[i], "ldaps", 5) != 0 &&
					d->starttls != STARTTLS_DEMAND &&
					(d->starttls == STARTTLS_NEVER ||
						source_uri_is_local(
							d->uris[i])))))
			conf_error(rd, s,
				"directory: bindMech = \"EXTERNAL\" needs "
				"ldapi://, or TLS with certFile and keyFile, "
				"for %s",
				d->uris[i]);
}

/* A password must not cross the network in clear. */
static void
check_bind(struct reading *rd, const config_setting_t *s)
{
	const struct source_directory *d = rd->directory;

	if ((d->cert_file[0] != '\0') != (d->key_file[0] != '\0'))
		conf_error(rd, s,
			"directory: certFile and keyFile need each other");
	if (d->bind_mech == SOURCE_BIND_EXTERNAL) {
		check_external(rd, s);
		return;
	}
	if ((d->bind_dn[0] != '\0') != (d->bind_password_file[0] != '\0'))
		conf_error(rd, s,
			"directory: bindDn and bindPasswordFile need each "
			"other");
	if (d->bind_dn[0] == '\0' || d->starttls != STARTTLS_NEVER)
		return;
	for (size_t i = 0; i < d->n_uris; i++)
		if (strncasecmp(d->uris[i], "ldaps", 5) != 0 &&
			!source_uri_is_local(d->uris[i]))
			conf_error(rd, s,
				"directory: bindDn would send the password in "
				"clear to %s (use ldaps:// or starttls = "
				"\"demand\")",
				d->uris[i]);
}

void
conf_read_directory(struct reading *rd, const config_setting_t *s)
{
	enum { N = sizeof(directory_keys) / sizeof(directory_keys[0]) };
	struct source_directory *d = rd->directory;

	if (!config_setting_is_group(s)) {
		conf_error(rd, s,
			"directory: expected a group: directory = { ... };");
		return;
	}
	d->present = true;
	conf_unknown(rd, s, directory_keys, N, "directory");
	conf_read_sections(rd, s, directory_keys, N);
	if (!config_setting_get_member(s, "uri"))
		conf_error(rd, s,
			"directory: uri is missing (add uri = "
			"\"ldaps://host\")");
	if (!config_setting_get_member(s, "base"))
		conf_error(rd, s,
			"directory: base is missing (add base = "
			"\"ou=...,o=...\")");
	if (!config_setting_get_member(s, "tags"))
		source_directory_tags(d);
	check_bind(rd, s);
}

void
source_directory_defaults(struct source_directory *d)
{
	/* It is compared as a whole: no octet may be left to chance. */
	memset(d, 0, sizeof(*d));
	d->poll_s = POLL_S;
	d->timeout_s = TIMEOUT_S;
	d->max_age_s = MAX_AGE_S;
	d->retry_s = RETRY_S;
	d->quiet_ms = QUIET_MS;
	d->mode_most = SOURCE_MODE_PERSIST;
}

uint64_t
source_directory_key(const struct source_directory *d)
{
	uint64_t key = policy_digest(
		POLICY_DIGEST_START, d->base, strlen(d->base) + 1);

	for (size_t i = 0; i < d->n_tags; i++)
		key = policy_digest(key, d->tags[i], strlen(d->tags[i]) + 1);
	return key | 1;
}

uint64_t
source_directory_view(const struct source_directory *d)
{
	uint64_t view = source_directory_key(d);

	view = policy_digest(view, &d->bind_mech, sizeof(d->bind_mech));
	view = policy_digest(view, d->bind_dn, strlen(d->bind_dn) + 1);
	view = policy_digest(view, d->cert_file, strlen(d->cert_file) + 1);
	return policy_digest(view, &(const uint8_t){ FILTER_VERSION }, 1);
}

const char *
conf_directory_key(size_t i)
{
	enum { N = sizeof(directory_keys) / sizeof(directory_keys[0]) };

	return i < N ? directory_keys[i].name : NULL;
}
