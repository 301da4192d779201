"""Where a plan's points come from: the model's own test set, the user's file, or a seed."""

from .own import check_own_points
from .read import read_points
from .source import Points, check_points, points_for, prepare_points

__all__ = [
    "Points",
    "check_own_points",
    "check_points",
    "points_for",
    "prepare_points",
    "read_points",
]
