from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from crayfish_contract.arrays import RECEIVED, SENT
from crayfish_contract.codec import Segment, Status
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.results import COLUMNS, RecordStatus, read_joined, write_records, write_text
from crayfish_ctl.results.records import read_rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Four measured records (ok twice, failed, refused, no result) and a warm-up record."""
    sent = np.zeros(5, SENT)
    sent["id"] = [0, 1, 2, 3, 4]
    sent["segment"] = [Segment.WARMUP, *[Segment.MEASURED] * 4]
    sent["intended_ns"] = [10, 20, 30, 40, 50]
    sent["sent_ns"] = sent["intended_ns"] + 1
    sent["in_append_ms"] = [1, 1, 1, -1, 2]
    sent["delivery_error"] = [0, 0, 0, -192, 0]
    received = np.zeros(5, RECEIVED)
    received["id"] = [99, 0, 1, 2, 1]
    received["segment"] = [Segment.CANARY, Segment.WARMUP, *[Segment.MEASURED] * 3]
    received["status"] = [Status.OK, Status.OK, Status.OK, Status.FAILED, Status.OK]
    received["consumed_ns"] = [5, 15, 25, 35, 45]
    received["batch"] = 3
    received["prediction"] = [0, 7, 8, -1, 9]
    received["correct"] = [0, 1, 1, -1, 1]
    received["deviation"] = [0, 0, 0.25, np.nan, 0.5]
    sent.tofile(tmp_path / "producer.records.bin")
    received.tofile(tmp_path / "consumer.records.bin")
    return tmp_path


def by_id(records: pl.DataFrame, id_: int) -> dict[str, Any]:
    return records.filter(pl.col("id") == id_).row(0, named=True)


def test_every_id_has_one_row_and_the_published_columns(out: Path) -> None:
    records = read_joined(out, batch=3, missing=RecordStatus.LOST)

    assert records.schema == pl.Schema(COLUMNS)
    assert records["id"].to_list() == [0, 1, 2, 3, 4]
    assert records["segment"].to_list() == ["warmup", *["measured"] * 4]
    assert records["status"].to_list() == ["ok", "ok", "failed", "undelivered", "lost"]


def test_the_first_result_of_an_id_counts_and_the_others_are_counted(out: Path) -> None:
    record = by_id(read_joined(out, batch=3, missing=RecordStatus.LOST), 1)

    assert (record["consumed_ns"], record["prediction"], record["deviation"]) == (25, 8, 0.25)
    assert record["duplicates"] == 1


def test_placeholders_become_nulls(out: Path) -> None:
    records = read_joined(out, batch=3, missing=RecordStatus.LOST)

    failed, refused, lost = (by_id(records, id_) for id_ in (2, 3, 4))
    assert failed["prediction"] is failed["correct"] is failed["deviation"] is None
    assert refused["in_append_ms"] is None
    assert lost["consumed_ns"] is lost["received_ns"] is None
    assert failed["reason"] is refused["reason"] is lost["reason"] is None
    assert (lost["batch"], lost["duplicates"], lost["intended_ns"]) == (3, 0, 50)


def test_a_missing_result_of_a_run_cut_short_is_unfinished(out: Path) -> None:
    records = read_joined(out, batch=3, missing=RecordStatus.UNFINISHED)

    assert by_id(records, 4)["status"] == "unfinished"
    assert by_id(records, 3)["status"] == "undelivered"


def test_a_result_whose_sending_was_not_written_down_is_kept(out: Path) -> None:
    (out / "producer.records.bin").unlink()

    records = read_joined(out, batch=3, missing=RecordStatus.LOST)

    assert sorted(records["id"]) == [0, 1, 2]


def test_a_row_cut_off_by_a_kill_is_dropped(out: Path) -> None:
    path = out / "producer.records.bin"
    path.write_bytes(path.read_bytes()[:-7])

    assert read_rows(path, SENT)["id"].to_list() == [0, 1, 2, 3]


def test_the_parquet_file_reads_back_and_is_compressed(out: Path) -> None:
    records = read_joined(out, batch=3, missing=RecordStatus.LOST)

    write_records(out, records)

    assert pl.read_parquet(out / "records.parquet").equals(records)


def test_no_space_is_an_error_of_the_host_and_leaves_no_half_file(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = read_joined(out, batch=3, missing=RecordStatus.LOST)

    def full(*args: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    before = sorted(path.name for path in out.iterdir())

    with pytest.raises(CrayfishError, match="No space left") as caught:
        write_records(out, records)

    assert caught.value.exit_code is ExitCode.HOST
    assert sorted(path.name for path in out.iterdir()) == before


def test_a_failed_write_keeps_the_file_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    write_text(path, "old")
    monkeypatch.setattr("os.fsync", lambda file: (_ for _ in ()).throw(OSError(28, "full")))

    with pytest.raises(CrayfishError):
        write_text(path, "new")

    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]
