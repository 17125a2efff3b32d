/* SPDX-License-Identifier: ISC */

/* policyd as a child: it knows the syntaxes of policy, the tools do not. */

#include "ctl/policyd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/ctl.h"

enum { PATH = 4096 };

bool
policyd_find(char *path, size_t size)
{
	/* Beside us, in the build tree, or where it is installed. */
	static const char *const places[] = { "policyd", "../sbin/policyd",
		"../policy/policyd", "../../policy/policyd" };
	char self[PATH];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; slash && i < sizeof(places) / sizeof(places[0]);
		i++) {
		struct text t = text_over(path, size);

		text_printf(&t, "%s/%s", self, places[i]);
		if (!t.cut && access(path, X_OK) == 0)
			return true;
	}
	return text_copy(path, size, CTL_SBINDIR "/policyd") &&
	       access(path, X_OK) == 0;
}

void
policyd_word(struct policyd_words *words, const char *word)
{
	if (words->count < POLICYD_WORDS)
		words->at[words->count++] = word;
	else
		words->full = true;
}

int
policyd_become(const struct policyd_words *words)
{
	char path[PATH];
	char *argv[POLICYD_WORDS + 2] = { NULL };

	if (words->full) {
		fprintf(stderr, "rsvpctl: more than %d words\n", POLICYD_WORDS);
		return CTL_USAGE;
	}
	if (!policyd_find(path, sizeof(path))) {
		fprintf(stderr, "rsvpctl: policyd is not installed in %s\n",
			CTL_SBINDIR);
		return CTL_UNREACHABLE;
	}
	/* execv() does not write to them. */
	memcpy(&argv[0], &(const char *){ "policyd" }, sizeof(char *));
	memcpy(&argv[1], words->at, words->count * sizeof(char *));
	(void)fflush(stdout); /* nothing is in it */
	(void)execv(path, argv);
	fprintf(stderr, "rsvpctl: %s: %s\n", path, strerror(errno));
	return CTL_UNREACHABLE;
}
