/* SPDX-License-Identifier: ISC */

/* Lines for people.  Names of interfaces and kinds may have any octets, and so
 * have files: a terminal is not to obey them. */

#include <stdio.h>

#include "cli_int.h"

void
cli_complain(const char *fmt, ...)
{
	char line[4096];
	struct text t = text_over(line, sizeof(line));
	va_list ap;

	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	text_tame(line);
	fprintf(stderr, "tcctl: %s\n", line);
}

void
cli_print(char *line)
{
	text_tame(line);
	printf("%s\n", line);
}
