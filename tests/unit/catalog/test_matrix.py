"""The matrix of supported cells: what it says, and what it says of what is not in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from crayfish_ctl.catalog import load_catalog, near, supported, unsupported

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
    for runtime, tools in found.runtimes.items():
        assert "noop" in tools
        assert runtime in found.pipelines["raw"]
        assert runtime in found.pipelines["kafka"]
    assert found.counter is not None


@pytest.mark.parametrize("processor", CATALOG.processors)
def test_what_is_not_there_has_a_reason(processor: str) -> None:
    found = CATALOG.processor(processor)
    for runtime in ("python", "jvm"):
        if runtime not in found.runtimes:
            assert runtime in found.missing
            continue
        absent = set(CATALOG.tools) - set(found.runtimes[runtime])
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
    assert near(CATALOG, "flink", "nothing").endswith("noop")
