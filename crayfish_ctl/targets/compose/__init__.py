"""One host, `docker compose`."""

from .target import ComposeTarget

__all__ = ["ComposeTarget"]
