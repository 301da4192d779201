"""--server-tls: whose certificates the clients of users' own servers take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import (
    Points,
    certificate_files,
    choices,
    copy_certificates,
    make_plan,
    parse_tls,
    run_config,
)
from tests.unit.scoring.certificates import certificate

if TYPE_CHECKING:
    from crayfish_ctl.plan import Plan

CATALOG = load_catalog(Path(__file__).parents[3])
SERVERS = {"triton": "a:1", "oip": "b:2"}


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("ca"), "ca", "models.example").path


def planned(tls: str, copies: Path | None = None) -> Plan:
    asked = choices(
        experiment="input-rate",
        tools=("triton", "onnx"),
        servers={"triton": "models.example:8001"},
        server_tls={"triton": tls},
    )
    return make_plan(CATALOG, asked, copies=copies)


def test_one_file_for_all_servers_or_each_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = str(tmp_path / "ca.pem")
    assert parse_tls([], SERVERS) == {}
    assert parse_tls(["ca.pem"], SERVERS) == {"triton": whole, "oip": whole}
    assert parse_tls(["oip=ca.pem"], SERVERS) == {"oip": whole}
    assert parse_tls(["oip=ca.pem", "system"], SERVERS) == {"triton": "system", "oip": whole}


@pytest.mark.parametrize(
    ("text", "servers"), [("ca.pem", {}), ("system", {}), ("tritn=ca.pem", SERVERS)]
)
def test_what_is_for_no_server(text: str, servers: dict[str, str]) -> None:
    with pytest.raises(CrayfishError, match=f"--server-tls {text}: no --server"):
        parse_tls([text], servers)


def test_the_file_goes_into_the_containers(ca: Path, tmp_path: Path) -> None:
    made = planned(str(ca))
    configs = {run.cell.system: run_config(made, run, Points("random", 5)) for run in made.runs}
    told = {name: config.tool.tls for name, config in configs.items()}
    assert [name for name in told if "(TLS)" in name] == [name for name in told if "triton" in name]
    assert {told[name] for name in told if "triton" in name} == {"/crayfish/tls/triton.pem"}
    assert {told[name] for name in told if "onnx" in name} == {None}
    inputs = tmp_path / "points"
    inputs.mkdir()
    copy_certificates(made.certificates, inputs)
    files = certificate_files(made, tmp_path)
    assert files == {"/crayfish/tls/triton.pem": inputs / "ca-triton.pem"}
    assert (inputs / "ca-triton.pem").read_text() == ca.read_text()


def test_an_experiment_that_goes_on_has_its_copy(ca: Path, tmp_path: Path) -> None:
    copy_certificates(planned(str(ca)).certificates, tmp_path)
    gone = planned(str(tmp_path / "moved.pem"), copies=tmp_path)
    assert gone.certificates == {"triton": ca.read_text()}


def test_what_the_containers_trust_needs_no_file() -> None:
    made = planned("system")
    told = {run_config(made, run, Points("random", 5)).tool.tls for run in made.runs}
    assert told == {"system", None}
    assert made.certificates == {}


@pytest.mark.parametrize("text", [None, "", "nonsense"])
def test_a_file_that_holds_no_certificates(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    with pytest.raises(CrayfishError, match=r"--server-tls .*ca\.pem: "):
        planned(str(file))
