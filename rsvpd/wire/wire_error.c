/* SPDX-License-Identifier: ISC */

/* Words for the numbers of the protocol: faults, types, styles and errors. */

#include "rsvpd/wire/wire_int.h"

const char *
wire_fault_text(enum wire_fault fault)
{
	static const char *const texts[WIRE_FAULT_COUNT] = {
#define X(name, text) [name] = (text),
		WIRE_FAULTS(X)
#undef X
	};

	return (unsigned)fault < WIRE_FAULT_COUNT ? texts[fault]
						  : "unknown fault";
}

/* The registered message types: those not handled are named in logs. */
const char *
wire_type_text(uint8_t type)
{
	static const struct {
		uint8_t type;
		const char *text;
	} types[] = { { WIRE_PATH, "Path" }, { WIRE_RESV, "Resv" },
		{ WIRE_PATH_ERR, "PathErr" }, { WIRE_RESV_ERR, "ResvErr" },
		{ WIRE_PATH_TEAR, "PathTear" }, { WIRE_RESV_TEAR, "ResvTear" },
		{ WIRE_RESV_CONF, "ResvConf" }, { 8, "DREQ" }, { 9, "DREP" },
		{ 12, "Bundle" }, { 13, "Ack" }, { 15, "Srefresh" },
		{ 20, "Hello" }, { 21, "Notify" },
		{ 25, "Integrity Challenge" }, { 26, "Integrity Response" } };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			return types[i].text;
	return "unknown type";
}

const char *
wire_style_text(uint32_t style)
{
	switch (style) {
	case WIRE_STYLE_WF:
		return "WF";
	case WIRE_STYLE_FF:
		return "FF";
	case WIRE_STYLE_SE:
		return "SE";
	default:
		return "unknown style";
	}
}

bool
wire_style_known(uint32_t style)
{
	return style == WIRE_STYLE_WF || style == WIRE_STYLE_FF ||
	       style == WIRE_STYLE_SE;
}

const char *
wire_error_text(uint8_t code)
{
	switch (code) {
#define X(name, number, text)                                                  \
	case name:                                                             \
		return text;
		WIRE_ERRORS(X)
#undef X
	default:
		return "error code";
	}
}

struct value_text {
	uint16_t value;
	const char *text;
};

/* ssur 0000 and a globally defined sub-code (RFC 2205 Appendix B). */
static const struct value_text admission_values[] = {
	{ WIRE_ADMISSION_DELAY, "delay bound cannot be met" },
	{ WIRE_ADMISSION_BANDWIDTH, "requested bandwidth unavailable" },
	{ WIRE_ADMISSION_MTU, "MTU in flowspec larger than interface MTU" },
	{ 0, NULL }
};

static const struct value_text tc_values[] = { { WIRE_TC_CONFLICT,
						       "service conflict" },
	{ WIRE_TC_UNSUPPORTED, "service unsupported" },
	{ WIRE_TC_FLOWSPEC, "bad flowspec value" },
	{ WIRE_TC_TSPEC, "bad Tspec value" },
	{ WIRE_TC_ADSPEC, "bad ADSPEC value" }, { 0, NULL } };

/* RFC 2750 Appendix A; 102 is from RFC 4495. */
static const struct value_text policy_values[] = { { 0, "information" },
	{ 1, "warning" }, { 2, "reason unknown" },
	{ WIRE_POLICY_REJECT, "rejected by policy" },
	{ WIRE_POLICY_EXCEED, "quota or limit exceeded" },
	{ WIRE_POLICY_PREEMPT, "flow preempted" },
	{ 6, "policy request expired" }, { 7, "policy replaced" },
	{ 8, "policies cannot be merged" },
	{ 9, "decision point down or refusing" },
	{ 10, "policy server unavailable" }, { 11, "POLICY_DATA malformed" },
	{ 12, "POLICY_DATA integrity failed" }, { 13, "policy element bad" },
	{ 14, "mandatory policy element missing" },
	{ 15, "no resources for the policy" }, { 16, "RSVP object bad" },
	{ WIRE_POLICY_SERVICE, "service not allowed" },
	{ WIRE_POLICY_STYLE, "style not allowed" },
	{ WIRE_POLICY_FLOWSPEC, "flowspec not allowed" },
	{ 102, "flow partly preempted" }, { 0, NULL } };

static const char *
value_find(const struct value_text *values, uint16_t value)
{
	for (; values->text; values++)
		if (values->value == value)
			return values->text;
	return "";
}

const char *
wire_error_value_text(uint8_t code, uint16_t value)
{
	switch (code) {
	case WIRE_E_ADMISSION:
		return value_find(admission_values, value);
	case WIRE_E_POLICY:
		return value_find(policy_values, value);
	case WIRE_E_TC:
		return value_find(tc_values, value);
	default:
		return "";
	}
}
