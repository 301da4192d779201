"""Spark's knobs: typed, and a typo is an error."""

from __future__ import annotations

import pytest

from crayfish_contract.options import OptionError
from crayfish_spark.options import SparkOptions


def test_an_option_is_taken() -> None:
    assert SparkOptions.of({"trigger_interval_ms": 100}, "python") == SparkOptions(
        trigger_interval_ms=100
    )


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"triger_interval_ms": 1}, "triger_interval_ms"),
        ({"trigger_interval_ms": "1s"}, "trigger_interval_ms"),
        ({"trigger_interval_ms": -1}, "trigger_interval_ms"),
        ({"trigger_interval_ms": True}, "trigger_interval_ms"),
        ({"mode": "continuous"}, "options.mode: Input should be"),
        ({"arrow_records": 0}, "arrow_records"),
    ],
)
def test_anything_else_is_refused(options: dict[str, object], named: str) -> None:
    with pytest.raises(OptionError, match=named):
        SparkOptions.of(options, "python")


def test_real_time_is_for_the_jvm() -> None:
    with pytest.raises(OptionError, match=r"mode: real-time: .*choose runtime jvm"):
        SparkOptions.of({"mode": "real-time"}, "python")
    assert SparkOptions.of({"mode": "real-time"}, "jvm").mode == "real-time"
