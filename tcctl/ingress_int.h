/* SPDX-License-Identifier: ISC */
#ifndef INGRESS_INT_H
#define INGRESS_INT_H

/* Shaping what comes in on a managed interface. */

#include "base/mono.h"
#include "tcctl.h"

struct tc_event;
struct tc_kernel;
struct tc_link;
struct tc_listener;
struct tc_op;

/* Told what had to be done.  Any may be NULL. */
struct tc_ingress_tell {
	void *arg;
	void (*op)(void *arg, const struct tc_op *op);
	void (*made)(void *arg, const char *name);
	void (*raised)(void *arg, const char *name);
};

/* Name of the interface's ifb. */
void tc_ingress_name(const struct tc_iface *of, char name[TC_NAME]);
/* Make it so as the settings of the link say; a refusal leaves nothing behind
 * and is a note.  Returns as struct tc_kernel. */
int tc_ingress_follow(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener);
/* Take away what is there of it, also from another time. */
int tc_ingress_close(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done);
/* Another program did something, somewhere; NULL: perhaps. */
void tc_ingress_event(
	struct tc_link *link, const struct tc_event *event, struct mono now);
/* When the next step is due; MONO_NEVER. */
struct mono tc_ingress_next(const struct tc_link *link);
/* Look, repair and report.  What is refused is tried again, five times in a
 * minute with pauses that double, and then in the next. */
int tc_ingress_step(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener);

#endif /* INGRESS_INT_H */
