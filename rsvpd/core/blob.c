/* SPDX-License-Identifier: ISC */

/* Objects kept as bytes: in one piece for a message, counted for all. */

#include "core_int.h"

#include <string.h>

static size_t
views_len(const struct wire_view *views, size_t count)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += views[i].len;
	return len;
}

static bool
may_keep(const struct rsvp_core *core, size_t more)
{
	return core->kept_bytes + more <=
	       (size_t)core->conf.max_paths * CORE_KEPT_EACH;
}

/* Of a list that is longer, blob_fit() leaves the rest out. */
static size_t
kept_len(const struct wire_view *views, size_t count)
{
	const size_t len = views_len(views, count);

	return len < CORE_KEPT_MAX ? len : CORE_KEPT_MAX;
}

bool
core_may_keep(const struct rsvp_core *core, const struct wire_msg *msg)
{
	return may_keep(
		core, msg->adspec_view.len +
			      kept_len(msg->policies, msg->policy_count) +
			      kept_len(msg->others, msg->other_count));
}

bool
blob_set(struct rsvp_core *core, struct blob **blob,
	const struct wire_view *views, size_t count)
{
	struct blob *fresh = NULL;
	const size_t old = *blob ? (*blob)->len : 0;
	const size_t len = views_len(views, count);

	if (len > old && !may_keep(core, len - old)) {
		core_count(core, RSVP_C_DROP_LIMIT);
		return false;
	}
	if (len > 0) {
		fresh = (struct blob *)core_get(core, sizeof(*fresh) + len);
		if (!fresh)
			return false;
		for (size_t i = 0; i < count; i++) {
			memcpy(fresh->bytes + fresh->len, views[i].bytes,
				views[i].len);
			fresh->len += views[i].len;
		}
	}
	core->kept_bytes = core->kept_bytes - old + len;
	core_put(core, *blob);
	*blob = fresh;
	return true;
}

bool
blob_equal(const struct blob *blob, const struct wire_view *views, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		if (!blob || blob->len - at < views[i].len)
			return false;
		if (views[i].len > 0 && memcmp(blob->bytes + at, views[i].bytes,
						views[i].len) != 0)
			return false;
		at += views[i].len;
	}
	return at == (blob ? blob->len : 0);
}

struct wire_view
blob_view(const struct blob *blob)
{
	return blob ? (struct wire_view){ blob->bytes, blob->len }
		    : (struct wire_view){ NULL, 0 };
}

size_t
blob_views(const struct blob *blob, struct wire_view *views, size_t max)
{
	const struct wire_view all = blob_view(blob);
	struct buf_reader r = buf_reader(all.bytes, all.len);
	size_t count = 0;

	while (count < max && buf_left(&r) > 0) {
		const uint8_t *object = r.pos;
		uint16_t len = buf_get_u16be(&r);

		/* The decoder has checked that the lengths tile. */
		if (len < 4 || !buf_take(&r, (size_t)len - 2))
			break;
		views[count++] = (struct wire_view){ object, len };
	}
	return count;
}

size_t
blob_fit(struct rsvp_core *core, const struct wire_view *views, size_t count)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		len += views[i].len;
		if (len > CORE_KEPT_MAX) {
			core_count(core, RSVP_C_DROP_LIMIT);
			return i;
		}
	}
	return count;
}

bool
blob_update(struct rsvp_core *core, struct blob **blob,
	const struct wire_view *views, size_t count)
{
	count = blob_fit(core, views, count);
	return !blob_equal(*blob, views, count) &&
	       blob_set(core, blob, views, count);
}

static bool
in_list(const struct view_list *list, const struct wire_view *view)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->views[i].len == view->len &&
			memcmp(list->views[i].bytes, view->bytes, view->len) ==
				0)
			return true;
	return false;
}

void
view_list_add(struct view_list *list, const struct blob *blob)
{
	struct wire_view views[WIRE_OTHERS_MAX];
	size_t count = blob_views(blob, views, WIRE_OTHERS_MAX);

	for (size_t i = 0; i < count; i++) {
		if (list->count == list->max ||
			list->len + views[i].len > VIEW_LIST_MAX ||
			in_list(list, &views[i]))
			continue;
		list->views[list->count++] = views[i];
		list->len += views[i].len;
	}
}
