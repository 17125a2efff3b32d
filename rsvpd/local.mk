# SPDX-License-Identifier: ISC
include rsvpd/wire/local.mk
include rsvpd/core/local.mk

# The daemon but for main(): what its unit tests link.
noinst_LTLIBRARIES += librsvpd.la
librsvpd_la_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS)
librsvpd_la_SOURCES = \
	rsvpd/loop.c rsvpd/loop.h
librsvpd_la_LIBADD = libbase.la $(EVENT_LIBS)
include rsvpd/net.mk
