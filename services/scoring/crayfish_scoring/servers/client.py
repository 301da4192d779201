"""The gRPC client of every protocol.

`score` and `call` have connections of their own: those of `grpc.aio` belong to the event loop that
first used them.
"""

from __future__ import annotations

from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

import grpc
import grpc.aio

from crayfish_scoring.base import blank_points

from .errors import call_error
from .options import ClientOptions
from .scorer import LARGEST, ServerScorer, addresses_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crayfish_scoring.base import ModelSpec, Options, Values

    from .ready import Ready
    from .wire import Wire

_CHANNEL: Final = (
    ("grpc.max_receive_message_length", LARGEST),
    ("grpc.max_send_message_length", LARGEST),
    # A call that fails is counted: gRPC makes none again by itself.
    ("grpc.enable_retries", 0),
    # Without it channels to one address share a connection.
    ("grpc.use_local_subchannel_pool", 1),
    # One that was not there is looked for again at once, and not after up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class GrpcScorer(ServerScorer):
    """A model at a server that speaks gRPC.

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
        super().__init__(tool, model, addresses, options)
        self._wire = wire
        self._channels: list[Any] = []
        self._calls: Iterator[Any] = iter(())
        self._aio_channels: list[Any] = []
        self._aio_calls: Iterator[Any] = iter(())

    def _connect(self, ready: Ready) -> None:
        made = []
        for address in self._addresses:
            channel = self._channel(grpc, address)
            self._channels.append(channel)
            ready.await_prediction(address, partial(self._try, channel))
            made.append(self._call_of(channel))
            for _ in range(1, self._options.channels):
                self._channels.append(self._channel(grpc, address))
                made.append(self._call_of(self._channels[-1]))
        self._calls = cycle(made)

    def _channel(self, library: Any, address: str) -> Any:
        """One connection, of `grpc` or of `grpc.aio`."""
        if self._trust is None:
            return library.insecure_channel(address, options=_CHANNEL)
        return library.secure_channel(address, self._trust.credentials, options=_CHANNEL)

    def _try(self, channel: Any, seconds: float) -> None:
        """One prediction for zeros, with what the protocol has to learn before."""

        def ask(path: str, request: bytes) -> bytes:
            try:
                answer = channel.unary_unary(path)(
                    request, timeout=seconds, metadata=self._wire.metadata
                )
            except grpc.RpcError as error:
                raise call_error(error) from None
            return bytes(answer)

        self._wire.learn(ask)
        request = self._wire.request(blank_points(self._model))
        self._wire.answer(ask(self._wire.path, request), 1)

    def _call_of(self, channel: Any) -> Any:
        return channel.unary_unary(self._wire.path)

    def _request(self, points: Values) -> bytes:
        return self._wire.request(points)

    def _read(self, answer: bytes, batch: int) -> Values:
        return self._wire.answer(answer, batch)

    def _send(self, request: bytes, seconds: float) -> bytes:
        try:
            answer: bytes = next(self._calls)(
                request, timeout=seconds, metadata=self._wire.metadata
            )
        except grpc.RpcError as error:
            raise call_error(error) from None
        return answer

    async def _send_aside(self, request: bytes, seconds: float) -> bytes:
        if not self._aio_channels:
            self._open_aio()
        try:
            answer: bytes = await next(self._aio_calls)(
                request, timeout=seconds, metadata=self._wire.metadata
            )
        except grpc.RpcError as error:
            raise call_error(error) from None
        return answer

    def _open_aio(self) -> None:
        for address in self._addresses:
            for _ in range(self._options.channels):
                self._aio_channels.append(self._channel(grpc.aio, address))
        self._aio_calls = cycle([self._call_of(channel) for channel in self._aio_channels])

    def _disconnect(self) -> None:
        for channel in self._channels:
            channel.close()

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
