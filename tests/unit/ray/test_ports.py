"""Waiting for something that listens."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from crayfish_ray.errors import ClusterError
from crayfish_ray.ports import wait_for_port


def test_it_waits_until_something_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crayfish_ray.ports._POLL_S", 0.01)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        started = time.monotonic()
        later = threading.Timer(0.2, server.listen)
        later.start()
        wait_for_port("127.0.0.1", port, 10)
        assert time.monotonic() - started >= 0.19
        later.join()


def test_nobody_is_named() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        with pytest.raises(ClusterError, match=f"127.0.0.1:{port}"):
            wait_for_port("127.0.0.1", port, 0)
