# SPDX-License-Identifier: ISC
include rsvpd/wire/local.mk
include rsvpd/core/local.mk

# The daemon but for main(): what its unit tests link.  One block of sources
# for each part of it.
noinst_LTLIBRARIES += librsvpd.la
librsvpd_la_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(LIBCONFIG_CFLAGS) \
	$(JANSSON_CFLAGS)
librsvpd_la_LIBADD = libbase.la $(EVENT_LIBS) $(LIBCONFIG_LIBS) \
	$(JANSSON_LIBS) -lm
librsvpd_la_SOURCES =

librsvpd_la_SOURCES += \
	rsvpd/loop.c rsvpd/loop.h

librsvpd_la_SOURCES += \
	rsvpd/conf.c rsvpd/conf.h rsvpd/conf_int.h \
	rsvpd/conf_aix.c \
	rsvpd/conf_diff.c \
	rsvpd/conf_file.c \
	rsvpd/conf_keys.c \
	rsvpd/conf_print.c \
	rsvpd/conf_value.c

librsvpd_la_SOURCES += \
	ctl/ctl_msg.c ctl/ctl_msg.h \
	rsvpd/ctl_data.c \
	rsvpd/ctl_facts.c rsvpd/ctl_facts.h \
	rsvpd/ctl_int.h \
	rsvpd/ctl_policy.c \
	rsvpd/ctl_count.c \
	rsvpd/ctl_part.c \
	rsvpd/ctl_server.c rsvpd/ctl_server.h

librsvpd_la_SOURCES += \
	rsvpd/account.c rsvpd/account.h \
	rsvpd/account_file.c rsvpd/account_file.h \
	rsvpd/account_json.c rsvpd/account_json.h

librsvpd_la_SOURCES += \
	rsvpd/engine_life.c rsvpd/engine_life.h

librsvpd_la_SOURCES += \
	rsvpd/sup_backoff.c rsvpd/sup_int.h \
	rsvpd/sup_msg.c rsvpd/sup_msg.h

include rsvpd/api.mk
include rsvpd/net.mk

# The supervisor, and the engine that it executes from the same file.
sbin_PROGRAMS += rsvpd/rsvpd
rsvpd_rsvpd_CPPFLAGS = $(AM_CPPFLAGS) $(CAPNG_CFLAGS) $(SECCOMP_CFLAGS) \
	$(SYSTEMD_CFLAGS) \
	-DENGINE_USER='"$(ENGINE_USER)"' \
	-DTC_USER='"$(TC_USER)"' \
	-DPOLICY_USER='"$(POLICY_USER)"' \
	-DRSVPD_SBINDIR='"$(sbindir)"' \
	-DRSVPD_SYSCONFDIR='"$(sysconfdir)"' \
	-DRSVPD_RUNDIR='"/run/rsvpd"' \
	-DRSVPD_STATEDIR='"/var/lib/rsvpd"' \
	-DRSVPD_LOGDIR='"/var/log/rsvpd"'
rsvpd_rsvpd_SOURCES = \
	rsvpd/engine.c \
	rsvpd/main.c \
	rsvpd/priv.c rsvpd/priv.h \
	rsvpd/sup_check.c \
	rsvpd/sup_life.c \
	rsvpd/sup_open.c \
	rsvpd/sup_state.h \
	rsvpd/sup_talk.c \
	rsvpd/sup_udp.c \
	rsvpd/sup_worker.c \
	rsvpd/supervisor.c rsvpd/supervisor.h
if WITH_SYSTEMD
rsvpd_rsvpd_SOURCES += rsvpd/sup_notify.c
else
rsvpd_rsvpd_SOURCES += rsvpd/sup_notify_none.c
endif
if SANITIZED
rsvpd_rsvpd_CPPFLAGS += -DPRIV_SANITIZED=1
else
rsvpd_rsvpd_CPPFLAGS += -DPRIV_SANITIZED=0
endif
rsvpd_rsvpd_LDFLAGS = $(AM_LDFLAGS) $(PROGRAM_LDFLAGS)
rsvpd_rsvpd_LDADD = librsvpd.la libcore.la libwire.la libbase.la \
	$(CAPNG_LIBS) $(SECCOMP_LIBS) $(SYSTEMD_LIBS)
