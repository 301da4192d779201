"""Several experiments in one command."""

from __future__ import annotations

from pathlib import Path

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import Series, make_series

CATALOG = load_catalog(Path(__file__).parents[3])


def names(series: Series) -> list[str]:
    return [plan.experiment.name for plan in series.plans]


def test_one_name_is_one_experiment() -> None:
    assert names(make_series(CATALOG, "input-rate", (), {})) == ["input-rate"]


def test_commas_separate() -> None:
    series = make_series(CATALOG, "bursty, input-rate", ("ffnn",), {"processors": ("ray",)})
    assert names(series) == ["bursty", "input-rate"]
    assert {plan.model.name for plan in series.plans} == {"ffnn"}
    assert "ray" in series.images


def test_a_file_may_have_a_comma_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a,b.yaml"
    text = (CATALOG.roots.checkout / "configs/experiments/stall.yaml").read_text()
    path.write_text(text.replace("name: stall", "name: mine"))
    assert names(make_series(CATALOG, str(path), (), {})) == ["mine"]


def test_all_leaves_out_what_the_flags_do_not_fit() -> None:
    series = make_series(CATALOG, "all", (), {"profile": "debug"})
    assert names(series)
    assert len(series.plans) + len(series.left_out) == len(CATALOG.experiments)
    assert all("has no 'debug'" in line for line in series.left_out)


def test_of_named_ones_each_must_be_possible() -> None:
    with pytest.raises(CrayfishError, match="has no 'debug'"):
        make_series(CATALOG, "input-rate,stall", (), {"profile": "debug"})


def test_if_none_of_all_is_possible_the_first_reason_is_the_error() -> None:
    with pytest.raises(CrayfishError, match="flnk"):
        make_series(CATALOG, "all", (), {"processors": ("flnk",)})


def test_all_stands_alone() -> None:
    with pytest.raises(CrayfishError, match="stands alone"):
        make_series(CATALOG, "input-rate,all", (), {})


def test_every_model_is_an_experiment_of_its_own() -> None:
    assert len(make_series(CATALOG, "input-rate", ("all",), {}).plans) == len(CATALOG.models)
