"""Several systems in one command, and several experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .conftest import write_experiment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Started

pytestmark = pytest.mark.e2e


@pytest.mark.timeout(400)
def test_lists_make_one_report_of_every_system_and_an_index_over_experiments(
    start: Callable[..., Started], tmp_path: Path
) -> None:
    workloads: list[dict[str, Any]] = [{"rate": 100}, {"rate": 100, "tool": "noop"}]
    first = write_experiment(tmp_path, workloads, stop={"seconds": 2})
    (tmp_path / "more").mkdir()
    second = write_experiment(tmp_path / "more", [{"rate": 50}], stop={"seconds": 2})
    started = start(
        f"{first},{second}", "--sp", "kafka-streams", "--runtime", "python", "--runtime", "jvm",
        "--tool", "onnx,nd4j",
    )  # fmt: skip
    started.finish(timeout_s=360)
    output = started.log.read_text()
    assert "left out kafka-streams python onnx: " in output
    folders = sorted(path.parent for path in started.out.glob("*/report.html"))
    systems = [
        {path.parent.name.split("-", 1)[1].rsplit("-", 2)[0] for path in folder.glob("*/run.json")}
        for folder in folders
    ]
    both = {"kafka-streams-jvm-onnx", "kafka-streams-jvm-nd4j"}
    assert systems == [both | {"kafka-streams-jvm-noop"}, both], output
    (index,) = started.out.glob("*-index.html")
    text = index.read_text()
    assert all(f"{folder.name}/report.html" in text for folder in folders)
