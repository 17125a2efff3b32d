/* SPDX-License-Identifier: ISC */

/* qosadd, qosmod, qosremove, qoslist: policyd.conf and the running policy. */

#include <getopt.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/qos.h"

/* A flag, the attribute that it sets, and in which kind of section. */
struct flag {
	char letter;
	enum qos_kind kind;
	const char *attribute; /* NULL: the name of the section */
};

/* In the order in which the attributes are written. */
static const struct flag flags[] = {
	{ 's', QOS_SERVICE, NULL },
	{ 'm', QOS_SERVICE, "MaxRate" },
	{ 'b', QOS_SERVICE, "MaxTokenBucket" },
	{ 't', QOS_SERVICE, "OutgoingTOS" },
	{ 'f', QOS_SERVICE, "FlowServiceType" },
	{ 'r', QOS_POLICY, NULL },
	{ 'l', QOS_POLICY, "PolicyRulePriority" },
	{ 'n', QOS_POLICY, "ProtocolNumber" },
	{ 'A', QOS_POLICY, "SourceAddressRange" },
	{ 'a', QOS_POLICY, "DestinationAddressRange" },
	{ 'P', QOS_POLICY, "SourcePortRange" },
	{ 'p', QOS_POLICY, "DestinationPortRange" },
	{ 's', QOS_POLICY, "ServiceReference" },
};

enum { FLAGS = sizeof(flags) / sizeof(flags[0]) };

static const char getopt_flags[] = "s:t:b:f:m:r:l:n:A:a:P:p:";

/* What the command line says. */
struct order {
	enum qos_kind kind;
	const char *given[128]; /* by letter */
	const char *name;
	struct qos_value values[QOS_VALUES];
	char protocol[8];
};

static bool
take_kind(const struct qos *qos, const char *word, enum qos_kind *ret_kind)
{
	*ret_kind = strcmp(word, "service") == 0 ? QOS_SERVICE : QOS_POLICY;
	if (strcmp(word, "service") == 0 || strcmp(word, "policy") == 0)
		return true;
	qos_complain(qos, "%s: neither service nor policy", word);
	return false;
}

/* The protocol as AIX has it in the file: a number. */
static void
settle_protocol(struct order *o, struct qos_value *value)
{
	const struct protoent *p;

	if (strcmp(value->attribute, "ProtocolNumber") != 0 || !value->value)
		return;
	p = getprotobyname(value->value);
	if (!p)
		return;
	(void)snprintf(
		o->protocol, sizeof(o->protocol), "%d", p->p_proto); /* fits */
	value->value = o->protocol;
}

/* Flags to name and values; false for one of the other kind. */
static bool
sort_flags(const struct qos *qos, struct order *o)
{
	size_t n = 0;

	for (size_t i = 0; i < FLAGS; i++) {
		const struct flag *f = &flags[i];

		if (f->kind != o->kind)
			continue;
		if (!f->attribute) {
			o->name = o->given[(unsigned char)f->letter];
			continue;
		}
		o->values[n].attribute = f->attribute;
		o->values[n].value = o->given[(unsigned char)f->letter];
		settle_protocol(o, &o->values[n++]);
	}
	for (unsigned char letter = 0; letter < 128; letter++) {
		bool known = false;

		for (size_t i = 0; i < FLAGS; i++)
			known = known ||
				(flags[i].kind == o->kind &&
					(unsigned char)flags[i].letter ==
						letter);
		if (o->given[letter] && !known) {
			qos_complain(qos, "-%c does not go with %s", letter,
				qos_kind_word(o->kind));
			return false;
		}
	}
	return true;
}

static bool
read_order(struct qos *qos, int argc, char **argv, struct order *o)
{
	int c;

	*o = (struct order){ .kind = QOS_SERVICE };
	while ((c = getopt_long(argc, argv, getopt_flags, qos_long_options(),
			NULL)) != -1) {
		if (c > 0 && c < 128 && c != '?')
			o->given[c] = optarg;
		else if (!qos_take_option(qos, c, optarg))
			return false;
	}
	if (argc - optind != 1)
		return false;
	return take_kind(qos, argv[optind], &o->kind) && sort_flags(qos, o);
}

/* ---- the way of an edit -------------------------------------------------- */

/* The new text, if it differs and policyd takes it, into file and daemon. */
static int
put(const struct qos *qos, struct qos_file *file, const char *text,
	const char *rule)
{
	if (!text || !qos_check(qos, text))
		return QOS_FAILED;
	if (strcmp(text, file->text) != 0 && !qos_file_replace(qos, file, text))
		return QOS_FAILED;
	return qos_live(qos, text, rule);
}

typedef char *edit_fn(const struct qos *qos, const char *text,
	enum qos_kind kind, const char *name,
	const struct qos_value values[QOS_VALUES]);

static int
edit(struct qos *qos, int argc, char **argv, edit_fn *change, bool whole)
{
	struct order o;
	struct qos_file file;
	char *text;
	int status;

	if (!read_order(qos, argc, argv, &o))
		return QOS_USAGE;
	if (!o.name) {
		qos_complain(qos, "the name of the %s is missing (-%c NAME)",
			qos_kind_word(o.kind),
			o.kind == QOS_SERVICE ? 's' : 'r');
		return QOS_USAGE;
	}
	if (whole && o.kind == QOS_POLICY && !o.given['s']) {
		qos_complain(qos,
			"the service that policy %s uses is missing "
			"(-s NAME)",
			o.name);
		return QOS_USAGE;
	}
	if (!qos_file_open(qos, &file))
		return QOS_FAILED;
	text = change(qos, file.text, o.kind, o.name, o.values);
	status = put(qos, &file, text, o.kind == QOS_POLICY ? o.name : NULL);
	free(text);
	qos_file_done(&file);
	return status;
}

int
qos_add(struct qos *qos, int argc, char **argv)
{
	return edit(qos, argc, argv, qos_add_section, true);
}

int
qos_mod(struct qos *qos, int argc, char **argv)
{
	return edit(qos, argc, argv, qos_mod_section, false);
}

/* ---- by name ------------------------------------------------------------- */

/* "NAME service", "NAME policy" or "all": name NULL. */
static bool
read_names(struct qos *qos, int argc, char **argv, enum qos_kind *ret_kind,
	const char **ret_name)
{
	int c;

	while ((c = getopt_long(argc, argv, "", qos_long_options(), NULL)) !=
		-1)
		if (!qos_take_option(qos, c, optarg))
			return false;
	*ret_kind = QOS_POLICY;
	*ret_name = NULL;
	if (argc - optind == 1 && strcmp(argv[optind], "all") == 0)
		return true;
	if (argc - optind != 2)
		return false;
	*ret_name = argv[optind];
	return take_kind(qos, argv[optind + 1], ret_kind);
}

/* Policies first: services are used by them. */
static char *
remove_all(const struct qos *qos, const char *text)
{
	char *rest = qos_remove_section(qos, text, QOS_POLICY, NULL);
	char *out = NULL;

	if (rest)
		out = qos_remove_section(qos, rest, QOS_SERVICE, NULL);
	free(rest);
	return out;
}

int
qos_remove(struct qos *qos, int argc, char **argv)
{
	enum qos_kind kind;
	const char *name;
	struct qos_file file;
	char *text;
	int status;

	if (!read_names(qos, argc, argv, &kind, &name))
		return QOS_USAGE;
	if (!qos_file_open(qos, &file))
		return QOS_FAILED;
	text = name ? qos_remove_section(qos, file.text, kind, name)
		    : remove_all(qos, file.text);
	status = put(qos, &file, text, NULL);
	free(text);
	qos_file_done(&file);
	return status;
}

/* The section as the file has it. */
static void
print_section(const struct stanza_doc *doc, const struct stanza *s, bool first)
{
	printf("%s%.*s\n", first ? "" : "\n", (int)(s->end - s->keyword.at),
		doc->text + s->keyword.at);
}

int
qos_list(struct qos *qos, int argc, char **argv)
{
	enum qos_kind kind;
	const char *name;
	struct qos_file file;
	struct stanza_doc doc;
	int status = QOS_DONE;
	bool first = true;

	if (!read_names(qos, argc, argv, &kind, &name))
		return QOS_USAGE;
	if (!qos_file_read(qos, &file))
		return QOS_FAILED;
	if (!qos_parse(qos, file.text, &doc)) {
		status = QOS_FAILED;
	} else if (!name) {
		for (size_t i = 0; i < doc.count; i++)
			if (doc.at[i].kind == QOS_SERVICE ||
				doc.at[i].kind == QOS_POLICY) {
				print_section(&doc, &doc.at[i], first);
				first = false;
			}
	} else if (qos_find(&doc, kind, name)) {
		print_section(&doc, qos_find(&doc, kind, name), true);
	} else {
		qos_complain(
			qos, "there is no %s %s", qos_kind_word(kind), name);
		status = QOS_FAILED;
	}
	stanza_free(&doc);
	qos_file_done(&file);
	return status;
}
