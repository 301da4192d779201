"""What ONNX can be made of; of the rest it is said why, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import Facts, check_convertible, is_convertible
from crayfish_ctl.models.keras import KERAS_3

PATH = Path("own")


@pytest.mark.parametrize(
    "facts",
    [
        Facts(PATH, "tf-savedmodel"),
        Facts(PATH, "keras-h5"),
        Facts(PATH, "keras-h5", problems=("layer a: Lambda is not imported by DeepLearning4j",)),
    ],
)
def test_what_tensorflow_wrote_is_convertible(facts: Facts) -> None:
    check_convertible(facts)
    assert is_convertible(facts)


@pytest.mark.parametrize(
    ("facts", "why", "mend"),
    [
        (Facts(PATH, "onnx"), "is ONNX already", "models show"),
        (Facts(PATH, "torchscript"), "from its Python source only", r"torch\.onnx\.export"),
        (Facts(PATH, "keras-h5", problems=(KERAS_3,)), "written by Keras 3", "where it was made"),
        (Facts(PATH, "tf-savedmodel", problems=("no signature",)), "no signature", "SavedModel"),
        (Facts(PATH, "tf-savedmodel", missing=("v",)), "files that are not there: v", "SavedModel"),
    ],
)
def test_what_is_not_says_why(facts: Facts, why: str, mend: str) -> None:
    assert not is_convertible(facts)
    with pytest.raises(CrayfishError, match=f"^own: .*{why}") as caught:
        check_convertible(facts)
    assert caught.value.hint is not None
    assert mend.replace("\\", "") in caught.value.hint
