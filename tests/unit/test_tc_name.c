/* SPDX-License-Identifier: ISC */

/* Names of the interfaces that filters send packets to: tcctl/nl_name.c. */

#include "tc_cli_t.h"
#include "tc_objects_t.h"
#include "tcctl/nl_conn.h"

static struct tc_extra *
add_filter(struct tc_objects *list)
{
	struct tc_object *o = put_object(
		list, TC_FILTER, &tc_kind_u32, 0x800, TC_INGRESS_HANDLE);

	return tc_objects_extra(list, o);
}

static struct tc_action
redirect(uint32_t ifindex)
{
	struct tc_action a = { .kind = &tc_action_mirred,
		.mirred = { .ifindex = ifindex, .way = TC_MIRRED_REDIRECT } };

	(void)text_copy(a.mirred.name, sizeof(a.mirred.name), "before");
	return a;
}

static void
each_target_has_the_name_it_has_now(void)
{
	struct tc_objects list = { .alloc = alloc_heap() };
	struct tc_extra *x[3];

	cli_begin();
	x[0] = add_filter(&list);
	x[0]->action_count = 1;
	x[0]->actions[0] = redirect(2);
	(void)put_object(&list, TC_QDISC_ROOT, &tc_kind_prio, 0x10000, 0);
	x[1] = add_filter(&list);
	x[1]->action_count = 3;
	x[1]->actions[0] = redirect(2);
	x[1]->actions[0].kind = &tc_action_gact;
	x[1]->actions[1] = redirect(3);
	x[1]->actions[2] = redirect(2);
	x[2] = add_filter(&list);
	x[2]->action_count = 2;
	x[2]->actions[0] = redirect(77); /* it has gone */
	x[2]->actions[1] = redirect(2);
	x[2]->actions[1].mirred.nobody = true;
	nl_name_targets(&list, 1);
	T_STR(x[0]->actions[0].mirred.name, "before"); /* was asked before */
	T_STR(x[1]->actions[0].mirred.name, "before"); /* leads nowhere */
	T_STR(x[1]->actions[1].mirred.name, "eth1");
	T_STR(x[1]->actions[2].mirred.name, "eth0");
	T_STR(x[2]->actions[0].mirred.name, "");
	T_STR(x[2]->actions[1].mirred.name, "before");
	nl_name_targets(&list, 0);
	T_STR(x[0]->actions[0].mirred.name, "eth0");
	tc_objects_done(&list);
	cli_end();
}

static struct t_case cases[] = {
	{ "each target has the name that it has now",
		each_target_has_the_name_it_has_now },
};
T_MAIN(cases)
