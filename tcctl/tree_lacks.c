/* SPDX-License-Identifier: ISC */

/* What a plan asks for and this kernel cannot make: tried kind by kind when the
 * first object of it is met, and said once for each with what it costs; marks
 * by netfilter as they are. */

#include "tree_cli.h"

#include <string.h>

enum { LACKS_MAX = 16 };

/* Something that is missing, and the operations that it stops. */
struct lack {
	char what[TC_LACK_TEXT];
	const struct tc_op *first;
	size_t count;
};

struct lacks {
	size_t count;
	struct lack all[LACKS_MAX];
};

/* False: it cannot be found out, which is said once. */
static bool
is_open(struct tree_session *s)
{
	int error;

	if (s->scratch.conn || s->untried)
		return !s->untried;
	error = tc_scratch_open(&s->scratch, false);
	s->untried = error != 0;
	if (error != 0)
		cli_untried(error);
	return error == 0;
}

static void
find_lack(struct tree_session *s, const struct tc_op *op,
	char ret_what[TC_LACK_TEXT])
{
	int error;

	ret_what[0] = '\0';
	if (op->kind == TC_OP_DEL || !is_open(s))
		return;
	error = tc_scratch_lacks(&s->scratch, &op->want, ret_what);
	if (error == 0)
		return;
	cli_untried(error);
	s->untried = true;
}

static void
note(struct lacks *lacks, const char *what, const struct tc_op *op)
{
	size_t i = 0;

	while (i < lacks->count && strcmp(lacks->all[i].what, what) != 0)
		i++;
	if (i == LACKS_MAX)
		return; /* there are not so many kinds */
	if (i == lacks->count) {
		lacks->count++;
		lacks->all[i] = (struct lack){ .first = op };
		(void)text_copy(lacks->all[i].what, TC_LACK_TEXT, what);
	}
	lacks->all[i].count++;
}

static void
say(struct tree_session *s, const char *name, const struct lack *lack)
{
	char buf[160];
	struct text t = text_over(buf, sizeof(buf));

	tc_object_name(&t, tc_op_object(lack->first), name);
	if (lack->count > 1)
		text_printf(&t, " and %zu more", lack->count - 1);
	tree_say(s, CLI_REFUSED, "%s: " CLI_LACKS ", which is needed for %s",
		name, lack->what, buf);
}

void
tree_tell_planned(struct tree_session *s, const struct tree_link *link,
	const struct tc_ops *ops)
{
	struct lacks lacks = { 0 };

	for (size_t i = 0; i < ops->count; i++) {
		char what[TC_LACK_TEXT];

		tree_tell(s, &ops->all[i], link->name);
		find_lack(s, &ops->all[i], what);
		if (what[0] == '\0')
			continue;
		note(&lacks, what, &ops->all[i]);
		if (s->json)
			out_json_lacks(s->json, what);
	}
	for (size_t i = 0; i < lacks.count; i++)
		say(s, link->name, &lacks.all[i]);
}

void
tree_tell_planned_link(struct tree_session *s, const char *operation,
	const struct tree_link *link)
{
	bool there = true;

	tree_tell_link(s, operation, link);
	if (!is_open(s) ||
		tc_scratch_has(&s->scratch, TC_PART_IFB, "", &there) != 0 ||
		there)
		return;
	if (s->json)
		out_json_lacks(s->json, "ifb");
	tree_say(s, CLI_REFUSED, CLI_LACKS ", which is needed for %s", "ifb",
		link->name);
}

void
tree_tell_planned_marks(struct tree_session *s, const struct tree_link *link,
	const struct tc_rule *rules, size_t count)
{
	char text[TC_TEXT];

	tree_tell_marks(s, link, count);
	if (count == 0 || !is_open(s) ||
		tree_try_marks(link, rules, count, text))
		return;
	if (s->json)
		out_json_lacks(s->json, text);
	tree_say(s, CLI_REFUSED, CLI_MARKS, link->name, text);
}
