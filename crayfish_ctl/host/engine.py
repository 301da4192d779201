"""The container engine: does it answer, and how is it started."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from python_on_whales import docker
from python_on_whales.exceptions import DockerException
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from crayfish_ctl.errors import CrayfishError, ExitCode

from .shell import privilege, run_as_root

if TYPE_CHECKING:
    from .shell import Say

_START_S = 60.0
_PID_FILE = Path("/var/run/docker.pid")


def engine_info() -> Any | None:
    """`docker info`, or None if no engine answers."""
    try:
        info = docker.system.info()
    except (DockerException, OSError):
        return None
    return info if info.server_version else None


def engine_error() -> str:
    """Why no engine answers, in the client's words."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    done = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
    return lines[0] if lines else "no answer"


def plugin_version(name: str) -> str | None:
    """Version of the compose or buildx plugin, or None if it is not there."""
    try:
        done = subprocess.run(
            ["docker", name, "version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    words = [word.lstrip("v") for word in done.stdout.split()]
    return (
        next((word for word in words if word[:1].isdigit()), None) if not done.returncode else None
    )


def start(say: Say) -> None:
    """Start an installed engine and wait until it answers.

    Raises:
        CrayfishError: with the end of its log if it does not within a minute.
    """
    if Path("/run/systemd/system").is_dir():
        run_as_root(["systemctl", "start", "docker"], say)
        log = "journalctl -u docker"
    else:
        log = _start_by_hand(say)
    try:
        Retrying(
            retry=retry_if_result(lambda info: info is None),
            stop=stop_after_delay(_START_S),
            wait=wait_fixed(0.3),
        )(engine_info)
    except RetryError:
        raise CrayfishError(
            f"the engine was started but does not answer within {_START_S:.0f} s; see {log}",
            hint=engine_error(),
            code=ExitCode.HOST,
        ) from None


def _start_by_hand(say: Say) -> str:
    """Without systemd: a daemon of its own session, which outlives this command."""
    remove_stale_pid(_PID_FILE, say)
    log = Path(tempfile.gettempdir()) / "crayfish-dockerd.log"
    prefix = privilege() or []
    say(f"  $ {' '.join([*prefix, 'dockerd'])} > {log} &")
    with log.open("ab") as file:
        subprocess.Popen(
            [*prefix, "dockerd"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            cwd="/",
            env={k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")},
        )
    return str(log)


def remove_stale_pid(path: Path, say: Say) -> None:
    """Remove the pid file of an engine that crashed: the next one would refuse to start."""
    try:
        pid = int(path.read_text())
    except (OSError, ValueError):
        return
    try:
        alive = "dockerd" in psutil.Process(pid).name()
    except psutil.Error:
        alive = False
    if not alive:
        say(f"  removing {path} of an engine that is gone")
        run_as_root(["rm", "-f", str(path)], say)
