"""Every error of a container engine becomes a message for the user, wherever it is called."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from python_on_whales.exceptions import DockerException

from crayfish_ctl.errors import CrayfishError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from python_on_whales import DockerClient


@contextmanager
def calls_engine(
    what: str, hint: str | None = None, code: ExitCode = ExitCode.HOST
) -> Iterator[None]:
    """Around calls of the engine.

    Args:
        what: was to be done, or with what; begins the message.
        hint: what the user may do.
        code: the exit code.

    Raises:
        CrayfishError: with the engine's own words.
    """
    try:
        yield
    except DockerException as error:
        raise CrayfishError(
            f"{what}: {engine_words(error)}",
            hint=hint or "`crayfish doctor` says whether the engine answers",
            code=code,
        ) from None


def client_command(docker: DockerClient) -> list[str]:
    """How `docker` is called for what its Python client does not offer: streams, and bulk."""
    return [str(part) for part in docker.client_config.docker_cmd]


def engine_words(error: DockerException) -> str:
    """What the engine said, without the client's frame around it."""
    return (error.stderr or "").strip() or f"docker ended with exit code {error.return_code}"
