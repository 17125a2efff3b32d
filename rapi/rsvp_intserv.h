/* SPDX-License-Identifier: ISC */
#ifndef RSVP_INTSERV_H
#define RSVP_INTSERV_H

/*
 * Integrated-services bodies as an application sees them in the "Intserv"
 * formats of the RAPI: the objects of RFC 2210 without their RSVP header, all
 * numbers in host byte order, rates and depths as IEEE 754 singles.
 */

#include <math.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef float float32_t;

#define INFINITY32f ((float32_t)HUGE_VAL)

/* Service numbers (RFC 2210, 2211, 2212). */
#define GENERAL_INFO          1
#define GUARANTEED_SERV       2
#define PREDICTIVE_SERV       3
#define CONTROLLED_DELAY_SERV 4
#define CONTROLLED_LOAD_SERV  5

/* Well-known parameters (RFC 2215). */
enum int_serv_wkp {
	IS_WKP_HOP_CNT = 4,
	IS_WKP_PATH_BW = 6,
	IS_WKP_MIN_LATENCY = 8,
	IS_WKP_COMPOSED_MTU = 10,
	IS_WKP_TB_TSPEC = 127
};

/* Parameters of Guaranteed Service (RFC 2212). */
#define IS_GUAR_RSPEC     130
#define GUAR_ADSPARM_C    131
#define GUAR_ADSPARM_D    132
#define GUAR_ADSPARM_Ctot 133
#define GUAR_ADSPARM_Dtot 134
#define GUAR_ADSPARM_Csum 135
#define GUAR_ADSPARM_Dsum 136

/* Bounds of RFC 2215 3.6. */
#define TB_MIN_RATE  1
#define TB_MAX_RATE  40e12
#define TB_MIN_DEPTH 1
#define TB_MAX_DEPTH 250e9

#define INTSERV_VERS_MASK  0xf0
#define INTSERV_VERSION0   0
#define Intserv_Version(x) (((x)&INTSERV_VERS_MASK) >> 4)
#define Intserv_Version_OK(hdrp)                                               \
	(Intserv_Version((hdrp)->ismh_version) == INTSERV_VERSION0)

#define ISSH_BREAK_BIT 0x80 /* in issh_flags */
#define ISPH_FLG_INV   0x80 /* in isph_flags */

/* Headers; the lengths count the 32-bit words that follow. */
typedef struct {
	uint8_t ismh_version; /* version in the high nibble */
	uint8_t ismh_unused;
	uint16_t ismh_len32b;
} IS_main_hdr_t;

typedef struct {
	uint8_t issh_service;
	uint8_t issh_flags;
	uint16_t issh_len32b;
} IS_serv_hdr_t;

typedef struct {
	uint8_t isph_parm_num;
	uint8_t isph_flags;
	uint16_t isph_len32b;
} IS_parm_hdr_t;

/* Token bucket; r comes first here. */
typedef struct {
	float32_t TB_Tspec_r;
	float32_t TB_Tspec_b;
	float32_t TB_Tspec_p;
	uint32_t TB_Tspec_m;
	uint32_t TB_Tspec_M;
} TB_Tsp_parms_t;

typedef struct {
	IS_serv_hdr_t gen_Tspec_serv_hdr;
	IS_parm_hdr_t gen_Tspec_parm_hdr;
	TB_Tsp_parms_t gen_Tspec_parms;
} gen_Tspec_t;

typedef struct {
	IS_serv_hdr_t CL_spec_serv_hdr;
	IS_parm_hdr_t CL_spec_parm_hdr;
	TB_Tsp_parms_t CL_spec_parms;
} CL_flowspec_t;

typedef struct {
	float32_t Guar_R;
	uint32_t Guar_S; /* microseconds */
} guar_Rspec_t;

typedef struct {
	IS_serv_hdr_t Guar_serv_hdr;
	IS_parm_hdr_t Guar_Tspec_hdr;
	TB_Tsp_parms_t Guar_Tspec_parms;
	IS_parm_hdr_t Guar_Rspec_hdr;
	guar_Rspec_t Guar_Rspec;
} Guar_flowspec_t;

/* The error terms of Guaranteed Service; overrides may follow. */
typedef struct {
	IS_serv_hdr_t Gads_serv_hdr;
	IS_parm_hdr_t Gads_Ctot_hdr;
	uint32_t Gads_Ctot;
	IS_parm_hdr_t Gads_Dtot_hdr;
	uint32_t Gads_Dtot;
	IS_parm_hdr_t Gads_Csum_hdr;
	uint32_t Gads_Csum;
	IS_parm_hdr_t Gads_Dsum_hdr;
	uint32_t Gads_Dsum;
} Gads_parms_t;

typedef struct {
	IS_serv_hdr_t gen_parm_hdr;
	IS_parm_hdr_t gen_parm_hopcnt_hdr;
	uint32_t gen_parm_hopcnt;
	IS_parm_hdr_t gen_parm_pathbw_hdr;
	float32_t gen_parm_path_bw;
	IS_parm_hdr_t gen_parm_minlat_hdr;
	uint32_t gen_parm_min_latency;
	IS_parm_hdr_t gen_parm_compmtu_hdr;
	uint32_t gen_parm_composed_MTU;
} genparm_parms_t;

/* A service without parameters. */
typedef struct {
	IS_serv_hdr_t mads_hdr;
} Min_adspec_t;

typedef struct {
	IS_main_hdr_t spec_mh;
	union {
		CL_flowspec_t CL_spec;
		Guar_flowspec_t G_spec;
	} spec_u;
} IS_specbody_t;

typedef struct {
	IS_main_hdr_t st_mh;
	union {
		gen_Tspec_t gen_stspec;
	} tspec_u;
} IS_tspbody_t;

/* Fragments of further services follow. */
typedef struct {
	IS_main_hdr_t adspec_mh;
	genparm_parms_t adspec_genparms;
} IS_adsbody_t;

#define wordsof(bytes) (((bytes) + 3) / 4)

#define Set_Main_Hdr(p, len)                                                   \
	((p)->ismh_version = INTSERV_VERSION0 << 4, (p)->ismh_unused = 0,      \
		(p)->ismh_len32b = (uint16_t)wordsof(len))
#define Set_Serv_Hdr(p, service, len)                                          \
	((p)->issh_service = (service), (p)->issh_flags = 0,                   \
		(p)->issh_len32b = (uint16_t)wordsof(len))
#define Set_Parm_Hdr(p, id, len)                                               \
	((p)->isph_parm_num = (id), (p)->isph_flags = 0,                       \
		(p)->isph_len32b = (uint16_t)wordsof(len))
#define Set_Break_Bit(p) ((p)->issh_flags |= ISSH_BREAK_BIT)

#define Next_Main_Hdr(p)                                                       \
	((IS_main_hdr_t *)((uint32_t *)(p) + 1 + (p)->ismh_len32b))
#define Next_Serv_Hdr(p)                                                       \
	((IS_serv_hdr_t *)((uint32_t *)(p) + 1 + (p)->issh_len32b))
#define Next_Parm_Hdr(p)                                                       \
	((IS_parm_hdr_t *)((uint32_t *)(p) + 1 + (p)->isph_len32b))

#ifdef __cplusplus
}
#endif

#endif /* RSVP_INTSERV_H */
