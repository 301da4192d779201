"""NVIDIA Triton."""

from __future__ import annotations

from .servers.client import creator
from .servers.oip import OipWire

create = creator("triton", lambda model, name, _: OipWire(model, name))
