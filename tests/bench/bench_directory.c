/* SPDX-License-Identifier: ISC */

/*
 * How long after a modify in the directory a decision follows it, beside how
 * long a bare persistent search takes to hear of it: both from the same modify,
 * in one process, which plays the engine of `policyd serve` with the engine's
 * own code.
 *
 *	bench_directory POLICYD CONF STATE URI ADMIN PASSWORD DN N
 *
 * The rule DN has one qosUser, alternately 1000 and 2000.  Prints a line
 * "BARE OURS" of microseconds for each modify.
 */

#include <ldap.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/os.h"
#include "policy/policy.h"

enum { ENGINE = 3, DATAGRAM = 8192, WARM = 20, GIVE_UP_S = 30 };

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "bench_directory: %s\n", what);
	exit(1);
}

static LDAP *
connect_as(const char *uri, const char *dn, char *password)
{
	LDAP *ld = NULL;
	const int version = LDAP_VERSION3;
	struct berval credentials = { strlen(password), password };

	if (ldap_initialize(&ld, uri) != LDAP_SUCCESS ||
		ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version) !=
			LDAP_OPT_SUCCESS ||
		ldap_sasl_bind_s(ld, dn, LDAP_SASL_SIMPLE, &credentials, NULL,
			NULL, NULL) != LDAP_SUCCESS)
		fail("cannot bind");
	return ld;
}

/* ---- the bare client ----------------------------------------------------- */

struct bare {
	const char *uri;
	_Atomic int64_t heard_us; /* 0: not yet */
	_Atomic bool ready;
};

static int
on_entry(ldap_sync_t *ls, LDAPMessage *m, struct berval *uuid,
	ldap_sync_refresh_t phase)
{
	struct bare *b = (struct bare *)ls->ls_private;

	(void)m;
	(void)uuid;
	(void)phase;
	b->heard_us = os_now().us;
	return LDAP_SUCCESS;
}

static void *
bare_main(void *arg)
{
	struct bare *b = (struct bare *)arg;
	char nobody[] = "";
	ldap_sync_t ls;

	ldap_sync_initialize(&ls);
	ls.ls_base = ldap_strdup("o=example");
	ls.ls_scope = LDAP_SCOPE_SUBTREE;
	ls.ls_filter = ldap_strdup("(objectClass=ServicePolicyRules)");
	ls.ls_timeout = 1;
	ls.ls_search_entry = on_entry;
	ls.ls_private = b;
	ls.ls_ld = connect_as(b->uri, NULL, nobody);
	if (ldap_sync_init_refresh_and_persist(&ls) != LDAP_SUCCESS)
		fail("no persistent search");
	b->ready = true;
	while (ldap_sync_poll(&ls) == LDAP_SUCCESS)
		;
	return NULL;
}

/* ---- the engine ---------------------------------------------------------- */

struct engine {
	int fd;
	pid_t pid;
	struct policy *policy;
};

/* Nothing is in force yet. */
static void
greet(int fd)
{
	uint8_t bytes[MSG_HEADER];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	msg_end(&w, msg_begin(&w, POLICY_MSG_IN_FORCE, 0));
	if (send(fd, bytes, buf_written(&w), 0) < 0)
		fail("policyd was not greeted");
}

static void
start_policyd(struct engine *e, char **argv)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		fail("no socket");
	e->fd = pair[0];
	e->policy = policy_new(alloc_heap());
	e->pid = fork();
	if (e->pid == 0) {
		(void)dup2(pair[1], ENGINE); /* or policyd complains */
		(void)close(ENGINE + 1);
		execl(argv[1], argv[1], "serve", "-f", argv[2], "--state-dir",
			argv[3], (char *)NULL);
		fail("cannot start policyd");
	}
	(void)close(pair[1]); /* it is the child's */
	greet(e->fd);
}

/* A snapshot that came goes into force. */
static void
load(struct engine *e, int fd, size_t size)
{
	void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	struct policy_load *l;
	enum policy_load_state state;

	if (bytes == MAP_FAILED)
		fail("no snapshot");
	l = policy_load_begin(alloc_heap(), bytes, size);
	do
		state = policy_load_step(l, 500);
	while (state == POLICY_LOAD_MORE);
	if (state != POLICY_LOAD_READY)
		fail(policy_load_problem(l));
	policy_load_switch(e->policy, l);
	(void)munmap(bytes, size); /* our mapping */
}

static void
receive(struct engine *e)
{
	uint8_t bytes[DATAGRAM];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { bytes, sizeof(bytes) };
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(e->fd, &h, 0);
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	struct buf_reader r = buf_reader(bytes, n > 0 ? (size_t)n : 0);
	struct msg_attr a;
	struct msg m;
	int fd = -1;

	if (n <= 0)
		fail("policyd has gone");
	if (c)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	while (msg_next(&r, &m))
		while (m.type == POLICY_MSG_SNAPSHOT &&
			msg_attr_next(&m.body, &a))
			if (a.type == POLICY_ATTR_SIZE)
				load(e, fd, (size_t)msg_get_u64(&a));
	if (fd >= 0)
		(void)close(fd); /* mapped and done */
}

static bool
allowed(struct engine *e, uint32_t uid)
{
	struct policy_request q = { .message = POLICY_RESV,
		.role = POLICY_RECEIVER,
		.who_known = true,
		.uid = uid,
		.proto = 17,
		.service = POLICY_SERVICE_CL };
	struct policy_verdict v;

	policy_decide(e->policy, &q, 0, &v);
	policy_end(e->policy, v.allowed ? v.claim : 0);
	return v.allowed;
}

static void
wait_allowed(struct engine *e, uint32_t uid)
{
	while (!allowed(e, uid))
		receive(e);
}

/* ---- one modify ---------------------------------------------------------- */

static int
modify(LDAP *admin, const char *dn, uint32_t uid)
{
	char value[16];
	char *values[] = { value, NULL };
	char name[] = "qosUser";
	LDAPMod mod = { .mod_op = LDAP_MOD_REPLACE,
		.mod_type = name,
		.mod_values = values };
	LDAPMod *mods[] = { &mod, NULL };
	int id = 0;

	(void)snprintf(value, sizeof(value), "%u", uid);
	if (ldap_modify_ext(admin, dn, mods, NULL, NULL, &id) != LDAP_SUCCESS)
		fail("cannot modify");
	return id;
}

static void
measure(struct engine *e, struct bare *b, LDAP *admin, const char *dn, int i)
{
	uint32_t uid = i % 2 == 0 ? 2000 : 1000;
	LDAPMessage *done = NULL;
	int64_t begin;
	int64_t ours;
	int id;

	b->heard_us = 0;
	begin = os_now().us;
	id = modify(admin, dn, uid);
	wait_allowed(e, uid);
	ours = os_now().us;
	(void)ldap_result(admin, id, LDAP_MSG_ALL, NULL, &done); /* it came */
	ldap_msgfree(done);
	while (b->heard_us == 0)
		(void)usleep(100); /* it has nothing left to wait for */
	if (i >= WARM)
		printf("%lld %lld\n", (long long)(b->heard_us - begin),
			(long long)(ours - begin));
}

int
main(int argc, char **argv)
{
	struct engine e = { 0 };
	struct bare b = { 0 };
	pthread_t thread;
	LDAP *admin;

	if (argc != 9)
		fail("usage: bench_directory POLICYD CONF STATE URI ADMIN "
		     "PASSWORD DN N");
	b.uri = argv[4];
	(void)alarm(GIVE_UP_S + (unsigned)strtoul(argv[8], NULL, 10) / 10);
	if (pthread_create(&thread, NULL, bare_main, &b) != 0)
		fail("no thread");
	start_policyd(&e, argv);
	admin = connect_as(argv[4], argv[5], argv[6]);
	wait_allowed(&e, 1000);
	while (!b.ready)
		(void)usleep(1000); /* the refresh of the bare client */
	for (int i = 0; i < WARM + (int)strtoul(argv[8], NULL, 10); i++)
		measure(&e, &b, admin, argv[7], i);
	(void)kill(e.pid, SIGTERM);    /* ours */
	(void)waitpid(e.pid, NULL, 0); /* likewise */
	(void)ldap_unbind_ext_s(admin, NULL, NULL);
	policy_free(e.policy);
	return 0;
}
