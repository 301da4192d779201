"""The files of the published study, read as its notebooks read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.export import export
from crayfish_ctl.results import load_results
from tests.unit.report.experiments import BASE, Folder

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """What the notebooks make of a file: mean latency in ms, records/s."""

    latency: float
    throughput: float
    lines: int


def measurements(folder: Path) -> dict[str, dict[tuple[str, str, str], list[Measured]]]:
    """By `rate_batch_scorers`, then by processor, model and tool, as `get_measurements` does."""
    found: dict[str, dict[tuple[str, str, str], list[Measured]]] = {}
    for path in sorted(folder.glob("*/*/*/*")):
        times = [tuple(map(int, line.split(","))) for line in path.read_text().splitlines()]
        kept = times[int(len(times) * 0.25) :]
        rate, batch, scorers = (int(part[2:]) for part in path.stem.split("-")[1:])
        start, end = min(at for at, _ in kept), max(at for _, at in kept)
        latency = mean(end - start for start, end in kept)
        processor, model, tool = path.relative_to(folder).parts[:3]
        group = found.setdefault(f"{rate}_{batch}_{scorers}", {})
        group.setdefault((processor, model, tool), []).append(
            Measured(latency, len(kept) / ((end - start) / 1000), len(times))
        )
    return found


def test_their_reader_finds_rate_batch_scorers_and_system(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    exported = export(load_results(folders["kafka-overhead"]), "crayfish-csv", tmp_path)
    found = measurements(tmp_path)

    assert set(found) == {"200_1_1", "600_1_1", "0_1_1"}
    kafka, in_job = ("flink", "ffnn", "onnx"), ("flink-standalone", "ffnn", "onnx")
    assert set(found["200_1_1"]) == {kafka, in_job}
    assert set(found["0_1_1"]) == {kafka, in_job, ("flink", "ffnn", "no-op")}
    assert all(len(files) == 2 for group in found.values() for files in group.values())
    assert [why for _, why in exported.left_out] == ["the raw scorer has no pipeline"] * 2


def test_latency_and_throughput_are_those_of_the_run(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    results = load_results(folders["kafka-overhead"])
    export(results, "crayfish-csv", tmp_path)
    (measured, _) = measurements(tmp_path)["600_1_1"]["flink", "ffnn", "onnx"]
    run = next(r for r in results.runs if r.spec.cell.rate == 600.0)

    assert run.published_latency_ms is not None
    assert run.counts is not None
    assert measured.lines == run.counts.ok == 2400
    # ours knows the nanoseconds of the send: whole milliseconds add half of one at most
    assert measured.latency == pytest.approx(run.published_latency_ms.mean, abs=0.5)
    assert measured.throughput == pytest.approx(600, rel=0.01)


def test_without_kafka_a_record_ends_at_the_sink(folders: dict[str, Path], tmp_path: Path) -> None:
    export(load_results(folders["kafka-overhead"]), "crayfish-csv", tmp_path)
    (measured, _) = measurements(tmp_path)["600_1_1"]["flink-standalone", "ffnn", "onnx"]

    assert measured.latency == pytest.approx(1.25, abs=0.3)


def test_names_and_lines_have_their_form(folders: dict[str, Path], tmp_path: Path) -> None:
    exported = export(load_results(folders["scalability"]), "crayfish-csv", tmp_path)

    for path in exported.files:
        assert re.fullmatch(r"\d{17}-ir0-bs1-mr[124]\.csv", path.name)
        assert re.fullmatch(r"(\d{13}, \d{13}\n)+", path.read_text())
    assert {path.relative_to(tmp_path).parts[0] for path in exported.files} == {
        "flink",
        "flink-1-N-1",
    }
    assert len(set(exported.files)) == 10


def test_the_rate_of_bursts_is_their_peak(folders: dict[str, Path], tmp_path: Path) -> None:
    export(load_results(folders["bursty"]), "crayfish-csv", tmp_path)

    assert set(measurements(tmp_path)) == {"800_1_1"}


def test_what_their_names_cannot_tell_is_kept_apart(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    export(load_results(folders["arrivals"]), "crayfish-csv", tmp_path)
    found = measurements(tmp_path)

    assert {processor for processor, _, _ in found["200_1_1"]} == {
        "flink-constant",
        "flink-poisson",
    }
    assert all(len(files) == 2 for files in found["200_1_1"].values())


def test_probes_and_invalid_runs_are_left_out(folders: dict[str, Path], tmp_path: Path) -> None:
    exported = export(load_results(folders["sustainable"]), "crayfish-csv", tmp_path)

    assert [path.name.partition("-")[2] for path in exported.files] == [
        "ir0-bs1-mr1.csv",
        "ir700-bs1-mr1.csv",
        "ir700-bs1-mr1.csv",
    ]
    assert sorted(why for _, why in exported.left_out) == [
        "INVALID",
        "INVALID",
        "probe of a search",
        "probe of a search",
    ]


def test_nothing_to_write_is_an_error(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "lost", "input-rate")
    folder.add(BASE, purpose="probe")

    with pytest.raises(CrayfishError, match="no run can be exported") as error:
        export(load_results(folder.path), "crayfish-csv")
    assert "probe of a search" in (error.value.hint or "")
