# SPDX-License-Identifier: ISC
tcctl_tests = \
	tests/unit/test_tc_adopt \
	tests/unit/test_tc_apply \
	tests/unit/test_tc_anew \
	tests/unit/test_tc_clock \
	tests/unit/test_tc_counters \
	tests/unit/test_tc_drift \
	tests/unit/test_tc_dump \
	tests/unit/test_tc_equal \
	tests/unit/test_tc_excess \
	tests/unit/test_tc_files \
	tests/unit/test_tc_flow_mark \
	tests/unit/test_tc_flower \
	tests/unit/test_tc_offload \
	tests/unit/test_tc_offload_undo \
	tests/unit/test_tc_hidden \
	tests/unit/test_tc_hidden_books \
	tests/unit/test_tc_ingress \
	tests/unit/test_tc_ingress_drift \
	tests/unit/test_tc_kinds \
	tests/unit/test_tc_index \
	tests/unit/test_tc_life \
	tests/unit/test_tc_limits \
	tests/unit/test_tc_link \
	tests/unit/test_tc_link_change \
	tests/unit/test_tc_drain \
	tests/unit/test_tc_main \
	tests/unit/test_tc_mark \
	tests/unit/test_tc_match \
	tests/unit/test_tc_message \
	tests/unit/test_tc_msg \
	tests/unit/test_tc_name \
	tests/unit/test_tc_nl_watch \
	tests/unit/test_tc_number \
	tests/unit/test_tc_plan \
	tests/unit/test_tc_refuse \
	tests/unit/test_tc_pool \
	tests/unit/test_tc_pref \
	tests/unit/test_tc_undo \
	tests/unit/test_tc_undo_tree \
	tests/unit/test_tc_probe \
	tests/unit/test_tc_rule \
	tests/unit/test_tc_save \
	tests/unit/test_tc_say \
	tests/unit/test_tc_serve \
	tests/unit/test_tc_serve_due \
	tests/unit/test_tc_serve_rules \
	tests/unit/test_tc_serve_turn \
	tests/unit/test_tc_show \
	tests/unit/test_tc_spare \
	tests/unit/test_tc_hash \
	tests/unit/test_tc_split \
	tests/unit/test_tc_tree \
	tests/unit/test_tc_tree_apply \
	tests/unit/test_tc_tree_bring \
	tests/unit/test_tc_tree_fail \
	tests/unit/test_tc_tree_left \
	tests/unit/test_tc_tree_show \
	tests/unit/test_tc_tree_state \
	tests/unit/test_tc_txn \
	tests/unit/test_tc_u32 \
	tests/unit/test_tc_want
check_PROGRAMS += $(tcctl_tests)
TESTS += $(tcctl_tests)
EXTRA_DIST += tests/unit/tc_busy.h tests/unit/tc_drift_t.h \
	tests/unit/t_fd.h tests/unit/tc_fixture.h tests/unit/tc_objects_t.h \
	tests/unit/tc_offload_t.h \
	tests/unit/tc_ingress_t.h \
	tests/unit/tc_layer.h tests/unit/tc_refusing.h \
	tests/unit/tc_walk.h \
	tests/golden/tc/another-leaf.ok \
	tests/golden/tc/damaged-tree.ok \
	tests/golden/tc/faster-link.ok \
	tests/golden/tc/flow-change-buffer.ok \
	tests/golden/tc/flow-change-service.ok \
	tests/golden/tc/flow-change.ok \
	tests/golden/tc/flow-cl-peak.ok \
	tests/golden/tc/flow-cl.ok \
	tests/golden/tc/flow-gs.ok \
	tests/golden/tc/flow-remove.ok \
	tests/golden/tc/flow-same.ok \
	tests/golden/tc/new-tree.ok \
	tests/golden/tc/reverse.ok \
	tests/golden/tc/same-tree.ok
tcctl_test_libs = libtc.la libtcmsg.la libbase.la $(MNL_LIBS) \
	$(SECCOMP_LIBS) -lm $(UNIT_LDADD)
tests_unit_test_tc_adopt_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_anew_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_clock_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_counters_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_drift_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_dump_SOURCES = tests/unit/test_tc_dump.c $(mnl_bench)
tests_unit_test_tc_dump_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS)
tests_unit_test_tc_dump_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_equal_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_excess_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_flow_mark_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_flower_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_offload_LDADD = $(tc_tree_libs)
tests_unit_test_tc_offload_undo_LDADD = $(tc_tree_libs)
tests_unit_test_tc_hidden_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_hidden_books_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_ingress_LDADD = $(tc_tree_libs)
tests_unit_test_tc_ingress_drift_LDADD = $(tc_tree_libs)
tests_unit_test_tc_kinds_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_limits_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_link_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_drain_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_mark_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_life_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_match_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_message_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_msg_LDADD = libtcmsg.la libbase.la $(UNIT_LDADD)
tests_unit_test_tc_nl_watch_SOURCES = tests/unit/test_tc_nl_watch.c $(mnl_bench)
tests_unit_test_tc_nl_watch_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS)
tests_unit_test_tc_nl_watch_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_number_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_refuse_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_plan_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_plan_CPPFLAGS = $(AM_CPPFLAGS) \
	-DGOLDEN_DIR='"$(abs_top_srcdir)/tests/golden/tc"'
tests_unit_test_tc_undo_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_undo_tree_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_pool_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_rule_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_hash_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_split_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_txn_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_u32_LDADD = $(tcctl_test_libs)

noinst_PROGRAMS += tests/bench/bench_tc
tests_bench_bench_tc_SOURCES = tests/bench/bench_tc.c \
	tests/bench/bench_tc_bare.c tests/bench/bench_tc_ours.c \
	tests/bench/bench_tc_int.h
tests_bench_bench_tc_CPPFLAGS = $(AM_CPPFLAGS) $(MNL_CFLAGS)
tests_bench_bench_tc_LDADD = libtcmsg.la libbase.la $(MNL_LIBS)
EXTRA_DIST += tests/unit/tc_bring_fixture.h tests/unit/tc_tree.h tests/golden/tree
tc_tree_libs = libtctree.la $(tcctl_test_libs) $(LIBCONFIG_LIBS)
tc_tree_dirs = $(AM_CPPFLAGS) \
	-DGOLDEN_DIR='"$(abs_top_srcdir)/tests/golden/tree"' \
	-DEXAMPLES_DIR='"$(abs_top_srcdir)/conf/examples/tc"'
tests_unit_test_tc_tree_CPPFLAGS = $(tc_tree_dirs)
tests_unit_test_tc_tree_LDADD = $(tc_tree_libs)
tests_unit_test_tc_index_LDADD = $(tc_tree_libs)
tests_unit_test_tc_pref_LDADD = $(tc_tree_libs)
tests_unit_test_tc_spare_LDADD = $(tc_tree_libs)
tests_unit_test_tc_tree_show_LDADD = $(tc_tree_libs)
tests_unit_test_tc_tree_state_LDADD = $(tc_tree_libs)
tests_unit_test_tc_tree_fail_CPPFLAGS = $(tc_tree_dirs)
tests_unit_test_tc_tree_fail_LDADD = $(tc_tree_libs)
tests_unit_test_tc_tree_left_CPPFLAGS = $(tc_tree_dirs)
tests_unit_test_tc_tree_left_LDADD = $(tc_tree_libs)
tests_unit_test_tc_tree_bring_CPPFLAGS = $(tc_tree_dirs)
tests_unit_test_tc_tree_bring_LDADD = $(tc_tree_libs)
tc_serve_bench = tests/unit/tc_serve_t.c tests/unit/tc_serve_t.h \
	tests/unit/clock_t.c tests/unit/clock_t.h
tc_serve_flags = $(clock_t_flags) -Wl,--wrap=poll,--wrap=send,--wrap=recv \
	-Wl,--wrap=tc_life_rest,--wrap=tc_life_go,--wrap=nl_watch_read \
	-Wl,--wrap=nl_watch_new,--wrap=tc_sandbox,--wrap=sched_yield
tests_unit_test_tc_serve_SOURCES = tests/unit/test_tc_serve.c \
	$(tc_serve_bench)
tests_unit_test_tc_serve_LDFLAGS = $(tc_serve_flags)
tests_unit_test_tc_serve_LDADD = libtcserve.la $(tc_tree_libs)
tests_unit_test_tc_serve_due_SOURCES = tests/unit/test_tc_serve_due.c \
	$(tc_serve_bench)
tests_unit_test_tc_serve_due_LDFLAGS = $(tc_serve_flags)
tests_unit_test_tc_serve_due_LDADD = libtcserve.la $(tc_tree_libs)
tests_unit_test_tc_serve_rules_SOURCES = tests/unit/test_tc_serve_rules.c \
	$(tc_serve_bench)
tests_unit_test_tc_serve_rules_LDFLAGS = $(tc_serve_flags)
tests_unit_test_tc_serve_rules_LDADD = libtcserve.la $(tc_tree_libs)
tests_unit_test_tc_serve_turn_SOURCES = tests/unit/test_tc_serve_turn.c \
	$(tc_serve_bench)
tests_unit_test_tc_serve_turn_LDFLAGS = $(tc_serve_flags)
tests_unit_test_tc_serve_turn_LDADD = libtcserve.la $(tc_tree_libs)
tc_cli_bench = tests/unit/tc_cli_t.c tests/unit/tc_cli_t.h \
	tests/unit/t_memory.h
tc_cli_flags = $(AM_LDFLAGS) \
	-Wl,--wrap=nl_conn_new,--wrap=nl_conn_free,--wrap=nl_conn_kernel \
	-Wl,--wrap=nl_host_new,--wrap=nl_host_free,--wrap=nl_host_read \
	-Wl,--wrap=nl_host_counts,--wrap=nl_host_put_ifb \
	-Wl,--wrap=nl_host_del_link,--wrap=tc_marker_open \
	-Wl,--wrap=tc_marker_close,--wrap=if_nameindex \
	-Wl,--wrap=if_freenameindex,--wrap=if_nametoindex \
	-Wl,--wrap=if_indextoname,--wrap=ioctl,--wrap=unshare,--wrap=setns \
	-Wl,--wrap=bind
tc_cli_libs = libtccli.la $(tc_tree_libs) $(JANSSON_LIBS)
tests_unit_test_tc_want_SOURCES = tests/unit/test_tc_want.c $(tc_cli_bench)
tests_unit_test_tc_want_LDFLAGS = $(tc_cli_flags)
tests_unit_test_tc_want_LDADD = $(tc_cli_libs)
tests_unit_test_tc_apply_SOURCES = tests/unit/test_tc_apply.c $(tc_cli_bench)
tests_unit_test_tc_apply_LDFLAGS = $(tc_cli_flags)
tests_unit_test_tc_apply_LDADD = $(tc_cli_libs)
tests_unit_test_tc_show_SOURCES = tests/unit/test_tc_show.c $(tc_cli_bench)
tests_unit_test_tc_show_LDFLAGS = $(tc_cli_flags)
tests_unit_test_tc_show_LDADD = $(tc_cli_libs)
tests_unit_test_tc_say_SOURCES = tests/unit/test_tc_say.c $(tc_cli_bench)
tests_unit_test_tc_say_LDFLAGS = $(tc_cli_flags)
tests_unit_test_tc_say_LDADD = $(tc_cli_libs)
tests_unit_test_tc_probe_SOURCES = tests/unit/test_tc_probe.c $(tc_cli_bench)
tests_unit_test_tc_probe_LDFLAGS = $(tc_cli_flags)
tests_unit_test_tc_probe_LDADD = $(tc_cli_libs)
tests_unit_test_tc_tree_apply_SOURCES = tests/unit/test_tc_tree_apply.c \
	$(tc_cli_bench)
tests_unit_test_tc_tree_apply_CPPFLAGS = $(tc_tree_dirs)
tests_unit_test_tc_tree_apply_LDFLAGS = $(tc_cli_flags)
tests_unit_test_tc_tree_apply_LDADD = $(tc_cli_libs)
EXTRA_DIST += tests/unit/tc_tree_cli_t.h
tests_unit_test_tc_link_change_LDADD = $(tcctl_test_libs)
tests_unit_test_tc_name_SOURCES = tests/unit/test_tc_name.c $(tc_cli_bench)
tests_unit_test_tc_name_LDFLAGS = $(tc_cli_flags)
tests_unit_test_tc_name_LDADD = $(tc_cli_libs)
tests_unit_test_tc_save_SOURCES = tests/unit/test_tc_save.c $(tc_cli_bench)
tests_unit_test_tc_save_CPPFLAGS = $(tc_tree_dirs)
tests_unit_test_tc_save_LDFLAGS = $(tc_cli_flags)
tests_unit_test_tc_save_LDADD = $(tc_cli_libs)
tests_unit_test_tc_files_SOURCES = tests/unit/test_tc_files.c $(tc_cli_bench)
tests_unit_test_tc_files_CPPFLAGS = $(tc_tree_dirs)
tests_unit_test_tc_files_LDFLAGS = $(tc_cli_flags)
tests_unit_test_tc_files_LDADD = $(tc_cli_libs)
tests_unit_test_tc_main_SOURCES = tests/unit/test_tc_main.c tcctl/main.c \
	tcctl/say.c
tests_unit_test_tc_main_CPPFLAGS = $(AM_CPPFLAGS) -Dmain=tcctl_main \
	-DTCCTL_STATEDIR='"/the/default"'
# main() needs no prototype, under another name it would.
tests_unit_test_tc_main_CFLAGS = $(AM_CFLAGS) -Wno-missing-prototypes
tests_unit_test_tc_main_LDADD = libbase.la -lm $(UNIT_LDADD)
