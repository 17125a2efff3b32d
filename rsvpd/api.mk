# SPDX-License-Identifier: ISC
# Applications over the RAPI socket.
librsvpd_la_SOURCES += \
	rsvpd/api_auth.c \
	rsvpd/api_client.c \
	rsvpd/api_int.h \
	rsvpd/api_request.c \
	rsvpd/api_server.c rsvpd/api_server.h
librsvpd_la_LIBADD += librapimsg.la
