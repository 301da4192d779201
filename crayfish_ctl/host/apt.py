"""Debian's and Ubuntu's packages for a container engine with compose v2 and buildx.

Debian 12 has an engine but neither plugin in a usable version; the next suite's two packages depend
on nothing that Debian 12 lacks. They are fetched through an apt configuration of their own, which
is thrown away, so that the machine's own sources stay as they are.
"""

from __future__ import annotations

import platform
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .shell import run_as_root
from .sources import mirror

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .shell import Say

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_NEXT_SUITE = "trixie"


@dataclass(frozen=True)
class Recipe:
    """What to install on a distribution release."""

    packages: tuple[str, ...]
    from_next_suite: tuple[str, ...] = ()


def recipe() -> Recipe | None:
    """The recipe for this machine, or None if we know none."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return None
    return recipe_for(release.get("ID", ""), release.get("VERSION_ID", ""))


def recipe_for(distribution: str, version: str) -> Recipe | None:
    """The recipe for a distribution as /etc/os-release names it."""
    number = version.partition(".")[0]
    major = int(number) if number.isdigit() else 0
    if distribution == "debian" and major == 12:  # noqa: PLR2004
        return Recipe(("docker.io", "iptables"), ("docker-compose", "docker-buildx"))
    if distribution == "debian" and major > 12:  # noqa: PLR2004
        return Recipe(("docker.io", "docker-cli", "docker-compose", "docker-buildx", "iptables"))
    if distribution == "ubuntu" and major >= 22:  # noqa: PLR2004
        return Recipe(("docker.io", "docker-compose-v2", "docker-buildx", "iptables"))
    return None


def install(wanted: Recipe, say: Say) -> None:
    """Install an engine by `wanted`.

    Raises:
        CrayfishError: with apt's own last words.
    """
    # The engine last: it may start by itself, and an engine that answers is taken as it is, so that
    # an installation which was interrupted before its plugins would never be finished.
    if wanted.from_next_suite:
        _install_from_next_suite(wanted.from_next_suite, say)
    install_packages(wanted.packages, say)


def install_packages(packages: Iterable[str], say: Say) -> None:
    """Install ordinary packages."""
    run_as_root(["apt-get", "update"], say)
    run_as_root(["apt-get", "install", "-y", "--no-install-recommends", *packages], say)


def _install_from_next_suite(packages: tuple[str, ...], say: Say) -> None:
    folder = Path(tempfile.mkdtemp(prefix="crayfish-apt-"))
    try:
        folder.chmod(0o755)
        (folder / "lists" / "partial").mkdir(parents=True)
        (folder / "debs").mkdir()
        sources = folder / "sources.list"
        sources.write_text(f"deb [signed-by={_KEYRING}] {mirror()} {_NEXT_SUITE} main\n")
        own = [
            *("-o", f"Dir::Etc::sourcelist={sources}"),
            *("-o", "Dir::Etc::sourceparts=-"),
            *("-o", f"Dir::State::lists={folder / 'lists'}"),
            *("-o", "APT::Sandbox::User=root"),
        ]
        run_as_root(["apt-get", *own, "update"], say)
        run_as_root(["apt-get", *own, "download", *packages], say, cwd=folder / "debs")
        debs = [str(path) for path in sorted((folder / "debs").glob("*.deb"))]
        run_as_root(["dpkg", "-i", *debs], say)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
