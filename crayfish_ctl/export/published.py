"""The latency files of the published Crayfish study, for its own notebooks.

Source: github.com/soniahorchidan/crayfish23, output-consumer/src/main/java/KafkaConsumer.java (what
is written) and results-analysis/crayfish_utils.py (what is read). docs/export.md describes both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from crayfish_ctl.analysis.summary import cell_columns
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.results import VerdictState, replacing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crayfish_ctl.cells import Cell
    from crayfish_ctl.results import Results, RunResult

_PROCESSORS: Final = {"kafka-streams": "kafkastreams", "spark": "sparkss"}
_TOOLS: Final = {"noop": "no-op"}
"""Their names where they differ from ours."""
_NO_RATE: Final = 0
_MS: Final = 1_000_000

LeftOut = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _File:
    """A run, and the file that it becomes."""

    run: RunResult
    folder: tuple[str, str, str]
    """Processor, model, tool."""
    footprint: str


def write_published(results: Results, folder: Path) -> tuple[list[Path], list[LeftOut]]:
    """Write a file for each VALID run that went through the processor.

    Returns:
        The files, and the runs that have none, each with why.

    Raises:
        CrayfishError: if no run is left, or a file cannot be written.
    """
    chosen: list[RunResult] = []
    left_out: list[LeftOut] = []
    for run in results.runs:
        why = _unfit(results, run)
        if why is None:
            chosen.append(run)
        else:
            left_out.append((run.run_id, why))
    if not chosen:
        raise CrayfishError(
            f"{results.path}: no run can be exported as crayfish-csv",
            hint="; ".join(sorted({why for _, why in left_out})) + ": try --format csv",
        )
    written: list[Path] = []
    for file in _told_apart([_file(run) for run in chosen]):
        own = folder.joinpath(*file.folder)
        own.mkdir(parents=True, exist_ok=True)
        start_ms = file.run.window.start_ns // _MS if file.run.window else 0
        while (path := own / f"{_stamp(start_ms)}-{file.footprint}.csv") in written:
            start_ms += 1
        with replacing(path) as temporary:
            temporary.write_text(_lines(results, file.run), encoding="utf-8")
        written.append(path)
    return written, left_out


def _unfit(results: Results, run: RunResult) -> str | None:
    if run.verdict.state is not VerdictState.VALID or not results.has_records(run.run_id):
        return run.verdict.state.value
    if run.spec.purpose == "probe":
        return "probe of a search"
    if not run.spec.cell.way.processor:
        return "the raw scorer has no pipeline"
    return None


def _file(run: RunResult) -> _File:
    cell = run.spec.cell
    processor = _PROCESSORS.get(cell.processor, cell.processor)
    parallelism = cell.parallelism
    if not parallelism.chained:  # theirs, with 32 partitions: flink-32-N-32
        processor = f"{processor}-{parallelism.source}-N-{parallelism.sink}"
    if not cell.way.broker:
        processor = f"{processor}-standalone"
    footprint = f"ir{_rate(cell)}-bs{cell.batch_size}-mr{parallelism.scorer}"
    return _File(run, (processor, cell.model, _TOOLS.get(cell.tool, cell.tool)), footprint)


def _rate(cell: Cell) -> int:
    """An integer, as their notebooks read it: of bursts the peak, of less than one a second 1."""
    rate = cell.arrivals.highest
    return _NO_RATE if rate is None else max(1, round(rate))


def _told_apart(files: Sequence[_File]) -> list[_File]:
    """Different cells that would be repetitions of each other get what differs into their folder.

    Their names say nothing of the runtime, the format, the arrivals and the options.
    """
    groups: dict[tuple[tuple[str, str, str], str], list[_File]] = {}
    for file in files:
        groups.setdefault((file.folder, file.footprint), []).append(file)
    return [file for group in groups.values() for file in _apart(group)]


def _apart(group: Sequence[_File]) -> list[_File]:
    cells = [file.run.spec.cell for file in group]
    varying = _varying_options(cells)
    about = [_texts(cell, varying) for cell in cells]
    differing = [name for name in about[0] if len({texts[name] for texts in about}) > 1]
    named: list[_File] = []
    for file, texts in zip(group, about, strict=True):
        suffix = "".join(f"-{_slug(texts[name])}" for name in differing if texts[name])
        processor, model, tool = file.folder
        named.append(_File(file.run, (processor + suffix, model, tool), file.footprint))
    return named


def _varying_options(cells: Sequence[Cell]) -> list[str]:
    """Names of the options that are not the same in all of them."""
    options = [_options(cell) for cell in cells]
    names = sorted({name for each in options for name in each})
    return [name for name in names if len({str(each.get(name)) for each in options}) > 1]


def _options(cell: Cell) -> dict[str, bool | int | float | str]:
    return {**cell.processor_options, **cell.tool_options, **cell.producer_options}


def _texts(cell: Cell, options: Sequence[str]) -> dict[str, str]:
    """What a cell is, beside its rate: two repetitions of a random schedule are one cell."""
    about = cell_columns(cell)
    for name in ("rate", "workload", "processor_options", "tool_options", "producer_options"):
        del about[name]
    own = _options(cell)
    about["options"] = "-".join(f"{name}-{own[name]}" for name in options if name in own)
    about["segment"] = cell.segment
    return {name: "" if value is None else str(value) for name, value in about.items()}


def _slug(text: str) -> str:
    """Letters, digits and dots: their notebooks cut the name of a file, not of a folder, at -."""
    kept = "".join(letter if letter.isalnum() or letter == "." else "-" for letter in text)
    return "-".join(part for part in kept.split("-") if part).lower()


def _stamp(start_ms: int) -> str:
    """Year to millisecond, without anything between, UTC."""
    seconds, ms = divmod(start_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%d%H%M%S}{ms:03d}"


def _lines(results: Results, run: RunResult) -> str:
    """`start, end` in Unix milliseconds for each ok record, in the order in which they came back.

    Start is when the producer sent it, end the append time in the output topic; without Kafka, when
    the job's own sink had it. Their reader throws the first quarter away as warm-up; ours is not
    among the records.
    """
    end = pl.col("out_append_ms")
    if not run.spec.cell.way.broker:
        end = pl.col("consumed_ns") // _MS
    rows = (
        results.records(run.run_id)
        .filter((pl.col("segment") == "measured") & (pl.col("status") == "ok"))
        .sort("consumed_ns")
        .select((pl.col("sent_ns") // _MS).alias("start"), end.alias("end"))
        .drop_nulls()
        .collect()
    )
    return "".join(f"{start}, {end}\n" for start, end in rows.iter_rows())
