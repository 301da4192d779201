"""The HTTP client: points and predictions as they are, little-endian, in bodies.

`score` uses the standard library's connection, `call` those of aiohttp. With HTTP/1.1 a connection
has one call at a time, so there are as many as calls are under way.
"""

from __future__ import annotations

import http.client
import time
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Final, NamedTuple

import aiohttp

from crayfish_contract.codec import Reason
from crayfish_scoring.base import ScorerError, blank_points

from .errors import CallError
from .options import ClientOptions
from .scorer import ServerScorer, addresses_of
from .wire import predictions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crayfish_scoring.base import ModelSpec, Options, Values

    from .ready import Ready

_OK: Final = 200
_BY_STATUS: Final = {
    http.client.REQUEST_TIMEOUT: Reason.DEADLINE,
    http.client.GATEWAY_TIMEOUT: Reason.DEADLINE,
    http.client.TOO_MANY_REQUESTS: Reason.EXHAUSTED,
    # Of a server, or of a proxy whose server is not there.
    http.client.BAD_GATEWAY: Reason.UNAVAILABLE,
    http.client.SERVICE_UNAVAILABLE: Reason.UNAVAILABLE,
}
_SAID: Final = 200
"""Characters of an error's body that are worth a line."""
_BLOCK: Final = 1024 * 1024
BATCH_HEADER: Final = "Crayfish-Batch"
"""How many points the body has."""


class Body(NamedTuple):
    """A request."""

    headers: dict[str, str]
    content: bytes


class HttpScorer(ServerScorer):
    """A model at a server that takes POST /NAME.

    Args:
        tool: its name, for messages.
        model: what the server should answer like.
        name: the model's, at the server.
        addresses: host:port of each replica; calls go to them in turn.
        options: of the client.
    """

    def __init__(
        self,
        tool: str,
        model: ModelSpec,
        name: str,
        addresses: Sequence[str],
        options: ClientOptions,
    ) -> None:
        super().__init__(tool, model, addresses, options)
        self._path = f"/{name}"
        self._connections: list[http.client.HTTPConnection] = []
        self._turn: Iterator[http.client.HTTPConnection] = iter(())
        self._session: aiohttp.ClientSession | None = None
        self._urls: Iterator[str] = iter(())

    def _connect(self, ready: Ready) -> None:
        for address in self._addresses:
            connection = self._connection(address)
            self._connections.append(connection)
            ready.await_prediction(address, partial(self._try, connection))
        self._turn = cycle(self._connections)

    def _connection(self, address: str) -> http.client.HTTPConnection:
        if self._trust is None:
            return http.client.HTTPConnection(address)
        return http.client.HTTPSConnection(address, context=self._trust.context)

    def _try(self, connection: http.client.HTTPConnection, seconds: float) -> None:
        """One prediction for zeros."""
        self._read(self._post(connection, self._request(blank_points(self._model)), seconds), 1)

    def _request(self, points: Values) -> Body:
        headers = {BATCH_HEADER: str(len(points)), "Content-Type": "application/octet-stream"}
        return Body(headers, points.tobytes())

    def _read(self, answer: bytes, batch: int) -> Values:
        return predictions(answer, batch, self._model)

    def _send(self, request: Body, seconds: float) -> bytes:
        return self._post(next(self._turn), request, seconds)

    def _post(self, connection: http.client.HTTPConnection, request: Body, seconds: float) -> bytes:
        """One call; a connection whose call failed begins anew, so that no late answer is read."""
        end = time.monotonic() + seconds
        try:
            connection.timeout = seconds  # of connecting, if it must
            if connection.sock is None:
                connection.connect()
            _until(connection, end)
            connection.request("POST", self._path, request.content, request.headers)
            _until(connection, end)
            response = connection.getresponse()
            return checked(response.status, _body(connection, response, end))
        except CallError:
            raise
        except Exception as error:  # noqa: BLE001  the library's, the system's, and those of names
            connection.close()
            raise _failure(error) from None

    async def _send_aside(self, request: Body, seconds: float) -> bytes:
        if self._session is None:
            self._session = self._open()
        try:
            async with self._session.post(
                next(self._urls),
                data=request.content,
                headers=request.headers,
                timeout=aiohttp.ClientTimeout(total=seconds),
                allow_redirects=False,
            ) as response:
                return checked(response.status, await response.read())
        except CallError:
            raise
        except Exception as error:  # noqa: BLE001  aiohttp's, the system's, and those of names
            raise _failure(error) from None

    def _open(self) -> aiohttp.ClientSession:
        """Connections of `call`."""
        trust = self._trust
        scheme = "http" if trust is None else "https"
        self._urls = cycle([f"{scheme}://{address}{self._path}" for address in self._addresses])
        return aiohttp.ClientSession(
            # As many as calls are under way, which the call mode bounds.
            connector=aiohttp.TCPConnector(limit=0, ssl=True if trust is None else trust.context),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    def _disconnect(self) -> None:
        for connection in self._connections:
            connection.close()

    async def aclose(self) -> None:
        """Connections of `call`."""
        if self._session is not None:
            await self._session.close()


def _until(connection: http.client.HTTPConnection, end: float) -> None:
    """Let the socket wait no longer than the call may.

    Raises:
        TimeoutError: if its time is over.
    """
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("the call's time is over")
    connection.sock.settimeout(left)


def _body(
    connection: http.client.HTTPConnection, response: http.client.HTTPResponse, end: float
) -> bytes:
    """All of it, in blocks, so that an answer that trickles is late as well."""
    found = bytearray()
    while block := response.read1(_BLOCK):
        found += block
        if connection.sock is not None:  # of an answer without a length it is the response's
            _until(connection, end)
    if response.length:
        raise http.client.IncompleteRead(bytes(found), response.length)
    response.close()  # else the connection takes no further request
    return bytes(found)


def checked(status: int, body: bytes) -> bytes:
    """The body of an answer that is one.

    Raises:
        CallError: with the class of any other status, and what the server said.
    """
    if status == _OK:
        return body
    said = body.decode(errors="replace").strip()[:_SAID]
    raise CallError(_BY_STATUS.get(status, Reason.OTHER), f"status {status}: {said}")


def _failure(error: Exception) -> CallError:
    """Of a call without an answer: it was late, or there was nobody (any more)."""
    words = f"{type(error).__name__}: {error}".removesuffix(": ")
    if isinstance(error, TimeoutError):  # that of asyncio and of sockets, too
        return CallError(Reason.DEADLINE, words)
    gone = isinstance(error, OSError | http.client.HTTPException | aiohttp.ClientError)
    return CallError(Reason.UNAVAILABLE if gone else Reason.OTHER, words)


def creator(tool: str) -> Callable[[ModelSpec, Options, str | None], HttpScorer]:
    """The `create` of a tool's module, for a server that takes the points as a body."""

    def create(model: ModelSpec, options: Options, address: str | None) -> HttpScorer:
        """Options of the client: `ClientOptions`; all others are its server's."""
        client = ClientOptions.parse(options)
        if client.channels != 1:
            raise ScorerError(
                f"tool {tool}: option channels: {client.channels}: over HTTP each call under way "
                "has a connection of its own"
            )
        name = client.name_of(model)
        return HttpScorer(tool, model, name, addresses_of(tool, address), client)

    return create
