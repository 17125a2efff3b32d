/* SPDX-License-Identifier: ISC */
/*
 * User, capabilities, system-call filter.  The one file that knows libcap-ng
 * and libseccomp here.
 */
#include "priv.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/sockios.h>
#include <pwd.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>

/* What the supervisor keeps, and for what. */
static const struct {
	const char *name;
	unsigned cap;
	bool if_any; /* it does without, if it has to */
} kept[] = {
	/* Raw sockets, and receiving other people's RSVP with them.  A host
	 * with raw = false has none. */
	{ "CAP_NET_RAW", CAP_NET_RAW, true },
	/* Buffers beyond the limit; handed to tcctl, which needs it. */
	{ "CAP_NET_ADMIN", CAP_NET_ADMIN, false },
	/* Workers become users of their own, with an empty bounding set. */
	{ "CAP_SETUID", CAP_SETUID, false },
	{ "CAP_SETGID", CAP_SETGID, false },
	{ "CAP_SETPCAP", CAP_SETPCAP, false },
	/* To end a worker that hangs. */
	{ "CAP_KILL", CAP_KILL, false },
	/* The control socket belongs to a group, the cache to policyd. */
	{ "CAP_CHOWN", CAP_CHOWN, false },
	/* Configuration and key files, whoever may read them. */
	{ "CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH, false },
};

bool
priv_user_find(const char *name, struct priv_user *ret_user)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw)
		return false;
	*ret_user = (struct priv_user){
		.name = name, .uid = pw->pw_uid, .gid = pw->pw_gid
	};
	return true;
}

const char *
priv_missing(void)
{
	if (capng_get_caps_process() != 0)
		return "/proc";
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (!kept[i].if_any &&
			!capng_have_capability(CAPNG_EFFECTIVE, kept[i].cap))
			return kept[i].name;
	return NULL;
}

int
priv_keep(void)
{
	bool has[sizeof(kept) / sizeof(kept[0])];

	if (capng_get_caps_process() != 0)
		return -EPERM;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		has[i] = capng_have_capability(CAPNG_EFFECTIVE, kept[i].cap);
	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (has[i] && capng_update(CAPNG_ADD,
				      CAPNG_EFFECTIVE | CAPNG_PERMITTED |
					      CAPNG_BOUNDING_SET,
				      kept[i].cap) != 0)
			return -EINVAL;
	if (capng_apply(CAPNG_SELECT_BOTH) != 0)
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	return 0;
}

int
priv_become(const struct priv_user *user, bool net_admin)
{
	capng_clear(CAPNG_SELECT_ALL);
	/* Bounding as well: what is left of it is emptied by change_id. */
	if (net_admin && capng_updatev(CAPNG_ADD,
				 CAPNG_EFFECTIVE | CAPNG_PERMITTED |
					 CAPNG_INHERITABLE | CAPNG_BOUNDING_SET,
				 CAP_NET_ADMIN, -1) != 0)
		return -EINVAL;
	if (capng_change_id((int)user->uid, (int)user->gid,
		    CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING) != 0)
		return -EPERM;
	if (net_admin && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
				 CAP_NET_ADMIN, 0, 0) != 0)
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	return 0;
}

/*
 * The loop, sockets that are already there, netlink, memory, the clock and the
 * end.  No open, no exec, no new process, no socket.
 */
static const int engine_calls[] = {
	/* the loop and its timers and signals */
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(timerfd_gettime),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	/* packets, clients, netlink, the other processes */
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(accept4),
	SCMP_SYS(shutdown),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(close),
	/* configuration and snapshots from descriptors */
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(lseek),
	SCMP_SYS(fcntl),
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(sysinfo), /* qsort() asks how much memory there is */
	SCMP_SYS(madvise),
	/* the clock, randomness, ourselves, the end */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(futex),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(tgkill), /* abort() */
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* What the sanitizers' run time does on its own, in builds that have it. */
static const int sanitizer_calls[] = {
	SCMP_SYS(openat),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(mprotect),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	SCMP_SYS(wait4),
	SCMP_SYS(ptrace),
	SCMP_SYS(prctl),
	SCMP_SYS(arch_prctl),
	SCMP_SYS(getppid),
	SCMP_SYS(getdents64),
	SCMP_SYS(kill),
	SCMP_SYS(getuid),
	SCMP_SYS(prlimit64),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
};

static int
allow(scmp_filter_ctx ctx, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const int ret =
			seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);

		if (ret < 0)
			return ret;
	}
	return 0;
}

int
priv_filter_engine(void)
{
	/* The speed of a link that came later; nothing else of ioctl. */
	static const struct scmp_arg_cmp link_speed = {
		.arg = 1, .op = SCMP_CMP_EQ, .datum_a = SIOCETHTOOL
	};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int ret;

	if (!ctx)
		return -ENOMEM;
	ret = allow(ctx, engine_calls,
		sizeof(engine_calls) / sizeof(engine_calls[0]));
	if (ret == 0)
		ret = seccomp_rule_add_array(
			ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &link_speed);
	if (ret == 0 && PRIV_SANITIZED)
		ret = allow(ctx, sanitizer_calls,
			sizeof(sanitizer_calls) / sizeof(sanitizer_calls[0]));
	if (ret == 0)
		ret = seccomp_load(ctx);
	seccomp_release(ctx);
	return ret;
}
