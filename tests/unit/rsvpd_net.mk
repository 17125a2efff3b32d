# SPDX-License-Identifier: ISC
rsvpd_net_tests = \
	tests/unit/test_ctl_conn \
	tests/unit/test_ctl_facts \
	tests/unit/test_ctl_facts_policy \
	tests/unit/test_ctl_policy \
	tests/unit/test_ctl_policy_told \
	tests/unit/test_ctl_policy_why \
	tests/unit/test_ctl_server \
	tests/unit/test_effect \
	tests/unit/test_net_bucket \
	tests/unit/test_net_fate \
	tests/unit/test_net_guard \
	tests/unit/test_net_iface \
	tests/unit/test_net_link \
	tests/unit/test_net_packet \
	tests/unit/test_net_reasm \
	tests/unit/test_net_recv \
	tests/unit/test_net_route \
	tests/unit/test_net_send \
	tests/unit/test_net_table \
	tests/unit/test_net_udp \
	tests/unit/test_net_watch \
	tests/unit/test_policy_ask \
	tests/unit/test_policy_client \
	tests/unit/test_policy_greet \
	tests/unit/test_policy_orders \
	tests/unit/test_policy_wish \
	tests/unit/test_rules \
	tests/unit/test_rules_account \
	tests/unit/test_rules_draft \
	tests/unit/test_rules_force \
	tests/unit/test_rules_plan \
	tests/unit/test_refusal_log \
	tests/unit/test_tc_client \
	tests/unit/test_tc_client_iface \
	tests/unit/test_tc_client_rules \
	tests/unit/test_tc_managed \
	tests/unit/test_tc_queue
check_PROGRAMS += $(rsvpd_net_tests)
# The loop and the kernel that a test turns itself.
loop_bench = tests/unit/loop_t.c tests/unit/loop_t.h
mnl_bench = tests/unit/mnl_t.c tests/unit/mnl_t.h
nl_bench = tests/unit/nl_t.c tests/unit/nl_t.h $(mnl_bench)
TESTS += $(rsvpd_net_tests)
tests_unit_test_net_bucket_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_effect_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
net_bench = tests/unit/net_t.c tests/unit/net_t.h $(loop_bench)
NET_T_WRAPS = -Wl,--wrap=recvmmsg,--wrap=sendmsg,--wrap=setsockopt \
	-Wl,--wrap=log_warn
tests_unit_test_net_fate_SOURCES = tests/unit/test_net_fate.c $(net_bench)
tests_unit_test_net_fate_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_net_fate_LDFLAGS = $(AM_LDFLAGS) $(NET_T_WRAPS)
tests_unit_test_net_guard_LDADD = librsvpd.la libbase.la $(MNL_LIBS) \
	$(UNIT_LDADD)
tests_unit_test_net_guard_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=socket,--wrap=bind,--wrap=send,--wrap=recv
tests_unit_test_net_iface_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
net_link_wraps = $(AM_LDFLAGS) -Wl,--wrap=log_err -Wl,--wrap=log_warn
net_link_bench = tests/unit/net_link_t.c tests/unit/net_link_t.h \
	$(loop_bench) $(mnl_bench)
tests_unit_test_net_link_SOURCES = tests/unit/test_net_link.c $(net_link_bench)
tests_unit_test_net_link_LDADD = librsvpd.la libbase.la $(MNL_LIBS) \
	$(UNIT_LDADD)
tests_unit_test_net_link_LDFLAGS = $(net_link_wraps)
tests_unit_test_net_watch_SOURCES = tests/unit/test_net_watch.c $(net_link_bench)
tests_unit_test_net_watch_LDADD = librsvpd.la libbase.la $(MNL_LIBS) \
	$(UNIT_LDADD)
tests_unit_test_net_watch_LDFLAGS = $(net_link_wraps)
tests_unit_test_net_reasm_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_net_reasm_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=calloc,--wrap=free
tests_unit_test_net_recv_SOURCES = tests/unit/test_net_recv.c $(net_bench)
tests_unit_test_net_recv_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_net_recv_LDFLAGS = $(AM_LDFLAGS) $(NET_T_WRAPS)
tests_unit_test_net_send_SOURCES = tests/unit/test_net_send.c $(net_bench)
tests_unit_test_net_send_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_net_send_LDFLAGS = $(AM_LDFLAGS) $(NET_T_WRAPS)
tests_unit_test_net_route_SOURCES = tests/unit/test_net_route.c $(nl_bench)
tests_unit_test_net_route_LDADD = librsvpd.la libbase.la $(MNL_LIBS) \
	$(UNIT_LDADD)
tests_unit_test_net_table_SOURCES = tests/unit/test_net_table.c $(nl_bench)
tests_unit_test_net_table_LDADD = librsvpd.la libbase.la $(MNL_LIBS) \
	$(UNIT_LDADD)
tests_unit_test_net_packet_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_net_udp_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
policy_client_bench = tests/unit/policy_client_t.c \
	tests/unit/policy_client_t.h
tests_unit_test_policy_ask_SOURCES = tests/unit/test_policy_ask.c \
	$(policy_client_bench)
tests_unit_test_policy_ask_LDADD = librsvpd.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_policy_client_SOURCES = tests/unit/test_policy_client.c \
	$(policy_client_bench)
tests_unit_test_policy_client_LDADD = librsvpd.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_policy_client_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=log_err
tests_unit_test_policy_greet_SOURCES = tests/unit/test_policy_greet.c \
	$(policy_client_bench)
tests_unit_test_policy_greet_LDADD = librsvpd.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_policy_orders_SOURCES = tests/unit/test_policy_orders.c \
	$(loop_bench)
tests_unit_test_policy_orders_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_policy_wish_SOURCES = tests/unit/test_policy_wish.c \
	$(policy_client_bench)
tests_unit_test_policy_wish_LDADD = librsvpd.la libbase.la -lm $(UNIT_LDADD)
tests_unit_test_refusal_log_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_tc_client_LDADD = librsvpd.la libtcmsg.la libbase.la \
	$(UNIT_LDADD)
tc_client_wraps = $(AM_LDFLAGS) $(t_heap_flags) -Wl,--wrap=log_err \
	-Wl,--wrap=log_warn,--wrap=recvmsg
tests_unit_test_tc_client_iface_SOURCES = tests/unit/test_tc_client_iface.c \
	$(loop_bench)
tests_unit_test_tc_client_iface_LDADD = librsvpd.la libtcmsg.la libbase.la \
	$(UNIT_LDADD)
tests_unit_test_tc_client_iface_LDFLAGS = $(tc_client_wraps)
tests_unit_test_tc_client_rules_SOURCES = tests/unit/test_tc_client_rules.c \
	$(loop_bench)
tests_unit_test_tc_client_rules_LDADD = librsvpd.la libtcmsg.la libbase.la \
	$(UNIT_LDADD)
tests_unit_test_tc_client_rules_LDFLAGS = $(tc_client_wraps)
tests_unit_test_tc_managed_LDADD = librsvpd.la libtcmsg.la libbase.la \
	$(UNIT_LDADD)
tests_unit_test_tc_queue_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)

# The network side alone, for tests/netns/test_net.py.
noinst_PROGRAMS += tests/netns/net_probe
tests_netns_net_probe_SOURCES = tests/netns/net_probe.c
tests_netns_net_probe_LDADD = librsvpd.la libwire.la libbase.la
tests_unit_test_rules_SOURCES = tests/unit/test_rules.c $(loop_bench)
tests_unit_test_rules_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_rules_plan_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_rules_account_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_rules_draft_LDADD = librsvpd.la libtcmsg.la libpolicy.la \
	libbase.la -lm $(UNIT_LDADD)
tests_unit_test_rules_force_LDADD = librsvpd.la libtcmsg.la libpolicy.la \
	libbase.la -lm $(UNIT_LDADD)
tests_unit_test_rules_force_LDFLAGS = $(AM_LDFLAGS) $(t_heap_flags) \
	-Wl,--wrap=log_warn
tests_unit_test_ctl_conn_SOURCES = tests/unit/test_ctl_conn.c \
	tests/unit/ctl_conn_t.c tests/unit/ctl_conn_t.h $(loop_bench)
tests_unit_test_ctl_conn_LDADD = librsvpd.la libcore.la libwire.la \
	libbase.la -lm $(UNIT_LDADD)
show_bench = tests/unit/ctl_show_t.c tests/unit/ctl_show_t.h
facts_bench = tests/unit/ctl_facts_t.c tests/unit/ctl_facts_t.h $(show_bench)
tests_unit_test_ctl_facts_SOURCES = tests/unit/test_ctl_facts.c $(facts_bench)
tests_unit_test_ctl_facts_LDADD = librsvpd.la libwire.la libbase.la -lm \
	$(UNIT_LDADD)
tests_unit_test_ctl_facts_policy_SOURCES = \
	tests/unit/test_ctl_facts_policy.c $(facts_bench)
tests_unit_test_ctl_facts_policy_LDADD = librsvpd.la libwire.la libbase.la \
	-lm $(UNIT_LDADD)
tests_unit_test_ctl_policy_SOURCES = tests/unit/test_ctl_policy.c \
	$(ctl_policy_bench)
tests_unit_test_ctl_policy_LDFLAGS = $(AM_LDFLAGS) $(CTL_POLICY_WRAPS)
tests_unit_test_ctl_policy_LDADD = librsvpd.la libwire.la libpolicy.la \
	libbase.la -lm $(UNIT_LDADD)
ctl_policy_bench = tests/unit/ctl_policy_t.c tests/unit/ctl_policy_t.h \
	$(show_bench)
CTL_POLICY_WRAPS = -Wl,--wrap=time,--wrap=getsockopt,--wrap=log_remote \
	-Wl,--wrap=policy_status \
	-Wl,--wrap=policy_weigh,--wrap=policy_rule_category \
	-Wl,--wrap=policy_tried_at,--wrap=policy_continues_at
tests_unit_test_ctl_policy_told_SOURCES = \
	tests/unit/test_ctl_policy_told.c $(ctl_policy_bench)
tests_unit_test_ctl_policy_told_LDADD = librsvpd.la libwire.la libpolicy.la \
	libbase.la -lm $(UNIT_LDADD)
tests_unit_test_ctl_policy_told_LDFLAGS = $(AM_LDFLAGS) $(CTL_POLICY_WRAPS)
tests_unit_test_ctl_policy_why_SOURCES = \
	tests/unit/test_ctl_policy_why.c $(ctl_policy_bench)
tests_unit_test_ctl_policy_why_LDADD = librsvpd.la libwire.la libpolicy.la \
	libbase.la -lm $(UNIT_LDADD)
tests_unit_test_ctl_policy_why_LDFLAGS = $(AM_LDFLAGS) $(CTL_POLICY_WRAPS)
tests_unit_test_ctl_server_LDADD = librsvpd.la libcore.la libwire.la \
	libbase.la -lm $(UNIT_LDADD)
tests_unit_test_ctl_server_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=loop_now \
	-Wl,--wrap=rsvp_core_session_after,--wrap=rsvp_core_paths \
	-Wl,--wrap=rsvp_core_resvs
