/* SPDX-License-Identifier: ISC */

/* Netlink attributes; see nl_attr.h. */

#include "nl_attr.h"

#include <linux/netlink.h>
#include <string.h>

enum { ALIGN = 4, HEADER = 4, TYPE_MASK = 0x3fff /* without the flags */ };

_Static_assert(sizeof(struct nlattr) == HEADER, "attribute header");

static void
pad(struct buf_writer *w, size_t len)
{
	buf_put_zero(w, (ALIGN - len % ALIGN) % ALIGN);
}

uint8_t *
nl_begin(struct buf_writer *w, uint16_t type)
{
	const struct nlattr head = { .nla_type = type };
	uint8_t *start = buf_reserve(w, HEADER);

	if (start)
		memcpy(start, &head, sizeof(head));
	return start;
}

void
nl_end(struct buf_writer *w, uint8_t *start)
{
	if (w->failed)
		return;

	size_t len = (size_t)(w->pos - start);
	uint16_t len16 = (uint16_t)len;

	if (len > UINT16_MAX) {
		w->failed = true;
		return;
	}
	memcpy(start, &len16, sizeof(len16));
	pad(w, len);
}

void
nl_put(struct buf_writer *w, uint16_t type, const void *value, size_t len)
{
	uint8_t *start = nl_begin(w, type);

	buf_put_bytes(w, value, len);
	nl_end(w, start);
}

void
nl_put_u32(struct buf_writer *w, uint16_t type, uint32_t value)
{
	nl_put(w, type, &value, sizeof(value));
}

void
nl_put_u64(struct buf_writer *w, uint16_t type, uint64_t value)
{
	nl_put(w, type, &value, sizeof(value));
}

void
nl_put_text(struct buf_writer *w, uint16_t type, const char *text)
{
	nl_put(w, type, text, strlen(text) + 1);
}

/* Step over one attribute; false: none is left, or it is malformed. */
static bool
take_one(struct buf_reader *r, uint16_t *ret_type, struct nl_view *ret_view)
{
	struct nlattr head;

	if (buf_left(r) < HEADER)
		return false;
	buf_get_bytes(r, &head, sizeof(head));
	if (head.nla_len < HEADER) {
		r->failed = true;
		return false;
	}

	size_t len = head.nla_len - (size_t)HEADER;
	const uint8_t *value = buf_take(r, len);
	size_t padding = (ALIGN - len % ALIGN) % ALIGN;

	if (!value)
		return false;
	if (padding <= buf_left(r))
		(void)buf_take(r, padding); /* fits: just asked */
	*ret_type = head.nla_type & TYPE_MASK;
	*ret_view = (struct nl_view){ value, len };
	return true;
}

bool
nl_parse(struct nl_view nest, const struct nl_want *wants, size_t count,
	struct nl_view *ret_views)
{
	struct buf_reader r = buf_reader(nest.data, nest.len);
	struct nl_view one;
	uint16_t type;

	memset(ret_views, 0, count * sizeof(*ret_views));
	while (take_one(&r, &type, &one)) {
		for (size_t i = 0; i < count; i++) {
			if (wants[i].type != type)
				continue;
			if (one.len < wants[i].min)
				return false;
			ret_views[i] = one;
		}
	}
	return !r.failed;
}

bool
nl_next(struct nl_view *left, uint16_t type, struct nl_view *ret_view)
{
	struct buf_reader r = buf_reader(left->data, left->len);
	uint16_t found;

	while (take_one(&r, &found, ret_view)) {
		if (found != type)
			continue;
		*left = (struct nl_view){ r.pos, buf_left(&r) };
		return true;
	}
	return false;
}

bool
nl_any(struct nl_view *left, struct nl_view *ret_view)
{
	struct buf_reader r = buf_reader(left->data, left->len);
	uint16_t ignored;

	if (!take_one(&r, &ignored, ret_view))
		return false;
	*left = (struct nl_view){ r.pos, buf_left(&r) };
	return true;
}

bool
nl_only(struct nl_view nest, const struct nl_want *wants, size_t count)
{
	struct buf_reader r = buf_reader(nest.data, nest.len);
	struct nl_view one;
	uint16_t type;

	while (take_one(&r, &type, &one)) {
		size_t i = 0;

		while (i < count && wants[i].type != type)
			i++;
		if (i == count)
			return false;
	}
	return !r.failed;
}

uint32_t
nl_u32(struct nl_view v)
{
	uint32_t value = 0;

	if (v.data && v.len >= sizeof(value))
		memcpy(&value, v.data, sizeof(value));
	return value;
}

uint64_t
nl_u64(struct nl_view v)
{
	uint64_t value = 0;

	if (v.data && v.len >= sizeof(value))
		memcpy(&value, v.data, sizeof(value));
	return value;
}

void
nl_text(struct nl_view v, char *buf, size_t size)
{
	size_t n = v.data ? strnlen((const char *)v.data, v.len) : 0;

	if (n >= size)
		n = size - 1;
	if (v.data && n > 0)
		memcpy(buf, v.data, n);
	buf[n] = '\0';
}
