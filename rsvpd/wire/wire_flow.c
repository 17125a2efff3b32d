/* SPDX-License-Identifier: ISC */

/*
 * The flow descriptor list (RFC 2205 3.1.4): its grammar for each style, and
 * the way between objects on the wire and struct wire_flow.
 *
 *	WF	FLOWSPEC
 *	FF	FLOWSPEC FILTER_SPEC { [FLOWSPEC] FILTER_SPEC }
 *	SE	FLOWSPEC FILTER_SPEC { FILTER_SPEC }
 *
 * A ResvTear may leave out any FLOWSPEC (3.1.6).  A ResvErr has one descriptor
 * (3.1.8), or, as the grammar there has it, none.  The list of a style that is
 * not known is taken in any order: the answer is code 6, not a dropped message.
 */

#include "rsvpd/wire/wire_int.h"

static enum wire_fault
check_spec(struct wire_check *check)
{
	bool refused = false;

	switch (check->style) {
	case WIRE_STYLE_WF:
		refused = check->specs > 0;
		break;
	case WIRE_STYLE_SE:
		refused = check->specs > 0 || check->filters > 0;
		break;
	case WIRE_STYLE_FF:
		refused = check->spec_pending;
		break;
	default:
		break;
	}
	check->specs++;
	check->spec_pending = true;
	return refused ? WIRE_FLOW_COUNT : WIRE_OK;
}

static enum wire_fault
check_filter(struct wire_check *check)
{
	bool refused = false;

	if (check->style == WIRE_STYLE_WF)
		refused = true;
	else if (wire_style_known(check->style))
		refused = check->specs == 0 && check->type != WIRE_RESV_TEAR;
	if (check->style == WIRE_STYLE_FF && check->type == WIRE_RESV_ERR &&
		check->filters > 0)
		refused = true;
	check->filters++;
	check->spec_pending = false;
	return refused ? WIRE_FLOW_COUNT : WIRE_OK;
}

enum wire_fault
wire_flow_check(struct wire_check *check, uint8_t class_num)
{
	return class_num == WIRE_C_FLOWSPEC ? check_spec(check)
					    : check_filter(check);
}

enum wire_fault
wire_flow_check_end(const struct wire_check *check)
{
	if (!wire_style_known(check->style))
		return WIRE_OK;
	if (check->style == WIRE_STYLE_WF) {
		if (check->specs == 0 && check->type != WIRE_RESV_TEAR &&
			check->type != WIRE_RESV_ERR)
			return WIRE_FLOW_COUNT;
		return WIRE_OK;
	}
	if (check->spec_pending)
		return WIRE_FLOW_COUNT;
	if (check->filters == 0 && check->type != WIRE_RESV_ERR)
		return WIRE_FLOW_COUNT;
	return WIRE_OK;
}

static void
append(struct wire_flow_store *store, const struct wire_filter *filter)
{
	struct wire_msg *msg = store->msg;

	store->pending = false;
	if (msg->flow_count == WIRE_FLOWS_MAX) {
		msg->flows_ignored++;
		return;
	}

	struct wire_flow *flow = &msg->flows[msg->flow_count++];

	*flow = store->last;
	if (filter) {
		flow->has_filter = true;
		flow->filter = *filter;
	}
}

static void
take_spec(struct wire_flow_store *store, const struct wire_obj *obj)
{
	if (store->pending)
		append(store, NULL);
	store->last = (struct wire_flow){ .has_flowspec = true };
	store->pending = true;
	if (obj->cls)
		store->last.flowspec = obj->flowspec;
	if (obj->malformed)
		store->msg->flowspec_malformed = true;
	if (obj->malformed || (obj->flowspec.service != WIRE_SERVICE_GS &&
				      obj->flowspec.service != WIRE_SERVICE_CL))
		store->last.flowspec_view = obj->whole;
}

void
wire_flow_store(struct wire_flow_store *store, const struct wire_obj *obj)
{
	if (obj->class_num == WIRE_C_FLOWSPEC)
		take_spec(store, obj);
	else if (obj->cls)
		append(store, &obj->filter);
}

void
wire_flow_store_end(struct wire_flow_store *store)
{
	const struct wire_msg *msg = store->msg;

	if (store->pending ||
		(msg->type == WIRE_RESV_TEAR && msg->style == WIRE_STYLE_WF))
		append(store, NULL);
}

/* Not understood here: passed on as it came, for whoever asked with it. */
static bool
each_spec(const struct wire_flow *flow, wire_each_fn *fn, void *arg)
{
	struct wire_obj obj = wire_obj_make(WIRE_C_FLOWSPEC, ADDR_NONE);

	obj.flowspec = flow->flowspec;
	obj.whole = flow->flowspec_view;
	obj.malformed = obj.whole.len > 0 && obj.flowspec.service == 0;
	return fn(arg, &obj);
}

static bool
each_filter(const struct wire_flow *flow, wire_each_fn *fn, void *arg)
{
	struct wire_obj obj =
		wire_obj_make_filter(WIRE_C_FILTER, &flow->filter);

	return fn(arg, &obj);
}

static bool
same_spec(const struct wire_flow *a, const struct wire_flow *b)
{
	return wire_flowspec_same(&a->flowspec, &b->flowspec) &&
	       a->flowspec_view.bytes == b->flowspec_view.bytes;
}

/* FF leaves out a FLOWSPEC that repeats the last one, SE all but the first. */
static bool
spec_is_written(const struct wire_msg *msg, size_t i)
{
	const struct wire_flow *flow = &msg->flows[i];
	const struct wire_flow *last = i > 0 ? &msg->flows[i - 1] : NULL;

	if (!flow->has_flowspec)
		return false;
	if (!last || !last->has_flowspec || !last->has_filter ||
		!flow->has_filter)
		return true; /* there is nothing to repeat, or only that */
	return msg->style != WIRE_STYLE_SE && !same_spec(last, flow);
}

bool
wire_flow_each(const struct wire_msg *msg, wire_each_fn *fn, void *arg)
{
	for (size_t i = 0; i < msg->flow_count && i < WIRE_FLOWS_MAX; i++) {
		const struct wire_flow *flow = &msg->flows[i];

		if (spec_is_written(msg, i) && !each_spec(flow, fn, arg))
			return false;
		if (flow->has_filter && !each_filter(flow, fn, arg))
			return false;
	}
	return true;
}
