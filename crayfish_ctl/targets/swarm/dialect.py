"""A resolved stack in the words of `docker stack deploy`.

What swarm refuses or passes over is translated, or refused by name; nothing is lost in silence:

- a weight (`cpu_shares`) is given to the container once it runs (`Work.weights`);
- a folder of the controller's is a volume on the node, filled before and fetched after (`Work`);
- a file is a config, named by its content, because a config cannot change;
- a file that must be written down nowhere is a secret: a swarm keeps it encrypted, shows it to
  nobody, and a node has it in memory;
- `no-new-privileges` is the one thing that swarm has no word for.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crayfish_ctl.catalog.labels import EVERYWHERE, OURS_LABEL
from crayfish_ctl.errors import CrayfishError, ExitCode

from .placement import everywhere

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .placement import Place

MTU_VARIABLE: Final = "CRAYFISH_OVERLAY_MTU"
WRITTEN: Final = "crayfish-out-"
"""How the name of a volume begins into which a run writes."""
_READ: Final = "crayfish-in-"
_SYSTEM: Final = "/sys/"
_CONFIG_BYTES: Final = 500_000
"""A swarm takes no larger config, and no larger secret."""
_REFUSED: Final = (
    "cpuset",
    "cpu_quota",
    "cpu_period",
    "depends_on",
    "container_name",
    "network_mode",
)
"""What would change the measurement or the start, and cannot be had."""
_DROPPED: Final = ("pull_policy", "cpu_shares", "security_opt", "mem_limit", "cpus")


@dataclass(frozen=True, order=True)
class Folder:
    """A volume on a node in the place of a folder of the controller's."""

    volume: str
    source: Path
    written: bool
    """By the service: then it is empty at first, and what is in it is fetched."""


@dataclass
class Work:
    """What a stack file alone does not do."""

    weights: dict[str, int] = field(default_factory=dict)
    """Service -> its share of a busy CPU."""
    folders: dict[str, dict[str, Folder]] = field(default_factory=dict)
    """Service -> path in its container -> what is mounted there."""


def translate(
    config: Mapping[str, Any],
    assigned: Mapping[str, Place],
    secrets: Collection[Path] = (),
) -> tuple[dict[str, Any], Work]:
    """The stack file, and what is to be done beside it.

    Args:
        config: as compose resolved it, every service a container of its own.
        assigned: the node of each service.
        secrets: files among the mounts that must be written down nowhere.

    Raises:
        CrayfishError: for what swarm cannot do.
    """
    made = _Translation(_own_volumes(config), frozenset(secrets))
    services = {
        name: made.service(name, service, assigned.get(name))
        for name, service in config["services"].items()
    }
    stack: dict[str, Any] = {
        "version": "3.9",
        "services": services,
        "networks": {
            name: {"driver": "overlay", "attachable": True, "labels": {**OURS_LABEL}, **_mtu()}
            for name in config.get("networks", {})
        },
    }
    if made.volumes:
        stack["volumes"] = made.volumes
    if made.configs:
        stack["configs"] = made.configs
    if made.secrets:
        stack["secrets"] = made.secrets
    return stack, made.work


def _mtu() -> dict[str, Any]:
    """Of the overlay, where the hosts' network carries less than usual (`cluster doctor` says)."""
    wanted = os.environ.get(MTU_VARIABLE)
    if not wanted:
        return {}
    if not wanted.isdecimal():
        raise CrayfishError(
            f"{MTU_VARIABLE}={wanted}: not a number of bytes",
            hint="such as 1400",
            code=ExitCode.USAGE,
        )
    return {"driver_opts": {"com.docker.network.driver.mtu": wanted}}


def _own_volumes(config: Mapping[str, Any]) -> dict[str, Any]:
    """The stack's own, under the names that swarm gives them."""
    return {
        name: {key: value for key, value in (volume or {}).items() if key != "name"}
        for name, volume in config.get("volumes", {}).items()
    }


@dataclass
class _Translation:
    """A stack file under way."""

    volumes: dict[str, Any]
    hidden: frozenset[Path]
    configs: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, Any] = field(default_factory=dict)
    work: Work = field(default_factory=Work)

    def service(self, name: str, service: Mapping[str, Any], place: Place | None) -> dict[str, Any]:
        """One service, on its node or on each."""
        _refuse(name, service)
        made = {
            key: value
            for key, value in service.items()
            if value is not None and key not in _DROPPED
        }
        if "cpu_shares" in service:
            self.work.weights[name] = int(service["cpu_shares"])
        made["networks"] = list(service.get("networks") or {})
        made["deploy"] = _deploy(service, place)
        if everywhere(service):
            made["labels"] = {**made.get("labels", {}), EVERYWHERE: "true"}
            own = {"CRAYFISH_NODE": "{{.Node.Hostname}}", "CRAYFISH_PEERS": f"tasks.{name}"}
            made["environment"] = {**made.get("environment", {}), **own}
        if ports := service.get("ports"):
            # On the node itself: the swarm's own load balancer would need a virtual address.
            made["ports"] = [
                {"target": int(p["target"]), "protocol": p.get("protocol", "tcp"), "mode": "host"}
                for p in ports
            ]
        made.pop("volumes", None)
        for volume in service.get("volumes", []):
            self._mount(name, made, volume)
        return made

    def _mount(self, name: str, made: dict[str, Any], volume: Mapping[str, Any]) -> None:
        source, target = str(volume.get("source", "")), str(volume["target"])
        path = Path(source.replace("$$", "$"))
        mounts = made.setdefault("volumes", [])
        if volume["type"] != "bind" or source.startswith(_SYSTEM):
            mounts.append(_as_it_is(volume))
        elif path in self.hidden:
            made.setdefault("secrets", []).append(self._secret(path, target))
        elif path.is_file():
            made.setdefault("configs", []).append(self._config(path, target))
        else:
            folder = _folder(path, written=not volume.get("read_only"))
            self.work.folders.setdefault(name, {})[target] = folder
            self.volumes[folder.volume] = {"name": folder.volume, "external": True}
            mount: dict[str, Any] = {"type": "volume", "source": folder.volume, "target": target}
            if not folder.written:
                mount["read_only"] = True
            mounts.append({**mount, "volume": {"nocopy": True}})

    def _secret(self, path: Path, target: str) -> dict[str, Any]:
        """By a name that says nothing of its content, and is the same for all runs of a stack."""
        if not os.access(path, os.R_OK):
            raise CrayfishError(
                f"{path}: is its image's user's alone: this user cannot bring it to the nodes",
                hint="run as that user (1000) or as root, or use the target compose",
                code=ExitCode.HOST,
            )
        when = path.stat().st_mtime_ns
        name = f"crayfish-{hashlib.sha256(f'{path} {when}'.encode()).hexdigest()[:24]}"
        self.secrets[name] = {"name": name, "file": str(path), "labels": {**OURS_LABEL}}
        return {"source": name, "target": target, "mode": 0o444}

    def _config(self, path: Path, target: str) -> dict[str, Any]:
        content = path.read_bytes()
        if len(content) > _CONFIG_BYTES:
            raise CrayfishError(
                f"{path}: has {len(content):,} bytes, a swarm's config at most {_CONFIG_BYTES:,}",
                hint="put it into a folder of its own: a folder is brought to the node as a volume",
                code=ExitCode.USAGE,
            )
        name = f"crayfish-{hashlib.sha256(content).hexdigest()[:24]}"
        self.configs[name] = {"name": name, "file": str(path), "labels": {**OURS_LABEL}}
        return {"source": name, "target": target, "mode": 0o444}


def _refuse(name: str, service: Mapping[str, Any]) -> None:
    for key in _REFUSED:
        if service.get(key):
            raise CrayfishError(
                f"service {name}: {key}: a swarm has no such setting",
                hint="leave it out, or use the target compose",
                code=ExitCode.USAGE,
            )


def _deploy(service: Mapping[str, Any], place: Place | None) -> dict[str, Any]:
    deploy = dict(service.get("deploy", {}))
    limits = dict(deploy.get("resources", {}).get("limits", {}))
    for limit in ("cpus", "memory"):
        if limit in limits:
            limits[limit] = str(limits[limit])
    made: dict[str, Any] = {
        # The kernel of a node may know no virtual addresses; a name is then its task's address.
        "endpoint_mode": "dnsrr",
        # What ends has ended: another one in its place would be measured as if nothing had been.
        "restart_policy": {"condition": "none"},
        "resources": {"limits": limits},
    }
    if place is None:
        return {**made, "mode": "global"}
    return {**made, "placement": {"constraints": [f"node.id == {place.id}"]}}


def _as_it_is(volume: Mapping[str, Any]) -> dict[str, Any]:
    """A volume of the stack's own, a tmpfs, or counters of the node."""
    made = {k: value for k, value in volume.items() if k != "bind" and value not in ({}, None)}
    if "tmpfs" in made and "size" in made["tmpfs"]:
        made["tmpfs"] = {**made["tmpfs"], "size": int(made["tmpfs"]["size"])}
    return made


def _folder(path: Path, *, written: bool) -> Folder:
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    return Folder(f"{WRITTEN if written else _READ}{digest}", path, written)
