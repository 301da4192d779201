"""A server that answers like a master's page."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from crayfish_spark import master

if TYPE_CHECKING:
    from collections.abc import Iterator


def worker(cores: int, used: int, state: str = "ALIVE") -> dict[str, Any]:
    """A worker as the page lists it."""
    return {"id": "worker-1", "cores": cores, "coresused": used, "state": state}


class Master(HTTPServer):
    """Answers one body after the other; the last one again and again."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, bytes]] = []
        self.asked: list[str] = []

    def will_answer(self, *states: list[dict[str, Any]]) -> None:
        """A list of workers for each answer."""
        self.answers = [(200, json.dumps({"workers": workers}).encode()) for workers in states]


class Handler(BaseHTTPRequestHandler):
    server: Master

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        left = self.server.answers
        status, text = left.pop(0) if len(left) > 1 else left[0]
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def spark_master(monkeypatch: pytest.MonkeyPatch) -> Iterator[Master]:
    with Master() as server:
        monkeypatch.setattr(master, "MASTER_HOST", "127.0.0.1")
        monkeypatch.setattr(master, "PAGE_PORT", server.server_port)
        monkeypatch.setattr(master, "_POLL_S", 0.001)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
