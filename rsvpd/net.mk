# SPDX-License-Identifier: ISC
# The engine's hands: network, routes, and its conversations with the helpers.
librsvpd_la_CPPFLAGS += $(MNL_CFLAGS)
librsvpd_la_SOURCES += \
	rsvpd/effect.c \
	rsvpd/stats.c rsvpd/stats.h
librsvpd_la_LIBADD += $(MNL_LIBS)
