/* SPDX-License-Identifier: ISC */

/* What tcctl manages, and what it refused; see tc_managed.h. */

#include "rsvpd/tc_managed.h"

#include <stdlib.h>

#include "base/text.h"

struct tc_managed *
tc_managed_find(struct tc_managed *all, uint32_t ifindex)
{
	struct tc_managed *m;

	HASH_FIND(hh, all, &ifindex, sizeof(ifindex), m);
	return m;
}

static struct tc_managed *
add(struct tc_managed **all, uint32_t ifindex)
{
	struct tc_managed *m = (struct tc_managed *)calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->ifindex = ifindex;
	HASH_ADD(hh, *all, ifindex, sizeof(m->ifindex), m);
	if (hash_added(m->hh))
		return m;
	free(m);
	return NULL;
}

struct tc_managed *
tc_managed_put(struct tc_managed **all, const struct tc_iface *iface)
{
	struct tc_managed *m = tc_managed_find(*all, iface->ifindex);

	if (!m)
		m = add(all, iface->ifindex);
	if (!m)
		return NULL;
	m->iface = *iface;
	m->asked = iface->classifier;
	m->refused[0] = '\0';
	return m;
}

bool
tc_managed_again(struct tc_managed *m)
{
	if (m->refused[0] == '\0')
		return false;
	m->iface.classifier = m->asked;
	m->refused[0] = '\0';
	return true;
}

bool
tc_managed_settled(const struct tc_managed *all)
{
	const struct tc_managed *m, *next;

	HASH_ITER (hh, all, m, next)
		if (!m->answered)
			return false;
	return true;
}

void
tc_managed_drop(struct tc_managed **all, struct tc_managed *m)
{
	HASH_DEL(*all, m);
	free(m);
}

void
tc_managed_drop_all(struct tc_managed **all)
{
	struct tc_managed *m, *next;

	hash_dissolve(hh, *all, m);
	for (; m; m = next) {
		next = (struct tc_managed *)m->hh.next;
		free(m);
	}
}

enum tc_managed_answer
tc_managed_answer(
	struct tc_managed *m, uint8_t classifier, const struct tc_done *done)
{
	if (done->error == 0) {
		m->in_force = true;
		m->classifier = classifier;
		return TC_MANAGED_SETTLED;
	}
	if (m->in_force && classifier != m->classifier) {
		if (m->iface.classifier != classifier)
			return TC_MANAGED_STALE;
		m->iface.classifier = m->classifier;
		(void)text_copy(m->refused, sizeof(m->refused),
			done->text); /* same size */
		return TC_MANAGED_AGAIN;
	}
	m->in_force = false;
	m->refused[0] = '\0'; /* it is not as before either */
	return TC_MANAGED_SETTLED;
}
