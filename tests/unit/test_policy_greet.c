/* SPDX-License-Identifier: ISC */

/* What a new policyd is told of the policy in force. */

#include "policy_client_t.h"

#include <sys/stat.h>
#include <unistd.h>

enum { OCTETS = 4096 };

/* A new policyd in the place of the one before. */
static const struct pt_greeting *
again(struct pt *b)
{
	loop_fd_del(b->watch);
	(void)close(b->peer); /* it has died */
	pt_connect(b);
	return &b->greeting;
}

static ino_t
inode(int fd)
{
	struct stat st;

	T_EQ(fstat(fd, &st), 0);
	return st.st_ino;
}

static void
put_in_force(struct pt *b, uint64_t generation)
{
	pt_offer(b, generation, OCTETS, pt_memory(OCTETS, 1, 0, PT_SEALS));
	pt_run_until(b, b->answers + 1);
}

/* ---- cases --------------------------------------------------------------- */

static void
the_first_policyd_is_told_that_there_is_nothing(void)
{
	struct pt *b = pt_new();

	for (size_t i = 0; i < PT_ATTRS; i++)
		T_EQ(b->greeting.of[i], 0);
	T_EQ(b->greeting.fd, -1);
	pt_free(b);
}

static void
the_next_one_is_handed_what_is_in_force(void)
{
	struct pt *b = pt_new();
	const struct pt_greeting *g;
	const int mine = pt_memory(OCTETS, 1, 0, PT_SEALS);
	const ino_t memory = inode(mine);

	put_in_force(b, 6);
	pt_offer(b, 7, OCTETS, mine);
	pt_run_until(b, b->answers + 1);
	g = again(b);
	T_EQ(g->of[POLICY_ATTR_GENERATION], 7);
	T_CHECK(g->fd >= 0, "without its memory");
	T_EQ(inode(g->fd), memory);
	T_EQ(fcntl(g->fd, F_GET_SEALS) & PT_SEALS, PT_SEALS);
	(void)close(g->fd); /* of the test */
	/* Nothing was put in force for that. */
	T_EQ(pt_policy.switched, 2);
	pt_free(b);
}

static void
what_is_on_its_way_into_force_goes_before_what_is(void)
{
	struct pt *b = pt_new();
	const struct pt_greeting *g;
	const int mine = pt_memory(OCTETS, 200, 0, PT_SEALS);
	const ino_t memory = inode(mine);

	put_in_force(b, 6);
	pt_offer(b, 7, OCTETS, mine);
	pt_one_turn(b);
	T_EQ(pt_policy.switched, 1);
	g = again(b);
	T_EQ(g->of[POLICY_ATTR_GENERATION], 7);
	T_EQ(inode(g->fd), memory);
	(void)close(g->fd); /* of the test */
	pt_run_until(b, b->answers + 1);
	T_EQ(b->generation, 7);
	pt_free(b);
}

static void
what_was_refused_is_not_told(void)
{
	struct pt *b = pt_new();

	put_in_force(b, 6);
	pt_offer(b, 7, OCTETS, pt_memory(OCTETS, 1, 1, PT_SEALS));
	pt_run_until(b, b->answers + 1);
	T_EQ(again(b)->of[POLICY_ATTR_GENERATION], 6);
	(void)close(b->greeting.fd); /* of the test */
	pt_free(b);
}

static void
the_next_one_knows_what_the_last_one_said(void)
{
	static const uint16_t told[] = { POLICY_ATTR_HELD,
		POLICY_ATTR_HELD_TIME, POLICY_ATTR_ANSWER_TIME,
		POLICY_ATTR_RELEASE };
	struct pt *b = pt_new();
	uint8_t bytes[256];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&w, POLICY_MSG_STATUS, 0);

	for (size_t i = 0; i < 4; i++)
		msg_put_u64(&w, told[i], 1000 + i);
	msg_end(&w, start);
	pt_say(b, &w, NULL, 0);
	pt_one_turn(b);
	(void)again(b);
	for (size_t i = 0; i < 4; i++)
		T_EQ(b->greeting.of[told[i]], 1000 + i);
	T_EQ(b->greeting.fd, -1);
	pt_free(b);
}

static struct t_case cases[] = {
	{ "the first policyd is told that there is nothing",
		the_first_policyd_is_told_that_there_is_nothing },
	{ "the next one is handed what is in force",
		the_next_one_is_handed_what_is_in_force },
	{ "what is on its way into force goes before what is",
		what_is_on_its_way_into_force_goes_before_what_is },
	{ "what was refused is not told", what_was_refused_is_not_told },
	{ "the next one knows what the last one said",
		the_next_one_knows_what_the_last_one_said },
};
T_MAIN(cases)
