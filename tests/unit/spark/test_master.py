"""The driver asks the master for cores, through refusals and until a deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crayfish_spark import master
from tests.unit.spark.conftest import worker

if TYPE_CHECKING:
    from tests.unit.spark.conftest import Master


def test_cores_are_waited_for(spark_master: Master) -> None:
    """An earlier application still holds them; then they are free."""
    spark_master.will_answer([], [worker(2, 2)], [worker(2, 0)])
    master.wait_for_cores(2, deadline_s=5)
    assert spark_master.asked == ["/json/"] * 3


def test_the_cores_of_all_workers_count(spark_master: Master) -> None:
    spark_master.will_answer([worker(2, 1), worker(2, 0)])
    master.wait_for_cores(3, deadline_s=5)


def test_a_dead_worker_has_no_cores(spark_master: Master) -> None:
    spark_master.will_answer([worker(4, 0, "DEAD"), worker(1, 0)])
    with pytest.raises(master.MasterError, match=r"needs 2 cores; .*: 1 free of 1"):
        master.wait_for_cores(2, deadline_s=0.05)


def test_a_refusal_is_asked_again(spark_master: Master) -> None:
    spark_master.will_answer([worker(1, 0)])
    spark_master.answers.insert(0, (503, b"{}"))
    spark_master.answers.insert(0, (200, b"<html>"))
    master.wait_for_cores(1, deadline_s=5)
    assert len(spark_master.asked) == 3


def test_no_master_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(master, "MASTER_HOST", "127.0.0.1")
    monkeypatch.setattr(master, "PAGE_PORT", 1)
    monkeypatch.setattr(master, "_POLL_S", 0.001)
    with pytest.raises(master.MasterError, match="refused"):
        master.wait_for_cores(1, deadline_s=0.05)
