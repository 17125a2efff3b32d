# SPDX-License-Identifier: ISC
noinst_LTLIBRARIES += libcore.la
libcore_la_SOURCES = \
	rsvpd/core/adspec.c rsvpd/core/adspec.h \
	rsvpd/core/flowslot.c rsvpd/core/flowslot.h \
	rsvpd/core/gs.c rsvpd/core/gs.h \
	rsvpd/core/ledger.c rsvpd/core/ledger.h \
	rsvpd/core/link.c rsvpd/core/link.h \
	rsvpd/core/merge.c rsvpd/core/merge.h \
	rsvpd/core/rsvp.h
