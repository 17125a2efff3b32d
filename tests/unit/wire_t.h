/* SPDX-License-Identifier: ISC */
#ifndef WIRE_T_H
#define WIRE_T_H

/*
 * What the codec's tests share: packets from files, messages built by hand, and
 * the comparison of decoded messages.
 */

#include "rsvpd/wire/wire.h"
#include "t.h"

enum { T_PACKET_MAX = 65536 };

struct t_packet {
	size_t len;
	uint8_t bytes[T_PACKET_MAX];
};

/* A file below the source directory; the test fails when it is not there. */
FILE *t_open(const char *path);

/* The RSVP message of a hexadecimal packet: IP headers are taken off. */
void t_read_hex(const char *path, struct t_packet *ret);

/* RSVP payload of the n-th frame (from 1) of a capture, as much of it as was
 * captured; false if there is no such frame or it is not RSVP. */
bool t_read_pcap(const char *path, unsigned n, struct t_packet *ret);

/* Put a right checksum into a message, whatever else is wrong with it. */
void t_repair(struct t_packet *p);
/* The length field too. */
void t_repair_length(struct t_packet *p);

/* Messages built object by object, without the encoder under test. */
void t_begin(struct t_packet *p, uint8_t type);
void t_object(struct t_packet *p, uint8_t class_num, uint8_t c_type,
	const void *body, size_t len);
void t_words(struct t_packet *p, uint8_t class_num, uint8_t c_type,
	const uint32_t *words, size_t count);
void t_end(struct t_packet *p);

/* One good body for each pair of class and C-Type that the codec knows, in an
 * IPv4 or IPv6 session of one sender. */
struct t_sample {
	uint8_t class_num;
	uint8_t c_type;
	uint8_t family; /* 4, 6, or 0 for both */
	size_t len;
	uint8_t body[84];
};
extern const struct t_sample t_samples[];
extern const size_t t_sample_count;
/* The sample; c_type 0: the first of that class and family. */
const struct t_sample *t_sample(
	uint8_t class_num, uint8_t c_type, uint8_t family);
/* Appends the object of that class for that family. */
void t_add(struct t_packet *p, uint8_t class_num, uint8_t family);

/* Decode; ret borrows p.  A copy of exactly that size is decoded first, so that
 * a sanitizer sees a read past the end. */
enum wire_fault t_decode(const struct t_packet *p, struct wire_msg *ret);
/* Encode; the test fails when the message cannot be. */
void t_encode(const struct wire_msg *msg, struct t_packet *ret);
/* The test fails, naming the field, when they are not the same. */
void t_same(const struct wire_msg *a, const struct wire_msg *b);

#endif /* WIRE_T_H */
