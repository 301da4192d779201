"""The host as a whole: its cores, and the devices by which it is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from crayfish_cgroup_exporter.__main__ import HostCollector
from crayfish_cgroup_exporter.host import Way, busy_seconds, cores, read_devices
from crayfish_ctl.analysis import nodes as analysis

if TYPE_CHECKING:
    from pathlib import Path

STAT = "cpu  100 20 30 4000 500 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8\ncpu1 1 2 3 4 5 6 7 8\nintr 9\n"
COUNTS = {"bytes": 1000, "packets": 10, "dropped": 2, "errors": 1}


def device(
    sysfs: Path,
    name: str,
    at: str = "virtual",
    *,
    speed: str | None = None,
    parts: tuple[str, ...] = (),
    kind: str = "1",
    state: str = "up",
) -> Path:
    """A network device as the kernel lays it out: a link to where it is in the tree of devices."""
    folder = sysfs / "devices" / at / "net" / name
    (folder / "statistics").mkdir(parents=True)
    for number, way in enumerate(("rx", "tx"), start=1):
        for what, count in COUNTS.items():
            (folder / "statistics" / f"{way}_{what}").write_text(f"{number * count}\n")
    (folder / "type").write_text(f"{kind}\n")
    (folder / "operstate").write_text(f"{state}\n")
    if speed is not None:
        (folder / "speed").write_text(f"{speed}\n")
    for part in parts:
        (folder / part).mkdir()
    (sysfs / "class" / "net").mkdir(parents=True, exist_ok=True)
    (sysfs / "class" / "net" / name).symlink_to(f"../../devices/{at}/net/{name}")
    return folder


def physical(sysfs: Path, name: str, speed: str | None = "1000") -> Path:
    return device(sysfs, name, f"pci0000:00/{name}", speed=speed, parts=("device",))


def containers(sysfs: Path) -> None:
    """What an engine adds."""
    device(sysfs, "lo", kind="772", state="unknown")
    device(sysfs, "docker0", speed="10000", parts=("bridge",))
    device(sysfs, "veth313cc50", speed="10000", parts=("brport", "master"))
    device(sysfs, "ifb0", state="down")


def names(sysfs: Path) -> list[str]:
    return [found.name for found in read_devices(sysfs)]


def test_cores_are_busy_when_they_neither_idle_nor_wait() -> None:
    assert busy_seconds(STAT) == pytest.approx((100 + 20 + 30 + 6 + 7 + 8) / 100)
    assert cores(STAT) == 2


def test_what_has_hardware_behind_it_counts_and_nothing_else(tmp_path: Path) -> None:
    containers(tmp_path)
    device(tmp_path, "bond0", speed="2000")
    physical(tmp_path, "ens1")
    physical(tmp_path, "ens2")
    assert names(tmp_path) == ["ens1", "ens2"]
    (found, _) = read_devices(tmp_path)
    assert found.received == Way(bytes=1000, packets=10, dropped=2, errors=1)
    assert found.sent == Way(bytes=2000, packets=20, dropped=4, errors=2)
    assert found.bytes_per_s == 125e6


def test_a_namespace_has_what_leads_out_of_it_and_its_speed_is_made_up(tmp_path: Path) -> None:
    containers(tmp_path)
    device(tmp_path, "eth0", speed="10000")
    (found,) = read_devices(tmp_path)
    assert (found.name, found.bytes_per_s) == ("eth0", None)


@pytest.mark.parametrize("speed", ["-1", "0", "unknown", None])
def test_a_speed_may_not_be_known(tmp_path: Path, speed: str | None) -> None:
    physical(tmp_path, "eth0", speed)
    assert [found.bytes_per_s for found in read_devices(tmp_path)] == [None]


def test_one_that_is_taken_away_does_not_hide_the_others(tmp_path: Path) -> None:
    physical(tmp_path, "ens1")
    (physical(tmp_path, "ens2") / "statistics" / "rx_bytes").unlink()
    assert names(tmp_path) == ["ens1"]


def test_a_host_whose_devices_are_not_mounted_has_none(tmp_path: Path) -> None:
    assert read_devices(tmp_path) == []


@pytest.mark.parametrize("node", ["a", ""])
def test_prometheus_gets_the_series_that_the_analysis_reads(tmp_path: Path, node: str) -> None:
    physical(tmp_path, "eth0")
    physical(tmp_path, "eth1", "-1")
    (tmp_path / "stat").write_text(STAT)
    registry = CollectorRegistry()
    registry.register(HostCollector(node, tmp_path, tmp_path / "stat"))
    text = generate_latest(registry).decode()
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))

    def read(name: str, named: str = "") -> float:
        return float(samples[f'{name}{{{named}node="{node}"}}'])

    assert read(analysis.BUSY) == pytest.approx(1.71)
    assert read(analysis.CORES) == 2
    eth0 = 'device="eth0",'
    assert read(analysis.SPEED, eth0) == 125e6
    assert samples.keys().isdisjoint({f'{analysis.SPEED}{{device="eth1",node="{node}"}}'})
    for number, way in enumerate((analysis.RECEIVED, analysis.SENT), start=1):
        assert read(way.bytes, eth0) == 1000 * number
        assert read(way.dropped, eth0) == 2 * number
        assert read(way.errors, eth0) == number
