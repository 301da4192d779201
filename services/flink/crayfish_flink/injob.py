"""Source and sink operators of a job without Kafka (`crayfish_load.injob`)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from pyflink.datastream import ProcessFunction, RuntimeContext

from crayfish_load.injob import LoadSource, ResultSink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crayfish_contract.runconfig import RunConfig


class MakeRecords(ProcessFunction):  # type: ignore[misc]  # PyFlink has no type information
    """Gets one element, and answers with every record of its subtask, each when it is due."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config

    def open(self, runtime_context: RuntimeContext) -> None:  # noqa: ARG002
        """Payloads are made before the first record is due."""
        self._source = LoadSource(self._config, self._config.parallelism.source)

    def process_element(self, value: int, ctx: ProcessFunction.Context) -> Iterator[bytes]:  # noqa: ARG002
        """The records of subtask `value` (thread mode cannot ask which subtask it is)."""
        yield from self._source.records(value)


class TakeResults(ProcessFunction):  # type: ignore[misc]
    """The end of the pipeline: nothing comes out of it."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config

    def open(self, runtime_context: RuntimeContext) -> None:  # noqa: ARG002
        """One row file for each subtask."""
        self._sink = ResultSink(self._config, uuid4().hex)

    def process_element(self, value: bytes, ctx: ProcessFunction.Context) -> Iterator[bytes]:  # noqa: ARG002
        """Notes the time at once; PyFlink wants an iterator."""
        self._sink.take(value)
        return iter(())

    def close(self) -> None:
        """What is left is written."""
        self._sink.close()
