/* SPDX-License-Identifier: ISC */

/*
 * Accounting records of static rules.  A rule that goes is kept until its
 * counters have been asked for: tcctl answers questions in their order, and is
 * told to take the rule out after that.
 */

#include <stdlib.h>

#include "base/log.h"
#include "rsvpd/account.h"
#include "rsvpd/daemon.h"
#include "rsvpd/rules_int.h"
#include "rsvpd/tc_client.h"

struct rules_ended {
	struct rules_ended *next;
	struct instance one;
	const char *how;
};

void
rules_end(struct rules *rules, const struct instance *one, const char *how)
{
	struct rules_ended *ended;

	if (one->since_unix_ms == 0 || !rules->engine->conf->accounting)
		return; /* it was never in force */
	ended = (struct rules_ended *)calloc(1, sizeof(*ended));
	if (!ended) {
		account_rule(rules->engine->account, &one->info,
			one->since_unix_ms, how);
		return;
	}
	ended->next = rules->ended;
	ended->one = *one;
	ended->how = how;
	rules->ended = ended;
}

static void
take_last(void *arg, const struct tc_rule_counter *counter)
{
	struct rules *rules = (struct rules *)arg;
	struct rules_ended *next;

	for (struct rules_ended *e = rules->asked_ended; counter && e;
		e = e->next)
		if (e->one.ifindex == counter->ifindex &&
			e->one.rule.id == counter->rule_id)
			rules_count_one(&e->one.info, counter);
	if (counter)
		return;
	for (struct rules_ended *e = rules->asked_ended; e; e = next) {
		next = e->next;
		account_rule(rules->engine->account, &e->one.info,
			e->one.since_unix_ms, e->how);
		free(e);
	}
	rules->asked_ended = NULL;
}

void
rules_ask_ended(struct rules *rules)
{
	if (!rules->ended || rules->asked_ended)
		return; /* with the next change, or the end */
	rules->asked_ended = rules->ended;
	rules->ended = NULL;
	tc_client_rule_counters(rules->engine->tc, take_last, rules);
}

static void
write_interim(void *arg)
{
	struct rules *rules = (struct rules *)arg;

	for (size_t n = 0; n < rules->iface_count; n++)
		for (size_t i = 0; i < rules->ifaces[n].plan.count; i++) {
			const struct instance *one =
				rules->ifaces[n].plan.all[i];

			if (one->since_unix_ms != 0)
				account_rule(rules->engine->account, &one->info,
					one->since_unix_ms, NULL);
		}
}

void
rules_interim(struct rules *rules)
{
	struct rules_info first;

	if (rules_at(rules, 0, &first))
		rules_count(rules, write_interim, rules);
}

void
rules_forget_ended(struct rules *rules)
{
	struct rules_ended *const lists[] = { rules->ended,
		rules->asked_ended };
	struct rules_ended *next;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (struct rules_ended *e = lists[i]; e; e = next) {
			next = e->next;
			account_rule(rules->engine->account, &e->one.info,
				e->one.since_unix_ms, e->how);
			free(e);
		}
	rules->ended = NULL;
	rules->asked_ended = NULL;
}
