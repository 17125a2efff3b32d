/* SPDX-License-Identifier: ISC */

/*
 * The calls of C809: argument checks, the one lock, and upcalls.
 *
 * All state of the library is in one struct, because the interface has no
 * place for a handle of its own.  Its mutex is held by every call and never
 * during an upcall.
 */

#include "rapi.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "rapi_args.h"
#include "rapi_conn.h"
#include "rapi_ext.h"
#include "rapi_int.h"
#include "rapi_link.h"

#define DEFAULT_SOCKET "/run/rsvpd/rapi.sock"

enum {
	EVENTS_MAX = 64, /* upcalls of one dispatch */
	CONNECT_WAIT_MS = 1000,
	BODY_MAX = 16384, /* of one request */
	PATH_SIZE = 108   /* of sockaddr_un */
};

/* What the application gave with a session; the session's app pointer. */
struct app {
	rapi_event_rtn_t *event_rtn; /* may be NULL */
	void *event_arg;
	struct rapi_msg_session session;
	bool intserv;
};

static struct library {
	pthread_mutex_t lock;
	pthread_cond_t upcall_done;
	bool fork_handled;
	pid_t pid; /* that made the connection */
	struct rapi_link link;
	struct rapi_conn conn;
	bool dispatching;
	pthread_t dispatcher;
	uint64_t in_upcall; /* handle of the session, 0: none */
	struct rapi_upcall upcall;
	char path[PATH_SIZE]; /* "": default */
} library = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.upcall_done = PTHREAD_COND_INITIALIZER,
	.link = RAPI_LINK_CLOSED,
};

/* The text of the event whose upcall runs in this thread. */
static _Thread_local const char *event_text;

/* ---- entering and leaving ------------------------------------------------ */

static void
lock_lib(void)
{
	pthread_mutex_lock(&library.lock);
}

static void
unlock_lib(void)
{
	pthread_mutex_unlock(&library.lock);
}

/* Release all descriptors and sessions.  The arguments of an upcall that is
 * still running stay: its dispatch frees them. */
static void
shut(void)
{
	for (uint32_t sid = 1; sid <= library.conn.slot_count; sid++) {
		struct conn_session *s = rapi_conn_find(&library.conn, sid);

		if (s)
			free(s->app);
	}
	if (library.pid != 0)
		rapi_conn_done(&library.conn);
	rapi_link_close(&library.link);
	if (!library.dispatching)
		rapi_upcall_done(&library.upcall);
}

/* Every call begins here.  The child of a fork must not use its parent's
 * connection: it starts without sessions. */
static void
enter(void)
{
	lock_lib();
	if (library.pid == getpid())
		return;
	if (library.pid != 0) {
		shut();
		library.in_upcall = 0;
		if (!pthread_equal(library.dispatcher, pthread_self()))
			library.dispatching = false;
	}
	rapi_conn_init(&library.conn);
	if (!library.fork_handled) /* or a child may find the lock held */
		library.fork_handled =
			pthread_atfork(lock_lib, unlock_lib, unlock_lib) == 0;
	library.pid = getpid();
}

static const char *
socket_path(void)
{
	const char *env = secure_getenv("RAPI_SOCKET");

	if (library.path[0] != '\0')
		return library.path;
	return env && env[0] != '\0' ? env : DEFAULT_SOCKET;
}

/* Send what there is, and say when time alone will bring more. */
static void
flush(void)
{
	rapi_link_flush(&library.link, &library.conn);
	rapi_link_alarm(&library.link, rapi_conn_deadline(&library.conn));
}

/* The first session: a daemon that is not there is an error at once. */
static int
first_connection(void)
{
	int rc = rapi_link_open(&library.link);

	if (rc != 0) {
		errno = -rc;
		return rapi_fail(RAPI_ERR_SYSCALL,
			"cannot make a descriptor: %s", strerror(-rc));
	}
	rc = rapi_link_connect(&library.link, socket_path(), CONNECT_WAIT_MS);
	if (rc != 0) {
		rapi_link_close(&library.link);
		errno = -rc;
		return rapi_fail(RAPI_ERR_NORSVP,
			"cannot connect to rsvpd at %s: %s (is it running?)",
			socket_path(), strerror(-rc));
	}
	rapi_conn_init(&library.conn);
	rapi_conn_up(&library.conn);
	return RAPI_ERR_OK;
}

/* ---- session ------------------------------------------------------------- */

static int
add_session(struct app *app, rapi_sid_t *ret_sid)
{
	uint8_t bytes[BODY_MAX];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct conn_session *s;

	rapi_msg_put_session(&w, &app->session);

	const struct rapi_msg_body body = { .bytes = bytes,
		.len = buf_written(&w) };
	const int rc = rapi_conn_open(&library.conn, app, &body, &s);

	if (rc != RAPI_ERR_OK)
		return rapi_fail(rc, "no place for another session (%zu open)",
			library.conn.sessions);
	*ret_sid = rapi_conn_sid(s);
	flush();
	return RAPI_ERR_OK;
}

static int
open_session(const struct app *want, rapi_sid_t *ret_sid)
{
	struct app *app = (struct app *)malloc(sizeof(*app));

	if (!app)
		return rapi_fail(RAPI_ERR_MEMFULL, "no memory for a session");
	*app = *want;

	const bool first = library.link.epoll < 0;
	int rc = first ? first_connection() : RAPI_ERR_OK;

	if (rc == RAPI_ERR_OK)
		rc = add_session(app, ret_sid);
	if (rc == RAPI_ERR_OK)
		return rc;
	free(app);
	if (first && library.link.epoll >= 0)
		shut();
	return rc;
}

rapi_sid_t
rapi_session(rapi_addr_t *Dest, int Protid, unsigned int Flags,
	rapi_event_rtn_t *Event_rtn, void *Event_arg, int *Errnop)
{
	struct app app = { .event_rtn = Event_rtn,
		.event_arg = Event_arg,
		.intserv = (Flags & RAPI_USE_INTSERV) != 0 };
	rapi_sid_t sid = RAPI_NULL_SID;
	int rc = rapi_args_session(Dest, Protid, Flags, &app.session);

	if (rc == RAPI_ERR_OK) {
		enter();
		rc = open_session(&app, &sid);
		unlock_lib();
	}
	if (Errnop)
		*Errnop = rc;
	return sid;
}

/* The session, with the lock held; or NULL, without it: RAPI_ERR_BADSID. */
static struct conn_session *
enter_session(rapi_sid_t sid)
{
	enter();

	struct conn_session *s = library.link.epoll >= 0
					 ? rapi_conn_find(&library.conn, sid)
					 : NULL;

	if (!s) {
		unlock_lib();
		rapi_detail("session %u is not open", sid);
	}
	return s;
}

int
rapi_release(rapi_sid_t Sid)
{
	struct conn_session *s = enter_session(Sid);

	if (!s)
		return RAPI_ERR_BADSID;

	const uint64_t handle = s->handle;

	free(s->app);
	rapi_conn_close(&library.conn, s);
	if (library.conn.sessions == 0)
		shut(); /* the daemon tears down what was its client's */
	else
		flush();
	/* Its upcall may be running in another thread: wait it out. */
	while (library.in_upcall == handle &&
		!pthread_equal(library.dispatcher, pthread_self()))
		pthread_cond_wait(&library.upcall_done, &library.lock);
	unlock_lib();
	return RAPI_ERR_OK;
}

/* ---- sender -------------------------------------------------------------- */

static const struct rapi_msg_session *
session_of(const struct conn_session *s)
{
	return &((const struct app *)s->app)->session;
}

/* Finish a call that changes what a session wants. */
static int
leave(int rc, const char *what)
{
	if (rc == RAPI_ERR_OK)
		flush();
	else if (rc == RAPI_ERR_MEMFULL)
		rapi_detail("no memory for the %s", what);
	unlock_lib();
	return rc;
}

/* NOLINTBEGIN(readability-function-size): the standard's parameters */
int
rapi_sender(rapi_sid_t Sid, unsigned int Flags, rapi_addr_t *LHost,
	rapi_filter_t *SenderTemplate, rapi_tspec_t *SenderTspec,
	rapi_adspec_t *SenderAdspec, rapi_policy_t *SenderPolicy, int TTL)
{
	const struct rapi_sender_args args = { LHost, SenderTemplate,
		SenderTspec, SenderAdspec, SenderPolicy, TTL };
	uint8_t bytes[BODY_MAX];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct conn_session *s = enter_session(Sid);
	int rc;

	if (!s)
		return RAPI_ERR_BADSID;
	if (Flags != 0)
		return leave(
			rapi_fail(RAPI_ERR_UNSUPPORTED,
				"sender flags 0x%x: none is supported", Flags),
			"sender");
	if (!LHost)
		return leave(
			rapi_conn_sender(&library.conn, s, NULL), "sender");
	rc = rapi_args_sender(session_of(s), &args, &w);
	if (rc == RAPI_ERR_OK && w.failed)
		rc = rapi_fail(RAPI_ERR_OVERFLOW, "objects of the sender "
						  "exceed a message");
	if (rc == RAPI_ERR_OK) {
		const struct rapi_msg_body body = { .bytes = bytes,
			.len = buf_written(&w) };

		rc = rapi_conn_sender(&library.conn, s, &body);
	}
	return leave(rc, "sender");
}

/* ---- reserve ------------------------------------------------------------- */

int
rapi_reserve(rapi_sid_t Sid, unsigned int Flags, rapi_addr_t *RHost,
	rapi_styleid_t StyleId, rapi_stylex_t *Style_Ext,
	rapi_policy_t *Rcvr_Policy, int FilterSpecNo,
	rapi_filter_t *FilterSpec_list, int FlowspecNo,
	rapi_flowspec_t *Flowspec_list)
{
	const struct rapi_reserve_args args = { RHost, StyleId, Style_Ext,
		Rcvr_Policy, FilterSpecNo, FilterSpec_list, FlowspecNo,
		Flowspec_list };
	uint8_t bytes[BODY_MAX];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct conn_session *s = enter_session(Sid);
	int rc;

	if (!s)
		return RAPI_ERR_BADSID;
	if (Flags & ~(unsigned)RAPI_REQ_CONFIRM)
		return leave(rapi_fail(RAPI_ERR_UNSUPPORTED,
				     "reserve flags 0x%x: only "
				     "RAPI_REQ_CONFIRM is supported",
				     Flags),
			"reservation");
	if (FlowspecNo == 0)
		return leave(rapi_conn_reserve(&library.conn, s, NULL),
			"reservation");
	rc = rapi_args_reserve(session_of(s), &args, &w);
	if (rc == RAPI_ERR_OK && w.failed)
		rc = rapi_fail(RAPI_ERR_OVERFLOW, "objects of the reservation "
						  "exceed a message");
	if (rc == RAPI_ERR_OK) {
		const struct rapi_msg_body body = { .bytes = bytes,
			.len = buf_written(&w),
			.confirm = (Flags & RAPI_REQ_CONFIRM) != 0 };

		rc = rapi_conn_reserve(&library.conn, s, &body);
	}
	return leave(rc, "reservation");
}
/* NOLINTEND(readability-function-size) */

/* ---- events -------------------------------------------------------------- */

int
rapi_getfd(rapi_sid_t Sid)
{
	if (!enter_session(Sid))
		return -1;

	const int fd = library.link.epoll;

	unlock_lib();
	return fd;
}

/* Lost, or as good as: say so once, then try again later. */
static int
lose(int code)
{
	rapi_link_disconnect(&library.link);
	rapi_conn_lost(&library.conn, os_now());
	return code;
}

/* The upcall itself, without the lock. */
static void
call(const struct app *app, rapi_sid_t sid, struct rapi_upcall *u)
{
	event_text = u->text;
	app->event_rtn(sid, u->type, u->style, u->error_code, u->error_value,
		&u->node.addr, u->error_flags, u->filter_count, u->filters,
		u->flowspec_count, u->flowspecs, u->adspec_count, u->adspecs,
		app->event_arg);
	event_text = NULL;
}

static int
deliver(const struct conn_session *s)
{
	const struct app app = *(const struct app *)s->app;
	const rapi_sid_t sid = rapi_conn_sid(s);

	if (!app.event_rtn)
		return RAPI_ERR_OK;

	const int rc = rapi_upcall_make(
		&library.upcall, &library.conn.answer, app.intserv);

	if (rc == RAPI_ERR_MEMFULL)
		return rc;
	library.in_upcall = s->handle;
	unlock_lib();
	call(&app, sid, &library.upcall);
	enter(); /* the upcall may have forked */
	library.in_upcall = 0;
	pthread_cond_broadcast(&library.upcall_done);
	return rc;
}

static int
refused(enum conn_news news)
{
	const struct rapi_msg_answer *a = &library.conn.answer;

	if (news == CONN_BAD)
		return lose(rapi_fail(RAPI_ERR_PROTO,
			"rsvpd said what this library does not understand"));
	return lose(rapi_fail((int)a->code, "rsvpd: %s", a->event.text));
}

static void
reconnect(void)
{
	if (rapi_link_connect(&library.link, socket_path(), 0) == 0)
		rapi_conn_up(&library.conn);
	else
		rapi_conn_lost(&library.conn, os_now());
}

/* One datagram into the machine.  False: nothing there, or the connection is
 * gone and the reason in *rc. */
static bool
receive(int *rc)
{
	if (library.link.sock < 0)
		return false;

	const ssize_t n = rapi_link_receive(&library.link);

	if (n > 0)
		rapi_conn_input(&library.conn, library.link.in, (size_t)n);
	else if (n == 0 || library.link.broken)
		*rc = lose(rapi_fail(RAPI_ERR_NORSVP,
			"the connection to rsvpd was lost; it will be made "
			"again"));
	return n > 0;
}

/* Keep the first error; later ones are of no more use. */
static void
keep(int *rc, int code)
{
	if (*rc == RAPI_ERR_OK)
		*rc = code;
}

static int
run_events(void)
{
	int rc = RAPI_ERR_OK;
	int events = 0;

	while (events < EVENTS_MAX) {
		struct conn_session *s;
		const enum conn_news news =
			rapi_conn_next(&library.conn, os_now(), &s);

		if (news == CONN_NOTHING) {
			if (!receive(&rc))
				break;
			continue;
		}
		if (news != CONN_EVENT) {
			keep(&rc, refused(news));
			break;
		}
		events++;
		keep(&rc, deliver(s));
	}
	if (events == EVENTS_MAX && library.link.epoll >= 0)
		rapi_link_ring(&library.link);
	return rc;
}

int
rapi_dispatch(void)
{
	int rc = RAPI_ERR_OK;

	enter();
	if (library.dispatching || library.link.epoll < 0) {
		unlock_lib();
		return rc;
	}
	library.dispatching = true;
	library.dispatcher = pthread_self();
	rapi_link_quiet(&library.link);
	rc = run_events();
	library.dispatching = false;
	if (library.link.epoll < 0) {
		rapi_upcall_done(&library.upcall);
	} else {
		if (rapi_conn_retry_due(&library.conn, os_now()))
			reconnect();
		flush();
	}
	unlock_lib();
	return rc;
}

/* ---- the rest ------------------------------------------------------------ */

int
rapi_version(void)
{
	return RAPI_VERSION;
}

int
rapi_ext_set_socket(const char *path)
{
	int rc = RAPI_ERR_OK;

	if (path && strlen(path) >= PATH_SIZE)
		return rapi_fail(RAPI_ERR_OVERFLOW,
			"socket path has %zu octets, at most %d", strlen(path),
			PATH_SIZE - 1);
	enter();
	(void)text_copy(library.path, sizeof(library.path),
		path ? path : ""); /* fits */
	unlock_lib();
	return rc;
}

const char *
rapi_ext_event_text(void)
{
	return event_text ? event_text : "";
}
