"""The same limit, kept in three ways."""

from __future__ import annotations

from typing import Any

import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.targets.docker.cpus import limit_cpus, limit_in_force


def service(cpus: str, **labels: str) -> dict[str, Any]:
    return {
        "deploy": {"resources": {"limits": {"cpus": cpus, "memory": "1g"}}},
        "labels": {key.replace("_", "."): value for key, value in labels.items()},
    }


def stack(workers: int = 1, cpus: str = "1.0") -> dict[str, dict[str, Any]]:
    own = {f"worker-{n}": service(cpus, crayfish_cores="own") for n in range(workers)}
    return {"kafka": service("2"), "exporter": service("0.05"), **own}


def limits(services: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        name: each["deploy"]["resources"]["limits"].get("cpus") for name, each in services.items()
    }


def test_a_quota_is_the_engines_own() -> None:
    services = stack()
    limit_cpus(services, "quota", 2)
    assert services == stack()


def test_a_short_quota_is_the_same_share_of_a_tenth_of_the_time() -> None:
    services = stack()
    limit_cpus(services, "short-quota", 2)
    assert {s["cpu_period"] for s in services.values()} == {10_000}
    assert [s["cpu_quota"] for s in services.values()] == [20_000, 1000, 10_000]
    assert set(limits(services).values()) == {None}, "the engine refuses both"
    assert services["kafka"]["deploy"]["resources"]["limits"]["memory"] == "1g"


def test_cores_are_set_aside_for_each_worker_and_the_others_share_the_rest() -> None:
    services = stack(workers=2, cpus="2")
    limit_cpus(services, "cores", 8)
    assert [s["cpuset"] for s in services.values()] == ["0-3", "0-3", "6-7", "4-5"]
    assert limits(services) == {
        "kafka": "2", "exporter": "0.05", "worker-0": None, "worker-1": None,
    }  # fmt: skip


def test_on_two_cores_one_is_the_workers_and_one_everybody_elses() -> None:
    services = stack()
    limit_cpus(services, "cores", 2)
    assert [s["cpuset"] for s in services.values()] == ["0", "0", "1"]


def test_somebody_must_be_left_for_the_others() -> None:
    with pytest.raises(CrayfishError, match="none is left for the others"):
        limit_cpus(stack(workers=2), "cores", 2)


@pytest.mark.parametrize(
    ("told", "cores"),
    [
        ((1_500_000_000, 0, 0, ""), 1.5),
        ((0, 20_000, 10_000, ""), 2.0),
        ((None, None, None, "1"), 1.0),
        ((0, 0, 0, "0-2,5"), 4.0),
        ((0, 0, 0, ""), None),
    ],
)
def test_what_is_in_force_is_read_back(told: Any, cores: float | None) -> None:
    assert limit_in_force(*told) == cores
