/* SPDX-License-Identifier: ISC */

/* The prefixes that are local to an interface: those that the file names, and
 * its own, or another's, as its addresses have them now. */

#include "tree_int.h"

#include <string.h>

const struct tree_link *
tree_host_link(const struct tree_host *host, const char *name)
{
	for (size_t i = 0; i < host->link_count; i++)
		if (strcmp(host->links[i].name, name) == 0)
			return &host->links[i];
	return NULL;
}

static bool
has_prefix(const struct tree_prefixes *list, const struct addr_prefix *p)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->all[i].len == p->len &&
			addr_equal(&list->all[i].addr, &p->addr))
			return true;
	return false;
}

static void
add(struct tree_prefixes *list, const struct addr_prefix *p, unsigned line,
	struct tree_faults *faults)
{
	if (has_prefix(list, p))
		return;
	if (list->count == TREE_LOCALS_MAX)
		tree_error(faults, line,
			"local: more than %d prefixes (name a shorter one)",
			TREE_LOCALS_MAX);
	else
		list->all[list->count++] = *p;
}

static void
add_own(const struct tree_iface *iface, const struct tree_local *local,
	const struct tree_host *host, struct tree_prefixes *ret,
	struct tree_faults *faults)
{
	const char *name = local->of[0] != '\0' ? local->of : iface->name;
	const struct tree_link *link = tree_host_link(host, name);
	size_t found = 0;

	for (size_t i = 0; link && i < host->address_count; i++) {
		const struct tree_address *a = &host->addresses[i];

		if (a->ifindex != link->ifindex ||
			a->prefix.addr.family != local->own)
			continue;
		found++;
		add(ret, &a->prefix, local->line, faults);
	}
	if (found == 0)
		tree_warning(faults, local->line,
			"local: %s has no global IPv%c address now, so it has "
			"no prefix (apply again when it has)",
			name, local->own == ADDR_V6 ? '6' : '4');
}

void
tree_locals(const struct tree_iface *iface, const struct tree_host *host,
	struct tree_prefixes *ret, struct tree_faults *faults)
{
	ret->count = 0;
	for (size_t i = 0; i < iface->local_count; i++) {
		const struct tree_local *local = &iface->local[i];

		if (local->own != ADDR_NONE)
			add_own(iface, local, host, ret, faults);
		else
			add(ret, &local->prefix, local->line, faults);
	}
}
