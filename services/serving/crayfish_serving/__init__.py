"""What the model servers of ours have in common: their settings, and the life of a child process.

Needs the standard library alone: each server's image has another set of packages.
"""

from .child import STOP_S, run_child
from .settings import MESSAGE_BYTES, NOOP, ServedModel, SettingError, Settings, read_settings
from .sizes import EXECUTIONS, ExecutionSizes, keep_telling, size_bounds

__all__ = [
    "EXECUTIONS",
    "MESSAGE_BYTES",
    "NOOP",
    "STOP_S",
    "ExecutionSizes",
    "ServedModel",
    "SettingError",
    "Settings",
    "keep_telling",
    "read_settings",
    "run_child",
    "size_bounds",
]
