/* SPDX-License-Identifier: ISC */

/* What the commands on descriptions share; see tree_cli.h. */

#include "tree_cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tc_rule_int.h"

void
tree_say(struct tree_session *s, int status, const char *fmt, ...)
{
	char line[768];
	struct text t = text_over(line, sizeof(line));
	va_list ap;

	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	cli_complain("%s", line);
	if (s->problem[0] == '\0')
		(void)text_copy(s->problem, sizeof(s->problem), line); /* cut */
	s->status = status > s->status ? status : s->status;
}

static void
say_waiting(void)
{
	fputs("tcctl: another tcctl is at work: waiting for it\n", stderr);
}

int
tree_lock(const struct cli_options *options)
{
	return tree_state_lock(options->state_dir, say_waiting);
}

void
tree_say_error(struct tree_session *s, int error)
{
	tree_say(s, CLI_UNREACHABLE, "the kernel's traffic control: %s",
		strerror(-error));
}

bool
tree_look(struct tree_session *s)
{
	int error;

	nl_host_done(&s->host);
	error = nl_host_read(s->links, &s->host);
	if (error != 0)
		tree_say_error(s, error);
	return error == 0;
}

bool
tree_session_open(struct tree_session *s, const struct cli_options *options)
{
	*s = (struct tree_session){ .options = options };
	s->conn = nl_conn_new();
	s->links = s->conn ? nl_host_new() : NULL;
	if (!s->links) {
		tree_say_error(s, -errno);
		return false;
	}
	s->kernel = nl_conn_kernel(s->conn);
	if (options->json && !(s->json = out_json_new())) {
		tree_say_error(s, -ENOMEM);
		return false;
	}
	return tree_look(s);
}

int
tree_session_close(struct tree_session *s)
{
	tc_scratch_close(&s->scratch);
	nl_host_done(&s->host);
	nl_host_free(s->links);
	nl_conn_free(s->conn);
	return out_json_end(
		s->json, s->status, s->problem[0] != '\0' ? s->problem : NULL);
}

void
tree_tell(struct tree_session *s, const struct tc_op *op, const char *name)
{
	char line[1024];
	struct text t = text_over(line, sizeof(line));

	if (s->json) {
		out_json_op(s->json, op, name);
		return;
	}
	tc_op_print(&t, op, name);
	cli_print(line);
}

void
tree_tell_link(struct tree_session *s, const char *operation,
	const struct tree_link *link)
{
	char object[64];
	char line[160];
	struct text o = text_over(object, sizeof(object));
	struct text t = text_over(line, sizeof(line));

	text_printf(&o, "interface %s", link->name);
	text_printf(&t, "%s %s", operation, object);
	if (strcmp(operation, "delete") != 0)
		text_printf(&t, " ifb up txqueuelen %u", link->txqueuelen);
	if (s->json)
		out_json_line(s->json, operation, link->name, object, line);
	else
		cli_print(line);
}

bool
tree_dump(struct tree_session *s, uint32_t ifindex, struct tc_objects *into)
{
	int error = s->kernel.dump_tree(s->kernel.arg, ifindex, into);

	if (error == 0 && into->failed)
		error = -ENOMEM;
	if (error != 0)
		tree_say_error(s, error);
	return error == 0;
}

char *
tree_describe(struct tree_session *s, const struct tree_link *link,
	const struct tc_objects *have)
{
	const struct tree_found found = { link, have };
	struct tree_writing w = { .host = &s->host, .all = &found, .count = 1 };
	char *text = NULL;
	size_t len = 0;

	w.out = open_memstream(&text, &len);
	if (!w.out) {
		tree_say_error(s, -ENOMEM);
		return NULL;
	}
	tree_write(&w);
	if (fclose(w.out) != 0) {
		tree_say_error(s, -errno);
		free(text);
		return NULL;
	}
	return text;
}

bool
tree_drop_link(struct tree_session *s, const struct tree_link *link)
{
	struct tc_result result;
	int error = nl_host_del_link(s->links, link->ifindex, &result);

	if (error != 0)
		tree_say_error(s, error);
	else if (result.error != 0)
		tree_say(s, CLI_REFUSED, "%s: delete interface: %s", link->name,
			strerror(result.error));
	else
		tree_tell_link(s, "delete", link);
	return error == 0 && result.error == 0;
}

static struct tc_iface
iface_of(const struct tree_link *link)
{
	struct tc_iface iface = { .ifindex = link->ifindex };

	(void)text_copy(iface.name, sizeof(iface.name), link->name); /* fits */
	return iface;
}

static void
count_mark(void *arg, const struct tc_mark_count *count)
{
	size_t *n = (size_t *)arg;

	(void)count; /* one for each rule */
	(*n)++;
}

size_t
tree_count_marks(struct tree_session *s, const struct tree_link *link)
{
	const struct tc_iface iface = iface_of(link);
	struct tc_marker marker;
	size_t n = 0;

	(void)s; /* it is not said that there are none */
	if (!tc_marker_open(&marker, NULL))
		return 0;
	marker.counts(marker.arg, &iface, count_mark, &n);
	tc_marker_close(&marker);
	return n;
}

void
tree_tell_marks(
	struct tree_session *s, const struct tree_link *link, size_t count)
{
	char object[64];
	char line[96];
	struct text o = text_over(object, sizeof(object));
	struct text t = text_over(line, sizeof(line));
	const char *operation = count > 0 ? "change" : "delete";

	text_printf(&o, "marks on %s", link->name);
	text_printf(&t, "%s %s", operation, object);
	if (count > 0)
		text_printf(&t, ": %zu rules", count);
	if (s->json)
		out_json_line(s->json, operation, link->name, object, line);
	else
		cli_print(line);
}

/* Make the interface's marks these, or only try it.  False, and why not. */
static bool
set_marks(const struct tree_link *link, const struct tc_rule *rules,
	size_t count, bool try_only, char text[TC_TEXT])
{
	const struct tc_iface iface = iface_of(link);
	const struct tc_mark_set set = {
		.iface = &iface, .rules = rules, .count = count
	};
	struct tc_marker marker;
	int error;

	text[0] = '\0';
	if (!tc_marker_open(&marker, NULL)) {
		(void)text_copy(text, TC_TEXT,
			"tcctl was built without nftables"); /* fits */
		return false;
	}
	error = (try_only ? marker.check : marker.apply)(
		marker.arg, &set, text);
	tc_marker_close(&marker);
	if (error != 0 && text[0] == '\0')
		(void)text_copy(text, TC_TEXT, strerror(error)); /* fits */
	return error == 0;
}

bool
tree_put_marks(struct tree_session *s, const struct tree_link *link,
	const struct tc_rule *rules, size_t count)
{
	char text[TC_TEXT];
	const bool ok = set_marks(link, rules, count, false, text);

	if (ok)
		tree_tell_marks(s, link, count);
	else
		tree_say(s, CLI_REFUSED, CLI_MARKS, link->name, text);
	return ok;
}

bool
tree_try_marks(const struct tree_link *link, const struct tc_rule *rules,
	size_t count, char ret_text[TC_TEXT])
{
	return set_marks(link, rules, count, true, ret_text);
}
