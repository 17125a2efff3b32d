/* SPDX-License-Identifier: ISC */
/*
 * Descriptions: what is said of each broken one in tests/golden/tree, what
 * the examples become, and that what is written is what was read.
 */
#include "tc_tree.h"

#include <dirent.h>

static const char *
name_with(const char *dir, const char *file, const char *end)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/%.*s%s", dir,
		(int)(strlen(file) - 5), file, end);
	return path;
}

/* Against a file; with TC_GOLDEN_WRITE in the environment it is written
 * instead: read the difference then. */
static void
expect(const char *got, const char *path)
{
	static char want[T_FILE];

	if (getenv("TC_GOLDEN_WRITE")) {
		FILE *f = fopen(path, "w");

		T_CHECK(f != NULL, "%s", path);
		fputs(got, f);
		fclose(f);
	}
	t_load(path, want);
	T_STR(got, want);
}

typedef void file_fn(const char *file);

static void
each_file(const char *dir, file_fn *take, size_t least)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	size_t n = 0;

	T_CHECK(d != NULL, "%s is missing", dir);
	while ((e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (len < 6 || strcmp(e->d_name + len - 5, ".conf") != 0)
			continue;
		take(e->d_name);
		n++;
	}
	closedir(d);
	T_CHECK(n >= least, "only %zu files", n);
}

static void
check_broken(const char *file)
{
	static char text[T_FILE];
	static struct tc_rule rules[TREE_MARKS_MAX];
	struct tree_faults faults = { .file = file };
	const struct tree_host host = t_host();
	struct tree tree = { 0 };
	char said[8192];
	struct text t = text_over(said, sizeof(said));
	size_t len = t_load(name_with(GOLDEN_DIR, file, ".conf"), text);

	if (tree_read(text, len, &tree, &faults))
		for (size_t i = 0; i < tree.count; i++) {
			struct tc_objects into = { .alloc = alloc_heap() };

			tree_build(&tree.ifaces[i], &host, &into, &faults);
			tc_objects_done(&into);
			(void)tree_marks_build(
				&tree.ifaces[i], &t_links[0], rules, &faults);
		}
	tree_done(&tree);
	tree_faults_print(&faults, &t);
	expect(said, name_with(GOLDEN_DIR, file, ".err"));
}

static void
broken_descriptions_are_told(void)
{
	each_file(GOLDEN_DIR, check_broken, 20);
}

static void
print_objects(struct text *t, const struct tc_objects *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		tc_object_print(t, &list->all[i], name);
		text_add(t, "\n");
	}
}

/* All interfaces of a description, with everything that was written of them:
 * against NAME.ok, and NAME.save if that text is kept as well. */
static void
check_whole(
	const char *conf_dir, const char *ok_dir, const char *file, bool saved)
{
	static char text[T_FILE];
	static char got[T_FILE];
	static char again[T_FILE];
	struct tree_faults faults = { .file = file };
	const struct tree_host host = t_host();
	struct tc_objects all[4] = { 0 };
	struct tree_found found[4];
	struct tree tree = { 0 };
	struct text t = text_over(got, sizeof(got));
	char *out = NULL;
	size_t len = t_load(name_with(conf_dir, file, ".conf"), text);
	struct tree_writing w = { .host = &host, .all = found };

	T_CHECK(tree_read(text, len, &tree, &faults), "%s", file);
	for (size_t i = 0; i < tree.count; i++) {
		all[i].alloc = alloc_heap();
		tree_build(&tree.ifaces[i], &host, &all[i], &faults);
		for (size_t k = 0; k < all[i].count; k++)
			t_settle(&all[i].all[k]);
		print_objects(&t, &all[i], tree.ifaces[i].name);
		found[i] = (struct tree_found){
			tree_host_link(&host, tree.ifaces[i].name), &all[i]
		};
	}
	T_EQ(faults.errors, 0);
	expect(got, name_with(ok_dir, file, ".ok"));
	w.count = tree.count;
	w.out = open_memstream(&out, &len);
	tree_write(&w);
	fclose(w.out);
	if (saved)
		expect(out, name_with(ok_dir, file, ".save"));
	t = text_over(again, sizeof(again));
	for (size_t i = 0; i < w.count && all[i].count > 0; i++) {
		struct tc_objects one = { .alloc = alloc_heap() };

		t_build(out, i, &one);
		print_objects(&t, &one, tree.ifaces[i].name);
		T_EQ(one.count, all[i].count);
		for (size_t k = 0; k < one.count; k++)
			T_CHECK(tc_object_equal(&all[i].all[k], &one.all[k]),
				"%s: object %zu of %s", file, k,
				tree.ifaces[i].name);
		tc_objects_done(&one);
	}
	T_STR(again, got);
	for (size_t i = 0; i < w.count; i++)
		tc_objects_done(&all[i]);
	free(out);
	tree_done(&tree);
}

static void
check_example(const char *file)
{
	check_whole(EXAMPLES_DIR, GOLDEN_DIR "/examples", file, false);
}

static void
check_kind(const char *file)
{
	check_whole(GOLDEN_DIR "/whole", GOLDEN_DIR "/whole", file, true);
}

/* All that can be said. */
static void
every_word_becomes_what_it_says_and_is_written_back(void)
{
	each_file(GOLDEN_DIR "/whole", check_kind, 2);
}

static void
examples_become_what_they_say_and_are_written_back(void)
{
	each_file(EXAMPLES_DIR, check_example, 10);
}

static void
every_cut_of_a_description_is_survived(void)
{
	static char text[T_FILE];
	size_t len = t_load(EXAMPLES_DIR "/nas-by-address.conf", text);

	for (size_t i = 0; i < len; i++) {
		char *part = strndup(text, i);
		struct tree_faults faults = { .file = "cut" };
		struct tree tree = { 0 };

		if (tree_read(part, i, &tree, &faults))
			tree_done(&tree);
		else
			T_CHECK(faults.count > 0, "refused in silence");
		free(part);
	}
}

static void
own_prefixes_are_those_of_the_addresses_once(void)
{
	const struct tree_host host = t_host();
	struct tree_iface iface = { .name = "eno1", .local_count = 3 };
	struct tree_faults faults = { .file = "own" };
	struct tree_prefixes got;
	char buf[ADDR_TEXT];

	iface.local[0].own = ADDR_V6;
	iface.local[1].own = ADDR_V6;
	(void)text_copy(iface.local[1].of, TC_NAME, "eth0");
	iface.local[2].own = ADDR_V4;
	tree_locals(&iface, &host, &got, &faults);
	T_EQ(got.count, 3);
	T_STR(addr_prefix_format(&got.all[0], buf), "2001:db8:1::/64");
	T_STR(addr_prefix_format(&got.all[1], buf), "2001:db8:2::/56");
	T_STR(addr_prefix_format(&got.all[2], buf), "192.0.2.0/24");
	T_EQ(faults.count, 0);
	(void)text_copy(iface.local[1].of, TC_NAME, "eth1");
	tree_locals(&iface, &host, &got, &faults);
	T_EQ(got.count, 2);
	T_EQ(faults.count, 1);
	T_EQ(faults.errors, 0);
}

/* libconfig takes no comment whose line has none. */
static void
the_last_line_needs_no_end(void)
{
	static const char text[] = "interfaces = ();\n# Nothing yet.";
	struct tree_faults faults = { .file = "f" };
	struct tree tree;

	T_CHECK(tree_read(text, strlen(text), &tree, &faults), "refused");
	tree_done(&tree);
}

static void
marks_become_rules_of_both_protocols(void)
{
	static char text[T_FILE];
	static struct tc_rule rules[TREE_MARKS_MAX];
	struct tree_faults faults = { .file = "marks" };
	struct tree tree;
	size_t len = t_load(EXAMPLES_DIR "/dscp-by-port-netfilter.conf", text);
	uint64_t digest;

	T_CHECK(tree_read(text, len, &tree, &faults), "refused");
	T_EQ(tree_marks_build(&tree.ifaces[0], &t_links[0], rules, &faults), 6);
	T_EQ(faults.errors, 0);
	T_EQ(rules[5].id, 6);
	T_EQ(rules[5].dscp, 34);
	T_CHECK(rules[5].marks && !rules[5].deny, "not a mark");
	T_EQ(rules[5].match_count, 2);
	T_EQ(rules[5].matches[0].family, ADDR_V4);
	T_EQ(rules[5].matches[1].family, ADDR_V6);
	T_EQ(rules[5].matches[1].proto, 6);
	T_EQ(rules[5].matches[1].dst_port_first, 5061);
	T_EQ(rules[5].matches[1].dst_port_last, 5061);
	T_EQ(rules[5].matches[1].src_port_last, 0);
	T_EQ(rules[0].matches[0].src_port_first, 1935);
	digest = tree_marks_digest(rules, 6);
	T_CHECK(digest != 0 && digest == tree_marks_digest(rules, 6),
		"unsteady");
	rules[3].dscp = 46;
	T_CHECK(digest != tree_marks_digest(rules, 6), "the same");
	T_EQ(tree_marks_digest(rules, 0), 0);
	tree_done(&tree);
}

static void
prefixes_of_marks_are_ranges(void)
{
	static const char text[] =
		"interfaces = ( { name = \"eth0\"; marks = (\n"
		"{ match = { src = \"10.0.0.0/15\"; dst = \"192.0.2.1\";\n"
		"  proto = \"udp\"; sport = 5004; dport = 80;\n"
		"  tos = \"0x28/0xfc\"; }; dscp = 46; },\n"
		"{ match = { dst = \"2001:db8::/33\"; }; dscp = \"af11\"; },\n"
		"{ match = { proto = 47; tos = \"0x10/0x1c\"; }; dscp = 0; }\n"
		"); } );\n";
	static struct tc_rule rules[TREE_MARKS_MAX];
	const struct addr src = { ADDR_V4, { 10, 0 } };
	const struct addr src_last = { ADDR_V4, { 10, 1, 255, 255 } };
	const struct addr dst = { ADDR_V4, { 192, 0, 2, 1 } };
	const struct addr v6 = { ADDR_V6, { 0x20, 1, 0xd, 0xb8 } };
	struct addr v6_last = { ADDR_V6, { 0x20, 1, 0xd, 0xb8, 0x7f } };
	const struct tc_rule_match *m = rules[0].matches;
	struct tree_faults faults = { .file = "marks" };
	struct tree tree;

	memset(v6_last.b + 5, 0xff, 11);
	T_CHECK(tree_read(text, strlen(text), &tree, &faults), "refused");
	T_EQ(tree_marks_build(&tree.ifaces[0], &t_links[0], rules, &faults), 3);
	T_EQ(faults.count, 0);
	T_EQ(rules[0].match_count, 1);
	T_EQ(rules[0].ifindex, t_links[0].ifindex);
	T_CHECK(memcmp(&m->src_first, &src, sizeof(src)) == 0, "src");
	T_CHECK(memcmp(&m->src_last, &src_last, sizeof(src)) == 0, "last src");
	T_CHECK(memcmp(&m->dst_first, &dst, sizeof(dst)) == 0, "dst");
	T_CHECK(memcmp(&m->dst_last, &dst, sizeof(dst)) == 0, "last dst");
	T_EQ(m->proto, 17);
	T_EQ(m->src_port_first, 5004);
	T_EQ(m->src_port_last, 5004);
	T_EQ(m->dst_port_first, 80);
	T_EQ(m->dst_port_last, 80);
	T_EQ(m->dscp, 10);
	T_EQ(m->dscp_mask, 63);
	m = rules[1].matches;
	T_EQ(rules[1].match_count, 1);
	T_EQ(m->family, ADDR_V6);
	T_CHECK(memcmp(&m->dst_first, &v6, sizeof(v6)) == 0, "IPv6");
	T_CHECK(memcmp(&m->dst_last, &v6_last, sizeof(v6)) == 0, "last IPv6");
	T_EQ(m->src_first.family, ADDR_NONE);
	m = rules[2].matches;
	T_EQ(rules[2].match_count, 2);
	T_EQ(m[1].proto, 47);
	T_EQ(m[1].dscp, 4);
	T_EQ(m[1].dscp_mask, 7);
	tree_done(&tree);
}

/* An htb and an ingress whose filters have so many preferences each; each of
 * the htb's twice.  Line 4 + n has number n. */
static char *
with_prefs(size_t root, size_t ingress)
{
	enum { ROOM = 1 << 20 };
	char *text = (char *)malloc(ROOM);
	struct text t = text_over(text, ROOM);

	T_CHECK(text != NULL, "memory");
	text_add(&t, "interfaces = ( { name = \"eth0\";\n"
		     "root = { kind = \"htb\"; handle = \"1:\"; default = "
		     "\"1:1\";\nclasses = ( { id = \"1:1\"; rate = \"1 "
		     "Mbit/s\"; } );\nfilters = (\n");
	for (size_t i = 1; i <= root; i++)
		text_printf(&t,
			"%s{ pref = %zu; class = \"1:1\"; },"
			"{ pref = %zu; class = \"1:1\"; }\n",
			i > 1 ? "," : "", i, i);
	text_add(&t, "); };\ningress = { filters = (\n");
	for (size_t i = 1; i <= ingress; i++)
		text_printf(&t,
			"%s{ pref = %zu; actions = ( { verdict = \"drop\"; } "
			"); }\n",
			i > 1 ? "," : "", i);
	text_add(&t, "); }; } );\n");
	T_CHECK(!t.cut, "no room");
	return text;
}

static void
no_qdisc_has_more_preferences_of_u32_than_the_kernel_has_tables(void)
{
	static const struct {
		size_t root;
		size_t ingress;
		const char *said;
	} rows[] = {
		{ 2047, 2047, NULL },
		{ 2048, 5,
			"prefs:2052: more than 2047 prefs of u32 in qdisc 1:, "
			"which the kernel has no tables for (give this and "
			"those behind it the pref of others of their "
			"protocol)\n" },
		{ 5, 2060,
			"prefs:2059: more than 2047 prefs of u32 in qdisc "
			"ffff:, which the kernel has no tables for (give this "
			"and those behind it the pref of others of their "
			"protocol)\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = with_prefs(rows[i].root, rows[i].ingress);
		struct tree_faults faults = { .file = "prefs" };
		struct tree tree = { 0 };
		char said[1024];
		struct text t = text_over(said, sizeof(said));

		T_EQ(tree_read(text, strlen(text), &tree, &faults),
			rows[i].said == NULL);
		tree_faults_print(&faults, &t);
		T_STR(said, rows[i].said ? rows[i].said : "");
		tree_done(&tree);
		free(text);
	}
}

static void
faults_are_told_by_line_then_as_found(void)
{
	static const unsigned lines[] = { 9, 3, 12, 3, 0, 7, 12, 1 };
	struct tree_faults faults = { .file = "f" };
	char said[512];
	struct text t = text_over(said, sizeof(said));

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		tree_error(&faults, lines[i], "%zu", i);
	tree_faults_print(&faults, &t);
	T_STR(said, "f: 4\nf:1: 7\nf:3: 1\nf:3: 3\nf:7: 5\nf:9: 0\n"
		    "f:12: 2\nf:12: 6\n");
}

static void
handles_that_are_taken_are_not_given(void)
{
	static const uint32_t handles[] = { 0x80030000, 0x80020000,
		0x80040000 };
	struct tc_objects into = { .alloc = alloc_heap() };
	size_t n = 0;

	t_build("interfaces = ( { name = \"eth0\"; root = { kind = \"htb\"; "
		"handle = \"8001:\"; default = \"8001:10\"; classes = ( "
		"{ id = \"8001:10\"; rate = \"1 Mbit\"; "
		"queue = { kind = \"sfq\"; handle = \"8003:\"; }; }, "
		"{ id = \"8001:11\"; rate = \"1 Mbit\"; "
		"queue = { kind = \"sfq\"; }; }, "
		"{ id = \"8001:12\"; rate = \"1 Mbit\"; "
		"queue = { kind = \"sfq\"; }; } ); }; } );",
		0, &into);
	for (size_t i = 0; i < into.count; i++) {
		const struct tc_object *o = &into.all[i];

		if (o->type != TC_QDISC_LEAF)
			continue;
		T_EQ(o->handle, handles[o->parent - 0x80010010]);
		n++;
	}
	T_EQ(n, 3);
	tc_objects_done(&into);
}

static void
a_class_that_is_missing_is_said_to_be(void)
{
	struct tc_objects list = { .alloc = alloc_heap() };
	const struct tree_host host = t_host();
	struct tree_writing w = { .host = &host };
	struct tc_object f = { .type = TC_FILTER,
		.kind = &tc_kind_matchall,
		.parent = 0x10000,
		.pref = 7,
		.protocol = 0x0800 };
	static const struct {
		uint32_t id;
		const char *class;
	} rows[] = { { 0x10010, "\"1:10\"" }, { 0x10011, "\"missing 1:11\"" },
		{ 0x20003, "\"2:3\"" }, { 0x20004, "\"missing 2:4\"" } };
	struct tc_object *o = tc_objects_add(&list);

	o->type = TC_CLASS;
	o->kind = &tc_kind_htb_class;
	o->handle = 0x10010;
	o = tc_objects_add(&list);
	o->type = TC_QDISC_LEAF;
	o->kind = &tc_kind_prio;
	o->handle = 0x20000;
	o->prio.bands = 3;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *out = NULL;
		size_t len = 0;
		char want[128];

		f.matchall.classid = rows[i].id;
		w.out = open_memstream(&out, &len);
		tree_write_filter(&w, &list, &f, 0);
		T_EQ(fclose(w.out), 0);
		(void)snprintf(want, sizeof(want),
			"{ pref = 7; kind = \"matchall\"; class = %s; }",
			rows[i].class);
		T_STR(out, want);
		free(out);
	}
	tc_objects_done(&list);
}

static struct t_case cases[] = {
	{ "faults are told by line, then as they were found",
		faults_are_told_by_line_then_as_found },
	{ "handles that are taken are not given",
		handles_that_are_taken_are_not_given },
	{ "a class that is missing is said to be",
		a_class_that_is_missing_is_said_to_be },
	{ "no qdisc has more preferences of u32 than the kernel has tables",
		no_qdisc_has_more_preferences_of_u32_than_the_kernel_has_tables },
	{ "the last line needs no end", the_last_line_needs_no_end },
	{ "marks become rules of both protocols",
		marks_become_rules_of_both_protocols },
	{ "prefixes of marks are ranges", prefixes_of_marks_are_ranges },
	{ "broken descriptions are told, by line, with what to do",
		broken_descriptions_are_told },
	{ "examples become what they say and are written back",
		examples_become_what_they_say_and_are_written_back },
	{ "every word becomes what it says and is written back",
		every_word_becomes_what_it_says_and_is_written_back },
	{ "every cut of a description is survived",
		every_cut_of_a_description_is_survived },
	{ "own prefixes are those of the addresses, once",
		own_prefixes_are_those_of_the_addresses_once },
};
T_MAIN(cases)
