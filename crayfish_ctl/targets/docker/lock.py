"""One experiment at a time on an engine: two would measure each other.

The lock is a container that never runs. Its name is given out by the very engine that is to be
protected, once, so it holds against other users, other folders for temporary files, other checkouts
and controllers on other machines. Its label says who holds it; one whose holder has died (of this
machine, where that can be seen) is removed by whoever comes next.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
import subprocess
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil
from python_on_whales.exceptions import DockerException, NoSuchContainer

from crayfish_ctl.errors import CrayfishError, ExitCode

from .calls import calls_engine, client_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from python_on_whales import DockerClient

LOCK = "crayfish-lock"
"""Name of the container."""
_IMAGE = "crayfish/lock:empty"
"""Without a single file: it is only there because a container needs one."""
_HOLDER = "crayfish.lock.holder"
_CLOCK_SLACK_S = 2.0
"""Two readings of a process's start may differ by this much; its number is not reused so fast."""
_POLL_S = 2.0


@dataclass(frozen=True)
class Holder:
    """Who holds the lock."""

    pid: int
    started: float
    """Of the process, Unix seconds: tells it from a later one of the same number."""
    host: str
    boot: str
    """Of the machine, and of the numbering of its processes: a container has one of its own."""
    user: str
    since: float
    """Unix seconds."""

    @classmethod
    def me(cls) -> Self:
        """This process."""
        process = psutil.Process()
        return cls(
            pid=process.pid,
            started=process.create_time(),
            host=socket.gethostname(),
            boot=_boot(),
            user=_user(),
            since=time.time(),
        )

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since).astimezone()
        return f"process {self.pid} of {self.user} on {self.host}, since {since:%Y-%m-%d %H:%M:%S}"

    @property
    def has_died(self) -> bool:
        """Whether it is known that the process is gone; never of another machine's."""
        if self.boot != _boot():
            return False
        try:
            found = psutil.Process(self.pid).create_time()
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False
        return abs(found - self.started) > _CLOCK_SLACK_S


def _boot() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:  # not Linux: the name must do
        return socket.gethostname()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without a name
        return str(os.getuid())


@contextlib.contextmanager
def engine_lock(
    docker: DockerClient, *, wait: bool = False, say: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the engine's lock.

    Args:
        docker: the engine's client.
        wait: for another experiment's end, instead of an error.
        say: told once whom it waits for.

    Raises:
        CrayfishError: if another experiment runs on the engine, naming who holds the lock.
    """
    own = _acquire(docker)
    told = False
    while isinstance(own, _Taken):
        if not wait:
            raise _refusal(own)
        if say is not None and not told:
            say(f"waiting: another experiment runs on this engine ({own.holder or 'unknown'})")
            told = True
        time.sleep(_POLL_S)
        own = _acquire(docker)
    try:
        yield
    finally:
        # An engine that has gone away took the lock's meaning with it.
        with contextlib.suppress(DockerException):
            docker.container.remove(own, force=True)


def break_lock(docker: DockerClient) -> None:
    """Remove the lock, whoever holds it."""
    with calls_engine("the lock"), contextlib.suppress(NoSuchContainer):
        docker.container.remove(LOCK, force=True)


@dataclass(frozen=True)
class _Taken:
    holder: Holder | None
    """None: its label cannot be read."""


def _refusal(taken: _Taken) -> CrayfishError:
    who = str(taken.holder) if taken.holder else f"container {LOCK}"
    return CrayfishError(
        f"another experiment runs on this engine ({who})",
        hint="wait for it (or let `--wait` do so): two at a time would measure each other. If it "
        "does not run any more, `crayfish down --force` removes its lock and what it left",
        code=ExitCode.HOST,
    )


def _acquire(docker: DockerClient) -> str | _Taken:
    """The id of our lock, or who has it."""
    with calls_engine("the lock"):
        _ensure_image(docker)
        for _ in range(2):
            try:
                mine = json.dumps(asdict(Holder.me()))
                return docker.container.create(
                    _IMAGE, ["none"], name=LOCK, labels={_HOLDER: mine}, pull="never"
                ).id
            except DockerException as error:
                if "already in use" not in (error.stderr or ""):
                    raise
            held = _held(docker)
            if held is None:
                continue  # it was given back just now
            held_id, holder = held
            if holder is None or not holder.has_died:
                return _Taken(holder)
            # By its id: whoever else finds it stale at this moment does not remove our new one.
            with contextlib.suppress(NoSuchContainer):
                docker.container.remove(held_id, force=True)
    return _Taken(None)


def _held(docker: DockerClient) -> tuple[str, Holder | None] | None:
    try:
        found = docker.container.inspect(LOCK)
    except NoSuchContainer:
        return None
    try:
        holder = Holder(**json.loads((found.config.labels or {})[_HOLDER]))
    except (KeyError, TypeError, ValueError):
        holder = None
    return found.id, holder


def _ensure_image(docker: DockerClient) -> None:
    if docker.image.exists(_IMAGE):
        return
    # An archive of no file; python_on_whales imports from files only.
    command = [*client_command(docker), "import", "-", _IMAGE]
    done = subprocess.run(command, input=b"\0" * 10240, capture_output=True, check=False)
    if done.returncode:
        raise DockerException(command, done.returncode, done.stdout, done.stderr)
