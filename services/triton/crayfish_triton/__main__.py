"""The container's process: checks, writes the model repository, and becomes Triton's parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from crayfish_contract.service import ServiceExit, json_logger
from crayfish_serving import SettingError, read_settings, run_child

from .repository import Tensors, batching, write_repository

_log = json_logger("triton")
_BACKENDS: Final = "/opt/triton/pytriton/tritonserver/backends"


def server_command(repository: Path) -> list[str]:
    """Triton, with gRPC and metrics for the run's network and nothing else."""
    return [
        "tritonserver",
        f"--model-repository={repository}",
        f"--backend-directory={_BACKENDS}",
        # All there is stands in config.pbtxt: else each model starts once more, to be asked.
        "--disable-auto-complete-config",
        "--model-control-mode=none",
        "--grpc-port=8001",
        "--metrics-port=8002",
        "--allow-http=false",
        # The container's are counted already.
        "--allow-cpu-metrics=false",
        "--allow-gpu-metrics=false",
        "--exit-timeout-secs=5",
        "--log-format=ISO8601",
    ]


def main() -> int:
    """The exit code of the container."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ServiceExit.OK))
    try:
        settings = read_settings(os.environ)
        together = batching(settings)
        settings.whole("threads", 1, 1, 1024)
    except SettingError as error:
        _log.error(str(error))
        return ServiceExit.BAD_CONFIG
    checked = subprocess.run(
        [sys.executable, "-m", f"{__package__}.check"],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
    )
    if checked.returncode:
        sys.stdout.write(checked.stdout)
        return checked.returncode
    repository = Path(tempfile.mkdtemp(prefix="triton-"))
    names = Tensors(*json.loads(checked.stdout))
    write_repository(repository, settings.model, names, together)
    _log.info("serves %s (%s) and noop on port 8001", settings.model.name, settings.model.path)
    return run_child(server_command(repository), _log)


if __name__ == "__main__":
    sys.exit(main())
