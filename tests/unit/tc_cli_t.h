/* SPDX-License-Identifier: ISC */
#ifndef TC_CLI_T_H
#define TC_CLI_T_H

/*
 * The operator's commands on a host that the test makes up: its interfaces, a
 * kernel of the test's choice, a network namespace in which every kind is there
 * but for those that are said to be missing.  What is printed is caught.
 */

#include "t.h"
#include "tcctl/cli_int.h"
#include "tcctl/dry_int.h"
#include "tcctl/scratch_int.h"
#include "tcctl/tree_int.h"
#include "tcctl/tree_show.h"

enum { CLI_TEXT = 1 << 18, CLI_LINKS = 8, CLI_NAMES = 16 };

struct cli_host {
	struct tree_link links[CLI_LINKS];
	size_t link_count;
	bool no_ethernet;
	/* What nl_conn_kernel() gives, and in the namespace. */
	struct tc_kernel kernel;
	struct tc_kernel tried;
	struct tc_dry dry; /* kernel, unless the test has another */
	struct tc_dry scratch;
	const char *lacks[CLI_NAMES]; /* kinds that are missing when tried */
	size_t lack_count;
	size_t left; /* objects of trials that were not removed */
	size_t tries;
	struct tree_count counts[CLI_NAMES]; /* of whatever interface */
	size_t count_count;
	struct tc_class_stats stats[CLI_NAMES]; /* of its classes */
	size_t stat_count;
	const struct tc_marker *marker; /* NULL: there is none */
	/* With that errno; 0: it works. */
	int fail_conn;
	int fail_host;
	int fail_unshare;
	int fail_setns;
	int fail_lo; /* the namespace has no loopback */
	int fail_run;
	int fail_dump;
	int fail_counts;
	int fail_names;
	int refuse_ifb;
	int fail_ifb;
	int refuse_tried; /* operations in the namespace */
	int refuse_class; /* there */
	bool within;      /* the namespace */
	bool rsvpd_runs;  /* and has its lock */
	size_t binds;
	size_t open; /* conversations */
	struct cli_options options;
	char out[CLI_TEXT]; /* of the last command */
	char err[CLI_TEXT];
};

extern struct cli_host *cli; /* between cli_begin() and cli_end() */

/* A host with lo (1), eth0 (2) and eth1 (3), which has nothing but defaults. */
void cli_begin(void);
void cli_end(void);
/* Run a command with cli->options; its status. */
int cli_do(int (*command)(const struct cli_options *options));
/* The same of apply_want() and that text. */
int cli_apply_text(const char *text);
void cli_lacks(const char *kind);
/* A command that changes nothing keeps no memory either. */
void cli_keeps_nothing(int (*command)(const struct cli_options *options));
/* A command prints the whole of its JSON, or it says that there was not the
 * memory for that and does not succeed. */
void cli_needs_memory(int (*command)(void));

/* This is what was printed, and nothing else. */
void cli_expect_out(const char *text);
void cli_expect_err(const char *text);
size_t cli_lines(const char *text);
/* That is among it. */
void cli_out_has(const char *text);
void cli_err_has(const char *text);

#endif /* TC_CLI_T_H */
