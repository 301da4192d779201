"""What every Python container does the same way: JSON logs, and exit codes that mean something."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import time
from enum import IntEnum
from typing import Any


class ServiceExit(IntEnum):
    """Exit codes of a container."""

    OK = 0
    BUG = 1
    BAD_CONFIG = 2
    """The run config, the model file or the points are unusable; the last log line says which."""
    UNREACHABLE = 3
    """Something it needs (broker, server, cluster) did not answer in time."""
    NOT_READY = 4
    """No canary came back scored in time."""


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "ts": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}"
            f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "component": record.name,
            "msg": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _handler() -> logging.Handler:
    """Engines hide their workers' stdout in files, so CRAYFISH_LOG may name a better place."""
    path = os.environ.get("CRAYFISH_LOG")
    if path:
        with contextlib.suppress(OSError):
            return logging.FileHandler(path, encoding="utf-8")
    return logging.StreamHandler(sys.stdout)


def json_logger(component: str) -> logging.Logger:
    """A logger whose lines are one JSON object each; `extra={"fields": {...}}` adds.

    They go to stdout, or to the file that CRAYFISH_LOG names.
    """
    handler = _handler()
    handler.setFormatter(_JsonLines())
    logger = logging.getLogger(component)
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return logger
