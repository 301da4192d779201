# mypy: disable-error-code="import-not-found, import-untyped"
"""VGG19 (Simonyan and Zisserman, 2014), as Keras has it: `crayfish models make vgg19`."""

from __future__ import annotations

from tf_keras.applications import vgg19

from models.common.make import Recipe, main

RECIPE = Recipe(
    name="vgg19",
    side=224,
    network=lambda weights: vgg19.VGG19(weights=weights),
    preprocess=vgg19.preprocess_input,
)

if __name__ == "__main__":
    main(RECIPE)
