"""A run's folder and what was prepared in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_contract.runconfig import RunConfig
    from crayfish_ctl.targets import Rendered


@dataclass(frozen=True)
class RunFiles:
    """A run's folder and the files that were prepared in it."""

    folder: Path
    rendered: Rendered
    config: RunConfig
