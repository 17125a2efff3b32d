/* SPDX-License-Identifier: ISC */

/* `policyd convert`: read, check, write, and say what was lost. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert_int.h"
#include "main_int.h"

static void
print_lines(const struct source_report *report, const char *what)
{
	for (size_t i = 0; i < report->count && i < SOURCE_LINES; i++)
		fprintf(stderr, "%s%s\n", what,
			report->lines[i] ? report->lines[i] : "no memory");
	if (report->count > SOURCE_LINES)
		fprintf(stderr, "%s%zu more\n", what,
			report->count - SOURCE_LINES);
}

/* Is it a policy at all?  Its errors are said. */
static bool
is_good(const char *text, const char *file, const char *format)
{
	struct source_draft draft = { 0 };
	struct source_directory directory;
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };
	struct policy_set *set = NULL;

	if (source_read(text, file, format, &draft, &directory, &errors))
		set = source_compile(
			&draft, NULL, directory.present, &errors, &notes);
	print_lines(&errors, "");
	source_draft_done(&draft);
	source_report_done(&errors);
	source_report_done(&notes);

	const bool good = set != NULL;

	policy_set_free(set);
	return good;
}

/* LDIF has a first line that is no other's. */
static bool
is_ldif(const char *text)
{
	for (;;) {
		text += strspn(text, " \t\r\n");
		if (*text != '#')
			break;
		text += strcspn(text, "\n");
	}
	return strncmp(text, "dn:", 3) == 0 ||
	       strncmp(text, "version:", 8) == 0;
}

static const char *
format_of(const char *text, const char *told)
{
	if (strcmp(told, "auto") != 0)
		return told;
	if (is_ldif(text))
		return "ldif";
	return source_aix_is(text) ? "aix" : "native";
}

/* LDIF has no reader of its own: what policy.conf it makes must be good. */
static bool
is_good_ldif(struct entries *list)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool good;

	if (!out)
		return false;
	entries_write_conf(list, out);
	good = fclose(out) == 0 && is_good(text, list->file, "native");
	free(text);
	return good;
}

static bool
read_entries(struct entries *list, const char *text, const char *format)
{
	struct source_report errors = { 0 };
	bool good;

	if (strcmp(format, "ldif") == 0) {
		good = entries_read_ldif(list, text, &errors) &&
		       is_good_ldif(list);
		print_lines(&errors, "");
		source_report_done(&errors);
		return good;
	}
	if (!is_good(text, list->file, format))
		return false;
	return strcmp(format, "aix") == 0 ? entries_read_aix(list, text)
					  : entries_read_conf(list, text);
}

static void
write_entries(struct entries *list, const struct convert_options *o)
{
	if (strcmp(o->to, "native") == 0)
		entries_write_conf(list, stdout);
	else if (strcmp(o->to, "aix") == 0)
		entries_write_aix(list, stdout);
	else
		entries_write_ldif(list, stdout, o->base, o->tag);
}

int
convert(const struct convert_options *o)
{
	struct source_report losses = { 0 };
	struct entries list = { .file = o->path, .losses = &losses };
	char *text = NULL;
	int status = EXIT_WRONG;
	int rc = conf_read_path(o->path, &text);

	if (rc < 0) {
		fprintf(stderr, "policyd: %s: %s\n", o->path,
			conf_read_problem(rc));
		return EXIT_WRONG;
	}
	if (read_entries(&list, text, format_of(text, o->from))) {
		write_entries(&list, o);
		print_lines(&losses, "lost: ");
		status = losses.count > 0 ? EXIT_LOST : EXIT_SUCCESS;
	}
	if (list.no_memory) {
		fprintf(stderr, "policyd: not written: no memory\n");
		status = EXIT_WRONG;
	}
	entries_free(&list);
	source_report_done(&losses);
	free(text);
	return status;
}
