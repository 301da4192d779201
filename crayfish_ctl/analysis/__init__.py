"""What the numbers of a run mean, and what its repetitions mean together.

Reads and writes through `crayfish_ctl.results`; knows no container and no figure.
"""

from .baselines import PipelineEfficiency, pipeline_efficiency
from .collect import collect_run, failed_run
from .correctness import Reference, load_reference
from .ratio import Ratio, ratio_of
from .repetition import METRICS, CellSummary, Estimate, by_cell, key_metric, precise, summarise
from .summary import asked_repetitions, write_summary
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
    "failed_run",
    "judge",
    "key_metric",
    "load_reference",
    "pipeline_efficiency",
    "precise",
    "ratio_of",
    "summarise",
    "write_summary",
]
