"""What a maker says is heard, and how it ended; what it makes lies aside until then."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.run.maker import Maker, aside, run_maker
from crayfish_ctl.targets import Given, MemoryTarget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IMAGE = "crayfish/model-maker:latest"


def target(*lines: str, error: CrayfishError | None = None) -> MemoryTarget:
    made = MemoryTarget()

    def run(_: Given, say: Callable[[str], None]) -> None:
        for line in lines:
            say(line)
        if error is not None:
            raise error

    made.makers[IMAGE] = run
    return made


def line(msg: str, level: str = "info") -> str:
    return json.dumps({"level": level, "component": "model-maker", "msg": msg})


def test_its_steps_are_told_and_the_last_is_returned(tmp_path: Path) -> None:
    said: list[str] = []
    engine = target(line("one"), "of a library", "[1]", line("two"))
    maker = Maker(IMAGE, tmp_path, tmp_path / "out", {"/asked": tmp_path / "asked"})
    assert run_maker(maker, ["models.x", "--out", "/out"], engine, said.append) == "two"
    assert said == ["one", "two"]
    assert engine.calls[-1] == ("make", IMAGE, "-m", "models.x", "--out", "/out")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((line("one"), line("no room", "error")), "no room"),
        ((line("one"),), "cannot be made: exit code 2"),
    ],
)
def test_why_it_failed_is_said_in_its_words(
    tmp_path: Path, lines: tuple[str, ...], why: str
) -> None:
    engine = target(*lines, error=CrayfishError("exit code 2"))
    with pytest.raises(CrayfishError) as caught:
        run_maker(Maker(IMAGE, tmp_path, tmp_path), ["models.x"], engine)
    assert (caught.value.message, caught.value.exit_code) == (why, ExitCode.HOST)


def test_what_lies_aside_is_gone_however_it_ends(tmp_path: Path) -> None:
    (tmp_path / ".x-of-a-killed-one").mkdir()
    (tmp_path / ".y").mkdir()
    with pytest.raises(KeyboardInterrupt), aside(tmp_path, ".x-", "x", 0) as scratch:  # noqa: PT012
        assert scratch.parent == tmp_path
        (scratch / "half").touch()
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == [".y"]
    with pytest.raises(CrayfishError, match="MB free, x needs"), aside(tmp_path, ".x-", "x", 1e12):
        pass
