/* SPDX-License-Identifier: ISC */

/* New settings for an interface that is managed already: its tree, its flows
 * and its idle classes follow in place. */

#include "link_int.h"

#include <assert.h>
#include <errno.h>

static void
plan_tree_change(
	struct tc_link *link, const struct tc_iface *conf, struct tc_ops *ops)
{
	struct tc_objects have = { .alloc = link->alloc };
	struct tc_objects want = { .alloc = link->alloc };

	tc_want_tree(&link->conf, &link->shape, &have);
	tc_want_tree(conf, &link->shape, &want);
	tc_plan((struct tc_span){ have.all, have.count },
		(struct tc_span){ want.all, want.count }, ops);
	ops->failed = ops->failed || have.failed || want.failed;
	tc_objects_done(&have);
	tc_objects_done(&want);
}

/* What a flow's class becomes: as it was, with the new limits of the link. */
static struct tc_htb_class
follow(const struct tc_record *r, const struct tc_iface *from,
	const struct tc_iface *to)
{
	struct tc_htb_class c = r->htb;

	c.overhead = (uint16_t)to->overhead_bytes;
	c.atm = to->atm;
	/* Its own m, if it has one, is above that of the link. */
	if (c.mpu == from->min_frame_bytes || c.mpu < to->min_frame_bytes)
		c.mpu = (uint16_t)to->min_frame_bytes;
	if (r->service == TC_SERVICE_CL &&
		(c.ceil_Bps == from->link_Bps || c.ceil_Bps > to->link_Bps)) {
		c.ceil_Bps =
			to->link_Bps > c.rate_Bps ? to->link_Bps : c.rate_Bps;
		c.cbuffer_ticks = tc_clock_ticks(
			c.quantum + tc_clock_earned(c.ceil_Bps, to->timer_us),
			c.ceil_Bps);
	}
	return c;
}

static void
plan_flow_changes(
	struct tc_link *link, const struct tc_iface *conf, struct tc_ops *ops)
{
	const struct tc_record *r;

	for (r = link->flows; r; r = (const struct tc_record *)r->hh.next) {
		struct tc_object objects[TC_RECORD_OBJECTS];
		struct tc_object want;

		(void)tc_record_objects(link, r, objects);
		want = objects[0];
		want.htb = follow(r, &link->conf, conf);
		tc_plan((struct tc_span){ objects, 1 },
			(struct tc_span){ &want, 1 }, ops);
	}
}

/* Idle classes of other settings are made anew on the way to the pool. */
static void
renew_pools(struct tc_link *link, const struct tc_iface *old)
{
	for (int s = TC_GS; s < TC_SUBTREES; s++) {
		size_t count = link->pools[s].count;
		struct tc_idle idle;

		while (count-- > 0 && tc_pool_take(&link->pools[s], &idle)) {
			struct tc_object have[2];

			tc_idle_objects(old, (enum tc_subtree)s, &idle, have);
			/* Without memory the class waits for a restart. */
			(void)tc_drain_orphan(
				link, (enum tc_subtree)s, &have[0], &have[1]);
		}
	}
}

static void
follow_all(struct tc_link *link, const struct tc_iface *conf)
{
	const struct tc_iface old = link->conf;
	struct tc_record *r;

	for (r = link->flows; r; r = (struct tc_record *)r->hh.next)
		r->htb = follow(r, &old, conf);
	link->conf = *conf;
	link->stay_large = false;
	if (tc_mtu_octets(&old) != tc_mtu_octets(conf) ||
		old.overhead_bytes != conf->overhead_bytes ||
		old.min_frame_bytes != conf->min_frame_bytes ||
		old.atm != conf->atm || old.timer_us != conf->timer_us)
		renew_pools(link, &old);
}

/* Another classifier, in place of the one there is. */
static int
turn_to(struct tc_link *link, const struct tc_kernel *kernel, uint8_t setting,
	struct tc_done *ret_done)
{
	uint8_t before = link->conf.classifier;
	int error;

	if (setting == before)
		return 0;
	error = tc_link_try_classifier(link, kernel, setting, ret_done);
	if (error != 0 || ret_done->error != 0)
		return error;
	link->conf.classifier = setting;
	error = tc_link_reclassify(link, kernel, ret_done);
	if (error != 0 || ret_done->error != 0)
		link->conf.classifier = before;
	return error;
}

static int
change_all(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_iface *conf, struct tc_done *ret_done)
{
	struct tc_ops ops = { .alloc = link->alloc };
	int error;

	plan_tree_change(link, conf, &ops);
	plan_flow_changes(link, conf, &ops);
	error = tc_link_run(link, kernel, &ops, ret_done);
	tc_ops_done(&ops);
	return error;
}

int
tc_link_change(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_iface *conf, struct tc_done *ret_done)
{
	const char *problem = tc_iface_problem(conf);
	uint8_t before = link->conf.classifier;
	struct tc_done back = { 0 };
	int error;

	*ret_done = (struct tc_done){ 0 };
	if (problem) {
		ret_done->error = EINVAL;
		(void)text_copy(
			ret_done->text, sizeof(ret_done->text), problem);
		return 0;
	}
	assert(conf->ifindex == link->conf.ifindex);
	error = turn_to(link, kernel, conf->classifier, ret_done);
	if (error != 0 || ret_done->error != 0)
		return error;
	error = change_all(link, kernel, conf, ret_done);
	if (error != 0)
		return error;
	if (ret_done->error != 0) /* if that is refused too it stays turned */
		return turn_to(link, kernel, before, &back);
	follow_all(link, conf);
	return tc_rules_again(link, kernel, false, ret_done);
}
