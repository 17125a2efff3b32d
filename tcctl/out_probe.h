/* SPDX-License-Identifier: ISC */
#ifndef OUT_PROBE_H
#define OUT_PROBE_H

/* What `tcctl probe` found, as text or JSON. */

#include <stdbool.h>

#include "tcctl.h"

/* What static rules ask for, and flows. */
enum out_probe_function {
	OUT_PROBE_MARK,   /* the DS field written */
	OUT_PROBE_POLICE, /* what exceeds a rate dropped ... */
	OUT_PROBE_REMARK, /* ... or sent with another mark */
	OUT_PROBE_SHAPE,  /* ... or delayed */
	OUT_PROBE_CONNMARK,
	OUT_PROBE_INGRESS, /* what comes in redirected to where it is shaped */
	OUT_PROBE_EXCESS,  /* of a guaranteed flow, where it enters */
	OUT_PROBE_RESERVED_MARK, /* the DS field of reservations */
	OUT_PROBE_HIDDEN,        /* packets counted whose ports are hidden */
	OUT_PROBE_PEAK,          /* the peak rate of a data rule */
	OUT_PROBE_MEANS
};

enum { OUT_PROBE_QDISCS = 9, OUT_PROBE_CLASSIFIERS = 6 };

extern const char *const out_probe_qdiscs[OUT_PROBE_QDISCS];
extern const char *const out_probe_classifiers[OUT_PROBE_CLASSIFIERS];
extern const char *const out_probe_functions[OUT_PROBE_MEANS];

struct out_probe {
	bool enough;           /* the tree could be made */
	char problem[TC_TEXT]; /* why not */
	const char *best;      /* kind of the best-effort leaf */
	bool qdiscs[OUT_PROBE_QDISCS];
	bool classifiers[OUT_PROBE_CLASSIFIERS];
	const char *means[OUT_PROBE_MEANS]; /* of each function; NULL: none */
};

void out_probe_text(const struct out_probe *out);
/* The status, or another where there was not the memory. */
int out_probe_json(const struct out_probe *out, int status);

#endif /* OUT_PROBE_H */
