"""The Python operator: runs in the TaskManager, once per scoring subtask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflink.datastream import AsyncFunction, ProcessFunction, RuntimeContext

from crayfish_scoring import RecordScorer, Scorer, open_scorer
from crayfish_scoring.window import AsyncRecordScorer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crayfish_contract.runconfig import RunConfig


class ScoreRecords(ProcessFunction):  # type: ignore[misc]  # PyFlink has no type information
    """Request bytes in, result bytes out; a record that cannot be scored comes out as failed."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        self._scorer: Scorer | None = None

    def open(self, runtime_context: RuntimeContext) -> None:  # noqa: ARG002
        """Load the model in the thread that will use it."""
        config, model = self._config, self._config.model
        self._scorer = open_scorer(config)
        self._process = RecordScorer(
            self._scorer, model.input_shape, config.format, model.input_dtype
        ).process

    def process_element(self, value: bytes, ctx: ProcessFunction.Context) -> Iterator[bytes]:  # noqa: ARG002
        """One message to one message."""
        yield self._process(value)

    def close(self) -> None:
        """Let go of the model."""
        if self._scorer is not None:
            self._scorer.close()


class AsyncScoreRecords(AsyncFunction):  # type: ignore[misc]
    """The same while others are under way; Flink bounds how many, and keeps their order or not.

    PyFlink has an event loop of its own for it, in process mode only.
    """

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        self._scorer: Scorer | None = None

    def open(self, runtime_context: RuntimeContext) -> None:  # noqa: ARG002
        """Wait for the server."""
        self._scorer = open_scorer(self._config)
        self._process = AsyncRecordScorer(self._scorer, self._config).process

    async def async_invoke(self, value: bytes) -> list[bytes]:
        """One message to one message; PyFlink wants a list."""
        return [await self._process(value)]

    def close(self) -> None:
        """Let go of the connections; those of the event loop end with the process."""
        if self._scorer is not None:
            self._scorer.close()
