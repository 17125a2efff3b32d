# SPDX-License-Identifier: ISC
ctl_tests = \
	tests/unit/test_ctl_ask \
	tests/unit/test_ctl_event \
	tests/unit/test_ctl_explain \
	tests/unit/test_ctl_flow \
	tests/unit/test_ctl_json \
	tests/unit/test_ctl_listed \
	tests/unit/test_ctl_msg \
	tests/unit/test_ctl_show \
	tests/unit/test_qos \
	tests/unit/test_qosstat
check_PROGRAMS += $(ctl_tests)
TESTS += $(ctl_tests)
tests_unit_test_ctl_msg_SOURCES = tests/unit/test_ctl_msg.c ctl/ctl_msg.c
tests_unit_test_ctl_msg_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_ctl_json_SOURCES = tests/unit/test_ctl_json.c \
	ctl/ctl_msg.c ctl/out_json.c ctl/value.c
tests_unit_test_ctl_json_LDADD = libbase.la $(JANSSON_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_ctl_event_SOURCES = tests/unit/test_ctl_event.c ctl/out_event.c
tests_unit_test_ctl_event_LDADD = libbase.la $(JANSSON_LIBS) -lm $(UNIT_LDADD)
ctl_bench = tests/unit/ctl_t.c tests/unit/ctl_t.h ctl/ctl_msg.c
tests_unit_test_ctl_ask_SOURCES = tests/unit/test_ctl_ask.c $(ctl_bench)
tests_unit_test_ctl_ask_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_ctl_explain_SOURCES = tests/unit/test_ctl_explain.c \
	$(ctl_bench)
tests_unit_test_ctl_explain_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_ctl_flow_SOURCES = tests/unit/test_ctl_flow.c \
	$(ctl_bench) $(rapi_daemon)
tests_unit_test_ctl_flow_LDADD = $(rapi_ldadd) -lm
tests_unit_test_ctl_listed_SOURCES = tests/unit/test_ctl_listed.c $(ctl_bench)
tests_unit_test_ctl_listed_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_ctl_show_SOURCES = tests/unit/test_ctl_show.c $(ctl_bench)
tests_unit_test_ctl_show_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_qos_LDADD = $(UNIT_LDADD)
tests_unit_test_qosstat_SOURCES = tests/unit/test_qosstat.c \
	ctl/qos_action.c ctl/qos_conn.c ctl/qos_print.c
tests_unit_test_qosstat_LDADD = libbase.la -lm $(UNIT_LDADD)
