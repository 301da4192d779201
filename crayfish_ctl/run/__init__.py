"""One run's life: start, ready, warm up, measure, drain, collect; and the journal of it all."""

from .experiment import run_experiment
from .journal import Journal

__all__ = ["Journal", "run_experiment"]
