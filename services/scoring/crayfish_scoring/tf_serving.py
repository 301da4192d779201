"""TensorFlow Serving."""

from __future__ import annotations

from .servers.client import creator
from .servers.tfserving import TfServingWire

create = creator("tf-serving", lambda model, name, _: TfServingWire(model, name))
