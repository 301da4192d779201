"""A run's folder and what was prepared in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_contract.runconfig import RunConfig
    from crayfish_ctl.targets import Rendered

ANYBODY_WRITES: Final = 0o1777
"""Of a folder that containers write: their users are the caller, the images' own, and whatever a
rootless engine makes of both."""


@dataclass(frozen=True)
class RunFiles:
    """A run's folder and the files that were prepared in it."""

    folder: Path
    rendered: Rendered
    config: RunConfig
