/* SPDX-License-Identifier: ISC */

/* Answers of policyd's commands as JSON, and as much of them as there is memory
 * for: policy/answer_json.c, check.c, diff_json.c, explain.c. */

#include "t_golden.h"
#include "t_memory.h"

#include "base/text.h"
#include "policy/cache_int.h"
#include "policy/dir_int.h"
#include "policy/main_int.h"

/* ---- what the files do not ask for --------------------------------------- */

bool
source_ldap_read(const struct source_directory *d, struct source_draft *draft,
	struct source_report *skipped, char uri[SOURCE_TEXT],
	struct text *problem)
{
	(void)d;
	(void)draft;
	(void)skipped;
	(void)uri;
	(void)problem;
	T_CHECK(false, "a directory");
	return false;
}

int
cache_load(const char *state_dir, struct cache *ret_cache)
{
	(void)state_dir;
	(void)ret_cache;
	T_CHECK(false, "a cache");
	return -1;
}

const char *
dir_mode_text(enum source_mode mode)
{
	(void)mode;
	return "";
}

/* ---- the bench ----------------------------------------------------------- */

static struct {
	int (*command)(void);
	int status;
	int trouble; /* status when it could not be told */
	char out[GOLDEN_TEXT];
	char err[GOLDEN_TEXT];
} got, whole;

static void
keep(FILE *f, char **text, char *to)
{
	(void)fclose(f);
	T_CHECK(text_copy(to, GOLDEN_TEXT, *text), "too much");
	free(*text);
}

static void
run(int (*command)(void))
{
	FILE *const real_out = stdout;
	FILE *const real_err = stderr;
	char *out = NULL;
	char *err = NULL;
	size_t len[2];

	(void)fflush(stdout);
	stdout = open_memstream(&out, &len[0]);
	stderr = open_memstream(&err, &len[1]);
	got.status = command();
	keep(stdout, &out, got.out);
	keep(stderr, &err, got.err);
	stdout = real_out;
	stderr = real_err;
}

static bool
print_for_trial(const char **ret_text)
{
	run(whole.command);
	*ret_text = got.out;
	if (got.status == whole.status && strcmp(got.err, whole.err) == 0)
		return true;
	T_EQ(got.status, whole.trouble);
	/* jansson takes what it cannot keep of a file for a mistake in it. */
	T_CHECK(strstr(got.err, "policyd: no memory\n") ||
			strstr(got.err, "requests.json: line "),
		"%s", got.err);
	return false;
}

/* It is told whole, or that there is not the memory for it. */
static void
needs_memory(int (*command)(void), int trouble, const char *has)
{
	size_t failures;

	run(command);
	whole = got;
	whole.command = command;
	whole.trouble = trouble;
	T_CHECK(strstr(whole.out, has), "%s", whole.out);
	failures = t_memory_try(print_for_trial, whole.out);
	T_CHECK(failures > 40, "%zu failures", failures);
}

static const char *
file(const char *name)
{
	static char paths[4][1024];
	static size_t next;
	char *path = paths[next++ % 4];

	golden_path("commands", name, path);
	return path;
}

/* ---- check --------------------------------------------------------------- */

static int
check_good(void)
{
	const struct check_options o = {
		.path = file("a.conf"), .name = "caf\xe9", .json = true
	};

	return check(&o);
}

static int
check_wrong(void)
{
	const struct check_options o = { .path = file("wrong.conf"),
		.json = true };

	return check(&o);
}

static void
a_check_is_told_whole(void)
{
	needs_memory(check_good, EXIT_WRONG, "\"file\": \"caf\\\\xe9\"");
	needs_memory(check_wrong, EXIT_WRONG, "\"valid\": false");
}

/* ---- diff ---------------------------------------------------------------- */

static int
diff_all(void)
{
	const struct diff_options o = { .have = file("a.conf"),
		.want = file("b.conf"),
		.requests = file("requests.json"),
		.json = true };

	return policy_diff(&o);
}

static int
diff_wrong(void)
{
	const struct diff_options o = { .have = file("a.conf"),
		.want = file("wrong.conf"),
		.json = true,
		.check = true };

	return policy_diff(&o);
}

static void
a_difference_is_told_whole(void)
{
	needs_memory(diff_all, EXIT_TROUBLE, "\"same\": false");
	needs_memory(diff_wrong, EXIT_TROUBLE, "\"valid\": false");
}

/* ---- explain ------------------------------------------------------------- */

static int
explain_one(void)
{
	struct explain_options o = {
		.conf_path = file("a.conf"), .offline = true, .json = true
	};
	const char *wants;

	policy_question_init(&o.question, 0);
	T_EQ(policy_question_set(&o.question, "dst", "10.0.0.1", &wants),
		POLICY_QUESTION_TAKEN);
	policy_question_settle(&o.question);
	return explain(&o);
}

static void
an_explanation_is_told_whole(void)
{
	needs_memory(explain_one, EXIT_WRONG, "\"failed\": ");
}

static struct t_case cases[] = {
	{ "a check is told whole", a_check_is_told_whole },
	{ "a difference is told whole", a_difference_is_told_whole },
	{ "an explanation is told whole", an_explanation_is_told_whole },
};
T_MAIN(cases)
