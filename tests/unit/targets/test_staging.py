"""What is brought to a node and fetched from it, through nothing but its engine."""

from __future__ import annotations

import io
import tarfile
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.targets.docker.machine import Machine
from crayfish_ctl.targets.swarm.staging import fetch_folder, fill_volume, send_images

if TYPE_CHECKING:
    from pathlib import Path

    from python_on_whales import DockerClient


class Client:
    """A docker command that keeps what it is given in a folder, and answers from it."""

    def __init__(self, folder: Path, *, images: tuple[str, ...] = (), code: int = 0) -> None:
        folder.mkdir(exist_ok=True)
        command = folder / "docker"
        command.write_text(
            f'#!/bin/sh\necho "$@" >> "{folder}/asked"\n'
            f'case "$1$2" in\n  cp-*) cat > "{folder}/copied" ;;\n'
            f'  load*) cat > "{folder}/loaded" ;;\n'
            f'  save*) echo "the layers of $@" ;;\n  cp*) cat "{folder}/answer" ;;\nesac\n'
            f'echo "no space left" >&2\nexit {code}\n'
        )
        command.chmod(0o755)
        self.folder = folder
        self.client_config = SimpleNamespace(docker_cmd=[str(command)])
        self.image = SimpleNamespace(exists=lambda name: name in images)
        self.volume = SimpleNamespace(create=lambda *_, **__: None)
        self.container = SimpleNamespace(
            create=lambda *_, **__: SimpleNamespace(id="helper"), remove=lambda *_, **__: None
        )

    def asked(self) -> str:
        return (self.folder / "asked").read_text()


def machine(client: Client) -> Machine:
    return Machine(cast("DockerClient", client), "n2")


def client_of(client: Client) -> DockerClient:
    return cast("DockerClient", client)


def test_only_images_that_a_node_lacks_are_sent_and_all_at_once(tmp_path: Path) -> None:
    here, there = Client(tmp_path / "here"), Client(tmp_path / "there", images=("sha256:1",))
    said: list[str] = []
    wanted = ["sha256:1", "sha256:2", "sha256:3"]
    sent = send_images(client_of(here), machine(there), wanted, said.append)
    assert said[0] == "node n2: 2 images are sent there, once"
    assert sent == ["sha256:2", "sha256:3"]
    assert here.asked() == "save sha256:2 sha256:3\n"
    assert (tmp_path / "there/loaded").read_text() == "the layers of save sha256:2 sha256:3\n"
    assert send_images(client_of(here), machine(there), ["sha256:1"], said.append) == []
    assert len(said) == 2, "nothing is said of what is there"


def test_a_node_without_room_is_named(tmp_path: Path) -> None:
    here, there = Client(tmp_path / "here"), Client(tmp_path / "there", code=1)
    with pytest.raises(CrayfishError, match="node n2: images cannot be sent: no space left"):
        send_images(client_of(here), machine(there), ["sha256:2"], lambda _: None)


def test_a_volume_has_what_is_needed_of_a_folder_for_anybody_to_read(tmp_path: Path) -> None:
    source = tmp_path / "models"
    (source / "ffnn" / "savedmodel").mkdir(parents=True)
    (source / "vgg19").mkdir()
    for name in ("ffnn/ffnn.onnx", "ffnn/savedmodel/x.pb", "vgg19/large"):
        (source / name).write_text(name)
    (source / "ffnn/ffnn.onnx").chmod(0o600)
    client = Client(tmp_path / "node")
    only = [source / "ffnn/ffnn.onnx", source / "ffnn/savedmodel"]
    fill_volume(machine(client), "v", "sha256:1", source, only)
    with tarfile.open(tmp_path / "node/copied") as archive:
        members = {member.name: member for member in archive.getmembers()}
    assert set(members) == {"ffnn/ffnn.onnx", "ffnn/savedmodel", "ffnn/savedmodel/x.pb"}
    assert members["ffnn/ffnn.onnx"].mode & 0o444 == 0o444
    assert (members["ffnn/ffnn.onnx"].uid, members["ffnn/ffnn.onnx"].uname) == (0, "")


def test_results_are_fetched_as_files_of_the_caller(tmp_path: Path) -> None:
    client = Client(tmp_path / "node")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in (("./rows", b"1"), ("./../outside", b"2")):
            member = tarfile.TarInfo(name)
            member.size, member.uid = len(content), 4711
            if "outside" not in name:
                archive.addfile(member, io.BytesIO(content))
    (tmp_path / "node/answer").write_bytes(packed.getvalue())
    target = tmp_path / "out"
    target.mkdir()
    fetch_folder(machine(client), "abc", "/out", target)
    assert [path.name for path in target.iterdir()] == ["rows"]
    assert (target / "rows").read_bytes() == b"1"
    assert "cp abc:/out/. -" in client.asked()


def test_what_cannot_be_fetched_is_said_with_its_node(tmp_path: Path) -> None:
    client: Any = Client(tmp_path / "node", code=1)
    with pytest.raises(CrayfishError, match="node n2: /out of container abc cannot be fetched"):
        fetch_folder(machine(client), "abc", "/out", tmp_path)
