/* SPDX-License-Identifier: ISC */

/*
 * `policyd serve` as a process of its own, with a worker that only says what it
 * is told and hands over what the test gives it.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/os.h"
#include "policy/main_int.h"
#include "policy/policy.h"
#include "serve_t.h"
#include "t.h"

enum { SUP_PING = 1, SUP_PONG, SUP_RELOAD, SUP_POLICY = 9, SUP_TEXT = 5 };
enum { PATIENCE_MS = 10000 };

/* ---- the bench ----------------------------------------------------------- */

struct bench {
	pid_t pid;
	int engine;
	int supervisor;
	int said;
	int given;
	uint8_t bytes[16384]; /* of the last message */
	struct msg m;
	int fd; /* beside it */
};

static void
serve_in_child(const struct serve_options *options, int engine, int supervisor,
	int conf)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* only to clean up */
	if (engine >= 0)
		(void)dup2(engine, 3);
	else
		(void)close(3);
	if (supervisor >= 0)
		(void)dup2(supervisor, 4);
	else
		(void)close(4);
	if (conf >= 0)
		(void)dup2(conf, 5);
	else
		(void)close(5);
	_exit(serve(options));
}

/* Out of the way of descriptors 3 to 5. */
static int
high(int fd)
{
	const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 100);

	T_CHECK(copy >= 0, "no descriptor: %d", errno);
	close(fd);
	return copy;
}

static void
pair(int kind, int fds[2])
{
	T_EQ(socketpair(AF_UNIX, kind, 0, fds), 0);
	fds[0] = high(fds[0]);
	fds[1] = high(fds[1]);
}

static int
file_of(const char *text)
{
	const int fd = high(memfd_create("t", 0));

	T_EQ(pwrite(fd, text, strlen(text), 0), (int)strlen(text));
	return fd;
}

/* conf NULL: no descriptor for it. */
static void
begin(struct bench *b, const struct serve_options *options, bool supervised,
	const char *conf)
{
	int engine[2];
	int supervisor[2];
	int said[2];
	int given[2];
	const int file = conf ? file_of(conf) : -1;

	memset(b, 0, sizeof(*b));
	b->fd = -1;
	pair(SOCK_SEQPACKET, engine);
	pair(SOCK_SEQPACKET, supervisor);
	pair(SOCK_SEQPACKET, said);
	pair(SOCK_SEQPACKET, given);
	serve_time_passes = (volatile bool *)mmap(NULL, sizeof(bool),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	b->pid = fork();
	T_CHECK(b->pid >= 0, "no process");
	if (b->pid == 0) {
		serve_say_fd = said[1];
		serve_give_fd = given[1];
		close(engine[0]);
		close(supervisor[0]);
		serve_in_child(options, engine[1],
			supervised ? supervisor[1] : -1, file);
	}
	b->engine = engine[0];
	b->supervisor = supervisor[0];
	b->said = said[0];
	b->given = given[0];
	close(engine[1]);
	close(supervisor[1]);
	close(said[1]);
	close(given[1]);
	if (file >= 0)
		close(file);
}

static void
expect(struct bench *b, const char *line)
{
	struct pollfd p = { b->said, POLLIN, 0 };
	char got[SERVE_LINE] = "nothing";

	if (serve_t_poll(&p, 1, PATIENCE_MS) == 1 &&
		recv(b->said, got, sizeof(got), 0) <= 0)
		(void)text_copy(got, sizeof(got), "its end");
	T_STR(got, line);
}

static void
pass_time(struct bench *b)
{
	(void)b;
	*serve_time_passes = true;
}

static void
post(int socket, const void *bytes, size_t len, int fd)
{
	struct iovec iov = { .iov_len = len };
	char room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

	memcpy(&iov.iov_base, &bytes, sizeof(void *));
	if (fd >= 0) {
		h.msg_control = room;
		h.msg_controllen = sizeof(room);
		CMSG_FIRSTHDR(&h)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&h)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&h)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&h)), &fd, sizeof(fd));
	}
	T_CHECK(sendmsg(socket, &h, MSG_NOSIGNAL) >= 0, "not sent: %d", errno);
	if (fd >= 0)
		close(fd);
}

/* A message with nothing in it, or a text. */
static void
tell(int socket, uint16_t type, uint32_t serial, const char *text, int fd)
{
	uint8_t bytes[512];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&w, type, serial);

	if (text)
		msg_put_text(&w, SUP_TEXT, text);
	msg_end(&w, start);
	post(socket, bytes, buf_written(&w), fd);
}

static void
order(struct bench *b, uint32_t serial, enum policy_order what)
{
	uint8_t bytes[128];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&w, POLICY_MSG_ORDER, serial);

	msg_put_u8(&w, POLICY_ATTR_ORDER, (uint8_t)what);
	msg_put_u64(&w, POLICY_ATTR_BEGIN_BY, 1);
	msg_end(&w, start);
	post(b->engine, bytes, buf_written(&w), -1);
}

static void
in_force(struct bench *b, uint64_t generation, int fd)
{
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&w, POLICY_MSG_IN_FORCE, 0);

	msg_put_u64(&w, POLICY_ATTR_GENERATION, generation);
	msg_put_u64(&w, POLICY_ATTR_HELD, 2);
	msg_put_u64(&w, POLICY_ATTR_HELD_TIME, 3);
	msg_put_u64(&w, POLICY_ATTR_ANSWER_TIME, 4);
	msg_put_u64(&w, POLICY_ATTR_RELEASE, 5);
	msg_end(&w, start);
	post(b->engine, bytes, buf_written(&w), fd);
}

/* The next message; its type. */
static uint16_t
next(struct bench *b, int socket)
{
	struct pollfd p = { socket, POLLIN, 0 };
	struct iovec iov = { b->bytes, sizeof(b->bytes) };
	char room[CMSG_SPACE(sizeof(int))];
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof(room) };
	ssize_t n;
	struct buf_reader r;

	T_EQ(serve_t_poll(&p, 1, PATIENCE_MS), 1);
	n = recvmsg(socket, &h, MSG_CMSG_CLOEXEC);
	T_CHECK(n > 0, "its end");
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
	if (CMSG_FIRSTHDR(&h))
		memcpy(&b->fd, CMSG_DATA(CMSG_FIRSTHDR(&h)), sizeof(int));
	r = buf_reader(b->bytes, (size_t)n);
	T_CHECK(msg_next(&r, &b->m), "no message");
	return b->m.type;
}

static uint64_t
number(const struct bench *b, uint16_t type)
{
	struct buf_reader r = b->m.body;
	struct msg_attr a;

	while (msg_attr_next(&r, &a))
		if (a.type == type)
			return buf_left(&a.body) == 1 ? msg_get_u8(&a)
						      : msg_get_u64(&a);
	return UINT64_MAX;
}

static void
expect_text(const struct bench *b, uint16_t type, const char *want)
{
	struct buf_reader r = b->m.body;
	struct msg_attr a;
	char text[256] = "none";

	while (msg_attr_next(&r, &a))
		if (a.type == type)
			msg_get_text(&a, text, sizeof(text));
	T_STR(text, want);
}

static void
expect_file(const struct bench *b, const char *want)
{
	char got[128] = "";

	T_CHECK(b->fd >= 0, "no descriptor");
	T_CHECK(pread(b->fd, got, sizeof(got) - 1, 0) >= 0, "not read");
	T_STR(got, want);
	T_EQ(fcntl(b->fd, F_GET_SEALS),
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

static void
give(struct bench *b, struct give g)
{
	T_EQ(send(b->given, &g, sizeof(g), 0), (int)sizeof(g));
}

static void
expect_exit(struct bench *b, int status)
{
	int got = -1;

	T_EQ(waitpid(b->pid, &got, 0), b->pid);
	T_CHECK(WIFEXITED(got), "killed by %d", WTERMSIG(got));
	T_EQ(WEXITSTATUS(got), status);
	close(b->engine);
	close(b->supervisor);
	close(b->said);
	close(b->given);
	if (b->fd >= 0)
		close(b->fd);
}

static void
loaded(struct bench *b, uint64_t generation, const char *problem)
{
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&w, POLICY_MSG_LOADED, 0);

	msg_put_u64(&w, POLICY_ATTR_GENERATION, generation);
	msg_put_text(&w, POLICY_ATTR_TEXT, problem);
	msg_end(&w, start);
	post(b->engine, bytes, buf_written(&w), -1);
}

static void
end(struct bench *b)
{
	T_EQ(kill(b->pid, SIGTERM), 0);
	expect(b, "end 2000");
	expect_exit(b, 0);
}

static const struct serve_options supervised = { .conf_name = "p.conf",
	.state_dir = "/state",
	.sandbox = true,
	.poll_s = 6 };

static void
begin_supervised(struct bench *b)
{
	begin(b, &supervised, true, "rules");
	expect(b, "sandbox");
	expect(b, "start /state p.conf");
	expect(b, "poll 6");
	expect(b, "conf rules");
	in_force(b, 1, -1);
	expect(b, "begin 1 2 3 4 5 ");
}

/* ---- the start ----------------------------------------------------------- */

static void
the_worker_begins_with_what_the_engine_has(void)
{
	struct bench b;

	begin(&b, &supervised, true, "rules");
	expect(&b, "sandbox");
	expect(&b, "start /state p.conf");
	expect(&b, "poll 6");
	expect(&b, "conf rules");
	in_force(&b, 7, file_of("snapshot"));
	expect(&b, "begin 7 2 3 4 5 snapshot");
	/* Once. */
	in_force(&b, 8, -1);
	T_EQ(kill(b.pid, SIGHUP), 0);
	expect(&b, "hurry");
	end(&b);
}

static void
what_cannot_be_read_is_no_snapshot(void)
{
	struct bench b;

	begin(&b, &supervised, true, "");
	for (int i = 0; i < 3; i++)
		expect(&b, (const char *[]){ "sandbox", "start /state p.conf",
				   "poll 6" }[i]);
	expect(&b, "conf ");
	in_force(&b, 7, file_of(""));
	expect(&b, "begin 7 2 3 4 5 ");
	end(&b);
}

static void
an_engine_that_says_nothing_is_not_waited_for(void)
{
	struct bench b;

	begin(&b, &supervised, true, NULL);
	for (int i = 0; i < 3; i++)
		expect(&b, (const char *[]){ "sandbox", "start /state p.conf",
				   "poll 6" }[i]);
	expect(&b, "conf -");
	pass_time(&b);
	expect(&b, "waited 1001 ms");
	expect(&b, "begin 0 0 0 0 0 ");
	end(&b);
}

static void
without_a_supervisor_the_file_is_by_its_path(void)
{
	char path[] = "/tmp/t_serve.XXXXXX";
	const int fd = mkstemp(path);
	const struct serve_options options = { .conf_path = path,
		.conf_name = "p" };
	struct bench b;

	T_CHECK(fd >= 0 && write(fd, "one", 3) == 3, "no file");
	begin(&b, &options, false, "not this");
	expect(&b, "start - p");
	expect(&b, "poll 0");
	expect(&b, "conf one");
	in_force(&b, 1, -1);
	expect(&b, "begin 1 2 3 4 5 ");
	T_EQ(pwrite(fd, "two", 3, 0), 3);
	T_EQ(kill(b.pid, SIGHUP), 0);
	expect(&b, "conf two");
	order(&b, 5, POLICY_ORDER_LOAD);
	expect(&b, "order 1 5 two|");
	T_EQ(unlink(path), 0);
	order(&b, 6, POLICY_ORDER_LOAD);
	expect(&b, "order 1 6 -|No such file or directory");
	T_EQ(kill(b.pid, SIGHUP), 0);
	expect(&b, "unread");
	/* The engine is gone: nobody starts another for us. */
	close(b.engine);
	b.engine = -1;
	expect(&b, "end 2000");
	expect_exit(&b, 0);
	close(fd);
}

static void
without_either_there_is_no_file(void)
{
	const struct serve_options options = { .conf_name = "p" };
	struct bench b;

	begin(&b, &options, false, NULL);
	expect(&b, "start - p");
	expect(&b, "poll 0");
	expect(&b, "conf -");
	in_force(&b, 1, -1);
	expect(&b, "begin 1 2 3 4 5 ");
	order(&b, 5, POLICY_ORDER_LOAD);
	expect(&b, "order 1 5 -|");
	end(&b);
}

static void
a_terminal_is_not_an_engine(void)
{
	struct bench b;
	int fds[2];
	int got;

	pair(SOCK_STREAM, fds);
	b.pid = fork();
	if (b.pid == 0)
		serve_in_child(&supervised, fds[0], -1, -1);
	T_EQ(waitpid(b.pid, &got, 0), b.pid);
	T_CHECK(WIFEXITED(got) && WEXITSTATUS(got) == EXIT_USAGE, "%d", got);
	close(fds[0]);
	close(fds[1]);
}

/* ---- to the engine ------------------------------------------------------- */

static void
snapshots_are_handed_over(void)
{
	struct bench b;

	begin_supervised(&b);
	give(&b, (struct give){ .snapshot = true,
			 .generation = 9,
			 .text = "what is in force" });
	T_EQ(next(&b, b.engine), POLICY_MSG_SNAPSHOT);
	T_EQ(number(&b, POLICY_ATTR_GENERATION), 9);
	T_EQ(number(&b, POLICY_ATTR_SIZE), 16);
	expect_file(&b, "what is in force");
	/* Once. */
	give(&b, (struct give){ .status = true, .text = "well" });
	T_EQ(next(&b, b.engine), POLICY_MSG_STATUS);
	end(&b);
}

static void
a_status_tells_all(void)
{
	static const struct {
		uint16_t attr;
		uint64_t value;
	} rows[] = { { POLICY_ATTR_CONNECTED, 1 }, { POLICY_ATTR_WAITING, 0 },
		{ POLICY_ATTR_ENTRIES, 11 }, { POLICY_ATTR_COOKIE_TIME, 12 },
		{ POLICY_ATTR_CHANGE_TIME, 13 }, { POLICY_ATTR_RETRY_TIME, 14 },
		{ POLICY_ATTR_SKIPPED, 15 }, { POLICY_ATTR_CACHE_TIME, 16 },
		{ POLICY_ATTR_ANSWER_TIME, 17 }, { POLICY_ATTR_RELEASE, 18 },
		{ POLICY_ATTR_FILE_DIGEST, 19 },
		{ POLICY_ATTR_FILE_GENERATION, 20 }, { POLICY_ATTR_HELD, 21 },
		{ POLICY_ATTR_HELD_TIME, 22 } };
	struct bench b;

	begin_supervised(&b);
	give(&b, (struct give){
			 .status = true, .directory = true, .text = "well" });
	T_EQ(next(&b, b.engine), POLICY_MSG_STATUS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		T_EQ(number(&b, rows[i].attr), rows[i].value);
	expect_text(&b, POLICY_ATTR_TEXT, "well");
	expect_text(&b, POLICY_ATTR_FILE_PROBLEM, "odd");
	expect_text(&b, POLICY_ATTR_SERVER, "ldap://a");
	expect_text(&b, POLICY_ATTR_MODE, "poll");

	struct buf_reader r = b.m.body;
	struct msg_attr a;
	size_t kept = 0;

	while (msg_attr_next(&r, &a)) {
		struct buf_reader in = a.body;
		struct msg_attr e;

		if (a.type != POLICY_ATTR_KEPT)
			continue;
		kept++;
		T_CHECK(msg_attr_next(&in, &e), "no attribute");
		T_EQ(msg_get_u64(&e), kept == 1 ? 23 : 26);
		T_CHECK(msg_attr_next(&in, &e), "no attribute");
		T_EQ(msg_get_u64(&e), kept == 1 ? 24 : 0);
		T_CHECK(msg_attr_next(&in, &e), "no attribute");
		T_EQ(msg_get_u64(&e), kept == 1 ? 25 : 0);
	}
	T_EQ(kept, 2);
	/* Without a directory nothing is said of it. */
	give(&b, (struct give){ .status = true, .text = "still" });
	T_EQ(next(&b, b.engine), POLICY_MSG_STATUS);
	expect_text(&b, POLICY_ATTR_TEXT, "still");
	expect_text(&b, POLICY_ATTR_SERVER, "none");
	T_EQ(number(&b, POLICY_ATTR_HELD), 21);
	end(&b);
}

/* ---- orders -------------------------------------------------------------- */

static void
an_order_gets_the_file_of_the_supervisor(void)
{
	struct bench b;

	begin_supervised(&b);
	order(&b, 5, POLICY_ORDER_LOAD);
	T_EQ(next(&b, b.supervisor), SUP_POLICY);
	T_EQ(b.m.serial, 5);
	/* Of another order, which is none any more. */
	tell(b.supervisor, SUP_RELOAD, 4, NULL, file_of("old"));
	tell(b.supervisor, SUP_RELOAD, 5, NULL, file_of("new"));
	expect(&b, "order 1 5 new|");
	tell(b.supervisor, SUP_RELOAD, 5, NULL, file_of("again"));
	give(&b, (struct give){ .done = true,
			 .status = true,
			 .generation = 12,
			 .text = "candidate" });
	T_EQ(next(&b, b.engine), POLICY_MSG_STATUS);
	T_EQ(next(&b, b.engine), POLICY_MSG_DONE);
	T_EQ(b.m.serial, 5);
	T_EQ(number(&b, POLICY_ATTR_OK), 1);
	T_EQ(number(&b, POLICY_ATTR_GENERATION), 12);
	expect_file(&b, "candidate");
	/* The supervisor may have none, or none that it can read. */
	order(&b, 6, POLICY_ORDER_CANDIDATE);
	T_EQ(next(&b, b.supervisor), SUP_POLICY);
	tell(b.supervisor, SUP_RELOAD, 6, "it is odd", -1);
	expect(&b, "order 2 6 -|it is odd");
	order(&b, 7, POLICY_ORDER_LOAD);
	T_EQ(next(&b, b.supervisor), SUP_POLICY);
	tell(b.supervisor, SUP_RELOAD, 7, NULL, high(open("/tmp", O_RDONLY)));
	expect(&b, "order 1 7 -|not a regular file");
	order(&b, 8, POLICY_ORDER_ROLLBACK);
	expect(&b, "order 4 8 -|");
	end(&b);
}

static void
a_supervisor_without_answer_is_waited_for_and_no_more(void)
{
	struct bench b;

	begin_supervised(&b);
	order(&b, 5, POLICY_ORDER_LOAD);
	order(&b, 6, POLICY_ORDER_LOAD);
	T_EQ(next(&b, b.supervisor), SUP_POLICY);
	pass_time(&b);
	expect(&b, "waited 5001 ms");
	T_EQ(next(&b, b.engine), POLICY_MSG_DONE);
	T_EQ(b.m.serial, 5);
	T_EQ(number(&b, POLICY_ATTR_OK), 0);
	expect_text(&b, POLICY_ATTR_TEXT, "the supervisor gave no file");
	T_EQ(b.fd, -1);
	/* The next has its turn. */
	T_EQ(next(&b, b.supervisor), SUP_POLICY);
	T_EQ(b.m.serial, 6);
	end(&b);
}

/* ---- the supervisor ------------------------------------------------------ */

static void
a_reload_has_the_file_beside_it(void)
{
	struct bench b;

	begin_supervised(&b);
	tell(b.supervisor, SUP_RELOAD, 0, NULL, file_of("new rules"));
	expect(&b, "conf new rules");
	tell(b.supervisor, SUP_RELOAD, 0, NULL, -1);
	expect(&b, "conf -");
	tell(b.supervisor, SUP_RELOAD, 0, NULL, high(open("/tmp", O_RDONLY)));
	expect(&b, "unread");
	tell(b.supervisor, SUP_PING, 4711, NULL, -1);
	T_EQ(next(&b, b.supervisor), SUP_PONG);
	T_EQ(b.m.serial, 4711);
	/* Its end is ours. */
	close(b.supervisor);
	b.supervisor = -1;
	expect(&b, "end 2000");
	expect_exit(&b, 0);
}

static void
an_engine_that_is_gone_is_mourned(void)
{
	struct bench b;

	begin_supervised(&b);
	close(b.engine);
	b.engine = -1;
	/* The supervisor is answered meanwhile. */
	tell(b.supervisor, SUP_PING, 1, NULL, -1);
	T_EQ(next(&b, b.supervisor), SUP_PONG);
	give(&b, (struct give){ .snapshot = true, .text = "x" });
	tell(b.supervisor, SUP_PING, 2, NULL, -1);
	T_EQ(next(&b, b.supervisor), SUP_PONG);
	pass_time(&b);
	expect(&b, "waited 10000 ms");
	expect(&b, "end 2000");
	expect_exit(&b, 0);
}

/* It does that itself, with what is in force instead. */
static void
what_the_engine_refuses_is_logged_by_the_engine(void)
{
	struct bench b;

	begin_supervised(&b);
	loaded(&b, 4, SERVE_REFUSAL);
	loaded(&b, 5, "");
	order(&b, 1, POLICY_ORDER_ROLLBACK); /* both were taken before it */
	expect(&b, "order 4 1 -|");
	end(&b);
}

static struct t_case cases[] = {
	{ "The worker begins with what the engine has",
		the_worker_begins_with_what_the_engine_has },
	{ "What cannot be read is no snapshot",
		what_cannot_be_read_is_no_snapshot },
	{ "An engine that says nothing is not waited for",
		an_engine_that_says_nothing_is_not_waited_for },
	{ "Without a supervisor the file is found by its path",
		without_a_supervisor_the_file_is_by_its_path },
	{ "Without a supervisor and a path there is no file",
		without_either_there_is_no_file },
	{ "What is no such socket is not an engine",
		a_terminal_is_not_an_engine },
	{ "Snapshots are handed over, sealed", snapshots_are_handed_over },
	{ "A status tells all there is", a_status_tells_all },
	{ "An order gets the file of the supervisor, and its answer",
		an_order_gets_the_file_of_the_supervisor },
	{ "A supervisor that does not answer is waited for, and no more",
		a_supervisor_without_answer_is_waited_for_and_no_more },
	{ "A reload has the file beside it", a_reload_has_the_file_beside_it },
	{ "What the engine refuses is logged by the engine",
		what_the_engine_refuses_is_logged_by_the_engine },
	{ "An engine that is gone is waited for",
		an_engine_that_is_gone_is_mourned },
};

T_MAIN(cases)
