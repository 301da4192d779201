"""The key and the certificate with which an experiment's own brokers speak TLS.

They are made anew whenever an experiment begins or goes on, so nothing has to be kept, renewed or
given back. A container of the brokers' image makes them, with its OpenSSL and as its user: so the
key is readable by that user alone, who needs it, and the controller never sees it.
"""

from __future__ import annotations

import math
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crayfish_ctl.catalog.labels import replica_names
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets import Given

from .files import ANYBODY_WRITES
from .maker import maker_image

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.plan import Plan
    from crayfish_ctl.targets import Target

_IMAGE: Final = maker_image("kafka")
_MAKER: Final = "/opt/kafka/certificate"
_FILE: Final = "broker.pem"
_BROKER: Final = f"/crayfish/kafka/{_FILE}"
"""Where a broker looks for it; without it, it speaks no TLS (images/kafka/entrypoint)."""
_DAY_S: Final = 86400.0
_SPARE_DAYS: Final = 30
"""Beyond twice the plan's estimate, which a search or a slow machine may exceed."""


@dataclass(frozen=True)
class BrokerCertificate:
    """Made, for all brokers of an experiment."""

    text: str
    """PEM, for clients to trust."""
    files: dict[str, Path]
    """Path in a broker -> file with key and certificate."""


def make_certificate(plan: Plan, target: Target, place: Path) -> BrokerCertificate:
    """Make both, valid until well after the experiment.

    Args:
        plan: of the experiment.
        target: an engine of which makes them.
        place: an empty folder that only its owner may enter.

    Raises:
        CrayfishError: if the image says anything but a certificate.
    """
    folder = place / "broker"
    folder.mkdir()
    folder.chmod(ANYBODY_WRITES)  # the way to it is its owner's alone
    said: list[str] = []
    target.make(
        _IMAGE,
        [str(days_for(plan.seconds)), ",".join(f"DNS:{n}" for n in names(plan.profile.brokers))],
        Given(written={"/out": folder}, entrypoint=_MAKER),
        said.append,
    )
    text = "\n".join(said) + "\n"
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise CrayfishError(
            f"image {_IMAGE}: {_MAKER}: made no certificate: {error}",
            hint="`crayfish images` builds it anew",
            code=ExitCode.HOST,
        ) from None
    return BrokerCertificate(text, {_BROKER: folder / _FILE})


def names(brokers: int) -> list[str]:
    """Of every broker, as its clients call it, on any target."""
    return replica_names("kafka", brokers)


def days_for(seconds: float) -> int:
    """How long it is valid, for an experiment that is thought to last so many seconds."""
    return math.ceil(2 * seconds / _DAY_S) + _SPARE_DAYS
