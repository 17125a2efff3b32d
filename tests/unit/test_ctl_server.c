/* SPDX-License-Identifier: ISC */

/* How much of a list is looked at in one turn of the loop: rsvpd/ctl_server.c,
 * under a clock that goes on only while sessions are looked at. */

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/ctl_msg.h"
#include "rsvpd/ctl_server.h"
#include "rsvpd/daemon.h"
#include "t.h"

enum { SESSIONS = 100, MOST = 65536, COST_US = LOOP_TURN_MS * 1000 / 10 };

static struct {
	struct engine engine;
	struct ctl_server *server;
	int fd; /* of who asks */
	int64_t now_us;
	size_t looks; /* at sessions */
	size_t seen;  /* of them, at the end of the turn before */
	size_t most;  /* in one turn */
	size_t records;
	bool ended;
	struct loop_timer *other;
} w;

/* ---- clock and core ------------------------------------------------------ */

struct mono __wrap_loop_now(void);
bool __wrap_rsvp_core_session_after(const struct rsvp_core *core,
	uint64_t after, struct rsvp_session_info *ret_info);
size_t __wrap_rsvp_core_paths(const struct rsvp_core *core, struct mono now,
	uint64_t serial, struct rsvp_path_info *ret_infos, size_t max);
size_t __wrap_rsvp_core_resvs(const struct rsvp_core *core, struct mono now,
	uint64_t serial, struct rsvp_resv_info *ret_infos, size_t max);

struct mono
__wrap_loop_now(void)
{
	return (struct mono){ w.now_us };
}

bool
__wrap_rsvp_core_session_after(const struct rsvp_core *core, uint64_t after,
	struct rsvp_session_info *ret_info)
{
	(void)core;
	w.looks++;
	w.now_us += COST_US;
	*ret_info = (struct rsvp_session_info){ .serial = after + 1 };
	return after < SESSIONS;
}

size_t
__wrap_rsvp_core_paths(const struct rsvp_core *core, struct mono now,
	uint64_t serial, struct rsvp_path_info *ret_infos, size_t max)
{
	(void)core, (void)now, (void)serial, (void)ret_infos, (void)max;
	return 0;
}

size_t
__wrap_rsvp_core_resvs(const struct rsvp_core *core, struct mono now,
	uint64_t serial, struct rsvp_resv_info *ret_infos, size_t max)
{
	(void)core, (void)now, (void)serial;
	(void)ret_infos, (void)max;
	return 0;
}

/* ---- scene --------------------------------------------------------------- */

/* As the kernel names it by itself. */
static int
listen_anywhere(struct sockaddr_un *ret_name, socklen_t *ret_len)
{
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	const struct sockaddr_un any = { .sun_family = AF_UNIX };

	*ret_len = sizeof(*ret_name);
	T_EQ(bind(fd, (const struct sockaddr *)&any, sizeof(any.sun_family)),
		0);
	T_EQ(listen(fd, 1), 0);
	T_EQ(getsockname(fd, (struct sockaddr *)ret_name, ret_len), 0);
	return fd;
}

static void
hear(void)
{
	static uint8_t bytes[MOST];
	const ssize_t n = recv(w.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	struct buf_reader r = buf_reader(bytes, n > 0 ? (size_t)n : 0);
	struct msg m;

	while (msg_next(&r, &m)) {
		w.ended = w.ended || m.type == CTL_END;
		w.records += m.type == CTL_RECORD;
	}
}

/* Somebody else whose turn it is, again and again. */
static void
take_turn(void *arg)
{
	(void)arg;
	if (w.looks - w.seen > w.most)
		w.most = w.looks - w.seen;
	w.seen = w.looks;
	hear();
	if (w.ended)
		loop_stop(w.engine.loop);
	else
		loop_timer_set(w.other, (struct mono){ 0 });
}

static void
list(uint16_t ask)
{
	uint8_t bytes[64];
	struct buf_writer out = buf_writer(bytes, sizeof(bytes));
	struct sockaddr_un name;
	socklen_t len;
	int fd;

	memset(&w, 0, sizeof(w));
	w.engine.loop = loop_new();
	w.engine.stats =
		(struct stats *)t_keep(calloc(1, sizeof(struct stats)));
	w.server = ctl_server_new(&w.engine);
	fd = listen_anywhere(&name, &len);
	ctl_server_socket(w.server, fd);
	w.fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	T_EQ(connect(w.fd, (const struct sockaddr *)&name, len), 0);
	msg_end(&out, msg_begin(&out, ask, 1));
	T_EQ(send(w.fd, bytes, buf_written(&out), 0), buf_written(&out));
	w.other = loop_timer_add(w.engine.loop, take_turn, NULL);
	loop_timer_set(w.other, (struct mono){ 0 });
	T_EQ(loop_run(w.engine.loop), 0);
	ctl_server_free(w.server);
	loop_free(w.engine.loop);
	close(w.fd);
}

/* ---- cases --------------------------------------------------------------- */

static void
sessions_that_are_not_listed_take_their_time(void)
{
	list(CTL_ASK_REQUESTS);
	T_EQ(w.looks, SESSIONS + 1);
	T_CHECK(w.most <= 10, "%zu in one turn", w.most);
	T_EQ(w.records, 0);
}

static void
a_list_is_whole_however_many_turns_it_takes(void)
{
	list(CTL_ASK_SESSIONS);
	T_EQ(w.looks, SESSIONS + 1);
	T_CHECK(w.most <= 10, "%zu in one turn", w.most);
	T_EQ(w.records, SESSIONS);
}

static struct t_case cases[] = {
	{ "sessions that are not listed take their time",
		sessions_that_are_not_listed_take_their_time },
	{ "a list is whole however many turns it takes",
		a_list_is_whole_however_many_turns_it_takes },
};
T_MAIN(cases)
