/* SPDX-License-Identifier: ISC */

/* A host for the operator's commands; see tc_cli_t.h. */

#include "tc_cli_t.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "t_memory.h"
#include "tcctl/nl_conn.h"
#include "tcctl/nl_host.h"
#include "tcctl/serve_int.h"

struct cli_host *cli;

/* ---- conversations ------------------------------------------------------- */

struct nl_conn *__wrap_nl_conn_new(void);
void __wrap_nl_conn_free(struct nl_conn *conn);
struct tc_kernel __wrap_nl_conn_kernel(struct nl_conn *conn);
struct nl_host *__wrap_nl_host_new(void);
void __wrap_nl_host_free(struct nl_host *conn);
int __wrap_nl_host_read(struct nl_host *conn, struct tree_host *ret_host);
int __wrap_nl_host_counts(
	struct nl_host *conn, uint32_t ifindex, struct tree_counts *ret_counts);
int __wrap_nl_host_put_ifb(struct nl_host *conn, const struct tree_link *link,
	struct tc_result *ret_result);
int __wrap_nl_host_del_link(
	struct nl_host *conn, uint32_t ifindex, struct tc_result *ret_result);
bool __wrap_tc_marker_open(struct tc_marker *marker, struct tc_life *life);
void __wrap_tc_marker_close(struct tc_marker *marker);

/* Which of the two worlds it was opened in. */
struct nl_conn {
	bool within;
};

struct nl_host {
	bool within;
};

struct nl_conn *
__wrap_nl_conn_new(void)
{
	struct nl_conn *conn = (struct nl_conn *)calloc(1, sizeof(*conn));

	T_CHECK(conn, "memory");
	errno = cli->fail_conn;
	if (errno != 0) {
		free(conn);
		return NULL;
	}
	conn->within = cli->within;
	cli->open++;
	return conn;
}

void
__wrap_nl_conn_free(struct nl_conn *conn)
{
	cli->open -= conn != NULL;
	free(conn);
}

struct tc_kernel
__wrap_nl_conn_kernel(struct nl_conn *conn)
{
	return conn->within ? cli->tried : cli->kernel;
}

struct nl_host *
__wrap_nl_host_new(void)
{
	struct nl_host *host = (struct nl_host *)calloc(1, sizeof(*host));

	T_CHECK(host, "memory");
	errno = cli->fail_host;
	if (errno != 0) {
		free(host);
		return NULL;
	}
	host->within = cli->within;
	cli->open++;
	return host;
}

void
__wrap_nl_host_free(struct nl_host *conn)
{
	cli->open -= conn != NULL;
	free(conn);
}

int
__wrap_nl_host_read(struct nl_host *conn, struct tree_host *ret_host)
{
	(void)conn;
	*ret_host = (struct tree_host){ .link_count = cli->link_count };
	ret_host->links =
		(struct tree_link *)calloc(CLI_LINKS, sizeof(*ret_host->links));
	T_CHECK(ret_host->links, "memory");
	memcpy(ret_host->links, cli->links, sizeof(cli->links));
	return 0;
}

int
__wrap_nl_host_counts(
	struct nl_host *conn, uint32_t ifindex, struct tree_counts *ret_counts)
{
	(void)conn;
	(void)ifindex;
	if (cli->fail_counts != 0)
		return -cli->fail_counts;
	ret_counts->count = cli->count_count;
	ret_counts->all =
		(struct tree_count *)calloc(CLI_NAMES, sizeof(cli->counts[0]));
	T_CHECK(ret_counts->all, "memory");
	memcpy(ret_counts->all, cli->counts, sizeof(cli->counts));
	return 0;
}

static bool
is_missing(const char *kind)
{
	for (size_t i = 0; i < cli->lack_count; i++)
		if (strcmp(cli->lacks[i], kind) == 0)
			return true;
	return false;
}

int
__wrap_nl_host_put_ifb(struct nl_host *conn, const struct tree_link *link,
	struct tc_result *ret_result)
{
	struct tree_link *mine = NULL;

	*ret_result = (struct tc_result){ 0 };
	if (conn->within) {
		ret_result->error = is_missing("ifb") ? EOPNOTSUPP : 0;
		return -cli->fail_run;
	}
	ret_result->error = cli->refuse_ifb;
	if (cli->refuse_ifb != 0 || cli->fail_ifb != 0)
		return -cli->fail_ifb;
	for (size_t i = 0; i < cli->link_count; i++)
		if (strcmp(cli->links[i].name, link->name) == 0)
			mine = &cli->links[i];
	if (!mine) {
		T_CHECK(cli->link_count < CLI_LINKS, "too many");
		T_EQ(link->ifindex, 0);
		mine = &cli->links[cli->link_count++];
		*mine = *link;
		mine->ifindex = 10 + (uint32_t)cli->link_count;
	}
	mine->txqueuelen = link->txqueuelen;
	mine->up = true;
	return 0;
}

int
__wrap_nl_host_del_link(
	struct nl_host *conn, uint32_t ifindex, struct tc_result *ret_result)
{
	(void)conn;
	*ret_result = (struct tc_result){ .error = cli->refuse_ifb };
	if (cli->fail_ifb != 0)
		return -cli->fail_ifb;
	for (size_t i = 0; i < cli->link_count && cli->refuse_ifb == 0; i++)
		if (cli->links[i].ifindex == ifindex) {
			cli->links[i] = cli->links[--cli->link_count];
			return 0;
		}
	return 0;
}

bool
__wrap_tc_marker_open(struct tc_marker *marker, struct tc_life *life)
{
	(void)life;
	if (!cli->marker)
		return false;
	*marker = *cli->marker;
	cli->open++;
	return true;
}

void
__wrap_tc_marker_close(struct tc_marker *marker)
{
	cli->open -= marker->arg != NULL;
	marker->arg = NULL;
}

/* ---- the system ---------------------------------------------------------- */

struct if_nameindex *__wrap_if_nameindex(void);
void __wrap_if_freenameindex(struct if_nameindex *all);
unsigned __wrap_if_nametoindex(const char *name);
char *__wrap_if_indextoname(unsigned ifindex, char *name);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_unshare(int flags);
int __wrap_setns(int fd, int type);
int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t len);

struct if_nameindex *
__wrap_if_nameindex(void)
{
	struct if_nameindex *all =
		(struct if_nameindex *)calloc(CLI_LINKS + 1, sizeof(*all));

	T_CHECK(all, "memory");
	errno = cli->fail_names;
	if (errno != 0) {
		free(all);
		return NULL;
	}
	cli->open++;
	for (size_t i = 0; i < cli->link_count; i++) {
		all[i].if_index = cli->links[i].ifindex;
		all[i].if_name = cli->links[i].name;
	}
	return all;
}

void
__wrap_if_freenameindex(struct if_nameindex *all)
{
	cli->open -= all != NULL;
	free(all);
}

unsigned
__wrap_if_nametoindex(const char *name)
{
	errno = cli->fail_lo != 0 && cli->within ? cli->fail_lo : ENODEV;
	for (size_t i = 0; i < cli->link_count; i++)
		if (strcmp(cli->links[i].name, name) == 0 &&
			!(cli->within && cli->fail_lo != 0))
			return cli->links[i].ifindex;
	return 0;
}

char *
__wrap_if_indextoname(unsigned ifindex, char *name)
{
	for (size_t i = 0; i < cli->link_count; i++)
		if (cli->links[i].ifindex == ifindex) {
			(void)text_copy(name, TC_NAME, cli->links[i].name);
			return name;
		}
	errno = ENXIO;
	return NULL;
}

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	struct ifreq *ifr;
	va_list ap;

	(void)fd;
	va_start(ap, request);
	ifr = va_arg(ap, struct ifreq *);
	va_end(ap);
	for (size_t i = 0; i < cli->link_count; i++) {
		if (strcmp(cli->links[i].name, ifr->ifr_name) != 0)
			continue;
		if (request == SIOCGIFMTU)
			ifr->ifr_mtu = (int)cli->links[i].mtu;
		else if (request == SIOCGIFHWADDR)
			ifr->ifr_hwaddr.sa_family =
				cli->no_ethernet ? ARPHRD_PPP : ARPHRD_ETHER;
		else
			T_CHECK(false, "ioctl %lx", request);
		return 0;
	}
	errno = ENODEV;
	return -1;
}

int
__wrap_unshare(int flags)
{
	T_EQ(flags, CLONE_NEWNET);
	errno = cli->fail_unshare;
	cli->within = errno == 0;
	return errno == 0 ? 0 : -1;
}

int
__wrap_setns(int fd, int type)
{
	T_CHECK(fd >= 0, "no descriptor");
	T_EQ(type, CLONE_NEWNET);
	errno = cli->fail_setns;
	if (errno == 0)
		cli->within = false;
	return errno == 0 ? 0 : -1;
}

/* The lock of rsvpd, which is one a host. */
int
__wrap_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	const struct sockaddr_un *sun =
		(const struct sockaddr_un *)(const void *)addr;
	const size_t name = len - offsetof(struct sockaddr_un, sun_path) - 1;

	T_CHECK(fd >= 0, "no socket");
	T_EQ(sun->sun_family, AF_UNIX);
	T_EQ(name, strlen(SERVE_LOCK_NAME));
	T_EQ(sun->sun_path[0], 0);
	T_EQ(memcmp(sun->sun_path + 1, SERVE_LOCK_NAME, name), 0);
	cli->binds++;
	errno = EADDRINUSE;
	return cli->rsvpd_runs ? -1 : 0;
}

/* ---- kernels ------------------------------------------------------------- */

/* Objects of the commands stand in a kernel that only remembers; the totals of
 * their classes are those of the host. */
static int
dry_stats_all(void *arg, uint32_t ifindex, tc_stats_fn *tell, void *tell_arg)
{
	(void)arg;
	(void)ifindex;
	for (size_t i = 0; i < cli->stat_count; i++)
		tell(tell_arg, &cli->stats[i]);
	return 0;
}

static int
dry_stats(void *arg, uint32_t ifindex, const uint32_t *classids, size_t count,
	struct tc_class_stats *ret_stats)
{
	const struct tc_kernel k = tc_dry_kernel((struct tc_dry *)arg);
	const int error = k.stats(arg, ifindex, classids, count, ret_stats);

	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < cli->stat_count; n++)
			if (ret_stats[i].handle == cli->stats[n].handle)
				ret_stats[i] = cli->stats[n];
	return error;
}

static int
dry_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	const struct tc_kernel k = tc_dry_kernel((struct tc_dry *)arg);

	return cli->fail_run != 0 ? -cli->fail_run
				  : k.run(arg, ops, count, ret_results);
}

static int
dry_dump(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	const struct tc_kernel k = tc_dry_kernel((struct tc_dry *)arg);

	return cli->fail_dump != 0 ? -cli->fail_dump
				   : k.dump(arg, ifindex, into);
}

static int
dry_dump_tree(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	const struct tc_dry *dry = (const struct tc_dry *)arg;

	for (size_t i = 0; i < dry->objects.count; i++)
		if (dry->objects.all[i].ifindex == ifindex)
			(void)tc_objects_copy(into, &dry->objects.all[i]);
	tc_objects_rank(into);
	tc_objects_sort(into);
	return -cli->fail_dump;
}

/* What the object is made of, and is not there. */
static bool
lacks_part(const struct tc_object *o)
{
	const struct tc_extra *extra = o->extra;
	bool lacks = is_missing(o->kind->name);

	for (size_t i = 0; extra && i < extra->action_count; i++)
		lacks = lacks || is_missing(extra->actions[i].kind->name);
	return lacks;
}

/* One that the kernel is to number stands for itself, on a qdisc. */
static int
try_numbered(const struct tc_op *op)
{
	const bool adds = op->kind == TC_OP_ADD;
	bool hangs = false;

	for (size_t i = 0; i < cli->scratch.objects.count; i++)
		hangs = hangs || cli->scratch.objects.all[i].handle ==
					 tc_op_object(op)->parent;
	if (!hangs)
		return EINVAL;
	cli->left += adds ? 1u : 0u;
	cli->left -= adds ? 0u : 1u;
	return 0;
}

/* Of u32: it asks for nothing, which is refused before all else. */
static bool
is_malformed(const struct tc_op *op)
{
	const struct tc_object *o = &op->want;

	return op->kind == TC_OP_ADD && o->any_handle &&
	       (o->kind == &tc_kind_u32) !=
		       (o->u32.key_count == 1 &&
			       o->u32.flags == TC_U32_FLAG_TERMINAL);
}

static int
scratch_run(void *arg, const struct tc_op *ops, size_t count,
	struct tc_result *ret_results)
{
	const struct tc_kernel k = tc_dry_kernel((struct tc_dry *)arg);

	if (cli->fail_run != 0)
		return -cli->fail_run;
	for (size_t i = 0; i < count; i++) {
		const struct tc_object *o = tc_op_object(&ops[i]);

		cli->tries++;
		ret_results[i] = (struct tc_result){ 0 };
		if (cli->refuse_tried != 0)
			ret_results[i].error = cli->refuse_tried;
		else if (cli->refuse_class != 0 && o->type == TC_CLASS)
			ret_results[i].error = cli->refuse_class;
		else if (is_malformed(&ops[i]))
			ret_results[i].error = EINVAL;
		else if (ops[i].kind != TC_OP_DEL && lacks_part(o))
			ret_results[i].error = ENOENT;
		else if (o->any_handle)
			ret_results[i].error = try_numbered(&ops[i]);
		else
			(void)k.run(arg, &ops[i], 1, &ret_results[i]);
	}
	return 0;
}

/* The one u32 filter that there is, with the mark that it was given. */
static int
scratch_dump_tree(void *arg, uint32_t ifindex, struct tc_objects *into)
{
	const struct tc_object o = {
		.type = TC_FILTER, .ifindex = ifindex, .kind = &tc_kind_u32
	};
	struct tc_object *copy = tc_objects_copy(into, &o);

	(void)arg;
	if (cli->left > 0 && !is_missing("mark"))
		tc_objects_extra(into, copy)->mark_mask = 1;
	return -cli->fail_dump;
}

/* Nothing has counted. */
static int
scratch_acts(void *arg, const struct tc_action_kind *kind, tc_gact_fn *tell,
	void *tell_arg)
{
	(void)arg;
	(void)kind;
	(void)tell;
	(void)tell_arg;
	return 0;
}

/* ---- commands ------------------------------------------------------------ */

void
cli_begin(void)
{
	static const char *const names[] = { "lo", "eth0", "eth1" };

	cli = (struct cli_host *)calloc(1, sizeof(*cli));
	T_CHECK(cli, "memory");
	for (size_t i = 0; i < 3; i++) {
		struct tree_link *link = &cli->links[i];

		*link = (struct tree_link){ .ifindex = (uint32_t)i + 1,
			.mtu = 1500,
			.txqueuelen = 1000,
			.header_bytes = 14,
			.up = true };
		(void)text_copy(link->name, TC_NAME, names[i]);
	}
	cli->link_count = 3;
	cli->options = (struct cli_options){ .lock = 0 };
	tc_dry_init(&cli->dry, alloc_heap());
	tc_dry_init(&cli->scratch, alloc_heap());
	cli->kernel = tc_dry_kernel(&cli->dry);
	cli->kernel.run = dry_run;
	cli->kernel.dump = dry_dump;
	cli->kernel.dump_tree = dry_dump_tree;
	cli->kernel.stats = dry_stats;
	cli->kernel.stats_all = dry_stats_all;
	cli->kernel.dump_counted = NULL;
	cli->tried = tc_dry_kernel(&cli->scratch);
	cli->tried.run = scratch_run;
	cli->tried.dump_tree = scratch_dump_tree;
	cli->tried.acts = scratch_acts;
}

void
cli_end(void)
{
	T_EQ(cli->open, 0);
	T_EQ(cli->left, 0);
	tc_dry_done(&cli->dry);
	tc_dry_done(&cli->scratch);
	free(cli);
	cli = NULL;
}

void
cli_lacks(const char *kind)
{
	T_CHECK(cli->lack_count < CLI_NAMES, "too many");
	cli->lacks[cli->lack_count++] = kind;
}

/* What a command prints. */
struct caught {
	FILE *out;
	FILE *err;
	char *out_text;
	char *err_text;
	size_t out_len;
	size_t err_len;
};

static void catch (struct caught *c)
{
	(void)fflush(stdout);
	c->out = stdout;
	c->err = stderr;
	stdout = open_memstream(&c->out_text, &c->out_len);
	stderr = open_memstream(&c->err_text, &c->err_len);
}

static void
let_go(struct caught *c)
{
	(void)fclose(stdout);
	(void)fclose(stderr);
	stdout = c->out;
	stderr = c->err;
	T_CHECK(text_copy(cli->out, CLI_TEXT, c->out_text) &&
			text_copy(cli->err, CLI_TEXT, c->err_text),
		"too much text");
	free(c->out_text);
	free(c->err_text);
	T_EQ(cli->open, 0);
}

int
cli_do(int (*command)(const struct cli_options *options))
{
	struct caught c;
	int status;

	cli->within = false;
	catch (&c);
	status = command(&cli->options);
	let_go(&c);
	return status;
}

void
cli_keeps_nothing(int (*command)(const struct cli_options *options))
{
	/* What malloc() keeps ready comes and goes: 4 kB were seen.  A list of
	 * objects that is left behind each time is far more. */
	enum { RUNS = 64, ANY = RUNS * 256 };
	size_t before;

	for (int i = 0; i < RUNS; i++)
		(void)cli_do(command); /* its status is for other tests */
	before = mallinfo2().uordblks;
	for (int i = 0; i < RUNS; i++)
		(void)cli_do(command);
	T_CHECK(mallinfo2().uordblks < before + ANY, "%zu octets kept",
		mallinfo2().uordblks - before);
}

/* With all the memory that it wants. */
static struct {
	int (*command)(void);
	int status;
	char out[CLI_TEXT];
	char err[CLI_TEXT];
} whole;

static bool
print_for_trial(const char **ret_text)
{
	int status = whole.command();
	size_t len = strlen(whole.err);

	*ret_text = cli->out;
	T_CHECK(strncmp(cli->err, whole.err, len) == 0, "%s", cli->err);
	if (cli->err[len] == '\0') {
		T_EQ(status, whole.status);
		return true;
	}
	T_STR(cli->err + len, "tcctl: out of memory\n");
	T_EQ(status, whole.status == CLI_DONE ? CLI_REFUSED : whole.status);
	return false;
}

void
cli_needs_memory(int (*command)(void))
{
	size_t failures;

	cli->options.json = true;
	whole.command = command;
	whole.status = command();
	(void)text_copy(whole.out, CLI_TEXT, cli->out);
	(void)text_copy(whole.err, CLI_TEXT, cli->err);
	failures = t_memory_try(print_for_trial, whole.out);
	T_CHECK(failures > 20, "%zu failures", failures);
	cli->options.json = false;
}

int
cli_apply_text(const char *text)
{
	const struct cli_file file = {
		.path = "file", .text = text, .len = strlen(text)
	};
	struct caught c;
	int status;

	cli->within = false;
	catch (&c);
	status = apply_want(&cli->options, &file);
	let_go(&c);
	return status;
}

void
cli_expect_out(const char *text)
{
	T_STR(cli->out, text);
}

size_t
cli_lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

void
cli_expect_err(const char *text)
{
	T_STR(cli->err, text);
}

void
cli_out_has(const char *text)
{
	T_CHECK(strstr(cli->out, text), "\"%s\" is not in \"%.300s\"", text,
		cli->out);
}

void
cli_err_has(const char *text)
{
	T_CHECK(strstr(cli->err, text), "\"%s\" is not in \"%.300s\"", text,
		cli->err);
}
