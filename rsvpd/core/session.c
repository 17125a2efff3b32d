/* SPDX-License-Identifier: ISC */

/*
 * Sessions and their index, and how many of them each neighbour and user has
 * made.
 */

#include "core_int.h"

#include <string.h>

/* The keys are hashed and compared as bytes: no padding may hide in them. */
_Static_assert(sizeof(struct session_key) ==
		       sizeof(struct addr) + sizeof(uint8_t) + sizeof(uint16_t),
	"padding in session_key");
_Static_assert(sizeof(struct dest_key) == sizeof(struct addr) + sizeof(uint8_t),
	"padding in dest_key");

static unsigned
hash_of(const struct rsvp_core *core, const void *key, size_t len)
{
	return hash_bytes(&core->conf.hash_key, key, len);
}

struct session_key
session_key_of(const struct wire_session *session)
{
	return (struct session_key){ .dst = session->dst,
		.proto = session->proto,
		.dst_port = session->dst_port };
}

struct wire_session
session_wire(const struct session *session)
{
	return (struct wire_session){ .dst = session->key.dst,
		.proto = session->key.proto,
		.dst_port = session->key.dst_port };
}

static struct session *
find_key(const struct rsvp_core *core, const struct session_key *key)
{
	struct session *session;

	HASH_FIND_BYHASHVALUE(hh, core->sessions, key, sizeof(*key),
		hash_of(core, key, sizeof(*key)), session);
	return session;
}

struct session *
session_find(const struct rsvp_core *core, const struct wire_session *session)
{
	struct session_key key = session_key_of(session);

	return find_key(core, &key);
}

/* ---- who made how many --------------------------------------------------- */

struct maker *
maker_charge(
	struct rsvp_core *core, const struct maker_key *who, uint32_t limit)
{
	struct maker_key key;
	struct maker *maker;
	unsigned hash;

	memset(&key, 0, sizeof(key)); /* its padding is hashed too */
	key.hop = who->hop;
	key.ifindex = who->ifindex;
	key.uid = who->uid;
	hash = hash_of(core, &key, sizeof(key));
	HASH_FIND_BYHASHVALUE(hh, core->makers, &key, sizeof(key), hash, maker);
	if (!maker) {
		maker = (struct maker *)core_get(core, sizeof(*maker));
		if (!maker)
			return NULL;
		memcpy(&maker->key, &key, sizeof(key));
		HASH_ADD_BYHASHVALUE(
			hh, core->makers, key, sizeof(key), hash, maker);
		if (!hash_added(maker->hh)) {
			core_count(core, RSVP_C_DROP_MEMORY);
			core_put(core, maker);
			return NULL;
		}
	}
	if (maker->sessions >= limit) {
		core_count(core, RSVP_C_DROP_LIMIT);
		maker->sessions++; /* for the discharge */
		maker_discharge(core, maker);
		return NULL;
	}
	maker->sessions++;
	return maker;
}

void
maker_discharge(struct rsvp_core *core, struct maker *maker)
{
	if (!maker || --maker->sessions > 0)
		return;
	HASH_DELETE(hh, core->makers, maker);
	core_put(core, maker);
}

/* ---- ports --------------------------------------------------------------- */

static struct dest *
dest_find(const struct rsvp_core *core, const struct session_key *session)
{
	struct dest_key key = { .dst = session->dst, .proto = session->proto };
	struct dest *dest;

	HASH_FIND_BYHASHVALUE(hh, core->dests, &key, sizeof(key),
		hash_of(core, &key, sizeof(key)), dest);
	return dest;
}

bool
session_port_conflict(
	const struct rsvp_core *core, const struct wire_session *session)
{
	struct session_key key = session_key_of(session);
	const struct dest *dest = dest_find(core, &key);

	if (!dest)
		return false;
	return (key.dst_port == 0 ? dest->with_port : dest->without_port) > 0;
}

static struct dest *
dest_make(struct rsvp_core *core, const struct session_key *session)
{
	struct dest *dest = (struct dest *)core_get(core, sizeof(*dest));

	if (!dest)
		return NULL;
	dest->key.dst = session->dst;
	dest->key.proto = session->proto;
	HASH_ADD_BYHASHVALUE(hh, core->dests, key, sizeof(dest->key),
		hash_of(core, &dest->key, sizeof(dest->key)), dest);
	if (!hash_added(dest->hh)) {
		core_count(core, RSVP_C_DROP_MEMORY);
		core_put(core, dest);
		return NULL;
	}
	return dest;
}

bool
session_dest_enter(struct rsvp_core *core, struct session *session)
{
	struct dest *dest = dest_find(core, &session->key);

	if (!dest)
		dest = dest_make(core, &session->key);
	if (!dest)
		return false;
	session->dest = dest;
	if (session->key.dst_port == 0)
		dest->without_port++;
	else
		dest->with_port++;
	return true;
}

void
session_dest_leave(struct rsvp_core *core, struct session *session)
{
	struct dest *dest = session->dest;

	session->dest = NULL;
	if (session->key.dst_port == 0)
		dest->without_port--;
	else
		dest->with_port--;
	if (dest->without_port + dest->with_port > 0)
		return;
	HASH_DELETE(hh, core->dests, dest);
	core_put(core, dest);
}

/* ---- life ---------------------------------------------------------------- */

/* Into both tables, or into none. */
static bool
enter_tables(struct rsvp_core *core, struct session *session)
{
	HASH_ADD_BYHASHVALUE(hh, core->sessions, key, sizeof(session->key),
		hash_of(core, &session->key, sizeof(session->key)), session);
	if (!hash_added(session->hh))
		return false;
	HASH_ADD_BYHASHVALUE(hh_serial, core->session_serials, serial,
		sizeof(session->serial),
		hash_of(core, &session->serial, sizeof(session->serial)),
		session);
	if (hash_added(session->hh_serial))
		return true;
	HASH_DELETE(hh, core->sessions, session);
	return false;
}

struct session *
session_make(struct rsvp_core *core, const struct wire_session *wire,
	const struct addr *hop, uint32_t ifindex)
{
	const struct maker_key who = { .hop = *hop, .ifindex = ifindex };
	struct session *session = session_find(core, wire);

	if (session)
		return session;
	if (core->session_count >= core->conf.max_sessions) {
		core_count(core, RSVP_C_DROP_LIMIT);
		return NULL;
	}
	session = (struct session *)core_get(core, sizeof(*session));
	if (!session)
		return NULL;
	session->key = session_key_of(wire);
	session->serial = ++core->next_session;
	TAILQ_INIT(&session->psbs);
	TAILQ_INIT(&session->rsbs);
	TAILQ_INIT(&session->asks);
	TAILQ_INIT(&session->demands);
	TAILQ_INIT(&session->locals);
	LIST_INIT(&session->bsbs);
	if (hop->family != ADDR_NONE) {
		session->maker = maker_charge(
			core, &who, core->conf.max_sessions_neighbour);
		if (!session->maker)
			goto fail;
	}
	if (!enter_tables(core, session)) {
		core_count(core, RSVP_C_DROP_MEMORY);
		goto fail;
	}
	core->session_count++;
	return session;

fail:
	maker_discharge(core, session->maker);
	core_put(core, session);
	return NULL;
}

static void
leave_answered(struct rsvp_core *core, struct session *session)
{
	if (session->answered)
		TAILQ_REMOVE(&core->answered, session, next_answered);
	session->answered = false;
}

void
session_free(struct rsvp_core *core, struct session *session)
{
	while (!TAILQ_EMPTY(&session->rsbs))
		rsb_free(core, TAILQ_FIRST(&session->rsbs));
	while (!TAILQ_EMPTY(&session->asks))
		ask_free(core, TAILQ_FIRST(&session->asks));
	while (!TAILQ_EMPTY(&session->psbs))
		psb_free(core, TAILQ_FIRST(&session->psbs));
	while (!TAILQ_EMPTY(&session->locals))
		local_free(core, TAILQ_FIRST(&session->locals));
	while (!TAILQ_EMPTY(&session->demands))
		demand_free(core, TAILQ_FIRST(&session->demands));
	leave_answered(core, session);
	HASH_DELETE(hh, core->sessions, session);
	HASH_DELETE(hh_serial, core->session_serials, session);
	core->session_count--;
	maker_discharge(core, session->maker);
	core_put(core, session);
}

static bool
empty(const struct session *session)
{
	return TAILQ_EMPTY(&session->psbs) && TAILQ_EMPTY(&session->rsbs) &&
	       TAILQ_EMPTY(&session->asks) && TAILQ_EMPTY(&session->demands) &&
	       TAILQ_EMPTY(&session->locals);
}

/* Memory that was short then is not the last word. */
static void
settle(struct rsvp_core *core, struct session *session, enum session_mode mode,
	uint64_t failures)
{
	leave_answered(core, session);
	ask_sync(core, session, mode);
	session->unsettled = core->counters[RSVP_C_DROP_MEMORY] != failures;
	if (empty(session))
		session_free(core, session);
}

void
session_answered(struct rsvp_core *core, struct session *session,
	const struct demand *demand)
{
	const uint64_t failures = core->counters[RSVP_C_DROP_MEMORY];
	const struct wire_filter filter = demand->filter;
	struct demand *each, *next;

	TAILQ_FOREACH_SAFE (each, &session->demands, next, next)
		if (wire_filter_equal(&each->filter, &filter))
			demand_run(core, each);
	if (core->counters[RSVP_C_DROP_MEMORY] != failures)
		session->unsettled = true;
	if (session->unsettled || psb_settle(core, session)) {
		session_sync(core, session, SESSION_TELL);
		return;
	}
	if (!session->answered)
		TAILQ_INSERT_TAIL(&core->answered, session, next_answered);
	session->answered = true;
}

void
session_settle_answered(struct rsvp_core *core)
{
	while (!TAILQ_EMPTY(&core->answered))
		settle(core, TAILQ_FIRST(&core->answered), SESSION_TELL,
			core->counters[RSVP_C_DROP_MEMORY]);
}

void
session_sync(
	struct rsvp_core *core, struct session *session, enum session_mode mode)
{
	uint64_t failures = core->counters[RSVP_C_DROP_MEMORY];
	struct demand *demand, *next;

	local_sync(core, session);
	do {
		TAILQ_FOREACH_SAFE (demand, &session->demands, next, next)
			demand_run(core, demand);
	} while (psb_settle(core, session));
	settle(core, session, mode, failures);
}
