/* SPDX-License-Identifier: ISC */
#ifndef BENCH_TC_INT_H
#define BENCH_TC_INT_H

/* What the measurements of bench_tc share. */

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/msg.h"
#include "base/text.h"

enum {
	FLOWS = 2000, /* installed in one round */
	FIRST_MINOR = 0x100,
	PREF = 10
};

/* Says errno and ends. */
void die(const char *what);
void shell(const char *fmt, ...) TEXT_PRINTF(1, 2);
double now_s(void);

/* Of a program that waits for nothing but the kernel the processor time is what
 * the clock would show if it had the machine for itself. */
struct took {
	double clock_s;
	double cpu_s;
};

struct took took_begin(clockid_t cpu);
/* Since then. */
struct took took_end(clockid_t cpu, const struct took *begin);

/* In one second each. */
struct speeds {
	double install;
	double remove;
};

void keep_best(struct speeds *best, double install, double removal);

/* ---- bench_tc_bare.c ----------------------------------------------------- */

enum {
	BARE_WHOLE = 14000, /* classes of one interface, or if there are more */
	BARE_PART = 4000,   /* of each, because making n takes n * n */
	BARE_IFACES = 16
};

struct bare {
	struct mnl_socket *nl;
	uint32_t seq;
	bool flat;      /* no hash table: nodes in lists */
	uint32_t share; /* classes of an interface */
	int ifindex[BARE_IFACES];
	uint8_t buf[65536];
	size_t len;  /* of the messages in buf */
	int waiting; /* for acknowledgements */
};

/* Interfaces NAME0, NAME1 ... with so many classes together. */
void bare_build(struct bare *b, const char *name, uint32_t classes);
void bare_clear(struct bare *b, uint32_t first, uint32_t count);
/* Flows a second. */
double bare_install(struct bare *b, uint32_t first, uint32_t count);
double bare_remove(struct bare *b, uint32_t first, uint32_t count);
/* Of the node for that flow, and of its class. */
uint32_t bare_node(const struct bare *b, uint32_t n);
uint32_t bare_minor(const struct bare *b, uint32_t n);
/* Number of the interface of that flow. */
uint32_t bare_iface(const struct bare *b, uint32_t n);
/* For a dump of the classes and one of the filters. */
struct took bare_dumps(uint32_t ifindex);
/* To make one class more in the tree of tcctl, while tcctl does not run. */
double bare_class_s(uint32_t ifindex);

/* ---- bench_tc_ours.c ----------------------------------------------------- */

/* `tcctl serve`, as the engine sees it. */
struct ours {
	const char *program;
	const char *name; /* of the interface */
	pid_t pid;
	int fd;
	uint32_t ifindex;
	uint32_t serial;
	uint32_t present;  /* flows of its tree */
	uint32_t more_Bps; /* of each rate */
	uint8_t buf[MSG_DATAGRAM_MAX];
};

/* With a tree for so many flows, and FLOWS idle classes more. */
void ours_open(struct ours *o, uint32_t present);
/* Killed; the kernel stays as it is. */
void ours_stop(struct ours *o);
/* Started again: from the announcement to its answer. */
struct took ours_resume(struct ours *o);
/* Until the background work for so many flows is done, too: each has the
 * counter of hidden packets that it can have. */
void ours_wait_counters(const struct ours *o, uint32_t present);
/* Flows a second. */
double ours_install(struct ours *o, uint32_t first, uint32_t count);
double ours_remove(struct ours *o, uint32_t first, uint32_t count);

/* The longest that a change of a flow waits, by the clock. */
struct growth {
	double none_s;  /* no idle class is made */
	double empty_s; /* less than half are there: more, between requests */
	double half_s;  /* as many, and no time without requests */
	double pause_s; /* it comes after a pause, in which they are made */
};

struct growth ours_growth(struct ours *o);

#endif /* BENCH_TC_INT_H */
