/* SPDX-License-Identifier: ISC */

/* Entries of the directory by entryUUID; see mirror_int.h. */

#include "mirror_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

struct mirror_entry {
	uint8_t id[MIRROR_ID];
	uint64_t mentioned; /* number of the refresh that did */
	uint64_t removed;   /* the same */
	UT_hash_handle hh;
	size_t len;
	uint8_t bytes[];
};

struct table {
	struct mirror_entry *first;
	size_t octets;
	struct hash_key key;
};

struct mirror {
	size_t entries_max;
	size_t octets_max;
	struct table table;
	/* The refresh. */
	uint64_t refresh; /* number of it */
	bool sweep;       /* what is not mentioned is gone */
	struct table pending;
};

struct mirror *
mirror_new(const struct hash_key *key, size_t entries_max, size_t octets_max)
{
	struct mirror *m = (struct mirror *)calloc(1, sizeof(*m));

	if (m) {
		m->entries_max = entries_max;
		m->octets_max = octets_max;
		m->table.key = *key;
		m->pending.key = *key;
	}
	return m;
}

static struct mirror_entry *
find(const struct table *t, const uint8_t id[MIRROR_ID])
{
	struct mirror_entry *e = NULL;

	HASH_FIND_BYHASHVALUE(hh, t->first, id, MIRROR_ID,
		hash_bytes(&t->key, id, MIRROR_ID), e);
	return e;
}

static void
take_out(struct table *t, struct mirror_entry *e)
{
	t->octets -= e->len;
	HASH_DELETE(hh, t->first, e);
}

static void
delete_entry(struct table *t, struct mirror_entry *e)
{
	take_out(t, e);
	free(e);
}

static void
clear(struct table *t)
{
	struct mirror_entry *e;

	hash_dissolve(hh, t->first, e);
	while (e) {
		struct mirror_entry *next = (struct mirror_entry *)e->hh.next;

		free(e);
		e = next;
	}
	t->octets = 0;
}

void
mirror_free(struct mirror *m)
{
	if (!m)
		return;
	clear(&m->table);
	clear(&m->pending);
	free(m);
}

size_t
mirror_count(const struct mirror *m)
{
	return HASH_COUNT(m->table.first);
}

static bool
insert(struct table *t, struct mirror_entry *e)
{
	unsigned hash = hash_bytes(&t->key, e->id, MIRROR_ID);

	HASH_ADD_BYHASHVALUE(hh, t->first, id, MIRROR_ID, hash, e);
	if (!hash_added(e->hh))
		return false;
	t->octets += e->len;
	return true;
}

static bool
same(const struct mirror_entry *e, const void *bytes, size_t len)
{
	return e && e->len == len && memcmp(e->bytes, bytes, len) == 0;
}

/* A copy takes the place of what had the identifier; nothing is changed when
 * there is no room. */
static enum mirror_answer
put(const struct mirror *m, struct table *t, const uint8_t id[MIRROR_ID],
	const void *bytes, size_t len)
{
	struct mirror_entry *old = find(t, id);
	struct mirror_entry *e;

	if (same(old, bytes, len))
		return MIRROR_SAME;
	if (HASH_COUNT(t->first) - (old ? 1 : 0) >= m->entries_max ||
		t->octets - (old ? old->len : 0) + len > m->octets_max)
		return MIRROR_FULL;
	e = (struct mirror_entry *)calloc(1, sizeof(*e) + len);
	if (!e)
		return MIRROR_NO_MEMORY;
	memcpy(e->id, id, MIRROR_ID);
	memcpy(e->bytes, bytes, len);
	e->len = len;
	if (old)
		take_out(t, old);
	if (!insert(t, e)) {
		free(e);
		if (old && !insert(t, old)) /* it fitted a moment ago */
			free(old);
		return MIRROR_NO_MEMORY;
	}
	free(old);
	return MIRROR_CHANGED;
}

enum mirror_answer
mirror_put(struct mirror *m, const uint8_t id[MIRROR_ID], const void *entry,
	size_t len)
{
	return put(m, &m->table, id, entry, len);
}

enum mirror_answer
mirror_remove(struct mirror *m, const uint8_t id[MIRROR_ID])
{
	struct mirror_entry *e = find(&m->table, id);

	if (!e)
		return MIRROR_SAME;
	delete_entry(&m->table, e);
	return MIRROR_CHANGED;
}

/* ---- a refresh ---------------------------------------------------------- */

void
mirror_refresh_begin(struct mirror *m, bool whole)
{
	clear(&m->pending);
	m->refresh++;
	m->sweep = whole;
}

enum mirror_answer
mirror_refresh_put(struct mirror *m, const uint8_t id[MIRROR_ID],
	const void *entry, size_t len)
{
	return put(m, &m->pending, id, entry, len);
}

void
mirror_refresh_present(struct mirror *m, const uint8_t id[MIRROR_ID])
{
	struct mirror_entry *e = find(&m->table, id);

	if (e)
		e->mentioned = m->refresh;
}

void
mirror_refresh_remove(struct mirror *m, const uint8_t id[MIRROR_ID])
{
	struct mirror_entry *e = find(&m->table, id);
	struct mirror_entry *added = find(&m->pending, id);

	if (e)
		e->removed = m->refresh;
	if (added)
		delete_entry(&m->pending, added);
}

void
mirror_refresh_present_end(struct mirror *m)
{
	m->sweep = true;
}

static bool
is_gone(const struct mirror *m, const struct mirror_entry *e)
{
	return e->removed == m->refresh ||
	       (m->sweep && e->mentioned != m->refresh);
}

/* How the table will look: is there room for it? */
static bool
fits(const struct mirror *m)
{
	size_t entries = HASH_COUNT(m->pending.first);
	size_t octets = m->pending.octets;

	for (const struct mirror_entry *e = m->table.first; e;
		e = (const struct mirror_entry *)e->hh.next)
		if (!find(&m->pending, e->id) && !is_gone(m, e)) {
			entries++;
			octets += e->len;
		}
	return entries <= m->entries_max && octets <= m->octets_max;
}

static bool
drop_gone(struct mirror *m)
{
	struct mirror_entry *e;
	struct mirror_entry *next;
	bool changed = false;

	HASH_ITER (hh, m->table.first, e, next)
		if (!find(&m->pending, e->id) && is_gone(m, e)) {
			delete_entry(&m->table, e);
			changed = true;
		}
	return changed;
}

enum mirror_answer
mirror_refresh_commit(struct mirror *m)
{
	enum mirror_answer answer = MIRROR_SAME;
	struct mirror_entry *e;
	struct mirror_entry *next;

	if (!fits(m)) {
		mirror_refresh_drop(m);
		return MIRROR_FULL;
	}
	if (drop_gone(m))
		answer = MIRROR_CHANGED;
	HASH_ITER (hh, m->pending.first, e, next) {
		struct mirror_entry *old = find(&m->table, e->id);

		if (same(old, e->bytes, e->len))
			continue;
		answer = MIRROR_CHANGED;
		if (old)
			delete_entry(&m->table, old);
		take_out(&m->pending, e);
		if (!insert(&m->table, e)) {
			free(e);
			return MIRROR_NO_MEMORY;
		}
	}
	clear(&m->pending);
	return answer;
}

void
mirror_refresh_drop(struct mirror *m)
{
	clear(&m->pending);
}

/* ---- looking and storing ------------------------------------------------ */

const struct mirror_entry *
mirror_next(const struct mirror *m, const struct mirror_entry *entry)
{
	return entry ? (const struct mirror_entry *)entry->hh.next
		     : m->table.first;
}

const uint8_t *
mirror_entry_id(const struct mirror_entry *entry)
{
	return entry->id;
}

struct buf_reader
mirror_entry_bytes(const struct mirror_entry *entry)
{
	return buf_reader(entry->bytes, entry->len);
}

size_t
mirror_size(const struct mirror *m)
{
	return 4 + mirror_count(m) * (MIRROR_ID + 4) + m->table.octets;
}

bool
mirror_write(const struct mirror *m, struct buf_writer *w)
{
	buf_put_u32le(w, (uint32_t)mirror_count(m));
	for (const struct mirror_entry *e = m->table.first; e;
		e = (const struct mirror_entry *)e->hh.next) {
		buf_put_bytes(w, e->id, MIRROR_ID);
		buf_put_u32le(w, (uint32_t)e->len);
		buf_put_bytes(w, e->bytes, e->len);
	}
	return !w->failed;
}

bool
mirror_read(struct mirror *m, struct buf_reader *r)
{
	uint32_t count = buf_get_u32le(r);

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *id = buf_take(r, MIRROR_ID);
		size_t len = buf_get_u32le(r);
		const uint8_t *bytes = buf_take(r, len);

		if (!id || !bytes ||
			mirror_put(m, id, bytes, len) != MIRROR_CHANGED)
			return false;
	}
	return !r->failed;
}
