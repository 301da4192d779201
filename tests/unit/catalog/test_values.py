"""Refusals of single values: field, value, and what it takes, without a library's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from crayfish_ctl.catalog import Experiment
from crayfish_ctl.catalog.load import read_yaml
from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, Any] = {
    "name": "mine",
    "question": "what is refused?",
    "defaults": {"processor": "flink", "runtime": "python", "tool": "onnx", "model": "ffnn"},
    "profiles": {
        "laptop": {
            "repetitions": 1,
            "warmup": {"seconds": 1},
            "stop": {"seconds": 5},
            "workloads": [{"rate": 10}],
        }
    },
}


def refused(tmp_path: Path, workloads: str, **sizing: Any) -> str:
    content = yaml.safe_load(yaml.safe_dump(GOOD))
    content["profiles"]["laptop"] |= sizing
    content["profiles"]["laptop"]["workloads"] = yaml.safe_load(workloads)
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(CrayfishError) as caught:
        read_yaml(path, Experiment)
    prefix = f"{path}: profiles.laptop"
    lines = caught.value.message.splitlines()
    assert all(line.startswith(prefix) for line in lines)
    return "\n".join(line.removeprefix(prefix) for line in lines)


RATE = ".workloads.1.rate: must be records per second from 0.0001 to 10,000,000"


@pytest.mark.parametrize(
    "value",
    [
        "yes",
        "-5",
        "0",
        "1e12",
        "1.0e12",
        "1.0e308",
        ".nan",
        ".inf",
        "fast",
        "[1]",
        "{}",
    ],
)
def test_a_rate_is_one_that_can_be_sent(tmp_path: Path, value: str) -> None:
    said = refused(tmp_path, f"[{{rate: {value}}}]")
    assert said.startswith(RATE)
    assert said.endswith("(or max, or capacity)")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{rate: 1, batchsize: 3}", "1.batchsize: unknown field; did you mean batch_size?"),
        ("{rate: 1, stop: {secnds: 3}}", "1.stop.secnds: unknown field; did you mean seconds?"),
        (
            "{rate: 1, arrivals: {kind: bursty, base: 1, burst: 2, base_second: 3}}",
            "1.arrivals.base_second: unknown field; did you mean base_seconds?",
        ),
        ("{rate: 1, arrivals: {kind: bursty}}", "1.arrivals.base: is required"),
        ("{rate: 1, arrivals: poison}", "1.arrivals: kind must be constant or poisson"),
        ("{rate: 1, arrivals: 3}", "1.arrivals: must be a mapping"),
        ("{rate: 1, goal: saturat}", "or overload, not 'saturat'; did you mean saturate?"),
        ("{rate: 1, batch_size: 0}", "1.batch_size: must be a number of points from 1 to"),
        ("{rate: 1, batch_size: 1.5}", "1.batch_size: must be a number of points from 1 to"),
        ("{rate: 1, batch_size: true}", "not true"),
        ("{rate: 1, parallelism: 1-2}", "1.parallelism: must be N, or SOURCE-SCORER-SINK"),
        ("{rate: 1, parallelism: 9999999}", "1.parallelism: must be a number of operators"),
        ("{rate: 1, tool: Ö}", "1.tool: 'Ö': a name has small letters a-z, digits and hyphens"),
        ("{rate: 1, tool_options: [1]}", "1.tool_options: must be a mapping of names to values"),
        ("{rate: 1, tool_options: {a: [1]}}", "1.tool_options: a: must be a number, a text"),
        ("{rate: 1, tool_options: {a: .inf}}", "1.tool_options: a: must be a finite number"),
        ("{rate: 1, title: [1]}", "1.title: must be a text"),
        ("{rate: 1, stop: {seconds: 1.0e9}}", "1.stop.seconds: must be seconds from 0.001 to"),
        (
            "{rate: 1, faults: [{at_seconds: 1, service: x, action: stop, seconds: 1}]}",
            "1.faults.1.action: must be pause or kill or kill-process, not 'stop'",
        ),
        ("3", "1: must be a mapping"),
    ],
)
def test_the_field_is_named_where_it_stands(tmp_path: Path, entry: str, said: str) -> None:
    assert said in refused(tmp_path, f"[{entry}]")


def test_what_is_there_twice(tmp_path: Path) -> None:
    assert "workloads 1 and 2 are the same" in refused(tmp_path, "[{rate: 1}, {rate: 1.0}]")
    assert "workloads 1 and 3 have one title, 'a'" in refused(
        tmp_path, "[{rate: 1, title: a}, {rate: 2, title: b}, {rate: 3, title: a}]"
    )


def test_one_load_with_two_titles_is_no_mistake() -> None:
    """Before and after something else, to see whether the stack has become faster."""
    content = yaml.safe_load(yaml.safe_dump(GOOD))
    content["profiles"]["laptop"]["workloads"] = [{"rate": 1}, {"rate": 1, "title": "again"}]
    assert Experiment.model_validate(content).name == "mine"


def test_one_title_for_two_systems_is_no_mistake(tmp_path: Path) -> None:
    content = yaml.safe_load(yaml.safe_dump(GOOD))
    content["profiles"]["laptop"]["workloads"] = [
        {"rate": 1, "title": "slow"},
        {"rate": 1, "title": "slow", "tool": "noop"},
    ]
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    assert read_yaml(path, Experiment).name == "mine"


@pytest.mark.parametrize("name", ["Mine", "my experiment", "a/b", "é", "-a", "a" * 41])
def test_a_name_is_refused_in_words(tmp_path: Path, name: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(GOOD | {"name": name}, allow_unicode=True))
    with pytest.raises(CrayfishError, match="a name has small letters a-z") as caught:
        read_yaml(path, Experiment)
    assert "^" not in caught.value.message


def test_a_number_that_python_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(GOOD).replace("rate: 10", f"rate: 0x{'f' * 4000}"))
    with pytest.raises(CrayfishError, match="not a number of thousands of digits"):
        read_yaml(path, Experiment)
