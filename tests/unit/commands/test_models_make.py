"""Models are made aside, and get their name when all of it is there; nothing half is ever found."""

from __future__ import annotations

import io
import json
import shutil
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from crayfish_ctl import host, images, targets
from crayfish_ctl.catalog import Catalog, load_catalog
from crayfish_ctl.commands import models_make, running
from crayfish_ctl.commands.models_make import make_models, models_to_make
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import make_series
from crayfish_ctl.targets import Given, MemoryTarget
from tests.unit.catalog.made import NAME, leave
from tests.unit.project import copy_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crayfish_ctl.plan import Series
    from tests.unit.commandline import Done

IMAGE = "crayfish/model-maker:latest"
SHORT = ("--rate", "50", "--seconds", "5", "--reps", "1", "--max-reps", "1")


def line(msg: str, level: str = "info") -> str:
    return json.dumps({"level": level, "component": "model-maker", "msg": msg})


class Maker(MemoryTarget):
    """Has a maker that leaves files, or fails."""

    def __init__(self, error: BaseException | None = None, weights: str = "seeded") -> None:
        super().__init__()
        self.given: list[Given] = []
        self.error = error
        self.weights = weights
        self.makers = {IMAGE: self._make}

    def _make(self, given: Given, say: Callable[[str], None]) -> None:
        self.given.append(given)
        out = given.written["/out"]
        say(line("written: onnx (3 s)"))
        say("a library's own words")
        if self.error is not None:
            (out / "half.onnx").write_bytes(b"x")
            say(line("onnx: differs from Keras by 3", "error"))
            raise self.error
        leave(out / "x")
        for path in list((out / "x").iterdir()):
            path.rename(out / path.name)
        (out / "x").rmdir()
        facts = json.loads((out / "made.json").read_text())
        (out / "made.json").write_text(json.dumps(facts | {"weights": self.weights}))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(models_make, "build_images", lambda *_: None)
    return copy_project(tmp_path)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def make(project: Path, target: MemoryTarget, console: Console) -> Catalog:
    catalog = load_catalog(project)
    wanted, _ = models_to_make(catalog, [NAME], "auto", again=True)
    make_models(wanted, catalog.roots, target, console)
    return load_catalog(project)


def said(console: Console) -> str:
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def left_aside(project: Path) -> list[str]:
    return [path.name for path in (project / "models").iterdir() if path.name.startswith(".")]


def test_what_is_made_has_its_name_and_nothing_lies_aside(project: Path, console: Console) -> None:
    target = Maker()
    model = make(project, target, console).model(NAME)
    assert model.shown == f"{NAME} (seeded)"
    assert left_aside(project) == []
    assert "  written: onnx (3 s)" in said(console)
    assert "a library's own words" not in said(console)
    (call,) = [call for call in target.calls if call[0] == "make"]
    assert call == (
        *("make", IMAGE, "-m", "models.resnet50.small", "--out", "/out"),
        *("--tolerance", str(model.tolerance), "--weights", "auto"),
    )
    (given,) = target.given
    assert given.read == {"/crayfish/checkout/models": project / "models"}
    assert given.online
    assert given.memory == "2g"
    assert given.user


@pytest.mark.parametrize(
    "error", [CrayfishError("exit code 2", code=ExitCode.HOST), KeyboardInterrupt()]
)
def test_what_failed_or_was_stopped_leaves_nothing(
    project: Path, console: Console, error: BaseException
) -> None:
    with pytest.raises(type(error)) as caught:
        make(project, Maker(error), console)
    assert left_aside(project) == []
    assert load_catalog(project).model(NAME).unmade
    if isinstance(caught.value, CrayfishError):
        assert caught.value.message == f"{NAME}: onnx: differs from Keras by 3"
        assert caught.value.exit_code is ExitCode.HOST


def test_a_maker_that_says_nothing_of_its_own_is_quoted(project: Path, console: Console) -> None:
    target = MemoryTarget()

    def killed(_: Given, __: Callable[[str], None]) -> None:
        raise CrayfishError("first\nout of memory", code=ExitCode.HOST)

    target.makers[IMAGE] = killed
    with pytest.raises(CrayfishError, match="cannot be made: first\nout of memory"):
        make(project, target, console)


def test_a_maker_without_a_description_made_nothing(project: Path, console: Console) -> None:
    target = MemoryTarget()
    target.makers[IMAGE] = lambda *_: None
    with pytest.raises(CrayfishError, match=r"left no made\.json"):
        make(project, target, console)
    assert load_catalog(project).model(NAME).unmade


def test_what_a_killed_controller_left_aside_is_removed(project: Path, console: Console) -> None:
    (project / "models" / f".making-{NAME}-abc").mkdir()
    make(project, Maker(), console)
    assert left_aside(project) == []


def test_the_second_one_takes_the_place_of_the_first(project: Path, console: Console) -> None:
    make(project, Maker(), console)
    assert make(project, Maker(weights="imagenet"), console).model(NAME).weights == "imagenet"
    with pytest.raises(CrayfishError):
        make(project, Maker(CrayfishError("no")), console)
    assert load_catalog(project).model(NAME).weights == "imagenet"


def test_a_full_disk_is_said_before_anything_is_made(
    project: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = type("Usage", (), {"free": 1e6})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    target = Maker()
    with pytest.raises(CrayfishError, match="1 MB free, resnet-small needs"):
        make(project, target, console)
    assert target.given == []


def test_what_is_there_is_not_made_again_unless_it_is_asked_for(
    project: Path, console: Console
) -> None:
    catalog = make(project, Maker(), console)
    for weights in ("auto", "seeded"):
        wanted, lines = models_to_make(catalog, [NAME], weights, again=False)
        assert wanted == []
        assert lines == [f"{NAME} (seeded): is made; --again makes it anew"]
    with pytest.raises(CrayfishError, match="is there with weights: seeded"):
        models_to_make(catalog, [NAME], "imagenet", again=False)
    with pytest.raises(CrayfishError, match="does not say how it is made") as caught:
        models_to_make(catalog, ["ffnn"], "auto", again=False)
    assert caught.value.hint == "these are made: resnet-small, resnet50, vgg19"


def test_a_model_of_another_root_is_made_there(
    project: Path, console: Console, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "configs/models").mkdir(parents=True)
    (other / "models").mkdir()
    path = project / "configs/models" / f"{NAME}.yaml"
    path.rename(other / "configs/models" / path.name)
    catalog = load_catalog(project, [other])
    target = Maker()
    make_models([catalog.model(NAME)], catalog.roots, target, console)
    assert (other / "models" / NAME / "data" / "made.json").is_file()
    assert target.given[0].read == {
        "/crayfish/checkout/models": project / "models",
        "/crayfish/root/models": other / "models",
    }


def test_a_plan_says_what_is_to_be_made_and_is_made_anew_afterwards(
    project: Path, console: Console
) -> None:
    series = make_series(load_catalog(project), "input-rate", (NAME,), {"rates": (10.0,)})
    assert [model.name for model in series.unmade] == [NAME]
    assert {run.cell.model for run in series.plans[0].runs} == {NAME}
    series = series.anew(make(project, Maker(), console))
    assert series.unmade == []
    assert {run.cell.model for run in series.plans[0].runs} == {f"{NAME} (seeded)"}


def test_what_was_made_is_looked_at_before_it_runs(project: Path, console: Console) -> None:
    series = make_series(load_catalog(project), "input-rate", (NAME,), {"rates": (10.0,)})
    catalog = make(project, Maker(), console)
    (project / "models" / NAME / "data" / f"{NAME}.onnx").write_bytes(b"other")
    with pytest.raises(CrayfishError, match=r"formats\.onnx\.sha256 differs"):
        series.anew(catalog)


def test_a_run_makes_what_is_missing_before_anything_is_built(
    crayfish: Callable[..., Done], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, order = Maker(), []
    for name in ("engine_error", "examine", "mend", "ensure_base_image"):
        monkeypatch.setattr(host, name, lambda *_: None)
    monkeypatch.setattr(targets, "open_target", lambda *_: target)
    for module in (images, models_make):
        monkeypatch.setattr(module, "build_images", lambda _, names, __: order.append(names))

    def run(series: Series, *_: object) -> ExitCode:
        order.append(sorted({run.cell.model for run in series.plans[0].runs}))
        return ExitCode.OK

    monkeypatch.setattr(running, "run_series", run)
    done = crayfish("run", "input-rate", "--model", NAME, *SHORT)
    assert done.code == 0, done.err
    assert order[0] == ["model-maker"]
    assert "flink" in order[1]
    assert order[2] == [f"{NAME} (seeded)"]
    assert target.given[0].written["/out"].parent == root / "models"


def test_the_command_line_names_what_is_not_made(crayfish: Callable[..., Done], root: Path) -> None:
    done = crayfish("models")
    assert done.code == 0, done.err
    assert "not made" in done.out
    assert f"crayfish models make {NAME}  # about 15 s" in done.out
    assert crayfish("ls").out.count("Not made yet.") == 3
    done = crayfish("plan", "input-rate", "--model", NAME, *SHORT)
    assert done.code == 0, done.err
    assert f"model {NAME}: is made at the first run, or by `crayfish models make" in done.out
    done = crayfish("run", "input-rate", "--model", NAME, "--no-setup", *SHORT)
    assert done.code == 2
    assert f"model {NAME}: is not made" in done.err
    done = crayfish("models", "check", "none.onnx")
    assert done.code == 2
    assert "error: none.onnx: is not there" in done.err
    done = crayfish("models", "check", NAME)
    assert done.code == 2
    assert f"crayfish models make {NAME}" in done.err
    leave(root / "models" / NAME / "data")
    done = crayfish("models", "make", NAME)
    assert done.code == 0
    assert "is made; --again makes it anew" in done.out
    assert "seeded" in crayfish("models").out
    assert "Made: seeded." in crayfish("ls").out
