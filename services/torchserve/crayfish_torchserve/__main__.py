"""The container's process: checks, writes what TorchServe reads, and becomes its parent."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from crayfish_contract.service import ServiceExit, json_logger
from crayfish_serving import SettingError, read_settings, run_child

from .layout import properties, write_properties, write_store

_log = json_logger("torchserve")


def java_command(home: Path, folder: Path, options: str) -> list[str]:
    """TorchServe's own start, without its script, which would hide how it ends.

    Args:
        home: where the package `ts` lies.
        folder: with config.properties, store and an empty workflow store.
        options: of the JVM.
    """
    return [
        "java",
        *shlex.split(options),
        f"-Dmodel_server_home={home}",
        f"-Djava.io.tmpdir={folder}",
        "-Djava.library.path=/opt/torchserve/native",
        "-Dlog4j.configurationFile=file:///opt/torchserve/log4j2.xml",
        *("-cp", f"{home}/ts/frontend/*"),
        "org.pytorch.serve.ModelServer",
        *("--python", sys.executable),
        *("-f", str(folder / "config.properties")),
        *("-s", str(folder / "store")),
        *("-w", str(folder / "workflows")),
        "-ncs",
    ]


def main() -> int:
    """The exit code of the container."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ServiceExit.OK))
    folder = Path(tempfile.mkdtemp(prefix="torchserve-"))
    store = folder / "store"
    try:
        settings = read_settings(os.environ)
        write_properties(folder / "config.properties", properties(settings, store))
        settings.choice("handler", ("binary", "json"))
        threads = settings.whole("threads", 1, 1, 1024)
    except SettingError as error:
        _log.error(str(error))
        return ServiceExit.BAD_CONFIG
    checked = subprocess.run([sys.executable, "-m", f"{__package__}.check"], check=False)
    if checked.returncode:
        return checked.returncode
    write_store(store, settings.model)
    (folder / "workflows").mkdir()
    spec = find_spec("ts")
    home = Path(str(spec and spec.origin)).parents[1]
    options = os.environ.get("CRAYFISH_JVM_RULE", "")
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    _log.info(f"serves {settings.model.name} ({settings.model.path}) and noop on port 7070")
    return run_child(java_command(home, folder, options), _log, environment=environment)


if __name__ == "__main__":
    sys.exit(main())
