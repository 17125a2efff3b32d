/* SPDX-License-Identifier: ISC */
#ifndef T_H
#define T_H

/*
 * Thin checks and case lists over cmocka, with TAP output.  A test program
 * lists its cases as sentences and ends with T_MAIN(cases).
 */

#include <dirent.h>
#include <inttypes.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct t_case {
	const char *name;
	void (*run)(void);
};

__attribute__((format(printf, 5, 6))) static inline void
t_check(bool ok, const char *file, int line, const char *expr, const char *fmt,
	...)
{
	char what[512];
	va_list ap;

	if (ok)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	print_error("%s:%d: %s: %s\n", file, line, expr, what);
	_fail(file, line);
}

static inline void
t_eq(intmax_t got, intmax_t want, const char *file, int line, const char *expr)
{
	t_check(got == want, file, line, expr, "%" PRIdMAX ", not %" PRIdMAX,
		got, want);
}

static inline void
t_str(const char *got, const char *want, const char *file, int line,
	const char *expr)
{
	t_check(strcmp(got, want) == 0, file, line, expr, "\"%s\", not \"%s\"",
		got, want);
}

#define T_CHECK(cond, ...)                                                     \
	t_check((cond), __FILE__, __LINE__, #cond, __VA_ARGS__)
#define T_EQ(got, want)                                                        \
	t_eq((intmax_t)(got), (intmax_t)(want), __FILE__, __LINE__, #got)
#define T_STR(got, want) t_str((got), (want), __FILE__, __LINE__, #got)

/* It lives as long as the process, and a leak checker finds it here; returns
 * it. */
static inline void *
t_keep(void *what)
{
	static void *volatile kept[128];
	static size_t n;

	kept[n++ % (sizeof(kept) / sizeof(kept[0]))] = what;
	return what;
}

/* How many descriptors are open: a case that ends with more leaks them. */
static inline size_t
t_open_fds(void)
{
	size_t count = 0;
	DIR *d = opendir("/proc/self/fd");

	while (d && readdir(d))
		count++;
	if (d)
		(void)closedir(d);
	return count;
}

static inline void
t_run(void **state)
{
	const struct t_case *c = (const struct t_case *)*state;

	c->run();
}

static inline int
t_main(const char *group, struct t_case *cases, size_t n)
{
	struct CMUnitTest *tests =
		(struct CMUnitTest *)calloc(n, sizeof(*tests));

	if (!tests)
		return 1;
	/* What is freed is no longer what it was, and what malloc() gives is
	 * not zero: who relies on either is found. */
	(void)mallopt(M_PERTURB, 0xa5);
	for (size_t i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
			.test_func = t_run,
			.initial_state = &cases[i] };
	cmocka_set_message_output(CM_OUTPUT_TAP);

	int failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);

	free(tests);
	return failed != 0;
}

#define T_MAIN(cases)                                                          \
	int main(void)                                                         \
	{                                                                      \
		return t_main(                                                 \
			__FILE__, cases, sizeof(cases) / sizeof((cases)[0]));  \
	}

#endif /* T_H */
