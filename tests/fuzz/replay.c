/* SPDX-License-Identifier: ISC */

/*
 * Gives each file of a fuzzer's corpus to the fuzzer's function, without a
 * fuzzer: any compiler will do.  The corpus is that of the last word of the
 * program's name: tests/fuzz/corpus/wire for replay_wire.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20 };

/* False when the file cannot be read.  The copy has the input's exact size, so
 * that a sanitizer sees a read past its end. */
static int
replay(const char *path)
{
	uint8_t *big = (uint8_t *)malloc(INPUT_MAX);
	FILE *f = fopen(path, "rb");
	size_t len;
	uint8_t *input;

	if (!big || !f) {
		free(big);
		if (f)
			fclose(f);
		return 0;
	}
	len = fread(big, 1, INPUT_MAX, f);
	fclose(f);
	input = (uint8_t *)malloc(len > 0 ? len : 1);
	if (input) {
		memcpy(input, big, len);
		LLVMFuzzerTestOneInput(input, len);
	}
	free(input);
	free(big);
	return input != NULL;
}

static int
replay_all(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;
	int count = 0;

	if (!d)
		return 0;
	while ((entry = readdir(d))) {
		char path[1024];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (!replay(path)) {
			printf("Bail out! %s cannot be read\n", path);
			exit(1);
		}
		count++;
	}
	closedir(d);
	return count;
}

int
main(int argc, char **argv)
{
	const char *top = getenv("srcdir");
	const char *name = argc > 0 ? strrchr(argv[0], '_') : NULL;
	char dir[512];
	int count;

	snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", top ? top : ".",
		name ? name + 1 : "");
	printf("1..1\n");
	fflush(stdout);
	count = replay_all(dir);
	printf("%sok 1 - the inputs of %s run to their end\n",
		count > 0 ? "" : "not ", dir);
	printf("# %d inputs\n", count);
	return count == 0;
}
