"""Every target keeps the protocol: the same methods, called the same way, and one at a time."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.targets import (
    REGISTER,
    Given,
    MemoryTarget,
    Stack,
    Target,
    made_task,
    open_target,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

METHODS = {
    name: inspect.signature(method)
    for name, method in vars(Target).items()
    if inspect.isfunction(method) and not name.startswith("_")
}
FRAGMENT = """\
services:
  kafka:
    image: crayfish/kafka:latest
    labels: {crayfish.role: broker, crayfish.size: broker, crayfish.lifetime: stack}
"""


@pytest.mark.parametrize("name", REGISTER)
def test_every_method_of_the_protocol_is_there_and_is_called_the_same_way(name: str) -> None:
    kind = type(open_target(name))
    assert METHODS
    for method, wanted in METHODS.items():
        found: Callable[..., object] = getattr(kind, method)
        said = [(p.name, p.kind, p.default) for p in inspect.signature(found).parameters.values()]
        assert said == [(p.name, p.kind, p.default) for p in wanted.parameters.values()], method


@pytest.mark.parametrize("name", REGISTER)
def test_a_target_knows_its_name(name: str) -> None:
    assert open_target(name).name == name


def test_who_only_asks_for_the_lock_does_not_wait_for_the_results_library() -> None:
    code = "import sys, crayfish_ctl.targets; sys.exit('polars' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_lock_is_held_by_one_until_it_is_given_back_or_broken() -> None:
    target = MemoryTarget()
    with target.lock():
        with pytest.raises(CrayfishError, match="another experiment"), target.lock():
            pass
        with target.lock(force=True):
            pass
    with target.lock():
        pass


def test_what_is_placed_starts_and_goes(tmp_path: Path) -> None:
    fragment = tmp_path / "kafka.yaml"
    fragment.write_text(FRAGMENT)
    target = MemoryTarget()
    rendered = target.place(Stack([fragment], {}), tmp_path)
    assert rendered.path.is_file()
    assert rendered.roles("kafka") == {"kafka": "broker"}
    target.up(rendered)
    target.up(rendered)
    (task,) = target.tasks()
    assert (task.service, task.running) == ("kafka", True)
    target.down()
    assert target.tasks() == []


def test_an_end_is_told_once() -> None:
    target = MemoryTarget(made_task("kafka"))
    target.ends("kafka", 3)
    with target.events() as events:
        event = events.next(0.0)
        assert event is not None
        assert (event.task_id, event.service, event.exit_code) == ("id-kafka", "kafka", 3)
        assert events.next(0.0) is None


def test_what_makes_files_is_given_its_folders_and_heard(tmp_path: Path) -> None:
    target = MemoryTarget()
    target.makers["x"] = lambda given, say: say(str(given.written["/out"]))
    lines: list[str] = []
    target.make("x", ["-m", "y"], Given(written={"/out": tmp_path}), lines.append)
    assert lines == [str(tmp_path)]
    assert target.calls == [("make", "x", "-m", "y")]
