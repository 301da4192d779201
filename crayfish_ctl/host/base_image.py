"""debian:bookworm-slim, pulled; where no registry can be reached, made with debootstrap.

Also gathers the host's extra CA certificates for images/base: behind a proxy that inspects TLS,
package installs inside a build fail without them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from python_on_whales import docker

from crayfish_ctl.errors import CrayfishError, ExitCode

from . import apt
from .shell import privilege, run_as_root

if TYPE_CHECKING:
    from .shell import Say

BASE_IMAGE = "debian:bookworm-slim"
_PULL_S = 60
_LOCAL_CERTIFICATES = Path("/usr/local/share/ca-certificates")


def ensure_base_image(root: Path, say: Say) -> None:
    """Make sure that the base image and the certificate folder are there.

    Raises:
        CrayfishError: if the image can neither be pulled nor made here.
    """
    gather_certificates(root / ".cache" / "host-ca")
    if docker.image.exists(BASE_IMAGE):
        return
    say(f"pulling {BASE_IMAGE}")
    if _pulled():
        return
    if not (shutil.which("apt-get") and privilege() is not None):
        raise CrayfishError(
            f"{BASE_IMAGE}: no registry can be reached",
            hint=f"load the image by hand (docker load), or run on Debian as root: there "
            f"{BASE_IMAGE} is made with debootstrap",
            code=ExitCode.HOST,
        )
    say(f"no registry can be reached: making {BASE_IMAGE} on this machine with debootstrap")
    _debootstrap(say)


def gather_certificates(folder: Path) -> None:
    """Copy the certificates that this host trusts beyond the usual ones into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {path.name: path for path in sorted(_LOCAL_CERTIFICATES.glob("*.crt"))}
    for path in folder.glob("*.crt"):
        if path.name not in wanted:
            path.unlink()
    for name, path in wanted.items():
        target = folder / name
        if not target.exists() or target.read_bytes() != path.read_bytes():
            target.write_bytes(path.read_bytes())
    # COPY of an empty folder is an error to old builders.
    (folder / "README").write_text("Extra CA certificates of the host, copied into images/base.\n")


def _pulled() -> bool:
    try:
        done = subprocess.run(
            ["docker", "pull", "--quiet", BASE_IMAGE],
            capture_output=True,
            timeout=_PULL_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _debootstrap(say: Say) -> None:
    if shutil.which("debootstrap", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        apt.install_packages(["debootstrap"], say)
    folder = Path(tempfile.mkdtemp(prefix="crayfish-base-"))
    started = time.monotonic()
    try:
        tree = folder / "root"
        run_as_root(
            [
                "debootstrap",
                "--variant=minbase",
                "--include=ca-certificates",
                "bookworm",
                str(tree),
                apt.mirror(),
            ],
            say,
        )
        archive = folder / "root.tar"
        run_as_root(
            [
                "tar",
                "-C",
                str(tree),
                "--exclude=./var/cache/apt/archives/*.deb",
                "-cf",
                str(archive),
                ".",
            ],
            say,
        )
        run_as_root(["chmod", "644", str(archive)], say)
        run_as_root(["chmod", "755", str(folder)], say)
        docker.import_(str(archive), tag=BASE_IMAGE, changes=["LABEL crayfish.origin=debootstrap"])
    finally:
        run_as_root(["rm", "-rf", str(folder)], say)
    say(f"made {BASE_IMAGE} in {time.monotonic() - started:.0f} s")
