"""Any server of the Open Inference Protocol."""

from __future__ import annotations

from .servers.client import creator
from .servers.oip import OipWire

create = creator("oip", lambda model, name, _: OipWire(model, name))
