"""The consumer's HTTP side: /status, /blocks, /finish for the producer, /metrics for Prometheus."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry

_PORT: Final = 8000


def serve(
    status: Callable[[], dict[str, Any]],
    finish: Callable[[dict[str, Any]], None],
    registry: CollectorRegistry,
    port: int = _PORT,
    *,
    blocks: Callable[[int, int], list[dict[str, Any]]] = lambda _since_ns, _block_ns: [],
) -> ThreadingHTTPServer:
    """Answer in a thread of its own until the process ends.

    Args:
        status: what GET /status answers.
        finish: called with the body of POST /finish.
        registry: what GET /metrics shows.
        port: 0 takes a free one.
        blocks: what GET /blocks?since_ns=...&block_ns=... answers.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/status":
                self._answer(200, "application/json", json.dumps(status()).encode())
            elif self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            else:
                self._answer(*_blocks(self.path, blocks))

        def do_POST(self) -> None:
            try:
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                int(body["delivered"])
            except (ValueError, KeyError, TypeError) as error:
                self._answer(400, "text/plain", f"{error}\n".encode())
                return
            # The answer first: the process may end as soon as it knows.
            self._answer(200, "application/json", b"{}")
            finish(body)

        def _answer(self, code: int, kind: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Requests are not events of the run."""

    server = ThreadingHTTPServer(("", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True, name="http").start()
    return server


def _blocks(
    path: str, blocks: Callable[[int, int], list[dict[str, Any]]]
) -> tuple[int, str, bytes]:
    """Code, type and body of the answer to /blocks, and to what is not there."""
    asked = urlsplit(path)
    if asked.path != "/blocks":
        return 404, "text/plain", b"/status, /blocks, /finish or /metrics\n"
    query = parse_qs(asked.query)
    try:
        since_ns, block_ns = int(query["since_ns"][0]), max(1, int(query["block_ns"][0]))
    except (KeyError, ValueError):
        return 400, "text/plain", b"/blocks?since_ns=INTEGER&block_ns=INTEGER\n"
    return 200, "application/json", json.dumps(blocks(since_ns, block_ns)).encode()
