"""How the experiment's own Kafka is reached, as a workload says it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from crayfish_ctl.catalog import WorkloadEntry


def test_in_the_clear_unless_it_is_said() -> None:
    assert WorkloadEntry(rate=1).kafka_protocol == "PLAINTEXT"
    assert WorkloadEntry(rate=1, kafka_protocol="SSL").kafka_protocol == "SSL"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("tls", "must be PLAINTEXT or SSL, not 'tls'; did you mean SSL?"),
        ("plain-text", "did you mean PLAINTEXT?"),
        ("SASL_SSL", "must be PLAINTEXT or SSL, not 'SASL_SSL'$"),
        (True, "must be PLAINTEXT or SSL, not true"),
    ],
)
def test_what_it_cannot_be(value: object, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        WorkloadEntry.model_validate({"rate": 1, "kafka_protocol": value})
    (error,) = caught.value.errors()
    words = str(error["ctx"]["error"])
    assert words.endswith(said.removesuffix("$")) if said.endswith("$") else said in words


def test_without_a_kafka_there_is_none_to_reach() -> None:
    with pytest.raises(ValidationError, match="kafka_protocol: SSL: pipeline in-job has no Kafka"):
        WorkloadEntry(rate=1, pipeline="in-job", kafka_protocol="SSL")
