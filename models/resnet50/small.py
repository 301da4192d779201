# mypy: disable-error-code="import-not-found, import-untyped"
"""ResNet50's graph with an eighth of its filters: `crayfish models make resnet-small`."""

from __future__ import annotations

from typing import Any, Final

import tf_keras
from tf_keras.applications import resnet50

from models.common.make import Recipe, main

SIDE: Final = 64
CLASSES: Final = 10
SHARE: Final = 8


def network(_: str | None) -> Any:
    """Every layer of ResNet50, from a smaller image to fewer classes."""
    whole = resnet50.ResNet50(weights=None, input_shape=(SIDE, SIDE, 3), classes=CLASSES)
    config = whole.get_config()
    config["name"] = "resnet-small"
    for layer in config["layers"]:
        if "filters" in layer["config"]:
            layer["config"]["filters"] //= SHARE
    return tf_keras.Model.from_config(config)


RECIPE = Recipe(
    name="resnet-small",
    side=SIDE,
    network=network,
    preprocess=resnet50.preprocess_input,
    trained=False,
)

if __name__ == "__main__":
    main(RECIPE)
