"""`crayfish plan` with inputs from the field: what it says, and what it refuses in which words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.commandline import MINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.commandline import Done


def test_a_half_written_model_stops_no_command_that_does_not_need_it(
    crayfish: Callable[..., Done], root: Path
) -> None:
    path = root / "configs/models/half.yaml"
    path.write_text("name: half\n")
    (root / "configs/models/.#ffnn.yaml").symlink_to("me@here.17")
    assert crayfish("plan", "input-rate").code == 0
    done = crayfish("ls")
    assert "flink" in done.out
    assert done.code == 2
    assert f"{path}: description: is required" in done.err
    assert "half" in crayfish("plan", "input-rate", "--model", "half").err


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        (
            "experiments/input-rate.yaml",
            ("- {rate: 500,", "- {rate: 500, rate: 900,"),
            "rate: given twice",
        ),
        ("models/ffnn.yaml", ("parameters: 28618", "tolerance: 1.0"), "tolerance: given twice"),
    ],
)
def test_a_key_that_is_given_twice_measures_nothing(
    crayfish: Callable[..., Done], root: Path, file: str, change: tuple[str, str], said: str
) -> None:
    path = root / "configs" / file
    assert change[0] in path.read_text()
    path.write_text(path.read_text().replace(*change))
    done = crayfish("plan", "input-rate")
    assert done.code == 2
    assert f"{path}: line " in done.err
    assert said in done.err


def test_ones_own_file_is_reported_at_its_own_path(
    crayfish: Callable[..., Done], mine: str
) -> None:
    path = Path(mine)
    path.write_text(MINE.replace("{rate: 10}", "{rate: 10, tool_options: {treads: 1}}"))
    done = crayfish("plan", mine)
    assert f"{mine}: profiles.laptop.workloads.1 (10/s kafka): tool_options.treads" in done.err
    assert "did you mean threads?" in done.err
    done = crayfish("plan", mine, "--profile", "small")
    assert f"{mine}: profiles: has no 'small'" in done.err


def test_a_plan_says_what_a_trace_was_taken_for(
    crayfish: Callable[..., Done], tmp_path: Path
) -> None:
    path = tmp_path / "azure.csv"
    path.write_text(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2024-01-01 10:00:00.1234567,374,44\n2024-01-01 10:00:04.1234567,879,44\n"
    )
    done = crayfish("plan", "input-rate", "--trace", str(path))
    assert done.code == 0, done.err
    assert "column TIMESTAMP (dates), 2024-01-01 10:00:00.1234567 to" in done.out
    assert "2 records in 4 s, 0.5/s in the mean" in done.out


def test_a_plan_warns_of_more_cores_than_there_are(
    crayfish: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    done = crayfish("plan", "input-rate", "--profile", "large")
    assert done.code == 0
    assert "warning" in done.out
    assert "resources.worker.cpus: 32, but this machine has 2 cores" in done.out


def test_a_title_with_brackets_is_shown_as_it_is(crayfish: Callable[..., Done], mine: str) -> None:
    path = Path(mine)
    path.write_text(MINE.replace("{rate: 10}", '{rate: 10, title: "1.2x [burst] [/s]"}'))
    done = crayfish("plan", mine)
    assert done.code == 0, done.err
    assert "1.2x [burst] [/s]" in done.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("--rate", "1e9"), ("--rate", "nan"), ("--rate", "-5"), ("--trace-speed", "1e9"),
        ("--trace-speed", "-1"), ("--trace-speed", "0"), ("--trace-speed", "nan"),
        ("--trace-speed", "inf"), ("--seconds", "1e9"), ("--warmup", "-1"), ("--count", "0"),
        ("--reps", "100000"), ("--batch", "0"), ("--seed", "-1"), ("--parallelism", "99999"),
        ("--precision", "2"), ("--arrivals", "poison"), ("--runtime", "pythn"),
    ],
)  # fmt: skip
def test_an_absurd_value_is_refused_with_its_flag(
    crayfish: Callable[..., Done], arguments: tuple[str, str]
) -> None:
    done = crayfish("plan", "input-rate", "--trace-start", "first", *arguments)
    assert done.code == 2
    assert f"error: {arguments[0]} " in done.err
    assert "must be " in done.err
    assert "Input should" not in done.err
