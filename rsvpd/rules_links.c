/* SPDX-License-Identifier: ISC */

/* The host's interfaces, of which rules name some as incoming. */

#include "rsvpd/rules_int.h"

#include <stdlib.h>

#include "base/text.h"
#include "rsvpd/daemon.h"

bool
rules_list_links(struct rules *rules)
{
	struct rsvp_iface_info info = { 0 };
	struct rules_links links = { 0 };

	while (rsvp_core_iface_after(
		rules->engine->core, info.conf.ifindex, &info)) {
		struct rules_link *more = (struct rules_link *)realloc(
			links.all, (links.count + 1) * sizeof(*more));

		if (!more) {
			free(links.all);
			return false;
		}
		links.all = more;
		more[links.count].ifindex = info.conf.ifindex;
		(void)text_copy(more[links.count++].name, RSVP_NAME,
			info.conf.name); /* as long */
	}
	free(rules->links.all);
	rules->links = links;
	return true;
}

void
rules_links_changed(struct rules *rules)
{
	if (rules->by_incoming || rules->draft.by_incoming)
		rules_replan(rules);
}
