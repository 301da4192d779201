"""A Kafka of somebody else, for tests: TLS and passwords, on an address of its own."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.unit.scoring.certificates import certificate

from .conftest import ROOT, docker

if TYPE_CHECKING:
    from pathlib import Path

USER: Final = "crayfish"
PASSWORD: Final = "Geheim-7f3a9c51"  # noqa: S105  of a broker that lives for a test
SOMEBODYS_TOPIC: Final = "crayfish-of-somebody-else"
_PORT: Final = 9094
_START: Final = (
    "java -cp '/opt/kafka/libs/*' kafka.tools.StorageTool format --config /conf/server.properties"
    " --cluster-id Y3JheWZpc2gtb3V0c2lkZQ --add-scram"
    f" 'SCRAM-SHA-512=[name={USER},password={PASSWORD}]'"
    " && exec java -Xms256m -Xmx256m -cp '/opt/kafka/libs/*' kafka.Kafka /conf/server.properties"
)
_OWN: Final = (
    "listeners=",
    "listener.security",
    "inter.broker",
    "log.dirs=",
    "#",
)
"""Lines of the image's settings that are others here."""


@dataclass(frozen=True)
class OutsideBroker:
    """It runs."""

    name: str
    """Of its container."""
    address: str
    """Host and port under which it says that it is reached."""
    ca: Path
    """Of its listener's certificate."""

    def admin(self) -> AdminClient:
        """Of its user."""
        return AdminClient(
            {
                "bootstrap.servers": self.address,
                "security.protocol": "SASL_SSL",
                "ssl.ca.location": str(self.ca),
                "sasl.mechanisms": "SCRAM-SHA-512",
                "sasl.username": USER,
                "sasl.password": PASSWORD,
                "log_level": 0,
            }
        )

    @retry(
        retry=retry_if_exception_type(KafkaException),
        stop=stop_after_delay(60),
        wait=wait_fixed(0.2),
        reraise=True,
    )
    def topics(self) -> set[str]:
        """Those of users; waits for it to start."""
        names: dict[str, Any] = self.admin().list_topics(timeout=5).topics
        return {name for name in names if not name.startswith("__")}


def start_broker(name: str, host: str, folder: Path) -> OutsideBroker:
    """Start one whose listener is published on an address of this host, and wait for it.

    Args:
        name: of its container.
        host: the address.
        folder: for its settings; empty.
    """
    with socket.create_server((host, 0)) as found:
        port = int(found.getsockname()[1])
    made = certificate(folder, "outside", f"IP:{host}")
    (folder / "server.pem").write_text(made.key.read_text() + made.path.read_text())
    (folder / "server.properties").write_text(settings(f"{host}:{port}"))
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
    docker("rm", "--force", name, check=False)
    docker(
        *("run", "--detach", "--name", name, "--cpus", "1", "--memory", "768m"),
        *("--publish", f"{host}:{port}:{_PORT}", "--volume", f"{folder}:/conf:ro"),
        *("--entrypoint", "sh", "crayfish/kafka", "-c", _START),
    )
    broker = OutsideBroker(name, f"{host}:{port}", made.path)
    broker.topics()
    admin = broker.admin()
    (future,) = admin.create_topics([NewTopic(SOMEBODYS_TOPIC, 1)]).values()
    future.result(timeout=30)
    return broker


def settings(address: str) -> str:
    """The image's own, with a listener for others.

    Args:
        address: under which it says that it is reached.
    """
    kept = [
        line
        for line in (ROOT / "images/kafka/server.properties").read_text().splitlines()
        if line and not line.startswith(_OWN)
    ]
    listener, login = "listener.name.outside", "org.apache.kafka.common.security"
    return "\n".join(
        [
            *kept,
            f"listeners=OUTSIDE://0.0.0.0:{_PORT},INNER://localhost:9092,CONTROLLER://localhost:9093",
            f"advertised.listeners=OUTSIDE://{address},INNER://localhost:9092",
            "listener.security.protocol.map=OUTSIDE:SASL_SSL,INNER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name=INNER",
            "log.dirs=/tmp/log",
            f"{listener}.sasl.enabled.mechanisms=SCRAM-SHA-512",
            f"{listener}.scram-sha-512.sasl.jaas.config={login}.scram.ScramLoginModule required;",
            f"{listener}.ssl.keystore.type=PEM",
            f"{listener}.ssl.keystore.location=/conf/server.pem",
            "",
        ]
    )
