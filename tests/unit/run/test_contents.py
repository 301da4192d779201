"""What an image says of itself, read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_ctl.run.contents import contents_of, main_software, read_contents
from crayfish_ctl.targets import MemoryTarget

if TYPE_CHECKING:
    from pathlib import Path

SAID = """\
debian openjdk-17-jre-headless 17.0.15+6-1~deb12u1
debian libc6 2.36-9
python onnxruntime 1.29.0
java kafka-clients-4.3.1 -
java flink-sql-connector-kafka-5.0.0-2.2 -
java tool-onnx-1 -
java odd -
"""


def test_packages_and_jars_have_their_versions() -> None:
    assert read_contents(SAID) == {
        "debian": {"openjdk-17-jre-headless": "17.0.15+6-1~deb12u1", "libc6": "2.36-9"},
        "python": {"onnxruntime": "1.29.0"},
        "java": {
            "kafka-clients": "4.3.1",
            "flink-sql-connector-kafka": "5.0.0-2.2",
            "tool-onnx": "1",
            "odd": "-",
        },
    }


def test_what_decides_the_figures_is_named_by_image() -> None:
    assert main_software({"crayfish/flink:latest": read_contents(SAID)}) == {
        "flink: flink-sql-connector-kafka": "5.0.0-2.2",
        "flink: kafka-clients": "4.3.1",
        "flink: onnxruntime": "1.29.0",
        "flink: openjdk-17-jre-headless": "17.0.15+6-1~deb12u1",
    }


def test_an_image_is_asked_once(tmp_path: Path) -> None:
    target = MemoryTarget()
    target.answers = {"sha256:1": SAID, "sha256:2": SAID}
    ids = {"a:latest": "sha256:1", "b:latest": "sha256:2"}
    first = contents_of(target, ids, tmp_path / "cache")
    assert contents_of(target, ids, tmp_path / "cache") == first
    assert [call[:2] for call in target.calls] == [("call", "sha256:1"), ("call", "sha256:2")]
    (tmp_path / "cache" / "1.json").write_text("{")
    assert contents_of(target, ids, tmp_path / "cache") == first, (
        "an answer that was cut off is none"
    )
