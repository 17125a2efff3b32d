# SPDX-License-Identifier: ISC
bin_PROGRAMS += ctl/rsvpctl
ctl_rsvpctl_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) \
	-DCTL_SOCKET='"/run/rsvpd/control.sock"' -DCTL_SBINDIR='"$(sbindir)"'
ctl_rsvpctl_LDFLAGS = $(AM_LDFLAGS) $(PROGRAM_LDFLAGS)
ctl_rsvpctl_LDADD = librapi.la libbase.la $(JANSSON_LIBS) -lm
ctl_rsvpctl_SOURCES = \
	ctl/ask.c \
	ctl/cmd_policy.c \
	ctl/cmd_reserve.c \
	ctl/cmd_send.c \
	ctl/cmd_table.c \
	ctl/ctl.h \
	ctl/ctl_msg.c ctl/ctl_msg.h \
	ctl/flow.c ctl/flow.h \
	ctl/out_event.c \
	ctl/out_json.c \
	ctl/out_text.c \
	ctl/policy_live.c \
	ctl/policy_why.c \
	ctl/policyd.c ctl/policyd.h \
	ctl/rsvpctl.c \
	ctl/show.c \
	ctl/value.c

# The commands of AIX: one program, and its other names.
sbin_PROGRAMS += ctl/qosstat
ctl_qosstat_CPPFLAGS = $(AM_CPPFLAGS) \
	-DCTL_SOCKET='"/run/rsvpd/control.sock"' \
	-DQOS_POLICYD_CONF='"$(sysconfdir)/policyd.conf"' \
	-DCTL_SBINDIR='"$(sbindir)"'
ctl_qosstat_LDFLAGS = $(AM_LDFLAGS) $(PROGRAM_LDFLAGS)
ctl_qosstat_LDADD = libbase.la -lm
ctl_qosstat_SOURCES = \
	ctl/ctl_msg.c ctl/ctl_msg.h \
	ctl/ask.c \
	ctl/ctl.h \
	ctl/policyd.c ctl/policyd.h \
	ctl/qos.h \
	ctl/qos_action.c \
	ctl/qos_check.c \
	ctl/qos_cmd.c \
	ctl/qos_conn.c \
	ctl/qos_edit.c \
	ctl/qos_facts.c \
	ctl/qos_file.c \
	ctl/qos_life.c \
	ctl/qos_live.c \
	ctl/qos_main.c \
	ctl/qos_print.c \
	ctl/qos_stat.c ctl/qos_stat.h \
	ctl/value.c
qos_names = qosadd qosmod qosremove qoslist mkqos rmqos

install-exec-hook: install-qos-names
install-qos-names:
	for name in $(qos_names); do \
		$(LN_S) -f qosstat $(DESTDIR)$(sbindir)/$$name || exit 1; \
	done
uninstall-hook: uninstall-qos-names
uninstall-qos-names:
	for name in $(qos_names); do rm -f $(DESTDIR)$(sbindir)/$$name; done
.PHONY: install-qos-names uninstall-qos-names
