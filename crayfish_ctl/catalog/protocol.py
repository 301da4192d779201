"""How clients reach the Kafka that an experiment starts, in Kafka's own words."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BeforeValidator

from .explain import meant
from .values import shown

_Protocol = Literal["PLAINTEXT", "SSL"]
PROTOCOLS: Final[tuple[_Protocol, ...]] = get_args(_Protocol)


def _known(value: Any) -> Any:
    """What Kafka calls SSL, everybody else calls TLS."""
    if value in PROTOCOLS:
        return value
    near = meant(str(value).upper().replace("TLS", "SSL"), PROTOCOLS)
    raise ValueError(f"must be {' or '.join(PROTOCOLS)}, not {shown(value)}{near}")


KafkaProtocol = Annotated[_Protocol, BeforeValidator(_known)]
"""PLAINTEXT: nothing is encrypted. SSL: TLS, with a certificate made for the experiment."""
