"""Coverage as a page reads it: askings, areas and buildings by what is left, workers with their targets."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from data.mirror.coverage import ANSWERED, LEFT, CoverageMirror, Ints, Scope
from data.stores.coverage import AskingRow, RecipientRow, TargetRow, VisitRow, WorkerRow
from forms.coverage import Counts, outcome_of


def asking_as_json(row: AskingRow) -> dict[str, Any]:
    """An asking in a list."""
    return {"id": row.id, "form": row.form, "title": row.title, "asks": row.asks, "until": row.until.timestamp()}


def area_rows(mirror: CoverageMirror, layer: str, scope: Scope, sort: str, most: int) -> list[tuple[str, list[int]]]:
    """Areas of a layer in which somebody was asked: code and counts, those with most left first, or the least share."""
    sums = mirror.by_area(layer, scope)
    there = np.flatnonzero(sums.any(axis=1))
    order = there[np.argsort(keys(sums[there], sort), kind="stable")][:most]
    codes = mirror.rows.codes[layer]
    return [(codes[k], sums[k].tolist()) for k in order.tolist()]


def building_rows(mirror: CoverageMirror, scope: Scope, sort: str, most: int) -> list[tuple[int, list[int]]]:
    """Buildings that were asked: id and counts, in the same orders."""
    rows = np.flatnonzero(mirror.mask(scope) & (mirror.rows.building >= 0))
    order = rows[np.argsort(keys(mirror.rows.counts[rows].astype(np.int64), sort), kind="stable")][:most]
    return [(int(mirror.rows.building[k]), mirror.rows.counts[k].tolist()) for k in order.tolist()]


def keys(counts: Ints, sort: str) -> Any:
    """What rows are sorted by, ascending: most ``left`` first, the least ``share`` first, most ``recipients`` first."""
    if sort == "share":
        known = counts[:, :5].sum(axis=1)
        return np.where(known > 0, counts[:, ANSWERED] / np.maximum(known, 1), 2.0)
    return -(counts[:, :10].sum(axis=1) if sort == "recipients" else counts[:, LEFT].sum(axis=1))


def cell_name(code: str, names: Mapping[str, str]) -> str:
    """A cell by its community (the first 12 of its 15 characters) and its serial; the code where that has no name."""
    return f"{names[code[:12]]} {code[12:]}" if code[:12] in names else code


def recipient_as_json(row: RecipientRow, visits: Sequence[VisitRow]) -> dict[str, Any]:
    """Somebody at an address, with everything that was met there."""
    return {
        "link": row.id,
        "kind": row.kind,
        "label": row.label,
        "name": row.name or "",
        "outcome": outcome_of(row.uses, row.visited),
        "uses": row.uses,
        "used_at": None if row.used_at is None else row.used_at.timestamp(),
        "households": row.households,
        "closed": "revoked" if row.revoked else "expired" if row.expired else None,
        "visits": [
            {"outcome": visit.outcome, "by": visit.by, "at": visit.at.timestamp(), "note": visit.note}
            for visit in visits
            if visit.link_id == row.id
        ],
    }


def workers_as_json(
    mirror: CoverageMirror, workers: Sequence[WorkerRow], targets: Sequence[TargetRow], scope: Scope, today: date
) -> list[dict[str, Any]]:
    """Workers in whose areas, as far as the asking account sees them, somebody was asked: how far they are."""
    wanted = {target.account_id: target for target in targets}
    seen, found = mirror.mask(scope), []
    for worker in workers:
        own = Scope(frozenset((worker.layer, code) for code in worker.codes) if worker.layer else frozenset())
        fits = mirror.mask(own) & seen
        if not fits.any():
            continue
        counts = Counts(*mirror.rows.counts[fits].sum(axis=0, dtype=np.int64).tolist())
        found.append(worker_as_json(worker, counts, wanted.get(worker.id), today))
    return found


def worker_as_json(worker: WorkerRow, counts: Counts, target: TargetRow | None, today: date) -> dict[str, Any]:
    """How far one worker is. ``done``: settled recipients; ``missing``: up to the target; ``late``: the day has passed."""
    missing = None if target is None else max(0, target.target - counts.settled)
    return {
        "account": worker.id,
        "name": worker.name,
        "areas": worker.codes,
        "recipients": counts.recipients + counts.doors,
        "answered": counts.answered + counts.doors_answered,
        "done": counts.settled,
        "left": counts.left,
        "target": None if target is None else target.target,
        "due": None if target is None else target.due.isoformat(),
        "set_by": None if target is None else target.set_by,
        "missing": missing,
        "late": bool(missing and target is not None and target.due < today),
    }
