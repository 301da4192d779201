import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crayfish_consumer.tally import Drain, Tally
from crayfish_contract.arrays import RECEIVED
from crayfish_contract.codec import Segment, Status


def rows(*ids: int, segment: Segment = Segment.MEASURED, status: Status = Status.OK) -> np.ndarray:
    made = np.zeros(len(ids), dtype=RECEIVED)
    made["id"], made["segment"], made["status"] = ids, segment, status
    return made


def test_ids_count_once() -> None:
    tally = Tally()
    assert tally.add(rows(0, 1, 2, 0, segment=Segment.WARMUP)) == 3
    assert tally.add(rows(3, 200_000, 3)) == 2
    assert tally.add(rows(2, segment=Segment.WARMUP)) == 0
    assert tally.add(rows(3, 199_999, status=Status.FAILED)) == 1
    assert tally.unique == {Segment.WARMUP: 3, Segment.MEASURED: 3}
    assert tally.unique_total == 6
    assert (tally.received, tally.duplicates, tally.failed) == (10, 4, 2)


def test_a_broken_id_costs_a_page_and_not_gigabytes() -> None:
    tally = Tally()
    tracemalloc.start()
    assert tally.add(rows(0, 1 << 16, (1 << 32) - 1)) == 3
    assert tally.add(rows((1 << 32) - 1, 1)) == 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000
    assert tally.duplicates == 1


@given(st.lists(st.lists(st.integers(0, 1 << 18), min_size=1), max_size=5))
def test_it_counts_as_a_set_does(batches: list[list[int]]) -> None:
    tally, seen = Tally(), set[int]()
    for ids in batches:
        assert tally.add(rows(*ids)) == len(set(ids) - seen)
        seen.update(ids)
    assert tally.unique_total == len(seen)


@pytest.fixture
def drain() -> Drain:
    return Drain(idle_s=15, total_s=60, silence_s=200, last_progress=1000)


def test_all_are_back(drain: Drain) -> None:
    assert drain.ended(10, 1001) is None  # nobody has said how many there are
    drain.finish(10, 1001)
    assert drain.ended(9, 1001) is None
    assert drain.ended(10, 1001) == "all"


def test_all_of_none(drain: Drain) -> None:
    drain.finish(0, 1001)
    assert drain.ended(0, 1001) == "all"


def test_duplicates_are_listened_for_after_the_last_id(drain: Drain) -> None:
    drain.listen_s = 10
    drain.finish(10, 1001)
    assert drain.ended(9, 1002) is None
    assert drain.ended(10, 1005) is None
    drain.last_progress = 1014  # a duplicate does not begin it anew
    assert drain.ended(10, 1014.9) is None
    assert drain.ended(10, 1015) == "all"


def test_idle_counts_from_the_last_result(drain: Drain) -> None:
    drain.finish(10, 1100)
    assert drain.ended(1, 1114.9) is None
    drain.last_progress = 1114.9
    assert drain.ended(2, 1129.8) is None
    assert drain.ended(2, 1130) == "idle"


def test_a_slow_model_is_waited_for(drain: Drain) -> None:
    drain.allow_for(0.001)
    assert drain.idle_s == 15
    drain.allow_for(10)
    drain.finish(10, 1100)
    assert drain.ended(1, 1139) is None
    assert drain.ended(1, 1140.1) == "idle"
    drain.allow_for(30)
    assert drain.idle_s == 60  # the deadline for all of it


def test_the_deadline_ends_a_trickle(drain: Drain) -> None:
    drain.finish(1000, 1100)
    drain.last_progress = 1159.9
    assert drain.ended(60, 1159.9) is None
    drain.last_progress = 1160.1
    assert drain.ended(61, 1160.1) == "deadline"


def test_a_producer_that_never_finishes(drain: Drain) -> None:
    drain.last_progress = 1100
    assert drain.ended(5, 1299.9) is None
    assert drain.ended(5, 1300.1) == "silence"
