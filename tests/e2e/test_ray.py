"""Ray in real containers: what is its own, beside what test_matrix asks of every processor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .conftest import reasons_of_its_own

if TYPE_CHECKING:
    from .conftest import Finished

pytestmark = pytest.mark.e2e


@pytest.mark.timeout(1600)
def test_actors_of_their_own_score_every_record_under_flood(matrix: Finished) -> None:
    (run,) = matrix.titled("ray apart")
    assert not reasons_of_its_own(run), run["verdict"]
    assert run["counts"]["ok"] == run["correctness"]["checked"] == 200000
    assert run["counts"]["lost"] == run["counts"]["failed"] == 0
    assert run["correctness"]["max_deviation"] <= 1e-5
    # Its own counter, over the middle of the drain, which must last for some scrapes; roughly.
    throughput = run["throughput"]
    assert throughput["processor_records_per_s"] == pytest.approx(
        throughput["capacity"]["records_per_s"], rel=0.5
    )


def test_the_scorer_alone_runs_in_its_image(matrix: Finished) -> None:
    (run,) = matrix.titled("ray raw")
    assert not reasons_of_its_own(run), run["verdict"]
    assert run["correctness"]["max_deviation"] <= 1e-5


def test_every_line_of_every_log_is_json(matrix: Finished) -> None:
    logs = sorted(matrix.folder.glob("*/logs/ray-*.log"))
    names = ("driver", "head", "worker", "worker-2")
    assert {log.name for log in logs} == {f"ray-{name}.log" for name in names}
    for log in logs:
        for line in log.read_text().splitlines():
            assert json.loads(line)["component"].startswith("ray-"), (log, line)
