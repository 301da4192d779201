"""Which service goes to which node of a swarm."""

from __future__ import annotations

from typing import Any

import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.targets.swarm.placement import Place, assign, everywhere, roles_of, with_roles


def place(name: str, *roles: str, cores: float = 4) -> Place:
    return Place(f"id-{name}", name, roles, cores)


def service(role: str, *, own: bool = False, cpus: float = 1) -> dict[str, Any]:
    labels = {"crayfish.role": role, **({"crayfish.cores": "own"} if own else {})}
    return {"labels": labels, "deploy": {"resources": {"limits": {"cpus": cpus}}}}


STACK = {
    "producer": service("producer"),
    "consumer": service("consumer"),
    "kafka": service("broker"),
    "worker": service("processor", own=True),
    "worker-2": service("processor", own=True),
    "driver": service("processor"),
    "server": service("server"),
    "server-2": service("server"),
    "prometheus": service("monitor"),
}


def names(count: int) -> dict[str, str]:
    places = with_roles([place(f"n{number}") for number in range(1, count + 1)])
    return {name: found.name for name, found in assign(STACK, places).items()}


@pytest.mark.parametrize("count", [2, 3, 4, 5, 9])
def test_the_load_generator_never_runs_beside_what_it_measures(count: int) -> None:
    where = names(count)
    assert where["producer"] == where["consumer"]
    beside = {where[name] for name in ("worker", "worker-2", "driver", "server", "server-2")}
    assert where["producer"] not in beside


def test_workers_are_spread_over_what_is_left() -> None:
    where = names(6)
    assert len({where["worker"], where["worker-2"]}) == 2
    assert where["driver"] == where["worker"]
    assert where["kafka"] not in {where["worker"], where["worker-2"], where["producer"]}


def test_labels_alone_count_once_there_is_one() -> None:
    labelled = [place("a", "load", "monitor", "broker"), place("b", "processor"), place("c")]
    given = with_roles([*labelled, place("d", "processor", "server")])
    where = {name: found.name for name, found in assign(STACK, given).items()}
    assert (where["worker"], where["worker-2"]) == ("b", "d")
    assert "c" not in where.values()


def test_a_role_that_no_node_has_is_named() -> None:
    with pytest.raises(CrayfishError, match="no node has the role broker") as caught:
        assign(STACK, [place("a", "load", "processor", "monitor", "server")])
    assert "crayfish cluster label NODE broker" in (caught.value.hint or "")


def test_one_node_alone_must_be_wanted() -> None:
    with pytest.raises(CrayfishError, match="beside what it measures") as caught:
        with_roles([place("a")])
    assert "crayfish cluster label a load" in (caught.value.hint or "")
    assert with_roles([place("a", "load", "processor")])[0].name == "a"


def test_more_cores_than_its_node_has_are_refused() -> None:
    with pytest.raises(CrayfishError, match="worker: is given 8 cores, and node b has 4"):
        assign(
            {"worker": service("processor", own=True, cpus=8)},
            [place("a", "load"), place("b", "processor")],
        )


def test_what_counts_containers_is_everywhere() -> None:
    counting = {**service("monitor"), "volumes": [{"source": "/sys/fs/cgroup"}]}
    assert everywhere(counting)
    assert assign({"exporter": counting}, [place("a", "load")]) == {}


def test_a_label_names_roles() -> None:
    assert roles_of("load, monitor", "a") == ("load", "monitor")
    assert roles_of(None, "a") == ()
    with pytest.raises(CrayfishError, match="'boss' is no role"):
        roles_of("load,boss", "a")
