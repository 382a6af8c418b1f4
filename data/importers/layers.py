"""A profile's boundaries from their files, repaired with a report or refused."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data.profile_model import LayerSource, Profile
from geo.files import read_layer_file
from geo.layers import Layer, make_layer
from geo.repair import RepairReport

Progress = Callable[[int, int], None]
"""Told how many of how many layers are read."""


@dataclass(frozen=True, eq=False)
class ReadLayer:
    """One layer as read: where it came from (file and declared coordinate system) and what was repaired."""

    layer: Layer
    entry: LayerSource
    source: str
    report: RepairReport


def read_layers(profile: Profile, folder: Path, progress: Progress | None = None) -> list[ReadLayer]:
    """All layers of a profile, in its order.

    Raises
    ------
    NeedleError
        What ``geo.files`` and ``geo.layers`` refuse: a missing column, blank codes, a system that nobody declared.
    """
    found = []
    for number, entry in enumerate(profile.layer, start=1):
        found.append(read_layer(entry, folder))
        if progress is not None:
            progress(number, len(profile.layer))
    return found


def read_layer(entry: LayerSource, folder: Path) -> ReadLayer:
    """One layer from its file."""
    path = folder / entry.file
    frame = read_layer_file(path, entry.crs)
    columns = entry.columns
    layer, report = make_layer(frame, entry.name, columns.code, columns.name, columns.parent)
    return ReadLayer(layer, entry, f"{entry.file}, {frame.attrs['crs']}", report)
