"""Images and folders on the nodes, before anything is timed; what was written there, fetched.

Everything goes through the engine's own interface, `docker save`, `docker load` and `docker cp`, so
that a node needs no access to the controller's disk, and the controller no shell on the node.
"""

from __future__ import annotations

import stat
import subprocess
import tarfile
import tempfile
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from crayfish_ctl.catalog.labels import OURS_LABEL
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets.docker.calls import calls_engine, client_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path, PurePosixPath

    from python_on_whales import DockerClient

    from crayfish_ctl.targets.docker.machine import Machine

_ROOM: Final = "/crayfish-volume"
"""Where a volume lies in the container that is only there to fill it."""
_READABLE: Final = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_ENTERED: Final = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def send_images(
    source: DockerClient, machine: Machine, ids: Sequence[str], say: Callable[[str], None]
) -> list[str]:
    """Load images that a node does not have; layers that they share are sent once.

    Args:
        source: the client of the engine that has them.
        machine: of the node.
        ids: of the images.
        say: told that it begins, and how long it took: gigabytes take minutes.

    Returns:
        Those that were sent.

    Raises:
        CrayfishError: naming the node, in the engine's words.
    """
    with calls_engine(f"node {machine.node}: images"):
        missing = [each for each in ids if not machine.docker.image.exists(each)]
    if not missing:
        return []
    say(f"node {machine.node}: {len(missing)} images are sent there, once")
    began = time.monotonic()
    saving = subprocess.Popen(
        [*client_command(source), "save", *missing],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    loaded = subprocess.run(
        [*client_command(machine.docker), "load", "--quiet"],
        stdin=saving.stdout,
        capture_output=True,
        check=False,
    )
    if saving.stdout is not None:
        saving.stdout.close()
    _, said = saving.communicate()
    if saving.returncode or loaded.returncode:
        words = (said or loaded.stderr).decode(errors="replace").strip()
        raise CrayfishError(
            f"node {machine.node}: images cannot be sent: {words}",
            hint="is there room on its disk? `docker system df` says what lies there",
            code=ExitCode.HOST,
        )
    say(f"node {machine.node}: has them after {time.monotonic() - began:.0f} s")
    return missing


def fill_volume(
    machine: Machine, volume: str, image: str, source: Path, only: Sequence[Path] = ()
) -> None:
    """Make a volume with what is in a folder, for anybody to read.

    Args:
        machine: of the node.
        volume: its name; made anew.
        image: any that is on the node.
        source: the folder.
        only: files and folders in it; by default all.
    """
    with (
        calls_engine(f"node {machine.node}: {source}: cannot be brought there"),
        _helper(machine, volume, image) as helper,
        tempfile.TemporaryFile() as packed,
    ):
        # The length of a file is in its header, so a file that grows meanwhile is an error here.
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path in only or [source]:
                archive.add(path, arcname=_name(path, source), filter=_for_anybody)
        packed.seek(0)
        _pipe([*client_command(machine.docker), "cp", "-", f"{helper}:{_ROOM}"], packed)


def open_volume(machine: Machine, volume: str, image: str, below: PurePosixPath) -> None:
    """Make a volume, if it is not there, in which everybody may write into a folder.

    Args:
        machine: of the node.
        volume: its name.
        image: any that is on the node, with a shell.
        below: the folder, in the volume.
    """
    place = f"{_ROOM}/{below}"
    with calls_engine(f"node {machine.node}: volume {volume}"):
        if not machine.docker.volume.exists(volume):
            machine.docker.volume.create(volume, labels=OURS_LABEL)
        machine.docker.run(
            image,
            ["-c", 'mkdir -p "$0" && chmod 1777 "$0"', place],
            entrypoint="/bin/sh",
            user="0:0",
            volumes=[(volume, _ROOM)],
            networks=["none"],
            remove=True,
            pull="never",
            labels=OURS_LABEL,
        )


def fetch_folder(machine: Machine, container: str, folder: str, target: Path) -> None:
    """Copy what is in a container's folder, running or ended, into a folder that is there.

    Raises:
        CrayfishError: if it cannot be read there, or written here.
    """
    copying = subprocess.Popen(
        [*client_command(machine.docker), "cp", f"{container}:{folder}/.", "-"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with copying:
        # One after the other, as they come: the rows of a long run do not fit into memory.
        with suppress(tarfile.ReadError), tarfile.open(fileobj=copying.stdout, mode="r|") as packed:
            for member in packed:
                if member.isfile():
                    packed.extract(member, target, filter="data", set_attrs=False)
        words = copying.stderr.read() if copying.stderr is not None else b""
    if copying.returncode:
        raise CrayfishError(
            f"node {machine.node}: {folder} of container {container[:12]} cannot be fetched: "
            f"{words.decode(errors='replace').strip()}",
            code=ExitCode.HOST,
        )


@contextmanager
def _helper(machine: Machine, volume: str, image: str) -> Iterator[str]:
    """A container that never runs, with a new volume."""
    docker = machine.docker
    docker.volume.create(volume, labels=OURS_LABEL)
    helper = docker.container.create(
        image, ["none"], volumes=[(volume, _ROOM)], pull="never", labels=OURS_LABEL
    )
    try:
        yield helper.id
    finally:
        docker.container.remove(helper, force=True)


def _pipe(command: Sequence[str], content: object) -> None:
    done = subprocess.run(command, stdin=content, capture_output=True, check=False)  # type: ignore[call-overload]
    if done.returncode:
        raise CrayfishError(done.stderr.decode(errors="replace").strip(), code=ExitCode.HOST)


def _name(path: Path, source: Path) -> str:
    return "." if path == source else str(path.relative_to(source))


def _for_anybody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """As the user's umask may not have left it; and of no user of this machine."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode |= _READABLE | (_ENTERED if member.isdir() else 0)
    return member
