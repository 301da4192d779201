"""The container engine: does it answer, and how is it started."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from python_on_whales import docker
from python_on_whales.exceptions import DockerException
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed
from tenacity.stop import stop_base

from crayfish_ctl.errors import CrayfishError, ExitCode

from .shell import run_as_root

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from .shell import Say

_START_S = 60.0
_QUIT_S = 5.0
_ANSWER_S = 20.0
_PID_FILES = {
    "dockerd": Path("/var/run/docker.pid"),
    "containerd": Path("/var/run/docker/containerd/containerd.pid"),
}
_SYSTEMD = Path("/run/systemd/system")
_LOG = Path("/var/log/crayfish-dockerd.log")
_LOG_LINES = 10


def engine_info() -> Any | None:
    """`docker info`, or None if no engine answers."""
    if engine_error() is not None:
        return None
    try:
        return docker.system.info()
    except DockerException:
        return None


def engine_error() -> str | None:
    """Why no engine answers, in the client's words; None if one does."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    try:
        done = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            text=True,
            timeout=_ANSWER_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {_ANSWER_S:.0f} s"
    if done.returncode == 0:
        return None
    lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "no answer"


def is_forbidden(error: str | None) -> bool:
    """Whether an engine runs, but does not let this user in."""
    return error is not None and "permission denied" in error.lower()


def forbidden(error: str) -> CrayfishError:
    """What to tell a user whom the engine does not let in."""
    return CrayfishError(
        f"a container engine runs, but this user may not use it: {error}",
        hint="sudo usermod -aG docker $USER, then log in anew (or: newgrp docker)",
        code=ExitCode.HOST,
    )


def chosen_elsewhere() -> str | None:
    """The user's own choice of an engine, if one was made: then no other one is installed."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        value = os.environ.get(name)
        if value and value != "default":
            return f"{name} is {value}"
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        context = json.loads((folder / "config.json").read_text()).get("currentContext")
    except (OSError, ValueError, AttributeError):
        return None
    return f"docker's context is {context}" if context and context != "default" else None


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


def installed() -> bool:
    """Whether this machine has an engine; an ordinary user's PATH lacks the folder it is in."""
    path = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
    return shutil.which("dockerd", path=path) is not None


def start(say: Say) -> None:
    """Start an installed engine and wait until it answers.

    Raises:
        CrayfishError: with the end of its log if it quits, or does not answer within a minute; at
            once if it runs but this user may not use it.
    """
    systemd = _SYSTEMD.is_dir()
    if systemd:
        run_as_root(["systemctl", "start", "docker"], say)
    else:
        _start_by_hand(say)
    began = time.monotonic()
    try:
        error = Retrying(
            retry=retry_if_result(lambda error: error is not None and not is_forbidden(error)),
            stop=stop_after_delay(_START_S) | _HasQuit(),
            wait=wait_fixed(0.3),
        )(engine_error)
    except RetryError:
        end = "see journalctl -u docker" if systemd else f"the end of {_LOG}:\n{_tail(_LOG)}"
        waited = time.monotonic() - began
        raise CrayfishError(
            f"the engine was started, but none answers after {waited:.0f} s; {end}",
            hint="mend what it says and start again",
            code=ExitCode.HOST,
        ) from None
    if error is not None:
        raise forbidden(error)


class _HasQuit(stop_base):
    """Stop waiting for a daemon that has ended already."""

    def __call__(self, retry_state: RetryCallState) -> bool:
        waited = retry_state.seconds_since_start or 0
        return waited > _QUIT_S and not any(is_running(pid, "dockerd") for pid in psutil.pids())


def _start_by_hand(say: Say) -> None:
    """Without systemd: a daemon in a session of its own, which outlives this command.

    The shell runs as root, so that sudo can still ask on this terminal; the daemon has none.
    """
    for name, path in _PID_FILES.items():
        remove_stale_pid(path, name, say)
    run_as_root(
        ["sh", "-c", f"cd / && setsid dockerd </dev/null >>{_LOG} 2>&1 &"],
        say,
    )


def _tail(log: Path) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
    except OSError as error:
        return str(error)


def remove_stale_pid(path: Path, name: str, say: Say) -> None:
    """Remove the pid file of a daemon that crashed: the next engine would trust it and give up."""
    try:
        pid = int(path.read_text())
    except (OSError, ValueError):
        return
    if not is_running(pid, name):
        say(f"  removing {path}: that {name} is gone")
        run_as_root(["rm", "-f", str(path)], say)


def is_running(pid: int, name: str) -> bool:
    """Whether that process is such a daemon and lives: not a reused pid, not a zombie."""
    try:
        process = psutil.Process(pid)
        return process.name() == name and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
