# SPDX-License-Identifier: ISC
noinst_LTLIBRARIES += libcore.la
libcore_la_SOURCES = \
	rsvpd/core/account.c rsvpd/core/charge.h \
	rsvpd/core/admit.c \
	rsvpd/core/adspec.c rsvpd/core/adspec.h \
	rsvpd/core/ask.c \
	rsvpd/core/bsb.c \
	rsvpd/core/blob.c rsvpd/core/blob_int.h \
	rsvpd/core/core.c rsvpd/core/core_int.h \
	rsvpd/core/demand.c \
	rsvpd/core/event.c \
	rsvpd/core/flowslot.c rsvpd/core/flowslot.h \
	rsvpd/core/gs.c rsvpd/core/gs.h \
	rsvpd/core/hold.c \
	rsvpd/core/iface.c \
	rsvpd/core/in_error.c \
	rsvpd/core/in_path.c \
	rsvpd/core/in_resv.c \
	rsvpd/core/kernel.c \
	rsvpd/core/ledger.c rsvpd/core/ledger.h \
	rsvpd/core/link.c rsvpd/core/link.h \
	rsvpd/core/local.c \
	rsvpd/core/merge.c rsvpd/core/merge.h \
	rsvpd/core/mtu.c \
	rsvpd/core/out.c rsvpd/core/out.h \
	rsvpd/core/path_int.h \
	rsvpd/core/preempt.c \
	rsvpd/core/police.c \
	rsvpd/core/psb.c \
	rsvpd/core/rsb.c \
	rsvpd/core/rsvp.h \
	rsvpd/core/scope.c \
	rsvpd/core/session.c \
	rsvpd/core/timer.c \
	rsvpd/core/view.c \
	rsvpd/core/walk.c \
	rsvpd/core/withdraw.c \
	rsvpd/core/wish.c rsvpd/core/wish.h
