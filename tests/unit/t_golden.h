/* SPDX-License-Identifier: ISC */
#ifndef T_GOLDEN_H
#define T_GOLDEN_H

/*
 * What `policyd check` says of each NAME.conf of a folder of tests/golden is
 * in NAME.ok; those called broken-* are refused, by file and line.
 */

#include <dirent.h>
#include <unistd.h>

#include "t.h"

enum { GOLDEN_TEXT = 65536 };

static inline void
golden_slurp(FILE *f, char *buf)
{
	size_t n = fread(buf, 1, GOLDEN_TEXT - 1, f);

	buf[n] = '\0';
}

static inline void
golden_path(const char *folder, const char *name, char path[1024])
{
	const char *srcdir = getenv("srcdir");

	(void)snprintf(path, 1024, "%s/tests/golden/%s/%s",
		srcdir ? srcdir : "..", folder, name);
}

static inline void
golden_read(const char *folder, const char *name, char *buf)
{
	char path[1024];
	FILE *f;

	golden_path(folder, name, path);
	f = fopen(path, "r");
	T_CHECK(f != NULL, "%s is missing", path);
	golden_slurp(f, buf);
	(void)fclose(f);
}

/* Output and errors of `policyd check FILE`, and its exit status. */
static inline int
golden_check(
	const char *folder, const char *options, const char *file, char *output)
{
	char command[4096];
	char here[1024];
	char dir[1024];
	FILE *f;

	golden_path(folder, "", dir);
	T_CHECK(getcwd(here, sizeof(here)) != NULL, "no directory");
	(void)snprintf(command, sizeof(command),
		"cd %s && LSAN_OPTIONS=suppressions=../../unit/lsan.supp:"
		"print_suppressions=0 %s/policy/policyd check %s %s 2>&1",
		dir, here, options, file);
	f = popen(command, "r");
	T_CHECK(f != NULL, "cannot run %s", command);
	golden_slurp(f, output);
	return pclose(f) >> 8;
}

static inline void
golden_expect(const char *folder, const char *file)
{
	static char got[GOLDEN_TEXT];
	static char want[GOLDEN_TEXT];
	char ok[300];
	bool broken = strncmp(file, "broken-", 7) == 0;
	int status = golden_check(folder, "", file, got);

	(void)snprintf(ok, sizeof(ok), "%.*s.ok", (int)strlen(file) - 5, file);
	golden_read(folder, ok, want);
	T_CHECK(strcmp(got, want) == 0, "%s: got\n%s\nnot\n%s", file, got,
		want);
	T_EQ(status, broken ? 1 : 0);
	if (broken)
		T_CHECK(strncmp(got, file, strlen(file)) == 0 &&
				got[strlen(file)] == ':' &&
				got[strlen(file) + 1] >= '1' &&
				got[strlen(file) + 1] <= '9',
			"%s: no file and line in\n%s", file, got);
}

/* All of the folder, which has at least so many. */
static inline void
golden_expect_all(const char *folder, int least_broken, int least_good)
{
	char dir[1024];
	const struct dirent *e;
	int broken = 0;
	int good = 0;
	DIR *d;

	golden_path(folder, "", dir);
	d = opendir(dir);
	T_CHECK(d != NULL, "%s is missing", dir);
	while ((e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n < 6 || strcmp(e->d_name + n - 5, ".conf") != 0)
			continue;
		golden_expect(folder, e->d_name);
		if (strncmp(e->d_name, "broken-", 7) == 0)
			broken++;
		else
			good++;
	}
	(void)closedir(d);
	T_CHECK(broken >= least_broken && good >= least_good,
		"%d broken, %d good", broken, good);
}

#endif /* T_GOLDEN_H */
