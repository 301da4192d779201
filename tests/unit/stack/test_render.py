"""The rules for fragments, and the scrape configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.stack.render import check_service, prometheus_config
from crayfish_ctl.stack.variables import check_cpus, profile_variables

ROOT = Path(__file__).parents[3]
GOOD: dict[str, Any] = {
    "image": "crayfish/x",
    "labels": {"crayfish.lifetime": "run"},
    "deploy": {"resources": {"limits": {"cpus": 1, "memory": "1"}}},
}


def test_a_good_service_passes() -> None:
    check_service("x", GOOD)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"deploy": {}}, "limits.cpus"),
        ({"deploy": {"resources": {"limits": {"cpus": 1}}}}, "limits.memory"),
        ({"labels": {}}, "crayfish.lifetime"),
        ({"labels": {"crayfish.lifetime": "forever"}}, "crayfish.lifetime"),
        ({"privileged": True}, "privileged"),
        ({"ports": [{"target": 1, "host_ip": "0.0.0.0"}]}, "127.0.0.1"),  # noqa: S104
        ({"ports": [{"target": 1}]}, "127.0.0.1"),
        ({"volumes": [{"source": "/var/run/docker.sock"}]}, "socket"),
    ],
)
def test_a_fragment_that_breaks_a_rule_is_refused(change: dict[str, Any], named: str) -> None:
    with pytest.raises(CrayfishError, match=r"services\.x") as caught:
        check_service("x", {**GOOD, **change})
    assert named in caught.value.message + (caught.value.hint or "")


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
        check_cpus(profile, cores=2)


def test_every_limit_becomes_a_variable() -> None:
    values = profile_variables(load_catalog(ROOT).profile("laptop"))
    assert values["FLINK_TASKMANAGER_CPUS"] == "1.0"
    assert values["FLINK_TASKMANAGER_PROCESS_MEMORY"] == "1728m"
    assert values["KAFKA_HEAP"] == "1g"
