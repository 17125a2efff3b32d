/* SPDX-License-Identifier: ISC */
#ifndef WIRE_INT_H
#define WIRE_INT_H

/*
 * What the files of the codec share: the row of the object table, the object
 * as a value, and the check of a message's grammar that decoder and encoder
 * both go through.
 */

#include "rsvpd/wire/wire.h"

/* Class numbers (RFC 2205 Appendix A, RFC 2747). */
enum wire_class_num {
	WIRE_C_NULL = 0,
	WIRE_C_SESSION = 1,
	WIRE_C_HOP = 3,
	WIRE_C_INTEGRITY = 4,
	WIRE_C_TIME_VALUES = 5,
	WIRE_C_ERROR = 6,
	WIRE_C_SCOPE = 7,
	WIRE_C_STYLE = 8,
	WIRE_C_FLOWSPEC = 9,
	WIRE_C_FILTER = 10,
	WIRE_C_SENDER = 11,
	WIRE_C_TSPEC = 12,
	WIRE_C_ADSPEC = 13,
	WIRE_C_POLICY = 14,
	WIRE_C_CONFIRM = 15,
	WIRE_C_KNOWN = 16 /* known classes are below */
};

enum {
	WIRE_OBJ_HEADER = 4,
	WIRE_STYLE_MASK = 0x1f,         /* of the option vector: RFC 2205 A.7 */
	WIRE_FLOW_LABEL_MASK = 0xfffff, /* RFC 6437: 20 bits */
	WIRE_CTYPE_FLOW_LABEL = 3
};

/* What is done with an unknown class is in its two top bits: RFC 2205 3.10. */
enum wire_unknown {
	WIRE_UNKNOWN_REJECT,
	WIRE_UNKNOWN_DROP,
	WIRE_UNKNOWN_FORWARD
};
enum wire_unknown wire_unknown_class(uint8_t class_num);

/*
 * One object.  The body is understood when cls is set; whole is the object as
 * received, header included, and is empty for an object that is to be written.
 */
struct wire_obj {
	uint8_t class_num;
	uint8_t c_type;
	bool malformed; /* framed well, but its inner framing is broken */
	const struct wire_class *cls;
	struct wire_view whole;
	union {
		struct wire_session session;
		struct wire_hop hop;
		uint32_t refresh_ms;
		struct wire_error error;
		struct wire_view scope_view; /* the addresses */
		uint32_t style_vector;
		struct wire_flowspec flowspec;
		struct wire_filter filter; /* and SENDER_TEMPLATE */
		struct wire_tspec tspec;
		struct wire_adspec adspec;
		struct wire_view policy_view; /* the body */
		struct addr confirm;
	};
};

/*
 * A decoder reads the body, whose size is within the row's limits; what it
 * leaves over is an error of length.  An encoder writes the body, and fails the
 * writer when the value may not be sent.
 */
typedef enum wire_fault wire_decode_fn(
	struct buf_reader *body, struct wire_obj *obj);
typedef void wire_encode_fn(struct buf_writer *w, const struct wire_obj *obj);
typedef void wire_print_fn(struct text *t, const struct wire_obj *obj);

struct wire_class {
	uint8_t class_num;
	uint8_t c_type;
	uint8_t family; /* of its addresses; ADDR_NONE: it has none */
	uint16_t min_body;
	uint16_t max_body;
	const char *name;
	wire_decode_fn *decode;
	wire_encode_fn *encode; /* NULL: never sent */
	wire_print_fn *print;
};

/* NULL when the pair is not known. */
const struct wire_class *wire_class_find(uint8_t class_num, uint8_t c_type);
/* The first row of the class for that family; NULL if there is none. */
const struct wire_class *wire_class_for(uint8_t class_num, uint8_t family);
/* The i-th row of the table; NULL behind the last. */
const struct wire_class *wire_class_at(size_t i);

/*
 * Decode the object at the head of *r and step past it.  WIRE_UNKNOWN_CLASS and
 * WIRE_UNKNOWN_CTYPE still leave numbers and bytes in *ret_obj.
 */
enum wire_fault wire_obj_decode(struct buf_reader *r, struct wire_obj *ret_obj);
void wire_obj_encode(struct buf_writer *w, const struct wire_obj *obj);

/* A fresh object to be written; cls is NULL when there is no such form. */
struct wire_obj wire_obj_make(uint8_t class_num, uint8_t family);
struct wire_obj wire_obj_make_filter(
	uint8_t class_num, const struct wire_filter *filter);

/* Addresses inside objects.  Reading an address of no family reads nothing. */
struct addr wire_get_addr(struct buf_reader *r, uint8_t family);
void wire_put_addr(struct buf_writer *w, const struct addr *a);

/* The rows' functions, by file. */
wire_decode_fn wire_decode_session, wire_decode_filter, wire_decode_label;
wire_encode_fn wire_encode_session, wire_encode_filter, wire_encode_label;
wire_print_fn wire_print_session_obj, wire_print_filter_obj;

wire_decode_fn wire_decode_hop, wire_decode_time_values, wire_decode_error,
	wire_decode_scope, wire_decode_style, wire_decode_confirm;
wire_encode_fn wire_encode_hop, wire_encode_time_values, wire_encode_error,
	wire_encode_scope, wire_encode_style, wire_encode_confirm;
wire_print_fn wire_print_hop, wire_print_time_values, wire_print_error,
	wire_print_scope, wire_print_style, wire_print_confirm;

wire_decode_fn wire_decode_flowspec, wire_decode_tspec, wire_decode_adspec;
wire_encode_fn wire_encode_flowspec, wire_encode_tspec, wire_encode_adspec;
wire_print_fn wire_print_flowspec_obj, wire_print_tspec_obj, wire_print_adspec;

wire_decode_fn wire_decode_policy, wire_decode_integrity;
wire_encode_fn wire_encode_policy;
wire_print_fn wire_print_policy, wire_print_integrity;

/*
 * Inside IntServ bodies (RFC 2210 Appendix 1).  A per-service and a parameter
 * header have one shape: number, flags, and how many words follow.
 */
struct wire_block {
	uint8_t num;
	uint8_t flags;
	struct buf_reader data;
};
enum { WIRE_BREAK_BIT = 0x80, WIRE_BLOCK_HEADER = 4 };

/* The blocks behind the message header; false when it does not fit the body. */
bool wire_intserv_open(struct buf_reader *body, struct buf_reader *ret_blocks);
bool wire_block_next(struct buf_reader *r, struct wire_block *ret_block);
float wire_get_float(struct buf_reader *r);
void wire_put_float(struct buf_writer *w, float v);

/* Writing a block: remember where it starts, close it to fill in its words. */
size_t wire_block_begin(struct buf_writer *w, uint8_t num, uint8_t flags);
void wire_block_end(struct buf_writer *w, size_t start);
/* Equal bit for bit: NaN equals itself here. */
bool wire_flowspec_same(
	const struct wire_flowspec *a, const struct wire_flowspec *b);

/*
 * The grammar of a message, object by object (RFC 2205 3.1): which objects may
 * and must be there, in which order, of one address family, flow descriptors as
 * the style wants them.
 */
struct wire_check {
	uint8_t type;
	uint8_t family; /* ADDR_NONE until an object has one */
	uint8_t style;  /* low five bits; 0 before a STYLE is understood */
	size_t count;   /* objects so far */
	uint32_t seen;  /* bit n: class n */
	size_t specs;   /* FLOWSPECs and FILTER_SPECs so far */
	size_t filters;
	bool spec_pending; /* a FLOWSPEC still waits for its FILTER_SPEC */
};

enum wire_fault wire_check_object(
	struct wire_check *check, const struct wire_obj *obj);
enum wire_fault wire_check_end(const struct wire_check *check);

/* The flow descriptor grammar of the style; called by wire_check_. */
enum wire_fault wire_flow_check(struct wire_check *check, uint8_t class_num);
enum wire_fault wire_flow_check_end(const struct wire_check *check);

/* Flow descriptors out of a sequence of objects. */
struct wire_flow_store {
	struct wire_msg *msg;
	struct wire_flow last; /* the most recent FLOWSPEC */
	bool pending;          /* it has no flow descriptor yet */
};
void wire_flow_store(struct wire_flow_store *store, const struct wire_obj *obj);
void wire_flow_store_end(struct wire_flow_store *store);

/* Objects of a message in the recommended order; false stops the walk. */
typedef bool wire_each_fn(void *arg, const struct wire_obj *obj);
bool wire_flow_each(const struct wire_msg *msg, wire_each_fn *fn, void *arg);
bool wire_msg_each(const struct wire_msg *msg, wire_each_fn *fn, void *arg);

#endif /* WIRE_INT_H */
