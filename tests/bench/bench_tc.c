/* SPDX-License-Identifier: ISC */

/*
 * How fast flows are installed and removed, with 1 000 and 10 000 present:
 *
 *	ours	FLOW_ADD, FLOW_DEL to `tcctl serve`, until it is acknowledged
 *	floor	a bare loop over netlink that does the least: a class changed
 *		and a u32 node added or deleted, both acknowledged, one system
 *		call to send them; its classes are there, and nobody listens
 *	peer	`tc -batch` that adds, or deletes, a class and its filter
 *
 * the same of ours against ours with 1 000, and beside a bare loop whose nodes
 * are flat lists; how long a change waits while the pool of idle classes grows
 * beyond what a link has by default, in tcctl's processor time, against 5 ms
 * (peer: while it does not grow), and by the clock; and how long adoption
 * takes, against a dump of the classes and one of the filters.
 *
 * Ours and the floor take turns, and the best of each counts, because the
 * machine is shared.  Each has a network namespace of its own, and tcctl is
 * stopped in the floor's turn, since the kernel tells of changes only while
 * somebody listens, in whichever namespace.  Prints a JSON object a row.
 *
 * usage: bench_tc [-p PRESENT] [-o flows|growth|adoption] [TCCTL]
 */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench_tc_int.h"

enum {
	PEER_FLOWS = 200,
	TURNS = 6,
	ROUNDS = 25,    /* in a turn */
	FEW_ROUNDS = 3, /* of what takes long */
	WAIT_ROUNDS = 5,
	CLASSES = 40, /* as many as waits that can meet one */
	ADOPTIONS = 12,
	WAIT_LIMIT_US = 5000,
	FEW = 1000,
	MANY = 10000,
	MOST = 60000
};

void
die(const char *what)
{
	fprintf(stderr, "bench_tc: %s: %s\n", what, strerror(errno));
	exit(1);
}

void
shell(const char *fmt, ...)
{
	char command[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	if (system(command) != 0)
		die(command);
}

static double
clock_s(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

double
now_s(void)
{
	return clock_s(CLOCK_MONOTONIC);
}

struct took
took_begin(clockid_t cpu)
{
	return (struct took){ now_s(), clock_s(cpu) };
}

struct took
took_end(clockid_t cpu, const struct took *begin)
{
	return (struct took){ now_s() - begin->clock_s,
		clock_s(cpu) - begin->cpu_s };
}

void
keep_best(struct speeds *best, double install, double removal)
{
	best->install = install > best->install ? install : best->install;
	best->remove = removal > best->remove ? removal : best->remove;
}

/* ---- the peer ------------------------------------------------------------ */

static void
write_addition(FILE *f, const struct bare *b, const char *name, uint32_t i)
{
	uint32_t handle = bare_node(b, i);
	uint32_t minor = bare_minor(b, i);

	fprintf(f,
		"class add dev %s parent 1:1 classid 1:%x htb rate %ubps ceil "
		"%ubps quantum 1500\n",
		name, minor, 20000 + i, 20000 + i);
	fprintf(f,
		"filter add dev %s parent 1: protocol ip pref %d handle "
		"%x:%x:%x u32 ht %x:%x: match u32 0x%x 0xffffffff at 20 match "
		"ip dst 10.0.0.2 match ip src 10.0.0.1 match ip protocol 17 "
		"0xff flowid 1:%x\n",
		name, PREF, handle >> 20, handle >> 12 & 0xff, handle & 0xfff,
		handle >> 20, handle >> 12 & 0xff, i, minor);
}

static void
write_removal(FILE *f, const struct bare *b, const char *name, uint32_t i)
{
	uint32_t handle = bare_node(b, i);

	fprintf(f,
		"filter del dev %s parent 1: protocol ip pref %d handle "
		"%x:%x:%x u32\nclass del dev %s classid 1:%x\n",
		name, PREF, handle >> 20, handle >> 12 & 0xff, handle & 0xfff,
		name, bare_minor(b, i));
}

typedef void write_fn(
	FILE *f, const struct bare *b, const char *name, uint32_t i);

/* A batch of those lines, timed: how many a second. */
static double
run_batch(
	const struct bare *b, const char *name, uint32_t first, write_fn *write)
{
	char path[] = "/tmp/bench_tc.XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	double start;

	if (!f)
		die(path);
	for (uint32_t i = first; i < first + PEER_FLOWS; i++)
		write(f, b, name, i);
	if (fclose(f) != 0)
		die(path);
	start = now_s();
	shell("tc -batch %s", path);
	start = now_s() - start;
	unlink(path);
	return PEER_FLOWS / start;
}

/* Behind the classes that the floor has made. */
static struct speeds
peer_measure(const struct bare *b, const char *prefix, uint32_t present)
{
	struct speeds best = { 0, 0 };
	char name[16];
	struct text t = text_over(name, sizeof(name));

	text_printf(&t, "%s%u", prefix, bare_iface(b, present));
	for (int round = 0; round < FEW_ROUNDS; round++) {
		double install = run_batch(b, name, present, write_addition);

		keep_best(&best, install,
			run_batch(b, name, present, write_removal));
	}
	return best;
}

/* ---- measurements -------------------------------------------------------- */

enum parts { PART_FLOWS = 1, PART_GROWTH = 2, PART_ADOPTION = 4 };

struct bench {
	const char *program;
	unsigned parts; /* enum parts */
	int rooms[2];   /* namespaces: of ours, of the others */
};

enum { ROOM_OURS, ROOM_OTHERS };

static void
enter(const struct bench *bench, int room)
{
	if (setns(bench->rooms[room], CLONE_NEWNET) != 0)
		die("setns");
}

static void
make_rooms(struct bench *bench)
{
	for (int room = ROOM_OURS; room <= ROOM_OTHERS; room++) {
		if (unshare(CLONE_NEWNET) != 0)
			die("a network namespace (needs root)");
		bench->rooms[room] =
			open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		if (bench->rooms[room] < 0)
			die("/proc/self/ns/net");
	}
}

static void
print_speed(const char *name, uint32_t n, double floor_speed, double ours,
	double peer)
{
	printf("{\"name\":\"%s\",\"n\":%u,\"floor\":%.0f,\"ours\":%.0f,"
	       "\"peer\":%.0f,\"unit\":\"flows/s\",\"must\":0.5,"
	       "\"aim\":0.7,\"must_peer\":20}\n",
		name, n, floor_speed, ours, peer);
}

static void
print_list(const char *name, uint32_t n, double floor_speed, double ours,
	double list)
{
	printf("{\"name\":\"%s\",\"n\":%u,\"floor\":%.0f,\"ours\":%.0f,"
	       "\"peer\":%.0f,\"unit\":\"flows/s\"}\n",
		name, n, floor_speed, ours, list);
}

/* One after the other, so that most find in the caches what they need. */
static void
bare_rounds(struct bare *b, uint32_t present, struct speeds *best)
{
	for (int round = 0; round < ROUNDS; round++) {
		double install = bare_install(b, present, FLOWS);

		keep_best(best, install, bare_remove(b, present, FLOWS));
	}
}

static void
ours_rounds(struct ours *o, uint32_t present, struct speeds *best)
{
	for (int round = 0; round < ROUNDS; round++) {
		double install = ours_install(o, present, FLOWS);

		keep_best(best, install, ours_remove(o, present, FLOWS));
	}
}

/* The same nodes in flat lists; the others stay. */
static struct speeds
measure_lists(struct bare *b, uint32_t present)
{
	struct speeds best = { 0, 0 };

	b->flat = true;
	(void)bare_install(b, 0, present);
	bare_rounds(b, present, &best);
	return best;
}

static struct speeds
measure_flows(const struct bench *bench, struct ours *o, uint32_t present)
{
	struct bare *b = (struct bare *)calloc(1, sizeof(*b));
	struct speeds ours = { 0, 0 };
	struct speeds least = { 0, 0 };
	struct speeds list;
	struct speeds peer;

	if (!b)
		die("calloc");
	ours_stop(o);
	enter(bench, ROOM_OTHERS);
	bare_build(b, "bare", present + FLOWS);
	(void)bare_install(b, 0, present); /* not measured */
	for (int turn = 0; turn < TURNS; turn++) {
		bare_rounds(b, present, &least);
		enter(bench, ROOM_OURS);
		(void)ours_resume(o);
		ours_rounds(o, present, &ours);
		ours_stop(o);
		enter(bench, ROOM_OTHERS);
	}
	list = measure_lists(b, present);
	/* The peer makes its own. */
	bare_clear(b, present, FLOWS);
	peer = peer_measure(b, "bare", present);
	enter(bench, ROOM_OURS);
	(void)ours_resume(o);
	mnl_socket_close(b->nl);
	free(b);
	print_speed("install-flows", present, least.install, ours.install,
		peer.install);
	print_speed("remove-flows", present, least.remove, ours.remove,
		peer.remove);
	print_list("install-flows-list", present, least.install, ours.install,
		list.install);
	print_list("remove-flows-list", present, least.remove, ours.remove,
		list.remove);
	return ours;
}

static const struct took endless = { 1e9, 1e9 };

static void
keep_least(struct took *least, const struct took *found)
{
	if (found->cpu_s < least->cpu_s)
		least->cpu_s = found->cpu_s;
	if (found->clock_s < least->clock_s)
		least->clock_s = found->clock_s;
}

static void
print_wait(const char *name, uint32_t n, double wait_s, double class_s)
{
	printf("{\"name\":\"%s\",\"n\":%u,\"floor\":%d,"
	       "\"ours\":%.0f,\"peer\":%.0f,\"unit\":\"us\",\"must\":%s}\n",
		name, n, WAIT_LIMIT_US, wait_s * 1e6, class_s * 1e6,
		n <= MANY ? "1" : "null");
}

static void
keep_less(double *least, double found)
{
	if (found < *least)
		*least = found;
}

/* The longest of some classes: nobody can be held up for less. */
static double
longest_class_s(uint32_t ifindex)
{
	double longest_s = 0;

	for (int i = 0; i < CLASSES; i++) {
		double took_s = bare_class_s(ifindex);

		if (took_s > longest_s)
			longest_s = took_s;
	}
	return longest_s;
}

/* The least of some rounds, for what else this host does. */
static void
measure_growth(struct ours *o, uint32_t present)
{
	struct growth least = { 1e9, 1e9, 1e9, 1e9 };
	double class_s = 1e9;

	ours_stop(o);
	for (int round = 0; round < WAIT_ROUNDS; round++)
		keep_less(&class_s, longest_class_s(o->ifindex));
	(void)ours_resume(o);
	for (int round = 0; round < WAIT_ROUNDS; round++) {
		struct growth found = ours_growth(o);

		keep_less(&least.none_s, found.none_s);
		keep_less(&least.empty_s, found.empty_s);
		keep_less(&least.half_s, found.half_s);
		keep_less(&least.pause_s, found.pause_s);
	}
	print_wait("pool-growth-wait-none", present, least.none_s, class_s);
	print_wait("pool-growth-wait-half", present, least.half_s, class_s);
	print_wait("pool-growth-wait-empty", present, least.empty_s, class_s);
	print_wait("pool-growth-wait-pause", present, least.pause_s, class_s);
}

/* With few, most of it is the memory of a new process. */
static void
print_adoption(const char *name, uint32_t n, double dumps_s, double adoption_s)
{
	printf("{\"name\":\"%s\",\"n\":%u,\"floor\":%.1f,\"ours\":%.1f,"
	       "\"peer\":null,\"unit\":\"ms\",\"must\":%s,\"aim\":2}\n",
		name, n, dumps_s * 1e3, adoption_s * 1e3,
		n >= MANY ? "4" : "null");
}

/* Of the same tree as the floor's dumps; by the clock a round in which somebody
 * else has the processor counts for nothing. */
static void
measure_adoption(struct ours *o, uint32_t present)
{
	struct took dumps = endless;
	struct took adoption = endless;

	for (int round = 0; round < ADOPTIONS; round++) {
		struct took took = bare_dumps(o->ifindex);

		keep_least(&dumps, &took);
		ours_stop(o);
		took = ours_resume(o);
		keep_least(&adoption, &took);
	}
	print_adoption("adoption", present, dumps.clock_s, adoption.clock_s);
	print_adoption("adoption-cpu", present, dumps.cpu_s, adoption.cpu_s);
}

static struct speeds
measure(struct bench *bench, uint32_t present)
{
	struct ours *o = (struct ours *)calloc(1, sizeof(*o));
	struct speeds speeds = { 0, 0 };

	if (!o)
		die("calloc");
	o->program = bench->program;
	o->name = "ours";
	make_rooms(bench);
	enter(bench, ROOM_OURS);
	ours_open(o, present);
	ours_wait_counters(o, present);
	if ((bench->parts & PART_FLOWS) != 0)
		speeds = measure_flows(bench, o, present);
	if ((bench->parts & PART_GROWTH) != 0)
		measure_growth(o, present);
	if ((bench->parts & PART_ADOPTION) != 0)
		measure_adoption(o, present);
	fflush(stdout);
	ours_stop(o);
	free(o);
	/* The kernel takes away what is in them. */
	close(bench->rooms[ROOM_OURS]);
	close(bench->rooms[ROOM_OTHERS]);
	return speeds;
}

/* Many present cost hardly more than few. */
static void
print_flat(const char *name, uint32_t n, double few, double many)
{
	printf("{\"name\":\"%s\",\"n\":%u,\"floor\":%.0f,\"ours\":%.0f,"
	       "\"peer\":null,\"unit\":\"flows/s\",\"must\":0.667}\n",
		name, n, few, many);
}

/* 0: there is no such part. */
static unsigned
part_of(const char *word)
{
	static const char *const words[] = { "flows", "growth", "adoption" };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return 1u << i;
	return 0;
}

static void
usage(void)
{
	fprintf(stderr, "usage: bench_tc [-p PRESENT] "
			"[-o flows|growth|adoption] [TCCTL]\n");
	exit(2);
}

int
main(int argc, char **argv)
{
	struct bench bench = { .parts = PART_FLOWS | PART_GROWTH |
					PART_ADOPTION };
	char self[PATH_MAX] = "";
	char program[PATH_MAX + 32];
	uint32_t many = MANY;
	struct speeds at_few;
	struct speeds at_many;
	int option;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		die("/proc/self/exe");
	snprintf(program, sizeof(program), "%s/../../tcctl/tcctl",
		dirname(self));
	while ((option = getopt(argc, argv, "p:o:")) != -1) {
		if (option == 'p')
			many = (uint32_t)strtoul(optarg, NULL, 10);
		else if (option == 'o')
			bench.parts = part_of(optarg);
		else
			usage();
	}
	if (many < FEW || many > MOST || bench.parts == 0)
		usage();
	bench.program = optind < argc ? argv[optind] : program;
	at_few = measure(&bench, FEW);
	if (many == FEW)
		return 0;
	at_many = measure(&bench, many);
	if ((bench.parts & PART_FLOWS) != 0) {
		print_flat("install-flows-flat", many, at_few.install,
			at_many.install);
		print_flat("remove-flows-flat", many, at_few.remove,
			at_many.remove);
	}
	return 0;
}
