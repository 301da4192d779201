"""An ONNX file gets its name when it is whole and checked, and never that of another one."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.commands.models_convert import Conversion, conversion, convert_model
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets import Given, MemoryTarget
from tests.unit.models.made import onnx, tensor, torchscript
from tests.unit.project import copy_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from crayfish_ctl.catalog import Catalog
    from tests.unit.commandline import Done

IMAGE = "crayfish/model-maker:latest"
NEAR = "ONNX Runtime differs from Keras by at most 1.0e-07"


class Converter(MemoryTarget):
    """Leaves a file, or fails."""

    def __init__(
        self,
        error: BaseException | None = None,
        made: bytes | None = None,
        why: str = "they differ by 3.0e-02",
    ) -> None:
        super().__init__()
        self.error = error
        self.why = why
        self.made = onnx() if made is None else made
        self.makers = {IMAGE: self._make}
        self.given: list[Given] = []

    def _make(self, given: Given, say: Callable[[str], None]) -> None:
        self.given.append(given)
        (given.written["/out"] / "model.onnx").write_bytes(self.made)
        say(json.dumps({"level": "info", "msg": NEAR}))
        if self.error is not None:
            say(json.dumps({"level": "error", "msg": self.why}))
            raise self.error


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy_project(tmp_path)


@pytest.fixture
def catalog(project: Path) -> Catalog:
    return load_catalog(project)


def convert(wanted: Conversion, catalog: Catalog, target: MemoryTarget) -> str:
    console = Console(file=io.StringIO(), width=200)
    convert_model(wanted, catalog, target, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_file_is_converted_beside_itself_and_shown(project: Path, catalog: Catalog) -> None:
    folder = project / "models/ffnn"
    target = Converter()
    said = convert(conversion(catalog, f"{folder}/savedmodel", None), catalog, target)
    made = folder / "savedmodel.onnx"
    assert made.read_bytes() == onnx()
    assert made.stat().st_mode & 0o777 == 0o644
    assert not list(folder.glob(".*"))
    for line in (f"  {NEAR}", "  input: x float32[n, 2]", "  output: p float32[n, 2]"):
        assert line in said.splitlines()
    assert said.splitlines()[-1] == f"crayfish run input-rate --model {made}"
    (given,) = target.given
    assert given.read == {
        "/crayfish/checkout/models": project / "models",
        "/model/model": folder / "savedmodel",
    }
    assert not given.online
    (call,) = [call for call in target.calls if call[0] == "make"]
    assert call[2:6] == ("-m", "models.common.convert", "--format", "tf-savedmodel")
    assert (call[-2], call[-1]) == ("--memory", given.memory)


@pytest.mark.parametrize(
    "error", [CrayfishError("exit code 2", code=ExitCode.HOST), KeyboardInterrupt()]
)
def test_what_differs_or_was_stopped_leaves_no_file(
    project: Path, catalog: Catalog, error: BaseException
) -> None:
    path, out = project / "models/ffnn/ffnn.h5", project / "made.onnx"
    before = {*project.iterdir()}
    with pytest.raises(type(error)) as caught:
        convert(conversion(catalog, str(path), out), catalog, Converter(error))
    assert {*project.iterdir()} == before
    if isinstance(caught.value, CrayfishError):
        assert caught.value.message == f"{path}: they differ by 3.0e-02"
        assert caught.value.exit_code is ExitCode.USAGE
        assert caught.value.hint == "export it to ONNX where it was made, with what made it"


@pytest.mark.parametrize(
    ("why", "code", "has_hint"),
    [
        ("was killed: the conversion needs more memory", ExitCode.HOST, True),
        ("input x float32[?, ?]: say --input-shape ...", ExitCode.USAGE, False),
    ],
)
def test_a_machine_that_is_too_small_is_no_bad_file(
    project: Path, catalog: Catalog, why: str, code: ExitCode, has_hint: bool
) -> None:
    wanted = conversion(catalog, str(project / "models/ffnn/ffnn.h5"), project / "made.onnx")
    with pytest.raises(CrayfishError) as caught:
        convert(wanted, catalog, Converter(CrayfishError("exit code 2"), why=why))
    assert (caught.value.exit_code, caught.value.hint is not None) == (code, has_hint)


def test_nothing_is_overwritten_even_if_it_came_meanwhile(project: Path, catalog: Catalog) -> None:
    path, out = project / "models/ffnn/ffnn.h5", project / "made.onnx"
    with pytest.raises(CrayfishError, match=r"ffnn\.onnx: is there already") as caught:
        conversion(catalog, str(path), None)
    assert caught.value.hint == "give another name with --out, or remove it first"
    wanted = conversion(catalog, str(path), out)
    out.write_text("of somebody else")
    with pytest.raises(CrayfishError, match=r"made\.onnx: is there already"):
        convert(wanted, catalog, Converter())
    assert out.read_text() == "of somebody else"
    assert not list(project.glob(".converting-*"))


def test_the_folder_one_stands_in_gets_its_file_beside_it(
    project: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project / "models/ffnn/savedmodel"
    monkeypatch.chdir(folder)
    assert conversion(catalog, "./", None).out == folder.with_suffix(".onnx")
    monkeypatch.chdir(folder.parent)
    assert conversion(catalog, "savedmodel", None).out == Path("savedmodel.onnx")


def test_what_is_no_use_as_it_is_is_made_and_said(project: Path, catalog: Catalog) -> None:
    out = project / "made.onnx"
    wanted = conversion(catalog, str(project / "models/ffnn/ffnn.h5"), out)
    target = Converter(made=onnx([tensor("x"), tensor("y")]))
    said = convert(wanted, catalog, target)
    assert "has 2 inputs" in said
    assert "give the others constants" in said
    assert out.is_file()


def test_memory_grows_with_the_model_up_to_the_machines(project: Path, catalog: Catalog) -> None:
    path = project / "large.h5"
    path.write_bytes((project / "models/ffnn/ffnn.h5").read_bytes())
    limits = []
    for size in (path.stat().st_size, 50_000_000, 200_000_000):
        with path.open("ab") as file:
            file.truncate(size)
        target = Converter()
        convert(conversion(catalog, str(path), project / f"{size}.onnx"), catalog, target)
        limits.append(int(str(target.given[0].memory).removesuffix("m")))
    assert 2048 <= limits[0] < limits[1] < limits[2] == 8192


def test_a_name_is_converted_with_what_its_config_says(project: Path) -> None:
    config = project / "configs/models/ffnn.yaml"
    text = config.read_text()
    start, end = text.index("  onnx:"), text.index("  tf-savedmodel:")
    config.write_text(text[:start] + text[end:])
    catalog = load_catalog(project)
    (project / "models/ffnn/ffnn.onnx").unlink()
    wanted = conversion(catalog, "ffnn", None)
    assert wanted == Conversion(
        path=project / "models/ffnn/savedmodel",
        format="tf-savedmodel",
        out=project / "models/ffnn/ffnn.onnx",
        point=(28, 28),
    )


@pytest.mark.parametrize(
    ("given", "out", "why"),
    [
        ("ffnn", None, "model ffnn: has an ONNX file: "),
        ("resnet50", None, "model resnet50: is not made"),
        ("nothing", None, "nothing"),
        ("no.h5", None, "no.h5: is not there"),
        ("{root}/own.onnx", None, "is ONNX already"),
        ("{root}/own.pt", None, "from its Python source only"),
        ("{root}/models/ffnn/ffnn.h5", "x.h5", "--out x.h5: an ONNX file's name ends in .onnx"),
        ("{root}/models/ffnn/ffnn.h5", "no/x.onnx", "no: not a folder"),
    ],
)
def test_what_is_not_converted_says_why(
    project: Path, catalog: Catalog, given: str, out: str | None, why: str
) -> None:
    (project / "own.onnx").write_bytes(onnx())
    torchscript(project / "own.pt")
    with pytest.raises(CrayfishError) as caught:
        conversion(catalog, given.format(root=project), Path(out) if out else None)
    assert why in caught.value.message
    assert caught.value.exit_code is ExitCode.USAGE


def test_the_command_refuses_before_it_asks_for_an_engine(
    crayfish: Callable[..., Done], root: Path
) -> None:
    done = crayfish("models", "convert", "models/ffnn/ffnn.pt", "--to", "onnx")
    assert done.code == 2
    assert "torch.onnx.export" in done.err
    done = crayfish("models", "convert", "models/ffnn/ffnn.h5", "--input-shape", "2x2")
    assert "--input-shape 2x2: not a shape" in done.err


def test_show_and_plan_name_the_command(crayfish: Callable[..., Done], root: Path) -> None:
    done = crayfish("models", "show", "models/ffnn/ffnn.h5")
    assert "crayfish models convert models/ffnn/ffnn.h5  # for the tools that read ONNX" in done.out
    assert "models convert" not in crayfish("models", "show", "models/ffnn/ffnn.pt").out
    plan = ("plan", "input-rate", "--rate", "50", "--seconds", "5", "--reps", "1")
    done = crayfish(*plan, "--model", "models/ffnn/savedmodel")
    assert done.code == 2
    assert "`crayfish models convert FILE` makes an ONNX file of it" in done.err
