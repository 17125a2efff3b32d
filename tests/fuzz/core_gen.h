/* SPDX-License-Identifier: ISC */
#ifndef CORE_GEN_H
#define CORE_GEN_H

/* Messages that nearly make sense, chosen by a fuzzer's input: few sessions,
 * senders and hops, so that they meet; now and then a field of any value. */

#include "rsvpd/wire/wire.h"
#include "tests/fuzz/feed.h"

/* Any of the seven types; the encoder may refuse it. */
void gen_message(struct feed *f, struct wire_msg *ret_msg);

uint8_t gen_family(struct feed *f);
struct wire_session gen_session(struct feed *f, uint8_t family);
struct wire_filter gen_filter(struct feed *f, uint8_t family);
struct wire_tspec gen_tspec(struct feed *f);
uint8_t gen_style(struct feed *f);
/* What a reservation asks for; the message needs family and style only. */
void gen_flows(struct feed *f, uint8_t family, uint8_t style,
	struct wire_flow flows[WIRE_FLOWS_MAX], size_t *ret_count);

#endif /* CORE_GEN_H */
