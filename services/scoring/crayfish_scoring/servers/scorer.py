"""The rules that hold for every server: deadline, retries, replicas, and what is counted.

Two ways to call: `score` waits for its answer (one call at a time, as an embedded library works),
`call` is a coroutine, and as many are under way as are awaited. How a request travels is a
subclass's: `client` over gRPC, `http` over HTTP.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from crayfish_contract.codec import Reason
from crayfish_contract.service import json_logger
from crayfish_scoring.base import ScorerError

from .errors import CallError, unreadable
from .ready import PATIENCE_S, Ready
from .tls import Trust

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_scoring.base import ModelSpec, Values

    from .options import ClientOptions

_log = json_logger("server-client")
LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a message, in both directions."""
_FIRST_PAUSE_S: Final = 0.01
_LONGEST_PAUSE_S: Final = 1.0


class ServerScorer(ABC):
    """A model at a server; `score` belongs to one thread, `call` to one event loop.

    Args:
        tool: its name, for messages.
        model: what the server should answer like.
        addresses: host:port of each replica; calls go to them in turn.
        options: of the client.
    """

    def __init__(
        self, tool: str, model: ModelSpec, addresses: Sequence[str], options: ClientOptions
    ) -> None:
        self._tool, self._model = tool, model
        self._addresses, self._options = tuple(addresses), options
        self._failed: Counter[Reason] = Counter()
        self._retried = 0
        self._patience_s = PATIENCE_S
        self._trust: Trust | None = None

    def wait_at_most(self, seconds: float) -> None:
        """How long `load` may wait, for all replicas together."""
        self._patience_s = seconds

    def encrypt(self, tls: str) -> None:
        """Call over TLS; before `load`.

        Args:
            tls: a file of certificates (PEM) that are trusted, or `system`.

        Raises:
            ScorerError: if the file cannot be used.
        """
        self._trust = Trust(self._tool, tls)

    def load(self) -> None:
        """Wait until every replica has given a prediction of the right shape.

        Raises:
            ScorerError: if the server's model is another one.
            UnreachableError: if one does not answer in time, or its certificate is refused.
        """
        check = None if self._trust is None else self._trust.check
        try:
            self._connect(Ready(self._tool, self._patience_s, check))
        except BaseException:
            self._disconnect()
            raise

    def score(self, points: Values) -> Values:
        """[batch, *input_shape] -> [batch, *output_shape]; waits for the answer.

        Raises:
            CallError: if there is none.
        """
        request, tries = self._request(points), _Tries(self._options)
        while True:
            try:
                return self._answer(self._send(request, tries.left_s), len(points))
            except CallError as error:
                time.sleep(self._pause_s(error, tries))

    async def call(self, points: Values) -> Values:
        """The same without waiting: other coroutines go on meanwhile.

        Raises:
            CallError: if there is no answer.
        """
        request, tries = self._request(points), _Tries(self._options)
        while True:
            try:
                return self._answer(await self._send_aside(request, tries.left_s), len(points))
            except CallError as error:
                await asyncio.sleep(self._pause_s(error, tries))

    def _pause_s(self, error: CallError, tries: _Tries) -> float:
        """How long to wait before the call is made again; raises the error if it is not."""
        pause_s = tries.pause_s if error.reason is Reason.UNAVAILABLE else None
        if pause_s is None:
            self._failed[error.reason] += 1
            raise error
        self._retried += 1
        return pause_s

    def _answer(self, answer: bytes, batch: int) -> Values:
        try:
            return self._read(answer, batch)
        except Exception as error:  # noqa: BLE001  whatever a message makes of its reader
            raise unreadable(error) from None

    def close(self) -> None:
        """Connections of `score`; says how many calls went wrong, and were made again."""
        self._disconnect()
        if self._failed or self._retried:
            failed = {reason.name.lower(): count for reason, count in self._failed.items()}
            _log.warning(
                "calls that failed", extra={"fields": {**failed, "retried": self._retried}}
            )

    @abstractmethod
    async def aclose(self) -> None:
        """Connections of `call`."""

    @abstractmethod
    def _connect(self, ready: Ready) -> None:
        """Open the connections of `score`, and wait for each replica's first prediction."""

    @abstractmethod
    def _disconnect(self) -> None:
        """Close them."""

    @abstractmethod
    def _request(self, points: Values) -> Any:
        """What travels for [batch, *input_shape]; made once for all tries."""

    @abstractmethod
    def _send(self, request: Any, seconds: float) -> bytes:
        """One try at the replica whose turn it is; raises CallError."""

    @abstractmethod
    async def _send_aside(self, request: Any, seconds: float) -> bytes:
        """The same as a coroutine."""

    @abstractmethod
    def _read(self, answer: bytes, batch: int) -> Values:
        """[batch, *output_shape]; raises whatever its message makes of it."""


class _Tries:
    """How often one call may be made, and until when: all its tries have one deadline.

    Between two tries there is a pause, twice as long each time (truncated exponential backoff): a
    server that is about to come back is not asked as fast as the network allows.
    """

    __slots__ = ("_end", "_left", "_pause_s")

    def __init__(self, options: ClientOptions) -> None:
        self._end = time.monotonic() + options.deadline_s
        self._left = options.retries
        self._pause_s = _FIRST_PAUSE_S

    @property
    def left_s(self) -> float:
        """Until the deadline; never 0, which some libraries take for no deadline."""
        return max(1e-3, self._end - time.monotonic())

    @property
    def pause_s(self) -> float | None:
        """Before the next try; None if there is none, or the deadline comes first."""
        pause_s = self._pause_s
        if not self._left or time.monotonic() + pause_s >= self._end:
            return None
        self._left -= 1
        self._pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return pause_s


def addresses_of(tool: str, address: str | None) -> list[str]:
    """`host:port`, or several by commas, one for each replica.

    Raises:
        ScorerError: if there is none.
    """
    found = [each.strip() for each in (address or "").split(",") if each.strip()]
    if not found:
        raise ScorerError(f"tool {tool}: tool.address: no host:port of its server")
    return found
