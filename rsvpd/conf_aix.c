/* SPDX-License-Identifier: ISC */
/*
 * The classic rsvpd.conf of AIX to struct conf:
 *
 *	interface 1.2.3.1
 *	interface 1.2.3.2 disabled
 *	interface 1.2.3.4 { trafficControl }
 *	rsvp 1.2.3.4 { maxFlows 100 }
 *
 * An interface is named by its IPv4 address, as there, or by its name; what is
 * not named is disabled.  Also taken is what the sister product on z/OS adds:
 * ALL and OTHERS, Enabled, off, LogLevel, TcpImage.
 */
#include "conf_int.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/stanza.h"

enum aix_kind { AIX_INTERFACE, AIX_RSVP, AIX_LOGLEVEL, AIX_TCPIMAGE };

enum { LOGLEVEL_MOST = 65535, FLOWS_MOST = 60000 };

static const struct stanza_key interface_keys[] = {
	{ "trafficControl", true },
	{ NULL, false },
};
static const struct stanza_key rsvp_keys[] = {
	{ "maxFlows", false },
	{ NULL, false },
};
static const struct stanza_kind kinds[] = {
	[AIX_INTERFACE] = { "interface", 1, 3, STANZA_MAY, interface_keys,
		NULL },
	[AIX_RSVP] = { "rsvp", 1, 3, STANZA_MAY, rsvp_keys, NULL },
	[AIX_LOGLEVEL] = { "loglevel", 1, 1, STANZA_BARE, NULL, NULL },
	[AIX_TCPIMAGE] = { "TcpImage", 1, 1, STANZA_BARE, NULL, NULL },
	{ NULL, 0, 0, STANZA_BARE, NULL, NULL },
};

struct aix_reader {
	const char *name; /* of the file */
	struct conf_error *error;
	bool failed;
	struct stanza_doc doc;
	struct conf *conf;
};

/* The first one is told. */
static bool refuse(struct aix_reader *r, unsigned line, const char *fmt, ...)
	TEXT_PRINTF(3, 4);

static bool
refuse(struct aix_reader *r, unsigned line, const char *fmt, ...)
{
	struct text t;
	va_list ap;

	if (r->failed)
		return false;
	r->failed = true;
	t = text_over(r->error->text, sizeof(r->error->text));
	text_printf(&t, "%s:%u: ", r->name, line);
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	return false;
}

static void
take_fault(void *arg, unsigned line, const char *what)
{
	(void)refuse((struct aix_reader *)arg, line, "%s", what);
}

/* ---- words --------------------------------------------------------------- */

static bool
number_of(struct aix_reader *r, const struct stanza_word *word,
	const char *what, uint32_t most, uint32_t *ret)
{
	char text[24];
	char *end;
	bool whole = stanza_text(&r->doc, word, text, sizeof(text));
	unsigned long v = strtoul(text, &end, 10);

	if (whole && isdigit((unsigned char)text[0]) && *end == '\0' &&
		v <= most) {
		*ret = (uint32_t)v;
		return true;
	}
	return refuse(r, word->line,
		"%s: not a whole number (use 0 to %" PRIu32 ")", what, most);
}

/* The name of the section for the first word: an address, the name of an
 * interface, or "*" for those that are not named. */
static bool
section_of(struct aix_reader *r, const struct stanza *s, char name[CONF_NAME])
{
	const struct stanza_word *word = &s->args[0];
	struct addr addr;
	char shown[4 * CONF_NAME];
	struct text t = text_over(shown, sizeof(shown));

	if (stanza_is(&r->doc, word, "all") ||
		stanza_is(&r->doc, word, "others"))
		return text_copy(name, CONF_NAME, "*");

	bool whole = stanza_text(&r->doc, word, name, CONF_NAME);

	if (whole && addr_parse(name, &addr) && addr.family == ADDR_V4) {
		char text[ADDR_TEXT];

		return text_copy(name, CONF_NAME, addr_format(&addr, text));
	}
	text_add_escaped(&t, name, strlen(name));
	/* A number that is no address is a mistake, not a name. */
	if (!whole || isdigit((unsigned char)name[0]) || strchr(name, '*') ||
		!conf_name_is_plain(name, CONF_NAME))
		return refuse(r, word->line,
			"%s: \"%s\" is neither an IPv4 address nor the name of "
			"an interface (write for example: interface 192.0.2.1)",
			kinds[s->kind].name, shown);
	return true;
}

/* "disabled", "off" and the like behind it. */
static bool
words_of(struct aix_reader *r, const struct stanza *s, bool *ret_enabled,
	bool *ret_off)
{
	*ret_enabled = true;
	*ret_off = false;
	for (size_t i = 1; i < s->n_args; i++) {
		const struct stanza_word *word = &s->args[i];

		if (stanza_is(&r->doc, word, "disabled"))
			*ret_enabled = false;
		else if (stanza_is(&r->doc, word, "off"))
			*ret_off = true;
		else if (!stanza_is(&r->doc, word, "enabled"))
			return refuse(r, word->line,
				"%s: a word that does not belong here (there "
				"are enabled, disabled and off)",
				kinds[s->kind].name);
	}
	return true;
}

static bool
known_attributes(struct aix_reader *r, const struct stanza *s)
{
	const char *known = kinds[s->kind].keys[0].name;

	for (size_t i = 0; i < s->n_attrs; i++) {
		const struct stanza_attr *a = &r->doc.attrs[s->first + i];
		char name[24];
		char shown[100];
		struct text t = text_over(shown, sizeof(shown));

		if (stanza_is(&r->doc, &a->name, known))
			continue;
		(void)stanza_text(&r->doc, &a->name, name, sizeof(name));
		text_add_escaped(&t, name, strlen(name)); /* cut is fine */
		return refuse(r, a->name.line,
			"%s: unknown attribute \"%s\" (there is %s)",
			kinds[s->kind].name, shown, known);
	}
	return true;
}

/* ---- statements ---------------------------------------------------------- */

static struct conf_iface *
find_section(struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->iface_count; i++)
		if (strcmp(conf->ifaces[i].name, name) == 0)
			return &conf->ifaces[i];
	return NULL;
}

/* "trafficControl", maybe with a word that denies it. */
static bool
read_traffic_control(
	struct aix_reader *r, const struct stanza *s, bool *ret_wanted)
{
	const struct stanza_attr *a = stanza_attr(&r->doc, s, "trafficControl");

	*ret_wanted = a && (a->words == 0 ||
				   stanza_is(&r->doc, &a->value, "enabled"));
	if (!a || *ret_wanted || stanza_is(&r->doc, &a->value, "disabled"))
		return true;
	return refuse(r, a->name.line,
		"trafficControl: neither Enabled nor Disabled (write it "
		"alone)");
}

static bool
read_interface(struct aix_reader *r, const struct stanza *s)
{
	struct conf_iface iface;
	bool off;

	conf_value_defaults(CONF_IFACE, &iface);
	if (!section_of(r, s, iface.name) ||
		!words_of(r, s, &iface.enabled, &off) ||
		!known_attributes(r, s) ||
		!read_traffic_control(r, s, &iface.traffic_control))
		return false;
	if (off)
		return true;
	if (find_section(r->conf, iface.name))
		return refuse(r, s->keyword.line,
			"interface %s: a second statement for it (keep one)",
			iface.name);
	if (r->conf->iface_count == CONF_IFACES_MAX)
		return refuse(r, s->keyword.line, "more than %d interfaces",
			CONF_IFACES_MAX);
	r->conf->ifaces[r->conf->iface_count++] = iface;
	return true;
}

static bool
read_rsvp(struct aix_reader *r, const struct stanza *s)
{
	const struct stanza_attr *flows = stanza_attr(&r->doc, s, "maxFlows");
	struct conf_iface *iface;
	char name[CONF_NAME];
	bool enabled;
	bool off;

	if (!section_of(r, s, name) || !words_of(r, s, &enabled, &off) ||
		!known_attributes(r, s))
		return false;
	if (off)
		return true;
	iface = find_section(r->conf, name);
	if (!iface)
		return refuse(r, s->keyword.line,
			"rsvp %s: there is no interface statement for it (add: "
			"interface %s)",
			name, name);
	iface->enabled = iface->enabled && enabled;
	return !flows || flows->words == 0 ||
	       number_of(r, &flows->value, "maxFlows", FLOWS_MOST,
		       &iface->max_flows);
}

/* The mask of the agents: 1 to 4 errors, 8 warnings, 16 to 128 what happens,
 * 256 everything. */
static uint32_t
level_of(uint32_t mask)
{
	if ((mask & 256) != 0)
		return LOG_LEVEL_DEBUG;
	if ((mask & 240) != 0)
		return LOG_LEVEL_INFO;
	return (mask & 8) != 0 ? LOG_LEVEL_WARN : LOG_LEVEL_ERR;
}

static bool
read_loglevel(struct aix_reader *r, const struct stanza *s)
{
	uint32_t mask = 0;

	if (!number_of(r, &s->args[0], "loglevel", LOGLEVEL_MOST, &mask))
		return false;
	r->conf->log_level = level_of(mask);
	return true;
}

static bool
read_statement(struct aix_reader *r, const struct stanza *s, bool ifaces)
{
	switch ((enum aix_kind)s->kind) {
	case AIX_INTERFACE:
		return !ifaces || read_interface(r, s);
	case AIX_RSVP:
		return ifaces || read_rsvp(r, s);
	case AIX_LOGLEVEL:
		return ifaces || read_loglevel(r, s);
	case AIX_TCPIMAGE:
		break; /* one stack here */
	}
	return true;
}

static int
compare_iface(const void *a, const void *b)
{
	return strcmp(((const struct conf_iface *)a)->name,
		((const struct conf_iface *)b)->name);
}

/* Interfaces first: the other statements refer to them. */
static void
read_statements(struct aix_reader *r)
{
	const struct stanza_doc *doc = &r->doc;

	r->conf->ifaces = (struct conf_iface *)calloc(
		CONF_IFACES_MAX, sizeof(*r->conf->ifaces));
	if (!r->conf->ifaces) {
		(void)refuse(r, 1, "out of memory (free some)"); /* false */
		return;
	}
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < doc->count && !r->failed; i++)
			(void)read_statement(
				r, &doc->at[i], pass == 0); /* failed says it */
	qsort(r->conf->ifaces, r->conf->iface_count, sizeof(r->conf->ifaces[0]),
		compare_iface);
}

bool
conf_aix_is(const char *text)
{
	return stanza_is_classic(text, kinds);
}

bool
conf_aix_read(const char *text, const char *name, struct conf *conf,
	struct conf_error *ret_error)
{
	struct aix_reader r = {
		.name = name, .error = ret_error, .conf = conf
	};

	if (stanza_parse(&r.doc, text, kinds, take_fault, &r))
		read_statements(&r);
	stanza_free(&r.doc);
	return !r.failed;
}
