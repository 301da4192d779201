"""TorchServe; its option `handler` says whether points travel as bytes or as JSON."""

from __future__ import annotations

from .servers.client import creator
from .servers.torchserve import TorchServeWire

create = creator(
    "torchserve",
    lambda model, name, options: TorchServeWire(model, name, text=options.get("handler") == "json"),
)
