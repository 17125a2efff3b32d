# SPDX-License-Identifier: ISC
tcctl_tests = \
	tests/unit/test_tc_msg
check_PROGRAMS += $(tcctl_tests)
TESTS += $(tcctl_tests)
tests_unit_test_tc_msg_LDADD = libtcmsg.la libbase.la $(UNIT_LDADD)

noinst_PROGRAMS += tests/bench/bench_tc
tests_bench_bench_tc_SOURCES = tests/bench/bench_tc.c
tests_bench_bench_tc_CPPFLAGS = $(AM_CPPFLAGS) $(MNL_CFLAGS)
tests_bench_bench_tc_LDADD = libtcmsg.la libbase.la $(MNL_LIBS)
