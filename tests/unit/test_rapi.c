/* SPDX-License-Identifier: ISC */

/*
 * The life of librapi's connection: release, restarts of the daemon, saved
 * descriptors, forks and threads.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rapi/rapi_ext.h"
#include "rapi_daemon.h"
#include "t.h"

static struct rapi_daemon d;

/* What an upcall is to do, and what happened. */
struct app {
	rapi_sid_t sid;
	uint64_t handle;
	int calls;
	int path_events;
	int none; /* events without any state */
	int last_value;
	rapi_sid_t release; /* in the upcall */
	bool reserve;       /* in the upcall */
	int nested;         /* result of a dispatch in the upcall */
	pthread_mutex_t *gate;
	_Atomic bool inside;
};

static rapi_flowspec_t spec = { .len = 40, .form = RAPI_FLOWSTYPE_Simplified };

static void
on_event(rapi_sid_t s, rapi_eventinfo_t type, rapi_styleid_t style, int code,
	int value, rapi_addr_t *node, unsigned flags, int filter_count,
	rapi_filter_t *filters, int flowspec_count, rapi_flowspec_t *flowspecs,
	int adspec_count, rapi_adspec_t *adspecs, void *arg)
{
	struct app *app = (struct app *)arg;

	(void)style, (void)code, (void)node, (void)flags, (void)filter_count;
	(void)filters, (void)flowspecs, (void)adspec_count, (void)adspecs;
	T_EQ(s, app->sid);
	app->calls++;
	app->path_events += type == RAPI_PATH_EVENT;
	app->none += (type == RAPI_PATH_EVENT || type == RAPI_RESV_EVENT) &&
		     flowspec_count == 0;
	app->last_value = value;
	app->nested = rapi_dispatch();
	if (app->release)
		T_EQ(rapi_release(app->release), RAPI_ERR_OK);
	if (app->reserve)
		T_EQ(rapi_reserve(s, 0, NULL, RAPI_RSTYLE_WILDCARD, NULL, NULL,
			     0, NULL, 1, &spec),
			RAPI_ERR_OK);
	app->inside = true;
	if (app->gate) {
		pthread_mutex_lock(app->gate);
		pthread_mutex_unlock(app->gate);
	}
	app->inside = false;
}

static void
open_session(struct app *app)
{
	struct sockaddr_in dst = { .sin_family = AF_INET,
		.sin_port = htons(5004) };
	int error;

	inet_pton(AF_INET, "192.0.2.1", &dst.sin_addr);
	spec.specbody_qosx.spec_type = RAPI_QOS_CNTR_LOAD;
	*app = (struct app){ .nested = -1 };
	app->sid =
		rapi_session((rapi_addr_t *)&dst, 17, 0, on_event, app, &error);
	T_CHECK(app->sid != RAPI_NULL_SID, "%s", rapi_ext_last_error());
}

static void
opened(struct app *app)
{
	app->handle = rapi_daemon_next(&d, RAPI_MSG_OPEN).handle;
	T_EQ((uint32_t)app->handle, app->sid);
}

static void
begin(struct app *app)
{
	rapi_daemon_start(&d);
	open_session(app);
	rapi_daemon_accept(&d);
	opened(app);
}

static int
reserve(const struct app *app, unsigned flags)
{
	return rapi_reserve(app->sid, flags, NULL, RAPI_RSTYLE_WILDCARD, NULL,
		NULL, 0, NULL, 1, &spec);
}

static int
send_from(const struct app *app, uint16_t port)
{
	struct sockaddr_in src = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	rapi_tspec_t tspec = { .len = 32, .form = RAPI_TSPECTYPE_Simplified };

	return rapi_sender(
		app->sid, 0, (rapi_addr_t *)&src, NULL, &tspec, NULL, NULL, 0);
}

static void
tell(uint64_t handle, uint8_t kind, uint16_t value, bool state)
{
	const struct rapi_msg_event event = {
		.handle = handle, .kind = kind, .error = { .value = value }
	};
	const struct rapi_msg_item item = { .has_tspec = true,
		.has_flowspec = kind != RAPI_PATH_EVENT,
		.flowspec = { .service = WIRE_SERVICE_CL } };

	rapi_daemon_event(&d, &event, &item, state ? 1 : 0);
}

/* Dispatch as an application would, until *counter has a value. */
static void
dispatch_until(int fd, const int *counter, int value)
{
	while (*counter < value) {
		T_CHECK(rapi_daemon_readable(fd), "only %d of %d", *counter,
			value);
		T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	}
	T_EQ(*counter, value);
}

/* ---- sessions and events ------------------------------------------------- */

static void
upcalls_come_from_dispatch_only(void)
{
	struct app app;

	begin(&app);
	tell(app.handle, RAPI_PATH_EVENT, 0, true);
	T_CHECK(rapi_daemon_readable(rapi_getfd(app.sid)), "nothing came");
	T_EQ(reserve(&app, 0), RAPI_ERR_OK);
	T_EQ(app.calls, 0);
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	T_EQ(app.calls, 1);
	T_EQ(app.nested, RAPI_ERR_OK);
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	T_EQ(app.calls, 1);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

static void
two_sessions_of_one_destination_are_told_apart(void)
{
	struct app a;
	struct app b;

	begin(&a);
	open_session(&b);
	opened(&b);
	T_CHECK(a.sid != b.sid, "the same");
	T_EQ(rapi_getfd(a.sid), rapi_getfd(b.sid));
	tell(b.handle, RAPI_PATH_EVENT, 7, true);
	tell(a.handle, RAPI_RESV_ERROR, 8, true);
	dispatch_until(rapi_getfd(a.sid), &a.calls, 1);
	T_EQ(b.calls, 1);
	T_EQ(a.last_value, 8);
	T_EQ(b.last_value, 7);
	T_EQ(rapi_release(a.sid), RAPI_ERR_OK);
	T_EQ(rapi_daemon_next(&d, RAPI_MSG_CLOSE).handle, a.handle);
	T_EQ(rapi_release(b.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

static void
the_last_release_closes_the_connection(void)
{
	struct app app;
	char byte;
	int fd;

	begin(&app);
	fd = rapi_getfd(app.sid);
	T_EQ(rapi_dispatch(), RAPI_ERR_OK); /* reads WELCOME */
	T_EQ(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	T_CHECK(rapi_daemon_readable(d.fd), "still there");
	T_EQ(recv(d.fd, &byte, 1, 0), 0);
	T_EQ(fcntl(fd, F_GETFD), -1);
	rapi_daemon_stop(&d);
}

static void
nothing_is_delivered_after_a_release_in_the_upcall(void)
{
	struct app a;
	struct app b;

	begin(&a);
	open_session(&b);
	opened(&b);
	a.release = b.sid;
	tell(a.handle, RAPI_RESV_ERROR, 1, true);
	tell(b.handle, RAPI_RESV_ERROR, 2, true);
	dispatch_until(rapi_getfd(a.sid), &a.calls, 1);
	T_EQ(b.calls, 0);
	T_EQ(rapi_getfd(b.sid), -1);
	/* And its own: the last one. */
	a.release = a.sid;
	tell(a.handle, RAPI_RESV_ERROR, 3, true);
	tell(a.handle, RAPI_RESV_ERROR, 4, true);
	dispatch_until(rapi_getfd(a.sid), &a.calls, 2);
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	T_EQ(a.calls, 2);
	rapi_daemon_stop(&d);
}

static void
calls_may_be_made_in_the_upcall(void)
{
	struct app app;

	begin(&app);
	app.reserve = true;
	tell(app.handle, RAPI_PATH_EVENT, 0, true);
	dispatch_until(rapi_getfd(app.sid), &app.calls, 1);
	T_EQ(rapi_daemon_next(&d, RAPI_MSG_RESERVE).handle, app.handle);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

static void
a_late_event_does_not_meet_a_new_session(void)
{
	struct app keep;
	struct app old;
	struct app app;

	begin(&keep);
	open_session(&old);
	opened(&old);
	T_EQ(rapi_release(old.sid), RAPI_ERR_OK);
	(void)rapi_daemon_next(&d, RAPI_MSG_CLOSE);
	open_session(&app);
	opened(&app);
	T_CHECK(app.sid != old.sid, "used again at once");
	while (app.sid != old.sid) {
		T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
		(void)rapi_daemon_next(&d, RAPI_MSG_CLOSE);
		open_session(&app);
		opened(&app);
	}
	T_CHECK(app.handle != old.handle, "the same handle");
	tell(old.handle, RAPI_RESV_ERROR, 1, true);
	tell(app.handle, RAPI_RESV_ERROR, 2, true);
	dispatch_until(rapi_getfd(app.sid), &app.calls, 1);
	T_EQ(app.last_value, 2);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	T_EQ(rapi_release(keep.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

static void
a_dispatch_makes_64_upcalls_at_most(void)
{
	struct app app;
	int fd;

	begin(&app);
	fd = rapi_getfd(app.sid);
	for (int i = 0; i < 150; i++)
		tell(app.handle, RAPI_RESV_ERROR, 0, true);
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	T_EQ(app.calls, 64);
	T_CHECK(rapi_daemon_readable(fd), "not readable though more is there");
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	T_EQ(app.calls, 128);
	T_CHECK(rapi_daemon_readable(fd), "not readable though more is there");
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	T_EQ(app.calls, 150);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

/* One edge must be enough for each dispatch, also when it left work behind. */
static void
edge_triggered_epoll_misses_nothing(void)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	struct app app;
	int ep;

	begin(&app);
	ep = epoll_create1(0);
	T_CHECK(ep >= 0, "epoll");
	T_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, rapi_getfd(app.sid), &ev), 0);
	for (int i = 0; i < 200; i++)
		tell(app.handle, RAPI_RESV_ERROR, 0, true);
	while (app.calls < 200) {
		T_EQ(epoll_wait(ep, &ev, 1, RAPI_DAEMON_MS), 1);
		T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	}
	tell(app.handle, RAPI_RESV_ERROR, 0, true);
	T_EQ(epoll_wait(ep, &ev, 1, RAPI_DAEMON_MS), 1);
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	T_EQ(app.calls, 201);
	close(ep);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

static void
thousands_of_sessions_fit(void)
{
	enum { MANY = 5000 };
	static struct app apps[MANY];
	int fd;

	rapi_daemon_start(&d);
	for (int i = 0; i < MANY; i++) {
		open_session(&apps[i]);
		T_EQ(apps[i].sid, i + 1);
		T_EQ(send_from(&apps[i], 1), RAPI_ERR_OK);
		T_EQ(send_from(&apps[i], 2), RAPI_ERR_OK);
	}
	/* The daemon has read nothing so far, and nothing has blocked. */
	fd = rapi_getfd(apps[0].sid);
	rapi_daemon_accept(&d);
	T_EQ(rapi_dispatch(), RAPI_ERR_OK); /* takes WELCOME */
	for (int opens = 0, senders = 0; opens < MANY || senders < MANY;) {
		struct msg msg;
		struct rapi_msg_request q;

		if (buf_left(&d.left) == 0) {
			if (rapi_daemon_silent(&d)) {
				/* Told that it may send more. */
				T_CHECK(rapi_daemon_readable(fd), "%d %d",
					opens, senders);
				T_EQ(rapi_dispatch(), RAPI_ERR_OK);
			}
			T_CHECK(rapi_daemon_readable(d.fd), "%d %d", opens,
				senders);
			d.left = buf_reader(
				d.bytes, (size_t)recv(d.fd, d.bytes,
						 sizeof(d.bytes), 0));
		}
		T_CHECK(msg_next(&d.left, &msg), "not a message");
		T_EQ(rapi_msg_decode_request(&msg, &q), RAPI_MSG_OK);
		opens += q.type == RAPI_MSG_OPEN;
		senders += q.type == RAPI_MSG_SENDER &&
			   q.sender.sender.src_port == 2;
	}
	for (int i = 0; i < MANY; i++)
		T_EQ(rapi_release(apps[i].sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

/* ---- restarts of the daemon ---------------------------------------------- */

static void
kill_daemon(int fd)
{
	rapi_daemon_die(&d);
	T_CHECK(rapi_daemon_readable(fd), "not told");
	T_EQ(rapi_dispatch(), RAPI_ERR_NORSVP);
	T_CHECK(rapi_ext_last_error()[0] != '\0', "no words");
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
}

/* Until the library has connected, by nothing but dispatches. */
static void
wait_for_library(int fd, uint32_t settle_ms)
{
	struct pollfd p = { .fd = d.listener, .events = POLLIN };

	rapi_daemon_back(&d);
	p.fd = d.listener;
	while (poll(&p, 1, 0) == 0) {
		T_CHECK(rapi_daemon_readable(fd), "no attempt");
		T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	}
	rapi_daemon_accept_settling(&d, settle_ms);
}

static void
all_is_replayed_after_a_restart(void)
{
	struct app a;
	struct app b;
	int fd;

	begin(&a);
	fd = rapi_getfd(a.sid);
	open_session(&b);
	opened(&b);
	T_EQ(send_from(&a, 7), RAPI_ERR_OK);
	T_EQ(reserve(&a, RAPI_REQ_CONFIRM), RAPI_ERR_OK);
	(void)rapi_daemon_next(&d, RAPI_MSG_SENDER);
	T_CHECK(rapi_daemon_next(&d, RAPI_MSG_RESERVE).confirm, "confirm");
	kill_daemon(fd);
	T_EQ(rapi_getfd(a.sid), fd);
	wait_for_library(fd, 3600000);
	T_EQ(rapi_daemon_next(&d, RAPI_MSG_OPEN).handle, a.handle);
	T_EQ(rapi_daemon_next(&d, RAPI_MSG_SENDER).sender.sender.src_port, 7);
	/* Not confirmed yet: still wanted. */
	T_CHECK(rapi_daemon_next(&d, RAPI_MSG_RESERVE).confirm, "confirm");
	T_EQ(rapi_daemon_next(&d, RAPI_MSG_OPEN).handle, b.handle);
	T_CHECK(rapi_daemon_silent(&d), "more");
	tell(a.handle, RAPI_RESV_CONFIRM, 0, true);
	dispatch_until(fd, &a.calls, 1);
	kill_daemon(fd);
	/* Meanwhile the application changes its mind. */
	T_EQ(send_from(&a, 8), RAPI_ERR_OK);
	T_EQ(rapi_release(b.sid), RAPI_ERR_OK);
	open_session(&b);
	wait_for_library(fd, 3600000);
	T_EQ(rapi_daemon_next(&d, RAPI_MSG_OPEN).handle, a.handle);
	T_EQ(rapi_daemon_next(&d, RAPI_MSG_SENDER).sender.sender.src_port, 8);
	T_CHECK(!rapi_daemon_next(&d, RAPI_MSG_RESERVE).confirm, "one-shot");
	opened(&b);
	T_CHECK(rapi_daemon_silent(&d), "more");
	T_EQ(rapi_getfd(a.sid), fd);
	T_EQ(rapi_release(a.sid), RAPI_ERR_OK);
	T_EQ(rapi_release(b.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

static void
what_was_withdrawn_is_not_replayed(void)
{
	struct app app;
	int fd;

	begin(&app);
	fd = rapi_getfd(app.sid);
	T_EQ(send_from(&app, 7), RAPI_ERR_OK);
	T_EQ(reserve(&app, 0), RAPI_ERR_OK);
	T_EQ(rapi_sender(app.sid, 0, NULL, NULL, NULL, NULL, NULL, 0),
		RAPI_ERR_OK);
	T_EQ(rapi_reserve(app.sid, 0, NULL, (rapi_styleid_t)0, NULL, NULL, 0,
		     NULL, 0, NULL),
		RAPI_ERR_OK);
	kill_daemon(fd);
	wait_for_library(fd, 3600000);
	opened(&app);
	T_CHECK(rapi_daemon_silent(&d), "more");
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

static void
state_that_did_not_come_back_is_reported_gone(void)
{
	struct app a;
	struct app b;
	int fd;

	begin(&a);
	fd = rapi_getfd(a.sid);
	open_session(&b);
	opened(&b);
	tell(a.handle, RAPI_PATH_EVENT, 0, true);
	tell(a.handle, RAPI_RESV_EVENT, 0, true);
	tell(b.handle, RAPI_PATH_EVENT, 0, true);
	dispatch_until(fd, &b.calls, 1);
	T_EQ(a.calls, 2);
	kill_daemon(fd);
	wait_for_library(fd, 50);
	opened(&a);
	opened(&b);
	tell(b.handle, RAPI_PATH_EVENT, 0, true);
	dispatch_until(fd, &a.none, 2);
	T_EQ(a.path_events, 2);
	T_EQ(a.calls, 4);
	T_EQ(b.calls, 2);
	T_EQ(b.none, 0);
	/* Once. */
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	T_EQ(a.calls, 4);
	T_EQ(rapi_release(a.sid), RAPI_ERR_OK);
	T_EQ(rapi_release(b.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

static void
a_refusal_is_told_and_tried_again(void)
{
	struct app app;
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	int fd;

	begin(&app);
	fd = rapi_getfd(app.sid);
	rapi_msg_put_refuse(&w, RAPI_ERR_MAXSESS, "too many of you");
	rapi_daemon_send(&d, &w);
	T_CHECK(rapi_daemon_readable(fd), "nothing came");
	T_EQ(rapi_dispatch(), RAPI_ERR_MAXSESS);
	T_CHECK(strstr(rapi_ext_last_error(), "too many of you") != NULL, "%s",
		rapi_ext_last_error());
	rapi_daemon_die(&d);
	wait_for_library(fd, 3600000);
	opened(&app);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

/* A daemon that closes at once, with requests unread: its word still comes,
 * whether the next call notices first or the dispatch. */
static void
a_last_word_is_read_though_ours_was_not(void)
{
	for (int calls = 0; calls < 2; calls++) {
		struct app app;
		uint8_t bytes[256];
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));

		begin(&app);
		rapi_msg_put_refuse(&w, RAPI_ERR_PROTO, "another version");
		rapi_daemon_send(&d, &w);
		T_EQ(send_from(&app, 7), RAPI_ERR_OK);
		rapi_daemon_die(&d);
		if (calls > 0)
			T_EQ(send_from(&app, 8), RAPI_ERR_OK);
		T_EQ(rapi_dispatch(), RAPI_ERR_PROTO);
		T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
		rapi_daemon_stop(&d);
	}
}

static void
nonsense_of_the_daemon_ends_the_connection(void)
{
	static const uint8_t junk[] = { 12, 0, 0, 0, 1, 0, 99, 0, 0, 0, 0, 0 };
	struct app app;
	int fd;

	begin(&app);
	fd = rapi_getfd(app.sid);
	T_EQ(send(d.fd, junk, sizeof(junk), 0), sizeof(junk));
	T_CHECK(rapi_daemon_readable(fd), "nothing came");
	T_EQ(rapi_dispatch(), RAPI_ERR_PROTO);
	rapi_daemon_die(&d);
	wait_for_library(fd, 3600000);
	opened(&app);
	T_EQ(send(d.fd, junk, 5, 0), 5);
	T_CHECK(rapi_daemon_readable(fd), "nothing came");
	T_EQ(rapi_dispatch(), RAPI_ERR_PROTO);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

static void
edge_triggered_epoll_survives_a_restart(void)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	struct pollfd p = { .events = POLLIN };
	struct app app;
	int lost = 0;
	int ep;

	begin(&app);
	ep = epoll_create1(0);
	T_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, rapi_getfd(app.sid), &ev), 0);
	rapi_daemon_die(&d);
	rapi_daemon_back(&d);
	p.fd = d.listener;
	while (poll(&p, 1, 0) == 0) {
		T_EQ(epoll_wait(ep, &ev, 1, RAPI_DAEMON_MS), 1);
		lost += rapi_dispatch() == RAPI_ERR_NORSVP;
	}
	T_EQ(lost, 1);
	rapi_daemon_accept(&d);
	opened(&app);
	tell(app.handle, RAPI_RESV_ERROR, 0, true);
	while (app.calls == 0) {
		T_EQ(epoll_wait(ep, &ev, 1, RAPI_DAEMON_MS), 1);
		T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	}
	close(ep);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

/* ---- forks and threads --------------------------------------------------- */

static int
child(const struct app *parents)
{
	struct sockaddr_in dst = { .sin_family = AF_INET,
		.sin_port = htons(9) };
	rapi_sid_t sid;

	if (rapi_getfd(parents->sid) != -1)
		return 1;
	if (rapi_release(parents->sid) != RAPI_ERR_BADSID)
		return 2;
	if (rapi_dispatch() != RAPI_ERR_OK)
		return 3;
	inet_pton(AF_INET, "192.0.2.77", &dst.sin_addr);
	sid = rapi_session((rapi_addr_t *)&dst, 17, 0, NULL, NULL, NULL);
	if (sid == RAPI_NULL_SID)
		return 4;
	return rapi_release(sid) == RAPI_ERR_OK ? 0 : 5;
}

static void
a_child_starts_without_sessions(void)
{
	struct app app;
	int status;
	pid_t pid;

	begin(&app);
	pid = fork();
	T_CHECK(pid >= 0, "fork");
	if (pid == 0)
		_exit(child(&app));
	T_EQ(waitpid(pid, &status, 0), pid);
	T_CHECK(WIFEXITED(status), "status %d", status);
	T_EQ(WEXITSTATUS(status), 0);
	/* The parent's connection is as it was; the child had its own. */
	T_CHECK(rapi_daemon_silent(&d), "the child spoke for its parent");
	tell(app.handle, RAPI_RESV_ERROR, 0, true);
	dispatch_until(rapi_getfd(app.sid), &app.calls, 1);
	/* It has gone: nobody to welcome. */
	close(d.fd);
	d.fd = accept(d.listener, NULL, NULL);
	T_CHECK(d.fd >= 0, "it did not connect");
	(void)rapi_daemon_next(&d, RAPI_MSG_HELLO);
	T_EQ(rapi_daemon_next(&d, RAPI_MSG_OPEN).session.session.dst.b[3], 77);
	T_EQ(rapi_release(app.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

static void *
dispatch_thread(void *arg)
{
	(void)arg;
	(void)rapi_dispatch();
	return NULL;
}

static void *
release_thread(void *arg)
{
	const struct app *app = (const struct app *)arg;

	T_EQ(rapi_release(app->sid), RAPI_ERR_OK);
	/* The upcall is over when release returns. */
	return app->inside ? (void *)1 : NULL;
}

static void
wait_ms(int ms)
{
	const struct timespec ts = { .tv_nsec = ms * 1000000L };

	nanosleep(&ts, NULL);
}

static void
a_release_waits_for_the_upcall_of_another_thread(void)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	pthread_t upcall;
	pthread_t releaser;
	struct app keep;
	struct app app;
	void *early;

	begin(&keep);
	open_session(&app);
	opened(&app);
	app.gate = &gate;
	pthread_mutex_lock(&gate);
	tell(app.handle, RAPI_RESV_ERROR, 0, true);
	T_CHECK(rapi_daemon_readable(rapi_getfd(app.sid)), "nothing came");
	T_EQ(pthread_create(&upcall, NULL, dispatch_thread, NULL), 0);
	for (int ms = 0; !app.inside; ms++) {
		T_CHECK(ms < RAPI_DAEMON_MS, "no upcall");
		wait_ms(1);
	}
	/* Others may call meanwhile; a second dispatch returns at once. */
	T_EQ(reserve(&keep, 0), RAPI_ERR_OK);
	T_EQ(rapi_dispatch(), RAPI_ERR_OK);
	T_EQ(pthread_create(&releaser, NULL, release_thread, &app), 0);
	while (rapi_getfd(app.sid) != -1)
		wait_ms(1);
	pthread_mutex_unlock(&gate);
	T_EQ(pthread_join(releaser, &early), 0);
	T_CHECK(!early, "release returned before the upcall");
	T_EQ(pthread_join(upcall, NULL), 0);
	T_EQ(rapi_release(keep.sid), RAPI_ERR_OK);
	rapi_daemon_stop(&d);
}

static struct t_case cases[] = {
	{ "upcalls come from dispatch only", upcalls_come_from_dispatch_only },
	{ "two sessions of one destination are told apart",
		two_sessions_of_one_destination_are_told_apart },
	{ "the last release closes the connection",
		the_last_release_closes_the_connection },
	{ "nothing is delivered after a release in the upcall",
		nothing_is_delivered_after_a_release_in_the_upcall },
	{ "calls may be made in the upcall", calls_may_be_made_in_the_upcall },
	{ "a late event does not meet a new session",
		a_late_event_does_not_meet_a_new_session },
	{ "a dispatch makes 64 upcalls at most",
		a_dispatch_makes_64_upcalls_at_most },
	{ "edge-triggered epoll misses nothing",
		edge_triggered_epoll_misses_nothing },
	{ "5 000 sessions fit, and a daemon that does not read blocks nobody",
		thousands_of_sessions_fit },
	{ "all is replayed after a restart", all_is_replayed_after_a_restart },
	{ "what was withdrawn is not replayed",
		what_was_withdrawn_is_not_replayed },
	{ "state that did not come back is reported gone",
		state_that_did_not_come_back_is_reported_gone },
	{ "a refusal is told and tried again",
		a_refusal_is_told_and_tried_again },
	{ "a last word is read though ours was not",
		a_last_word_is_read_though_ours_was_not },
	{ "nonsense of the daemon ends the connection",
		nonsense_of_the_daemon_ends_the_connection },
	{ "edge-triggered epoll survives a restart",
		edge_triggered_epoll_survives_a_restart },
	{ "a child starts without sessions", a_child_starts_without_sessions },
	{ "a release waits for the upcall of another thread",
		a_release_waits_for_the_upcall_of_another_thread },
};
T_MAIN(cases)
