/* SPDX-License-Identifier: ISC */

/* JSON put together, and what there is no memory for: base/json_put.h. */

#include "base/json_put.h"
#include "t_memory.h"

enum { MANY = 40 }; /* more than a new list or object has room for */

static char text[2048];

static bool
tell(json_t *top, bool failed)
{
	size_t n = failed ? 0 : json_dumpb(top, text, sizeof(text) - 1, 0);

	json_decref(top);
	text[n] = '\0';
	return n > 0;
}

static bool
print_list(const char **ret_text)
{
	json_t *list = json_array();
	bool failed = false;

	for (int i = 0; i < MANY; i++)
		json_add(&failed, list, json_integer(7));
	*ret_text = text;
	return tell(list, failed);
}

static bool
print_object(const char **ret_text)
{
	json_t *object = json_object();
	bool failed = false;

	for (int i = 0; i < MANY; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "%d", i);
		json_put(&failed, object, name, json_text("caf\xc3 \\"));
	}
	*ret_text = text;
	return tell(object, failed);
}

static void
what_is_missing_is_noted(void)
{
	bool (*const prints[])(const char **) = { print_list, print_object };

	for (size_t i = 0; i < 2; i++) {
		char whole[sizeof(text)];
		const char *told;

		T_CHECK(prints[i](&told), "nothing");
		memcpy(whole, told, sizeof(whole));
		T_CHECK(t_memory_try(prints[i], whole) > MANY, "rarely");
	}
}

static void
is_text(const char *from, const char *want)
{
	json_t *string = json_text(from);

	T_STR(json_string_value(string), want);
	json_decref(string);
}

static void
text_that_is_not_utf8_is_escaped(void)
{
	is_text("", "");
	is_text("caf\xc3\xa9 \\ \x1b", "caf\xc3\xa9 \\ \x1b");
	is_text("caf\xc3 \\ \x1b", "caf\\xc3 \\x5c \\x1b");
}

static struct t_case cases[] = {
	{ "what is missing is noted", what_is_missing_is_noted },
	{ "text that is not UTF-8 is escaped",
		text_that_is_not_utf8_is_escaped },
};
T_MAIN(cases)
