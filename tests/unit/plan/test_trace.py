"""Recorded arrivals are read for what they are, or refused with file, column and row."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.catalog.experiment import TraceEntry
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import Plan, choices, make_plan, scheduled_records, trace_lines
from crayfish_ctl.plan.estimate import measured_seconds
from crayfish_ctl.plan.trace import Trace, copy_traces, resolve, resolve_traces, trace_name
from crayfish_ctl.plan.trace.choose import read_times

if TYPE_CHECKING:
    from crayfish_ctl.plan.trace.times import Times

CATALOG = load_catalog(Path(__file__).parents[3])


def resolved(path: Path, copies: Path | None = None, **asked: Any) -> Trace:
    entry = TraceEntry.model_validate({"kind": "trace", "path": str(path), **asked})
    return resolve_traces([entry], copies)[trace_name(entry)]


def of_text(tmp_path: Path, text: str, **asked: Any) -> Trace:
    path = tmp_path / "t.csv"
    path.write_text(text)
    return resolved(path, **asked)


def planned(path: Path, **changes: Any) -> Plan:
    return make_plan(CATALOG, choices(experiment="input-rate", trace=str(path), **changes))


@pytest.mark.parametrize(
    ("text", "column", "unit"),
    [
        ("0\n0.5\n2.25\n", "1", "seconds"),
        ("seconds\n0\n0.5\n2.25\n", "seconds", "seconds"),
        ("who,offset_s,n\na,0,7\nb,0.5,7\nc,2.25,7\n", "offset_s", "seconds"),
        ("offset_ms\n0\n500\n2250\n", "offset_ms", "ms"),
        ("arrival_us\n0\n500000\n2250000\n", "arrival_us", "us"),
        ("t_ns\n0\n500000000\n2250000000\n", "t_ns", "ns"),
        ("Offset (ms)\n0\n500\n2250\n", "Offset (ms)", "ms"),
        ("arrival_s\n5160.00\n5160.5\n5162.25\n", "arrival_s", "seconds"),
        ("ts\n1700000000.0\n1700000000.5\n1700000002.25\n", "ts", "Unix times in seconds"),
        ("ts\n1700000000000\n1700000000500\n1700000002250\n", "ts", "Unix times in ms"),
        ("ts\n1700000000000000\n1700000000500000\n1700000002250000\n", "ts", "Unix times in us"),
        (
            "ts\n1700000000000000001\n1700000000500000001\n1700000002250000001\n",
            "ts",
            "Unix times in ns",
        ),
        (
            ("TIMESTAMP,ContextTokens,GeneratedTokens\n2024-01-01 10:00:00.0000000,374,44\n"
            "2024-01-01 10:00:00.5000000,12,9\n2024-01-01 10:00:02.2500000,879,1\n"),
            "TIMESTAMP",
            "dates",
        ),
        (
            "at\n2024-01-01T10:00:00Z\n2024-01-01T10:00:00.5Z\n2024-01-01T10:00:02.25Z\n",
            "at",
            "dates",
        ),
        (
            ("at\n2024-01-01 10:00:00+02:00\n2024-01-01 08:00:00.5+00:00\n"
            "2024-01-01 10:00:02.25+0200\n"),
            "at",
            "dates",
        ),
        ("2024-01-01 10:00\n2024-01-01 10:00:00.5\n2024-01-01 10:00:02.25\n", "1", "dates"),
        ("offset_s;n\n0,0;1\n0,5;2\n2,25;3\n", "offset_s", "seconds"),
        ("offset_s\tn\n0.0\t1\n0.5\t2\n2.25\t3\n", "offset_s", "seconds"),
        ("\ufeffoffset_s\r\n0\r\n0.5\r\n2.25\r\n", "offset_s", "seconds"),
    ],
)  # fmt: skip
def test_offsets_unix_times_and_dates(tmp_path: Path, text: str, column: str, unit: str) -> None:
    trace = of_text(tmp_path, text)
    assert trace.offsets.tolist() == pytest.approx([0, 0.5, 2.25], abs=1e-6)
    assert (trace.facts.column, trace.facts.unit) == (column, unit)
    assert trace.facts.records == 3


def test_whole_numbers_first_and_decimals_later(tmp_path: Path) -> None:
    text = "offset_s\n" + "".join(f"{i}\n" for i in range(150)) + "150.5\n"
    assert of_text(tmp_path, text).facts.records == 151


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "trace.parquet"
    pl.DataFrame({"name": ["a", "b"], "at": [1, 3]}).write_parquet(path)
    assert resolved(path).offsets.tolist() == [0, 2]
    assert resolved(path, start="file").offsets.tolist() == [1, 3]
    moments = [dt.datetime(2024, 1, 1, 10), dt.datetime(2024, 1, 1, 10, 0, 4)]  # noqa: DTZ001
    pl.DataFrame({"ts": moments, "size": [700, 3]}).write_parquet(path)
    assert resolved(path).offsets.tolist() == [0, 4]
    zoned = pl.DataFrame({"ts": moments}).with_columns(pl.col("ts").dt.replace_time_zone("UTC"))
    zoned.write_parquet(path)
    assert resolved(path).offsets.tolist() == [0, 4]


def test_none_of_two_candidates_is_taken_in_silence(tmp_path: Path) -> None:
    text = "app,func,end_timestamp,duration\na,b,1.5,2\na,b,2.5,2\na,c,3.5,1\n"
    with pytest.raises(CrayfishError, match="columns end_timestamp, duration: each could") as said:
        of_text(tmp_path, text)
    assert "--trace-column" in (said.value.hint or "")
    assert of_text(tmp_path, text, column="end_timestamp").offsets.tolist() == [0, 1, 2]
    with pytest.raises(CrayfishError, match="no column 'end_time'; did you mean end_timestamp"):
        of_text(tmp_path, text, column="end_time")


def test_an_unsorted_trace_says_where_and_is_sorted_only_if_asked(tmp_path: Path) -> None:
    text = "offset_s\n1\n5241.6\n5219.5\n6000\n"
    with pytest.raises(CrayfishError, match="column offset_s: row 3: is earlier") as said:
        of_text(tmp_path, text)
    assert "--trace-sort" in (said.value.hint or "")
    trace = of_text(tmp_path, text, sort=True)
    assert trace.offsets.tolist() == [0, 5218.5, 5240.6, 5999]
    assert trace.facts.sorted_here


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "-1\n2\n", "row 1: -1 is negative"),
        ("t.csv", "0.5\nNaN\n", "row 2: column 1: 'NaN' is none of its seconds"),
        ("t.csv", "offset_s\n0.5\n\n2\n", "line 3: column offset_s: is empty"),
        ("t.csv", "offset_s\n0.5\nx\n2\n", "line 3: column offset_s: 'x' is none"),
        ("t.csv", "0\n0\n", "all records are due at once"),
        ("t.csv", "offset_s\n", "no arrival times"),
        ("t.csv", "who,what\n", "no arrival times in it: a header and no rows"),
        ("t.csv", "", "is empty"),
        ("t.csv", "name\nx\n", "no column of numbers or dates; it has name"),
        ("t.csv", "arrival_s\nx\ny\n", "column arrival_s: holds neither numbers nor dates"),
        ("t.csv", "arrival_s\n2024-01-01 10:00:00\n5.5\n", "column arrival_s: '5.5' is none of"),
        ("t.csv", "0,5\n1,5\n", "row 1: 0,5: several columns or a number with a decimal comma"),
        ("t.csv", "offset_s\n0,5\n1,5\n", "line 2: has 2 fields, the first line has 1"),
        ("t.csv", "at\n2024-13-99 10:00:00\n", "column at: '2024-13-99 10:00:00' is none of"),
        ("t.txt", "0\n", "a trace is .csv or .parquet"),
        ("t.parquet", "0\n", "cannot be read as a .parquet file"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(CrayfishError) as caught:
        resolved(path)
    assert message in caught.value.message
    assert str(path) in caught.value.message
    assert "infer_schema" not in caught.value.message


def test_a_missing_file_and_one_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(CrayfishError, match="No such file"):
        resolved(tmp_path / "nothing.csv")
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(CrayfishError, match="not UTF-8 text"):
        resolved(tmp_path / "x.csv")


def test_dates_have_no_zero_to_start_from(tmp_path: Path) -> None:
    with pytest.raises(CrayfishError, match="Unix times in seconds have no zero"):
        of_text(tmp_path, "ts\n1700000000\n1700000001\n", start="file")


def test_what_the_producer_gets(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("0\n1\n4\n")
    trace = resolved(path, speed=2)
    arrivals = trace.arrivals(speed=2)
    assert (arrivals.records, arrivals.seconds, arrivals.rate) == (3, 2, 1.5)
    copy_traces({trace.name: trace}, tmp_path)
    assert arrivals.path == f"/points/{trace.name}"
    assert np.load(tmp_path / trace.name).tolist() == [0, 1, 4]


def test_two_files_of_one_name_and_two_readings_of_one_are_apart(tmp_path: Path) -> None:
    names = set()
    for name in ("day.csv", "day.txt.csv", "other/day.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("offset_s,t\n0,0\n1,2\n")
        names |= {resolved(path).name, resolved(path, column="t").name}
    assert len(names) == 6


def test_what_has_a_copy_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("offset_s\n0\n1\n4\n")
    first = resolved(path)
    copies = tmp_path / "points"
    copies.mkdir()
    copy_traces({first.name: first}, copies)
    path.write_text("offset_s\n0\n2\n")
    again = resolved(path, copies)
    assert again.facts == first.facts
    assert again.offsets.tolist() == [0, 1, 4]
    path.unlink()
    assert resolved(path, copies).facts == first.facts


def test_a_file_is_read_once_for_a_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("offset_s\n0\n1\n4\n")
    calls: list[Path] = []

    def counted(path: Path, column: str | None, flag: str) -> tuple[str, Times]:
        calls.append(path)
        return read_times(path, column, flag)

    monkeypatch.setattr(resolve, "read_times", counted)
    assert len(planned(path, repetitions=3).runs) == 3
    assert len(calls) == 1


def test_the_plan_says_what_it_took_and_how_much_falls_into_the_window(tmp_path: Path) -> None:
    path = tmp_path / "burst.csv"
    quiet = [30 * i for i in range(120)]
    busy = [3600 + i / 3 for i in range(3000)]
    rows = "".join(f"{at},{n},x\n" for n, at in enumerate([*quiet, *busy]))
    path.write_text("Timestamp,Session ID,Model\n" + rows)
    plan = planned(path, seconds=60.0, repetitions=1)
    (run,) = plan.runs
    assert scheduled_records(run)[1] == 2
    assert measured_seconds(run) == 60
    (line,) = trace_lines(plan)
    assert "column Timestamp (seconds), 0 to 4599.66" in line
    assert "3,120 records" in line
    assert "0.6783/s in the mean; the run replays 2 of them in 60 s, 0.03333/s" in line


def test_no_record_in_the_window_is_a_message(tmp_path: Path) -> None:
    path = tmp_path / "far.csv"
    path.write_text("arrival_s\n" + "".join(f"{5160 + i / 100}\n" for i in range(500)))
    assert scheduled_records(planned(path, seconds=2.0).runs[0])[1] == 200
    with pytest.raises(
        CrayfishError, match="no record is due in the first 2 s: the first comes at"
    ):
        planned(path, seconds=2.0, trace_start="file")


@pytest.mark.parametrize("speed", [1e9, -1.0, 0.0, float("nan"), float("inf")])
def test_an_absurd_speed_is_refused_with_its_flag(tmp_path: Path, speed: float) -> None:
    with pytest.raises(CrayfishError, match=r"^--trace-speed .*must be a factor from 0\.0001"):
        planned(tmp_path / "x.csv", trace_speed=speed)


def test_a_speed_that_makes_too_much_or_too_long_of_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "dense.csv"
    path.write_text("offset_s\n" + "".join(f"{i / 1e5}\n" for i in range(1000)))
    with pytest.raises(CrayfishError, match=r"1e\+09/s, and at most 10,000,000/s"):
        planned(path, trace_speed=1e4)
    path.write_text("arrival_s\n0\n1000000\n")
    with pytest.raises(CrayfishError, match="lasts 12 days at speed 1, a run at most 7") as said:
        planned(path)
    assert "is the unit right?" in (said.value.hint or "")
