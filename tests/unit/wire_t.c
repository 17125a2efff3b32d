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

enum { LINK_COOKED = 113 }; /* "Linux cooked" capture */

/* The link header off the front, and padding off the end; false: not RSVP. */
static bool
strip_link(struct t_packet *p, uint32_t link_type)
{
	size_t header = link_type == LINK_COOKED ? 16 : 14;

	if (header == 14 && p->bytes[12] == 0x81)
		header += 4; /* VLAN tag */
	if (p->len < header + 20 || p->bytes[header - 2] != 8 ||
		p->bytes[header - 1] != 0 ||
		p->bytes[header + 9] != IP_PROTO_RSVP)
		return false;

	size_t total = (size_t)p->bytes[header + 2] << 8 | p->bytes[header + 3];

	p->len -= header;
	memmove(p->bytes, p->bytes + header, p->len);
	if (total < p->len)
		p->len = total;
	return true;
}

bool
t_read_pcap(const char *path, unsigned n, struct t_packet *ret)
{
	FILE *f = t_open(path);
	uint8_t file[24];
	uint8_t frame[16];
	bool found = fread(file, 1, sizeof(file), f) == sizeof(file);

	T_CHECK(found && get_u32le(file) == 0xa1b2c3d4,
		"%s: not a little-endian capture", path);
	for (unsigned i = 0; i < n && found; i++) {
		found = fread(frame, 1, sizeof(frame), f) == sizeof(frame);
		if (!found)
			break;
		ret->len = get_u32le(frame + 8);
		T_CHECK(ret->len <= T_PACKET_MAX, "frame too long");
		found = fread(ret->bytes, 1, ret->len, f) == ret->len;
	}
	fclose(f);
	if (!found || !strip_link(ret, get_u32le(file + 20)))
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

#define DST6 0x20, 1, 0xd, 0xb8, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x30
#define HOP6 0x20, 1, 0xd, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define SRC6 0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10

/* r 125000, b 16000, p 250000, m 64, M 1500 */
#define BUCKET                                                                 \
	127, 0, 0, 5, 0x47, 0xf4, 0x24, 0, 0x46, 0x7a, 0, 0, 0x48, 0x74, 0x24, \
		0, 0, 0, 0, 64, 0, 0, 5, 0xdc

/* clang-format off */
const struct t_sample t_samples[] = {
{ 1, 1, 4, 8, { 10, 3, 3, 30, 17, 1, 0x13, 0x8c } },
{ 1, 2, 6, 20, { DST6, 17, 1, 0x13, 0x8c } },
{ 3, 1, 4, 8, { 10, 2, 2, 1, 0, 0, 0, 3 } },
{ 3, 2, 6, 20, { HOP6, 0, 0, 0, 7 } },
{ 4, 1, 0, 32, { 0x80, 0, 10, 2, 2, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3,
	4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } },
{ 5, 1, 0, 4, { 0, 0, 0x75, 0x30 } },
{ 6, 1, 4, 8, { 10, 2, 2, 2, 1, 1, 0, 2 } },
{ 6, 2, 6, 20, { HOP6, 1, 1, 0, 2 } },
{ 7, 1, 4, 8, { 10, 1, 1, 10, 10, 1, 1, 11 } },
{ 7, 2, 6, 16, { SRC6 } },
{ 8, 1, 0, 4, { 0, 0, 0, 0x0a } },
{ 9, 2, 0, 32, { 0, 0, 0, 7, 5, 0, 0, 6, BUCKET } },
{ 10, 1, 4, 8, { 10, 1, 1, 10, 0, 0, 0x13, 0x8e } },
{ 10, 2, 6, 20, { SRC6, 0, 0, 0x13, 0x8e } },
{ 10, 3, 6, 20, { SRC6, 0, 0x0a, 0xbc, 0xde } },
{ 11, 1, 4, 8, { 10, 1, 1, 10, 0, 0, 0x13, 0x8e } },
{ 11, 2, 6, 20, { SRC6, 0, 0, 0x13, 0x8e } },
{ 11, 3, 6, 20, { SRC6, 0, 0x0a, 0xbc, 0xde } },
{ 12, 2, 0, 32, { 0, 0, 0, 7, 1, 0, 0, 6, BUCKET } },
{ 13, 2, 0, 44, { 0, 0, 0, 10, 1, 0, 0, 8,
	4, 0, 0, 1, 0, 0, 0, 2, 6, 0, 0, 1, 0x49, 0x98, 0x96, 0x80,
	8, 0, 0, 1, 0, 0, 0, 100, 10, 0, 0, 1, 0, 0, 5, 0xdc, 5, 0, 0, 0 } },
{ 14, 1, 0, 16, { 0, 8, 0, 0, 0, 12, 0, 1, 0, 1, 0, 0, 0, 100, 0, 200 } },
{ 15, 1, 4, 4, { 10, 3, 3, 30 } },
{ 15, 2, 6, 16, { DST6 } },
};
/* clang-format on */
const size_t t_sample_count = sizeof(t_samples) / sizeof(t_samples[0]);

const struct t_sample *
t_sample(uint8_t class_num, uint8_t c_type, uint8_t family)
{
	for (size_t i = 0; i < t_sample_count; i++) {
		const struct t_sample *s = &t_samples[i];

		if (s->class_num == class_num &&
			(c_type == 0 || s->c_type == c_type) &&
			(s->family == 0 || s->family == family))
			return s;
	}
	T_CHECK(false, "no sample of class %u C-Type %u", class_num, c_type);
	return NULL;
}

void
t_add(struct t_packet *p, uint8_t class_num, uint8_t family)
{
	const struct t_sample *s = t_sample(class_num, 0, family);

	t_object(p, class_num, s->c_type, s->body, s->len);
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
