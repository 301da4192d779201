"""Fragments + variables -> one stack, resolved by the compose tool itself and checked."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from python_on_whales import DockerClient

from crayfish_ctl.catalog.labels import IMAGE, OURS_LABEL, ROLE, SERVICE, labels_of, replica_names
from crayfish_ctl.errors import CrayfishError, ExitCode

from .calls import calls_engine
from .rules import check_service

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crayfish_ctl.targets.base import Stack

PROJECT = "crayfish-bench"
"""One experiment runs on an engine at a time, so one name serves.

Not `crayfish`: that is what compose calls whatever lies in a folder of that name."""
_TOOLS = "/crayfish/tools"
"""Where scorers look for tools that are not in their image (crayfish_scoring.base)."""
_CLIENTS = ("producer", "consumer", "processor")
"""Roles of the clients of Kafka."""
_PIDS = 8192
"""Threads of a container: far above what an engine of 32 slots starts, below what ends a host."""


def resolve(stack: Stack, run_dir: Path, *, confined: bool = False) -> dict[str, Any]:
    """What is to be started, as compose understands it; every service a container of its own.

    Args:
        stack: what is to be started.
        run_dir: folder of the run; the variables are left in it.
        confined: the engine runs under SELinux, which keeps containers from the host's files
            unless each says otherwise.

    Returns:
        A compose file: `services`, `networks`, `volumes`.

    Raises:
        CrayfishError: if a fragment is missing, does not resolve, or breaks a rule.
    """
    for fragment in stack.fragments:
        if not fragment.exists():
            raise CrayfishError(
                f"{fragment}: not there", hint="a processor's fragments lie in compose/"
            )
    env_file = run_dir / "variables.env"
    env_file.write_text("".join(f"{n}={_quoted(v)}\n" for n, v in stack.variables.items()))
    docker = DockerClient(
        compose_files=list(stack.fragments),
        compose_env_files=[env_file],
        compose_project_name=PROJECT,
    )
    names = ", ".join(str(fragment) for fragment in stack.fragments)
    with calls_engine(f"{names}: docker compose cannot resolve them", code=ExitCode.USAGE):
        config: dict[str, Any] = docker.compose.config(return_json=True)
    services = config["services"] = one_container_each(config["services"])
    for name, service in services.items():
        mounts = _mounts(stack, labels_of(service).get(ROLE))
        if mounts:
            service["volumes"] = [*service.get("volumes", []), *mounts]
        check_service(name, service)
        image = str(service["image"])
        service["image"] = stack.image_ids.get(image, image)
        service.setdefault("labels", {}).update({IMAGE: image, SERVICE: name})
        _confine(service, label=not confined)
    for part in (services, config.get("networks", {}), config.get("volumes", {})):
        for name in part:
            # A volume without settings is a bare name.
            part[name] = {**(part[name] or {})}
            part[name]["labels"] = {**part[name].get("labels", {}), **OURS_LABEL}
    return config


def _mounts(stack: Stack, role: str | None) -> list[dict[str, Any]]:
    """Files that services of a role see.

    For processors one folder of tools for each root, so that two may have a helper of one name.
    """
    found: dict[str, Path] = {}
    if role == "processor":
        found |= {f"{_TOOLS}/{number}": folder for number, folder in enumerate(stack.tools)}
        found |= stack.files
    if role in _CLIENTS:
        found |= {**stack.client_files, **stack.secrets}
    if role == "broker":
        found |= stack.broker_secrets
    return [
        {
            "type": "bind",
            # As compose writes a dollar sign that stands for itself.
            "source": str(source).replace("$", "$$"),
            "target": target,
            "read_only": True,
        }
        for target, source in found.items()
    ]


def _confine(service: dict[str, Any], *, label: bool) -> None:
    """What no service needs, none gets: powers of root, new ones, processes without end.

    Args:
        service: changed in place.
        label: whether SELinux, if there is any, may stay in force.
    """
    service["cap_drop"] = ["ALL"]
    options = ["no-new-privileges:true", *([] if label else ["label=disable"])]
    service["security_opt"] = [*service.get("security_opt", []), *options]
    service["deploy"]["resources"]["limits"].setdefault("pids", _PIDS)


def one_container_each(services: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A service of N replicas becomes N services (`x`, `x-2`, ... `x-N`).

    So each container has a name of its own for its limits, its metrics and its log, as every other.
    It knows which of them it is by the variable CRAYFISH_REPLICA, from 1.

    Raises:
        CrayfishError: if another service has such a name, or all would share what only one has.
    """
    single: dict[str, dict[str, Any]] = {}
    for name, service in services.items():
        replicas = int(service.get("deploy", {}).pop("replicas", 1))
        single[name] = service
        for number, other in enumerate(replica_names(name, replicas)[1:], start=2):
            if other in services:
                raise CrayfishError(
                    f"compose fragment: services.{other}: replica {number} of {name} is called so",
                    hint="give the service another name",
                )
            for key in ("container_name", "hostname"):
                if key in service:
                    raise CrayfishError(
                        f"compose fragment: services.{name}.{key}: {replicas} replicas share it",
                        hint="leave it out: a container has the name of its service",
                    )
            single[other] = _numbered(service, number)
        if replicas > 1:
            single[name] = _numbered(service, 1)
    return single


def _numbered(service: dict[str, Any], number: int) -> dict[str, Any]:
    numbered = copy.deepcopy(service)
    numbered["environment"] = {**numbered.get("environment", {}), "CRAYFISH_REPLICA": str(number)}
    return numbered


def _quoted(value: str) -> str:
    """As compose's env files take any text: a bare `#` or `$` of a path would change it."""
    return "'" + value.replace("'", "\\'") + "'"
