/* SPDX-License-Identifier: ISC */
#ifndef ENGINE_T_H
#define ENGINE_T_H

/*
 * An engine (rsvpd/engine.c) whose parts are the test's: what they are asked is
 * kept as words, and the test is the supervisor.  The program is linked with
 * ENGINE_T_WRAPS of rsvpd.mk.
 */

#include "loop_t.h"
#include "rsvpd/daemon.h"
#include "rsvpd/sup_msg.h"
#include "rsvpd/supervisor.h"
#include "t.h"

#define ET_PLAIN "/* as it comes */" /* a configuration */

struct et {
	struct engine *engine; /* as its parts know it */
	char words[2048];      /* of what was done */
	struct text said;
	char logged[512]; /* the latest warning or error */
	char changed[512];
	size_t lines; /* of either */
	int sock;     /* the supervisor's end */
	void (*script)(void);
	const char *missing; /* the part that cannot be made, or "" */
	unsigned lacks;      /* roles of sockets, bit by bit */
	int sync_error;      /* of the next */
	int filter_error;
	int random_error;
	struct rsvp_core_conf core;
	struct rsvp_iface_info ifaces[3];
	size_t iface_count;
	loop_signal_fn *on_signal;
	void *on_signal_arg;
	int level;
	size_t open_fds;
};

extern struct et et;

/* A supervisor, and nothing that it said; or all that the engine needs to
 * start, with that configuration. */
void et_begin(void);
void et_begin_with(const char *conf);
void et_end(void);

/* What was said until now, or is expected to have been. */
void et_forget(void);
void et_expect(const char *words);

/* A file with that text, at its beginning. */
int et_file(const char *text);
/* The supervisor says that; descriptors are closed. */
void et_send(struct sup_msg msg);
void et_send_fd(int role, const char *text); /* NULL: there is none */
void et_send_plain(enum sup_msg_type type, uint32_t serial);
void et_send_reload(const char *text);
/* What it is told next, which is of that type. */
struct sup_msg et_hear(enum sup_msg_type type);
void et_expect_silence(void);
/* The engine looks once. */
void et_turn(void);

#endif /* ENGINE_T_H */
