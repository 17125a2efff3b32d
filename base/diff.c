/* SPDX-License-Identifier: ISC */

/* One walk over two sorted arrays; see diff.h. */

#include "diff.h"

static const void *
record_at(const struct diff_side *side, size_t i)
{
	return (const char *)side->records + i * side->size;
}

void
diff_walk(const struct diff_side *have, const struct diff_side *want,
	const struct diff_ops *ops, void *arg)
{
	size_t h = 0;
	size_t w = 0;

	while (h < have->count && w < want->count) {
		const void *old = record_at(have, h);
		const void *new = record_at(want, w);
		int order = ops->compare(old, new);

		if (order < 0) {
			ops->tell(arg, DIFF_REMOVED, old, NULL);
			h++;
		} else if (order > 0) {
			ops->tell(arg, DIFF_ADDED, NULL, new);
			w++;
		} else {
			ops->tell(arg,
				ops->equal(old, new) ? DIFF_SAME : DIFF_CHANGED,
				old, new);
			h++;
			w++;
		}
	}
	for (; h < have->count; h++)
		ops->tell(arg, DIFF_REMOVED, record_at(have, h), NULL);
	for (; w < want->count; w++)
		ops->tell(arg, DIFF_ADDED, NULL, record_at(want, w));
}
