/* SPDX-License-Identifier: ISC */

/*
 * What a worker finds when it begins: descriptors, limits, signals, environment
 * and user; and which program it is.  rsvpd/sup_worker.c.  The worker is this
 * program again, which tells what it sees by its last descriptor.
 */

#include "rsvpd/sup_int.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "t.h"

#define WORKER "the worker"

enum {
	TELL = SUP_GIVEN_FDS - 1, /* which of its descriptors */
	TELL_FD = SUP_FIRST_FD + TELL,
	LONGEST = 4096,
	HIGHEST_SIGNAL = NSIG - 1
};

/* What may be refused to a worker under way. */
enum call {
	NONE,
	OPEN,
	DUP,
	FCNTL,
	CLOSE_RANGE,
	GETRLIMIT,
	SETRLIMIT,
	PRCTL,
	CHDIR
};

static struct {
	enum call refused;
	int at; /* how many of them before it */
	bool in_worker;
	bool is_orphan;
	bool no_fork;
	int user_error;
	const char *self; /* our path; NULL: the true one */
	int self_error;
	int log;  /* what was logged */
	int told; /* what the worker told */
	char text[LONGEST];
	char dir[64];
	size_t open_fds;
} w;

/* ---- what is around it --------------------------------------------------- */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_dup2(int from, int to);
int __wrap_dup2(int from, int to);
int __real_fcntl(int fd, int what, int arg);
int __wrap_fcntl(int fd, int what, int arg);
int __real_close_range(unsigned first, unsigned last, int flags);
int __wrap_close_range(unsigned first, unsigned last, int flags);
int __real_getrlimit(int which, struct rlimit *ret);
int __wrap_getrlimit(int which, struct rlimit *ret);
int __real_setrlimit(int which, const struct rlimit *limit);
int __wrap_setrlimit(int which, const struct rlimit *limit);
int __real_prctl(int what, unsigned long arg, ...);
int __wrap_prctl(int what, unsigned long arg, ...);
int __real_chdir(const char *path);
int __wrap_chdir(const char *path);
pid_t __real_getppid(void);
pid_t __wrap_getppid(void);
pid_t __real_fork(void);
pid_t __wrap_fork(void);
ssize_t __real_readlink(const char *path, char *buf, size_t size);
ssize_t __wrap_readlink(const char *path, char *buf, size_t size);
void __wrap_log_err(enum log_area area, const char *fmt, ...) TEXT_PRINTF(2, 3);

static bool
is_refused(enum call call)
{
	if (!w.in_worker || w.refused != call || w.at-- > 0)
		return false;
	errno = EDOM;
	return true;
}

int
__wrap_open(const char *path, int flags, ...)
{
	return is_refused(OPEN) ? -1 : __real_open(path, flags, 0);
}

int
__wrap_dup2(int from, int to)
{
	return is_refused(DUP) ? -1 : __real_dup2(from, to);
}

int
__wrap_fcntl(int fd, int what, int arg)
{
	return is_refused(FCNTL) ? -1 : __real_fcntl(fd, what, arg);
}

int
__wrap_close_range(unsigned first, unsigned last, int flags)
{
	return is_refused(CLOSE_RANGE) ? -1
				       : __real_close_range(first, last, flags);
}

int
__wrap_getrlimit(int which, struct rlimit *ret)
{
	return is_refused(GETRLIMIT) ? -1 : __real_getrlimit(which, ret);
}

int
__wrap_setrlimit(int which, const struct rlimit *limit)
{
	return is_refused(SETRLIMIT) ? -1 : __real_setrlimit(which, limit);
}

int
__wrap_prctl(int what, unsigned long arg, ...)
{
	return is_refused(PRCTL) ? -1 : __real_prctl(what, arg, 0, 0, 0);
}

int
__wrap_chdir(const char *path)
{
	return is_refused(CHDIR) ? -1 : __real_chdir(path);
}

pid_t
__wrap_getppid(void)
{
	return w.is_orphan ? 1 : __real_getppid();
}

pid_t
__wrap_fork(void)
{
	sigset_t mask;
	pid_t pid;

	T_EQ(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	T_CHECK(sigismember(&mask, SIGTERM) == 1, "it would reach the child");
	if (w.no_fork) {
		errno = EAGAIN;
		return -1;
	}
	pid = __real_fork();
	w.in_worker = pid == 0;
	return pid;
}

ssize_t
__wrap_readlink(const char *path, char *buf, size_t size)
{
	if (!w.self || strcmp(path, "/proc/self/exe") != 0)
		return __real_readlink(path, buf, size);
	if (w.self_error != 0) {
		errno = w.self_error;
		return -1;
	}
	T_CHECK(strlen(w.self) <= size, "no room");
	memcpy(buf, w.self, strlen(w.self));
	return (ssize_t)strlen(w.self);
}

void
__wrap_log_err(enum log_area area, const char *fmt, ...)
{
	va_list ap;

	(void)area;
	va_start(ap, fmt);
	(void)vdprintf(w.log, fmt, ap);
	va_end(ap);
}

/* As the true one, it ends what was said of the parent's death. */
int
priv_become(const struct priv_user *user, bool net_admin)
{
	struct rlimit files;

	(void)getrlimit(RLIMIT_NOFILE, &files);
	(void)dprintf(TELL_FD, "user %s%s, of few files: %d\n", user->name,
		net_admin ? " of the network" : "", files.rlim_cur < 100);
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	return w.user_error;
}

/* ---- the worker ---------------------------------------------------------- */

static void
tell_fd(int fd)
{
	char link[32];
	char name[128] = "";
	char text[16] = "";

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	(void)!readlink(link, name, sizeof(name) - 1);
	if (fd >= SUP_FIRST_FD && fd != TELL_FD)
		(void)!pread(fd, text, sizeof(text) - 1, 0);
	if (strncmp(name, "/memfd:", 7) == 0)
		name[0] = '\0';
	(void)dprintf(TELL_FD, "descriptor %d: %s%s\n", fd,
		fd == STDOUT_FILENO || fd == STDERR_FILENO ? "" : name, text);
}

/* Those that a program may ask for: libc has two of its own. */
static void
tell_signals(void)
{
	struct sigaction action;
	sigset_t mask;

	(void)sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int signo = 1; signo <= HIGHEST_SIGNAL; signo++) {
		if (sigismember(&mask, signo) == 1)
			(void)dprintf(TELL_FD, "blocked: %d\n", signo);
		if (sigaction(signo, NULL, &action) == 0 &&
			action.sa_handler == SIG_IGN)
			(void)dprintf(TELL_FD, "ignored: %d\n", signo);
	}
}

static int
be_worker(char *const argv[])
{
	struct rlimit core;
	struct rlimit files;
	struct stat out;
	struct stat err;
	char dir[128] = "";
	int signo = 0;

	for (int i = 0; argv[i]; i++)
		(void)dprintf(TELL_FD, "argument %s\n", argv[i]);
	for (int i = 0; environ[i]; i++)
		(void)dprintf(TELL_FD, "%s\n", environ[i]);
	for (int fd = 0; fd < 64; fd++)
		if (fcntl(fd, F_GETFD, 0) >= 0)
			tell_fd(fd);
	(void)fstat(STDOUT_FILENO, &out);
	(void)fstat(STDERR_FILENO, &err);
	(void)prctl(PR_GET_PDEATHSIG, (unsigned long)&signo, 0, 0, 0);
	(void)getrlimit(RLIMIT_CORE, &core);
	(void)getrlimit(RLIMIT_NOFILE, &files);
	(void)dprintf(TELL_FD,
		"output is errors: %d\ncore %d %d\nfiles %d %d\nat death %d\n"
		"in %s\n",
		out.st_ino == err.st_ino && out.st_dev == err.st_dev,
		(int)core.rlim_cur, (int)core.rlim_max, (int)files.rlim_cur,
		(int)files.rlim_max, signo, getcwd(dir, sizeof(dir)));
	tell_signals();
	return 5;
}

/* ---- the scene ----------------------------------------------------------- */

static void
begin(void)
{
	int fd;

	memset(&w, 0, sizeof(w));
	w.open_fds = t_open_fds();
	/* Above what a worker's descriptors are put over. */
	fd = memfd_create("log", MFD_CLOEXEC);
	w.log = fcntl(fd, F_DUPFD_CLOEXEC, 40);
	(void)close(fd);
	w.told = memfd_create("told", MFD_CLOEXEC);
	T_CHECK(w.log >= 0 && w.told >= 0, "no memory");
	(void)snprintf(w.dir, sizeof(w.dir), "/tmp/test_sup.XXXXXX");
	T_CHECK(mkdtemp(w.dir) != NULL, "no directory");
	T_EQ(chdir(w.dir), 0);
}

static void
end(void)
{
	char command[128];

	T_EQ(chdir("/"), 0);
	(void)snprintf(command, sizeof(command), "rm -r %s", w.dir);
	T_EQ(system(command), 0);
	T_EQ(close(w.log), 0);
	T_EQ(close(w.told), 0);
	T_EQ(t_open_fds(), w.open_fds);
}

static const char *
text_of(int fd)
{
	const ssize_t n = pread(fd, w.text, sizeof(w.text) - 1, 0);

	T_CHECK(n >= 0, "no text");
	w.text[n] = '\0';
	return w.text;
}

static struct sup_program
ourselves(void)
{
	return (struct sup_program){ .name = "engine",
		.argv = { WORKER, "--engine" },
		.user = { .name = "somebody" },
		.death_signal = SIGUSR1,
		.files_max = 64 };
}

/* With that as its third descriptor and the others as given; its status. */
static int
run(const struct sup_program *program, int first, int second)
{
	const int fds[SUP_GIVEN_FDS] = { first, second, [TELL] = w.told };
	const pid_t pid = sup_spawn(program, fds);
	int status = 0;

	T_CHECK(pid > 0, "%s", text_of(w.log));
	T_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

static void
expect_end(int status, int code)
{
	T_CHECK(WIFEXITED(status), "%d", status);
	T_EQ(WEXITSTATUS(status), code);
}

static void
expect_told(const char *line)
{
	const char *all = text_of(w.told);
	const char *at = strstr(all, line);

	T_CHECK(at != NULL, "no \"%s\" in\n%s", line, all);
	T_CHECK(at == all || at[-1] == '\n', "part of a line in\n%s", all);
	T_EQ(at[strlen(line)], '\n');
}

/* How often it told that. */
static unsigned
count_of(const char *what)
{
	unsigned count = 0;

	for (const char *at = text_of(w.told); (at = strstr(at, what)) != NULL;
		at++)
		count++;
	return count;
}

static void
expect_descriptors(unsigned want)
{
	T_CHECK(count_of("descriptor ") == want, "%s", w.text);
}

static int
file_of(const char *text)
{
	const int fd = memfd_create("file", 0);

	T_EQ(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

/* ---- what it finds ------------------------------------------------------- */

static void
its_descriptors_are_those_it_was_given(void)
{
	const struct sup_program program = ourselves();
	int low[2];
	int other;

	begin();
	/* Each where another has to be. */
	low[0] = file_of("one");
	low[1] = file_of("two");
	other = file_of("not its own");
	expect_end(run(&program, low[1], low[0]), 5);
	expect_told("descriptor 0: /dev/null");
	expect_told("descriptor 1: ");
	expect_told("descriptor 2: ");
	expect_told("descriptor 3: two");
	expect_told("descriptor 4: one");
	expect_told("descriptor 5: ");
	expect_descriptors(6);
	expect_told("output is errors: 1");
	T_STR(text_of(w.log), "");
	(void)close(low[0]);
	(void)close(low[1]);
	(void)close(other);
	end();
}

static void
what_it_is_not_given_is_closed(void)
{
	const struct sup_program program = ourselves();
	int fd;

	begin();
	fd = file_of("one");
	expect_end(run(&program, -1, fd), 5);
	expect_descriptors(5);
	expect_told("descriptor 4: one");
	T_EQ(ftruncate(w.told, 0), 0);
	(void)lseek(w.told, 0, SEEK_SET);
	expect_end(run(&program, fd, -1), 5);
	expect_descriptors(5);
	expect_told("descriptor 3: one");
	(void)close(fd);
	end();
}

/* Below the descriptors that are arranged there is room for its program. */
static void
its_program_is_not_overwritten(void)
{
	const struct sup_program program = ourselves();
	int fds[2];
	int hole;

	begin();
	hole = file_of("");
	fds[0] = file_of("one");
	fds[1] = file_of("two");
	(void)close(hole);
	expect_end(run(&program, fds[0], fds[1]), 5);
	expect_told("descriptor 3: one");
	expect_told("descriptor 4: two");
	(void)close(fds[0]);
	(void)close(fds[1]);
	end();
}

static void
it_begins_as_its_description_says(void)
{
	struct sup_program program = ourselves();

	begin();
	T_EQ(setenv("LD_PRELOAD_OF_SOMEBODY", "x", 1), 0);
	expect_end(run(&program, -1, -1), 5);
	T_EQ(unsetenv("LD_PRELOAD_OF_SOMEBODY"), 0);
	expect_told("argument " WORKER);
	expect_told("argument --engine");
	expect_told("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	T_CHECK(!strstr(w.text, "SOMEBODY"), "%s", w.text);
	T_EQ(strstr(w.text, "ASAN_OPTIONS=") != NULL, PRIV_SANITIZED);
	expect_told("user somebody, of few files: 1");
	expect_told("core 0 0");
	expect_told("files 64 64");
	expect_told("at death 10");
	expect_told("in /");
	program.net_admin = true;
	program.death_signal = SIGKILL;
	T_EQ(ftruncate(w.told, 0), 0);
	(void)lseek(w.told, 0, SEEK_SET);
	expect_end(run(&program, -1, -1), 5);
	expect_told("user somebody of the network, of few files: 1");
	expect_told("at death 9");
	end();
}

/* More files than we may have are no reason to fail. */
static void
a_limit_is_never_above_ours(void)
{
	struct sup_program program = ourselves();
	char line[64];
	struct rlimit ours;

	begin();
	T_EQ(getrlimit(RLIMIT_NOFILE, &ours), 0);
	program.files_max = ours.rlim_max + 1;
	expect_end(run(&program, -1, -1), 5);
	(void)snprintf(line, sizeof(line), "files %d %d", (int)ours.rlim_max,
		(int)ours.rlim_max);
	expect_told(line);
	end();
}

static void
its_signals_are_as_if_nobody_had_touched_them(void)
{
	static const int ignored[] = { SIGHUP, SIGUSR1, HIGHEST_SIGNAL };
	const struct sup_program program = ourselves();
	sigset_t mask;
	sigset_t after;

	begin();
	for (size_t i = 0; i < 3; i++)
		T_CHECK(signal(ignored[i], SIG_IGN) != SIG_ERR, "%zu", i);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGUSR2);
	T_EQ(sigprocmask(SIG_SETMASK, &mask, NULL), 0);
	expect_end(run(&program, -1, -1), 5);
	T_EQ(count_of("blocked: "), 0);
	T_EQ(count_of("ignored: "), 1);
	expect_told("ignored: 13"); /* SIGPIPE */
	T_EQ(sigprocmask(SIG_SETMASK, NULL, &after), 0);
	for (int signo = 1; signo < 32; signo++) /* ours are as they were */
		T_EQ(sigismember(&after, signo), signo == SIGUSR2);
	(void)sigemptyset(&mask);
	T_EQ(sigprocmask(SIG_SETMASK, &mask, NULL), 0);
	for (size_t i = 0; i < 3; i++)
		(void)signal(ignored[i], SIG_DFL);
	end();
}

/* ---- what may fail ------------------------------------------------------- */

static void
what_fails_is_logged_and_its_status(void)
{
	static const struct {
		enum call refused;
		int at;
		const char *step;
	} rows[] = {
		{ FCNTL, 0, "descriptors" }, /* its program */
		{ OPEN, 0, "descriptors" },
		{ DUP, 0, "descriptors" },
		{ DUP, 1, "descriptors" },
		{ FCNTL, 1, "descriptors" },
		{ FCNTL, 2, "descriptors" },
		{ CLOSE_RANGE, 0, "descriptors" },
		{ DUP, 2, "descriptors" },
		{ DUP, 3, "descriptors" },
		{ GETRLIMIT, 0, "limits" },
		{ SETRLIMIT, 0, "limits" },
		{ SETRLIMIT, 1, "limits" },
		{ PRCTL, 1, "death signal" }, /* the first is of the user */
		{ CHDIR, 0, "death signal" },
	};
	const struct sup_program program = ourselves();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char want[96];

		begin();
		w.refused = rows[i].refused;
		w.at = rows[i].at;
		expect_end(run(&program, STDIN_FILENO, -1), 127);
		(void)snprintf(want, sizeof(want),
			"engine: cannot start: %s: %s", rows[i].step,
			strerror(EDOM));
		T_CHECK(strcmp(text_of(w.log), want) == 0, "row %zu: %s", i,
			w.text);
		end();
	}
}

static void
who_may_not_become_its_user_does_not_start(void)
{
	const struct sup_program program = ourselves();
	char want[96];

	begin();
	w.user_error = -EPERM;
	expect_end(run(&program, -1, -1), 127);
	(void)snprintf(want, sizeof(want), "engine: cannot start: somebody: %s",
		strerror(EPERM));
	T_STR(text_of(w.log), want);
	T_CHECK(!strstr(text_of(w.told), "argument"), "it started");
	end();
}

/* The supervisor died before its signal was asked for. */
static void
an_orphan_does_not_start(void)
{
	const struct sup_program program = ourselves();

	begin();
	w.is_orphan = true;
	expect_end(run(&program, -1, -1), 127);
	T_CHECK(strstr(text_of(w.log), strerror(ESRCH)), "%s", w.text);
	end();
}

static void
without_a_process_there_is_none(void)
{
	const struct sup_program program = ourselves();
	const int fds[SUP_GIVEN_FDS] = { -1, -1, -1 };
	sigset_t mask;

	begin();
	w.no_fork = true;
	T_EQ(sup_spawn(&program, fds), -EAGAIN);
	T_CHECK(strstr(text_of(w.log), strerror(EAGAIN)), "%s", w.text);
	T_EQ(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	T_EQ(sigismember(&mask, SIGTERM), 0);
	end();
}

/* ---- which program ------------------------------------------------------- */

static void
make_program(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", w.dir, name);
	for (char *slash = strchr(path + strlen(w.dir) + 1, '/'); slash;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "we");
	T_CHECK(f != NULL, "%s", path);
	(void)fputs(text, f);
	T_EQ(fclose(f), 0);
	T_EQ(chmod(path, mode), 0);
}

/* The file that is found by us of that name; "": none. */
static void
expect_found(const char *self, const char *want)
{
	char path[128];
	char link[64];
	char got[128] = "";
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", w.dir, self);
	w.self = self[0] == '/' ? self : path;
	fd = sup_find_program("tcctl", "tc");
	w.self = NULL;
	if (want[0] == '\0') {
		T_EQ(fd, -ENOENT);
		return;
	}
	T_CHECK(fd >= 0, "%s: no %s", self, want);
	T_EQ(fcntl(fd, F_GETFD, 0), FD_CLOEXEC);
	T_CHECK((fcntl(fd, F_GETFL, 0) & O_PATH) != 0, "open to be read");
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	T_CHECK(readlink(link, got, sizeof(got) - 1) > 0, "no link");
	T_STR(got + strlen(w.dir) + 1, want);
	T_EQ(close(fd), 0);
}

static void
forget(const char *name)
{
	T_EQ(unlink(name), 0); /* in the directory where we are */
}

static void
it_is_looked_for_beside_in_the_tree_and_where_it_is_installed(void)
{
	static const char *const names[] = { "rsvpd/tcctl", "tc/.libs/tcctl",
		"tc/tcctl", "sbin/tcctl" };

	begin();
	make_program("rsvpd/.libs/tcctl", "", 0755);
	for (size_t i = 0; i < 4; i++)
		make_program(names[i], "", 0755);
	expect_found("rsvpd/.libs/rsvpd", "rsvpd/.libs/tcctl");
	forget("rsvpd/.libs/tcctl");
	expect_found("rsvpd/.libs/rsvpd", "tc/.libs/tcctl");
	for (size_t i = 0; i < 4; i++) {
		expect_found("rsvpd/rsvpd", names[i]);
		/* What nobody may execute is passed over. */
		T_EQ(chmod(names[i], 0644), 0);
		if (i + 1 < 4)
			expect_found("rsvpd/rsvpd", names[i + 1]);
	}
	expect_found("rsvpd/rsvpd", "");
	end();
}

static void
where_nothing_is_above_it_is_the_installed_one(void)
{
	static char self[4096];

	begin();
	make_program("sbin/tcctl", "", 0755);
	expect_found("/rsvpd", "sbin/tcctl");
	expect_found("/nowhere/rsvpd", "sbin/tcctl");
	/* Nor by a name that has no room. */
	memset(self, 'x', sizeof(self) - 4);
	self[0] = '/';
	self[sizeof(self) - 12] = '/';
	expect_found(self, "sbin/tcctl");
	w.self = self;
	w.self_error = EACCES;
	T_EQ(sup_find_program("tcctl", "tc"), -EACCES);
	end();
}

static void
a_program_that_is_not_found_is_named(void)
{
	const int fds[SUP_GIVEN_FDS] = { -1, -1, -1 };
	struct sup_program program = ourselves();

	begin();
	program.file = "tcctl";
	program.folder = "tc";
	T_EQ(sup_spawn(&program, fds), -ENOENT);
	T_STR(text_of(w.log),
		"engine: program not found: tcctl (install it in sbin)");
	end();
}

static void
what_is_no_program_is_told(void)
{
	struct sup_program program = ourselves();
	char want[96];

	begin();
	make_program("sbin/tcctl", "no program", 0755);
	program.file = "tcctl";
	program.folder = "tc";
	expect_end(run(&program, -1, -1), 127);
	(void)snprintf(want, sizeof(want), "engine: cannot start: execve: %s",
		strerror(ENOEXEC));
	T_STR(text_of(w.log), want);
	end();
}

static void
an_end_is_told_in_words(void)
{
	char buf[64];

	sup_describe_end(W_EXITCODE(3, 0), buf, sizeof(buf));
	T_STR(buf, "exit status 3");
	sup_describe_end(W_EXITCODE(0, SIGKILL), buf, sizeof(buf));
	T_STR(buf, "killed by signal 9 (Killed)");
	sup_describe_end(W_EXITCODE(0, SIGKILL), buf, 7);
	T_STR(buf, "killed");
}

static struct t_case cases[] = {
	{ "its descriptors are those it was given",
		its_descriptors_are_those_it_was_given },
	{ "what it is not given is closed", what_it_is_not_given_is_closed },
	{ "its program is not overwritten", its_program_is_not_overwritten },
	{ "it begins as its description says",
		it_begins_as_its_description_says },
	{ "a limit is never above ours", a_limit_is_never_above_ours },
	{ "its signals are as if nobody had touched them",
		its_signals_are_as_if_nobody_had_touched_them },
	{ "what fails is logged, and its status",
		what_fails_is_logged_and_its_status },
	{ "who may not become its user does not start",
		who_may_not_become_its_user_does_not_start },
	{ "an orphan does not start", an_orphan_does_not_start },
	{ "without a process there is none", without_a_process_there_is_none },
	{ "it is looked for beside, in the tree and where it is installed",
		it_is_looked_for_beside_in_the_tree_and_where_it_is_installed },
	{ "where nothing is above it is the installed one",
		where_nothing_is_above_it_is_the_installed_one },
	{ "a program that is not found is named",
		a_program_that_is_not_found_is_named },
	{ "what is no program is told", what_is_no_program_is_told },
	{ "an end is told in words", an_end_is_told_in_words },
};

int
main(int argc, char *argv[])
{
	if (argc > 0 && strcmp(argv[0], WORKER) == 0)
		return be_worker(argv);
	/* Descriptors of whoever started us would be in the way. */
	(void)close_range(SUP_FIRST_FD, ~0u, 0);
	return t_main(__FILE__, cases, sizeof(cases) / sizeof(cases[0]));
}
