/* SPDX-License-Identifier: ISC */

/* What AddressSanitizer, its leak check and UBSan call; see sandbox.c. */

#include <seccomp.h>

#include "sandbox_int.h"

const int *
tc_sandbox_extra(size_t *ret_count)
{
	static const int calls[] = { SCMP_SYS(sigaltstack), SCMP_SYS(mprotect),
		SCMP_SYS(prctl), SCMP_SYS(clone), SCMP_SYS(ptrace),
		SCMP_SYS(wait4), SCMP_SYS(futex), SCMP_SYS(sched_yield),
		SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(readlink),
		SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(lseek),
		SCMP_SYS(getdents64), SCMP_SYS(process_vm_readv),
		SCMP_SYS(prlimit64), SCMP_SYS(arch_prctl), SCMP_SYS(pipe),
		SCMP_SYS(exit), SCMP_SYS(dup), SCMP_SYS(fcntl),
		SCMP_SYS(sched_getaffinity), SCMP_SYS(getppid), SCMP_SYS(ioctl),
		SCMP_SYS(kill) };

	*ret_count = sizeof(calls) / sizeof(calls[0]);
	return calls;
}
