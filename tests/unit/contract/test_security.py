"""How clients of Kafka protect their connections. KafkaSecurityTest.java holds Java to the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer

from crayfish_contract.runconfig import KafkaConfig
from crayfish_contract.security import (
    CREDENTIALS_JSON,
    jvm_security_settings,
    security_protocol,
    security_settings,
)
from tests.unit.scoring.certificates import certificate

if TYPE_CHECKING:
    from pathlib import Path


def config(**more: Any) -> KafkaConfig:
    return KafkaConfig(
        bootstrap="127.0.0.1:1",
        input_topic="in",
        output_topic="out",
        input_partitions=1,
        output_partitions=1,
        **more,
    )


def sasl(folder: object = "/c", mechanism: str = "SCRAM-SHA-512") -> dict[str, str]:
    return {"mechanism": mechanism, "folder": str(folder)}


@pytest.mark.parametrize(
    ("more", "protocol"),
    [
        ({}, "PLAINTEXT"),
        ({"external": True}, "PLAINTEXT"),
        ({"tls": "system"}, "SSL"),
        ({"sasl": sasl()}, "SASL_PLAINTEXT"),
        ({"tls": "/ca.pem", "sasl": sasl()}, "SASL_SSL"),
    ],
)
def test_the_protocol_follows_from_what_is_given(more: dict[str, Any], protocol: str) -> None:
    assert security_protocol(config(**more)) == protocol
    assert jvm_security_settings(config(**more)).get("security.protocol", "PLAINTEXT") == protocol


def test_a_broker_that_asks_for_nothing_gets_no_settings() -> None:
    assert security_settings(config()) == jvm_security_settings(config()) == {}


def test_clients_of_librdkafka(tmp_path: Path) -> None:
    ca = certificate(tmp_path, "ca", "kafka.example").path
    (tmp_path / CREDENTIALS_JSON).write_text(json.dumps({"username": "me", "password": 'a"b\\'}))
    found = security_settings(config(tls=str(ca), sasl=sasl(tmp_path)))
    assert found == {
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(ca),
        "sasl.mechanisms": "SCRAM-SHA-512",
        "sasl.username": "me",
        "sasl.password": 'a"b\\',
    }
    Producer({"bootstrap.servers": "127.0.0.1:1", "log_level": 0, **found}).purge()
    assert security_settings(config(tls="system")) == {"security.protocol": "SSL"}


def test_clients_on_the_jvm_read_the_file_of_certificates() -> None:
    assert jvm_security_settings(config(tls="/ca.pem")) == {
        "security.protocol": "SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": "/ca.pem",
    }
    assert jvm_security_settings(config(tls="system")) == {"security.protocol": "SSL"}


def test_name_and_password_are_in_no_setting_of_the_jvm() -> None:
    assert jvm_security_settings(config(sasl=sasl())) == {
        "security.protocol": "SASL_PLAINTEXT",
        "config.providers": "file",
        "config.providers.file.class": "org.apache.kafka.common.config.provider.FileConfigProvider",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required "
        'username="${file:/c/credentials.properties:username}" '
        'password="${file:/c/credentials.properties:password}";',
    }


def test_classes_that_were_moved_are_found() -> None:
    found = jvm_security_settings(config(sasl=sasl(mechanism="PLAIN")), "moved.kafka")
    assert found["config.providers.file.class"].startswith("moved.kafka.common.config.")
    assert found["sasl.jaas.config"].startswith(
        "moved.kafka.common.security.plain.PlainLoginModule required "
    )
