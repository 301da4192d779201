"""Is this swarm one whose figures can be believed? Each fault with its mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table

from crayfish_ctl.errors import ExitCode
from crayfish_ctl.host import show
from crayfish_ctl.host.checks import Finding
from crayfish_ctl.images import IMAGE_PREFIX, IMAGE_TAG
from crayfish_ctl.run import remember
from crayfish_ctl.targets.swarm import SwarmTarget

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from crayfish_ctl.catalog import Profile
    from crayfish_ctl.results import Engine
    from crayfish_ctl.results.network import Link
    from crayfish_ctl.targets import Target

_OFFSET_MS: Final = 1.0
"""Farther apart, and somebody should keep the clocks; the results take the offset into account."""
_VXLAN: Final = 50
"""Ethernet, IPv4, UDP and VXLAN headers (RFC 7348)."""
_SLOW_MB_S: Final = 110.0
"""What a network of 1 Gbit/s carries, about."""


def examine_cluster(target: Target, profile: Profile, console: Console, checkout: Path) -> ExitCode:
    """Look at every node, measure between each pair, show it, and keep it for the manifests.

    Args:
        target: of the swarm.
        profile: whose limits the nodes are held against.
        console: where it is shown.
        checkout: in whose cache it is kept.

    Returns:
        HOST if something is missing.
    """
    assert isinstance(target, SwarmTarget)  # noqa: S101  opened by that name
    engines = target.nodes()
    name = f"{IMAGE_PREFIX}/cgroup-exporter:{IMAGE_TAG}"
    network = target.measure_network(target.images([name])[name].id)
    remember(network, engines, checkout)
    links = network.links
    findings = [
        *_engines(engines),
        *_cores(engines, profile),
        *_clocks(links, network.clocks_kept),
        *_packets(links),
        *_speeds(links),
    ]
    _show_links(links, console)
    show(findings, console)
    missing = any(finding.state == "missing" for finding in findings)
    return ExitCode.HOST if missing else ExitCode.OK


def _engines(engines: Sequence[Engine]) -> Iterator[Finding]:
    versions = {engine.version for engine in engines}
    yield Finding(
        "engines",
        "ok" if len(versions) == 1 else "warn",
        ", ".join(f"{e.node} {e.version}" for e in engines),
        "install the same version on every node",
    )


def _cores(engines: Sequence[Engine], profile: Profile) -> Iterator[Finding]:
    """The processor's nodes against the profile's worker: the largest thing that is placed."""
    worker = profile.resources.get("worker")
    for engine in engines:
        if worker is None or "processor" not in engine.roles:
            continue
        cores = engine.cores or 0
        yield Finding(
            f"{engine.node}: cores",
            "ok" if worker.cpus <= cores else "missing",
            f"{cores}; profile {profile.name} gives a worker {worker.cpus:g}",
            "choose a smaller profile with --profile, or a larger machine",
        )


def _clocks(paths: Sequence[Link], kept: Mapping[str, bool | None]) -> Iterator[Finding]:
    for node, synchronised in kept.items():
        yield Finding(
            f"{node}: clock",
            "ok" if synchronised else "warn",
            "kept in step" if synchronised else "nobody keeps it, as far as its kernel knows",
            "install and start chrony or systemd-timesyncd there",
        )
    known = [p for p in paths if p.offset_ms is not None and p.network == "overlay"]
    if known:
        worst = max(known, key=lambda path: abs(path.offset_ms or 0))
        offset, uncertain = worst.offset_ms or 0.0, (worst.round_trip_ms or 0.0) / 2
        yield Finding(
            "clocks",
            "ok" if abs(offset) <= _OFFSET_MS else "warn",
            f"at most {abs(offset):.3f} ms apart, known to {uncertain:.3f} ms "
            f"({worst.start}, {worst.end})",
            "results take it into account; let one time server keep all nodes",
        )


def _packets(paths: Sequence[Link]) -> Iterator[Finding]:
    for path in paths:
        name = f"{path.network}: {path.start} to {path.end}"
        if path.packet_bytes is None:
            yield Finding(
                name,
                "missing" if path.network == "overlay" else "warn",
                "no packet came back",
                "open UDP 4789 and 7946 and TCP 7946 between the nodes"
                if path.network == "overlay"
                else "a firewall between the nodes: figures do not need this path",
            )
        elif path.mtu_bytes is not None and path.packet_bytes < path.mtu_bytes:
            yield Finding(
                name,
                "missing" if path.network == "overlay" else "warn",
                f"packets of {path.mtu_bytes} bytes are lost, of {path.packet_bytes} they pass",
                f"CRAYFISH_OVERLAY_MTU={path.packet_bytes - _wrapping(path)} makes the overlay's "
                "smaller",
            )


def _wrapping(path: Link) -> int:
    """Bytes that the overlay adds to a packet on its way over the hosts' network."""
    return _VXLAN if path.network == "host" else 0


def _speeds(paths: Sequence[Link]) -> Iterator[Finding]:
    known = [p for p in paths if p.megabytes_per_s is not None and p.network == "overlay"]
    if known:
        slowest = min(known, key=lambda path: path.megabytes_per_s or 0.0)
        speed = slowest.megabytes_per_s or 0.0
        yield Finding(
            "network",
            "ok" if speed >= _SLOW_MB_S else "warn",
            f"{speed:,.0f} MB/s from {slowest.start} to {slowest.end}, the slowest",
            "records of 3.2 kB at 30,000/s are 96 MB/s each way: measure smaller rates",
        )


def _show_links(paths: Sequence[Link], console: Console) -> None:
    table = Table(title="between the nodes")
    for column in (
        "network",
        "from",
        "to",
        "clock ahead",
        "round trip",
        "packet",
        "one connection",
    ):
        table.add_column(column)
    for path in paths:
        table.add_row(
            path.network,
            path.start,
            path.end,
            _shown(path.offset_ms, "{:+.3f} ms"),
            _shown(path.round_trip_ms, "{:.3f} ms"),
            _shown(path.packet_bytes, "{} B"),
            _shown(path.megabytes_per_s, "{:,.0f} MB/s"),
        )
    console.print(table)


def _shown(value: float | None, text: str) -> str:
    return "-" if value is None else text.format(value)
