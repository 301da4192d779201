"""What a run leaves behind: metrics, facts and logs of its containers, the times of its steps."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import httpx

from crayfish_contract.arrays import CONSUMER_SUMMARY, PRODUCER_SUMMARY
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.results import METRICS_FILE, write_text
from crayfish_ctl.results.inputs import LOGS_FOLDER
from crayfish_ctl.results.pauses import is_of_a_collector
from crayfish_ctl.telemetry import Prometheus, write_metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from crayfish_ctl.targets import Rendered, Target

    from .files import RunFiles
    from .journal import Steps

_LAST_SCRAPE_S = 2.0
"""Counters at the end of the run are in the scrape that follows it."""
_LOG_TAIL = 20
_LOG_READ = 500
"""Lines of a log that are looked through for them."""
_LOG_LINE = 600
"""Characters of a line that are shown: a Java client logs its whole configuration in one."""


def open_prometheus(target: Target, rendered: Rendered) -> Prometheus:
    """The server of the stack.

    Raises:
        CrayfishError: if there is none, or it is not running.
    """
    return Prometheus(*target.address(*rendered.metrics_server))


def collect_metrics(
    files: RunFiles,
    target: Target,
    services: Mapping[str, str],
    started_ns: int,
    ended_ns: int,
) -> str | None:
    """The series of the run; a run without them is INVALID, not an error.

    Args:
        files: of the run.
        target: where Prometheus runs.
        services: task id -> its name.
        started_ns: Unix ns.
        ended_ns: Unix ns.

    Returns:
        Why there are none, or not all; None if there are.
    """
    try:
        with open_prometheus(target, files.rendered) as prometheus:
            # Awaits the scrape after the end, which holds the final counters.
            prometheus.await_cpu_times(ended_ns / 1e9, 2 * _LAST_SCRAPE_S)
            samples = prometheus.samples(started_ns / 1e9, time.time_ns() / 1e9, services)
    except CrayfishError as error:
        return error.message
    except httpx.HTTPError as error:
        return f"Prometheus: {error or type(error).__name__}"
    write_metrics(samples, files.folder / METRICS_FILE)
    return None


def jvm_flags(target: Target) -> dict[str, list[str]]:
    """The flags of every JVM that runs now, by task."""
    return {
        task.name: [
            argument for argument in target.jvm_arguments(task.id) if argument.startswith("-X")
        ]
        for task in target.tasks()
        if task.running
    }


def log_tail(target: Target, task_id: str) -> list[str]:
    """The last lines of a task's log, for people."""
    try:
        text = b"".join(target.log(task_id, tail=_LOG_READ)).decode(errors="replace")
    except CrayfishError:  # it has been removed: what is being reported is worse
        return []
    said = [line for line in text.splitlines() if line.strip()]
    return [line[:_LOG_LINE] for line in said if not is_of_a_collector(line)][-_LOG_TAIL:]


def write_containers(
    files: RunFiles,
    target: Target,
    flags: Mapping[str, Sequence[str]],
    since_ns: int,
) -> None:
    """`containers.json` and a log file per task.

    Args:
        files: of the run; the image ids of its compose file are held against those that ran.
        target: where the containers are.
        flags: what `jvm_flags` found while they all ran.
        since_ns: Unix ns; what was logged before belongs to earlier runs.

    Raises:
        CrayfishError: if something cannot be written.
    """
    facts: dict[str, Any] = {}
    folder, rendered = files.folder, files.rendered
    roles = rendered.roles(files.config.pipeline)
    logs = folder / LOGS_FOLDER
    logs.mkdir(exist_ok=True)
    for task in target.tasks():
        facts[task.name] = {
            "id": task.id,
            "role": roles.get(task.service),
            "node": task.node or None,
            "image": task.image,
            "image_id": task.image_id,
            "wanted_image_id": rendered.services.get(task.service, {}).get("image"),
            "cpus": task.cpus,
            "memory_bytes": task.memory_bytes,
            "exit_code": None if task.running else task.exit_code,
            "oom_killed": task.oom_killed,
            "jvm_flags": flags.get(task.name, ()),
        }
        try:
            with (logs / f"{task.name}.log").open("wb") as file:
                file.writelines(target.log(task.id, since_ns=since_ns))
        except OSError as error:
            raise CrayfishError(
                f"{logs}: {error.strerror}: the logs cannot be written",
                hint="make room and start again",
                code=ExitCode.HOST,
            ) from None
    write_text(folder / "containers.json", json.dumps(facts, indent=1))


def service_steps(steps: Steps, folder: Path, started_ns: int) -> None:
    """The steps whose times the producer and the consumer know, as far as they got."""
    producer, consumer = (
        _told(folder / "out" / name) for name in (PRODUCER_SUMMARY, CONSUMER_SUMMARY)
    )
    ready, start = producer.get("ready_ns"), producer.get("measured_start_ns")
    end = producer.get("measured_end_ns")
    for step, first, last in (
        ("ready", started_ns, ready),
        ("warm up", ready, start),
        ("measure", start, end),
        ("drain", end, consumer.get("finished_ns")),
    ):
        if first and last:
            steps.add(step, first, last)


def did_its_work(folder: Path, role: str | None) -> bool:
    """Whether the container of a role said itself that it came to its orderly end."""
    match role:
        case "producer":
            return _told(folder / "out" / PRODUCER_SUMMARY).get("interrupted") is False
        case "consumer":
            return _told(folder / "out" / CONSUMER_SUMMARY).get("ended") == "all"
        case _:
            return False


def _told(summary: Path) -> dict[str, Any]:
    """A service's summary; empty if it wrote none."""
    try:
        content: dict[str, Any] = json.loads(summary.read_text())
    except (OSError, ValueError):
        return {}
    return content
