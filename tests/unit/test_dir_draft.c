/* SPDX-License-Identifier: ISC */

/* From kept entries of the directory to rules and categories: what is taken,
 * and what is left out, by name and with its reason. */

#include "t.h"
#include "policy/dir_int.h"
#include "policy/mirror_int.h"
#include "policy/source.h"

enum { ENTRY = 4096 };

static const struct hash_key key = { 1, 2 };

struct bench {
	struct mirror *mirror;
	struct source_directory directory;
	struct source_draft draft;
	struct source_report skipped;
	uint8_t ids; /* given so far */
};

static struct bench *
bench_new(void)
{
	struct bench *b = (struct bench *)calloc(1, sizeof(*b));

	T_CHECK(b != NULL, "no memory");
	b->mirror = mirror_new(&key, 100, 100000);
	T_CHECK(b->mirror != NULL, "no memory");
	b->directory.n_tags = 2;
	(void)text_copy(b->directory.tags[0], SOURCE_TAG, "host1");
	(void)text_copy(b->directory.tags[1], SOURCE_TAG, "all");
	return b;
}

static void
bench_free(struct bench *b)
{
	source_draft_done(&b->draft);
	source_report_done(&b->skipped);
	mirror_free(b->mirror);
	free(b);
}

/* "name=value" of each, several values of one name one after the other; a value
 * of "!" was too long to be kept. */
static void
put_attributes(struct buf_writer *w, const char *const *words)
{
	while (*words) {
		size_t len = strcspn(*words, "=");
		size_t n = 1;

		while (words[n] && strncmp(words[n], *words, len + 1) == 0)
			n++;
		buf_put_u8(w, (uint8_t)len);
		buf_put_bytes(w, *words, len);
		buf_put_u16le(w, (uint16_t)n);
		for (; n > 0; n--, words++) {
			const char *value = *words + len + 1;

			if (strcmp(value, "!") == 0) {
				buf_put_u16le(w, MIRROR_TOO_LONG);
				continue;
			}
			buf_put_u16le(w, (uint16_t)strlen(value));
			buf_put_bytes(w, value, strlen(value));
		}
	}
}

static void
put_cut(struct bench *b, const char *dn, const char *const *words, size_t cut)
{
	uint8_t bytes[ENTRY];
	uint8_t id[MIRROR_ID] = { 0 };
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	buf_put_u16le(&w, (uint16_t)strlen(dn));
	buf_put_bytes(&w, dn, strlen(dn));
	put_attributes(&w, words);
	id[0] = ++b->ids;
	T_EQ(mirror_put(b->mirror, id, bytes, buf_written(&w) - cut),
		MIRROR_CHANGED);
}

#define PUT(b, dn, ...)                                                        \
	put_cut(b, dn, (const char *const[]){ __VA_ARGS__, NULL }, 0)

static void
read_all(struct bench *b)
{
	dir_draft(b->mirror, &b->directory, &b->draft, &b->skipped);
}

#define RULE     "objectClass=ServicePolicyRules"
#define CATEGORY "objectClass=ServiceCategories"

/* ---- what is taken ------------------------------------------------------- */

static void
entries_become_rules_and_categories(void)
{
	struct bench *b = bench_new();
	const struct source_rule *r;
	const struct source_category *c;

	PUT(b, "cn=c", "objectClass=top", "objectClass=SERVICECATEGORIES",
		"servicename=gold", "selectorTag=ALL", "cn=whatever", "qotd=x",
		"cn=twice", "QOSMAXFLOWS=5");
	PUT(b, "cn=r", "SelectorTag=x", "SelectorTag=Host1", "cn=!", RULE,
		"PolicyName=studio", "ServiceReference=gold", "qosUser=1",
		"qosUser=3");
	PUT(b, "cn=o", "objectClass=organization", "PolicyName=none");
	read_all(b);
	T_EQ(b->skipped.count, 0);
	T_EQ(b->draft.n_categories, 1);
	T_EQ(b->draft.n_rules, 1);
	c = &b->draft.categories[0];
	T_STR(c->category.name, "gold");
	T_EQ(c->category.max_flows, 5);
	T_EQ(c->category.origin, POLICY_FROM_DIRECTORY);
	T_EQ(c->tag, 1);
	T_STR(c->where, "cn=c");
	r = &b->draft.rules[0];
	T_STR(r->rule->name, "studio");
	T_STR(r->category, "gold");
	T_EQ(r->rule->spans[POLICY_SPAN_USER].count, 2);
	T_EQ(r->rule->spans[POLICY_SPAN_USER].at[1].lo, 3);
	T_EQ(r->rule->origin, POLICY_FROM_DIRECTORY);
	T_EQ(r->tag, 0);
	T_STR(r->where, "cn=r");
	bench_free(b);
}

/* Which of them wins is not decided here; no tag is behind all tags. */
static void
the_first_tag_that_chose_counts(void)
{
	struct bench *b = bench_new();

	PUT(b, "cn=1", RULE, "PolicyName=a", "SelectorTag=all",
		"SelectorTag=host1");
	PUT(b, "cn=2", RULE, "PolicyName=b", "SelectorTag=all");
	PUT(b, "cn=3", RULE, "PolicyName=c");
	read_all(b);
	T_EQ(b->draft.n_rules, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct source_rule *r = &b->draft.rules[i];
		const unsigned want[] = { 0, 1, SOURCE_TAGS };

		T_EQ(r->tag, want[r->rule->name[0] - 'a']);
	}
	bench_free(b);
}

/* ---- what is left out ---------------------------------------------------- */

struct odd {
	const char *words[6];
	const char *said;
};

/* clang-format off */
static const struct odd odd[] = {
	{ { RULE, "PolicyName=r", "DestinationPortRange=x" },
		"cn=odd: rule skipped (DestinationPortRange: \"x\" is not a port from 0 to 65535 or a range, lower first (\"5004-5100\"))" },
	{ { RULE, "PolicyName=r", "PolicyScope=RSVP", "PolicyScope=Both" },
		"cn=odd: rule skipped (PolicyScope has more than one value)" },
	{ { RULE, "PolicyName=r", "qosUser=1", "qosUser=!" },
		"cn=odd: rule skipped (qosUser: a value is not printable ASCII of up to 1023 characters)" },
	{ { RULE, "PolicyName=r", "qosRole=sender\x1f" },
		"cn=odd: rule skipped (qosRole: a value is not printable ASCII of up to 1023 characters)" },
	{ { RULE, "PolicyName=r", "qosRole=sender\x7f" },
		"cn=odd: rule skipped (qosRole: a value is not printable ASCII of up to 1023 characters)" },
	{ { RULE, "PolicyName=r", "qosMoon=full" },
		"cn=odd: rule skipped (attribute qosMoon is not known to this version)" },
	{ { RULE, "PolicyName=r", "QosMoon=full" },
		"cn=odd: rule skipped (attribute QosMoon is not known to this version)" },
	{ { RULE, "PolicyName=r", "PolicyScope;lang-de=RSVP" },
		"cn=odd: rule skipped (attribute PolicyScope;lang-de is not known to this version)" },
	{ { RULE, "PolicyScope=RSVP" },
		"cn=odd: rule skipped (it has no PolicyName)" },
	{ { CATEGORY, "qosMaxFlows=5" },
		"cn=odd: category skipped (it has no serviceName)" },
	{ { CATEGORY, "serviceName=c", "qosMaxFlows=x" },
		"cn=odd: category skipped (qosMaxFlows: \"x\" is not a whole number from 0 to 1000000000)" },
};
/* clang-format on */

/* With one that is good on either side of it. */
static void
what_cannot_be_read_is_left_out_with_its_reason(void)
{
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct bench *b = bench_new();

		PUT(b, "cn=1", RULE, "PolicyName=one");
		put_cut(b, "cn=odd", odd[i].words, 0);
		PUT(b, "cn=2", CATEGORY, "serviceName=two");
		read_all(b);
		T_EQ(b->skipped.count, 1);
		T_STR(b->skipped.lines[0], odd[i].said);
		T_EQ(b->draft.n_rules, 1);
		T_STR(b->draft.rules[0].rule->name, "one");
		T_EQ(b->draft.n_categories, 1);
		T_STR(b->draft.categories[0].category.name, "two");
		bench_free(b);
	}
}

static void
values_have_their_length(void)
{
	char value[SOURCE_VALUE + 16];

	for (size_t len = SOURCE_VALUE - 1; len <= SOURCE_VALUE; len++) {
		struct bench *b = bench_new();

		memset(value, ' ', sizeof(value));
		memcpy(value, "ProtocolNumber=6,", 17);
		value[15 + len] = '\0';
		value[15 + len - 1] = '6';
		PUT(b, "cn=r", RULE, "PolicyName=r", value);
		read_all(b);
		T_EQ(b->draft.n_rules, len < SOURCE_VALUE);
		T_EQ(b->skipped.count, len == SOURCE_VALUE);
		bench_free(b);
	}
}

/* Cut anywhere: nothing is read beyond, and what is cut is no rule. */
static void
a_damaged_entry_is_no_rule(void)
{
	static const char *const words[] = { RULE, "PolicyName=r", "qosUser=1",
		"qosRole=sender", "qosRole=transit", NULL };

	for (size_t cut = 1; cut < 60; cut++) {
		struct bench *b = bench_new();

		put_cut(b, "cn=r", words, cut);
		read_all(b);
		/* At the seam of two attributes it is another entry. */
		T_CHECK(b->draft.n_rules + b->skipped.count <= 1, "%zu", cut);
		if (b->draft.n_rules == 1)
			T_EQ(b->draft.rules[0].rule->roles, 0);
		if (cut == 1) {
			T_EQ(b->skipped.count, 1);
			T_CHECK(strncmp(b->skipped.lines[0],
					"cn=r: rule skipped (", 20) == 0,
				"%s", b->skipped.lines[0]);
		}
		bench_free(b);
	}
}

/* ---- the generation entry ------------------------------------------------ */

static void
a_release_is_moved_by_every_generation_entry(void)
{
	struct bench *b = bench_new();
	uint64_t none = dir_draft_release(b->mirror);
	uint64_t one;
	uint64_t two;

	T_EQ(none, 0);
	PUT(b, "cn=r", RULE, "PolicyName=r", "qosGeneration=7");
	T_EQ(dir_draft_release(b->mirror), 0);
	PUT(b, "cn=g", "objectClass=qosPolicyGeneration", "qosGeneration=1");
	one = dir_draft_release(b->mirror);
	T_CHECK(one != 0, "one");
	PUT(b, "cn=h", "objectClass=qosPolicyGeneration", "qosGeneration=1");
	two = dir_draft_release(b->mirror);
	T_CHECK(two != 0 && two != one, "two");
	b->ids--;
	PUT(b, "cn=h", "objectClass=qosPolicyGeneration", "qosGeneration=2");
	T_CHECK(dir_draft_release(b->mirror) != two, "another value");
	b->ids--;
	PUT(b, "cn=other", "objectClass=qosPolicyGeneration",
		"qosGeneration=1");
	T_EQ(dir_draft_release(b->mirror), two);
	bench_free(b);
}

static struct t_case cases[] = {
	{ "entries become rules and categories",
		entries_become_rules_and_categories },
	{ "the first tag that chose counts", the_first_tag_that_chose_counts },
	{ "what cannot be read is left out with its reason",
		what_cannot_be_read_is_left_out_with_its_reason },
	{ "values have their length", values_have_their_length },
	{ "a damaged entry is no rule", a_damaged_entry_is_no_rule },
	{ "a release is moved by every generation entry",
		a_release_is_moved_by_every_generation_entry },
};
T_MAIN(cases)
