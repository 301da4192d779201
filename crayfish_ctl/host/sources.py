"""The Debian archives in this machine's own apt sources, in either of apt's two formats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from crayfish_ctl.errors import CrayfishError, ExitCode

ETC = Path("/etc/apt")


@dataclass(frozen=True)
class Source:
    """One archive: where it is and what it holds."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]


def mirror(etc: Path = ETC) -> str:
    """The Debian archive that this machine uses: the first one in its sources.

    Raises:
        CrayfishError: if no source names one.
    """
    for source in read_sources(etc):
        if "main" in source.components and _is_debian(source.uri, "debian"):
            return source.uri
    raise CrayfishError(
        f"{etc}: no apt source names a Debian archive",
        hint="add one, or set the machine up by hand: Docker Engine with compose v2 and buildx, "
        "and the image debian:bookworm-slim",
        code=ExitCode.HOST,
    )


def security_mirror(etc: Path = ETC) -> str | None:
    """The archive of security updates that this machine uses, if it names one."""
    for source in read_sources(etc):
        if "main" in source.components and _is_debian(source.uri, "debian-security"):
            return source.uri
    return None


def read_sources(etc: Path) -> list[Source]:
    """Every enabled binary source, in apt's order."""
    found: list[Source] = []
    for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        if path.is_file() and path.suffix == ".list":
            found += one_line_sources(path.read_text())
        elif path.is_file() and path.suffix == ".sources":
            found += deb822_sources(path.read_text())
    return found


def one_line_sources(text: str) -> list[Source]:
    """Read `deb [options] uri suite component ...` lines."""
    found = []
    for raw in text.splitlines():
        line = re.sub(r"\[[^\]]*\]", " ", raw.partition("#")[0])
        match line.split():
            case ["deb", uri, suite, *components]:
                found.append(Source(uri, (suite,), tuple(components)))
    return found


def deb822_sources(text: str) -> list[Source]:
    """Read stanzas of `Types:`, `URIs:`, `Suites:`, `Components:`; a stanza may name many URIs."""
    found: list[Source] = []
    for stanza in re.split(r"\n[ \t]*\n", text):
        fields: dict[str, list[str]] = {}
        words: list[str] = []
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if not line.startswith((" ", "\t")) and ":" in line:
                name, _, line = line.partition(":")  # noqa: PLW2901
                words = fields.setdefault(name.strip().lower(), [])
            words += line.split()
        if "deb" in fields.get("types", []) and fields.get("enabled", ["yes"]) != ["no"]:
            suites = tuple(fields.get("suites", []))
            components = tuple(fields.get("components", []))
            found += [Source(uri, suites, components) for uri in fields.get("uris", [])]
    return found


def _is_debian(uri: str, folder: str) -> bool:
    return uri.rstrip("/").endswith(f"/{folder}")
