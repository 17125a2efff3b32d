/* SPDX-License-Identifier: ISC */

/* Records of what was there before; see tree_state.h. */

#include "tree_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 512, LINE = 128, BOOT_ID = 64, HEAD_LINES = 16 };

static const char first_line[] = "# tcctl 1: what was there before";

struct identity {
	char boot[BOOT_ID];
	unsigned long long netns;
};

static void
who_are_we(struct identity *ret)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	struct stat st;

	*ret = (struct identity){ 0 };
	if (f) {
		if (!fgets(ret->boot, sizeof(ret->boot), f))
			ret->boot[0] = '\0';
		ret->boot[strcspn(ret->boot, "\n")] = '\0';
		(void)fclose(f); /* only read */
	}
	if (stat("/proc/self/ns/net", &st) == 0)
		ret->netns = (unsigned long long)st.st_ino;
}

static bool
path_of(const char *dir, const char *iface, const char *end, char path[PATH])
{
	struct text t = text_over(path, PATH);

	text_printf(&t, "%s/%s%s", dir, iface, end);
	return !t.cut;
}

void
tree_record_done(struct tree_record *record)
{
	free(record->former);
	*record = (struct tree_record){ 0 };
}

void
tree_identity(const struct tc_objects *list, unsigned side, char ret[64])
{
	enum { SIZE = 64 };
	struct text t = text_over(ret, SIZE);

	for (size_t i = 0; i < list->count; i++) {
		const struct tc_object *o = &list->all[i];
		bool top =
			o->type == TC_QDISC_ROOT || o->type == TC_QDISC_INGRESS;

		if (!top || o->handle == 0 || tree_side_of(o) != side)
			continue;
		text_printf(&t, "%s %x:",
			o->kind == &tc_kind_other ? o->name : o->kind->name,
			o->handle >> 16);
		if (o->kind == &tc_kind_htb_root)
			text_printf(&t, " default %x r2q %u",
				o->root.default_minor, o->root.r2q);
		return;
	}
}

/* ---- reading ------------------------------------------------------------- */

/* "# WORD value": the value. */
static bool
take(const char *line, const char *word, char *to, size_t size)
{
	size_t n = strlen(word);

	return strncmp(line, "# ", 2) == 0 && strncmp(line + 2, word, n) == 0 &&
	       line[2 + n] == ' ' && text_copy(to, size, line + 3 + n);
}

static void
take_line(const char *line, struct tree_record *r, struct identity *of)
{
	char word[LINE];

	if (take(line, "netns", word, sizeof(word)))
		of->netns = strtoull(word, NULL, 10);
	if (take(line, "marks", word, sizeof(word)))
		r->marks = strtoull(word, NULL, 16);
	if (take(line, "link", word, sizeof(word)))
		r->made_link = true;
	(void)(take(line, "boot", of->boot, sizeof(of->boot)) || /* or not */
		take(line, "ifb", r->ifb, sizeof(r->ifb)) ||
		take(line, "outgoing", r->outgoing, sizeof(r->outgoing)) ||
		take(line, "incoming", r->incoming, sizeof(r->incoming)));
}

/* All that follows. */
static int
take_former(FILE *f, struct tree_record *r)
{
	struct stat st;
	long at = ftell(f);
	size_t len;
	char *text;

	if (at < 0 || fstat(fileno(f), &st) != 0)
		return -errno;
	if (st.st_size < at || st.st_size - at > TREE_STATE_MAX)
		return -EFBIG;
	len = (size_t)(st.st_size - at);
	if (len == 0)
		return 0;
	text = (char *)malloc(len + 1);
	if (!text)
		return -ENOMEM;
	len = fread(text, 1, len, f);
	text[len] = '\0';
	r->former = text;
	return ferror(f) ? -EIO : 0;
}

static int
read_open(FILE *f, struct tree_record *ret)
{
	struct tree_record r = { 0 };
	struct identity us;
	struct identity of = { 0 };
	char line[LINE];
	int error = 0;

	who_are_we(&us);
	for (int i = 0; i < HEAD_LINES && fgets(line, sizeof(line), f); i++) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "# before:") == 0) {
			error = take_former(f, &r);
			break;
		}
		take_line(line, &r, &of);
	}
	r.found = strcmp(of.boot, us.boot) == 0 && of.netns == us.netns;
	if (error == 0 && !r.found && strcmp(of.boot, us.boot) == 0)
		error = -EXDEV;
	if (error == 0 && r.found)
		*ret = r;
	else
		tree_record_done(&r);
	return error;
}

int
tree_state_read(
	const char *dir, const char *iface, struct tree_record *ret_record)
{
	char path[PATH];
	FILE *f;
	int error;

	*ret_record = (struct tree_record){ 0 };
	if (!path_of(dir, iface, "", path))
		return -ENAMETOOLONG;
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? 0 : -errno;
	error = read_open(f, ret_record);
	(void)fclose(f); /* only read */
	return error;
}

/* ---- writing ------------------------------------------------------------- */

static void
put_record(FILE *f, const struct tree_record *r)
{
	struct identity us;

	who_are_we(&us);
	fprintf(f, "%s\n# boot %s\n# netns %llu\n", first_line, us.boot,
		us.netns);
	if (r->made_link)
		fprintf(f, "# link made\n");
	if (r->ifb[0] != '\0')
		fprintf(f, "# ifb %s\n", r->ifb);
	if (r->outgoing[0] != '\0')
		fprintf(f, "# outgoing %s\n", r->outgoing);
	if (r->incoming[0] != '\0')
		fprintf(f, "# incoming %s\n", r->incoming);
	if (r->marks != 0)
		fprintf(f, "# marks %016llx\n", (unsigned long long)r->marks);
	fprintf(f, "# before:\n%s", r->former ? r->former : "");
}

static int
make_dir(const char *dir)
{
	enum { MODE = 0755 };

	return mkdir(dir, MODE) == 0 || errno == EEXIST ? 0 : -errno;
}

int
tree_state_lock(const char *dir, void (*waits)(void))
{
	int error = make_dir(dir);
	int fd =
		error == 0 ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (error != 0)
		return error;
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		waits();
	while (flock(fd, LOCK_EX) != 0)
		if (errno != EINTR) {
			error = -errno;
			close(fd);
			return error;
		}
	return fd;
}

/* On the disk before it has its name.  What failed before the last of it is
 * told by ferror() alone. */
static int
finish(FILE *f, const char *fresh, const char *path)
{
	int error = ferror(f) || fflush(f) != 0 || fsync(fileno(f)) != 0
			    ? -errno
			    : 0;

	if (fclose(f) != 0 && error == 0)
		error = -errno;
	if (error == 0 && rename(fresh, path) != 0)
		error = -errno;
	if (error != 0)
		(void)unlink(fresh); /* what is left of it */
	return error;
}

int
tree_state_write(
	const char *dir, const char *iface, const struct tree_record *record)
{
	char path[PATH];
	char fresh[PATH];
	int error = make_dir(dir);
	FILE *f;

	if (error != 0)
		return error;
	if (record->former && strlen(record->former) > TREE_STATE_MAX)
		return -EFBIG;
	if (!path_of(dir, iface, "", path) || !path_of(dir, iface, "~", fresh))
		return -ENAMETOOLONG;
	f = fopen(fresh, "we");
	if (!f)
		return -errno;
	put_record(f, record);
	return finish(f, fresh, path);
}

int
tree_state_remove(const char *dir, const char *iface)
{
	char path[PATH];

	if (!path_of(dir, iface, "", path))
		return -ENAMETOOLONG;
	return unlink(path) == 0 || errno == ENOENT ? 0 : -errno;
}
