"""One run's life: start, ready, warm up, measure, drain, collect; and the journal of it all."""

from .experiment import alone, run_experiment
from .journal import Journal

__all__ = ["Journal", "alone", "run_experiment"]
