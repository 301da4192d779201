"""What the whole host did: its cores from /proc/stat, its network devices from sysfs.

A container has network devices of its own, but a sysfs shows those of the network namespace that it
was mounted in: a read-only bind of the host's /sys/class/net, and of /sys/devices, where its links
lead, has the host's. Sources: proc(5); kernel documentation, ABI/testing/sysfs-class-net and
sysfs-class-net-statistics.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CORE: Final = re.compile(r"^cpu\d+ ", re.MULTILINE)
_ETHERNET: Final = "1"
"""ARPHRD_ETHER: what the file `type` has."""
_BYTES_PER_S: Final = 1_000_000 / 8
"""Of a Mbit/s, which the file `speed` counts in."""


@dataclass(frozen=True, slots=True)
class Way:
    """Counters of one direction of a link."""

    bytes: int
    packets: int
    dropped: int
    errors: int


@dataclass(frozen=True, slots=True)
class Device:
    """A network device of the host."""

    name: str
    received: Way
    sent: Way
    bytes_per_s: float | None
    """How fast its link is, each way; None if its driver does not say, and of a virtual one, whose
    figure is made up."""


def busy_seconds(stat: str) -> float:
    """CPU time that all cores together have not been idle, from /proc/stat (proc(5)).

    The time that a guest ran is part of `user` and `nice` already; waiting for a disk is idle.
    """
    line = next(line for line in stat.splitlines() if line.startswith("cpu "))
    user, nice, system, _, _, irq, softirq, steal = map(int, line.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def cores(stat: str) -> int:
    """How many cores are online, from /proc/stat."""
    return len(_CORE.findall(stat))


def read_devices(sysfs: Path) -> list[Device]:
    """The devices by which the host is reached, with what they carried since its start.

    Those that have hardware behind them. Where none has (the host is a namespace itself), those
    that lead out of it: up, and neither a bridge nor a port of one, as containers' devices are.

    Args:
        sysfs: where the host's is mounted.

    Returns:
        Ordered by name; none if it is not mounted.
    """
    folders = sorted(sysfs.glob("class/net/*"))
    physical = [folder for folder in folders if (folder / "device").exists()]
    chosen = physical or [folder for folder in folders if _leads_out(folder)]
    return list(_readable(chosen, virtual=not physical))


def _leads_out(folder: Path) -> bool:
    return (
        _text(folder / "type") == _ETHERNET
        and _text(folder / "operstate") == "up"
        and not any((folder / name).exists() for name in ("bridge", "brport", "master"))
    )


def _readable(folders: list[Path], *, virtual: bool) -> Iterator[Device]:
    for folder in folders:
        try:
            received, sent = (_way(folder / "statistics", kind) for kind in ("rx", "tx"))
        except (OSError, ValueError):
            continue  # it has just been taken away
        yield Device(folder.name, received, sent, None if virtual else _speed(folder))


def _way(folder: Path, kind: str) -> Way:
    def count(name: str) -> int:
        return int((folder / f"{kind}_{name}").read_text(encoding="ascii"))

    return Way(count("bytes"), count("packets"), count("dropped"), count("errors"))


def _speed(folder: Path) -> float | None:
    """Virtual machines' devices mostly say -1; the file of one that is down cannot be read."""
    try:
        speed = int(_text(folder / "speed"))
    except ValueError:
        return None
    return speed * _BYTES_PER_S if speed > 0 else None


def _text(path: Path) -> str:
    """A file's only line; empty if it cannot be read."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
