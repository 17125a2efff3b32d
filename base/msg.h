/* SPDX-License-Identifier: ISC */
#ifndef MSG_H
#define MSG_H

/*
 * Messages between our own processes: versioned type-length-value objects over
 * SOCK_SEQPACKET.  No C struct crosses a process boundary.
 *
 *	message   := len u32 | version u16 | type u16 | serial u32 | attribute*
 *	attribute := type u16 | len u16 | value
 *
 * All little-endian; lengths count their own header; nothing is padded.  One
 * datagram holds one or more whole messages (a batch).  A receiver skips
 * attributes it does not know and refuses a version it does not know.  The
 * serial of an answer is that of its question; 0 for what nobody asked.
 *
 * Each pair of processes has its own list of message and attribute types, in
 * the folder that owns the conversation (tcctl.h, policy.h, rapi_msg.h,
 * ctl_msg.h).
 */

#include "addr.h"
#include "buf.h"

enum {
	MSG_VERSION = 1,
	MSG_HEADER = 12,
	MSG_ATTR_HEADER = 4,
	MSG_DATAGRAM_MAX = 65536 /* octets of one batch */
};

struct msg {
	uint16_t version;
	uint16_t type;
	uint32_t serial;
	struct buf_reader body; /* attributes */
};

struct msg_attr {
	uint16_t type;
	struct buf_reader body;
};

/*
 * Take the next message off a datagram.  False at its end, or when what is
 * left is malformed (then r->failed is set).  The version is not judged here.
 */
bool msg_next(struct buf_reader *r, struct msg *ret_msg);

/* Take the next attribute.  False at the end, or when malformed (then
 * r->failed is set). */
bool msg_attr_next(struct buf_reader *r, struct msg_attr *ret_attr);

/* The value of an attribute.  A size that does not fit the type marks the
 * attribute's view failed and yields zero. */
uint8_t msg_get_u8(struct msg_attr *attr);
uint16_t msg_get_u16(struct msg_attr *attr);
uint32_t msg_get_u32(struct msg_attr *attr);
uint64_t msg_get_u64(struct msg_attr *attr);
struct addr msg_get_addr(struct msg_attr *attr);
/* Copies text and terminates it; too long for size, or holding a NUL: failed,
 * and buf is "". */
void msg_get_text(struct msg_attr *attr, char *buf, size_t size);

/*
 * Begin a message at the writer's position; close it with msg_end(), which
 * measures it.  A message that does not fit fails the writer: remember
 * buf_written() before and restore w->pos to drop it.
 */
uint8_t *msg_begin(struct buf_writer *w, uint16_t type, uint32_t serial);
void msg_end(struct buf_writer *w, uint8_t *start);

void msg_put_u8(struct buf_writer *w, uint16_t attr, uint8_t v);
void msg_put_u16(struct buf_writer *w, uint16_t attr, uint16_t v);
void msg_put_u32(struct buf_writer *w, uint16_t attr, uint32_t v);
void msg_put_u64(struct buf_writer *w, uint16_t attr, uint64_t v);
void msg_put_addr(struct buf_writer *w, uint16_t attr, const struct addr *a);
void msg_put_text(struct buf_writer *w, uint16_t attr, const char *text);
void msg_put_bytes(
	struct buf_writer *w, uint16_t attr, const void *bytes, size_t n);

/* An attribute that holds attributes. */
uint8_t *msg_nest(struct buf_writer *w, uint16_t attr);
void msg_nest_end(struct buf_writer *w, uint8_t *start);

#endif /* MSG_H */
