"""The matrix of supported cells: what it says, and what it says of what is not in it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from crayfish_ctl.catalog import load_catalog, near, supported, unsupported
from crayfish_ctl.catalog.libraries import with_tools
from crayfish_ctl.errors import CrayfishError

ROOT = Path(__file__).parents[3]
CATALOG = load_catalog(ROOT)


def test_every_cell_of_the_matrix_is_supported() -> None:
    cells = supported(CATALOG)
    assert len(cells) == len(set(cells))
    for cell in cells:
        assert unsupported(CATALOG.processor(cell.processor), cell.runtime, cell.tool) is None
        assert cell.tool in CATALOG.tools


@pytest.mark.parametrize("processor", CATALOG.processors)
def test_a_baseline_stands_beside_every_cell(processor: str) -> None:
    """`noop`, and the scorer without a pipeline, in each runtime."""
    found = CATALOG.processor(processor)
    for runtime, tools in found.tools.items():
        assert "noop" in tools
        assert runtime in found.pipelines["raw"]
        assert runtime in found.pipelines["kafka"]
    assert found.counter is not None


@pytest.mark.parametrize("processor", CATALOG.processors)
def test_what_is_not_there_has_a_reason(processor: str) -> None:
    found = CATALOG.processor(processor)
    for runtime in ("python", "jvm"):
        if runtime not in found.tools:
            assert runtime in found.missing
            continue
        absent = set(CATALOG.tools) - set(found.tools[runtime])
        assert {f"{runtime} {tool}" for tool in absent} <= set(found.missing)


def test_who_asks_for_an_unsupported_cell_is_told_why_and_what_is_near() -> None:
    streams = CATALOG.processor("kafka-streams")
    assert unsupported(streams, "python", "onnx") == (
        "kafka-streams has no runtime 'python': Kafka Streams is a Java library"
    )
    reason = unsupported(CATALOG.processor("flink"), "python", "dl4j")
    assert reason == (
        "flink has no tool 'dl4j' in runtime python: DeepLearning4j is a Java library"
    )
    hint = near(CATALOG, "flink", "dl4j")
    assert "jvm dl4j" in hint
    assert "dl4j runs on: flink jvm, kafka-streams jvm" in hint
    here = near(CATALOG, "flink", "nothing")
    assert here.startswith("flink has: python noop, ")
    assert "jvm torchserve" in here


def test_a_tool_is_there_where_its_images_have_what_it_needs() -> None:
    tool = CATALOG.tool("onnx").model_copy(
        update={"name": "mine", "needs": {"python": ["numpy", "mine"], "jvm": []}}
    )
    blank = CATALOG.processor("flink").model_copy(update={"tools": {}, "missing": {}})
    made = with_tools(blank, {"mine": tool}, {"python": {"numpy"}})
    assert made.tools == {"python": [], "jvm": ["mine"]}
    assert unsupported(made, "python", "mine") == (
        "flink has no tool 'mine' in runtime python: "
        "its image has no mine, which configs/tools/onnx.yaml needs"
    )


def test_what_is_computed_is_not_for_the_file_to_say() -> None:
    flink = CATALOG.processor("flink")
    with pytest.raises(CrayfishError, match=r"flink\.yaml: tools: is computed"):
        with_tools(flink, CATALOG.tools, {})


def test_a_reason_for_what_is_not_there_is_named() -> None:
    blank = CATALOG.processor("flink").model_copy(
        update={"tools": {}, "missing": {"python dl4": "why"}}
    )
    with pytest.raises(CrayfishError, match=r"missing\.python dl4: .*did you mean dl4j"):
        with_tools(blank, CATALOG.tools, {})


def images() -> list[str]:
    return sorted(path.parent.name for path in (ROOT / "images").glob("*/libraries.yaml"))


@pytest.mark.parametrize("image", images())
def test_an_image_has_what_it_says(image: str) -> None:
    """Python: a package of the image's lock; on the JVM: an artifact of a tool's folder."""
    said = yaml.safe_load((ROOT / "images" / image / "libraries.yaml").read_text())
    tools = [
        *(ROOT / "services/jvm/tools").glob("*/pom.xml"),
        ROOT / "services/jvm/clients/pom.xml",
    ]
    poms = "".join(path.read_text() for path in tools)
    for library in said.get("jvm", []):
        assert f"<artifactId>{library}" in poms
    if "python" in said:
        lock = (ROOT / "requirements" / f"{image}.lock").read_text().splitlines()
        for library in said["python"]:
            assert any(line.startswith((f"{library}==", f"{library}-cpu==")) for line in lock)
