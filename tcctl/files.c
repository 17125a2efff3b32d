/* SPDX-License-Identifier: ISC */

/* The files of `tcctl plan` and `tcctl apply`: which, and in which of the two
 * forms, a JSON object or a description. */

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve_int.h"
#include "tree_cli.h"

enum { FILE_OCTETS_MAX = 64 << 20, FIRST_ROOM = 65536, PATH = 4096 };

/* ---- one file ------------------------------------------------------------ */

static bool
complain(const char *path, const char *what)
{
	cli_complain("%s: %s", path, what);
	return false;
}

/* All of it, terminated. */
static bool
read_open(FILE *f, const char *path, char **ret_text, size_t *ret_len)
{
	char *text = NULL;
	size_t room = 0;
	size_t len = 0;
	size_t n;

	do {
		if (len == room) {
			char *more =
				room < FILE_OCTETS_MAX
					? (char *)realloc(text,
						  (room +=
							  room > 0
								  ? room
								  : FIRST_ROOM) +
							  1)
					: NULL;

			if (!more) {
				free(text);
				return complain(path, "is too large");
			}
			text = more;
		}
		n = fread(text + len, 1, room - len, f);
		len += n;
	} while (n > 0);
	text[len] = '\0';
	*ret_text = text;
	*ret_len = len;
	return !ferror(f) || complain(path, strerror(errno));
}

static bool
read_file(const char *path, char **ret_text, size_t *ret_len)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	bool ok;

	if (!f)
		return complain(path, strerror(errno));
	ok = read_open(f, path, ret_text, ret_len);
	if (f != stdin)
		(void)fclose(f); /* only read */
	return ok;
}

static int
run_tree(const struct cli_options *options, const struct cli_file *file)
{
	struct tree_session s;
	int lock = options->plan ? -1 : tree_lock(options);
	int status;

	if (tree_session_open(&s, options))
		tree_apply_text(&s, file->path, file->text, file->len);
	status = tree_session_close(&s);
	if (lock >= 0)
		close(lock);
	return status;
}

/* A JSON object begins with a brace, settings with a name. */
static int
run_file(const struct cli_options *options, const char *path)
{
	struct cli_file file = { .path = path };
	char *text = NULL;
	int status = CLI_USAGE;

	if (read_file(path, &text, &file.len)) {
		file.text = text;
		status = text[strspn(text, " \t\r\n")] == '{'
				 ? apply_want(options, &file)
				 : run_tree(options, &file);
	}
	free(text);
	return status;
}

/* ---- several ------------------------------------------------------------- */

static int
is_description(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 5 && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + n - 5, ".conf") == 0;
}

static int
worse(int a, int b)
{
	return a > b ? a : b;
}

/* All descriptions in a directory, by name. */
static int
run_dir(const struct cli_options *options, const char *path)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_description, alphasort);
	int status = CLI_DONE;

	if (count < 0) {
		(void)complain(path, strerror(errno)); /* the status says it */
		return CLI_USAGE;
	}
	for (int i = 0; i < count; i++) {
		char whole[PATH];
		struct text t = text_over(whole, sizeof(whole));

		text_printf(&t, "%s/%s", path, entries[i]->d_name);
		status = worse(status, run_file(options, whole));
		free(entries[i]);
	}
	free(entries);
	return status;
}

static int
run_all(const struct cli_options *options)
{
	int status = CLI_DONE;

	for (int i = 0; i < options->file_count; i++) {
		const char *path = options->files[i];
		struct stat st;
		bool dir = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

		status = worse(status,
			dir ? run_dir(options, path) : run_file(options, path));
	}
	return status;
}

void
cli_untried(int error)
{
	cli_complain("which kinds this kernel has cannot be tried out (%s): "
		     "there may be some in the plan that it lacks",
		strerror(-error));
}

int
cli_plan(const struct cli_options *options)
{
	struct cli_options o = *options;

	o.plan = true;
	o.lock = -1;
	return run_all(&o);
}

/* Hold the lock of rsvpd while we change what it might manage.  -1: it runs
 * (or the lock cannot be had). */
static int
take_lock(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				    sizeof(SERVE_LOCK_NAME));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(sun.sun_path + 1, SERVE_LOCK_NAME, sizeof(SERVE_LOCK_NAME) - 1);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&sun, len) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int
cli_apply(const struct cli_options *options)
{
	struct cli_options o = *options;
	int status;

	o.lock = take_lock();
	status = run_all(&o);
	if (o.lock >= 0)
		close(o.lock);
	return status;
}
