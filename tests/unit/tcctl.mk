# SPDX-License-Identifier: ISC
tcctl_tests = \
	tests/unit/test_tc_msg
check_PROGRAMS += $(tcctl_tests)
TESTS += $(tcctl_tests)
tests_unit_test_tc_msg_LDADD = libtcmsg.la libbase.la $(UNIT_LDADD)
