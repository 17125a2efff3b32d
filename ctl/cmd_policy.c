/* SPDX-License-Identifier: ISC */

/* The commands on policy files: policyd carries them out. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/policyd.h"

enum { PATH = 4096, WORDS = 64 };

/* Become policyd with these words and the command's. */
static int
become(const char *const *words, int argc, char **argv)
{
	char path[PATH];
	char *argv_new[WORDS];
	int n = 0;

	if (!policyd_find(path, sizeof(path))) {
		fprintf(stderr, "rsvpctl: policyd is not installed in %s\n",
			CTL_SBINDIR);
		return CTL_UNREACHABLE;
	}
	for (; *words && n < WORDS - 1; words++) {
		argv_new[n] = strdup(*words);
		if (!argv_new[n]) {
			while (n > 0)
				free(argv_new[--n]);
			return CTL_REFUSED;
		}
		n++;
	}
	for (int i = 0; i < argc && n < WORDS - 1; i++)
		argv_new[n++] = argv[i];
	argv_new[n] = NULL;
	(void)fflush(stdout); /* nothing is in it */
	(void)execv(path, argv_new);
	fprintf(stderr, "rsvpctl: %s: %s\n", path, strerror(errno));
	return CTL_UNREACHABLE;
}

int
ctl_policy_import(const struct ctl_options *options, int argc, char **argv)
{
	static const char *const words[] = { "policyd", "convert", "--to",
		"native", NULL };

	(void)options; /* no daemon is asked */
	return become(words, argc, argv);
}

int
ctl_policy_export(const struct ctl_options *options, int argc, char **argv)
{
	static const char *const words[] = { "policyd", "convert", NULL };

	(void)options; /* as above */
	return become(words, argc, argv);
}

int
ctl_policy_check(const struct ctl_options *options, int argc, char **argv)
{
	static const char *const text[] = { "policyd", "check", NULL };
	static const char *const json[] = { "policyd", "check", "--json",
		NULL };

	return become(options->json ? json : text, argc, argv);
}

int
ctl_policy_explain(const struct ctl_options *options, int argc, char **argv)
{
	static const char *const text[] = { "policyd", "explain", NULL };
	static const char *const json[] = { "policyd", "explain", "--json",
		NULL };

	return become(options->json ? json : text, argc, argv);
}
