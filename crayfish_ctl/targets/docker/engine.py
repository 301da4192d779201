"""What the manifest says of the engine and the images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_on_whales.exceptions import DockerException, NoSuchImage

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.results import Engine, Image

from .calls import calls_engine, engine_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from python_on_whales import DockerClient
    from python_on_whales import Image as DockerImage

_OURS = "crayfish/"
"""Images that are built here, and that no registry has."""
_DOCTOR = "`crayfish doctor` says what is missing and how to mend it"


def describe_engine(docker: DockerClient) -> Engine:
    """Versions and drivers of the engine that answers.

    Raises:
        CrayfishError: if none does.
    """
    with calls_engine("the container engine does not answer", _DOCTOR):
        info = docker.system.info()
        compose = docker.compose.version()
    security = " ".join(info.security_options or ())
    return Engine(
        version=info.server_version,
        compose_version=compose.removeprefix("Docker Compose version").strip(),
        storage_driver=info.driver,
        cgroup_version=getattr(info, "cgroup_version", None),
        cores=info.n_cpu,
        memory_bytes=info.mem_total,
        rootless="name=rootless" in security,
        selinux="name=selinux" in security,
    )


def describe_images(docker: DockerClient, names: Sequence[str]) -> dict[str, Image]:
    """Ids and sizes of images that are on this host; one that somebody else publishes is pulled.

    Raises:
        CrayfishError: naming one that is not here, and cannot be had.
    """
    images = {}
    for name in names:
        with calls_engine(f"image {name}", _DOCTOR):
            try:
                found = docker.image.inspect(name)
            except NoSuchImage:
                found = _pulled(docker, name)
        digests = found.repo_digests or []
        images[name] = Image(
            id=found.id, digest=digests[0] if digests else None, size_bytes=found.size
        )
    return images


def _pulled(docker: DockerClient, name: str) -> DockerImage:
    """An image of somebody else's, from its registry."""
    if name.startswith(_OURS):
        raise CrayfishError(
            f"{name}: no such image on this engine",
            hint="`crayfish images` builds those of images/",
            code=ExitCode.HOST,
        )
    try:
        docker.image.pull(name, quiet=True)
        return docker.image.inspect(name)
    except DockerException as error:
        raise CrayfishError(
            f"{name}: not on this engine, and it cannot be pulled: {engine_words(error)}",
            hint=f"where its registry can be reached: `docker pull {name}`, `docker save {name} -o "
            "image.tar`; here: `docker load -i image.tar`. Nothing else is run in its place",
            code=ExitCode.HOST,
        ) from None
