"""What the numbers of a run mean, and what its repetitions mean together.

Reads and writes through `crayfish_ctl.results`; knows no container and no figure.
"""

from .collect import collect_run, failed_run
from .correctness import Reference, load_reference
from .repetition import METRICS, CellSummary, Estimate, key_metric, precise, summarise
from .summary import write_summary
from .verdict import judge

__all__ = [
    "METRICS",
    "CellSummary",
    "Estimate",
    "Reference",
    "collect_run",
    "failed_run",
    "judge",
    "key_metric",
    "load_reference",
    "precise",
    "summarise",
    "write_summary",
]
