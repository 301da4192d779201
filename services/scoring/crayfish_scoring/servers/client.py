"""The gRPC client of every protocol: connections, deadlines, retries, replicas.

Two ways to call: `score` waits for its answer (one call at a time, as an embedded library works),
`call` is a coroutine, and as many are under way as are awaited. Each has connections of its own:
those of `grpc.aio` belong to the event loop that first used them.
"""

from __future__ import annotations

import time
from collections import Counter
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

import grpc
import grpc.aio

from crayfish_contract.codec import Reason
from crayfish_contract.service import json_logger
from crayfish_scoring.base import ScorerError

from .errors import CallError, call_error, unreadable
from .options import ClientOptions
from .ready import PATIENCE_S, Ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crayfish_scoring.base import Floats, ModelSpec, Options

    from .wire import Wire

_log = json_logger("server-client")
_LARGEST: Final = 64 * 1024 * 1024
_CHANNEL: Final = (
    ("grpc.max_receive_message_length", _LARGEST),
    ("grpc.max_send_message_length", _LARGEST),
    # A call that fails is counted: gRPC makes none again by itself.
    ("grpc.enable_retries", 0),
    # Without it channels to one address share a connection.
    ("grpc.use_local_subchannel_pool", 1),
    # One that was not there is looked for again at once, and not after up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class GrpcScorer:
    """A model at a server; `score` belongs to one thread, `call` to one event loop.

    Args:
        tool: its name, for messages.
        model: what the server should answer like.
        wire: the protocol.
        addresses: host:port of each replica; calls go to them in turn.
        options: of the client.
    """

    def __init__(
        self,
        tool: str,
        model: ModelSpec,
        wire: Wire,
        addresses: Sequence[str],
        options: ClientOptions,
    ) -> None:
        self._tool, self._model, self._wire = tool, model, wire
        self._addresses, self._options = tuple(addresses), options
        self._channels: list[Any] = []
        self._calls: Iterator[Any] = iter(())
        self._aio_channels: list[Any] = []
        self._aio_calls: Iterator[Any] = iter(())
        self._failed: Counter[Reason] = Counter()
        self._retried = 0
        self._patience_s = PATIENCE_S

    def wait_at_most(self, seconds: float) -> None:
        """How long `load` may wait, for all replicas together."""
        self._patience_s = seconds

    def load(self) -> None:
        """Wait until every replica has given a prediction of the right shape.

        Raises:
            ScorerError: if the server's model is another one.
            UnreachableError: if one does not answer in time.
        """
        ready = Ready(self._tool, self._model, self._wire, self._patience_s)
        made = []
        for address in self._addresses:
            channel = grpc.insecure_channel(address, options=_CHANNEL)
            self._channels.append(channel)
            ready.await_prediction(channel, address)
            made.append(self._call_of(channel))
            for _ in range(1, self._options.channels):
                self._channels.append(grpc.insecure_channel(address, options=_CHANNEL))
                made.append(self._call_of(self._channels[-1]))
        self._calls = cycle(made)

    def _call_of(self, channel: Any) -> Any:
        return channel.unary_unary(self._wire.path)

    def score(self, points: Floats) -> Floats:
        """float32[batch, *input_shape] -> float32[batch, *output_shape]; waits for the answer.

        Raises:
            CallError: if there is none.
        """
        request, left = self._wire.request(points), self._options.retries
        end = time.monotonic() + self._options.deadline_s
        while True:
            try:
                answer = next(self._calls)(
                    request, timeout=end - time.monotonic(), metadata=self._wire.metadata
                )
                return self._read(answer, len(points))
            except grpc.RpcError as error:
                left = self._again(call_error(error), left, end)

    async def call(self, points: Floats) -> Floats:
        """The same without waiting: other coroutines go on meanwhile.

        Raises:
            CallError: if there is no answer.
        """
        if not self._aio_channels:
            self._open_aio()
        request, left = self._wire.request(points), self._options.retries
        end = time.monotonic() + self._options.deadline_s
        while True:
            try:
                answer = await next(self._aio_calls)(
                    request, timeout=end - time.monotonic(), metadata=self._wire.metadata
                )
                return self._read(answer, len(points))
            except grpc.RpcError as error:
                left = self._again(call_error(error), left, end)

    def _open_aio(self) -> None:
        for address in self._addresses:
            for _ in range(self._options.channels):
                self._aio_channels.append(grpc.aio.insecure_channel(address, options=_CHANNEL))
        self._aio_calls = cycle([self._call_of(channel) for channel in self._aio_channels])

    def _read(self, answer: bytes, batch: int) -> Floats:
        try:
            return self._wire.answer(answer, batch)
        except Exception as error:  # noqa: BLE001  whatever a message makes of its reader
            failure = unreadable(error)
            self._failed[failure.reason] += 1
            raise failure from None

    def _again(self, error: CallError, left: int, end: float) -> int:
        """How often the call may be made after this failure; raises it if not at all.

        All tries of a call have its deadline together.
        """
        if error.reason is Reason.UNAVAILABLE and left and time.monotonic() < end:
            self._retried += 1
            return left - 1
        self._failed[error.reason] += 1
        raise error

    def close(self) -> None:
        """Connections of `score`; says how many calls went wrong, and were made again."""
        for channel in self._channels:
            channel.close()
        if self._failed or self._retried:
            failed = {reason.name.lower(): count for reason, count in self._failed.items()}
            _log.warning(
                "calls that failed", extra={"fields": {**failed, "retried": self._retried}}
            )

    async def aclose(self) -> None:
        """Connections of `call`."""
        for channel in self._aio_channels:
            await channel.close()


def creator(
    tool: str, wire: Callable[[ModelSpec, str, Options], Wire]
) -> Callable[[ModelSpec, Options, str | None], GrpcScorer]:
    """The `create` of a tool's module.

    Args:
        tool: its name.
        wire: makes the protocol for a model, its name at the server, and the tool's options.
    """

    def create(model: ModelSpec, options: Options, address: str | None) -> GrpcScorer:
        """Options of the client: `ClientOptions`; all others are its server's."""
        client = ClientOptions.parse(options)
        messages = wire(model, client.name_of(model), options)
        return GrpcScorer(tool, model, messages, addresses_of(tool, address), client)

    return create


def addresses_of(tool: str, address: str | None) -> list[str]:
    """`host:port`, or several by commas, one for each replica.

    Raises:
        ScorerError: if there is none.
    """
    found = [each.strip() for each in (address or "").split(",") if each.strip()]
    if not found:
        raise ScorerError(f"tool {tool}: tool.address: no host:port of its server")
    return found
