/* SPDX-License-Identifier: ISC */
#ifndef LOG_H
#define LOG_H

/*
 * Logging for the outer, impure parts.  Pure code never logs; it returns a
 * fault or an effect and the daemon logs.
 *
 * Form of a line: "area: subject: what happened (why)", lower case, no full
 * stop, SI units, addresses with their interface.
 *
 * Lines go to standard error, one write(2) each; the service manager stores
 * them.  A blocked reader never blocks us: the descriptor is set non-blocking
 * and lost lines are counted.
 */

#include <stdbool.h>
#include <stdint.h>

#include "mono.h"
#include "text.h"

enum log_level {
	LOG_LEVEL_ERR,  /* the operator must act */
	LOG_LEVEL_WARN, /* something was refused or degraded */
	LOG_LEVEL_INFO, /* the state of the service changed */
	LOG_LEVEL_DEBUG
};

/* Areas: their debug messages are switched separately. */
#define LOG_AREAS(X)                                                           \
	X(LOG_MAIN, "main")                                                    \
	X(LOG_CONF, "conf")                                                    \
	X(LOG_NET, "net")                                                      \
	X(LOG_WIRE, "wire")                                                    \
	X(LOG_CORE, "core")                                                    \
	X(LOG_TC, "tc")                                                        \
	X(LOG_POLICY, "policy")                                                \
	X(LOG_API, "api")                                                      \
	X(LOG_CTL, "ctl")

enum log_area {
#define X(name, text) name,
	LOG_AREAS(X)
#undef X
		LOG_AREA_COUNT
};

/* Name of this process in front of each line; keeps the pointer. */
void log_open(const char *process);
/* Up to which level lines are written; debug only for areas in the mask
 * (1 << area). */
void log_set(enum log_level level, uint32_t debug_areas);

void log_err(enum log_area area, const char *fmt, ...) TEXT_PRINTF(2, 3);
void log_warn(enum log_area area, const char *fmt, ...) TEXT_PRINTF(2, 3);
void log_info(enum log_area area, const char *fmt, ...) TEXT_PRINTF(2, 3);
void log_debug(enum log_area area, const char *fmt, ...) TEXT_PRINTF(2, 3);

/*
 * For whatever a remote machine or a local client can trigger: at most 10
 * lines a second an area; the first line let through afterwards says how many
 * were left out.
 */
void log_remote(enum log_area area, const char *fmt, ...) TEXT_PRINTF(2, 3);

/* Lines lost because the reader was blocked or the limit was reached. */
uint64_t log_lost(void);

/* Number of a named area, or -1. */
int log_area_find(const char *name);

#endif /* LOG_H */
