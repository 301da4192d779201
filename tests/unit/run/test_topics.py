"""An experiment leaves no topic of its own in a Kafka that stays."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import Points, choices, make_plan
from crayfish_ctl.run.prepare import Setting
from crayfish_ctl.run.topics import remove_topics, scope_of
from crayfish_ctl.targets import MemoryTarget
from tests.unit.results.synthetic import manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from crayfish_ctl.targets import Given

CATALOG = load_catalog(Path(__file__).parents[3])


def setting(target: MemoryTarget, kafka: str | None) -> Setting:
    plan = make_plan(CATALOG, choices(experiment="input-rate", kafka=kafka))
    return Setting(
        plan,
        Points("random", 5),
        target,
        2,
        image_ids={"crayfish/consumer:latest": "sha256:1"},
        scope="abcd",
        secrets={"/x/credentials.json": Path("/y")},
    )


def test_a_container_removes_those_of_the_experiment(tmp_path: Path) -> None:
    target, console = MemoryTarget(), Console(file=StringIO())
    seen: list[Given] = []

    def maker(given: Given, say: Callable[[str], None]) -> None:
        seen.append(given)
        say("crayfish-abcd-0-01-in")

    target.makers["sha256:1"] = maker
    remove_topics(setting(target, "k:1"), tmp_path, console)
    ((_, image, *command),) = target.calls
    assert (image, command[:2]) == ("sha256:1", ["-m", "crayfish_contract.topics"])
    kafka = json.loads(command[2])
    assert (kafka["bootstrap"], kafka["topic_prefix"]) == ("k:1", "crayfish-abcd-")
    assert seen[0].online
    assert seen[0].read == {"/x/credentials.json": Path("/y")}
    assert seen[0].entrypoint == "/opt/venv/bin/python"
    assert console.file.getvalue() == ""  # type: ignore[attr-defined]


def test_what_may_be_left_is_said(tmp_path: Path) -> None:
    target, console = MemoryTarget(), Console(file=StringIO(), width=200)

    def maker(_: Given, say: Callable[[str], None]) -> None:
        say("topic crayfish-abcd-0-01-in: not authorized")
        raise CrayfishError("docker ended with exit code 3")

    target.makers["sha256:1"] = maker
    remove_topics(setting(target, "k:1"), tmp_path, console)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert said.startswith("topics crayfish-abcd-* may be left in k:1: topic crayfish-abcd-0-01-in")


def test_a_broker_of_ones_own_goes_with_all_of_them(tmp_path: Path) -> None:
    target = MemoryTarget()
    remove_topics(setting(target, None), tmp_path, Console(file=StringIO()))
    assert target.calls == []


def test_the_scope_is_the_experiments_whoever_goes_on_with_it() -> None:
    begun = manifest()
    again = begun.model_copy(update={"resumed": (datetime.now(UTC),), "ended": None})
    other = begun.model_copy(update={"started": datetime.now(UTC)})
    assert scope_of(begun) == scope_of(again)
    assert scope_of(begun) != scope_of(other)
    assert len(scope_of(begun)) == 8
