# SPDX-License-Identifier: ISC
sim_tests = tests/sim/scenario_chain
check_PROGRAMS += $(sim_tests)
TESTS += $(sim_tests)
check_LTLIBRARIES += tests/sim/libsim.la
tests_sim_libsim_la_SOURCES = \
	tests/sim/sim.c tests/sim/sim.h \
	tests/sim/sim_int.h \
	tests/sim/sim_kernel.c
tests_sim_libsim_la_LIBADD = libcore.la
tests_sim_scenario_chain_LDADD = tests/sim/libsim.la libcore.la libwire.la libbase.la -lm

# The acceptance in full: some thirty seconds.
.PHONY: check-sim
check-sim: tests/sim/scenario_chain
	tests/sim/scenario_chain 20 10000
