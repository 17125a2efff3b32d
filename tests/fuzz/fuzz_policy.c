/* SPDX-License-Identifier: ISC */

/*
 * The reader of policy.conf and the compiler of rules.  A file is refused with
 * a reason, or becomes a set that its own snapshot holds.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/load_int.h"
#include "policy/snapshot_int.h"
#include "policy/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
give_up(const char *what)
{
	fprintf(stderr, "fuzz_policy: %s\n", what);
	abort();
}

static void
load_again(const struct policy_set *set)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	struct policy_load *load;

	if (!policy_snapshot_write(set, &bytes, &len))
		give_up("not written");
	load = policy_load_begin(alloc_heap(), bytes, len);
	while (policy_load_step(load, 100) == POLICY_LOAD_MORE)
		;
	if (!policy_load_ready(load))
		give_up(policy_load_problem(load));
	policy_load_drop(load);
	alloc_put(alloc_heap(), bytes);
}

static void
compile(struct source_draft *draft, bool directory)
{
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };
	struct policy_set *set =
		source_compile(draft, NULL, directory, &errors, &notes);

	if ((set == NULL) != (errors.count > 0))
		give_up("a set with errors, or none without");
	if (set) {
		source_warn(set, &notes);
		load_again(set);
	}
	policy_set_free(set);
	source_report_done(&errors);
	source_report_done(&notes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct source_directory directory;
	struct source_draft draft = { 0 };
	struct source_report errors = { 0 };
	char *text = (char *)malloc(size + 1);
	bool fine;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	memset(&directory, 0, sizeof(directory));
	fine = source_file_read(text, "file", &draft, &directory, &errors);
	if (fine != (errors.count == 0))
		give_up("refused without a reason, or with one not refused");
	if (fine)
		compile(&draft, directory.present);
	source_draft_done(&draft);
	source_report_done(&errors);
	free(text);
	return 0;
}
