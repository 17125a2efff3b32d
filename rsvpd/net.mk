# SPDX-License-Identifier: ISC
# The engine's hands: network, routes, and its conversations with the helpers.
librsvpd_la_CPPFLAGS += $(MNL_CFLAGS)
librsvpd_la_SOURCES += \
	rsvpd/effect.c \
	rsvpd/net_batch.c \
	rsvpd/net_bucket.c rsvpd/net_bucket.h \
	rsvpd/net_diag.c \
	rsvpd/net_guard.c rsvpd/net_open.h \
	rsvpd/framing.c rsvpd/framing.h \
	rsvpd/net_iface.c \
	rsvpd/net_link.c rsvpd/net_link.h rsvpd/net_link_int.h \
	rsvpd/net_nl.c \
	rsvpd/net_packet.c rsvpd/net_packet.h \
	rsvpd/net_raw.c rsvpd/net_raw.h rsvpd/net_raw_int.h \
	rsvpd/net_reasm.c rsvpd/net_reasm.h \
	rsvpd/net_recv.c \
	rsvpd/net_route.c \
	rsvpd/net_send.c \
	rsvpd/net_table.c \
	rsvpd/net_tap.c \
	rsvpd/net_udp.c rsvpd/net_udp.h \
	rsvpd/net_udp_io.c \
	rsvpd/net_watch.c \
	rsvpd/policy_client.c rsvpd/policy_client.h \
	rsvpd/marks.c rsvpd/marks.h \
	rsvpd/policy_order.c rsvpd/policy_order.h \
	rsvpd/policy_request.c \
	rsvpd/refusal_log.c rsvpd/refusal_log.h \
	rsvpd/rules.c rsvpd/rules.h rsvpd/rules_int.h \
	rsvpd/rules_account.c \
	rsvpd/rules_draft.c \
	rsvpd/rules_force.c \
	rsvpd/rules_links.c \
	rsvpd/rules_resv.c \
	rsvpd/rules_take.c \
	rsvpd/rules_plan.c rsvpd/rules_plan.h \
	rsvpd/stats.c rsvpd/stats.h \
	rsvpd/tc_client.c rsvpd/tc_client.h \
	rsvpd/tc_flow.c rsvpd/tc_flow.h \
	rsvpd/tc_managed.c rsvpd/tc_managed.h \
	rsvpd/tc_queue.c rsvpd/tc_queue.h \
	rsvpd/tc_write.c rsvpd/tc_write.h
librsvpd_la_LIBADD += $(MNL_LIBS) libpolicy.la libtcmsg.la
