# SPDX-License-Identifier: ISC
core_tests = \
	tests/unit/test_core_account \
	tests/unit/test_core_admit \
	tests/unit/test_core_adopt \
	tests/unit/test_core_answer \
	tests/unit/test_core_app \
	tests/unit/test_core_blockade \
	tests/unit/test_core_bsb \
	tests/unit/test_core_clause \
	tests/unit/test_core_confirm \
	tests/unit/test_core_down \
	tests/unit/test_core_error \
	tests/unit/test_core_hold \
	tests/unit/test_core_iface \
	tests/unit/test_core_intserv \
	tests/unit/test_core_found \
	tests/unit/test_core_kernel \
	tests/unit/test_core_life \
	tests/unit/test_core_limits \
	tests/unit/test_core_local \
	tests/unit/test_core_mcast \
	tests/unit/test_core_merge \
	tests/unit/test_core_out \
	tests/unit/test_core_path \
	tests/unit/test_core_peer \
	tests/unit/test_core_policy \
	tests/unit/test_core_psb \
	tests/unit/test_core_repair \
	tests/unit/test_core_resv \
	tests/unit/test_core_scope \
	tests/unit/test_core_sender \
	tests/unit/test_core_several \
	tests/unit/test_core_shared \
	tests/unit/test_core_slack \
	tests/unit/test_core_soft \
	tests/unit/test_core_tc \
	tests/unit/test_core_timer \
	tests/unit/test_core_told \
	tests/unit/test_core_view \
	tests/unit/test_core_walk \
	tests/unit/test_core_withdraw
core_tests += tests/unit/test_core_wish
tests_unit_test_core_wish_LDADD = $(core_ldadd)
check_PROGRAMS += $(core_tests)
TESTS += $(core_tests)
check_LTLIBRARIES += tests/unit/libcore_t.la
tests_unit_libcore_t_la_SOURCES = tests/unit/core_net_t.c \
	tests/unit/core_t.c tests/unit/core_t.h
tests_unit_libcore_t_la_LIBADD = libcore.la
core_ldadd = tests/unit/libcore_t.la libcore.la libwire.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_core_adopt_LDADD = $(core_ldadd)
tests_unit_test_core_account_LDADD = $(core_ldadd)
tests_unit_test_core_admit_LDADD = $(core_ldadd)
tests_unit_test_core_answer_LDADD = $(core_ldadd)
tests_unit_test_core_app_LDADD = $(core_ldadd)
tests_unit_test_core_blockade_LDADD = $(core_ldadd)
tests_unit_test_core_bsb_LDADD = $(core_ldadd)
tests_unit_test_core_clause_LDADD = $(core_ldadd)
tests_unit_test_core_confirm_LDADD = $(core_ldadd)
tests_unit_test_core_down_LDADD = $(core_ldadd)
tests_unit_test_core_error_LDADD = $(core_ldadd)
tests_unit_test_core_hold_LDADD = $(core_ldadd)
tests_unit_test_core_iface_LDADD = $(core_ldadd)
tests_unit_test_core_intserv_LDADD = $(core_ldadd)
tests_unit_test_core_found_LDADD = $(core_ldadd)
tests_unit_test_core_kernel_LDADD = $(core_ldadd)
tests_unit_test_core_life_LDADD = $(core_ldadd)
tests_unit_test_core_limits_LDADD = $(core_ldadd)
tests_unit_test_core_local_LDADD = $(core_ldadd)
tests_unit_test_core_mcast_LDADD = $(core_ldadd)
tests_unit_test_core_merge_LDADD = $(core_ldadd)
tests_unit_test_core_out_LDADD = $(core_ldadd)
tests_unit_test_core_path_LDADD = $(core_ldadd)
tests_unit_test_core_peer_LDADD = $(core_ldadd)
tests_unit_test_core_policy_LDADD = $(core_ldadd)
tests_unit_test_core_psb_LDADD = $(core_ldadd)
tests_unit_test_core_repair_LDADD = $(core_ldadd)
tests_unit_test_core_resv_LDADD = $(core_ldadd)
tests_unit_test_core_scope_LDADD = $(core_ldadd)
tests_unit_test_core_sender_LDADD = $(core_ldadd)
tests_unit_test_core_several_LDADD = $(core_ldadd)
tests_unit_test_core_shared_LDADD = $(core_ldadd)
tests_unit_test_core_slack_LDADD = $(core_ldadd)
tests_unit_test_core_soft_LDADD = $(core_ldadd)
tests_unit_test_core_tc_LDADD = $(core_ldadd)
tests_unit_test_core_timer_LDADD = $(core_ldadd)
tests_unit_test_core_told_LDADD = $(core_ldadd)
tests_unit_test_core_view_LDADD = $(core_ldadd)
tests_unit_test_core_view_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=police_flags
tests_unit_test_core_walk_LDADD = $(core_ldadd)
tests_unit_test_core_withdraw_LDADD = $(core_ldadd)
