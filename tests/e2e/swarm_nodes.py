"""Several engines on one machine that form a real swarm, each a node of its own.

A node is a set of namespaces (network, mounts, host name, cgroups) with an engine of its own in it:
what runs there is found in a cgroup of its own, is reached by an address of its own, and can be cut
off by a link of its own. The switch between them lives in a network namespace too, so that neither
the machine's own engine nor its firewall is touched; one leg reaches the tests.

Needs root, iproute2, util-linux, an installed engine, and cgroups version 1.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_NET: Final = "10.93.0"
_PREFIX: Final = "cfnode"
_CGROUPS: Final = Path("/sys/fs/cgroup")
_CONTROLLERS: Final = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids")
_LIMIT_S: Final = 30.0
_ROOM: Final = """
set -e
hostname {name}
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
for c in {controllers}; do
  mkdir /sys/fs/cgroup/$c
  mount -t cgroup -o $c cgroup /sys/fs/cgroup/$c
done
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
mount --bind {run} /run
mount -t tmpfs tmpfs {hidden}
touch {run}/ready
exec sleep infinity
"""
"""What holds a node's namespaces, so that its engine can be killed and started again."""


def why_not() -> str | None:
    """Why this machine cannot be several nodes; None if it can."""
    if os.geteuid():
        return "only root can make network namespaces"
    for tool in ("ip", "unshare", "nsenter", "dockerd", "iptables"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    if not (_CGROUPS / "memory").is_dir():
        return "its cgroups are not of version 1"
    return None


@dataclass
class Nodes:
    """`count` nodes that know each other; `up` before, `down` after.

    Args:
        folder: for their data; a few GB.
        hidden: a folder of this machine that a real node would not have.
    """

    folder: Path
    hidden: Path
    count: int = 3
    engines: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    holders: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def up(self) -> None:
        """Make the nodes, and one swarm of them; the first one is its manager."""
        _ip("netns", "add", f"{_PREFIX}-sw")
        _ip("-n", f"{_PREFIX}-sw", "link", "add", "name", "switch", "type", "bridge")
        _ip("-n", f"{_PREFIX}-sw", "link", "set", "dev", "switch", "up")
        leg = ("type", "veth", "peer", "name", "ctl", "netns", f"{_PREFIX}-sw")
        _ip("link", "add", f"{_PREFIX}-up", *leg)
        _ip("-n", f"{_PREFIX}-sw", "link", "set", "dev", "ctl", "master", "switch", "up")
        _ip("addr", "add", f"{_NET}.254/24", "dev", f"{_PREFIX}-up")
        _ip("link", "set", f"{_PREFIX}-up", "up")
        for number in self.numbers:
            self._make_room(number)
            self.start(number)
        for number in self.numbers:
            self.await_engine(number)
            endpoint = f"host=unix://{self.socket(number)}"
            _run(["docker", "context", "create", self.name(number), "--docker", endpoint], self.env)
        self.docker(1, "swarm", "init", "--advertise-addr", self.address(1))
        self.docker(1, "swarm", "update", "--dispatcher-heartbeat", "1s")
        token = self.docker(1, "swarm", "join-token", "--quiet", "worker").strip()
        for number in self.numbers[1:]:
            own = ("--advertise-addr", self.address(number))
            self.docker(number, "swarm", "join", "--token", token, *own, f"{self.address(1)}:2377")
        self.await_ready()

    @property
    def numbers(self) -> list[int]:
        """Of the nodes, from 1 on."""
        return list(range(1, self.count + 1))

    @property
    def env(self) -> dict[str, str]:
        """A client's environment: contexts of its own, the manager's engine by default."""
        config = self.folder / "client"
        config.mkdir(parents=True, exist_ok=True)
        return {**os.environ, "DOCKER_CONFIG": str(config), "DOCKER_CONTEXT": self.name(1)}

    @staticmethod
    def name(number: int) -> str:
        """Host name and docker context of a node."""
        return f"{_PREFIX}-{number}"

    @staticmethod
    def address(number: int) -> str:
        """Where the others reach it."""
        return f"{_NET}.{number}"

    def socket(self, number: int) -> Path:
        """Of its engine."""
        return self.folder / str(number) / "docker.sock"

    def docker(self, number: int, *arguments: str) -> str:
        """What a client says of a node's engine."""
        return _run(["docker", "--context", self.name(number), *arguments], self.env)

    def await_ready(self) -> None:
        """Wait until the manager says that every node is there."""
        _await(lambda: self.states().count("Ready") == self.count, "every node to be ready")

    def states(self) -> list[str]:
        """Of the nodes, as the manager sees them."""
        return self.docker(1, "node", "ls", "--format", "{{.Status}}").split()

    def start(self, number: int) -> None:
        """Start a node's engine."""
        folder = self.folder / str(number)
        for left in ("docker.pid", "docker/containerd/containerd.pid"):
            (folder / "run" / left).unlink(missing_ok=True)
        inside = ["nsenter", "-t", str(self.holders[number].pid), "-m", "-u", "-C", "-n"]
        engine = ["dockerd", "-H", f"unix://{self.socket(number)}", "-H", "unix:///run/docker.sock"]
        data = ["--data-root", str(folder / "data"), "--exec-root", "/run/docker"]
        with (folder / "log").open("ab") as log:
            self.engines[number] = subprocess.Popen(
                [*_entering(number), *inside, *engine, *data, "--pidfile", "/run/docker.pid"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def await_engine(self, number: int) -> None:
        """Wait until it answers."""
        command = ["docker", "-H", f"unix://{self.socket(number)}", "version"]
        _await(
            lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0,
            f"the engine of node {number}; {self.folder / str(number) / 'log'} says more",
        )

    def kill_engine(self, number: int) -> None:
        """SIGKILL to a node's engine; its containers go on."""
        self.engines[number].kill()
        self.engines[number].wait()

    def cut(self, number: int) -> None:
        """Take a node off the network."""
        _ip("-n", f"{_PREFIX}-sw", "link", "set", "dev", f"v{number}", "down")

    def mend(self, number: int) -> None:
        """Put it back."""
        _ip("-n", f"{_PREFIX}-sw", "link", "set", "dev", f"v{number}", "up")

    def down(self) -> None:
        """End everything in the nodes, and remove them."""
        for engine in self.engines.values():
            engine.terminate()
        for engine in self.engines.values():
            engine.wait()
        for number in self.numbers:
            _await(lambda: _all_ended(number), f"the end of what runs in node {number}")  # noqa: B023
            if number in self.holders:
                self.holders[number].wait()
            _ip("netns", "del", f"{_PREFIX}-{number}", check=False)
        _remove_cgroups()
        _ip("link", "del", f"{_PREFIX}-up", check=False)
        _ip("netns", "del", f"{_PREFIX}-sw", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _make_room(self, number: int) -> None:
        folder = self.folder / str(number)
        for part in ("data", "run"):
            (folder / part).mkdir(parents=True)
        space = f"{_PREFIX}-{number}"
        _ip("netns", "add", space)
        peer = ("type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("-n", f"{_PREFIX}-sw", "link", "add", f"v{number}", *peer)
        _ip("-n", f"{_PREFIX}-sw", "link", "set", "dev", f"v{number}", "master", "switch", "up")
        _ip("-n", space, "addr", "add", f"{self.address(number)}/24", "dev", "eth0")
        _ip("-n", space, "link", "set", "eth0", "up")
        _ip("-n", space, "link", "set", "lo", "up")
        _ip("-n", space, "route", "add", "default", "via", f"{_NET}.254")
        for root in _roots(number):
            root.mkdir(parents=True, exist_ok=True)
            if (root / "cpuset.cpus").exists():
                for each in (root.parent, root):
                    for kind in ("cpuset.cpus", "cpuset.mems"):
                        (each / kind).write_text((each.parent / kind).read_text())
                    (each / "cgroup.clone_children").write_text("1")
        script = _ROOM.format(
            name=space,
            controllers=" ".join(_CONTROLLERS),
            run=folder / "run",
            hidden=self.hidden,
        )
        apart = ["nsenter", f"--net=/run/netns/{space}", "unshare", "--mount", "--uts", "--cgroup"]
        apart += ["--propagation", "private"]
        with (folder / "holder.log").open("wb") as log:
            self.holders[number] = subprocess.Popen(
                [*_entering(number), *apart, "bash", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _await(
            (folder / "run" / "ready").exists,
            f"node {number}; {folder / 'holder.log'} says more",
        )


def _roots(number: int | None = None) -> list[Path]:
    """Of a node's cgroups, in every hierarchy; without a number, of all nodes."""
    below = _PREFIX if number is None else f"{_PREFIX}/{number}"
    return [each / below for each in _CGROUPS.iterdir() if (each / "cgroup.procs").exists()]


def _entering(number: int) -> list[str]:
    """What begins a command that is to run in a node's cgroups."""
    script = 'for c in $0; do echo $$ > "$c/cgroup.procs"; done; exec "$@"'
    return ["bash", "-c", script, " ".join(map(str, _roots(number)))]


def _processes(number: int) -> list[int]:
    root = _CGROUPS / "pids" / _PREFIX / str(number)
    return [int(p) for path in root.rglob("cgroup.procs") for p in path.read_text().split()]


def _all_ended(number: int) -> bool:
    """Whether nothing runs in a node; what does is killed."""
    left = _processes(number)
    for process in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return not left


def _remove_cgroups() -> None:
    for root in _roots():
        for path in sorted(root.rglob("*"), key=lambda path: -len(path.parts)):
            if path.is_dir():
                path.rmdir()
        if root.is_dir():
            root.rmdir()


def _ip(*arguments: str, check: bool = True) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"


def _run(command: list[str], env: dict[str, str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


def _await(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _LIMIT_S
    while not condition():
        assert time.monotonic() < end, f"waited {_LIMIT_S:.0f} s for {what}"
        time.sleep(0.05)
