/* SPDX-License-Identifier: ISC */

/* Waits that pass at once; see wait_t.h. */

#include "wait_t.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

#include "base/os.h"
#include "clock_t.h"
#include "t.h"

unsigned t_turns;
int64_t t_waits_us[T_WAITS];
unsigned t_n_waits;
static sem_t stopped; /* zeroed: nobody has */

int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
	const struct timespec *until);

int
__wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
	const struct timespec *until)
{
	const int64_t at_us =
		(int64_t)until->tv_sec * 1000000 + until->tv_nsec / 1000;
	const int64_t us = at_us - os_now().us;

	T_CHECK(until->tv_nsec >= 0 && until->tv_nsec < 1000000000, "%ld ns",
		until->tv_nsec);
	t_waits_us[t_n_waits++ % T_WAITS] = us;
	if (t_turns > 0) {
		t_turns--;
		t_clock_add_ms(us / 1000);
		return ETIMEDOUT;
	}
	(void)sem_post(&stopped); /* cannot fail */
	return pthread_cond_wait(cond, lock);
}

void
t_wait_stopped(void)
{
	while (sem_wait(&stopped) < 0)
		;
}
