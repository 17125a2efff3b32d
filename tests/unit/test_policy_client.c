/* SPDX-License-Identifier: ISC */

/*
 * What the engine takes from policyd: snapshots, its status, and the end of the
 * connection.  Questions to the rules are in test_policy_ask.c.
 */

#include "policy_client_t.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "t_log.h"

/* A new policyd in the place of the one before. */
static void
replace_peer(struct pt *b)
{
	loop_fd_del(b->watch);
	(void)close(b->peer); /* of the test */
	pt_connect(b);
	if (b->greeting.fd >= 0)
		(void)close(b->greeting.fd); /* as above */
}

static size_t
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	T_CHECK(dir != NULL, "no /proc");
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

static int64_t
size_of(int fd)
{
	struct stat st;

	T_EQ(fstat(fd, &st), 0);
	return st.st_size;
}

/* Of memory that test made. */
static size_t
mappings(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	char line[400];
	size_t n = 0;

	T_CHECK(file != NULL, "no /proc");
	while (fgets(line, sizeof(line), file))
		n += strstr(line, "memfd:test") != NULL;
	(void)fclose(file); /* was only read */
	return n;
}

/* ---- cases --------------------------------------------------------------- */

static void
a_sealed_snapshot_is_put_in_force(void)
{
	struct pt *b = pt_new();

	pt_offer(b, 5, 4096, pt_memory(4096, 3, 0, PT_SEALS));
	pt_run_until(b, 1);
	T_EQ(b->generation, 5);
	T_STR(b->text, "");
	T_EQ(pt_policy.switched, 1);
	T_EQ(pt_policy.steps, 3);
	T_EQ(b->core.changed, 1);
	T_CHECK(b->engine.listening, "not opened");
	T_EQ(b->core.effects, 1);
	T_EQ(b->stats.count[STATS_POLICY_LOADS], 1);
	T_EQ(b->stats.count[STATS_POLICY_BAD], 0);
	T_CHECK(policy_client_policy(b->engine.policy) == &pt_policy,
		"another policy");
	pt_free(b);
}

static void
a_bad_snapshot_leaves_the_rules_alone(void)
{
	struct pt *b = pt_new();

	pt_offer(b, 6, 4096, pt_memory(4096, 2, 1, PT_SEALS));
	pt_run_until(b, 1);
	T_EQ(b->generation, 6);
	T_STR(b->text, "rule 3: offset out of range");
	T_EQ(pt_policy.switched, 0);
	T_EQ(pt_policy.dropped, 1);
	T_EQ(b->core.changed, 0);
	T_CHECK(!b->engine.listening, "opened without rules");
	T_EQ(b->stats.count[STATS_POLICY_BAD], 1);
	/* A long reason is cut. */
	pt_offer(b, 7, 4096, pt_memory(4096, 2, 2, PT_SEALS));
	pt_run_until(b, 2);
	T_EQ(b->generation, 7);
	T_EQ(strlen(b->text), 299);
	pt_free(b);
}

/* ---- what is logged ------------------------------------------------------ */

static char said[512];
static size_t lines;

T_LOG_KEEP(err, said, lines)

#define REMEDY                                                                 \
	"; restart rsvpd if it and policyd are of two releases, or load a "    \
	"smaller policy (at most 268435456 octets, and what memory there is)"

static void
a_refusal_is_one_line_with_what_stays(void)
{
	struct pt *b = pt_new();

	lines = 0;
	pt_offer(b, 6, 4096, -1);
	pt_run_until(b, 1);
	T_STR(said,
		"generation 6 from policyd, 4096 octets: refused (it came "
		"without a descriptor), nothing was in force before it" REMEDY);
	pt_offer(b, 7, 4096, pt_memory(4096, 1, 0, PT_SEALS));
	pt_run_until(b, 2);
	T_EQ(lines, 1);
	pt_offer(b, 8, 8192, pt_memory(8192, 2, 1, PT_SEALS));
	pt_run_until(b, 3);
	T_EQ(lines, 2);
	T_CHECK(strstr(said,
			"generation 8 from policyd, 8192 octets: refused") ==
			said,
		"%s", said);
	T_CHECK(strstr(said, "), generation 7 stays in force" REMEDY) != NULL,
		"%s", said);
	pt_free(b);
}

static void
what_is_no_sealed_memory_is_refused(void)
{
	int pipe_ends[2];
	struct pt *b = pt_new();
	size_t answers = 0;

	T_EQ(pipe(pipe_ends), 0);
	(void)close(pipe_ends[0]); /* one end will do */

	const struct {
		int fd;
		uint64_t size;
		const char *problem;
	} rows[] = {
		{ pt_memory(4096, 1, 0, 0), 4096, "its memory is not sealed" },
		{ pt_memory(4096, 1, 0, PT_SEALS & ~F_SEAL_WRITE), 4096,
			"its memory is not sealed" },
		{ pt_memory(4096, 1, 0, PT_SEALS & ~F_SEAL_SHRINK), 4096,
			"its memory is not sealed" },
		{ pt_memory(4096, 1, 0, PT_SEALS & ~F_SEAL_GROW), 4096,
			"its memory is not sealed" },
		{ pt_memory(4096, 1, 0, PT_SEALS), 4095,
			"its size is not the stated one" },
		{ pt_memory(4096, 1, 0, PT_SEALS), 4097,
			"its size is not the stated one" },
		{ pt_memory(0, 1, 0, PT_SEALS), 0, "its size is out of range" },
		{ pt_memory(POLICY_SNAPSHOT_MAX + 1, 1, 0, PT_SEALS),
			POLICY_SNAPSHOT_MAX + 1, "its size is out of range" },
		{ pipe_ends[1], 4096, "its descriptor is not a memory file" },
		{ -1, 4096, "it came without a descriptor" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pt_offer(b, 10 + i, rows[i].size, rows[i].fd);
		pt_run_until(b, ++answers);
		T_EQ(b->generation, 10 + i);
		T_STR(b->text, rows[i].problem);
		T_EQ(b->stats.count[STATS_POLICY_BAD], answers);
	}
	T_EQ(pt_policy.switched, 0);
	T_EQ(pt_policy.steps, 0);
	pt_free(b);
}

/* Packets come between two slices. */
static void
a_snapshot_is_looked_at_in_turns_of_the_loop(void)
{
	struct pt *b = pt_new();

	pt_offer(b, 1, 4096, pt_memory(4096, 200, 0, PT_SEALS));
	while (pt_policy.steps == 0)
		pt_one_turn(b);
	T_CHECK(pt_policy.steps < 10, "%u slices in one turn", pt_policy.steps);
	T_EQ(b->answers, 0);
	T_EQ(mappings(), 1);
	/* An end in the middle leaves nothing behind. */
	pt_free(b);
	T_EQ(pt_policy.switched, 0);
	T_EQ(pt_policy.dropped, 1);
	T_EQ(mappings(), 0);
}

/* So do they while what was in force before is freed; the next snapshot waits
 * for that. */
static void
what_was_in_force_goes_in_turns_of_the_loop(void)
{
	struct pt *b = pt_new();

	pt_policy.leaves = 200;
	pt_offer(b, 1, 4096, pt_memory(4096, 2, 0, PT_SEALS));
	pt_run_until(b, 1);
	T_EQ(pt_policy.switched, 1);
	T_CHECK(pt_policy.tidied < 10, "%u slices in one turn",
		pt_policy.tidied);
	pt_policy.steps = 0;
	pt_policy.leaves = 0;
	pt_offer(b, 2, 4096, pt_memory(4096, 2, 0, PT_SEALS));
	while (pt_policy.steps == 0)
		pt_one_turn(b);
	T_EQ(pt_policy.untidy, 0);
	T_EQ(pt_policy.tidied, 200);
	pt_run_until(b, 2);
	T_EQ(pt_policy.switched, 2);
	/* And without a next one. */
	pt_policy.leaves = 5;
	pt_offer(b, 3, 4096, pt_memory(4096, 2, 0, PT_SEALS));
	pt_run_until(b, 3);
	while (pt_policy.untidy > 0)
		pt_one_turn(b);
	pt_free(b);
}

static void
a_newer_snapshot_replaces_one_that_is_loading(void)
{
	struct pt *b = pt_new();

	pt_offer(b, 1, 4096, pt_memory(4096, 255, 0, PT_SEALS));
	pt_offer(b, 2, 8192, pt_memory(8192, 2, 0, PT_SEALS));
	pt_run_until(b, 1);
	T_EQ(b->generation, 1);
	T_STR(b->text, "replaced by a newer one while it was loaded");
	T_EQ(pt_policy.dropped, 1);
	pt_run_until(b, 2);
	T_EQ(b->generation, 2);
	T_STR(b->text, "");
	T_EQ(pt_policy.switched, 1);
	pt_free(b);
}

/* The memory of the rules in force is looked at by tools. */
static void
one_descriptor_is_kept_of_what_is_in_force(void)
{
	struct pt *b = pt_new();
	size_t before = open_descriptors();
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	const int fds[] = { pt_memory(4096, 1, 0, PT_SEALS),
		pt_memory(4096, 1, 0, PT_SEALS),
		pt_memory(4096, 1, 0, PT_SEALS) };

	pt_put_offer(&w, POLICY_MSG_SNAPSHOT, 1, 4096, "");
	pt_say(b, &w, fds, 3);
	pt_run_until(b, 1);
	T_STR(b->text, "");
	T_EQ(open_descriptors(), before + 1);
	T_EQ(size_of(policy_client_snapshot(b->engine.policy)), 4096);
	/* One that is refused, one that is replaced, and another in force. */
	pt_offer(b, 2, 1, pt_memory(4096, 1, 0, PT_SEALS));
	pt_offer(b, 3, 4096, pt_memory(4096, 2, 1, PT_SEALS));
	pt_run_until(b, 3);
	T_EQ(open_descriptors(), before + 1);
	T_EQ(size_of(policy_client_snapshot(b->engine.policy)), 4096);
	pt_offer(b, 4, 4096, pt_memory(4096, 255, 0, PT_SEALS));
	pt_offer(b, 5, 8192, pt_memory(8192, 1, 0, PT_SEALS));
	pt_run_until(b, 5);
	T_EQ(open_descriptors(), before + 1);
	T_EQ(size_of(policy_client_snapshot(b->engine.policy)), 8192);
	T_EQ(mappings(), 0);
	pt_free(b);
}

/* The descriptor belongs to one snapshot; a second message has none. */
static void
a_descriptor_serves_one_snapshot(void)
{
	struct pt *b = pt_new();
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	int fd = pt_memory(4096, 1, 0, PT_SEALS);

	pt_put_offer(&w, POLICY_MSG_SNAPSHOT, 1, 4096, "");
	pt_put_offer(&w, POLICY_MSG_SNAPSHOT, 2, 4096, "");
	pt_say(b, &w, &fd, 1);
	pt_run_until(b, 2);
	T_EQ(pt_policy.switched, 1);
	T_EQ(b->stats.count[STATS_POLICY_BAD], 1);
	pt_free(b);
}

static void
what_policyd_says_of_the_directory_is_kept(void)
{
	struct pt *b = pt_new();
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	int fd = pt_memory(4096, 1, 0, PT_SEALS);
	const struct policy_directory *d =
		policy_client_directory(b->engine.policy);
	uint8_t *start;

	T_CHECK(!d->known, "nothing was said");
	start = msg_begin(&w, POLICY_MSG_STATUS, 0);
	msg_put_text(&w, POLICY_ATTR_TEXT, "fine");
	msg_put_text(&w, POLICY_ATTR_SERVER, "ldap://x");
	msg_put_text(&w, POLICY_ATTR_MODE, "persist");
	msg_put_u8(&w, POLICY_ATTR_CONNECTED, 1);
	msg_put_u8(&w, POLICY_ATTR_WAITING, 1);
	msg_put_u64(&w, POLICY_ATTR_ENTRIES, 1);
	msg_put_u64(&w, POLICY_ATTR_SKIPPED, 2);
	msg_put_u64(&w, POLICY_ATTR_COOKIE_TIME, 3);
	msg_put_u64(&w, POLICY_ATTR_CHANGE_TIME, 4);
	msg_put_u64(&w, POLICY_ATTR_ANSWER_TIME, 5);
	msg_put_u64(&w, POLICY_ATTR_CACHE_TIME, 6);
	msg_put_u64(&w, POLICY_ATTR_RETRY_TIME, 7);
	msg_put_u64(&w, POLICY_ATTR_RETRY_TIME + 100, 8); /* later version */
	msg_end(&w, start);
	pt_put_offer(&w, POLICY_MSG_SNAPSHOT, 1, 4096, "");
	pt_say(b, &w, &fd, 1);
	pt_run_until(b, 1);
	T_CHECK(d->known && d->connected && d->waiting, "flags");
	T_STR(d->server, "ldap://x");
	T_STR(d->mode, "persist");
	T_EQ(d->entries, 1);
	T_EQ(d->skipped, 2);
	T_EQ(d->cookie_s, 3);
	T_EQ(d->change_s, 4);
	T_EQ(d->answer_s, 5);
	T_EQ(d->cache_s, 6);
	T_EQ(d->retry_s, 7);
	/* A status without it: there is none any more. */
	w = buf_writer(bytes, sizeof(bytes));
	fd = pt_memory(4096, 1, 0, PT_SEALS);
	start = msg_begin(&w, POLICY_MSG_STATUS, 0);
	msg_put_text(&w, POLICY_ATTR_TEXT, "fine");
	msg_end(&w, start);
	pt_put_offer(&w, POLICY_MSG_SNAPSHOT, 2, 4096, "");
	pt_say(b, &w, &fd, 1);
	pt_run_until(b, 2);
	T_CHECK(!d->known, "forgotten");
	pt_free(b);
}

static void
what_policyd_says_of_its_sources_is_kept(void)
{
	struct pt *b = pt_new();
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	int fd = pt_memory(4096, 1, 0, PT_SEALS);

	T_STR(policy_client_sources(b->engine.policy), "");
	pt_put_offer(&w, POLICY_MSG_STATUS, 0, 0, "ldap://x: 3 s ago");
	pt_put_offer(&w, POLICY_MSG_SNAPSHOT, 1, 4096, "");
	pt_say(b, &w, &fd, 1);
	pt_run_until(b, 1);
	T_STR(b->text, ""); /* the descriptor was not the status' */
	T_STR(policy_client_sources(b->engine.policy), "ldap://x: 3 s ago");
	pt_free(b);
}

/* Until the engine's end of the connection is closed; nothing was said. */
static void
expect_hang_up(struct pt *b)
{
	uint8_t byte;

	pt_set_deadline(b);
	T_EQ(loop_run(b->engine.loop), 0);
	T_EQ(recv(b->peer, &byte, 1, MSG_DONTWAIT), 0);
	T_EQ(b->answers, 0);
}

static void
what_comes_cut_ends_the_connection(void)
{
	static uint8_t bytes[10000];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct pt *b = pt_new();
	size_t before = open_descriptors();
	uint8_t *start;
	int fds[6];

	/* More descriptors than anybody has reason to send. */
	for (size_t i = 0; i < 6; i++)
		fds[i] = pt_memory(4096, 1, 0, PT_SEALS);
	pt_put_offer(&w, POLICY_MSG_SNAPSHOT, 1, 4096, "");
	pt_say(b, &w, fds, 6);
	expect_hang_up(b);
	T_EQ(open_descriptors(), before - 1);
	pt_free(b);
	/* Good messages as far as they can be seen, and one more: 8192 octets
	 * are one of 20 and 681 of 12. */
	b = pt_new();
	w = buf_writer(bytes, sizeof(bytes));
	start = msg_begin(&w, POLICY_MSG_STATUS, 0);
	msg_put_text(&w, POLICY_ATTR_TEXT, "four");
	msg_end(&w, start);
	while (buf_written(&w) < 8192)
		msg_end(&w, msg_begin(&w, POLICY_MSG_STATUS, 0));
	T_EQ(buf_written(&w), 8192);
	msg_end(&w, msg_begin(&w, POLICY_MSG_STATUS, 0));
	pt_say(b, &w, NULL, 0);
	expect_hang_up(b);
	pt_free(b);
}

/* The rules stay in force, and the next policyd is heard. */
static void
a_new_policyd_takes_the_place_of_the_old(void)
{
	struct pt *b = pt_new();
	size_t before = open_descriptors();

	pt_offer(b, 1, 4096, pt_memory(4096, 1, 0, PT_SEALS));
	pt_run_until(b, 1);
	/* It ends: its socket is closed, and nobody spins on it. */
	T_EQ(shutdown(b->peer, SHUT_RDWR), 0);
	while (open_descriptors() == before + 1)
		pt_one_turn(b);
	T_EQ(open_descriptors(), before);
	replace_peer(b);
	pt_offer(b, 2, 4096, pt_memory(4096, 1, 0, PT_SEALS));
	pt_run_until(b, 2);
	T_EQ(pt_policy.switched, 2);
	/* One takes over before the other has been missed. */
	replace_peer(b);
	T_EQ(open_descriptors(), before + 1);
	pt_offer(b, 3, 4096, pt_memory(4096, 1, 0, PT_SEALS));
	pt_run_until(b, 3);
	T_EQ(b->generation, 3);
	pt_free(b);
}

/* Lost on nonsense; the rules stay, and a new policyd is heard. */
static void
nonsense_ends_the_connection(void)
{
	static const struct {
		uint8_t bytes[20];
		size_t len;
	} rows[] = {
		{ { 12, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0 }, 12 }, /* version */
		{ { 12, 0, 0, 0, 1, 0, 9, 0, 0, 0, 0, 0 }, 12 }, /* type */
		{ { 13, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0 }, 12 }, /* length */
		{ { 17, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 5, 0, 0 },
			17 }, /* a generation of one octet */
		{ { 17, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 9, 0, 0 },
			17 } /* an attribute longer than its message */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pt *b = pt_new();

		T_EQ(send(b->peer, rows[i].bytes, rows[i].len, 0), rows[i].len);
		expect_hang_up(b);
		pt_free(b);
	}
}

static struct t_case cases[] = {
	{ "a sealed snapshot is put in force",
		a_sealed_snapshot_is_put_in_force },
	{ "a bad snapshot leaves the rules alone",
		a_bad_snapshot_leaves_the_rules_alone },
	{ "a refusal is one line with what stays",
		a_refusal_is_one_line_with_what_stays },
	{ "what is no sealed memory is refused",
		what_is_no_sealed_memory_is_refused },
	{ "a newer snapshot replaces one that is loading",
		a_newer_snapshot_replaces_one_that_is_loading },
	{ "a snapshot is looked at in turns of the loop",
		a_snapshot_is_looked_at_in_turns_of_the_loop },
	{ "what was in force goes in turns of the loop",
		what_was_in_force_goes_in_turns_of_the_loop },
	{ "what comes cut ends the connection",
		what_comes_cut_ends_the_connection },
	{ "a new policyd takes the place of the old",
		a_new_policyd_takes_the_place_of_the_old },
	{ "one descriptor is kept of what is in force",
		one_descriptor_is_kept_of_what_is_in_force },
	{ "a descriptor serves one snapshot",
		a_descriptor_serves_one_snapshot },
	{ "what policyd says of its sources is kept",
		what_policyd_says_of_its_sources_is_kept },
	{ "what policyd says of the directory is kept",
		what_policyd_says_of_the_directory_is_kept },
	{ "nonsense ends the connection", nonsense_ends_the_connection },
};
T_MAIN(cases)
