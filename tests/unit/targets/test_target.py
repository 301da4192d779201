"""Containers may be removed by others at any moment, also while they are being looked at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from python_on_whales.exceptions import NoSuchContainer

from crayfish_ctl.catalog.labels import SERVICE
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.targets.compose.target import ComposeTarget


class Gone:
    """Was in the list; each look asks the engine, which does not know it any more."""

    id = "b" * 64

    def __getattr__(self, name: str) -> Any:
        raise NoSuchContainer(["docker"], 1, b"", b"No such container")


def there() -> SimpleNamespace:
    host = SimpleNamespace(nano_cpus=0, cpu_quota=0, cpu_period=0, cpuset_cpus="", memory=0)
    return SimpleNamespace(
        id="a" * 64,
        config=SimpleNamespace(labels={SERVICE: "prometheus"}, image="crayfish/prometheus"),
        state=SimpleNamespace(running=True, exit_code=0, oom_killed=False),
        host_config=host,
        image="sha256:1",
        network_settings=SimpleNamespace(ports={"9090/tcp": [{"HostPort": "32768"}]}),
    )


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> ComposeTarget:
    made = ComposeTarget()
    listed = SimpleNamespace(list=lambda **_: [Gone(), there()])
    monkeypatch.setattr(made._machine, "docker", SimpleNamespace(container=listed))
    return made


def test_a_container_that_is_gone_since_the_list_is_none_of_the_tasks(
    target: ComposeTarget,
) -> None:
    assert [task.service for task in target.tasks()] == ["prometheus"]


def test_nor_does_it_hide_the_address_of_another(target: ComposeTarget) -> None:
    assert target.address("prometheus", 9090) == ("127.0.0.1", 32768)
    with pytest.raises(CrayfishError, match="kafka: port 9092 is not published"):
        target.address("kafka", 9092)
