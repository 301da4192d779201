"""Flink's knobs: typed, and a typo is an error."""

from __future__ import annotations

import pytest

from crayfish_contract.options import OptionError
from crayfish_flink.options import FlinkOptions


def test_an_option_is_taken() -> None:
    assert FlinkOptions.parse({"execution_mode": "process", "bundle_size": 1}) == FlinkOptions(
        execution_mode="process", bundle_size=1
    )


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"bundel_size": 1}, "bundel_size"),
        ({"bundle_size": "many"}, "bundle_size"),
        ({"bundle_size": -1}, "bundle_size"),
        ({"bundle_size": True}, "bundle_size"),
        ({"progress_interval_ms": 9}, "progress_interval_ms"),
        ({"execution_mode": "both"}, "execution_mode"),
    ],
)
def test_anything_else_is_refused(options: dict[str, object], named: str) -> None:
    with pytest.raises(OptionError, match=named):
        FlinkOptions.parse(options)
