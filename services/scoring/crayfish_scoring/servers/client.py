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
from crayfish_scoring.base import ScorerError, blank_points

from .errors import CallError, call_error
from .options import ClientOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crayfish_scoring.base import Floats, ModelSpec, Options

    from .wire import Wire

_log = json_logger("server-client")
_LARGEST: Final = 64 * 1024 * 1024
_READY_S: Final = 120.0
"""How long a server may take until each of its replicas gives a right prediction."""
_POLL_S: Final = 0.1
_WAITS: Final = {Reason.UNAVAILABLE, Reason.DEADLINE, Reason.EXHAUSTED, Reason.OTHER}
"""What a server that is still starting may answer: it may not even know its model yet."""
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

    def load(self) -> None:
        """Wait until every replica has given a prediction of the right shape."""
        made = []
        for address in self._addresses:
            channel = grpc.insecure_channel(address, options=_CHANNEL)
            self._channels.append(channel)
            self._await_prediction(channel, address)
            made.append(self._call_of(channel))
            for _ in range(1, self._options.channels):
                self._channels.append(grpc.insecure_channel(address, options=_CHANNEL))
                made.append(self._call_of(self._channels[-1]))
        self._calls = cycle(made)

    def _call_of(self, channel: Any) -> Any:
        return channel.unary_unary(self._wire.path)

    def _await_prediction(self, channel: Any, address: str) -> None:
        end = time.monotonic() + _READY_S
        points = blank_points(self._model)

        def ask(path: str, request: bytes) -> bytes:
            left = max(0.1, end - time.monotonic())
            try:
                answer = channel.unary_unary(path)(
                    request, timeout=left, metadata=self._wire.metadata
                )
            except grpc.RpcError as error:
                raise call_error(error) from None
            return bytes(answer)

        while True:
            try:
                self._wire.learn(ask)
                self._wire.answer(ask(self._wire.path, self._wire.request(points)), 1)
            except CallError as error:
                if error.reason not in _WAITS or time.monotonic() > end:
                    raise ScorerError(
                        f"tool {self._tool}: {address}: no right prediction"
                        f"{'' if error.reason not in _WAITS else f' within {_READY_S:.0f} s'}: "
                        f"{error}"
                    ) from None
                time.sleep(_POLL_S)
            else:
                return

    def score(self, points: Floats) -> Floats:
        """float32[batch, *input_shape] -> float32[batch, *output_shape]; waits for the answer.

        Raises:
            CallError: if there is none.
        """
        request, left = self._wire.request(points), self._options.retries
        while True:
            try:
                answer = next(self._calls)(
                    request, timeout=self._options.deadline_s, metadata=self._wire.metadata
                )
                return self._wire.answer(answer, len(points))
            except grpc.RpcError as error:
                left = self._again(call_error(error), left)

    async def call(self, points: Floats) -> Floats:
        """The same without waiting: other coroutines go on meanwhile.

        Raises:
            CallError: if there is no answer.
        """
        if not self._aio_channels:
            self._open_aio()
        request, left = self._wire.request(points), self._options.retries
        while True:
            try:
                answer = await next(self._aio_calls)(
                    request, timeout=self._options.deadline_s, metadata=self._wire.metadata
                )
                return self._wire.answer(answer, len(points))
            except grpc.RpcError as error:
                left = self._again(call_error(error), left)

    def _open_aio(self) -> None:
        for address in self._addresses:
            for _ in range(self._options.channels):
                self._aio_channels.append(grpc.aio.insecure_channel(address, options=_CHANNEL))
        self._aio_calls = cycle([self._call_of(channel) for channel in self._aio_channels])

    def _again(self, error: CallError, left: int) -> int:
        """How often the call may be made after this failure; raises it if not at all."""
        if error.reason is Reason.UNAVAILABLE and left:
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
