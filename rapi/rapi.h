/* SPDX-License-Identifier: ISC */
#ifndef RAPI_H
#define RAPI_H

/*
 * The RSVP application programming interface of The Open Group's Technical
 * Standard C809: applications ask the local RSVP daemon for reservations and
 * hear from it through upcalls.  See rapi(3).
 *
 * Addresses and ports are in network byte order, everything else in host
 * order; rates are octets a second, sizes octets, times microseconds.
 */

#include <sys/types.h>

#include <sys/socket.h>

#include <netinet/in.h>
#include <stdint.h>

#include "rsvp_intserv.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RAPI_VERSION  502 /* 100 * major + minor */
#define MAX_RAPI_SESS 100 /* historic; the library has no such limit */
#define RAPI_NULL_SID 0u

typedef struct sockaddr rapi_addr_t; /* sockaddr_in or sockaddr_in6 */
typedef unsigned int rapi_sid_t;     /* 1 to INT_MAX */
typedef void rapi_stylex_t;          /* style extension: none is defined */

/* ---- objects ------------------------------------------------------------ */

typedef enum {
	RAPI_EMPTY_OTYPE = 0,
	RAPI_FLOWSTYPE_Intserv = 2,
	RAPI_FLOWSTYPE_Simplified = 3,
	RAPI_TSPECTYPE_Intserv = 17,
	RAPI_TSPECTYPE_Simplified = 18,
	RAPI_ADSTYPE_Intserv = 33,
	RAPI_ADSTYPE_Simplified = 34,
	RAPI_FILTERFORM_RSVD1 = 257,
	RAPI_FILTERFORM_BASE = 258,
	RAPI_FILTERFORM_GPI = 259,
	RAPI_FILTERFORM_BASE6 = 260,
	RAPI_FILTERFORM_GPI6 = 261,
	RAPI_POLICY_NAME_STRING = 513
} rapi_format_t;

/*
 * What each object begins with.  Lists are packed: the next object begins at
 * After_RAPIObj(), not at the next element of an array.
 */
typedef struct {
	unsigned int len; /* octets, with this header */
	rapi_format_t form;
} rapi_hdr_t;

#define RAPIObj_Size(p)  (((rapi_hdr_t *)(p))->len)
#define RAPIObj_data(p)  ((rapi_hdr_t *)(p) + 1)
#define After_RAPIObj(p) ((char *)(p) + RAPIObj_Size(p))

typedef enum {
	RAPI_QOS_TSPEC = 0,
	RAPI_QOS_CNTR_LOAD = 1,
	RAPI_QOS_GUARANTEED = 2
} rapi_qos_service_t;

typedef struct {
	float32_t spec_Tspec_b; /* bucket depth */
	float32_t spec_Tspec_r; /* token rate */
	float32_t spec_Tspec_p; /* peak rate, may be INFINITY32f */
	uint32_t spec_Tspec_m;  /* minimum policed unit */
	uint32_t spec_Tspec_M;  /* maximum packet size */
} rapi_qos_Tspec_body;

typedef struct {
	rapi_qos_service_t spec_type;
	rapi_qos_Tspec_body xspec_Tspec;
	float32_t xspec_R; /* guaranteed rate */
	uint32_t xspec_S;  /* slack term */
} rapi_qos_flowspecx_t;

#define xspec_b xspec_Tspec.spec_Tspec_b
#define xspec_r xspec_Tspec.spec_Tspec_r
#define xspec_p xspec_Tspec.spec_Tspec_p
#define xspec_m xspec_Tspec.spec_Tspec_m
#define xspec_M xspec_Tspec.spec_Tspec_M

typedef struct {
	rapi_qos_service_t spec_type;
	rapi_qos_Tspec_body xtspec_Tspec;
} rapi_qos_tspecx_t;

#define xtspec_b xtspec_Tspec.spec_Tspec_b
#define xtspec_r xtspec_Tspec.spec_Tspec_r
#define xtspec_p xtspec_Tspec.spec_Tspec_p
#define xtspec_m xtspec_Tspec.spec_Tspec_m
#define xtspec_M xtspec_Tspec.spec_Tspec_M

/* Flags of an Adspec in Simplified format. */
#define RAPI_XASPEC_FLG_BRK  0x01 /* a node does not support it */
#define RAPI_XASPEC_FLG_IGN  0x02 /* service absent: do not use it */
#define RAPI_XASPEC_FLG_PARM 0x04 /* service parameters present */

/* An override of 1 says that the service has its own copy of all general
 * parameters. */
typedef struct {
	uint8_t xaspec_flags; /* general part */
	uint16_t xaspec_hopcnt;
	float32_t xaspec_path_bw;
	uint32_t xaspec_min_latency;
	uint32_t xaspec_composed_MTU;
	uint8_t xClaspec_flags; /* Controlled-Load */
	uint8_t xClaspec_override;
	uint16_t xClaspec_hopcnt;
	float32_t xClaspec_path_bw;
	uint32_t xClaspec_min_latency;
	uint32_t xClaspec_composed_MTU;
	uint8_t xGaspec_flags; /* Guaranteed */
	uint32_t xGaspec_Ctot; /* octets */
	uint32_t xGaspec_Dtot; /* microseconds */
	uint32_t xGaspec_Csum;
	uint32_t xGaspec_Dsum;
	uint8_t xGaspec_override;
	uint16_t xGaspec_hopcnt;
	float32_t xGaspec_path_bw;
	uint32_t xGaspec_min_latency;
	uint32_t xGaspec_composed_MTU;
} rapi_qos_adspecx_t;
typedef rapi_qos_adspecx_t qos_adspecx_t;

typedef struct {
	unsigned int len;
	rapi_format_t form;
	union {
		rapi_qos_flowspecx_t qosx;
		IS_specbody_t IS;
	} specbody_u;
} rapi_flowspec_t;
#define specbody_qosx specbody_u.qosx
#define specbody_IS   specbody_u.IS

typedef struct {
	unsigned int len;
	rapi_format_t form;
	union {
		rapi_qos_tspecx_t qosxt;
		IS_tspbody_t ISt;
	} tspecbody_u;
} rapi_tspec_t;
#define tspecbody_qosx tspecbody_u.qosxt
#define tspecbody_IS   tspecbody_u.ISt

typedef struct {
	unsigned int len;
	rapi_format_t form;
	union {
		rapi_qos_adspecx_t adsx;
		IS_adsbody_t ISa;
	} adsbody_u;
} rapi_adspec_t;
#define adspecbody_qosx adsbody_u.adsx
#define adspecbody_IS   adsbody_u.ISa

typedef struct {
	struct sockaddr_in sender;
} rapi_filter_base_t;

typedef struct {
	struct in_addr sender;
	uint32_t gpi; /* host byte order */
} rapi_filter_gpi_t;

typedef struct {
	struct sockaddr_in6 sender;
} rapi_filter_base6_t;

typedef struct {
	struct in6_addr sender;
	uint32_t gpi;
} rapi_filter_gpi6_t;

/* Filter specification, and sender template. */
typedef struct {
	unsigned int len;
	rapi_format_t form;
	union {
		rapi_filter_base_t base;
		rapi_filter_gpi_t gpi;
		rapi_filter_base6_t base6;
		rapi_filter_gpi6_t gpi6;
	} filt_u;
} rapi_filter_t;
#define rapi_filt4          filt_u.base.sender
#define rapi_filtbase4_addr rapi_filt4.sin_addr
#define rapi_filtbase4_port rapi_filt4.sin_port
#define rapi_filtgpi4       filt_u.gpi
#define rapi_filtgpi4_addr  rapi_filtgpi4.sender
#define rapi_filtgpi4_gpi   rapi_filtgpi4.gpi
#define rapi_filt6          filt_u.base6.sender
#define rapi_filtbase6_addr rapi_filt6.sin6_addr
#define rapi_filtbase6_port rapi_filt6.sin6_port
#define rapi_filtgpi6       filt_u.gpi6
#define rapi_filtgpi6_addr  rapi_filtgpi6.sender
#define rapi_filtgpi6_gpi   rapi_filtgpi6.gpi

typedef enum {
	RAPI_POLICYF_INTEGRITY = 0x1,
	RAPI_POLICYF_GLOBAL = 0x2,
	RAPI_POLICYF_RESP = 0x4
} rapi_policy_flags_t;

typedef struct {
	char name[1]; /* terminated; as long as len says */
} rapi_policy_name_string_t;

typedef struct {
	unsigned int len;
	rapi_format_t form;
	rapi_policy_flags_t flags;
	union {
		rapi_policy_name_string_t name_string;
		rapi_policy_name_string_t namestring;
	} pol_u;
} rapi_policy_t;

/* ---- styles, events, flags ----------------------------------------------- */

typedef enum {
	RAPI_RSTYLE_WILDCARD = 1,
	RAPI_RSTYLE_FIXED = 2,
	RAPI_RSTYLE_SE = 3
} rapi_styleid_t;
#define RAPI_RSTYLE_MAX 3

typedef enum {
	RAPI_PATH_EVENT = 1,
	RAPI_RESV_EVENT = 2,
	RAPI_PATH_ERROR = 3,
	RAPI_RESV_ERROR = 4,
	RAPI_RESV_CONFIRM = 5
} rapi_eventinfo_t;

/* ErrorFlags of an upcall (RFC 2205 A.5). */
#define RAPI_ERRF_InPlace   0x01 /* a reservation is still in place */
#define RAPI_ERRF_NotGuilty 0x02 /* another's larger request failed */

/* Flags of rapi_session(). */
#define RAPI_USE_INTSERV 0x10 /* upcalls carry Intserv formats */
#define RAPI_GPI_SESSION 0x08 /* RFC 2207; not supported yet */
/* Flags of rapi_reserve(). */
#define RAPI_REQ_CONFIRM 0x20

/* ---- errors -------------------------------------------------------------- */

#define RAPI_ERR_OK           0
#define RAPI_ERR_INVAL        1
#define RAPI_ERR_MAXSESS      2
#define RAPI_ERR_BADSID       3
#define RAPI_ERR_N_FFS        4
#define RAPI_ERR_BADSTYLE     5
#define RAPI_ERR_SYSCALL      6
#define RAPI_ERR_OVERFLOW     7
#define RAPI_ERR_MEMFULL      8
#define RAPI_ERR_NORSVP       9
#define RAPI_ERR_OBJTYPE      10
#define RAPI_ERR_OBJLEN       11
#define RAPI_ERR_NOTSPEC      12
#define RAPI_ERR_INTSERV      13
#define RAPI_ERR_GPI_CONFLICT 14
#define RAPI_ERR_BADPROTO     15
#define RAPI_ERR_BADVDPORT    16
#define RAPI_ERR_GPISESS      17
#define RAPI_ERR_BADSEND      21 /* these three in upcalls only */
#define RAPI_ERR_BADRECV      22
#define RAPI_ERR_BADSPORT     23
#define RAPI_ERR_PERM         64 /* ours, up to PROTO */
#define RAPI_ERR_AGAIN        65
#define RAPI_ERR_TIMEOUT      66
#define RAPI_ERR_PROTO        67
#define RAPI_ERR_UNSUPPORTED  254
#define RAPI_ERR_UNKNOWN      255
#define RAPI_ERR_MAXERROR     255

/* ErrorCode of an upcall (RFC 2205 Appendix B). */
#define RSVP_Err_NONE           0
#define RSVP_Err_ADMISSION      1
#define RSVP_Err_POLICY         2
#define RSVP_Err_NO_PATH        3
#define RSVP_Err_NO_SENDER      4
#define RSVP_Err_BAD_STYLE      5
#define RSVP_Err_UNKNOWN_STYLE  6
#define RSVP_Err_BAD_DSTPORT    7
#define RSVP_Err_BAD_SNDPORT    8
#define RSVP_Err_AMBIG_FILTER   9
#define RSVP_Err_PREEMPTED      12
#define RSVP_Err_UNKN_OBJ_CLASS 13
#define RSVP_Err_UNKNOWN_CTYPE  14
#define RSVP_Err_API_ERROR      20 /* ErrorValue is a RAPI_ERR_ */
#define RSVP_Err_TC_ERROR       21
#define RSVP_Err_TC_SYS_ERROR   22
#define RSVP_Err_RSVP_SYS_ERROR 23

/* ErrorValue of RSVP_Err_ADMISSION and RSVP_Err_TC_ERROR. */
#define RSVP_Erv_Other          0
#define RSVP_Erv_DelayBnd       1
#define RSVP_Erv_Bandwidth      2
#define RSVP_Erv_MTU            3
#define RSVP_Erv_Conflict_Serv  1
#define RSVP_Erv_No_Serv        2
#define RSVP_Erv_Crazy_Flowspec 3
#define RSVP_Erv_Crazy_Tspec    4
#define RSVP_Erv_Crazy_Adspec   5

/* ---- calls --------------------------------------------------------------- */

/*
 * The application's function for events.  Everything it is given is dead when
 * it returns.  It may make any call of this library.
 */
typedef void rapi_event_rtn_t(rapi_sid_t Sid, rapi_eventinfo_t EventType,
	rapi_styleid_t Style, int ErrorCode, int ErrorValue,
	rapi_addr_t *ErrorNode, unsigned int ErrorFlags, int FilterSpecNo,
	rapi_filter_t *FilterSpec_list, int FlowspecNo,
	rapi_flowspec_t *Flowspec_list, int AdspecNo,
	rapi_adspec_t *Adspec_list, void *Event_arg);

/* A session, or RAPI_NULL_SID and the reason in *Errnop (which may be NULL). */
rapi_sid_t rapi_session(rapi_addr_t *Dest, int Protid, unsigned int Flags,
	rapi_event_rtn_t *Event_rtn, void *Event_arg, int *Errnop);

/* Define, replace or (LHost NULL) withdraw the sender of a session. */
int rapi_sender(rapi_sid_t Sid, unsigned int Flags, rapi_addr_t *LHost,
	rapi_filter_t *SenderTemplate, rapi_tspec_t *SenderTspec,
	rapi_adspec_t *SenderAdspec, rapi_policy_t *SenderPolicy, int TTL);

/* Make, replace or (FlowspecNo 0) remove the reservation of a session. */
int rapi_reserve(rapi_sid_t Sid, unsigned int Flags, rapi_addr_t *RHost,
	rapi_styleid_t StyleId, rapi_stylex_t *Style_Ext,
	rapi_policy_t *Rcvr_Policy, int FilterSpecNo,
	rapi_filter_t *FilterSpec_list, int FlowspecNo,
	rapi_flowspec_t *Flowspec_list);

/* Tear down both and forget the session; no upcall for it afterwards. */
int rapi_release(rapi_sid_t Sid);

/* One descriptor for all sessions of the process, stable while there is one:
 * when it is readable call rapi_dispatch().  -1: no such session. */
int rapi_getfd(rapi_sid_t Sid);

/* Make the upcalls that are due, 64 at most.  Never blocks. */
int rapi_dispatch(void);

int rapi_version(void);

/* Text of an RSVP error; of a RAPI_ERR_ value: rapi_strerror(
 * RSVP_Err_API_ERROR, value).  NULL when out of range. */
const char *rapi_strerror(int ErrorCode, int ErrorValue);

/* Objects as text; at most len octets with the terminator. */
void rapi_fmt_flowspec(rapi_flowspec_t *specp, char *buf, int len);
void rapi_fmt_tspec(rapi_tspec_t *tspecp, char *buf, int len);
void rapi_fmt_adspec(rapi_adspec_t *adspecp, char *buf, int len);
void rapi_fmt_filtspec(rapi_filter_t *filtp, char *buf, int len);

#ifdef __cplusplus
}
#endif

#endif /* RAPI_H */
