"""What the numbers of a run mean, and what its repetitions mean together.

Reads and writes through `crayfish_ctl.results`; knows no container and no figure.
"""

from .baselines import PipelineEfficiency, pipeline_efficiency
from .blame import counts, not_carried
from .collect import collect_run, failed_run
from .correctness import Reference, load_reference
from .estimate import Estimate
from .metrics import METRICS, value_of
from .ratio import Ratio, ratio_between, ratio_of
from .repetition import (
    CellSummary,
    by_cell,
    key_metric,
    summarise,
)
from .summary import asked_repetitions, first_stage, write_summary
from .verdict import judge

__all__ = [
    "METRICS",
    "CellSummary",
    "Estimate",
    "PipelineEfficiency",
    "Ratio",
    "Reference",
    "asked_repetitions",
    "by_cell",
    "collect_run",
    "counts",
    "failed_run",
    "first_stage",
    "judge",
    "key_metric",
    "load_reference",
    "not_carried",
    "pipeline_efficiency",
    "ratio_between",
    "ratio_of",
    "summarise",
    "value_of",
    "write_summary",
]
