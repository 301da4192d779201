"""A server that answers like a JobManager."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from crayfish_flink import rest

if TYPE_CHECKING:
    from collections.abc import Iterator


class JobManager(HTTPServer):
    """Answers from a table and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, list[tuple[int, bytes]]] = {}
        self.asked: list[tuple[str, str, Any]] = []

    def asked_for(self, method: str, path: str) -> None:
        """Wait until it was."""
        end = time.monotonic() + 10
        while (method, path) not in [(m, p) for m, p, _ in list(self.asked)]:
            assert time.monotonic() < end
            time.sleep(0.005)

    def will_answer(self, path: str, *bodies: Any, status: int = 200) -> None:
        """One body after the other; the last one again and again."""
        self.answers[path] = [(status, json.dumps(body).encode()) for body in bodies]


class Handler(BaseHTTPRequestHandler):
    server: JobManager

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, json.loads(body) if body else None))
        left = self.server.answers.get(self.path, [(404, b'{"errors":["Not found"]}')])
        status, text = left.pop(0) if len(left) > 1 else left[0]
        self.send_response(status)
        cut = self.path == "/jobs/cut"
        self.send_header("Content-Length", str(len(text) + (10 if cut else 0)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815  the names that the base class looks for

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def jobmanager(monkeypatch: pytest.MonkeyPatch) -> Iterator[JobManager]:
    with JobManager() as server:
        monkeypatch.setattr(rest, "JOBMANAGER_HOST", "127.0.0.1")
        monkeypatch.setattr(rest, "JOBMANAGER_PORT", server.server_port)
        monkeypatch.setattr(rest, "_POLL_S", 0.001)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
