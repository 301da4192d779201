"""Call mode `async`: a bounded number of records are with the model's server at once.

`AsyncRecordScorer` is for a processor that has an event loop of its own. `Window` is for one that
has not: it keeps a loop in a thread, takes messages from the processor's thread, and hands each
result to a function as soon as it is there (or in the order of the messages).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from .base import ScorerError, open_scorer
from .modes import Scoring
from .record import Begun, RecordScorer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crayfish_contract.runconfig import RunConfig

    from .base import Scorer
    from .modes import Received, Take


class AsyncRecordScorer:
    """`RecordScorer` for a scorer that answers later; all of it belongs to one event loop.

    Args:
        scorer: loaded; a client of a server.
        config: of the run.

    Raises:
        ScorerError: if the tool answers at once.
    """

    def __init__(self, scorer: Scorer, config: RunConfig) -> None:
        call = getattr(scorer, "call", None)
        if call is None:
            raise ScorerError(
                f"call.mode: async: tool {config.tool.name} computes in the processor itself, so "
                "there is nothing to wait for: choose blocking or batched"
            )
        self._call = call
        self._scorer: Any = scorer
        record = RecordScorer(
            scorer, config.model.input_shape, config.format, config.model.input_dtype
        )
        self.begin = record.begin
        self._finish, self._fail = record.finish, record.fail

    async def process(self, message: bytes | None) -> bytes:
        """One message to one message; never raises."""
        begun = self.begin(message)
        return begun if isinstance(begun, bytes) else await self.answer(begun)

    async def answer(self, begun: Begun) -> bytes:
        """The result of a request that was begun."""
        called = time.time_ns()
        try:
            output = await self._call(begun.points)
        except Exception as error:  # noqa: BLE001  whatever a client raises comes out as failed
            return self._fail(begun, error, called)
        return self._finish(begun, output, called)

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._scorer.aclose()
        self._scorer.close()


class Window(Scoring):
    """At most `in_flight` records of the run config's `call` are under way.

    `put`, `results` and `flush` belong to one thread, `map` to any; `put` hands results over in the
    thread of the loop.
    """

    def __init__(self, config: RunConfig) -> None:
        self._ordered = config.call.ordered
        self._scorer = AsyncRecordScorer(open_scorer(config), config)
        self._loop = asyncio.new_event_loop()
        self._slots = asyncio.Semaphore(config.call.in_flight)
        self._under_way: deque[asyncio.Task[None]] = deque()
        self._waiting: deque[_Turn] = deque()
        self._thread = threading.Thread(target=self._loop.run_forever, name="calls", daemon=True)
        self._thread.start()

    def put(
        self,
        messages: Sequence[bytes | None],
        take: Take,
        received_ns: Received = None,  # noqa: ARG002
    ) -> None:
        """Begin a call for each message; returns when the last one has begun.

        So whoever reads stops reading while the window is full.

        Args:
            messages: requests.
            take: gets each result.
            received_ns: a record is received when its turn comes.
        """
        asyncio.run_coroutine_threadsafe(self._put(messages, take), self._loop).result()

    def flush(self) -> None:
        """Wait until nothing is under way."""
        asyncio.run_coroutine_threadsafe(self._flush(), self._loop).result()

    def map(self, messages: Sequence[bytes | None], received_ns: Received = None) -> list[bytes]:  # noqa: ARG002
        """Waits for all of them; other threads' go on meanwhile."""
        return asyncio.run_coroutine_threadsafe(self._map(messages), self._loop).result()

    def results(self, groups: Iterable[Sequence[bytes | None]]) -> Iterator[list[bytes]]:
        """Results of groups of messages as they come: not those of one group together.

        Args:
            groups: the next is taken when all of the one before have begun.
        """
        ready: deque[bytes] = deque()
        for group in groups:
            self.put(group, ready.append)
            if come := _all_of(ready):
                yield come
        self.flush()
        if come := _all_of(ready):
            yield come

    def close(self) -> None:
        """Wait for what is under way, and end the thread."""
        self.flush()
        asyncio.run_coroutine_threadsafe(self._scorer.aclose(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _put(self, messages: Iterable[bytes | None], take: Take) -> None:
        for message in messages:
            begun = self._scorer.begin(message)
            turn = _Turn(take)
            if self._ordered:
                self._waiting.append(turn)
            if isinstance(begun, bytes):
                self._hand_over(turn, begun)
                continue
            await self._slots.acquire()
            task = self._loop.create_task(self._answer(begun, turn))
            self._under_way.append(task)
            await _next_turn()
            while self._under_way and self._under_way[0].done():
                self._under_way.popleft().result()

    async def _answer(self, begun: Begun, turn: _Turn) -> None:
        try:
            result = await self._scorer.answer(begun)
        finally:
            self._slots.release()
        self._hand_over(turn, result)

    def _hand_over(self, turn: _Turn, result: bytes) -> None:
        if not self._ordered:
            turn.take(result)
            return
        turn.result = result
        while self._waiting and self._waiting[0].result is not None:
            first = self._waiting.popleft()
            first.take(first.result or b"")

    async def _flush(self) -> None:
        while self._under_way:
            await self._under_way.popleft()

    async def _map(self, messages: Iterable[bytes | None]) -> list[bytes]:
        turns: list[_Turn] = []
        tasks = []
        for message in messages:
            turns.append(turn := _Turn(_nobody))
            begun = self._scorer.begin(message)
            if isinstance(begun, bytes):
                turn.result = begun
                continue
            await self._slots.acquire()
            tasks.append(self._loop.create_task(self._keep(begun, turn)))
            await _next_turn()
        await asyncio.gather(*tasks)
        return [turn.result or b"" for turn in turns]

    async def _keep(self, begun: Begun, turn: _Turn) -> None:
        try:
            turn.result = await self._scorer.answer(begun)
        finally:
            self._slots.release()


class _Turn:
    """A message's place in the order."""

    __slots__ = ("result", "take")

    def __init__(self, take: Take) -> None:
        self.take = take
        self.result: bytes | None = None


async def _next_turn() -> None:
    """Let the call that was just begun go out, and answers come in.

    A free slot lets one pass without a pause: without this one, the calls of a batch for which
    there is room would all go out after its last record was read.
    """
    await asyncio.sleep(0)


def _nobody(_: bytes) -> None:
    """The result is taken from its turn."""


def _all_of(ready: deque[bytes]) -> list[bytes]:
    """What has come so far; the other thread may add meanwhile."""
    return [ready.popleft() for _ in range(len(ready))]
