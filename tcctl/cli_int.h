/* SPDX-License-Identifier: ISC */
#ifndef CLI_INT_H
#define CLI_INT_H

/* The commands for people: `tcctl show | plan | apply | probe`. */

#include "link_int.h"

enum {
	CLI_DONE = 0,
	CLI_REFUSED = 1,
	CLI_USAGE = 2,
	CLI_UNREACHABLE = 3 /* the kernel's traffic control */
};

struct cli_options {
	bool json;
	const char *file;  /* plan, apply; "-": standard input */
	const char *iface; /* show; NULL: all */
};

int cli_show(const struct cli_options *options);
int cli_plan(const struct cli_options *options);
int cli_apply(const struct cli_options *options);
int cli_probe(const struct cli_options *options);

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

/* False: text says where and why; nothing is left to free. */
bool want_read(const char *path, struct want *ret_want, char text[TC_TEXT]);
void want_done(struct want *want);

/* ---- out_json.c ---------------------------------------------------------- */

struct out_json;

/* {"schema":1,"operations":[...]} */
struct out_json *out_json_new(void);
void out_json_op(
	struct out_json *out, const struct tc_op *op, const char *ifname);
/* Print and free; false: out of memory. */
bool out_json_end(struct out_json *out, const char *problem);

#endif /* CLI_INT_H */
