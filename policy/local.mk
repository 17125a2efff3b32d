# SPDX-License-Identifier: ISC
noinst_LTLIBRARIES += libpolicy.la
libpolicy_la_SOURCES = \
	policy/engine.c policy/policy.h \
	policy/index.c policy/index_int.h \
	policy/limits.c policy/limits_int.h \
	policy/load.c policy/load_int.h \
	policy/rule.c policy/rule_int.h \
	policy/rule_text.c \
	policy/snapshot.c policy/snapshot_int.h
