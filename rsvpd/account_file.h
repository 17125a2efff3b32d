/* SPDX-License-Identifier: ISC */
#ifndef ACCOUNT_FILE_H
#define ACCOUNT_FILE_H

/*
 * The file of accounting records: whole lines, appended.  Lines that the file
 * does not take wait, as far as there is room; more are lost and counted.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ACCOUNT_FILE_ROOM = 4 << 20 /* octets that may wait */ };

struct account_file {
	int fd; /* owned; -1: none yet */
	char *waiting;
	size_t len;
	size_t room;
	size_t done; /* of it in the file: less than the first line */
	int error;   /* positive errno of the last attempt, or 0 */
	uint64_t lost;
	uint64_t written;
};

void account_file_init(struct account_file *file);
/* Closes it; what still waits is lost. */
void account_file_done(struct account_file *file);
/* Takes the descriptor.  A line that the one before has in part is written
 * again, so that each file has whole lines. */
void account_file_open(struct account_file *file, int fd);
/* Put a line (with its end) behind those that wait.  False: no room. */
bool account_file_add(struct account_file *file, const char *line, size_t len);
/* Write a bounded part of what waits; true: more can be written now. */
bool account_file_write(struct account_file *file);

#endif /* ACCOUNT_FILE_H */
