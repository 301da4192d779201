"""A node of the cluster: `ray start`, with its output as JSON lines and an orderly end.

A worker waits for its head here: `ray start` gives up after a few attempts.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from crayfish_contract.service import ServiceExit, json_logger

from .errors import ClusterError
from .output import LogStream
from .ports import HEAD, HEAD_PORT, wait_for_port

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = json_logger(os.environ.get("CRAYFISH_COMPONENT", "ray"))
_WAIT_S: Final = 120.0


def main(arguments: Sequence[str]) -> int:
    """Be the node until SIGTERM; `arguments` are those of `ray start`."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ServiceExit.OK))
    if "--head" not in arguments:
        try:
            wait_for_port(HEAD, HEAD_PORT, _WAIT_S)
        except ClusterError as error:
            _log.error(str(error))
            return ServiceExit.UNREACHABLE
    stream = LogStream(_log, logging.INFO)
    with subprocess.Popen(
        ["ray", "start", "--block", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as node:
        stopped = False

        def stop(*_: object) -> None:
            nonlocal stopped
            stopped = True
            node.terminate()

        signal.signal(signal.SIGTERM, stop)
        for line in node.stdout or ():
            stream.write(line)
        code = node.wait()
    return ServiceExit.OK if stopped else code or ServiceExit.BUG
