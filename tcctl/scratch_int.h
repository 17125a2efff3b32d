/* SPDX-License-Identifier: ISC */
#ifndef SCRATCH_INT_H
#define SCRATCH_INT_H

/*
 * What the kernel has, tried on the loopback of a network namespace made for
 * it, which ends with us: nothing of the host is touched.  A kind that is there
 * may refuse to be made without options; only one that is not answers ENOENT.
 */

#include "link_int.h"

struct nl_conn;
struct nl_host;

/* Something that a kernel may be built without. */
enum tc_part {
	TC_PART_QDISC,
	TC_PART_CLASSIFIER,
	TC_PART_ACTION,
	TC_PART_U32_MARK, /* u32 looks at the mark of packets */
	TC_PART_IFB
};

struct tc_part_tried {
	enum tc_part part;
	char name[TC_NAME];
	bool there;
};

enum { TC_PARTS_TRIED = 64, TC_LACK_TEXT = 48 };

struct tc_scratch {
	struct nl_conn *conn; /* NULL: not open */
	struct nl_host *host;
	struct tc_kernel kernel;
	uint32_t ifindex; /* of the loopback */
	uint32_t place;   /* qdisc for filters to hang on; 0: none is there */
	size_t tried_count;
	struct tc_part_tried tried[TC_PARTS_TRIED];
};

/* Make the namespace; stay: and be in it from now on.  Returns 0, or -errno and
 * nothing is open. */
int tc_scratch_open(struct tc_scratch *s, bool stay);
void tc_scratch_close(struct tc_scratch *s);
/* Take away what is there for trying. */
int tc_scratch_clear(struct tc_scratch *s);

/* name: of the kind, or "".  Returns 0, or -errno of the conversation. */
int tc_scratch_has(struct tc_scratch *s, enum tc_part part, const char *name,
	bool *ret_there);

/* The first thing that the object needs and the kernel has not, in words; "":
 * it has all. */
int tc_scratch_lacks(struct tc_scratch *s, const struct tc_object *o,
	char ret_text[TC_LACK_TEXT]);

#endif /* SCRATCH_INT_H */
