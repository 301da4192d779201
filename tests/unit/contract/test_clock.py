import time

import pytest

from crayfish_contract.clock import clock_offset_ns


def test_it_stays_while_nobody_sets_the_clock() -> None:
    assert abs(clock_offset_ns() - clock_offset_ns()) < 1_000_000


def test_a_step_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    real, before = time.time_ns, clock_offset_ns()
    monkeypatch.setattr(time, "time_ns", lambda: real() + 7_000_000)
    assert clock_offset_ns() - before == pytest.approx(7_000_000, abs=1_000_000)


def test_the_least_interrupted_reading_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0, 900, 1000, 1010, *range(2000, 8000, 900)])
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(ticks))
    monkeypatch.setattr(time, "time_ns", lambda: 50_000)
    assert clock_offset_ns() == 50_000 - 1005
