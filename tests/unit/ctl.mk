# SPDX-License-Identifier: ISC
ctl_tests = tests/unit/test_ctl_msg tests/unit/test_qos
check_PROGRAMS += $(ctl_tests)
TESTS += $(ctl_tests)
tests_unit_test_ctl_msg_SOURCES = tests/unit/test_ctl_msg.c ctl/ctl_msg.c
tests_unit_test_ctl_msg_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_qos_LDADD = $(UNIT_LDADD)
