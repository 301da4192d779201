"""What configs/ declares of options, and what the services take without it, are the same.

The controller always gives every option, so the services' own defaults are for use by hand.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from crayfish_contract.options import KafkaOptions
from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.catalog.option import defaults
from crayfish_flink.options import FlinkOptions
from crayfish_ray.options import RayOptions
from crayfish_spark.options import SparkOptions

if TYPE_CHECKING:
    from crayfish_contract.options import ProcessorOptions

ROOT = Path(__file__).parents[2]
CATALOG = load_catalog(ROOT)
TYPES: list[tuple[str, type[ProcessorOptions]]] = [
    ("flink", FlinkOptions),
    ("ray", RayOptions),
    ("spark", SparkOptions),
]


@pytest.mark.parametrize(("name", "kind"), TYPES)
def test_a_python_processor_has_the_declared_defaults(
    name: str, kind: type[ProcessorOptions]
) -> None:
    assert kind().model_dump() == defaults(CATALOG.processor(name).options)


@pytest.mark.parametrize(("name", "kind"), TYPES)
def test_a_python_processor_has_the_declared_bounds(
    name: str, kind: type[ProcessorOptions]
) -> None:
    for option, declared in CATALOG.processor(name).options.items():
        assert kind.model_validate({option: declared.default})
        if declared.min is not None:
            assert kind.model_validate({option: int(declared.min)})
            with pytest.raises(ValidationError):
                kind.model_validate({option: int(declared.min) - 1})
        for choice in declared.choices:
            assert kind.model_validate({option: choice})
        if declared.choices:
            with pytest.raises(ValidationError):
                kind.model_validate({option: "another"})


def test_kafka_streams_has_the_declared_defaults_and_bounds() -> None:
    folder = ROOT / "services/jvm/kafka-streams/src/main/java/io/crayfish/kstreams"
    source = (folder / "Options.java").read_text()
    found = re.findall(r'number\(options, "(\w+)", (\d+), (\d+)\)', source)
    declared = CATALOG.processor("kafka-streams").options
    assert {name: (int(default), int(least)) for name, default, least in found} == {
        name: (option.default, int(option.min or 0)) for name, option in declared.items()
    }


SHARED = KafkaOptions().model_dump()
OWN = {("spark", "poll_records"), ("spark", "fetch_max_wait_ms")}
"""Differences with a reason (docs/spark.md)."""


@pytest.mark.parametrize("name", sorted(CATALOG.processors))
def test_kafkas_clients_are_set_alike_in_every_processor(name: str) -> None:
    declared = defaults(CATALOG.processor(name).options)
    for option, value in SHARED.items():
        if (name, option) in OWN:
            assert declared[option] != value
        else:
            assert declared[option] == value, option
