"""The ways that records can go, each with all that planning, running and reading ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Facts of a pipeline."""

    name: str
    broker: bool = False
    """Records travel through Kafka, between a producer and a consumer of their own."""
    processor: bool = True
    """There is a stream processor; without one the scorer is called in a loop, as fast as it goes:
    it waits for nobody, has no schedule to keep, and its clock can end it."""
    in_job: bool = False
    """Source and sink are operators of the processor's job, so the end of the job is the end of the
    run, and a slow job holds its own source back."""
    assumed_records_per_s: float = 15_000.0
    """Of a small model; for the estimate of a run's length only."""

    @property
    def closed_loop(self) -> bool:
        """Whether records without a schedule are made when there is room for the next.

        Then there is always work waiting, and never a backlog.
        """
        return not self.broker

    @property
    def waits_from(self) -> str:
        """The column with the time from which a record counts as waiting.

        What waits for a source inside the job waits before it is sent.
        """
        return "intended_ns" if self.in_job else "sent_ns"


PIPELINES: Final = {
    pipeline.name: pipeline
    for pipeline in (
        Pipeline("kafka", broker=True),
        Pipeline("in-job", in_job=True, assumed_records_per_s=60_000.0),
        Pipeline("raw", processor=False, assumed_records_per_s=100_000.0),
    )
}


def pipeline_of(name: str) -> Pipeline:
    """The facts; of a pipeline that a newer version has added only its name is known."""
    return PIPELINES.get(name) or Pipeline(name)
