# SPDX-License-Identifier: ISC
# The message codec alone, for the engine: no libmnl.
noinst_LTLIBRARIES += libtcmsg.la
libtcmsg_la_SOURCES = tcctl/tc_msg.c tcctl/tcctl.h

noinst_LTLIBRARIES += libtc.la
libtc_la_SOURCES = \
	tcctl/action.c tcctl/action_int.h \
	tcctl/action_connmark.c \
	tcctl/action_csum.c \
	tcctl/action_gact.c \
	tcctl/action_mirred.c \
	tcctl/action_pedit.c \
	tcctl/action_police.c \
	tcctl/action_skbedit.c \
	tcctl/adopt.c \
	tcctl/clock.c \
	tcctl/counters.c \
	tcctl/drain.c \
	tcctl/defaults.c \
	tcctl/drift.c \
	tcctl/excess.c \
	tcctl/dry.c tcctl/dry_int.h \
	tcctl/filter_hidden.c tcctl/hidden_int.h \
	tcctl/filter_u32.c \
	tcctl/flow.c \
	tcctl/flow_act.c \
	tcctl/hash.c \
	tcctl/hidden.c \
	tcctl/kind_fifo.c \
	tcctl/classifier.c tcctl/classifier_int.h \
	tcctl/filter_flower.c \
	tcctl/handles.c \
	tcctl/kind_flower.c \
	tcctl/kind_fq_codel.c \
	tcctl/kind_fw.c \
	tcctl/kind_htb.c \
	tcctl/kind_ingress.c \
	tcctl/kind_matchall.c \
	tcctl/kind_prio.c \
	tcctl/kind_sfq.c \
	tcctl/kind_tbf.c \
	tcctl/kind_u32.c \
	tcctl/link.c tcctl/link_int.h \
	tcctl/link_change.c \
	tcctl/link_idle.c \
	tcctl/life.c tcctl/life_int.h \
	tcctl/link_open.c \
	tcctl/match.c tcctl/match_int.h \
	tcctl/model.c tcctl/model_int.h tcctl/kinds_int.h \
	tcctl/nl_action.c \
	tcctl/nl_attr.c tcctl/nl_attr.h \
	tcctl/nl_conn.c tcctl/nl_conn.h \
	tcctl/nl_name.c \
	tcctl/nl_op.c \
	tcctl/nodes.c tcctl/nodes_int.h \
	tcctl/number.c \
	tcctl/plan.c \
	tcctl/offload.c tcctl/offload_int.h \
	tcctl/pool.c \
	tcctl/rate.c tcctl/rate_int.h \
	tcctl/reclass.c \
	tcctl/mark_flow.c \
	tcctl/mark_text.c \
	tcctl/rule.c tcctl/tc_rule_int.h \
	tcctl/rule_act.c \
	tcctl/rule_count.c \
	tcctl/rule_mark.c \
	tcctl/rule_want.c \
	tcctl/nl_watch.c \
	tcctl/repair.c \
	tcctl/sandbox.c \
	tcctl/serve_int.h \
	tcctl/stab.c tcctl/stab_int.h \
	tcctl/split.c \
	tcctl/txn.c \
	tcctl/u32_make.c \
	tcctl/want.c \
	tcctl/watch.c
libtc_la_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS) $(SECCOMP_CFLAGS)
libtc_la_LIBADD =
if WITH_NFTABLES
libtc_la_SOURCES += tcctl/mark_nft.c
libtc_la_CFLAGS += $(NFTABLES_CFLAGS)
libtc_la_LIBADD += $(NFTABLES_LIBS)
else
libtc_la_SOURCES += tcctl/mark_none.c
endif
libtc_la_CPPFLAGS = $(AM_CPPFLAGS)
if SANITIZED
libtc_la_CPPFLAGS += -DSANDBOX_SANITIZED=1
else
libtc_la_CPPFLAGS += -DSANDBOX_SANITIZED=0
endif

# Descriptions of trees, for the operator's commands: with libconfig.
noinst_LTLIBRARIES += libtctree.la
libtctree_la_SOURCES = \
	tcctl/ingress.c tcctl/ingress_int.h \
	tcctl/links.c tcctl/links_int.h \
	tcctl/nl_host.c tcctl/nl_host.h \
	tcctl/tree_bring.c \
	tcctl/tree_build.c \
	tcctl/tree_check.c \
	tcctl/tree_conf.c tcctl/tree_conf_int.h \
	tcctl/tree_conf_filter.c \
	tcctl/tree_conf_value.c \
	tcctl/tree_fault.c tcctl/tree_int.h \
	tcctl/tree_filter.c \
	tcctl/tree_index.c \
	tcctl/tree_known.c \
	tcctl/tree_marks.c \
	tcctl/tree_plan.c \
	tcctl/tree_prefix.c \
	tcctl/tree_show.c tcctl/tree_show.h \
	tcctl/tree_spare.c \
	tcctl/tree_state.c tcctl/tree_state.h \
	tcctl/tree_write.c \
	tcctl/tree_write_filter.c
libtctree_la_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS) $(LIBCONFIG_CFLAGS)

# The helper of the engine.
noinst_LTLIBRARIES += libtcserve.la
libtcserve_la_SOURCES = \
	tcctl/serve.c \
	tcctl/serve_answer.c \
	tcctl/serve_due.c \
	tcctl/serve_request.c \
	tcctl/serve_turn.c
libtcserve_la_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS)

# The operator's commands.
noinst_LTLIBRARIES += libtccli.la
libtccli_la_SOURCES = \
	tcctl/apply.c tcctl/cli_int.h \
	tcctl/files.c \
	tcctl/out_json.c \
	tcctl/out_probe_json.c tcctl/out_probe.h \
	tcctl/probe.c \
	tcctl/say.c \
	tcctl/scratch.c tcctl/scratch_int.h \
	tcctl/show.c \
	tcctl/tree_apply.c tcctl/tree_cli.h \
	tcctl/tree_lacks.c \
	tcctl/tree_off.c \
	tcctl/tree_session.c \
	tcctl/want_json.c
libtccli_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)

sbin_PROGRAMS += tcctl/tcctl
tcctl_tcctl_SOURCES = tcctl/main.c
tcctl_tcctl_CPPFLAGS = $(AM_CPPFLAGS) \
	-DTCCTL_STATEDIR='"/var/lib/tcctl"'
tcctl_tcctl_LDFLAGS = $(AM_LDFLAGS) $(PROGRAM_LDFLAGS)
tcctl_tcctl_LDADD = libtccli.la libtcserve.la libtctree.la libtc.la \
	libtcmsg.la libbase.la \
	$(MNL_LIBS) $(LIBCONFIG_LIBS) $(JANSSON_LIBS) $(SECCOMP_LIBS) -lm
