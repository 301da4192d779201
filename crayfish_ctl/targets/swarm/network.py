"""The network of a swarm, measured between each pair of nodes, as its containers will use it."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import permutations
from typing import TYPE_CHECKING, Final

from python_on_whales.exceptions import DockerException
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from crayfish_ctl.catalog.labels import OURS_LABEL
from crayfish_ctl.results.network import Link, Network
from crayfish_ctl.targets.docker.calls import calls_engine

from .staging import send_images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from python_on_whales import DockerClient

    from .nodes import Node

_NETWORK: Final = "crayfish-probe"
_PYTHON: Final = "/opt/venv/bin/python"
_MODULE: Final = ("-m", "crayfish_cgroup_exporter.probe")
_BEGIN_S: Final = 20.0
_LOCAL: Final = ("overlay", "host")


def measure(
    docker: DockerClient, nodes: Sequence[Node], image: str, say: Callable[[str], None]
) -> Network:
    """Ask every node about every other, one pair at a time.

    Args:
        docker: the client of a manager, on whose engine the image is.
        nodes: of the swarm.
        image: the exporter's, by its id.
        say: told what takes long.

    Raises:
        CrayfishError: in the engine's words.
    """
    for node in nodes:
        send_images(docker, node.machine, [image], say)
    with calls_engine("the network cannot be measured"), ExitStack() as started:
        docker.network.create(_NETWORK, driver="overlay", attachable=True, labels=OURS_LABEL)
        started.callback(docker.network.remove, _NETWORK)
        probes = {
            (kind, node.name): started.enter_context(_probe(node, kind, image))
            for kind in _LOCAL
            for node in nodes
        }
        addresses = {
            (kind, node.name): node.address
            if kind == "host"
            else _address(node, probes[kind, node.name])
            for kind in _LOCAL
            for node in nodes
        }
        kept = {
            node.name: _kept(_asked(node, probes["overlay", node.name], "clock")) for node in nodes
        }
        links = [
            _link(kind, one, two, probes[kind, one.name], addresses[kind, two.name])
            for kind in _LOCAL
            for one, two in permutations(nodes, 2)
        ]
    return Network(measured=datetime.now(UTC), links=tuple(links), clocks_kept=kept)


@contextmanager
def _probe(node: Node, kind: str, image: str) -> Iterator[str]:
    docker = node.machine.docker
    found = docker.run(
        image,
        [*_MODULE, "serve", node.name],
        entrypoint=_PYTHON,
        networks=["host" if kind == "host" else _NETWORK],
        detach=True,
        pull="never",
        labels=OURS_LABEL,
        cap_drop=["ALL"],
    )
    try:
        Retrying(
            retry=retry_if_result(lambda said: "ready" not in said),
            stop=stop_after_delay(_BEGIN_S),
            wait=wait_fixed(0.1),
            retry_error_callback=lambda _: "",
        )(lambda: str(docker.container.logs(found.id)))
        yield found.id
    finally:
        docker.container.remove(found.id, force=True)


def _address(node: Node, container: str) -> str:
    networks = node.machine.docker.container.inspect(container).network_settings.networks or {}
    return str(networks[_NETWORK].ip_address)


def _asked(node: Node, container: str, *arguments: str) -> dict[str, float | None]:
    """What a probe says; empty if it could not be asked."""
    try:
        said = node.machine.docker.container.execute(container, [_PYTHON, *_MODULE, *arguments])
    except DockerException:
        return {}
    found: dict[str, float | None] = json.loads(str(said))
    return found


def _kept(said: dict[str, float | None]) -> bool | None:
    kept = said.get("synchronised")
    return None if kept is None else bool(kept)


def _link(kind: str, one: Node, two: Node, container: str, address: str) -> Link:
    said = _asked(one, container, "ask", address)
    mtu, packet = said.get("mtu_bytes"), said.get("packet_bytes")
    return Link(
        network=kind,
        start=one.name,
        end=two.name,
        offset_ms=_times(said.get("offset_s"), 1e3),
        round_trip_ms=_times(said.get("round_trip_s"), 1e3),
        mtu_bytes=None if mtu is None else int(mtu),
        packet_bytes=None if packet is None else int(packet),
        megabytes_per_s=_times(said.get("bytes_per_s"), 1e-6),
    )


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
