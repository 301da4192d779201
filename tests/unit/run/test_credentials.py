"""Name and password of a user's own Kafka, for as long as an experiment lasts."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.plan import Plan, choices, make_plan
from crayfish_ctl.run.credentials import Secrets, credentials
from crayfish_ctl.targets import MemoryTarget
from tests.unit.scoring.certificates import certificate

CATALOG = load_catalog(Path(__file__).parents[3])
FOLDER = "/crayfish/kafka/credentials"


def plan(folder: Path, password: str | None) -> Plan:
    login = None
    if password is not None:
        login = folder / "login.yaml"
        content = {"mechanism": "PLAIN", "username": "me", "password": password}
        login.write_text(json.dumps(content, ensure_ascii=False))
    given = choices(experiment="input-rate", kafka="k:1", kafka_sasl=login and str(login))
    return make_plan(CATALOG, given)


def test_they_are_beside_the_results_while_it_lasts(tmp_path: Path) -> None:
    results = tmp_path / "results" / "20260101-now"
    results.mkdir(parents=True)
    with credentials(plan(tmp_path, "secret"), results, MemoryTarget()) as secrets:
        files = secrets.clients
        assert set(files) == {
            f"{FOLDER}/credentials.json",
            f"{FOLDER}/credentials.properties",
        }
        (place,) = {path.parent for path in files.values()}
        assert place.parent == results.parent
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o444}
        assert list(results.iterdir()) == []
    assert sorted(results.parent.iterdir()) == [results]


def test_they_are_gone_after_ctrl_c(tmp_path: Path) -> None:
    given = plan(tmp_path, "secret")
    with pytest.raises(KeyboardInterrupt), credentials(given, tmp_path / "now", MemoryTarget()):
        raise KeyboardInterrupt
    assert not (tmp_path / ".now.credentials").exists()


def test_what_a_killed_controller_left_is_no_hindrance(tmp_path: Path) -> None:
    results = tmp_path / "now"
    left = tmp_path / ".now.credentials"
    left.mkdir()
    (left / "other").write_text("x")
    with credentials(plan(tmp_path, "secret"), results, MemoryTarget()) as secrets:
        files = secrets.clients
        assert {path.name for path in left.iterdir()} == {path.name for path in files.values()}
    assert not left.exists()


def test_a_kafka_that_asks_for_none_gets_none(tmp_path: Path) -> None:
    with credentials(plan(tmp_path, None), tmp_path / "now", MemoryTarget()) as secrets:
        assert secrets == Secrets()
        assert not (tmp_path / ".now.credentials").exists()


def test_what_clients_trust_needs_no_hiding(tmp_path: Path) -> None:
    ca = certificate(tmp_path, "ca", "kafka.example").path
    given = choices(experiment="input-rate", kafka="k:1", kafka_tls=str(ca))
    made = make_plan(CATALOG, given)
    with credentials(made, tmp_path / "now", MemoryTarget()) as secrets:
        assert secrets == Secrets(certificate=ca.read_text())
        assert not (tmp_path / ".now.credentials").exists()


@pytest.mark.parametrize(
    ("password", "line"),
    [
        ("simple1", "simple1"),
        ("a b=c", r"a\u0020b\u003dc"),
        ('"\\', r"\u005c\u0022\u005c\u005c"),
        ("\u00e9\U0001f600", r"\u00e9\ud83d\ude00"),
    ],
)
def test_any_text_reaches_clients_of_both_kinds(tmp_path: Path, password: str, line: str) -> None:
    """For the JVM first as between the quotes of a JAAS line, then as in a properties file."""
    with credentials(plan(tmp_path, password), tmp_path / "now", MemoryTarget()) as secrets:
        texts = {path.suffix: path.read_text() for path in secrets.clients.values()}
    assert json.loads(texts[".json"]) == {"username": "me", "password": password}
    assert texts[".properties"] == f"username=me\npassword={line}\n"
