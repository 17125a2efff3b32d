/* SPDX-License-Identifier: ISC */
#ifndef CTL_T_H
#define CTL_T_H

/*
 * rsvpctl as it is, and a daemon that gives the answers of a test.
 *
 * An answer is written as facts by their names: "{name eth0 up 1 mtu 1500}" is
 * a record; a list or an object has braces of its own, an address or text with
 * blanks stands in quotes ('a b').  Between records: "end" with facts of its
 * own ("end{error 'no'}", else an empty one follows the last), "|" begins
 * another datagram, "fd" sends a descriptor with the next one, "version 9" is
 * that of all messages from there on, "cut" hangs up.
 */

#include "t.h"

#include <sys/types.h>

#include "ctl/ctl_msg.h"

enum { CTL_T_ANSWERS = 8, CTL_T_TEXT = 65536, CTL_T_ASKED = 8192 };

struct ctl_t_answer {
	uint16_t question; /* what is to be asked; 0: no more answers */
	const char *records;
};

/* One question, or none. */
#define CTL_T_ONE(question, records)                                           \
	(const struct ctl_t_answer[])                                          \
	{                                                                      \
		{ question, records },                                         \
		{                                                              \
			0, NULL                                                \
		}                                                              \
	}
#define CTL_T_NOTHING                                                          \
	(const struct ctl_t_answer[])                                          \
	{                                                                      \
		{                                                              \
			0, NULL                                                \
		}                                                              \
	}

struct ctl_t_run {
	int status; /* exit status; -1: it was killed */
	char out[CTL_T_TEXT];
	char err[CTL_T_TEXT];
	size_t asked;                  /* questions */
	uint8_t question[CTL_T_ASKED]; /* the last, its facts */
	size_t question_len;
};

/*
 * `rsvpctl --socket ... WORDS`, against a daemon that gives these answers, in
 * order; NULL: there is none.  Words are parted by blanks.  All that is to be
 * asked has to be.
 */
void ctl_t_run(const struct ctl_t_answer *answers, const char *words,
	struct ctl_t_run *ret_run);

/* `rsvpctl --socket PATH WORDS` in the background: its process, and where its
 * two streams are read. */
pid_t ctl_t_start(const char *path, const char *words, int ret_pipes[2]);

/* As ctl_t_run(), and what it has to print and to return. */
void ctl_t_expect(
	const struct ctl_t_answer *answers, const char *words, const char *out);
void ctl_t_expect_fault(const struct ctl_t_answer *answers, const char *words,
	int status, const char *err);

#endif /* CTL_T_H */
