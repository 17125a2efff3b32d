/* SPDX-License-Identifier: ISC */

/* Generations on disk, and which of them is held. */

#include "policy/history_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy/state_int.h"
#include "t_policy.h"

static void
make_dir(char dir[32])
{
	(void)text_copy(dir, 32, "/tmp/t_history.XXXXXX");
	T_CHECK(mkdtemp(dir) != NULL, "no directory: %d", errno);
}

static void
remove_dir(const char *dir)
{
	char name[32];

	for (int i = 0; i < HISTORY_MOST; i++) {
		(void)snprintf(name, sizeof(name), "policy.history.%d", i);
		T_EQ(state_remove(dir, name), 0);
	}
	T_EQ(state_remove(dir, "policy.rollback"), 0);
	T_EQ(rmdir(dir), 0);
}

/* A snapshot of that generation; its rule has its number. */
static uint8_t *
snapshot(uint64_t generation, size_t *ret_len)
{
	struct policy_set *set = t_set();
	char name[24];
	uint8_t *bytes = NULL;

	(void)snprintf(name, sizeof(name), "r%d", (int)generation);
	(void)t_rule(set, name, NULL);
	t_sort(set);
	set->generation = generation;
	set->made_unix_s = (int64_t)generation * 100;
	(void)snprintf(set->source, sizeof(set->source), "file %s", name);
	T_CHECK(policy_snapshot_write(set, &bytes, ret_len), "not written");
	policy_set_free(set);
	return bytes;
}

static int
keep(struct history *h, uint64_t generation)
{
	size_t len = 0;
	uint8_t *bytes = snapshot(generation, &len);
	int rc = history_keep(h, bytes, len);

	alloc_put(alloc_heap(), bytes);
	return rc;
}

static void
expect_loads(const struct history *h, uint64_t generation)
{
	size_t want_len = 0;
	size_t len = 0;
	uint8_t *want = snapshot(generation, &want_len);
	uint8_t *bytes = NULL;
	const char *problem = history_load(h, generation, &bytes, &len);

	T_CHECK(!problem, "%s", problem);
	T_EQ(len, want_len);
	T_CHECK(memcmp(bytes, want, len) == 0, "another snapshot");
	alloc_put(alloc_heap(), bytes);
	alloc_put(alloc_heap(), want);
}

/* Change an octet of a file; at < 0: from its end. */
static void
damage(const char *dir, const char *name, off_t at)
{
	char path[64];
	uint8_t octet;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	T_CHECK(fd >= 0, "%s: %d", path, errno);
	T_CHECK(lseek(fd, at, at < 0 ? SEEK_END : SEEK_SET) >= 0, "lseek");
	T_EQ(read(fd, &octet, 1), 1);
	octet ^= 0x40;
	T_CHECK(lseek(fd, -1, SEEK_CUR) >= 0, "lseek");
	T_EQ(write(fd, &octet, 1), 1);
	(void)close(fd); /* read back later */
}

/* ---- cases --------------------------------------------------------------- */

static void
what_is_kept_is_there_after_a_restart(void)
{
	struct history h;
	char dir[32];

	make_dir(dir);
	T_EQ(history_open(&h, dir), 0);
	T_EQ(h.count, 0);
	T_EQ(keep(&h, 5), 0);
	T_EQ(keep(&h, 7), 0);
	/* Once more is once. */
	T_EQ(keep(&h, 7), 0);
	T_EQ(h.count, 2);
	T_EQ(history_open(&h, dir), 7);
	T_EQ(h.count, 2);
	T_EQ(h.at[0].generation, 7);
	T_EQ(h.at[1].generation, 5);
	T_EQ(h.at[1].made_unix_s, 500);
	T_EQ(h.at[1].rules, 1);
	T_STR(h.at[1].source, "file r5");
	expect_loads(&h, 5);
	expect_loads(&h, 7);
	remove_dir(dir);
}

static void
the_oldest_goes_when_there_are_ten(void)
{
	struct history h;
	char dir[32];

	make_dir(dir);
	(void)history_open(&h, dir);
	for (uint64_t g = 1; g <= 13; g++) {
		T_EQ(keep(&h, g * 2), 0);
		T_EQ(h.count, g < HISTORY_MOST ? g : HISTORY_MOST);
	}
	T_EQ(history_open(&h, dir), 26);
	T_EQ(h.count, HISTORY_MOST);
	for (size_t i = 0; i < h.count; i++) {
		T_EQ(h.at[i].generation, 26 - 2 * i);
		expect_loads(&h, h.at[i].generation);
	}
	remove_dir(dir);
}

/* Together they take so many octets and no more. */
static void
the_oldest_goes_when_there_is_no_room(void)
{
	struct history h;
	char dir[32];
	size_t len = 0;

	alloc_put(alloc_heap(), snapshot(1, &len));
	for (size_t short_by = 0; short_by < 2; short_by++) {
		make_dir(dir);
		(void)history_open(&h, dir);
		h.octets_most = 3 * len - short_by;
		for (uint64_t g = 1; g <= 5; g++)
			T_EQ(keep(&h, g), 0);
		T_EQ(h.count, 3 - short_by);
		expect_loads(&h, 5);
		expect_loads(&h, 4);
		T_CHECK(!history_find(&h, 2), "it should have gone");
		/* It alone is too much: nothing else is kept beside it. */
		h.octets_most = len - 1;
		T_EQ(keep(&h, 6), 0);
		T_EQ(h.count, 1);
		remove_dir(dir);
	}
}

/* What a rollback goes to stays, though it is the oldest. */
static void
what_is_needed_does_not_go(void)
{
	struct history h;
	char dir[32];

	make_dir(dir);
	(void)history_open(&h, dir);
	for (uint64_t g = 1; g <= HISTORY_MOST; g++)
		T_EQ(keep(&h, g), 0);
	h.needed = 1;
	T_EQ(keep(&h, 20), 0);
	T_EQ(h.count, HISTORY_MOST);
	expect_loads(&h, 1);
	expect_loads(&h, 20);
	T_CHECK(!history_find(&h, 2), "the oldest of the others");
	T_EQ(history_open(&h, dir), 20);
	T_EQ(h.count, HISTORY_MOST);
	expect_loads(&h, 1);
	for (size_t i = 0; i < h.count; i++)
		expect_loads(&h, h.at[i].generation);
	/* Needed no more, it is the oldest. */
	T_EQ(keep(&h, 21), 0);
	T_CHECK(!history_find(&h, 1), "it was the oldest");
	remove_dir(dir);
}

static void
the_one_before_is_found(void)
{
	struct history h;
	char dir[32];

	make_dir(dir);
	(void)history_open(&h, dir);
	T_CHECK(!history_before(&h, 9), "of nothing");
	(void)keep(&h, 3);
	(void)keep(&h, 5);
	(void)keep(&h, 8);
	T_EQ(history_before(&h, 9)->generation, 8);
	T_EQ(history_before(&h, 8)->generation, 5);
	T_EQ(history_before(&h, 4)->generation, 3);
	T_CHECK(!history_before(&h, 3), "before the first");
	T_EQ(history_find(&h, 5)->generation, 5);
	T_CHECK(!history_find(&h, 4), "not kept");
	remove_dir(dir);
}

static void
damage_is_seen(void)
{
	struct history h;
	uint8_t *bytes = NULL;
	size_t len;
	char dir[32];

	make_dir(dir);
	(void)history_open(&h, dir);
	(void)keep(&h, 3);
	(void)keep(&h, 5);
	damage(dir, "policy.history.0", -1);
	T_STR(history_load(&h, 3, &bytes, &len),
		"what was kept of it is damaged");
	T_STR(history_load(&h, 4, &bytes, &len), "it is not kept");
	/* Of a damaged head nothing is known; its file is used again. */
	damage(dir, "policy.history.1", 8);
	T_EQ(history_open(&h, dir), 3);
	T_EQ(h.count, 1);
	(void)keep(&h, 6);
	T_EQ(history_open(&h, dir), 6);
	expect_loads(&h, 6);
	remove_dir(dir);
	make_dir(dir);
	(void)history_open(&h, dir);
	(void)keep(&h, 3);
	remove_dir(dir);
	T_STR(history_load(&h, 3, &bytes, &len), strerror(ENOENT));
}

static uint64_t
held(const struct history *h, int64_t *since)
{
	uint64_t generation = 99;

	T_EQ(history_held(h, &generation, since), 0);
	return generation;
}

static void
a_hold_is_remembered_until_it_ends(void)
{
	struct history h;
	uint64_t generation;
	int64_t since = 7;
	char dir[32];

	make_dir(dir);
	(void)history_open(&h, dir);
	T_EQ(held(&h, &since), 0);
	T_EQ(since, 0);
	T_EQ(history_hold(&h, 42, 1234567), 0);
	T_EQ(held(&h, &since), 42);
	T_EQ(since, 1234567);
	T_EQ(history_hold(&h, 43, 8), 0);
	T_EQ(held(&h, &since), 43);
	for (long at = 0; at < 30; at += 7) {
		damage(dir, "policy.rollback", at);
		T_EQ(history_held(&h, &generation, &since), -EBADMSG);
		T_EQ(generation, 0);
		T_EQ(history_hold(&h, 43, 8), 0);
	}
	T_EQ(history_hold(&h, 43, 8), 0);
	T_EQ(history_hold(&h, 0, 0), 0);
	T_EQ(held(&h, &since), 0);
	T_EQ(history_hold(&h, 0, 0), 0);
	remove_dir(dir);
}

static void
without_a_directory_nothing_is_kept(void)
{
	struct history h;
	int64_t since;

	T_EQ(history_open(&h, NULL), 0);
	T_EQ(keep(&h, 1), 0);
	T_EQ(h.count, 0);
	T_EQ(held(&h, &since), 0);
	T_EQ(history_hold(&h, 0, 0), 0);
	T_EQ(history_hold(&h, 1, 0), -ENOENT);
	T_EQ(history_open(&h, "/nonexistent"), 0);
	T_EQ(keep(&h, 1), -ENOENT);
	T_EQ(h.count, 0);
}

/* What is kept is bounded in octets, too; one that is larger is kept alone. */
static void
the_oldest_goes_when_there_are_too_many_octets(void)
{
	struct history h;
	size_t len = 0;
	char dir[32];

	make_dir(dir);
	(void)history_open(&h, dir);
	T_EQ(h.octets_most, 512UL * 1024 * 1024);
	for (uint64_t g = 1; g <= 2; g++)
		T_EQ(keep(&h, g), 0);
	len = h.at[0].len;
	h.octets_most = 3 * len;
	T_EQ(keep(&h, 3), 0);
	T_EQ(h.count, 3);
	T_EQ(keep(&h, 4), 0);
	T_EQ(h.count, 3);
	T_CHECK(!history_find(&h, 1) && history_find(&h, 2), "the oldest");
	h.octets_most = len - 1;
	T_EQ(keep(&h, 5), 0);
	T_EQ(h.count, 1);
	expect_loads(&h, 5);
	remove_dir(dir);
}

static void
files_are_replaced_as_a_whole(void)
{
	const struct state_part parts[] = { { "ab", 2 }, { "", 0 },
		{ "cde", 3 } };
	uint8_t *bytes = NULL;
	uint8_t head[3];
	size_t len = 0;
	int64_t changed = 0;
	char dir[32];
	char path[64];
	struct stat st;
	int unused = open("/dev/null", O_RDONLY);

	close(unused);
	make_dir(dir);
	T_EQ(state_write(dir, "f", parts, 3, 77), 0);
	T_EQ(state_write(dir, "f", &parts[2], 1, 78), 0);
	T_EQ(state_read(dir, "f", 3, &bytes, &len, &changed), 0);
	T_EQ(len, 3);
	T_EQ(changed, 78);
	T_CHECK(memcmp(bytes, "cde", 3) == 0, "other octets");
	free(bytes);
	T_EQ(state_read(dir, "f", 2, &bytes, &len, &changed), -EFBIG);
	T_EQ(state_read_head(dir, "f", head, 2, &len), 0);
	T_EQ(len, 2);
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	T_EQ(stat(path, &st), 0);
	T_EQ(st.st_mode & 0777, 0600);
	(void)snprintf(path, sizeof(path), "%s/f.new", dir);
	T_EQ(stat(path, &st), -1);
	/* A left over of somebody killed is in nobody's way. */
	T_EQ(symlink("/nonexistent", path), 0);
	T_EQ(state_write(dir, "f", parts, 3, INT64_MAX), 0);
	T_EQ(state_read(dir, "f", 9, &bytes, &len, &changed), 0);
	T_EQ(len, 5);
	T_CHECK(changed > 1000000 && changed <= (int64_t)time(NULL),
		"not now: %lld", (long long)changed);
	free(bytes);
	T_EQ(state_read(dir, "g", 9, &bytes, &len, &changed), -ENOENT);
	T_EQ(state_read_head(dir, "g", head, 2, &len), -ENOENT);
	errno = EIO; /* of something else */
	T_EQ(state_remove(dir, "f"), 0);
	T_EQ(state_remove(dir, "f"), 0);
	/* What the name leads to is another's, and a pipe may have no end. */
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	T_EQ(symlink("/etc/passwd", path), 0);
	T_EQ(state_read(dir, "f", 1 << 20, &bytes, &len, &changed), -ELOOP);
	T_EQ(state_remove(dir, "f"), 0);
	T_EQ(mkfifo(path, 0600), 0);
	T_EQ(state_read(dir, "f", 9, &bytes, &len, &changed), -EINVAL);
	T_EQ(state_remove(dir, "f"), 0);
	T_EQ(rmdir(dir), 0);
	/* Nothing stays open. */
	T_EQ(open("/dev/null", O_RDONLY), unused);
	close(unused);
}

/* Files that an older version has left are known by how they begin. */
static void
files_begin_with_what_they_are(void)
{
	struct history h;
	char dir[32];
	uint8_t head[6];
	size_t len = 0;

	make_dir(dir);
	(void)history_open(&h, dir);
	T_EQ(keep(&h, 3), 0);
	T_EQ(history_hold(&h, 3, 8), 0);
	T_EQ(state_read_head(dir, "policy.history.0", head, 6, &len), 0);
	T_EQ(memcmp(head, "QHIS\1", 6), 0);
	T_EQ(state_read_head(dir, "policy.rollback", head, 6, &len), 0);
	T_EQ(memcmp(head, "QHLD\1", 6), 0);
	remove_dir(dir);
}

/* Neither what is no file, nor an empty one, nor a name that does not fit. */
static void
what_is_no_file_is_told(void)
{
	const struct state_part part = { "ab", 2 };
	char name[5000];
	char dir[32];
	char path[64];
	uint8_t *bytes = NULL;
	uint8_t head[3];
	size_t len = 0;
	int64_t changed = 0;
	struct stat st;

	make_dir(dir);
	T_EQ(state_write(dir, "f", NULL, 0, 77), 0);
	T_EQ(state_read(dir, "f", 3, &bytes, &len, &changed), -EINVAL);
	T_EQ(state_read_head(dir, "f", head, 3, &len), 0);
	T_EQ(len, 0);
	T_EQ(state_write(dir, "f", &part, 1, 77), 0);
	T_EQ(state_touch(dir, "f"), 0);
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	T_EQ(stat(path, &st), 0);
	T_CHECK(st.st_mtime > 1000000, "not touched");
	T_EQ(state_touch(dir, "g"), -ENOENT);
	T_EQ(state_remove(dir, "f"), 0);
	T_EQ(mkdir(path, 0700), 0);
	T_EQ(state_read(dir, "f", 3, &bytes, &len, &changed), -EINVAL);
	T_EQ(state_write(dir, "f", &part, 1, 77), -EISDIR);
	T_EQ(state_remove(dir, "f"), -EISDIR);
	T_EQ(rmdir(path), 0);
	(void)snprintf(path, sizeof(path), "%s/f.new", dir);
	T_EQ(mkdir(path, 0700), 0);
	T_EQ(state_write(dir, "f", &part, 1, 77), -EISDIR);
	T_EQ(rmdir(path), 0);
	T_EQ(state_write("/nonexistent", "f", &part, 1, 77), -ENOENT);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	T_EQ(state_write(dir, name, &part, 1, 77), -ENAMETOOLONG);
	T_EQ(state_read(dir, name, 3, &bytes, &len, &changed), -ENAMETOOLONG);
	T_EQ(state_read_head(dir, name, head, 3, &len), -ENAMETOOLONG);
	T_EQ(state_touch(dir, name), -ENAMETOOLONG);
	T_EQ(state_remove(dir, name), -ENAMETOOLONG);
	T_EQ(rmdir(dir), 0);
}

static void
what_is_written_quickly_is_there(void)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	int64_t changed;
	char dir[32];
	char path[64];
	struct stat st;
	int unused = open("/dev/null", O_RDONLY);

	close(unused);
	make_dir(dir);
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	/* In the place of whatever is there. */
	T_EQ(symlink("/etc/passwd", path), 0);
	T_EQ(state_write_quick(dir, "f", "abcde", 5), 0);
	T_EQ(state_write_quick(dir, "f", "xyz", 3), 0);
	T_EQ(state_read(dir, "f", 9, &bytes, &len, &changed), 0);
	T_EQ(len, 3);
	T_CHECK(memcmp(bytes, "xyz", 3) == 0, "other octets");
	free(bytes);
	T_EQ(lstat(path, &st), 0);
	T_CHECK(S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0600, "%o",
		st.st_mode);
	errno = EIO; /* of something else */
	T_EQ(state_remove_quick(dir, "f"), 0);
	T_EQ(state_remove_quick(dir, "f"), -ENOENT);
	T_EQ(rmdir(dir), 0);
	T_EQ(state_write_quick(dir, "f", "abcde", 5), -ENOENT);
	T_EQ(open("/dev/null", O_RDONLY), unused);
	close(unused);
}

static struct t_case cases[] = {
	{ "what is kept is there after a restart",
		what_is_kept_is_there_after_a_restart },
	{ "the oldest goes when there are ten",
		the_oldest_goes_when_there_are_ten },
	{ "the oldest goes when there is no room",
		the_oldest_goes_when_there_is_no_room },
	{ "what is needed does not go", what_is_needed_does_not_go },
	{ "the one before is found", the_one_before_is_found },
	{ "damage is seen", damage_is_seen },
	{ "a hold is remembered until it ends",
		a_hold_is_remembered_until_it_ends },
	{ "without a directory nothing is kept",
		without_a_directory_nothing_is_kept },
	{ "files begin with what they are", files_begin_with_what_they_are },
	{ "what is no file is told", what_is_no_file_is_told },
	{ "the oldest goes when there are too many octets",
		the_oldest_goes_when_there_are_too_many_octets },
	{ "files are replaced as a whole", files_are_replaced_as_a_whole },
	{ "what is written quickly is there",
		what_is_written_quickly_is_there },
};

T_MAIN(cases)
