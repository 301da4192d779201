"""What is in the images: packages of Debian and of Python, jars; the bill of materials of a result.

An image is known by its id and never changes, so each is asked once, and the answer is kept.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from crayfish_ctl.results import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crayfish_ctl.targets import Target

Contents = dict[str, dict[str, str]]
"""`debian`, `python`, `java`: name -> version."""

_ASK: Final = r"""
dpkg-query -W -f 'debian ${Package} ${Version}\n' 2>/dev/null
for python in /opt/venv/bin/python; do
    [ -x "$python" ] && "$python" - <<'END' 2>/dev/null
from importlib.metadata import distributions
for each in distributions():
    print("python", each.metadata["Name"], each.version)
END
done
find /opt -name '*.jar' 2>/dev/null | while read -r jar; do
    echo "java $(basename "$jar" .jar) -"
done
true
"""
_JAR: Final = re.compile(r"^(.+?)-(\d.*)$")
_MAIN: Final = {
    "python": (
        "apache-flink", "confluent-kafka", "numpy", "onnxruntime", "orjson", "protobuf", "pyarrow",
        "pyspark", "ray", "tensorflow-cpu",
    ),
    "java": (
        "flink-sql-connector-kafka", "kafka-clients", "kafka-streams", "nd4j-native",
        "deeplearning4j-modelimport", "onnxruntime", "tensorflow-core-api",
    ),
    "debian": ("openjdk-17-jre-headless", "prometheus", "python3"),
}  # fmt: skip
"""Whose release a reader of the figures asks for first."""


def contents_of(target: Target, image_ids: Mapping[str, str], cache: Path) -> dict[str, Contents]:
    """What each image holds.

    Args:
        target: that has them.
        image_ids: image name -> id.
        cache: folder of the answers, made if it is not there.

    Raises:
        CrayfishError: if an image cannot be asked.
    """
    cache.mkdir(parents=True, exist_ok=True)
    found: dict[str, Contents] = {}
    for name, image_id in image_ids.items():
        path = cache / f"{image_id.removeprefix('sha256:')}.json"
        try:
            found[name] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found[name] = read_contents(target.call(image_id, ["-c", _ASK], entrypoint="/bin/sh"))
            write_text(path, json.dumps(found[name], indent=1, sort_keys=True))
    return found


def read_contents(said: str) -> Contents:
    """Lines `KIND NAME VERSION`, as an image answers; the version of a jar is in its name."""
    found: Contents = {}
    for line in said.splitlines():
        kind, _, rest = line.partition(" ")
        name, _, version = rest.rpartition(" ")
        jar = _JAR.match(name) if kind == "java" else None
        if jar:
            name, version = jar.groups()
        if name:
            found.setdefault(kind, {})[name] = version
    return found


def main_software(contents: Mapping[str, Contents]) -> dict[str, str]:
    """`image: name` -> version, of what decides the figures."""
    return {
        f"{image.removeprefix('crayfish/').split(':')[0]}: {name}": version
        for image, kinds in sorted(contents.items())
        for kind, names in _MAIN.items()
        for name, version in sorted(kinds.get(kind, {}).items())
        if name in names
    }
