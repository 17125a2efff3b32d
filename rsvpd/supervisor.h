/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

/*
 * The supervisor: opens what needs privilege, starts the three workers, starts
 * again what dies or hangs, passes descriptors.  Reads nothing that comes from
 * a network, a client or a directory.
 */

#include <stdbool.h>

enum { SUP_EXIT_CONF = 78 }; /* of the engine: the configuration is refused */

struct sup_options {
	const char *conf_path;
	const char *policy_path;
	bool policy_required; /* given by name: must exist */
	const char *runtime_dir;
	const char *state_dir;
	const char *policy_classic; /* instead of policy_path where only it is
				     * there: policyd.conf of AIX */
	const char
		*poll_s; /* of the directory, in seconds; NULL: by the file */
	const char *log_dir; /* of accounting.jsonl */
};

/* The file of the policy, as it is now. */
const char *supervisor_policy_path(const struct sup_options *options);

/* Until it is told to stop or gives up.  Exit status of the process. */
int supervisor_run(const struct sup_options *options);

/* The engine, in the process that the supervisor executed for it.  Exit status
 * of the process. */
int engine_run(void);

/* `policyd check FILE` as a child, what it says going to the descriptor out;
 * its exit status, or 127. */
int supervisor_check_policy(const char *path, int out);

#endif /* SUPERVISOR_H */
