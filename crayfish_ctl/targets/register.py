"""The targets by name: a new one is a package here and a line in this table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from .compose import ComposeTarget
from .memory import MemoryTarget
from .swarm import SwarmTarget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .base import Target

Say = Callable[[str], None]

REGISTER: Final[Mapping[str, Callable[[Say], Target]]] = {
    "compose": lambda _: ComposeTarget(),
    "memory": lambda _: MemoryTarget(),
    "swarm": SwarmTarget,
}


def open_target(name: str = "compose", say: Say = lambda _: None) -> Target:
    """The target of that name.

    Args:
        name: of it.
        say: told what takes long before anything starts.
    """
    return REGISTER[name](say)
