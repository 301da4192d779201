"""From a run to a compose file, and the target that starts and stops it."""

from .compose import ComposeTarget, ServiceContainer
from .render import Rendered, render

__all__ = ["ComposeTarget", "Rendered", "ServiceContainer", "render"]
