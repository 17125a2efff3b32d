/* SPDX-License-Identifier: ISC */

/*
 * The packet size of a reservation (RFC 2210 2.3.2): an application that does
 * not say how large its packets are gets M from the ADSPECs of the senders that
 * it reserves for.
 */

#include "core_int.h"

#include "merge.h"

/* UINT32_MAX: not known.  With a break bit it is still no more than the path
 * carries to the last node that knew. */
static uint32_t
path_mtu(const struct psb *psb, uint8_t service)
{
	struct wire_adspec adspec;

	if (!psb_adspec(psb, &adspec))
		return UINT32_MAX;
	return wire_adspec_mtu(&adspec, service);
}

void
mtu_of_request(const struct session *session, struct spec *spec)
{
	struct wire_tspec *tspec = &spec->flowspec.tspec;
	uint32_t mtu = UINT32_MAX;
	const struct psb *psb;

	if (!merge_packet_size_unknown(tspec->M))
		return;
	TAILQ_FOREACH (psb, &session->psbs, next) {
		const bool wanted =
			spec->count == 0 || spec_has(spec, &psb->sender);

		if (wanted && psb_reaches_local(psb)) {
			const uint32_t one =
				path_mtu(psb, spec->flowspec.service);

			mtu = one < mtu ? one : mtu;
		}
	}
	if (mtu == UINT32_MAX)
		return;
	tspec->M = mtu;
	if (tspec->m > mtu)
		tspec->m = mtu;
}
