/* SPDX-License-Identifier: ISC */

/* Clocks that stand, what is logged, and locks; see clock_t.h. */

#include "clock_t.h"

#include <pthread.h>
#include <time.h>

#include "base/log.h"
#include "t.h"

/* ---- the clocks ---------------------------------------------------------- */

static int64_t passed_us;
static bool goes;

int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
time_t __wrap_time(time_t *ret);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	static const int64_t begin_s = 5000000;
	static const int64_t unix_s = 1800000000;
	int64_t us = passed_us;

	if (goes)
		return __real_clock_gettime(clock, ret);
	us += (clock == CLOCK_REALTIME ? unix_s : begin_s) * 1000000;
	ret->tv_sec = us / 1000000;
	ret->tv_nsec = us % 1000000 * 1000;
	return 0;
}

time_t
__wrap_time(time_t *ret)
{
	struct timespec now;

	(void)ret;
	(void)__wrap_clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	return now.tv_sec;
}

void
t_clock_begin(void)
{
	passed_us = 0;
}

void
t_clock_add_ms(int64_t ms)
{
	t_clock_add_us(ms * 1000);
}

void
t_clock_add_us(int64_t us)
{
	passed_us += us;
}

void
t_clock_go(void)
{
	goes = true;
}

/* ---- what is logged ------------------------------------------------------ */

static char said[16384];
static size_t said_len;

void __wrap_log_err(enum log_area area, const char *fmt, ...);
void __wrap_log_warn(enum log_area area, const char *fmt, ...);
void __wrap_log_info(enum log_area area, const char *fmt, ...);

static void
keep_line(const char *fmt, va_list ap)
{
	struct text t = text_over(said + said_len, sizeof(said) - said_len);

	text_vprintf(&t, fmt, ap);
	text_add(&t, "\n");
	said_len += t.len;
}

#define KEEP(name)                                                             \
	void name(enum log_area area, const char *fmt, ...)                    \
	{                                                                      \
		va_list ap;                                                    \
                                                                               \
		(void)area;                                                    \
		va_start(ap, fmt);                                             \
		keep_line(fmt, ap);                                            \
		va_end(ap);                                                    \
	}

KEEP(__wrap_log_err)
KEEP(__wrap_log_warn)
KEEP(__wrap_log_info)

bool
t_said(const char *text)
{
	const bool yes = said_len > 0 && strstr(said, text) != NULL;

	if (!yes && getenv("T_SAID"))
		print_error("said: %s", said_len > 0 ? said : "nothing\n");
	said_len = 0;
	said[0] = '\0';
	return yes;
}

/* ---- locks --------------------------------------------------------------- */

static _Thread_local int held;

int __real_pthread_mutex_lock(pthread_mutex_t *lock);
int __real_pthread_mutex_unlock(pthread_mutex_t *lock);
int __wrap_pthread_mutex_lock(pthread_mutex_t *lock);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *lock);

int
__wrap_pthread_mutex_lock(pthread_mutex_t *lock)
{
	held++;
	return __real_pthread_mutex_lock(lock);
}

/* What was not locked ends the program. */
int
__wrap_pthread_mutex_unlock(pthread_mutex_t *lock)
{
	if (held-- == 0)
		abort();
	return __real_pthread_mutex_unlock(lock);
}
