"""One run's life: start, ready, warm up, measure, drain, collect; and the journal of it all."""

from .experiment import run_experiment
from .journal import Journal
from .network import remember
from .resume import resume_experiment, saved_plan, saved_roots, saved_target

__all__ = [
    "Journal",
    "remember",
    "resume_experiment",
    "run_experiment",
    "saved_plan",
    "saved_roots",
    "saved_target",
]
