# mypy: disable-error-code="import-not-found, import-untyped"
"""ResNet50 (He et al., 2015), as Keras has it: `crayfish models make resnet50`."""

from __future__ import annotations

from tf_keras.applications import resnet50

from models.common.make import Recipe, main

RECIPE = Recipe(
    name="resnet50",
    side=224,
    network=lambda weights: resnet50.ResNet50(weights=weights),
    preprocess=resnet50.preprocess_input,
)

if __name__ == "__main__":
    main(RECIPE)
