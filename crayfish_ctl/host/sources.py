"""The Debian archives of this machine's own apt sources, as apt itself reads them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

from crayfish_ctl.errors import CrayfishError, ExitCode

ETC: Final = Path("/etc/apt")
_PACKAGES: Final = re.compile(r"^'(\S+?)/*/dists/\S+/main/binary-", re.MULTILINE)


def mirror(etc: Path = ETC) -> str:
    """A Debian archive that this machine uses.

    Raises:
        CrayfishError: if no source names one.
    """
    for uri in _archives(etc):
        if uri.endswith("/debian"):
            return uri
    raise CrayfishError(
        f"{etc}: no apt source names a Debian archive",
        hint="add one, or set the machine up by hand: Docker Engine with compose v2 and buildx, "
        "and the image debian:bookworm-slim",
        code=ExitCode.HOST,
    )


def security_mirror(etc: Path = ETC) -> str | None:
    """The archive of security updates that this machine uses, if it names one."""
    return next((uri for uri in _archives(etc) if uri.endswith("/debian-security")), None)


def _archives(etc: Path) -> list[str]:
    """The URIs of all enabled binary sources with a component `main`.

    What an update would fetch, which needs neither root nor an earlier update.
    """
    try:
        said = subprocess.run(
            ["apt-get", "update", "--print-uris", "-o", f"Dir::Etc={etc}"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    except OSError:  # no apt here
        return []
    return list(dict.fromkeys(_PACKAGES.findall(said)))
