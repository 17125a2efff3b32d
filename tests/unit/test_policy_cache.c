/* SPDX-License-Identifier: ISC */

/* What is in force and its copy on disk: policy/force.c and policy/cache.c,
 * in a directory of the test's own. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "policy/force_int.h"
#include "policy/state_int.h"
#include "t_policy.h"

enum { ENTRIES = 5, COOKIE = 3, LONG_AGO = 1000000 };

/* ---- the parts around it ------------------------------------------------- */

static bool remembers;

bool
dir_remember(struct dir *dir, struct dir_memory *ret, uint8_t **ret_bytes)
{
	(void)dir;
	if (!remembers)
		return false;
	*ret_bytes = (uint8_t *)malloc(ENTRIES);
	T_CHECK(*ret_bytes != NULL, "no memory");
	memcpy(*ret_bytes, "abcde", ENTRIES);
	*ret = (struct dir_memory){ .mirror = buf_reader(*ret_bytes, ENTRIES),
		.cookie_len = COOKIE,
		.cookie_unix_s = 55 };
	memcpy(ret->cookie, "xyz", COOKIE);
	(void)text_copy(ret->uri, sizeof(ret->uri), "ldap://a");
	return true;
}

/* ---- the bench ----------------------------------------------------------- */

struct bench {
	char dir[32];
	struct force force;
	struct source_directory directory;
};

static void
begin(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	(void)text_copy(b->dir, sizeof(b->dir), "/tmp/t_cache.XXXXXX");
	T_CHECK(mkdtemp(b->dir) != NULL, "no directory: %d", errno);
	b->force.state_dir = b->dir;
	b->force.save_at = MONO_NEVER;
	remembers = true;
	b->directory.present = true;
	b->directory.max_age_s = 77;
	b->directory.stale = SOURCE_STALE_KEEP;
	(void)text_copy(b->directory.base, SOURCE_TEXT, "o=x");
}

static void
done(struct bench *b)
{
	alloc_put(alloc_heap(), b->force.snapshot);
	free(b->force.cache.bytes);
	T_EQ(state_remove(b->dir, "policy.cache"), 0);
	T_EQ(rmdir(b->dir), 0);
}

static enum force_change
publish(struct bench *b, const char *rule, uint64_t source_key)
{
	struct policy_set *set = t_set();
	enum force_change change;

	(void)t_rule(set, rule, NULL);
	t_sort(set);
	set->source_key = source_key;
	change = force_publish(&b->force, set);
	policy_set_free(set);
	return change;
}

static uint64_t
generation_of(const struct force *f)
{
	struct policy_head head;

	T_CHECK(!force_problem(f->snapshot, f->len, &head), "a bad snapshot");
	return head.generation;
}

/* A new policyd with what is on disk. */
static bool
again(struct bench *b, struct force *ret)
{
	*ret = (struct force){ .state_dir = b->dir, .save_at = MONO_NEVER };
	return force_start(ret);
}

static void
drop(struct force *f)
{
	alloc_put(alloc_heap(), f->snapshot);
	free(f->cache.bytes);
}

/* ---- in force ------------------------------------------------------------ */

static void
the_same_rules_keep_their_generation(void)
{
	struct bench b;

	begin(&b);
	T_EQ(force_source_key(&b.force), 0);
	T_EQ(publish(&b, "a", 7), FORCE_NEW);
	T_EQ(b.force.generation, 1);
	T_EQ(generation_of(&b.force), 1);
	T_EQ(force_source_key(&b.force), 7);
	T_EQ(publish(&b, "a", 7), FORCE_SAME);
	T_EQ(b.force.generation, 1);
	/* From another source: known to be from there, nothing else. */
	T_EQ(publish(&b, "a", 8), FORCE_SAME);
	T_EQ(force_source_key(&b.force), 8);
	T_EQ(b.force.generation, 1);
	T_EQ(generation_of(&b.force), 1);
	T_EQ(publish(&b, "b", 8), FORCE_NEW);
	T_EQ(b.force.generation, 2);
	T_EQ(generation_of(&b.force), 2);
	done(&b);
}

static void
a_change_is_saved_soon_but_not_always_again(void)
{
	struct bench b;
	struct mono before;
	struct mono first;

	begin(&b);
	before = os_now();
	T_EQ(publish(&b, "a", 7), FORCE_NEW);
	first = b.force.save_at;
	T_CHECK(first.us >= mono_add_ms(before, 50).us &&
			first.us <= mono_add_ms(os_now(), 50).us,
		"soon");
	T_EQ(publish(&b, "b", 7), FORCE_NEW);
	T_EQ(b.force.save_at.us, first.us);
	/* Twenty times as long as the last save took. */
	b.force.save_at = MONO_NEVER;
	b.force.save_ms = 1000;
	before = os_now();
	force_save_soon(&b.force);
	T_CHECK(b.force.save_at.us >= mono_add_ms(before, 20000).us &&
			b.force.save_at.us <= mono_add_ms(os_now(), 20000).us,
		"%lld", (long long)b.force.save_at.us);
	/* The same is not saved, nor what must not be, nor where nothing is. */
	b.force.save_at = MONO_NEVER;
	T_EQ(publish(&b, "b", 7), FORCE_SAME);
	T_EQ(b.force.save_at.us, MONO_NEVER.us);
	b.force.unsaved = true;
	T_EQ(publish(&b, "c", 7), FORCE_NEW);
	T_EQ(b.force.save_at.us, MONO_NEVER.us);
	b.force.unsaved = false;
	b.force.broken = true;
	T_EQ(publish(&b, "d", 7), FORCE_NEW);
	T_EQ(b.force.save_at.us, MONO_NEVER.us);
	b.force.broken = false;
	b.force.state_dir = NULL;
	T_EQ(publish(&b, "e", 7), FORCE_NEW);
	T_EQ(b.force.save_at.us, MONO_NEVER.us);
	done(&b);
}

/* ---- on disk ------------------------------------------------------------- */

static void
what_is_saved_is_in_force_after_a_restart(void)
{
	struct bench b;
	struct force f;
	const struct cache *c = &f.cache;
	int64_t now = (int64_t)time(NULL);

	begin(&b);
	T_CHECK(!again(&b, &f), "nothing is there");
	T_EQ(cache_load(b.dir, &f.cache), -ENOENT);
	T_EQ(publish(&b, "a", 7), FORCE_NEW);
	b.force.answer_unix_s = LONG_AGO;
	b.force.release = 99;
	b.force.release_known = true;
	T_EQ(force_save(&b.force, &b.directory, NULL), 0);
	T_EQ(b.force.save_at.us, MONO_NEVER.us);
	T_CHECK(b.force.saved_unix_s >= now, "not said");
	T_CHECK(again(&b, &f), "not there");
	T_EQ(f.generation, 1);
	T_EQ(f.len, b.force.len);
	T_CHECK(memcmp(f.snapshot, b.force.snapshot, f.len) == 0, "another");
	T_EQ(f.release, 99);
	T_CHECK(f.release_known, "release");
	T_EQ(f.saved_unix_s, b.force.saved_unix_s);
	T_EQ(c->max_age_s, 77);
	T_EQ(c->stale, SOURCE_STALE_KEEP);
	T_CHECK(c->view == source_directory_view(&b.directory), "view");
	T_CHECK(c->age_s >= now - LONG_AGO &&
			c->age_s <= (int64_t)time(NULL) - LONG_AGO,
		"%lld", (long long)c->age_s);
	T_STR(c->memory.uri, "ldap://a");
	T_EQ(c->memory.cookie_len, COOKIE);
	T_EQ(memcmp(c->memory.cookie, "xyz", COOKIE), 0);
	T_EQ(c->memory.cookie_unix_s, 55);
	T_EQ(buf_left(&c->memory.mirror), ENTRIES);
	T_EQ(memcmp(c->memory.mirror.pos, "abcde", ENTRIES), 0);
	drop(&f);
	/* Confirmed now, it is young; put into the future, not older. */
	T_EQ(cache_confirm(b.dir), 0);
	T_CHECK(again(&b, &f) && f.cache.age_s < LONG_AGO, "age");
	drop(&f);
	b.force.answer_unix_s = now + 100000;
	T_EQ(force_save(&b.force, &b.directory, NULL), 0);
	T_CHECK(again(&b, &f) && f.cache.age_s == 0, "age");
	drop(&f);
	done(&b);
}

/* Without a directory, or nothing known of it, it is as old as the file. */
static void
a_file_alone_is_saved_as_of_now(void)
{
	struct bench b;
	struct force f;

	begin(&b);
	b.force.answer_unix_s = LONG_AGO;
	b.directory.present = false;
	T_EQ(publish(&b, "a", 7), FORCE_NEW);
	T_EQ(force_save(&b.force, &b.directory, NULL), 0);
	T_CHECK(again(&b, &f) && f.cache.age_s < LONG_AGO, "age");
	T_EQ(f.cache.max_age_s, 0);
	T_EQ(f.cache.view, 0);
	T_EQ(f.cache.memory.cookie_len, 0);
	drop(&f);
	b.directory.present = true;
	T_EQ(publish(&b, "a", 0), FORCE_SAME);
	T_EQ(force_save(&b.force, &b.directory, NULL), 0);
	T_CHECK(again(&b, &f) && f.cache.age_s < LONG_AGO, "age");
	T_EQ(f.cache.max_age_s, 77);
	T_EQ(f.cache.memory.cookie_len, 0);
	T_EQ(f.cache.release, 0);
	drop(&f);
	/* A conversation of which nothing is known. */
	T_EQ(publish(&b, "a", 7), FORCE_SAME);
	remembers = false;
	T_EQ(force_save(&b.force, &b.directory, NULL), 0);
	T_CHECK(again(&b, &f), "not there");
	T_EQ(f.cache.view, 0);
	T_CHECK(f.cache.age_s > LONG_AGO, "age");
	drop(&f);
	done(&b);
}

static void
what_must_not_be_saved_is_not(void)
{
	struct bench b;
	struct force f;

	begin(&b);
	T_EQ(force_save(&b.force, &b.directory, NULL), 0);
	T_CHECK(!again(&b, &f), "of nothing");
	T_EQ(publish(&b, "a", 7), FORCE_NEW);
	b.force.broken = true;
	T_EQ(force_save(&b.force, &b.directory, NULL), 0);
	T_CHECK(!again(&b, &f), "broken");
	b.force.broken = false;
	b.force.unsaved = true;
	T_EQ(force_save(&b.force, &b.directory, NULL), 0);
	T_CHECK(!again(&b, &f), "too old");
	f.state_dir = NULL;
	T_CHECK(!force_start(&f), "without a directory");
	done(&b);
}

/* An octet changed or missing anywhere: nothing of it is used. */
static void
a_damaged_cache_is_not_used(void)
{
	struct bench b;
	struct force f;
	uint8_t *bytes = NULL;
	size_t len = 0;
	int64_t changed;

	begin(&b);
	T_EQ(publish(&b, "a", 7), FORCE_NEW);
	T_EQ(force_save(&b.force, &b.directory, NULL), 0);
	T_EQ(state_read(b.dir, "policy.cache", 65536, &bytes, &len, &changed),
		0);
	for (size_t i = 0; i < len; i += 3) {
		const struct state_part cut = { bytes, i };
		const struct state_part whole = { bytes, len };

		T_EQ(state_write(b.dir, "policy.cache", &cut, 1, LONG_AGO), 0);
		T_CHECK(!again(&b, &f), "cut to %zu", i);
		bytes[i] ^= 4;
		T_EQ(state_write(b.dir, "policy.cache", &whole, 1, LONG_AGO),
			0);
		T_CHECK(!again(&b, &f), "octet %zu", i);
		T_EQ(cache_load(b.dir, &f.cache), -EBADMSG);
		T_CHECK(!f.snapshot && !f.cache.bytes && f.generation == 0,
			"something stayed");
		bytes[i] ^= 4;
	}
	free(bytes);
	done(&b);
}

/* Right in all but its meaning: the snapshot in it does not load. */
static void
a_cache_of_nonsense_is_not_used(void)
{
	struct bench b;
	struct force f;
	struct cache c = { .snapshot = (const uint8_t *)"nonsense",
		.snapshot_len = 8,
		.confirmed_unix_s = LONG_AGO };

	begin(&b);
	T_EQ(cache_save(b.dir, &c), 0);
	T_CHECK(!again(&b, &f), "used");
	T_CHECK(!f.snapshot && !f.cache.bytes, "something stayed");
	T_EQ(cache_save("/nonexistent", &c), -ENOENT);
	done(&b);
}

static void
what_cannot_be_saved_is_told(void)
{
	struct bench b;

	begin(&b);
	T_EQ(publish(&b, "a", 7), FORCE_NEW);
	b.force.state_dir = "/nonexistent";
	T_EQ(force_save(&b.force, &b.directory, NULL), -ENOENT);
	T_CHECK(b.force.unwritten, "not known");
	T_EQ(b.force.saved_unix_s, 0);
	b.force.state_dir = b.dir;
	T_EQ(force_save(&b.force, &b.directory, NULL), 0);
	T_CHECK(!b.force.unwritten && b.force.saved_unix_s > 0, "saved");
	done(&b);
}

static void
a_directory_is_its_base_and_its_tags(void)
{
	struct source_directory a = { .base = "o=a", .n_tags = 2 };
	struct source_directory b = a;

	/* The same letters, cut elsewhere. */
	a.tags[0][0] = 'b';
	a.tags[0][1] = 'c';
	a.tags[1][0] = 'd';
	b.tags[0][0] = 'b';
	b.tags[1][0] = 'c';
	b.tags[1][1] = 'd';
	T_CHECK(source_directory_key(&a) != source_directory_key(&b), "tags");
	b = a;
	T_EQ(source_directory_key(&a), source_directory_key(&b));
	b.n_tags = 1;
	T_CHECK(source_directory_key(&a) != source_directory_key(&b), "fewer");
	b = a;
	b.base[2] = 'b';
	T_CHECK(source_directory_key(&a) != source_directory_key(&b), "base");
}

static struct t_case cases[] = {
	{ "the same rules keep their generation",
		the_same_rules_keep_their_generation },
	{ "a change is saved soon, but not always again",
		a_change_is_saved_soon_but_not_always_again },
	{ "what is saved is in force after a restart",
		what_is_saved_is_in_force_after_a_restart },
	{ "a file alone is saved as of now", a_file_alone_is_saved_as_of_now },
	{ "what must not be saved is not", what_must_not_be_saved_is_not },
	{ "a damaged cache is not used", a_damaged_cache_is_not_used },
	{ "what cannot be saved is told", what_cannot_be_saved_is_told },
	{ "a cache of nonsense is not used", a_cache_of_nonsense_is_not_used },
	{ "A directory is its base and its tags",
		a_directory_is_its_base_and_its_tags },
};
T_MAIN(cases)
