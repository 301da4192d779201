"""Drifts that are there are found, and noise is not taken for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from crayfish_contract.runconfig import RampArrivals
from crayfish_ctl.analysis import collect_run
from crayfish_ctl.analysis.steady import BLOCKS, completion_blocks, judge_blocks
from tests.unit.results.synthetic import REFERENCE, S, Scenario, write_run

if TYPE_CHECKING:
    from pathlib import Path


def run(tmp_path: Path, **changes: Any) -> Any:
    scenario = Scenario(**changes)
    return collect_run(write_run(tmp_path, scenario), scenario.spec(), REFERENCE)


def test_a_rise_is_measured_relative_to_the_median() -> None:
    found = judge_blocks(np.linspace(8.0, 12.0, BLOCKS))

    assert found is not None
    assert not found.steady
    # 4/19 from block to block, 20 blocks, median 10
    assert found.change == pytest.approx(4 / 19 * 20 / 10)
    assert found.p_value < 1e-9


def test_a_rise_that_does_not_matter_is_steady() -> None:
    found = judge_blocks(np.linspace(10.0, 10.9, BLOCKS))

    assert found is not None
    assert found.steady
    assert found.p_value < 1e-9


def test_one_outlier_does_not_make_a_trend() -> None:
    blocks = np.full(BLOCKS, 10.0)
    blocks[-1] = 1000.0

    found = judge_blocks(blocks)

    assert found is not None
    assert found.steady
    assert found.change == 0


def test_noise_is_seldom_taken_for_a_drift() -> None:
    random = np.random.default_rng(5)
    found = [judge_blocks(random.gamma(4.0, 1.0, BLOCKS)) for _ in range(300)]

    assert sum(not steady.steady for steady in found if steady is not None) <= 9


def test_equal_blocks_are_steady() -> None:
    found = judge_blocks(np.full(BLOCKS, 3.0))

    assert found is not None
    assert (found.steady, found.p_value, found.change) == (True, 1.0, 0.0)
    assert judge_blocks(np.zeros(BLOCKS)) is None


def test_the_producers_leaving_is_no_drift() -> None:
    slow = np.arange(0, 8 * S, S // 1000)
    fast = np.arange(8 * S, 12 * S, S // 3000)
    times = np.concatenate([slow, fast])

    blocks = completion_blocks(times, 8 * S)

    assert blocks is not None
    assert judge_blocks(blocks).steady  # type: ignore[union-attr]
    mixed = completion_blocks(times, 0)
    assert mixed is not None
    assert not judge_blocks(mixed).steady  # type: ignore[union-attr]


def test_a_latency_that_drifts_is_noted(tmp_path: Path) -> None:
    found = run(tmp_path, pause=(0.0, 2.2), seconds=4.4)

    assert not found.steady.steady
    assert found.steady.change < -0.1
    (note,) = found.verdict.notes
    assert note.code == "UNSTEADY"
    assert "the latency drifted by -" in note.message


def test_a_steady_run_says_so(tmp_path: Path) -> None:
    found = run(tmp_path, jitter_ms=0.3, seconds=4.0)

    assert found.steady.steady
    assert not found.verdict.notes


def test_a_saturating_run_is_judged_by_its_results(tmp_path: Path) -> None:
    found = run(tmp_path, rate=None, goal="saturate", seconds=3.0, service_ms=0.5)

    assert found.steady.steady
    assert found.steady.change == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(
    "changes",
    [
        {"goal": "overload"},
        {"arrivals": RampArrivals(start_rate=50, end_rate=500, seconds=4)},
        {"rate": 20.0},
    ],
)
def test_what_has_no_steady_state_is_not_judged(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert run(tmp_path, seconds=4.0, **changes).steady is None
