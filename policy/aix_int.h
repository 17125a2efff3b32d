/* SPDX-License-Identifier: ISC */
#ifndef AIX_INT_H
#define AIX_INT_H

/*
 * The AIX syntax of the policy, policyd.conf: what its reader and its writer
 * share.
 */

#include "base/stanza.h"
#include "policy/source.h"

enum aix_kind {
	AIX_LOGLEVEL,
	AIX_DIRECTORY,
	AIX_CATEGORY,
	AIX_RULE,
	AIX_KINDS
};

enum { AIX_KEYS = 96 }; /* attributes of one kind, at most */

/* What stanza_parse() wants; made from the tables of values.c. */
struct aix_syntax {
	struct stanza_key categories[AIX_KEYS];
	struct stanza_key rules[AIX_KEYS];
	struct stanza_kind kinds[AIX_KINDS + 1];
};
void aix_syntax_init(struct aix_syntax *syntax);

/* Another name of an attribute, from the sister products: the one that it is
 * known by here, or the name itself. */
const char *aix_attribute(const char *name);

/* The row of the table for an attribute of policyd.conf, or NULL. */
const struct source_key *aix_key(enum aix_kind kind, const char *name);

#endif /* AIX_INT_H */
