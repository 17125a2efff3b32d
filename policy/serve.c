/* SPDX-License-Identifier: ISC */

/*
 * `policyd serve`: the main thread.  It never blocks: it answers the
 * supervisor, reads the file it is given, and carries what the worker made to
 * the engine.
 *
 *	descriptor 3  the engine (policy.h), SOCK_SEQPACKET
 *	descriptor 4  the supervisor, SOCK_SEQPACKET; may be missing
 *	descriptor 5  policy.conf, when there is a supervisor; may be missing
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/msg.h"
#include "base/os.h"
#include "main_int.h"
#include "policy/policy.h"
#include "sandbox_int.h"
#include "serve_found_int.h"
#include "serve_order_int.h"
#include "worker_int.h"

enum {
	FD_ENGINE = 3,
	FD_SUPERVISOR = 4,
	FD_CONF = 5,
	MESSAGE_MAX = 8192,
	ENGINE_GRACE_MS = 10000,
	FILE_WAIT_MS = 5000, /* for the file from the supervisor */
	END_MS = 2000,       /* for the cache; the supervisor waits longer */
	/* For what the engine has.  An older one has no word for it, and when
	 * it is new itself waits for us no longer than 2 s. */
	FOUND_WAIT_MS = 1000
};

/* What the supervisor says; its side has the same numbers. */
enum { SUP_PING = 1, SUP_PONG, SUP_RELOAD, SUP_POLICY = 9 };

struct serve {
	const struct serve_options *options;
	bool supervised;
	bool engine_gone;
	struct mono give_up; /* once it is gone */
	int signal_fd;
	int wake_fd;
	struct worker *worker;
	bool begun;           /* the worker, once the engine has spoken */
	struct mono begin_by; /* or not */
	/* To be sent; the newest replaces one that waits. */
	int snapshot_fd; /* sealed; -1: none waits */
	uint64_t snapshot_size;
	uint64_t generation;
	bool status_waits;
	struct worker_status status;
	struct orders orders;
};

/* ---- the file ----------------------------------------------------------- */

static void
conf_failed(const struct serve *s, int rc)
{
	log_err(LOG_POLICY, "%s: %s (the policy before stays in force)",
		s->options->conf_name, conf_read_problem(rc));
	worker_unread(s->worker);
}

static void
conf_from_fd(struct serve *s, int fd)
{
	char *text = NULL;
	int rc = fd < 0 ? 0 : conf_read_fd(fd, &text);

	if (rc < 0)
		conf_failed(s, rc);
	else
		worker_conf(s->worker, text);
}

static void
conf_from_path(struct serve *s)
{
	char *text = NULL;
	int rc = conf_read_path(s->options->conf_path, &text);

	if (rc < 0)
		conf_failed(s, rc);
	else
		worker_conf(s->worker, text);
}

/* ---- to the engine ------------------------------------------------------ */

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The supervisor starts a new engine and ends us, or the engine hung up and
 * waits for a new policyd. */
static void
engine_lost(struct serve *s, const char *why)
{
	if (s->engine_gone)
		return;
	s->engine_gone = true;
	s->give_up = mono_add_ms(os_now(), s->supervised ? ENGINE_GRACE_MS : 0);
	log_info(LOG_POLICY, "engine: gone (%s)", why);
}

/* False when it has to wait. */
static bool
send_message(struct serve *s, const void *bytes, size_t len, int fd)
{
	const int rc = os_send(FD_ENGINE, bytes, len, fd);

	if (rc == -EAGAIN || rc == -EINTR)
		return false;
	if (rc < 0)
		engine_lost(s, strerror(-rc));
	return true;
}

static void
send_snapshot(struct serve *s)
{
	uint8_t bytes[MESSAGE_MAX];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&w, POLICY_MSG_SNAPSHOT, 0);

	msg_put_u64(&w, POLICY_ATTR_GENERATION, s->generation);
	msg_put_u64(&w, POLICY_ATTR_SIZE, s->snapshot_size);
	msg_end(&w, start);
	if (send_message(s, bytes, buf_written(&w), s->snapshot_fd))
		close_fd(&s->snapshot_fd);
}

static void
put_status(struct buf_writer *w, const struct worker_status *status)
{
	const struct dir_facts *f = &status->facts;

	msg_put_text(w, POLICY_ATTR_TEXT, status->text);
	msg_put_u64(w, POLICY_ATTR_FILE_DIGEST, status->file.digest);
	msg_put_u64(w, POLICY_ATTR_FILE_GENERATION, status->file.generation);
	msg_put_text(w, POLICY_ATTR_FILE_PROBLEM, status->file.problem);
	msg_put_u64(w, POLICY_ATTR_RELEASE, status->release);
	if (!status->directory)
		return;
	msg_put_text(w, POLICY_ATTR_SERVER, f->uri);
	msg_put_text(w, POLICY_ATTR_MODE, dir_mode_text(f->mode));
	msg_put_u8(w, POLICY_ATTR_CONNECTED, f->connected);
	msg_put_u8(w, POLICY_ATTR_WAITING, status->waiting);
	msg_put_u64(w, POLICY_ATTR_ENTRIES, f->entries);
	msg_put_u64(w, POLICY_ATTR_SKIPPED, status->skipped);
	msg_put_u64(w, POLICY_ATTR_COOKIE_TIME, (uint64_t)f->cookie_unix_s);
	msg_put_u64(w, POLICY_ATTR_CHANGE_TIME, (uint64_t)f->change_unix_s);
	msg_put_u64(
		w, POLICY_ATTR_ANSWER_TIME, (uint64_t)status->answer_unix_s);
	msg_put_u64(w, POLICY_ATTR_CACHE_TIME, (uint64_t)status->cache_unix_s);
	msg_put_u64(w, POLICY_ATTR_RETRY_TIME, (uint64_t)f->retry_unix_s);
}

static void
put_history(struct buf_writer *w, const struct worker_status *status)
{
	msg_put_u64(w, POLICY_ATTR_HELD, status->held);
	msg_put_u64(w, POLICY_ATTR_HELD_TIME, (uint64_t)status->held_unix_s);
	for (size_t i = 0; i < status->n_kept; i++) {
		const struct history_entry *e = &status->kept[i];
		uint8_t *nest = msg_nest(w, POLICY_ATTR_KEPT);

		msg_put_u64(w, POLICY_ATTR_GENERATION, e->generation);
		msg_put_u64(w, POLICY_ATTR_MADE_TIME, (uint64_t)e->made_unix_s);
		msg_put_u64(w, POLICY_ATTR_RULES, e->rules);
		msg_put_text(w, POLICY_ATTR_TEXT, e->source);
		msg_nest_end(w, nest);
	}
}

static void
send_status(struct serve *s)
{
	uint8_t bytes[MESSAGE_MAX];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&w, POLICY_MSG_STATUS, 0);

	put_status(&w, &s->status);
	put_history(&w, &s->status);
	msg_end(&w, start);
	if (send_message(s, bytes, buf_written(&w), -1))
		s->status_waits = false;
}

/* The bytes in a memory descriptor that nobody can change any more. */
static int
seal(const uint8_t *bytes, size_t len)
{
	int fd = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;

	if (fd < 0)
		return -errno;
	while (done < len) {
		ssize_t n = write(fd, bytes + done, len - done);

		if (n < 0 && errno != EINTR)
			goto fail;
		if (n > 0)
			done += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS,
		    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) ==
		0)
		return fd;
fail:;
	int rc = -errno;

	close(fd);
	return rc;
}

/* A candidate goes with its answer.  False: it has to wait. */
static bool
send_answer(struct serve *s)
{
	uint8_t bytes[ORDER_MESSAGE];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	const struct worker_order *order = orders_answer(&s->orders, &w);
	const struct worker_done *done = order ? &order->done : NULL;
	int fd = -1;
	bool sent;

	if (!order)
		return false;
	if (done->candidate) {
		fd = seal(done->candidate, done->candidate_len);
		if (fd < 0)
			log_err(LOG_POLICY, "candidate: not handed over: %s",
				strerror(-fd));
	}
	sent = send_message(s, bytes, buf_written(&w), fd < 0 ? -1 : fd);
	if (fd >= 0)
		close(fd);
	if (sent)
		orders_sent(&s->orders);
	return sent;
}

static void
send_what_waits(struct serve *s)
{
	if (s->snapshot_fd >= 0 && !s->engine_gone)
		send_snapshot(s);
	if (s->status_waits && !s->engine_gone)
		send_status(s);
	/* Answers are about what was sent before. */
	while (s->snapshot_fd < 0 && !s->status_waits && !s->engine_gone &&
		send_answer(s))
		;
}

/* Ask the supervisor for the file as it is now; false: it does not hear. */
static bool
want_file(struct serve *s)
{
	uint8_t bytes[MSG_HEADER];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	msg_end(&w, msg_begin(&w, SUP_POLICY, s->orders.now->serial));
	s->orders.file_by = mono_add_ms(os_now(), FILE_WAIT_MS);
	return send(FD_SUPERVISOR, bytes, buf_written(&w),
		       MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

/* The file for the order in hand.  rc: why there is none, or 0. */
static void
order_with_file(struct serve *s, char *text, int rc)
{
	worker_order(s->worker, orders_with_file(&s->orders, text,
					rc < 0 ? conf_read_problem(rc) : ""));
}

static void
begin_order(struct serve *s, struct worker_order *order)
{
	char *text = NULL;
	int rc;

	if (!orders_wants_file(order)) {
		worker_order(s->worker, order);
	} else if (s->supervised) { /* only it may read every file */
		if (!want_file(s))
			orders_fail(
				&s->orders, "the supervisor does not listen");
	} else if (s->options->conf_path) {
		rc = conf_read_path(s->options->conf_path, &text);
		order_with_file(s, text, rc);
	} else {
		order_with_file(s, NULL, 0);
	}
}

static void
begin_orders(struct serve *s)
{
	for (struct worker_order *o; (o = orders_next(&s->orders));)
		begin_order(s, o);
}

static void
take_news(struct serve *s)
{
	struct worker_news news;
	uint64_t count;

	if (read(s->wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_warn(LOG_POLICY, "wake: %s", strerror(errno));
	if (!worker_take(s->worker, &news))
		return;
	if (news.snapshot) {
		int fd = seal(news.snapshot, news.len);

		free(news.snapshot);
		if (fd < 0) {
			log_err(LOG_POLICY,
				"generation %" PRIu64 ": not handed over: %s",
				news.generation, strerror(-fd));
		} else {
			close_fd(&s->snapshot_fd);
			s->snapshot_fd = fd;
			s->snapshot_size = news.len;
			s->generation = news.generation;
		}
	}
	if (news.status_changed) {
		s->status = news.status;
		s->status_waits = true;
	}
	for (struct worker_order *o; (o = TAILQ_FIRST(&news.done));) {
		TAILQ_REMOVE_HEAD(&news.done, worker_order, entry);
		orders_done(&s->orders, o);
	}
}

/* ---- datagrams ----------------------------------------------------------- */

struct datagram {
	uint8_t bytes[MESSAGE_MAX];
	int fd; /* beside it; -1: none */
	int flags;
};

/* The descriptor beside a datagram, or -1; we send for one at a time. */
static int
descriptor_of(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* As recv(2); the descriptor is the caller's. */
static ssize_t
receive(int socket, struct datagram *d)
{
	struct iovec iov = { d->bytes, sizeof(d->bytes) };
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room) };
	const ssize_t n = recvmsg(socket, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	d->fd = n > 0 ? descriptor_of(&h) : -1;
	d->flags = h.msg_flags;
	return n;
}

/* ---- from the engine ---------------------------------------------------- */

static void
take_loaded(const struct msg *m)
{
	struct buf_reader r = m->body;
	struct msg_attr a;
	uint64_t generation = 0;
	char problem[POLICY_REASON * 2] = "";

	while (msg_attr_next(&r, &a)) {
		if (a.type == POLICY_ATTR_GENERATION)
			generation = msg_get_u64(&a);
		else if (a.type == POLICY_ATTR_TEXT)
			msg_get_text(&a, problem, sizeof(problem));
	}
	/* What an operator has to know the engine has logged. */
	log_debug(LOG_POLICY, "generation %" PRIu64 ": %s", generation,
		problem[0] == '\0' ? "in force" : problem);
}

static void
begin_worker(struct serve *s, const struct worker_found *found)
{
	s->begun = true;
	worker_begin(s->worker, found);
}

static void
take_in_force(struct serve *s, const struct msg *m, int fd)
{
	struct worker_found found;

	if (s->begun)
		return; /* it came too late, or again */
	found = found_read(m, fd);
	begin_worker(s, &found);
}

static void
take_from_engine(struct serve *s, const struct msg *m, int fd)
{
	if (m->version != MSG_VERSION)
		return;
	if (m->type == POLICY_MSG_LOADED)
		take_loaded(m);
	else if (m->type == POLICY_MSG_IN_FORCE)
		take_in_force(s, m, fd);
	else if (m->type == POLICY_MSG_ORDER && !orders_take(&s->orders, m))
		log_warn(LOG_POLICY, "engine: an order that is not understood");
}

static void
engine_readable(struct serve *s)
{
	struct datagram d;
	const ssize_t n = receive(FD_ENGINE, &d);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		engine_lost(s, n == 0 ? "it closed" : strerror(errno));
		return;
	}

	struct buf_reader r = buf_reader(d.bytes, (size_t)n);
	struct msg m;

	while (msg_next(&r, &m))
		take_from_engine(s, &m, d.fd);
	close_fd(&d.fd);
}

/* ---- the supervisor ----------------------------------------------------- */

static void
pong(uint32_t serial)
{
	uint8_t bytes[MSG_HEADER];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	msg_end(&w, msg_begin(&w, SUP_PONG, serial));
	if (send(FD_SUPERVISOR, bytes, buf_written(&w),
		    MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_warn(LOG_POLICY, "supervisor: not answered: %s",
			strerror(errno));
}

/* A reload without a file says that there is none, which allows everything: one
 * whose file was lost on the way must not be taken for it. */
static void
reload(struct serve *s, int fd, int flags)
{
	if (fd < 0 && (flags & MSG_CTRUNC) != 0)
		conf_failed(s, -EMFILE);
	else
		conf_from_fd(s, fd);
}

/* What was asked for: the file, or why it cannot be read. */
static void
file_from_fd(struct serve *s, const struct msg *m, int fd, int flags)
{
	struct buf_reader r = m->body;
	struct msg_attr a;
	char *text = NULL;
	char unread[100] = "";
	int rc = 0;

	if (!s->orders.now || m->serial != s->orders.now->serial)
		return; /* too late */
	while (msg_attr_next(&r, &a))
		if (a.type == ORDER_TEXT_ATTR)
			msg_get_text(&a, unread, sizeof(unread));
	if (fd >= 0)
		rc = conf_read_fd(fd, &text);
	else if ((flags & MSG_CTRUNC) != 0)
		rc = -EMFILE;
	if (rc < 0)
		(void)text_copy(unread, sizeof(unread),
			conf_read_problem(rc)); /* fits */
	worker_order(s->worker, orders_with_file(&s->orders, text, unread));
}

/* False when the supervisor is gone. */
static bool
supervisor_readable(struct serve *s)
{
	struct datagram d;
	const ssize_t n = receive(FD_SUPERVISOR, &d);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;

	struct buf_reader r = buf_reader(d.bytes, (size_t)n);
	struct msg m;

	while (msg_next(&r, &m)) {
		if (m.type == SUP_PING)
			pong(m.serial);
		else if (m.type == SUP_RELOAD && m.serial == 0)
			reload(s, d.fd, d.flags);
		else if (m.type == SUP_RELOAD)
			file_from_fd(s, &m, d.fd, d.flags);
	}
	close_fd(&d.fd);
	return true;
}

/* ---- the loop ----------------------------------------------------------- */

/* False to end. */
static bool
signal_readable(struct serve *s)
{
	struct signalfd_siginfo info;

	if (read(s->signal_fd, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo != SIGHUP)
		return false;
	if (s->options->conf_path)
		conf_from_path(s);
	else
		worker_hurry(s->worker);
	return true;
}

/* Until something has to be done without being told; -1: for ever. */
static int
time_left(const struct serve *s)
{
	int64_t ms;

	if (s->engine_gone)
		ms = mono_ms_between(os_now(), s->give_up);
	else if (!s->begun)
		ms = mono_ms_between(os_now(), s->begin_by) + 1;
	else if (s->orders.now)
		ms = mono_ms_between(os_now(), s->orders.file_by) + 1;
	else
		return -1;
	return ms < 0 ? 0 : (int)ms;
}

static void
begin_without_word(struct serve *s)
{
	log_info(LOG_POLICY,
		"engine: does not say what is in force; what the cache has is "
		"handed over");
	begin_worker(s, &(struct worker_found){ 0 });
}

static int
turn(struct serve *s)
{
	short to_engine = s->snapshot_fd >= 0 || s->status_waits ||
					  !TAILQ_EMPTY(&s->orders.answers)
				  ? POLLOUT
				  : 0;
	struct pollfd fds[] = {
		{ s->signal_fd, POLLIN, 0 },
		{ s->wake_fd, POLLIN, 0 },
		{ s->engine_gone ? -1 : FD_ENGINE, (short)(POLLIN | to_engine),
			0 },
		{ s->supervised ? FD_SUPERVISOR : -1, POLLIN, 0 },
	};
	int wait_ms = time_left(s);

	if (s->engine_gone && wait_ms <= 0)
		return EXIT_SUCCESS;
	if (poll(fds, sizeof(fds) / sizeof(fds[0]), wait_ms) < 0)
		return errno == EINTR ? -1 : EXIT_FAILURE;
	if (fds[0].revents && !signal_readable(s))
		return EXIT_SUCCESS;
	if (fds[3].revents && !supervisor_readable(s))
		return EXIT_SUCCESS;
	if (fds[1].revents)
		take_news(s);
	if (fds[2].revents & (POLLIN | POLLHUP | POLLERR))
		engine_readable(s);
	if (!s->begun && mono_reached(s->begin_by, os_now()))
		begin_without_word(s);
	if (s->orders.now && mono_reached(s->orders.file_by, os_now()))
		orders_fail(&s->orders, "the supervisor gave no file");
	begin_orders(s);
	send_what_waits(s);
	return -1;
}

static bool
is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static bool
prepare(struct serve *s)
{
	sigset_t signals;

	(void)sigemptyset(&signals);        /* cannot fail */
	(void)sigaddset(&signals, SIGHUP);  /* as above */
	(void)sigaddset(&signals, SIGTERM); /* as above */
	(void)sigaddset(&signals, SIGINT);  /* as above */
	/* A server that hangs up is an error of a write, not an end. */
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail */
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return false;
	s->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return s->signal_fd >= 0 && s->wake_fd >= 0;
}

int
serve(const struct serve_options *options)
{
	struct serve s = { .options = options, .snapshot_fd = -1 };
	int done = -1;

	orders_init(&s.orders);
	if (!os_is_seqpacket(FD_ENGINE)) {
		log_err(LOG_POLICY,
			"serve: descriptor 3 is not the engine's socket; "
			"policyd serve is started by rsvpd");
		return EXIT_USAGE;
	}
	s.supervised = os_is_seqpacket(FD_SUPERVISOR);
	if (!prepare(&s)) {
		log_err(LOG_POLICY, "serve: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	if (options->sandbox) {
		int rc = sandbox_enter();

		if (rc < 0) {
			log_err(LOG_POLICY, "sandbox: %s", strerror(-rc));
			return EXIT_FAILURE;
		}
	}
	s.worker =
		worker_start(options->state_dir, options->conf_name, s.wake_fd);
	if (!s.worker) {
		log_err(LOG_POLICY, "serve: no thread for the sources");
		return EXIT_FAILURE;
	}
	worker_poll(s.worker, options->poll_s);
	s.begin_by = mono_add_ms(os_now(), FOUND_WAIT_MS);
	if (s.supervised && is_file(FD_CONF)) {
		conf_from_fd(&s, FD_CONF);
		close(FD_CONF);
	} else if (options->conf_path) {
		conf_from_path(&s);
	} else {
		conf_from_fd(&s, -1);
	}
	while (done < 0)
		done = turn(&s);
	worker_end(s.worker, END_MS);
	/* exit() would let libldap take itself apart under the thread that may
	 * be in it. */
	_exit(done);
}
