/* SPDX-License-Identifier: ISC */

/* `tcctl show`: interfaces, flows and their counters as they are in the kernel,
 * for anybody; nothing is changed. */

#include <errno.h>
#include <jansson.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_put.h"
#include "cli_int.h"
#include "nl_conn.h"
#include "nl_host.h"
#include "rate_int.h"
#include "tc_rule_int.h"
#include "tree_show.h"

enum { MINORS = 65536 };

/* One interface as it was found. */
struct shown {
	const char *name;
	uint32_t ifindex;
	struct tc_objects dump;
	struct tc_link *link;         /* NULL: no tree of ours */
	struct tc_class_stats *stats; /* by minor; with link */
	struct tc_objects tree;       /* of any kind; without link */
	struct tree_counts counts;
	bool *failed; /* JSON: something is missing */
};

/* Whom to ask. */
struct asked {
	struct tc_kernel kernel;
	struct nl_host *host;
	struct tc_marker marker; /* open: kernel has it */
};

static const struct tc_object *
find(const struct shown *s, enum tc_type type, uint32_t handle)
{
	for (size_t i = 0; i < s->dump.count; i++)
		if (s->dump.all[i].type == type &&
			s->dump.all[i].handle == handle)
			return &s->dump.all[i];
	return NULL;
}

static const struct tc_object *
find_root(const struct shown *s)
{
	for (size_t i = 0; i < s->dump.count; i++)
		if (s->dump.all[i].type == TC_QDISC_ROOT)
			return &s->dump.all[i];
	return NULL;
}

static bool
is_ours(const struct shown *s)
{
	const struct tc_object *root = find_root(s);

	return root && root->handle == TC_ROOT_HANDLE &&
	       root->kind == &tc_kind_htb_root &&
	       (root->root.r2q & TC_LAYOUT_MASK) == TC_LAYOUT_MARK &&
	       (root->root.r2q & ~TC_LAYOUT_MASK) <= TC_LAYOUT_VERSION;
}

static void
keep_stats(void *arg, const struct tc_class_stats *stats)
{
	struct tc_class_stats *by_minor = (struct tc_class_stats *)arg;

	if (stats->handle >> 16 == TC_MAJOR)
		by_minor[stats->handle & 0xffff] = *stats;
}

/* The settings that the tree was made with, as far as it shows them. */
static struct tc_iface
conf_of(const struct shown *s)
{
	const struct tc_object *link = find(s, TC_CLASS, tc_classid(1));
	const struct tc_object *best =
		find(s, TC_CLASS, tc_classid(TC_MINOR_BEST));
	const struct tc_object *control =
		find(s, TC_CLASS, tc_classid(TC_MINOR_CONTROL));
	struct tc_iface conf = { .ifindex = s->ifindex };

	(void)text_copy(conf.name, sizeof(conf.name), s->name);
	conf.link_Bps = link ? link->htb.rate_Bps : 0;
	conf.overhead_bytes = link ? link->htb.overhead : 0;
	conf.min_frame_bytes = link ? link->htb.mpu : 0;
	conf.atm = link && link->htb.atm;
	conf.best_effort_Bps = best ? best->htb.rate_Bps : 0;
	conf.mtu = best ? best->htb.quantum : 0;
	if (conf.atm)
		conf.mtu = conf.mtu / TC_ATM_CELL * TC_ATM_PAYLOAD;
	conf.mtu -= best ? conf.overhead_bytes : 0;
	conf.control_Bps = control ? control->htb.rate_Bps : 0;
	return conf;
}

static int
look_at_tree(struct shown *s, const struct tc_kernel *kernel)
{
	const struct alloc *alloc = alloc_heap();
	const struct tc_iface conf = conf_of(s);
	struct tc_ops repairs = { .alloc = alloc };
	int error;

	s->link = tc_link_new(alloc, &conf);
	s->stats = (struct tc_class_stats *)calloc(MINORS, sizeof(*s->stats));
	if (!s->link || !s->stats)
		return -ENOMEM;
	error = kernel->stats_all(
		kernel->arg, s->ifindex, keep_stats, s->stats);
	if (error == 0 && !tc_adopt(s->link, &s->dump, s->stats, &repairs))
		error = -ENOMEM;
	tc_hidden_adopt(s->link, &s->dump, &repairs);
	tc_ops_done(&repairs); /* we only look */
	if (error == 0 && !tc_rules_adopt_marks(s->link, kernel))
		error = -ENOMEM;
	return error != 0 ? error : tc_hidden_count(s->link, kernel);
}

static int
look_at_any(struct shown *s, const struct asked *ask)
{
	int error =
		ask->kernel.dump_tree(ask->kernel.arg, s->ifindex, &s->tree);

	if (error == 0 && s->tree.failed)
		error = -ENOMEM;
	if (error == 0)
		error = nl_host_counts(ask->host, s->ifindex, &s->counts);
	return error;
}

static int
look(struct shown *s, const struct asked *ask)
{
	const struct tc_kernel *kernel = &ask->kernel;
	int error;

	s->dump.alloc = s->tree.alloc = alloc_heap();
	error = kernel->dump(kernel->arg, s->ifindex, &s->dump);
	if (error == 0 && s->dump.failed)
		error = -ENOMEM;
	tc_objects_sort(&s->dump);
	nl_name_targets(&s->dump, 0);
	if (error != 0)
		return error;
	return is_ours(s) ? look_at_tree(s, kernel) : look_at_any(s, ask);
}

static void
look_away(struct shown *s)
{
	tc_link_free(s->link);
	free(s->stats);
	free(s->counts.all);
	if (s->dump.alloc) {
		tc_objects_done(&s->dump);
		tc_objects_done(&s->tree);
	}
}

static size_t
idle_count(const struct shown *s, enum tc_subtree subtree)
{
	size_t n = s->link->pools[subtree].count;
	const struct tc_drain *d;

	TAILQ_FOREACH (d, &s->link->drains, entry)
		n += d->subtree == subtree;
	return n;
}

static struct tc_flow
flow_of(const struct shown *s, const struct tc_record *r)
{
	struct tc_object objects[TC_RECORD_OBJECTS];
	struct tc_flow flow = { .id = r->id };

	(void)tc_record_objects(s->link, r, objects);
	tc_flow_of(&s->link->conf, &objects[0], &objects[1], &flow);
	return flow;
}

static int
by_id(struct tc_record *a, struct tc_record *b)
{
	return (a->id > b->id) - (a->id < b->id);
}

static const char *
service_name(uint8_t service)
{
	return service == TC_SERVICE_GS ? "GS" : "CL";
}

/* NULL: Controlled Load, which borrows for it. */
static const char *
excess_name(const struct tc_record *r)
{
	if (r->service != TC_SERVICE_GS)
		return NULL;
	return tc_excess_rate(r) != 0 ? "demoted" : "reshaped";
}

/* In our tree and not ours. */
static bool
is_foreign(const struct tc_object *o)
{
	return (o->type == TC_FILTER && !tc_classifier_flower.is_node(o) &&
		       (o->pref < TC_PREF_V4 || o->pref > TC_PREF_ARP)) ||
	       (o->type == TC_CLASS && o->handle >> 16 == TC_MAJOR &&
		       o->kind == &tc_kind_other);
}

/* ---- text ---------------------------------------------------------------- */

static void
print_filter(const struct tc_filter *f)
{
	char dst[ADDR_TEXT];
	char src[ADDR_TEXT];

	printf("      to %s", addr_format(&f->dst, dst));
	if (f->dst_port != 0 && !f->by_label)
		printf(" port %u", f->dst_port);
	printf(" from %s",
		f->src.family == ADDR_NONE ? "any" : addr_format(&f->src, src));
	if (f->src_port != 0)
		printf(" port %u", f->src_port);
	if (f->by_label)
		printf(" flow label 0x%05x", f->flow_label);
	if (f->spi != 0)
		printf(" spi 0x%08x", f->spi);
	else
		printf(" protocol %u", f->proto);
	printf("\n");
}

static uint64_t
since(uint64_t total, uint64_t base)
{
	return total > base ? total - base : 0;
}

/* Only where there are some. */
static void
print_hidden(struct text *t, const uint64_t packets[TC_HIDDEN_KINDS])
{
	static const char *const words[TC_HIDDEN_KINDS] = {
		[TC_HIDDEN_FRAGMENT] = "fragments",
		[TC_HIDDEN_EXTENSION] = "packets with extension headers"
	};

	for (int k = 0; k < TC_HIDDEN_KINDS; k++)
		if (packets[k] > 0)
			text_printf(t, "; %llu %s as best effort",
				(unsigned long long)packets[k], words[k]);
}

static void
print_flow(const struct shown *s, const struct tc_record *r)
{
	const struct tc_flow flow = flow_of(s, r);
	const struct tc_class_stats *stats = &s->stats[r->minor];
	uint64_t hidden[TC_HIDDEN_KINDS];
	char buf[512];
	struct text t = text_over(buf, sizeof(buf));

	text_printf(&t, "  flow %u: class %x:%x %s ", r->id, TC_MAJOR, r->minor,
		service_name(r->service));
	text_add_rate(&t, (double)flow.rate_Bps);
	text_add(&t, ", bucket ");
	text_add_size(&t, (double)flow.bucket_bytes);
	text_add(&t, ", buffer ");
	text_add_size(&t, (double)flow.buffer_bytes);
	text_printf(&t, ": %llu packets, ",
		(unsigned long long)since(stats->packets, r->base.packets));
	text_add_size(&t, (double)since(stats->bytes, r->base.bytes));
	text_printf(&t, ", %llu dropped",
		(unsigned long long)since(stats->drops, r->base.drops));
	if (stats->backlog_bytes > 0) {
		text_add(&t, ", waiting ");
		text_add_size(&t, stats->backlog_bytes);
	}
	if (excess_name(r))
		text_printf(&t, "; excess %s", excess_name(r));
	if (r->as.marks)
		text_printf(&t, "; DSCP %u", r->as.dscp);
	if (r->as.marks_out)
		text_printf(&t, "; beyond the bucket DSCP %u", r->as.dscp_out);
	if (tc_hidden_of(s->link, r, hidden))
		print_hidden(&t, hidden);
	cli_print(buf);
	for (size_t i = 0; i < r->node_count; i++)
		print_filter(&r->nodes[i].filter);
}

static void
print_link(const struct shown *s)
{
	const struct tc_iface *conf = &s->link->conf;
	const struct tc_object *leaf =
		find(s, TC_QDISC_LEAF, tc_leaf_handle(TC_MINOR_BEST));
	uint64_t hidden[TC_HIDDEN_KINDS];
	char buf[512];
	struct text t = text_over(buf, sizeof(buf));
	struct tc_record *r;

	text_printf(&t, "%s: link ", s->name);
	text_add_rate(&t, (double)conf->link_Bps);
	text_add(&t, ", best effort ");
	text_add_rate(&t, (double)conf->best_effort_Bps);
	text_printf(&t, " (%s), control ", leaf ? leaf->kind->name : "?");
	text_add_rate(&t, (double)conf->control_Bps);
	text_printf(&t, ", idle classes %zu GS %zu CL", idle_count(s, TC_GS),
		idle_count(s, TC_CL));
	(void)tc_hidden_all(s->link, hidden);
	print_hidden(&t, hidden);
	cli_print(buf);
	for (r = s->link->flows; r; r = (struct tc_record *)r->hh.next)
		print_flow(s, r);
	for (size_t i = 0; i < s->dump.count; i++)
		if (is_foreign(&s->dump.all[i])) {
			t = text_over(buf, sizeof(buf));
			text_add(&t, "  foreign: ");
			tc_object_print(&t, &s->dump.all[i], s->name);
			cli_print(buf);
		}
}

static void
root_text(const struct shown *s, char buf[64])
{
	const struct tc_object *root = find_root(s);
	struct text t = text_over(buf, 64);

	if (!root || root->handle == 0)
		text_add(&t, "the kernel's default");
	else
		text_printf(&t, "%s %x:",
			root->kind == &tc_kind_other ? root->name
						     : root->kind->name,
			root->handle >> 16);
}

static void
print_shown(const struct shown *s)
{
	const struct tree_drawing drawing = {
		.out = stdout, .objects = &s->tree, .counts = &s->counts
	};
	char buf[64];
	char line[128];
	struct text t = text_over(line, sizeof(line));

	if (s->link) {
		print_link(s);
		return;
	}
	root_text(s, buf);
	text_printf(&t, "%s: not managed (root qdisc: %s)", s->name, buf);
	cli_print(line);
	tree_draw(&drawing);
}

/* ---- JSON ---------------------------------------------------------------- */

static json_t *
json_addr(const struct addr *a)
{
	char buf[ADDR_TEXT];

	return a->family == ADDR_NONE ? json_null()
				      : json_string(addr_format(a, buf));
}

static json_t *
json_filter(const struct tc_filter *f)
{
	return json_pack("{s:o, s:o, s:i, s:i, s:i, s:o, s:o}", "dst",
		json_addr(&f->dst), "src", json_addr(&f->src), "proto",
		f->proto, "dst_port", f->dst_port, "src_port", f->src_port,
		"flow_label",
		f->by_label ? json_integer(f->flow_label) : json_null(), "spi",
		f->spi != 0 ? json_integer(f->spi) : json_null());
}

/* Null where none are counted. */
static json_t *
with_hidden(const struct shown *s, json_t *json, bool counted,
	const uint64_t packets[TC_HIDDEN_KINDS])
{
	static const char *const names[TC_HIDDEN_KINDS] = {
		[TC_HIDDEN_FRAGMENT] = "hidden_fragments",
		[TC_HIDDEN_EXTENSION] = "hidden_extensions"
	};

	for (int k = 0; k < TC_HIDDEN_KINDS; k++)
		json_put(s->failed, json, names[k],
			counted ? json_integer((json_int_t)packets[k])
				: json_null());
	return json;
}

static json_t *
json_dscp(bool marks, uint8_t dscp)
{
	return marks ? json_integer(dscp) : json_null();
}

static json_t *
json_flow(const struct shown *s, const struct tc_record *r)
{
	const struct tc_flow flow = flow_of(s, r);
	const struct tc_class_stats *stats = &s->stats[r->minor];
	json_t *filters = json_array();
	uint64_t hidden[TC_HIDDEN_KINDS];
	bool counted = tc_hidden_of(s->link, r, hidden);
	char class[16];
	struct text t = text_over(class, sizeof(class));

	text_printf(&t, "%x:%x", TC_MAJOR, r->minor);
	for (size_t i = 0; i < r->node_count; i++)
		json_add(s->failed, filters, json_filter(&r->nodes[i].filter));
	json_t *json = json_pack(
		"{s:I, s:s, s:s, s:I, s:o, s:I, s:I, s:I, s:o, s:I, "
		"s:I, s:I, s:I, s:s?, s:o, s:o}",
		"id", (json_int_t)r->id, "class", class, "service",
		service_name(r->service), "rate_Bps", (json_int_t)flow.rate_Bps,
		"peak_Bps",
		flow.peak_Bps != 0 ? json_integer((json_int_t)flow.peak_Bps)
				   : json_null(),
		"bucket_bytes", (json_int_t)flow.bucket_bytes,
		"max_packet_bytes", (json_int_t)flow.max_packet_bytes,
		"buffer_bytes", (json_int_t)flow.buffer_bytes, "filters",
		filters, "bytes",
		(json_int_t)since(stats->bytes, r->base.bytes), "packets",
		(json_int_t)since(stats->packets, r->base.packets), "drops",
		(json_int_t)since(stats->drops, r->base.drops), "backlog_bytes",
		(json_int_t)stats->backlog_bytes, "excess", excess_name(r),
		"dscp", json_dscp(r->as.marks, r->as.dscp), "dscp_out",
		json_dscp(r->as.marks_out, r->as.dscp_out));

	return with_hidden(s, json, counted, hidden);
}

static json_t *
json_link(const struct shown *s)
{
	const struct tc_iface *conf = &s->link->conf;
	const struct tc_object *leaf =
		find(s, TC_QDISC_LEAF, tc_leaf_handle(TC_MINOR_BEST));
	json_t *flows = json_array();
	json_t *foreign = json_array();
	uint64_t hidden[TC_HIDDEN_KINDS];
	bool counted = tc_hidden_all(s->link, hidden);
	const struct tc_record *r;

	for (r = s->link->flows; r; r = (const struct tc_record *)r->hh.next)
		json_add(s->failed, flows, json_flow(s, r));
	for (size_t i = 0; i < s->dump.count; i++) {
		char buf[256];
		struct text t = text_over(buf, sizeof(buf));

		if (!is_foreign(&s->dump.all[i]))
			continue;
		tc_object_print(&t, &s->dump.all[i], s->name);
		json_add(s->failed, foreign, json_text(buf));
	}
	json_t *json = json_pack(
		"{s:o, s:I, s:b, s:I, s:I, s:I, s:s, s:{s:I, s:I}, "
		"s:o, s:o}",
		"name", json_text(s->name), "ifindex", (json_int_t)s->ifindex,
		"managed", 1, "link_Bps", (json_int_t)conf->link_Bps,
		"best_effort_Bps", (json_int_t)conf->best_effort_Bps,
		"control_Bps", (json_int_t)conf->control_Bps,
		"best_effort_kind", leaf ? leaf->kind->name : "?", "idle", "GS",
		(json_int_t)idle_count(s, TC_GS), "CL",
		(json_int_t)idle_count(s, TC_CL), "flows", flows, "foreign",
		foreign);

	return with_hidden(s, json, counted, hidden);
}

static json_t *
json_object_of(const struct shown *s, const struct tc_object *o)
{
	static const char *const types[] = { [TC_QDISC_ROOT] = "qdisc",
		[TC_QDISC_LEAF] = "qdisc",
		[TC_QDISC_INGRESS] = "qdisc",
		[TC_CLASS] = "class",
		[TC_FILTER] = "filter" };
	const struct tree_count *c = tree_count_of(&s->counts, o);
	char what[512];
	char parent[16];
	struct text w = text_over(what, sizeof(what));
	struct text p = text_over(parent, sizeof(parent));
	json_t *json;

	tree_show_text(o, &w);
	text_printf(&p, "%x:%x", o->parent >> 16, o->parent & 0xffff);
	json = json_pack("{s:s, s:s, s:o}", "type", types[o->type], "parent",
		parent, "text", json_text(what));
	if (c && json_object_update_new(json,
			 json_pack("{s:I, s:I, s:I, s:I, s:I}", "bytes",
				 (json_int_t)c->bytes, "packets",
				 (json_int_t)c->packets, "drops",
				 (json_int_t)c->drops, "overlimits",
				 (json_int_t)c->overlimits, "backlog_bytes",
				 (json_int_t)c->backlog_bytes)) != 0)
		*s->failed = true;
	return json;
}

static json_t *
json_tree(const struct shown *s)
{
	json_t *tree = json_array();

	for (size_t i = 0; i < s->tree.count; i++)
		if (!tree_is_automatic(&s->tree.all[i]))
			json_add(s->failed, tree,
				json_object_of(s, &s->tree.all[i]));
	return tree;
}

static json_t *
json_shown(const struct shown *s)
{
	char buf[64];
	json_t *json;
	json_t *tree;

	if (s->link)
		return json_link(s);
	root_text(s, buf);
	json = json_pack("{s:o, s:I, s:b, s:o}", "name", json_text(s->name),
		"ifindex", (json_int_t)s->ifindex, "managed", 0, "root",
		json_text(buf));
	tree = json_tree(s);
	if (json_array_size(tree) > 0)
		json_put(s->failed, json, "tree", tree);
	else
		json_decref(tree);
	return json;
}

/* ---- the command --------------------------------------------------------- */

/* The interfaces as JSON. */
struct told {
	bool json; /* else they are printed as they come */
	json_t *list;
	bool failed; /* something of it is missing */
};

static int
show_one(const struct asked *ask, const struct if_nameindex *i,
	struct told *told)
{
	struct shown s = { .name = i->if_name,
		.ifindex = i->if_index,
		.failed = &told->failed };
	int error = look(&s, ask);

	if (error == 0 && s.link)
		HASH_SORT(s.link->flows, by_id);
	if (error == 0 && told->json)
		json_add(&told->failed, told->list, json_shown(&s));
	else if (error == 0)
		print_shown(&s);
	look_away(&s);
	return error;
}

/* 0 or negative errno. */
static int
show_each(const struct cli_options *options, const struct asked *ask,
	struct told *told, bool *ret_found)
{
	struct if_nameindex *all = if_nameindex();
	int error = all ? 0 : -errno;

	for (const struct if_nameindex *i = all;
		i && i->if_index != 0 && error == 0; i++) {
		if (options->iface && strcmp(options->iface, i->if_name) != 0)
			continue;
		*ret_found = true;
		error = show_one(ask, i, told);
	}
	if_freenameindex(all);
	return error;
}

static int
show_all(const struct cli_options *options, const struct asked *ask)
{
	struct told told = { .json = options->json,
		.list = options->json ? json_array() : NULL };
	bool found = false;
	int error = show_each(options, ask, &told, &found);
	int status = CLI_DONE;

	if (error != 0) {
		json_decref(told.list);
		cli_complain(
			"the kernel's traffic control: %s", strerror(-error));
		return CLI_UNREACHABLE;
	}
	if (!found && options->iface) {
		cli_complain("there is no interface %s", options->iface);
		status = CLI_REFUSED;
	}
	if (!told.json)
		return status;
	return out_json_print(
		json_pack("{s:i, s:o}", "schema", 1, "interfaces", told.list),
		told.failed, status);
}

int
cli_show(const struct cli_options *options)
{
	struct nl_conn *conn = nl_conn_new();
	struct asked ask = { .host = conn ? nl_host_new() : NULL };
	int status;

	if (!ask.host) {
		cli_complain("netlink: %s", strerror(errno));
		nl_conn_free(conn);
		return CLI_UNREACHABLE;
	}
	ask.kernel = nl_conn_kernel(conn);
	if (tc_marker_open(&ask.marker, NULL))
		ask.kernel.marker = &ask.marker;
	status = show_all(options, &ask);
	tc_marker_close(&ask.marker);
	nl_host_free(ask.host);
	nl_conn_free(conn);
	return status;
}
