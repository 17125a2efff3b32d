/* SPDX-License-Identifier: ISC */
#include "t_alloc.h"
#include "t_policy.h"

/* Each grant another value, as far as it may have one. */
static void
set_grants(struct policy_category *c)
{
	size_t n;
	const struct policy_grant *grants = policy_grants(&n);

	for (size_t i = 0; i < n; i++) {
		uint64_t value = 11 + i;

		if (grants[i].unit > POLICY_UNIT_DSCP)
			value = policy_unit_words(grants[i].unit)[1].value;
		policy_grant_set(c, &grants[i], value);
	}
}

static void
rich_rule(struct policy_set *set, struct policy_rule *r)
{
	struct policy_when *w;

	t_zone(set, "Europe/Berlin", 3600, 1000, 7200);
	w = t_when(set, "");
	w->days = 0x1f;
	w->months = 0x801;
	w->month_days = 0x40000001;
	w->valid_from_s = 5;
	w->valid_until_s = 6;
	w->n_times = 2;
	w->times[0] = (struct policy_daytime){ 28800, 64800 };
	w->times[1] = (struct policy_daytime){ 79200, 86400 };
	(void)t_when(set, "office");
	r->own_when = 0;
	t_whens(r, 1);
	t_whens(r, 0);
	r->disabled = true;
	r->goes_on = true;
	r->styles = 1 << POLICY_STYLE_SE;
	r->messages = 1 << POLICY_RESV;
	r->multicast = POLICY_BIT_YES;
	r->identified = POLICY_BIT_NO;
	t_span(r, POLICY_SPAN_DSCP, 46, 63);
	t_range(r, POLICY_ADDR_HOST, "10.0.0.3", "10.0.0.3");
	t_range(r, POLICY_ADDR_NEIGHBOUR, "::1", "::1");
	t_iface_of(r, POLICY_IFACE_IN, "in0");
	t_iface_of(r, POLICY_IFACE_OUT, "out0");
	t_name(r, POLICY_NAME_PRINCIPAL, "*@EXAMPLE.ORG");
	t_name(r, POLICY_NAME_SUBJECT, "O=Example");
	t_name(r, POLICY_NAME_WHO_APPLICATION, "APP=a");
	t_name(r, POLICY_NAME_APPLICATION, "APP=b");
	t_name(r, POLICY_NAME_ISSUER, "CN=ca");
}

/* A set that uses every field. */
static struct policy_set *
rich_set(void)
{
	struct policy_set *set = t_set();
	struct policy_category *c = t_category(set, "gold");
	struct policy_rule *r = t_rule(set, "studio", "gold");

	c->origin = POLICY_FROM_DIRECTORY;
	set_grants(c);
	c->pool = 0;
	t_pool(set, "hall")->rate_Bps = 7;
	set->pools[0].max_flows = 8;
	set->pools[0].headroom_percent = 9;
	set->pools[0].soft_percent = 10;
	t_category(set, "silver")->deny = true;
	set->source_key = 99;
	r->priority = -77;
	r->origin = POLICY_FROM_DIRECTORY;
	r->scope = POLICY_SCOPE_BOTH;
	r->services = POLICY_BIT_GS;
	r->roles = 1 << POLICY_TRANSIT;
	t_span(r, POLICY_SPAN_USER, 1, 2);
	t_span(r, POLICY_SPAN_GROUP, 3, 4);
	t_span(r, POLICY_SPAN_PROTO, 5, 6);
	t_span(r, POLICY_SPAN_SRC_PORT, 7, 8);
	t_span(r, POLICY_SPAN_DST_PORT, 9, 10);
	t_span(r, POLICY_SPAN_DST_PORT, 11, 12);
	t_range(r, POLICY_ADDR_SRC, "10.0.0.1", "10.0.0.9");
	t_range(r, POLICY_ADDR_DST, "2001:db8::", "2001:db8::ff");
	t_range(r, POLICY_ADDR_DST, "192.0.2.1", "192.0.2.1");
	t_iface(r, "eth*");
	t_iface(r, "wlan0");
	rich_rule(set, r);
	t_rule(set, "no-guests", "silver")->deny = true;
	t_sort(set);
	return set;
}

struct bytes {
	uint8_t *at;
	size_t len;
};

static struct bytes
write_set(const struct policy_set *set)
{
	struct bytes b = { 0 };

	T_CHECK(policy_snapshot_write(set, &b.at, &b.len), "not written");
	return b;
}

static struct bytes
rich(void)
{
	struct policy_set *set = rich_set();
	struct bytes b = write_set(set);

	policy_set_free(set);
	return b;
}

static void
drop(struct bytes *b)
{
	alloc_put(alloc_heap(), b->at);
	b->at = NULL;
}

/* Load whole; the state at the end. */
static enum policy_load_state
try(const void *bytes, size_t len, struct policy_load **ret_load)
{
	struct policy_load *load = policy_load_begin(alloc_heap(), bytes, len);
	enum policy_load_state state;

	T_CHECK(load != NULL, "no memory");
	do
		state = policy_load_step(load, 1000);
	while (state == POLICY_LOAD_MORE);
	T_EQ(policy_load_problem(load)[0] != '\0',
		state == POLICY_LOAD_REFUSED);
	if (ret_load)
		*ret_load = load;
	else
		policy_load_drop(load);
	return state;
}

static void
what_is_written_is_read(void)
{
	struct bytes b = rich();
	struct policy_load *load;
	struct policy_set *set;
	struct bytes again;

	T_EQ(try(b.at, b.len, &load), POLICY_LOAD_READY);
	set = policy_load_take_set(load);
	T_EQ(set->n_categories, 2);
	T_EQ(set->n_rules, 2);
	T_EQ(set->generation, 7);
	T_EQ(set->made_unix_s, 1234567);
	T_EQ(set->source_key, 99);
	T_STR(set->source, "test");
	T_EQ(set->default_why, POLICY_DEFAULT_DENY);
	T_EQ(set->categories[0].max_packet_bytes, 11 + 4);
	T_EQ(set->categories[0].aggregate_Bps, 11 + 6);
	T_EQ(set->categories[0].pool, 0);
	T_STR(set->pools[0].name, "hall");
	T_EQ(set->pools[0].rate_Bps, 7);
	T_CHECK(set->categories[1].deny, "silver denies");
	T_STR(set->rules[0]->name, "no-guests");
	T_EQ(set->rules[1]->priority, -77);
	T_EQ(set->rules[1]->spans[POLICY_SPAN_DST_PORT].at[1].hi, 12);
	T_EQ(set->rules[1]->addrs[POLICY_ADDR_DST].at[0].hi.b[15], 0xff);
	T_STR(set->rules[1]->ifaces[0].at[1].glob, "wlan0");
	T_STR(set->rules[1]->names[POLICY_NAME_ISSUER].at[0].text, "CN=ca");
	T_EQ(set->rules[1]->own_when, 0);
	T_EQ(set->rules[1]->whens.at[0], 1);
	T_EQ(set->times.zones[0].changes[0].offset_s, 7200);
	T_EQ(set->times.whens[0].times[1].until_s, 86400);
	/* Every field: the bytes come out the same. */
	again = write_set(set);
	T_EQ(again.len, b.len);
	T_EQ(memcmp(again.at, b.at, b.len), 0);
	policy_index_free(policy_load_take_index(load));
	policy_set_free(set);
	policy_load_drop(load);
	drop(&again);
	drop(&b);
}

static void
every_truncation_is_refused(void)
{
	struct bytes b = rich();

	for (size_t len = 0; len < b.len; len++) {
		/* A copy of its own, so that a read past it is seen. */
		uint8_t *cut = (uint8_t *)t_zeroed(len + 1);
		uint8_t *exact;

		memcpy(cut, b.at, len);
		exact = (uint8_t *)realloc(cut, len > 0 ? len : 1);
		T_EQ(try(exact, len, NULL), POLICY_LOAD_REFUSED);
		free(exact);
	}
	drop(&b);
}

static void
every_flipped_octet_is_refused(void)
{
	struct bytes b = rich();

	for (size_t i = 0; i < b.len; i++)
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			b.at[i] ^= (uint8_t)flip;
			T_CHECK(try(b.at, b.len, NULL) == POLICY_LOAD_REFUSED,
				"octet %zu", i);
			b.at[i] ^= (uint8_t)flip;
		}
	T_EQ(try(b.at, b.len, NULL), POLICY_LOAD_READY);
	drop(&b);
}

static void
surplus_is_refused(void)
{
	struct bytes b = rich();
	uint8_t *more = (uint8_t *)t_zeroed(b.len + 1);

	memcpy(more, b.at, b.len);
	T_EQ(try(more, b.len + 1, NULL), POLICY_LOAD_REFUSED);
	free(more);
	drop(&b);
}

/* What is wrong with the head is told as that. */
static void
a_head_says_what_is_wrong_with_it(void)
{
	static const struct {
		size_t at;
		const char *problem;
	} rows[] = { { 0, "not a policy snapshot" },
		{ 4, "a version of the snapshot that is not known" },
		{ 6, "the head of the snapshot is damaged" },
		{ 9, "the head of the snapshot is damaged" } };
	struct bytes b = rich();
	struct policy_load *load;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b.at[rows[i].at] ^= 1;
		T_EQ(try(b.at, b.len, &load), POLICY_LOAD_REFUSED);
		T_STR(policy_load_problem(load), rows[i].problem);
		policy_load_drop(load);
		b.at[rows[i].at] ^= 1;
	}
	T_EQ(try(b.at, b.len - 1, &load), POLICY_LOAD_REFUSED);
	T_STR(policy_load_problem(load),
		"the snapshot is not as long as it says");
	policy_load_drop(load);
	drop(&b);
}

/* ---- past the digest: a writer that lies consistently ------------------- */

static void
put64(uint8_t *at, uint64_t v)
{
	struct buf_writer w = buf_writer(at, 8);

	buf_put_u64le(&w, v);
}

/* Make the digests fit the octets again. */
static void
sign(struct bytes *b)
{
	struct buf_reader r = buf_reader(b->at, b->len);
	size_t head;

	(void)buf_take(&r, 6);
	head = buf_get_u16le(&r);
	T_CHECK(head > 16 && head <= b->len, "a head of %zu", head);
	put64(b->at + head - 16, policy_digest(POLICY_DIGEST_START,
					 b->at + head, b->len - head));
	put64(b->at + head - 8,
		policy_digest(POLICY_DIGEST_START, b->at, head - 8));
}

static size_t
head_of(const struct bytes *b)
{
	return (size_t)b->at[6] | (size_t)b->at[7] << 8;
}

/* Whatever the body holds: refused, or a set that holds what it must. */
static void
expect_sound(struct policy_load *load)
{
	struct policy *p = policy_new(alloc_heap());
	struct policy_request q = t_request();
	struct policy_rule_info info;

	policy_load_switch(p, load);
	for (size_t i = 0; policy_rule_at(p, i, &info); i++)
		T_CHECK(policy_name_valid(info.name), "a bad name");
	(void)t_decide(p, &q, 0);
	q.dst = t_addr("2001:db8::1");
	(void)t_decide(p, &q, 0);
	policy_free(p);
}

static void
signed_nonsense_never_crashes(void)
{
	struct bytes b = rich();
	uint8_t *good = (uint8_t *)t_zeroed(b.len);
	size_t head = head_of(&b);
	uint64_t seed = 9;
	size_t taken = 0;

	memcpy(good, b.at, b.len);
	for (size_t i = head; i < b.len; i++)
		for (int k = 0; k < 40; k++) {
			struct policy_load *load;

			memcpy(b.at, good, b.len);
			b.at[i] = (uint8_t)t_random(&seed, 256);
			if (k < 2)
				b.at[i] = k == 0 ? 0 : 0xff;
			if (k > 20)
				b.at[head + t_random(&seed,
						    (uint32_t)(b.len - head))] =
					(uint8_t)t_random(&seed, 256);
			sign(&b);
			if (try(b.at, b.len, &load) == POLICY_LOAD_READY) {
				taken++;
				expect_sound(load);
			} else {
				policy_load_drop(load);
			}
		}
	T_CHECK(taken > 100, "only %zu were sound", taken);
	free(good);
	drop(&b);
}

static void
signed_truncations_are_refused(void)
{
	struct bytes b = rich();
	size_t head = head_of(&b);

	for (size_t len = head; len < b.len; len++) {
		struct bytes cut = { (uint8_t *)t_zeroed(len), len };

		memcpy(cut.at, b.at, len);
		put64(cut.at + head - 24, len - head);
		sign(&cut);
		T_CHECK(try(cut.at, len, NULL) == POLICY_LOAD_REFUSED,
			"length %zu", len);
		free(cut.at);
	}
	drop(&b);
}

/* One octet more, in the last record or behind it, and all lengths right. */
static void
signed_surplus_is_refused(void)
{
	static const char *const problems[] = {
		"the snapshot has octets left over", "a rule is malformed"
	};
	struct policy_set *set = t_set();
	size_t head;
	size_t record;
	struct bytes b;

	(void)t_rule(set, "r", NULL);
	t_sort(set);
	b = write_set(set);
	head = head_of(&b);
	record = head + 21;
	T_EQ(b.at[record], b.len - record - 4);
	for (size_t inside = 0; inside < 2; inside++) {
		struct bytes more = { (uint8_t *)t_zeroed(b.len + 1),
			b.len + 1 };
		struct policy_load *load;

		memcpy(more.at, b.at, b.len);
		more.at[record] = (uint8_t)(more.at[record] + inside);
		put64(more.at + head - 24, more.len - head);
		sign(&more);
		T_EQ(try(more.at, more.len, &load), POLICY_LOAD_REFUSED);
		T_STR(policy_load_problem(load), problems[inside]);
		policy_load_drop(load);
		free(more.at);
	}
	drop(&b);
	policy_set_free(set);
}

/* A body that announces so many and has octets enough for all. */
static bool
announces(const struct bytes *model, size_t which, uint32_t count, size_t least)
{
	enum { DEFAULT_WHY = 1, HEAD = DEFAULT_WHY + 5 * 4 };
	size_t head = head_of(model);
	struct bytes b = { .len = head + HEAD + count * least };
	struct policy_load *load;
	bool fits;

	b.at = (uint8_t *)t_zeroed(b.len);
	memcpy(b.at, model->at, head + DEFAULT_WHY);
	memcpy(b.at + head + DEFAULT_WHY + which * 4, &count, sizeof(count));
	put64(b.at + head - 24, b.len - head);
	sign(&b);
	T_EQ(try(b.at, b.len, &load), POLICY_LOAD_REFUSED);
	fits = strcmp(policy_load_problem(load),
		       "the snapshot announces more than it holds") != 0;
	policy_load_drop(load);
	drop(&b);
	return fits;
}

static void
so_many_of_each_and_no_more(void)
{
	static const uint32_t most[] = { POLICY_ZONES_MAX, POLICY_WHENS_MAX,
		POLICY_POOLS_MAX, POLICY_CATEGORIES_MAX, POLICY_RULES_MAX };
	enum { MORE_THAN_LEAST = 80 };
	struct bytes b = rich();

	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		T_CHECK(announces(&b, i, most[i], MORE_THAN_LEAST), "%zu", i);
		T_CHECK(!announces(&b, i, most[i] + 1, MORE_THAN_LEAST), "%zu",
			i);
		/* However few: what cannot hold them is not taken. */
		T_CHECK(announces(&b, i, 100, 12), "%zu", i);
		T_CHECK(!announces(&b, i, 100, 11), "%zu", i);
	}
	drop(&b);
}

/* ---- sets that no policyd makes ----------------------------------------- */

struct lie {
	const char *name;
	void (*tell)(struct policy_set *set);
	const char *problem;
};

/* clang-format off */
static void truth(struct policy_set *set) { (void)set; }
static void l_default(struct policy_set *set) { set->default_why = POLICY_DEFAULT_NOT_YET; }
static void l_category(struct policy_set *set) { set->rules[1]->category = 2; }
static void l_order(struct policy_set *set) { set->rules[0]->priority = -78; }
static void l_double(struct policy_set *set) { (void)text_copy(set->rules[1]->name, POLICY_NAME, "no-guests"); }
static void l_span(struct policy_set *set) { set->rules[1]->spans[POLICY_SPAN_USER].at[0].lo = 3; }
static void l_proto(struct policy_set *set) { set->rules[1]->spans[POLICY_SPAN_PROTO].at[0].hi = 256; }
static void l_sport(struct policy_set *set) { set->rules[1]->spans[POLICY_SPAN_SRC_PORT].at[0].hi = 65536; }
static void l_dport(struct policy_set *set) { set->rules[1]->spans[POLICY_SPAN_DST_PORT].at[1].hi = 65536; }
static void l_addr(struct policy_set *set) { set->rules[1]->addrs[POLICY_ADDR_SRC].at[0].hi.b[0] = 9; }
static void l_family(struct policy_set *set) { set->rules[1]->addrs[POLICY_ADDR_SRC].at[0].lo.family = 5; }
static void l_scope(struct policy_set *set) { set->rules[1]->scope = 4; }
static void l_no_scope(struct policy_set *set) { set->rules[1]->scope = 0; }
static void l_service(struct policy_set *set) { set->rules[1]->services = 4; }
static void l_role(struct policy_set *set) { set->rules[1]->roles = 8; }
static void l_origin(struct policy_set *set) { set->rules[1]->origin = 2; }
static void l_iface(struct policy_set *set) { set->rules[1]->ifaces[0].at[0].glob[0] = '\0'; }
static void l_iface_char(struct policy_set *set) { set->rules[1]->ifaces[0].at[0].glob[0] = '\n'; }
static void l_name(struct policy_set *set) { set->rules[1]->name[0] = '\0'; }
static void l_source(struct policy_set *set) { set->source[1] = '\x1b'; }
static void l_name_char(struct policy_set *set) { set->rules[1]->name[0] = '\x1b'; }
static void l_c_name(struct policy_set *set) { set->categories[0].name[0] = ' '; }
static void l_c_origin(struct policy_set *set) { set->categories[0].origin = 2; }
static void l_c_service(struct policy_set *set) { set->categories[0].max_service = 3; }
static void l_c_defending(struct policy_set *set) { set->categories[0].defending = 10; }
static void l_c_half(struct policy_set *set) { set->categories[0].defending = POLICY_UNLIMITED; }
static void l_c_dscp(struct policy_set *set) { set->categories[0].dscp_in = 64; }
static void l_c_action(struct policy_set *set) { set->categories[0].excess = 4; }
static void l_c_percent(struct policy_set *set) { set->categories[0].soft_percent = 101; }
static void l_c_pool(struct policy_set *set) { set->categories[0].pool = 1; }
static void l_p_name(struct policy_set *set) { set->pools[0].name[0] = ' '; }
static void l_p_headroom(struct policy_set *set) { set->pools[0].headroom_percent = 101; }
static void l_p_soft(struct policy_set *set) { set->pools[0].soft_percent = 101; }
static void l_rules(struct policy_set *set) { set->n_rules = 1; }

static void l_style(struct policy_set *set) { struct policy_rule *r = set->rules[1]; r->styles = 1; }
static void l_message(struct policy_set *set) { struct policy_rule *r = set->rules[1]; r->messages = 4; }
static void l_multicast(struct policy_set *set) { struct policy_rule *r = set->rules[1]; r->multicast = 4; }
static void l_identified(struct policy_set *set) { struct policy_rule *r = set->rules[1]; r->identified = 4; }
static void l_dscp(struct policy_set *set) { struct policy_rule *r = set->rules[1]; r->spans[POLICY_SPAN_DSCP].at[0].hi = 64; }
static void l_own(struct policy_set *set) { struct policy_rule *r = set->rules[1]; r->own_when = 2; }
static void l_whens(struct policy_set *set) { struct policy_rule *r = set->rules[1]; r->whens.at[1] = 2; }
static void l_glob(struct policy_set *set) { struct policy_rule *r = set->rules[1]; r->names[1].at[0].text[0] = '\0'; }
static void l_w_zone(struct policy_set *set) { struct policy_when *w = &set->times.whens[0]; w->zone = 1; }
static void l_w_days(struct policy_set *set) { struct policy_when *w = &set->times.whens[0]; w->days = 0x80; }
static void l_w_months(struct policy_set *set) { struct policy_when *w = &set->times.whens[0]; w->months = 0x1000; }
static void l_w_mdays(struct policy_set *set) { struct policy_when *w = &set->times.whens[0]; w->month_days = 0x80000000; }
static void l_w_from(struct policy_set *set) { struct policy_when *w = &set->times.whens[0]; w->valid_from_s = INT64_MAX; }
static void l_w_until(struct policy_set *set) { struct policy_when *w = &set->times.whens[0]; w->valid_until_s = INT64_MIN; }
static void l_w_time(struct policy_set *set) { struct policy_when *w = &set->times.whens[0]; w->times[1].from_s = 86400; }
static void l_w_end(struct policy_set *set) { struct policy_when *w = &set->times.whens[0]; w->times[1].until_s = 86401; }
static void l_z_offset(struct policy_set *set) { struct policy_zone *z = &set->times.zones[0]; z->offset_s = 93601; }
static void l_z_change(struct policy_set *set) { struct policy_zone *z = &set->times.zones[0]; z->changes[0].offset_s = -93601; }
static void l_z_at(struct policy_set *set) { struct policy_zone *z = &set->times.zones[0]; z->changes[0].at_s = INT64_MAX; }
static void l_z_order(struct policy_set *set) { struct policy_zone *z = &set->times.zones[0]; z->count = 2; z->changes[1] = z->changes[0]; }

static const struct lie lies[] = {
	{ "none", truth, "" },
	{ "fewer rules", l_rules, "" },
	{ "an unknown default", l_default, "the counts of the snapshot are malformed" },
	{ "a reference past the categories", l_category, "a rule is malformed" },
	{ "rules out of order", l_order, "the rules are not in the order of decision" },
	{ "a name twice", l_double, "two rules have one name" },
	{ "users upside down", l_span, "a rule is malformed" },
	{ "protocol 256", l_proto, "a rule is malformed" },
	{ "source port 65536", l_sport, "a rule is malformed" },
	{ "destination port 65536", l_dport, "a rule is malformed" },
	{ "addresses upside down", l_addr, "a rule is malformed" },
	{ "an unknown family", l_family, "a rule is malformed" },
	{ "an unknown scope", l_scope, "a rule is malformed" },
	{ "no scope", l_no_scope, "a rule is malformed" },
	{ "an unknown service", l_service, "a rule is malformed" },
	{ "an unknown role", l_role, "a rule is malformed" },
	{ "an unknown origin", l_origin, "a rule is malformed" },
	{ "an empty interface", l_iface, "a rule is malformed" },
	{ "an interface with a control character", l_iface_char, "a rule is malformed" },
	{ "no name", l_name, "a rule is malformed" },
	{ "a source with a control character", l_source, "the head of the snapshot is damaged" },
	{ "a name with a control character", l_name_char, "a rule is malformed" },
	{ "a category's name with a blank", l_c_name, "a category is malformed" },
	{ "a category's unknown origin", l_c_origin, "a category has a value out of range" },
	{ "a category's unknown service", l_c_service, "a category has a value out of range" },
	{ "an unknown style", l_style, "a rule is malformed" },
	{ "an unknown message", l_message, "a rule is malformed" },
	{ "an unknown answer", l_multicast, "a rule is malformed" },
	{ "another unknown answer", l_identified, "a rule is malformed" },
	{ "code point 64", l_dscp, "a rule is malformed" },
	{ "a time past the times", l_own, "a rule is malformed" },
	{ "another time past the times", l_whens, "a rule is malformed" },
	{ "an empty name", l_glob, "a rule is malformed" },
	{ "a zone past the zones", l_w_zone, "a time is malformed" },
	{ "an eighth day", l_w_days, "a time is malformed" },
	{ "a thirteenth month", l_w_months, "a time is malformed" },
	{ "a 32nd", l_w_mdays, "a time is malformed" },
	{ "never valid", l_w_from, "a time is out of range" },
	{ "long over", l_w_until, "a time is out of range" },
	{ "a time from midnight", l_w_time, "a time is out of range" },
	{ "a time past midnight", l_w_end, "a time is out of range" },
	{ "an offset of 26 hours and more", l_z_offset, "a time zone is malformed" },
	{ "a change by as much", l_z_change, "a time zone is malformed" },
	{ "a change at the end of time", l_z_at, "a time zone is malformed" },
	{ "changes at one moment", l_z_order, "a time zone is malformed" },
	{ "preemption without defending", l_c_half, "a category has a value out of range" },
	{ "a mark of 64", l_c_dscp, "a category has a value out of range" },
	{ "an unknown action", l_c_action, "a category has a value out of range" },
	{ "more than all", l_c_percent, "a category has a value out of range" },
	{ "a pool past the pools", l_c_pool, "a category has a value out of range" },
	{ "a pool's name with a blank", l_p_name, "a pool is malformed" },
	{ "a headroom over all", l_p_headroom, "a pool is malformed" },
	{ "a soft limit over all", l_p_soft, "a pool is malformed" },
	{ "defending below preemption", l_c_defending, "a category has a value out of range" },
};
/* clang-format on */

static void
every_lie_is_found(void)
{
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct policy_set *set = rich_set();
		size_t n_rules = set->n_rules;
		struct policy_load *load;
		struct bytes b;

		lies[i].tell(set);
		b = write_set(set);
		(void)try(b.at, b.len, &load);
		T_CHECK(strcmp(policy_load_problem(load), lies[i].problem) == 0,
			"%s: %s", lies[i].name, policy_load_problem(load));
		policy_load_drop(load);
		drop(&b);
		set->n_rules = n_rules;
		policy_set_free(set);
	}
}

static void
counts_beyond_the_octets_are_refused(void)
{
	struct bytes b = rich();
	size_t head = head_of(&b);

	for (size_t at = head + 1; at <= head + 5; at += 4) {
		struct bytes lie = { (uint8_t *)t_zeroed(b.len), b.len };
		struct policy_load *load;

		memcpy(lie.at, b.at, b.len);
		lie.at[at + 2] = 1; /* 65536 more */
		sign(&lie);
		T_EQ(try(lie.at, lie.len, &load), POLICY_LOAD_REFUSED);
		T_STR(policy_load_problem(load),
			"the snapshot announces more than it holds");
		policy_load_drop(load);
		free(lie.at);
	}
	drop(&b);
}

/* ---- slices ------------------------------------------------------------- */

static void
slices_are_small_and_lead_to_the_same(void)
{
	struct policy_set *set = t_set();
	struct bytes b;

	for (int i = 0; i < 200; i++) {
		char name[POLICY_NAME];

		(void)snprintf(name, sizeof(name), "rule-%03d", i);
		t_span(t_rule(set, name, NULL), POLICY_SPAN_USER, 1, 1);
	}
	t_sort(set);
	b = write_set(set);
	for (size_t budget = 1; budget < 500; budget = budget * 3 + 1) {
		struct policy *p = policy_new(alloc_heap());
		struct policy_load *load =
			policy_load_begin(alloc_heap(), b.at, b.len);
		struct policy_status status;
		size_t steps = 1;

		while (policy_load_step(load, budget) == POLICY_LOAD_MORE)
			steps++;
		T_CHECK(steps >= 206 / budget &&
				steps <= (b.len / 256 + 206) / budget + 3,
			"%zu steps of %zu", steps, budget);
		policy_load_switch(p, load);
		policy_status(p, &status);
		T_EQ(status.rules, 200);
		policy_free(p);
	}
	drop(&b);
	policy_set_free(set);
}

static void
a_load_that_is_not_ready_is_not_switched_to(void)
{
	struct policy_set *set = t_set();
	struct policy_status status;
	struct bytes b = rich();
	struct policy *p;

	(void)t_rule(set, "old", NULL);
	p = t_policy(set);
	policy_load_switch(p, policy_load_begin(alloc_heap(), b.at, b.len));
	policy_status(p, &status);
	T_EQ(status.rules, 1);
	policy_load_drop(policy_load_begin(alloc_heap(), b.at, b.len));
	policy_load_drop(NULL);
	policy_free(p);
	drop(&b);
}

static void
an_empty_set_loads(void)
{
	struct policy_set *set = t_set();
	struct bytes b = write_set(set);

	T_EQ(try(b.at, b.len, NULL), POLICY_LOAD_READY);
	drop(&b);
	policy_set_free(set);
}

static void
only_the_rules_make_the_digest(void)
{
	struct policy_set *set = rich_set();
	struct bytes a = write_set(set);
	struct policy_head x;
	struct policy_head y;
	struct bytes b;

	set->generation++;
	set->made_unix_s++;
	(void)text_copy(set->source, sizeof(set->source), "elsewhere");
	b = write_set(set);
	T_CHECK(!policy_head_read(a.at, a.len, &x), "not read");
	T_CHECK(!policy_head_read(b.at, b.len, &y), "not read");
	T_CHECK(x.body_digest == y.body_digest, "other digests");
	drop(&b);
	set->categories[0].max_flows++;
	b = write_set(set);
	T_CHECK(!policy_head_read(b.at, b.len, &y), "not read");
	T_CHECK(x.body_digest != y.body_digest, "the same digest");
	drop(&a);
	drop(&b);
	policy_set_free(set);
}

/* ---- lack of memory ----------------------------------------------------- */

/* How many it takes when none fails. */
static size_t
allocations_of(const struct bytes *b)
{
	enum { PLENTY = 100000 };
	struct t_ration ration = { PLENTY, 0 };
	const struct alloc alloc = t_ration_alloc(&ration);
	struct policy_load *load = policy_load_begin(&alloc, b->at, b->len);

	while (policy_load_step(load, 100) == POLICY_LOAD_MORE)
		;
	policy_load_drop(load);
	return PLENTY - ration.left;
}

static void
survive_each(struct bytes b, size_t least)
{
	bool done = false;
	size_t n;

	for (n = 0; !done; n++) {
		struct t_ration ration = { n, 0 };
		const struct alloc alloc = t_ration_alloc(&ration);
		struct policy_load *load =
			policy_load_begin(&alloc, b.at, b.len);
		enum policy_load_state state = POLICY_LOAD_MORE;

		while (load && state == POLICY_LOAD_MORE)
			state = policy_load_step(load, 100);
		done = load && state == POLICY_LOAD_READY;
		policy_load_drop(load);
		T_EQ(ration.held, 0);
	}
	T_CHECK(n > least, "only %zu allocations", n);
	/* It was not taken for whole while something was missing. */
	T_EQ(n - 1, allocations_of(&b));
	drop(&b);
}

static void
each_failing_allocation_is_survived(void)
{
	struct policy_set *set = t_set();

	survive_each(rich(), 15);
	/* Places in the index: by user and prefix, several in one. */
	for (int i = 0; i < 5; i++) {
		char name[POLICY_NAME];
		struct policy_rule *r;

		(void)snprintf(name, sizeof(name), "rule-%d", i);
		r = t_rule(set, name, NULL);
		t_span(r, POLICY_SPAN_USER, 1, 1);
		t_span(r, POLICY_SPAN_USER, 2, 2);
		t_range(r, POLICY_ADDR_DST, "10.0.0.0", "10.0.0.255");
		t_range(r, POLICY_ADDR_DST, "2001:db8::", "2001:db8::f");
	}
	t_sort(set);
	survive_each(write_set(set), 25);
	policy_set_free(set);
}

static struct t_case cases[] = {
	{ "what is written is read", what_is_written_is_read },
	{ "every truncation is refused", every_truncation_is_refused },
	{ "every flipped octet is refused", every_flipped_octet_is_refused },
	{ "surplus is refused", surplus_is_refused },
	{ "a head says what is wrong with it",
		a_head_says_what_is_wrong_with_it },
	{ "signed nonsense never crashes", signed_nonsense_never_crashes },
	{ "signed truncations are refused", signed_truncations_are_refused },
	{ "so many of each and no more", so_many_of_each_and_no_more },
	{ "signed surplus is refused", signed_surplus_is_refused },
	{ "every lie is found", every_lie_is_found },
	{ "counts beyond the octets are refused",
		counts_beyond_the_octets_are_refused },
	{ "slices are small and lead to the same",
		slices_are_small_and_lead_to_the_same },
	{ "a load that is not ready is not switched to",
		a_load_that_is_not_ready_is_not_switched_to },
	{ "an empty set loads", an_empty_set_loads },
	{ "only the rules make the digest", only_the_rules_make_the_digest },
	{ "each failing allocation is survived",
		each_failing_allocation_is_survived },
};
T_MAIN(cases)
