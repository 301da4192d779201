import numpy as np
import pytest

from crayfish_contract.arrays import RECEIVED, SENT, point_indices


@pytest.mark.parametrize(
    ("payload", "batch", "expected"),
    [(0, 1, [0]), (4, 1, [4]), (5, 1, [0]), (1, 3, [3, 4, 0]), (0, 7, [0, 1, 2, 3, 4, 0, 1])],
)
def test_payloads_go_round_the_points(payload: int, batch: int, expected: list[int]) -> None:
    assert point_indices(payload, batch, 5).tolist() == expected


def test_a_pool_of_the_right_size_carries_every_point_equally_often() -> None:
    carried = np.concatenate([point_indices(payload, 4, 6) for payload in range(3)])
    assert np.bincount(carried).tolist() == [2] * 6


def test_rows_have_no_gaps() -> None:
    assert (SENT.itemsize, RECEIVED.itemsize) == (37, 79)
