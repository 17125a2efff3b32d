# SPDX-License-Identifier: ISC
rsvpd_tests = \
	tests/unit/test_account \
	tests/unit/test_account_file \
	tests/unit/test_conf \
	tests/unit/test_engine_life \
	tests/unit/test_loop \
	tests/unit/test_marks \
	tests/unit/test_sup_backoff \
	tests/unit/test_sup_msg
check_PROGRAMS += $(rsvpd_tests)
TESTS += $(rsvpd_tests)
tests_unit_test_account_LDADD = librsvpd.la libwire.la libbase.la -lm $(JANSSON_LIBS) \
	$(UNIT_LDADD)
tests_unit_test_account_file_LDADD = librsvpd.la $(UNIT_LDADD)
tests_unit_test_conf_LDADD = librsvpd.la $(UNIT_LDADD)
tests_unit_test_engine_life_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_loop_LDADD = librsvpd.la $(UNIT_LDADD)
tests_unit_test_marks_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_sup_backoff_LDADD = librsvpd.la $(UNIT_LDADD)
tests_unit_test_sup_msg_LDADD = librsvpd.la $(UNIT_LDADD)
EXTRA_DIST += tests/unit/tc_client_t.h tests/golden/conf
