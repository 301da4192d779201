"""Our own small server of TensorFlow Serving's API (services/jvm/tf-predict)."""

from __future__ import annotations

from .servers.client import creator
from .servers.tfserving import TfServingWire

create = creator("tf-predict", lambda model, name, _: TfServingWire(model, name, constants=False))
