"""When a warm-up has shown enough."""

from __future__ import annotations

import pytest

from crayfish_load.settled import BLOCKS, Block, is_settled

HALF = BLOCKS // 2


def blocks(*p95: float, p50: float = 1.0, count: int = 100) -> list[Block]:
    return [Block(count, p50, value) for value in p95]


def test_too_few_blocks_show_nothing() -> None:
    assert not is_settled(blocks(*[5.0] * (BLOCKS - 1)), 100)
    assert is_settled(blocks(*[5.0] * BLOCKS), 100)


def test_a_tail_that_falls_is_waited_for_until_it_falls_no_more() -> None:
    falling = [40.0, 30.0, 22.0, 16.0, 12.0, 9.0, 7.0, 5.0]
    assert not is_settled(blocks(*falling), 100)
    assert is_settled(blocks(*falling, *[5.0] * BLOCKS), 100)


def test_the_median_counts_as_well() -> None:
    older, newer = blocks(*[9.0] * HALF, p50=2.0), blocks(*[9.0] * HALF, p50=1.5)
    assert not is_settled([*older, *newer], 100)


@pytest.mark.parametrize(
    "p95",
    [
        [5.0, 5.5, 4.6, 5.2, 4.9, 5.4, 4.7, 5.0, 5.3, 4.8, 5.1, 4.9],
        [5.0] * HALF + [9.0] * HALF,
    ],
)
def test_chance_and_a_growing_backlog_are_no_warm_up(p95: list[float]) -> None:
    assert is_settled(blocks(*p95), 100)


def test_a_block_whose_records_are_under_way_is_not_looked_at_yet() -> None:
    late = blocks(*[5.0] * BLOCKS)
    late[-1] = Block(60, 1.0, 5.0)
    assert not is_settled(late, 100)
