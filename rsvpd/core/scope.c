/* SPDX-License-Identifier: ISC */

/*
 * Which senders a wildcard request, or an error about one, concerns (RFC 2205
 * 3.4).  A received SCOPE may hold any address, in any order and more than
 * once; what is kept and sent are senders that there are, ascending.
 */

#include "core_int.h"

#include <string.h>

enum { SCOPE_READ_MAX = 1024 /* addresses of a received SCOPE looked at */ };

bool
scope_has(struct wire_view scope, const struct addr *src)
{
	size_t size = addr_size(src->family);

	if (scope.len > SCOPE_READ_MAX * size)
		scope.len = SCOPE_READ_MAX * size;
	for (size_t at = 0; at + size <= scope.len; at += size)
		if (memcmp(scope.bytes + at, src->b, size) == 0)
			return true;
	return false;
}

static bool
is_picked(const struct scope_pick *pick, const struct psb *psb)
{
	if (pick->in.len > 0 && !scope_has(pick->in, &psb->sender.src))
		return false;
	if (pick->out_ifindex != 0 && !psb_routes_to(psb, pick->out_ifindex))
		return false;
	return !pick->hop ||
	       (addr_equal(&psb->hop.addr, pick->hop) && psb_is_reserved(psb));
}

/* The least sender above last (NULL: any) that is picked. */
static const struct addr *
next_sender(const struct scope_pick *pick, const struct addr *last)
{
	const struct addr *least = NULL;
	const struct psb *psb;

	TAILQ_FOREACH (psb, &pick->session->psbs, next) {
		const struct addr *src = &psb->sender.src;

		if (last && addr_compare(src, last) <= 0)
			continue;
		if (least && addr_compare(src, least) >= 0)
			continue;
		if (is_picked(pick, psb))
			least = src;
	}
	return least;
}

size_t
scope_collect(const struct scope_pick *pick, uint8_t bytes[SCOPE_BYTES])
{
	size_t size = addr_size(pick->session->key.dst.family);
	const struct addr *last = NULL;
	size_t len = 0;

	while (len + size <= SCOPE_BYTES) {
		last = next_sender(pick, last);
		if (!last)
			break;
		memcpy(bytes + len, last->b, size);
		len += size;
	}
	return len;
}
