"""A user's arrival times are read as they are, or refused with the row that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan.trace import copy_trace, read_trace, trace_arrivals, trace_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "text",
    ["0\n0.5\n2.25\n", "seconds\n0\n0.5\n2.25\n", "who,offset_s,n\na,0,7\nb,0.5,7\nc,2.25,7\n"],
)
def test_csv_with_and_without_a_header(tmp_path: Path, text: str) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(text)
    assert read_trace(path).tolist() == [0, 0.5, 2.25]


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "trace.parquet"
    pl.DataFrame({"name": ["a", "b"], "at": [1, 3]}).write_parquet(path)
    assert read_trace(path).tolist() == [1, 3]


def test_what_the_producer_gets(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("0\n1\n4\n")
    arrivals = trace_arrivals(str(path), speed=2)
    assert (arrivals.records, arrivals.seconds, arrivals.rate) == (3, 2, 1.5)
    folder = tmp_path / "points"
    folder.mkdir()
    copy_trace(str(path), folder)
    assert arrivals.path == f"/points/{trace_file(str(path))}"
    assert np.load(folder / trace_file(str(path))).tolist() == [0, 1, 4]


def test_two_files_of_one_name_are_two(tmp_path: Path) -> None:
    names = set()
    for name, text in (
        ("day.csv", "0\n1\n"),
        ("day.txt.csv", "0\n2\n"),
        ("other/day.csv", "0\n3\n"),
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        names.add(trace_arrivals(str(path), speed=1).path)
    assert len(names) == 3


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "0\n2\n1\n", "row 3: 1.0 is earlier than the one before"),
        ("t.csv", "-1\n2\n", "row 1: -1.0 is negative"),
        ("t.csv", "0.5\nNaN\n", "row 2: nan is no number"),
        ("t.csv", "0\n0\n", "all records are due at once"),
        ("t.csv", "offset_s\n", "no column of numbers|no arrival times"),
        ("t.csv", "", "cannot be read as a trace"),
        ("t.csv", "name\nx\n", "no column of numbers; it has name"),
        ("t.txt", "0\n", "a trace is .csv or .parquet"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(CrayfishError, match=message) as caught:
        read_trace(path)
    assert str(path) in caught.value.message


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CrayfishError, match="No such file"):
        read_trace(tmp_path / "nothing.csv")
