"""What an image is made of is read from its Dockerfile, and a change of any of it is noticed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crayfish_ctl.catalog import Roots, open_roots
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.images import (
    LABEL,
    ImageSource,
    _files,
    _levels,
    bake_file,
    digests,
    image_names,
    read_source,
    usual_images,
    with_bases,
)

ROOT = Path(__file__).parents[2]
ROOTS = open_roots(ROOT)


def image(root: Path, name: str, text: str) -> None:
    folder = root / "images" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two images on a base, one of them with a second base for a stage."""
    (tmp_path / "services" / "app").mkdir(parents=True)
    (tmp_path / "services" / "app" / "main.py").write_text("pass\n")
    (tmp_path / "app.lock").write_text("x==1\n")
    image(tmp_path, "base", "FROM debian:bookworm-slim\nRUN true\n")
    image(tmp_path, "tools", "ARG BASE=crayfish/base\nFROM ${BASE}\n")
    image(
        tmp_path,
        "app",
        "ARG BASE=crayfish/base\nARG BUILD=crayfish/tools\nFROM ${BUILD} AS jars\nFROM ${BASE}\n"
        "COPY --from=jars /jars /opt/jars\nCOPY app.lock /tmp/\n"
        "COPY --chown=a:b services/app /opt/app\n",
    )
    image(tmp_path, "other", "ARG BASE=crayfish/base\nFROM ${BASE}\nRUN other\n")
    return tmp_path


def app_digests(root: Path, origin: str = "sha256:0") -> dict[str, str]:
    return digests(with_bases(Roots((root,)), ["app", "other"]), origin)


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("COPY a /x\n", ["a"]),
        ("ADD a /x\n", ["a"]),
        ("COPY a b/ /x/\n", ["a", "b/"]),
        ("COPY a b \\\n     c /x/\nRUN cp d /y\n", ["a", "b", "c"]),
        ("COPY \\\n  a \\\n  b \\\n  /x/\n", ["a", "b"]),
        ("COPY --chown=u:g --chmod=755 a /x\n", ["a"]),
        ("COPY --from=jars a /x\n", []),
        ("COPY --chown=u:g --from=jars a /x\nCOPY b /x", ["b"]),
        ("# COPY a /x\nRUN echo COPY b /x\n", []),
        ("COPY a /x\n\nCOPY b /x\n", ["a", "b"]),
    ],
)
def test_inputs_are_what_is_copied_from_the_context(
    tmp_path: Path, text: str, inputs: list[str]
) -> None:
    image(tmp_path, "x", f"FROM debian\n{text}")
    assert list(read_source(Roots((tmp_path,)), "x").inputs) == inputs


def test_bases_are_the_images_of_ours_that_stages_start_from(root: Path) -> None:
    assert read_source(Roots((root,)), "app").bases == ("base", "tools")
    assert read_source(Roots((root,)), "base").bases == ()


def test_an_unknown_image_is_named_with_those_there_are(root: Path) -> None:
    with pytest.raises(CrayfishError, match=r"'apb': no images/apb/Dockerfile") as caught:
        with_bases(Roots((root,)), ["apb"])
    assert caught.value.hint == "there are app, base, other, tools"


def test_what_is_built_when_it_is_needed_is_not_built_with_the_others(root: Path) -> None:
    image(root, "maker", "ARG BASE=crayfish/base\nFROM ${BASE}\nLABEL crayfish.build=when-needed\n")
    roots = Roots((root,))
    assert "maker" in image_names(roots)
    assert usual_images(roots) == [name for name in image_names(roots) if name != "maker"]
    assert set(image_names(ROOTS)) - set(usual_images(ROOTS)) == {"model-maker"}


def test_bases_come_first_and_once(root: Path) -> None:
    names = [source.name for source in with_bases(Roots((root,)), ["other", "app"])]
    assert sorted(names) == ["app", "base", "other", "tools"]
    assert names[0] == "base"
    assert names.index("tools") < names.index("app")


def test_the_same_inputs_have_the_same_digest(root: Path) -> None:
    first = app_digests(root)
    assert first == app_digests(root)
    assert len(set(first.values())) == 4


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("app.lock", {"app"}),
        ("services/app/main.py", {"app"}),
        ("services/app/new.py", {"app"}),
        ("images/app/Dockerfile", {"app"}),
        ("images/tools/Dockerfile", {"tools", "app"}),
        ("images/base/Dockerfile", {"base", "tools", "app", "other"}),
        ("images/app/README.md", set()),
        ("services/app/__pycache__/main.pyc", set()),
    ],
)
def test_a_change_reaches_all_that_is_built_on_it(root: Path, path: str, changed: set[str]) -> None:
    before = app_digests(root)
    file = root / path
    file.parent.mkdir(exist_ok=True)
    file.write_text((file.read_text() if file.exists() else "") + "# changed\n")
    after = app_digests(root)
    assert {name for name in before if before[name] != after[name]} == changed


def test_a_renamed_input_is_a_change(root: Path) -> None:
    before = app_digests(root)
    (root / "services/app/main.py").rename(root / "services/app/app.py")
    assert app_digests(root)["app"] != before["app"]


def test_another_debian_is_a_change_of_everything(root: Path) -> None:
    before, after = app_digests(root), app_digests(root, origin="sha256:1")
    assert [name for name in before if before[name] == after[name]] == []


def source(name: str, *bases: str) -> ImageSource:
    return ImageSource(name, Path(), Path(name), bases, ())


def test_levels_are_built_at_once_and_each_after_its_bases() -> None:
    stale = [source("a", "base"), source("c", "b", "a"), source("b", "base"), source("base")]
    assert [[s.name for s in level] for level in _levels(stale)] == [["base"], ["a", "b"], ["c"]]


def test_a_base_that_is_up_to_date_is_not_waited_for() -> None:
    levels = _levels([source("a", "base"), source("b", "a")])
    assert [[s.name for s in level] for level in levels] == [["a"], ["b"]]
    assert _levels([]) == []


def test_bake_builds_what_is_labelled(root: Path) -> None:
    made = bake_file([read_source(Roots((root,)), "app")], {"app": "12ab"})
    assert made == {
        "group": {"default": {"targets": ["app"]}},
        "target": {
            "app": {
                "context": str(root),
                "dockerfile": str(root / "images/app/Dockerfile"),
                "tags": ["crayfish/app:latest"],
                "labels": {LABEL: "12ab"},
                "output": ["type=docker"],
            }
        },
    }


@pytest.fixture
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another root, with an image that starts from two of the first."""
    folder = tmp_path_factory.mktemp("beside")
    (folder / "mine.py").write_text("pass\n")
    image(
        folder,
        "mine",
        "ARG BASE=crayfish/base\nARG APP=crayfish/app\nFROM ${APP} AS app\nFROM ${BASE}\n"
        "COPY mine.py /opt/\nCOPY --from=app --chown=a:b /opt/app /opt/app\n",
    )
    return folder


def test_an_image_of_another_root_is_built_there_and_may_start_from_ours(
    root: Path, beside: Path
) -> None:
    roots = open_roots(root, [beside])
    assert image_names(roots) == ["app", "base", "mine", "other", "tools"]
    *ours, mine = with_bases(roots, ["mine"])
    assert {source.root for source in ours} == {root}
    assert mine.root == beside
    assert mine.bases == ("base", "app")
    assert mine.inputs == ("mine.py",)
    made = bake_file([mine], {"mine": "12ab"})
    assert made["target"]["mine"] | {"tags": 0, "labels": 0, "output": 0} == {
        "context": str(beside),
        "dockerfile": str(beside / "images/mine/Dockerfile"),
        "tags": 0, "labels": 0, "output": 0,
    }  # fmt: skip


@pytest.mark.parametrize("changed", ["services/app/main.py", "app.lock", "images/base/Dockerfile"])
def test_what_an_image_starts_from_counts(root: Path, beside: Path, changed: str) -> None:
    roots = open_roots(root, [beside])

    def digest() -> str:
        return digests(with_bases(roots, ["mine"]), "sha256:0")["mine"]

    before = digest()
    assert before == digest()
    (root / changed).write_text((root / changed).read_text() + "# changed\n")
    assert digest() != before
    after = digest()
    (beside / "mine.py").write_text("# changed\n")
    assert digest() != after


@pytest.mark.parametrize("name", image_names(ROOTS))
def test_every_image_of_the_project_has_its_inputs(name: str) -> None:
    found = read_source(ROOTS, name)
    assert set(found.bases) <= set(image_names(ROOTS))
    # .cache is filled when images are built.
    missing = [
        path
        for path in found.inputs
        if not path.startswith(".cache/") and not any(_files(ROOT, [path]))
    ]
    assert missing == []


def test_what_dockerfiles_copy_is_found() -> None:
    assert read_source(ROOTS, "kafka").inputs == (
        "images/kafka/pom.xml",
        "images/kafka/server.properties",
        "images/kafka/log4j2.yaml",
        "images/kafka/jmx.yaml",
        "images/kafka/entrypoint",
        "images/kafka/certificate",
    )
    assert read_source(ROOTS, "kafka").bases == ("base-jvm", "build-jvm")


def test_every_copy_and_add_of_the_project_is_understood() -> None:
    """Each is in plain words: the JSON form would be read wrong, in silence."""
    for path in (ROOT / "images").glob("*/Dockerfile"):
        for line in path.read_text().splitlines():
            words = line.split()
            if words and words[0].upper() in {"COPY", "ADD"}:
                assert words[0] in {"COPY", "ADD"}, path
                assert "[" not in line, path


def test_both_runtimes_score_with_one_version_of_onnx_runtime() -> None:
    """Python against the JVM is a result; two releases of the library would be another one."""
    pom = (ROOT / "services" / "jvm" / "pom.xml").read_text()
    (version,) = re.findall(r"<onnxruntime\.version>(.+)</onnxruntime\.version>", pom)
    locked = {
        path.name: found[0]
        for path in (ROOT / "requirements").glob("*.lock")
        if (found := re.findall(r"^onnxruntime==(\S+)", path.read_text(), re.MULTILINE))
    }
    assert set(locked) == {
        "controller.lock", "flink.lock", "model-maker.lock", "ray-serve.lock", "ray.lock",
        "spark.lock", "triton.lock",
    }  # fmt: skip
    assert set(locked.values()) == {version}


def test_no_image_reports_to_the_makers_of_onnx_runtime() -> None:
    """It would measure that, too, and where it cannot reach them it may end the process."""
    base = (ROOT / "images" / "base" / "Dockerfile").read_text()
    assert "ORT_DISABLE_TELEMETRY=1" in base
    for name in image_names(ROOTS):
        source = read_source(ROOTS, name)
        assert name in {"base", "jvm"} or source.bases, name
