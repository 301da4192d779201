"""What the manifest says of the engine, the images and the sources."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from python_on_whales import docker
from python_on_whales.exceptions import DockerException

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.results import Engine, Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def describe_engine() -> Engine:
    """Versions and drivers of the engine that answers.

    Raises:
        CrayfishError: if none does.
    """
    try:
        info = docker.system.info()
        compose = docker.compose.version()
    except DockerException as error:
        raise CrayfishError(
            f"the container engine does not answer: {(error.stderr or '').strip()}",
            hint="`crayfish doctor` says what is missing and how to mend it",
            code=ExitCode.HOST,
        ) from None
    return Engine(
        version=info.server_version,
        compose_version=compose.removeprefix("Docker Compose version").strip(),
        storage_driver=info.driver,
        cgroup_version=getattr(info, "cgroup_version", None),
    )


def describe_images(names: Sequence[str]) -> dict[str, Image]:
    """Ids and sizes of images that are on this host.

    Raises:
        CrayfishError: naming one that is not.
    """
    images = {}
    for name in names:
        if not docker.image.exists(name):
            raise CrayfishError(
                f"{name}: no such image on this host",
                hint="`crayfish images` builds what is missing",
                code=ExitCode.HOST,
            )
        found = docker.image.inspect(name)
        digests = found.repo_digests or []
        images[name] = Image(
            id=found.id, digest=digests[0] if digests else None, size_bytes=found.size
        )
    return images


def git_state(folder: Path) -> tuple[str, bool] | None:
    """Commit of the sources, and whether they differ from it; None outside a checkout."""
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.strip()
        changes = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no"],
            cwd=folder, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit, bool(changes.strip())
