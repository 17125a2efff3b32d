/* SPDX-License-Identifier: ISC */

/*
 * The index of a rule set.
 *
 * A rule stands in the bucket of (user, destination prefix), once for each
 * pair it names; a part that it does not name, or names as a range or too many
 * times, is left out of the key.  A request looks into the buckets of its user
 * and of nobody, each with every prefix length that occurs and with none, and
 * merges what it finds by position.  Every candidate is still matched whole:
 * the index only leaves out what cannot match.
 *
 * So a decision costs a few hash look-ups and the rules that share user and
 * destination with the request.  Rules that name neither stand in one bucket
 * and are tried one by one.
 */

#include "index_int.h"

#include <string.h>

#include "base/hash.h"

/* No padding: hashed and compared as bytes. */
struct key {
	uint8_t family; /* ADDR_NONE: any destination */
	uint8_t len;
	uint8_t by_user;
	uint8_t zero;
	uint8_t uid[4];
	uint8_t b[16];
};
_Static_assert(sizeof(struct key) == 24, "a key has no padding");

struct policy_bucket {
	UT_hash_handle hh;
	struct key key;
	uint32_t *at;
	size_t count;
	size_t room;
};

struct named {
	uint32_t position;
	UT_hash_handle hh;
};

enum { PAIRS_MAX = 64, LENGTHS = 129 };

struct policy_index {
	const struct alloc *alloc;
	struct policy_bucket *buckets; /* hash by key */
	struct named *names;           /* hash by name of the rule */
	bool lengths[2][LENGTHS];      /* that occur: IPv4, IPv6 */
};

/* The keys are chosen by whoever administers the policy, not by a peer. */
static unsigned
hash(const void *bytes, size_t n)
{
	static const struct hash_key key = { 0 };

	return hash_bytes(&key, bytes, n);
}

struct policy_index *
policy_index_new(const struct alloc *alloc)
{
	struct policy_index *x =
		(struct policy_index *)alloc_get(alloc, sizeof(*x));

	if (x)
		x->alloc = alloc;
	return x;
}

bool
policy_index_free_some(struct policy_index *x, size_t budget)
{
	for (; x->buckets && budget > 0; budget--) {
		struct policy_bucket *b = x->buckets;

		HASH_DEL(x->buckets, b);
		alloc_put(x->alloc, b->at);
		alloc_put(x->alloc, b);
	}
	for (; x->names && budget > 0; budget--) {
		struct named *n = x->names;

		HASH_DEL(x->names, n);
		alloc_put(x->alloc, n);
	}
	if (x->buckets || x->names)
		return false;
	alloc_put(x->alloc, x);
	return true;
}

void
policy_index_free(struct policy_index *x)
{
	if (x)
		(void)policy_index_free_some(x, SIZE_MAX); /* all of it */
}

static struct policy_bucket *
find_bucket(const struct policy_index *x, const struct key *key)
{
	struct policy_bucket *b;

	HASH_FIND_BYHASHVALUE(
		hh, x->buckets, key, sizeof(*key), hash(key, sizeof(*key)), b);
	return b;
}

static struct policy_bucket *
need_bucket(struct policy_index *x, const struct key *key)
{
	struct policy_bucket *b = find_bucket(x, key);

	if (b)
		return b;
	b = (struct policy_bucket *)alloc_get(x->alloc, sizeof(*b));
	if (!b)
		return NULL;
	b->key = *key;
	HASH_ADD_BYHASHVALUE(hh, x->buckets, key, sizeof(b->key),
		hash(&b->key, sizeof(b->key)), b);
	if (!hash_added(b->hh)) {
		alloc_put(x->alloc, b);
		return NULL;
	}
	return b;
}

static bool
push(struct policy_index *x, const struct key *key, uint32_t position)
{
	struct policy_bucket *b = need_bucket(x, key);

	if (!b)
		return false;
	if (b->count > 0 && b->at[b->count - 1] == position)
		return true; /* the rule names the pair twice */
	if (b->count == b->room) {
		size_t room = b->room == 0 ? 2 : b->room * 2;
		uint32_t *at =
			(uint32_t *)alloc_get(x->alloc, room * sizeof(*at));

		if (!at)
			return false;
		if (b->count > 0)
			memcpy(at, b->at, b->count * sizeof(*at));
		alloc_put(x->alloc, b->at);
		b->at = at;
		b->room = room;
	}
	b->at[b->count++] = position;
	return true;
}

static void
key_user(struct key *key, uint32_t uid)
{
	key->by_user = 1;
	memcpy(key->uid, &uid, sizeof(key->uid));
}

/* The first len bits of the address. */
static void
key_prefix(struct key *key, const struct addr *a, uint8_t len)
{
	key->family = a->family;
	key->len = len;
	memset(key->b, 0, sizeof(key->b));
	memcpy(key->b, a->b, len / 8);
	if (len % 8 != 0)
		key->b[len / 8] =
			(uint8_t)(a->b[len / 8] & 0xff00 >> (len % 8));
}

/* Users by whom the rule can be keyed: 0 when it cannot. */
static size_t
users_of(const struct policy_rule *rule)
{
	const struct policy_spans *users = &rule->spans[POLICY_SPAN_USER];

	for (int k = 0; k <= POLICY_NAME_WHO_APPLICATION; k++)
		if (rule->names[k].count > 0)
			return 0;
	if (rule->spans[POLICY_SPAN_GROUP].count > 0 ||
		rule->addrs[POLICY_ADDR_HOST].count > 0 ||
		users->count > PAIRS_MAX)
		return 0;
	for (size_t i = 0; i < users->count; i++)
		if (users->at[i].lo != users->at[i].hi)
			return 0;
	return users->count;
}

static size_t
prefixes_of(const struct policy_rule *rule)
{
	const struct policy_addr_spans *dst = &rule->addrs[POLICY_ADDR_DST];

	if (dst->count > PAIRS_MAX)
		return 0;
	for (size_t i = 0; i < dst->count; i++)
		if (policy_addr_span_prefix(&dst->at[i]) < 0)
			return 0;
	return dst->count;
}

static bool
push_prefixes(struct policy_index *x, const struct policy_rule *rule,
	struct key key, uint32_t position)
{
	const struct policy_addr_spans *dst = &rule->addrs[POLICY_ADDR_DST];
	size_t n = prefixes_of(rule);

	if (n == 0)
		return push(x, &key, position);
	for (size_t i = 0; i < n; i++) {
		const struct addr *lo = &dst->at[i].lo;
		uint8_t len = (uint8_t)policy_addr_span_prefix(&dst->at[i]);

		key_prefix(&key, lo, len);
		x->lengths[lo->family == ADDR_V6][len] = true;
		if (!push(x, &key, position))
			return false;
	}
	return true;
}

static bool
add_name(struct policy_index *x, const char *name, uint32_t position)
{
	struct named *n = (struct named *)alloc_get(x->alloc, sizeof(*n));
	size_t len = strlen(name);

	if (!n)
		return false;
	n->position = position;
	HASH_ADD_KEYPTR_BYHASHVALUE(
		hh, x->names, name, len, hash(name, len), n);
	if (hash_added(n->hh))
		return true;
	alloc_put(x->alloc, n);
	return false;
}

bool
policy_index_find(
	const struct policy_index *x, const char *name, uint32_t *ret_position)
{
	struct named *n;
	size_t len = strlen(name);

	HASH_FIND_BYHASHVALUE(hh, x->names, name, len, hash(name, len), n);
	if (!n)
		return false;
	*ret_position = n->position;
	return true;
}

bool
policy_index_has(const struct policy_index *x, const char *name)
{
	uint32_t ignored;

	return policy_index_find(x, name, &ignored);
}

bool
policy_index_add(struct policy_index *x, const struct policy_rule *rule,
	uint32_t position, bool *ret_known)
{
	const struct policy_spans *users = &rule->spans[POLICY_SPAN_USER];
	struct key key = { 0 };
	size_t n = users_of(rule);

	*ret_known = policy_index_has(x, rule->name);
	if (*ret_known || !add_name(x, rule->name, position))
		return false;
	if (rule->disabled || (rule->scope & POLICY_SCOPE_RSVP) == 0)
		return true;
	if (n == 0)
		return push_prefixes(x, rule, key, position);
	for (size_t i = 0; i < n; i++) {
		key_user(&key, users->at[i].lo);
		if (!push_prefixes(x, rule, key, position))
			return false;
	}
	return true;
}

static void
begin_bucket(struct policy_walk *walk, const struct policy_index *x,
	const struct key *key)
{
	const struct policy_bucket *b = find_bucket(x, key);

	if (b && walk->count < POLICY_CURSORS)
		walk->cursors[walk->count++] =
			(struct policy_cursor){ b->at, b->count };
}

/* Every prefix of the destination that some rule names, and none. */
static void
begin_prefixes(struct policy_walk *walk, const struct policy_index *x,
	struct key key, const struct addr *dst)
{
	begin_bucket(walk, x, &key);
	if (dst->family == ADDR_NONE)
		return;
	for (size_t len = 0; len <= addr_size(dst->family) * 8; len++) {
		if (!x->lengths[dst->family == ADDR_V6][len])
			continue;
		key_prefix(&key, dst, (uint8_t)len);
		begin_bucket(walk, x, &key);
	}
}

void
policy_walk_begin(struct policy_walk *walk, const struct policy_index *index,
	const struct policy_request *request)
{
	struct key key = { 0 };

	walk->count = 0;
	begin_prefixes(walk, index, key, &request->dst);
	if (!request->who_known)
		return;
	key_user(&key, request->uid);
	begin_prefixes(walk, index, key, &request->dst);
}

bool
policy_walk_next(struct policy_walk *walk, uint32_t *ret_position)
{
	uint32_t first = UINT32_MAX;

	for (size_t i = 0; i < walk->count; i++)
		if (walk->cursors[i].left > 0 && *walk->cursors[i].at < first)
			first = *walk->cursors[i].at;
	if (first == UINT32_MAX)
		return false;
	for (size_t i = 0; i < walk->count; i++)
		if (walk->cursors[i].left > 0 &&
			*walk->cursors[i].at == first) {
			walk->cursors[i].at++;
			walk->cursors[i].left--;
		}
	*ret_position = first;
	return true;
}
