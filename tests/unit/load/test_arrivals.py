from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crayfish_contract.runconfig import ConstantArrivals, MaxArrivals, StopRule
from crayfish_load.arrivals import arrival_process

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
