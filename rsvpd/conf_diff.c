/* SPDX-License-Identifier: ISC */
/* Two configurations to a list of changes, for people and for the reload. */
#include "conf_int.h"

#include <string.h>

#include "base/diff.h"

struct teller {
	void (*tell)(void *arg, const char *iface, const char *line);
	void *arg;
};

/* "limits.sessions: 10 -> 20"; iface is NULL for a global key. */
static void
tell_key(const struct teller *to, const struct conf_key *key, const char *iface,
	const void *have, const void *want)
{
	char buf[2 * CONF_VALUE_TEXT + 100];
	struct text t = text_over(buf, sizeof(buf));

	if (key->group[0] != '\0')
		text_printf(&t, "%s.", key->group);
	if (iface)
		text_printf(&t, "%s.", iface);
	text_printf(&t, "%s: ", key->name);
	conf_value_text(key, have, &t);
	text_add(&t, " -> ");
	conf_value_text(key, want, &t);
	to->tell(to->arg, iface, buf);
}

static void
tell_keys(const struct teller *to, enum conf_scope scope, const char *iface,
	const void *have, const void *want)
{
	const struct conf_key *key;

	for (size_t i = 0; (key = conf_key_at(scope, i)); i++)
		if (!conf_value_equal(key, have, want))
			tell_key(to, key, iface, have, want);
}

static int
compare_iface(const void *a, const void *b)
{
	return strcmp(((const struct conf_iface *)a)->name,
		((const struct conf_iface *)b)->name);
}

static bool
equal_iface(const void *have, const void *want)
{
	const struct conf_key *key;

	for (size_t i = 0; (key = conf_key_at(CONF_IFACE, i)); i++)
		if (!conf_value_equal(key, have, want))
			return false;
	return true;
}

static void
tell_whole(const struct teller *to, const char *iface, const char *what)
{
	char buf[CONF_NAME + 40];
	struct text t = text_over(buf, sizeof(buf));

	text_printf(&t, "interfaces.%s: %s", iface, what);
	to->tell(to->arg, iface, buf);
}

static void
tell_iface(void *arg, enum diff_kind kind, const void *have, const void *want)
{
	const struct teller *to = (const struct teller *)arg;
	const struct conf_iface *old = (const struct conf_iface *)have;
	const struct conf_iface *new = (const struct conf_iface *)want;

	switch (kind) {
	case DIFF_ADDED:
		tell_whole(to, new->name, "added");
		break;
	case DIFF_REMOVED:
		tell_whole(to, old->name, "removed");
		break;
	case DIFF_CHANGED:
		tell_keys(to, CONF_IFACE, new->name, old, new);
		break;
	case DIFF_SAME:
		break;
	}
}

void
conf_diff(const struct conf *have, const struct conf *want,
	void (*tell)(void *arg, const char *iface, const char *line), void *arg)
{
	static const struct diff_ops ops = { .compare = compare_iface,
		.equal = equal_iface,
		.tell = tell_iface };
	const struct diff_side old = { have->ifaces, have->iface_count,
		sizeof(have->ifaces[0]) };
	const struct diff_side new = { want->ifaces, want->iface_count,
		sizeof(want->ifaces[0]) };
	struct teller to = { .tell = tell, .arg = arg };

	tell_keys(&to, CONF_GLOBAL, NULL, have, want);
	diff_walk(&old, &new, &ops, &to);
}
