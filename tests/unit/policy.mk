# SPDX-License-Identifier: ISC
# The engine's half links neither libconfig nor libldap.
policy_tests = \
	tests/unit/test_policy_mirror \
	tests/unit/test_aix \
	tests/unit/test_convert \
	tests/unit/test_dir \
	tests/unit/test_dir_try \
	tests/unit/test_dir_conn \
	tests/unit/test_dir_draft \
	tests/unit/test_dir_entry \
	tests/unit/test_dir_search \
	tests/unit/test_conf_read \
	tests/unit/test_policy_answers \
	tests/unit/test_policy_cache \
	tests/unit/test_policy_change \
	tests/unit/test_policy_cover \
	tests/unit/test_policy_data \
	tests/unit/test_policy_edges \
	tests/unit/test_policy_effect \
	tests/unit/test_policy_engine \
	tests/unit/test_policy_grants \
	tests/unit/test_policy_history \
	tests/unit/test_policy_limits \
	tests/unit/test_policy_order \
	tests/unit/test_policy_report \
	tests/unit/test_policy_request \
	tests/unit/test_policy_sandbox \
	tests/unit/test_policy_snapshot \
	tests/unit/test_policy_source_file \
	tests/unit/test_policy_sweep \
	tests/unit/test_policy_values \
	tests/unit/test_policy_when \
	tests/unit/test_serve \
	tests/unit/test_serve_order \
	tests/unit/test_worker \
	tests/unit/test_worker_order \
	tests/unit/test_worker_start \
	tests/unit/test_worker_thread
check_PROGRAMS += $(policy_tests)
TESTS += $(policy_tests)
EXTRA_DIST += tests/unit/t_addr.h tests/unit/t_policy.h tests/unit/t_golden.h tests/unit/lsan.supp tests/golden/policy tests/golden/aix
tests_unit_test_policy_change_LDADD = libpolicy.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_policy_request_LDADD = libpolicy.la libbase.la -lm \
	$(UNIT_LDADD)
tests_unit_test_policy_effect_SOURCES = tests/unit/test_policy_effect.c \
	policy/effect.c
tests_unit_test_policy_effect_LDADD = libpolicy.la libbase.la -lm \
	$(UNIT_LDADD)
tests_unit_test_conf_read_SOURCES = tests/unit/test_conf_read.c \
	policy/conf_read.c
tests_unit_test_conf_read_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_policy_answers_SOURCES = tests/unit/test_policy_answers.c \
	tests/unit/t_memory.h policy/answer_json.c policy/check.c \
	policy/conf_read.c policy/diff.c policy/diff_json.c policy/effect.c \
	policy/explain.c
tests_unit_test_policy_answers_LDADD = libpolicysource.la libpolicy.la \
	libbase.la $(LIBCONFIG_LIBS) $(JANSSON_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_policy_cache_SOURCES = tests/unit/test_policy_cache.c \
	policy/cache.c policy/force.c policy/state.c
tests_unit_test_policy_cache_LDADD = libpolicysource.la libpolicy.la \
	libbase.la $(LIBCONFIG_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_serve_order_SOURCES = tests/unit/test_serve_order.c \
	policy/serve_order.c
tests_unit_test_serve_order_LDADD = libbase.la -lm $(UNIT_LDADD)
dir_bench = tests/unit/clock_t.c tests/unit/clock_t.h tests/unit/ldap_t.c \
	tests/unit/ldap_t.h policy/dir.c policy/dir_conn.c policy/dir_entry.c \
	policy/dir_search.c policy/dir_sync.c policy/dir_try.c
dir_bench_libs = libpolicysource.la libpolicy.la libbase.la $(LDAP_LIBS) \
	$(LIBCONFIG_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_dir_conn_SOURCES = tests/unit/test_dir_conn.c $(dir_bench)
tests_unit_test_dir_conn_LDFLAGS = $(clock_t_flags)
tests_unit_test_dir_conn_LDADD = $(dir_bench_libs)
tests_unit_test_dir_search_SOURCES = tests/unit/test_dir_search.c $(dir_bench)
tests_unit_test_dir_search_LDFLAGS = $(clock_t_flags)
tests_unit_test_dir_search_LDADD = $(dir_bench_libs)
dir_scene = tests/unit/dir_fixture.c tests/unit/dir_fixture.h \
	tests/unit/wait_t.c tests/unit/wait_t.h $(dir_bench)
dir_scene_flags = $(clock_t_flags) -Wl,--wrap=pthread_cond_timedwait
tests_unit_test_dir_SOURCES = tests/unit/test_dir.c $(dir_scene)
tests_unit_test_dir_LDFLAGS = $(dir_scene_flags)
tests_unit_test_dir_LDADD = $(dir_bench_libs)
tests_unit_test_dir_try_SOURCES = tests/unit/test_dir_try.c $(dir_scene)
tests_unit_test_dir_try_LDFLAGS = $(dir_scene_flags)
tests_unit_test_dir_try_LDADD = $(dir_bench_libs)
tests_unit_test_serve_SOURCES = tests/unit/test_serve.c tests/unit/clock_t.c \
	tests/unit/clock_t.h tests/unit/serve_t.c tests/unit/serve_t.h policy/conf_read.c policy/serve.c \
	policy/serve_found.c policy/serve_order.c
tests_unit_test_serve_LDFLAGS = $(clock_t_flags) -Wl,--wrap=poll
tests_unit_test_serve_LDADD = libbase.la -lm $(UNIT_LDADD)
tests_unit_test_dir_entry_SOURCES = tests/unit/test_dir_entry.c $(dir_bench)
tests_unit_test_dir_entry_LDFLAGS = $(clock_t_flags)
tests_unit_test_dir_entry_LDADD = $(dir_bench_libs)
worker_bench = tests/unit/clock_t.c tests/unit/clock_t.h \
	tests/unit/worker_t.c tests/unit/worker_t.h policy/cache.c \
	policy/force.c policy/history.c policy/state.c policy/worker.c \
	policy/worker_news.c policy/worker_order.c policy/worker_start.c \
	policy/worker_thread.c
clock_t_flags = $(AM_LDFLAGS) -pthread -Wl,--wrap=clock_gettime,--wrap=time \
	-Wl,--wrap=log_err,--wrap=log_warn,--wrap=log_info \
	-Wl,--wrap=pthread_mutex_lock,--wrap=pthread_mutex_unlock
worker_bench_libs = libpolicysource.la libpolicy.la libbase.la \
	$(LIBCONFIG_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_worker_SOURCES = tests/unit/test_worker.c $(worker_bench)
tests_unit_test_worker_LDFLAGS = $(clock_t_flags)
tests_unit_test_worker_LDADD = $(worker_bench_libs)
tests_unit_test_worker_order_SOURCES = tests/unit/test_worker_order.c \
	$(worker_bench)
tests_unit_test_worker_order_LDFLAGS = $(clock_t_flags)
tests_unit_test_worker_order_LDADD = $(worker_bench_libs)
tests_unit_test_worker_start_SOURCES = tests/unit/test_worker_start.c \
	$(worker_bench)
tests_unit_test_worker_start_LDFLAGS = $(clock_t_flags)
tests_unit_test_worker_start_LDADD = $(worker_bench_libs)
tests_unit_test_worker_thread_SOURCES = tests/unit/test_worker_thread.c \
	$(worker_bench)
tests_unit_test_worker_thread_LDFLAGS = $(clock_t_flags)
tests_unit_test_worker_thread_LDADD = $(worker_bench_libs)
tests_unit_test_policy_history_SOURCES = tests/unit/test_policy_history.c \
	policy/history.c policy/state.c
tests_unit_test_policy_history_LDADD = libpolicy.la libbase.la -lm \
	$(UNIT_LDADD)
tests_unit_test_policy_data_LDADD = libpolicy.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_convert_LDADD = libpolicysource.la libpolicy.la libbase.la \
	$(LIBCONFIG_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_aix_LDADD = libpolicysource.la libpolicy.la libbase.la \
	$(LIBCONFIG_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_policy_mirror_LDADD = libpolicysource.la libpolicy.la \
	libbase.la -lm $(UNIT_LDADD)
tests_unit_test_policy_engine_LDADD = libpolicy.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_policy_grants_LDADD = libpolicy.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_policy_limits_LDADD = libpolicy.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_policy_sweep_LDADD = libpolicy.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_policy_order_LDADD = libpolicy.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_policy_snapshot_LDADD = libpolicy.la libbase.la -lm \
	$(UNIT_LDADD)
tests_unit_test_policy_report_LDADD = libpolicysource.la libpolicy.la \
	libbase.la $(LIBCONFIG_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_policy_source_file_LDADD = libpolicysource.la libpolicy.la \
	libbase.la $(LIBCONFIG_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_dir_draft_LDADD = libpolicysource.la libpolicy.la \
	libbase.la $(LIBCONFIG_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_policy_edges_LDADD = libpolicy.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_policy_cover_LDADD = libpolicysource.la libpolicy.la \
	libbase.la $(LIBCONFIG_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_policy_values_LDADD = libpolicysource.la libpolicy.la \
	libbase.la $(LIBCONFIG_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_policy_when_LDADD = libpolicysource.la libpolicy.la \
	libbase.la $(LIBCONFIG_LIBS) -lm $(UNIT_LDADD)

# The decision against an oracle, and prepared questions to policyd.
policy_scripts = tests/policy/slice tests/policy/explain tests/policy/commands
TESTS += $(policy_scripts)
EXTRA_DIST += $(policy_scripts) tests/policy/oracle.py \
	tests/policy/rule_sets.py tests/golden/explain tests/golden/commands
.PHONY: check-policy
check-policy: all
	PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 \
		$(top_srcdir)/tests/policy/oracle.py $(abs_builddir)

# policyd against a real directory; needs slapd.
NETNS_TESTS += $(top_srcdir)/tests/ldap
EXTRA_DIST += tests/ldap
tests_unit_test_policy_sandbox_SOURCES = tests/unit/test_policy_sandbox.c \
	policy/sandbox.c
tests_unit_test_policy_sandbox_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS)
if SANITIZED
tests_unit_test_policy_sandbox_CPPFLAGS += -DSANDBOX_SANITIZED=1
else
tests_unit_test_policy_sandbox_CPPFLAGS += -DSANDBOX_SANITIZED=0
endif
tests_unit_test_policy_sandbox_LDFLAGS = $(AM_LDFLAGS) -pthread
tests_unit_test_policy_sandbox_LDADD = $(SECCOMP_LIBS) $(UNIT_LDADD)
