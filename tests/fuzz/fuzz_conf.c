/* SPDX-License-Identifier: ISC */

/*
 * The reader of rsvpd.conf.  A file is refused with its line, or becomes a
 * configuration that is the same when printed and read again.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rsvpd/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
give_up(const char *what, const char *text)
{
	fprintf(stderr, "fuzz_conf: %s\n%s\n", what, text);
	abort();
}

static struct conf *
parse(const void *bytes, size_t size, struct conf_error *ret_error)
{
	char *copy = (char *)malloc(size + 1);
	FILE *file = copy && size > 0 ? fmemopen(copy, size, "r") : NULL;
	struct conf *conf = NULL;

	if (file) {
		memcpy(copy, bytes, size);
		conf = conf_read(file, "file", ret_error);
		fclose(file);
	}
	free(copy);
	return conf;
}

static void
tell(void *arg, const char *iface, const char *line)
{
	(void)iface;
	give_up("printed and read again it differs", line);
	(void)arg;
}

static void
print_and_read(const struct conf *conf)
{
	struct conf_error error = { 0 };
	struct conf *again;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	conf_print(conf, out);
	fclose(out);
	again = parse(text, len, &error);
	if (!again)
		give_up("printed, it is refused", error.text);
	conf_diff(conf, again, tell, NULL);
	conf_free(again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_error error = { 0 };
	struct conf *conf = parse(data, size, &error);

	if (conf)
		print_and_read(conf);
	else if (size > 0 && error.text[0] == '\0')
		give_up("refused without a reason", "");
	conf_free(conf);
	return 0;
}
