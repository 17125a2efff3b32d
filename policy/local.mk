# SPDX-License-Identifier: ISC
noinst_LTLIBRARIES += libpolicy.la
libpolicy_la_SOURCES = \
	policy/change.c policy/change_int.h \
	policy/engine.c policy/policy.h \
	policy/grants.c \
	policy/index.c policy/index_int.h \
	policy/judge.c policy/judge_int.h \
	policy/limits.c policy/limits_int.h \
	policy/load.c policy/load_int.h \
	policy/rule.c policy/rule_int.h \
	policy/rank.c \
	policy/cover.c \
	policy/when.c policy/when_int.h \
	policy/request.c policy/request_int.h \
	policy/rule_field.c \
	policy/rule_text.c \
	policy/snapshot.c policy/snapshot_int.h

# The sources and the tool: policyd, and what its tests link.
noinst_LTLIBRARIES += libpolicysource.la
libpolicysource_la_SOURCES = \
	policy/aix_int.h \
	policy/aix_policy.c \
	policy/aix_syntax.c \
	policy/convert_aix.c policy/convert_int.h \
	policy/convert_entry.c \
	policy/convert_read.c \
	policy/convert_write.c \
	policy/compile.c policy/compile_int.h \
	policy/compile_time.c \
	policy/lint.c \
	policy/draft.c \
	policy/source.h \
	policy/source_conf_directory.c policy/source_conf_int.h \
	policy/source_conf_entries.c \
	policy/source_file.c \
	policy/values.c policy/values_int.h \
	policy/values_rule.c \
	policy/values_when.c \
	policy/zone.c policy/zone_int.h \
	policy/dir_draft.c \
	policy/mirror.c policy/mirror_int.h
libpolicysource_la_CPPFLAGS = $(AM_CPPFLAGS) $(LIBCONFIG_CFLAGS)
libpolicysource_la_LIBADD = libpolicy.la libbase.la $(LIBCONFIG_LIBS) -lm

sbin_PROGRAMS += policy/policyd
policy_policyd_SOURCES = \
	policy/answer_json.c \
	policy/cache.c policy/cache_int.h \
	policy/check.c \
	policy/conf_read.c \
	policy/convert.c \
	policy/dir.c policy/dir_int.h policy/dir_ldap_int.h \
	policy/dir_conn.c \
	policy/dir_entry.c \
	policy/dir_search.c \
	policy/dir_sync.c \
	policy/dir_try.c policy/dir_try_int.h \
	policy/diff.c policy/diff_int.h \
	policy/diff_json.c \
	policy/effect.c policy/effect_int.h \
	policy/explain.c \
	policy/force.c policy/force_int.h \
	policy/history.c policy/history_int.h \
	policy/main.c policy/main_int.h \
	policy/sandbox.c policy/sandbox_int.h \
	policy/serve.c \
	policy/serve_found.c policy/serve_found_int.h \
	policy/serve_order.c policy/serve_order_int.h \
	policy/state.c policy/state_int.h \
	policy/worker.c policy/worker_int.h policy/worker_own_int.h \
	policy/worker_news.c \
	policy/worker_order.c \
	policy/worker_start.c \
	policy/worker_thread.c
policy_policyd_CPPFLAGS = $(AM_CPPFLAGS) $(LDAP_CFLAGS) $(JANSSON_CFLAGS) \
	$(SECCOMP_CFLAGS)
if SANITIZED
policy_policyd_CPPFLAGS += -DSANDBOX_SANITIZED=1
else
policy_policyd_CPPFLAGS += -DSANDBOX_SANITIZED=0
endif
policy_policyd_CFLAGS = $(PROJECT_CFLAGS) -pthread
policy_policyd_LDFLAGS = $(PROJECT_LDFLAGS) $(PROGRAM_LDFLAGS) -pthread
policy_policyd_LDADD = libpolicysource.la libpolicy.la libbase.la $(LDAP_LIBS) \
	$(JANSSON_LIBS) $(SECCOMP_LIBS) $(LIBCONFIG_LIBS) -lm
