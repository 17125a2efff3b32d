/* SPDX-License-Identifier: ISC */
#ifndef RAPI_EXT_H
#define RAPI_EXT_H

/*
 * What this implementation adds to the RAPI.  Nothing changes for a program
 * that does not call these.
 */

#include "rapi.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Talk to the daemon at this socket from the next connection on; NULL: back to
 * the default (the environment variable RAPI_SOCKET, else
 * /run/rsvpd/rapi.sock).  RAPI_ERR_OVERFLOW when the path is too long.
 */
int rapi_ext_set_socket(const char *path);

/* Why the latest call of this thread that failed did so, in words; "" when
 * none has. */
const char *rapi_ext_last_error(void);

/*
 * Inside an upcall: what the daemon has to say about the event, for instance
 * who refused a reservation and by which figures; "" when it says nothing.
 * Outside of an upcall: "".
 */
const char *rapi_ext_event_text(void);

/*
 * The smallest rate R (octets a second, at least r of the Tspec) whose
 * end-to-end queueing delay by RFC 2212 is at most delay_s seconds, from a
 * delivered Tspec and Adspec, and the slack that is left over in microseconds
 * (ret_S may be NULL).  RAPI_ERR_OK, or RAPI_ERR_INVAL when no rate does, the
 * Adspec does not offer Guaranteed Service, has a break bit set, or an object
 * is not readable.
 */
int rapi_ext_guar_rate(const rapi_tspec_t *tspec, const rapi_adspec_t *adspec,
	double delay_s, float32_t *ret_R, uint32_t *ret_S);

/* The other way round: the queueing delay in seconds that a rate R bounds. */
int rapi_ext_guar_delay(const rapi_tspec_t *tspec, const rapi_adspec_t *adspec,
	float32_t R, double *ret_delay_s);

/*
 * The largest packet that the path carries for a service, for M of a flowspec
 * (RFC 2210 2.3.2), and the smallest delay of the path itself, which adds to
 * the queueing delay.  RAPI_ERR_OK, or RAPI_ERR_INVAL when the Adspec is not
 * there, not readable, or does not know the latency.
 */
int rapi_ext_path_mtu(const rapi_adspec_t *adspec, rapi_qos_service_t service,
	uint32_t *ret_mtu);
int rapi_ext_path_latency(const rapi_adspec_t *adspec,
	rapi_qos_service_t service, uint32_t *ret_latency_us);

#ifdef __cplusplus
}
#endif

#endif /* RAPI_EXT_H */
