"""A container that makes files by a module of models/: what it is given, and what it says.

What is made lies aside until all of it is there; whatever is interrupted leaves nothing that could
be taken for a model.
"""

from __future__ import annotations

import glob
import json
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.images import IMAGE_PREFIX, IMAGE_TAG
from crayfish_ctl.targets import Given

from .files import ANYBODY_WRITES
from .variables import container_user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from crayfish_ctl.targets import Target

MODEL_MAKER: Final = "model-maker"
"""The image that has all the frameworks."""
SILENT: Final = "cannot be made: "
"""Begins what is said of one that failed without a word of its own."""
_LAST_LINES: Final = 15
"""Of what a maker wrote that has no words of its own for what went wrong."""
_SPARE: Final = 1.5
"""Of its size on the disk: what lies beside it while it is made."""


@dataclass(frozen=True)
class Maker:
    """A container with the modules of models/, a folder into which it writes, and nothing else."""

    image: str
    """Name or id."""
    checkout: Path
    """Whose models/ has the modules."""
    out: Path
    """What it sees as /out."""
    read: Mapping[str, Path] = field(default_factory=dict)
    """Further folders and files in the container -> of the host."""
    memory: str | None = None
    """A limit, as compose writes it."""
    online: bool = False
    """Whether it may reach what lies outside."""


def maker_image(name: str) -> str:
    """The name under which an image of ours is started."""
    return f"{IMAGE_PREFIX}/{name}:{IMAGE_TAG}"


def run_maker(
    maker: Maker,
    command: Sequence[str],
    target: Target,
    say: Callable[[str], None] = lambda _: None,
) -> str:
    """Run it to its end, and return what it said last.

    Args:
        maker: the container.
        command: its arguments, the module first.
        target: where it runs.
        say: told what it says of its steps.

    Raises:
        CrayfishError: with its own last words, if it fails; else with the end of what it wrote.
    """
    said: list[str] = []
    errors: list[str] = []

    def line(text: str) -> None:
        level, message = _message(text)
        if level == "error":
            errors.append(message)
        elif level:
            said.append(message)
            say(message)

    given = Given(
        read={"/crayfish/checkout/models": maker.checkout / "models", **maker.read},
        written={"/out": maker.out},
        user=container_user(),
        memory=maker.memory,
        online=maker.online,
    )
    try:
        target.make(maker.image, ["-m", *command], given, line)
    except CrayfishError as error:
        why = errors[-1] if errors else SILENT + _tail(error.message)
        raise CrayfishError(why, code=ExitCode.HOST) from None
    return said[-1] if said else ""


def _tail(text: str) -> str:
    return "\n".join(text.splitlines()[-_LAST_LINES:])


def _message(text: str) -> tuple[str, str]:
    """Level and message of a container's line; empty for what a library writes between them."""
    try:
        line = json.loads(text)
        return str(line["level"]), str(line["msg"])
    except (ValueError, TypeError, KeyError):
        return "", ""


@contextmanager
def aside(parent: Path, begin: str, what: str, megabytes: float) -> Iterator[Path]:
    """An empty folder on the same disk, which is gone afterwards, unless it was renamed.

    Args:
        parent: where it lies.
        begin: of its name, and of no other's.
        what: is made there, for the message.
        megabytes: that it will have.

    Raises:
        CrayfishError: if there is no room.
    """
    for left in parent.glob(f"{glob.escape(begin)}*"):  # of a controller that was killed
        shutil.rmtree(left, ignore_errors=True)
    free, needed = shutil.disk_usage(parent).free, _SPARE * 1e6 * megabytes
    if free < needed:
        raise CrayfishError(
            f"{parent}: {free / 1e6:,.0f} MB free, {what} needs {needed / 1e6:,.0f} MB",
            hint="make room",
            code=ExitCode.HOST,
        )
    scratch = Path(tempfile.mkdtemp(prefix=begin, dir=parent))
    scratch.chmod(ANYBODY_WRITES)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
