/* SPDX-License-Identifier: ISC */
#ifndef RIM_H
#define RIM_H

/*
 * What stands around a fuzzed part of the daemon: an event loop on a clock of
 * its own (tests/unit/loop_t.h), an engine with a core, and a peer's end of a
 * socket.
 */

#include "rsvpd/daemon.h"
#include "tests/fuzz/feed.h"

struct rim {
	struct engine engine;
	struct conf conf;
	struct stats stats;
	bool deny;
};

/* Ends the program, loudly. */
_Noreturn void rim_give_up(const char *what);

/* An engine with a core that has one interface, and nothing else. */
void rim_begin(struct rim *rim);
void rim_end(struct rim *rim);
/* What is ready and due is called, until nothing is. */
void rim_turn(void);
/* Whoever watches a descriptor that is ready is called once. */
void rim_turn_once(void);
/* The clock goes on. */
void rim_wait_ms(int64_t ms);
/* The Path of a sender far away, to an address of this host. */
void rim_path_arrives(struct rim *rim);

/* A listening socket of the kind the supervisor opens, and a connection to it;
 * both are the caller's. */
int rim_listen(void);
int rim_connect(int listener);
/* Read and forget what waits there. */
void rim_drain(int fd);
/* The input as datagrams (two octets of length before each): sends one.
 * Returns its length as it stands, which may be more than there is. */
unsigned rim_send_one(struct feed *f, int fd);

#endif /* RIM_H */
