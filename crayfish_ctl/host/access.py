"""What keeps containers from the host's files and limits, and what to do about it."""

from __future__ import annotations

import shlex
import stat
import subprocess
from typing import TYPE_CHECKING, Any

from .checks import Finding

if TYPE_CHECKING:
    from pathlib import Path


def security(info: Any) -> Finding | None:
    """What keeps containers from what a run needs; None where nothing does."""
    if info is None:
        return None
    options = " ".join(getattr(info, "security_options", None) or ())
    if "podman" in f"{_client_name()} {getattr(info, 'server_version', '')}".lower():
        return Finding(
            "security",
            "missing",
            "`docker` is Podman",
            "Podman keeps neither CPU weights nor compose's labels as Docker does: install Docker "
            "Engine, and choose it with `docker context use`",
        )
    if "name=rootless" in options:
        return Finding(
            "security",
            "warn",
            "rootless engine",
            "limits hold only where the user's slice may set them: "
            "`systemctl cat user@.service` must say Delegate=cpu cpuset io memory pids; "
            "container counters are read from the host's cgroups",
        )
    if "name=userns" in options:
        return Finding(
            "security",
            "warn",
            "users are mapped (userns-remap)",
            "results are written by mapped users; they are readable, and yours to remove",
        )
    if "name=selinux" in options:
        return Finding(
            "security", "ok", "SELinux: the run's containers are started with label=disable"
        )
    return Finding("security", "ok", "nothing in the way")


def _client_name() -> str:
    """What the docker command says it is; Podman's stand-in answers with its own name."""
    try:
        done = subprocess.run(["docker", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout


def checkout(root: Path) -> Finding:
    """Whether the users of containers can read what is mounted into them and built from."""
    for part in ("models", "services", "images", "compose", "tools"):
        for path in (root / part).rglob("*"):
            needed = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)
            if "__pycache__" not in path.parts and path.stat().st_mode & needed != needed:
                return Finding(
                    "checkout",
                    "missing",
                    f"{path}: only its owner can read it (umask 077?)",
                    f"chmod -R a+rX {shlex.quote(str(root))}",
                )
    return Finding("checkout", "ok", str(root))
