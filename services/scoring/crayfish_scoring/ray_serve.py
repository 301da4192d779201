"""Ray Serve; its option `transport` says whether calls go over gRPC or HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .servers import client, http
from .servers.scoring import ScoringWire

if TYPE_CHECKING:
    from .base import ModelSpec, Options
    from .servers.scorer import ServerScorer

_NAME: Final = "ray-serve"
_over_grpc = client.creator(_NAME, lambda model, name, _: ScoringWire(model, name))
_over_http = http.creator(_NAME)


def create(model: ModelSpec, options: Options, address: str | None) -> ServerScorer:
    """Options of the client, and `transport`; all others are the server's."""
    make = _over_http if options.get("transport") == "http" else _over_grpc
    return make(model, options, address)
