"""What loads a large model gets memory for it; everything else keeps the profile's limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.catalog.model import Resources
from crayfish_ctl.plan import choices, make_plan
from crayfish_ctl.plan.room import megabytes_of, with_room

CATALOG = load_catalog(Path(__file__).parents[3])
LIMITS = {
    "worker": Resources(cpus=1.0, memory="2560m", heap="768m"),
    "server": Resources(cpus=1.0, memory="2g"),
    "broker": Resources(cpus=2.0, memory="2g", heap="1g"),
}


def test_a_small_model_changes_nothing() -> None:
    assert megabytes_of(CATALOG.model("ffnn"), CATALOG.roots) < 1
    assert with_room(LIMITS, 0.2) == LIMITS


def test_what_loads_a_large_one_has_room_for_it() -> None:
    found = with_room(LIMITS, 100)
    assert (found["worker"].memory, found["worker"].heap) == ("3360m", "1018m")
    assert (found["server"].memory, found["server"].heap) == ("2848m", None)
    assert found["broker"] == LIMITS["broker"]
    assert found["worker"].cpus == 1.0


@pytest.mark.parametrize(
    ("text", "larger"),
    [("1.5g", "2336m"), ("512m", "1312m"), ("1048576k", "1824m")],
)
def test_sizes_are_read_as_profiles_write_them(text: str, larger: str) -> None:
    found = with_room({"driver": Resources(cpus=1.0, memory=text)}, 100)
    assert found["driver"].memory == larger


def test_the_plan_of_a_model_that_is_not_made_yet_has_the_same_limits_as_afterwards() -> None:
    plan = make_plan(CATALOG, choices(experiment="input-rate", model="resnet50"))
    assert plan.model.made_by is not None
    growth = 8 * plan.model.made_by.megabytes / 4
    assert plan.profile.resources["worker"].memory == f"{round(2560 + growth)}m"
    small = make_plan(CATALOG, choices(experiment="input-rate"))
    assert small.profile.resources["worker"].memory == "2560m"
