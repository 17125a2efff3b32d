/* SPDX-License-Identifier: ISC */
#ifndef API_T_H
#define API_T_H

/*
 * A bench for the RAPI server: the real loop and the real core around it;
 * addresses, ports, routes and policy as the test sets them; librapi and raw
 * sockets as its clients.
 */

#include "rapi/rapi.h"
#include "rapi/rapi_msg.h"
#include "rsvpd/daemon.h"
#include "t_addr.h"

struct net_link {
	bool no_route;
	bool fresh; /* the kernel has 192.0.2.2, and we have not heard of it */
	int owner;  /* what sock_diag says: 0 nobody, 1 owner_uid, or -errno */
	uint32_t owner_uid;
	uint8_t asked_proto;
	uint16_t asked_port;
};

/* The application that speaks through librapi, and its latest event. */
struct at_app {
	rapi_sid_t sid;
	int events;
	rapi_eventinfo_t type;
	int code;
	int value;
	int filters;
	int flowspecs;
	int adspecs;
	rapi_filter_t filter;
	char text[256];
};

struct at {
	struct net_link links;
	struct conf conf;
	struct conf_iface eth0;
	struct stats stats;
	struct engine engine;
	char dir[32];
	char path[64];
	bool deny; /* by policy */

	unsigned sent[8]; /* messages of the core, by type */
	struct wire_msg last_sent;
	uint8_t last_bytes[2048];

	struct at_app app;
	int raw_fd; /* of a client that speaks for itself */

	/* at_run_until() */
	bool (*wanted)(void);
	struct mono give_up;
	struct loop_timer *poller;
};

extern struct at at;

void at_begin(void);
void at_end(void);

/* Run the daemon until a condition holds; false when it never does. */
bool at_run_until(bool (*condition)(void));
bool at_heard(void); /* the application has been told something */
bool at_one_client(void);
bool at_no_client(void);
bool at_path_sent(void);
bool at_path_torn(void);
bool at_resv_sent(void);
bool at_resv_torn(void);
bool at_a_session(void);
bool at_drained(void); /* nothing waits for the raw client; reads for it */

/* The application's calls. */
rapi_sid_t at_open(const char *dst, uint16_t port);
void at_send_from(const char *src, uint16_t port);
void at_reserve_for(const char *src, uint16_t port);
void at_reserve_confirmed(const char *src, uint16_t port);
void at_expect_error(
	rapi_eventinfo_t type, int code, int value, const char *text);

/* The Path of a sender far away to 192.0.2.1:5004 arrives. */
void at_path_arrives(void);

int at_raw_connect(void);
void at_raw_send(int fd, const struct buf_writer *w);
void at_put_open(struct buf_writer *w, uint64_t handle);
/* Connect, greet, and open a session with handle 77. */
void at_raw_client(void);
/* The next answer of the daemon; false: it has closed. */
bool at_raw_answer(struct rapi_msg_answer *ret);

#endif /* API_T_H */
