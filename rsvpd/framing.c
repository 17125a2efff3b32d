/* SPDX-License-Identifier: ISC */

/*
 * Link layers.  The octets are those that a packet takes on the line beyond its
 * IP octets, whatever part of them the queueing discipline sees; of several
 * encapsulations that go by one name the larger counts, so that no more is sold
 * than there is.
 *
 *	Ethernet	14 header, 4 FCS, 8 preamble, 12 gap; 64 + 20 at least
 *	VLAN		4 more
 *	PPPoE		6 PPPoE and 2 PPP inside Ethernet
 *	ATM		8 AAL5 trailer, and LLC/SNAP: 8 for IP (RFC 2684), 4 and
 *			2 PPP for PPPoA (RFC 2364), 10 and the Ethernet header
 *			when bridged; then 48 octets to a cell of 53
 *	PTM		14 header, 4 FCS, 4 of its own (IEEE 802.3 61.3); 64
 *			octets of 65
 *	tunnels		over Ethernet: IPv4 20, GRE 4 more, IPv6 40, WireGuard
 *			over IPv6 80
 */

#include "rsvpd/framing.h"

#include "rsvpd/core/rsvp.h"

struct framing {
	uint16_t octets;
	uint16_t smallest;
	bool atm;
	bool ptm;
};

enum { ETHERNET = 38, SMALLEST = 84, TAG = 4, PPPOE = 8 };

static const struct framing framings[CONF_LINK_LAYERS] = {
	[CONF_LINK_NONE] = { 0, 0, false, false },
	[CONF_LINK_ETHERNET] = { ETHERNET, SMALLEST, false, false },
	[CONF_LINK_VLAN] = { ETHERNET + TAG, SMALLEST + TAG, false, false },
	[CONF_LINK_PPPOE] = { ETHERNET + PPPOE, SMALLEST, false, false },
	[CONF_LINK_PPPOE_VLAN] = { ETHERNET + TAG + PPPOE, SMALLEST + TAG,
		false, false },
	[CONF_LINK_ATM_IPOA] = { 16, 0, true, false },
	[CONF_LINK_ATM_PPPOA] = { 14, 0, true, false },
	[CONF_LINK_ATM_BRIDGED] = { 32, 0, true, false },
	[CONF_LINK_ATM_PPPOE] = { 32 + PPPOE, 0, true, false },
	[CONF_LINK_PTM] = { 22, 68, false, true },
	[CONF_LINK_PTM_PPPOE] = { 22 + PPPOE, 68, false, true },
	[CONF_LINK_TUNNEL_IPIP] = { ETHERNET + 20, SMALLEST, false, false },
	[CONF_LINK_TUNNEL_GRE] = { ETHERNET + 24, SMALLEST, false, false },
	[CONF_LINK_TUNNEL_IP6] = { ETHERNET + 40, SMALLEST, false, false },
	[CONF_LINK_TUNNEL_WIREGUARD] = { ETHERNET + 80, SMALLEST, false,
		false },
};

void
framing_apply(const struct conf_iface *section, struct rsvp_iface *iface)
{
	const struct framing *f = &framings[section->link_layer];

	iface->atm = f->atm;
	iface->overhead_bytes = f->octets > iface->header_bytes
					? f->octets - iface->header_bytes
					: 0;
	iface->min_frame_bytes = f->smallest;
	if (section->overhead_bytes != UINT32_MAX)
		iface->overhead_bytes = section->overhead_bytes;
	if (section->min_frame_bytes != UINT32_MAX)
		iface->min_frame_bytes = section->min_frame_bytes;
}

uint64_t
framing_rate(enum conf_link_layer layer, uint64_t line_Bps)
{
	return framings[layer].ptm
		       ? line_Bps / 65 * 64 + line_Bps % 65 * 64 / 65
		       : line_Bps;
}
