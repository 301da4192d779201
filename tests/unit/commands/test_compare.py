"""`crayfish compare` as it is typed: the table, the files, the exit code."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from crayfish_ctl.commands.compare import parse_share, register
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.results import write_model
from tests.unit.results.runs import result, saturating
from tests.unit.results.synthetic import manifest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crayfish_ctl.results import RunResult


def folder(path: Path, runs: Sequence[RunResult], kernel: str = "6.1.0") -> str:
    """A results folder with these runs."""
    for number, run in enumerate(runs):
        (path / str(number)).mkdir(parents=True)
        write_model(path / str(number) / "run.json", run)
    host = manifest().host.model_copy(update={"kernel": kernel})
    write_model(path / "manifest.json", manifest().model_copy(update={"host": host}))
    return str(path)


def compare(*arguments: str) -> Any:
    """What typer's runner says of a call."""
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return CliRunner().invoke(app, ["compare", *arguments])


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    """A base, an equal one and one of half the capacity."""
    return [
        folder(tmp_path / "base", saturating([1000, 1010, 990])),
        folder(tmp_path / "same", saturating([1005, 1015, 995]), kernel="6.2.0"),
        folder(tmp_path / "half", [*saturating([500, 505, 490]), result(1.0)]),
    ]


def test_equal_results_end_well(folders: list[str]) -> None:
    done = compare(folders[0], folders[1])

    assert done.exit_code == ExitCode.OK, done.output
    assert "within 5 %" in done.output
    assert "differs: kernel: 6.1.0 -> 6.2.0" in done.output
    assert "0 regressions: significantly worse by more than 5 %" in done.output
    assert "0 undecided" in done.output


def test_a_regression_is_an_exit_code(folders: list[str]) -> None:
    done = compare(*folders)

    assert done.exit_code == ExitCode.REGRESSION
    (line,) = [line for line in done.output.splitlines() if "worse" in line and "onnx" in line]
    assert "-50." in line
    assert "flink python onnx @ max" in line
    assert "not in the base: flink python onnx @ 500/s" in done.output
    assert "1 regression:" in done.output


def test_a_regression_is_one_whatever_is_undecided(folders: list[str]) -> None:
    done = compare(folders[0], folders[2], "--undecided", "pass")
    assert done.exit_code == ExitCode.REGRESSION


def test_a_threshold_may_allow_it(folders: list[str]) -> None:
    assert compare(folders[0], folders[2], "--threshold", "60%").exit_code == ExitCode.OK


def test_one_run_says_that_it_has_no_interval(tmp_path: Path) -> None:
    paths = [folder(tmp_path / name, saturating([1000])) for name in ("a", "b")]
    done = compare(*paths)

    assert done.exit_code == ExitCode.UNDECIDED
    assert "one run: none" in done.output
    assert "undecided: try 3 runs each" in done.output
    assert compare(*paths, "--undecided", "pass").exit_code == ExitCode.OK


def test_the_table_is_written_as_csv(folders: list[str], tmp_path: Path) -> None:
    compare(*folders, "--out", str(tmp_path / "out.csv"))

    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert [(row["other"], row["verdict"]) for row in rows] == [
        ("same", "within"),
        ("half", "worse"),
    ]
    assert float(rows[1]["change"]) == pytest.approx(-0.5, abs=0.01)
    assert float(rows[1]["change_low"]) < -0.5 < float(rows[1]["change_high"]) < 0
    assert rows[1]["base_runs"] == "3"


def test_everything_is_written_as_json(folders: list[str], tmp_path: Path) -> None:
    compare(*folders, "--out", str(tmp_path / "out.json"))

    document = json.loads((tmp_path / "out.json").read_text())
    assert [row["regression"] for row in document["comparisons"]] == [False, True]
    assert document["differences"] == [{"other": "same", "text": "kernel: 6.1.0 -> 6.2.0"}]
    assert [entry["why"] for entry in document["unmatched"]] == ["not in the base"]


def test_another_format_is_refused_before_anything_is_read(folders: list[str]) -> None:
    done = compare(folders[0], "nowhere", "--out", "table.xlsx")

    assert isinstance(done.exception, CrayfishError)
    assert "--out table.xlsx" in str(done.exception)


@pytest.mark.parametrize(("text", "share"), [("5%", 0.05), ("5 %", 0.05), ("0.1", 0.1), ("0", 0)])
def test_a_share_is_written_in_either_way(text: str, share: float) -> None:
    assert parse_share(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["5", "x", "-1%", "5%x", "nan", ""])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(CrayfishError, match="--threshold"):
        parse_share(text)
