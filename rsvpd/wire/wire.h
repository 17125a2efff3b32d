/* SPDX-License-Identifier: ISC */
#ifndef WIRE_H
#define WIRE_H

/*
 * RSVP messages: objects to bytes and back (RFC 2205 3.1 and Appendix A; the
 * IntServ bodies of RFC 2210, 2212 and 2215; both address families).
 *
 * Decoding changes no state and allocates nothing.  A decoded message holds
 * host-order values; only fields named ..._view point into the packet, and are
 * dead when the packet is.  Numbers are kept as they came: whether a rate is
 * sane is judged by the core, which can answer with an error message.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/text.h"

enum wire_type { /* RFC 2205 3.1.1 */
	WIRE_PATH = 1,
	WIRE_RESV = 2,
	WIRE_PATH_ERR = 3,
	WIRE_RESV_ERR = 4,
	WIRE_PATH_TEAR = 5,
	WIRE_RESV_TEAR = 6,
	WIRE_RESV_CONF = 7
};

enum {
	WIRE_HEADER = 8,          /* octets of the common header */
	WIRE_MESSAGE_MAX = 65528, /* RSVP Length, a multiple of 4 */
	WIRE_FLOWS_MAX = 64,      /* flow descriptors kept of one message */
	WIRE_POLICIES_MAX = 8,    /* POLICY_DATA objects kept */
	WIRE_OTHERS_MAX = 16,     /* forwardable unknown objects kept */
	WIRE_SERVICES_MAX = 8     /* per-service fragments kept of an ADSPEC;
				   * one left out means "do not use" */
};

/*
 * Why a packet was not accepted.  Faults up to WIRE_UNSUPPORTED_TYPE are local
 * matters: dropped and counted, no error message (RFC 2205 Appendix B).
 * WIRE_UNKNOWN_CLASS and WIRE_UNKNOWN_CTYPE are answered with codes 13 and 14
 * (RFC 2205 3.10): the message is decoded as far as it is understood, and
 * bad_class and bad_ctype name the object.
 */
#define WIRE_FAULTS(X)                                                         \
	X(WIRE_OK, "ok")                                                       \
	X(WIRE_SHORT, "shorter than its length field says")                    \
	X(WIRE_SURPLUS, "longer than its length field says")                   \
	X(WIRE_VERSION, "not RSVP version 1")                                  \
	X(WIRE_CHECKSUM, "wrong checksum")                                     \
	X(WIRE_LENGTH, "object length not valid for its type")                 \
	X(WIRE_VALUE, "field value not allowed")                               \
	X(WIRE_MISSING, "mandatory object missing")                            \
	X(WIRE_ILLEGAL, "object not allowed in this message")                  \
	X(WIRE_DUPLICATE, "object present twice")                              \
	X(WIRE_ORDER, "objects in a forbidden order")                          \
	X(WIRE_FLOW_COUNT, "flow descriptors do not fit the style")            \
	X(WIRE_FAMILY, "address families of the objects differ")               \
	X(WIRE_UNSUPPORTED_TYPE, "message type not handled")                   \
	X(WIRE_UNKNOWN_CLASS, "unknown object class")                          \
	X(WIRE_UNKNOWN_CTYPE, "unknown C-Type")

enum wire_fault {
#define X(name, text) name,
	WIRE_FAULTS(X)
#undef X
		WIRE_FAULT_COUNT
};

const char *wire_fault_text(enum wire_fault fault);
const char *wire_type_text(uint8_t type); /* "Path"; "type 99" is not made */

struct wire_view {
	const uint8_t *bytes; /* borrowed */
	size_t len;
};

/* SESSION, class 1 (RFC 2205 A.1). */
enum { WIRE_SESSION_E_POLICE = 0x01 };
struct wire_session {
	struct addr dst;
	uint8_t proto;
	uint8_t flags;     /* not part of the session's identity */
	uint16_t dst_port; /* host order; 0: none */
};

/* RSVP_HOP, class 3 (A.2). */
struct wire_hop {
	struct addr addr;
	uint32_t lih;
};

/* ERROR_SPEC, class 6 (A.5). */
enum { WIRE_ERROR_IN_PLACE = 0x01, WIRE_ERROR_NOT_GUILTY = 0x02 };
struct wire_error {
	struct addr node;
	uint8_t flags;
	uint8_t code;
	uint16_t value;
};

/* STYLE, class 8 (A.7): the low five bits; the reserved ones are masked. */
enum wire_style {
	WIRE_STYLE_WF = 0x11,
	WIRE_STYLE_FF = 0x0a,
	WIRE_STYLE_SE = 0x12
};

/* FILTER_SPEC and SENDER_TEMPLATE, classes 10 and 11 (A.9, A.10). */
enum wire_filter_form {
	WIRE_FILTER_PORT,      /* C-Types 1 and 2 */
	WIRE_FILTER_FLOW_LABEL /* C-Type 3, IPv6 only; 20 bits (RFC 6437) */
};
struct wire_filter {
	struct addr src;
	uint8_t form;        /* enum wire_filter_form */
	uint16_t src_port;   /* host order; 0: none */
	uint32_t flow_label; /* of form FLOW_LABEL */
};

bool wire_filter_equal(
	const struct wire_filter *a, const struct wire_filter *b);
/* A total order, for sorting: below 0, 0 or above 0.  Unlike equality it looks
 * at all fields, whatever the form. */
int wire_filter_compare(
	const struct wire_filter *a, const struct wire_filter *b);
bool wire_session_equal(/* flags are not compared */
	const struct wire_session *a, const struct wire_session *b);

/* Token bucket (RFC 2215 3.6).  Octets and octets a second. */
struct wire_tspec {
	float r;
	float b;
	float p; /* may be +infinity */
	uint32_t m;
	uint32_t M;
};

enum wire_service { /* RFC 2210 */
	WIRE_SERVICE_GENERAL = 1,
	WIRE_SERVICE_GS = 2,
	WIRE_SERVICE_CL = 5
};

/* FLOWSPEC, class 9, C-Type 2 (RFC 2210 3.2). */
struct wire_flowspec {
	uint8_t service; /* WIRE_SERVICE_GS or WIRE_SERVICE_CL */
	struct wire_tspec tspec;
	float R;    /* GS only, else 0 */
	uint32_t S; /* microseconds; GS only, else 0 */
};

/* General parameters of an ADSPEC (RFC 2215 3). */
enum {
	WIRE_GENERAL_HOPS = 0x1,
	WIRE_GENERAL_BANDWIDTH = 0x2,
	WIRE_GENERAL_LATENCY = 0x4,
	WIRE_GENERAL_MTU = 0x8,
	WIRE_GENERAL_ALL = 0xf
};
#define WIRE_LATENCY_UNKNOWN UINT32_MAX
struct wire_general {
	uint8_t present; /* WIRE_GENERAL_ bits */
	uint32_t hops;
	float bandwidth_Bps; /* 0: unknown */
	uint32_t latency_us; /* WIRE_LATENCY_UNKNOWN: indeterminate */
	uint32_t mtu;
};

/* One per-service fragment (RFC 2210 3.3). */
struct wire_adspec_service {
	uint8_t service;
	bool broken;   /* the service's break bit */
	bool gs_terms; /* GS: the four sums follow (not an empty fragment) */
	uint32_t Ctot, Dtot, Csum, Dsum; /* octets; microseconds */
	struct wire_general overrides;
	struct wire_view
		data_view; /* of a service not known here, else empty */
};

/* ADSPEC, class 13, C-Type 2. */
struct wire_adspec {
	bool broken;                 /* global break bit */
	struct wire_general general; /* all present in a valid ADSPEC */
	size_t service_count;
	struct wire_adspec_service services[WIRE_SERVICES_MAX];
};

/* A fragment, or NULL: "do not use this service". */
struct wire_adspec_service *wire_adspec_find(
	struct wire_adspec *adspec, uint8_t service);
/* PATH_MTU and MINIMUM_PATH_LATENCY for a service: its own, or those of all
 * (RFC 2210 2.3.2, 2215 2). */
uint32_t wire_adspec_mtu(const struct wire_adspec *adspec, uint8_t service);
uint32_t wire_adspec_latency(const struct wire_adspec *adspec, uint8_t service);

/*
 * One flow descriptor.  WF: one, without filter (also in a ResvTear that has
 * nothing behind its STYLE).  FF: each has its own flowspec, an omitted one is
 * filled in from its predecessor.  SE: the flowspec is in the first and
 * repeated in the others here.  A style that is not known: as they came.
 */
struct wire_flow {
	bool has_flowspec; /* false only in a ResvTear that leaves it out */
	bool has_filter;   /* false only for WF */
	struct wire_flowspec flowspec;
	struct wire_view flowspec_view; /* the whole object, if malformed or
					 * of a service not known here; it is
					 * then sent as it came; else empty */
	struct wire_filter filter;
};

/* Which singleton objects are there. */
enum {
	WIRE_HAS_SESSION = 1u << 0,
	WIRE_HAS_HOP = 1u << 1,
	WIRE_HAS_TIME_VALUES = 1u << 2,
	WIRE_HAS_ERROR = 1u << 3,
	WIRE_HAS_SCOPE = 1u << 4,
	WIRE_HAS_STYLE = 1u << 5,
	WIRE_HAS_SENDER = 1u << 6,
	WIRE_HAS_TSPEC = 1u << 7,
	WIRE_HAS_ADSPEC = 1u << 8,
	WIRE_HAS_CONFIRM = 1u << 9,
	WIRE_HAS_INTEGRITY = 1u << 10
};

struct wire_msg {
	uint8_t type;  /* enum wire_type, or a number not handled */
	uint8_t flags; /* of the common header; 0x1 is sent (RFC 2961) */
	uint8_t send_ttl;
	uint32_t has; /* WIRE_HAS_ bits */
	struct wire_session session;
	struct wire_hop hop;
	uint32_t refresh_ms; /* TIME_VALUES */
	struct wire_error error;
	uint8_t style; /* low five bits as received; enum wire_style if known */
	uint32_t style_vector; /* the whole 24-bit option vector as received */
	struct addr confirm;   /* RESV_CONFIRM: receiver address */
	struct wire_filter sender;   /* SENDER_TEMPLATE */
	struct wire_tspec tspec;     /* SENDER_TSPEC */
	struct wire_view tspec_view; /* the whole object, if malformed; it is
				      * then sent as it came; else empty */
	struct wire_adspec adspec;
	struct wire_view adspec_view; /* the whole object, header included;
				       * sent as it came if malformed */
	struct wire_view scope_view;  /* addresses only; use wire_scope_at() */
	size_t scope_count;
	size_t flow_count;
	size_t flows_ignored; /* beyond WIRE_FLOWS_MAX */
	struct wire_flow flows[WIRE_FLOWS_MAX];
	size_t policy_count;
	size_t policies_ignored;                      /* beyond the limit */
	struct wire_view policies[WIRE_POLICIES_MAX]; /* whole objects */
	size_t other_count;
	size_t others_ignored;                    /* beyond WIRE_OTHERS_MAX */
	struct wire_view others[WIRE_OTHERS_MAX]; /* classes 11bbbbbb, whole */
	bool tspec_malformed;    /* bad inner framing: code 21 value 4 */
	bool adspec_malformed;   /* bad inner framing: code 21 value 5 */
	bool flowspec_malformed; /* of any: code 21 value 3 */
	bool policy_malformed;   /* of any POLICY_DATA: code 2 value 11 */
	uint8_t bad_class; /* with WIRE_UNKNOWN_CLASS and WIRE_UNKNOWN_CTYPE */
	uint8_t bad_ctype;
};

/*
 * Decode and check a whole message.  *ret_msg is always written as far as the
 * message was understood; its views borrow bytes.
 */
enum wire_fault wire_msg_decode(
	const uint8_t *bytes, size_t len, struct wire_msg *ret_msg);

/*
 * Write the message in the order RFC 2205 recommends, with length and checksum.
 * False when it does not fit or may not be sent (a family mismatch, a missing
 * or illegal object, a SCOPE that is not ascending, an unknown style other than
 * in a ResvErr); then the writer is failed.  INTEGRITY is not written.
 */
bool wire_msg_encode(struct buf_writer *w, const struct wire_msg *msg);

/* The ADSPEC object alone, as stored in path state: header included. */
bool wire_adspec_decode(
	struct wire_view object, struct wire_adspec *ret_adspec);
bool wire_adspec_encode(struct buf_writer *w, const struct wire_adspec *adspec);

/* The i-th address of a SCOPE; i < scope_count. */
struct addr wire_scope_at(const struct wire_msg *msg, size_t i);

/*
 * One's complement checksum over the bytes (RFC 2205 3.1.1); 0 for a message
 * whose checksum field is right.
 */
uint16_t wire_checksum(const uint8_t *bytes, size_t len);

/* A message as one line, and as an indented tree. */
void wire_msg_print(struct text *t, const struct wire_msg *msg);
void wire_msg_print_tree(struct text *t, const struct wire_msg *msg);
void wire_flowspec_print(struct text *t, const struct wire_flowspec *spec);
void wire_tspec_print(struct text *t, const struct wire_tspec *tspec);
void wire_filter_print(struct text *t, const struct wire_filter *filter);
void wire_session_print(struct text *t, const struct wire_session *session);

/* ---- error codes (RFC 2205 Appendix B and its registry) ------------------ */

#define WIRE_ERRORS(X)                                                         \
	X(WIRE_E_CONFIRM, 0, "confirmation")                                   \
	X(WIRE_E_ADMISSION, 1, "admission control failure")                    \
	X(WIRE_E_POLICY, 2, "policy control failure")                          \
	X(WIRE_E_NO_PATH, 3, "no path information for this Resv")              \
	X(WIRE_E_NO_SENDER, 4, "no sender information for this Resv")          \
	X(WIRE_E_STYLE_CONFLICT, 5, "conflicting reservation style")           \
	X(WIRE_E_STYLE_UNKNOWN, 6, "unknown reservation style")                \
	X(WIRE_E_DST_PORTS, 7, "conflicting destination ports")                \
	X(WIRE_E_SRC_PORTS, 8, "conflicting sender ports")                     \
	X(WIRE_E_PREEMPTED, 12, "service preempted")                           \
	X(WIRE_E_CLASS, 13, "unknown object class")                            \
	X(WIRE_E_CTYPE, 14, "unknown object C-Type")                           \
	X(WIRE_E_API, 20, "API error")                                         \
	X(WIRE_E_TC, 21, "traffic control error")                              \
	X(WIRE_E_TC_SYSTEM, 22, "traffic control system error")                \
	X(WIRE_E_RSVP_SYSTEM, 23, "RSVP system error")

enum wire_error_code {
#define X(name, code, text) name = (code),
	WIRE_ERRORS(X)
#undef X
};

enum { /* values of code 1 */
	WIRE_ADMISSION_DELAY = 1,
	WIRE_ADMISSION_BANDWIDTH = 2,
	WIRE_ADMISSION_MTU = 3
};
enum { /* values of code 21 */
	WIRE_TC_CONFLICT = 1,
	WIRE_TC_UNSUPPORTED = 2,
	WIRE_TC_FLOWSPEC = 3,
	WIRE_TC_TSPEC = 4,
	WIRE_TC_ADSPEC = 5
};
enum { /* values of code 2 (RFC 2750 Appendix A) */
	WIRE_POLICY_REJECT = 3,
	WIRE_POLICY_EXCEED = 4,
	WIRE_POLICY_PREEMPT = 5,
	WIRE_POLICY_SERVICE = 17,
	WIRE_POLICY_STYLE = 18,
	WIRE_POLICY_FLOWSPEC = 19
};

bool wire_style_known(uint32_t style);
const char *wire_style_text(uint32_t style); /* "FF"; "unknown style" */
/* "admission control failure"; "error code" for a code without a name. */
const char *wire_error_text(uint8_t code);
/* "requested bandwidth unavailable"; "" when the value says nothing. */
const char *wire_error_value_text(uint8_t code, uint16_t value);

#endif /* WIRE_H */
