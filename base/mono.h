/* SPDX-License-Identifier: ISC */
#ifndef MONO_H
#define MONO_H

#include <stdbool.h>
#include <stdint.h>

/* A moment on the monotonic clock.  A struct, so that it cannot be added to
 * a wall-clock time or to a number of seconds by accident. */
struct mono {
	int64_t us;
};

#define MONO_NEVER ((struct mono){ INT64_MAX })

static inline struct mono
mono_add_ms(struct mono t, int64_t ms)
{
	return (struct mono){ t.us + ms * 1000 };
}

/* Whole milliseconds from one moment to a later one; negative if earlier. */
static inline int64_t
mono_ms_between(struct mono from, struct mono to)
{
	return (to.us - from.us) / 1000;
}

static inline bool
mono_reached(struct mono deadline, struct mono now)
{
	return deadline.us <= now.us;
}

static inline struct mono
mono_earlier(struct mono a, struct mono b)
{
	return a.us < b.us ? a : b;
}

#endif /* MONO_H */
