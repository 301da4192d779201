"""A converted model is compared with its original over points that fit both, or is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from models.common import convert
from models.common.convert import distance, points, questions
from models.common.originals import ConversionError, Entry, Original

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy.typing as npt

    Values = npt.NDArray[Any]
    Named = Mapping[str, Values]

FREE = {"x": Entry("float32", (None, 2))}


def doubled(given: Named) -> Named:
    return {"p": given["x"] * np.float32(2)}


def original(
    ask: Callable[[Named], Named] = doubled, inputs: Mapping[str, Entry] | None = None
) -> Original:
    return Original("Keras", inputs or FREE, ask, lambda path: path.touch())


def drawn(entry: Entry, point: tuple[int, ...] = (), most: int = 128) -> Values:
    return points({"x": entry}, 3, point, most, np.random.default_rng(0))["x"]


@pytest.mark.parametrize(
    ("entry", "point", "shape"),
    [
        (Entry("float32", (None, 2)), (), (3, 2)),
        (Entry("float32", (5, 2)), (), (5, 2)),
        (Entry("float32", ()), (), ()),
        (Entry("float32", (None, None, 4)), (6, 4), (3, 6, 4)),
        (Entry("float32", None), (6, 4), (3, 6, 4)),
    ],
)
def test_points_have_the_shape_that_is_said(
    entry: Entry, point: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    assert drawn(entry, point).shape == shape


def test_points_have_the_type_of_the_input() -> None:
    for dtype in ("float16", "float64", "int32", "uint8", "bool"):
        found = drawn(Entry(dtype, (None, 50)))
        assert found.dtype == dtype
        assert len(np.unique(found)) > 1
    assert drawn(Entry("int64", (None, 50)), most=2).max() == 1


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (Entry("float32", (None, None, 4)), r"x float32\[\?, \?, 4\]: .* --input-shape"),
        (Entry("float32", None), r"x float32\[\.\.\.\]: .* --input-shape"),
        (Entry("string", (None, 1)), "neither numbers nor bools"),
    ],
)
def test_an_input_that_nobody_knows_is_named(entry: Entry, why: str) -> None:
    with pytest.raises(ConversionError, match=why):
        drawn(entry)


def test_both_sizes_of_a_free_batch_are_asked() -> None:
    calls = questions(original(), (), {})
    assert [len(given["x"]) for given, _ in calls] == [8, 1]
    assert all(np.array_equal(found["p"], 2 * given["x"]) for given, found in calls)


def test_whole_numbers_that_are_indices_of_little_are_small() -> None:
    def ask(given: Named) -> Named:
        return {"p": np.array([10.0, 20.0], np.float32)[given["x"]]}

    found = questions(original(ask, {"x": Entry("int64", (None, 2))}), (), {})
    assert found[0][1]["p"].shape == (8, 2)


def test_a_constant_is_what_it_is() -> None:
    inputs = FREE | {"mode": Entry("string", ())}
    constant = np.array(3)
    calls = questions(original(inputs=inputs), (), {"mode": constant})
    assert all(given["mode"] is constant for given, _ in calls)


def failing(_: Named) -> Named:
    raise ValueError("out of range\nand so on")


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (failing, "does not take random points: out of range$"),
        (lambda given: {"p": given["x"] * np.inf}, "output p: is not finite"),
        (lambda given: {"p": given["x"].astype(object)}, "output p: its values are neither"),
    ],
)
def test_why_an_original_cannot_be_asked(ask: Callable[[Named], Named], why: str) -> None:
    with pytest.raises(ConversionError, match=why):
        questions(original(ask), (), {})


def named(*values: float, name: str = "p") -> dict[str, Values]:
    return {name: np.array(values, np.float32)}


def test_the_difference_is_a_share_of_the_largest_prediction() -> None:
    assert distance(named(1, 4), named(1, 5)) == pytest.approx(0.2)
    assert distance(named(1, 5), named(1, 5)) == 0
    assert distance(named(0, 0), named(0, 0)) == 0
    assert distance(named(0, 1), named(0, 0)) == np.inf
    assert np.isnan(distance(named(np.nan), named(1)))


def test_outputs_are_told_apart_by_name_else_by_place() -> None:
    wanted = named(1, name="a") | named(2, name="b")
    assert distance(named(2, name="b") | named(1, name="a"), wanted) == 0
    assert distance(named(1, name="c") | named(2, name="d"), wanted) == 0
    with pytest.raises(ConversionError, match=r"answers float32\[1\] instead of float32\[1\], fl"):
        distance(named(1), wanted)
    with pytest.raises(ConversionError, match=r"float32\[2\] instead of float32\[1\]"):
        distance(named(1, 2), named(1))


def converted(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    model: Original,
    answers: Callable[[Named], Named],
) -> None:
    monkeypatch.setattr(convert, "OPEN", {"keras-h5": lambda _: model})
    monkeypatch.setattr(convert, "onnx_file", lambda *_: (answers, "ONNX Runtime"))
    convert.convert(folder / "m.h5", "keras-h5", folder)


def test_the_figure_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    converted(monkeypatch, tmp_path, original(), lambda g: {"p": g["x"] * np.float32(2.0001)})
    said = capsys.readouterr().out
    assert "ONNX Runtime differs from Keras by at most 5.0e-05 of the largest prediction" in said


@pytest.mark.parametrize("factor", [2.001, np.nan])
def test_what_answers_otherwise_is_refused_with_the_figure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, factor: float
) -> None:
    with pytest.raises(ConversionError, match=r"differ by (5\.0e-04|nan) of .* 1e-04 are allowed"):
        converted(monkeypatch, tmp_path, original(), lambda g: {"p": g["x"] * np.float32(factor)})


def test_a_model_of_chance_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    model = original(lambda given: {"p": chance.random(given["x"].shape)})
    with pytest.raises(ConversionError, match="differently when it is asked again"):
        converted(monkeypatch, tmp_path, model, model.ask)


@pytest.mark.parametrize(("code", "result"), [(-9, 2), (137, 2), (2, 2), (0, 0)])
def test_who_was_killed_cannot_say_so_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: int, result: int
) -> None:
    done = type("Done", (), {"returncode": code})
    monkeypatch.setattr("subprocess.run", lambda *_, **__: done)
    monkeypatch.setattr(
        "sys.argv", ["x", "--format", "f", "--file", "m", "--out", "o", "--memory", "3000m"]
    )
    assert convert.main() == result
    assert ("more memory than the 3000m" in capsys.readouterr().out) == (code in {-9, 137})
