/* SPDX-License-Identifier: ISC */
#include "rsvpd/wire/wire_int.h"
#include "wire_t.h"

static struct t_packet packet;
static struct wire_msg msg;
static struct wire_msg first;

/*
 * RFC 2205 3.1.3 to 3.1.9 as a picture: for each class, one letter for each of
 * Path Resv PathErr ResvErr PathTear ResvTear ResvConf.  M mandatory, o
 * optional, * any number, - not allowed.  Flow descriptors are apart.
 */
static const struct {
	uint8_t class_num;
	const char *types;
} grammar[] = {
	{ WIRE_C_SESSION, "MMMMMMM" },
	{ WIRE_C_HOP, "MM-MMM-" },
	{ WIRE_C_INTEGRITY, "ooooooo" },
	{ WIRE_C_TIME_VALUES, "MM-----" },
	{ WIRE_C_ERROR, "--MM--M" },
	{ WIRE_C_SCOPE, "-o-o-o-" },
	{ WIRE_C_STYLE, "-M-M-MM" },
	{ WIRE_C_SENDER, "M-M-M--" },
	{ WIRE_C_TSPEC, "M-o-o--" },
	{ WIRE_C_ADSPEC, "o-o-o--" },
	{ WIRE_C_POLICY, "******-" },
	{ WIRE_C_CONFIRM, "-o----M" },
};
enum { CLASSES = sizeof(grammar) / sizeof(grammar[0]) };

/* Adds the class; STYLE is always followed by one flow descriptor. */
static void
add(uint8_t class_num, uint8_t family)
{
	t_add(&packet, class_num, family);
	if (class_num == WIRE_C_STYLE) {
		t_add(&packet, WIRE_C_FLOWSPEC, family);
		t_add(&packet, WIRE_C_FILTER, family);
	}
}

static char
force(size_t row, uint8_t type)
{
	return grammar[row].types[type - 1];
}

/*
 * A message of that type: INTEGRITY only if asked for, the others in the order
 * of their classes, STYLE last.  How often each row is there is in count.
 */
static enum wire_fault
decode_with(uint8_t type, uint8_t family, const unsigned count[CLASSES])
{
	t_begin(&packet, type);
	for (size_t i = 0; i < CLASSES; i++) /* must be first */
		for (unsigned n = 0; n < count[i]; n++)
			if (grammar[i].class_num == WIRE_C_INTEGRITY)
				add(grammar[i].class_num, family);
	for (size_t i = 0; i < CLASSES; i++)
		for (unsigned n = 0; n < count[i]; n++)
			if (grammar[i].class_num != WIRE_C_INTEGRITY &&
				grammar[i].class_num != WIRE_C_STYLE)
				add(grammar[i].class_num, family);
	for (size_t i = 0; i < CLASSES; i++) /* must be last */
		for (unsigned n = 0; n < count[i]; n++)
			if (grammar[i].class_num == WIRE_C_STYLE)
				add(grammar[i].class_num, family);
	t_end(&packet);
	return t_decode(&packet, &msg);
}

static void
mandatory(uint8_t type, unsigned ret_count[CLASSES])
{
	for (size_t i = 0; i < CLASSES; i++)
		ret_count[i] = force(i, type) == 'M';
}

static void
expect(enum wire_fault got, enum wire_fault want, uint8_t type, size_t row)
{
	T_CHECK(got == want, "%s, class %u: %s", wire_type_text(type),
		grammar[row].class_num, wire_fault_text(got));
}

static void
mandatory_objects_are_enough(void)
{
	unsigned count[CLASSES];

	for (uint8_t type = WIRE_PATH; type <= WIRE_RESV_CONF; type++) {
		mandatory(type, count);
		T_EQ(decode_with(type, 4, count), WIRE_OK);
		T_EQ(decode_with(type, 6, count), WIRE_OK);
	}
}

static void
each_mandatory_object_is_missed(void)
{
	unsigned count[CLASSES];

	for (uint8_t type = WIRE_PATH; type <= WIRE_RESV_CONF; type++)
		for (size_t i = 0; i < CLASSES; i++) {
			if (force(i, type) != 'M')
				continue;
			mandatory(type, count);
			count[i] = 0;
			expect(decode_with(type, 4, count), WIRE_MISSING, type,
				i);
		}
}

static void
each_object_is_allowed_or_not(void)
{
	unsigned count[CLASSES];

	for (uint8_t type = WIRE_PATH; type <= WIRE_RESV_CONF; type++)
		for (size_t i = 0; i < CLASSES; i++) {
			bool allowed = force(i, type) != '-';

			mandatory(type, count);
			count[i] = 1;
			expect(decode_with(type, 4, count),
				allowed ? WIRE_OK : WIRE_ILLEGAL, type, i);
		}
}

static void
each_object_but_policy_is_there_once(void)
{
	unsigned count[CLASSES];

	for (uint8_t type = WIRE_PATH; type <= WIRE_RESV_CONF; type++)
		for (size_t i = 0; i < CLASSES; i++) {
			if (force(i, type) == '-')
				continue;
			mandatory(type, count);
			count[i] = 2;
			expect(decode_with(type, 4, count),
				force(i, type) == '*' ? WIRE_OK
						      : WIRE_DUPLICATE,
				type, i);
		}
}

static void
flow_descriptors_are_for_messages_with_a_style(void)
{
	unsigned count[CLASSES];

	for (uint8_t type = WIRE_PATH; type <= WIRE_RESV_CONF; type++) {
		mandatory(type, count);
		for (uint8_t c = WIRE_C_FLOWSPEC; c <= WIRE_C_FILTER; c++) {
			bool styled = force(6, type) == 'M';

			T_EQ(grammar[6].class_num, WIRE_C_STYLE);
			t_begin(&packet, type);
			t_add(&packet, c, 4);
			t_end(&packet);
			T_EQ(t_decode(&packet, &msg),
				styled ? WIRE_ORDER : WIRE_ILLEGAL);
		}
	}
}

static void
integrity_is_first_or_refused(void)
{
	t_begin(&packet, WIRE_PATH);
	t_add(&packet, WIRE_C_SESSION, 4);
	t_add(&packet, WIRE_C_INTEGRITY, 4);
	t_end(&packet);
	T_EQ(t_decode(&packet, &msg), WIRE_ORDER);
	t_begin(&packet, WIRE_PATH);
	t_object(&packet, 0, 0, NULL, 0);
	t_add(&packet, WIRE_C_INTEGRITY, 4);
	t_end(&packet);
	T_EQ(t_decode(&packet, &msg), WIRE_ORDER);
}

/* Puts the objects of a Path in the n-th of 720 orders. */
static void
permute_path(unsigned n)
{
	uint8_t left[] = { WIRE_C_SESSION, WIRE_C_HOP, WIRE_C_TIME_VALUES,
		WIRE_C_SENDER, WIRE_C_TSPEC, WIRE_C_ADSPEC };

	t_begin(&packet, WIRE_PATH);
	for (unsigned size = sizeof(left); size > 0; size--) {
		unsigned pick = n % size;

		n /= size;
		t_add(&packet, left[pick], 4);
		memmove(left + pick, left + pick + 1, size - pick - 1);
	}
	t_end(&packet);
}

static void
a_path_is_taken_in_any_order(void)
{
	permute_path(0);
	T_EQ(t_decode(&packet, &first), WIRE_OK);
	for (unsigned n = 1; n < 720; n++) {
		permute_path(n);
		T_EQ(t_decode(&packet, &msg), WIRE_OK);
		msg.adspec_view = first.adspec_view;
		t_same(&msg, &first);
	}
}

static const uint8_t before_style[] = { WIRE_C_SESSION, WIRE_C_HOP,
	WIRE_C_TIME_VALUES, WIRE_C_CONFIRM, WIRE_C_SCOPE, WIRE_C_POLICY };

/* A Resv with one object behind STYLE, or behind the flow descriptors. */
static void
put_late_resv(size_t late, bool last)
{
	const size_t n = sizeof(before_style);

	t_begin(&packet, WIRE_RESV);
	for (size_t i = 0; i < n; i++)
		if (i != late)
			t_add(&packet, before_style[i], 4);
	t_add(&packet, WIRE_C_STYLE, 4);
	if (late < n && !last)
		t_add(&packet, before_style[late], 4);
	t_add(&packet, WIRE_C_FLOWSPEC, 4);
	t_add(&packet, WIRE_C_FILTER, 4);
	if (late < n && last)
		t_add(&packet, before_style[late], 4);
	t_end(&packet);
}

static void
style_and_flow_descriptors_are_last(void)
{
	for (size_t late = 0; late < sizeof(before_style); late++)
		for (int last = 0; last < 2; last++) {
			put_late_resv(late, last);
			T_EQ(t_decode(&packet, &msg), WIRE_ORDER);
		}
	put_late_resv(sizeof(before_style), false);
	T_EQ(t_decode(&packet, &msg), WIRE_OK);
}

static void
other_objects_of_a_resv_are_taken_in_any_order(void)
{
	t_begin(&packet, WIRE_RESV);
	t_add(&packet, WIRE_C_CONFIRM, 4);
	t_add(&packet, WIRE_C_TIME_VALUES, 4);
	t_add(&packet, WIRE_C_POLICY, 4);
	t_add(&packet, WIRE_C_HOP, 4);
	t_add(&packet, WIRE_C_SESSION, 4);
	t_add(&packet, WIRE_C_STYLE, 4);
	t_add(&packet, WIRE_C_FLOWSPEC, 4);
	t_add(&packet, WIRE_C_FILTER, 4);
	t_end(&packet);
	T_EQ(t_decode(&packet, &msg), WIRE_OK);
	T_EQ(msg.has, WIRE_HAS_CONFIRM | WIRE_HAS_TIME_VALUES | WIRE_HAS_HOP |
			      WIRE_HAS_SESSION | WIRE_HAS_STYLE);
}

/* What is mandatory; one object of it, the first, is of the other family. */
static void
put_mixed(uint8_t type, size_t odd)
{
	unsigned count[CLASSES];

	mandatory(type, count);
	count[odd] = 0;
	t_begin(&packet, type);
	t_add(&packet, grammar[odd].class_num, 6);
	for (size_t i = 0; i < CLASSES; i++)
		if (count[i] > 0 && grammar[i].class_num != WIRE_C_STYLE)
			add(grammar[i].class_num, 4);
	if (count[6] > 0)
		add(WIRE_C_STYLE, 4);
	t_end(&packet);
}

static void
families_do_not_mix(void)
{
	for (uint8_t type = WIRE_PATH; type <= WIRE_RESV_CONF; type++)
		for (size_t odd = 0; odd < CLASSES; odd++) {
			uint8_t c = grammar[odd].class_num;

			if (force(odd, type) == '-' || c == WIRE_C_STYLE ||
				t_sample(c, 0, 4) == t_sample(c, 0, 6))
				continue;
			put_mixed(type, odd);
			expect(t_decode(&packet, &msg), WIRE_FAMILY, type, odd);
		}
}

static void
a_filter_is_of_the_sessions_family(void)
{
	for (uint8_t family = 4; family <= 6; family += 2) {
		uint8_t other = family == 4 ? 6 : 4;

		t_begin(&packet, WIRE_RESV);
		t_add(&packet, WIRE_C_SESSION, family);
		t_add(&packet, WIRE_C_HOP, family);
		t_add(&packet, WIRE_C_TIME_VALUES, family);
		t_add(&packet, WIRE_C_STYLE, family);
		t_add(&packet, WIRE_C_FLOWSPEC, family);
		t_add(&packet, WIRE_C_FILTER, family);
		t_add(&packet, WIRE_C_FILTER, other);
		t_end(&packet);
		T_EQ(t_decode(&packet, &msg), WIRE_FAMILY);
	}
}

/* A fault that cannot be answered comes before one that can. */
static void
a_broken_message_is_not_answered(void)
{
	static const uint8_t body[4];

	t_begin(&packet, WIRE_PATH);
	t_object(&packet, 20, 1, body, 4);
	t_end(&packet);
	T_EQ(t_decode(&packet, &msg), WIRE_MISSING);
	T_EQ(msg.bad_class, 20);
	t_begin(&packet, WIRE_PATH);
	t_object(&packet, 20, 1, body, 4);
	t_add(&packet, WIRE_C_STYLE, 4);
	t_end(&packet);
	T_EQ(t_decode(&packet, &msg), WIRE_ILLEGAL);
}

static struct t_case cases[] = {
	{ "the mandatory objects of each message are enough",
		mandatory_objects_are_enough },
	{ "each mandatory object is missed when it is not there",
		each_mandatory_object_is_missed },
	{ "each object is allowed in the messages that have it, no others",
		each_object_is_allowed_or_not },
	{ "each object but POLICY_DATA may be there once only",
		each_object_but_policy_is_there_once },
	{ "flow descriptors are refused without a STYLE before them",
		flow_descriptors_are_for_messages_with_a_style },
	{ "INTEGRITY is first or the message refused",
		integrity_is_first_or_refused },
	{ "the objects of a Path are taken in any order",
		a_path_is_taken_in_any_order },
	{ "STYLE and the flow descriptors are last",
		style_and_flow_descriptors_are_last },
	{ "the other objects of a Resv are taken in any order",
		other_objects_of_a_resv_are_taken_in_any_order },
	{ "address families do not mix in a message", families_do_not_mix },
	{ "each filter is of the session's family",
		a_filter_is_of_the_sessions_family },
	{ "a message broken beyond an unknown object is not answered",
		a_broken_message_is_not_answered },
};

T_MAIN(cases)
