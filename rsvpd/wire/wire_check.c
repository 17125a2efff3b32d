/* SPDX-License-Identifier: ISC */

/*
 * Which objects a message may and must have, and in which order (RFC 2205 3.1).
 * Decoder and encoder put each object through the same check, so that what is
 * sent can be no looser than what is accepted.
 *
 * Order: INTEGRITY is first; STYLE and the flow descriptors are last.  There is
 * no other requirement on the order of what is received.
 */

#include "rsvpd/wire/wire_int.h"

enum rule {
	NO,   /* not allowed */
	MAY,  /* at most one */
	MUST, /* exactly one */
	ANY   /* as many as there are */
};

/* By class and message type.  What the RFC has ignored on receipt (a Tspec in
 * a PathTear, policy in a tear) is allowed. */
/* clang-format off */
static const uint8_t rules[WIRE_C_KNOWN][WIRE_RESV_CONF + 1] = {
/*			 -   Path  Resv  PErr  RErr  PTear RTear RConf */
[WIRE_C_SESSION]     = { NO, MUST, MUST, MUST, MUST, MUST, MUST, MUST },
[WIRE_C_HOP]         = { NO, MUST, MUST, NO,   MUST, MUST, MUST, NO   },
[WIRE_C_INTEGRITY]   = { NO, MAY,  MAY,  MAY,  MAY,  MAY,  MAY,  MAY  },
[WIRE_C_TIME_VALUES] = { NO, MUST, MUST, NO,   NO,   NO,   NO,   NO   },
[WIRE_C_ERROR]       = { NO, NO,   NO,   MUST, MUST, NO,   NO,   MUST },
[WIRE_C_SCOPE]       = { NO, NO,   MAY,  NO,   MAY,  NO,   MAY,  NO   },
[WIRE_C_STYLE]       = { NO, NO,   MUST, NO,   MUST, NO,   MUST, MUST },
[WIRE_C_FLOWSPEC]    = { NO, NO,   ANY,  NO,   ANY,  NO,   ANY,  ANY  },
[WIRE_C_FILTER]      = { NO, NO,   ANY,  NO,   ANY,  NO,   ANY,  ANY  },
[WIRE_C_SENDER]      = { NO, MUST, NO,   MUST, NO,   MUST, NO,   NO   },
[WIRE_C_TSPEC]       = { NO, MUST, NO,   MAY,  NO,   MAY,  NO,   NO   },
[WIRE_C_ADSPEC]      = { NO, MAY,  NO,   MAY,  NO,   MAY,  NO,   NO   },
[WIRE_C_POLICY]      = { NO, ANY,  ANY,  ANY,  ANY,  ANY,  ANY,  NO   },
[WIRE_C_CONFIRM]     = { NO, NO,   MAY,  NO,   NO,   NO,   NO,   MUST },
};
/* clang-format on */

static bool
is_flow_object(uint8_t class_num)
{
	return class_num == WIRE_C_FLOWSPEC || class_num == WIRE_C_FILTER;
}

static bool
is_seen(const struct wire_check *check, unsigned class_num)
{
	return (check->seen >> class_num & 1) != 0;
}

static enum wire_fault
check_place(const struct wire_check *check, uint8_t class_num)
{
	enum rule rule = (enum rule)rules[class_num][check->type];
	bool styled = is_seen(check, WIRE_C_STYLE);

	if (rule == NO)
		return WIRE_ILLEGAL;
	if (rule != ANY && is_seen(check, class_num))
		return WIRE_DUPLICATE;
	if (class_num == WIRE_C_INTEGRITY && check->count > 0)
		return WIRE_ORDER;
	if (is_flow_object(class_num) != styled)
		return WIRE_ORDER;
	return WIRE_OK;
}

static enum wire_fault
check_family(struct wire_check *check, const struct wire_obj *obj)
{
	uint8_t family = obj->cls ? obj->cls->family : ADDR_NONE;

	if (family == ADDR_NONE)
		return WIRE_OK;
	if (check->family == ADDR_NONE)
		check->family = family;
	return check->family == family ? WIRE_OK : WIRE_FAMILY;
}

enum wire_fault
wire_check_object(struct wire_check *check, const struct wire_obj *obj)
{
	uint8_t class_num = obj->class_num;
	enum wire_fault fault;

	if (class_num == WIRE_C_NULL || class_num >= WIRE_C_KNOWN ||
		!wire_class_for(class_num, ADDR_V4)) {
		check->count++;
		return WIRE_OK;
	}
	fault = check_place(check, class_num);
	check->count++;
	check->seen |= 1u << class_num;
	if (fault == WIRE_OK)
		fault = check_family(check, obj);
	if (fault == WIRE_OK && class_num == WIRE_C_STYLE && obj->cls)
		check->style = obj->style_vector & WIRE_STYLE_MASK;
	if (fault == WIRE_OK && is_flow_object(class_num))
		fault = wire_flow_check(check, class_num);
	return fault;
}

enum wire_fault
wire_check_end(const struct wire_check *check)
{
	for (unsigned c = 0; c < WIRE_C_KNOWN; c++)
		if (rules[c][check->type] == MUST && !is_seen(check, c))
			return WIRE_MISSING;
	return is_seen(check, WIRE_C_STYLE) ? wire_flow_check_end(check)
					    : WIRE_OK;
}
