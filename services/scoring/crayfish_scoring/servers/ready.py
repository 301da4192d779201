"""Waiting for servers: only a right prediction says that one is ready.

Many of them answer that they are while they still load their model.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from crayfish_contract.codec import Reason
from crayfish_scoring.base import ScorerError, UnreachableError

from .errors import CallError, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S: Final = 120.0
"""Where nobody says how long."""
_POLL_S: Final = 0.1
_REFUSED_S: Final = 30.0
"""A server that answers, and does not know the model, may be about to load it."""


class Ready:
    """One wait for all the replicas of a server.

    Args:
        tool: its name, for messages.
        patience_s: for all replicas together, from now on.
        check: of an address where nobody was found: raises UnreachableError if waiting is no use.
    """

    def __init__(
        self, tool: str, patience_s: float, check: Callable[[str], None] | None = None
    ) -> None:
        self._tool, self._patience_s, self._check = tool, patience_s, check
        self._end = time.monotonic() + patience_s
        self._refused_s = min(_REFUSED_S, patience_s / 2)

    def await_prediction(self, address: str, attempt: Callable[[float], None]) -> None:
        """Until one call has brought a right prediction.

        Args:
            address: of the replica, for messages.
            attempt: makes one call, which may take so many seconds.

        Raises:
            ScorerError: if the server's model is another one, or it keeps refusing the call.
            UnreachableError: if there is no prediction in time.
        """
        where = f"tool {self._tool}: {address}: no right prediction"
        refused_since: float | None = None
        while True:
            try:
                self._once(attempt)
            except CallError as error:
                now = time.monotonic()
                if error.reason is Reason.BAD_OUTPUT:
                    raise ScorerError(f"{where}: {error}") from None
                if error.reason is Reason.UNAVAILABLE and self._check is not None:
                    self._check(address)
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

    def _once(self, attempt: Callable[[float], None]) -> None:
        try:
            attempt(max(0.1, self._end - time.monotonic()))
        except ScorerError:
            raise
        except Exception as error:  # noqa: BLE001  whatever a message makes of its reader
            raise unreadable(error) from None
