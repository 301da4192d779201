from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.host.sources import (
    Source,
    deb822_sources,
    mirror,
    one_line_sources,
    read_sources,
    security_mirror,
)

if TYPE_CHECKING:
    from pathlib import Path

DEB822 = """\
# made by the installer
Types: deb deb-src
# a comment between two fields
URIs: http://archive.example/debian
  http://second.example/debian
Suites: bookworm bookworm-updates
Components: main
 contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://archive.example/debian-security
Suites: bookworm-security
Components: main
"""


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_deb822_has_continued_fields_comments_and_many_uris() -> None:
    first = Source(
        "http://archive.example/debian", ("bookworm", "bookworm-updates"), ("main", "contrib")
    )
    second = Source("http://second.example/debian", first.suites, first.components)
    security = Source("http://archive.example/debian-security", ("bookworm-security",), ("main",))
    assert deb822_sources(DEB822) == [first, second, security]


@pytest.mark.parametrize(
    "stanza",
    [
        "Types: deb-src\nURIs: http://a.example/debian\nSuites: s\nComponents: main\n",
        "Types: deb\nEnabled: no\nURIs: http://a.example/debian\nSuites: s\nComponents: main\n",
        "",
    ],
)
def test_deb822_leaves_out_sources_and_what_is_switched_off(stanza: str) -> None:
    assert deb822_sources(stanza) == []


def test_deb822_stanzas_may_be_parted_by_blanks() -> None:
    text = DEB822.replace("\n\n", "\n  \n")
    assert deb822_sources(text) == deb822_sources(DEB822)


def test_one_line_has_options_and_comments() -> None:
    text = """\
# deb http://off.example/debian bookworm main
deb-src http://a.example/debian bookworm main
deb [arch=amd64 signed-by=/a/key.gpg] https://a.example/debian/ bookworm main contrib # why
"""
    assert one_line_sources(text) == [
        Source("https://a.example/debian/", ("bookworm",), ("main", "contrib"))
    ]


def test_mirror_skips_other_archives(etc: Path) -> None:
    (etc / "sources.list.d" / "aaa.list").write_text("deb https://tool.example/apt bookworm main\n")
    (etc / "sources.list.d" / "bbb.sources").write_text(DEB822)
    assert mirror(etc) == "http://archive.example/debian"
    assert security_mirror(etc) == "http://archive.example/debian-security"


def test_mirror_is_not_the_security_archive(etc: Path) -> None:
    security = "deb http://a.example/debian-security bookworm-security main\n"
    (etc / "sources.list").write_text(security)
    with pytest.raises(CrayfishError) as raised:
        mirror(etc)
    assert raised.value.exit_code == ExitCode.HOST
    assert raised.value.hint
    assert security_mirror(etc) == "http://a.example/debian-security"


def test_the_main_file_comes_first_and_other_files_do_not_count(etc: Path) -> None:
    line = "deb http://{}.example/debian bookworm main\n"
    (etc / "sources.list.d" / "a.list").write_text(line.format("later"))
    (etc / "sources.list.d" / "a.list.save").write_text(line.format("backup"))
    (etc / "sources.list").write_text(line.format("first"))
    assert [s.uri for s in read_sources(etc)] == [
        "http://first.example/debian",
        "http://later.example/debian",
    ]


def test_a_machine_without_sources_has_no_security_archive(tmp_path: Path) -> None:
    assert security_mirror(tmp_path) is None
