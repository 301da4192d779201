import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from crayfish_producer.consumer_api import ConsumerApi, ConsumerUnreachableError

NOWHERE = ConsumerApi("http://127.0.0.1:1")


@pytest.fixture
def told() -> list[Any]:
    return []


@pytest.fixture
def consumer(told: list[Any]) -> Iterator[ConsumerApi]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append(self.path)
            self.answer(json.dumps({"n": len(told)}).encode())

        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(b"{}")

        def answer(self, body: bytes) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield ConsumerApi(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def test_waits_until_the_condition_holds(consumer: ConsumerApi) -> None:
    calls: list[int] = []
    status = consumer.await_status(
        lambda status: status["n"] >= 3, 10, threading.Event(), lambda: calls.append(1)
    )
    assert status == {"n": 3}
    assert len(calls) == 3


def test_gives_up_at_the_deadline(consumer: ConsumerApi) -> None:
    assert consumer.await_status(lambda _: False, 0.3, threading.Event()) is None


def test_a_stop_ends_the_waiting() -> None:
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    assert NOWHERE.await_status(lambda _: True, 60, stop, lambda: None) is None


def test_says_that_it_has_finished(consumer: ConsumerApi, told: list[Any]) -> None:
    consumer.finish(sent=3, delivered=2, undelivered=1)
    assert told == [{"sent": 3, "delivered": 2, "undelivered": 1}]


def test_nobody_there() -> None:
    assert NOWHERE.status() is None
    with pytest.raises(ConsumerUnreachableError, match=r"127\.0\.0\.1:1"):
        NOWHERE.finish(sent=1)
