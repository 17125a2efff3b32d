/* SPDX-License-Identifier: ISC */
#ifndef T_LOG_H
#define T_LOG_H

/*
 * What is logged, kept by a test that is linked with -Wl,--wrap=log_LEVEL:
 *
 *	T_LOG_KEEP(warn, said, lines)
 *
 * The last line is in the array said, cut where there is no room; their number
 * is added to lines.
 */

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

#define T_LOG_KEEP(level, said, lines)                                         \
	void __wrap_log_##level(enum log_area area, const char *fmt, ...)      \
		TEXT_PRINTF(2, 3);                                             \
	void __wrap_log_##level(enum log_area area, const char *fmt, ...)      \
	{                                                                      \
		va_list ap;                                                    \
                                                                               \
		(void)area;                                                    \
		va_start(ap, fmt);                                             \
		(void)vsnprintf(said, sizeof(said), fmt, ap);                  \
		va_end(ap);                                                    \
		(lines)++;                                                     \
	}

#endif /* T_LOG_H */
