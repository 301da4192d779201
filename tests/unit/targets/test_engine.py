"""Images of others are pulled, ours are built, and what cannot be had is said in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from python_on_whales.exceptions import DockerException, NoSuchImage

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets.docker import engine

if TYPE_CHECKING:
    from python_on_whales import DockerClient

    from crayfish_ctl.results import Image

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
def images() -> Images:
    return Images(here={OURS: []}, there={THEIRS: [f"{THEIRS}@sha256:1", "another"]})


def described(images: Images, name: str) -> Image:
    client = cast("DockerClient", SimpleNamespace(image=images))
    return engine.describe_images(client, [name])[name]


def test_what_is_here_is_not_pulled(images: Images) -> None:
    found = described(images, OURS)
    assert (found.id, found.digest, found.size_bytes) == (
        f"sha256:{OURS}",
        None,
        7,
    )
    assert images.pulls == []


def test_one_of_others_is_pulled_once(images: Images) -> None:
    assert described(images, THEIRS).digest == f"{THEIRS}@sha256:1"
    described(images, THEIRS)
    assert images.pulls == [THEIRS]


def test_ours_are_never_asked_of_a_registry(images: Images) -> None:
    with pytest.raises(CrayfishError, match="crayfish/spark:1: no such image") as error:
        described(images, "crayfish/spark:1")
    assert "crayfish images" in str(error.value.hint)
    assert images.pulls == []


def test_one_that_cannot_be_had_is_said_with_what_to_do(images: Images) -> None:
    images.there.clear()
    with pytest.raises(CrayfishError, match="cannot be pulled: no route to the registry") as error:
        described(images, THEIRS)
    assert error.value.exit_code is ExitCode.HOST
    assert f"docker save {THEIRS}" in str(error.value.hint)
