/* SPDX-License-Identifier: ISC */

/* Marks through libnftables. */

#include "tc_rule_int.h"

#include <errno.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>

#include "life_int.h"

enum { TEXT_FIRST = 1 << 14, TEXT_MAX = 1 << 24, OTHERS_MAX = 64 };

struct nft {
	struct nft_ctx *ctx;
	struct tc_life *life; /* to be told of waits, or NULL */
	struct tc_mark_count counts[TC_RULES_MAX];
	uint32_t known[TC_RULES_MAX];
	size_t known_count;
	/* Tables of interfaces that had the name before. */
	uint32_t others[OTHERS_MAX];
	size_t other_count;
};

/* As nft_run_cmd_from_buffer(), which asks the kernel. */
static int
run(struct nft *nft, const char *commands)
{
	int status;

	tc_life_wait(nft->life);
	status = nft_run_cmd_from_buffer(nft->ctx, commands);
	tc_life_go(nft->life);
	return status;
}

/* What the table counts, into counts; false: there is no table. */
static bool
list(struct nft *nft, const struct tc_iface *iface, size_t *ret_count)
{
	char buf[128];
	struct text t = text_over(buf, sizeof(buf));
	const char *listing;

	*ret_count = 0;
	text_add(&t, "list counters table ");
	tc_mark_table(&t, iface->ifindex);
	text_add(&t, "\n");
	if (run(nft, buf) != 0)
		return false;
	listing = nft_ctx_get_output_buffer(nft->ctx);
	if (listing)
		*ret_count = tc_mark_parse(listing, nft->counts, TC_RULES_MAX);
	return true;
}

/* "list chain inet rsvpd_mark_3 post"; "": there is none, or no leave. */
static const char *
list_part(
	struct nft *nft, uint32_t ifindex, const char *what, const char *chain)
{
	char buf[128];
	struct text t = text_over(buf, sizeof(buf));
	const char *listing;

	text_printf(&t, "list %s ", what);
	tc_mark_table(&t, ifindex);
	text_printf(&t, "%s\n", chain);
	if (run(nft, buf) != 0)
		return "";
	listing = nft_ctx_get_output_buffer(nft->ctx);
	return listing ? listing : "";
}

/* Looked for when the interface has no table: it may be a new one. */
static void
find_others(struct nft *nft, const struct tc_iface *iface)
{
	const char *listing;
	size_t count;
	size_t kept = 0;

	nft->other_count = 0;
	if (run(nft, "list tables inet\n") != 0)
		return;
	listing = nft_ctx_get_output_buffer(nft->ctx);
	count = listing ? tc_mark_parse_tables(listing, nft->others, OTHERS_MAX)
			: 0;
	for (size_t i = 0; i < count; i++)
		if (nft->others[i] != iface->ifindex &&
			tc_mark_is_of(list_part(nft, nft->others[i], "chain",
					      " post"),
				iface->name))
			nft->others[kept++] = nft->others[i];
	nft->other_count = kept;
}

/* The whole text, in memory of its size; NULL: there is none. */
static char *
write_text(struct nft *nft, const struct tc_mark_set *set)
{
	for (size_t size = TEXT_FIRST; size <= TEXT_MAX; size *= 2) {
		char *buf = (char *)malloc(size);
		struct text t;

		if (!buf)
			return NULL;
		t = text_over(buf, size);
		for (size_t i = 0; i < nft->other_count; i++)
			tc_mark_drop_table(&t, nft->others[i]);
		tc_mark_text(&t, set, nft->known, nft->known_count);
		if (!t.cut)
			return buf;
		free(buf);
	}
	return NULL;
}

static void
explain(struct nft *nft, char text[TC_TEXT])
{
	const char *said = nft_ctx_get_error_buffer(nft->ctx);
	struct text t = text_over(text, TC_TEXT);
	size_t len = said ? strcspn(said, "\n") : 0;

	text_add(&t, "nftables: ");
	if (len > 0)
		text_add_escaped(&t, said, len);
	else
		text_add(&t, "refused");
}

static int
apply(void *arg, const struct tc_mark_set *set, char text[TC_TEXT])
{
	struct nft *nft = (struct nft *)arg;
	char *commands;
	int error = 0;

	nft->other_count = 0;
	if (!list(nft, set->iface, &nft->known_count))
		find_others(nft, set->iface);
	for (size_t i = 0; i < nft->known_count; i++)
		nft->known[i] = nft->counts[i].rule_id;
	commands = write_text(nft, set);
	if (!commands) {
		(void)text_copy(text, TC_TEXT, "no memory for the marks");
		return ENOMEM;
	}
	if (run(nft, commands) != 0) {
		explain(nft, text);
		error = EOPNOTSUPP;
	}
	free(commands);
	return error;
}

/* The kernel looks at each command and takes all of them back, as the end of
 * the batch does not come. */
static int
check(void *arg, const struct tc_mark_set *set, char text[TC_TEXT])
{
	struct nft *nft = (struct nft *)arg;
	int error;

	nft_ctx_set_dry_run(nft->ctx, true);
	error = apply(arg, set, text);
	nft_ctx_set_dry_run(nft->ctx, false);
	return error;
}

static void
counts(void *arg, const struct tc_iface *iface, tc_mark_count_fn *tell,
	void *tell_arg)
{
	struct nft *nft = (struct nft *)arg;
	size_t count;

	(void)list(nft, iface, &count); /* then it counts nothing */
	for (size_t i = 0; i < count; i++)
		tell(tell_arg, &nft->counts[i]);
}

/* Numbers, not names of protocols. */
static void
flows(void *arg, const struct tc_iface *iface, tc_mark_flow_fn *tell,
	void *tell_arg)
{
	struct nft *nft = (struct nft *)arg;
	unsigned before = nft_ctx_output_get_flags(nft->ctx);

	nft_ctx_output_set_flags(
		nft->ctx, before | NFT_CTX_OUTPUT_NUMERIC_PROTO);
	tc_mark_parse_flows(list_part(nft, iface->ifindex, "sets table", ""),
		tell, tell_arg);
	tc_mark_parse_rules(list_part(nft, iface->ifindex, "chain", " post"),
		tell, tell_arg);
	nft_ctx_output_set_flags(nft->ctx, before);
}

static bool
there(void *arg, const struct tc_iface *iface)
{
	struct nft *nft = (struct nft *)arg;
	char line[64];
	struct text t = text_over(line, sizeof(line));
	const char *listing;

	if (run(nft, "list tables inet\n") != 0)
		return true; /* nobody knows */
	listing = nft_ctx_get_output_buffer(nft->ctx);
	text_add(&t, "table ");
	tc_mark_table(&t, iface->ifindex);
	text_add(&t, "\n");
	return listing && strstr(listing, line);
}

bool
tc_marker_open(struct tc_marker *ret_marker, struct tc_life *life)
{
	struct nft *nft = (struct nft *)calloc(1, sizeof(*nft));

	if (!nft)
		return false;
	nft->life = life;
	nft->ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft->ctx || nft_ctx_buffer_output(nft->ctx) != 0 ||
		nft_ctx_buffer_error(nft->ctx) != 0) {
		if (nft->ctx)
			nft_ctx_free(nft->ctx);
		free(nft);
		return false;
	}
	*ret_marker = (struct tc_marker){ .arg = nft,
		.apply = apply,
		.counts = counts,
		.flows = flows,
		.there = there,
		.check = check };
	return true;
}

void
tc_marker_close(struct tc_marker *marker)
{
	struct nft *nft = (struct nft *)marker->arg;

	if (!nft)
		return;
	nft_ctx_free(nft->ctx);
	free(nft);
	marker->arg = NULL;
}
