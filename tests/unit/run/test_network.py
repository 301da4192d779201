"""What the doctor found between the nodes is in the manifests of what runs there later."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crayfish_ctl.results import Engine
from crayfish_ctl.results.network import Link, Network
from crayfish_ctl.run import remember
from crayfish_ctl.run.network import remembered

if TYPE_CHECKING:
    from pathlib import Path

NODES = (Engine(node="two"), Engine(node="one"))
FOUND = Network(
    measured=datetime(2026, 11, 1, tzinfo=UTC),
    links=(Link(network="overlay", start="one", end="two", round_trip_ms=0.2),),
    clocks_kept={"one": True, "two": None},
)


def test_it_is_kept_for_these_nodes(tmp_path: Path) -> None:
    assert remembered(NODES, tmp_path) is None
    remember(FOUND, NODES, tmp_path)
    assert remembered(NODES[::-1], tmp_path) == FOUND
    assert remembered(NODES[:1], tmp_path) is None, "others are another network"


def test_what_cannot_be_read_is_as_if_nobody_had_looked(tmp_path: Path) -> None:
    remember(FOUND, NODES, tmp_path)
    (path,) = tmp_path.rglob("*.json")
    path.write_text("{")
    assert remembered(NODES, tmp_path) is None
