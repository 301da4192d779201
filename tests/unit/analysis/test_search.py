"""What a search's runs say: which rates held, which was found, and what lies above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crayfish_ctl.analysis.search import Objective, holds, objective_text, searches
from crayfish_ctl.results import Results
from tests.unit.results.runs import result
from tests.unit.results.synthetic import manifest

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.analysis.search import Search
    from crayfish_ctl.plan.model import Purpose

Tried = tuple["Purpose", float, float]
OBJECTIVE = {"percentile": "p99", "objective_ms": 100, "confirm": 2, "max_probes": 3}


def searched(path: Path, *runs: Tried) -> Search:
    """A search of runs: purpose, rate, p99."""
    about = {"sizing": {"workloads": [{"rate": 9000, "search": OBJECTIVE}]}}
    made: list[Any] = [result(1.0, purpose=p, rate=r, p99=ms) for p, r, ms in runs]
    folder = Results(path, manifest().model_copy(update={"plan": about}), tuple(made))
    (found,) = searches(folder)
    return found


PROBES: tuple[tuple[Purpose, float, float], ...] = (
    ("probe", 4000.0, 50.0),
    ("probe", 8000.0, 900.0),
    ("probe", 6000.0, 300.0),
)

CONFIRMED: Tried = ("confirm", 4000.0, 60.0)


def test_a_rate_is_found_when_it_was_confirmed_as_often_as_asked(tmp_path: Path) -> None:
    once = searched(tmp_path, *PROBES, CONFIRMED)
    assert (once.found, once.ceiling) == (None, None)

    twice = searched(tmp_path, *PROBES, CONFIRMED, CONFIRMED)
    assert (twice.found, twice.confirmations, twice.ceiling) == (4000.0, 2, 6000.0)
    assert not twice.exhausted


def test_what_held_at_the_top_has_nothing_above_it(tmp_path: Path) -> None:
    top: Tried = ("confirm", 9000.0, 5.0)
    found = searched(tmp_path, ("probe", 9000.0, 5.0), top, top)
    assert (found.found, found.ceiling) == (9000.0, 9000.0)


def test_a_search_without_a_rate_has_ended_when_its_probes_are_used_up(tmp_path: Path) -> None:
    never: list[Tried] = [("probe", rate, 900.0) for rate in (4000.0, 2000.0, 1000.0)]
    assert searched(tmp_path, *never).exhausted
    assert not searched(tmp_path, *never[:2]).exhausted


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ({"p99": 100.0}, True),
        ({"p99": 100.1}, False),
        ({"p99": 1.0, "reasons": ["PRODUCER_LATE"]}, False),
        ({"p99": 1.0, "reasons": ["BACKLOG_GROWING"]}, False),
        ({"p99": 1.0, "state": "FAILED"}, False),
    ],
)
def test_a_rate_holds_if_its_run_is_valid_and_fast_enough(
    changes: dict[str, Any], held: bool
) -> None:
    objective = Objective.model_validate(OBJECTIVE)
    assert holds(result(1.0, **changes), objective) == held
    assert objective_text(objective) == "p99 of at most 100 ms"
