"""The files of an experiment: their schema, how they are written, how they are read back.

Knows nothing of statistics: what the numbers mean is computed in `crayfish_ctl.analysis`.
"""

from .files import (
    MANIFEST_FILE,
    METRICS_FILE,
    RECORDS_FILE,
    RUN_FILE,
    read_model,
    replacing,
    write_model,
    write_text,
)
from .inputs import METRICS_SCHEMA, RunInputs, read_inputs
from .load import Results, load_results
from .manifest import Engine, Git, Host, Image, Manifest, Root, describe_host
from .model import RESULTS_VERSION, STAGES, RunResult
from .records import COLUMNS, RecordStatus, read_joined, write_records
from .schema import results_schema
from .verdict import Verdict, VerdictState

__all__ = [
    "COLUMNS",
    "MANIFEST_FILE",
    "METRICS_FILE",
    "METRICS_SCHEMA",
    "RECORDS_FILE",
    "RESULTS_VERSION",
    "RUN_FILE",
    "STAGES",
    "Engine",
    "Git",
    "Host",
    "Image",
    "Manifest",
    "RecordStatus",
    "Results",
    "Root",
    "RunInputs",
    "RunResult",
    "Verdict",
    "VerdictState",
    "describe_host",
    "load_results",
    "read_inputs",
    "read_joined",
    "read_model",
    "replacing",
    "results_schema",
    "write_model",
    "write_records",
    "write_text",
]
