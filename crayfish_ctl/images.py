"""Builds the images: one folder of a root's images/ with a Dockerfile is one image.

Nothing is listed anywhere: what an image is made FROM and what it copies is read from its
Dockerfile. Its build context is the root that it is in. Each image carries a label with a digest of
all that (and of its bases' digests), so that what is up to date is known without asking the
builder, and a stale image never runs.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import stat
import time
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from python_on_whales import docker
from python_on_whales.exceptions import DockerException

from crayfish_ctl.catalog.libraries import bases_in
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets.docker.calls import calls_engine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from crayfish_ctl.catalog import Roots

IMAGE_PREFIX = "crayfish"
IMAGE_TAG = "latest"
LABEL = "crayfish.inputs"
_WHEN_NEEDED = re.compile(r"^LABEL\s+crayfish\.build=when-needed\s*$", re.MULTILINE)
_COPY = re.compile(r"^(?:COPY|ADD)\s+(?!.*--from)((?:.|\\\n)*?[^\\])$", re.MULTILINE)


@dataclass(frozen=True)
class ImageSource:
    """One folder of images/."""

    name: str
    root: Path
    """Its build context."""
    dockerfile: Path
    bases: tuple[str, ...]
    """Images of a root that its stages start from."""
    inputs: tuple[str, ...]
    """Paths that it copies, relative to its root."""


def image_names(roots: Roots) -> list[str]:
    """Every image there is."""
    return sorted(path.parent.name for path in roots.glob("images/*/Dockerfile"))


def usual_images(roots: Roots) -> list[str]:
    """Those that are built when nobody names any: all but the ones whose Dockerfile says otherwise.

    What no run needs is built where it is used.
    """
    return sorted(
        path.parent.name
        for path in roots.glob("images/*/Dockerfile")
        if not _WHEN_NEEDED.search(path.read_text(encoding="utf-8"))
    )


def read_source(roots: Roots, name: str) -> ImageSource:
    """What an image is made of.

    Raises:
        CrayfishError: if there is no such image.
    """
    dockerfile = roots.find(f"images/{name}/Dockerfile")
    try:
        text = dockerfile.read_text()
    except OSError:
        raise CrayfishError(
            f"image {name!r}: no images/{name}/Dockerfile",
            hint=f"there are {', '.join(image_names(roots))}",
        ) from None
    return ImageSource(
        name=name,
        root=roots.home(dockerfile),
        dockerfile=dockerfile,
        bases=bases_in(text),
        inputs=_copied(text),
    )


def _copied(text: str) -> tuple[str, ...]:
    """The sources of every COPY that takes from the root."""
    paths: list[str] = []
    for match in _COPY.finditer(text):
        words = [w for w in match.group(1).replace("\\\n", " ").split() if not w.startswith("--")]
        paths += words[:-1]
    return tuple(paths)


def with_bases(roots: Roots, names: Iterable[str]) -> list[ImageSource]:
    """The images and all they are made from, bases first."""
    sources: dict[str, ImageSource] = {}
    left = list(names)
    while left:
        name = left.pop()
        if name not in sources:
            sources[name] = read_source(roots, name)
            left += sources[name].bases
    order = TopologicalSorter({name: source.bases for name, source in sources.items()})
    return [sources[name] for name in order.static_order()]


def digests(sources: Sequence[ImageSource], origin: str) -> dict[str, str]:
    """The digest of each image's inputs.

    Args:
        sources: bases first.
        origin: stands for the image that all start from.
    """
    found: dict[str, str] = {}
    for source in sources:
        digest = hashlib.sha256(origin.encode())
        for base in source.bases:
            digest.update(found[base].encode())
        for path in sorted({source.dockerfile, *_files(source.root, source.inputs)}):
            executable = path.stat().st_mode & stat.S_IXUSR  # an entrypoint is one or is not
            name = f"{path.relative_to(source.root)}{'*' if executable else ''}"
            digest.update(name.encode() + b"\0" + path.read_bytes())
        found[source.name] = digest.hexdigest()
    return found


def _files(root: Path, inputs: Iterable[str]) -> Iterable[Path]:
    for pattern in inputs:
        for path in root.glob(pattern.rstrip("/")):
            below = [path] if path.is_file() else path.rglob("*")
            yield from (p for p in below if p.is_file() and "__pycache__" not in p.parts)


def check_readable(sources: Iterable[ImageSource]) -> None:
    """Can the images' own user read what is copied into them? Modes are copied with the files.

    Raises:
        CrayfishError: naming a file that only its owner can read (a checkout made with umask 077).
    """
    for source in sources:
        for path in _files(source.root, source.inputs):
            if not path.stat().st_mode & stat.S_IROTH:
                raise CrayfishError(
                    f"{path}: only its owner can read it, and image {source.name} has another user",
                    hint=f"chmod -R a+rX {shlex.quote(str(source.root))}",
                    code=ExitCode.HOST,
                )


def build_images(roots: Roots, names: Sequence[str], console: Console) -> None:
    """Build what is missing or out of date, bases first; shows what, how far and how long.

    Raises:
        CrayfishError: with the builder's last words if a build fails.
    """
    sources = with_bases(roots, names)
    with calls_engine("the images cannot be looked at"):
        origin = docker.image.inspect("debian:bookworm-slim").id
        wanted = digests(sources, origin)
        stale = [s for s in sources if _label(s.name) != wanted[s.name]]
    check_readable(stale)
    levels = _levels(stale)
    done = 0
    for level in levels:
        started = time.monotonic()
        shown = ", ".join(source.name for source in level)
        with console.status(f"building {shown} ({done} of {len(stale)} images done)"):
            if not console.is_terminal:
                console.print(f"building {shown} ({done} of {len(stale)} images done)")
            _bake(roots.checkout, level, wanted)
        done += len(level)
        console.print(f"built {shown} in {time.monotonic() - started:.0f} s")
    if stale:
        # Of ours only, and only what a newer one has taken the name from: gigabytes each.
        with calls_engine("older images cannot be removed"):
            docker.image.prune(filters=[("label", LABEL)])


def _levels(stale: Sequence[ImageSource]) -> list[list[ImageSource]]:
    """Groups that can be built at the same time, each after those it starts from."""
    names = {source.name: source for source in stale}
    order = TopologicalSorter({s.name: [base for base in s.bases if base in names] for s in stale})
    order.prepare()
    levels = []
    while order.is_active():
        ready = sorted(order.get_ready())
        levels.append([names[name] for name in ready])
        order.done(*ready)
    return levels


def _label(name: str) -> str | None:
    tag = f"{IMAGE_PREFIX}/{name}:{IMAGE_TAG}"
    if not docker.image.exists(tag):
        return None
    return (docker.image.inspect(tag).config.labels or {}).get(LABEL)


def bake_file(sources: Sequence[ImageSource], wanted: Mapping[str, str]) -> dict[str, Any]:
    """The bake definition of some images."""
    return {
        "group": {"default": {"targets": [source.name for source in sources]}},
        "target": {
            source.name: {
                "context": str(source.root),
                "dockerfile": str(source.dockerfile),
                "tags": [f"{IMAGE_PREFIX}/{source.name}:{IMAGE_TAG}"],
                "labels": {LABEL: wanted[source.name]},
                "output": ["type=docker"],
            }
            for source in sources
        },
    }


def _bake(checkout: Path, sources: Sequence[ImageSource], wanted: Mapping[str, str]) -> None:
    folder = checkout / ".cache"
    folder.mkdir(exist_ok=True)
    path = folder / "docker-bake.json"
    path.write_text(json.dumps(bake_file(sources, wanted), indent=1))
    try:
        docker.buildx.bake(files=[path], progress=False)
    except DockerException as error:
        tail = "\n".join((error.stderr or "").strip().splitlines()[-25:])
        names = ", ".join(source.name for source in sources)
        raise CrayfishError(
            f"images {names}: the build failed:\n{tail}",
            hint=f"repeat it alone: docker buildx bake -f {path}",
            code=ExitCode.HOST,
        ) from None
