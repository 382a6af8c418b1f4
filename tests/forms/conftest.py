"""A mailbox in the cluster of this test run, and keys to seal with."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from data.cluster import Cluster
from data.portal.mailbox import ROLE, make_in, upgrade
from forms.keys import KeyRing

_number = itertools.count()


@dataclass(frozen=True)
class Mailbox:
    """A fresh mailbox: its name, and its address for its owner (the courier) and for the portal."""

    name: str
    owner: str
    portal: str


@pytest.fixture
def mailbox(cluster: Cluster) -> Iterator[Mailbox]:
    """A mailbox of one test."""
    name = f"mailbox_{next(_number)}"
    owner = make_in(cluster, name)
    upgrade(owner)
    yield Mailbox(name, owner, cluster.url(name, ROLE))
    cluster.drop_database(name)


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    """The government's keys, the first just made."""
    return KeyRing(tmp_path / "secrets")
