"""What the user may change about an experiment; every None means: as the experiment says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from crayfish_contract.codec import RecordFormat
from crayfish_contract.runconfig import Pipeline
from crayfish_ctl.catalog.call import Calls
from crayfish_ctl.catalog.explain import explain
from crayfish_ctl.catalog.model import CpuLimit, Delivery, Runtime
from crayfish_ctl.catalog.protocol import KafkaProtocol
from crayfish_ctl.catalog.values import (
    Address,
    Addresses,
    Batch,
    Count,
    Factor,
    FlagRate,
    Name,
    Names,
    Operators,
    Options,
    Repetitions,
    Seconds,
    SecondsOrNone,
    Seed,
    Share,
    shown,
)
from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Choices(BaseModel):
    """The flags of `crayfish plan` and `crayfish run`; part of the manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    experiment: str
    profile: str = "laptop"
    cpu_limit: CpuLimit | None = None
    """Another way to keep the profile's CPU limits."""
    processors: Names = ()
    """Or `all`; a combination with the tools and runtimes that is not supported is left out."""
    runtimes: tuple[Runtime, ...] = ()
    tools: Names = ()
    """Or `all`."""
    model: str | None = None
    repetitions: Repetitions | None = None
    max_repetitions: Repetitions | None = None
    precision: Share | None = None
    rates: tuple[FlagRate, ...] = ()
    arrivals: Literal["constant", "poisson"] | None = None
    trace: str | None = None
    """Replay this file instead of the experiment's workloads."""
    trace_speed: Factor = 1.0
    trace_column: str | None = None
    trace_start: Literal["first", "file"] = "first"
    trace_sort: bool = False
    calls: Calls = ()
    servers: dict[Name, Address] = {}
    """tool -> host:port of a server that is there already."""
    server_tls: dict[Name, str] = {}
    """tool -> file of certificates that its client trusts, or `system`; others speak no TLS."""
    kafka: Addresses | None = None
    """host:port of a Kafka that is there already, or several by commas: of some of its brokers."""
    kafka_tls: str | None = None
    """File of certificates that its clients trust, or `system`; None: they speak no TLS."""
    kafka_sasl: str | None = None
    """File with mechanism, username and password; what is in it is never part of this."""
    kafka_protocol: KafkaProtocol | None = None
    """How the experiment's own Kafka is reached, whatever its workloads say."""
    pipeline: Pipeline | None = None
    batch_size: Batch | None = None
    seconds: Seconds | None = None
    count: Count | None = None
    warmup_seconds: SecondsOrNone | None = None
    parallelism: tuple[Operators, Operators, Operators] = (1, 1, 1)
    chained: bool = True
    record_format: RecordFormat = RecordFormat.BINARY
    delivery: Delivery = "at-least-once"
    tool_options: Options = {}
    processor_options: Options = {}
    points: str = "test"
    """`test` (the model's own), `random:COUNT`, or a path to .npy, .npz[:ARRAY] or .parquet."""
    seed: Seed = 0


_FLAGS = {
    "rates": "--rate",
    "repetitions": "--reps",
    "max_repetitions": "--max-reps",
    "batch_size": "--batch",
    "warmup_seconds": "--warmup",
    "record_format": "--format",
    "processors": "--sp",
    "runtimes": "--runtime",
    "tools": "--tool",
    "calls": "--call",
    "servers": "--server",
}


def choices(**values: object) -> Choices:
    """Typed choices from flags.

    Raises:
        CrayfishError: naming the flag and what is wrong with its value.
    """
    try:
        return Choices.model_validate(values)
    except ValidationError as error:
        item = error.errors()[0]
        field = str(item["loc"][0])
        flag = _FLAGS.get(field, f"--{field.replace('_', '-')}")
        given = item["input"]
        given = ",".join(map(str, given)) if isinstance(given, tuple) else given
        value = given if isinstance(given, str) else shown(given)
        said = explain(error, values, Choices)[0].split(": ", 1)[1]
        raise CrayfishError(
            f"{flag} {value}: {said}",
            hint="`crayfish run --help` shows what each flag takes",
        ) from None


def parse_rates(texts: Iterable[str]) -> tuple[float | str, ...]:
    """`500` or `max`, as given to --rate; commas separate."""
    words = [word for text in texts for word in text.split(",") if word]
    return tuple(word if word == "max" else _number(word) for word in words)


def parse_list(texts: Iterable[str]) -> tuple[str, ...]:
    """What a flag that may be repeated lists; commas separate, and twice is once."""
    words = (word.strip() for text in texts for word in text.split(","))
    return tuple(dict.fromkeys(word for word in words if word))


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise CrayfishError(
            f"--rate {word}: neither a number of records per second nor `max`"
        ) from None


def parse_parallelism(text: str) -> tuple[int, int, int]:
    """`2` (all operators) or `1-2-1` (source, scorer, sink).

    Raises:
        CrayfishError: if it is neither.
    """
    parts = text.split("-")
    if not all(part.isdecimal() and int(part) > 0 for part in parts) or len(parts) not in {1, 3}:
        raise CrayfishError(f"--parallelism {text}: neither N nor SOURCE-SCORER-SINK, like 1-2-1")
    numbers = [int(part) for part in parts]
    return (numbers[0], numbers[0], numbers[0]) if len(numbers) == 1 else tuple(numbers)  # type: ignore[return-value]


def parse_options(flag: str, texts: Iterable[str]) -> dict[str, bool | int | float | str]:
    """`name=value` pairs; numbers and true/false are recognised.

    Raises:
        CrayfishError: if a pair has no `=`.
    """
    options: dict[str, bool | int | float | str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise CrayfishError(f"{flag} {text}: not of the form name=value")
        options[name.strip()] = _value(value.strip())
    return options


def _value(text: str) -> bool | int | float | str:
    if text in {"true", "false"}:
        return text == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text  # JSON, which carries it on, has no infinity
