"""The nodes of a swarm, and which of the user's contexts reaches each."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.targets.swarm import nodes as module
from crayfish_ctl.targets.swarm.nodes import find_nodes

if TYPE_CHECKING:
    from python_on_whales import DockerClient


def listed(
    name: str, *, role: str = "worker", state: str = "ready", available: str = "active",
    label: str | None = None,
) -> Any:  # fmt: skip
    labels = {} if label is None else {"crayfish.role": label}
    resources = SimpleNamespace(nano_cpus=4_000_000_000, memory_bytes=8 << 30)
    return SimpleNamespace(
        id=f"id-{name}",
        spec=SimpleNamespace(role=role, availability=available, labels=labels),
        status=SimpleNamespace(state=state, addr=f"10.0.0.{ord(name) - 96}"),
        description=SimpleNamespace(hostname=name, resources=resources),
    )


def manager(*nodes: Any, control: bool = True) -> DockerClient:
    swarm = SimpleNamespace(node_id="id-b", local_node_state="active", control_available=control)
    made = SimpleNamespace(
        system=SimpleNamespace(info=lambda: SimpleNamespace(swarm=swarm)),
        node=SimpleNamespace(list=lambda: list(nodes)),
    )
    return cast("DockerClient", made)


@pytest.fixture(autouse=True)
def _contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two other nodes, under names that say nothing."""
    monkeypatch.setattr(module, "contexts_by_node", lambda: {"id-a": "first", "id-c": "other"})


def test_managers_come_first_and_each_has_its_client() -> None:
    own = manager(listed("c", label="load"), listed("a"), listed("b", role="manager"))
    found = find_nodes(own)
    assert [node.name for node in found] == ["b", "a", "c"]
    assert found[0].machine.docker is own
    assert found[1].machine.docker.client_config.context == "first"
    assert (found[2].roles, found[2].cores, found[2].address) == (("load",), 4.0, "10.0.0.3")


def test_a_drained_node_is_left_out() -> None:
    found = find_nodes(manager(listed("b", role="manager"), listed("d", available="drain")))
    assert [node.name for node in found] == ["b"]


def test_a_node_that_is_down_is_named_with_what_to_do() -> None:
    with pytest.raises(CrayfishError, match="node a: is down") as caught:
        find_nodes(manager(listed("b", role="manager"), listed("a", state="down")))
    assert "--availability drain a" in (caught.value.hint or "")


def test_a_node_that_no_context_reaches_is_named_with_the_command() -> None:
    with pytest.raises(CrayfishError, match=r"node d \(10\.0\.0\.4\): no docker context") as caught:
        find_nodes(manager(listed("b", role="manager"), listed("d")))
    assert "docker context create d --docker host=ssh://USER@10.0.0.4" in (caught.value.hint or "")


def test_an_engine_that_is_no_manager_is_refused() -> None:
    with pytest.raises(CrayfishError, match="not a manager of a swarm") as caught:
        find_nodes(manager(listed("b"), control=False))
    assert "docker swarm init" in (caught.value.hint or "")
