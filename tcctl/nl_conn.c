/* SPDX-License-Identifier: ISC */

/*
 * The conversation with the kernel.  Each request of a batch has a sequence
 * number of its own and is answered under it: by an error (0: done), or by the
 * object that was asked for.  The kernel handles a batch within the call that
 * sends it; the answers wait in the socket's buffer, which is why a batch is
 * small against it.
 *
 * An acknowledgement costs the kernel as much as the change of a class.  It
 * handles a batch in order and answers every refusal, asked or not; so only the
 * last operation asks to be acknowledged, and its answer says that whatever was
 * not refused before it has been done.
 */

#include "nl_conn.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "life_int.h"
#include "nl_attr.h"

enum {
	BATCH = 256, /* requests */
	OUT_OCTETS = 65536,
	SLOTS = 64,
	SLOT_OCTETS = 4096, /* an answer to a single request */
	DUMP_OCTETS = 65536,
	RECEIVE_BUFFER = 4 << 20,
	TIMEOUT_S = 20,
	DUMP_TRIES = 8
};

_Static_assert((int)SLOTS *(int)SLOT_OCTETS >= DUMP_OCTETS, "one buffer");

struct nl_conn {
	struct mnl_socket *socket;
	struct tc_life *life; /* to be told of waits, or NULL */
	int fd;
	uint32_t seq;
	uint8_t out[OUT_OCTETS];
	uint8_t in[(size_t)SLOTS * SLOT_OCTETS];
};

static void
set_option(struct nl_conn *conn, int option)
{
	int on = 1;

	/* Older kernels lack some; answers are then longer or poorer. */
	(void)mnl_socket_setsockopt(conn->socket, option, &on, sizeof(on));
}

static bool
open_socket(struct nl_conn *conn)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT_S };
	int size = RECEIVE_BUFFER;

	conn->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!conn->socket ||
		mnl_socket_bind(conn->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return false;
	conn->fd = mnl_socket_get_fd(conn->socket);
	set_option(conn, NETLINK_EXT_ACK);
	set_option(conn, NETLINK_CAP_ACK);
	set_option(conn, NETLINK_GET_STRICT_CHK);
	/* Without CAP_NET_ADMIN (show, plan) the usual size will do. */
	(void)setsockopt(
		conn->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return setsockopt(conn->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
		       sizeof(timeout)) == 0;
}

struct nl_conn *
nl_conn_new(void)
{
	struct nl_conn *conn = (struct nl_conn *)calloc(1, sizeof(*conn));

	if (!conn)
		return NULL;
	if (!open_socket(conn)) {
		nl_conn_free(conn);
		return NULL;
	}
	return conn;
}

void
nl_conn_free(struct nl_conn *conn)
{
	if (!conn)
		return;
	if (conn->socket)
		(void)mnl_socket_close(conn->socket); /* nothing is pending */
	free(conn);
}

void
nl_conn_live(struct nl_conn *conn, struct tc_life *life)
{
	conn->life = life;
}

static int
send_all(struct nl_conn *conn, const struct buf_writer *w)
{
	ssize_t n;

	do {
		tc_life_wait(conn->life);
		n = mnl_socket_sendto(conn->socket, conn->out, buf_written(w));
		tc_life_go(conn->life);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* The errno and text of an NLMSG_ERROR. */
static void
take_error(const struct nlmsghdr *h, struct tc_result *ret)
{
	static const struct nl_want wants[] = { { NLMSGERR_ATTR_MSG, 1 } };
	const struct nlmsgerr *err =
		(const struct nlmsgerr *)mnl_nlmsg_get_payload(h);
	size_t skip = sizeof(*h) + sizeof(*err);
	struct nl_view got[1];

	ret->text[0] = '\0';
	if (h->nlmsg_len < skip) {
		ret->error = EBADMSG;
		return;
	}
	ret->error = -err->error;
	if ((h->nlmsg_flags & NLM_F_ACK_TLVS) == 0 || err->error == 0)
		return;
	/* Without NLM_F_CAPPED the request is repeated in front. */
	if ((h->nlmsg_flags & NLM_F_CAPPED) == 0)
		skip += NLMSG_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	if (skip > h->nlmsg_len)
		return;

	const struct nl_view tlvs = { (const uint8_t *)h + skip,
		h->nlmsg_len - skip };

	if (nl_parse(tlvs, wants, 1, got))
		nl_text(got[0], ret->text, sizeof(ret->text));
}

/* What to do with the answer to request number index of the batch. */
typedef void answer_fn(void *arg, size_t index, const struct nlmsghdr *h);

struct collect {
	uint32_t first; /* sequence number of request 0 */
	size_t count;   /* requests */
	size_t wanted;  /* answers */
	bool last_ends; /* the answer to the last request is the last one */
	answer_fn *answer;
	void *arg;
};

static void
take_datagram(struct collect *c, const uint8_t *bytes, size_t len)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)bytes;
	int left = (int)len;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		uint32_t index = h->nlmsg_seq - c->first;

		if (index >= c->count)
			continue; /* of a batch that was given up */
		c->answer(c->arg, index, h);
		/* What the last was asked to tell comes before its end, an
		 * acknowledgement may follow what was asked for. */
		if (c->wanted > 0 &&
			(!c->last_ends ||
				(index == c->count - 1 &&
					h->nlmsg_type == NLMSG_ERROR)))
			c->wanted--;
	}
}

/* Receive until all answers that are due have come. */
static int
collect(struct nl_conn *conn, struct collect *c)
{
	struct mmsghdr slots[SLOTS];
	struct iovec iov[SLOTS];

	while (c->wanted > 0) {
		for (size_t i = 0; i < SLOTS; i++) {
			iov[i] = (struct iovec){ conn->in + i * SLOT_OCTETS,
				SLOT_OCTETS };
			slots[i] = (struct mmsghdr){
				.msg_hdr = { .msg_iov = &iov[i],
					.msg_iovlen = 1 }
			};
		}

		tc_life_wait(conn->life);

		int n = recvmmsg(conn->fd, slots, SLOTS, MSG_WAITFORONE, NULL);

		tc_life_go(conn->life);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		for (int i = 0; i < n; i++)
			take_datagram(c, conn->in + (size_t)i * SLOT_OCTETS,
				slots[i].msg_len);
	}
	return 0;
}

struct run {
	const struct tc_op *ops;
	struct tc_result *results;
};

static void
keep_result(void *arg, size_t index, const struct nlmsghdr *h)
{
	const struct run *run = (const struct run *)arg;

	if (h->nlmsg_type == NLMSG_ERROR)
		take_error(h, &run->results[index]);
	else if (run->ops[index].told)
		(void)nl_stats_get(h, run->ops[index].told);
}

/* As many of the operations as one batch holds: their number. */
static size_t
put_batch(struct nl_conn *conn, struct buf_writer *w, const struct tc_op *ops,
	size_t count)
{
	uint8_t *last = w->pos;
	size_t n = 0;

	while (n < count && n < BATCH) {
		uint8_t *start = w->pos;

		if (!nl_op_put(w, conn->seq + 1, &ops[n]))
			break;
		last = start;
		conn->seq++;
		n++;
	}
	if (n > 0)
		nl_want_ack(last);
	return n;
}

static int
conn_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	struct nl_conn *conn = (struct nl_conn *)arg;

	for (size_t done = 0; done < count;) {
		struct buf_writer w = buf_writer(conn->out, sizeof(conn->out));
		struct run run = { ops + done, ret_results + done };
		struct collect c = { .first = conn->seq + 1,
			.wanted = 1,
			.last_ends = true,
			.answer = keep_result,
			.arg = &run };

		c.count = put_batch(conn, &w, ops + done, count - done);
		if (c.count == 0)
			return -EMSGSIZE;
		for (size_t i = 0; i < c.count; i++) {
			ret_results[done + i].error = 0;
			ret_results[done + i].text[0] = '\0';
		}

		int error = send_all(conn, &w);

		if (error == 0)
			error = collect(conn, &c);
		if (error != 0)
			return error;
		done += c.count;
	}
	return 0;
}

static void
keep_stats(void *arg, size_t index, const struct nlmsghdr *h)
{
	struct tc_class_stats *stats = (struct tc_class_stats *)arg;

	/* An error: there is no such class, handle stays 0. */
	(void)nl_stats_get(h, &stats[index]);
}

static int
conn_stats(void *arg, uint32_t ifindex, const uint32_t *classids, size_t count,
	struct tc_class_stats *ret_stats)
{
	struct nl_conn *conn = (struct nl_conn *)arg;

	for (size_t done = 0; done < count;) {
		struct buf_writer w = buf_writer(conn->out, sizeof(conn->out));
		struct collect c = { .first = conn->seq + 1,
			.answer = keep_stats,
			.arg = ret_stats + done };

		while (done + c.count < count && c.count < BATCH &&
			nl_get_class_put(&w, conn->seq + 1, ifindex,
				classids[done + c.count])) {
			ret_stats[done + c.count] =
				(struct tc_class_stats){ 0 };
			conn->seq++;
			c.count++;
		}
		c.wanted = c.count;

		int error = send_all(conn, &w);

		if (error == 0)
			error = collect(conn, &c);
		if (error != 0)
			return error;
		done += c.count;
	}
	return 0;
}

static void
keep_got(void *arg, size_t index, const struct nlmsghdr *h)
{
	struct tc_objects *into = (struct tc_objects *)arg;
	struct tc_extra extra;
	struct tc_object object;

	(void)index; /* an error: there is no such object */
	if (nl_object_get(h, &extra, &object))
		(void)tc_objects_copy(into, &object); /* notes a failure */
}

static int
conn_get(void *arg, const struct tc_object *keys, size_t count,
	struct tc_objects *into)
{
	struct nl_conn *conn = (struct nl_conn *)arg;

	for (size_t done = 0; done < count;) {
		struct buf_writer w = buf_writer(conn->out, sizeof(conn->out));
		struct collect c = {
			.first = conn->seq + 1, .answer = keep_got, .arg = into
		};

		while (done + c.count < count && c.count < BATCH &&
			nl_get_object_put(
				&w, conn->seq + 1, &keys[done + c.count])) {
			conn->seq++;
			c.count++;
		}
		c.wanted = c.count;

		int error = send_all(conn, &w);

		if (error == 0)
			error = collect(conn, &c);
		if (error != 0)
			return error;
		done += c.count;
	}
	return 0;
}

struct handle_answer {
	uint32_t (*get)(const struct nlmsghdr *h);
	uint32_t handle;
};

static void
keep_handle(void *arg, size_t index, const struct nlmsghdr *h)
{
	struct handle_answer *a = (struct handle_answer *)arg;

	(void)index; /* there is one request */
	a->handle = a->get(h);
}

/* Send the one question that was put, and wait for its answer. */
static int
ask(struct nl_conn *conn, const struct buf_writer *w, struct handle_answer *a)
{
	struct collect c = { .first = conn->seq,
		.count = 1,
		.wanted = 1,
		.answer = keep_handle,
		.arg = a };
	int error = send_all(conn, w);

	return error == 0 ? collect(conn, &c) : error;
}

/* The kernel answers a default qdisc, or none, with an error. */
static int
conn_root(void *arg, uint32_t ifindex, uint32_t *ret_handle)
{
	struct nl_conn *conn = (struct nl_conn *)arg;
	struct buf_writer w = buf_writer(conn->out, sizeof(conn->out));
	struct handle_answer a = { .get = nl_root_get };
	int error;

	(void)nl_get_root_put(&w, ++conn->seq, ifindex); /* fits */
	error = ask(conn, &w, &a);
	*ret_handle = a.handle;
	return error;
}

/* The root table of a u32 filter's preference. */
static int
ask_root_table(struct nl_conn *conn, const struct tc_object *like,
	uint32_t *ret_handle)
{
	struct buf_writer w = buf_writer(conn->out, sizeof(conn->out));
	struct handle_answer a = { .get = nl_filter_get };
	int error;

	(void)nl_get_filter_root_put(&w, ++conn->seq, like); /* fits */
	error = ask(conn, &w, &a);
	*ret_handle = a.handle;
	return error;
}

/* ---- dumps --------------------------------------------------------------- */

struct dump {
	uint32_t seq;
	bool complete;
	bool interrupted;
	int error;
	void (*tell)(void *arg, const struct nlmsghdr *h);
	void *arg;
};

static void
take_part(struct dump *d, const uint8_t *bytes, size_t len)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)bytes;
	int left = (int)len;
	struct tc_result result;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		if (h->nlmsg_seq != d->seq)
			continue;
		if ((h->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
			d->interrupted = true;
		if (h->nlmsg_type == NLMSG_DONE) {
			d->complete = true;
		} else if (h->nlmsg_type == NLMSG_ERROR) {
			take_error(h, &result);
			d->error = -result.error;
			d->complete = true;
		} else {
			d->tell(d->arg, h);
		}
	}
	if (left > 0) /* cut short: what was in the rest is not known */
		d->interrupted = true;
}

static int
dump_once(struct nl_conn *conn, const struct nl_query *query, struct dump *d)
{
	struct buf_writer w = buf_writer(conn->out, sizeof(conn->out));
	int error;

	d->seq = ++conn->seq;
	d->complete = false;
	d->interrupted = false;
	d->error = 0;
	(void)nl_dump_put(&w, d->seq, query); /* fits */
	error = send_all(conn, &w);
	while (error == 0 && !d->complete) {
		tc_life_wait(conn->life);

		ssize_t n = mnl_socket_recvfrom(
			conn->socket, conn->in, DUMP_OCTETS);

		tc_life_go(conn->life);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		take_part(d, conn->in, (size_t)n);
	}
	return error != 0 ? error : d->error;
}

struct object_dump {
	struct tc_objects *into;
	uint32_t ifindex;
	bool whole;        /* with ingress, and without what the kernel made */
	uint16_t pref;     /* filters: of this alone; 0: all */
	tc_stats_fn *tell; /* totals of classes; NULL: nobody */
	void *arg;
};

/* A qdisc on our side, or one of a tree; those below a class that have no
 * number are the kernel's own. */
static bool
is_wanted(const struct object_dump *d, const struct tc_object *o)
{
	if (o->ifindex != d->ifindex)
		return false;
	if (!d->whole)
		return o->type != TC_QDISC_INGRESS;
	return o->type != TC_QDISC_LEAF || o->handle != 0;
}

static void
keep_object(void *arg, const struct nlmsghdr *h)
{
	struct object_dump *d = (struct object_dump *)arg;
	struct tc_extra extra;
	struct tc_object object;
	struct tc_class_stats stats;

	if (!nl_object_get(h, &extra, &object) || !is_wanted(d, &object))
		return;
	(void)tc_objects_copy(d->into, &object); /* notes a failure */
	if (d->tell && nl_stats_get(h, &stats))
		d->tell(d->arg, &stats);
}

static int
dump_objects(struct nl_conn *conn, enum nl_dump what, uint32_t parent,
	struct object_dump *into)
{
	const struct nl_query query = { what, into->ifindex, parent, NULL,
		into->pref };
	struct dump d = { .tell = keep_object, .arg = into };
	size_t before = into->into->count;

	for (int tries = 0; tries < DUMP_TRIES; tries++) {
		int error = dump_once(conn, &query, &d);

		if (error != 0)
			return error;
		if (!d.interrupted)
			return 0;
		into->into->count = before; /* it changed meanwhile: again */
	}
	return -EAGAIN;
}

static int
conn_dump_counted(void *arg, uint32_t ifindex, struct tc_objects *into,
	tc_stats_fn *tell, void *tell_arg)
{
	struct nl_conn *conn = (struct nl_conn *)arg;
	struct object_dump d = {
		.into = into, .ifindex = ifindex, .tell = tell, .arg = tell_arg
	};
	int error = dump_objects(conn, NL_DUMP_QDISCS, 0, &d);

	if (error == 0) {
		/* A class for each, a node or two, and perhaps a counter. */
		tc_objects_expect(into, 3 * into->count);
		error = dump_objects(conn, NL_DUMP_CLASSES, 0, &d);
	}
	/* Filters hang on our root. */
	if (error == 0 && tc_objects_have_root(into))
		error = dump_objects(conn, NL_DUMP_FILTERS, TC_ROOT_HANDLE, &d);
	return error;
}

static int
conn_dump(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	return conn_dump_counted(arg, ifindex, into, NULL, NULL);
}

/* The filters of one object, if it is one that can have any. */
static int
dump_filters_of(
	struct nl_conn *conn, const struct tc_object *o, struct object_dump *d)
{
	int error;

	if (o->type == TC_FILTER || o->handle == 0)
		return 0;
	if (o->type != TC_QDISC_INGRESS || o->kind == &tc_kind_ingress)
		return dump_objects(conn, NL_DUMP_FILTERS, o->handle, d);
	error = dump_objects(conn, NL_DUMP_FILTERS, TC_CLSACT_INGRESS, d);
	if (error == 0)
		error = dump_objects(
			conn, NL_DUMP_FILTERS, TC_CLSACT_EGRESS, d);
	return error;
}

/*
 * All u32 tables of a qdisc are in one pot, whichever of its classes or chains
 * they belong to, and the kernel tells them for each that has the preference.
 * It can be asked which root is whose; what leads nowhere else is told once.
 */
static int
sort_out_tables(struct nl_conn *conn, struct tc_objects *into, size_t first)
{
	for (size_t i = first; i < into->count; i++) {
		const struct tc_object o = into->all[i];
		uint32_t root;
		int error;

		if (!tc_object_is_automatic(&o) ||
			!tc_filters_have_two_roots(into, &o))
			continue;
		error = ask_root_table(conn, &o, &root);
		if (error != 0)
			return error;
		if (root == 0)
			continue; /* it has gone meanwhile */
		tc_filters_keep_root(into, &o, root);
		i = first; /* fewer than before */
	}
	tc_filters_drop_repeated(into, first);
	return 0;
}

/* The filters of what is there from first on; then all of it in order. */
static int
dump_below(struct nl_conn *conn, struct object_dump *d, size_t first)
{
	struct tc_objects *into = d->into;
	const size_t end = into->count;
	int error = 0;

	for (size_t i = first; i < end && error == 0; i++) {
		const struct tc_object o = into->all[i]; /* the array moves */

		error = dump_filters_of(conn, &o, d);
	}
	if (error == 0)
		error = sort_out_tables(conn, into, first);
	if (error != 0)
		return error;
	tc_objects_rank(into);
	tc_objects_sort(into);
	return 0;
}

static int
conn_dump_tree(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	struct nl_conn *conn = (struct nl_conn *)arg;
	struct object_dump d = {
		.into = into, .ifindex = ifindex, .whole = true
	};
	size_t first = into->count;
	int error = dump_objects(conn, NL_DUMP_QDISCS, 0, &d);

	if (error == 0)
		error = dump_objects(conn, NL_DUMP_CLASSES, 0, &d);
	if (error == 0)
		error = dump_below(conn, &d, first);
	nl_name_targets(into, first);
	return error;
}

static int
conn_preference(
	void *arg, const struct tc_object *like, struct tc_objects *into)
{
	struct object_dump d = { .into = into,
		.ifindex = like->ifindex,
		.whole = true,
		.pref = like->pref };

	return dump_objects(
		(struct nl_conn *)arg, NL_DUMP_FILTERS, like->parent, &d);
}

/* Where there was one and is none any more the kernel answers with nothing but
 * the acknowledgement; where there is one, that comes too late to count. */
static int
conn_place(
	void *arg, uint32_t ifindex, uint32_t parent, struct tc_objects *into)
{
	struct nl_conn *conn = (struct nl_conn *)arg;
	const struct tc_object key = {
		.type = TC_QDISC_LEAF, .ifindex = ifindex, .parent = parent
	};
	struct buf_writer w = buf_writer(conn->out, sizeof(conn->out));
	struct collect c = { .first = ++conn->seq,
		.count = 1,
		.wanted = 1,
		.answer = keep_got,
		.arg = into };
	int error;

	(void)nl_get_object_put(&w, conn->seq, &key); /* fits */
	nl_want_ack(conn->out);
	error = send_all(conn, &w);
	return error == 0 ? collect(conn, &c) : error;
}

/* Nothing of the other side is asked for: it may hold many thousand. */
static int
conn_dump_incoming(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	struct nl_conn *conn = (struct nl_conn *)arg;
	struct object_dump d = {
		.into = into, .ifindex = ifindex, .whole = true
	};
	size_t first = into->count;
	int error = conn_place(conn, ifindex, TC_INGRESS_PARENT, into);

	return error == 0 ? dump_below(conn, &d, first) : error;
}

struct stats_dump {
	tc_stats_fn *tell;
	void *arg;
};

static void
tell_stats(void *arg, const struct nlmsghdr *h)
{
	const struct stats_dump *s = (const struct stats_dump *)arg;
	struct tc_class_stats stats;

	if (nl_stats_get(h, &stats))
		s->tell(s->arg, &stats);
}

/* An interrupted dump is taken as it is: totals of what stayed are right. */
static int
conn_stats_all(void *arg, uint32_t ifindex, tc_stats_fn *tell, void *tell_arg)
{
	struct stats_dump s = { tell, tell_arg };
	struct dump d = { .tell = tell_stats, .arg = &s };

	const struct nl_query query = { NL_DUMP_CLASSES, ifindex, 0, NULL, 0 };

	return dump_once((struct nl_conn *)arg, &query, &d);
}

struct act_dump {
	tc_gact_fn *tell;
	void *arg;
};

static void
tell_acts(void *arg, const struct nlmsghdr *h)
{
	const struct act_dump *a = (const struct act_dump *)arg;

	nl_acts_get(h, a->tell, a->arg);
}

static int
conn_acts(void *arg, const struct tc_action_kind *kind, tc_gact_fn *tell,
	void *tell_arg)
{
	struct act_dump a = { tell, tell_arg };
	struct dump d = { .tell = tell_acts, .arg = &a };
	const struct nl_query query = { .what = NL_DUMP_ACTIONS,
		.action = kind->name };

	return dump_once((struct nl_conn *)arg, &query, &d);
}

struct tc_kernel
nl_conn_kernel(struct nl_conn *conn)
{
	return (struct tc_kernel){ .arg = conn,
		.run = conn_run,
		.dump = conn_dump,
		.stats = conn_stats,
		.stats_all = conn_stats_all,
		.root = conn_root,
		.dump_tree = conn_dump_tree,
		.get = conn_get,
		.acts = conn_acts,
		.dump_incoming = conn_dump_incoming,
		.tells = true,
		.dump_counted = conn_dump_counted,
		.place = conn_place,
		.preference = conn_preference };
}

uint32_t
nl_conn_port(const struct nl_conn *conn)
{
	return mnl_socket_get_portid(conn->socket);
}
