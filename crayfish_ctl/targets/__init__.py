"""Where stacks run: a package for each target, and only these know an engine."""

from .base import UNSEEN_EXIT, Action, Ended, Events, Given, Rendered, Stack, Target, Task
from .memory import MemoryTarget, made_task
from .register import REGISTER, open_target

__all__ = [
    "REGISTER",
    "UNSEEN_EXIT",
    "Action",
    "Ended",
    "Events",
    "Given",
    "MemoryTarget",
    "Rendered",
    "Stack",
    "Target",
    "Task",
    "made_task",
    "open_target",
]
