"""debian:bookworm-slim, pulled; where no registry can be reached, made with debootstrap.

Also gathers the host's extra CA certificates for images/base: behind a proxy that inspects TLS,
package installs inside a build fail without them.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

from python_on_whales import docker

from crayfish_ctl.errors import CrayfishError, ExitCode

from . import apt
from .shell import privilege, run_as_root
from .sources import mirror, security_mirror

if TYPE_CHECKING:
    from .shell import Say

BASE_IMAGE = "debian:bookworm-slim"
_FIRST_WORD_S = 20
_PULL_S = 600
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
    bundle = Path(os.environ.get("SSL_CERT_FILE") or "/nonexistent")
    if bundle.is_file() and not bundle.resolve().is_relative_to("/etc"):
        # Not the system's own bundle, which holds nothing beyond the usual ones and those above.
        wanted["ssl-cert-file.crt"] = bundle
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
    """Pull the base image; give up soon where no registry answers, late where one is slow."""
    with subprocess.Popen(
        ["docker", "pull", BASE_IMAGE],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as pull:
        first_word = Timer(_FIRST_WORD_S, pull.kill)
        whole = Timer(_PULL_S, pull.kill)
        first_word.start()
        whole.start()
        try:
            for _ in pull.stdout or ():
                first_word.cancel()
            return pull.wait() == 0
        finally:
            first_word.cancel()
            whole.cancel()


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
                mirror(),
            ],
            say,
        )
        if (security := security_mirror()) is not None:
            # As the public image has it: debootstrap itself knows one suite only.
            line = f"deb {security} bookworm-security main"
            sources_list = tree / "etc" / "apt" / "sources.list"
            run_as_root(["sh", "-c", f"echo {shlex.quote(line)} >>{sources_list}"], say)
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
