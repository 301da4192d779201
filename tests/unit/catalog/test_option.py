"""A declared option takes what its default is a kind of, within its bounds."""

from __future__ import annotations

from typing import Any

import pytest

from crayfish_ctl.catalog import Tool
from crayfish_ctl.catalog.option import Option, defaults, effective


@pytest.mark.parametrize(
    ("option", "value", "same"),
    [
        ({"default": 1, "min": 1}, 4, 4),
        ({"default": 1, "min": 1}, 4.0, 4),
        ({"default": 0.0}, 3, 3.0),
        ({"default": False}, True, True),
        ({"default": "a", "choices": ["a", "b"]}, "b", "b"),
        ({"default": ""}, 7, "7"),
    ],
)
def test_a_value_becomes_what_the_default_is(option: Any, value: Any, same: Any) -> None:
    found = Option.model_validate(option).check(value)
    assert (found, type(found)) == (same, type(same))


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ({"default": 1, "min": 1}, 0, "must be a whole number from 1 to 2,147,483,647, not 0"),
        ({"default": 1, "min": 1}, 1.5, "must be a whole number"),
        ({"default": 1, "min": 1}, True, "must be a whole number .* not true"),
        ({"default": 1, "min": 1}, "4", "must be a number, not '4'"),
        ({"default": 1, "max": 3}, 4, "to 3, not 4"),
        ({"default": 0.0, "min": 0}, -0.5, "must be a number from 0"),
        ({"default": 0.0, "min": 0}, "many", "must be a number, not 'many'"),
        ({"default": True}, 1, "must be true or false, not 1"),
        (
            {"default": "thread", "choices": ["thread", "process"]},
            "proces",
            "must be thread or process, not 'proces'; did you mean process",
        ),
    ],
)
def test_what_it_does_not_take_is_said(option: Any, value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Option.model_validate(option).check(value)


def test_a_default_that_its_own_bounds_refuse_is_an_error() -> None:
    with pytest.raises(ValueError, match="default must be a whole number from 1"):
        Option.model_validate({"default": 0, "min": 1})


def test_a_bare_value_is_a_default() -> None:
    tool = Tool.model_validate(
        {
            "name": "x", "title": "x", "kind": "embedded", "model_format": None,
            "needs": {"python": []},
            "options": {"threads": 2, "mode": {"default": "a", "choices": ["a", "b"]}},
        }
    )  # fmt: skip
    assert defaults(tool.options) == {"threads": 2, "mode": "a"}
    assert effective(tool.options, {"mode": "b"}) == {"threads": 2, "mode": "b"}
