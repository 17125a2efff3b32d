/* SPDX-License-Identifier: ISC */

/*
 * The commands on the policy that is in force.  What is compared, policyd
 * compares: it is given the rules of the daemon as a memory descriptor, and
 * the reservations that stand as JSON.
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/policyd.h"

enum { FD_PATH = 40 };

/* What is on the command line of diff and load. */
struct words {
	const char *format;
	const char *file;
	bool dry_run;
};

static bool
parse(struct words *w, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--dry-run") == 0) {
			w->dry_run = true;
		} else if (strncmp(argv[i], "--format=", 9) == 0) {
			w->format = argv[i] + 9;
		} else if (strcmp(argv[i], "--format") == 0 && i + 1 < argc) {
			w->format = argv[++i];
		} else if (argv[i][0] == '-') {
			fprintf(stderr,
				"rsvpctl: %s: not an option here (--help "
				"lists them)\n",
				argv[i]);
			return false;
		} else if (w->file) {
			fprintf(stderr, "rsvpctl: too many arguments at %s\n",
				argv[i]);
			return false;
		} else {
			w->file = argv[i];
		}
	}
	return true;
}

/* ---- what the daemon has ------------------------------------------------- */

/* Survives an exec, and has this name there. */
static bool
hand_down(int fd, char path[FD_PATH])
{
	struct text t = text_over(path, FD_PATH);

	text_printf(&t, "/proc/self/fd/%d", fd);
	return fcntl(fd, F_SETFD, 0) == 0;
}

static void
ignore(void *arg, struct buf_reader *facts)
{
	(void)arg; /* the descriptor alone is wanted */
	(void)facts;
}

/* The rules in force.  An exit status. */
static int
get_snapshot(const struct ctl_options *options, int *ret_fd)
{
	struct ctl_question q = { .type = CTL_ASK_SNAPSHOT, .tell = ignore };
	const int status = ctl_ask_more(options, &q);

	if (status == CTL_DONE && q.fd < 0) {
		fprintf(stderr,
			"rsvpctl: no policy has been put in force yet\n");
		return CTL_REFUSED;
	}
	*ret_fd = q.fd;
	return status;
}

static void
take_request(void *arg, struct buf_reader *facts)
{
	out_json_record((struct out_json *)arg, facts);
}

/* What stands, as a file in memory.  An exit status. */
static int
get_requests(const struct ctl_options *options, int *ret_fd)
{
	struct out_json *json = out_json_new("requests");
	const int fd = memfd_create("requests", MFD_CLOEXEC);
	FILE *out = fd >= 0 ? fdopen(dup(fd), "w") : NULL;
	int status = CTL_REFUSED;
	bool cut;

	if (!out)
		fprintf(stderr, "rsvpctl: %s\n", strerror(errno));
	else if (json)
		status = ctl_ask(options, CTL_ASK_REQUESTS, take_request, json);
	if (json)
		status = out_json_end(json, status, out);
	/* What failed before the last of it is told by ferror() alone. */
	cut = out && ferror(out);
	if (out && fclose(out) != 0)
		cut = true;
	if (cut && status == CTL_DONE) {
		fprintf(stderr, "rsvpctl: %s\n", strerror(errno));
		status = CTL_REFUSED;
	}
	*ret_fd = fd;
	return status;
}

/* ---- what policyd does --------------------------------------------------- */

/* Its answer, printed when it is asked for. */
struct told {
	bool quiet; /* unless it failed */
	bool ok;
	struct out_json *json; /* or text */
};

static void
print_lines(FILE *out, struct buf_reader facts)
{
	struct ctl_value v;
	struct ctl_value line;

	while (ctl_value_next(&facts, &v))
		if (v.fact->id == CTL_F_LINES &&
			ctl_value_find(&v.facts, CTL_F_TEXT, &line))
			fprintf(out, "%s\n", line.text);
}

static void
take_answer(void *arg, struct buf_reader *facts)
{
	struct told *t = (struct told *)arg;
	struct ctl_value v;

	t->ok = ctl_value_find(facts, CTL_F_OK, &v) && v.number != 0;
	if (t->json) {
		out_json_record(t->json, facts);
		return;
	}
	print_lines(stderr, *facts);
	if (!ctl_value_find(facts, CTL_F_TEXT, &v) || v.text[0] == '\0')
		return;
	if (!t->ok)
		fprintf(stderr, "rsvpctl: %s\n", v.text);
	else
		fprintf(t->quiet ? stderr : stdout, "%s\n", v.text);
}

static void
put_generation(struct buf_writer *w, const void *arg)
{
	ctl_put_number(w, CTL_F_GENERATION, *(const uint64_t *)arg);
}

/* An exit status; *ret_fd: what it brought, for a candidate. */
static int
order(const struct ctl_options *options, enum ctl_type type,
	uint64_t generation, int *ret_fd)
{
	struct told told = { .quiet = ret_fd != NULL };
	struct ctl_question q = { .type = type,
		.put = put_generation,
		.put_arg = &generation,
		.tell = take_answer,
		.arg = &told };
	int status;

	if (options->json && !ret_fd) {
		told.json = out_json_new(NULL);
		if (!told.json)
			return CTL_REFUSED;
	}
	status = ctl_ask_more(options, &q);
	if (told.json)
		status = out_json_end(told.json, status, stdout);
	if (status == CTL_DONE && !told.ok)
		status = CTL_REFUSED;
	if (ret_fd)
		*ret_fd = q.fd;
	else if (q.fd >= 0)
		(void)close(q.fd); /* not asked for */
	return status;
}

int
ctl_policy_rollback(const struct ctl_options *options, int argc, char **argv)
{
	uint64_t generation = 0;
	char *end = NULL;

	if (argc > 1) {
		fprintf(stderr, "rsvpctl: too many arguments at %s\n", argv[1]);
		return CTL_USAGE;
	}
	if (argc == 1) {
		errno = 0;
		generation = strtoull(argv[0], &end, 10);
		if (argv[0][0] < '0' || argv[0][0] > '9' || *end != '\0' ||
			errno != 0 || generation == 0) {
			fprintf(stderr,
				"rsvpctl: %s: not a generation (rsvpctl "
				"policy history lists them)\n",
				argv[0]);
			return CTL_USAGE;
		}
	}
	return order(options, CTL_ASK_ROLLBACK, generation, NULL);
}

/* ---- diff and load ------------------------------------------------------- */

/* Whatever is wrong is trouble to diff(1), whose 1 means something else. */
static int
trouble(int status)
{
	return status == CTL_DONE ? CTL_DONE : CTL_TROUBLE;
}

static bool
is_source(const struct words *w)
{
	return !w->file || strcmp(w->file, "directory") == 0;
}

/* The other policy: a file, or what policyd's sources say now.  An exit
 * status. */
static int
get_candidate(const struct ctl_options *options, const struct words *w,
	char path[FD_PATH], const char **ret_name)
{
	int fd = -1;
	int status;

	*ret_name = w->file;
	if (!is_source(w))
		return CTL_DONE;
	if (w->format) {
		fprintf(stderr, "rsvpctl: --format is of a FILE\n");
		return CTL_USAGE;
	}
	*ret_name = path;
	status = order(options,
		w->file ? CTL_ASK_CANDIDATE_DIRECTORY : CTL_ASK_CANDIDATE, 0,
		&fd);
	if (status == CTL_DONE && (fd < 0 || !hand_down(fd, path))) {
		fprintf(stderr, "rsvpctl: policyd gave no policy\n");
		status = CTL_REFUSED;
	}
	return status;
}

/* Become policyd, which compares. */
static int
compare(const struct ctl_options *options, const struct words *w)
{
	struct policyd_words words = { 0 };
	char have[FD_PATH];
	char want[FD_PATH];
	char requests[FD_PATH];
	const char *name = NULL;
	int have_fd = -1;
	int requests_fd = -1;
	int status = get_snapshot(options, &have_fd);

	if (status == CTL_DONE)
		status = get_requests(options, &requests_fd);
	if (status == CTL_DONE)
		status = get_candidate(options, w, want, &name);
	if (status != CTL_DONE)
		return status;
	if (!hand_down(have_fd, have) || !hand_down(requests_fd, requests)) {
		fprintf(stderr, "rsvpctl: %s\n", strerror(errno));
		return CTL_REFUSED;
	}
	policyd_word(&words, "diff");
	if (options->json)
		policyd_word(&words, "--json");
	if (w->dry_run)
		policyd_word(&words, "--check");
	if (w->format) {
		policyd_word(&words, "--format");
		policyd_word(&words, w->format);
	}
	policyd_word(&words, "--requests");
	policyd_word(&words, requests);
	policyd_word(&words, "--");
	policyd_word(&words, have);
	policyd_word(&words, name);
	return policyd_become(&words);
}

int
ctl_policy_diff(const struct ctl_options *options, int argc, char **argv)
{
	struct words w = { 0 };

	if (!parse(&w, argc, argv))
		return CTL_TROUBLE;
	if (w.dry_run) {
		fprintf(stderr, "rsvpctl: --dry-run is of policy load\n");
		return CTL_TROUBLE;
	}
	return trouble(compare(options, &w));
}

int
ctl_policy_load(const struct ctl_options *options, int argc, char **argv)
{
	struct words w = { 0 };

	if (!parse(&w, argc, argv))
		return CTL_USAGE;
	if (w.dry_run)
		return compare(options, &w);
	if (w.file || w.format) {
		fprintf(stderr,
			"rsvpctl: policy load has policyd read its own file; "
			"with another there is --dry-run\n");
		return CTL_USAGE;
	}
	return order(options, CTL_ASK_LOAD, 0, NULL);
}
