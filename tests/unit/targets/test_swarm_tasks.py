"""Waiting for a swarm: until tasks have begun, with its own words where they never do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from python_on_whales.components.container.models import ContainerInspectResult

from crayfish_ctl.catalog.labels import SERVICE
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.targets.docker.machine import Machine
from crayfish_ctl.targets.swarm import tasks
from crayfish_ctl.targets.swarm.tasks import await_gone, await_running

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from python_on_whales import DockerClient


def container(service: str, status: str) -> dict[str, Any]:
    return {
        "Id": "a" * 64,
        "Config": {"Labels": {SERVICE: service}},
        "State": {"Status": status},
    }


def machine(node: str, *looks: list[dict[str, Any]]) -> Machine:
    """What is there at each look; the last one stays."""
    left = list(looks)

    class Looked(Machine):
        def _inspect(self, ids: Sequence[str]) -> list[ContainerInspectResult]:
            now = left.pop(0) if len(left) > 1 else left[0]
            return [ContainerInspectResult(**each) for each in now]

    listed = SimpleNamespace(list=lambda **_: [])
    return Looked(cast("DockerClient", SimpleNamespace(container=listed)), node)


@pytest.fixture
def manager(tmp_path: Path) -> DockerClient:
    """Answers `docker stack ps` with the lines of a file."""
    command = tmp_path / "docker"
    command.write_text(f'#!/bin/sh\ncat "{tmp_path}/tasks"\n')
    command.chmod(0o755)
    (tmp_path / "tasks").touch()
    config = SimpleNamespace(docker_cmd=[str(command)])
    return cast("DockerClient", SimpleNamespace(client_config=config))


def test_a_task_that_is_made_has_not_begun(
    manager: DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_POLL_S", 0.001)
    node = machine("a", [], [container("x", "created")], [container("x", "running")])
    await_running({"x": [node]}, manager, "s")


def test_one_that_has_ended_has_begun(manager: DockerClient) -> None:
    await_running({"x": [machine("a", [container("x", "exited")])]}, manager, "s")


def test_it_must_begin_on_each_of_its_nodes(
    manager: DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_BEGIN_S", 0.01)
    monkeypatch.setattr(tasks, "_POLL_S", 0.001)
    both = [machine("a", [container("x", "running")]), machine("b", [])]
    with pytest.raises(CrayfishError, match=r"not begun after 0 s: x on b"):
        await_running({"x": both}, manager, "s")


def test_one_that_is_rejected_is_said_at_once_with_the_reason(
    manager: DockerClient, tmp_path: Path
) -> None:
    (tmp_path / "tasks").write_text(
        '{"Name": "s_x.1", "CurrentState": "Rejected 2 seconds ago", "Error": "no such image"}\n'
        '{"Name": "s_y.abc", "CurrentState": "Running 2 seconds ago", "Error": ""}\n'
    )
    with pytest.raises(CrayfishError, match="service x: its task is rejected: no such image"):
        await_running({"x": [machine("a", [])]}, manager, "s")


def test_a_node_that_does_not_let_go_is_named() -> None:
    await_gone([machine("a", [])], lambda each: bool(each.read(str)), 0.0)
    with pytest.raises(CrayfishError, match="node b: has not removed"):
        await_gone([machine("b", [])], lambda _: True, 0.0)
