/* SPDX-License-Identifier: ISC */
#ifndef TC_MANAGED_H
#define TC_MANAGED_H

/*
 * The interfaces that traffic control is asked to manage, as tcctl is told of
 * them, and what it made of that.
 *
 * tcctl refuses new settings whole, and goes on with those it has.  Which of
 * them was at fault it does not say by itself; another classifier can be done
 * without, so the others are asked for again with the one that is in force.
 */

#include "base/hash.h"
#include "tcctl/tcctl.h"

struct tc_managed {
	UT_hash_handle hh;
	uint32_t ifindex;
	bool answered;         /* by a tcctl, once */
	bool failed;           /* not managed: announced again after a while */
	bool in_force;         /* it is managed ... */
	uint8_t classifier;    /* ... with that one */
	char refused[TC_TEXT]; /* why not with what was asked for, or "" */
	uint8_t asked;         /* the classifier that was asked for */
	uint64_t drifts;       /* changes by others that were told */
	char drift[TC_TEXT];   /* the last of them */
	struct tc_iface iface; /* as it is announced */
	uint32_t gso_segs;     /* the limit that was dealt with; 0: none */
};

/* NULL: it is none of them. */
struct tc_managed *tc_managed_find(struct tc_managed *all, uint32_t ifindex);
/* The interface has these settings now, whether it was known or not.  NULL: no
 * memory. */
struct tc_managed *tc_managed_put(
	struct tc_managed **all, const struct tc_iface *iface);
/* tcctl has said of all what it made of them. */
bool tc_managed_settled(const struct tc_managed *all);
void tc_managed_drop(struct tc_managed **all, struct tc_managed *m);
void tc_managed_drop_all(struct tc_managed **all);

enum tc_managed_answer {
	TC_MANAGED_SETTLED, /* what tcctl says is how it is */
	TC_MANAGED_AGAIN,   /* announce it again: the settings are others now */
	TC_MANAGED_STALE    /* newer settings are on their way: wait for them */
};

/* Ask for the classifier that was refused once more: a kernel may have it by
 * now.  False: none was. */
bool tc_managed_again(struct tc_managed *m);

/* tcctl's answer to the announcement with that classifier. */
enum tc_managed_answer tc_managed_answer(
	struct tc_managed *m, uint8_t classifier, const struct tc_done *done);

#endif /* TC_MANAGED_H */
