/* SPDX-License-Identifier: ISC */
#ifndef RAPI_T_H
#define RAPI_T_H

/* One session of librapi at a scripted daemon, and objects to give to it. */

#include "rapi/rapi.h"
#include "rapi_daemon.h"
#include "t.h"

struct rt {
	struct rapi_daemon daemon;
	rapi_sid_t sid;
};
extern struct rt rt;

union rt_address {
	rapi_addr_t any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Open a session for that destination, port 5004; and end it. */
void rt_begin(const char *dst);
void rt_end(void);

union rt_address rt_address(const char *text, uint16_t port);
bool rt_is_address(const struct addr *a, const char *text);

/* r 1000, b 2000, p 3000, m 40, M 500; R 1500, S 9; exact lengths. */
rapi_tspec_t rt_tspec(void);
void rt_check_tspec(const struct wire_tspec *t);
rapi_flowspec_t rt_flowspec(rapi_qos_service_t service);
rapi_filter_t rt_filter(const char *src, uint16_t port);

#endif /* RAPI_T_H */
