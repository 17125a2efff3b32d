/* SPDX-License-Identifier: ISC */
#ifndef CLI_INT_H
#define CLI_INT_H

/* The commands for people: `tcctl show | plan | apply | save | off | probe`. */

#include "link_int.h"

enum {
	CLI_DONE = 0,
	CLI_REFUSED = 1,
	CLI_USAGE = 2,
	CLI_UNREACHABLE = 3 /* the kernel's traffic control */
};

struct cli_options {
	bool json;
	bool take_over;
	bool plan;             /* only look */
	const char *state_dir; /* where what was there before is kept */
	char **files;          /* plan, apply; "-": standard input */
	int file_count;
	const char *iface; /* show, save: NULL: all; off */
	int lock;          /* apply: that of rsvpd; -1: it runs */
};

int cli_show(const struct cli_options *options);
int cli_plan(const struct cli_options *options);
int cli_apply(const struct cli_options *options);
int cli_save(const struct cli_options *options);
int cli_off(const struct cli_options *options);
int cli_probe(const struct cli_options *options);

/* ---- say.c: lines without control characters ----------------------------- */

/* "tcctl: ..." on standard error. */
void cli_complain(const char *fmt, ...) TEXT_PRINTF(1, 2);
/* What came of it stays in the line. */
void cli_print(char *line);

/* ---- want_json.c: what should be, from a file ---------------------------- */

struct want_iface {
	struct tc_iface conf;
	size_t flow_count;
	struct tc_flow *flows;
};

struct want {
	size_t count;
	struct want_iface *ifaces;
};

/* A file that was read. */
struct cli_file {
	const char *path;
	const char *text; /* terminated behind its len octets */
	size_t len;
};

/* False: text says where and why; nothing is left to free. */
bool want_read(
	const struct cli_file *file, struct want *ret_want, char text[TC_TEXT]);
void want_done(struct want *want);

/* A plan does not know what the kernel has: a line on standard error. */
void cli_untried(int error);
/* With what it lacks. */
#define CLI_LACKS "this kernel has no %s"

/* ---- apply.c: interfaces with their reservations ------------------------- */

int apply_want(const struct cli_options *options, const struct cli_file *file);

/* ---- out_json.c ---------------------------------------------------------- */

struct out_json;

/* {"schema":1,"operations":[...]} */
struct out_json *out_json_new(void);
void out_json_op(
	struct out_json *out, const struct tc_op *op, const char *ifname);
/* Of what was told last: what the kernel lacks for it. */
void out_json_lacks(struct out_json *out, const char *what);
/* What is no operation on traffic control. */
void out_json_line(struct out_json *out, const char *operation,
	const char *ifname, const char *object, const char *text);
/* Print and free; the status, or another where there was not the memory. */
int out_json_end(struct out_json *out, int status, const char *problem);

struct json_t; /* jansson.h */

/* The same for any answer, of which a part may be missing. */
int out_json_print(struct json_t *root, bool failed, int status);

#endif /* CLI_INT_H */
