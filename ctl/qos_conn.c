/* SPDX-License-Identifier: ISC */

/*
 * Which connections of this host a condition is about: what the kernel lists in
 * /proc/net.  A range of source addresses is shown as the addresses in it that
 * have connections, as AIX does.
 */

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/qos_stat.h"

enum { TCP_LISTENING = 0x0a, TCP_WAITING = 0x06, SOURCES_SHOWN = 16 };

struct connection {
	uint8_t proto;
	struct addr local;
	uint16_t local_port;
	struct addr remote;
	uint16_t remote_port;
};

struct connections {
	struct connection *at;
	size_t count;
	size_t room;
};

/* ---- reading ------------------------------------------------------------- */

/* Words of 32 bits in the order of this host, each as eight digits. */
static bool
parse_words(const char *hex, struct addr *ret)
{
	const size_t words = strlen(hex) / 8;

	if (strlen(hex) != 8 && strlen(hex) != 32)
		return false;
	*ret = (struct addr){ .family = words == 1 ? ADDR_V4 : ADDR_V6 };
	for (size_t i = 0; i < words; i++) {
		char word[9];
		uint32_t v;

		memcpy(word, hex + i * 8, 8);
		word[8] = '\0';
		v = (uint32_t)strtoul(word, NULL, 16);
		memcpy(ret->b + i * 4, &v, sizeof(v));
	}
	return true;
}

/* ::ffff:a.b.c.d is a connection over IPv4. */
static void
unmap(struct addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct addr v4 = { .family = ADDR_V4 };

	if (a->family != ADDR_V6 || memcmp(a->b, mapped, sizeof(mapped)) != 0)
		return;
	memcpy(v4.b, a->b + 12, 4);
	*a = v4;
}

static bool
is_unset(const struct addr *a)
{
	static const uint8_t zero[16] = { 0 };

	return memcmp(a->b, zero, sizeof(a->b)) == 0;
}

/* "  0: 0100007F:1F90 0200007F:C350 01 ..." */
static bool
parse_line(const char *line, uint8_t proto, struct connection *ret)
{
	char local[40];
	char remote[40];
	char local_port[9];
	char remote_port[9];
	char hex[9];
	unsigned long state;

	if (sscanf(line,
		    " %*d: %39[0-9A-Fa-f]:%8[0-9A-Fa-f]"
		    " %39[0-9A-Fa-f]:%8[0-9A-Fa-f] %8[0-9A-Fa-f]",
		    local, local_port, remote, remote_port, hex) != 5)
		return false;
	state = strtoul(hex, NULL, 16);
	*ret = (struct connection){ .proto = proto,
		.local_port = (uint16_t)strtoul(local_port, NULL, 16),
		.remote_port = (uint16_t)strtoul(remote_port, NULL, 16) };
	if (!parse_words(local, &ret->local) ||
		!parse_words(remote, &ret->remote) || is_unset(&ret->remote))
		return false;
	unmap(&ret->local);
	unmap(&ret->remote);
	return proto != IPPROTO_TCP ||
	       (state != TCP_LISTENING && state != TCP_WAITING);
}

static bool
add(struct connections *list, const struct connection *c)
{
	if (list->count == list->room) {
		const size_t room = list->room * 2 + 64;
		struct connection *more = (struct connection *)reallocarray(
			list->at, room, sizeof(*more));

		if (!more)
			return false;
		list->at = more;
		list->room = room;
	}
	list->at[list->count++] = *c;
	return true;
}

static void
read_table(struct connections *list, const char *directory, const char *name,
	uint8_t proto)
{
	char path[4096];
	char line[512];
	struct text t = text_over(path, sizeof(path));
	struct connection c;
	FILE *f;

	text_printf(&t, "%s/%s", directory, name);
	f = fopen(path, "re");
	if (!f)
		return; /* without this family */
	while (fgets(line, sizeof(line), f))
		if (parse_line(line, proto, &c) && !add(list, &c))
			break;
	(void)fclose(f); /* was only read */
}

/* ---- matching ------------------------------------------------------------ */

static bool
in_addrs(const struct qos_addrs *range, const struct addr *a)
{
	if (range->first.family == ADDR_NONE)
		return true;
	return a->family == range->first.family &&
	       addr_compare(&range->first, a) <= 0 &&
	       addr_compare(a, &range->last) <= 0;
}

static bool
in_ports(const struct qos_ports *range, uint16_t port)
{
	return range->first <= port && port <= range->last;
}

static bool
matches(const struct qos_condition *c, const struct connection *n)
{
	return (c->any_proto || c->proto == n->proto) &&
	       in_addrs(&c->src, &n->local) &&
	       in_ports(&c->src_ports, n->local_port) &&
	       in_addrs(&c->dst, &n->remote) &&
	       in_ports(&c->dst_ports, n->remote_port);
}

static void
count(struct qos_condition *c, const struct connections *list)
{
	c->connections = 0;
	for (size_t i = 0; i < list->count; i++)
		c->connections += matches(c, &list->at[i]);
}

static bool
is_range(const struct qos_addrs *a)
{
	return a->first.family != ADDR_NONE && !addr_equal(&a->first, &a->last);
}

/* Addresses of the range that have connections, each once. */
static size_t
sources_of(const struct qos_condition *c, const struct connections *list,
	struct addr found[SOURCES_SHOWN])
{
	size_t n = 0;

	for (size_t i = 0; i < list->count; i++) {
		bool known = false;

		if (!matches(c, &list->at[i]))
			continue;
		for (size_t k = 0; k < n && !known; k++)
			known = addr_equal(&found[k], &list->at[i].local);
		if (!known && n == SOURCES_SHOWN)
			return 0; /* too many to name */
		if (!known)
			found[n++] = list->at[i].local;
	}
	return n;
}

static int
compare_addr(const void *a, const void *b)
{
	return addr_compare((const struct addr *)a, (const struct addr *)b);
}

/* Conditions with their connections, a range by its addresses. */
static void
count_action(struct qos_action *a, const struct connections *list)
{
	struct qos_action out = { .n_conditions = 0 };

	for (size_t i = 0; i < a->n_conditions; i++) {
		struct qos_condition c = a->conditions[i];
		struct addr found[SOURCES_SHOWN];
		size_t n = is_range(&c.src) ? sources_of(&c, list, found) : 0;

		qsort(found, n, sizeof(found[0]), compare_addr);
		for (size_t k = 0; k < n || k == 0; k++) {
			if (n > 0)
				c.src = (struct qos_addrs){ found[k],
					found[k] };
			count(&c, list);
			(void)qos_action_condition(&out, &c); /* bounded */
		}
	}
	free(a->conditions);
	a->conditions = out.conditions;
	a->n_conditions = out.n_conditions;
}

void
qos_connections(struct qos_actions *list, const char *directory)
{
	struct connections all = { 0 };

	read_table(&all, directory, "tcp", IPPROTO_TCP);
	read_table(&all, directory, "tcp6", IPPROTO_TCP);
	read_table(&all, directory, "udp", IPPROTO_UDP);
	read_table(&all, directory, "udp6", IPPROTO_UDP);
	for (size_t i = 0; i < list->count; i++)
		count_action(&list->at[i], &all);
	free(all.at);
}
