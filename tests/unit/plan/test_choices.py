"""What flags may say, for any text that a user may type."""

from __future__ import annotations

import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import parse_options, parse_parallelism, parse_rates

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
WORDS = st.text(max_size=30).map(str.strip)


@given(options=st.dictionaries(NAMES, st.booleans() | st.integers() | st.floats(allow_nan=False)))
def test_typed_values_come_back_as_they_were(options: dict[str, bool | int | float]) -> None:
    finite = {name: value for name, value in options.items() if math.isfinite(value)}
    texts = [
        f"{name}={str(value).lower() if isinstance(value, bool) else repr(value)}"
        for name, value in finite.items()
    ]
    parsed = parse_options("--x", texts)
    assert parsed == finite
    assert [type(value) for value in parsed.values()] == [type(v) for v in finite.values()]


@given(name=NAMES, value=WORDS)
def test_any_value_is_one_that_json_can_carry_on(name: str, value: str) -> None:
    parsed = parse_options("--x", [f"{name}={value}"])
    assert list(parsed) == [name]
    assert json.loads(json.dumps(parsed, allow_nan=False)) == parsed
    if isinstance(parsed[name], str):
        assert parsed[name] == value


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "Infinity", "1e999"])
def test_what_no_number_of_json_is_stays_text(value: str) -> None:
    assert parse_options("--x", [f"a={value}"]) == {"a": value}


def test_a_value_may_hold_the_sign_and_the_last_one_counts() -> None:
    assert parse_options("--x", ["a=b=c", " n = 1 ", "n=2"]) == {"a": "b=c", "n": 2}


@pytest.mark.parametrize("text", ["a", "=1", "", " =1"])
def test_a_pair_has_a_name_and_a_sign(text: str) -> None:
    with pytest.raises(CrayfishError, match="not of the form name=value") as caught:
        parse_options("--tool-option", [text])
    assert caught.value.message.startswith(f"--tool-option {text}")
    assert caught.value.exit_code is ExitCode.USAGE


@given(text=st.text(max_size=12))
def test_any_parallelism_is_three_positive_numbers_or_refused(text: str) -> None:
    try:
        numbers = parse_parallelism(text)
    except CrayfishError:
        assert not re.fullmatch("[1-9][0-9]*(-[1-9][0-9]*-[1-9][0-9]*)?", text)
    else:
        assert len(numbers) == 3
        assert min(numbers) > 0


@given(numbers=st.tuples(*[st.integers(1, 10**6)] * 3))
def test_a_parallelism_comes_back_as_it_was(numbers: tuple[int, int, int]) -> None:
    assert parse_parallelism("-".join(map(str, numbers))) == numbers
    assert parse_parallelism(str(numbers[0])) == (numbers[0],) * 3


@given(
    groups=st.lists(
        st.lists(st.floats(1e-3, 1e9) | st.just("max"), min_size=1, max_size=4), max_size=4
    )
)
def test_rates_keep_their_order_however_they_are_given(groups: list[list[float | str]]) -> None:
    texts = [",".join(map(str, group)) for group in groups]
    assert list(parse_rates(texts)) == [rate for group in groups for rate in group]


@pytest.mark.parametrize("text", ["fast", "1;2", "1 2", "MAX"])
def test_a_rate_is_a_number_or_max(text: str) -> None:
    with pytest.raises(CrayfishError, match=f"--rate {text}: neither a number"):
        parse_rates([text])
