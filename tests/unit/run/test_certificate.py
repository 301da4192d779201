"""Key and certificate of an experiment's own brokers."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import choices, make_plan
from crayfish_ctl.run.certificate import days_for, names
from crayfish_ctl.run.credentials import credentials
from crayfish_ctl.targets import MemoryTarget
from tests.unit.scoring.certificates import certificate

if TYPE_CHECKING:
    from collections.abc import Callable

    from crayfish_ctl.targets import Given

CATALOG = load_catalog(Path(__file__).parents[3])
PLAN = make_plan(CATALOG, choices(experiment="tls"))
IMAGE = "crayfish/kafka:latest"
WHERE = "/crayfish/kafka/broker.pem"


def test_a_container_makes_them_where_nobody_else_enters(tmp_path: Path) -> None:
    results = tmp_path / "now"
    target, theirs = MemoryTarget(), certificate(tmp_path, "kafka", "kafka")
    seen: list[Given] = []

    def maker(given: Given, say: Callable[[str], None]) -> None:
        seen.append(given)
        (given.written["/out"] / "broker.pem").write_text("the key")
        for line in theirs.path.read_text().splitlines():
            say(line)

    target.makers[IMAGE] = maker
    with credentials(PLAN, results, target) as secrets:
        assert (secrets.clients, secrets.certificate) == ({}, theirs.path.read_text())
        ((where, file),) = secrets.brokers.items()
        assert (where, file.read_text()) == (WHERE, "the key")
        hidden = file.parent.parent
        assert hidden == tmp_path / ".now.credentials"
        assert stat.S_IMODE(hidden.stat().st_mode) == 0o700
    assert not hidden.exists()
    ((_, image, days, alternatives),) = target.calls
    assert (image, alternatives) == (IMAGE, "DNS:kafka")
    assert int(days) >= 30
    assert (seen[0].entrypoint, seen[0].user, seen[0].online) == (
        "/opt/kafka/certificate",
        "",
        False,
    )


def test_what_is_no_certificate_is_said(tmp_path: Path) -> None:
    target = MemoryTarget()
    target.makers[IMAGE] = lambda _, say: say("hello")
    with (
        pytest.raises(CrayfishError, match=f"image {IMAGE}: /opt/kafka/certificate: made no"),
        credentials(PLAN, tmp_path / "now", target),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_every_broker_has_its_name_in_it() -> None:
    assert names(1) == ["kafka"]
    assert names(3) == ["kafka", "kafka-2", "kafka-3"]


@pytest.mark.parametrize(("seconds", "days"), [(60, 31), (86_400, 32), (40 * 86_400, 110)])
def test_it_outlasts_the_experiment(seconds: float, days: int) -> None:
    assert days_for(seconds) == days
