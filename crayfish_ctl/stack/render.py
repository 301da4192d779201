"""Fragments + variables -> one compose file, resolved by the compose tool itself and checked."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from crayfish_ctl.errors import CrayfishError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PROJECT = "crayfish"
"""One experiment runs on a host at a time, so one project name serves, and leftovers are found."""
LIFETIME = "crayfish.lifetime"
METRICS = "crayfish.metrics"
METRICS_INTERVAL = "crayfish.metrics.interval"
"""How often it is scraped, if not each second."""
EXITS = "crayfish.exits"


@dataclass(frozen=True)
class Rendered:
    """A run's compose file and what the controller needs to know of its services."""

    path: Path
    services: Mapping[str, Mapping[str, Any]]

    def labelled(self, label: str, value: str) -> list[str]:
        """Services whose label has this value, in the file's order."""
        return [
            name
            for name, service in self.services.items()
            if service.get("labels", {}).get(label) == value
        ]


def render(fragments: Sequence[Path], variables: Mapping[str, str], run_dir: Path) -> Rendered:
    """Write `run_dir`/compose.yaml, which `docker compose -f ... up` starts as it is.

    Raises:
        CrayfishError: if a fragment is missing, does not resolve, or breaks a rule.
    """
    for fragment in fragments:
        if not fragment.exists():
            raise CrayfishError(
                f"{fragment}: not there", hint="a processor's fragments lie in compose/"
            )
    env_file = run_dir / "variables.env"
    env_file.write_text("".join(f"{n}={_quoted(v)}\n" for n, v in variables.items()))
    docker = DockerClient(
        compose_files=list(fragments),
        compose_env_files=[env_file],
        compose_project_name=PROJECT,
    )
    try:
        config: dict[str, Any] = docker.compose.config(return_json=True)
    except DockerException as error:
        names = ", ".join(str(fragment) for fragment in fragments)
        raise CrayfishError(
            f"{names}: docker compose cannot resolve them: {(error.stderr or '').strip()}",
            code=ExitCode.USAGE,
        ) from None
    config["services"] = _one_container_each(config["services"])
    for name, service in config["services"].items():
        check_service(name, service)
    path = run_dir / "compose.yaml"
    header = "# Start by hand: docker compose -f compose.yaml up; clean up: ... down -v\n"
    path.write_text(header + yaml.safe_dump(config, sort_keys=False, width=120))
    return Rendered(path=path, services=config["services"])


def _one_container_each(services: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A service of N replicas becomes N services (`x`, `x-2`, ... `x-N`).

    So each container has a name of its own for its limits, its metrics and its log, as every other.
    """
    single: dict[str, dict[str, Any]] = {}
    for name, service in services.items():
        replicas = int(service.get("deploy", {}).pop("replicas", 1))
        single[name] = service
        for number in range(2, replicas + 1):
            single[f"{name}-{number}"] = copy.deepcopy(service)
    return single


def _quoted(value: str) -> str:
    """As compose's env files take any text: a bare `#` or `$` of a path would change it."""
    return "'" + value.replace("'", "\\'") + "'"


def check_service(name: str, service: Mapping[str, Any]) -> None:
    """The rules of docs/architecture.md that a fragment of an outsider may have missed."""

    def refuse(what: str, hint: str) -> CrayfishError:
        return CrayfishError(f"compose fragment: services.{name}: {what}", hint=hint)

    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    for limit in ("cpus", "memory"):
        if not limits.get(limit):
            raise refuse(
                f"has no deploy.resources.limits.{limit}",
                f"add it, with the figure from the profile's resources.{name}",
            )
    if service.get("labels", {}).get(LIFETIME) not in {"experiment", "stack", "run"}:
        raise refuse(f"has no label {LIFETIME}", "experiment, stack or run; see compose/README.md")
    if service.get("privileged"):
        raise refuse("is privileged", "no component needs that")
    for port in service.get("ports", []):
        if port.get("host_ip") != "127.0.0.1":
            raise refuse("publishes a port beyond 127.0.0.1", 'write "127.0.0.1::PORT"')
    for volume in service.get("volumes", []):
        if str(volume.get("source", "")).endswith("docker.sock"):
            raise refuse("mounts the engine's socket", "read what you need from /sys/fs/cgroup")


def prometheus_config(services: Mapping[str, Mapping[str, Any]], interval_s: float = 1.0) -> str:
    """Scrape every service that carries the metrics label; `component` is the service's name."""
    jobs = []
    for name, service in services.items():
        labels = service.get("labels", {})
        if METRICS not in labels:
            continue
        job: dict[str, Any] = {
            "job_name": name,
            "static_configs": [
                {"targets": [f"{name}:{labels[METRICS]}"], "labels": {"component": name}}
            ],
        }
        if METRICS_INTERVAL in labels:
            job["scrape_interval"] = labels[METRICS_INTERVAL]
        jobs.append(job)
    interval = f"{round(interval_s * 1000)}ms"
    return yaml.safe_dump(
        {
            "global": {"scrape_interval": interval, "scrape_timeout": interval},
            "scrape_configs": jobs,
        },
        sort_keys=False,
    )
