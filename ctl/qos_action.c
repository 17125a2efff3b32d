/* SPDX-License-Identifier: ISC */

/* Lists of actions and of their conditions. */

#include "ctl/qos_stat.h"

#include <stdlib.h>

struct qos_action *
qos_actions_add(struct qos_actions *list)
{
	if (list->count == list->room) {
		const size_t room = list->room * 2 + 16;
		struct qos_action *more = (struct qos_action *)reallocarray(
			list->at, room, sizeof(*more));

		if (!more)
			return NULL;
		list->at = more;
		list->room = room;
	}
	list->at[list->count] = (struct qos_action){ .type = QOS_DS };
	return &list->at[list->count++];
}

bool
qos_action_condition(
	struct qos_action *action, const struct qos_condition *condition)
{
	struct qos_condition *more;

	if (action->n_conditions == QOS_CONDITIONS)
		return false;
	more = (struct qos_condition *)reallocarray(
		action->conditions, action->n_conditions + 1, sizeof(*more));
	if (!more)
		return false;
	action->conditions = more;
	action->conditions[action->n_conditions++] = *condition;
	return true;
}

void
qos_actions_free(struct qos_actions *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->at[i].conditions);
	free(list->at);
	*list = (struct qos_actions){ 0 };
}
