# SPDX-License-Identifier: ISC
# The message codec alone, for the engine: no libmnl.
noinst_LTLIBRARIES += libtcmsg.la
libtcmsg_la_SOURCES = tcctl/tc_msg.c tcctl/tcctl.h
