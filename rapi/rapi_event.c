/* SPDX-License-Identifier: ISC */

/* An event of the daemon as the fourteen arguments of an upcall. */

#include "rapi_int.h"

#include <stdlib.h>

#include <arpa/inet.h>

static rapi_styleid_t
style_of(uint8_t wire_style)
{
	switch (wire_style) {
	case WIRE_STYLE_WF:
		return RAPI_RSTYLE_WILDCARD;
	case WIRE_STYLE_FF:
		return RAPI_RSTYLE_FIXED;
	case WIRE_STYLE_SE:
		return RAPI_RSTYLE_SE;
	default:
		return (rapi_styleid_t)0;
	}
}

/* Always readable, always with a family: clients look without checking. */
static void
set_node(struct rapi_upcall *u, const struct addr *node)
{
	memset(&u->node, 0, sizeof(u->node));
	if (node->family == ADDR_V6) {
		u->node.in6.sin6_family = AF_INET6;
		memcpy(&u->node.in6.sin6_addr, node->b, 16);
		return;
	}

	struct sockaddr_in sin = { .sin_family = AF_INET };

	memcpy(&sin.sin_addr, node->b, 4);
	memcpy(&u->node, &sin, sizeof(sin));
}

/* Room for the worst case: an Adspec takes as much as on the wire, or 76. */
static bool
make_room(struct rapi_upcall *u, const struct rapi_msg_answer *answer,
	size_t *ret_size)
{
	const size_t each = sizeof(rapi_filter_t) + sizeof(rapi_flowspec_t) +
			    sizeof(rapi_adspec_t);
	const size_t want = answer->item_count * each +
			    buf_left(&answer->items) +
			    (size_t)4 * RAPI_OBJ_TAIL;

	if (want > u->size) {
		uint8_t *area = (uint8_t *)realloc(u->area, want);

		if (!area)
			return false;
		u->area = area;
		u->size = want;
	}
	memset(u->area, 0, want);
	*ret_size = want;
	return true;
}

/* Where the next list begins: behind a tail of zeroes, so that one that is
 * read too far yields those and not the next list. */
static void *
list_start(struct buf_writer *w)
{
	if (buf_written(w) > 0)
		buf_put_zero(w, RAPI_OBJ_TAIL);
	return w->pos;
}

static void
put_filters(
	struct rapi_upcall *u, struct buf_writer *w, struct buf_reader items)
{
	struct rapi_msg_item item;
	void *start = list_start(w);

	while (rapi_msg_next_item(&items, &item)) {
		/* RESV_EVENT of WF: one empty filter, as ever since ISI. */
		const bool empty = !item.has_filter &&
				   u->type == RAPI_RESV_EVENT &&
				   u->style == RAPI_RSTYLE_WILDCARD;

		if (item.has_filter)
			rapi_filter_out(w, &item.filter);
		else if (empty)
			rapi_empty_out(w);
		u->filter_count += item.has_filter || empty;
	}
	u->filters = u->filter_count > 0 ? (rapi_filter_t *)start : NULL;
}

/* Tspecs of Path events; of Resv events the flowspec, which WF and SE have
 * once for all filters. */
static bool
put_specs(struct rapi_upcall *u, struct buf_writer *w, struct buf_reader items,
	bool intserv)
{
	const bool path =
		u->type == RAPI_PATH_EVENT || u->type == RAPI_PATH_ERROR;
	const bool shared = u->style != RAPI_RSTYLE_FIXED;
	void *start = list_start(w);
	struct rapi_msg_item item;
	bool whole = true;

	while (rapi_msg_next_item(&items, &item)) {
		if (path && item.has_tspec) {
			rapi_tspec_out(w, &item.tspec, intserv);
			u->flowspec_count++;
		} else if (!path && item.has_flowspec &&
			   !(shared && u->flowspec_count > 0)) {
			whole &= rapi_flowspec_out(w, &item.flowspec, intserv);
			u->flowspec_count++;
		}
	}
	u->flowspecs = u->flowspec_count > 0 ? (rapi_flowspec_t *)start : NULL;
	return whole;
}

/* As many as there are senders, empty where one has none; no list at all when
 * none has. */
static bool
put_adspecs(struct rapi_upcall *u, struct buf_writer *w,
	struct buf_reader items, bool intserv)
{
	void *start = list_start(w);
	struct rapi_msg_item item;
	bool whole = true;
	bool any = false;
	int count = 0;

	while (rapi_msg_next_item(&items, &item)) {
		whole &= rapi_adspec_out(w, item.adspec_view, intserv);
		any |= item.adspec_view.len > 0;
		count++;
	}
	if (any && u->type == RAPI_PATH_EVENT) {
		u->adspec_count = count;
		u->adspecs = (rapi_adspec_t *)start;
	}
	return whole;
}

int
rapi_upcall_make(struct rapi_upcall *upcall,
	const struct rapi_msg_answer *answer, bool intserv)
{
	const struct rapi_msg_event *event = &answer->event;
	struct rapi_upcall *u = upcall;
	bool whole = true;
	size_t size;

	if (!make_room(u, answer, &size))
		return rapi_fail(RAPI_ERR_MEMFULL, "no memory for an event");
	u->type = (rapi_eventinfo_t)event->kind;
	u->style = style_of(event->style);
	u->error_code = event->error.code;
	u->error_value = event->error.value;
	u->error_flags = event->error.flags;
	set_node(u, &event->error.node);
	memcpy(u->text, event->text, sizeof(u->text));
	u->filter_count = 0;
	u->flowspec_count = 0;
	u->adspec_count = 0;
	u->adspecs = NULL;

	struct buf_writer w = buf_writer(u->area, size);

	put_filters(u, &w, answer->items);
	whole &= put_specs(u, &w, answer->items, intserv);
	whole &= put_adspecs(u, &w, answer->items, intserv);
	buf_put_zero(&w, RAPI_OBJ_TAIL);
	return whole ? RAPI_ERR_OK : RAPI_ERR_INTSERV;
}

void
rapi_upcall_done(struct rapi_upcall *upcall)
{
	free(upcall->area);
	*upcall = (struct rapi_upcall){ 0 };
}
