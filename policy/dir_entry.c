/* SPDX-License-Identifier: ISC */

/*
 * An entry of the directory in the mirror's form, and the filter that selects
 * entries.  What no rule can need is left out; a value that is longer than any
 * that could be read is kept as the fact that it was too long.
 */

#include "dir_ldap_int.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "policy/snapshot_int.h"

enum { VALUES_MAX = 2 * POLICY_LIST_MAX };

#define CLASSES                                                                \
	"(objectClass=ServiceCategories)(objectClass=ServicePolicyRules)"      \
	"(objectClass=qosPolicyGeneration)"

/* Also with an option (";lang-de", RFC 4512 2.5). */
static bool
in_keys(const struct source_key *keys, size_t n, const char *attr)
{
	const size_t len = strcspn(attr, ";");

	for (size_t i = 0; i < n; i++)
		if (keys[i].ldap && strlen(keys[i].ldap) == len &&
			strncasecmp(keys[i].ldap, attr, len) == 0)
			return true;
	return false;
}

/* Could it be a condition or a bound, of this version or a later one? */
static bool
is_wanted(const char *attr)
{
	size_t rules;
	size_t categories;
	const struct source_key *rule = source_rule_keys(&rules);
	const struct source_key *category = source_category_keys(&categories);

	return strncasecmp(attr, "qos", 3) == 0 ||
	       strcasecmp(attr, "objectClass") == 0 ||
	       strcasecmp(attr, "SelectorTag") == 0 ||
	       in_keys(rule, rules, attr) ||
	       in_keys(category, categories, attr);
}

static void
pack_values(struct buf_writer *w, struct berval **values)
{
	size_t n = 0;

	while (values && values[n] && n < VALUES_MAX)
		n++;
	buf_put_u16le(w, (uint16_t)n);
	for (size_t i = 0; i < n; i++) {
		size_t len = values[i]->bv_len;

		if (len >= SOURCE_VALUE) {
			buf_put_u16le(w, MIRROR_TOO_LONG);
			continue;
		}
		buf_put_u16le(w, (uint16_t)len);
		buf_put_bytes(w, values[i]->bv_val, len);
	}
}

static void
pack_attributes(LDAP *ld, LDAPMessage *entry, struct buf_writer *w)
{
	BerElement *ber = NULL;
	char *next = NULL;

	for (char *a = ldap_first_attribute(ld, entry, &ber); a; a = next) {
		size_t len = strlen(a);

		if (len <= UINT8_MAX && is_wanted(a)) {
			struct berval **values =
				ldap_get_values_len(ld, entry, a);

			buf_put_u8(w, (uint8_t)len);
			buf_put_bytes(w, a, len);
			pack_values(w, values);
			ldap_value_free_len(values);
		}
		next = ldap_next_attribute(ld, entry, ber);
		ldap_memfree(a);
	}
	if (ber)
		ber_free(ber, 0);
}

size_t
dir_entry_pack(LDAP *ld, LDAPMessage *entry, uint8_t bytes[DIR_ENTRY_MAX])
{
	struct buf_writer w = buf_writer(bytes, DIR_ENTRY_MAX);
	char *dn = ldap_get_dn(ld, entry);
	size_t len = dn ? strnlen(dn, (size_t)SOURCE_WHERE * 4) : 0;

	buf_put_u16le(&w, (uint16_t)len);
	buf_put_bytes(&w, dn, len);
	ldap_memfree(dn);
	pack_attributes(ld, entry, &w);
	return w.failed ? 0 : buf_written(&w);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "xxxxxxxx-xxxx-..." of RFC 4530. */
static bool
parse_uuid(const struct berval *value, uint8_t id[MIRROR_ID])
{
	size_t digits = 0;

	memset(id, 0, MIRROR_ID);
	for (size_t i = 0; i < value->bv_len; i++) {
		int v = hex_digit(value->bv_val[i]);

		if (value->bv_val[i] == '-')
			continue;
		if (v < 0 || digits == 2 * (size_t)MIRROR_ID)
			return false;
		id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | v);
		digits++;
	}
	return digits == 2 * (size_t)MIRROR_ID;
}

static void
put_digest(uint8_t *to, uint64_t digest)
{
	struct buf_writer w = buf_writer(to, sizeof(digest));

	buf_put_u64le(&w, digest);
}

void
dir_entry_id(LDAP *ld, LDAPMessage *entry, uint8_t ret_id[MIRROR_ID])
{
	struct berval **values = ldap_get_values_len(ld, entry, "entryUUID");
	bool good = values && values[0] && parse_uuid(values[0], ret_id);

	if (!good) {
		char *dn = ldap_get_dn(ld, entry);
		size_t len = dn ? strlen(dn) : 0;
		uint64_t first = policy_digest(POLICY_DIGEST_START, dn, len);

		put_digest(ret_id, first);
		put_digest(ret_id + 8, policy_digest(~first, dn, len));
		ldap_memfree(dn);
	}
	ldap_value_free_len(values);
}

/* Values are escaped by RFC 4515.  A generation entry may be without a tag:
 * then it is for everybody. */
bool
dir_filter(const struct source_directory *d, char filter[DIR_FILTER])
{
	struct text t = text_over(filter, DIR_FILTER);

	text_add(&t, "(|(&(|" CLASSES ")(|");
	for (size_t i = 0; i < d->n_tags; i++) {
		char tag[SOURCE_TAG];
		struct berval in = { strlen(d->tags[i]), tag };
		struct berval out = { 0 };

		(void)text_copy(tag, sizeof(tag), d->tags[i]); /* fits */
		if (ldap_bv2escaped_filter_value(&in, &out) != 0)
			return false;
		text_printf(&t, "(SelectorTag=%s)", out.bv_val);
		ldap_memfree(out.bv_val);
	}
	text_add(&t, "))(&(objectClass=qosPolicyGeneration)"
		     "(!(SelectorTag=*))))");
	return !t.cut;
}

bool
dir_store_refused(enum mirror_answer answer, struct text *problem)
{
	if (answer == MIRROR_FULL)
		text_printf(problem,
			"more than %d entries, or %d MiB of them (choose "
			"fewer by base or tags)",
			SOURCE_ENTRIES_MAX, SOURCE_ENTRIES_MIB);
	else if (answer == MIRROR_NO_MEMORY)
		text_add(problem, "no memory for the entries");
	return answer == MIRROR_FULL || answer == MIRROR_NO_MEMORY;
}
