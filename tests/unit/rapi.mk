# SPDX-License-Identifier: ISC
rapi_tests = \
	tests/unit/test_rapi_fmt \
	tests/unit/test_rapi_msg
check_PROGRAMS += $(rapi_tests)
TESTS += $(rapi_tests)
tests_unit_test_rapi_fmt_LDADD = librapi.la libcore.la libwire.la libbase.la \
	-lm $(UNIT_LDADD)
tests_unit_test_rapi_msg_LDADD = librapimsg.la libwire.la libbase.la \
	$(UNIT_LDADD)
