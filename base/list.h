/* SPDX-License-Identifier: ISC */
#ifndef LIST_H
#define LIST_H

/*
 * Intrusive lists: the BSD queue macros, with the forms that allow removal of
 * the current element, which the C library's header lacks.
 */

#include <sys/queue.h>

#ifndef TAILQ_FOREACH_SAFE
#define TAILQ_FOREACH_SAFE(var, head, field, tvar)                             \
	for ((var) = TAILQ_FIRST(head);                                        \
		(var) && ((tvar) = TAILQ_NEXT(var, field), 1); (var) = (tvar))
#endif

#ifndef LIST_FOREACH_SAFE
#define LIST_FOREACH_SAFE(var, head, field, tvar)                              \
	for ((var) = LIST_FIRST(head);                                         \
		(var) && ((tvar) = LIST_NEXT(var, field), 1); (var) = (tvar))
#endif

/* The first leaves a queue that is not empty.  (TAILQ_REMOVE() of it hides
 * from analysers that the queue forgets it.) */
#define TAILQ_REMOVE_HEAD(head, type, field)                                   \
	do {                                                                   \
		struct type *head_next = (head)->tqh_first->field.tqe_next;    \
                                                                               \
		(head)->tqh_first = head_next;                                 \
		if (head_next)                                                 \
			head_next->field.tqe_prev = &(head)->tqh_first;        \
		else                                                           \
			(head)->tqh_last = &(head)->tqh_first;                 \
	} while (0)

#endif /* LIST_H */
