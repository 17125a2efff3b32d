/* SPDX-License-Identifier: ISC */

/* What is wrong with a description: kept as it is found, told by line. */

#include "tree_int.h"

#include <stdlib.h>
#include <string.h>

static void
keep(struct tree_faults *f, unsigned line, bool warning, const char *fmt,
	va_list ap)
{
	struct tree_fault *fault;
	struct text t;

	if (!warning)
		f->errors++;
	if (f->count == TREE_FAULTS_MAX)
		return;
	fault = &f->all[f->count];
	*fault = (struct tree_fault){
		.line = line, .rank = (unsigned)f->count++, .warning = warning
	};
	t = text_over(fault->text, sizeof(fault->text));
	text_vprintf(&t, fmt, ap);
}

void
tree_error(struct tree_faults *f, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep(f, line, false, fmt, ap);
	va_end(ap);
}

void
tree_warning(struct tree_faults *f, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep(f, line, true, fmt, ap);
	va_end(ap);
}

static int
by_line(const void *a, const void *b)
{
	const struct tree_fault *x = (const struct tree_fault *)a;
	const struct tree_fault *y = (const struct tree_fault *)b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->rank < y->rank ? -1 : 1;
}

void
tree_faults_print(struct tree_faults *f, struct text *t)
{
	qsort(f->all, f->count, sizeof(f->all[0]), by_line);
	for (size_t i = 0; i < f->count; i++) {
		const struct tree_fault *fault = &f->all[i];

		text_printf(t, "%s:", f->file);
		if (fault->line > 0)
			text_printf(t, "%u:", fault->line);
		text_printf(t, " %s%s\n", fault->warning ? "warning: " : "",
			fault->text);
	}
}
