"""What containers are told and results are not: a user's name and password, the brokers' own key.

The user's file itself cannot be mounted: it is for its owner's eyes, and the containers have users
of their own. So they get copies that anybody may read, in a folder that only its owner may enter:
the engine mounts each file by itself, and nobody else on the host has a way to it. The folder is
beside the results, where the engine sees files, and not in them; it is removed with the stack.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from crayfish_contract.security import CREDENTIALS_JSON, CREDENTIALS_PROPERTIES
from crayfish_ctl.plan import CREDENTIALS

from .certificate import make_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from crayfish_ctl.plan import Plan
    from crayfish_ctl.plan.kafka import Credentials
    from crayfish_ctl.targets import Target

_OWNER_ENTERS: Final = 0o700
_ANYBODY_READS: Final = 0o444
_LATIN: Final = 128


@dataclass(frozen=True)
class Secrets:
    """Files that are gone when the experiment is, and what may stay of them."""

    clients: Mapping[str, Path] = field(default_factory=dict)
    """See `Stack.secrets`."""
    brokers: Mapping[str, Path] = field(default_factory=dict)
    """See `Stack.broker_secrets`."""
    certificate: str | None = None
    """PEM text of what every client of Kafka trusts, where that is a file."""


@contextmanager
def credentials(plan: Plan, folder: Path, target: Target) -> Iterator[Secrets]:
    """Name and password for a user's own Kafka, or a key for the experiment's own; often neither.

    Args:
        plan: of the experiment.
        folder: of its results.
        target: where it runs.

    Raises:
        CrayfishError: if no key can be made.
    """
    found = None if plan.kafka is None else plan.kafka.credentials
    given = None if plan.kafka is None else plan.kafka.certificates
    if found is None and not plan.encrypts:
        yield Secrets(certificate=given)
        return
    place = folder.parent / f".{folder.name}.credentials"
    shutil.rmtree(place, ignore_errors=True)  # of a controller that was killed
    try:
        place.mkdir(mode=_OWNER_ENTERS)
        if found is None:
            made = make_certificate(plan, target, place)
            yield Secrets(brokers=made.files, certificate=made.text)
        else:
            yield Secrets(clients=_written(found, place), certificate=given)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _written(found: Credentials, place: Path) -> dict[str, Path]:
    files = {CREDENTIALS_JSON: _for_python(found), CREDENTIALS_PROPERTIES: _for_the_jvm(found)}
    for name, text in files.items():
        (place / name).write_text(text, encoding="utf-8")
        (place / name).chmod(_ANYBODY_READS)
    return {f"{CREDENTIALS}/{name}": place / name for name in files}


def _for_python(found: Credentials) -> str:
    return json.dumps(dict(_values(found)))


def _for_the_jvm(found: Credentials) -> str:
    """A properties file whose values stand between the quotes of a JAAS line."""
    return "".join(f"{name}={_escaped(_quoted(value))}\n" for name, value in _values(found))


def _values(found: Credentials) -> list[tuple[str, str]]:
    return [
        ("username", found.username.get_secret_value()),
        ("password", found.password.get_secret_value()),
    ]


def _quoted(value: str) -> str:
    """As between the quotes of a JAAS line."""
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _escaped(value: str) -> str:
    """As the value of a Java properties file, which is read as Latin-1 by some."""
    units = value.encode("utf-16-be")
    codes = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    return "".join(
        chr(code) if code < _LATIN and chr(code).isalnum() else f"\\u{code:04x}" for code in codes
    )
