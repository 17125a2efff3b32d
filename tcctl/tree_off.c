/* SPDX-License-Identifier: ISC */

/* `tcctl off`: what was there before tcctl came; `tcctl save`: what is there
 * now. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tree_cli.h"

/* ---- off ----------------------------------------------------------------- */

bool
tree_former(struct tree_session *s, const struct tree_record *record,
	unsigned sides, struct tc_objects *into)
{
	struct tree_faults faults = { .file = "the record" };
	struct tc_objects all = { .alloc = into->alloc };
	struct tree tree = { 0 };
	char text[TREE_FAULTS_MAX * 320];
	struct text t = text_over(text, sizeof(text));

	if (!record->former)
		return true;
	if (tree_read(record->former, strlen(record->former), &tree, &faults))
		for (size_t i = 0; i < tree.count; i++)
			tree_build(&tree.ifaces[i], &s->host, &all, &faults);
	for (size_t i = 0; i < all.count && faults.errors == 0; i++)
		if ((tree_side_of(&all.all[i]) & sides) != 0)
			(void)tc_objects_copy(/* noted */
				into, &all.all[i]);
	tree_done(&tree);
	if (faults.errors > 0) {
		tree_faults_print(&faults, &t);
		tree_say(s, CLI_REFUSED, "%s", text);
	}
	tc_objects_done(&all);
	return faults.errors == 0;
}

/* Whether one of these is written as this line of n octets. */
static bool
is_there(const struct tc_objects *have, const char *name, const char *line,
	size_t n)
{
	for (size_t i = 0; i < have->count; i++) {
		char what[256];
		struct text t = text_over(what, sizeof(what));

		tc_object_print(&t, &have->all[i], name);
		if (strlen(what) == n && memcmp(what, line, n) == 0)
			return true;
	}
	return false;
}

/* What could not be described when tcctl came, and is not there any more. */
static void
tell_lost(struct tree_session *s, const char *name,
	const struct tree_record *record, const struct tc_objects *have)
{
	static const char mark[] = "# left alone, not described: ";
	const char *line = record->former;

	while (line && (line = strstr(line, mark)) != NULL) {
		size_t n;

		line += sizeof(mark) - 1;
		n = strcspn(line, "\n");
		if (is_there(have, name, line, n))
			continue;
		tree_say(s, CLI_REFUSED,
			"%s: was there and cannot be brought back: %.*s", name,
			(int)n, line);
	}
}

struct off {
	struct tree_session *s;
	const char *name;
};

static void
tell_step(void *arg, const struct tc_op *op)
{
	const struct off *off = (const struct off *)arg;

	tree_tell(off->s, op, off->name);
}

static bool
bring_former(struct tree_session *s, const struct tree_link *link,
	const struct tree_record *record, unsigned sides)
{
	struct off off = { s, link->name };
	const struct tree_bring b = { .kernel = &s->kernel,
		.ifindex = link->ifindex,
		.name = link->name,
		.tell = tell_step,
		.arg = &off };
	struct tc_objects want = { .alloc = alloc_heap() };
	struct tree_outcome outcome = { 0 };
	bool ok = tree_former(s, record, sides, &want);
	int error = ok ? tree_bring(&b, &want, sides, &outcome) : 0;

	if (error != 0)
		tree_say_error(s, error);
	else if (outcome.error != 0)
		tree_say(s, CLI_REFUSED, "%s: %s", link->name, outcome.text);
	tc_objects_done(&want);
	return ok && error == 0 && outcome.error == 0;
}

/* The sides whose qdisc is still the one that tcctl made. */
static unsigned
sides_of(struct tree_session *s, const struct tree_link *link,
	const struct tree_record *record, const struct tc_objects *have)
{
	unsigned sides = 0;
	char there[64];

	for (unsigned side = TREE_OUTGOING; side <= TREE_INCOMING; side++) {
		const char *ours = side == TREE_OUTGOING ? record->outgoing
							 : record->incoming;

		if (ours[0] == '\0')
			continue;
		tree_identity(have, side, there);
		if (strcmp(there, ours) == 0 || there[0] == '\0' ||
			s->options->take_over)
			sides |= side;
		else
			tree_say(s, CLI_REFUSED,
				"%s: qdisc %s is not what tcctl made (%s): "
				"left as it is (--take-over replaces it)",
				link->name, there, ours);
	}
	return sides;
}

/* The interface has gone, not its marks: the next of its name would have
 * them. */
static bool
forget_marks(struct tree_session *s, const char *name,
	const struct tree_record *record)
{
	struct tree_link gone = { 0 };

	return record->marks == 0 ||
	       (text_copy(gone.name, sizeof(gone.name), name) &&
		       tree_put_marks(s, &gone, NULL, 0));
}

/* One interface; true: its record can go. */
static bool
restore(struct tree_session *s, const struct tree_link *link,
	const struct tree_record *record)
{
	struct tc_objects have = { .alloc = alloc_heap() };
	bool ok = tree_dump(s, link->ifindex, &have);
	unsigned sides = ok ? sides_of(s, link, record, &have) : 0;

	ok = ok && s->status == CLI_DONE;
	tc_objects_done(&have);
	if (!ok)
		return false;
	if (record->marks != 0 && !tree_put_marks(s, link, NULL, 0))
		return false;
	if (record->made_link)
		return tree_drop_link(s, link);
	return sides == 0 || bring_former(s, link, record, sides);
}

static bool
is_changed(const struct tree_session *s, const struct tree_link *link)
{
	struct tree_record record;
	bool found = tree_state_read(
			     s->options->state_dir, link->name, &record) == 0 &&
		     record.found;

	tree_record_done(&record);
	return found;
}

/* The ifb that one of the actions sends packets to, and that tcctl has
 * changed; NULL. */
static const struct tree_link *
changed_ifb(const struct tree_session *s, const struct tree_link *link,
	const struct tc_extra *extra)
{
	for (size_t a = 0; link->is_ifb && extra && a < extra->action_count;
		a++)
		if (extra->actions[a].kind == &tc_action_mirred &&
			extra->actions[a].mirred.ifindex == link->ifindex)
			return is_changed(s, link) ? link : NULL;
	return NULL;
}

static const struct tree_link *
changed_ifb_of(const struct tree_session *s, const struct tc_objects *have)
{
	const struct tree_link *ifb = NULL;

	for (size_t k = 0; k < s->host.link_count; k++)
		for (size_t i = 0; i < have->count && !ifb; i++)
			ifb = changed_ifb(
				s, &s->host.links[k], have->all[i].extra);
	return ifb;
}

/* There is no record of it; perhaps there is one of its ifb. */
static void
tell_unchanged(struct tree_session *s, const char *name)
{
	const struct tree_link *link = tree_host_link(&s->host, name);
	const struct tree_link *ifb = NULL;
	struct tc_objects have = { .alloc = alloc_heap() };

	if (link && tree_dump(s, link->ifindex, &have))
		ifb = changed_ifb_of(s, &have);
	tc_objects_done(&have);
	if (ifb)
		tree_say(s, CLI_REFUSED,
			"%s: tcctl has changed nothing here, but its ifb %s: "
			"tcctl off %s brings that back",
			name, ifb->name, ifb->name);
	else
		tree_say(s, CLI_REFUSED,
			"%s: tcctl has changed nothing here since the system "
			"started (no record in %s)",
			name, s->options->state_dir);
}

/* Its record and the interface: what it had, or why not.  The ifb that goes
 * with it is in ret_ifb. */
static void
off_one(struct tree_session *s, const char *name, bool named,
	char ret_ifb[TC_NAME])
{
	const struct tree_link *link = tree_host_link(&s->host, name);
	const char *dir = s->options->state_dir;
	struct tc_objects have = { .alloc = alloc_heap() };
	struct tree_record record;
	int error = tree_state_read(dir, name, &record);

	ret_ifb[0] = '\0';
	if (error == 0 && !record.found && named)
		tell_unchanged(s, name);
	if (error != 0)
		tree_say(s, CLI_REFUSED, "%s: %s: %s", name, dir,
			error == -EXDEV ? "the record of another network "
					  "namespace (use --state-dir)"
					: strerror(-error));
	if (error != 0 || !record.found)
		return;
	if (link ? restore(s, link, &record) : forget_marks(s, name, &record)) {
		if (!link || tree_dump(s, link->ifindex, &have))
			tell_lost(s, name, &record, &have);
		(void)text_copy(ret_ifb, TC_NAME, record.ifb); /* as long */
		error = tree_state_remove(dir, name);
	}
	if (error != 0)
		tree_say(s, CLI_REFUSED, "%s: %s: %s", name, dir,
			strerror(-error));
	tc_objects_done(&have);
	tree_record_done(&record);
}

int
cli_off(const struct cli_options *options)
{
	struct tree_session s;
	char ifb[TC_NAME];
	char none[TC_NAME];
	int lock = tree_lock(options);

	if (tree_session_open(&s, options)) {
		off_one(&s, options->iface, true, ifb);
		if (ifb[0] != '\0')
			off_one(&s, ifb, false, none);
	}
	if (lock >= 0)
		close(lock);
	return tree_session_close(&s);
}

/* ---- save ---------------------------------------------------------------- */

static void
tell_alone(void *arg, const char *iface, const char *what)
{
	(void)arg; /* it is no failure */
	cli_complain("%s: left alone, not described: %s", iface, what);
}

/* They cannot be read back as they were written, and a description without
 * them means that there shall be none. */
static void
tell_marks(struct tree_session *s, const struct tree_link *link)
{
	size_t count = tree_count_marks(s, link);
	char line[128];
	struct text t = text_over(line, sizeof(line));

	if (count == 0)
		return;
	text_printf(&t,
		"# not described: %zu marks on %s: to apply this removes them",
		count, link->name);
	cli_print(line);
	cli_complain("%s: not described: %zu marks: to apply this removes "
		     "them (add them to it)",
		link->name, count);
}

static bool
is_asked_for(const struct tree_session *s, const struct tree_link *link)
{
	return !s->options->iface || strcmp(link->name, s->options->iface) == 0;
}

/* Of reservations, in tables that a description does not have: whoever applied
 * it would be in rsvpd's way. */
static void
leave_out(const struct tree_link *link)
{
	static const char why[] = "the tree is of rsvpd, which makes it itself";

	char line[128];
	struct text t = text_over(line, sizeof(line));

	text_printf(&t, "# %s left out: %s", link->name, why);
	cli_print(line);
	cli_complain("%s: left out: %s", link->name, why);
}

static void
save_found(struct tree_session *s, struct tree_found *found,
	struct tc_objects *objects)
{
	struct tree_writing w = { .out = stdout,
		.host = &s->host,
		.all = found,
		.alone = tell_alone };

	for (size_t i = 0; i < s->host.link_count; i++) {
		const struct tree_link *link = &s->host.links[i];

		/* Of one interface: it, and the ifbs that go with it. */
		if (!link->is_ifb && !is_asked_for(s, link))
			continue;
		objects[w.count].alloc = alloc_heap();
		if (!tree_dump(s, link->ifindex, &objects[w.count]))
			return;
		if (tree_is_engines(&objects[w.count])) {
			if (is_asked_for(s, link))
				leave_out(link);
			tc_objects_done(&objects[w.count]);
			continue;
		}
		found[w.count] = (struct tree_found){ link, &objects[w.count] };
		w.count++;
	}
	w.only = s->options->iface;
	tree_write(&w);
	for (size_t i = 0; i < w.count; i++)
		tell_marks(s, found[i].link);
}

int
cli_save(const struct cli_options *options)
{
	struct tree_session s;
	struct tree_found *found;
	struct tc_objects *objects;

	if (!tree_session_open(&s, options))
		return tree_session_close(&s);
	found = (struct tree_found *)calloc(
		s.host.link_count + 1, sizeof(*found));
	objects = (struct tc_objects *)calloc(
		s.host.link_count + 1, sizeof(*objects));
	if (!found || !objects)
		tree_say_error(&s, -ENOMEM);
	else if (options->iface && !tree_host_link(&s.host, options->iface))
		tree_say(&s, CLI_REFUSED, "there is no interface %s",
			options->iface);
	else
		save_found(&s, found, objects);
	for (size_t i = 0; objects && i < s.host.link_count; i++)
		if (objects[i].alloc)
			tc_objects_done(&objects[i]);
	free(found);
	free(objects);
	return tree_session_close(&s);
}
