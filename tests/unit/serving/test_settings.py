"""A server's settings: what is missing or wrong is named by its variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from crayfish_serving import SettingError, read_settings

ENVIRONMENT = {
    "CRAYFISH_MODEL_NAME": "ffnn",
    "CRAYFISH_MODEL_PATH": str(Path(__file__).parents[3] / "models/ffnn/ffnn.onnx"),
    "CRAYFISH_MODEL_INPUT": "28,28",
    "CRAYFISH_MODEL_OUTPUT": "10",
}


def test_what_is_served_and_how() -> None:
    settings = read_settings({**ENVIRONMENT, "TOOL_BATCH_SIZE": "16", "TOOL_SHARE": "0.5"})
    assert settings.model.name == "ffnn"
    assert settings.model.input_shape == (28, 28)
    assert settings.model.output_shape == (10,)
    assert settings.model.point_bytes == 3136
    assert (settings.model.input_name, settings.model.output_name) == (None, None)
    assert settings.whole("batch_size", 1, 1, 64) == 16
    assert settings.number("share", 1.0, 0, 1) == 0.5


def test_an_option_that_is_not_given_has_its_default() -> None:
    """Compose makes an empty text of a variable that it does not know."""
    settings = read_settings({**ENVIRONMENT, "TOOL_BATCH_SIZE": "", "TOOL_HANDLER": ""})
    assert settings.whole("batch_size", 7, 1, 64) == 7
    assert settings.number("delay", 0.5, 0, 1) == 0.5
    assert settings.choice("handler", ("binary", "json")) == "binary"


def test_names_of_tensors_may_be_given() -> None:
    names = {"CRAYFISH_MODEL_INPUT_NAME": "", "CRAYFISH_MODEL_OUTPUT_NAME": "p"}
    served = read_settings({**ENVIRONMENT, **names}).model
    assert (served.input_name, served.output_name) == (None, "p")


@pytest.mark.parametrize("value", ["x", "0", "65", "1.5"])
def test_a_whole_number_out_of_its_bounds_is_named(value: str) -> None:
    settings = read_settings({**ENVIRONMENT, "TOOL_BATCH_SIZE": value})
    with pytest.raises(SettingError, match=rf"TOOL_BATCH_SIZE: .* from 1 to 64, not '{value}'"):
        settings.whole("batch_size", 1, 1, 64)


@pytest.mark.parametrize("value", ["x", "-1", "nan", "inf"])
def test_a_number_out_of_its_bounds_is_named(value: str) -> None:
    settings = read_settings({**ENVIRONMENT, "TOOL_DELAY": value})
    with pytest.raises(SettingError, match=rf"TOOL_DELAY: .* from 0 to 1, not '{value}'"):
        settings.number("delay", 0, 0, 1)


def test_another_word_is_named_with_those_there_are() -> None:
    settings = read_settings({**ENVIRONMENT, "TOOL_HANDLER": "text"})
    with pytest.raises(SettingError, match="TOOL_HANDLER: must be binary or json, not 'text'"):
        settings.choice("handler", ("binary", "json"))


@pytest.mark.parametrize("variable", sorted(ENVIRONMENT))
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_missing_is_named(variable: str, value: str | None) -> None:
    environment = {**ENVIRONMENT, variable: value or ""}
    if value is None:
        del environment[variable]
    with pytest.raises(SettingError, match=f"{variable}: not set"):
        read_settings(environment)


@pytest.mark.parametrize("value", ["28x28", "0,28", "-1", ",", "28,"])
def test_what_is_no_shape_is_named(value: str) -> None:
    with pytest.raises(SettingError, match="CRAYFISH_MODEL_INPUT: must be a shape"):
        read_settings({**ENVIRONMENT, "CRAYFISH_MODEL_INPUT": value})


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingError, match=r"/models/gone\.onnx: not there"):
        read_settings({**ENVIRONMENT, "CRAYFISH_MODEL_PATH": "/models/gone.onnx"})


def test_no_model_may_be_called_as_the_one_that_answers_zeros() -> None:
    with pytest.raises(SettingError, match="CRAYFISH_MODEL_NAME"):
        read_settings({**ENVIRONMENT, "CRAYFISH_MODEL_NAME": "noop"})


def test_types_and_constants_may_be_given() -> None:
    constants = '{"scale": {"dtype": "float32", "shape": [1, 2], "data": [2.0, 3.0]}}'
    types = {"CRAYFISH_MODEL_INPUT_DTYPE": "uint8", "CRAYFISH_MODEL_OUTPUT_DTYPE": ""}
    served = read_settings({**ENVIRONMENT, **types, "CRAYFISH_MODEL_CONSTANTS": constants}).model
    assert (served.input_dtype, served.output_dtype) == ("uint8", "float32")
    assert served.point_bytes == 784
    assert served.constants is not None
    scale = served.constants["scale"]
    assert (scale.dtype, scale.shape, scale.data) == ("float32", (1, 2), (2.0, 3.0))
    assert read_settings(ENVIRONMENT).model.constants is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CRAYFISH_MODEL_INPUT_DTYPE", "int8"),
        ("CRAYFISH_MODEL_OUTPUT_DTYPE", "Float32"),
        ("CRAYFISH_MODEL_CONSTANTS", "{"),
        ("CRAYFISH_MODEL_CONSTANTS", "[1]"),
        ("CRAYFISH_MODEL_CONSTANTS", '{"a": 1}'),
        ("CRAYFISH_MODEL_CONSTANTS", '{"a": {"dtype": "int8", "shape": [], "data": [1]}}'),
    ],
)
def test_a_type_that_there_is_not_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingError, match=variable):
        read_settings({**ENVIRONMENT, variable: value})
