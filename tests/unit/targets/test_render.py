"""The rules for fragments, and the scrape configuration."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.run.variables import check_cpus, profile_variables
from crayfish_ctl.targets import Stack
from crayfish_ctl.targets.docker.resolve import _mounts, one_container_each
from crayfish_ctl.targets.docker.rules import check_service
from crayfish_ctl.telemetry import prometheus_config

ROOT = Path(__file__).parents[3]
LABELS = {"crayfish.role": "server", "crayfish.size": "worker", "crayfish.lifetime": "run"}
GOOD: dict[str, Any] = {
    "image": "crayfish/x",
    "labels": LABELS,
    "deploy": {"resources": {"limits": {"cpus": 1, "memory": "1"}}},
}


def test_a_good_service_passes() -> None:
    check_service("x", GOOD)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"deploy": {}}, "limits.cpus"),
        ({"deploy": {"resources": {"limits": {"cpus": 1}}}}, "limits.memory"),
        ({"labels": {}}, "crayfish.role"),
        ({"labels": LABELS | {"crayfish.role": "boss"}}, "crayfish.role: boss"),
        ({"labels": {n: v for n, v in LABELS.items() if n != "crayfish.size"}}, "crayfish.size"),
        ({"labels": [f"{n}={v}" for n, v in LABELS.items()][:2]}, "crayfish.lifetime"),
        ({"labels": LABELS | {"crayfish.lifetime": "forever"}}, "crayfish.lifetime"),
        ({"privileged": True}, "privileged"),
        ({"ports": [{"target": 1, "host_ip": "0.0.0.0"}]}, "127.0.0.1"),  # noqa: S104
        ({"ports": [{"target": 1}]}, "127.0.0.1"),
        ({"ports": [{"host_ip": "127.0.0.1", "published": "8080"}]}, "fixed port"),
        ({"volumes": [{"source": "/var/run/docker.sock"}]}, "socket"),
        ({"volumes": [{"source": "/run/podman/podman.sock"}]}, "socket"),
        ({"volumes": [{"source": "/var/run"}]}, "of the host"),
        ({"volumes": [{"source": "/", "read_only": True}]}, "of the host"),
        ({"volumes": [{"source": "/etc/passwd"}]}, "of the host"),
        ({"volumes": [{"source": "/sys/fs/cgroup"}]}, "read-only"),
        ({"volumes": [{"source": "/sys/class/net"}]}, "read-only"),
        ({"volumes": [{"source": "/sys", "read_only": True}]}, "of the host"),
        ({"network_mode": "host"}, "network_mode"),
        ({"pid": "host"}, "pid"),
        ({"ipc": "host"}, "ipc"),
        ({"cap_add": ["SYS_ADMIN"]}, "cap_add"),
        ({"devices": [{"source": "/dev/kvm"}]}, "devices"),
    ],
)
def test_a_fragment_that_breaks_a_rule_is_refused(change: dict[str, Any], named: str) -> None:
    with pytest.raises(CrayfishError, match=r"services\.x") as caught:
        check_service("x", {**GOOD, **change})
    assert named in caught.value.message + (caught.value.hint or "")


def test_folders_of_users_and_the_counters_may_be_mounted() -> None:
    volumes = [
        {"type": "bind", "source": "/root/crayfish/models"},
        {"type": "bind", "source": "/var/lib/ci/results"},
        {"type": "bind", "source": "/sys/fs/cgroup", "read_only": True},
        {"type": "bind", "source": "/sys/class/net", "read_only": True},
        {"type": "bind", "source": "/sys/devices", "read_only": True},
        {"type": "volume", "source": "kafka-data"},
        {"type": "tmpfs", "target": "/dev/shm"},  # noqa: S108
    ]
    check_service("x", {**GOOD, "volumes": volumes})


def test_replicas_are_services_of_their_own() -> None:
    two = {**GOOD, "deploy": {**GOOD["deploy"], "replicas": 2}}
    single = one_container_each({"x": copy.deepcopy(two), "y": GOOD})
    assert list(single) == ["x", "x-2", "y"]
    numbers = [
        service.get("environment", {}).get("CRAYFISH_REPLICA") for service in single.values()
    ]
    assert numbers == ["1", "2", None]


@pytest.mark.parametrize(
    ("services", "named"),
    [
        ({"x": {}, "x-2": GOOD}, r"services\.x-2"),
        ({"x": {"container_name": "mine"}}, r"services\.x\.container_name"),
        ({"x": {"hostname": "mine"}}, r"services\.x\.hostname"),
    ],
)
def test_replicas_that_would_take_anothers_name_are_refused(
    services: dict[str, Any], named: str
) -> None:
    services["x"] = {**GOOD, **services["x"], "deploy": {**GOOD["deploy"], "replicas": 2}}
    with pytest.raises(CrayfishError, match=named):
        one_container_each(copy.deepcopy(services))


def test_every_component_with_metrics_is_scraped() -> None:
    services: dict[str, dict[str, Any]] = {
        "a": {"labels": {"crayfish.metrics": "8000"}},
        "b": {"labels": {"crayfish.metrics": "9249", "crayfish.metrics.interval": "5s"}},
        "c": {"labels": {}},
    }
    config = yaml.safe_load(prometheus_config(services))
    assert config["global"]["scrape_interval"] == "1000ms"
    a, b = config["scrape_configs"]
    assert a["static_configs"] == [{"targets": ["a:8000"], "labels": {"component": "a"}}]
    assert "scrape_interval" not in a
    assert b["scrape_interval"] == "5s"


def test_a_profile_above_the_machine_is_refused() -> None:
    profile = load_catalog(ROOT).profile("large")
    with pytest.raises(CrayfishError, match=r"configs/profiles/large\.yaml: resources\."):
        check_cpus(profile, 2, profile.resources)


def test_every_limit_becomes_a_variable() -> None:
    values = profile_variables(load_catalog(ROOT).profile("laptop"))
    assert values["WORKER_CPUS"] == "1.0"
    assert values["WORKER_HEAP"] == "768m"
    assert values["WORKER_JVM_OPTIONS"] == ""
    assert values["BROKER_HEAP"] == "1g"


def test_files_are_for_whom_they_are_meant() -> None:
    stack = Stack(
        [],
        {},
        tools=[Path("/t")],
        files={"/server.pem": Path("/a")},
        client_files={"/kafka.pem": Path("/b")},
        secrets={"/login": Path("/$c")},
        broker_secrets={"/broker.pem": Path("/d")},
    )
    seen = {
        role: [(mount["target"], mount["source"], mount["read_only"]) for mount in found]
        for role in ("processor", "producer", "consumer", "broker", "server", "monitor", None)
        if (found := _mounts(stack, role))
    }
    of_kafka = [("/kafka.pem", "/b", True), ("/login", "/$$c", True)]
    assert seen == {
        "processor": [("/crayfish/tools/0", "/t", True), ("/server.pem", "/a", True), *of_kafka],
        "producer": of_kafka,
        "consumer": of_kafka,
        "broker": [("/broker.pem", "/d", True)],
    }
