"""Waiting for servers: only a right prediction says that one is ready.

Many of them answer that they are while they still load their model.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import grpc

from crayfish_contract.codec import Reason
from crayfish_scoring.base import ScorerError, UnreachableError, blank_points

from .errors import CallError, call_error, unreadable

if TYPE_CHECKING:
    from typing import Any

    from crayfish_scoring.base import ModelSpec

    from .wire import Wire

PATIENCE_S: Final = 120.0
"""Where nobody says how long."""
_POLL_S: Final = 0.1
_REFUSED_S: Final = 30.0
"""A server that answers, and does not know the model, may be about to load it."""


class Ready:
    """One wait for all the replicas of a server.

    Args:
        tool: its name, for messages.
        model: what the server should answer like.
        wire: the protocol; learns the names of the model's tensors.
        patience_s: for all replicas together, from now on.
    """

    def __init__(self, tool: str, model: ModelSpec, wire: Wire, patience_s: float) -> None:
        self._tool, self._wire, self._patience_s = tool, wire, patience_s
        self._points = blank_points(model)
        self._end = time.monotonic() + patience_s
        self._refused_s = min(_REFUSED_S, patience_s / 2)

    def await_prediction(self, channel: Any, address: str) -> None:
        """Until one call has brought a right prediction.

        Raises:
            ScorerError: if the server's model is another one, or it keeps refusing the call.
            UnreachableError: if there is no prediction in time.
        """
        where = f"tool {self._tool}: {address}: no right prediction"
        refused_since: float | None = None
        while True:
            try:
                self._ask(channel)
            except CallError as error:
                now = time.monotonic()
                if error.reason is Reason.BAD_OUTPUT:
                    raise ScorerError(f"{where}: {error}") from None
                # It has understood, and refuses; a server that is about to start does not answer.
                refused = error.reason is Reason.OTHER
                refused_since = (refused_since or now) if refused else None
                if refused_since is not None and now - refused_since > self._refused_s:
                    raise ScorerError(f"{where}: {error}") from None
                if now > self._end:
                    raise UnreachableError(
                        f"{where} within {self._patience_s:g} s: {error}"
                    ) from None
                time.sleep(_POLL_S)
            else:
                return

    def _ask(self, channel: Any) -> None:
        def ask(path: str, request: bytes) -> bytes:
            left = max(0.1, self._end - time.monotonic())
            try:
                answer = channel.unary_unary(path)(
                    request, timeout=left, metadata=self._wire.metadata
                )
            except grpc.RpcError as error:
                raise call_error(error) from None
            return bytes(answer)

        try:
            self._wire.learn(ask)
            self._wire.answer(ask(self._wire.path, self._wire.request(self._points)), 1)
        except ScorerError:
            raise
        except Exception as error:  # noqa: BLE001  whatever a message makes of its reader
            raise unreadable(error) from None
