# SPDX-License-Identifier: ISC

# The message codec, which rsvpd uses too.
noinst_LTLIBRARIES += librapimsg.la
librapimsg_la_SOURCES = rapi/rapi_msg.c rapi/rapi_msg.h

# The library but for its calls: what its unit tests link.
noinst_LTLIBRARIES += librapiint.la
librapiint_la_SOURCES = \
	rapi/rapi_adspec.c \
	rapi/rapi_args.c rapi/rapi_args.h \
	rapi/rapi_conn.c rapi/rapi_conn.h \
	rapi/rapi_event.c \
	rapi/rapi_fmt.c \
	rapi/rapi_guar.c \
	rapi/rapi_int.h \
	rapi/rapi_link.c rapi/rapi_link.h \
	rapi/rapi_obj.c \
	rapi/rapi_str.c

lib_LTLIBRARIES += librapi.la
librapi_la_SOURCES = rapi/rapi.c
# libwire holds libbase.
librapi_la_LIBADD = librapiint.la librapimsg.la libwire.la -lpthread -lm
librapi_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined \
	-Wl,--version-script=$(top_srcdir)/rapi/librapi.map
EXTRA_librapi_la_DEPENDENCIES = rapi/librapi.map

rapiincludedir = $(includedir)/rsvp
rapiinclude_HEADERS = rapi/rapi.h rapi/rapi_ext.h rapi/rsvp_intserv.h
pkgconfig_DATA += rapi/rapi.pc
CLEANFILES += rapi/rapi.pc
EXTRA_DIST += rapi/librapi.map rapi/rapi.pc.in
rapi/rapi.pc: $(srcdir)/rapi/rapi.pc.in Makefile
	$(AM_V_GEN)$(MKDIR_P) rapi && $(substitute) $< > $@
