/* SPDX-License-Identifier: ISC */
#ifndef BENCH_TC_INT_H
#define BENCH_TC_INT_H

/* What the measurements of bench_tc share. */

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum {
	FLOWS = 2000, /* installed in one round */
	ROUNDS = 100,
	FIRST_MINOR = 0x100,
	PREF = 10
};

/* Says errno and ends. */
void die(const char *what);
void shell(const char *fmt, ...) TEXT_PRINTF(1, 2);
double now_s(void);

/* In one second each. */
struct speeds {
	double install;
	double remove;
};

void keep_best(struct speeds *best, double install, double removal);

/* ---- bench_tc_bare.c ----------------------------------------------------- */

struct bare {
	struct mnl_socket *nl;
	uint32_t seq;
	int ifindex;
	uint8_t buf[65536];
	size_t len;  /* of the messages in buf */
	int waiting; /* for acknowledgements */
};

void bare_build(struct bare *b, const char *name, uint32_t classes);
void bare_clear(struct bare *b, uint32_t first, uint32_t count);
struct speeds bare_measure(struct bare *b, uint32_t present);
/* Of the node for that flow. */
uint32_t bare_node(uint32_t n);
/* Seconds for a dump of the classes and one of the filters. */
double bare_dumps(uint32_t ifindex);

#endif /* BENCH_TC_INT_H */
