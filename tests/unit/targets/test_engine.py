"""Images of others are pulled, ours are built, and what cannot be had is said in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from python_on_whales.exceptions import DockerException, NoSuchImage

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets.compose import engine

THEIRS = "tensorflow/serving:2.19.1"
OURS = "crayfish/flink:1"


class Images:
    """An engine with some images, and a registry with others."""

    def __init__(self, here: dict[str, list[str]], there: dict[str, list[str]]) -> None:
        self.here, self.there = here, there
        self.pulls: list[str] = []

    def inspect(self, name: str) -> Any:
        if name not in self.here:
            raise NoSuchImage(["docker", "image", "inspect", name], 1, None, b"No such image")
        return SimpleNamespace(id=f"sha256:{name}", repo_digests=self.here[name], size=7)

    def pull(self, name: str, *, quiet: bool) -> None:
        assert quiet
        self.pulls.append(name)
        if name not in self.there:
            raise DockerException(["docker", "pull", name], 1, None, b"no route to the registry")
        self.here[name] = self.there[name]


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> Images:
    made = Images(here={OURS: []}, there={THEIRS: [f"{THEIRS}@sha256:1", "another"]})
    monkeypatch.setattr(engine, "docker", SimpleNamespace(image=made))
    return made


def test_what_is_here_is_not_pulled(images: Images) -> None:
    found = engine.describe_images([OURS])
    assert (found[OURS].id, found[OURS].digest, found[OURS].size_bytes) == (
        f"sha256:{OURS}",
        None,
        7,
    )
    assert images.pulls == []


def test_one_of_others_is_pulled_once(images: Images) -> None:
    assert engine.describe_images([THEIRS])[THEIRS].digest == f"{THEIRS}@sha256:1"
    engine.describe_images([THEIRS])
    assert images.pulls == [THEIRS]


def test_ours_are_never_asked_of_a_registry(images: Images) -> None:
    with pytest.raises(CrayfishError, match="crayfish/spark:1: no such image") as error:
        engine.describe_images([OURS, "crayfish/spark:1"])
    assert "crayfish images" in str(error.value.hint)
    assert images.pulls == []


def test_one_that_cannot_be_had_is_said_with_what_to_do(images: Images) -> None:
    images.there.clear()
    with pytest.raises(CrayfishError, match="cannot be pulled: no route to the registry") as error:
        engine.describe_images([THEIRS])
    assert error.value.exit_code is ExitCode.HOST
    assert f"docker save {THEIRS}" in str(error.value.hint)
