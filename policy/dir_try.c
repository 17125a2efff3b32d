/* SPDX-License-Identifier: ISC */

/*
 * One server, by the best of three ways it has.
 *
 * A server that offers content synchronization is asked to push its changes;
 * one that refuses that is refreshed each poll, one that knows nothing of it
 * searched whole.  A persistent search over a connection that died quietly, or
 * that the server forgot, looks like a directory where nothing changes: each
 * poll a second connection asks for the suffix' contextCSN, and when that
 * moved and nothing came, the search is begun again from the cookie.
 */

#include "dir_try_int.h"

#include <string.h>
#include <time.h>

#include "base/os.h"

enum {
	CONNECT_FACTOR = 3, /* TCP, TLS, bind: each up to timeout */
	REFRESH_FACTOR = 6
};

/* ---- news and facts ------------------------------------------------------ */

/* Once there are new settings, nobody wants to hear of the old ones. */
static void
tell_change(struct dir *d, bool settled)
{
	struct mono now = os_now();

	dir_lock(d);
	if (!d->changed) {
		if (!d->news.changed)
			d->news.first_change = now;
		d->news.changed = true;
		d->news.last_change = now;
		d->news.settled = settled;
		d->facts.change_unix_s = (int64_t)time(NULL);
		d->facts.entries = mirror_count(d->mirror);
	}
	dir_unlock(d);
	d->wake(d->arg);
}

static void
tell_confirmed(struct dir *d)
{
	dir_lock(d);
	if (!d->changed) {
		d->news.confirmed = true;
		d->news.failed = false;
		d->news.heard = d->begun;
		d->facts.retry_unix_s = 0;
	}
	dir_unlock(d);
	d->failures = 0;
	d->wake(d->arg);
}

void
dir_tell_failed(struct dir *d, const char *problem)
{
	dir_lock(d);
	if (!d->changed) {
		d->news.failed = true;
		d->news.confirmed = false;
		d->news.heard = d->begun;
		(void)text_copy(d->news.problem, sizeof(d->news.problem),
			problem); /* cut is fine */
	}
	dir_unlock(d);
	d->wake(d->arg);
}

static void
tell_connected(struct dir *d, enum source_mode mode, const char *uri)
{
	d->mode = mode;
	dir_lock(d);
	d->facts.mode = mode;
	d->facts.connected = true;
	(void)text_copy(d->facts.uri, SOURCE_TEXT, uri); /* fits */
	dir_unlock(d);
}

static void
tell_disconnected(struct dir *d)
{
	dir_lock(d);
	d->facts.connected = false;
	dir_unlock(d);
}

static void
keep_cookie(struct dir *d, const struct berval *cookie, const char *uri)
{
	if (cookie->bv_len == 0 || cookie->bv_len > DIR_COOKIE)
		return; /* the next refresh is a whole one */
	dir_lock(d);
	if (d->cookie_len != cookie->bv_len ||
		memcmp(d->cookie, cookie->bv_val, cookie->bv_len) != 0)
		d->facts.cookie_unix_s = (int64_t)time(NULL);
	memcpy(d->cookie, cookie->bv_val, cookie->bv_len);
	d->cookie_len = cookie->bv_len;
	(void)text_copy(d->cookie_uri, SOURCE_TEXT, uri); /* fits */
	dir_unlock(d);
}

static void
forget_cookie(struct dir *d)
{
	dir_lock(d);
	d->cookie_len = 0;
	d->facts.cookie_unix_s = 0;
	dir_unlock(d);
}

bool
dir_interrupted(struct dir *d)
{
	dir_lock(d);

	bool yes = d->changed;

	dir_unlock(d);
	return yes;
}

/* *ret_asked: somebody waits for an answer of his own. */
static bool
take_hurry(struct dir *d, bool *ret_asked)
{
	dir_lock(d);

	bool yes = d->hurry;

	*ret_asked = d->asked != d->begun;
	d->begun = d->asked;
	d->hurry = false;
	dir_unlock(d);
	return yes;
}

/* The next search begins at once. */
static void
begin_again(struct dir *d)
{
	dir_lock(d);
	d->hurry = true;
	dir_unlock(d);
}

/* ---- one attempt --------------------------------------------------------- */

struct attempt {
	struct dir *dir;
	const struct source_directory *d;
	const char *uri;
	size_t index; /* of the URI */
	struct dir_conn *conn;
	struct dir_offer offer;
	struct dir_store store;
	struct text *problem;
	uint64_t state; /* of the suffix; 0: not known */
	uint64_t first; /* the same, before the refresh */
};

/* What was gathered takes effect; false when there is no room for it. */
static bool
commit(struct attempt *a, bool *ret_changed)
{
	struct dir *d = a->dir;
	enum mirror_answer answer;

	dir_lock(d);
	answer = mirror_refresh_commit(d->mirror);
	d->facts.entries = mirror_count(d->mirror);
	dir_unlock(d);
	*ret_changed = answer == MIRROR_CHANGED;
	if (answer == MIRROR_NO_MEMORY)
		forget_cookie(d); /* half of it may be there */
	return !dir_store_refused(answer, a->problem);
}

static void
drop(struct attempt *a)
{
	dir_lock(a->dir);
	mirror_refresh_drop(a->dir->mirror);
	dir_unlock(a->dir);
}

/*
 * A read of the whole may fall into the middle of a change: it counts once two
 * in a row agree, or after the longest quiet period.
 */
static void
tell_read(struct dir *d, const struct source_directory *conf, bool changed)
{
	struct mono now = os_now();

	if (changed && !d->unsettled) {
		d->unsettled = true;
		d->unsettled_since = now;
	}
	if (d->unsettled && changed && conf->quiet_ms > 0 &&
		mono_ms_between(d->unsettled_since, now) <
			SOURCE_QUIET_MOST_MS) {
		d->failures = 0;
		return;
	}
	if (d->unsettled)
		tell_change(d, true);
	d->unsettled = false;
	tell_confirmed(d);
}

static bool
poll_once(struct attempt *a)
{
	bool changed;

	tell_connected(a->dir, SOURCE_MODE_POLL, a->uri);
	forget_cookie(a->dir);
	if (!dir_search(a->conn, a->d, a->offer.paged, &a->store, a->problem)) {
		drop(a);
		return false;
	}
	if (!commit(a, &changed))
		return false;
	tell_read(a->dir, a->d, changed);
	return true;
}

static void
forget_problem(struct attempt *a)
{
	a->problem->len = 0;
	a->problem->buf[0] = '\0';
}

static struct dir_sync *
new_sync(struct attempt *a)
{
	struct dir *d = a->dir;
	uint8_t bytes[DIR_COOKIE];
	struct berval cookie = { 0 };
	struct dir_sync *sync;

	dir_lock(d);
	if (strcmp(d->cookie_uri, a->uri) == 0) {
		memcpy(bytes, d->cookie, d->cookie_len);
		cookie.bv_len = d->cookie_len;
	}
	dir_unlock(d);
	memcpy(&cookie.bv_val, &(const void *){ bytes }, sizeof(void *));
	sync = dir_sync_new(a->conn, a->d, &a->store, &cookie);
	if (!sync)
		text_add(a->problem,
			"no memory, or the tags make too long a filter");
	return sync;
}

static bool
has_cookie(struct attempt *a)
{
	struct dir *d = a->dir;

	dir_lock(d);

	bool yes = d->cookie_len > 0 && strcmp(d->cookie_uri, a->uri) == 0;

	dir_unlock(d);
	return yes;
}

/* The refresh of either kind, without the cookie when that is of no use: too
 * old, or of a later state than a server that was restored is in. */
static enum dir_sync_end
refresh(struct attempt *a, bool persist, struct dir_sync **ret_sync,
	bool *ret_changed)
{
	struct dir_sync *sync = NULL;
	enum dir_sync_end end;
	bool again;

	do {
		again = has_cookie(a);
		sync = new_sync(a);
		end = sync ? dir_sync_refresh(sync, persist, a->problem)
			   : DIR_SYNC_FAILED;
		again = again &&
			(end == DIR_SYNC_RELOAD || end == DIR_SYNC_REFUSED);
		if (again) {
			forget_problem(a);
			forget_cookie(a->dir);
			dir_sync_free(sync);
		}
	} while (again);
	if (end == DIR_SYNC_RELOAD)
		end = DIR_SYNC_REFUSED;
	if (end != DIR_SYNC_GOOD)
		drop(a);
	else if (!commit(a, ret_changed))
		end = DIR_SYNC_FAILED;
	else
		keep_cookie(a->dir, dir_sync_cookie(sync), a->uri);
	*ret_sync = sync;
	return end;
}

/* On a connection of its own: is the server there, and did anything change?
 * What came meanwhile may be on its way still. */
static bool
ask_state(struct attempt *a, uint64_t *ret_state)
{
	struct dir *d = a->dir;
	struct dir_conn *conn;
	bool good;

	dir_cutter_allow(
		&d->cutter, (int64_t)a->d->timeout_s * 1000 * CONNECT_FACTOR);
	conn = dir_conn_open(a->d, a->uri, &d->cutter, a->problem);
	good = conn && dir_conn_state(conn, &a->offer, ret_state, a->problem);
	dir_conn_close(conn);
	dir_cutter_allow(&d->cutter, 0);
	return good;
}

struct persist {
	struct dir_sync *sync;
	struct mono check;
	bool heard; /* something since the last check */
};

/* False to end the search: it failed, or is to be begun again.  Who asked is
 * answered by a refresh when there was any change since the last one: no push
 * says that all of them have come. */
static bool
check(struct attempt *a, struct persist *p, bool asked)
{
	uint64_t state = 0;

	p->check = mono_add_ms(os_now(), (int64_t)a->d->poll_s * 1000);
	if (!ask_state(a, &state))
		return false;

	if (asked && (state == 0 || state != a->first)) {
		begin_again(a->dir);
		return false;
	}

	bool moved = state != 0 && state != a->state;

	a->state = state;
	if (moved && !p->heard) {
		bool changed = false;

		if (dir_sync_wait(p->sync, &changed, a->problem) !=
			DIR_SYNC_GOOD)
			return false;
		if (changed)
			tell_change(a->dir, false);
		else
			return false; /* without a problem: begin again */
	}
	p->heard = false;
	tell_confirmed(a->dir);
	return true;
}

/* Until it fails (a problem), or is to be begun again (none). */
static void
persist(struct attempt *a, struct dir_sync *sync)
{
	struct dir *d = a->dir;
	struct persist p = { .sync = sync,
		.check = mono_add_ms(os_now(), (int64_t)a->d->poll_s * 1000) };

	dir_cutter_allow(&d->cutter, 0);
	while (!dir_interrupted(d)) {
		bool changed = false;
		enum dir_sync_end end =
			dir_sync_wait(sync, &changed, a->problem);

		if (end == DIR_SYNC_GOOD)
			keep_cookie(d, dir_sync_cookie(sync), a->uri);
		if (changed) {
			p.heard = true;
			tell_change(d, false);
		}
		if (end == DIR_SYNC_RELOAD)
			forget_cookie(d);
		if (end != DIR_SYNC_GOOD)
			break;

		bool asked;
		bool due = take_hurry(d, &asked) ||
			   mono_reached(p.check, os_now());

		if (due && !check(a, &p, asked))
			break;
	}
}

/* What is left of the ladder after a refusal. */
static void
step_down(struct attempt *a, enum source_mode from)
{
	a->dir->ceiling[a->index] = from == SOURCE_MODE_PERSIST
					    ? SOURCE_MODE_REFRESH
					    : SOURCE_MODE_POLL;
	forget_problem(a);
}

static bool
synchronize(struct attempt *a, enum source_mode mode)
{
	struct dir_sync *sync = NULL;
	bool changed = false;
	enum dir_sync_end end =
		refresh(a, mode == SOURCE_MODE_PERSIST, &sync, &changed);

	if (end == DIR_SYNC_GOOD) {
		tell_connected(a->dir, mode, a->uri);
		if (mode == SOURCE_MODE_PERSIST) {
			if (changed)
				tell_change(a->dir, false);
			tell_confirmed(a->dir);
			persist(a, sync);
		} else {
			tell_read(a->dir, a->d, changed);
		}
	} else if (end == DIR_SYNC_REFUSED) {
		step_down(a, mode);
	}
	dir_sync_free(sync);
	return end == DIR_SYNC_GOOD;
}

static enum source_mode
choose_mode(const struct attempt *a)
{
	enum source_mode mode = a->dir->ceiling[a->index];

	return a->offer.sync ? mode : SOURCE_MODE_POLL;
}

/* True: it answered. */
static bool
attempt(struct attempt *a)
{
	struct dir *d = a->dir;
	bool answered = false;

	dir_cutter_allow(
		&d->cutter, (int64_t)a->d->timeout_s * 1000 * CONNECT_FACTOR);
	a->conn = dir_conn_open(a->d, a->uri, &d->cutter, a->problem);
	if (!a->conn || !dir_conn_offer(a->conn, a->d, &a->offer, a->problem) ||
		!dir_conn_state(a->conn, &a->offer, &a->state, a->problem))
		goto done;
	a->first = a->state;
	dir_cutter_allow(
		&d->cutter, (int64_t)a->d->timeout_s * 1000 * REFRESH_FACTOR);
	while (!answered) {
		enum source_mode mode = choose_mode(a);

		if (mode == SOURCE_MODE_POLL) {
			answered = poll_once(a);
			break;
		}
		answered = synchronize(a, mode);
		if (choose_mode(a) == mode)
			break; /* neither refused nor to be tried lower */
	}
done:
	dir_conn_close(a->conn);
	tell_disconnected(d);
	return answered;
}

bool
dir_try(struct dir *d, const struct source_directory *conf, size_t index,
	struct text *problem)
{
	struct attempt a = { .dir = d,
		.d = conf,
		.uri = conf->uris[index],
		.index = index,
		.store = { d->mirror, &d->lock },
		.problem = problem };

	return attempt(&a);
}
