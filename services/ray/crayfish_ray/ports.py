"""Where the cluster answers, and how to wait for it."""

from __future__ import annotations

import os
import socket
import time
from typing import Final

from .errors import ClusterError

HEAD: Final = os.environ.get("CRAYFISH_RAY_HEAD", "ray-head")
HEAD_PORT: Final = 6379
CLIENT_PORT: Final = 10001
_POLL_S: Final = 0.2


def wait_for_port(host: str, port: int, deadline_s: float) -> None:
    """Wait until something listens.

    Raises:
        ClusterError: if nothing does within `deadline_s` seconds.
    """
    end = time.monotonic() + deadline_s
    while True:
        try:
            socket.create_connection((host, port), timeout=1.0).close()
        except OSError as error:
            if time.monotonic() > end:
                raise ClusterError(
                    f"{host}:{port}: nothing answered within {deadline_s:.0f} s: {error}"
                ) from None
            time.sleep(_POLL_S)
        else:
            return
