"""Many hosts, `docker stack`."""

from .target import SwarmTarget

__all__ = ["SwarmTarget"]
