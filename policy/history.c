/* SPDX-License-Identifier: ISC */

/* Generations to go back to; see history_int.h. */

#include "policy/history_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/snapshot_int.h"
#include "policy/state_int.h"

#define HOLD_NAME "policy.rollback"

enum {
	KEPT_MAGIC = 0x53494851, /* "QHIS" */
	HELD_MAGIC = 0x444c4851, /* "QHLD" */
	LAYOUT = 1,
	HEAD_MAX = 64 + POLICY_REASON,
	NAME = 24
};

static void
name_of(unsigned slot, char name[NAME])
{
	struct text t = text_over(name, NAME);

	text_printf(&t, "policy.history.%u", slot);
}

/* ---- the head of a file -------------------------------------------------- */

static void
close_head(struct buf_writer *w, const uint8_t *start)
{
	buf_put_u64le(
		w, policy_digest(POLICY_DIGEST_START, start, buf_written(w)));
}

/* The digest that follows is that of all before it. */
static bool
head_is_sound(struct buf_reader *r, const uint8_t *start)
{
	const uint64_t digest = policy_digest(
		POLICY_DIGEST_START, start, (size_t)(r->pos - start));

	return buf_get_u64le(r) == digest && !r->failed;
}

static void
put_kept(struct buf_writer *w, const struct history_entry *e)
{
	const uint8_t *start = w->pos;
	const size_t n = strlen(e->source);

	buf_put_u32le(w, KEPT_MAGIC);
	buf_put_u16le(w, LAYOUT);
	buf_put_u64le(w, e->generation);
	buf_put_u64le(w, (uint64_t)e->made_unix_s);
	buf_put_u32le(w, e->rules);
	buf_put_u16le(w, (uint16_t)n);
	buf_put_bytes(w, e->source, n);
	buf_put_u64le(w, e->len);
	close_head(w, start);
}

static bool
get_kept(struct buf_reader *r, struct history_entry *e)
{
	const uint8_t *start = r->pos;
	size_t n;

	if (buf_get_u32le(r) != KEPT_MAGIC || buf_get_u16le(r) != LAYOUT)
		return false;
	e->generation = buf_get_u64le(r);
	e->made_unix_s = (int64_t)buf_get_u64le(r);
	e->rules = buf_get_u32le(r);
	n = buf_get_u16le(r);
	if (n >= sizeof(e->source))
		return false;
	buf_get_bytes(r, e->source, n);
	e->source[n] = '\0';
	e->len = (size_t)buf_get_u64le(r);
	return head_is_sound(r, start) && e->generation != 0 &&
	       e->len <= POLICY_SNAPSHOT_MAX;
}

/* ---- the list ------------------------------------------------------------ */

static int
newest_first(const void *a, const void *b)
{
	const struct history_entry *x = (const struct history_entry *)a;
	const struct history_entry *y = (const struct history_entry *)b;

	return x->generation > y->generation ? -1
					     : x->generation < y->generation;
}

uint64_t
history_open(struct history *h, const char *state_dir)
{
	*h = (struct history){ .state_dir = state_dir,
		.octets_most = HISTORY_OCTETS };
	for (unsigned slot = 0; state_dir && slot < HISTORY_MOST; slot++) {
		struct history_entry *e = &h->at[h->count];
		char name[NAME];
		uint8_t head[HEAD_MAX];
		size_t len = 0;
		struct buf_reader r;

		name_of(slot, name);
		if (state_read_head(state_dir, name, head, sizeof(head), &len) <
			0)
			continue;
		r = buf_reader(head, len);
		e->slot = slot;
		if (get_kept(&r, e) && !history_find(h, e->generation))
			h->count++;
	}
	qsort(h->at, h->count, sizeof(h->at[0]), newest_first);
	return h->count > 0 ? h->at[0].generation : 0;
}

const struct history_entry *
history_find(const struct history *h, uint64_t generation)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->at[i].generation == generation)
			return &h->at[i];
	return NULL;
}

const struct history_entry *
history_before(const struct history *h, uint64_t generation)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->at[i].generation < generation)
			return &h->at[i];
	return NULL;
}

/* A file that none of the list has. */
static unsigned
free_slot(const struct history *h)
{
	unsigned slot = 0;

	for (size_t i = 0; i < h->count; i++)
		if (h->at[i].slot == slot) {
			slot++;
			i = (size_t)-1; /* from the beginning */
		}
	return slot;
}

/* -ENOSPC: all that is left is needed. */
static int
drop_oldest(struct history *h)
{
	char name[NAME];
	size_t i = h->count;
	int rc;

	while (i > 0 && h->at[i - 1].generation == h->needed)
		i--;
	if (i == 0)
		return -ENOSPC;
	name_of(h->at[i - 1].slot, name);
	rc = state_remove(h->state_dir, name);
	if (rc < 0)
		return rc; /* it is there still */
	memmove(&h->at[i - 1], &h->at[i], (h->count - i) * sizeof(h->at[0]));
	h->count--;
	return 0;
}

static size_t
octets(const struct history *h)
{
	size_t sum = 0;

	for (size_t i = 0; i < h->count; i++)
		sum += h->at[i].len;
	return sum;
}

int
history_keep(struct history *h, const uint8_t *snapshot, size_t len)
{
	struct history_entry e = { .len = len };
	struct policy_head head;
	uint8_t bytes[HEAD_MAX];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	char name[NAME];
	int rc = 0;

	if (!h->state_dir || policy_head_read(snapshot, len, &head) ||
		history_find(h, head.generation))
		return 0;
	e.generation = head.generation;
	e.made_unix_s = head.made_unix_s;
	e.rules = policy_head_rules(&head);
	(void)text_copy(e.source, sizeof(e.source), head.source); /* fits */
	while (rc == 0 && h->count > 0 &&
		(h->count == HISTORY_MOST || octets(h) + len > h->octets_most))
		rc = drop_oldest(h);
	if (rc < 0)
		return rc;
	e.slot = free_slot(h);
	name_of(e.slot, name);
	put_kept(&w, &e);

	const struct state_part parts[] = { { bytes, buf_written(&w) },
		{ snapshot, len } };

	rc = state_write(h->state_dir, name, parts,
		sizeof(parts) / sizeof(parts[0]), INT64_MAX);
	if (rc < 0)
		return rc;
	h->at[h->count++] = e;
	qsort(h->at, h->count, sizeof(h->at[0]), newest_first);
	return 0;
}

/* ---- one of them --------------------------------------------------------- */

static bool
loads(const uint8_t *snapshot, size_t len)
{
	struct policy_load *load =
		policy_load_begin(alloc_heap(), snapshot, len);
	enum policy_load_state state = POLICY_LOAD_MORE;

	while (load && state == POLICY_LOAD_MORE)
		state = policy_load_step(load, SIZE_MAX / 2);
	policy_load_drop(load);
	return load && state == POLICY_LOAD_READY;
}

/* The part behind the head, by itself; NULL when it is none. */
static uint8_t *
snapshot_in(const uint8_t *bytes, size_t len, uint64_t generation)
{
	struct buf_reader r = buf_reader(bytes, len);
	struct history_entry e;
	uint8_t *snapshot;

	if (!get_kept(&r, &e) || e.generation != generation ||
		buf_left(&r) != e.len || !loads(r.pos, e.len))
		return NULL;
	snapshot = (uint8_t *)alloc_get(alloc_heap(), e.len);
	if (snapshot)
		memcpy(snapshot, r.pos, e.len);
	return snapshot;
}

const char *
history_load(const struct history *h, uint64_t generation,
	uint8_t **ret_snapshot, size_t *ret_len)
{
	const struct history_entry *e = history_find(h, generation);
	char name[NAME];
	uint8_t *bytes = NULL;
	size_t len = 0;
	int64_t ignored;
	int rc;

	if (!e)
		return "it is not kept";
	name_of(e->slot, name);
	rc = state_read(h->state_dir, name,
		(size_t)POLICY_SNAPSHOT_MAX + HEAD_MAX, &bytes, &len, &ignored);
	if (rc < 0)
		return strerror(-rc);
	*ret_snapshot = snapshot_in(bytes, len, generation);
	*ret_len = e->len;
	free(bytes);
	return *ret_snapshot ? NULL : "what was kept of it is damaged";
}

/* ---- what a rollback holds ----------------------------------------------- */

int
history_hold(const struct history *h, uint64_t generation, int64_t since_s)
{
	uint8_t bytes[64];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	if (generation == 0)
		return h->state_dir ? state_remove(h->state_dir, HOLD_NAME) : 0;
	if (!h->state_dir)
		return -ENOENT;
	buf_put_u32le(&w, HELD_MAGIC);
	buf_put_u16le(&w, LAYOUT);
	buf_put_u64le(&w, generation);
	buf_put_u64le(&w, (uint64_t)since_s);
	close_head(&w, bytes);

	const struct state_part part = { bytes, buf_written(&w) };

	return state_write(h->state_dir, HOLD_NAME, &part, 1, INT64_MAX);
}

int
history_held(
	const struct history *h, uint64_t *ret_generation, int64_t *ret_since_s)
{
	uint8_t bytes[64];
	size_t len = 0;
	struct buf_reader r;
	uint64_t generation;
	int64_t since_s;
	int rc = h->state_dir ? state_read_head(h->state_dir, HOLD_NAME, bytes,
					sizeof(bytes), &len)
			      : -ENOENT;

	*ret_generation = 0;
	*ret_since_s = 0;
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	r = buf_reader(bytes, len);
	if (buf_get_u32le(&r) != HELD_MAGIC || buf_get_u16le(&r) != LAYOUT)
		return -EBADMSG;
	generation = buf_get_u64le(&r);
	since_s = (int64_t)buf_get_u64le(&r);
	if (!head_is_sound(&r, bytes) || generation == 0)
		return -EBADMSG;
	*ret_generation = generation;
	*ret_since_s = since_s;
	return 0;
}
