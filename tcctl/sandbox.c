/* SPDX-License-Identifier: ISC */

/*
 * What `tcctl serve` may ask of the kernel once its sockets are open.  Any
 * other call ends the process at once: an EPERM in a loop over descriptors
 * would spin.
 */

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

#include "serve_int.h"

static const int allowed[] = {
	/* messages and netlink */
	SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg), SCMP_SYS(recvfrom),
	SCMP_SYS(sendmsg), SCMP_SYS(sendto), SCMP_SYS(read),
	/* libnftables: the size of its buffers, whether there are events */
	SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(pselect6),
	/* the thread of life.c: its end, and waiting for that */
	SCMP_SYS(futex), SCMP_SYS(exit),
	/* waiting */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(restart_syscall),
	SCMP_SYS(clock_gettime), SCMP_SYS(sched_yield),
	/* memory */
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(sysinfo), /* qsort() asks how much there is */
	/* the log line and the end */
	SCMP_SYS(write), SCMP_SYS(getpid), SCMP_SYS(close),
	SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn),
	/* abort() of an assertion, so that it is seen as one */
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction), SCMP_SYS(gettid),
	SCMP_SYS(tgkill)
};

/* What the sanitizers' run-time does on its own, in builds that have it. */
static const int sanitizer_calls[] = { SCMP_SYS(sigaltstack),
	SCMP_SYS(mprotect), SCMP_SYS(prctl), SCMP_SYS(clone), SCMP_SYS(ptrace),
	SCMP_SYS(wait4), SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(readlink),
	SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(lseek),
	SCMP_SYS(getdents), SCMP_SYS(getdents64), SCMP_SYS(process_vm_readv),
	SCMP_SYS(prlimit64), SCMP_SYS(arch_prctl), SCMP_SYS(pipe),
	SCMP_SYS(dup), SCMP_SYS(fcntl), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getppid), SCMP_SYS(ioctl), SCMP_SYS(kill) };

static bool
allow_all(scmp_filter_ctx ctx, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0) != 0)
			return false;
	return true;
}

bool
tc_sandbox(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	bool ok;

	if (!ctx)
		return false;
	ok = allow_all(ctx, allowed, sizeof(allowed) / sizeof(allowed[0])) &&
	     (!SANDBOX_SANITIZED ||
		     allow_all(ctx, sanitizer_calls,
			     sizeof(sanitizer_calls) /
				     sizeof(sanitizer_calls[0]))) &&
	     /* The thread that there is already, too. */
	     seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
	     seccomp_load(ctx) == 0;
	seccomp_release(ctx);
	return ok;
}
