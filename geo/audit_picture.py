"""An audit as one page to look at: a drawing of the layers with every fault on it, and a list that leads there.

The page stands alone: no library, no network. Coordinates in it are metres about the middle, north up.
"""

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.audit import KINDS, AuditReport, Finding, middle_plane
from geo.layers import Layer
from geo.plane import LocalPlane

TITLES = {
    "gap": "空隙 gap",
    "overlap": "重叠 overlap",
    "sliver": "细缝 sliver",
    "outside": "越界 outside",
    "crossing": "跨界 crossing",
    "uncovered": "未覆盖 uncovered",
    "misfiled": "编码不符 misfiled",
}
MOST_OUTLINES = 6000
"""A layer of more polygons is drawn only where the findings are."""
MOST_DRAWN = 4000
MOST_LISTED = 500
MOST_VERTICES = 300_000
DETAIL = 5000
"""Outlines of more vertices are simplified to this fraction of the drawing's width."""


def audit_page(report: AuditReport, layers: Sequence[Layer]) -> str:
    """The page as HTML; ``layers`` are those that were audited."""
    plane = middle_plane(layers)
    drawn = sorted(report.findings, key=lambda finding: -finding.area_m2)[:MOST_DRAWN]
    shapes = on_page(np.array([finding.geometry for finding in drawn], dtype=object), plane)
    outlines = on_page(np.concatenate([near_findings(layer, drawn) for layer in layers]), plane)
    x0, y0, x1, y1 = shapely.total_bounds(np.concatenate([outlines, shapes]))
    if shapely.get_num_coordinates(outlines).sum() > MOST_VERTICES:
        outlines = shapely.simplify(outlines, max(x1 - x0, y1 - y0) / DETAIL)
    template = Template(files("geo").joinpath("audit_page.html").read_text(encoding="utf-8"))
    return template.substitute(
        view=f"{x0:.1f} {y0:.1f} {x1 - x0:.1f} {y1 - y0:.1f}",
        areas="".join(f'<path class="area" d="{path(area)}"/>' for area in outlines),
        findings="".join(drawing(i, f.kind, s) for i, (f, s) in enumerate(zip(drawn, shapes, strict=True))),
        summary=escape(", ".join(f"{name}: {count:,}" for name, count in report.layers)),
        legend=legend(report),
        rows="".join(row(i, finding) for i, finding in enumerate(drawn[:MOST_LISTED])),
        more=left_out(len(report.findings)),
    )


def on_page(geometries: NDArray[np.object_], plane: LocalPlane) -> NDArray[np.object_]:
    """Degrees to metres with y downwards, as SVG has it."""

    def flipped(lng: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        x, y = plane.to_xy(lng, lat)
        return x, -y

    moved: NDArray[np.object_] = shapely.transform(geometries, flipped, interleaved=False)
    return moved


def near_findings(layer: Layer, findings: Sequence[Finding]) -> NDArray[np.object_]:
    """The layer's polygons; of a large layer only those that touch a finding's box."""
    if len(layer) <= MOST_OUTLINES:
        return layer.polygons
    boxes = shapely.box(*shapely.bounds([finding.geometry for finding in findings]).T)
    _, near = shapely.STRtree(layer.polygons).query(boxes)
    chosen: NDArray[np.object_] = layer.polygons[np.unique(near)[:MOST_OUTLINES]]
    return chosen


def path(shape: shapely.Geometry) -> str:
    """SVG path data of a polygon or multipolygon, in decimetres' detail."""
    rings = shapely.get_rings(shapely.get_parts(shape))
    return "".join("M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in shapely.get_coordinates(ring)) + "Z" for ring in rings)


def drawing(number: int, kind: str, shape: shapely.Geometry) -> str:
    """A finding: its shape, and a dot of constant size on it, since most are too small to see."""
    spot = shapely.point_on_surface(shape)
    dot = f'<path class="spot {kind}" d="M{spot.x:.1f},{spot.y:.1f}h0"/>'
    area = f'<path class="shape {kind}" id="f{number}" fill-rule="evenodd" d="{path(shape)}"/>'
    return f'<g class="{kind}">{dot}{area}</g>'


def legend(report: AuditReport) -> str:
    """A switch for each kind that was found, with its number."""
    counts = {kind: sum(finding.kind == kind for finding in report.findings) for kind in KINDS}
    switches = [
        f'<label><input type="checkbox" checked value="{kind}"><svg class="dot" viewBox="0 0 2 2">'
        f'<circle class="{kind}" cx="1" cy="1" r="1"/></svg>{TITLES[kind]} {count:,}</label>'
        for kind, count in counts.items()
        if count
    ]
    return "".join(switches) or "没有发现问题。Nothing was found."


def row(number: int, finding: Finding) -> str:
    """A finding in the list."""
    codes = escape(f"{finding.layer}: {', '.join(finding.codes)}")
    values = (TITLES[finding.kind], codes, f"{finding.area_m2:,.1f}", f"{finding.width_m:,.2f}")
    cells = "".join(f"<td>{value}</td>" for value in values)
    return f'<tr class="{finding.kind}" tabindex="0" data-shape="f{number}">{cells}</tr>'


def left_out(count: int) -> str:
    """What the list does not show."""
    if count <= MOST_LISTED:
        return ""
    return f"列出最大的 {MOST_LISTED} 个，共 {count:,} 个。The largest {MOST_LISTED} of {count:,} are listed."
