/* SPDX-License-Identifier: ISC */

/*
 * System calls of `policyd serve`.  Anything else kills the process: a
 * directory client that runs a program, traces a neighbour or changes its user
 * has been taken over.
 *
 * libldap, its TLS library and the resolver open sockets, files and threads;
 * that much is allowed.  Sockets are of the families they need.
 */

#include "sandbox_int.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/socket.h>

static const char *const allowed[] = {
	/* memory, threads, the end */
	"brk",
	"mmap",
	"munmap",
	"mprotect",
	"mremap",
	"madvise",
	"clone",
	"clone3",
	"futex",
	"set_robust_list",
	"get_robust_list",
	"rseq",
	"sched_yield",
	"sched_getaffinity",
	"membarrier",
	"exit",
	"exit_group",
	"restart_syscall",
	"sysinfo",
	"prlimit64",
	"getrlimit",
	"getrusage",
	"arch_prctl",
	"set_tid_address",
	"prctl",
	/* signals */
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigtimedwait",
	"sigaltstack",
	"signalfd4",
	"tgkill",
	/* who and when */
	"getpid",
	"getppid",
	"gettid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getgroups",
	"getresuid",
	"getresgid",
	"uname",
	"clock_gettime",
	"clock_getres",
	"clock_nanosleep",
	"nanosleep",
	"gettimeofday",
	"time",
	"getrandom",
	"times",
	/* descriptors */
	"read",
	"readv",
	"pread64",
	"preadv",
	"write",
	"writev",
	"pwrite64",
	"close",
	"dup",
	"fcntl",
	"lseek",
	"poll",
	"ppoll",
	"select",
	"pselect6",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	"eventfd2",
	"timerfd_create",
	"timerfd_settime",
	"pipe2",
	"ioctl",
	"memfd_create",
	/* files: configuration of libraries, the cache */
	"open",
	"openat",
	"stat",
	"lstat",
	"fstat",
	"newfstatat",
	"statx",
	"statfs",
	"fstatfs",
	"access",
	"faccessat",
	"faccessat2",
	"readlink",
	"readlinkat",
	"getdents64",
	"getcwd",
	"fsync",
	"fdatasync",
	"ftruncate",
	"rename",
	"renameat",
	"renameat2",
	"unlink",
	"unlinkat",
	"utimensat",
	"fchmod",
	"flock",
	/* network */
	"connect",
	"bind",
	"getsockname",
	"getpeername",
	"sendto",
	"sendmsg",
	"sendmmsg",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"shutdown",
	"setsockopt",
	"getsockopt",
};

/* What the sanitizers' run time does on its own, in builds that have it. */
static const char *const sanitizer_calls[] = { "getdents", "ptrace", "wait4",
	"kill" };

static int
allow_calls(scmp_filter_ctx filter, const char *const *names, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		/* Not on this architecture: nothing to allow. */
		if (number != __NR_SCMP_ERROR)
			rc = seccomp_rule_add(
				filter, SCMP_ACT_ALLOW, number, 0);
	}
	return rc;
}

static int
allow_sockets(scmp_filter_ctx filter)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6,
		AF_NETLINK };

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const struct scmp_arg_cmp family = { .arg = 0,
			.op = SCMP_CMP_EQ,
			.datum_a = (scmp_datum_t)families[i] };
		int rc = seccomp_rule_add_array(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, &family);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int
sandbox_enter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = filter ? 0 : -ENOMEM;

	if (rc == 0)
		rc = allow_calls(
			filter, allowed, sizeof(allowed) / sizeof(allowed[0]));
	if (rc == 0 && SANDBOX_SANITIZED)
		rc = allow_calls(filter, sanitizer_calls,
			sizeof(sanitizer_calls) / sizeof(sanitizer_calls[0]));
	/* Else a call of a foreign architecture would end its thread only. */
	if (rc == 0)
		rc = seccomp_attr_set(
			filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc == 0)
		rc = allow_sockets(filter);
	if (rc == 0)
		rc = seccomp_load(filter); /* sets no-new-privileges */
	seccomp_release(filter);
	return rc;
}
