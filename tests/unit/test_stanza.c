/* SPDX-License-Identifier: ISC */

/* The classic syntax: what is read, what is refused, what an edit leaves. */

#include "base/stanza.h"
#include "t.h"

static const struct stanza_key box_keys[] = {
	{ "Size", false },
	{ "Colour", false },
	{ "Open", true },
	{ NULL, false },
};
static const struct stanza_kind kinds[] = {
	{ "level", 1, 1, STANZA_BARE, NULL, NULL },
	{ "boxes", 1, 2, STANZA_MUST, box_keys, NULL },
	{ "thing", 0, 3, STANZA_MAY, box_keys, NULL },
	{ NULL, 0, 0, STANZA_BARE, NULL, NULL },
};

struct faults {
	int count;
	unsigned line; /* of the first */
	char text[300];
};

static void
note(void *arg, unsigned line, const char *what)
{
	struct faults *f = (struct faults *)arg;

	if (f->count++ > 0)
		return;
	f->line = line;
	(void)snprintf(f->text, sizeof(f->text), "%s", what);
}

static struct stanza_doc
parse(const char *text)
{
	struct stanza_doc doc;
	struct faults f = { 0 };
	bool good = stanza_parse(&doc, text, kinds, note, &f);

	T_CHECK(good && f.count == 0, "line %u: %s in\n%s", f.line, f.text,
		text);
	return doc;
}

static void
expect_word(const struct stanza_doc *doc, const struct stanza_word *word,
	const char *want)
{
	char got[200];

	(void)stanza_text(doc, word, got, sizeof(got));
	T_STR(got, want);
}

static void
statements_are_found_with_their_lines(void)
{
	struct stanza_doc doc = parse("# first\n"
				      "level 5 # five\n"
				      "\n"
				      "BOXES red\n"
				      "# before the brace\n"
				      "{\n"
				      "\tsize 10 # ten\n"
				      "\tcolour \"light {red} # 1\"\n"
				      "\topen\n"
				      "}\n");

	T_EQ(doc.count, 2);
	T_EQ(doc.at[0].kind, 0);
	T_EQ(doc.at[0].keyword.line, 2);
	expect_word(&doc, &doc.at[0].args[0], "5");
	T_EQ(doc.at[1].kind, 1);
	T_EQ(doc.at[1].keyword.line, 4);
	T_EQ(doc.at[1].n_attrs, 3);
	T_EQ(doc.attrs[0].name.line, 7);
	expect_word(&doc, &doc.attrs[0].value, "10");
	expect_word(&doc, &doc.attrs[1].value, "light {red} # 1");
	T_EQ(doc.attrs[2].words, 0);
	T_EQ(doc.text[doc.at[1].open], '{');
	T_EQ(doc.text[doc.at[1].close], '}');
	T_EQ(doc.at[1].end, doc.at[1].close + 1);
	T_CHECK(stanza_attr(&doc, &doc.at[1], "COLOUR") == &doc.attrs[1],
		"not found");
	T_CHECK(!stanza_attr(&doc, &doc.at[1], "Weight"), "found");
	stanza_free(&doc);
}

static void
a_line_may_hold_everything(void)
{
	struct stanza_doc doc =
		parse("level 5 boxes a b {size 1 colour red open}thing thing x "
		      "{ open colour blue } thing");

	T_EQ(doc.count, 5);
	T_EQ(doc.at[1].n_args, 2);
	T_EQ(doc.at[1].n_attrs, 3);
	expect_word(&doc, &doc.attrs[1].value, "red");
	T_EQ(doc.at[2].n_args, 0);
	T_EQ(doc.at[3].n_args, 1);
	T_EQ(doc.at[3].n_attrs, 2);
	T_EQ(doc.attrs[3].words, 0);
	T_CHECK(!doc.at[4].body, "a body that is not there");
	stanza_free(&doc);
}

static void
a_value_takes_words_to_the_end_of_its_line(void)
{
	struct stanza_doc doc = parse("boxes a {\n"
				      "size o=x, c=y  # two\n"
				      "colour size\n" /* the first is its own */
				      "}\n");

	T_EQ(doc.attrs[0].words, 2);
	expect_word(&doc, &doc.attrs[0].value, "o=x, c=y");
	expect_word(&doc, &doc.attrs[1].value, "size");
	stanza_free(&doc);
}

struct bad {
	const char *text;
	unsigned line;
	const char *says;
};

static void
mistakes_are_told_with_line_and_remedy(void)
{
	static const struct bad cases[] = {
		{ "level\n", 1, "a word is missing" },
		{ "level 1 2\n", 1, "more words" },
		{ "\nlevle 1\n", 2, "did you mean level?" },
		{ "zebra { level 1 }\n", 1, "there are level, boxes, thing" },
		{ "boxes a\n", 1, "no { behind it" },
		{ "boxes a {\n size 1\n", 1, "has no } before line 3" },
		{ "boxes a {\n size 1\nlevel 1\n", 1, "before line 3" },
		{ "boxes a {\n size\n}\n", 2, "has no value" },
		{ "boxes a {\n size size 1\n size }\n", 3, "has no value" },
		{ "boxes a {\n { size 1 }\n}\n", 2, "inside a section" },
		{ "}\n", 1, "outside of a section" },
		{ "{ level 1 }\n", 1, "outside of a section" },
		{ "level \"1\n", 1, "does not end on its line" },
		{ "level \001\0011\n", 1, "control character" },
		{ "level 1\177\n", 1, "control character" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stanza_doc doc;
		struct faults f = { 0 };
		bool good = stanza_parse(&doc, cases[i].text, kinds, note, &f);

		T_CHECK(!good && f.count > 0, "taken: %s", cases[i].text);
		T_CHECK(f.line == cases[i].line &&
				strstr(f.text, cases[i].says),
			"%s: line %u: %s", cases[i].text, f.line, f.text);
		stanza_free(&doc);
	}
}

static void
a_mistake_is_told_once(void)
{
	static const char *const texts[] = { "boxes a\001 b { open\n}",
		"level 1\001\n", "thing \"x\n", "boxes a { open \"x\n }",
		"boxes a { size 1 \"x\n }", "thing\n\001\nlevel 1\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct stanza_doc doc;
		struct faults f = { 0 };

		(void)stanza_parse(&doc, texts[i], kinds, note, &f);
		T_CHECK(f.count == 1, "%s: told %d times", texts[i], f.count);
		stanza_free(&doc);
	}
}

static void
what_follows_a_mistake_is_read(void)
{
	static const char text[] = "zebra x {\n { } size 1\n}\n"
				   "boxes a {\n { size 2 }\n size 3\n}\n"
				   "level 4\n";
	struct stanza_doc doc;
	struct faults f = { 0 };

	T_CHECK(!stanza_parse(&doc, text, kinds, note, &f), "taken");
	T_EQ(f.count, 2);
	T_EQ(doc.count, 2);
	T_EQ(doc.at[0].n_attrs, 1);
	expect_word(&doc, &doc.attrs[0].value, "3");
	expect_word(&doc, &doc.at[1].args[0], "4");
	stanza_free(&doc);
}

static void
the_syntax_is_known_by_its_first_word(void)
{
	static const char *const classic[] = { "level 1", "\n# x\nBOXES a {}",
		"\xef\xbb\xbfthing", "boxs a {" };
	static const char *const other[] = { "", "# level 1\n", "level = 1;",
		"level=1;", "level : 1;", "thing: { }", "policy = { };", "}",
		"elephants a { }", "\"level\" = 1", "thing\n= 1" };

	for (size_t i = 0; i < sizeof(classic) / sizeof(classic[0]); i++)
		T_CHECK(stanza_is_classic(classic[i], kinds), "not: %s",
			classic[i]);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		T_CHECK(!stanza_is_classic(other[i], kinds), "is: %s",
			other[i]);
}

/* ---- edits --------------------------------------------------------------- */

static void
expect_set(const char *before, const char *name, const char *value,
	const char *after)
{
	struct stanza_doc doc = parse(before);
	char *got = stanza_set(&doc, &doc.at[doc.count - 1], name, value);

	T_CHECK(got != NULL, "no memory");
	T_STR(got, after);
	stanza_free(&doc);
	doc = parse(got);
	stanza_free(&doc);
	free(got);
}

static void
a_value_is_replaced_and_nothing_else(void)
{
	expect_set("# a\nboxes a\n{\n\tSize\t10   # ten\n}\n# b\n", "size",
		"20", "# a\nboxes a\n{\n\tSize\t20   # ten\n}\n# b\n");
	expect_set("boxes a { size \"1 0\" colour red }", "Size", "2",
		"boxes a { size 2 colour red }");
	expect_set("boxes a {\n colour red and blue # 2\n}\n", "colour",
		"light blue", "boxes a {\n colour \"light blue\" # 2\n}\n");
}

static void
an_attribute_is_added_like_its_neighbours(void)
{
	expect_set("boxes a\n{\n  size 10   # ten\n}\n", "Colour", "red",
		"boxes a\n{\n  size 10   # ten\n  Colour red\n}\n");
	expect_set("boxes a {\n}\n", "Size", "1",
		"boxes a {\n        Size 1\n}\n");
	expect_set("boxes a { size 10 }\n", "Colour", "red",
		"boxes a { size 10 Colour red }\n");
	expect_set("boxes a {}", "Size", "1", "boxes a { Size 1 }");
	expect_set("boxes a {\n\tsize 10 }\n", "Colour", "red",
		"boxes a {\n\tsize 10 Colour red }\n");
	expect_set("boxes a {\n\topen\n}\n", "open", "wide",
		"boxes a {\n\topen wide\n}\n");
}

static void
expect_removed(const char *before, size_t which, const char *after)
{
	struct stanza_doc doc = parse(before);
	char *got = stanza_remove(&doc, &doc.at[which]);

	T_CHECK(got != NULL, "no memory");
	T_STR(got, after);
	stanza_free(&doc);
	free(got);
}

static void
a_statement_goes_with_its_lines(void)
{
	expect_removed("# a\n\n  boxes a\n{\n size 1\n}  \n\n# b\nlevel 1\n", 0,
		"# a\n\n# b\nlevel 1\n");
	expect_removed("level 1\n\nlevel 2\n", 1, "level 1\n");
	expect_removed(
		"level 1\n\nlevel 2\nlevel 3\n", 1, "level 1\n\nlevel 3\n");
	expect_removed(
		"level 1\nlevel 2\n\nlevel 3\n", 1, "level 1\n\nlevel 3\n");
	expect_removed("level 1 # one\nlevel 2", 1, "level 1 # one\n");
	expect_removed("level 1 boxes a { size 1 } level 2\n", 1,
		"level 1  level 2\n");
	expect_removed("boxes a { size 1 } # gone\nlevel 2\n", 0,
		" # gone\nlevel 2\n");
	expect_removed("level 1\nboxes a { size 1 }", 1, "level 1\n");
}

static void
lines_are_appended_on_lines_of_their_own(void)
{
	static const char *const texts[][2] = { { "", "level 2\n" },
		{ "level 1\n", "level 1\nlevel 2\n" },
		{ "level 1 # x", "level 1 # x\nlevel 2\n" } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct stanza_doc doc = parse(texts[i][0]);
		char *got = stanza_append(&doc, "level 2\n");

		T_STR(got, texts[i][1]);
		stanza_free(&doc);
		free(got);
	}
}

static struct t_case cases[] = {
	{ "statements are found with their lines",
		statements_are_found_with_their_lines },
	{ "a line may hold everything", a_line_may_hold_everything },
	{ "a value takes words to the end of its line",
		a_value_takes_words_to_the_end_of_its_line },
	{ "mistakes are told with line and remedy",
		mistakes_are_told_with_line_and_remedy },
	{ "a mistake is told once", a_mistake_is_told_once },
	{ "what follows a mistake is read", what_follows_a_mistake_is_read },
	{ "the syntax is known by its first word",
		the_syntax_is_known_by_its_first_word },
	{ "a value is replaced and nothing else",
		a_value_is_replaced_and_nothing_else },
	{ "an attribute is added like its neighbours",
		an_attribute_is_added_like_its_neighbours },
	{ "a statement goes with its lines", a_statement_goes_with_its_lines },
	{ "lines are appended on lines of their own",
		lines_are_appended_on_lines_of_their_own },
};
T_MAIN(cases)
