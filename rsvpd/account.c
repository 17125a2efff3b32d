/* SPDX-License-Identifier: ISC */

/*
 * The accounts that are open, and their records.
 *
 * The counters of a flow that is removed come with its removal, after the last
 * packet has left its class and before the core says that it has ended: what is
 * written is what the kernel has counted, to the packet.
 */

#include "rsvpd/account.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "rsvpd/account_file.h"
#include "rsvpd/account_json.h"
#include "rsvpd/daemon.h"
#include "rsvpd/net_link.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/tc_client.h"

enum { RETRY_MS = 5000, USER = 33, USERS_MAX = 100000 };

struct user {
	uint32_t uid;
	char name[USER];
};

struct open_account {
	uint32_t flow_id;
	bool counted;
	bool final; /* the counter is the one at its end */
	int64_t start_unix_ms;
	struct tc_counter counter;
	char ifname[POLICY_IFACE]; /* the interface may go before it */
	char category[POLICY_NAME];
	struct rsvp_account what;
	UT_hash_handle hh;
};

struct account {
	struct engine *engine;
	struct open_account *open;
	struct account_file file;
	struct loop_timer *write;
	struct loop_timer *interim;
	bool told; /* that records cannot be written */
	uint64_t counted_lost;
	uint64_t counted_written;
	struct user *users; /* by uid */
	size_t user_count;
	bool counting_rules;
};

int64_t
account_now_ms(void)
{
	struct timespec now = { 0 };

	/* Cannot fail with this clock. */
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- writing ------------------------------------------------------------- */

static void
count(struct account *account)
{
	uint64_t *counts = account->engine->stats->count;

	counts[STATS_ACCOUNTS] +=
		account->file.written - account->counted_written;
	counts[STATS_ACCOUNTS_LOST] +=
		account->file.lost - account->counted_lost;
	account->counted_written = account->file.written;
	account->counted_lost = account->file.lost;
}

/* A full disk is said once, and its end. */
static void
tell(struct account *account)
{
	const struct account_file *file = &account->file;

	if (file->error != 0 && !account->told) {
		log_err(LOG_MAIN,
			"accounting: %s (records wait, up to %d MiB, and are "
			"tried again)",
			strerror(file->error), ACCOUNT_FILE_ROOM >> 20);
		account->told = true;
	} else if (file->error == 0 && account->told && file->fd >= 0) {
		log_info(LOG_MAIN,
			"accounting: written again, %llu records lost so far",
			(unsigned long long)file->lost);
		account->told = false;
	}
}

static void
write_some(void *arg)
{
	struct account *account = (struct account *)arg;
	bool more = account_file_write(&account->file);

	count(account);
	tell(account);
	if (more)
		loop_timer_set(account->write, loop_now());
	else if (account->file.error != 0)
		loop_timer_set(
			account->write, mono_add_ms(loop_now(), RETRY_MS));
}

/* Takes the line. */
static void
put_line(struct account *account, char *line)
{
	if (!line)
		account->file.lost++;
	else
		(void)account_file_add(&account->file, line, strlen(line));
	free(line);
	count(account);
	if (account->file.error == 0)
		loop_timer_set(account->write, loop_now());
}

/* ---- names --------------------------------------------------------------- */

static int
compare_users(const void *a, const void *b)
{
	const struct user *x = (const struct user *)a;
	const struct user *y = (const struct user *)b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static const char *
user_name(const struct account *account, const struct rsvp_who *who)
{
	const struct user key = { .uid = who->uid };
	const struct user *found;

	if (!who->known || account->user_count == 0)
		return "";
	found = (const struct user *)bsearch(&key, account->users,
		account->user_count, sizeof(key), compare_users);
	return found ? found->name : "";
}

static size_t
read_users(FILE *file, struct user *users)
{
	const struct passwd *pw;
	size_t n = 0;

	while (n < USERS_MAX && (pw = fgetpwent(file))) {
		users[n].uid = pw->pw_uid;
		if (text_copy(
			    users[n].name, sizeof(users[n].name), pw->pw_name))
			n++;
	}
	return n;
}

void
account_users(struct account *account, int fd)
{
	FILE *file = fdopen(fd, "r");
	struct user *users = (struct user *)calloc(USERS_MAX, sizeof(*users));

	if (file && users) {
		free(account->users);
		account->user_count = read_users(file, users);
		account->users = (struct user *)realloc(
			users, (account->user_count + 1) * sizeof(*users));
		if (!account->users)
			account->users = users;
		qsort(account->users, account->user_count, sizeof(*users),
			compare_users);
		users = NULL;
	}
	free(users);
	if (file)
		(void)fclose(file); /* was only read */
	else
		(void)close(fd); /* no memory for the rest */
}

/* ---- flows --------------------------------------------------------------- */

static struct open_account *
find(struct account *account, uint32_t flow_id)
{
	struct open_account *one;

	HASH_FIND(hh, account->open, &flow_id, sizeof(flow_id), one);
	return one;
}

static void
record(struct account *account, const struct open_account *one, bool charged)
{
	struct account_flow flow = { .what = &one->what,
		.charged = charged,
		.ifname = one->ifname,
		.user = user_name(account, &one->what.who),
		.category = one->category,
		.counted = !one->counted ? ACCOUNT_NOT_COUNTED
			   : one->final || !one->what.ended
				   ? ACCOUNT_COUNTED
				   : ACCOUNT_COUNTED_BEFORE,
		.counter = one->counter,
		.start_unix_ms = one->start_unix_ms,
		.now_unix_ms = account_now_ms() };

	put_line(account, account_json_flow(&flow));
}

static void
name_interface(struct account *account, struct open_account *one)
{
	(void)text_copy(one->ifname, sizeof(one->ifname),
		net_link_name(account->engine->link, one->what.flow.ifindex));
}

static struct open_account *
add(struct account *account, uint32_t flow_id)
{
	struct open_account *one =
		(struct open_account *)calloc(1, sizeof(*one));

	if (!one)
		return NULL;
	one->flow_id = flow_id;
	one->start_unix_ms = account_now_ms();
	HASH_ADD(hh, account->open, flow_id, sizeof(one->flow_id), one);
	if (hash_added(one->hh))
		return one;
	free(one);
	return NULL;
}

static void
begin(struct account *account, const struct rsvp_account *what)
{
	struct open_account *one = find(account, what->flow.id);

	if (!one)
		one = add(account, what->flow.id);
	if (!one) {
		account->file.lost++;
		count(account);
		return;
	}
	one->what = *what;
	name_interface(account, one);
	if (what->rule[0] == '\0' ||
		!policy_rule_category(
			policy_client_policy(account->engine->policy),
			what->rule, one->category))
		one->category[0] = '\0';
}

static void
end(struct account *account, const struct rsvp_account *what)
{
	struct open_account *one = find(account, what->flow.id);
	struct open_account unknown = { .what = *what,
		.start_unix_ms = account_now_ms() };

	if (!one) { /* adopted, and nobody asked for it or counted it */
		name_interface(account, &unknown);
		record(account, &unknown, false);
		return;
	}
	if (one->what.reservations == 0)
		one->what = *what; /* known by its counters alone */
	if (one->ifname[0] == '\0')
		name_interface(account, one);
	one->what.ended = true;
	one->what.end = what->end;
	record(account, one, one->what.reservations != 0);
	HASH_DEL(account->open, one);
	free(one);
}

void
account_effect(struct account *account, const struct rsvp_account *what)
{
	if (!account->engine->conf->accounting)
		return;
	if (what->ended)
		end(account, what);
	else
		begin(account, what);
}

void
account_counter(struct account *account, const struct tc_counter *counter)
{
	struct open_account *one = find(account, counter->flow_id);

	/* Adopted and unclaimed: its end follows. */
	if (!one && account->engine->conf->accounting)
		one = add(account, counter->flow_id);
	if (!one)
		return;
	one->counter = *counter;
	one->counted = true;
	one->final = true;
}

/* ---- static rules -------------------------------------------------------- */

void
account_rule(struct account *account, const struct rules_info *rule,
	int64_t since_unix_ms, const char *how)
{
	if (account->engine->conf->accounting)
		put_line(account, account_json_rule(rule, how, since_unix_ms,
					  account_now_ms()));
}

/* ---- in between ---------------------------------------------------------- */

static void
take_interim(void *arg, const struct tc_counter *counter)
{
	struct account *account = (struct account *)arg;
	struct open_account *one =
		counter ? find(account, counter->flow_id) : NULL;

	if (!one || one->final)
		return;
	one->counter = *counter;
	one->counted = true;
	record(account, one, true);
}

static void
set_interim(struct account *account)
{
	const struct conf *conf = account->engine->conf;

	if (conf->accounting && conf->accounting_ms > 0)
		loop_timer_set(account->interim,
			mono_add_ms(loop_now(), conf->accounting_ms));
	else
		loop_timer_stop(account->interim);
}

static void
ask_interim(void *arg)
{
	struct account *account = (struct account *)arg;
	const struct tc_counters_query all = { 0 };

	tc_client_counters(account->engine->tc, &all, take_interim, account);
	rules_interim(account->engine->rules);
	set_interim(account);
}

/* ---- life ---------------------------------------------------------------- */

struct account *
account_new(struct engine *engine)
{
	struct account *account = (struct account *)calloc(1, sizeof(*account));

	if (!account)
		return NULL;
	account_json_init();
	account->engine = engine;
	account_file_init(&account->file);
	account->write = loop_timer_add(engine->loop, write_some, account);
	account->interim = loop_timer_add(engine->loop, ask_interim, account);
	if (!account->write || !account->interim) {
		account_free(account);
		return NULL;
	}
	set_interim(account);
	return account;
}

static void
forget_all(struct account *account)
{
	struct open_account *one, *next;

	hash_dissolve(hh, account->open, one);
	for (; one; one = next) {
		next = (struct open_account *)one->hh.next;
		free(one);
	}
}

void
account_free(struct account *account)
{
	if (!account)
		return;
	while (account_file_write(&account->file))
		continue;
	loop_timer_del(account->write);
	loop_timer_del(account->interim);
	forget_all(account);
	account_file_done(&account->file);
	free(account->users);
	free(account);
}

void
account_reconf(struct account *account)
{
	if (!account->engine->conf->accounting)
		forget_all(account);
	set_interim(account);
}

void
account_file(struct account *account, int fd)
{
	account_file_open(&account->file, fd);
	account->file.error = 0;
	loop_timer_set(account->write, loop_now());
}
