"""The Python function of the query: runs in Spark's Python workers.

A worker process lives as long as its executor (`spark.python.worker.reuse`) and takes one task at a
time, so that a scorer is loaded once per process and then belongs to one thread.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from crayfish_contract.runconfig import RunConfig
from crayfish_scoring import ScorerError, open_scoring
from crayfish_scoring.base import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crayfish_scoring import Scoring

COLUMN = "value"
SCHEMA = f"{COLUMN} binary"
"""Of both ends: request bytes in, result bytes out."""
_TOGETHER = 64
"""Results that leave together: the first of an Arrow batch shall not wait for its last."""


def score_batches(run_config: str, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """One message to one message; a record that cannot be scored comes out as failed.

    Args:
        run_config: as JSON; a string is cheap to ship with each task.
        batches: of the one column.
    """
    scoring, together = _opened(run_config)
    for results in scoring.results(_groups(batches, together)):
        yield pa.RecordBatch.from_arrays([pa.array(results, pa.binary())], [COLUMN])


def said_by_java(error: Any) -> ScorerError:
    """The same exception in Python, with its exit code.

    Args:
        error: a Java exception, by py4j; whatever is no ScorerException is one of a bad config.
    """
    away = error.getClass().getSimpleName() == "UnreachableException"
    return (UnreachableError if away else ScorerError)(error.getMessage())


def _groups(batches: Iterator[pa.RecordBatch], together: int) -> Iterator[list[bytes | None]]:
    for batch in batches:
        for start in range(0, batch.num_rows, together):
            yield batch.column(0).slice(start, together).to_pylist()


@lru_cache(maxsize=1)
def _opened(run_config: str) -> tuple[Scoring, int]:
    """The scorer of this worker process, loaded for the first task and kept for all others.

    With it how many records it is given at a time.
    """
    config = RunConfig.model_validate_json(run_config)
    batched = config.call.mode == "batched"
    return open_scoring(config), config.call.records if batched else _TOGETHER
