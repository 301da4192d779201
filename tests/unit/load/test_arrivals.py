from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crayfish_contract.runconfig import (
    Arrivals,
    BurstyArrivals,
    ConstantArrivals,
    MaxArrivals,
    PoissonArrivals,
    RampArrivals,
    StopRule,
    TraceArrivals,
)
from crayfish_load.arrivals import Share, arrival_process

RATES = st.floats(0.01, 1e6)


@given(RATES, st.integers(0, 50_000_000))
def test_constant_does_not_drift(rate: float, index: int) -> None:
    offset = arrival_process(ConstantArrivals(rate=rate)).offsets_ns(index, 1)[0]
    exact = Fraction(index) * 1_000_000_000 / Fraction(rate)
    # Half a nanosecond of rounding, and the last bit of a float64.
    assert abs(offset - exact) <= Fraction(1, 2) + 2 * exact / 2**52


@given(RATES, st.integers(0, 1_000_000), st.integers(1, 500), st.integers(1, 500))
def test_chunks_are_one_schedule(rate: float, first: int, one: int, two: int) -> None:
    process = arrival_process(ConstantArrivals(rate=rate))
    chunks = [process.offsets_ns(first, one), process.offsets_ns(first + one, two)]
    whole = process.offsets_ns(first, one + two)
    assert np.array_equal(np.concatenate(chunks), whole)
    assert (np.diff(whole) >= 0).all()


@pytest.mark.parametrize(
    ("rate", "seconds", "count", "expected"),
    [
        (30_000, 60, None, 1_800_000),
        (1, 1, None, 1),
        (0.5, 10, None, 5),
        (256, 0.1, None, 26),
        (100, 1, 30, 30),
        (100, 1, 300, 100),
        (100, None, 300, 300),
    ],
)
def test_constant_counts_what_is_due(
    rate: float, seconds: float | None, count: int | None, expected: int
) -> None:
    stop = StopRule(seconds=seconds, count=count)
    assert arrival_process(ConstantArrivals(rate=rate)).count(stop) == expected


def test_max_has_no_schedule() -> None:
    process = arrival_process(MaxArrivals())
    assert not process.paced
    assert process.count(StopRule(seconds=10)) is None
    assert process.count(StopRule(count=7)) == 7
    assert process.offsets_ns(5, 3).tolist() == [0, 0, 0]


PACED = st.one_of(
    st.builds(PoissonArrivals, rate=st.floats(0.1, 1e5), seed=st.integers(0, 9)),
    st.builds(
        BurstyArrivals,
        base_rate=st.floats(0.1, 1e4),
        burst_rate=st.floats(0.1, 1e4),
        base_seconds=st.floats(0.1, 100),
        burst_seconds=st.floats(0.1, 100),
    ),
    st.builds(
        RampArrivals,
        start_rate=st.floats(0.1, 1e4),
        end_rate=st.floats(0.1, 1e4),
        seconds=st.floats(0.1, 100),
    ),
)


@given(PACED, st.integers(0, 100_000), st.integers(1, 20_000), st.integers(1, 20_000))
@settings(deadline=None)
def test_any_range_of_any_process_is_a_part_of_one_ascending_schedule(
    arrivals: Arrivals, first: int, one: int, two: int
) -> None:
    process = arrival_process(arrivals)
    whole = process.offsets_ns(first, one + two)
    later = process.offsets_ns(first + one, two)
    assert np.array_equal(whole[one:], later)
    assert np.array_equal(whole[:one], arrival_process(arrivals).offsets_ns(first, one))
    assert (np.diff(whole) >= 0).all()
    assert whole[0] >= 0


@given(PACED, st.floats(0.01, 50))
@settings(deadline=None)
def test_what_is_counted_is_what_is_due(arrivals: Arrivals, seconds: float) -> None:
    process = arrival_process(arrivals)
    count = process.count(StopRule(seconds=seconds))
    assert count is not None
    last, following = process.offsets_ns(max(count - 1, 0), 2)
    # At the border a millionth of a record decides.
    slack = 1e9 * 1e-5 / 0.1
    if count:
        assert last <= seconds * 1e9 + slack
    assert following >= seconds * 1e9 - slack or count == 0
    assert process.count(StopRule(seconds=seconds, count=3)) == min(count, 3)


def test_a_burst_begins_and_ends_when_it_should() -> None:
    process = arrival_process(
        BurstyArrivals(base_rate=100, burst_rate=400, base_seconds=3, burst_seconds=1)
    )
    at = process.offsets_ns(0, 1400) / 1e9
    for period in (0.0, 4.0):
        base = at[(at >= period) & (at < period + 3)]
        burst = at[(at >= period + 3) & (at < period + 4)]
        assert (len(base), len(burst)) == (300, 400)
        assert np.allclose(np.diff(base), 0.01)
        assert np.allclose(np.diff(burst), 0.0025)
    assert process.count(StopRule(seconds=8)) == 1400


def test_a_ramp_is_a_straight_line_and_then_level() -> None:
    process = arrival_process(RampArrivals(start_rate=10, end_rate=110, seconds=10))
    assert process.count(StopRule(seconds=10)) == 600
    # Records before time t: 10 t + 5 t^2.
    at = process.offsets_ns(0, 700) / 1e9
    index = np.arange(600)
    assert np.allclose(10 * at[:600] + 5 * at[:600] ** 2, index, atol=1e-5)
    assert np.allclose(np.diff(at[601:]), 1 / 110)


def test_poisson_gaps_are_exponential_and_independent() -> None:
    process = arrival_process(PoissonArrivals(rate=1000, seed=4))
    gaps = np.diff(process.offsets_ns(0, 60_000)) / 1e9
    assert stats.kstest(gaps, stats.expon(scale=1e-3).cdf).pvalue > 0.01
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 0.02
    # Over the border of two blocks as anywhere else.
    assert gaps[1 << 14] > 0
    other = arrival_process(PoissonArrivals(rate=1000, seed=5)).offsets_ns(0, 10)
    assert not np.array_equal(other, process.offsets_ns(0, 10))


def test_a_trace_is_replayed_at_its_speed(tmp_path: Path) -> None:
    path = tmp_path / "trace.npy"
    np.save(path, np.array([0.0, 0.5, 0.5, 2.0, 3.0]))
    process = arrival_process(TraceArrivals(path=str(path), records=5, seconds=1.5, speed=2))
    assert process.offsets_ns(0, 5).tolist() == [0, 250_000_000, 250_000_000, 10**9, 1.5 * 10**9]
    assert process.offsets_ns(3, 2).tolist() == [10**9, 1.5 * 10**9]
    assert process.count(StopRule(count=100)) == 5
    assert process.count(StopRule(seconds=1)) == 3
    assert process.count(StopRule(seconds=9, count=2)) == 2


@pytest.mark.parametrize(
    "arrivals",
    [
        ConstantArrivals(rate=1000),
        PoissonArrivals(rate=1000, seed=3),
        RampArrivals(start_rate=10, end_rate=2000, seconds=2),
    ],
)
@given(st.integers(1, 5), st.integers(1, 400), st.integers(1, 100))
def test_shares_together_are_the_schedule(
    arrivals: Arrivals, of: int, total: int, chunk: int
) -> None:
    whole, rule = arrival_process(arrivals), StopRule(count=total)
    found = np.full(total, -1)
    for number in range(of):
        share = Share(whole, number, of)
        count = share.count(rule)
        assert count is not None
        parts = [
            share.offsets_ns(first, min(chunk, count - first)) for first in range(0, count, chunk)
        ]
        found[number::of] = np.concatenate(parts) if parts else []
    assert np.array_equal(found, whole.offsets_ns(0, total))


def test_a_share_of_what_only_the_clock_ends() -> None:
    share = Share(arrival_process(MaxArrivals()), 1, 2)
    assert not share.paced
    assert share.count(StopRule(seconds=1)) is None
    assert share.count(StopRule(count=5)) == 2
