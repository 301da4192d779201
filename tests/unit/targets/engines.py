"""An engine that answers what a test wrote down, through a command in the place of docker's."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pathlib import Path

    from python_on_whales import DockerClient


def engine(folder: Path, *there: dict[str, Any], gone: int = 0) -> DockerClient:
    """A client of an engine.

    Args:
        folder: for the command.
        there: containers, as `docker inspect` writes them.
        gone: so many more were listed, and are not there any more.
    """
    (folder / "inspected").write_text(json.dumps(there))
    command = folder / "docker"
    command.write_text(f'#!/bin/sh\ncat "{folder}/inspected"\nexit {int(gone > 0)}\n')
    command.chmod(0o755)
    listed = [SimpleNamespace(id=str(number) * 64) for number in range(len(there) + gone)]
    made = SimpleNamespace(
        container=SimpleNamespace(list=lambda **_: listed),
        client_config=SimpleNamespace(docker_cmd=[str(command)]),
    )
    return cast("DockerClient", made)
