# SPDX-License-Identifier: ISC
core_arith_tests = \
	tests/unit/test_adspec \
	tests/unit/test_adspec_path \
	tests/unit/test_flowslot \
	tests/unit/test_gs \
	tests/unit/test_ledger \
	tests/unit/test_link \
	tests/unit/test_merge
check_PROGRAMS += $(core_arith_tests)
TESTS += $(core_arith_tests)
EXTRA_DIST += tests/unit/t_random.h
core_arith_ldadd = libcore.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_adspec_LDADD = $(core_arith_ldadd)
tests_unit_test_adspec_path_LDADD = libcore.la libwire.la libbase.la -lm \
	$(UNIT_LDADD)
tests_unit_test_flowslot_LDADD = $(core_arith_ldadd)
tests_unit_test_gs_LDADD = $(core_arith_ldadd)
tests_unit_test_ledger_LDADD = $(core_arith_ldadd)
# The hash tables inside the ledger allocate by themselves.
tests_unit_test_ledger_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc
tests_unit_test_link_LDADD = $(core_arith_ldadd)
tests_unit_test_merge_LDADD = $(core_arith_ldadd)
