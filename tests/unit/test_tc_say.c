/* SPDX-License-Identifier: ISC */

/* What the operator's commands say of names and files that may have any octets:
 * no terminal is to obey them.  tcctl/say.c, and who uses it. */

#include "tc_cli_t.h"

#include "tcctl/model_int.h"

#define WIPE "\x1b[2J"

static void
nothing_to_obey(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		T_CHECK((unsigned char)*p >= 0x20 || *p == '\n', "%s", text);
}

/* On eth0, whose name is odd. */
static void
put(const struct tc_object *o)
{
	struct tc_object *to = tc_objects_add(&cli->dry.objects);

	*to = *o;
	to->ifindex = 2;
	to->kind = &tc_kind_other;
	(void)text_copy(to->name, sizeof(to->name), "c" WIPE);
	(void)text_copy(cli->links[1].name, TC_NAME, "e" WIPE);
}

static void
shown(const char *line)
{
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has(line);
	nothing_to_obey(cli->out);
	cli_end();
}

static void
names_are_shown(void)
{
	cli_begin();
	put(&(struct tc_object){ .type = TC_QDISC_ROOT,
		.parent = TC_PARENT_ROOT,
		.handle = 0x80010000 });
	shown("e [2J: not managed (root qdisc: c [2J 8001:)\n");
	cli_begin();
	T_EQ(cli_apply_text("{\"interfaces\":[{\"name\":\"eth0\",\"link\":"
			    "\"10 Mbit\"}]}"),
		CLI_DONE);
	put(&(struct tc_object){ .type = TC_CLASS,
		.parent = TC_ROOT_HANDLE,
		.handle = 0x52ff00 });
	shown("e [2J: link 10 Mbit/s");
}

static void
operations_are_told(void)
{
	cli_begin();
	(void)text_copy(cli->links[1].name, TC_NAME, "e" WIPE);
	T_EQ(cli_apply_text("{\"interfaces\":[{\"name\":\"e\\u001b[2J\","
			    "\"link\":\"10 Mbit\"}]}"),
		CLI_DONE);
	cli_out_has(" on e [2J ");
	nothing_to_obey(cli->out);
	cli_end();
}

static void
an_argument_is_named(void)
{
	cli_begin();
	cli->options.iface = WIPE;
	T_EQ(cli_do(cli_show), CLI_REFUSED);
	cli_expect_err("tcctl: there is no interface  [2J\n");
	cli_end();
}

static void
what_is_wrong_in_a_file_is_told(void)
{
	cli_begin();
	T_EQ(cli_apply_text("{\"interfaces\":[{\"name\":\"eth0\",\"link\":"
			    "\"\\u001b[2J\"}]}"),
		CLI_USAGE);
	cli_err_has("\" [2J\" is no rate");
	nothing_to_obey(cli->err);
	cli_end();
}

static struct t_case cases[] = {
	{ "names are shown", names_are_shown },
	{ "operations are told", operations_are_told },
	{ "an argument is named", an_argument_is_named },
	{ "what is wrong in a file is told", what_is_wrong_in_a_file_is_told },
};
T_MAIN(cases)
