/* SPDX-License-Identifier: ISC */

/*
 * A description from libconfig: interfaces, their qdiscs and classes.
 *
 * Groups nest as the tree does.  They are not walked by recursion but from a
 * list of what is still to be read, so that no file can exhaust the stack.
 */

#include "tree_conf_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/lex.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define BIT(kind)    (1u << (kind))
#define AT(member)   offsetof(struct tree_params, member)

enum {
	HTB = BIT(TREE_HTB),
	TBF = BIT(TREE_TBF),
	PRIO = BIT(TREE_PRIO),
	SFQ = BIT(TREE_SFQ),
	FQ_CODEL = BIT(TREE_FQ_CODEL),
	PFIFO = BIT(TREE_PFIFO),
	BFIFO = BIT(TREE_BFIFO),
	ANY = 0xffff
};

/* 8 bit/s and 8 Tbit/s */
#define RATES  1, 1000000000000ull
#define BURSTS 1, UINT32_MAX
#define LONGS  1, 3600000000ull

/* clang-format off */
static const struct tree_key qdisc_keys[] = {
	{ "kind", TREE_T_OTHER, ANY, 0, 0, 0, "" },
	{ "handle", TREE_T_OTHER, ANY, 0, 0, 0, "" },
	{ "size_table", TREE_T_OTHER, ANY, 0, 0, 0, "" },
	{ "classes", TREE_T_OTHER, HTB | PRIO, 0, 0, 0, "" },
	{ "filters", TREE_T_OTHER, HTB | PRIO, 0, 0, 0, "" },
	{ "priomap", TREE_T_OTHER, PRIO, 0, 0, 0, "" },
	{ "default", TREE_T_OTHER, HTB, 0, 0, 0, "" },
	{ "r2q", TREE_T_COUNT, HTB, AT(r2q), 1, UINT32_MAX, "10" },
	{ "direct_qlen", TREE_T_COUNT, HTB, AT(direct_qlen), 1, UINT32_MAX, "1000" },
	{ "rate", TREE_T_RATE, TBF, AT(rate_Bps), RATES, "\"2 Mbit/s\"" },
	{ "peak", TREE_T_RATE, TBF, AT(peak_Bps), RATES, "\"4 Mbit/s\"" },
	{ "burst", TREE_T_BURST, TBF, AT(burst), BURSTS, "\"16 kB\"" },
	{ "mtu", TREE_T_SIZE, TBF, AT(mtu_bytes), 1, UINT32_MAX, "1514" },
	{ "overhead", TREE_T_SIZE, TBF, AT(overhead_bytes), 0, 2047, "24" },
	{ "mpu", TREE_T_SIZE, TBF, AT(mpu_bytes), 0, 65535, "84" },
	{ "atm", TREE_T_BOOL, TBF, AT(atm), 0, 1, "true" },
	{ "latency", TREE_T_TIME, TBF, AT(latency_us), 0, 3600000000ull, "\"50 ms\"" },
	{ "limit", TREE_T_SIZE, TBF | BFIFO, AT(limit), 0, UINT32_MAX, "\"60 kB\"" },
	{ "limit", TREE_T_COUNT, PFIFO | SFQ | FQ_CODEL, AT(limit), 0, UINT32_MAX, "1000" },
	{ "bands", TREE_T_COUNT, PRIO, AT(bands), 2, 16, "3" },
	{ "quantum", TREE_T_SIZE, SFQ | FQ_CODEL, AT(quantum_bytes), 1, INT32_MAX, "1514" },
	{ "perturb", TREE_T_SECONDS, SFQ, AT(perturb_s), 0, 65535, "\"10 s\"" },
	{ "divisor", TREE_T_COUNT, SFQ, AT(divisor), 1, 65536, "1024" },
	{ "depth", TREE_T_COUNT, SFQ, AT(depth), 1, 127, "127" },
	{ "flows", TREE_T_COUNT, SFQ, AT(flows), 1, 65408, "128" },
	{ "flows", TREE_T_COUNT, FQ_CODEL, AT(flows), 1, 65536, "1024" },
	{ "headdrop", TREE_T_BOOL, SFQ, AT(headdrop), 0, 1, "true" },
	{ "target", TREE_T_TIME, FQ_CODEL, AT(target_us), LONGS, "\"5 ms\"" },
	{ "interval", TREE_T_TIME, FQ_CODEL, AT(interval_us), LONGS, "\"100 ms\"" },
	{ "ecn", TREE_T_BOOL, FQ_CODEL, AT(ecn), 0, 1, "true" },
	{ "memory_limit", TREE_T_SIZE, FQ_CODEL, AT(memory_bytes), 1, UINT32_MAX, "\"32 MB\"" },
	{ "ce_threshold", TREE_T_TIME, FQ_CODEL, AT(ce_threshold_us), LONGS, "\"1 ms\"" },
	{ "drop_batch", TREE_T_COUNT, FQ_CODEL, AT(drop_batch), 1, UINT32_MAX, "64" },
};

static const struct tree_key class_keys[] = {
	{ "id", TREE_T_OTHER, ANY, 0, 0, 0, "" },
	{ "queue", TREE_T_OTHER, ANY, 0, 0, 0, "" },
	{ "filters", TREE_T_OTHER, HTB, 0, 0, 0, "" },
	{ "classes", TREE_T_OTHER, HTB, 0, 0, 0, "" },
	{ "rate", TREE_T_RATE, HTB, AT(rate_Bps), RATES, "\"2 Mbit/s\"" },
	{ "ceil", TREE_T_RATE, HTB, AT(ceil_Bps), RATES, "\"4 Mbit/s\"" },
	{ "burst", TREE_T_BURST, HTB, AT(burst), BURSTS, "\"16 kB\"" },
	{ "cburst", TREE_T_BURST, HTB, AT(cburst), BURSTS, "\"16 kB\"" },
	{ "mtu", TREE_T_SIZE, HTB, AT(mtu_bytes), 1, UINT32_MAX, "1600" },
	{ "prio", TREE_T_COUNT, HTB, AT(prio), 0, 7, "1" },
	{ "quantum", TREE_T_SIZE, HTB, AT(quantum_bytes), 1, INT32_MAX, "1514" },
	{ "overhead", TREE_T_SIZE, HTB, AT(overhead_bytes), 0, 2047, "24" },
	{ "atm", TREE_T_BOOL, HTB, AT(atm), 0, 1, "true" },
	{ "mpu", TREE_T_SIZE, HTB, AT(mpu_bytes), 0, 65535, "84" },
};

static const struct tree_key iface_keys[] = {
	{ "name", TREE_T_OTHER, 3, 0, 0, 0, "" },
	{ "root", TREE_T_OTHER, 3, 0, 0, 0, "" },
	{ "take_over", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "local", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "ingress", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "clsact", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "ifb", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "marks", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "txqueuelen", TREE_T_OTHER, 2, 0, 0, 0, "" },
};

static const struct tree_key top_keys[] = {
	{ "interfaces", TREE_T_OTHER, 1, 0, 0, 0, "" },
};

static const struct tree_key stab_keys[] = {
	{ "overhead", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "mpu", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "mtu", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "entries", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "linklayer", TREE_T_OTHER, 1, 0, 0, 0, "" },
};

static const struct tree_key ingress_keys[] = {
	{ "filters", TREE_T_OTHER, 1, 0, 0, 0, "" },
	{ "ingress", TREE_T_OTHER, 2, 0, 0, 0, "" },
	{ "egress", TREE_T_OTHER, 2, 0, 0, 0, "" },
};
/* clang-format on */

static const char *const kind_names[TREE_KINDS] = {
	[TREE_HTB] = "htb",
	[TREE_TBF] = "tbf",
	[TREE_PRIO] = "prio",
	[TREE_SFQ] = "sfq",
	[TREE_FQ_CODEL] = "fq_codel",
	[TREE_PFIFO] = "pfifo",
	[TREE_BFIFO] = "bfifo",
	[TREE_INGRESS] = "ingress",
	[TREE_CLSACT] = "clsact",
};

enum { IFACE = 1, IFB = 2, INGRESS = 1, CLSACT = 2, QUEUES = TREE_INGRESS };

const char *
tree_kind_name(enum tree_kind kind)
{
	return kind < TREE_KINDS ? kind_names[kind] : "?";
}

/* ---- what is still to be read -------------------------------------------- */

enum work { WORK_QDISC, WORK_CLASSES };

struct tree_work {
	uint8_t what; /* enum work */
	unsigned depth;
	uint32_t parent;
	uint8_t kind;     /* CLASSES: of their qdisc */
	unsigned in_line; /* CLASSES: where that stands */
	const config_setting_t *s;
};

static void
push(struct tree_reading *r, const struct tree_work *work)
{
	void *all = r->work;
	struct tree_work *w;

	if (!work->s)
		return;
	if (work->depth > TREE_DEPTH_MAX) {
		tree_error(r->faults, tree_line(work->s),
			"nested more than %d deep (the kernel takes 8 levels)",
			TREE_DEPTH_MAX);
		return;
	}
	w = (struct tree_work *)tree_grow(r, tree_line(work->s), &all,
		&r->work_count, sizeof(*w), "groups");
	r->work = (struct tree_work *)all;
	if (w)
		*w = *work;
}

static void
read_filters(
	struct tree_reading *r, const config_setting_t *list, uint32_t parent)
{
	static const char example[] = "( { match = { dport = 80; }; class = "
				      "\"1:10\"; } )";

	if (!list || !tree_is_list(r, list, config_setting_name(list), example))
		return;
	for (int i = 0; i < config_setting_length(list); i++)
		tree_read_filter(
			r, config_setting_get_elem(list, (unsigned)i), parent);
}

/* ---- qdiscs -------------------------------------------------------------- */

static void
read_handle(
	struct tree_reading *r, const config_setting_t *group, uint32_t *ret)
{
	const config_setting_t *s = config_setting_get_member(group, "handle");
	const char *text = s ? tree_get_text(r, s, "handle", "\"10:\"") : NULL;

	if (text && (!tree_parse_handle(text, ret) || *ret == 0 ||
			    (*ret & 0xffff) != 0 || *ret == 0xffff0000u)) {
		tree_error(r->faults, tree_line(s),
			"handle: not a hexadecimal number from 1 to fffe with "
			"a colon (write for example: handle = \"10:\";)");
		*ret = 0;
	}
}

/* What no filter takes would go out unshaped without anybody having said so:
 * "none" says it. */
static void
read_default(struct tree_reading *r, const config_setting_t *group,
	struct tree_qdisc *q)
{
	const config_setting_t *s = config_setting_get_member(group, "default");

	if (q->kind != TREE_HTB)
		return;
	if (!s)
		tree_error(r->faults, q->line,
			"no default: what no filter takes would be sent "
			"unshaped (add for example: default = \"1:30\"; or "
			"default = \"none\"; if that is meant)");
	else if (config_setting_type(s) != CONFIG_TYPE_STRING ||
		 strcmp(config_setting_get_string(s), "none") != 0)
		(void)tree_get_target(/* said */
			r, s, "default", &q->default_id, &q->default_missing);
}

static void
read_priomap(struct tree_reading *r, const config_setting_t *group,
	struct tree_qdisc *q)
{
	const config_setting_t *s = config_setting_get_member(group, "priomap");
	const uint64_t bands =
		q->p.bands == TREE_UNSET ? 3 : q->p.bands; /* the kernel's */

	if (!s || q->kind != TREE_PRIO)
		return;
	if (!config_setting_is_array(s) ||
		config_setting_length(s) != TREE_PRIOS) {
		tree_error(r->faults, tree_line(s),
			"priomap: not an array of %d bands, one for each "
			"priority (write for example: priomap = [ 1, 2, 2, 2, "
			"1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1 ];)",
			TREE_PRIOS);
		return;
	}
	q->has_priomap = true;
	for (int i = 0; i < TREE_PRIOS; i++) {
		int band = config_setting_get_int_elem(s, i);

		if (band < 0 || (uint64_t)band >= bands) {
			tree_error(r->faults, tree_line(s),
				"priomap: band %d of priority %d does not "
				"exist (use 0 to %d)",
				band, i, (int)bands - 1);
			return;
		}
		q->priomap[i] = (uint8_t)band;
	}
}

static void
read_stab_overhead(struct tree_reading *r, const config_setting_t *group,
	struct tree_stab *stab)
{
	const config_setting_t *s =
		config_setting_get_member(group, "overhead");

	if (!s)
		return;
	if (config_setting_type(s) != CONFIG_TYPE_INT ||
		config_setting_get_int(s) < -256 ||
		config_setting_get_int(s) > 256)
		tree_error(r->faults, tree_line(s),
			"overhead: not a whole number of octets from -256 to "
			"256 (write for example: overhead = 24;)");
	else
		stab->overhead = config_setting_get_int(s);
}

static void
read_stab(struct tree_reading *r, const config_setting_t *group,
	struct tree_qdisc *q)
{
	enum { MTU = 2047, ENTRIES = 512, MTU_MAX = 65535, MPU_MAX = 65535 };
	static const char *const layers[] = { "ethernet", "atm" };
	static const struct tree_keys keys = { stab_keys, COUNT(stab_keys), 1,
		"a size table" };
	const config_setting_t *s =
		config_setting_get_member(group, "size_table");
	const config_setting_t *m;
	struct tree_params unused;
	int layer = -1;

	if (!s || !tree_is_group(r, s, "size_table", "{ overhead = 24; }"))
		return;
	tree_get_keys(r, s, &keys, &unused);
	q->stab = (struct tree_stab){
		.line = tree_line(s), .mtu = MTU, .entries = ENTRIES
	};
	read_stab_overhead(r, s, &q->stab);
	if ((m = config_setting_get_member(s, "mpu")) != NULL)
		(void)tree_get_number(/* said */
			r, m, "mpu", MPU_MAX, "64", &q->stab.mpu);
	if ((m = config_setting_get_member(s, "mtu")) != NULL)
		(void)tree_get_number(/* said */
			r, m, "mtu", MTU_MAX, "2047", &q->stab.mtu);
	if ((m = config_setting_get_member(s, "entries")) != NULL)
		(void)tree_get_number(/* said */
			r, m, "entries", MTU_MAX, "512", &q->stab.entries);
	if ((m = config_setting_get_member(s, "linklayer")) != NULL)
		layer = tree_get_word(r, m, "linklayer", layers, 2);
	q->stab.linklayer = (uint8_t)(layer + 1); /* said: 0 */
}

/* The kind of a qdisc; TREE_KINDS, and the error said. */
static enum tree_kind
read_kind(struct tree_reading *r, const config_setting_t *group)
{
	const config_setting_t *s = config_setting_get_member(group, "kind");
	int kind;

	if (!s) {
		tree_error(r->faults, tree_line(group),
			"%s: no kind (add for example: kind = \"sfq\";)",
			config_setting_name(group));
		return TREE_KINDS;
	}
	kind = tree_get_word(r, s, "kind", kind_names, QUEUES);
	return kind < 0 ? TREE_KINDS : (enum tree_kind)kind;
}

static struct tree_qdisc *
add_qdisc(struct tree_reading *r, unsigned line, enum tree_kind kind,
	uint32_t parent)
{
	void *all = r->iface->qdiscs;
	struct tree_qdisc *q = (struct tree_qdisc *)tree_grow(
		r, line, &all, &r->iface->qdisc_count, sizeof(*q), "qdiscs");

	r->iface->qdiscs = (struct tree_qdisc *)all;
	if (!q)
		return NULL;
	q->line = line;
	q->kind = (uint8_t)kind;
	q->parent = parent;
	memset(&q->p, 0xff, sizeof(q->p)); /* TREE_UNSET, all of it */
	return q;
}

static void
read_qdisc(struct tree_reading *r, const struct tree_work *w)
{
	struct tree_keys keys = { qdisc_keys, COUNT(qdisc_keys), 0, NULL };
	struct tree_work classes = *w;
	enum tree_kind kind;
	struct tree_qdisc *q;
	char in[40];
	struct text t = text_over(in, sizeof(in));

	if (!tree_is_group(
		    r, w->s, config_setting_name(w->s), "{ kind = \"sfq\"; }"))
		return;
	kind = read_kind(r, w->s);
	q = kind == TREE_KINDS ? NULL
			       : add_qdisc(r, tree_line(w->s), kind, w->parent);
	if (!q)
		return;
	text_printf(&t, "a qdisc of kind %s", kind_names[kind]);
	keys.kind = BIT(kind);
	keys.in = in;
	tree_get_keys(r, w->s, &keys, &q->p);
	read_handle(r, w->s, &q->handle);
	read_default(r, w->s, q);
	read_priomap(r, w->s, q);
	read_stab(r, w->s, q);
	if (kind != TREE_HTB && kind != TREE_PRIO)
		return;
	classes.s = config_setting_get_member(w->s, "classes");
	if (q->handle == 0)
		tree_error(r->faults, q->line,
			"%s: no handle, and its classes need one (add for "
			"example: handle = \"1:\";)",
			config_setting_name(w->s));
	classes.what = WORK_CLASSES;
	classes.depth++;
	classes.kind = (uint8_t)kind;
	classes.in_line = q->line;
	classes.parent = q->handle;
	push(r, &classes);
	read_filters(r, config_setting_get_member(w->s, "filters"), q->handle);
}

/* ---- classes ------------------------------------------------------------- */

static void
read_class(struct tree_reading *r, const config_setting_t *group,
	const struct tree_work *w)
{
	const struct tree_keys keys = { class_keys, COUNT(class_keys),
		BIT(w->kind),
		w->kind == TREE_HTB ? "a class of htb" : "a class of prio" };
	const config_setting_t *id = config_setting_get_member(group, "id");
	void *all = r->iface->classes;
	struct tree_work below = *w;
	struct tree_class *c =
		(struct tree_class *)tree_grow(r, tree_line(group), &all,
			&r->iface->class_count, sizeof(*c), "classes");

	r->iface->classes = (struct tree_class *)all;
	if (!c)
		return;
	*c = (struct tree_class){ .line = tree_line(group),
		.parent = w->parent,
		.in = w->kind,
		.in_line = w->in_line };
	memset(&c->p, 0xff, sizeof(c->p)); /* TREE_UNSET, all of it */
	tree_get_keys(r, group, &keys, &c->p);
	if (!id)
		tree_error(r->faults, c->line,
			"a class without id (add for example: id = \"1:10\";)");
	else if (!tree_get_class(r, id, "id", &c->id))
		c->id = 0;
	if (w->kind == TREE_HTB && !config_setting_get_member(group, "rate"))
		tree_error(r->faults, c->line,
			"a class of htb without rate (add for example: rate = "
			"\"2 Mbit/s\";)");
	if (c->id == 0)
		return; /* what is below it has nowhere to go */
	below.depth++;
	below.parent = c->id;
	below.s = config_setting_get_member(group, "classes");
	push(r, &below);
	below.what = WORK_QDISC;
	below.s = config_setting_get_member(group, "queue");
	push(r, &below);
	read_filters(r, config_setting_get_member(group, "filters"), c->id);
}

static void
read_classes(struct tree_reading *r, const struct tree_work *w)
{
	if (!tree_is_list(r, w->s, "classes",
		    "( { id = \"1:10\"; rate = \"2 Mbit/s\"; } )"))
		return;
	for (int i = 0; i < config_setting_length(w->s); i++) {
		const config_setting_t *e =
			config_setting_get_elem(w->s, (unsigned)i);

		if (tree_is_group(r, e, "classes", "{ id = \"1:10\"; }"))
			read_class(r, e, w);
	}
}

static void
read_qdiscs(struct tree_reading *r, const config_setting_t *root)
{
	const struct tree_work first = {
		.what = WORK_QDISC, .parent = TC_PARENT_ROOT, .s = root
	};

	r->work_count = 0;
	push(r, &first);
	for (size_t i = 0; i < r->work_count; i++) {
		const struct tree_work w = r->work[i];

		if (w.what == WORK_QDISC)
			read_qdisc(r, &w);
		else
			read_classes(r, &w);
	}
	free(r->work);
	r->work = NULL;
	r->work_count = 0;
}

/* ---- interfaces ---------------------------------------------------------- */

/* "own IPv6", "own IPv4 of br0" */
static bool
parse_own(const char *text, struct tree_local *ret)
{
	static const char *const words[] = { "own IPv4", "own IPv6" };

	for (size_t i = 0; i < COUNT(words); i++) {
		size_t n = strlen(words[i]);

		if (strncmp(text, words[i], n) != 0)
			continue;
		ret->own = i == 0 ? ADDR_V4 : ADDR_V6;
		if (text[n] == '\0')
			return true;
		return strncmp(text + n, " of ", 4) == 0 &&
		       text[n + 4] != '\0' &&
		       text_copy(ret->of, sizeof(ret->of), text + n + 4);
	}
	return false;
}

static void
read_local(struct tree_reading *r, const config_setting_t *group)
{
	static const char example[] = "( \"192.168.0.0/16\", \"own IPv6\" )";
	const config_setting_t *list =
		config_setting_get_member(group, "local");

	if (!list)
		return;
	if (!config_setting_is_list(list) && !config_setting_is_array(list)) {
		tree_error(r->faults, tree_line(list),
			"local: not a list of prefixes (write for example: "
			"local = %s;)",
			example);
		return;
	}
	if (config_setting_length(list) > TREE_LOCAL_MAX) {
		tree_error(r->faults, tree_line(list),
			"local: more than %d entries", TREE_LOCAL_MAX);
		return;
	}
	for (int i = 0; i < config_setting_length(list); i++) {
		const config_setting_t *s =
			config_setting_get_elem(list, (unsigned)i);
		const char *text = tree_get_text(r, s, "local", example);
		struct tree_local *local =
			&r->iface->local[r->iface->local_count];

		if (!text)
			continue;
		*local = (struct tree_local){ .line = tree_line(s) };
		if (parse_own(text, local) ||
			addr_prefix_parse(text, &local->prefix))
			r->iface->local_count++;
		else
			tree_error(r->faults, tree_line(s),
				"local: not a prefix, \"own IPv4\" or \"own "
				"IPv6\" (write for example: local = %s;)",
				example);
	}
}

static void
read_ingress(struct tree_reading *r, const config_setting_t *group)
{
	static const struct tree_keys keys[] = {
		{ ingress_keys, COUNT(ingress_keys), INGRESS, "ingress" },
		{ ingress_keys, COUNT(ingress_keys), CLSACT, "clsact" },
	};
	const config_setting_t *in =
		config_setting_get_member(group, "ingress");
	const config_setting_t *cls =
		config_setting_get_member(group, "clsact");
	const config_setting_t *s = in ? in : cls;
	struct tree_params unused;
	struct tree_qdisc *q;

	if (in && cls)
		tree_error(r->faults, tree_line(cls),
			"clsact and ingress exclude each other (move the "
			"filters of ingress to clsact.ingress)");
	if (!s || !tree_is_group(r, s, config_setting_name(s),
			  "{ filters = ( ... ); }"))
		return;
	tree_get_keys(r, s, &keys[in ? 0 : 1], &unused);
	q = add_qdisc(r, tree_line(s), in ? TREE_INGRESS : TREE_CLSACT,
		TC_INGRESS_PARENT);
	if (!q)
		return;
	q->handle = TC_INGRESS_HANDLE;
	if (in)
		read_filters(r, config_setting_get_member(s, "filters"),
			TC_INGRESS_HANDLE);
	else {
		read_filters(r, config_setting_get_member(s, "ingress"),
			TC_CLSACT_INGRESS);
		read_filters(r, config_setting_get_member(s, "egress"),
			TC_CLSACT_EGRESS);
	}
}

static struct tree_iface *
add_iface(struct tree_reading *r, unsigned line)
{
	struct tree_iface *iface;

	if (r->tree->count == TREE_IFACES_MAX) {
		tree_error(r->faults, line, "more than %d interfaces",
			TREE_IFACES_MAX);
		return NULL;
	}
	iface = &r->tree->ifaces[r->tree->count++];
	*iface = (struct tree_iface){ .line = line };
	r->iface = iface;
	return iface;
}

/* The ifb that takes what arrives; called after its interface. */
static void
read_ifb(struct tree_reading *r, const config_setting_t *group)
{
	enum { TXQUEUELEN = 1000, TXQUEUELEN_MAX = 1000000 };
	static const struct tree_keys keys = { iface_keys, COUNT(iface_keys),
		IFB, "an ifb" };
	const config_setting_t *s = config_setting_get_member(group, "ifb");
	struct tree_iface *of = r->iface;
	struct tree_params unused;
	struct tree_iface *ifb;
	const config_setting_t *m;
	struct text t;

	if (!s || !tree_is_group(r, s, "ifb", "{ root = { ... }; }"))
		return;
	ifb = add_iface(r, tree_line(s));
	if (!ifb)
		return;
	tree_get_keys(r, s, &keys, &unused);
	ifb->is_ifb = true;
	ifb->txqueuelen = TXQUEUELEN;
	ifb->take_over = of->take_over;
	(void)text_copy(ifb->ifb_of, TC_NAME, of->name); /* as long */
	t = text_over(ifb->name, TC_NAME);
	text_printf(&t, "ifb-%s", of->name); /* cut where it is too long */
	if ((m = config_setting_get_member(s, "name")) != NULL)
		(void)tree_get_name(r, m, "name", ifb->name); /* said */
	if ((m = config_setting_get_member(s, "txqueuelen")) != NULL)
		(void)tree_get_number(r, m, "txqueuelen", /* said */
			TXQUEUELEN_MAX, "1000", &ifb->txqueuelen);
	(void)text_copy(of->ifb, TC_NAME, ifb->name); /* as long */
	read_qdiscs(r, config_setting_get_member(s, "root"));
}

static void
read_marks(struct tree_reading *r, const config_setting_t *group)
{
	const config_setting_t *list =
		config_setting_get_member(group, "marks");

	if (!list ||
		!tree_is_list(r, list, "marks",
			"( { match = { sport = 5060; }; dscp = \"af41\"; } )"))
		return;
	for (int i = 0; i < config_setting_length(list); i++)
		tree_read_mark(r, config_setting_get_elem(list, (unsigned)i));
}

static void
read_iface(struct tree_reading *r, const config_setting_t *group)
{
	static const struct tree_keys keys = { iface_keys, COUNT(iface_keys),
		IFACE, "an interface" };
	const config_setting_t *name = config_setting_get_member(group, "name");
	const config_setting_t *over =
		config_setting_get_member(group, "take_over");
	struct tree_params unused;

	if (!tree_is_group(
		    r, group, "interfaces", "( { name = \"eth0\"; } )") ||
		!add_iface(r, tree_line(group)))
		return;
	tree_get_keys(r, group, &keys, &unused);
	if (!name)
		tree_error(r->faults, tree_line(group),
			"an interface without name (add: name = \"eth0\";)");
	else
		(void)tree_get_name(r, name, "name", r->iface->name); /* said */
	if (over)
		(void)tree_get_bool(/* said */
			r, over, "take_over", &r->iface->take_over);
	read_local(r, group);
	read_qdiscs(r, config_setting_get_member(group, "root"));
	read_ingress(r, group);
	read_marks(r, group);
	read_ifb(r, group);
}

static void
read_top(struct tree_reading *r, const config_setting_t *root)
{
	static const struct tree_keys keys = { top_keys, COUNT(top_keys), 1,
		"the file" };
	const config_setting_t *list =
		config_setting_get_member(root, "interfaces");
	struct tree_params unused;

	tree_get_keys(r, root, &keys, &unused);
	if (!list) {
		tree_error(r->faults, 0,
			"no interfaces (add: interfaces = ( { name = \"eth0\"; "
			"root = { ... }; } );)");
		return;
	}
	if (!tree_is_list(r, list, "interfaces", "( { name = \"eth0\"; } )"))
		return;
	for (int i = 0; i < config_setting_length(list); i++)
		read_iface(r, config_setting_get_elem(list, (unsigned)i));
}

/* ---- the whole ----------------------------------------------------------- */

static void
read_text(struct tree_reading *r, const char *text, size_t len)
{
	struct lex_fault fault;
	char *ended;
	config_t cf;

	if (!lex_check(text, len, &fault)) {
		tree_error(r->faults, fault.line, "%s", fault.text);
		return;
	}
	ended = lex_ended(text);
	config_init(&cf);
	if (config_read_string(&cf, ended ? ended : text))
		read_top(r, config_root_setting(&cf));
	else
		tree_error(r->faults, (unsigned)config_error_line(&cf),
			"%s (a setting is name = value; groups are { }, lists "
			"( ), text is in quotes)",
			config_error_text(&cf));
	config_destroy(&cf);
	free(ended);
}

bool
tree_read(const char *text, size_t len, struct tree *ret_tree,
	struct tree_faults *faults)
{
	struct tree tree = { 0 };
	struct tree_reading r = { .tree = &tree, .faults = faults };

	tree.ifaces = (struct tree_iface *)calloc(
		TREE_IFACES_MAX, sizeof(*tree.ifaces));
	if (!tree.ifaces)
		tree_error(faults, 0, "no memory");
	else
		read_text(&r, text, len);
	for (size_t i = 0; i < tree.count; i++)
		tree_number_filters(&tree.ifaces[i]);
	if (faults->errors == 0)
		tree_check(&tree, faults);
	if (faults->errors == 0)
		*ret_tree = tree;
	else
		tree_done(&tree);
	return faults->errors == 0;
}

void
tree_done(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->ifaces[i].qdiscs);
		free(tree->ifaces[i].classes);
		free(tree->ifaces[i].filters);
		free(tree->ifaces[i].marks);
	}
	free(tree->ifaces);
	*tree = (struct tree){ 0 };
}
