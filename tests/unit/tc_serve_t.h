/* SPDX-License-Identifier: ISC */
#ifndef TC_SERVE_T_H
#define TC_SERVE_T_H

/*
 * `tcctl serve` between two ends that the test holds: the engine's end of a
 * real socket pair, and a kernel that only remembers.  The clock stands until
 * it is moved (clock_t.h), and what waits returns at once.
 */

#include <sys/socket.h>

#include "base/os.h"

#include "clock_t.h"
#include "t_alloc.h"
#include "tc_fixture.h"
#include "tc_layer.h"
#include "tcctl/serve_int.h"

enum { HEARD_MAX = 1200, RUNS_MAX = 64 };

/* One message to the engine. */
struct heard {
	uint16_t type;
	uint32_t serial;
	size_t datagram; /* the n-th, from 0 */
	struct tc_done done;
	struct tc_counter counter;
	struct tc_rule_counter rule_counter;
	struct tc_lost lost;
	struct tc_drift_report drift;
	uint32_t adopted; /* id of the flow */
	char note[TC_TEXT];
};

/* Calls of the kernel by what they ask. */
enum call { CALL_RUN, CALL_DUMP, CALL_STATS, CALL_ROOT, CALL_GET, CALLS };

struct bench {
	struct layer layer;
	struct t_ration ration;
	struct alloc alloc;
	struct tc_serve *s;
	struct tc_dry dry;
	int engine; /* the engine's end */
	size_t calls[CALLS];
	size_t ops;
	size_t in_run[RUNS_MAX]; /* operations of the n-th run */
	int fail[CALLS];         /* such calls end the conversation; 0: not */
	bool acts;               /* the kernel has actions */
	int64_t takes_us;        /* a call, by the clock */
	int refuse;              /* operations, with that error; 0: none */
	bool told_first;         /* an answer was out when its root was asked */
	uint32_t roots[8];       /* of which interfaces it was asked for */
	uint8_t batch[MSG_DATAGRAM_MAX]; /* what is to be asked */
	struct buf_writer w;             /* over batch */
	size_t count;
	struct heard heard[HEARD_MAX];
	size_t datagrams;
};

/* A serving tcctl that manages nothing yet. */
struct bench *b_new(void);
void b_free(struct bench *b);

/* Write a message with an attribute that does not end. */
void b_put_malformed(struct bench *b, uint16_t type, uint32_t serial);
/* Ask what has been written to b->w, as one datagram. */
void b_send(struct bench *b);
/* And have it done: the answers are what was heard. */
void b_ask(struct bench *b);
/* Read what has been told, in the place of what was heard before. */
void b_hear(struct bench *b);
/* The first answer to that serial; it must be there. */
const struct tc_done *b_done(const struct bench *b, uint32_t serial);
/* How many of that type were heard. */
size_t b_count(const struct bench *b, uint16_t type);

/* Announce an interface: 0, or the error. */
int b_iface(struct bench *b, const struct tc_iface *iface);
/* fix_iface(), with idle classes ready. */
struct tc_link *b_open(struct bench *b);
/* Another one, of that number, without idle classes. */
struct tc_link *b_other(struct bench *b, uint32_t ifindex);
int b_add(struct bench *b, uint32_t id, uint16_t port);
/* Nothing is to be done in the background. */
void b_settle(struct bench *b);
void b_forget_calls(struct bench *b);
/* Turns, until nothing is due and nothing can be done in the background. */
void b_calm(struct bench *b);
/* b_open(), and that. */
struct tc_link *b_calm_link(struct bench *b);
/* A turn, and what it has told. */
void b_turn(struct bench *b);

/* ---- what the system does ------------------------------------------------ */

/* The next call does nothing but fail with that error; 0: it works. */
extern int t_send_error;
extern int t_recv_error;
extern int t_poll_error;
/* Of the last poll(). */
extern int t_poll_ms;
extern short t_poll_events[TC_SERVE_FDS];
extern size_t t_polls;
/* How often the processor was given up before it. */
extern size_t t_poll_yields;
/* poll() waits as it should, with nothing noted. */
extern bool t_poll_real;
/* A socket of poll() that is readable by itself; -1: none. */
extern int t_poll_ready;
/* What netlink tells when it is read next; and what reading gives. */
extern const struct tc_event *t_event;
extern bool t_event_any;
extern int t_event_error;
extern size_t t_event_reads;

/* No socket for events can be had; no system call filter. */
extern bool t_no_watch;
extern bool t_no_sandbox;
/* The filter is left out: what a test or valgrind asks for is not in it. */
extern bool t_spare_sandbox;

#endif /* TC_SERVE_T_H */
