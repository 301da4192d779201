"""How far the clocks of other hosts are from this one's, asked of their exporters.

Each exporter answers on a UDP port with the times at which a question came and its answer left; who
asks adds its own two. That is NTP's exchange, and its formula (RFC 5905, section 8): of times t1
(asked, here), t2 (came, there), t3 (answered, there) and t4 (got, here) the other clock is ahead by
((t2 - t1) + (t3 - t4)) / 2, and the way there and back takes (t4 - t1) - (t3 - t2). Since nobody
knows how long each way took, the offset is off by at most half of that; so of several exchanges the
quickest is kept.
"""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT: Final = 9102
_QUESTION: Final = Struct("<Q")
"""A number by which the answer is known."""
_ANSWER: Final = Struct("<QqqH")
"""The number, t2 and t3 in Unix ns, the length of the node's name, which follows."""
_EXCHANGES: Final = 5
_LATE_S: Final = 0.1
"""An answer that takes longer says nothing of a clock."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Another host's clock."""

    node: str
    offset_s: float
    """By how much it is ahead of this one's."""
    round_trip_s: float


class Responder:
    """Answers on the port until it is closed.

    Args:
        node: this host's name.
        port: 0 for any that is free.
    """

    def __init__(self, node: str, port: int = PORT) -> None:
        self._name = node.encode()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("", port))
        self._thread = threading.Thread(target=self._answer, daemon=True, name="clock")
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it answers."""
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        """Answer no more."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _answer(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(_QUESTION.size)
            came = time.time_ns()
            if not question:
                return
            if len(question) == _QUESTION.size:
                (number,) = _QUESTION.unpack(question)
                left = time.time_ns()
                packed = _ANSWER.pack(number, came, left, len(self._name))
                self._socket.sendto(packed + self._name, sender)


def ask(address: str, port: int = PORT) -> Clock | None:
    """The clock of a host; None if it does not answer.

    Args:
        address: of its exporter.
        port: where it answers.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(_LATE_S)
        own.connect((address, port))
        clocks = [clock for clock in _exchanges(own) if clock is not None]
    return min(clocks, key=lambda clock: clock.round_trip_s, default=None)


def _exchanges(own: socket.socket) -> Iterator[Clock | None]:
    for _ in range(_EXCHANGES):
        asked = time.time_ns()
        try:
            own.send(_QUESTION.pack(asked))
            answer = own.recv(1024)
        except OSError:
            return  # nobody is there, or the network is slow: the next scrape asks again
        got = time.time_ns()
        number, came, left, length = _ANSWER.unpack_from(answer)
        if number == asked:
            node = answer[_ANSWER.size : _ANSWER.size + length].decode()
            offset = ((came - asked) + (left - got)) / 2
            yield Clock(node, offset / 1e9, ((got - asked) - (left - came)) / 1e9)


def peers(name: str) -> list[str]:
    """The addresses behind a name, without those of this host."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(name, None, socket.AF_INET)}
        own = {str(e[4][0]) for e in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    except OSError:
        return []
    return sorted(found - own)
