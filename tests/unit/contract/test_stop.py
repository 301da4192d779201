"""A container that waits for its broker ends well when it is told to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.unit.load.made import make_config

if TYPE_CHECKING:
    from pathlib import Path


FREE_PORT = {
    "producer": "import crayfish_producer.run as run; run._PORT = 0",
    "consumer": "import crayfish_consumer.server as s; s.serve.__defaults__ = (0,)",
}
"""Of its metrics: another process of this machine may have the usual one."""
RUN = "import runpy; runpy.run_module('crayfish_{}', run_name='__main__')"


@pytest.mark.parametrize("service", FREE_PORT)
def test_a_sigterm_while_waiting_for_the_broker_ends_with_0(tmp_path: Path, service: str) -> None:
    with socket.socket() as nobody:  # takes connections, and never answers
        nobody.bind(("127.0.0.1", 0))
        nobody.listen()
        content = json.loads(make_config().model_dump_json())
        content["kafka"]["bootstrap"] = f"127.0.0.1:{nobody.getsockname()[1]}"
        path = tmp_path / "run.json"
        path.write_text(json.dumps(content))
        with subprocess.Popen(
            [sys.executable, "-c", f"{FREE_PORT[service]}\n{RUN.format(service)}"],
            env={**os.environ, "CRAYFISH_RUN_CONFIG": str(path), "PYTHONPATH": ":".join(sys.path)},
        ) as process:
            try:
                nobody.settimeout(30)
                nobody.accept()[0].close()  # it has begun to wait
                process.send_signal(signal.SIGTERM)
                assert process.wait(10) == 0
            finally:
                process.kill()
