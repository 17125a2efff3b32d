/* SPDX-License-Identifier: ISC */
/* `policyd check` for `rsvpd -n`, and which file that is. */
#include "rsvpd/sup_int.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_FOUND = 127 };

const char *
supervisor_policy_path(const struct sup_options *o)
{
	if (!o->policy_required && o->policy_classic &&
		access(o->policy_path, F_OK) != 0 &&
		access(o->policy_classic, F_OK) == 0)
		return o->policy_classic;
	return o->policy_path;
}

int
supervisor_check_policy(const char *path, int out)
{
	const int exe = sup_find_program("policyd", "policy");
	const char *const words[] = { "policyd", "check", path, NULL };
	char *argv[sizeof(words) / sizeof(words[0])];
	int status = 0;
	pid_t pid;

	if (exe < 0) {
		(void)fprintf(stderr,
			"rsvpd: %s: not checked, no policyd (install it in "
			"%s)\n",
			path, RSVPD_SBINDIR);
		return NOT_FOUND;
	}
	memcpy(argv, words, sizeof(argv)); /* execve() leaves them alone */
	pid = fork();
	if (pid == 0) {
		if (out != STDOUT_FILENO)
			(void)dup2(out, STDOUT_FILENO); /* of open ones */
		(void)fexecve(exe, argv, environ);
		_exit(NOT_FOUND);
	}
	close(exe);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return NOT_FOUND;
	return WIFEXITED(status) ? WEXITSTATUS(status) : NOT_FOUND;
}
