# SPDX-License-Identifier: ISC
include rsvpd/wire/local.mk
include rsvpd/core/local.mk

# The daemon but for main(): what its unit tests link.  One block of sources
# for each part of it.
noinst_LTLIBRARIES += librsvpd.la
librsvpd_la_CPPFLAGS = $(AM_CPPFLAGS)  $(EVENT_CFLAGS) $(LIBCONFIG_CFLAGS)
librsvpd_la_LIBADD = libbase.la $(EVENT_LIBS) $(LIBCONFIG_LIBS) -lm
librsvpd_la_SOURCES =

librsvpd_la_SOURCES += \
	rsvpd/loop.c rsvpd/loop.h

librsvpd_la_SOURCES += \
	rsvpd/conf.c rsvpd/conf.h rsvpd/conf_int.h \
	rsvpd/conf_diff.c \
	rsvpd/conf_file.c \
	rsvpd/conf_keys.c \
	rsvpd/conf_print.c \
	rsvpd/conf_value.c

librsvpd_la_SOURCES += \
	ctl/ctl_msg.c ctl/ctl_msg.h \
	rsvpd/ctl_facts.c rsvpd/ctl_facts.h \
	rsvpd/ctl_server.c rsvpd/ctl_server.h

include rsvpd/net.mk
