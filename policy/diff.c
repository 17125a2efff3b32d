/* SPDX-License-Identifier: ISC */

/*
 * `policyd diff`: what differs between two policies, each a file or a snapshot,
 * and what the second would do to the reservations that stand.  The exit status
 * is that of diff(1).
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "diff_int.h"
#include "policy/load_int.h"
#include "policy/snapshot_int.h"

/* ---- text ---------------------------------------------------------------- */

struct diff_out {
	size_t counts[POLICY_THING_COUNT][DIFF_SAME];
	enum diff_kind kind; /* of the thing told last */
	size_t flows;        /* that something becomes of */
	size_t data;
};

static void
name_policy(const char *what, const struct diff_policy *p)
{
	printf("%s: ", what);
	if (p->generation != 0)
		printf("generation %" PRIu64 " from ", p->generation);
	printf("%s\n", p->source);
}

static struct diff_out *
text_begin(const struct diff_policy *have, const struct diff_policy *want)
{
	struct diff_out *out = (struct diff_out *)calloc(1, sizeof(*out));

	if (!out)
		return NULL;
	name_policy("old", have);
	name_policy("new", want);
	return out;
}

static void
text_thing(void *arg, enum policy_thing thing, enum diff_kind kind,
	const char *name)
{
	static const char signs[] = {
		[DIFF_ADDED] = '+', [DIFF_REMOVED] = '-', [DIFF_CHANGED] = '~'
	};
	struct diff_out *out = (struct diff_out *)arg;

	out->counts[thing][kind]++;
	out->kind = kind;
	printf("%c %s%s%s\n", signs[kind], policy_thing_text(thing),
		name[0] != '\0' ? " " : "", name);
}

static void
text_field(void *arg, const char *key, const char *have, const char *want)
{
	const struct diff_out *out = (const struct diff_out *)arg;

	if (out->kind != DIFF_CHANGED)
		printf("    %s: %s\n", key,
			out->kind == DIFF_ADDED ? want : have);
	else
		printf("    %s: %s -> %s\n", key,
			have[0] != '\0' ? have : "(not set)",
			want[0] != '\0' ? want : "(not set)");
}

static void
text_flow(void *arg, const struct effect *e)
{
	struct diff_out *out = (struct diff_out *)arg;
	const char *rule = e->verdict->rule;

	if (out->flows++ == 0)
		printf("reservations:\n");
	printf("  %s: ", e->flow->what);
	switch (e->kind) {
	case EFFECT_REFUSED:
		printf("refused: %s (%s)\n", e->verdict->reason, e->how);
		break;
	case EFFECT_ADMITTED:
		printf("allowed again: %s\n", e->verdict->reason);
		break;
	case EFFECT_GOVERNED:
		printf("governed by %s instead of %s%s%s\n",
			rule[0] != '\0' ? rule : "the default",
			e->flow->before[0] != '\0' ? e->flow->before
						   : "the default",
			e->grants[0] != '\0' ? ", " : "", e->grants);
		break;
	case EFFECT_REGRANTED:
		printf("%s\n", e->grants);
		break;
	}
}

static void
text_data(void *arg, const struct effect_data *e)
{
	struct diff_out *out = (struct diff_out *)arg;

	if (out->data++ == 0)
		printf("data traffic:\n");
	printf("  rule %s: %s%s -> %s\n", e->rule,
		e->marks ? "re-marked: " : "",
		e->have[0] != '\0' ? e->have : "nothing",
		e->want[0] != '\0' ? e->want : "nothing");
}

/* "2 rules added" */
static void
print_count(enum policy_thing thing, enum diff_kind kind, size_t n,
	const char *before)
{
	static const char *const words[] = { [DIFF_ADDED] = "added",
		[DIFF_REMOVED] = "removed",
		[DIFF_CHANGED] = "changed" };
	const char *name = policy_thing_text(thing);

	if (n != 1 && thing == POLICY_THING_CATEGORY)
		name = "categorie";
	printf("%s%zu %s%s %s", before, n, name, n == 1 ? "" : "s",
		words[kind]);
}

static void
print_counts(const struct diff_out *out)
{
	const char *before = "";

	for (int thing = POLICY_THING_COUNT - 1; thing > POLICY_THING_DEFAULT;
		thing--)
		for (int kind = 0; kind < DIFF_SAME; kind++) {
			size_t n = out->counts[thing][kind];

			if (n == 0)
				continue;
			print_count((enum policy_thing)thing,
				(enum diff_kind)kind, n, before);
			before = ", ";
		}
	printf("%s", before[0] != '\0' ? "; " : "");
}

static bool
text_end(struct diff_out *out, const struct diff_sum *sum)
{
	if (sum->same) {
		printf("no difference\n");
	} else {
		print_counts(out);
		printf("%zu of %zu standing reservations concerned\n",
			out->flows, sum->standing);
	}
	if (sum->cut)
		fprintf(stderr, "policyd: no memory; this is not all\n");
	free(out);
	return !sum->cut;
}

const struct diff_out_ops diff_text = { text_begin, { text_thing, text_field },
	{ text_flow, text_data }, text_end };

/* ---- the two policies ---------------------------------------------------- */

/* A pipe would wait for a writer before it is refused. */
static FILE *
open_file(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *in = fd >= 0 ? fdopen(fd, "rb") : NULL;

	if (!in && fd >= 0)
		(void)close(fd); /* was not read */
	return in;
}

/* The whole of a file that begins as a snapshot does; false: it does not. */
static bool
read_snapshot(const char *path, uint8_t **ret_bytes, size_t *ret_len)
{
	uint8_t head[POLICY_SNAPSHOT_MAGIC_LEN];
	FILE *in = open_file(path);
	uint8_t *bytes = NULL;
	long len;

	if (!in)
		return false;
	if (fread(head, 1, sizeof(head), in) == sizeof(head) &&
		policy_snapshot_is(head) && fseek(in, 0, SEEK_END) == 0 &&
		(len = ftell(in)) > 0 && len <= POLICY_SNAPSHOT_MAX &&
		fseek(in, 0, SEEK_SET) == 0)
		bytes = (uint8_t *)alloc_get(alloc_heap(), (size_t)len);
	if (bytes && fread(bytes, 1, (size_t)len, in) != (size_t)len) {
		alloc_put(alloc_heap(), bytes);
		bytes = NULL;
	}
	(void)fclose(in); /* was only read */
	if (!bytes)
		return false;
	*ret_bytes = bytes;
	*ret_len = (size_t)len;
	return true;
}

enum load { LOAD_NONE, LOAD_DONE, LOAD_FAILED };

static struct policy_set *
set_of(const uint8_t *bytes, size_t len, const char **ret_problem)
{
	struct policy_load *load = policy_load_begin(alloc_heap(), bytes, len);
	struct policy_set *set = NULL;

	*ret_problem = "no memory";
	if (!load)
		return NULL;
	while (policy_load_step(load, SIZE_MAX / 2) == POLICY_LOAD_MORE)
		;
	if (policy_load_ready(load)) {
		set = policy_load_take_set(load);
		policy_index_free(policy_load_take_index(load));
	} else {
		*ret_problem = "it is a damaged snapshot";
	}
	policy_load_drop(load);
	return set;
}

/* A snapshot, if the file is one. */
static enum load
load_snapshot(struct diff_policy *p, const char *path)
{
	const char *problem = "";

	if (!read_snapshot(path, &p->bytes, &p->len))
		return LOAD_NONE;
	p->set = set_of(p->bytes, p->len, &problem);
	if (!p->set) {
		fprintf(stderr, "policyd: %s: %s\n", p->name, problem);
		return LOAD_FAILED;
	}
	p->generation = p->set->generation;
	(void)text_copy(p->source, sizeof(p->source), p->set->source);
	return LOAD_DONE;
}

/* The directory's part as the other side has it, when it is the same one. */
static bool
known_part(const struct diff_policy *have, const struct source_directory *d,
	struct source_draft *draft)
{
	if (!d->present || !have)
		return false;
	if (have->bytes && source_from_snapshot(have->bytes, have->len,
				   source_directory_key(d), draft))
		return true;
	fprintf(stderr,
		"policyd: the rules of this directory are not known here; "
		"the file is compared without them\n");
	return false;
}

static void
compile(struct diff_policy *p, const struct diff_options *o, const char *text,
	const struct diff_policy *have)
{
	struct source_draft file = { 0 };
	struct source_draft directory = { 0 };
	struct source_directory d;
	bool good =
		source_read(text, p->name, o->format, &file, &d, &p->errors);
	bool known = good && known_part(have, &d, &directory);

	p->set = source_compile(&file, known ? &directory : NULL,
		good && d.present, &p->errors, &p->notes);
	if (!good) { /* compiled for what else is wrong */
		policy_set_free(p->set);
		p->set = NULL;
	}
	if (p->set && o->check)
		source_warn(p->set, &p->notes);
	source_draft_done(&file);
	source_draft_done(&directory);
}

/* have: whose directory part is of use; NULL: this is it. */
static bool
open_policy(struct diff_policy *p, const struct diff_options *o,
	const char *path, const struct diff_policy *have)
{
	enum load loaded = load_snapshot(p, path);
	char *text = NULL;
	int rc;

	if (loaded != LOAD_NONE) {
		if (loaded == LOAD_DONE && have && o->check)
			source_warn(p->set, &p->notes);
		return loaded == LOAD_DONE;
	}
	rc = conf_read_path(path, &text);
	if (rc < 0) {
		fprintf(stderr, "policyd: %s: %s\n", p->name,
			conf_read_problem(rc));
		return false;
	}
	(void)text_copy(
		p->source, sizeof(p->source), p->name); /* cut is fine */
	compile(p, o, text, have);
	free(text);
	return true; /* what is wrong is told as an answer */
}

static void
close_policy(struct diff_policy *p)
{
	policy_set_free(p->set);
	alloc_put(alloc_heap(), p->bytes);
	source_report_done(&p->errors);
	source_report_done(&p->notes);
}

/* ---- the command --------------------------------------------------------- */

static void
print_lines(FILE *to, const struct source_report *r, const char *what)
{
	for (size_t i = 0; i < r->count && i < SOURCE_LINES; i++)
		fprintf(to, "%s\n", r->lines[i] ? r->lines[i] : "");
	if (r->count > SOURCE_LINES)
		fprintf(to, "%zu more %s\n", r->count - SOURCE_LINES, what);
}

/* Told while it is found; whether anything is, is counted on the way. */
struct counted {
	const struct diff_out_ops *ops;
	struct diff_out *out;
	bool same;
};

static void
count_thing(void *arg, enum policy_thing thing, enum diff_kind kind,
	const char *name)
{
	struct counted *c = (struct counted *)arg;

	c->same = false;
	c->ops->change.thing(c->out, thing, kind, name);
}

static void
count_field(void *arg, const char *key, const char *have, const char *want)
{
	struct counted *c = (struct counted *)arg;

	c->ops->change.field(c->out, key, have, want);
}

static int
compare(const struct diff_options *o, const struct diff_policy *have,
	const struct diff_policy *want, struct effect_flows *flows)
{
	static const struct policy_change_ops counting = { count_thing,
		count_field };
	const int64_t now_s = (int64_t)time(NULL);
	struct counted c = { o->json ? &diff_json : &diff_text, NULL, true };
	struct diff_sum sum;
	bool good;

	c.out = c.ops->begin(have, want);
	if (!c.out) {
		fprintf(stderr, "policyd: no memory\n");
		return EXIT_TROUBLE;
	}
	good = policy_change_list(have->set, want->set, &counting, &c) &&
	       (c.same || effect_judge(have->set, want->set, flows, now_s,
				  &c.ops->effect, c.out));
	sum = (struct diff_sum){
		.standing = flows->count, .same = c.same, .cut = !good
	};
	if (!c.ops->end(c.out, &sum))
		return EXIT_TROUBLE;
	return c.same || o->check ? EXIT_SUCCESS : EXIT_WRONG;
}

/* The reservations, and nothing when none are given. */
static bool
read_flows(const struct diff_options *o, struct effect_flows *flows)
{
	char said[256];
	struct text problem = text_over(said, sizeof(said));

	if (!o->requests || diff_json_flows(o->requests, (int64_t)time(NULL),
				    flows, &problem))
		return true;
	fprintf(stderr, "policyd: %s: %s\n", o->requests, said);
	return false;
}

/* One of them is no policy: that is the answer. */
static int
refuse(const struct diff_options *o, const struct diff_policy *have,
	const struct diff_policy *want)
{
	static const struct diff_sum nothing = { .same = false };
	bool told = true;

	if (o->json) {
		struct diff_out *out = diff_json.begin(have, want);

		told = out && diff_json.end(out, &nothing);
	}
	print_lines(stderr, &have->errors, "errors");
	print_lines(stderr, &want->errors, "errors");
	return o->check && told ? EXIT_WRONG : EXIT_TROUBLE;
}

int
policy_diff(const struct diff_options *o)
{
	struct diff_policy have = { .name = o->have };
	struct diff_policy want = { .name = o->name ? o->name : o->want };
	struct effect_flows flows = { 0 };
	int status = EXIT_TROUBLE;

	if (open_policy(&have, o, o->have, NULL) &&
		open_policy(&want, o, o->want, &have) &&
		read_flows(o, &flows)) {
		if (!have.set || !want.set) {
			status = refuse(o, &have, &want);
		} else {
			if (!o->json)
				print_lines(o->check ? stdout : stderr,
					&want.notes, "warnings");
			status = compare(o, &have, &want, &flows);
		}
	}
	effect_flows_done(&flows);
	close_policy(&have);
	close_policy(&want);
	return status;
}
