/* SPDX-License-Identifier: ISC */

/* A configuration before libconfig sees it: base/lex.c. */

#include "base/lex.h"
#include "t.h"

#define GROUP "a group that begins here does not end (write a })"
#define LIST  "a list that begins here does not end (write a ))"
#define ARRAY "an array that begins here does not end (write a ])"

static void
what_is_open_at_the_end_is_named_where_it_begins(void)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *fault;
	} rows[] = {
		{ "policy = { # x", 1, GROUP },
		{ "policy = { # x\n", 1, GROUP },
		{ "policy = { # }", 1, GROUP },
		{ "policy = { /* } */ a = \"}\";", 1, GROUP },
		{ "a = 1;\nb = {\n\n# y\n\n", 2, GROUP },
		{ "a = (\n{ b = 1; }\n", 1, LIST },
		{ "a = (\n{ b = 1;\n\n", 2, GROUP },
		{ "a = {\nb = [ 1,\n2", 2, ARRAY },
		{ "a = {\nb = [ 1 ];\nc = ( 2 );\nd = (\n", 4, LIST },
		/* Behind a text or comment of several lines, too. */
		{ "/*\n*/ a = \"\n\";\nb = [", 4, ARRAY },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lex_fault fault;

		T_CHECK(!lex_check(rows[i].text, strlen(rows[i].text), &fault),
			"row %zu", i);
		T_STR(fault.text, rows[i].fault);
		T_EQ(fault.line, rows[i].line);
	}
}

/* libconfig names the line itself. */
static void
brackets_that_do_not_pair_are_left_to_libconfig(void)
{
	static const char *const texts[] = { "", "a = { };",
		"a = ( { b = [ ]; "
		"}, { } );",
		"a = {\n( };\nb = {", "a = { ) } }; {", "}", ")\n(", "]\n[",
		"a = { # }\n};", "a = \"{\";", "// {\n", "# (", "a = \"\\\"\";",
		"/**/" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct lex_fault fault;

		T_CHECK(lex_check(texts[i], strlen(texts[i]), &fault), "%s: %s",
			texts[i], fault.text);
	}
}

/* What it looks at is deep enough for any of our files, and no more. */
static void
depth_has_an_end(void)
{
	char text[100];
	struct lex_fault fault;

	memset(text, '(', sizeof(text));
	T_CHECK(lex_check("", 0, &fault), "empty");
	for (size_t depth = 1; depth <= 40; depth++) {
		text[depth] = '\0';
		T_EQ(lex_check(text, depth, &fault), depth > 32);
		text[depth] = '(';
	}
	memset(text + 33, ')', 33);
	text[66] = '\0';
	T_CHECK(lex_check(text, 66, &fault), "all of them are closed");
}

static struct t_case cases[] = {
	{ "what is open at the end is named where it begins",
		what_is_open_at_the_end_is_named_where_it_begins },
	{ "brackets that do not pair are left to libconfig",
		brackets_that_do_not_pair_are_left_to_libconfig },
	{ "depth has an end", depth_has_an_end },
};
T_MAIN(cases)
