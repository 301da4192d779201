"""From a run to a compose file, the target that starts and stops it, and the engine's lock."""

from .compose import ComposeTarget, ServiceContainer
from .lock import break_lock, engine_lock
from .render import Rendered, render

__all__ = [
    "ComposeTarget",
    "Rendered",
    "ServiceContainer",
    "break_lock",
    "engine_lock",
    "render",
]
