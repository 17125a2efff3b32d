# SPDX-License-Identifier: ISC
sim_tests = tests/sim/scenario_chain tests/sim/scenario_merge \
	tests/sim/scenario_ring tests/sim/world
check_PROGRAMS += $(sim_tests)
TESTS += $(sim_tests)
check_LTLIBRARIES += tests/sim/libsim.la
tests_sim_libsim_la_SOURCES = \
	tests/sim/sim.c tests/sim/sim.h \
	tests/sim/sim_app.c \
	tests/sim/sim_check.c \
	tests/sim/sim_int.h \
	tests/sim/sim_kernel.c \
	tests/sim/sim_net.c \
	tests/sim/sim_oracle.c \
	tests/sim/sim_quiet.c \
	tests/sim/sim_topo.c \
	tests/sim/sim_trouble.c
tests_sim_libsim_la_LIBADD = libcore.la
tests_sim_scenario_chain_LDADD = tests/sim/libsim.la libcore.la libwire.la libbase.la -lm
tests_sim_scenario_merge_LDADD = tests/sim/libsim.la libcore.la libwire.la libbase.la -lm
tests_sim_scenario_ring_LDADD = tests/sim/libsim.la libcore.la libwire.la libbase.la -lm
tests_sim_world_SOURCES = \
	tests/sim/work.c tests/sim/work.h \
	tests/sim/work_apps.c \
	tests/sim/work_int.h \
	tests/sim/work_topo.c \
	tests/sim/work_trouble.c \
	tests/sim/world.c
tests_sim_world_LDADD = tests/sim/libsim.la libcore.la libwire.la libbase.la -lm

# The simulation alone, with longer chains than make check has; for a failure
# tests/sim/world --worlds 1 --seed N repeats it.
.PHONY: check-sim
check-sim: $(sim_tests)
	tests/sim/scenario_chain 20 2000
	tests/sim/scenario_merge
	tests/sim/scenario_ring
	tests/sim/world
