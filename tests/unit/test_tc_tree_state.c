/* SPDX-License-Identifier: ISC */

/* Records of what was there before: tcctl/tree_state.c. */

#include "t_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tcctl/tree_state.h"

enum { PATH = 256 };

static char dir[PATH];
static int next_fd;

static void
begin(void)
{
	char made[] = "/tmp/test_tc_tree_state.XXXXXX";

	T_CHECK(mkdtemp(made) != NULL, "no directory: %d", errno);
	(void)snprintf(dir, sizeof(dir), "%s/state", made);
	next_fd = t_free_fd();
}

static const char *
file(const char *name)
{
	static char path[PATH + 64];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
end(void)
{
	T_EQ(t_free_fd(), next_fd);
	(void)unlink(file("eth0"));
	(void)unlink(file("eth0~"));
	(void)rmdir(dir);
	dir[strlen(dir) - strlen("/state")] = '\0';
	T_EQ(rmdir(dir), 0);
}

static void
slurp(const char *name, char *buf, size_t size)
{
	FILE *f = fopen(file(name), "r");
	size_t n;

	T_CHECK(f != NULL, "%s is missing", name);
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	(void)fclose(f);
}

static void
spill(const char *name, const char *text)
{
	FILE *f = fopen(file(name), "w");

	T_CHECK(f != NULL, "%s: %d", name, errno);
	T_CHECK(fputs(text, f) >= 0 && fclose(f) == 0, "%s", name);
}

/* The file as it is for this boot and namespace, up to what was there. */
static void
head(char *buf, size_t size)
{
	const struct tree_record empty = { 0 };

	T_EQ(tree_state_write(dir, "eth0", &empty), 0);
	slurp("eth0", buf, size);
	*strstr(buf, "# before:") = '\0';
}

static struct tree_record
read_back(int want_error)
{
	struct tree_record r = { .found = true, .marks = 1 };

	T_EQ(tree_state_read(dir, "eth0", &r), want_error);
	return r;
}

/* ---- cases --------------------------------------------------------------- */

static void
a_record_comes_back(void)
{
	char former[] = "interfaces = ( );\n# before:\n# ifb other\n";
	const struct tree_record full = { .made_link = true,
		.ifb = "ifb-eth0",
		.outgoing = "htb 1: default 30 r2q 10",
		.incoming = "ingress ffff:",
		.marks = 0xfedcba9876543210u,
		.former = former };
	struct tree_record r;
	struct stat st;

	begin();
	T_EQ(tree_state_write(dir, "eth0", &full), 0);
	r = read_back(0);
	T_CHECK(r.found && r.made_link, "found, and made");
	T_STR(r.ifb, full.ifb);
	T_STR(r.outgoing, full.outgoing);
	T_STR(r.incoming, full.incoming);
	T_CHECK(r.marks == full.marks, "%" PRIx64, r.marks);
	T_STR(r.former, former);
	tree_record_done(&r);
	T_CHECK(!r.former && !r.found, "still there");
	T_EQ(stat(file("eth0~"), &st), -1);
	T_EQ(stat(dir, &st), 0);
	T_EQ(st.st_mode & 0777 & ~(mode_t)022, 0755);
	end();
}

static void
what_there_is_not_is_not_written(void)
{
	const struct tree_record empty = { 0 };
	struct tree_record r;
	char text[4096];
	char boot[64];
	char rest[256] = "";

	begin();
	T_EQ(tree_state_write(dir, "eth0", &empty), 0);
	slurp("eth0", text, sizeof(text));
	T_EQ(sscanf(text,
		     "# tcctl 1: what was there before\n# boot %63s\n"
		     "# netns %*u\n%255[^\n]",
		     boot, rest),
		2);
	T_STR(rest, "# before:");
	T_STR(text + strlen(text) - strlen("# before:\n"), "# before:\n");
	T_EQ(strlen(boot), 36);
	r = read_back(0);
	T_CHECK(r.found && !r.made_link && !r.former && r.marks == 0, "empty");
	T_CHECK(r.ifb[0] == '\0' && r.outgoing[0] == '\0' &&
			r.incoming[0] == '\0',
		"empty");
	end();
}

static void
there_may_be_none(void)
{
	struct tree_record r;

	begin();
	r = read_back(0); /* not even the directory */
	T_CHECK(!r.found && r.marks == 0, "found nothing");
	T_EQ(mkdir(dir, 0755), 0);
	r = read_back(0);
	T_CHECK(!r.found, "found nothing");
	T_EQ(tree_state_remove(dir, "eth0"), 0);
	spill("eth0", "");
	r = read_back(0);
	T_CHECK(!r.found, "found nothing in it");
	T_EQ(tree_state_remove(dir, "eth0"), 0);
	T_EQ(access(file("eth0"), F_OK), -1);
	end();
}

static void
it_holds_for_one_boot_and_one_namespace(void)
{
	char ours[1024];
	char text[2048];
	struct tree_record r;
	char *at;

	begin();
	head(ours, sizeof(ours));
	(void)snprintf(text, sizeof(text), "%s# link made\n# before:\nx", ours);
	spill("eth0", text);
	r = read_back(0);
	T_CHECK(r.found && r.made_link, "ours");
	T_STR(r.former, "x");
	tree_record_done(&r);

	at = strstr(text, "# netns ") + strlen("# netns ");
	*at = *at == '9' ? '8' : '9';
	spill("eth0", text);
	r = read_back(-EXDEV);
	T_CHECK(!r.found && !r.made_link && !r.former, "of a neighbour");

	/* Numbers of namespaces begin anew with each boot. */
	at = strstr(text, "# boot ") + strlen("# boot ");
	*at = *at == 'a' ? 'b' : 'a';
	spill("eth0", text);
	r = read_back(0);
	T_CHECK(!r.found && !r.made_link && !r.former, "of another boot");
	end();
}

static void
other_lines_say_nothing(void)
{
	char ours[1024];
	char text[4096];
	struct tree_record r;

	begin();
	head(ours, sizeof(ours));
	(void)snprintf(text, sizeof(text),
		"%s#link made\n# linked\n# ifbx ifb0\n# ifb\n; marks 12\n"
		"# before: us\n",
		ours);
	spill("eth0", text);
	r = read_back(0);
	T_CHECK(r.found && !r.made_link && r.marks == 0 && !r.former, "words");
	T_STR(r.ifb, "");
	/* A head has at most 16 lines. */
	(void)snprintf(text, sizeof(text), "%s%s# before:\nx", ours,
		"#\n#\n#\n#\n#\n#\n#\n#\n#\n#\n#\n#\n");
	spill("eth0", text);
	r = read_back(0);
	T_STR(r.former, "x");
	tree_record_done(&r);
	(void)snprintf(text, sizeof(text), "%s%s# before:\nx", ours,
		"#\n#\n#\n#\n#\n#\n#\n#\n#\n#\n#\n#\n#\n#\n");
	spill("eth0", text);
	r = read_back(0);
	T_CHECK(r.found && !r.former, "a long head");
	end();
}

static void
names_have_an_end(void)
{
	const struct tree_record empty = { 0 };
	struct tree_record r;
	char name[600];

	begin();
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	T_EQ(tree_state_write(dir, name, &empty), -ENAMETOOLONG);
	T_EQ(tree_state_read(dir, name, &r), -ENAMETOOLONG);
	T_EQ(tree_state_remove(dir, name), -ENAMETOOLONG);
	/* Just enough for the file, but not for what becomes of it. */
	name[511 - strlen(dir) - 1] = '\0';
	T_EQ(tree_state_write(dir, name, &empty), -ENAMETOOLONG);
	T_EQ(rmdir(dir), 0);
	T_EQ(mkdir(dir, 0755), 0);
	end();
}

static void
a_description_has_an_end(void)
{
	char *former = (char *)malloc(TREE_STATE_MAX + 2);
	const struct tree_record r = { .former = former };
	struct tree_record back;
	char ours[1024];
	off_t begins;
	struct stat st;

	begin();
	T_CHECK(former != NULL, "memory");
	memset(former, ' ', TREE_STATE_MAX + 1);
	former[TREE_STATE_MAX + 1] = '\0';
	T_EQ(tree_state_write(dir, "eth0", &r), -EFBIG);
	T_EQ(access(file("eth0"), F_OK), -1);
	free(former);
	head(ours, sizeof(ours));
	T_EQ(stat(file("eth0"), &st), 0);
	begins = st.st_size;
	T_EQ(truncate(file("eth0"), begins + TREE_STATE_MAX + 1), 0);
	back = read_back(-EFBIG);
	T_CHECK(!back.found && !back.former, "too long");
	T_EQ(truncate(file("eth0"), begins + TREE_STATE_MAX), 0);
	back = read_back(0);
	T_CHECK(back.found && back.former, "as long as can be");
	tree_record_done(&back);
	end();
}

static void
a_place_that_is_none_is_told(void)
{
	const struct tree_record empty = { 0 };
	struct tree_record r;

	begin();
	T_EQ(mkdir(dir, 0755), 0);
	spill("eth0", "");
	/* A file in place of the directory, and a directory that is none's. */
	T_EQ(tree_state_write(file("eth0"), "eth1", &empty), -ENOTDIR);
	T_EQ(tree_state_read(file("eth0"), "eth1", &r), -ENOTDIR);
	T_EQ(tree_state_remove(file("eth0"), "eth1"), -ENOTDIR);
	T_EQ(tree_state_lock(file("eth0"), NULL), -ENOTDIR);
	T_EQ(tree_state_lock(file("none/state"), NULL), -ENOENT);
	T_EQ(tree_state_write(file("none/state"), "eth1", &empty), -ENOENT);
	T_EQ(unlink(file("eth0")), 0);
	/* What cannot get its name leaves nothing. */
	T_EQ(mkdir(file("eth0"), 0755), 0);
	T_EQ(tree_state_write(dir, "eth0", &empty), -EISDIR);
	T_EQ(access(file("eth0~"), F_OK), -1);
	T_EQ(rmdir(file("eth0")), 0);
	end();
}

/* A file that may not become longer. */
static void
what_cannot_be_written_leaves_the_old_one(void)
{
	enum { LONG = 100000 };
	struct rlimit before;
	struct rlimit little;
	char *former = (char *)malloc(LONG);
	const struct tree_record whole = { .ifb = "ifb0" };
	const struct tree_record longer = { .former = former };
	struct tree_record r;
	int error;

	begin();
	T_CHECK(former != NULL, "memory");
	memset(former, '\n', LONG);
	former[LONG - 1] = '\0';
	T_EQ(tree_state_write(dir, "eth0", &whole), 0);
	T_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
	little = (struct rlimit){ 8192, before.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	T_EQ(setrlimit(RLIMIT_FSIZE, &little), 0);
	error = tree_state_write(dir, "eth0", &longer);
	T_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	free(former);
	T_EQ(error, -EFBIG);
	T_EQ(access(file("eth0~"), F_OK), -1);
	r = read_back(0);
	T_STR(r.ifb, "ifb0");
	end();
}

static int held = -1;

static void
let_go(void)
{
	T_CHECK(held >= 0, "told twice");
	T_EQ(close(held), 0);
	held = -1;
}

static void
one_at_a_time(void)
{
	int fd;

	begin();
	held = tree_state_lock(dir, NULL); /* nobody to wait for */
	T_CHECK(held >= 0, "%d", held);
	T_EQ(fcntl(held, F_GETFD), FD_CLOEXEC);
	fd = tree_state_lock(dir, let_go);
	T_CHECK(fd >= 0, "%d", fd);
	T_EQ(held, -1);
	held = open(dir, O_RDONLY | O_CLOEXEC);
	T_EQ(flock(held, LOCK_EX | LOCK_NB), -1);
	(void)close(held);
	(void)close(fd);
	end();
}

static void
identity(const struct tc_object *o, unsigned side, const char *want)
{
	struct tc_objects list = { .alloc = alloc_heap() };
	struct tc_object *added;
	char got[64] = "";

	/* What it is not: a queue below, the other side, a default. */
	added = tc_objects_add(&list);
	*added = (struct tc_object){
		.type = TC_QDISC_LEAF, .handle = 0x90000, .kind = &tc_kind_pfifo
	};
	added = tc_objects_add(&list);
	*added = (struct tc_object){
		.type = TC_QDISC_ROOT, .handle = 0, .kind = &tc_kind_pfifo
	};
	(void)tc_objects_copy(&list, o);
	tree_identity(&list, side, got);
	T_STR(got, want);
	tc_objects_done(&list);
}

static void
a_tree_is_known_by_its_top(void)
{
	const struct tc_object htb = { .type = TC_QDISC_ROOT,
		.handle = 0x1a0000,
		.kind = &tc_kind_htb_root,
		.root = { .default_minor = 0x30, .r2q = 10 } };
	const struct tc_object prio = {
		.type = TC_QDISC_ROOT, .handle = 0x20000, .kind = &tc_kind_prio
	};
	const struct tc_object other = { .type = TC_QDISC_ROOT,
		.handle = 0x30000,
		.kind = &tc_kind_other,
		.name = "cake" };
	const struct tc_object ingress = { .type = TC_QDISC_INGRESS,
		.handle = 0xffff0000u,
		.kind = &tc_kind_ingress };

	identity(&htb, TREE_OUTGOING, "htb 1a: default 30 r2q 10");
	identity(&htb, TREE_INCOMING, "");
	identity(&prio, TREE_OUTGOING, "prio 2:");
	identity(&other, TREE_OUTGOING, "cake 3:");
	identity(&ingress, TREE_INCOMING, "ingress ffff:");
	identity(&ingress, TREE_OUTGOING, "");
}

static struct t_case all_cases[] = {
	{ "a record comes back", a_record_comes_back },
	{ "what there is not is not written",
		what_there_is_not_is_not_written },
	{ "there may be none", there_may_be_none },
	{ "it holds for one boot and one namespace",
		it_holds_for_one_boot_and_one_namespace },
	{ "other lines say nothing", other_lines_say_nothing },
	{ "names have an end", names_have_an_end },
	{ "a description has an end", a_description_has_an_end },
	{ "a place that is none is told", a_place_that_is_none_is_told },
	{ "what cannot be written leaves the old one",
		what_cannot_be_written_leaves_the_old_one },
	{ "one at a time", one_at_a_time },
	{ "a tree is known by its top", a_tree_is_known_by_its_top },
};
T_MAIN(all_cases)
