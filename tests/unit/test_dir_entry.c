/* SPDX-License-Identifier: ISC */

/* What is kept of an entry of the directory. */

#include "ldap_t.h"
#include "policy/dir_ldap_int.h"
#include "t.h"

struct bench {
	uint8_t bytes[DIR_ENTRY_MAX];
};

static struct bench the_bench;

static size_t
pack(struct bench *b, const struct t_entry *e)
{
	LDAPMessage *m;

	memcpy(&m, &e, sizeof(m));
	return dir_entry_pack(NULL, m, b->bytes);
}

static void
id_of(const struct t_entry *e, uint8_t id[MIRROR_ID])
{
	LDAPMessage *m;

	memcpy(&m, &e, sizeof(m));
	memset(id, 0xee, MIRROR_ID);
	dir_entry_id(NULL, m, id);
}

static bool
has(const struct bench *b, size_t len, const char *text)
{
	return memmem(b->bytes, len, text, strlen(text)) != NULL;
}

static void
what_no_rule_needs_is_left_out(void)
{
	static const struct t_entry e = T_ENTRY("cn=a,o=x", "objectclass=top",
		"objectclass=x", "SELECTORTAG=all", "mail=no", "QOSnew=later",
		"qo=no", "cn=r", "cnn=no", "PolicyName;lang-de=pn",
		"ServiceName=gold");
	struct bench *b = &the_bench;
	size_t len = pack(b, &e);
	struct buf_reader r = buf_reader(b->bytes, len);
	char dn[16] = "";

	T_CHECK(len > 0, "nothing");
	T_EQ(buf_get_u16le(&r), 8);
	memcpy(dn, buf_take(&r, 8), 8);
	T_STR(dn, "cn=a,o=x");
	T_EQ(buf_get_u8(&r), 11);
	(void)buf_take(&r, 11);
	T_EQ(buf_get_u16le(&r), 2);
	T_EQ(buf_get_u16le(&r), 3);
	T_CHECK(has(b, len, "SELECTORTAG") && has(b, len, "QOSnew") &&
			has(b, len, "later") &&
			has(b, len, "PolicyName;lang-de") &&
			has(b, len, "ServiceName"),
		"left out");
	T_CHECK(!has(b, len, "mail") && !has(b, len, "qo") &&
			!has(b, len, "cnn"),
		"kept");
}

static void
values_are_bounded(void)
{
	static struct t_entry e = { .dn = "cn=a" };
	static char value[SOURCE_VALUE + 16];
	struct bench *b = &the_bench;
	size_t len;
	struct buf_reader r;

	e.attrs[0] = value;
	for (size_t over = 0; over < 2; over++) {
		memcpy(value, "qosX=", 5);
		memset(value + 5, 'v', SOURCE_VALUE - 1 + over);
		value[5 + SOURCE_VALUE - 1 + over] = '\0';
		len = pack(b, &e);
		r = buf_reader(b->bytes, len);
		(void)buf_take(&r, 2 + 4 + 1 + 4);
		T_EQ(buf_get_u16le(&r), 1);
		T_EQ(buf_get_u16le(&r),
			over ? MIRROR_TOO_LONG : SOURCE_VALUE - 1);
		T_EQ(buf_left(&r), over ? 0 : SOURCE_VALUE - 1);
	}
	/* Of many as many as a rule could have, twice. */
	for (int i = 0; i < 2 * POLICY_LIST_MAX + 2; i++)
		e.attrs[i] = "qosX=1";
	len = pack(b, &e);
	r = buf_reader(b->bytes, len);
	(void)buf_take(&r, 2 + 4 + 1 + 4);
	T_EQ(buf_get_u16le(&r), 2 * POLICY_LIST_MAX);
	T_EQ(buf_left(&r), 2 * POLICY_LIST_MAX * 3);
	memset(e.attrs, 0, sizeof(e.attrs));
}

static void
names_are_bounded(void)
{
	static struct t_entry e = { .attrs = { NULL } };
	static char dn[3000];
	static char attr[300];
	struct bench *b = &the_bench;
	struct buf_reader r;
	size_t len;

	memset(dn, 'd', sizeof(dn) - 1);
	e.dn = dn;
	len = pack(b, &e);
	r = buf_reader(b->bytes, len);
	T_EQ(buf_get_u16le(&r), SOURCE_WHERE * 4);
	T_EQ(len, 2 + SOURCE_WHERE * 4);
	/* A name of 255 octets is the longest. */
	e.dn = "cn=a";
	memset(attr, 'q', sizeof(attr));
	memcpy(attr, "qos", 3);
	memcpy(attr + 255, "=v", 3);
	e.attrs[0] = attr;
	T_EQ(pack(b, &e), 2 + 4 + 1 + 255 + 2 + 2 + 1);
	memcpy(attr + 255, "q=v", 4);
	T_EQ(pack(b, &e), 2 + 4);
}

static void
an_entry_is_known_by_its_uuid(void)
{
	static const struct t_entry good = T_ENTRY(
		"cn=a", "entryUUID=01234567-89ab-cdef-ABCD-EF0919afAF90");
	static const struct t_entry bad[] = {
		T_ENTRY("cn=a", "cn=a"),
		T_ENTRY("cn=a",
			"entryUUID=01234567-89ab-cdef-ABCD-EF0919afAF9"),
		T_ENTRY("cn=a",
			"entryUUID=01234567-89ab-cdef-ABCD-EF0919afAF900"),
		T_ENTRY("cn=a",
			"entryUUID=0123456/-89ab-cdef-ABCD-EF0919afAF90"),
		T_ENTRY("cn=a",
			"entryUUID=0123456:-89ab-cdef-ABCD-EF0919afAF90"),
		T_ENTRY("cn=a",
			"entryUUID=0123456@-89ab-cdef-ABCD-EF0919afAF90"),
		T_ENTRY("cn=a",
			"entryUUID=0123456G-89ab-cdef-ABCD-EF0919afAF90"),
		T_ENTRY("cn=a",
			"entryUUID=0123456`-89ab-cdef-ABCD-EF0919afAF90"),
		T_ENTRY("cn=a",
			"entryUUID=0123456g-89ab-cdef-ABCD-EF0919afAF90"),
	};
	static const struct t_entry other = T_ENTRY("cn=b", "cn=a");
	static const uint8_t want[MIRROR_ID] = { 0x01, 0x23, 0x45, 0x67, 0x89,
		0xab, 0xcd, 0xef, 0xab, 0xcd, 0xef, 0x09, 0x19, 0xaf, 0xaf,
		0x90 };
	uint8_t id[MIRROR_ID];
	uint8_t by_name[MIRROR_ID];

	id_of(&good, id);
	T_CHECK(memcmp(id, want, MIRROR_ID) == 0, "another");
	id_of(&bad[0], by_name);
	T_CHECK(memcmp(by_name, by_name + 8, 8) != 0, "twice the same");
	T_CHECK(by_name[15] != 0xee || by_name[14] != 0xee, "cut");
	for (size_t i = 1; i < sizeof(bad) / sizeof(bad[0]); i++) {
		id_of(&bad[i], id);
		T_CHECK(memcmp(id, by_name, MIRROR_ID) == 0, "%zu: taken", i);
	}
	id_of(&other, id);
	T_CHECK(memcmp(id, by_name, MIRROR_ID) != 0, "of another name");
	T_CHECK(memcmp(id, by_name, 8) != 0, "half of another name");
	T_CHECK(memcmp(id + 8, by_name + 8, 8) != 0, "half of another name");
}

static struct t_case cases[] = {
	{ "What no rule needs is left out of an entry",
		what_no_rule_needs_is_left_out },
	{ "Values are bounded in length and number", values_are_bounded },
	{ "Names are bounded in length", names_are_bounded },
	{ "An entry is known by its UUID, else by its name",
		an_entry_is_known_by_its_uuid },
};

T_MAIN(cases)
