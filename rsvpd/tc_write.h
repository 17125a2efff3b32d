/* SPDX-License-Identifier: ISC */
#ifndef TC_WRITE_H
#define TC_WRITE_H

/* Messages to tcctl (tcctl.h), each as its queue wants it written: *message is
 * what the function is named after. */

#include <stdint.h>

struct buf_writer;

void tc_write_iface(struct buf_writer *w, uint32_t serial, const void *message);
void tc_write_iface_off(
	struct buf_writer *w, uint32_t serial, const void *message);
void tc_write_counters(
	struct buf_writer *w, uint32_t serial, const void *message);
void tc_write_flow_mark(
	struct buf_writer *w, uint32_t serial, const void *message);
void tc_write_rule(struct buf_writer *w, uint32_t serial, const void *message);
void tc_write_rules(struct buf_writer *w, uint32_t serial, const void *message);
void tc_write_rule_counters(
	struct buf_writer *w, uint32_t serial, const void *message);
void tc_write_flow(struct buf_writer *w, uint32_t serial, const void *message);

#endif /* TC_WRITE_H */
