"""The targets by name: a new one is a package here and a line in this table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .compose import ComposeTarget
from .memory import MemoryTarget
from .swarm import SwarmTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .base import Target

REGISTER: Final[Mapping[str, Callable[[], Target]]] = {
    "compose": ComposeTarget,
    "memory": MemoryTarget,
    "swarm": SwarmTarget,
}


def open_target(name: str = "compose") -> Target:
    """The target of that name."""
    return REGISTER[name]()
