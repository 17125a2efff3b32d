# SPDX-License-Identifier: ISC
rapi_tests = \
	tests/unit/test_api_client \
	tests/unit/test_api_server \
	tests/unit/test_rapi \
	tests/unit/test_rapi_args \
	tests/unit/test_rapi_conn \
	tests/unit/test_rapi_event \
	tests/unit/test_rapi_fmt \
	tests/unit/test_rapi_msg \
	tests/unit/test_rapi_reserve
check_PROGRAMS += $(rapi_tests)
TESTS += $(rapi_tests)
rapi_daemon = tests/unit/rapi_daemon.c tests/unit/rapi_daemon.h
rapi_ldadd = librapi.la librapimsg.la libwire.la libbase.la $(UNIT_LDADD)
rapi_bench = tests/unit/rapi_t.c tests/unit/rapi_t.h $(rapi_daemon)
tests_unit_test_rapi_args_SOURCES = tests/unit/test_rapi_args.c $(rapi_bench)
tests_unit_test_rapi_reserve_SOURCES = tests/unit/test_rapi_reserve.c \
	$(rapi_bench)
tests_unit_test_rapi_reserve_LDADD = $(rapi_ldadd)
tests_unit_test_rapi_args_LDADD = $(rapi_ldadd)
tests_unit_test_rapi_SOURCES = tests/unit/test_rapi.c $(rapi_daemon)
tests_unit_test_rapi_LDADD = $(rapi_ldadd) -lpthread
tests_unit_test_rapi_conn_LDADD = librapiint.la librapimsg.la libwire.la \
	libbase.la -lm $(UNIT_LDADD)
tests_unit_test_rapi_event_SOURCES = tests/unit/test_rapi_event.c \
	$(rapi_daemon)
tests_unit_test_rapi_event_LDADD = $(rapi_ldadd)
tests_unit_test_rapi_fmt_LDADD = librapi.la libwire.la libbase.la \
	-lm $(UNIT_LDADD)
tests_unit_test_rapi_msg_LDADD = librapimsg.la libwire.la libbase.la \
	$(UNIT_LDADD)
api_bench = tests/unit/api_t.c tests/unit/api_t.h
api_ldadd = librapi.la librsvpd.la libcore.la $(rapi_ldadd) -lm
tests_unit_test_api_client_SOURCES = tests/unit/test_api_client.c $(api_bench)
tests_unit_test_api_client_LDADD = $(api_ldadd)
tests_unit_test_api_server_SOURCES = tests/unit/test_api_server.c $(api_bench)
tests_unit_test_api_server_LDADD = $(api_ldadd)
