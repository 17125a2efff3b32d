# SPDX-License-Identifier: ISC
base_tests = \
	tests/unit/test_addr \
	tests/unit/test_hash \
	tests/unit/test_heap \
	tests/unit/test_intserv \
	tests/unit/test_lex \
	tests/unit/test_log \
	tests/unit/test_msg \
	tests/unit/test_stanza \
	tests/unit/test_json_put \
	tests/unit/test_text
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)
EXTRA_DIST += tests/unit/t_heap.h tests/unit/t_iface.h tests/unit/t_log.h
t_heap_flags = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
tests_unit_test_addr_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_hash_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_heap_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_intserv_LDADD = libbase.la -lm $(UNIT_LDADD)
tests_unit_test_lex_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_log_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_log_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_gettime
tests_unit_test_msg_LDADD = libbase.la $(UNIT_LDADD)
tests_unit_test_stanza_LDADD = libbase.la -lm $(UNIT_LDADD)
tests_unit_test_json_put_SOURCES = tests/unit/test_json_put.c \
	tests/unit/t_memory.h
tests_unit_test_json_put_LDADD = libbase.la $(JANSSON_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_text_LDADD = libbase.la -lm $(UNIT_LDADD)

# The changes that tests/mutants makes of a sample.
TESTS += tests/unit/mutants
EXTRA_DIST += tests/mutants tests/unit/mutants tests/golden/mutants
