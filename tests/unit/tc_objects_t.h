/* SPDX-License-Identifier: ISC */
#ifndef TC_OBJECTS_T_H
#define TC_OBJECTS_T_H

/* Objects of a tree that a test makes by hand. */

#include "t.h"

#include "tcctl/model_int.h"

static inline struct tc_object *
put_object(struct tc_objects *list, enum tc_type type,
	const struct tc_kind *kind, uint32_t handle, uint32_t parent)
{
	struct tc_object *o = tc_objects_add(list);

	T_CHECK(o != NULL, "memory");
	o->type = (uint8_t)type;
	o->kind = kind;
	o->handle = handle;
	o->parent = parent;
	return o;
}

#endif /* TC_OBJECTS_T_H */
