/* SPDX-License-Identifier: ISC */

/* The log sink: the one piece of writable global state there is. */

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_OCTETS = 1024, REMOTE_LINES_PER_S = 10 };

static struct {
	const char *process;
	enum log_level level;
	uint32_t debug_areas;
	uint64_t lost;
	struct {
		time_t second;
		unsigned lines;
		unsigned left_out;
	} remote[LOG_AREA_COUNT];
} sink = { .process = "?", .level = LOG_LEVEL_INFO };

static const char *const area_names[] = {
#define X(name, text) [name] = text,
	LOG_AREAS(X)
#undef X
};

void
log_open(const char *process)
{
	int flags = fcntl(STDERR_FILENO, F_GETFL);

	sink.process = process;
	if (flags >= 0)
		(void)fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK);
}

void
log_set(enum log_level level, uint32_t debug_areas)
{
	sink.level = level;
	sink.debug_areas = debug_areas;
}

uint64_t
log_lost(void)
{
	return sink.lost;
}

int
log_area_find(const char *name)
{
	for (int i = 0; i < LOG_AREA_COUNT; i++)
		if (strcmp(area_names[i], name) == 0)
			return i;
	return -1;
}

static void write_line(enum log_level level, enum log_area area,
	unsigned left_out, const char *fmt, va_list ap) TEXT_PRINTF(4, 0);

static void
write_line(enum log_level level, enum log_area area, unsigned left_out,
	const char *fmt, va_list ap)
{
	static const char *const levels[] = { "error", "warning", "info",
		"debug" };
	char buf[LINE_MAX_OCTETS];
	struct text t = text_over(buf, sizeof(buf) - 1);

	text_printf(&t, "%s[%d] %s: %s: ", sink.process, (int)getpid(),
		levels[level], area_names[area]);
	text_vprintf(&t, fmt, ap);
	if (left_out > 0)
		text_printf(&t, " (%u similar lines left out)", left_out);
	text_tame(buf);
	buf[t.len] = '\n';
	if (write(STDERR_FILENO, buf, t.len + 1) < 0)
		sink.lost++;
}

#define LOG_WITH(level, area, fmt)                                             \
	do {                                                                   \
		va_list ap;                                                    \
		va_start(ap, fmt);                                             \
		write_line(level, area, 0, fmt, ap);                           \
		va_end(ap);                                                    \
	} while (0)

void
log_err(enum log_area area, const char *fmt, ...)
{
	LOG_WITH(LOG_LEVEL_ERR, area, fmt);
}

void
log_warn(enum log_area area, const char *fmt, ...)
{
	if (sink.level >= LOG_LEVEL_WARN)
		LOG_WITH(LOG_LEVEL_WARN, area, fmt);
}

void
log_info(enum log_area area, const char *fmt, ...)
{
	if (sink.level >= LOG_LEVEL_INFO)
		LOG_WITH(LOG_LEVEL_INFO, area, fmt);
}

void
log_debug(enum log_area area, const char *fmt, ...)
{
	if (sink.level >= LOG_LEVEL_DEBUG ||
		(sink.debug_areas & 1u << area) != 0)
		LOG_WITH(LOG_LEVEL_DEBUG, area, fmt);
}

void
log_remote(enum log_area area, const char *fmt, ...)
{
	struct timespec now;
	va_list ap;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (sink.remote[area].second != now.tv_sec) {
		sink.remote[area].second = now.tv_sec;
		sink.remote[area].lines = 0;
	}
	if (sink.level < LOG_LEVEL_WARN ||
		sink.remote[area].lines >= REMOTE_LINES_PER_S) {
		sink.remote[area].left_out++;
		sink.lost++;
		return;
	}
	sink.remote[area].lines++;
	va_start(ap, fmt);
	write_line(LOG_LEVEL_WARN, area, sink.remote[area].left_out, fmt, ap);
	va_end(ap);
	sink.remote[area].left_out = 0;
}
