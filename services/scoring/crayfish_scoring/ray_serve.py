"""Ray Serve, over gRPC."""

from __future__ import annotations

from .servers.client import creator
from .servers.scoring import ScoringWire

create = creator("ray-serve", lambda model, name, _: ScoringWire(model, name))
