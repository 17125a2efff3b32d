/* SPDX-License-Identifier: ISC */
#ifndef QOS_H
#define QOS_H

/*
 * The commands of the QoS subsystem of AIX, by the names they have there: one
 * program, which goes by the name that it was called by.
 *
 *	qosadd qosmod qosremove qoslist		policyd.conf
 *	qosstat					what the kernel does
 *	mkqos rmqos				the service
 */

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/stanza.h"

/* Exit status, as of the originals: 0, or a positive integer. */
enum { QOS_DONE = 0, QOS_FAILED = 1, QOS_USAGE = 2 };

struct qos {
	const char *name;   /* of the command */
	const char *file;   /* policyd.conf */
	const char *socket; /* of the daemon's control */
	bool offline;       /* the file only */
	unsigned wait_s;    /* for the daemon */
};

/* One line on stderr, after the name of the command. */
void qos_complain(const struct qos *qos, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- the file (qos_file.c) ----------------------------------------------- */

struct qos_file {
	char path[4096]; /* where it really is */
	int fd;          /* locked */
	bool created;    /* by us, empty */
	char *text;      /* owned, terminated */
};

/* Lock and read; a file that is not there is made, empty.  False, and it is
 * said why; else to be ended by qos_file_done(). */
bool qos_file_open(const struct qos *qos, struct qos_file *ret_file);
/* Read only, without a lock; no file is an empty one. */
bool qos_file_read(const struct qos *qos, struct qos_file *ret_file);
/* Replace it at once: temporary file, fsync, rename; owner and mode stay, and
 * the lock is on the new one. */
bool qos_file_replace(
	const struct qos *qos, struct qos_file *file, const char *text);
void qos_file_done(struct qos_file *file);

/* Would policyd take this text?  Else, and it said why, false. */
bool qos_check(const struct qos *qos, const char *text);

/* ---- sections (qos_edit.c) ----------------------------------------------- */

enum qos_kind { QOS_LOGLEVEL, QOS_DIRECTORY, QOS_SERVICE, QOS_POLICY };

/* What an attribute is to be. */
struct qos_value {
	const char *attribute;
	const char *value; /* NULL: not said */
};
enum { QOS_VALUES = 8 };

/* Parse; false, and it is said, when there is a mistake. */
bool qos_parse(const struct qos *qos, const char *text, struct stanza_doc *doc);
/* The section, or NULL. */
const struct stanza *qos_find(
	const struct stanza_doc *doc, enum qos_kind kind, const char *name);
/* "service", "policy": as the commands have it. */
const char *qos_kind_word(enum qos_kind kind);

/* New texts, to be freed; NULL and it was said why. */
char *qos_add_section(const struct qos *qos, const char *text,
	enum qos_kind kind, const char *name,
	const struct qos_value values[QOS_VALUES]);
char *qos_mod_section(const struct qos *qos, const char *text,
	enum qos_kind kind, const char *name,
	const struct qos_value values[QOS_VALUES]);
/* name NULL: all of that kind. */
char *qos_remove_section(const struct qos *qos, const char *text,
	enum qos_kind kind, const char *name);

/* ---- the daemon (qos_live.c) --------------------------------------------- */

/*
 * The file has this text now: have it read, wait until it is in force, and say
 * what came of it.  rule NULL: none in particular.  Exit status.
 */
int qos_live(const struct qos *qos, const char *text, const char *rule);

/* ---- commands ------------------------------------------------------------ */

typedef int qos_command_fn(struct qos *qos, int argc, char **argv);
qos_command_fn qos_add;
qos_command_fn qos_mod;
qos_command_fn qos_remove;
qos_command_fn qos_list;
qos_command_fn qos_stat;
qos_command_fn qos_mk;
qos_command_fn qos_rm;

/* Options that all commands have besides their own, for getopt_long(). */
enum { QOS_OPT_FILE = 256, QOS_OPT_SOCKET, QOS_OPT_OFFLINE, QOS_OPT_WAIT };
const struct option *qos_long_options(void);
/* Take one of those; false: it is none, or its value is bad (said). */
bool qos_take_option(struct qos *qos, int opt, const char *value);

#endif /* QOS_H */
