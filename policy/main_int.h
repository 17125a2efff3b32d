/* SPDX-License-Identifier: ISC */
#ifndef MAIN_INT_H
#define MAIN_INT_H

/* The three things that policyd does. */

#include <stdbool.h>

#include "policy/policy.h"
#include "policy/source.h"

/* Exit statuses besides EXIT_SUCCESS: wrong or refused 1, usage 2. */
enum { EXIT_WRONG = 1, EXIT_USAGE = 2, EXIT_TROUBLE = 2, EXIT_LOST = 4 };

struct serve_options {
	const char *conf_path; /* NULL: the supervisor gives the file */
	const char *conf_name; /* in messages */
	const char *state_dir; /* NULL: no cache */
	bool sandbox;
	uint32_t poll_s; /* between two questions to the directory; 0: by the
			  * file */
};

int serve(const struct serve_options *options);

/* The whole of a regular file as text; 0 or negative errno. */
int conf_read_fd(int fd, char **ret_text);
int conf_read_path(const char *path, char **ret_text);
/* Why it could not be read, for people; rc is negative. */
const char *conf_read_problem(int rc);

struct check_options {
	const char *path;
	const char *name;   /* in messages; NULL: the path */
	const char *format; /* as for source_read() */
	bool json;
	bool quiet;  /* what is wrong or odd in the file, and no more */
	bool strict; /* what is odd is wrong */
};

/* `policyd check FILE`: exit status. */
int check(const struct check_options *options);

struct convert_options {
	const char *path;
	const char *from; /* auto, native, aix, ldif */
	const char *to;
	const char *base; /* of the entries of LDIF */
	const char *tag;
};

/* `policyd convert FILE`: exit status; EXIT_LOST: done, but not all of it could
 * be said. */
int convert(const struct convert_options *options);

struct explain_options {
	const char *conf_path;
	const char *state_dir; /* NULL: no cache */
	bool offline;          /* do not ask the directory */
	bool json;
	const char *format; /* as for source_read() */
	struct policy_question question;
};

/* `policyd explain FILE ...`: exit status. */
int explain(const struct explain_options *options);

struct diff_options {
	const char *have; /* a file of policy, or a snapshot */
	const char *want;
	const char *name;     /* of want in messages; NULL: the path */
	const char *format;   /* as for source_read() */
	const char *requests; /* file with what stands; NULL: nothing */
	bool json;
	bool check; /* also what looks like a mistake in want; status as of
		     * check */
};

/* `policyd diff FILE FILE`: exit status, as of diff(1). */
int policy_diff(const struct diff_options *options);

struct json_t; /* jansson.h */

/* Print an answer and free it.  False: there is not the memory, which is said;
 * failed: for some of it there was not. */
bool answer_json(struct json_t *answer, bool failed);

#endif /* MAIN_INT_H */
