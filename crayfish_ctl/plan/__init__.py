"""Experiment and choices in, cells and runs out."""

from .build import Plan, estimate_seconds, make_plan, scheduled_records
from .choices import Choices, choices, parse_options, parse_parallelism, parse_rates
from .model import Cell, RunSpec
from .points import Points, prepare_points
from .runconfig import run_config

__all__ = [
    "Cell",
    "Choices",
    "Plan",
    "Points",
    "RunSpec",
    "choices",
    "estimate_seconds",
    "make_plan",
    "parse_options",
    "parse_parallelism",
    "parse_rates",
    "prepare_points",
    "run_config",
    "scheduled_records",
]
