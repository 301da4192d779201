"""A record that Kafka would not take is refused, with the largest batch that fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crayfish_contract.codec import RecordFormat
from crayfish_ctl.catalog import Model, load_catalog
from crayfish_ctl.cells import message_bytes
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import choices, make_plan
from crayfish_ctl.plan.size import check_size, kafka_bytes, largest_batch

if TYPE_CHECKING:
    from crayfish_ctl.plan.model import Cell

ROOT = Path(__file__).parents[3]
RUNS = make_plan(load_catalog(ROOT), choices(experiment="input-rate", rates=(10.0,))).runs
SHIPPED = load_catalog(ROOT).model("ffnn")


def cell(**changes: Any) -> Cell:
    return RUNS[0].cell.model_copy(update=changes)


def model(inputs: list[int], outputs: list[int]) -> Model:
    shapes = {"input": {"shape": inputs}, "output": {"shape": outputs}}
    return Model.model_validate(SHIPPED.model_dump() | shapes)


RESNET = model([3, 224, 224], [1000])


@pytest.mark.parametrize(
    ("changes", "fits"),
    [({"batch_size": 87}, None), ({"batch_size": 88}, 87), ({"batch_size": 100}, 87)],
)
def test_a_batch_of_images_in_binary(changes: dict[str, Any], fits: int | None) -> None:
    if fits is None:
        check_size("w", cell(**changes), RESNET)
        return
    with pytest.raises(CrayfishError, match=r"^w: batch_size \d+: a record of") as caught:
        check_size("w", cell(**changes), RESNET)
    assert f"the largest batch that fits is {fits} (--batch {fits})" in (caught.value.hint or "")
    assert "Kafka takes messages up to 52.4 MB" in caught.value.message


def test_a_profile_may_take_larger_records() -> None:
    check_size("w", cell(batch_size=100, max_message_bytes=100_000_000), RESNET)
    assert largest_batch(cell(max_message_bytes=100_000_000), 3 * 224 * 224) == 166


def test_json_is_larger() -> None:
    big = cell(format=RecordFormat.JSON, batch_size=32)
    assert largest_batch(big, 3 * 224 * 224) == 31
    with pytest.raises(CrayfishError, match="MB in json"):
        check_size("w", big, RESNET)


def test_the_answer_counts_too() -> None:
    wide = model([2], [40, 6625])
    with pytest.raises(CrayfishError, match="an answer of 64 x 40 x 6625 values") as caught:
        check_size("w", cell(batch_size=64), wide)
    assert "the largest batch that fits is 49" in (caught.value.hint or "")


def test_not_even_one_point_fits() -> None:
    huge = model([3, 4096, 4096], [10])
    with pytest.raises(CrayfishError) as caught:
        check_size("w", cell(), huge)
    assert caught.value.hint == "not even one point fits"


@pytest.mark.parametrize("pipeline", ["in-job", "raw"])
def test_without_kafka_there_is_no_limit(pipeline: str) -> None:
    check_size("w", cell(batch_size=1000, pipeline=pipeline), RESNET)


def test_what_a_run_leaves_in_kafka() -> None:
    plan = make_plan(
        load_catalog(ROOT),
        choices(experiment="input-rate", rates=(10.0,), seconds=5.0, warmup_seconds=0.0),
    )
    assert message_bytes(RUNS[0].cell.format, 1, 784) == 64 + 4 * 784
    assert kafka_bytes(plan, plan.runs[0]) == 50 * (64 + 4 * 784 + 64 + 40)
    raw = plan.runs[0].model_copy(update={"cell": cell(pipeline="raw")})
    assert kafka_bytes(replace(plan, runs=(raw,)), raw) == 0
