"""What the driver container does: check, make the actors, supervise them; drain them on SIGTERM."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from prometheus_client import start_http_server
from prometheus_client.registry import CollectorRegistry

from crayfish_contract.options import OptionError
from crayfish_contract.runconfig import RunConfigError, load_run_config
from crayfish_contract.service import ServiceExit, json_logger
from crayfish_contract.topics import BrokerUnreachableError, ensure_topics
from crayfish_scoring import ScorerError, open_scorer

from .errors import ClusterError
from .metrics import ActorsCollector
from .options import RayOptions
from .output import LogStream
from .supervisor import Supervisor

if TYPE_CHECKING:
    from crayfish_contract.runconfig import RunConfig

_log = json_logger("ray-driver")
METRICS_PORT: Final = 8000


def main() -> int:
    """Drive the mounted run config until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ServiceExit.OK))
    try:
        config = load_run_config()
        options = RayOptions.parse(config.processor.options)
        check_model(config)
    except (RunConfigError, OptionError) as error:
        _log.error(str(error))
        return ServiceExit.BAD_CONFIG
    except ScorerError as error:
        _log.error(str(error))
        return error.exit_code
    # Ray talks to stderr, in more than one way.
    sys.stderr = LogStream(_log, logging.INFO)
    from .cluster import Actors, connect  # noqa: PLC0415  Ray: a bad config is said without it

    started = time.monotonic()
    try:
        ensure_topics(config.kafka, config.deadlines.ready)
        connect(options.workers, config.deadlines.ready)
    except (BrokerUnreachableError, ClusterError) as error:
        _log.error(str(error))
        return ServiceExit.UNREACHABLE
    _log.info("connected", extra={"fields": {"s": time.monotonic() - started}})
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    collector = ActorsCollector()
    registry = CollectorRegistry()
    registry.register(collector)
    start_http_server(METRICS_PORT, registry=registry)
    return Supervisor(
        lambda: Actors(config, options), config.deadlines, asked, collector, _log
    ).run()


def check_model(config: RunConfig) -> None:
    """Load the model once before actors are made: the error comes at once, and in words.

    Raises:
        ScorerError: if tool or model cannot be used.
        RunConfigError: if the runtime is not in this image.
    """
    if config.processor.runtime != "python":
        raise RunConfigError(f"processor.runtime: {config.processor.runtime}: not in this image")
    open_scorer(config).close()
