# SPDX-License-Identifier: ISC
noinst_LTLIBRARIES += libwire.la
libwire_la_SOURCES = \
	rsvpd/wire/obj_adspec.c \
	rsvpd/wire/obj_base.c \
	rsvpd/wire/obj_integrity.c \
	rsvpd/wire/obj_intserv.c \
	rsvpd/wire/obj_policy.c \
	rsvpd/wire/obj_session.c \
	rsvpd/wire/wire.h \
	rsvpd/wire/wire_check.c \
	rsvpd/wire/wire_error.c \
	rsvpd/wire/wire_flow.c \
	rsvpd/wire/wire_int.h \
	rsvpd/wire/wire_msg.c \
	rsvpd/wire/wire_obj.c \
	rsvpd/wire/wire_print.c
libwire_la_LIBADD = libbase.la
