/* SPDX-License-Identifier: ISC */

/* What the codec's tests share; see wire_t.h. */

#include "wire_t.h"

#include "wire_same.h"

enum { IP_PROTO_RSVP = 46, OBJ_HEADER = 4 };

FILE *
t_open(const char *path)
{
	const char *dir = getenv("srcdir");
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", dir ? dir : ".", path);

	FILE *f = fopen(full, "rb");

	T_CHECK(f, "%s cannot be read (set srcdir)", full);
	return f;
}

/* Takes the IPv4 or IPv6 header, with options, off the front. */
static void
strip_ip(struct t_packet *p)
{
	size_t header = (size_t)(p->bytes[0] & 0xf) * 4;

	if (p->bytes[0] >> 4 == 6) /* always with a hop-by-hop header here */
		header = p->bytes[6] == IP_PROTO_RSVP ? 40 : 48;
	T_CHECK(header <= p->len, "IP header of %zu octets", header);
	p->len -= header;
	memmove(p->bytes, p->bytes + header, p->len);
}

void
t_read_hex(const char *path, struct t_packet *ret)
{
	FILE *f = t_open(path);
	char line[128];

	ret->len = 0;
	while (fgets(line, sizeof(line), f)) {
		char *at = line + strcspn(line, " ");
		unsigned v;
		int n;

		while (sscanf(at, "%2x%n", &v, &n) == 1) {
			ret->bytes[ret->len++] = (uint8_t)v;
			at += n;
		}
	}
	fclose(f);
	strip_ip(ret);
}

static uint32_t
get_u32le(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[1] << 8 | p[0];
}

/* Ethernet, with or without a VLAN tag, off the front; false: not RSVP. */
static bool
strip_link(struct t_packet *p)
{
	size_t header = p->bytes[12] == 0x81 ? 18 : 14;

	if (p->len < header + 20 || p->bytes[header - 2] != 8 ||
		p->bytes[header - 1] != 0 ||
		p->bytes[header + 9] != IP_PROTO_RSVP)
		return false;
	p->len -= header;
	memmove(p->bytes, p->bytes + header, p->len);
	return true;
}

bool
t_read_pcap(const char *path, unsigned n, struct t_packet *ret)
{
	FILE *f = t_open(path);
	uint8_t header[24];
	bool found = fread(header, 1, 24, f) == 24;

	T_CHECK(found && get_u32le(header) == 0xa1b2c3d4,
		"%s: not a little-endian capture", path);
	for (unsigned i = 0; i < n && found; i++) {
		found = fread(header, 1, 16, f) == 16;
		if (!found)
			break;
		ret->len = get_u32le(header + 8);
		T_CHECK(ret->len <= T_PACKET_MAX, "frame too long");
		found = fread(ret->bytes, 1, ret->len, f) == ret->len;
	}
	fclose(f);
	if (!found || !strip_link(ret))
		return false;
	strip_ip(ret);
	return true;
}

void
t_repair(struct t_packet *p)
{
	uint16_t sum;

	p->bytes[2] = 0;
	p->bytes[3] = 0;
	sum = wire_checksum(p->bytes, p->len);
	p->bytes[2] = (uint8_t)(sum >> 8);
	p->bytes[3] = (uint8_t)sum;
}

void
t_repair_length(struct t_packet *p)
{
	p->bytes[6] = (uint8_t)(p->len >> 8);
	p->bytes[7] = (uint8_t)p->len;
	t_repair(p);
}

void
t_begin(struct t_packet *p, uint8_t type)
{
	static const uint8_t header[] = { 0x10, 0, 0, 0, 63, 0, 0, 0 };

	memcpy(p->bytes, header, sizeof(header));
	p->bytes[1] = type;
	p->len = sizeof(header);
}

void
t_object(struct t_packet *p, uint8_t class_num, uint8_t c_type,
	const void *body, size_t len)
{
	uint8_t *at = p->bytes + p->len;
	size_t whole = len + OBJ_HEADER;

	T_CHECK(p->len + whole <= T_PACKET_MAX, "packet too long");
	at[0] = (uint8_t)(whole >> 8);
	at[1] = (uint8_t)whole;
	at[2] = class_num;
	at[3] = c_type;
	if (len > 0)
		memcpy(at + OBJ_HEADER, body, len);
	p->len += whole;
}

void
t_words(struct t_packet *p, uint8_t class_num, uint8_t c_type,
	const uint32_t *words, size_t count)
{
	uint8_t body[1024];

	T_CHECK(count * 4 <= sizeof(body), "object too long");
	for (size_t i = 0; i < count; i++) {
		body[4 * i] = (uint8_t)(words[i] >> 24);
		body[4 * i + 1] = (uint8_t)(words[i] >> 16);
		body[4 * i + 2] = (uint8_t)(words[i] >> 8);
		body[4 * i + 3] = (uint8_t)words[i];
	}
	t_object(p, class_num, c_type, body, count * 4);
}

void
t_end(struct t_packet *p)
{
	t_repair_length(p);
}

enum wire_fault
t_decode(const struct t_packet *p, struct wire_msg *ret)
{
	uint8_t *copy = (uint8_t *)malloc(p->len > 0 ? p->len : 1);

	T_CHECK(copy, "out of memory");
	if (p->len > 0)
		memcpy(copy, p->bytes, p->len);

	enum wire_fault fault = wire_msg_decode(copy, p->len, ret);

	free(copy);
	T_EQ(wire_msg_decode(p->bytes, p->len, ret), fault);
	return fault;
}

void
t_encode(const struct wire_msg *msg, struct t_packet *ret)
{
	struct buf_writer w = buf_writer(ret->bytes, sizeof(ret->bytes));

	T_CHECK(wire_msg_encode(&w, msg), "not encoded");
	ret->len = buf_written(&w);
}

void
t_same(const struct wire_msg *a, const struct wire_msg *b)
{
	const char *what = wire_differs(a, b);

	T_CHECK(!what, "%s differs", what);
}
