/* SPDX-License-Identifier: ISC */

/* What policy was asked for, told in datagrams. */

#include "ctl_policy_t.h"

enum { DATAGRAM = 60000, SESSIONS = 3, GROUPS = POLICY_QUESTION_GROUPS };

static size_t
records_in(const uint8_t *bytes, size_t len)
{
	struct buf_reader r = buf_reader(bytes, len);
	struct msg m;
	size_t n = 0;

	while (msg_next(&r, &m))
		n++;
	T_CHECK(!r.failed, "half a record");
	return n;
}

/* All records, datagram by datagram as the server fills them. */
static size_t
tell_all(struct ctl_client *c, size_t *ret_datagrams)
{
	static uint8_t bytes[DATAGRAM];
	size_t records = 0;
	bool more = true;

	c->cursor = 0;
	for (*ret_datagrams = 0; more; ++*ret_datagrams) {
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));

		for (;;) {
			uint8_t *before = w.pos;
			uint64_t next = c->cursor;

			more = ctl_step_request(c, &w, &next);
			if (!more)
				break;
			if (w.failed) {
				T_CHECK(before != bytes, "it never fits");
				w.pos = before;
				w.failed = false;
				break;
			}
			c->cursor = next;
		}
		records += records_in(bytes, buf_written(&w));
	}
	return records;
}

static void
a_session_may_need_several_datagrams(void)
{
	static uint32_t groups[GROUPS];
	size_t datagrams;

	cp_begin();
	cp.sessions = SESSIONS;
	cp.groups = groups;
	cp.group_count = GROUPS;
	for (size_t i = 0; i < GROUPS; i++)
		groups[i] = UINT32_MAX;
	for (size_t i = 0; i < CP_FEW; i++) {
		cp.paths[i].local_id = 1;
		cp.resvs[i].in_force = true;
		(void)snprintf(cp.resvs[i].rule, sizeof(cp.resvs[i].rule),
			"%.*s", (int)i, "seventy");
	}
	for (size_t kept = 0; kept < 500; kept += 1 + kept / 10) {
		cp.path_count = cp.resv_count = kept;
		T_EQ(tell_all(cp.c, &datagrams), SESSIONS * kept * 2);
	}
	T_CHECK(datagrams > SESSIONS, "%zu datagrams", datagrams);
	cp_end();
}

static struct t_case cases[] = {
	{ "a session may need several datagrams",
		a_session_may_need_several_datagrams },
};

T_MAIN(cases)
