/* SPDX-License-Identifier: ISC */

/*
 * The bytes of a rule set; the layout is in snapshot_int.h.  Reading trusts
 * nothing: every number has its range, every list its bound, every record must
 * be used up exactly.
 */

#include "snapshot_int.h"

#include <string.h>

enum {
	MAGIC = 0x4c4f5051, /* "QPOL" */
	LAYOUT = 2,
	HEAD_MAX = 2 + POLICY_REASON + 4 + 2 + 2 + 6 * 8,
	FIRST_SIZE = 4096
};

uint64_t
policy_digest(uint64_t digest, const void *bytes, size_t n)
{
	const uint8_t *p = (const uint8_t *)bytes;

	for (size_t i = 0; i < n; i++)
		digest = (digest ^ p[i]) * UINT64_C(0x100000001b3);
	return digest;
}

/* ---- writing ------------------------------------------------------------ */

static uint8_t *
open_record(struct buf_writer *w)
{
	return buf_reserve(w, 4);
}

static void
close_record(struct buf_writer *w, uint8_t *start)
{
	if (w->failed)
		return;

	struct buf_writer len = buf_writer(start, 4);

	buf_put_u32le(&len, (uint32_t)(w->pos - start - 4));
}

static void
put_text(struct buf_writer *w, const char *text)
{
	size_t n = strlen(text);

	buf_put_u16le(w, (uint16_t)n);
	buf_put_bytes(w, text, n);
}

/* Those that are set, in the order of the table. */
static void
put_grants(struct buf_writer *w, const struct policy_category *c)
{
	size_t n;
	const struct policy_grant *grants = policy_grants(&n);

	for (size_t i = 0; i < n; i++) {
		uint64_t value = policy_grant_get(c, &grants[i]);

		if (value == POLICY_UNLIMITED)
			continue;
		buf_put_u8(w, (uint8_t)i);
		buf_put_u64le(w, value);
	}
}

static void
put_category(struct buf_writer *w, const struct policy_category *c)
{
	uint8_t *start = open_record(w);

	put_text(w, c->name);
	buf_put_u8(w, c->deny);
	buf_put_u8(w, c->origin);
	buf_put_u32le(w, c->pool);
	put_grants(w, c);
	close_record(w, start);
}

static void
put_spans(struct buf_writer *w, const struct policy_spans *list)
{
	buf_put_u16le(w, (uint16_t)list->count);
	for (size_t i = 0; i < list->count; i++) {
		buf_put_u32le(w, list->at[i].lo);
		buf_put_u32le(w, list->at[i].hi);
	}
}

static void
put_addr_spans(struct buf_writer *w, const struct policy_addr_spans *list)
{
	buf_put_u16le(w, (uint16_t)list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct policy_addr_span *s = &list->at[i];

		buf_put_u8(w, s->lo.family);
		buf_put_bytes(w, s->lo.b, addr_size(s->lo.family));
		buf_put_bytes(w, s->hi.b, addr_size(s->lo.family));
	}
}

static void
put_ifaces(struct buf_writer *w, const struct policy_ifaces *list)
{
	buf_put_u16le(w, (uint16_t)list->count);
	for (size_t i = 0; i < list->count; i++)
		put_text(w, list->at[i].glob);
}

static void
put_globs(struct buf_writer *w, const struct policy_globs *list)
{
	buf_put_u16le(w, (uint16_t)list->count);
	for (size_t i = 0; i < list->count; i++)
		put_text(w, list->at[i].text);
}

static void
put_whens(struct buf_writer *w, const struct policy_whens *list)
{
	buf_put_u16le(w, (uint16_t)list->count);
	for (size_t i = 0; i < list->count; i++)
		buf_put_u32le(w, list->at[i]);
}

static void
put_rule(struct buf_writer *w, const struct policy_rule *r)
{
	uint8_t *start = open_record(w);

	put_text(w, r->name);
	buf_put_u32le(w, r->category);
	buf_put_u32le(w, (uint32_t)r->priority);
	buf_put_u8(w, r->deny);
	buf_put_u8(w, r->origin);
	buf_put_u8(w, r->scope);
	buf_put_u8(w, r->disabled);
	buf_put_u8(w, r->goes_on);
	buf_put_u8(w, r->services);
	buf_put_u8(w, r->roles);
	buf_put_u8(w, r->styles);
	buf_put_u8(w, r->messages);
	buf_put_u8(w, r->multicast);
	buf_put_u8(w, r->identified);
	buf_put_u32le(w, r->own_when);
	put_whens(w, &r->whens);
	for (int k = 0; k < POLICY_SPAN_COUNT; k++)
		put_spans(w, &r->spans[k]);
	for (int k = 0; k < POLICY_ADDR_COUNT; k++)
		put_addr_spans(w, &r->addrs[k]);
	for (int k = 0; k < POLICY_IFACE_COUNT; k++)
		put_ifaces(w, &r->ifaces[k]);
	for (int k = 0; k < POLICY_NAME_COUNT; k++)
		put_globs(w, &r->names[k]);
	close_record(w, start);
}

static void
put_zone(struct buf_writer *w, const struct policy_zone *zone)
{
	uint8_t *start = open_record(w);

	put_text(w, zone->name);
	buf_put_u32le(w, (uint32_t)zone->offset_s);
	buf_put_u16le(w, (uint16_t)zone->count);
	for (size_t i = 0; i < zone->count; i++) {
		buf_put_u64le(w, (uint64_t)zone->changes[i].at_s);
		buf_put_u32le(w, (uint32_t)zone->changes[i].offset_s);
	}
	close_record(w, start);
}

static void
put_when(struct buf_writer *w, const struct policy_when *when)
{
	uint8_t *start = open_record(w);

	put_text(w, when->name);
	buf_put_u32le(w, when->zone);
	buf_put_u8(w, when->days);
	buf_put_u16le(w, when->months);
	buf_put_u32le(w, when->month_days);
	buf_put_u64le(w, (uint64_t)when->valid_from_s);
	buf_put_u64le(w, (uint64_t)when->valid_until_s);
	for (size_t i = 0; i < when->n_times; i++) {
		buf_put_u32le(w, when->times[i].from_s);
		buf_put_u32le(w, when->times[i].until_s);
	}
	close_record(w, start);
}

static void
put_pool(struct buf_writer *w, const struct policy_pool *pool)
{
	uint8_t *start = open_record(w);

	put_text(w, pool->name);
	buf_put_u64le(w, pool->rate_Bps);
	buf_put_u64le(w, pool->max_flows);
	buf_put_u64le(w, pool->headroom_percent);
	buf_put_u64le(w, pool->soft_percent);
	close_record(w, start);
}

static void
put_body(struct buf_writer *w, const struct policy_set *set)
{
	buf_put_u8(w, set->default_why);
	buf_put_u32le(w, (uint32_t)set->times.n_zones);
	buf_put_u32le(w, (uint32_t)set->times.n_whens);
	buf_put_u32le(w, (uint32_t)set->n_pools);
	buf_put_u32le(w, (uint32_t)set->n_categories);
	buf_put_u32le(w, (uint32_t)set->n_rules);
	for (size_t i = 0; i < set->times.n_zones; i++)
		put_zone(w, &set->times.zones[i]);
	for (size_t i = 0; i < set->times.n_whens; i++)
		put_when(w, &set->times.whens[i]);
	for (size_t i = 0; i < set->n_pools; i++)
		put_pool(w, &set->pools[i]);
	for (size_t i = 0; i < set->n_categories; i++)
		put_category(w, &set->categories[i]);
	for (size_t i = 0; i < set->n_rules; i++)
		put_rule(w, set->rules[i]);
}

/* The head has a fixed place in front; it is measured, then completed. */
static void
put_head(struct buf_writer *w, const struct policy_set *set,
	const struct buf_writer *body)
{
	uint8_t *start = w->pos;

	buf_put_u32le(w, MAGIC);
	buf_put_u16le(w, LAYOUT);

	uint8_t *head_len = buf_reserve(w, 2);

	buf_put_u64le(w, set->generation);
	buf_put_u64le(w, (uint64_t)set->made_unix_s);
	buf_put_u64le(w, set->source_key);
	put_text(w, set->source);
	buf_put_u64le(w, buf_written(body));
	buf_put_u64le(w, policy_digest(POLICY_DIGEST_START, body->start,
				 buf_written(body)));

	struct buf_writer len = buf_writer(head_len, 2);

	buf_put_u16le(&len, (uint16_t)(w->pos - start + 8));
	buf_put_u64le(w, policy_digest(POLICY_DIGEST_START, start,
				 (size_t)(w->pos - start)));
}

/* Try a buffer of that size; false when the set does not fit. */
static bool
write_into(const struct policy_set *set, uint8_t *bytes, size_t size,
	size_t *ret_len)
{
	uint8_t head[HEAD_MAX];
	struct buf_writer h = buf_writer(head, sizeof(head));
	struct buf_writer body = buf_writer(bytes, size);

	put_body(&body, set);
	if (body.failed)
		return false;
	put_head(&h, set, &body);
	if (h.failed || size - buf_written(&body) < buf_written(&h))
		return false;
	memmove(bytes + buf_written(&h), bytes, buf_written(&body));
	memcpy(bytes, head, buf_written(&h));
	*ret_len = buf_written(&h) + buf_written(&body);
	return true;
}

bool
policy_snapshot_write(
	const struct policy_set *set, uint8_t **ret_bytes, size_t *ret_len)
{
	for (size_t size = FIRST_SIZE; size <= POLICY_SNAPSHOT_MAX; size *= 2) {
		uint8_t *bytes = (uint8_t *)alloc_get(set->alloc, size);

		if (!bytes)
			return false;
		if (write_into(set, bytes, size, ret_len)) {
			*ret_bytes = bytes;
			return true;
		}
		alloc_put(set->alloc, bytes);
	}
	return false;
}

/* ---- reading ------------------------------------------------------------ */

/* Text of printable characters, terminated in buf.  False when it is not. */
static bool
get_text(struct buf_reader *r, char *buf, size_t size)
{
	size_t n = buf_get_u16le(r);
	const uint8_t *p = buf_take(r, n);

	buf[0] = '\0';
	if (!p || n >= size)
		return false;
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
	memcpy(buf, p, n);
	buf[n] = '\0';
	return true;
}

static bool
get_flag(struct buf_reader *r, bool *ret)
{
	uint8_t v = buf_get_u8(r);

	*ret = v == 1;
	return v <= 1;
}

bool
policy_snapshot_is(const uint8_t begin[POLICY_SNAPSHOT_MAGIC_LEN])
{
	struct buf_reader r = buf_reader(begin, POLICY_SNAPSHOT_MAGIC_LEN);

	return buf_get_u32le(&r) == MAGIC;
}

const char *
policy_head_read(const void *bytes, size_t len, struct policy_head *ret_head)
{
	struct buf_reader all = buf_reader(bytes, len);
	struct buf_reader r = all;
	struct policy_head h = { 0 };

	if (buf_get_u32le(&r) != MAGIC)
		return "not a policy snapshot";
	if (buf_get_u16le(&r) != LAYOUT)
		return "a version of the snapshot that is not known";

	size_t head_len = buf_get_u16le(&r);

	h.generation = buf_get_u64le(&r);
	h.made_unix_s = (int64_t)buf_get_u64le(&r);
	h.source_key = buf_get_u64le(&r);

	bool text = get_text(&r, h.source, sizeof(h.source));
	uint64_t body_len = buf_get_u64le(&r);

	h.body_digest = buf_get_u64le(&r);

	uint64_t digest = policy_digest(
		POLICY_DIGEST_START, all.pos, (size_t)(r.pos - all.pos));

	if (!text || buf_get_u64le(&r) != digest || r.failed ||
		(size_t)(r.pos - all.pos) != head_len)
		return "the head of the snapshot is damaged";
	if (body_len != buf_left(&r) || len > POLICY_SNAPSHOT_MAX)
		return "the snapshot is not as long as it says";
	h.body = r;
	*ret_head = h;
	return NULL;
}

uint32_t
policy_head_rules(const struct policy_head *head)
{
	struct buf_reader r = head->body;

	(void)buf_get_u8(&r); /* the default */
	(void)buf_take(
		&r, 4 * sizeof(uint32_t)); /* zones, times, pools, categories */
	return buf_get_u32le(&r);
}

static struct buf_reader
next_record(struct buf_reader *body)
{
	size_t len = buf_get_u32le(body);

	return buf_split(body, len);
}

/* False when one is not known, not in order or out of range. */
static bool
get_grants(struct buf_reader *r, struct policy_category *c)
{
	size_t n;
	const struct policy_grant *grants = policy_grants(&n);
	size_t least = 0;

	while (buf_left(r) > 0) {
		size_t i = buf_get_u8(r);
		uint64_t value = buf_get_u64le(r);

		if (r->failed || i < least || i >= n ||
			!policy_grant_valid(&grants[i], value))
			return false;
		policy_grant_set(c, &grants[i], value);
		least = i + 1;
	}
	return !r->failed;
}

const char *
policy_category_read(
	struct buf_reader *body, size_t n_pools, struct policy_category *ret)
{
	struct buf_reader r = next_record(body);
	struct policy_category c;

	policy_category_init(&c);

	bool name = get_text(&r, c.name, sizeof(c.name));
	bool flag = get_flag(&r, &c.deny);

	c.origin = buf_get_u8(&r);
	c.pool = buf_get_u32le(&r);
	if (r.failed || !name || !policy_name_valid(c.name))
		return "a category is malformed";
	if (!flag || c.origin > POLICY_FROM_DIRECTORY ||
		(c.pool != POLICY_NO_POOL && c.pool >= n_pools) ||
		!get_grants(&r, &c) || !policy_category_sound(&c))
		return "a category has a value out of range";
	*ret = c;
	return NULL;
}

/* ---- reading rules ------------------------------------------------------ */

static void *
list_room(const struct alloc *alloc, size_t count, size_t size)
{
	return count > POLICY_LIST_MAX ? NULL : alloc_get(alloc, count * size);
}

static bool
get_spans(const struct alloc *alloc, struct buf_reader *r, uint32_t most,
	struct policy_spans *list)
{
	size_t count = buf_get_u16le(r);

	if (count == 0)
		return true;
	list->at = (struct policy_span *)list_room(
		alloc, count, sizeof(*list->at));
	if (!list->at)
		return false;
	list->count = count;
	for (size_t i = 0; i < count; i++) {
		struct policy_span *s = &list->at[i];

		s->lo = buf_get_u32le(r);
		s->hi = buf_get_u32le(r);
		if (s->lo > s->hi || s->hi > most)
			return false;
	}
	return true;
}

static bool
get_addr_spans(const struct alloc *alloc, struct buf_reader *r,
	struct policy_addr_spans *list)
{
	size_t count = buf_get_u16le(r);

	if (count == 0)
		return true;
	list->at = (struct policy_addr_span *)list_room(
		alloc, count, sizeof(*list->at));
	if (!list->at)
		return false;
	list->count = count;
	for (size_t i = 0; i < count; i++) {
		struct policy_addr_span *s = &list->at[i];
		uint8_t family = buf_get_u8(r);

		s->lo.family = family;
		s->hi.family = family;
		if (addr_size(family) == 0)
			return false;
		buf_get_bytes(r, s->lo.b, addr_size(family));
		buf_get_bytes(r, s->hi.b, addr_size(family));
		if (addr_compare(&s->lo, &s->hi) > 0)
			return false;
	}
	return true;
}

static bool
get_ifaces(const struct alloc *alloc, struct buf_reader *r,
	struct policy_ifaces *list)
{
	size_t count = buf_get_u16le(r);

	if (count == 0)
		return true;
	list->at = (struct policy_iface *)list_room(
		alloc, count, sizeof(*list->at));
	if (!list->at)
		return false;
	list->count = count;
	for (size_t i = 0; i < count; i++) {
		char *glob = list->at[i].glob;

		if (!get_text(r, glob, POLICY_IFACE) || glob[0] == '\0')
			return false;
	}
	return true;
}

static bool
get_globs(const struct alloc *alloc, struct buf_reader *r,
	struct policy_globs *list)
{
	size_t count = buf_get_u16le(r);

	if (count == 0)
		return true;
	list->at = (struct policy_glob *)list_room(
		alloc, count, sizeof(*list->at));
	if (!list->at)
		return false;
	list->count = count;
	for (size_t i = 0; i < count; i++) {
		char *text = list->at[i].text;

		if (!get_text(r, text, POLICY_GLOB) || text[0] == '\0')
			return false;
	}
	return true;
}

static bool
get_whens(const struct alloc *alloc, struct buf_reader *r, size_t n_whens,
	struct policy_whens *list)
{
	size_t count = buf_get_u16le(r);

	if (count == 0)
		return true;
	list->at = (uint32_t *)list_room(alloc, count, sizeof(*list->at));
	if (!list->at)
		return false;
	list->count = count;
	for (size_t i = 0; i < count; i++) {
		list->at[i] = buf_get_u32le(r);
		if (list->at[i] >= n_whens)
			return false;
	}
	return true;
}

static bool
get_lists(const struct alloc *alloc, struct buf_reader *r,
	struct policy_rule *rule)
{
	static const uint32_t most[POLICY_SPAN_COUNT] = {
		[POLICY_SPAN_USER] = UINT32_MAX,
		[POLICY_SPAN_GROUP] = UINT32_MAX,
		[POLICY_SPAN_PROTO] = UINT8_MAX,
		[POLICY_SPAN_SRC_PORT] = UINT16_MAX,
		[POLICY_SPAN_DST_PORT] = UINT16_MAX,
		[POLICY_SPAN_DSCP] = POLICY_DSCP_MAX,
	};

	for (int k = 0; k < POLICY_SPAN_COUNT; k++)
		if (!get_spans(alloc, r, most[k], &rule->spans[k]))
			return false;
	for (int k = 0; k < POLICY_ADDR_COUNT; k++)
		if (!get_addr_spans(alloc, r, &rule->addrs[k]))
			return false;
	for (int k = 0; k < POLICY_IFACE_COUNT; k++)
		if (!get_ifaces(alloc, r, &rule->ifaces[k]))
			return false;
	for (int k = 0; k < POLICY_NAME_COUNT; k++)
		if (!get_globs(alloc, r, &rule->names[k]))
			return false;
	return true;
}

/* A number, once, that may be there. */
static bool
valid_index(uint32_t index, uint32_t none, size_t n)
{
	return index == none || index < n;
}

static bool
get_conditions(struct buf_reader *r, struct policy_rule *rule)
{
	bool flags = get_flag(r, &rule->disabled);

	flags = get_flag(r, &rule->goes_on) && flags;
	rule->services = buf_get_u8(r);
	rule->roles = buf_get_u8(r);
	rule->styles = buf_get_u8(r);
	rule->messages = buf_get_u8(r);
	rule->multicast = buf_get_u8(r);
	rule->identified = buf_get_u8(r);
	return flags && (rule->services & ~POLICY_BITS_SERVICE) == 0 &&
	       (rule->roles & ~POLICY_BITS_ROLE) == 0 &&
	       (rule->styles & ~POLICY_BITS_STYLE) == 0 &&
	       (rule->messages & ~POLICY_BITS_MESSAGE) == 0 &&
	       (rule->multicast & ~POLICY_BITS_ANSWER) == 0 &&
	       (rule->identified & ~POLICY_BITS_ANSWER) == 0;
}

static bool
get_rule_head(struct buf_reader *r, const struct policy_set *set,
	struct policy_rule *rule)
{
	bool name = get_text(r, rule->name, sizeof(rule->name));

	rule->category = buf_get_u32le(r);
	rule->priority = (int32_t)buf_get_u32le(r);

	bool flag = get_flag(r, &rule->deny);

	rule->origin = buf_get_u8(r);
	rule->scope = buf_get_u8(r);
	if (!get_conditions(r, rule))
		return false;
	rule->own_when = buf_get_u32le(r);
	return name && flag && policy_name_valid(rule->name) &&
	       valid_index(
		       rule->category, POLICY_NO_CATEGORY, set->n_categories) &&
	       valid_index(
		       rule->own_when, POLICY_NO_WHEN, set->times.n_whens) &&
	       rule->origin <= POLICY_FROM_DIRECTORY &&
	       rule->scope >= POLICY_SCOPE_DATA &&
	       rule->scope <= POLICY_SCOPE_BOTH;
}

const char *
policy_rule_read(struct buf_reader *body, const struct policy_set *set,
	struct policy_rule **ret_rule)
{
	const struct alloc *alloc = set->alloc;
	struct buf_reader r = next_record(body);
	struct policy_rule *rule =
		(struct policy_rule *)alloc_get(alloc, sizeof(*rule));

	if (!rule)
		return "no memory for a rule";
	if (!get_rule_head(&r, set, rule) ||
		!get_whens(alloc, &r, set->times.n_whens, &rule->whens) ||
		!get_lists(alloc, &r, rule) || !buf_complete(&r)) {
		policy_rule_free(alloc, rule);
		return "a rule is malformed";
	}
	policy_rule_settle(rule, rule->category == POLICY_NO_CATEGORY
					 ? NULL
					 : &set->categories[rule->category]);
	*ret_rule = rule;
	return NULL;
}

/* ---- reading times ------------------------------------------------------ */

static bool
get_changes(const struct alloc *alloc, struct buf_reader *r,
	struct policy_zone *zone)
{
	size_t count = buf_get_u16le(r);

	if (count > POLICY_ZONE_CHANGES_MAX || count * 12 > buf_left(r))
		return false;
	/* One more, so that none is not lack of memory. */
	zone->changes = (struct policy_zone_change *)alloc_get(
		alloc, (count + 1) * sizeof(*zone->changes));
	if (!zone->changes)
		return false;
	zone->count = count;
	for (size_t i = 0; i < count; i++) {
		struct policy_zone_change *c = &zone->changes[i];

		c->at_s = (int64_t)buf_get_u64le(r);
		c->offset_s = (int32_t)buf_get_u32le(r);
		if (!policy_offset_valid(c->offset_s) ||
			!policy_moment_valid(c->at_s) ||
			(i > 0 && c->at_s <= c[-1].at_s))
			return false;
	}
	return true;
}

const char *
policy_zone_read(const struct alloc *alloc, struct buf_reader *body,
	struct policy_zone *ret)
{
	struct buf_reader r = next_record(body);
	bool name = get_text(&r, ret->name, sizeof(ret->name));

	ret->offset_s = (int32_t)buf_get_u32le(&r);
	if (!name || !policy_offset_valid(ret->offset_s) ||
		!get_changes(alloc, &r, ret) || !buf_complete(&r))
		return "a time zone is malformed";
	return NULL;
}

static bool
get_daytimes(struct buf_reader *r, struct policy_when *when)
{
	while (buf_left(r) > 0 && !r->failed) {
		struct policy_daytime *t = &when->times[when->n_times];

		if (when->n_times == POLICY_DAYTIMES)
			return false;
		t->from_s = buf_get_u32le(r);
		t->until_s = buf_get_u32le(r);
		if (t->from_s >= POLICY_DAY_S || t->until_s > POLICY_DAY_S)
			return false;
		when->n_times++;
	}
	return buf_complete(r);
}

const char *
policy_when_read(
	struct buf_reader *body, size_t n_zones, struct policy_when *ret)
{
	struct buf_reader r = next_record(body);
	struct policy_when w;

	policy_when_init(&w);

	bool name = get_text(&r, w.name, sizeof(w.name));

	w.zone = buf_get_u32le(&r);
	w.days = buf_get_u8(&r);
	w.months = buf_get_u16le(&r);
	w.month_days = buf_get_u32le(&r);
	w.valid_from_s = (int64_t)buf_get_u64le(&r);
	w.valid_until_s = (int64_t)buf_get_u64le(&r);
	if (!name || w.zone >= n_zones || w.days >> 7 != 0 ||
		w.months >> 12 != 0 || w.month_days >> 31 != 0)
		return "a time is malformed";
	if ((w.valid_from_s != INT64_MIN &&
		    !policy_moment_valid(w.valid_from_s)) ||
		(w.valid_until_s != INT64_MAX &&
			!policy_moment_valid(w.valid_until_s)) ||
		!get_daytimes(&r, &w))
		return "a time is out of range";
	*ret = w;
	return NULL;
}

const char *
policy_pool_read(struct buf_reader *body, struct policy_pool *ret)
{
	struct buf_reader r = next_record(body);
	struct policy_pool p;
	bool name = get_text(&r, p.name, sizeof(p.name));

	p.rate_Bps = buf_get_u64le(&r);
	p.max_flows = buf_get_u64le(&r);
	p.headroom_percent = buf_get_u64le(&r);
	p.soft_percent = buf_get_u64le(&r);
	if (!buf_complete(&r) || !name || !policy_name_valid(p.name) ||
		p.headroom_percent > 100 ||
		(p.soft_percent > 100 && p.soft_percent != POLICY_UNLIMITED))
		return "a pool is malformed";
	*ret = p;
	return NULL;
}
