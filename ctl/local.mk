# SPDX-License-Identifier: ISC
bin_PROGRAMS += ctl/rsvpctl
ctl_rsvpctl_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) \
	-DCTL_SOCKET='"/run/rsvpd/control.sock"'
ctl_rsvpctl_LDFLAGS = $(AM_LDFLAGS) $(PROGRAM_LDFLAGS)
ctl_rsvpctl_LDADD = librapi.la libbase.la $(JANSSON_LIBS) -lm
ctl_rsvpctl_SOURCES = \
	ctl/ask.c \
	ctl/cmd_reserve.c \
	ctl/cmd_send.c \
	ctl/cmd_table.c \
	ctl/ctl.h \
	ctl/ctl_msg.c ctl/ctl_msg.h \
	ctl/flow.c ctl/flow.h \
	ctl/out_event.c \
	ctl/out_json.c \
	ctl/out_text.c \
	ctl/rsvpctl.c \
	ctl/show.c \
	ctl/value.c
