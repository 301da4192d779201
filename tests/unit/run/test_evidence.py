"""What a run leaves behind, without an engine."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.run import Journal
from crayfish_ctl.run.evidence import jvm_flags, log_tail, service_steps, write_containers
from crayfish_ctl.run.files import RunFiles
from crayfish_ctl.run.journal import Steps
from crayfish_ctl.targets import MemoryTarget, Rendered, made_task

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_contract.runconfig import RunConfig


def files_of(folder: Path, services: dict[str, Any], pipeline: str = "kafka") -> RunFiles:
    config = cast("RunConfig", SimpleNamespace(pipeline=pipeline))
    return RunFiles(folder, Rendered(folder / "compose.yaml", services), config)


def test_every_container_leaves_its_facts_and_its_log(tmp_path: Path) -> None:
    target = MemoryTarget(made_task("kafka"), made_task("producer", running=False, exit_code=3))
    target.jvms["id-kafka"] = ["java", "-Xmx1g", "-cp", "x"]
    target.logs["id-producer"] = b"one\ntwo\n"
    services = {"kafka": {"image": "sha256:2", "labels": {"crayfish.role": "broker"}}}
    files = files_of(tmp_path, services)
    write_containers(files, target, jvm_flags(target), 42)
    facts = json.loads((tmp_path / "containers.json").read_text())
    assert (facts["kafka"]["exit_code"], facts["producer"]["exit_code"]) == (None, 3)
    assert (facts["kafka"]["role"], facts["producer"]["role"]) == ("broker", None)
    assert facts["kafka"]["cpus"] == 1.0
    assert (facts["kafka"]["jvm_flags"], facts["producer"]["jvm_flags"]) == (["-Xmx1g"], [])
    assert (facts["kafka"]["image_id"], facts["kafka"]["wanted_image_id"]) == (
        "sha256:1",
        "sha256:2",
    )
    assert (tmp_path / "logs/producer.log").read_text() == "one\ntwo\n"


def test_a_full_disk_under_the_logs_is_an_error_of_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(MemoryTarget, "log", full)
    target = MemoryTarget(made_task("kafka"))
    with pytest.raises(CrayfishError, match="No space left on device") as caught:
        write_containers(files_of(tmp_path, {}), target, {}, 42)
    assert caught.value.exit_code is ExitCode.HOST


def test_the_last_words_are_for_people() -> None:
    """Without blanks and without what a collector says, and no line fills the screen."""
    target = MemoryTarget(made_task("kafka"))
    lines = [f"line {number}" for number in range(40)]
    target.logs["id-kafka"] = "\n".join([*lines, "", "x" * 5000]).encode() + b"\xff\n"
    said = log_tail(target, "id-kafka")
    assert said[:2] == ["line 21", "line 22"]
    assert len(said) == 20
    assert len(said[-1]) == 600


def steps_of(folder: Path) -> list[dict[str, Any]]:
    journal = Journal(folder / "journal.jsonl")
    steps = Steps(journal, "01")
    service_steps(steps, folder, 1)
    journal.close()
    return steps.in_order()


def test_the_services_own_steps_are_read_from_what_they_wrote(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    times = {"ready_ns": 10, "measured_start_ns": 20, "measured_end_ns": 30}
    (out / "producer.json").write_text(json.dumps(times))
    (out / "consumer.json").write_text('{"finished_ns": 35, "ready_ns": 99}')
    assert steps_of(tmp_path) == [
        {"name": "ready", "started_ns": 1, "ended_ns": 10},
        {"name": "warm up", "started_ns": 10, "ended_ns": 20},
        {"name": "measure", "started_ns": 20, "ended_ns": 30},
        {"name": "drain", "started_ns": 30, "ended_ns": 35},
    ]


def test_a_producer_that_was_killed_wrote_less(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "producer.json").write_text('{"ready_ns": 10, "measu')
    (out / "consumer.json").write_text('{"finished_ns": 35}')
    assert steps_of(tmp_path) == []
    (out / "producer.json").write_text('{"ready_ns": 10, "measured_start_ns": null}')
    assert [step["name"] for step in steps_of(tmp_path)] == ["ready"]
