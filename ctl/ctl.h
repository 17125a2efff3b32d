/* SPDX-License-Identifier: ISC */
#ifndef CTL_H
#define CTL_H

/*
 * rsvpctl: what its parts share.  Commands are rows of one table; facts come
 * from the daemon, and how they look is decided here only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/ctl_msg.h"

/* Exit status. */
enum {
	CTL_DONE = 0,
	CTL_REFUSED = 1, /* the daemon or the network said no */
	CTL_USAGE = 2,
	CTL_TROUBLE = 2,    /* of diff(1), whose 1 says something else */
	CTL_UNREACHABLE = 3 /* no daemon at the socket */
};

struct ctl_options {
	const char *socket;      /* control socket */
	const char *rapi_socket; /* NULL: the library's default */
	bool json;
	const char *program; /* in messages; NULL: rsvpctl */
	bool quiet;          /* say nothing of a daemon out of reach */
};

/* A command after its words were matched; argv holds what follows them. */
typedef int ctl_command_fn(
	const struct ctl_options *options, int argc, char **argv);

struct ctl_command {
	const char *words;     /* "show interfaces" */
	const char *arguments; /* for the usage line, "" if none */
	const char *help;
	ctl_command_fn *run;
};

/* Ends with a row whose words are NULL. */
const struct ctl_command *ctl_commands(void);

/*
 * Ask the daemon and hand over each record's attributes.  Returns an exit
 * status; a failure has been reported on stderr.
 */
typedef void ctl_record_fn(void *arg, struct buf_reader *facts);
int ctl_ask(const struct ctl_options *options, enum ctl_type question,
	ctl_record_fn *tell, void *arg);

/* A question with arguments, whose answer may bring a descriptor. */
struct ctl_question {
	enum ctl_type type;
	void (*put)(struct buf_writer *w, const void *arg); /* or NULL */
	const void *put_arg;
	ctl_record_fn *tell;
	void *arg;
	int fd; /* the first that came, the caller's; -1: none did */
};
int ctl_ask_more(
	const struct ctl_options *options, struct ctl_question *question);

/* One fact, decoded by its kind. */
struct ctl_value {
	const struct ctl_fact *fact;
	char text[1024];         /* TEXT, ADDR */
	uint64_t number;         /* NUMBER, BOOL */
	int64_t signed_number;   /* SIGNED */
	double real;             /* REAL */
	struct buf_reader facts; /* OBJECT, LIST */
};
/* The next fact that is known here; false at the end. */
bool ctl_value_next(struct buf_reader *facts, struct ctl_value *ret_value);
/* The first fact of that id, or false.  Does not consume. */
bool ctl_value_find(const struct buf_reader *facts, enum ctl_fact_id id,
	struct ctl_value *ret_value);

/* A growing JSON document: {"schema":1, NAME:[records...]}; records of kind
 * "status" are merged into the document itself.  NULL for lack of memory, which
 * has been reported. */
struct out_json;
struct out_json *out_json_new(const char *name);
void out_json_record(struct out_json *json, struct buf_reader *facts);
/* With a second list of another name after this. */
void out_json_list(struct out_json *json, const char *name);
/* {"NAME": value} pairs instead of records: of the counters. */
void out_json_pair(struct out_json *json, const char *name, uint64_t value);
/* Prints, if the status so far is CTL_DONE, and frees.  The status: CTL_REFUSED
 * when there was not the memory for all of it, which has been reported. */
int out_json_end(struct out_json *json, int status, FILE *out);

/* Text for people. */
void out_text_iface(FILE *out, const struct buf_reader *facts);
void out_text_session(FILE *out, const struct buf_reader *facts);
void out_text_resv(FILE *out, const struct buf_reader *facts);
void out_text_refusal(FILE *out, const struct buf_reader *facts);
void out_text_data_rule(FILE *out, const struct buf_reader *facts);
void out_text_rule(FILE *out, const struct buf_reader *facts);
void out_text_kept(FILE *out, const struct buf_reader *facts);
void out_text_directory(FILE *out, const struct buf_reader *facts);

ctl_command_fn ctl_show_interfaces;
ctl_command_fn ctl_show_sessions;
ctl_command_fn ctl_show_reservations;
ctl_command_fn ctl_show_policy;
ctl_command_fn ctl_directory_status;
ctl_command_fn ctl_show_rules;
ctl_command_fn ctl_show_counters;
ctl_command_fn ctl_show_status;
ctl_command_fn ctl_explain;
ctl_command_fn ctl_policy_import;
ctl_command_fn ctl_policy_export;
ctl_command_fn ctl_policy_check;
ctl_command_fn ctl_policy_explain;
ctl_command_fn ctl_policy_explain_file;
ctl_command_fn ctl_policy_diff;
ctl_command_fn ctl_policy_load;
ctl_command_fn ctl_policy_rollback;
ctl_command_fn ctl_policy_history;
ctl_command_fn ctl_send;
ctl_command_fn ctl_reserve;

#endif /* CTL_H */
