/* SPDX-License-Identifier: ISC */

/*
 * What comes in on an interface, queued here and not where the other end of the
 * link has its queue: an ingress qdisc sends it through an ifb, whose tree is
 * that of any managed interface, without flows: RSVP, ARP and neighbour
 * discovery have the class of control traffic, the rest is best effort.  From
 * there it goes on into the stack as if it had just come in.
 *
 * The ifb has the interface's name in its own, and the filter a key that always
 * matches and says whose it is: both are found again after a restart.  Whatever
 * else is on the incoming side stays, ahead of us.
 */

#include "ingress_int.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

#include "link_int.h"
#include "tree_int.h"

#define INGRESS_MARK 0x52535649u /* "RSVI" */

enum {
	PREF = 0xff00, /* behind what others put there */
	CONTROL_DIVIDER = 100,
	CONTROL_MIN_BPS = 8000, /* 64 kbit/s */
	FIRST_PAUSE_MS = 100,
	WINDOW_MS = 60000
};

void
tc_ingress_name(const struct tc_iface *of, char name[TC_NAME])
{
	struct text t = text_over(name, TC_NAME);

	text_printf(&t, "%s%s", TC_INGRESS_PREFIX, of->name);
	if (!t.cut)
		return;
	t = text_over(name, TC_NAME);
	text_printf(&t, "%s%u", TC_INGRESS_PREFIX, of->ifindex);
}

/* The ifb as an interface of ours. */
static struct tc_iface
conf_of(const struct tc_iface *of, uint32_t ifindex)
{
	struct tc_iface c = *of;

	c.ifindex = ifindex;
	tc_ingress_name(of, c.name);
	c.link_Bps = of->ingress_Bps;
	c.control_Bps = c.link_Bps / CONTROL_DIVIDER;
	if (c.control_Bps < CONTROL_MIN_BPS)
		c.control_Bps = CONTROL_MIN_BPS;
	if (c.control_Bps > c.link_Bps / 2)
		c.control_Bps = c.link_Bps / 2;
	c.best_effort_Bps = c.link_Bps - c.control_Bps;
	c.pool_low = 0;
	c.pool_high = 0;
	c.classifier = TC_CLASSIFIER_AUTO;
	c.ingress_Bps = 0;
	c.gso_segs = 0; /* nothing is sent there by this host */
	c.gro_octets = 0;
	return c;
}

static void
refuse(struct tc_done *done, int error, const char *text)
{
	done->error = error;
	(void)text_copy(done->text, sizeof(done->text), text);
}

/* ---- the way there ------------------------------------------------------- */

static bool
is_ours(const struct tc_object *o)
{
	return o->type == TC_FILTER && o->pref == PREF &&
	       o->kind == &tc_kind_u32 && o->u32.key_count == 1 &&
	       o->u32.keys[0].mask == 0 && o->u32.keys[0].value == INGRESS_MARK;
}

/* The same, when the ifb has gone: the kernel has forgotten where it led, and
 * drops all that comes in. */
static bool
is_broken(const struct tc_object *o)
{
	return o->type == TC_FILTER && o->pref == PREF &&
	       o->kind == &tc_kind_other && strcmp(o->name, "u32/mirred") == 0;
}

/* What a dump of the incoming side shows. */
struct found {
	const struct tc_object *qdisc; /* NULL: none */
	bool ours;                     /* our filter is there */
	bool broken;                   /* and leads nowhere */
	bool foreign;                  /* filters of others */
};

static struct found
look(const struct tc_objects *have)
{
	struct found f = { 0 };

	for (size_t i = 0; i < have->count; i++) {
		const struct tc_object *o = &have->all[i];

		if (o->type == TC_QDISC_INGRESS)
			f.qdisc = o;
		else if (is_ours(o) || is_broken(o))
			f.ours = true;
		else if (!tc_object_is_automatic(o))
			f.foreign = true;
		f.broken = f.broken || is_broken(o);
	}
	return f;
}

/* A qdisc that is there has a purpose unless it is empty. */
static bool
may_use(const struct tc_link *link, const struct found *f)
{
	return !f->qdisc || f->ours || link->conf.take_over ||
	       (!f->foreign && f->qdisc->kind == &tc_kind_ingress);
}

static void
want_qdisc(const struct tc_link *link, struct tc_objects *want)
{
	struct tc_object *o = tc_objects_add(want);

	if (!o)
		return;
	o->type = TC_QDISC_INGRESS;
	o->ifindex = link->conf.ifindex;
	o->handle = TC_INGRESS_HANDLE;
	o->parent = TC_INGRESS_PARENT;
	o->kind = &tc_kind_ingress;
}

static void
want_filter(const struct tc_link *link, const struct found *f, uint32_t ifb,
	struct tc_objects *want)
{
	bool clsact = f->qdisc && f->qdisc->kind == &tc_kind_clsact;
	struct tc_object *o = tc_objects_add(want);
	struct tc_extra *extra = o ? tc_objects_extra(want, o) : NULL;

	if (!extra)
		return;
	o->type = TC_FILTER;
	o->ifindex = link->conf.ifindex;
	o->parent = clsact ? TC_CLSACT_INGRESS : TC_INGRESS_HANDLE;
	o->pref = PREF;
	o->protocol = ETH_P_ALL;
	o->kind = &tc_kind_u32;
	o->u32.flags = TC_U32_FLAG_TERMINAL;
	o->u32.key_count = 1;
	o->u32.keys[0] = (struct tc_key){ .mask = 0, .value = INGRESS_MARK };
	extra->action_count = 1;
	extra->actions[0] = (struct tc_action){ .kind = &tc_action_mirred,
		.control = TC_VERDICT_STOLEN,
		.mirred = { ifb, TC_MIRRED_REDIRECT } };
}

/* What others have, and ours; empty: without the qdisc that we have made. */
static void
want_side(const struct tc_link *link, const struct tc_objects *have,
	uint32_t ifb, bool empty, struct tc_objects *want)
{
	const struct found f = look(have);

	for (size_t i = 0; i < have->count; i++) {
		const struct tc_object *o = &have->all[i];
		bool goes = tc_object_is_automatic(o) || is_ours(o) ||
			    (empty && o->kind == &tc_kind_ingress);

		if (!goes && tree_is_known(o))
			(void)tc_objects_copy(want, o); /* kept in failed */
	}
	if (ifb != 0 && !f.qdisc)
		want_qdisc(link, want);
	if (ifb != 0)
		want_filter(link, &f, ifb, want);
	tc_objects_rank(want);
	tc_objects_sort(want);
}

static int
bring(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_objects *want, const struct tc_ingress_tell *tell,
	struct tc_done *ret_done)
{
	struct tc_kernel incoming = *kernel;
	const struct tree_bring b = { .kernel = &incoming,
		.ifindex = link->conf.ifindex,
		.name = link->conf.name,
		.tell = tell->op,
		.arg = tell->arg };
	struct tree_outcome outcome;
	int error;

	incoming.dump_tree = kernel->dump_incoming;
	error = tree_bring(&b, want, TREE_INCOMING | TREE_SHARED, &outcome);
	if (error == 0 && outcome.error != 0)
		refuse(ret_done, outcome.error, outcome.text);
	return error;
}

/* Our filter with its preference, which would stay empty where others have
 * filters of u32. */
static int
remove_filter(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_objects *have, struct tc_done *ret_done)
{
	struct tc_op op = { .kind = TC_OP_DEL };
	struct tc_result result = { 0 };
	int error;

	for (size_t i = 0; i < have->count; i++)
		if (is_ours(&have->all[i]) || is_broken(&have->all[i]))
			op.have = have->all[i];
	op.have.any_handle = true;
	op.have.kind = &tc_kind_u32; /* also when it is no more as it was */
	error = kernel->run(kernel->arg, &op, 1, &result);
	if (error == 0 && result.error != 0 && result.error != ENOENT)
		refuse(ret_done, result.error,
			"the filter on the incoming side cannot be removed");
	tc_objects_done(have);
	if (error == 0 && ret_done->error == 0)
		error = kernel->dump_incoming(
			kernel->arg, link->conf.ifindex, have);
	return error;
}

/* From what there is to what is wanted; ifb 0: nothing is redirected. */
static int
turn(struct tc_link *link, const struct tc_kernel *kernel, uint32_t ifb,
	const struct tc_ingress_tell *tell, struct tc_objects *have,
	struct tc_done *ret_done)
{
	struct tc_objects want = { .alloc = link->alloc };
	const struct found f = look(have);
	bool ours_alone = f.ours && !f.foreign;
	int error = 0;

	if (ifb != 0 && !may_use(link, &f)) {
		refuse(ret_done, EBUSY,
			"another program's qdisc is on the incoming side of "
			"the interface; remove it, or set takeOver");
		return 0;
	}
	if (f.ours && (ifb == 0 || f.broken))
		error = remove_filter(link, kernel, have, ret_done);
	if (error != 0 || ret_done->error != 0 || (ifb == 0 && !f.ours))
		return error;
	want_side(link, have, ifb, ifb == 0 && ours_alone, &want);
	error = have->failed || want.failed
			? -ENOMEM
			: bring(link, kernel, &want, tell, ret_done);
	tc_objects_done(&want);
	return error;
}

static int
redirect(struct tc_link *link, const struct tc_kernel *kernel, uint32_t ifb,
	const struct tc_ingress_tell *tell, struct tc_done *ret_done)
{
	struct tc_objects have = { .alloc = link->alloc };
	int error =
		kernel->dump_incoming(kernel->arg, link->conf.ifindex, &have);

	if (error == 0 && have.failed)
		error = -ENOMEM;
	if (error == 0)
		error = turn(link, kernel, ifb, tell, &have, ret_done);
	tc_objects_done(&have);
	return error;
}

/* ---- the ifb ------------------------------------------------------------- */

/* Whose name is taken is refused. */
static int
find_ifb(const struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_ifb *ret_ifb, struct tc_done *ret_done)
{
	char name[TC_NAME];
	int error;

	tc_ingress_name(&link->conf, name);
	error = kernel->ifbs->find(kernel->ifbs->arg, name, ret_ifb);
	if (error == 0 && ret_ifb->ifindex != 0 && !ret_ifb->is_ifb)
		refuse(ret_done, EEXIST,
			"an interface that is no ifb has the name that its "
			"ifb would have");
	return error;
}

static void
refuse_ifb(struct tc_done *done, const char *what, const struct tc_result *r)
{
	struct text t = text_over(done->text, TC_TEXT);

	done->error = r->error;
	text_printf(&t, "%s: %s", what,
		r->text[0] != '\0' ? r->text : strerror(r->error));
}

static int
raise_ifb(const struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_ingress_tell *tell, uint32_t ifindex,
	struct tc_done *ret_done)
{
	struct tc_result result = { 0 };
	char name[TC_NAME];
	int error = kernel->ifbs->up(kernel->ifbs->arg, ifindex, &result);

	if (error == 0 && result.error != 0)
		refuse_ifb(ret_done, "its ifb cannot be set up", &result);
	if (error != 0 || result.error != 0 || !tell->raised)
		return error;
	tc_ingress_name(&link->conf, name);
	tell->raised(tell->arg, name);
	return 0;
}

static int
make_ifb(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_ingress_tell *tell, struct tc_done *ret_done)
{
	struct tc_result result = { 0 };
	char name[TC_NAME];
	int error;

	tc_ingress_name(&link->conf, name);
	error = kernel->ifbs->make(
		kernel->ifbs->arg, name, link->conf.mtu, &result);
	if (error == 0 && result.error != 0)
		refuse_ifb(ret_done, "no ifb can be made", &result);
	if (error != 0 || result.error != 0)
		return error;
	link->ingress.made = true;
	if (tell->made)
		tell->made(tell->arg, name);
	return 0;
}

/* Found or made, and up. */
static int
get_ifb(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_ingress_tell *tell, struct tc_ifb *ret_ifb,
	struct tc_done *ret_done)
{
	int error = find_ifb(link, kernel, ret_ifb, ret_done);

	if (error != 0 || ret_done->error != 0)
		return error;
	if (ret_ifb->ifindex != 0)
		return ret_ifb->up ? 0
				   : raise_ifb(link, kernel, tell,
					     ret_ifb->ifindex, ret_done);
	error = make_ifb(link, kernel, tell, ret_done);
	if (error != 0 || ret_done->error != 0)
		return error;
	return find_ifb(link, kernel, ret_ifb, ret_done);
}

static void
forget_ifb(struct tc_link *link)
{
	tc_link_free(link->ingress.ifb);
	link->ingress.ifb = NULL;
}

/* Its tree, built, adopted or changed. */
static int
follow_tree(struct tc_link *link, const struct tc_kernel *kernel,
	uint32_t ifindex, const struct tc_listener *listener,
	struct tc_done *ret_done)
{
	const struct tc_iface conf = conf_of(&link->conf, ifindex);
	struct tc_link *ifb = link->ingress.ifb;
	int error;

	if (ifb && (ifb->lost || ifb->conf.ifindex != ifindex)) {
		forget_ifb(link);
		ifb = NULL;
	}
	if (ifb)
		return tc_link_change(ifb, kernel, &conf, ret_done);
	ifb = tc_link_new(link->alloc, &conf);
	if (!ifb)
		return -ENOMEM;
	link->ingress.ifb = ifb;
	error = tc_link_open(ifb, kernel, 0, listener, ret_done);
	if (error == 0 && ret_done->error != 0)
		forget_ifb(link);
	return error;
}

/* ---- life ---------------------------------------------------------------- */

static int
open_all(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener, const struct tc_ingress_tell *tell,
	struct tc_done *ret_done)
{
	struct tc_ifb ifb = { 0 };
	int error = get_ifb(link, kernel, tell, &ifb, ret_done);

	if (error == 0 && ret_done->error == 0)
		error = follow_tree(
			link, kernel, ifb.ifindex, listener, ret_done);
	if (error == 0 && ret_done->error == 0)
		error = redirect(link, kernel, ifb.ifindex, tell, ret_done);
	return error;
}

/* The ifb of that name, if we have made it or its tree is of ours. */
static int
remove_ifb(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done)
{
	struct tc_result result = { 0 };
	struct tc_done other = { 0 };
	struct tc_ifb ifb = { 0 };
	uint32_t root = 0;
	int error = find_ifb(link, kernel, &ifb, &other);

	if (error != 0 || other.error != 0 || ifb.ifindex == 0)
		return error;
	error = kernel->root(kernel->arg, ifb.ifindex, &root);
	if (error != 0 || (root != TC_ROOT_HANDLE && !link->ingress.made))
		return error;
	error = kernel->ifbs->remove(kernel->ifbs->arg, ifb.ifindex, &result);
	if (error == 0 && result.error != 0 && result.error != ENODEV)
		refuse(ret_done, result.error, "the ifb cannot be removed");
	return error;
}

int
tc_ingress_close(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done)
{
	const struct tc_ingress_tell nobody = { 0 };
	int error;

	*ret_done = (struct tc_done){ 0 };
	link->ingress.pending = false; /* unless our caller tries again */
	if (!kernel->ifbs || !kernel->dump_incoming)
		return 0;
	/* Nothing goes there any more before it goes. */
	error = redirect(link, kernel, 0, &nobody, ret_done);
	if (error == 0 && ret_done->error == 0)
		error = remove_ifb(link, kernel, ret_done);
	if (error == 0 && ret_done->error == 0)
		forget_ifb(link);
	return error;
}

static int
follow(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener, const struct tc_ingress_tell *tell,
	struct tc_done *ret_done)
{
	struct tc_done undone = { 0 };
	int error;

	*ret_done = (struct tc_done){ 0 };
	if (link->conf.ingress_Bps == 0)
		return tc_ingress_close(link, kernel, ret_done);
	if (!kernel->ifbs || !kernel->dump_incoming) {
		refuse(ret_done, EOPNOTSUPP, "no ifb can be made here");
		return 0;
	}
	error = open_all(link, kernel, listener, tell, ret_done);
	if (error != 0 || ret_done->error == 0)
		return error;
	return tc_ingress_close(link, kernel, &undone);
}

int
tc_ingress_follow(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener)
{
	const struct tc_ingress_tell nobody = { 0 };
	const bool pending = link->ingress.pending;
	struct tc_done done;
	char buf[TC_TEXT];
	struct text t = text_over(buf, sizeof(buf));
	int error = follow(link, kernel, listener, &nobody, &done);

	if (error != 0 || done.error == 0)
		return error;
	link->ingress.pending = pending && link->conf.ingress_Bps != 0;
	text_printf(&t, "%s: what comes in is %s: %s", link->conf.name,
		link->conf.ingress_Bps != 0 ? "not shaped" : "still shaped",
		done.text);
	listener->note(listener->arg, buf);
	return 0;
}

/* ---- what others do ------------------------------------------------------ */

static bool
concerns(const struct tc_link *link, const struct tc_event *event)
{
	const struct tc_link *ifb = link->ingress.ifb;

	if (!event)
		return true;
	if (event->link)
		return ifb && event->ifindex == ifb->conf.ifindex;
	return event->ifindex == link->conf.ifindex &&
	       event->parent >> 16 == TC_INGRESS_HANDLE >> 16;
}

/* Repairs are counted by the minute. */
static void
begin_window(struct tc_ingress *in, struct mono now)
{
	if (mono_ms_between(in->since, now) < WINDOW_MS)
		return;
	in->since = now;
	in->repairs = 0;
}

/* It doubles with each. */
static struct mono
after_pause(const struct tc_ingress *in, struct mono now)
{
	return mono_add_ms(now, FIRST_PAUSE_MS << in->repairs);
}

void
tc_ingress_event(
	struct tc_link *link, const struct tc_event *event, struct mono now)
{
	struct tc_ingress *in = &link->ingress;

	if (link->conf.ingress_Bps == 0 || !concerns(link, event))
		return;
	if (event && event->link && event->gone)
		in->ifb->lost = true; /* with all packets, until it is back */
	in->port = event ? event->port : 0;
	begin_window(in, now);
	/* What made it fail may have gone. */
	if (in->pending && in->failing)
		in->due = mono_earlier(in->due,
			mono_add_ms(now, FIRST_PAUSE_MS << TC_REPAIRS_MAX));
	if (in->pending)
		return;
	in->pending = true;
	in->due = in->repairs == 0 ? now : after_pause(in, now);
}

struct mono
tc_ingress_next(const struct tc_link *link)
{
	return link->ingress.pending && !link->lost ? link->ingress.due
						    : MONO_NEVER;
}

/* The first thing that had to be done, and how many. */
struct repairing {
	struct text text;
	size_t count;
	char buf[TC_TEXT / 2];
};

static void
on_op(void *arg, const struct tc_op *op)
{
	struct repairing *r = (struct repairing *)arg;

	if (r->count++ == 0)
		tc_op_print(&r->text, op, NULL);
}

static void
on_made(void *arg, const char *name)
{
	struct repairing *r = (struct repairing *)arg;

	if (r->count++ == 0)
		text_printf(&r->text, "add interface %s", name);
}

static void
on_raised(void *arg, const char *name)
{
	struct repairing *r = (struct repairing *)arg;

	if (r->count++ == 0)
		text_printf(&r->text, "set interface %s up", name);
}

static void
report(struct tc_link *link, const struct tc_listener *listener,
	const char *word, const char *what)
{
	struct tc_drift_report r = { .ifindex = link->conf.ifindex };
	struct text t = text_over(r.text, sizeof(r.text));

	text_printf(&t, "%s: another program", link->conf.name);
	if (link->ingress.port != 0)
		text_printf(&t, " (netlink port %u)", link->ingress.port);
	text_printf(&t, " changed where what comes in is shaped: %s: %s", word,
		what);
	listener->drift(listener->arg, &r);
}

/* Who insists wins for a minute; but what goes to an interface that is down or
 * gone is dropped, so rather nothing goes there. */
static int
give_way(struct tc_link *link, const struct tc_kernel *kernel)
{
	struct tc_ingress *in = &link->ingress;
	struct tc_done undone;
	int error = tc_ingress_close(link, kernel, &undone);

	in->repairs = 0;
	in->pending = true;
	in->due = mono_add_ms(in->since, WINDOW_MS);
	return error;
}

/* Nothing is left of it until it succeeds; that it does not is said once. */
static void
try_later(struct tc_link *link, const struct tc_listener *listener,
	struct mono now, const char *why)
{
	struct tc_ingress *in = &link->ingress;

	if (!in->failing)
		report(link, listener, "not repaired, to be tried again", why);
	in->failing = true;
	in->pending = true;
	in->due = after_pause(in, now);
}

int
tc_ingress_step(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener)
{
	struct tc_ingress *in = &link->ingress;
	struct repairing r = { .count = 0 };
	const struct tc_ingress_tell tell = { &r, on_op, on_made, on_raised };
	struct tc_done done;
	int error;

	in->pending = false;
	begin_window(in, now);
	if (in->repairs > TC_REPAIRS_MAX)
		return give_way(link, kernel);
	r.text = text_over(r.buf, sizeof(r.buf));
	error = follow(link, kernel, listener, &tell, &done);
	if (error != 0)
		return error;
	in->repairs += r.count > 0 || done.error != 0;
	if (done.error != 0) {
		try_later(link, listener, now, done.text);
		return 0;
	}
	in->failing = false;
	if (r.count > 0)
		report(link, listener,
			in->repairs > TC_REPAIRS_MAX
				? "repaired, and not again for a minute"
				: "repaired",
			r.buf);
	return 0;
}
