/* SPDX-License-Identifier: ISC */

/*
 * What the daemon says of rules and reservations, made into actions.  One list,
 * as on AIX: the rules in the order of decision, then the reservations.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/qos.h"
#include "ctl/qos_stat.h"

enum { DSCP_SHIFT = 2, PROTO_ANY = 256, BITS = 8 };

/* ---- conditions of a rule ------------------------------------------------ */

struct addr_list {
	struct qos_addrs at[QOS_SPANS];
	size_t count;
};

struct number_list {
	uint64_t low[QOS_SPANS];
	uint64_t high[QOS_SPANS];
	size_t count;
};

struct conditions {
	struct addr_list from;
	struct addr_list to;
	struct number_list from_ports;
	struct number_list to_ports;
	struct number_list protos;
};

static void
take_addrs(struct addr_list *list, const struct buf_reader *facts)
{
	struct ctl_value first;
	struct ctl_value last;
	struct qos_addrs a;

	if (list->count < QOS_SPANS &&
		ctl_value_find(facts, CTL_F_FIRST, &first) &&
		ctl_value_find(facts, CTL_F_LAST, &last) &&
		addr_parse(first.text, &a.first) &&
		addr_parse(last.text, &a.last))
		list->at[list->count++] = a;
}

static void
take_numbers(struct number_list *list, const struct buf_reader *facts)
{
	struct ctl_value low;
	struct ctl_value high;

	if (list->count == QOS_SPANS ||
		!ctl_value_find(facts, CTL_F_LOW, &low) ||
		!ctl_value_find(facts, CTL_F_HIGH, &high))
		return;
	list->low[list->count] = low.number;
	list->high[list->count++] = high.number;
}

static void
any_of(struct number_list *list, uint64_t low, uint64_t high)
{
	if (list->count > 0)
		return;
	list->low[0] = low;
	list->high[0] = high;
	list->count = 1;
}

static struct qos_ports
ports_of(const struct number_list *list, size_t i)
{
	return (struct qos_ports){ (uint16_t)list->low[i],
		(uint16_t)list->high[i] };
}

/* Every source with every destination, for one protocol. */
static bool
cross(struct qos_action *a, const struct conditions *c,
	struct qos_condition *condition)
{
	const size_t froms = c->from.count * c->from_ports.count;
	const size_t tos = c->to.count * c->to_ports.count;
	bool room = true;

	for (size_t i = 0; i < froms * tos && room; i++) {
		const size_t from = i / tos;
		const size_t to = i % tos;

		condition->src = c->from.at[from / c->from_ports.count];
		condition->src_ports =
			ports_of(&c->from_ports, from % c->from_ports.count);
		condition->dst = c->to.at[to / c->to_ports.count];
		condition->dst_ports =
			ports_of(&c->to_ports, to % c->to_ports.count);
		room = qos_action_condition(a, condition);
	}
	return room;
}

static void
settle_conditions(struct qos_action *a, struct conditions *c)
{
	const uint64_t any = PROTO_ANY;

	any_of(&c->from_ports, 0, UINT16_MAX);
	any_of(&c->to_ports, 0, UINT16_MAX);
	any_of(&c->protos, any, any);
	if (c->from.count == 0)
		c->from.count = 1; /* zero: any */
	if (c->to.count == 0)
		c->to.count = 1;
	for (size_t i = 0; i < c->protos.count; i++)
		for (uint64_t p = c->protos.low[i]; p <= c->protos.high[i];
			p++) {
			struct qos_condition condition = { .proto = (uint8_t)p,
				.any_proto = p == any };

			if (!cross(a, c, &condition))
				return;
		}
}

/* ---- a rule -------------------------------------------------------------- */

struct asking {
	struct qos_actions *list;
	bool no_memory;
};

static enum qos_excess
excess_of(const char *word)
{
	if (strcmp(word, "drop") == 0)
		return QOS_EXCESS_DROP;
	return strcmp(word, "delay") == 0 ? QOS_EXCESS_DELAY : QOS_EXCESS_MARK;
}

static uint64_t
number_in(const struct buf_reader *facts, enum ctl_fact_id id)
{
	struct ctl_value v;

	return ctl_value_find(facts, id, &v) ? v.number : 0;
}

static void
take_grants(struct qos_action *a, const struct buf_reader *facts)
{
	struct ctl_value v;

	if (ctl_value_find(facts, CTL_F_PERMISSION, &v))
		a->deny = strcmp(v.text, "deny") == 0;
	if (ctl_value_find(facts, CTL_F_PRIORITY, &v))
		a->priority = v.signed_number;
	if (ctl_value_find(facts, CTL_F_DSCP, &v)) {
		a->marks = true;
		a->tos_in = (uint8_t)(v.number << DSCP_SHIFT);
	}
	a->tos_out = (uint8_t)(number_in(facts, CTL_F_DSCP_OUT) << DSCP_SHIFT);
	a->rate_Bps = number_in(facts, CTL_F_RATE) / BITS;
	a->bucket_bytes = number_in(facts, CTL_F_BUCKET);
	a->peak_Bps = number_in(facts, CTL_F_PEAK) / BITS;
	/* AIX has no peak in a policy, and shows the rate. */
	if (a->peak_Bps == 0)
		a->peak_Bps = a->rate_Bps;
	if (ctl_value_find(facts, CTL_F_EXCESS, &v))
		a->excess = excess_of(v.text);
}

static void
take_rule(void *arg, struct buf_reader *facts)
{
	struct asking *asking = (struct asking *)arg;
	struct qos_action *a = qos_actions_add(asking->list);
	struct conditions *c =
		(struct conditions *)calloc(1, sizeof(struct conditions));
	struct buf_reader r = *facts;
	struct ctl_value v;

	asking->no_memory = asking->no_memory || !a || !c;
	if (a && ctl_value_find(facts, CTL_F_NAME, &v))
		(void)text_copy(a->name, sizeof(a->name), v.text); /* fits */
	while (a && c && ctl_value_next(&r, &v)) {
		if (v.fact->id == CTL_F_FROM)
			take_addrs(&c->from, &v.facts);
		else if (v.fact->id == CTL_F_TO)
			take_addrs(&c->to, &v.facts);
		else if (v.fact->id == CTL_F_FROM_PORTS)
			take_numbers(&c->from_ports, &v.facts);
		else if (v.fact->id == CTL_F_TO_PORTS)
			take_numbers(&c->to_ports, &v.facts);
		else if (v.fact->id == CTL_F_PROTOS)
			take_numbers(&c->protos, &v.facts);
	}
	if (a && c) {
		take_grants(a, facts);
		settle_conditions(a, c);
	}
	free(c);
}

/* ---- a reservation ------------------------------------------------------- */

static uint64_t
whole_in(const struct buf_reader *facts, enum ctl_fact_id id)
{
	struct ctl_value v;

	if (!ctl_value_find(facts, id, &v) || !(v.real >= 0))
		return 0;
	return v.real >= 9e18 ? UINT64_MAX : (uint64_t)v.real;
}

static void
take_flowspec(struct qos_action *a, const struct buf_reader *facts)
{
	struct ctl_value v;

	a->type = ctl_value_find(facts, CTL_F_SERVICE, &v) &&
				  strcmp(v.text, "GS") == 0
			  ? QOS_IS_GS
			  : QOS_IS_CL;
	a->rate_Bps = whole_in(facts, CTL_F_R);
	if (whole_in(facts, CTL_F_RATE_R) > a->rate_Bps)
		a->rate_Bps = whole_in(facts, CTL_F_RATE_R);
	a->bucket_bytes = whole_in(facts, CTL_F_B);
	a->peak_Bps = whole_in(facts, CTL_F_P);
	a->min_unit = number_in(facts, CTL_F_M);
	a->max_packet = number_in(facts, CTL_F_MAX);
	a->excess = QOS_EXCESS_DELAY;
}

static void
take_session(struct qos_condition *c, const struct buf_reader *facts)
{
	struct ctl_value v;

	if (ctl_value_find(facts, CTL_F_DST, &v) &&
		addr_parse(v.text, &c->dst.first))
		c->dst.last = c->dst.first;
	c->proto = (uint8_t)number_in(facts, CTL_F_PROTO);
	c->dst_ports.first = (uint16_t)number_in(facts, CTL_F_PORT);
	c->dst_ports.last =
		c->dst_ports.first ? c->dst_ports.first : UINT16_MAX;
}

static void
take_filter(struct qos_condition *c, const struct buf_reader *facts)
{
	struct ctl_value v;

	c->src = (struct qos_addrs){ 0 };
	if (ctl_value_find(facts, CTL_F_SRC, &v) &&
		addr_parse(v.text, &c->src.first))
		c->src.last = c->src.first;
	c->src_ports.first = (uint16_t)number_in(facts, CTL_F_PORT);
	c->src_ports.last =
		c->src_ports.first ? c->src_ports.first : UINT16_MAX;
}

static void
take_place(struct qos_action *a, const struct buf_reader *facts)
{
	struct qos_place *p = &a->places[0];
	struct ctl_value v;

	a->n_places = 1;
	if (ctl_value_find(facts, CTL_F_INTERFACE, &v))
		(void)text_copy(p->iface, sizeof(p->iface), v.text); /* fits */
	if (ctl_value_find(facts, CTL_F_CLASSID, &v))
		(void)text_copy(p->handle, sizeof(p->handle), v.text);
	p->in_packets = number_in(facts, CTL_F_PACKETS);
	p->in_bytes = number_in(facts, CTL_F_BYTES);
}

static void
take_reservation(void *arg, struct buf_reader *facts)
{
	struct asking *asking = (struct asking *)arg;
	struct qos_action *a;
	struct qos_condition c = { .src_ports.last = UINT16_MAX };
	struct buf_reader r = *facts;
	struct ctl_value v;
	bool filtered = false;

	if (!ctl_value_find(facts, CTL_F_STATE, &v) ||
		strcmp(v.text, "installed") != 0)
		return;
	a = qos_actions_add(asking->list);
	asking->no_memory = asking->no_memory || !a;
	if (!a)
		return;
	if (ctl_value_find(facts, CTL_F_FLOWSPEC, &v))
		take_flowspec(a, &v.facts);
	if (ctl_value_find(facts, CTL_F_SESSION, &v))
		take_session(&c, &v.facts);
	while (ctl_value_next(&r, &v)) {
		if (v.fact->id != CTL_F_FILTERS)
			continue;
		take_filter(&c, &v.facts);
		filtered = true;
		(void)qos_action_condition(a, &c); /* enough are shown */
	}
	if (!filtered)
		(void)qos_action_condition(a, &c); /* as above */
	take_place(a, facts);
}

/* ---- counters of rules --------------------------------------------------- */

struct counting {
	struct qos_actions *list;
	size_t rules; /* the first ones of the list */
	size_t next;  /* records come in the order of the rules */
};

static struct qos_action *
find_rule(struct counting *c, const char *name)
{
	for (size_t i = 0; i < c->rules; i++) {
		struct qos_action *a = &c->list->at[(c->next + i) % c->rules];

		if (strcmp(a->name, name) != 0)
			continue;
		c->next = (c->next + i + 1) % c->rules;
		return a;
	}
	return NULL;
}

static void
take_counted(void *arg, struct buf_reader *facts)
{
	struct counting *c = (struct counting *)arg;
	struct ctl_value v;
	struct qos_action *a = NULL;
	struct qos_place *p;

	if (ctl_value_find(facts, CTL_F_NAME, &v))
		a = find_rule(c, v.text);
	if (!a || a->n_places == QOS_PLACES)
		return;
	p = &a->places[a->n_places++];
	if (ctl_value_find(facts, CTL_F_INTERFACE, &v))
		(void)text_copy(p->iface, sizeof(p->iface), v.text); /* fits */
	if (ctl_value_find(facts, CTL_F_STATE, &v) &&
		strcmp(v.text, "installed") == 0)
		(void)text_copy(p->handle, sizeof(p->handle), "installed");
	if (p->handle[0] != '\0' && ctl_value_find(facts, CTL_F_CLASSID, &v))
		(void)text_copy(p->handle, sizeof(p->handle), v.text);
	p->violation = number_in(facts, CTL_F_VIOLATION) != 0;
	p->in_packets = number_in(facts, CTL_F_IN_PACKETS);
	p->in_bytes = number_in(facts, CTL_F_IN_BYTES);
	p->out_packets = number_in(facts, CTL_F_OUT_PACKETS);
	p->out_bytes = number_in(facts, CTL_F_OUT_BYTES);
}

int
qos_actions_ask(const struct qos *qos, struct qos_actions *ret_list)
{
	const struct ctl_options options = { .socket = qos->socket,
		.program = qos->name };
	struct asking asking = { ret_list, false };
	struct counting counting = { .list = ret_list };

	*ret_list = (struct qos_actions){ 0 };
	if (ctl_ask(&options, CTL_ASK_DATA, take_rule, &asking) != CTL_DONE)
		return QOS_FAILED;
	counting.rules = ret_list->count;
	if (ctl_ask(&options, CTL_ASK_RULES, take_counted, &counting) !=
			CTL_DONE ||
		ctl_ask(&options, CTL_ASK_RESERVATIONS, take_reservation,
			&asking) != CTL_DONE)
		return QOS_FAILED;
	if (!asking.no_memory)
		return QOS_DONE;
	qos_complain(qos, "no memory");
	return QOS_FAILED;
}
