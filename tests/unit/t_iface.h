/* SPDX-License-Identifier: ISC */
#ifndef T_IFACE_H
#define T_IFACE_H

/* An Ethernet, as the configuration has it when it says nothing: part of an
 * initializer of struct rsvp_iface (rsvpd/core.h). */
#define T_IFACE_ETHERNET                                                       \
	.header_bytes = 14, .overhead_bytes = 24, .min_frame_bytes = 84,       \
	.assumed_min_packet = 128, .timer_us = 200, .repair_wait_ms = 2000,    \
	.slew_percent = 30

#endif /* T_IFACE_H */
