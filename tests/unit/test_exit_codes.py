"""What an experiment's verdicts make of the exit code."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crayfish_contract.runconfig import ConstantArrivals, StopRule, Warmup
from crayfish_ctl.commands.running import exit_code
from crayfish_ctl.errors import ExitCode
from crayfish_ctl.plan import Cell, RunSpec
from crayfish_ctl.results import (
    Manifest,
    Results,
    RunResult,
    Verdict,
    VerdictState,
    describe_host,
)
from crayfish_ctl.results.verdict import Reason


def result(rate: float, state: str) -> RunResult:
    cell = Cell(
        experiment="e", processor="flink", runtime="python", tool="onnx", model="ffnn",
        arrivals=ConstantArrivals(rate=rate),
    )  # fmt: skip
    spec = RunSpec(
        run_id="r", index=0, cell=cell, repetition=1, seed=0,
        warmup=Warmup(rate=rate), stop=StopRule(count=1),
    )  # fmt: skip
    return RunResult(run_id="r", spec=spec, verdict=Verdict(state=VerdictState(state)))


def results(*runs: RunResult) -> Results:
    manifest = Manifest(experiment="e", started=datetime.now(UTC), host=describe_host())
    return Results(Path(), manifest, runs)


@pytest.mark.parametrize(
    ("runs", "code"),
    [
        ([(1, "VALID"), (2, "VALID")], ExitCode.OK),
        ([(1, "VALID"), (1, "INVALID"), (2, "VALID")], ExitCode.OK),
        ([(1, "VALID"), (2, "INVALID"), (2, "INVALID")], ExitCode.RUN_INVALID),
        ([(1, "VALID"), (1, "FAILED")], ExitCode.RUN_FAILED),
    ],
)
def test_one_valid_run_makes_a_cell_count(runs: list[tuple[float, str]], code: ExitCode) -> None:
    assert exit_code(results(*(result(rate, state) for rate, state in runs))) is code


@pytest.mark.parametrize(
    ("code", "expected"),
    [("BACKLOG_GROWING", ExitCode.RUN_INVALID), ("PRODUCER_LATE", ExitCode.OK)],
)
def test_a_lucky_run_does_not_make_a_cell_sustained(code: str, expected: ExitCode) -> None:
    reasons = (Reason(code=code, message="why"),)
    spoilt = result(1, "INVALID").model_copy(
        update={"verdict": Verdict(state=VerdictState.INVALID, reasons=reasons)}
    )
    assert exit_code(results(result(1, "VALID"), spoilt, spoilt)) is expected


def test_what_could_not_be_run_or_read_is_no_success() -> None:
    fine = results(result(1, "VALID"))
    unread = replace(fine, unreadable=("02/run.json: cut off",))
    assert exit_code(unread) is ExitCode.RUN_FAILED
    missing = fine.manifest.model_copy(update={"not_run": ("workload 2: no capacity",)})
    assert exit_code(replace(fine, manifest=missing)) is ExitCode.RUN_FAILED
