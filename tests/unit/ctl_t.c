/* SPDX-License-Identifier: ISC */

/* rsvpctl and its daemon; see ctl_t.h. */

#include "ctl_t.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS = 64, WORD = 1024, WORDS = 16384, DEADLINE_MS = 10000 };

/* ---- answers ------------------------------------------------------------- */

/* An answer on its way. */
struct answer {
	const char *at;
	uint8_t bytes[CTL_T_TEXT];
	struct buf_writer w;
	uint16_t version;
	int to;
	bool fd;
	bool ended;
};

static bool
word(struct answer *a, char text[WORD])
{
	size_t n = 0;

	a->at += strspn(a->at, " \n\t");
	if (*a->at == '\'') {
		n = strcspn(++a->at, "'");
		(void)snprintf(text, WORD, "%.*s", (int)n, a->at);
		a->at += n + 1;
		return true;
	}
	n = strcspn(a->at, " \n\t{}|");
	if (n == 0 && *a->at != '\0')
		n = 1; /* a sign */
	(void)snprintf(text, WORD, "%.*s", (int)n, a->at);
	a->at += n;
	return n > 0;
}

static const struct ctl_fact *
fact_of(const char *name)
{
	const struct ctl_fact *f;

	for (uint16_t id = 1; (f = ctl_fact_find(id)); id++)
		if (strcmp(f->name, name) == 0)
			return f;
	T_CHECK(false, "no fact %s", name);
	return NULL;
}

static void
put_scalar(struct buf_writer *w, const struct ctl_fact *f, const char *text)
{
	const enum ctl_fact_id id = (enum ctl_fact_id)f->id;
	struct addr addr;

	switch ((enum ctl_kind)f->kind) {
	case CTL_KIND_TEXT:
		ctl_put_text(w, id, text);
		break;
	case CTL_KIND_NUMBER:
		ctl_put_number(w, id, strtoull(text, NULL, 10));
		break;
	case CTL_KIND_SIGNED:
		ctl_put_signed(w, id, strtoll(text, NULL, 10));
		break;
	case CTL_KIND_REAL:
		ctl_put_real(w, id, strtod(text, NULL));
		break;
	case CTL_KIND_BOOL:
		ctl_put_bool(w, id, strcmp(text, "0") != 0);
		break;
	case CTL_KIND_ADDR:
		T_CHECK(addr_parse(text, &addr), "%s is no address", text);
		ctl_put_addr(w, id, &addr);
		break;
	case CTL_KIND_OBJECT:
	case CTL_KIND_LIST:
		T_CHECK(false, "%s has no braces", f->name);
		break;
	}
}

static void
sign(struct answer *a, char which)
{
	char text[WORD];

	T_CHECK(word(a, text) && text[0] == which, "%c missing at %s", which,
		a->at);
}

/* Up to the closing brace.  Lists hold lists. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as a test has written it */
static void
put_facts(struct answer *a)
{
	const struct ctl_fact *f;
	char text[WORD];
	uint8_t *nest;

	sign(a, '{');
	while (word(a, text) && strcmp(text, "}") != 0) {
		if (strcmp(text, "unknown") == 0) { /* of a newer daemon */
			msg_put_u64(&a->w, UINT16_MAX, 1);
			continue;
		}
		if (strcmp(text, "malformed") == 0) { /* a number is longer */
			msg_put_u8(&a->w, CTL_F_DSCP, 1);
			continue;
		}
		f = fact_of(text);
		if (f->kind == CTL_KIND_OBJECT || f->kind == CTL_KIND_LIST) {
			nest = msg_nest(&a->w, f->id);
			put_facts(a);
			msg_nest_end(&a->w, nest);
		} else {
			T_CHECK(word(a, text), "no value of %s", f->name);
			put_scalar(&a->w, f, text);
		}
	}
}

static void
put_message(struct answer *a, enum ctl_type type, bool facts)
{
	uint8_t *m = msg_begin(&a->w, (uint16_t)type, 1);

	if (facts)
		put_facts(a);
	msg_end(&a->w, m);
	T_CHECK(!a->w.failed, "an answer is too long");
	m[4] = (uint8_t)a->version;
	if (type == CTL_END)
		a->ended = true;
}

/* What has been put together. */
static void
flush(struct answer *a)
{
	const size_t len = buf_written(&a->w);
	struct iovec iov = { .iov_base = a->bytes, .iov_len = len };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .align = { .cmsg_len = CMSG_LEN(sizeof(int)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS } };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = -1;

	if (a->fd) {
		fd = memfd_create("answer", MFD_CLOEXEC);
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
	}
	if (len > 0)
		T_EQ(sendmsg(a->to, &m, MSG_NOSIGNAL), len);
	if (fd >= 0)
		(void)close(fd);
	a->fd = false;
	a->w = buf_writer(a->bytes, sizeof(a->bytes));
}

static void
give(const char *records, int to)
{
	static struct answer a;
	char text[WORD];

	a = (struct answer){ .at = records, .version = MSG_VERSION, .to = to };
	a.w = buf_writer(a.bytes, sizeof(a.bytes));
	while (word(&a, text)) {
		if (strcmp(text, "{") == 0) {
			a.at--;
			put_message(&a, CTL_RECORD, true);
		} else if (strcmp(text, "end") == 0) {
			put_message(&a, CTL_END, true);
		} else if (strcmp(text, "version") == 0) {
			T_CHECK(word(&a, text), "which version?");
			a.version = (uint16_t)strtoul(text, NULL, 10);
		} else if (strcmp(text, "fd") == 0) {
			a.fd = true;
		} else if (strcmp(text, "|") == 0) {
			flush(&a);
		} else {
			T_STR(text, "cut");
			flush(&a);
			return;
		}
	}
	if (!a.ended)
		put_message(&a, CTL_END, false);
	flush(&a);
}

/* ---- the daemon ---------------------------------------------------------- */

struct bench {
	char dir[64];
	char path[80];
	int listener; /* -1: nobody listens */
	const struct ctl_t_answer *answers;
	struct ctl_t_run *run;
};

static void
listen_at(struct bench *b)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	b->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	memcpy(sa.sun_path, b->path, strlen(b->path) + 1);
	T_EQ(bind(b->listener, (const struct sockaddr *)&sa, sizeof(sa)), 0);
	T_EQ(listen(b->listener, CTL_T_ANSWERS), 0);
}

static void
answer_one(struct bench *b)
{
	struct ctl_t_run *run = b->run;
	const struct ctl_t_answer *a = &b->answers[run->asked];
	const int fd = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC);
	uint8_t bytes[CTL_T_ASKED];
	struct buf_reader r;
	struct msg m;
	ssize_t n;

	T_CHECK(fd >= 0, "nobody there");
	n = recv(fd, bytes, sizeof(bytes), 0);
	T_CHECK(n > 0, "nothing was asked");
	r = buf_reader(bytes, (size_t)n);
	T_CHECK(msg_next(&r, &m) && m.version == MSG_VERSION && m.serial != 0,
		"not a question");
	T_CHECK(a->question != 0, "another question: %u", m.type);
	T_EQ(m.type, a->question);
	run->question_len = buf_left(&m.body);
	memcpy(run->question, m.body.pos, run->question_len);
	run->asked++;
	give(a->records, fd);
	(void)close(fd);
}

/* ---- the program --------------------------------------------------------- */

static void
become(const char *path, const char *words)
{
	char copy[WORDS];
	char *args[ARGS] = { (char *)(uintptr_t) "rsvpctl",
		(char *)(uintptr_t) "--socket", (char *)(uintptr_t)path };
	size_t n = 3;
	char *save = NULL;

	(void)snprintf(copy, sizeof(copy), "%s", words);
	for (char *w = strtok_r(copy, " ", &save); w && n + 1 < ARGS;
		w = strtok_r(NULL, " ", &save))
		args[n++] = w;
	(void)setenv("LSAN_OPTIONS", "detect_leaks=0", 1);
	(void)execv("./ctl/rsvpctl", args);
	_exit(126);
}

pid_t
ctl_t_start(const char *path, const char *words, int ret_pipes[2])
{
	int out[2];
	int err[2];
	pid_t pid;

	T_EQ(pipe2(out, O_CLOEXEC), 0);
	T_EQ(pipe2(err, O_CLOEXEC), 0);
	(void)fflush(NULL);
	pid = fork();
	T_CHECK(pid >= 0, "cannot fork");
	if (pid == 0) {
		(void)dup2(out[1], STDOUT_FILENO);
		(void)dup2(err[1], STDERR_FILENO);
		become(path, words);
	}
	(void)close(out[1]);
	(void)close(err[1]);
	ret_pipes[0] = out[0];
	ret_pipes[1] = err[0];
	return pid;
}

/* False at the end. */
static bool
take_text(int fd, char text[CTL_T_TEXT])
{
	const size_t len = strlen(text);
	const ssize_t n = read(fd, text + len, CTL_T_TEXT - 1 - len);

	if (n <= 0)
		return false;
	text[len + (size_t)n] = '\0';
	return true;
}

/* Until it has closed both. */
static void
attend(struct bench *b, int pipes[2])
{
	struct pollfd fds[3] = { { .fd = pipes[0], .events = POLLIN },
		{ .fd = pipes[1], .events = POLLIN },
		{ .fd = b->listener, .events = POLLIN } };

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		T_CHECK(poll(fds, 3, DEADLINE_MS) > 0, "it hangs");
		if (fds[0].revents != 0 && !take_text(pipes[0], b->run->out))
			fds[0].fd = -1;
		if (fds[1].revents != 0 && !take_text(pipes[1], b->run->err))
			fds[1].fd = -1;
		if (fds[2].revents != 0)
			answer_one(b);
	}
}

void
ctl_t_run(const struct ctl_t_answer *answers, const char *words,
	struct ctl_t_run *ret_run)
{
	struct bench b = { .dir = "/tmp/test_ctl.XXXXXX",
		.listener = -1,
		.answers = answers,
		.run = ret_run };
	int pipes[2];
	int status;
	pid_t pid;

	*ret_run = (struct ctl_t_run){ .status = -1 };
	T_CHECK(mkdtemp(b.dir) != NULL, "no directory");
	(void)snprintf(b.path, sizeof(b.path), "%s/s", b.dir);
	if (answers)
		listen_at(&b);
	pid = ctl_t_start(b.path, words, pipes);
	attend(&b, pipes);
	T_EQ(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		ret_run->status = WEXITSTATUS(status);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	if (answers)
		T_EQ(answers[ret_run->asked].question, 0);
	if (b.listener >= 0)
		(void)close(b.listener);
	(void)unlink(b.path);
	(void)rmdir(b.dir);
}

void
ctl_t_expect(
	const struct ctl_t_answer *answers, const char *words, const char *out)
{
	static struct ctl_t_run run;

	ctl_t_run(answers, words, &run);
	T_CHECK(strcmp(run.out, out) == 0, "%s: got\n%s\nnot\n%s", words,
		run.out, out);
	T_STR(run.err, "");
	T_EQ(run.status, 0);
}

void
ctl_t_expect_fault(const struct ctl_t_answer *answers, const char *words,
	int status, const char *err)
{
	static struct ctl_t_run run;

	ctl_t_run(answers, words, &run);
	T_CHECK(strstr(run.err, err) != NULL, "%s: got\n%s\nnot\n%s", words,
		run.err, err);
	T_STR(run.out, "");
	T_EQ(run.status, status);
}
