"""--kafka, --kafka-tls, --kafka-sasl: a Kafka that the user has already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import (
    Points,
    choices,
    copy_kafka_certificates,
    kafka_files,
    kafka_line,
    make_plan,
    parse_kafka,
    plan_warnings,
    run_config,
)
from tests.unit.scoring.certificates import certificate

if TYPE_CHECKING:
    from crayfish_ctl.plan import Plan

CATALOG = load_catalog(Path(__file__).parents[3])
ADDRESS = "one.example:9092,two.example:9092"
OWN: dict[str, Any] = {"kafka": None, "kafka_protocol": "SSL"}
PASSWORD = "it-is-a-secret"  # noqa: S105  of nobody


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("ca"), "ca", "kafka.example").path


@pytest.fixture
def login(tmp_path: Path) -> Path:
    path = tmp_path / "login.yaml"
    path.write_text(f"mechanism: SCRAM-SHA-256\nusername: me\npassword: {PASSWORD}\n")
    return path


def planned(experiment: str = "input-rate", copies: Path | None = None, **more: Any) -> Plan:
    given = {"kafka": ADDRESS, "tools": ("onnx",), **more}
    return make_plan(CATALOG, choices(experiment=experiment, **given), copies=copies)


def test_no_broker_is_started() -> None:
    made = planned()
    assert all("kafka" not in made.fragments(run.cell) for run in made.runs)
    assert "kafka" not in made.images
    own = planned(kafka=None)
    assert all("kafka" in own.fragments(run.cell) for run in own.runs)
    assert "kafka" in own.images


def test_a_cell_says_which_and_how_it_is_reached(ca: Path, login: Path) -> None:
    made = planned(kafka_tls=str(ca), kafka_sasl=str(login))
    own = planned(kafka=None)
    cells = [run.cell for run in made.runs if run.cell.pipeline == "kafka"]
    assert {(cell.kafka, cell.kafka_protocol) for cell in cells} == {(ADDRESS, "SASL_SSL")}
    cells = [run.cell for run in own.runs]
    assert {(cell.kafka, cell.kafka_protocol) for cell in cells} == {(None, "PLAINTEXT")}


def test_a_cell_without_records_in_kafka_does_not() -> None:
    made = planned("kafka-overhead", tools=())
    kafkas = {run.cell.pipeline: run.cell.kafka for run in made.runs}
    assert kafkas == {"kafka": ADDRESS, "in-job": None, "raw": None}


def test_topics_and_groups_are_of_one_attempt_of_one_experiment() -> None:
    made = planned()
    run = made.runs[0]
    config = run_config(made, run, Points("random", 5), "1a2b3c4d", 2)
    assert config.run_id == f"crayfish-1a2b3c4d-2-{run.run_id}"
    assert config.kafka.input_topic == f"{config.run_id}-in"
    assert config.kafka.output_topic == f"{config.run_id}-out"
    assert config.kafka.topic_prefix == "crayfish-1a2b3c4d-"
    assert (config.kafka.bootstrap, config.kafka.external) == (ADDRESS, True)
    own = planned(kafka=None)
    config = run_config(own, own.runs[0], Points("random", 5), "1a2b3c4d", 2)
    assert config.run_id == f"crayfish-{own.runs[0].run_id}"
    assert (config.kafka.topic_prefix, config.kafka.external) == ("crayfish-", False)


def test_certificates_go_into_the_containers(ca: Path, tmp_path: Path) -> None:
    made = planned(kafka_tls=str(ca))
    kafka = run_config(made, made.runs[0], Points("random", 5)).kafka
    assert (kafka.tls, kafka.sasl) == ("/crayfish/kafka/ca.pem", None)
    (tmp_path / "points").mkdir()
    assert made.kafka is not None
    copy_kafka_certificates(made.kafka.certificates, tmp_path / "points")
    ((place, file),) = kafka_files(made, tmp_path).items()
    assert (place, file.read_text()) == ("/crayfish/kafka/ca.pem", ca.read_text())
    gone = planned(kafka_tls=str(tmp_path / "moved.pem"), copies=tmp_path / "points")
    assert gone.kafka is not None
    assert gone.kafka.certificates == ca.read_text()


def test_what_the_containers_trust_needs_no_file(tmp_path: Path) -> None:
    made = planned(kafka_tls="system")
    assert run_config(made, made.runs[0], Points("random", 5)).kafka.tls == "system"
    assert kafka_files(made, tmp_path) == kafka_files(planned(kafka=None), tmp_path) == {}
    copy_kafka_certificates(None, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_password_is_in_nothing_that_is_written_down(login: Path) -> None:
    made = planned(kafka_sasl=str(login))
    config = run_config(made, made.runs[0], Points("random", 5))
    assert config.kafka.sasl is not None
    assert config.kafka.sasl.mechanism == "SCRAM-SHA-256"
    for text in (config.model_dump_json(), made.choices.model_dump_json(), repr(made)):
        assert PASSWORD not in text
    assert made.kafka is not None
    assert made.kafka.credentials is not None
    assert PASSWORD not in repr(made.kafka.credentials)
    assert made.kafka.credentials.password.get_secret_value() == PASSWORD


def test_the_plan_says_what_goes_unencrypted(ca: Path, login: Path) -> None:
    assert kafka_line(planned(kafka=None)) is None
    line = kafka_line(planned())
    assert line == f"external, {ADDRESS}, PLAINTEXT: no broker is started"
    assert "not encrypted" in str(kafka_line(planned(kafka_sasl=str(login))))
    login.write_text(login.read_text().replace("SCRAM-SHA-256", "PLAIN"))
    assert "and the password" in str(kafka_line(planned(kafka_sasl=str(login))))
    encrypted = planned(kafka_sasl=str(login), kafka_tls=str(ca))
    assert "not encrypted" not in str(kafka_line(encrypted))


def test_this_disk_does_not_hold_the_records_of_another_host() -> None:
    assert any("in Kafka" in line for line in plan_warnings(planned(kafka=None), 64, 1))
    assert not any("in Kafka" in line for line in plan_warnings(planned(), 64, 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mechanism: GSSAPI\nusername: a\npassword: b\n", r"mechanism: Input should be 'PLAIN'"),
        ("mechanism: PLAIN\nusername: a\n", r"password: Field required"),
        (f"mechanism: PLAIN\nusername: 1\npassword: {PASSWORD}\n", r"username: .*valid string"),
        ('mechanism: PLAIN\nusername: a\npassword: "b\\nc"\n', r"password: .*one line"),
        ("mechanism: PLAIN\nusername: a\npassword: ''\n", r"password: .*one line"),
        ("mechanism: PLAIN\nusername: a\npassword: b\nport: 1\n", r"port: Extra inputs"),
        (f"password: {PASSWORD}: [\n", "not YAML"),
        (PASSWORD, "must be a mapping"),
        (None, "No such file"),
    ],
)
def test_a_file_that_says_nobody(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "login.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(CrayfishError, match=rf"--kafka-sasl .*login\.yaml: .*{said}") as caught:
        planned(kafka_sasl=str(path))
    assert PASSWORD not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"kafka": "localhost:9092"}, "localhost is each container itself"),
        ({"kafka": "a:1,b"}, "must be HOST:PORT"),
        ({"kafka_tls": "/no/ca.pem"}, r"--kafka-tls /no/ca\.pem: No such file"),
        ({"experiment": "kafka-overhead", "pipeline": "in-job", "tools": ()}, "uses Kafka"),
        ({"experiment": "stall", "tools": ()}, r"faults: kafka: .*is not of this experiment"),
        ({"kafka_protocol": "SSL"}, f"--kafka-protocol SSL: the Kafka at {ADDRESS} is not of this"),
        (
            {"experiment": "tls", "tools": ()},
            rf"workloads\.2 .*: kafka_protocol: SSL: the Kafka at {ADDRESS} is not of this",
        ),
        (
            {**OWN, "experiment": "kafka-overhead", "pipeline": "in-job", "tools": ()},
            "--kafka-protocol SSL: no workload uses Kafka",
        ),
        ({**OWN, "kafka_protocol": "tls"}, "--kafka-protocol tls: .*did you mean SSL"),
    ],
)
def test_what_cannot_be_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(CrayfishError, match=said):
        planned(**more)


def test_nothing_is_said_of_a_kafka_that_is_not_given(tmp_path: Path) -> None:
    with pytest.raises(CrayfishError, match="--kafka-tls system: no --kafka"):
        parse_kafka(None, "system", None)
    with pytest.raises(CrayfishError, match=r"--kafka-sasl .*: no --kafka"):
        parse_kafka(None, None, tmp_path)
    assert parse_kafka(None, None, None) == {"kafka": None, "kafka_tls": None, "kafka_sasl": None}


def test_the_experiments_own_may_speak_tls_for_some_of_its_runs(tmp_path: Path) -> None:
    made = planned("tls", kafka=None, tools=())
    assert made.encrypts
    assert {run.cell.kafka_protocol for run in made.runs} == {"PLAINTEXT", "SSL"}
    for run in made.runs:
        kafka = run_config(made, run, Points("random", 5)).kafka
        assert (kafka.bootstrap, kafka.tls) == (
            ("kafka:9094", "/crayfish/kafka/ca.pem") if run.cell.encrypted else ("kafka:9092", None)
        )
        assert not kafka.external
        assert "kafka" in made.fragments(run.cell)
    # The same mounts for all runs: others would start the containers anew.
    assert kafka_files(made, tmp_path) == {
        "/crayfish/kafka/ca.pem": tmp_path / "points" / "kafka-ca.pem"
    }
    assert "over TLS in 9 of 18 runs" in str(kafka_line(made))


def test_the_flag_is_for_every_workload_that_has_a_kafka() -> None:
    made = planned("kafka-overhead", **OWN, tools=())
    assert {(run.cell.pipeline, run.cell.kafka_protocol) for run in made.runs} == {
        ("kafka", "SSL"),
        ("in-job", "PLAINTEXT"),
        ("raw", "PLAINTEXT"),
    }
    plain = planned("tls", kafka=None, kafka_protocol="PLAINTEXT", tools=())
    assert not plain.encrypts
    assert len({run.cell.model_dump_json() for run in plain.runs}) == 3


def test_files_are_found_again_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_kafka("a:1", "ca.pem", Path("login.yaml")) == {
        "kafka": "a:1",
        "kafka_tls": str(tmp_path / "ca.pem"),
        "kafka_sasl": str(tmp_path / "login.yaml"),
    }
    assert parse_kafka("a:1", "system", None)["kafka_tls"] == "system"
