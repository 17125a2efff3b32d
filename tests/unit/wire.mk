# SPDX-License-Identifier: ISC
wire_tests = \
	tests/unit/test_wire_check \
	tests/unit/test_wire_corpus \
	tests/unit/test_wire_flow \
	tests/unit/test_wire_intserv \
	tests/unit/test_wire_msg \
	tests/unit/test_wire_obj \
	tests/unit/test_wire_print \
	tests/unit/test_wire_send
check_PROGRAMS += $(wire_tests)
TESTS += $(wire_tests)
check_LTLIBRARIES += tests/unit/libwire_same.la tests/unit/libwire_t.la
tests_unit_libwire_same_la_SOURCES = \
	tests/unit/wire_same.c tests/unit/wire_same.h
tests_unit_libwire_t_la_SOURCES = tests/unit/wire_t.c tests/unit/wire_t.h
tests_unit_libwire_t_la_LIBADD = tests/unit/libwire_same.la
wire_ldadd = tests/unit/libwire_t.la libwire.la -lm $(UNIT_LDADD)
tests_unit_test_wire_check_LDADD = $(wire_ldadd)
tests_unit_test_wire_flow_LDADD = $(wire_ldadd)
tests_unit_test_wire_intserv_LDADD = $(wire_ldadd)
tests_unit_test_wire_msg_LDADD = $(wire_ldadd)
tests_unit_test_wire_obj_LDADD = $(wire_ldadd)
tests_unit_test_wire_corpus_LDADD = $(wire_ldadd)
tests_unit_test_wire_print_LDADD = $(wire_ldadd)
tests_unit_test_wire_send_LDADD = $(wire_ldadd)
EXTRA_DIST += tests/golden/packets tests/corpus
