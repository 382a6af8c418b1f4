"""Rows of `report`: what each channel said, in its own words and its own datum."""

import numpy as np

from data.demo.history import History
from data.demo.incidents import CHANNEL_CODES
from data.demo.iso import Texts, local_iso, utc_iso
from data.demo.lattice import Floats, Ints
from data.demo.powers import HABITS
from data.demo.unfolding import Group
from data.demo.wording import Wording
from geo.datums import wgs84_to_gcj02

REPORT_COLUMNS = "id, channel, idempotency_key, body, reported_at, received_at, handled_at, case_id, problem"
CRS = {"12345": "gcj02", "snap": "gcj02", "grid": "cgcs2000", "sensor": "cgcs2000", "walk_in": "wgs84"}
WITH_ADDRESS = ("12345", "grid", "walk_in")
ELSEWHERE = (121.4737, 31.2304)
"""A point far away, as a wrongly chosen place brings it."""


def as_sent(channel: Ints, lng: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """WGS84 points in the datum of each channel, rounded as telephones round."""
    lng_gcj02, lat_gcj02 = wgs84_to_gcj02(np.nan_to_num(lng), np.nan_to_num(lat))
    foreign = np.isin(channel, [k for k, code in enumerate(CHANNEL_CODES) if CRS[code] == "gcj02"])
    known = np.isfinite(lng)
    x, y = np.where(foreign, lng_gcj02, lng), np.where(foreign, lat_gcj02, lat)
    return np.where(known, x, np.nan).round(7), np.where(known, y, np.nan).round(7)


def report_lines(words: Wording, group: Group, history: History) -> Texts:
    """Reports of a group; those without a place sent none, or one that cannot be."""
    incidents, cases = history.incidents, group.cases
    lng, lat = as_sent(incidents.channel[cases], incidents.lng[cases], incidents.lat[cases])
    lost = ~np.isfinite(lng)
    kind = np.where(lost, cases % 3, -1)
    house = history.city.buildings.middle()[incidents.building[cases]].round(6)
    lng = np.select([kind == 1, kind == 2], [house[:, 1], ELSEWHERE[0]], lng)
    lat = np.select([kind == 1, kind == 2], [house[:, 0], ELSEWHERE[1]], lat)
    problem = np.array(["\\N", "coordinate.missing", "coordinate.swapped", "coordinate.outside"], object)[kind + 1]
    sent = sent_json(incidents.channel[cases], lng, lat, incidents.uncertainty_m[cases])
    address = history.city.buildings.addresses[incidents.building[cases]].tolist()
    reported = utc_iso(incidents.reported_s[cases])
    received, handled = (utc_iso(incidents.reported_s[cases] + s) for s in (1, 2))
    codes = [CHANNEL_CODES[c] for c in incidents.channel[cases].tolist()]
    local, texts = local_iso(incidents.reported_s[cases]), [HABITS[h].text for h in incidents.habit[cases].tolist()]
    lines = []
    for k, code in enumerate(codes):
        place = f',"address":"{address[k]}"' if code in WITH_ADDRESS else ""
        key = f"demo-{words.report_ids[k]}"
        body = (
            f'{{"channel":"{code}","key":"{key}","reported_at":"{local[k]}","matter":"{words.matters[k]}",'
            f'"text":"{texts[k]}",{sent[k]}{place}}}'
        )
        lines.append(
            f"{words.report_ids[k]}\t{code}\t{key}\t{body}\t{reported[k]}\t{received[k]}\t{handled[k]}\t"
            f"{words.case_ids[k]}\t{problem[k]}\n"
        )
    return lines


def sent_json(channel: Ints, lng: Floats, lat: Floats, accuracy_m: Floats) -> Texts:
    """``"lng":…,"lat":…,"crs":…`` with the accuracy that a telephone knows."""
    codes = [CHANNEL_CODES[c] for c in channel.tolist()]
    return [
        f'"lng":{x},"lat":{y},"crs":"{CRS[code]}"' + (f',"accuracy_m":{m}' if code == "snap" else "")
        if x == x
        else '"lng":null,"lat":null'
        for code, x, y, m in zip(codes, lng.tolist(), lat.tolist(), accuracy_m.tolist(), strict=True)
    ]
