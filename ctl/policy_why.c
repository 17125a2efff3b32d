/* SPDX-License-Identifier: ISC */

/*
 * `policy explain`: what the daemon would decide now on a request, or on those
 * that stand and were refused for a destination; and which rules lost.
 */

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ctl.h"

enum { OPTIONS_MAX = 32, OPTION_NAME = 32, OPTION_VALUE = 720, GROUPS = 64 };

struct option_text {
	char name[OPTION_NAME];
	char value[OPTION_VALUE];
};

/* A request, and what was recorded of it. */
struct request {
	struct option_text options[OPTIONS_MAX];
	size_t count;
	bool stands;
	bool recorded; /* it stands, or was refused */
	char rule[96];
	char reason[512];
	bool refused; /* now */
	struct request *next;
};

/* ---- the question -------------------------------------------------------- */

static bool
add_option(struct request *r, const char *name, const char *value)
{
	struct option_text *o = &r->options[r->count];

	if (r->count == OPTIONS_MAX ||
		!text_copy(o->name, sizeof(o->name), name) ||
		!text_copy(o->value, sizeof(o->value), value))
		return false;
	r->count++;
	return true;
}

static const char *
value_of(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->options[i].name, name) == 0)
			return r->options[i].value;
	return "";
}

/* A user of this host, with all the groups it is in now. */
static bool
add_user(struct request *r, const char *name)
{
	const struct passwd *pw = getpwnam(name);
	gid_t groups[GROUPS];
	int count = GROUPS;
	char text[OPTION_VALUE];
	struct text t = text_over(text, sizeof(text));

	if (!pw) {
		fprintf(stderr, "rsvpctl: --user %s: no such user\n", name);
		return false;
	}
	text_printf(&t, "%u", pw->pw_uid);
	if (!add_option(r, "uid", text))
		return false;
	t = text_over(text, sizeof(text));
	text_printf(&t, "%u", pw->pw_gid);
	if (!add_option(r, "gid", text))
		return false;
	if (getgrouplist(name, pw->pw_gid, groups, &count) < 0)
		count = GROUPS; /* no more count */
	t = text_over(text, sizeof(text));
	for (int i = 0; i < count; i++)
		text_printf(&t, "%s%u", i > 0 ? "," : "", groups[i]);
	return add_option(r, "groups", text);
}

/* "--port 5004" or "--port=5004"; how many words, 0: it is wrong. */
static int
take_option(struct request *r, int argc, char **argv)
{
	char name[OPTION_NAME];
	const char *word = argv[0] + 2;
	const size_t n = strcspn(word, "=");
	const char *value = word[n] == '=' ? word + n + 1 : argv[1];
	struct text t = text_over(name, sizeof(name));

	text_printf(&t, "%.*s", (int)n, word);
	if (word[n] != '=' && argc < 2) {
		fprintf(stderr, "rsvpctl: %s: which?\n", argv[0]);
		return 0;
	}
	if (strcmp(name, "time") == 0) {
		fprintf(stderr, "rsvpctl: --time: the daemon decides now; "
				"with --file there is another time\n");
		return 0;
	}
	if (strcmp(name, "user") == 0) {
		if (!add_user(r, value))
			return 0;
	} else if (t.cut || !add_option(r, name, value)) {
		fprintf(stderr, "rsvpctl: %s: too long, or too many\n",
			argv[0]);
		return 0;
	}
	return word[n] == '=' ? 1 : 2;
}

static void
put_request(struct buf_writer *w, const void *arg)
{
	const struct request *r = (const struct request *)arg;

	for (size_t i = 0; i < r->count; i++) {
		uint8_t *nest = msg_nest(w, CTL_F_OPTIONS);

		ctl_put_text(w, CTL_F_NAME, r->options[i].name);
		ctl_put_text(w, CTL_F_TEXT, r->options[i].value);
		msg_nest_end(w, nest);
	}
	if (r->stands)
		ctl_put_text(w, CTL_F_RULE, r->rule);
}

/* ---- the answer ---------------------------------------------------------- */

/* Facts of the verdict, with each rule as one of its list. */
struct answer {
	const struct request *request;
	uint8_t *bytes;
	size_t len;
	size_t room;
	size_t tried;
	bool refused;
	bool no_memory;
};

static uint8_t *
reserve(struct answer *a, size_t n)
{
	if (a->len + n > a->room) {
		const size_t room = (a->len + n) * 2;
		uint8_t *more = (uint8_t *)realloc(a->bytes, room);

		if (!more) {
			a->no_memory = true;
			return NULL;
		}
		a->bytes = more;
		a->room = room;
	}
	a->len += n;
	return a->bytes + a->len - n;
}

static void
append(struct answer *a, const struct buf_reader *facts, bool nested)
{
	const size_t n = buf_left(facts);
	uint8_t *at = reserve(a, n + (nested ? MSG_ATTR_HEADER : 0));
	struct buf_writer w;
	uint8_t *nest;

	if (!at)
		return;
	if (!nested) {
		memcpy(at, facts->pos, n);
		return;
	}
	w = buf_writer(at, n + MSG_ATTR_HEADER);
	nest = msg_nest(&w, CTL_F_TRIED);
	buf_put_bytes(&w, facts->pos, n);
	msg_nest_end(&w, nest);
}

static const char *
text_at(const struct buf_reader *facts, enum ctl_fact_id id,
	struct ctl_value *v)
{
	if (!ctl_value_find(facts, id, v))
		v->text[0] = '\0';
	return v->text;
}

static void
print_request(const struct request *r)
{
	const char *src = value_of(r, "src");

	if (!r->recorded)
		return;
	printf("%s to %s port %s%s%s%s%s\n",
		strcmp(value_of(r, "message"), "path") == 0 ? "sender"
							    : "reservation",
		value_of(r, "dst"), value_of(r, "port"), src[0] ? " from " : "",
		src, src[0] ? " port " : "",
		src[0] ? value_of(r, "sport") : "");
	if (r->reason[0] != '\0')
		printf("  %s: %s\n", r->stands ? "stands" : "was refused",
			r->reason);
}

static void
print_verdict(const struct answer *a, const struct buf_reader *facts)
{
	struct ctl_value v;
	struct ctl_value reason;
	struct ctl_value value;

	print_request(a->request);
	printf("%s%s: %s", a->request->recorded ? "  now " : "",
		text_at(facts, CTL_F_VERDICT, &v),
		text_at(facts, CTL_F_REASON, &reason));
	if (ctl_value_find(facts, CTL_F_CODE_VALUE, &value))
		printf(" (error code 2, value %" PRIu64 ")", value.number);
	putchar('\n');
	if (ctl_value_find(facts, CTL_F_GENERATION, &value))
		printf("from: generation %" PRIu64 ", %s\n", value.number,
			text_at(facts, CTL_F_SOURCE, &v));
}

static void
print_rule(struct answer *a, const struct buf_reader *facts)
{
	struct ctl_value name;
	struct ctl_value why;
	struct ctl_value continues;
	const bool goes_on =
		ctl_value_find(facts, CTL_F_CONTINUES, &continues) &&
		continues.number != 0;

	printf("%zu. %s: ", a->tried, text_at(facts, CTL_F_NAME, &name));
	if (text_at(facts, CTL_F_WHY, &why)[0] != '\0')
		printf("does not apply (%s)\n", why.text);
	else
		printf("applies%s\n", goes_on ? ", and continues" : "");
}

static void
take_record(void *arg, struct buf_reader *facts)
{
	struct answer *a = (struct answer *)arg;
	struct ctl_value v;
	const bool verdict = ctl_value_find(facts, CTL_F_VERDICT, &v);

	if (verdict)
		a->refused = strcmp(v.text, "refused") == 0;
	else
		a->tried++;
	append(a, facts, !verdict);
}

static void
print_all(struct answer *a)
{
	struct buf_reader r = buf_reader(a->bytes, a->len);
	struct ctl_value v;
	uint64_t rules = 0;

	if (ctl_value_find(&r, CTL_F_RULES, &v))
		rules = v.number;
	print_verdict(a, &r);
	a->tried = 0;
	while (ctl_value_next(&r, &v))
		if (v.fact->id == CTL_F_TRIED) {
			a->tried++;
			print_rule(a, &v.facts);
		}
	if (rules > a->tried)
		printf("%" PRIu64 " more not tried\n", rules - a->tried);
}

/* What was recorded, among the facts. */
static void
append_recorded(struct answer *a)
{
	uint8_t bytes[1024 + OPTION_VALUE * 2];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct buf_reader r;

	if (!a->request->recorded)
		return;
	ctl_put_bool(&w, CTL_F_STANDS, a->request->stands);
	ctl_put_text(&w, CTL_F_RECORDED, a->request->reason);
	ctl_put_text(&w, CTL_F_MESSAGE, value_of(a->request, "message"));
	r = buf_reader(bytes, buf_written(&w));
	append(a, &r, false);
}

/* An exit status; the verdict is in the request. */
static int
explain(const struct ctl_options *options, struct request *r,
	struct out_json *json)
{
	struct answer a = { .request = r };
	struct ctl_question q = { .type = CTL_ASK_WHY,
		.put = put_request,
		.put_arg = r,
		.tell = take_record,
		.arg = &a };
	int status = ctl_ask_more(options, &q);
	struct buf_reader facts;

	append_recorded(&a);
	if (a.no_memory)
		fprintf(stderr, "rsvpctl: out of memory\n");
	if (a.no_memory)
		status = CTL_REFUSED;
	facts = buf_reader(a.bytes, a.len);
	if (status == CTL_DONE && json)
		out_json_record(json, &facts);
	else if (status == CTL_DONE)
		print_all(&a);
	free(a.bytes);
	r->refused = a.refused;
	return status;
}

/* ---- what stands and what was refused ------------------------------------ */

struct found {
	const char *dst;
	int32_t port; /* -1: any */
	bool standing;
	struct request *first;
	struct request **last;
	bool no_memory;
};

static void
read_request(struct buf_reader facts, struct request *r)
{
	struct ctl_value v;
	struct ctl_value name;
	struct ctl_value text;

	while (ctl_value_next(&facts, &v)) {
		if (v.fact->id == CTL_F_RULE)
			(void)text_copy(r->rule, sizeof(r->rule), v.text);
		else if (v.fact->id == CTL_F_REASON)
			(void)text_copy(r->reason, sizeof(r->reason), v.text);
		else if (v.fact->id == CTL_F_OPTIONS &&
			 ctl_value_find(&v.facts, CTL_F_NAME, &name) &&
			 ctl_value_find(&v.facts, CTL_F_TEXT, &text))
			(void)add_option(r, name.text, text.text);
	}
}

static void
take_found(void *arg, struct buf_reader *facts)
{
	struct found *f = (struct found *)arg;
	struct request *r = (struct request *)calloc(1, sizeof(*r));

	if (!r) {
		f->no_memory = true;
		return;
	}
	r->recorded = true;
	r->stands = f->standing;
	read_request(*facts, r);
	if (strcmp(value_of(r, "dst"), f->dst) != 0 ||
		(f->port >= 0 &&
			strtol(value_of(r, "port"), NULL, 10) != f->port)) {
		free(r);
		return;
	}
	*f->last = r;
	f->last = &r->next;
}

static int
explain_found(const struct ctl_options *options, struct found *f,
	struct out_json *json)
{
	int status;

	f->last = &f->first;
	f->standing = true;
	status = ctl_ask(options, CTL_ASK_REQUESTS, take_found, f);
	f->standing = false;
	if (status == CTL_DONE)
		status = ctl_ask(options, CTL_ASK_REFUSED, take_found, f);
	if (status == CTL_DONE && f->no_memory) {
		fprintf(stderr, "rsvpctl: out of memory\n");
		status = CTL_REFUSED;
	}
	if (status == CTL_DONE && !f->first && !json)
		printf("nothing to %s stands or was refused lately\n", f->dst);
	for (struct request *r = f->first; r && status == CTL_DONE; r = r->next)
		status = explain(options, r, json);
	while (f->first) {
		struct request *next = f->first->next;

		free(f->first);
		f->first = next;
	}
	return status;
}

/* ---- the command --------------------------------------------------------- */

/* Options and at most two other words; false: one is wrong. */
static bool
parse(struct request *r, const char *words[2], int argc, char **argv)
{
	int n = 0;

	while (argc > 0) {
		int took = 1;

		if (strncmp(argv[0], "--", 2) == 0) {
			took = take_option(r, argc, argv);
		} else if (n < 2) {
			words[n++] = argv[0];
		} else {
			fprintf(stderr, "rsvpctl: too many arguments at %s\n",
				argv[0]);
			took = 0;
		}
		if (took == 0)
			return false;
		argc -= took;
		argv += took;
	}
	return true;
}

static bool
parse_found(const char *words[2], struct found *f, char dst[ADDR_TEXT])
{
	const char *word = words[1];
	struct addr a;
	unsigned long port;
	char *end;

	if (!addr_parse(words[0], &a)) {
		fprintf(stderr,
			"rsvpctl: %s: not an IP address (a file is named by "
			"--file)\n",
			words[0]);
		return false;
	}
	f->dst = addr_format(&a, dst);
	f->port = -1;
	if (!word)
		return true;
	port = strtoul(word, &end, 10);
	if (!isdigit((unsigned char)word[0]) || *end != '\0' || port > 65535) {
		fprintf(stderr, "rsvpctl: %s: not a port (0 to 65535)\n", word);
		return false;
	}
	f->port = (int32_t)port;
	return true;
}

/* --file stands for the way without a daemon; its word goes to the end. */
static int
take_file(const struct ctl_options *options, int argc, char **argv, int at)
{
	char *file = argv[at][6] == '=' ? argv[at] + 7
		     : at + 1 < argc    ? argv[at + 1]
					: NULL;
	const int took = argv[at][6] == '=' ? 1 : 2;

	if (!file) {
		fprintf(stderr, "rsvpctl: --file: which?\n");
		return CTL_USAGE;
	}
	memmove(&argv[at], &argv[at + took],
		(size_t)(argc - at - took) * sizeof(argv[0]));
	argv[argc - took] = file;
	return ctl_policy_explain_file(options, argc - took + 1, argv);
}

int
ctl_policy_explain(const struct ctl_options *options, int argc, char **argv)
{
	struct request request = { .count = 0 };
	const char *words[2] = { NULL, NULL };
	struct found found = { .dst = NULL };
	struct out_json *json = NULL;
	char dst[ADDR_TEXT];
	int status;

	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--file") == 0 ||
			strncmp(argv[i], "--file=", 7) == 0)
			return take_file(options, argc, argv, i);
	if (!parse(&request, words, argc, argv) ||
		(words[0] && !parse_found(words, &found, dst)))
		return CTL_USAGE;
	if (words[0] && request.count > 0) {
		fprintf(stderr, "rsvpctl: a DESTINATION or options, not both "
				"(--dst is the option)\n");
		return CTL_USAGE;
	}
	if (options->json) {
		json = out_json_new(words[0] ? "explained" : NULL);
		if (!json)
			return CTL_REFUSED;
	}
	status = words[0] ? explain_found(options, &found, json)
			  : explain(options, &request, json);
	if (json)
		status = out_json_end(json, status, stdout);
	return status == CTL_DONE && request.refused ? CTL_REFUSED : status;
}
