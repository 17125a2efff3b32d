/* SPDX-License-Identifier: ISC */

/*
 * The syntax of AIX: a text is refused with a reason, or it compiles, and says
 * the same in policy.conf and in LDIF.  An edit of a good text is a good text,
 * and what was added and taken away again leaves the rest as it was.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/aix_int.h"
#include "policy/convert_int.h"
#include "policy/snapshot_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
give_up(const char *what, const char *text)
{
	fprintf(stderr, "fuzz_aix: %s\n%s\n", what, text);
	abort();
}

/* Digest of the rules that a text means; 0: it is refused. */
static uint64_t
meaning(const char *text, const char *format)
{
	static struct source_directory directory;
	struct source_draft draft = { 0 };
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };
	struct policy_set *set = NULL;
	struct policy_head head = { 0 };
	uint8_t *bytes = NULL;
	size_t len = 0;

	if (source_read(text, "f", format, &draft, &directory, &errors))
		set = source_compile(&draft, NULL, false, &errors, &notes);
	if ((set == NULL) != (errors.count > 0))
		give_up("a set with errors, or none without", text);
	if (set && policy_snapshot_write(set, &bytes, &len) &&
		policy_head_read(bytes, len, &head))
		give_up("no head", text);
	alloc_put(alloc_heap(), bytes);
	policy_set_free(set);
	source_draft_done(&draft);
	source_report_done(&errors);
	source_report_done(&notes);
	return set ? head.body_digest | 1 : 0;
}

static char *
convert(const char *text, bool ldif)
{
	struct source_report losses = { 0 };
	struct source_report errors = { 0 };
	struct entries list = { .file = "f", .losses = &losses };
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	if (!f || !entries_read_aix(&list, text))
		give_up("no memory", text);
	if (ldif)
		entries_write_ldif(&list, f, "o=x", "t");
	else
		entries_write_conf(&list, f);
	(void)fclose(f);
	if (ldif) {
		struct entries again = { .file = "f", .losses = &losses };

		if (!entries_read_ldif(&again, out, &errors))
			give_up("LDIF that is none", out);
		if (again.count != list.count)
			give_up("entries got lost", out);
		entries_free(&again);
	}
	entries_free(&list);
	source_report_done(&losses);
	source_report_done(&errors);
	return out;
}

static void
ignore(void *arg, unsigned line, const char *what)
{
	(void)arg;
	(void)line;
	(void)what;
}

/* Add a statement and take it away; change each one. */
static void
edit(const char *text)
{
	static const char added[] = "\nServiceCategories zz\n{\n}\n";
	struct aix_syntax syntax;
	struct stanza_doc doc;

	aix_syntax_init(&syntax);
	(void)stanza_parse(&doc, text, syntax.kinds, ignore, NULL);

	const size_t count = doc.count;
	char *more = stanza_append(&doc, added);

	for (size_t i = 0; i < count && i < 4; i++) {
		char *set;

		if (!doc.at[i].body)
			continue;
		set = stanza_set(&doc, &doc.at[i], "MaxRate", "a b");
		if (!set || strlen(set) + 8 < strlen(text) / 2)
			give_up("an edit that lost the text", text);
		free(set);
	}
	stanza_free(&doc);
	if (!stanza_parse(&doc, more, syntax.kinds, ignore, NULL) ||
		doc.count != count + 1)
		give_up("a good text, and more, is not good", more);

	char *less = stanza_remove(&doc, &doc.at[count]);
	size_t n = strlen(text);

	while (n > 0 && strchr(" \t\r\n", text[n - 1]))
		n--;
	if (!less || strncmp(less, text, n) != 0)
		give_up("what was added is not all that was taken away", more);
	stanza_free(&doc);
	free(more);
	free(less);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = (char *)malloc(size + 1);
	uint64_t want;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	want = meaning(text, "aix");
	if (want != 0) {
		char *conf = convert(text, false);
		char *ldif = convert(text, true);

		if (meaning(conf, "native") != want)
			give_up("another meaning in policy.conf", conf);
		edit(text);
		free(conf);
		free(ldif);
	}
	free(text);
	return 0;
}
