"""Containers may be removed by others at any moment, also while they are being looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.catalog.labels import SERVICE
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.targets.compose.target import ComposeTarget

from .engines import engine

if TYPE_CHECKING:
    from pathlib import Path


THERE = {
    "Id": "a" * 64,
    "Image": "sha256:1",
    "Config": {"Image": "crayfish/prometheus", "Labels": {SERVICE: "prometheus"}},
    "State": {"Running": True, "ExitCode": 0, "OOMKilled": False, "Status": "running"},
    "HostConfig": {"NanoCpus": 0, "Memory": 0},
    "NetworkSettings": {"Ports": {"9090/tcp": [{"HostIp": "127.0.0.1", "HostPort": "32768"}]}},
}


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ComposeTarget:
    """Two containers were listed; the engine does not know the second one any more."""
    made = ComposeTarget()
    monkeypatch.setattr(made._machine, "docker", engine(tmp_path, THERE, gone=1))
    return made


def test_a_container_that_is_gone_since_the_list_is_none_of_the_tasks(
    target: ComposeTarget,
) -> None:
    assert [task.service for task in target.tasks()] == ["prometheus"]


def test_nor_does_it_hide_the_address_of_another(target: ComposeTarget) -> None:
    assert target.address("prometheus", 9090) == ("127.0.0.1", 32768)
    with pytest.raises(CrayfishError, match="kafka: port 9092 is not published"):
        target.address("kafka", 9092)


def test_an_engine_that_does_not_answer_is_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: ComposeTarget
) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\necho 'Cannot connect' >&2\nexit 1\n")
    with pytest.raises(CrayfishError, match="containers cannot be read: Cannot connect"):
        target.tasks()
