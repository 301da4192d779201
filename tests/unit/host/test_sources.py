"""Which Debian archives a machine uses, read by apt from sources of either format."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.host.sources import mirror, security_mirror

if TYPE_CHECKING:
    from pathlib import Path

needs_apt = pytest.mark.skipif(shutil.which("apt-get") is None, reason="apt reads its sources")

DEB822 = """\
# made by the installer
Types: deb deb-src
# a comment between two fields
URIs: http://archive.example/debian
  http://second.example/debian
Suites: bookworm bookworm-updates
Components: main
 contrib

Types: deb
URIs: http://archive.example/debian-security
Suites: bookworm-security
Components: main
"""


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


@needs_apt
def test_mirror_skips_other_archives(etc: Path) -> None:
    (etc / "sources.list.d" / "aaa.list").write_text(
        "deb [arch=amd64] https://tool.example/apt bookworm main # why\n"
    )
    (etc / "sources.list.d" / "bbb.sources").write_text(DEB822)
    assert mirror(etc) in {"http://archive.example/debian", "http://second.example/debian"}
    assert security_mirror(etc) == "http://archive.example/debian-security"


@needs_apt
def test_mirror_is_not_the_security_archive(etc: Path) -> None:
    security = "deb http://a.example/debian-security bookworm-security main\n"
    (etc / "sources.list").write_text(security)
    with pytest.raises(CrayfishError) as raised:
        mirror(etc)
    assert raised.value.exit_code == ExitCode.HOST
    assert raised.value.hint
    assert security_mirror(etc) == "http://a.example/debian-security"


@needs_apt
def test_other_files_do_not_count_and_a_slash_at_the_end_is_no_difference(etc: Path) -> None:
    line = "deb http://{}.example/debian/ bookworm main\n"
    (etc / "sources.list.d" / "a.list.save").write_text(line.format("backup"))
    (etc / "sources.list").write_text(line.format("first"))
    assert mirror(etc) == "http://first.example/debian"


@needs_apt
@pytest.mark.parametrize(
    "stanza",
    [
        "Types: deb-src\nURIs: http://a.example/debian\nSuites: s\nComponents: main\n",
        "Types: deb\nEnabled: no\nURIs: http://a.example/debian\nSuites: s\nComponents: main\n",
        "Types: deb\nURIs: http://a.example/debian\nSuites: s\nComponents: contrib\n",
    ],
)
def test_what_is_no_source_of_packages_does_not_count(etc: Path, stanza: str) -> None:
    (etc / "sources.list.d" / "a.sources").write_text(stanza)
    with pytest.raises(CrayfishError):
        mirror(etc)


def test_a_machine_without_sources_has_no_security_archive(tmp_path: Path) -> None:
    assert security_mirror(tmp_path) is None


def test_a_machine_without_apt_has_no_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert security_mirror() is None
