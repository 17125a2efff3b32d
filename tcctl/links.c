/* SPDX-License-Identifier: ISC */

/* The interfaces that are managed: announced, changed, given back.  One whose
 * incoming side is shaped has a second tree, which is looked after with it. */

#include "links_int.h"

#include <errno.h>

#include "base/log.h"
#include "ingress_int.h"
#include "offload_int.h"

enum { LINKS_MAX = 256 };

void
tc_links_init(struct tc_links *links, const struct alloc *alloc)
{
	*links = (struct tc_links){ .alloc = alloc };
	TAILQ_INIT(&links->all);
}

void
tc_links_done(struct tc_links *links)
{
	while (!TAILQ_EMPTY(&links->all))
		tc_links_drop(links, TAILQ_FIRST(&links->all));
}

struct tc_link *
tc_links_find(const struct tc_links *links, uint32_t ifindex)
{
	struct tc_link *link = NULL;

	TAILQ_FOREACH (link, &links->all, entry)
		if (link->conf.ifindex == ifindex)
			return link;
	return NULL;
}

void
tc_links_drop(struct tc_links *links, struct tc_link *link)
{
	TAILQ_REMOVE(&links->all, link, entry);
	links->count--;
	tc_link_free(link);
}

static void
refuse(struct tc_done *done, int error, const char *text)
{
	done->error = error;
	(void)text_copy(done->text, sizeof(done->text), text);
}

static bool
is_ifb_of_ours(const struct tc_links *links, uint32_t ifindex)
{
	const struct tc_link *link = NULL;

	TAILQ_FOREACH (link, &links->all, entry)
		if (link->ingress.ifb &&
			link->ingress.ifb->conf.ifindex == ifindex)
			return true;
	return false;
}

/* What else there is to an interface whose tree stands. */
static int
follow(struct tc_link *link, const struct tc_announcement *a)
{
	int error = tc_offload_follow(link, a->kernel, a->listener);

	return error == 0 ? tc_ingress_follow(link, a->kernel, a->listener)
			  : error;
}

static int
open_link(struct tc_links *links, const struct tc_announcement *a,
	struct tc_done *ret_done)
{
	struct tc_link *link = links->count < LINKS_MAX
				       ? tc_link_new(links->alloc, a->conf)
				       : NULL;
	int error;

	if (!link) {
		refuse(ret_done, ENOMEM, "too many interfaces, or no memory");
		return 0;
	}
	TAILQ_INSERT_HEAD(&links->all, link, entry);
	links->count++;
	error = tc_link_open(link, a->kernel, a->serial, a->listener, ret_done);
	if (ret_done->error != 0)
		tc_links_drop(links, link);
	else if (error == 0) {
		log_info(LOG_TC, "%s: managed, %u flows adopted", a->conf->name,
			(unsigned)HASH_COUNT(link->flows));
		error = follow(link, a);
	}
	return error;
}

int
tc_links_announce(struct tc_links *links, const struct tc_announcement *a,
	struct tc_done *ret_done)
{
	struct tc_link *link = tc_links_find(links, a->conf->ifindex);
	int error = 0;

	*ret_done = (struct tc_done){ 0 };
	if (link && link->lost) {
		/* Refused: it is told with the watch, which is late. */
		error = tc_offload_restore(link, a->kernel, ret_done);
		*ret_done = (struct tc_done){ 0 };
		tc_links_drop(links, link);
		link = NULL;
	}
	if (error != 0)
		return error;
	if (is_ifb_of_ours(links, a->conf->ifindex)) {
		refuse(ret_done, EBUSY,
			"what comes in on another interface is shaped there");
		return 0;
	}
	if (!link)
		return open_link(links, a, ret_done);
	error = tc_link_change(link, a->kernel, a->conf, ret_done);
	if (error == 0 && ret_done->error == 0)
		error = follow(link, a);
	return error;
}

int
tc_links_give_back(struct tc_links *links, const struct tc_kernel *kernel,
	uint32_t ifindex, struct tc_done *ret_done)
{
	struct tc_link *link = tc_links_find(links, ifindex);
	struct tc_done incoming = { 0 };
	struct tc_done segs = { 0 };
	int error = 0;

	*ret_done = (struct tc_done){ 0 };
	if (!link)
		return 0;
	error = tc_ingress_close(link, kernel, &incoming);
	if (error == 0) /* the note goes with the tree */
		error = tc_offload_restore(link, kernel, &segs);
	if (error == 0 && !link->lost)
		error = tc_link_close(link, kernel, ret_done);
	/* Of an interface that has gone as well: they go by its name. */
	if (error == 0 && (link->lost || ret_done->error != 0))
		tc_rules_close(link, kernel);
	if (ret_done->error == 0)
		*ret_done = incoming;
	if (ret_done->error == 0)
		*ret_done = segs;
	/* Nobody asks for it again, and its index may come back any moment. */
	tc_links_drop(links, link);
	return error;
}

/* ---- what is due --------------------------------------------------------- */

/* False: to none of its roots, and the interface is there. */
static bool
tell_link(struct tc_link *link, const struct tc_event *event, struct mono now)
{
	if (event && event->ifindex != link->conf.ifindex)
		return false;
	if (!event || !event->link)
		tc_drift_event(link, event, now);
	if (event && event->link)
		return event->gone;
	return !event || event->type == TC_QDISC_ROOT;
}

bool
tc_links_event(
	struct tc_links *links, const struct tc_event *event, struct mono now)
{
	struct tc_link *link = NULL;
	bool root = false;

	TAILQ_FOREACH (link, &links->all, entry) {
		tc_ingress_event(link, event, now);
		root = tell_link(link, event, now) || root;
		if (link->ingress.ifb)
			root = tell_link(link->ingress.ifb, event, now) || root;
	}
	return root;
}

static struct mono
next_of(const struct tc_link *link)
{
	struct mono next =
		mono_earlier(tc_drain_next(link), tc_drift_next(link));

	next = mono_earlier(next, tc_rules_next(link));
	return mono_earlier(next, tc_hidden_next(link));
}

struct mono
tc_links_next(const struct tc_links *links)
{
	const struct tc_link *link = NULL;
	struct mono next = MONO_NEVER;

	TAILQ_FOREACH (link, &links->all, entry) {
		next = mono_earlier(next, next_of(link));
		next = mono_earlier(next, tc_ingress_next(link));
		if (link->ingress.ifb)
			next = mono_earlier(next, next_of(link->ingress.ifb));
	}
	return next;
}
