/* SPDX-License-Identifier: ISC */

/* The commands on policy files: policyd carries them out. */

#include "ctl/ctl.h"
#include "ctl/policyd.h"

/* Become policyd with these words and the command's. */
static int
become(const char *const *words, int argc, char **argv)
{
	struct policyd_words all = { 0 };

	for (; *words; words++)
		policyd_word(&all, *words);
	for (int i = 0; i < argc; i++)
		policyd_word(&all, argv[i]);
	return policyd_become(&all);
}

int
ctl_policy_import(const struct ctl_options *options, int argc, char **argv)
{
	static const char *const words[] = { "convert", "--to", "native",
		NULL };

	(void)options; /* no daemon is asked */
	return become(words, argc, argv);
}

int
ctl_policy_export(const struct ctl_options *options, int argc, char **argv)
{
	static const char *const words[] = { "convert", NULL };

	(void)options; /* as above */
	return become(words, argc, argv);
}

int
ctl_policy_check(const struct ctl_options *options, int argc, char **argv)
{
	static const char *const text[] = { "check", NULL };
	static const char *const json[] = { "check", "--json", NULL };

	return become(options->json ? json : text, argc, argv);
}

int
ctl_policy_explain_file(
	const struct ctl_options *options, int argc, char **argv)
{
	static const char *const text[] = { "explain", NULL };
	static const char *const json[] = { "explain", "--json", NULL };

	return become(options->json ? json : text, argc, argv);
}
