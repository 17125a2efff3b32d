# SPDX-License-Identifier: ISC
"""How loss and delay of a flow are judged.

A late packet is excused only if an idle probe flow on an unloaded link of the
same host was stalled at the same moment by at least the excess; at most one
packet in a thousand may be excused, and each is printed.
"""

PROBE_NORMAL_NS = 200_000  # what a probe needs when nobody stalls it
EXCUSED_SHARE = 0.001


def percentile(values, share):
    """Of sorted values; the smallest that at least that share do not pass."""
    if not values:
        return None
    at = min(len(values) - 1, max(0, int(share * len(values) + 0.999999) - 1))
    return values[at]


class Probe:
    """Delays of the idle flow, to look up stalls."""

    def __init__(self, records):
        self.records = sorted((sent, received)
                              for _, _, sent, received in records)

    def stall_ns(self, start, end):
        """The longest the probe was late between two moments."""
        worst = 0
        for sent, received in self.records:
            if received >= start and sent <= end:
                worst = max(worst, received - sent - PROBE_NORMAL_NS)
        return worst


def split(records):
    """Records by flow."""
    flows = {}
    for record in records:
        flows.setdefault(record[0], []).append(record)
    return flows


def flow(records, number, sent, bound_us=None, probe=None, payload=0):
    """What became of one flow: counts, delays, late packets."""
    mine = [r for r in records if r[0] == number]
    unique = {r[1] for r in mine}
    delays = sorted(received - start for _, _, start, received in mine)
    late = []
    excused = []
    if bound_us is not None:
        for _, seq, start, received in mine:
            excess = received - start - int(bound_us * 1000)
            if excess <= 0:
                continue
            stalled = probe is not None and (
                probe.stall_ns(start, received) >= excess)
            (excused if stalled else late).append((seq, received - start))
    span = (max(r[3] for r in mine) - min(r[3] for r in mine)
            if len(mine) > 1 else 0)
    return {
        "sent": sent,
        "received": len(unique),
        "duplicates": len(mine) - len(unique),
        "lost": sent - len(unique),
        "excused": len(excused),
        "late": len(late),
        "late_packets": late[:20],
        "excused_packets": excused,
        "delay_us": {
            "p50": us(percentile(delays, 0.5)),
            "p9999": us(percentile(delays, 0.9999)),
            "max": us(delays[-1] if delays else None),
        },
        "bound_us": bound_us,
        "rate_bps": round((len(mine) - 1) * payload * 8e9 / span)
                    if span else 0,
    }


def us(value_ns):
    return None if value_ns is None else round(value_ns / 1000, 1)


def within_bound(result):
    """Every packet in time, but for the few that may be excused."""
    allowed = int(result["received"] * EXCUSED_SHARE)
    return (result["lost"] == 0 and result["late"] == 0 and
            result["excused"] <= allowed)
