/* SPDX-License-Identifier: ISC */
#ifndef ORACLE_CAPTURE_H
#define ORACLE_CAPTURE_H

/*
 * Captures in the classic pcap format, for other dissectors to look at.  Each
 * message that is written is printed too, as the codec sees it.  Ends the
 * program when something cannot be done.
 */

#include <stdio.h>

#include "rsvpd/wire/wire.h"

struct capture {
	FILE *file;
	unsigned count;
};

void capture_die(const char *what);
void capture_open(struct capture *c, const char *path);
void capture_close(struct capture *c);

/* Encode, wrap in IP, write and print. */
void capture_message(struct capture *c, const struct wire_msg *msg);

/* Print a message that has that many octets, with a number before it. */
void capture_print(struct capture *c, const struct wire_msg *msg, size_t len);

#endif /* ORACLE_CAPTURE_H */
