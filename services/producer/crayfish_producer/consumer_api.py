"""What the producer asks the consumer, and tells it: over HTTP inside the run's network."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

_TIMEOUT_S = 5.0
_EVERY_S = 0.1


class ConsumerUnreachableError(ConnectionError):
    """The consumer did not answer, or not as hoped, within the deadline."""


@dataclass(frozen=True)
class ConsumerApi:
    """The consumer at `url`."""

    url: str

    def status(self) -> dict[str, Any] | None:
        """Its counts, or None while it does not answer."""
        try:
            with urlopen(f"{self.url}/status", timeout=_TIMEOUT_S) as answer:  # noqa: S310
                status: dict[str, Any] = json.load(answer)
                return status
        except (OSError, ValueError):
            return None

    def blocks(self, since_ns: int, block_ns: int) -> list[dict[str, Any]]:
        """Latencies of warm-up records by their due time; none while it does not answer.

        Args:
            since_ns: Unix ns; where the first block begins.
            block_ns: length of a block.
        """
        url = f"{self.url}/blocks?since_ns={since_ns}&block_ns={block_ns}"
        try:
            with urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                found: list[dict[str, Any]] = json.load(answer)
                return found
        except (OSError, ValueError):
            return []

    def finish(self, **counts: int) -> None:
        """Say that no further record follows.

        Raises:
            ConsumerUnreachableError: if it does not answer.
        """
        request = Request(  # noqa: S310
            f"{self.url}/finish",
            data=json.dumps(counts).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            urlopen(request, timeout=_TIMEOUT_S).close()  # noqa: S310
        except OSError as error:
            raise ConsumerUnreachableError(f"{self.url}: {error}") from None

    def await_status(
        self,
        condition: Callable[[dict[str, Any]], bool],
        deadline_s: float,
        stop: threading.Event,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> dict[str, Any] | None:
        """Ask until `condition` holds.

        Returns:
            The status for which it held; None if `stop` was set or `deadline_s` seconds went by.
        """
        end = time.monotonic() + deadline_s
        while time.monotonic() < end and not stop.is_set():
            meanwhile()
            status = self.status()
            if status is not None and condition(status):
                return status
            stop.wait(_EVERY_S)
        return None
