"""`make perf`: is the load generator itself good enough?

Our producer and Kafka's own ProducerPerformance send records of the same size with the same acks,
batch size, linger and compression to the same broker, from containers with the same CPU limit, in
turn, so that a drift of the machine hits both alike. Then our producer keeps a rate for a while.
"""

from __future__ import annotations

import json
import re
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.images import IMAGE_PREFIX, IMAGE_TAG
from crayfish_ctl.plan.runconfig import BROKER
from crayfish_ctl.run.variables import profile_variables
from crayfish_ctl.targets import Stack

if TYPE_CHECKING:
    from rich.console import Console

    from crayfish_ctl.catalog import Profile
    from crayfish_ctl.targets import Target

_BATCH_BYTES = 1_000_000
_ACKS = "1"
_COMPRESSION = "none"
_KAFKA_RATE = re.compile(r"([\d.]+) records/sec \(([\d.]+) MB/sec\)")


@dataclass(frozen=True)
class PerfSettings:
    """What is measured."""

    records: int
    record_bytes: int
    rounds: int
    rate: float
    """records/s of the paced run."""
    seconds: float
    """Duration of the paced run."""


@dataclass(frozen=True)
class PerfResult:
    """Rates in records/s."""

    ours: list[float]
    kafkas: list[float]
    paced: dict[str, Any]

    @property
    def ratio(self) -> float:
        """Median over the rounds of ours / Kafka's, round by round."""
        return statistics.median(a / b for a, b in zip(self.ours, self.kafkas, strict=True))


def measure(
    root: Path, profile: Profile, settings: PerfSettings, target: Target, console: Console
) -> PerfResult:
    """Run both in turn on a broker of their own.

    Raises:
        CrayfishError: if a container fails.
    """
    with tempfile.TemporaryDirectory(prefix="crayfish-perf-") as folder:
        broker = Stack([root / "compose" / "kafka.yaml"], profile_variables(profile))
        rendered = target.place(broker, Path(folder))
        try:
            target.up(rendered)
            cpus = profile.resources["producer"].cpus
            ours, kafkas = [], []
            # The paced run first warms the broker up for the comparison.
            paced = _ours(
                target, settings, cpus, "paced", rate=settings.rate, seconds=settings.seconds
            )
            for index in range(settings.rounds):
                # Both into one topic, which ours makes: the broker makes none by itself.
                mine = _ours(target, settings, cpus, f"round-{index}", records=settings.records)
                ours.append(float(mine["records_per_s"]))
                kafkas.append(_kafkas(target, settings, cpus, f"round-{index}"))
                console.print(
                    f"round {index + 1}: ours {ours[-1]:,.0f}, Kafka's {kafkas[-1]:,.0f} records/s"
                )
        finally:
            target.down()
    return PerfResult(ours, kafkas, paced)


def show(result: PerfResult, settings: PerfSettings, console: Console) -> None:
    """A table of both."""
    table = Table(
        title=f"{settings.records:,} records of {settings.record_bytes} bytes, acks {_ACKS}, "
        f"compression {_COMPRESSION}, batch {_BATCH_BYTES} bytes, linger 0",
        title_justify="left",
    )
    for column in ("producer", "median records/s", "lowest", "highest"):
        table.add_column(column, justify="right")
    for name, rates in (("crayfish", result.ours), ("ProducerPerformance", result.kafkas)):
        table.add_row(name, *(f"{f(rates):,.0f}" for f in (statistics.median, min, max)))
    console.print(table)
    console.print(f"ratio, median of rounds: {result.ratio:.2f}")
    lag = result.paced["schedule_lag_ms"]
    console.print(
        f"paced at {settings.rate:,.0f}/s for {settings.seconds:.0f} s: "
        f"{result.paced['sent_records_per_s']:,.0f} records/s, schedule lag p50 {lag['p50']:.3f}, "
        f"p99 {lag['p99']:.3f}, max {lag['max']:.1f} ms, "
        f"{result.paced['cpu_seconds'] / settings.seconds:.2f} cores"
    )


def _ours(
    target: Target, settings: PerfSettings, cpus: float, topic: str, **load: float
) -> dict[str, Any]:
    flags = [word for name, value in load.items() for word in (f"--{name}", str(value))]
    output = _run(
        target,
        "producer",
        cpus,
        [
            "perf",
            *("--bootstrap", BROKER),
            *("--topic", f"perf-{topic}"),
            *("--record-bytes", str(settings.record_bytes)),
            *("--acks", _ACKS),
            *("--compression", _COMPRESSION),
            *("--batch-bytes", str(_BATCH_BYTES)),
            *("--linger-ms", "0"),
            *flags,
        ],
    )
    line: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return line


def _kafkas(target: Target, settings: PerfSettings, cpus: float, topic: str) -> float:
    output = _run(
        target,
        "kafka",
        cpus,
        [
            *("java", "-Xmx512m", "-cp", "/opt/kafka/libs/*"),
            "org.apache.kafka.tools.ProducerPerformance",
            *("--topic", f"perf-{topic}"),
            *("--num-records", str(settings.records)),
            *("--record-size", str(settings.record_bytes)),
            *("--throughput", "-1"),
            "--producer-props",
            f"bootstrap.servers={BROKER}",
            f"acks={_ACKS}",
            "linger.ms=0",
            f"batch.size={_BATCH_BYTES}",
            f"compression.type={_COMPRESSION}",
            "buffer.memory=67108864",
        ],
        entrypoint="/usr/bin/env",
    )
    rates = _KAFKA_RATE.findall(output)
    if not rates:
        raise CrayfishError(
            f"ProducerPerformance said nothing of a rate:\n{output[-500:]}",
            code=ExitCode.RUN_FAILED,
        )
    return float(rates[-1][0])


def _run(
    target: Target, image: str, cpus: float, command: list[str], entrypoint: str | None = None
) -> str:
    name = f"{IMAGE_PREFIX}/{image}:{IMAGE_TAG}"
    try:
        return target.call(name, command, entrypoint=entrypoint, cpus=cpus, in_stack=True)
    except CrayfishError as error:
        raise CrayfishError(error.message[-1200:], code=ExitCode.RUN_FAILED) from None
