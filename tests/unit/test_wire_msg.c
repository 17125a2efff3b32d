/* SPDX-License-Identifier: ISC */
#include "wire_t.h"

static const char *const vectors[] = {
	"01-path-ipv4",
	"02-resv-ff-ipv4",
	"03-resv-se-ipv4",
	"04-resv-wf-ipv4",
	"05-patherr-ipv4",
	"06-resverr-ipv4",
	"07-pathtear-ipv4",
	"08-resvtear-ipv4",
	"09-resvconf-ipv4",
	"10-path-ipv6",
	"11-resv-se-ipv6",
	"12-resverr-ipv6",
};
enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static struct t_packet packet;
static struct t_packet out;
static struct wire_msg msg;

static void
read_vector(size_t i, struct t_packet *ret)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/golden/packets/%s.hex", vectors[i]);
	t_read_hex(path, ret);
}

static void
vectors_come_back(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		read_vector(i, &packet);

		enum wire_fault fault = t_decode(&packet, &msg);

		T_CHECK(fault == WIRE_OK, "%s: %s", vectors[i],
			wire_fault_text(fault));
		t_encode(&msg, &out);
		T_CHECK(out.len == packet.len &&
				memcmp(out.bytes, packet.bytes, out.len) == 0,
			"%s: bytes differ", vectors[i]);
	}
}

static struct t_case cases[] = {
	{ "each vector decodes and encodes to the same octets",
		vectors_come_back },
};

T_MAIN(cases)
