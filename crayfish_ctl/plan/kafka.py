"""A Kafka that the user has already: where it is, how it is reached, and what containers get of it.

The password is in no file of the results: the plan keeps the path of the user's file, and reads it
again whenever the experiment goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr, ValidationError

from crayfish_contract.runconfig import KafkaConfig, SaslConfig
from crayfish_contract.security import SYSTEM, security_protocol
from crayfish_ctl.catalog.reading import read_mapping
from crayfish_ctl.cells import pipeline_of
from crayfish_ctl.errors import CrayfishError

from .pem import read_certificate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .choices import Choices

_FLAG: Final = "--kafka-sasl"
_PROTOCOL: Final = "--kafka-protocol"
KAFKA_COPY: Final = "kafka-ca.pem"
"""The certificates among an experiment's inputs."""
KAFKA_CA: Final = "/crayfish/kafka/ca.pem"
CREDENTIALS: Final = "/crayfish/kafka/credentials"
"""Where every client finds the certificates, and the folder of name and password."""


def _one_line(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.isprintable() or not text:
        raise ValueError("must be one line of text")
    return value


class Credentials(BaseModel):
    """The user's file, as --kafka-sasl names it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
    username: Annotated[SecretStr, AfterValidator(_one_line)]
    password: Annotated[SecretStr, AfterValidator(_one_line)]


@dataclass(frozen=True)
class OutsideKafka:
    """What the flags say of it."""

    address: str
    """host:port of one of its brokers, or of several by commas."""
    tls: bool = False
    certificates: str | None = None
    """PEM text of what its clients trust; None: what the containers trust."""
    credentials: Credentials | None = field(default=None, repr=False)

    def config(self, run_id: str, scope: str, partitions: tuple[int, int]) -> KafkaConfig:
        """Its part of a run config.

        Args:
            run_id: with the scope, as the topics are to be called.
            scope: of the experiment, which tells its topics from those of others.
            partitions: of the input and of the output topic.
        """
        tls = (SYSTEM if self.certificates is None else KAFKA_CA) if self.tls else None
        return KafkaConfig(
            bootstrap=self.address,
            input_topic=f"{run_id}-in",
            output_topic=f"{run_id}-out",
            input_partitions=partitions[0],
            output_partitions=partitions[1],
            topic_prefix=f"crayfish-{scope}-",
            external=True,
            tls=tls,
            sasl=None
            if self.credentials is None
            else SaslConfig(mechanism=self.credentials.mechanism, folder=CREDENTIALS),
        )

    @property
    def protocol(self) -> str:
        """In Kafka's own words: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."""
        return security_protocol(self.config("r", "s", (1, 1)))

    @property
    def words(self) -> str:
        """What a reader of a plan should know."""
        line = f"external, {self.address}, {self.protocol}: no broker is started"
        if self.protocol == "SASL_PLAINTEXT":
            line += "; connections are not encrypted: whoever reads the network may read records"
            if self.credentials is not None and self.credentials.mechanism == "PLAIN":
                line += " and the password"
        return line


def parse_kafka(kafka: str | None, tls: str | None, sasl: Path | None) -> dict[str, str | None]:
    """The three flags as fields of `Choices`; files by their whole path.

    Raises:
        CrayfishError: if something is said of a Kafka that is not given.
    """
    for flag, value in (("--kafka-tls", tls), (_FLAG, sasl)):
        if value is not None and kafka is None:
            raise CrayfishError(
                f"{flag} {value}: no --kafka is given",
                hint="--kafka HOST:PORT says which Kafka; the experiment's own is reached over TLS "
                f"with {_PROTOCOL} SSL, and asks for no password",
            )
    return {
        "kafka": kafka,
        "kafka_tls": tls if tls in {None, SYSTEM} else str(Path(str(tls)).resolve()),
        "kafka_sasl": None if sasl is None else str(sasl.resolve()),
    }


def read_kafka(
    choices: Choices, pipelines: Iterable[str], copies: Path | None
) -> OutsideKafka | None:
    """What the user's flags say, with what is in their files; None: the experiment has its own.

    Args:
        choices: of the user.
        pipelines: of all workloads.
        copies: the folder of inputs of an experiment that goes on: certificates that it has a copy
            of are not read again.

    Raises:
        CrayfishError: naming flag, file and field.
    """
    given = choices.kafka or choices.kafka_protocol
    if given is not None and not any(pipeline_of(name).broker for name in pipelines):
        flag = "--kafka" if choices.kafka else _PROTOCOL
        raise CrayfishError(
            f"{flag} {given}: no workload uses Kafka",
            hint="--pipeline kafka makes records travel through it",
        )
    if choices.kafka is None:
        return None
    if choices.kafka_protocol is not None:
        raise CrayfishError(
            f"{_PROTOCOL} {choices.kafka_protocol}: the Kafka at {choices.kafka} is not of this "
            "experiment, which starts none",
            hint="--kafka-tls says how that one is reached; or leave out --kafka",
        )
    tls, certificates = choices.kafka_tls, None
    if tls is not None and tls != SYSTEM:
        certificates = read_certificate("--kafka-tls", Path(tls), copies, KAFKA_COPY)
    return OutsideKafka(
        address=choices.kafka,
        tls=tls is not None,
        certificates=certificates,
        credentials=None if choices.kafka_sasl is None else _read(Path(choices.kafka_sasl)),
    )


def _read(path: Path) -> Credentials:
    """Says which field is wrong, and never what is in it."""
    try:
        return Credentials.model_validate(read_mapping(path))
    except CrayfishError as error:
        raise CrayfishError(f"{_FLAG} {error.message}", hint=error.hint) from None
    except ValidationError as error:
        raise CrayfishError(
            "\n".join(
                f"{_FLAG} {path}: {'.'.join(map(str, item['loc']))}: {item['msg']}"
                for item in error.errors(include_input=False)
            ),
            hint="it has three lines: `mechanism: PLAIN` (or SCRAM-SHA-256, SCRAM-SHA-512), "
            '`username: "..."` and `password: "..."`',
        ) from None
