/* SPDX-License-Identifier: ISC */

/*
 * A worker with nl_fault.so (nl_fault.c), although its supervisor hands no
 * environment on: started as FOLDER/NAME this becomes FOLDER/NAME.real, with
 * FOLDER/nl_fault.so and FOLDER/plan.
 */

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	enum { ROOM = 16 }; /* for what is put behind the folder */
	char self[PATH_MAX];
	char path[PATH_MAX + ROOM];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *folder;

	(void)argc;
	if (n < 0)
		return 127;
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s.real", self);

	char *real = strdup(path);

	folder = dirname(self);
	snprintf(path, sizeof(path), "%s/nl_fault.so", folder);
	if (!real || setenv("LD_PRELOAD", path, 1) != 0)
		return 127;
	snprintf(path, sizeof(path), "%s/plan", folder);
	if (setenv("NL_FAULT", path, 1) != 0 ||
		setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1) != 0)
		return 127;
	(void)execv(real, argv);
	perror(real);
	return 127;
}
