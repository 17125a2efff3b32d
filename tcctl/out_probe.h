/* SPDX-License-Identifier: ISC */
#ifndef OUT_PROBE_H
#define OUT_PROBE_H

/* What `tcctl probe` found, as text or JSON. */

#include <stdbool.h>

#include "tcctl.h"

enum { OUT_PROBE_QDISCS = 9, OUT_PROBE_CLASSIFIERS = 6 };

extern const char *const out_probe_qdiscs[OUT_PROBE_QDISCS];
extern const char *const out_probe_classifiers[OUT_PROBE_CLASSIFIERS];

struct out_probe {
	bool enough;           /* the tree could be made */
	char problem[TC_TEXT]; /* why not */
	const char *best;      /* kind of the best-effort leaf */
	bool qdiscs[OUT_PROBE_QDISCS];
	bool classifiers[OUT_PROBE_CLASSIFIERS];
};

void out_probe_text(const struct out_probe *out);
void out_probe_json(const struct out_probe *out);

#endif /* OUT_PROBE_H */
