"""Ray's knobs: typed, and a typo is an error."""

from __future__ import annotations

import pytest

from crayfish_contract.options import OptionError
from crayfish_ray.options import RayOptions


def test_an_option_is_taken() -> None:
    assert RayOptions.parse({"poll_records": 1, "sink_linger_ms": 0}) == RayOptions(poll_records=1)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"max_bach": 1}, "max_bach"),
        ({"poll_records": "many"}, "poll_records"),
        ({"poll_records": 0}, "poll_records"),
        ({"in_flight": 0}, "in_flight"),
        ({"in_flight": True}, "in_flight"),
        ({"sink_linger_ms": -1}, "sink_linger_ms"),
    ],
)
def test_anything_else_is_refused(options: dict[str, object], named: str) -> None:
    with pytest.raises(OptionError, match=named):
        RayOptions.parse(options)
