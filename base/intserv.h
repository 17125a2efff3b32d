/* SPDX-License-Identifier: ISC */
#ifndef INTSERV_H
#define INTSERV_H

/*
 * Arithmetic of Guaranteed Service (RFC 2212), for the node that reserves and
 * for the application that asks.  Pure functions on numbers: octets, octets a
 * second, microseconds.
 */

#include <stdint.h>

/* A token bucket with its peak rate, infinite if not known, and its largest
 * packet. */
struct intserv_flow {
	double r, b, p, M;
};

/*
 * End-to-end queueing bound for a reserved rate R and the sums of C and D over
 * the path.  Infinite when r is not above 0 or R not at least r.
 */
double intserv_bound_us(const struct intserv_flow *flow, double R,
	uint32_t Ctot, uint32_t Dtot);

/* Smallest R >= r that keeps the bound; infinite if none does. */
double intserv_rate(const struct intserv_flow *flow, double bound_us,
	uint32_t Ctot, uint32_t Dtot);

/*
 * Octets that a conforming flow can have queued at an element that serves it
 * at R >= r > 0, Csum octets and Dsum microseconds behind the last reshaping
 * point.
 */
double intserv_buffer(
	const struct intserv_flow *flow, double R, double Csum, double Dsum);
/* The same where it is reshaped to its token bucket. */
double intserv_reshaper(
	const struct intserv_flow *flow, double Csum, double Dsum);

/*
 * Slack (RFC 2212, Ordering and Merging): an element, with the Ctot up to and
 * including its own, may go down from Rin to Rout >= r when it takes so many
 * microseconds from the slack; and the smallest Rout >= r that so much slack
 * allows.
 */
double intserv_slack_us(const struct intserv_flow *flow, double Rin,
	double Rout, uint32_t Ctot);
double intserv_slack_rate(const struct intserv_flow *flow, double Rin,
	double slack_us, uint32_t Ctot);

#endif /* INTSERV_H */
