"""What is run, in the words that results keep: cells, runs, arrivals, pipelines, goals.

The lowest package: the plan makes them, the run hands them on, results are read into them.
"""

from .arrivals import (
    Arrivals,
    BurstyArrivals,
    ConstantArrivals,
    MaxArrivals,
    PlannedArrivals,
    PoissonArrivals,
    RampArrivals,
    TraceArrivals,
)
from .cell import WAYS_IN, Call, Cell, Fault, Parallelism, RunSpec, Settle, StopRule, Warmup
from .goals import GOALS, Goal, GoalName, goal_of
from .pipelines import PIPELINES, Pipeline, pipeline_of
from .size import held, message_bytes, points_that_fit

__all__ = [
    "GOALS",
    "PIPELINES",
    "WAYS_IN",
    "Arrivals",
    "BurstyArrivals",
    "Call",
    "Cell",
    "ConstantArrivals",
    "Fault",
    "Goal",
    "GoalName",
    "MaxArrivals",
    "Parallelism",
    "Pipeline",
    "PlannedArrivals",
    "PoissonArrivals",
    "RampArrivals",
    "RunSpec",
    "Settle",
    "StopRule",
    "TraceArrivals",
    "Warmup",
    "goal_of",
    "held",
    "message_bytes",
    "pipeline_of",
    "points_that_fit",
]
