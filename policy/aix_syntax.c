/* SPDX-License-Identifier: ISC */

/*
 * The words of policyd.conf.  Attributes are those of the directory, for which
 * values.c has the table, so that a file may say whatever an entry may.
 */

#include "aix_int.h"

#include <string.h>
#include <strings.h>

/* Those of the file alone. */
static const struct stanza_key directory_keys[] = {
	{ "LDAP_Server", false },
	{ "LDAP_Port", false },
	{ "Base", false },
	{ "LDAP_SelectedTag", false },
	{ NULL, false },
};

/* Said of an entry by the name behind the keyword. */
static bool
is_name(const char *attribute)
{
	return strcmp(attribute, "serviceName") == 0 ||
	       strcmp(attribute, "PolicyName") == 0;
}

static const struct {
	const char *name;
	const char *here;
} synonyms[] = {
	{ "Permission", "qosPermission" },
	{ "MaxRatePerFlow", "qosMaxRatePerFlow" },
	{ "MaxTokenBucketPerFlow", "qosMaxBucketPerFlow" },
	{ "MaxFlows", "qosMaxFlows" },
	{ "PeakRate", "qosPeakRate" },
	{ "MinPolicedUnit", "qosMinPolicedUnit" },
	{ "MaxPacketSize", "qosMaxPacketSize" },
};

enum { SYNONYMS = sizeof(synonyms) / sizeof(synonyms[0]) };

static void
list_keys(struct stanza_key list[AIX_KEYS], const struct source_key *keys,
	size_t count)
{
	size_t n = 0;

	list[n++].name = "SelectorTag";
	list[n++].name = "PolicyScope";
	for (size_t i = 0; i < SYNONYMS; i++)
		list[n++].name = synonyms[i].name;
	for (size_t i = 0; i < count && n < AIX_KEYS - 1; i++)
		if (keys[i].ldap && !is_name(keys[i].ldap))
			list[n++].name = keys[i].ldap;
}

void
aix_syntax_init(struct aix_syntax *syntax)
{
	size_t n_categories;
	size_t n_rules;
	const struct source_key *categories =
		source_category_keys(&n_categories);
	const struct source_key *rules = source_rule_keys(&n_rules);

	*syntax = (struct aix_syntax){ 0 };
	list_keys(syntax->categories, categories, n_categories);
	list_keys(syntax->rules, rules, n_rules);
	syntax->kinds[AIX_LOGLEVEL] = (struct stanza_kind){ "loglevel", 1, 1,
		STANZA_BARE, NULL, NULL };
	syntax->kinds[AIX_DIRECTORY] =
		(struct stanza_kind){ "ReadFromDirectory", 0, 0, STANZA_MUST,
			directory_keys, NULL };
	syntax->kinds[AIX_CATEGORY] = (struct stanza_kind){ "ServiceCategories",
		1, 1, STANZA_MUST, syntax->categories, NULL };
	syntax->kinds[AIX_RULE] = (struct stanza_kind){ "ServicePolicyRules", 1,
		1, STANZA_MUST, syntax->rules, NULL };
}

const char *
aix_attribute(const char *name)
{
	for (size_t i = 0; i < SYNONYMS; i++)
		if (strcasecmp(synonyms[i].name, name) == 0)
			return synonyms[i].here;
	return name;
}

const struct source_key *
aix_key(enum aix_kind kind, const char *name)
{
	const char *here = aix_attribute(name);
	size_t n;
	const struct source_key *keys = kind == AIX_CATEGORY
						? source_category_keys(&n)
						: source_rule_keys(&n);

	for (size_t i = 0; i < n; i++)
		if (keys[i].ldap && !is_name(keys[i].ldap) &&
			strcasecmp(keys[i].ldap, here) == 0)
			return &keys[i];
	return NULL;
}
