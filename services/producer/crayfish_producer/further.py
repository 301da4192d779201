"""A further producer: a process that sends its share of the schedule when the first one says so."""

from __future__ import annotations

import queue
import signal
import threading
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from crayfish_contract.arrays import SENT_FILE
from crayfish_load.payloads import load_points, make_pool
from crayfish_load.rows import part

from .sender import precise_sleeps
from .share import ShareSender

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from crayfish_contract.runconfig import RunConfig

_NOTED_S = 0.5
SENT, DELIVERED, UNDELIVERED = range(3)
"""Places of a producer's counts in the memory that it shares with the first one."""


class Order(NamedTuple):
    """What the first producer asks of another; each is answered."""

    what: Literal["send", "flush", "close"]
    arguments: tuple[Any, ...] = ()


STOP = "stop"
"""Heard at once, whatever is being done, and not answered."""


def produce(config: RunConfig, number: int, out: Path, orders: Connection, counts: Any) -> None:
    """The process: says when it is ready, and follows orders until it is closed.

    Args:
        config: of the run.
        number: of this producer, from 1.
        out: folder for its rows.
        orders: to and from the first producer; if that is gone, this one ends.
        counts: three numbers of shared memory, see `SENT`.
    """
    for number_of in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number_of, signal.SIG_IGN)  # the first producer says when to stop
    precise_sleeps()
    stop, closed = threading.Event(), threading.Event()
    pool = make_pool(config, load_points(config))
    with (out / part(SENT_FILE, str(number))).open("wb") as file:
        share = ShareSender(config, number, pool, file, stop)
        threading.Thread(target=_note, args=(share, counts, closed), daemon=True).start()
        heard: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(orders, heard, stop), daemon=True).start()
        orders.send(None)
        while (order := heard.get()) is not None:
            match order.what:
                case "send":
                    answer: Any = share.send(*order.arguments)
                case "flush":
                    answer = share.sender.flush(*order.arguments)
                case "close":
                    break
            _count(share, counts)
            orders.send(answer)
        share.log.close()
    closed.set()
    _count(share, counts)
    if order is not None:
        orders.send(share.log.error_codes)


def _listen(
    orders: Connection, heard: queue.SimpleQueue[Order | None], stop: threading.Event
) -> None:
    while True:
        try:
            order = orders.recv()
        except (EOFError, OSError):  # the first producer is gone
            stop.set()
            heard.put(None)
            return
        if order == STOP:
            stop.set()
        else:
            heard.put(order)


def _note(share: ShareSender, counts: Any, closed: threading.Event) -> None:
    while not closed.wait(_NOTED_S):
        _count(share, counts)


def _count(share: ShareSender, counts: Any) -> None:
    counts[:] = [share.sender.sent, share.log.delivered, share.log.undelivered]
