/* SPDX-License-Identifier: ISC */

/* A connection to a directory server, and what the server offers. */

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "clock_t.h"
#include "ldap_t.h"
#include "policy/dir_int.h"
#include "policy/dir_ldap_int.h"
#include "policy/snapshot_int.h"
#include "t.h"

struct bench {
	struct dir_cutter cutter;
	struct source_directory d;
	struct dir_conn *conn;
	char said[400];
	struct text problem;
};

static void
begin(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	t_clock_begin();
	t_ldap_reset();
	dir_cutter_init(&b->cutter);
	source_directory_defaults(&b->d);
	b->d.present = true;
	b->d.n_uris = 1;
	b->d.timeout_s = 7;
	(void)text_copy(b->d.uris[0], SOURCE_TEXT, "ldap://localhost");
	(void)text_copy(b->d.base, SOURCE_TEXT, "ou=QoS,o=X");
	b->problem = text_over(b->said, sizeof(b->said));
}

static bool
opens(struct bench *b)
{
	dir_conn_close(b->conn);
	b->problem = text_over(b->said, sizeof(b->said));
	b->conn = dir_conn_open(&b->d, b->d.uris[0], &b->cutter, &b->problem);
	return b->conn != NULL;
}

static void
done(struct bench *b)
{
	dir_conn_close(b->conn);
	T_EQ(t_ldap.n_held, 0);
	T_EQ(t_ldap.n_open, t_ldap.n_closed);
}

static void
expect_problem(struct bench *b, const char *text)
{
	T_CHECK(!opens(b), "opened");
	T_CHECK(strstr(b->said, text) != NULL, "%s", b->said);
}

/* ---- opened -------------------------------------------------------------- */

static void
a_plain_connection_has_its_bounds(void)
{
	struct bench b;

	begin(&b);
	T_CHECK(opens(&b), "%s", b.said);
	T_CHECK(dir_conn_ld(b.conn) != NULL, "no handle");
	T_STR(t_ldap.uris[0], "ldap://localhost");
	T_EQ(t_ldap.options[LDAP_OPT_PROTOCOL_VERSION], 3);
	T_EQ(t_ldap.timeout_s, 7);
	T_EQ(t_ldap.options[LDAP_OPT_X_KEEPALIVE_IDLE], 30);
	T_EQ(t_ldap.options[LDAP_OPT_X_KEEPALIVE_PROBES], 3);
	T_EQ(t_ldap.options[LDAP_OPT_X_KEEPALIVE_INTERVAL], 10);
	T_EQ(t_ldap.options[LDAP_OPT_TCP_USER_TIMEOUT], 60000);
	T_EQ(t_ldap.referrals, 0);
	T_EQ(t_ldap.most, 16 * 1024 * 1024);
	T_EQ(t_ldap.n_tls, 0);
	T_CHECK(!t_ldap.option_set[LDAP_OPT_X_TLS_NEWCTX], "TLS is set up");
	T_EQ(t_ldap.n_bind, 1);
	T_STR(t_ldap.bind_dn, "-");
	T_STR(t_ldap.bind_mech, "-");
	T_STR(t_ldap.password, "");
	T_STR(b.said, "");
	done(&b);
	dir_conn_close(NULL);
}

static void
what_the_library_refuses_is_told(void)
{
	static const struct {
		int option;
		const char *text;
	} rows[] = { { LDAP_OPT_PROTOCOL_VERSION, "protocol version: not acc" },
		{ LDAP_OPT_CONNECT_CB, "connection callback: not accepted" },
		{ LDAP_OPT_TCP_USER_TIMEOUT, "TCP timeout: not accepted" },
		{ LDAP_OPT_REFERRALS, "referrals: not accepted" } };
	struct bench b;

	begin(&b);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t_ldap.refused_option = rows[i].option;
		expect_problem(&b, rows[i].text);
	}
	T_EQ(t_ldap.n_bind, 0);
	T_EQ(t_ldap.n_open, t_ldap.n_closed);
	t_ldap.refused_option = 0;
	t_ldap.initialize_rc = LDAP_PARAM_ERROR;
	expect_problem(&b, "uri: ");
	done(&b);
}

static void
tls_is_taken_as_it_was_asked_for(void)
{
	static const struct {
		const char *uri;
		uint8_t starttls;
		bool in_clear;
		bool context;
		unsigned starts;
	} rows[] = {
		{ "ldap://localhost", STARTTLS_UNSET, false, false, 0 },
		{ "ldap://localhost", STARTTLS_DEMAND, false, true, 1 },
		{ "ldap://localhost", STARTTLS_DEMAND, true, false, 0 },
		{ "ldap://192.0.2.1", STARTTLS_UNSET, false, true, 1 },
		{ "LDAP://192.0.2.1", STARTTLS_UNSET, false, true, 1 },
		{ "ldap://192.0.2.1", STARTTLS_NEVER, false, false, 0 },
		{ "ldap://192.0.2.1", STARTTLS_UNSET, true, false, 0 },
		{ "ldaps://192.0.2.1", STARTTLS_DEMAND, false, true, 0 },
		{ "LDAPS://192.0.2.1", STARTTLS_UNSET, false, true, 0 },
		{ "ldapi://%2frun", STARTTLS_DEMAND, false, false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		begin(&b);
		(void)text_copy(b.d.uris[0], SOURCE_TEXT, "ldap://other");
		(void)text_copy(b.d.uris[1], SOURCE_TEXT, rows[i].uri);
		b.d.n_uris = 2;
		b.d.in_clear[1] = rows[i].in_clear;
		/* What is past the last does not count. */
		b.d.in_clear[2] = true;
		(void)text_copy(b.d.uris[2], SOURCE_TEXT, rows[i].uri);
		b.d.in_clear[0] = !rows[i].in_clear;
		b.d.starttls = rows[i].starttls;
		b.conn =
			dir_conn_open(&b.d, b.d.uris[1], &b.cutter, &b.problem);
		T_CHECK(b.conn != NULL, "%zu: %s", i, b.said);
		T_CHECK(t_ldap.option_set[LDAP_OPT_X_TLS_NEWCTX] ==
				rows[i].context,
			"%zu: context", i);
		T_CHECK(t_ldap.n_tls == rows[i].starts, "%zu: StartTLS", i);
		done(&b);
	}
}

static void
tls_is_demanded_and_its_files_are_looked_at(void)
{
	struct bench b;
	char path[] = "/tmp/t_key.XXXXXX";
	int fd = mkstemp(path);

	T_CHECK(fd >= 0, "no file");
	begin(&b);
	b.d.starttls = STARTTLS_DEMAND;
	T_CHECK(opens(&b), "%s", b.said);
	T_EQ(t_ldap.options[LDAP_OPT_X_TLS_REQUIRE_CERT],
		LDAP_OPT_X_TLS_DEMAND);
	T_EQ(t_ldap.options[LDAP_OPT_X_TLS_PROTOCOL_MIN],
		LDAP_OPT_X_TLS_PROTOCOL_TLS1_2);
	T_EQ(t_ldap.options[LDAP_OPT_X_TLS_NEWCTX], 0);
	T_CHECK(!t_ldap.option_set[LDAP_OPT_X_TLS_CACERTDIR], "a folder");
	T_CHECK(!t_ldap.option_set[LDAP_OPT_X_TLS_KEYFILE], "a key");
	(void)text_copy(b.d.ca_file, SOURCE_TEXT, path);
	T_CHECK(opens(&b), "%s", b.said);
	T_STR(t_ldap.ca_file, path);
	/* A folder alone is enough. */
	b.d.ca_file[0] = '\0';
	(void)text_copy(b.d.ca_dir, SOURCE_TEXT, "/tmp");
	t_ldap.option_set[LDAP_OPT_X_TLS_CACERTFILE] = false;
	T_CHECK(opens(&b), "%s", b.said);
	T_CHECK(t_ldap.option_set[LDAP_OPT_X_TLS_CACERTDIR], "no folder");
	T_CHECK(!t_ldap.option_set[LDAP_OPT_X_TLS_CACERTFILE], "a file too");
	/* A key of others is none. */
	(void)text_copy(b.d.key_file, SOURCE_TEXT, path);
	T_CHECK(opens(&b), "%s", b.said);
	T_CHECK(t_ldap.option_set[LDAP_OPT_X_TLS_KEYFILE], "no key");
	T_EQ(fchmod(fd, 0640), 0);
	expect_problem(&b, "others may read it (mode 0640; chmod 600 it)");
	T_EQ(fchmod(fd, 0604), 0);
	expect_problem(&b, "others may read it (mode 0604; chmod 600 it)");
	b.d.key_file[0] = '\0';
	(void)text_copy(b.d.ca_file, SOURCE_TEXT, "/no/such/ca");
	expect_problem(&b, "caFile /no/such/ca: No such file");
	b.d.ca_file[0] = '\0';
	(void)text_copy(b.d.ca_dir, SOURCE_TEXT, "/no/such/dir");
	expect_problem(&b, "caDir /no/such/dir: No such file");
	b.d.ca_dir[0] = '\0';
	(void)text_copy(b.d.cert_file, SOURCE_TEXT, "/no/such/cert");
	expect_problem(&b, "certFile /no/such/cert: No such file");
	b.d.cert_file[0] = '\0';
	(void)text_copy(b.d.key_file, SOURCE_TEXT, "/no/such/key");
	expect_problem(&b, "keyFile /no/such/key: No such file");
	b.d.key_file[0] = '\0';
	t_ldap.refused_option = LDAP_OPT_X_TLS_NEWCTX;
	expect_problem(&b, "must hold certificates and their key): not acc");
	done(&b);
	close(fd);
	T_EQ(unlink(path), 0);
}

static void
without_tls_nothing_is_said_in_clear(void)
{
	struct bench b;

	begin(&b);
	b.d.starttls = STARTTLS_DEMAND;
	t_ldap.tls_rc = LDAP_CONNECT_ERROR;
	t_ldap.diagnostic = "certificate\x01 expired";
	expect_problem(&b, "StartTLS: Connect error, certificate");
	T_CHECK(strstr(b.said, "(does the server offer TLS") != NULL, "%s",
		b.said);
	T_CHECK(!strchr(b.said, 1), "not escaped");
	T_EQ(t_ldap.n_bind, 0);
	done(&b);
}

/* The next descriptor that is free. */
static int
next_fd(void)
{
	const int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

static void
a_password_is_the_first_line_of_its_file(void)
{
	struct bench b;
	char path[] = "/tmp/t_password.XXXXXX";
	int fd = mkstemp(path);
	char many[400];
	int free_fd;

	T_CHECK(fd >= 0, "no file");
	begin(&b);
	(void)text_copy(b.d.bind_dn, SOURCE_TEXT, "cn=reader");
	(void)text_copy(b.d.bind_password_file, SOURCE_TEXT, path);
	expect_problem(&b, "is empty");
	T_EQ(pwrite(fd, "secret\r\nmore", 12, 0), 12);
	free_fd = next_fd();
	T_CHECK(opens(&b), "%s", b.said);
	T_EQ(next_fd(), free_fd);
	T_STR(t_ldap.bind_dn, "cn=reader");
	T_STR(t_ldap.password, "secret");
	T_STR(t_ldap.bind_mech, "-");
	T_EQ(ftruncate(fd, 6), 0);
	T_CHECK(opens(&b), "%s", b.said);
	T_STR(t_ldap.password, "secret");
	memset(many, 'x', sizeof(many));
	T_EQ(pwrite(fd, many, sizeof(many), 0), (int)sizeof(many));
	T_CHECK(opens(&b), "%s", b.said);
	T_EQ(strlen(t_ldap.password), 255);
	T_EQ(fchmod(fd, 0644), 0);
	expect_problem(&b, "others may read it (mode 0644");
	T_EQ(unlink(path), 0);
	expect_problem(&b, ": No such file");
	T_CHECK(!strstr(b.said, "is empty"), "%s", b.said);
	(void)text_copy(b.d.bind_password_file, SOURCE_TEXT, path);
	T_EQ(mkdir(path, 0700), 0);
	expect_problem(&b, ": Is a directory");
	T_EQ(rmdir(path), 0);
	/* Who says who he is by TLS needs none. */
	b.d.bind_mech = SOURCE_BIND_EXTERNAL;
	T_CHECK(opens(&b), "%s", b.said);
	T_STR(t_ldap.bind_mech, "EXTERNAL");
	T_STR(t_ldap.password, "");
	done(&b);
	close(fd);
}

static void
a_refused_bind_is_told(void)
{
	struct bench b;

	begin(&b);
	t_ldap.bind_rc = LDAP_INVALID_CREDENTIALS;
	expect_problem(&b, "bind: Invalid credentials");
	T_CHECK(!strstr(b.said, "TLS"), "%s", b.said);
	t_ldap.bind_rc = LDAP_SERVER_DOWN;
	expect_problem(&b, "bind: Can't contact LDAP server");
	T_CHECK(!strstr(b.said, "TLS"), "%s", b.said);
	(void)text_copy(b.d.uris[0], SOURCE_TEXT, "LDAPS://localhost");
	expect_problem(&b, "(does the server offer TLS");
	t_ldap.bind_rc = LDAP_INVALID_CREDENTIALS;
	expect_problem(&b, "bind: Invalid credentials");
	T_CHECK(!strstr(b.said, "TLS"), "%s", b.said);
	done(&b);
}

/* ---- cut short ----------------------------------------------------------- */

static bool
is_cut(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT) == 0;
}

static void
a_cut_ends_what_waits(void)
{
	struct bench b;
	int fds[2];

	T_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	begin(&b);
	t_ldap.fd = fds[0];
	T_CHECK(opens(&b), "%s", b.said);
	T_EQ(b.cutter.fds[0], fds[0]);
	dir_cutter_allow(&b.cutter, 5000);
	T_EQ(dir_cutter_watch(&b.cutter, os_now()).us, os_now().us + 5000000);
	T_CHECK(!dir_cutter_is_late(&b.cutter) && !is_cut(fds[1]), "early");
	t_clock_add_ms(4999);
	(void)dir_cutter_watch(&b.cutter, os_now());
	T_CHECK(!dir_cutter_is_late(&b.cutter) && !is_cut(fds[1]), "early");
	t_clock_add_ms(1);
	T_EQ(dir_cutter_watch(&b.cutter, os_now()).us, MONO_NEVER.us);
	T_CHECK(dir_cutter_is_late(&b.cutter) && is_cut(fds[1]), "not cut");
	t_ldap.result_code = LDAP_SUCCESS;
	T_CHECK(!dir_conn_lost(b.conn, "search", &b.problem), "fine");
	T_STR(b.said, "search: not complete in time");
	dir_cutter_allow(&b.cutter, 0);
	T_CHECK(!dir_cutter_is_late(&b.cutter), "still late");
	T_EQ(dir_cutter_watch(&b.cutter, os_now()).us, MONO_NEVER.us);
	done(&b);
	T_EQ(b.cutter.fds[0], -1);
	close(fds[0]);
	close(fds[1]);
}

static struct bench *cutting;

static void
pass_the_deadline(void)
{
	t_clock_add_ms(1000);
	(void)dir_cutter_watch(&cutting->cutter, os_now());
}

static void
a_connection_after_the_cut_is_refused(void)
{
	struct bench b;
	int fds[2];

	T_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	begin(&b);
	t_ldap.fd = fds[0];
	dir_cutter_cut(&b.cutter);
	T_CHECK(!dir_cutter_is_late(&b.cutter), "it was not late");
	expect_problem(&b, "bind: ");
	T_EQ(t_ldap.connected_rc, LDAP_TIMEOUT);
	T_CHECK(!strstr(b.said, "no answer in"), "%s", b.said);
	T_EQ(b.cutter.fds[0], -1);
	dir_cutter_allow(&b.cutter, 1000);
	t_ldap.connected_rc = LDAP_SUCCESS;
	T_CHECK(opens(&b), "%s", b.said);
	cutting = &b;
	t_ldap.on_bind = pass_the_deadline;
	t_ldap.bind_rc = LDAP_SERVER_DOWN;
	expect_problem(&b, "bind: Can't contact LDAP server, no answer in 7 s");
	t_ldap.on_bind = NULL;
	/* Without a descriptor it could not be cut. */
	dir_cutter_allow(&b.cutter, 0);
	t_ldap.no_socket = true;
	expect_problem(&b, "bind: ");
	T_EQ(t_ldap.connected_rc, LDAP_OTHER);
	done(&b);
	close(fds[0]);
	close(fds[1]);
}

static void
each_connection_has_its_place(void)
{
	struct bench b;
	struct dir_conn *conns[DIR_CONNECTIONS + 1];

	begin(&b);
	for (int i = 0; i < DIR_CONNECTIONS + 1; i++) {
		t_ldap.fd = 1000 + i; /* none */
		conns[i] =
			dir_conn_open(&b.d, b.d.uris[0], &b.cutter, &b.problem);
		T_CHECK(conns[i] != NULL, "%s", b.said);
	}
	for (int i = 0; i < DIR_CONNECTIONS; i++)
		T_EQ(b.cutter.fds[i], 1000 + i);
	dir_conn_close(conns[1]);
	T_EQ(b.cutter.fds[0], 1000);
	T_EQ(b.cutter.fds[1], -1);
	t_ldap.fd = 2000;
	conns[1] = dir_conn_open(&b.d, b.d.uris[0], &b.cutter, &b.problem);
	T_EQ(b.cutter.fds[1], 2000);
	for (int i = 0; i < DIR_CONNECTIONS + 1; i++)
		dir_conn_close(conns[i]);
	for (int i = 0; i < DIR_CONNECTIONS; i++)
		T_EQ(b.cutter.fds[i], -1);
	done(&b);
}

static void
what_was_lost_is_told(void)
{
	struct bench b;

	begin(&b);
	T_CHECK(opens(&b), "%s", b.said);
	t_ldap.result_code = LDAP_SUCCESS;
	T_CHECK(!dir_conn_lost(b.conn, "x", &b.problem), "fine");
	T_STR(b.said, "x: Can't contact LDAP server");
	b.problem = text_over(b.said, sizeof(b.said));
	t_ldap.result_code = LDAP_DECODING_ERROR;
	T_CHECK(!dir_conn_lost(b.conn, "x", &b.problem), "fine");
	T_STR(b.said, "x: Decoding error");
	done(&b);
}

/* ---- what the server offers ---------------------------------------------- */

static void
an_offer_is_read_from_the_root(void)
{
	static const struct t_entry all = T_ENTRY("", "supportedControl=1.2.3",
		"supportedControl=" LDAP_CONTROL_SYNC,
		"supportedControl=" LDAP_CONTROL_PAGEDRESULTS,
		"namingContexts=o=Y", "namingContexts=O=x",
		"namingContexts=ou=Zoo,o=x", "namingContexts=S,o=x");
	static const struct t_entry little =
		T_ENTRY("", "supportedControl=" LDAP_CONTROL_SYNC ".1",
			"namingContexts=OU=qos,O=X", "namingContexts=o=x");
	struct dir_offer offer;
	struct bench b;

	begin(&b);
	T_CHECK(opens(&b), "%s", b.said);
	t_ldap.root = &all;
	T_CHECK(dir_conn_offer(b.conn, &b.d, &offer, &b.problem), "%s", b.said);
	T_CHECK(offer.sync && offer.paged, "not offered");
	T_STR(offer.suffix, "o=x");
	T_STR(t_ldap.base, "");
	T_EQ(t_ldap.wait_s, 7);
	t_ldap.root = &little;
	T_CHECK(dir_conn_offer(b.conn, &b.d, &offer, &b.problem), "%s", b.said);
	T_CHECK(!offer.sync && !offer.paged, "offered");
	T_STR(offer.suffix, "ou=qos,o=x");
	/* Of a base that is none nothing is known. */
	(void)text_copy(b.d.base, SOURCE_TEXT, "nonsense");
	T_CHECK(dir_conn_offer(b.conn, &b.d, &offer, &b.problem), "%s", b.said);
	T_STR(offer.suffix, "");
	(void)text_copy(b.d.base, SOURCE_TEXT, "ou=AZaz[`@,fo=x");
	T_CHECK(dir_conn_offer(b.conn, &b.d, &offer, &b.problem), "%s", b.said);
	T_STR(offer.suffix, "");
	/* A server may hide it. */
	t_ldap.root = NULL;
	memset(&offer, 1, sizeof(offer));
	T_CHECK(dir_conn_offer(b.conn, &b.d, &offer, &b.problem), "%s", b.said);
	T_CHECK(!offer.sync && !offer.paged, "offered");
	T_STR(offer.suffix, "");
	t_ldap.root_rc = LDAP_INSUFFICIENT_ACCESS;
	T_CHECK(dir_conn_offer(b.conn, &b.d, &offer, &b.problem), "%s", b.said);
	t_ldap.root_rc = LDAP_SERVER_DOWN;
	T_CHECK(!dir_conn_offer(b.conn, &b.d, &offer, &b.problem), "answered");
	T_STR(b.said, "root DSE: Can't contact LDAP server");
	done(&b);
}

static void
names_are_compared_with_small_letters(void)
{
	static const struct t_entry root = T_ENTRY("", "namingContexts=O=AZ");
	struct dir_offer offer;
	struct bench b;

	begin(&b);
	T_CHECK(opens(&b), "%s", b.said);
	t_ldap.root = &root;
	(void)text_copy(b.d.base, SOURCE_TEXT, "o=az");
	T_CHECK(dir_conn_offer(b.conn, &b.d, &offer, &b.problem), "%s", b.said);
	T_STR(offer.suffix, "o=az");
	done(&b);
}

static void
the_state_is_a_digest_in_any_order(void)
{
	static const struct t_entry one =
		T_ENTRY("o=x", "contextCSN=1", "contextCSN=2");
	static const struct t_entry other =
		T_ENTRY("o=x", "contextCSN=2", "contextCSN=1");
	struct dir_offer offer = { .suffix = "o=x" };
	struct bench b;
	uint64_t state = 1;
	uint64_t again = 1;

	begin(&b);
	T_CHECK(opens(&b), "%s", b.said);
	T_CHECK(dir_conn_state(b.conn, &offer, &state, &b.problem), "%s",
		b.said);
	T_EQ(state, 0);
	T_STR(t_ldap.base, "o=x");
	t_ldap.state = &one;
	T_CHECK(dir_conn_state(b.conn, &offer, &state, &b.problem), "%s",
		b.said);
	T_EQ(state, policy_digest(POLICY_DIGEST_START, "1", 1) +
			    policy_digest(POLICY_DIGEST_START, "2", 1));
	t_ldap.state = &other;
	T_CHECK(dir_conn_state(b.conn, &offer, &again, &b.problem), "%s",
		b.said);
	T_EQ(state, again);
	t_ldap.state_rc = LDAP_NO_SUCH_OBJECT;
	T_CHECK(dir_conn_state(b.conn, &offer, &state, &b.problem), "%s",
		b.said);
	T_EQ(state, 0);
	t_ldap.state_rc = LDAP_TIMEOUT;
	T_CHECK(!dir_conn_state(b.conn, &offer, &state, &b.problem), "fine");
	T_STR(b.said, "contextCSN: Timed out");
	done(&b);
}

static void
what_a_search_ends_with_is_told(void)
{
	static const struct {
		int rc;
		const char *text;
	} rows[] = { { LDAP_SIZELIMIT_EXCEEDED, "cut the answer off at 12 en" },
		{ LDAP_ADMINLIMIT_EXCEEDED, "cut the answer off at 12 entri" },
		{ LDAP_BUSY, "search: Server is busy" },
		{ LDAP_NO_SUCH_OBJECT,
			"there is no entry \"ou=QoS,o=X\", or this reader" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		begin(&b);
		T_CHECK(!dir_search_failed(&b.problem, &b.d, rows[i].rc, 12),
			"fine");
		T_CHECK(strstr(b.said, rows[i].text) != NULL, "%s", b.said);
	}
}

static void
a_filter_has_each_tag_escaped(void)
{
	char filter[DIR_FILTER];
	struct bench b;

	begin(&b);
	b.d.n_tags = 2;
	(void)text_copy(b.d.tags[0], SOURCE_TAG, "a*(b)");
	(void)text_copy(b.d.tags[1], SOURCE_TAG, "all");
	T_CHECK(dir_filter(&b.d, filter), "none");
	T_STR(filter,
		"(|(&(|(objectClass=ServiceCategories)(objectClass="
		"ServicePolicyRules)(objectClass=qosPolicyGeneration))(|("
		"SelectorTag=a\\2A\\28b\\29)(SelectorTag=all)))(&(objectClass="
		"qosPolicyGeneration)(!(SelectorTag=*))))");
	/* The longest tags, all of them escaped, do fit. */
	b.d.n_tags = SOURCE_TAGS;
	for (int i = 0; i < SOURCE_TAGS; i++) {
		memset(b.d.tags[i], '*', SOURCE_TAG - 1);
		b.d.tags[i][SOURCE_TAG - 1] = '\0';
	}
	T_CHECK(dir_filter(&b.d, filter), "too long");
	done(&b);
}

static void
what_a_mirror_refuses_is_told(void)
{
	struct bench b;

	begin(&b);
	T_CHECK(!dir_store_refused(MIRROR_SAME, &b.problem), "refused");
	T_CHECK(!dir_store_refused(MIRROR_CHANGED, &b.problem), "refused");
	T_STR(b.said, "");
	T_CHECK(dir_store_refused(MIRROR_FULL, &b.problem), "taken");
	T_STR(b.said,
		"more than 100000 entries, or 128 MiB of them (choose fewer by "
		"base or tags)");
	b.problem = text_over(b.said, sizeof(b.said));
	T_CHECK(dir_store_refused(MIRROR_NO_MEMORY, &b.problem), "taken");
	T_STR(b.said, "no memory for the entries");
	done(&b);
}

/* ---- once ---------------------------------------------------------------- */

static void
a_command_reads_from_the_first_that_answers(void)
{
	struct bench b;
	static const struct t_entry rule =
		T_ENTRY("cn=a", "objectClass=ServicePolicyRules",
			"PolicyName=a", "SelectorTag=all");
	static const struct t_message found[] = {
		{ .type = LDAP_RES_SEARCH_ENTRY, .entry = &rule },
		{ .type = LDAP_RES_SEARCH_RESULT }
	};
	struct source_draft draft = { 0 };
	struct source_report skipped = { 0 };
	char uri[SOURCE_TEXT] = "";

	begin(&b);
	t_ldap.messages = found;
	t_ldap.n_messages = 2;
	b.d.n_uris = 2;
	(void)text_copy(b.d.uris[0], SOURCE_TEXT, "ldapi://one");
	(void)text_copy(b.d.uris[1], SOURCE_TEXT, "ldapi://two");
	T_CHECK(source_ldap_read(&b.d, &draft, &skipped, uri, &b.problem), "%s",
		b.said);
	T_CHECK(skipped.count == 0, "%s", skipped.lines[0]);
	T_EQ(draft.n_rules, 1);
	T_STR(uri, "ldapi://one");
	T_STR(b.said, "");
	source_draft_done(&draft);
	t_ldap.root_rc = LDAP_SERVER_DOWN;
	T_CHECK(!source_ldap_read(&b.d, &draft, &skipped, uri, &b.problem),
		"read");
	T_STR(b.said, "ldapi://one: root DSE: Can't contact LDAP server; "
		      "ldapi://two: root DSE: Can't contact LDAP server");
	done(&b);
	T_STR(dir_mode_text(SOURCE_MODE_NONE), "none");
	T_STR(dir_mode_text(SOURCE_MODE_REFRESH), "refresh");
}

static struct t_case cases[] = {
	{ "A plain connection has its bounds",
		a_plain_connection_has_its_bounds },
	{ "What the library refuses is told",
		what_the_library_refuses_is_told },
	{ "TLS is taken as it was asked for",
		tls_is_taken_as_it_was_asked_for },
	{ "TLS is demanded, and its files are looked at",
		tls_is_demanded_and_its_files_are_looked_at },
	{ "Without the TLS that was asked for nothing is said",
		without_tls_nothing_is_said_in_clear },
	{ "A password is the first line of its file",
		a_password_is_the_first_line_of_its_file },
	{ "A bind that is refused is told", a_refused_bind_is_told },
	{ "A cut ends what waits", a_cut_ends_what_waits },
	{ "A connection that is made after the cut is refused",
		a_connection_after_the_cut_is_refused },
	{ "Each connection has its place", each_connection_has_its_place },
	{ "What was lost is told", what_was_lost_is_told },
	{ "An offer is read from the root DSE",
		an_offer_is_read_from_the_root },
	{ "Names are compared with small letters",
		names_are_compared_with_small_letters },
	{ "The state is a digest of contextCSN in any order",
		the_state_is_a_digest_in_any_order },
	{ "What a search ended with is told", what_a_search_ends_with_is_told },
	{ "A filter has each tag, escaped", a_filter_has_each_tag_escaped },
	{ "What a mirror refuses is told", what_a_mirror_refuses_is_told },
	{ "A command reads from the first that answers",
		a_command_reads_from_the_first_that_answers },
};

T_MAIN(cases)
