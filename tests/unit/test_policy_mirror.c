/* SPDX-License-Identifier: ISC */

/* Entries of the directory: policy/mirror.c.  A refresh takes effect as a
 * whole (RFC 4533 3.3), or not at all. */

#include "policy/mirror_int.h"

#include <stdlib.h>

#include "t.h"

static const struct hash_key key = { 1, 2 };

struct id {
	uint8_t octets[MIRROR_ID];
};

static struct id
id_of(unsigned n)
{
	struct id id = { { 0 } };

	id.octets[0] = (uint8_t)n;
	id.octets[MIRROR_ID - 1] = (uint8_t)(n >> 8);
	return id;
}

static enum mirror_answer
put(struct mirror *m, unsigned n, const char *entry)
{
	return mirror_put(m, id_of(n).octets, entry, strlen(entry));
}

static enum mirror_answer
refresh_put(struct mirror *m, unsigned n, const char *entry)
{
	return mirror_refresh_put(m, id_of(n).octets, entry, strlen(entry));
}

/* What entry n is; "" when there is none. */
static const char *
text_of(const struct mirror *m, unsigned n)
{
	static char text[64];
	struct id id = id_of(n);

	text[0] = '\0';
	for (const struct mirror_entry *e = mirror_next(m, NULL); e;
		e = mirror_next(m, e)) {
		struct buf_reader r = mirror_entry_bytes(e);
		size_t len = buf_left(&r);

		if (memcmp(mirror_entry_id(e), id.octets, MIRROR_ID) != 0)
			continue;
		T_CHECK(text[0] == '\0', "twice");
		buf_get_bytes(&r, text, len);
		text[len] = '\0';
	}
	return text;
}

static struct mirror *
three(void)
{
	struct mirror *m = mirror_new(&key, 5, 100);

	T_EQ(put(m, 1, "one"), MIRROR_CHANGED);
	T_EQ(put(m, 2, "two"), MIRROR_CHANGED);
	T_EQ(put(m, 3, "three"), MIRROR_CHANGED);
	T_EQ(mirror_count(m), 3);
	return m;
}

static void
single_changes_count_at_once(void)
{
	struct mirror *m = three();

	T_EQ(put(m, 1, "one"), MIRROR_SAME);
	T_EQ(put(m, 1, "ONE"), MIRROR_CHANGED);
	T_STR(text_of(m, 1), "ONE");
	T_EQ(mirror_count(m), 3);
	T_EQ(mirror_remove(m, id_of(2).octets), MIRROR_CHANGED);
	T_EQ(mirror_remove(m, id_of(2).octets), MIRROR_SAME);
	T_STR(text_of(m, 2), "");
	T_EQ(mirror_count(m), 2);
	mirror_free(m);
}

static void
a_refresh_is_nothing_before_its_end(void)
{
	struct mirror *m = three();

	mirror_refresh_begin(m, true);
	T_EQ(refresh_put(m, 1, "new"), MIRROR_CHANGED);
	T_EQ(refresh_put(m, 4, "four"), MIRROR_CHANGED);
	mirror_refresh_remove(m, id_of(2).octets);
	T_STR(text_of(m, 1), "one");
	T_STR(text_of(m, 2), "two");
	T_STR(text_of(m, 4), "");
	mirror_refresh_drop(m);
	T_STR(text_of(m, 1), "one");
	T_EQ(mirror_count(m), 3);
	/* The next knows nothing of it. */
	mirror_refresh_begin(m, false);
	T_EQ(mirror_refresh_commit(m), MIRROR_SAME);
	T_EQ(mirror_count(m), 3);
	mirror_free(m);
}

static void
a_whole_refresh_leaves_what_it_mentions(void)
{
	struct mirror *m = three();

	mirror_refresh_begin(m, true);
	T_EQ(refresh_put(m, 1, "one"), MIRROR_CHANGED);
	T_EQ(refresh_put(m, 4, "four"), MIRROR_CHANGED);
	mirror_refresh_present(m, id_of(3).octets);
	mirror_refresh_present(m, id_of(9).octets); /* of others */
	T_EQ(mirror_refresh_commit(m), MIRROR_CHANGED);
	T_STR(text_of(m, 1), "one");
	T_STR(text_of(m, 2), "");
	T_STR(text_of(m, 3), "three");
	T_STR(text_of(m, 4), "four");
	T_EQ(mirror_count(m), 3);
	/* The same again changes nothing. */
	mirror_refresh_begin(m, true);
	T_EQ(refresh_put(m, 1, "one"), MIRROR_CHANGED);
	T_EQ(refresh_put(m, 3, "three"), MIRROR_CHANGED);
	T_EQ(refresh_put(m, 4, "four"), MIRROR_CHANGED);
	T_EQ(mirror_refresh_commit(m), MIRROR_SAME);
	T_EQ(mirror_count(m), 3);
	mirror_free(m);
}

static void
a_refresh_of_deletes_leaves_the_rest(void)
{
	struct mirror *m = three();

	mirror_refresh_begin(m, false);
	mirror_refresh_remove(m, id_of(2).octets);
	mirror_refresh_remove(m, id_of(9).octets); /* never there */
	T_EQ(mirror_refresh_commit(m), MIRROR_CHANGED);
	T_STR(text_of(m, 1), "one");
	T_STR(text_of(m, 2), "");
	T_EQ(mirror_count(m), 2);
	mirror_refresh_begin(m, false);
	T_EQ(refresh_put(m, 1, "ONE"), MIRROR_CHANGED);
	T_EQ(mirror_refresh_commit(m), MIRROR_CHANGED);
	T_STR(text_of(m, 1), "ONE");
	T_STR(text_of(m, 3), "three");
	mirror_free(m);
}

static void
a_present_phase_sweeps_what_it_left_out(void)
{
	struct mirror *m = three();

	mirror_refresh_begin(m, false);
	mirror_refresh_present(m, id_of(1).octets);
	T_EQ(refresh_put(m, 4, "four"), MIRROR_CHANGED);
	mirror_refresh_present_end(m);
	T_EQ(mirror_refresh_commit(m), MIRROR_CHANGED);
	T_STR(text_of(m, 1), "one");
	T_STR(text_of(m, 2), "");
	T_STR(text_of(m, 4), "four");
	T_EQ(mirror_count(m), 2);
	/* What was mentioned then is not mentioned now. */
	mirror_refresh_begin(m, false);
	mirror_refresh_present(m, id_of(4).octets);
	mirror_refresh_present_end(m);
	T_EQ(mirror_refresh_commit(m), MIRROR_CHANGED);
	T_STR(text_of(m, 1), "");
	T_EQ(mirror_count(m), 1);
	mirror_free(m);
}

static void
the_last_word_on_an_entry_counts(void)
{
	struct mirror *m = three();

	mirror_refresh_begin(m, false);
	T_EQ(refresh_put(m, 4, "four"), MIRROR_CHANGED);
	mirror_refresh_remove(m, id_of(4).octets);
	mirror_refresh_remove(m, id_of(1).octets);
	T_EQ(refresh_put(m, 1, "back"), MIRROR_CHANGED);
	T_EQ(refresh_put(m, 2, "old"), MIRROR_CHANGED);
	T_EQ(refresh_put(m, 2, "new"), MIRROR_CHANGED);
	T_EQ(mirror_refresh_commit(m), MIRROR_CHANGED);
	T_STR(text_of(m, 4), "");
	T_STR(text_of(m, 1), "back");
	T_STR(text_of(m, 2), "new");
	T_EQ(mirror_count(m), 3);
	mirror_free(m);
}

static void
more_than_the_limits_is_refused_whole(void)
{
	struct mirror *m = three();
	char big[128];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	T_EQ(put(m, 4, big), MIRROR_FULL); /* octets */
	T_EQ(put(m, 4, "four"), MIRROR_CHANGED);
	T_EQ(put(m, 5, "five"), MIRROR_CHANGED);
	T_EQ(put(m, 6, "six"), MIRROR_FULL); /* entries */
	T_EQ(put(m, 5, "FIVE"), MIRROR_CHANGED);
	T_EQ(mirror_count(m), 5);
	/* What is replaced takes no room any more. */
	for (int i = 0; i < 20; i++)
		T_EQ(put(m, 5, i % 2 == 0 ? "0123456789" : "FIVE"),
			MIRROR_CHANGED);
	mirror_refresh_begin(m, false);
	T_EQ(refresh_put(m, 1, "changed"), MIRROR_CHANGED);
	T_EQ(refresh_put(m, 6, "six"), MIRROR_CHANGED);
	T_EQ(mirror_refresh_commit(m), MIRROR_FULL);
	T_STR(text_of(m, 1), "one");
	T_EQ(mirror_count(m), 5);
	/* As many as there may be, and as many octets. */
	mirror_refresh_begin(m, true);
	for (unsigned n = 1; n <= 5; n++)
		T_EQ(refresh_put(m, n, "12345678901234567890"), MIRROR_CHANGED);
	T_EQ(mirror_refresh_commit(m), MIRROR_CHANGED);
	T_EQ(mirror_count(m), 5);
	/* In place of others there is room. */
	mirror_refresh_begin(m, true);
	T_EQ(refresh_put(m, 6, "six"), MIRROR_CHANGED);
	big[90] = '\0';
	T_EQ(refresh_put(m, 7, big), MIRROR_CHANGED);
	T_EQ(refresh_put(m, 8, "12345678"), MIRROR_FULL);
	T_EQ(mirror_refresh_commit(m), MIRROR_CHANGED);
	T_EQ(mirror_count(m), 2);
	/* Octets again, over both tables. */
	mirror_refresh_begin(m, false);
	T_EQ(refresh_put(m, 8, "12345678"), MIRROR_CHANGED);
	T_EQ(mirror_refresh_commit(m), MIRROR_FULL);
	T_EQ(mirror_count(m), 2);
	mirror_free(m);
}

static void
what_is_written_is_read_again(void)
{
	struct mirror *m = three();
	struct mirror *copy = mirror_new(&key, 5, 100);
	size_t size = mirror_size(m);
	uint8_t *bytes = (uint8_t *)malloc(size);
	struct buf_writer w = buf_writer(bytes, size);
	struct buf_reader r;

	T_CHECK(mirror_write(m, &w), "fits");
	T_EQ(buf_written(&w), size);
	r = buf_reader(bytes, size);
	T_CHECK(mirror_read(copy, &r), "read");
	T_EQ(buf_left(&r), 0);
	T_EQ(mirror_count(copy), 3);
	T_STR(text_of(copy, 3), "three");
	mirror_free(copy);
	for (size_t len = 0; len < size; len++) {
		copy = mirror_new(&key, 5, 100);
		r = buf_reader(bytes, len);
		T_CHECK(!mirror_read(copy, &r), "cut at %zu", len);
		mirror_free(copy);
		w = buf_writer(bytes, size);
		T_CHECK(mirror_write(m, &w), "once more");
	}
	/* One twice, or more than there may be. */
	copy = mirror_new(&key, 5, 100);
	T_EQ(put(copy, 2, "two"), MIRROR_CHANGED);
	r = buf_reader(bytes, size);
	T_CHECK(!mirror_read(copy, &r), "the same twice");
	mirror_free(copy);
	copy = mirror_new(&key, 2, 100);
	r = buf_reader(bytes, size);
	T_CHECK(!mirror_read(copy, &r), "three of two");
	mirror_free(copy);
	w = buf_writer(bytes, size - 1);
	T_CHECK(!mirror_write(m, &w), "no room");
	free(bytes);
	mirror_free(m);
}

static struct t_case cases[] = {
	{ "single changes count at once", single_changes_count_at_once },
	{ "a refresh is nothing before its end",
		a_refresh_is_nothing_before_its_end },
	{ "a whole refresh leaves what it mentions",
		a_whole_refresh_leaves_what_it_mentions },
	{ "a refresh of deletes leaves the rest",
		a_refresh_of_deletes_leaves_the_rest },
	{ "a present phase sweeps what it left out",
		a_present_phase_sweeps_what_it_left_out },
	{ "the last word on an entry counts",
		the_last_word_on_an_entry_counts },
	{ "more than the limits is refused whole",
		more_than_the_limits_is_refused_whole },
	{ "what is written is read again", what_is_written_is_read_again },
};
T_MAIN(cases)
