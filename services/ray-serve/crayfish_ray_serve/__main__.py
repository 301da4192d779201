"""The container's process: a cluster of one node, and its applications, until SIGTERM."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from crayfish_contract.service import ServiceExit, json_logger
from crayfish_scoring import ScorerError
from crayfish_serving import STOP_S, SettingError, read_settings

from .options import environment, serve_options
from .points import open_models

if TYPE_CHECKING:
    import logging

_log = json_logger("ray-serve")


def cut_off_after(seconds: float, log: logging.Logger) -> None:
    """End the process in that time, whatever is left to be stopped."""

    def cut_off() -> None:
        log.warning("did not end within %g s, and is cut off", seconds)
        os._exit(ServiceExit.OK)

    timer = threading.Timer(seconds, cut_off)
    timer.daemon = True
    timer.start()


def main() -> int:
    """The exit code of the container."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ServiceExit.OK))
    try:
        settings = read_settings(os.environ)
        options = serve_options(settings)
        # Ray Serve would start a replica that cannot load its model again and again.
        open_models(settings.model, [settings.model.name], options.threads)
    except (SettingError, ScorerError) as error:
        _log.error(str(error))
        return ServiceExit.BAD_CONFIG
    os.environ.update(environment(options))
    from .cluster import Cluster  # noqa: PLC0415  Ray reads the environment when it is imported

    cluster = Cluster(settings.model, options)
    serves = False
    try:
        cluster.start()
        serves = True
        _log.info("serves %s (%s) and noop on port 9000", settings.model.name, settings.model.path)
        cluster.wait()
    except SystemExit:
        # While it starts there is nothing to finish, and the container's end is that of all in it.
        if serves:
            cut_off_after(STOP_S, _log)
            cluster.stop()
        # Without the interpreter's own end, at which Ray's threads abort at times (exit code 134).
        os._exit(ServiceExit.OK)


if __name__ == "__main__":
    sys.exit(main())
