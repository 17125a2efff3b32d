/* SPDX-License-Identifier: ISC */
#ifndef TREE_CLI_H
#define TREE_CLI_H

/* The commands on descriptions: plan and apply, save, off. */

#include "cli_int.h"
#include "nl_conn.h"
#include "nl_host.h"
#include "scratch_int.h"
#include "tree_int.h"
#include "tree_state.h"

/* The kernel and the host, for the length of a command. */
struct tree_session {
	const struct cli_options *options;
	struct nl_conn *conn;
	struct nl_host *links;
	struct tc_kernel kernel;
	struct tree_host host;
	struct out_json *json;     /* or NULL */
	struct tc_scratch scratch; /* plan: tells what the kernel has */
	bool untried;              /* it cannot, and that was said */
	int status;                /* worst so far */
	char problem[768];         /* the first, for JSON */
};

/* False: no conversation with the kernel; it is said. */
bool tree_session_open(
	struct tree_session *s, const struct cli_options *options);
/* Ends JSON too; the exit status. */
int tree_session_close(struct tree_session *s);
/* One line on standard error, and the status. */
void tree_say(struct tree_session *s, int status, const char *fmt, ...)
	TEXT_PRINTF(3, 4);
/* The same for -errno of the conversation. */
void tree_say_error(struct tree_session *s, int error);
/* Read links and addresses again. */
bool tree_look(struct tree_session *s);
/* Print one operation, or put it into the JSON. */
void tree_tell(
	struct tree_session *s, const struct tc_op *op, const char *name);
/* The same for an interface: "add interface ifb-eth0 (ifb, ...)". */
void tree_tell_link(struct tree_session *s, const char *operation,
	const struct tree_link *link);
/* All there is on the interface; false: said. */
bool tree_dump(
	struct tree_session *s, uint32_t ifindex, struct tc_objects *into);
/* The outgoing tree is one that rsvpd has made. */
bool tree_is_engines(const struct tc_objects *have);
/* What is there, as a description to be freed; NULL: said. */
char *tree_describe(struct tree_session *s, const struct tree_link *link,
	const struct tc_objects *have);
/* Objects of the record's former description on those sides, as off makes them;
 * false: said. */
bool tree_former(struct tree_session *s, const struct tree_record *record,
	unsigned sides, struct tc_objects *into);
/* Wait for our turn to change things: a descriptor to close, or -1 where the
 * directory cannot be had, which is an error only once a record is written. */
int tree_lock(const struct cli_options *options);
/* Remove an interface; what the kernel refuses is said. */
bool tree_drop_link(struct tree_session *s, const struct tree_link *link);

/* Make the interface's marks these, none: take them away; false: said. */
bool tree_put_marks(struct tree_session *s, const struct tree_link *link,
	const struct tc_rule *rules, size_t count);
/* Could they be made?  Nothing is.  False, and why not. */
bool tree_try_marks(const struct tree_link *link, const struct tc_rule *rules,
	size_t count, char ret_text[TC_TEXT]);
#define CLI_MARKS "%s: marks: %s" /* of an interface, why they are refused */
/* How many rules mark there now. */
size_t tree_count_marks(struct tree_session *s, const struct tree_link *link);
void tree_tell_marks(
	struct tree_session *s, const struct tree_link *link, size_t count);

/* ---- tree_lacks.c: plans, and what the kernel has not -------------------- */

/* Tell a planned ifb, and the operations of a plan; what the kernel cannot make
 * of it is said in the end. */
void tree_tell_planned(struct tree_session *s, const struct tree_link *link,
	const struct tc_ops *ops);
void tree_tell_planned_link(struct tree_session *s, const char *operation,
	const struct tree_link *link);
/* The same for marks by netfilter, with why they would be refused. */
void tree_tell_planned_marks(struct tree_session *s,
	const struct tree_link *link, const struct tc_rule *rules,
	size_t count);

/* One file that is a description: text is terminated behind its len octets. */
void tree_apply_text(
	struct tree_session *s, const char *path, const char *text, size_t len);

#endif /* TREE_CLI_H */
