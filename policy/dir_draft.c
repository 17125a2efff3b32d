/* SPDX-License-Identifier: ISC */

/*
 * From kept entries to a draft of rules and categories.
 *
 * An entry that cannot be read is left out and named; so is one with a qos
 * attribute that is not known here, or with an option of one that is, for
 * ignoring a condition would make a rule apply where it must not.
 */

#include <string.h>
#include <strings.h>

#include "dir_int.h"
#include "mirror_int.h"
#include "policy/snapshot_int.h"

#define CATEGORY_CLASS "ServiceCategories"
#define RULE_CLASS     "ServicePolicyRules"
#define RELEASE_CLASS  "qosPolicyGeneration"

struct attribute {
	char name[UINT8_MAX + 1];
	uint16_t count;
};

struct value {
	const uint8_t *bytes; /* NULL: too long to be kept */
	size_t len;
};

struct reading {
	const struct source_directory *directory;
	struct source_draft *draft;
	struct source_report *skipped;
	char dn[SOURCE_WHERE]; /* escaped */
	struct buf_reader attributes;
};

/* ---- the bytes ----------------------------------------------------------- */

static bool
next_attribute(struct buf_reader *r, struct attribute *ret)
{
	size_t len;

	if (buf_left(r) == 0)
		return false;
	len = buf_get_u8(r);
	buf_get_bytes(r, ret->name, len);
	ret->name[len] = '\0';
	ret->count = buf_get_u16le(r);
	return !r->failed;
}

static struct value
next_value(struct buf_reader *r)
{
	size_t len = buf_get_u16le(r);

	if (len == MIRROR_TOO_LONG)
		return (struct value){ NULL, 0 };
	return (struct value){ buf_take(r, len), len };
}

static bool
is_text(const struct value *v, const char *text)
{
	size_t len = strlen(text);

	return v->bytes && v->len == len &&
	       strncasecmp((const char *)v->bytes, text, len) == 0;
}

/* The values of one attribute, as a view; count 0 when there is none. */
static struct buf_reader
values_of(struct buf_reader attributes, const char *name, uint16_t *ret_count)
{
	struct attribute a;

	*ret_count = 0;
	while (next_attribute(&attributes, &a)) {
		if (strcasecmp(a.name, name) == 0) {
			*ret_count = a.count;
			break;
		}
		for (uint16_t i = 0; i < a.count; i++)
			(void)next_value(&attributes); /* not this one */
	}
	return attributes;
}

static bool
has_value(const struct reading *rd, const char *attribute, const char *value)
{
	uint16_t count;
	struct buf_reader r = values_of(rd->attributes, attribute, &count);
	bool found = false;

	for (uint16_t i = 0; i < count && !found; i++) {
		struct value v = next_value(&r);

		found = is_text(&v, value);
	}
	return found;
}

/* ---- conditions and bounds ----------------------------------------------- */

/* As terminated text; false when it is too long or not printable ASCII. */
static bool
value_text(const struct value *v, char text[SOURCE_VALUE])
{
	if (!v->bytes || v->len >= SOURCE_VALUE)
		return false;
	for (size_t i = 0; i < v->len; i++)
		if (v->bytes[i] < 0x20 || v->bytes[i] > 0x7e)
			return false;
	memcpy(text, v->bytes, v->len);
	text[v->len] = '\0';
	return true;
}

static bool
read_value(const struct source_key *key, const struct value *value,
	void *target, struct text *why)
{
	char text[SOURCE_VALUE];
	char said[256];
	struct text what = text_over(said, sizeof(said));

	if (!value_text(value, text)) {
		text_printf(why,
			"%s: a value is not printable ASCII of up to %d "
			"characters",
			key->ldap, SOURCE_VALUE - 1);
		return false;
	}
	if (key->read(key, text, target, &what))
		return true;
	text_printf(why, "%s: %s", key->ldap, said);
	return false;
}

static bool
read_values(const struct source_key *key, const struct attribute *a,
	struct buf_reader *r, void *target, struct text *why)
{
	if (a->count > 1 && !key->many) {
		text_printf(why, "%s has more than one value", key->ldap);
		return false;
	}
	for (uint16_t i = 0; i < a->count; i++) {
		struct value v = next_value(r);

		if (!read_value(key, &v, target, why))
			return false;
	}
	return true;
}

struct keys {
	const struct source_key *at;
	size_t count;
};

static const struct source_key *
find_key(struct keys keys, const char *attr)
{
	for (size_t i = 0; i < keys.count; i++)
		if (keys.at[i].ldap && keys.at[i].read &&
			strcasecmp(keys.at[i].ldap, attr) == 0)
			return keys.at + i;
	return NULL;
}

/* Every attribute of the entry into the target. */
static bool
read_attributes(const struct reading *rd, struct keys keys, void *target,
	struct text *why)
{
	struct buf_reader r = rd->attributes;
	struct attribute a;

	while (next_attribute(&r, &a)) {
		const struct source_key *key = find_key(keys, a.name);

		if (key) {
			if (!read_values(key, &a, &r, target, why))
				return false;
			continue;
		}
		if (strncasecmp(a.name, "qos", 3) == 0 || strchr(a.name, ';')) {
			text_printf(why,
				"attribute %s is not known to this version",
				a.name);
			return false;
		}
		for (uint16_t i = 0; i < a.count; i++)
			(void)next_value(&r); /* of no meaning here */
	}
	if (r.failed)
		text_add(why, "damaged");
	return !r.failed;
}

/* Which tag chose the entry; the first wins. */
static unsigned
tag_rank(const struct reading *rd)
{
	for (unsigned t = 0; t < rd->directory->n_tags; t++)
		if (has_value(rd, "SelectorTag", rd->directory->tags[t]))
			return t;
	return SOURCE_TAGS;
}

/* ---- entries ------------------------------------------------------------- */

static void
read_category(struct reading *rd)
{
	struct keys keys;
	char said[512];
	struct text why = text_over(said, sizeof(said));
	struct source_category *c = source_draft_category(rd->draft, rd->dn);

	keys.at = source_category_keys(&keys.count);
	if (!c) {
		source_report_add(rd->skipped, rd->dn, "skipped (no memory)");
		return;
	}
	c->tag = tag_rank(rd);
	c->category.origin = POLICY_FROM_DIRECTORY;
	if (read_attributes(rd, keys, c, &why) && c->category.name[0] != '\0')
		return;
	if (why.len == 0)
		text_add(&why, "it has no serviceName");
	source_report_add(rd->skipped, rd->dn, "category skipped (%s)", said);
	source_draft_undo_category(rd->draft);
}

static void
read_rule(struct reading *rd)
{
	struct keys keys;
	char said[512];
	struct text why = text_over(said, sizeof(said));
	struct source_rule *r = source_draft_rule(rd->draft, rd->dn);

	keys.at = source_rule_keys(&keys.count);
	if (!r) {
		source_report_add(rd->skipped, rd->dn, "skipped (no memory)");
		return;
	}
	r->tag = tag_rank(rd);
	r->rule->origin = POLICY_FROM_DIRECTORY;
	if (read_attributes(rd, keys, r, &why) && r->rule->name[0] != '\0')
		return;
	if (why.len == 0)
		text_add(&why, "it has no PolicyName");
	source_report_add(rd->skipped, rd->dn, "rule skipped (%s)", said);
	source_draft_undo_rule(rd->draft);
}

/* A DN is text from outside: escaped, and cut where it is too long. */
static void
open_entry(struct reading *rd, const struct mirror_entry *entry)
{
	struct buf_reader r = mirror_entry_bytes(entry);
	struct text dn = text_over(rd->dn, sizeof(rd->dn));
	size_t len = buf_get_u16le(&r);
	const uint8_t *bytes = buf_take(&r, len);

	text_add_escaped(&dn, bytes, bytes ? len : 0);
	rd->attributes = r;
}

static uint64_t
release_of(const struct reading *rd, const struct mirror_entry *entry)
{
	uint16_t count;
	struct buf_reader r =
		values_of(rd->attributes, "qosGeneration", &count);
	uint64_t digest = policy_digest(
		POLICY_DIGEST_START, mirror_entry_id(entry), MIRROR_ID);

	for (uint16_t i = 0; i < count; i++) {
		struct value v = next_value(&r);

		if (v.bytes)
			digest = policy_digest(digest, v.bytes, v.len);
	}
	return digest;
}

void
dir_draft(const struct mirror *mirror, const struct source_directory *directory,
	struct source_draft *draft, struct source_report *skipped)
{
	struct reading rd = {
		.directory = directory, .draft = draft, .skipped = skipped
	};

	for (const struct mirror_entry *e = mirror_next(mirror, NULL); e;
		e = mirror_next(mirror, e)) {
		open_entry(&rd, e);
		if (has_value(&rd, "objectClass", CATEGORY_CLASS))
			read_category(&rd);
		else if (has_value(&rd, "objectClass", RULE_CLASS))
			read_rule(&rd);
	}
}

uint64_t
dir_draft_release(const struct mirror *mirror)
{
	struct reading rd = { 0 };
	uint64_t release = 0;

	for (const struct mirror_entry *e = mirror_next(mirror, NULL); e;
		e = mirror_next(mirror, e)) {
		open_entry(&rd, e);
		if (has_value(&rd, "objectClass", RELEASE_CLASS))
			release += release_of(&rd, e); /* in any order */
	}
	return release;
}
