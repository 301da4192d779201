"""Servers that users have already, called over TLS: whose certificates the clients take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from crayfish_contract.security import SYSTEM
from crayfish_ctl.errors import CrayfishError

from .pem import read_certificate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .plan import Plan

_IN_CONTAINERS: Final = "/crayfish/tls"


def parse_tls(texts: Iterable[str], servers: Mapping[str, str]) -> dict[str, str]:
    """`CA.pem` or `system`, for every server that is given; `TOOL=CA.pem`, for one.

    Args:
        texts: as given to --server-tls.
        servers: tool -> address, as given to --server.

    Returns:
        tool -> `system`, or the whole path of a file.

    Raises:
        CrayfishError: if there is no such server.
    """
    found: dict[str, str] = {}
    for text in texts:
        tool, sign, file = text.partition("=")
        if sign and tool in servers:
            found[tool] = _whole(file)
            continue
        if not servers or (sign and not Path(text).is_file()):
            raise CrayfishError(
                f"--server-tls {text}: no --server is given for it",
                hint="--server TOOL=HOST:PORT says which server is called; those of an experiment "
                "itself speak no TLS",
            )
        found = {**dict.fromkeys(servers, _whole(text)), **found}
    return found


def _whole(file: str) -> str:
    """It is read again when the experiment is resumed, from whichever folder."""
    return file if file == SYSTEM else str(Path(file).resolve())


def copy_name(tool: str) -> str:
    """What a tool's certificates are called in the folder of an experiment's inputs."""
    return f"ca-{tool}.pem"


def path_in_containers(tool: str) -> str:
    """Where every processor finds them."""
    return f"{_IN_CONTAINERS}/{tool}.pem"


def read_certificates(tls: Mapping[str, str], copies: Path | None) -> dict[str, str]:
    """The text of each file of certificates.

    Args:
        tls: as `parse_tls` has it.
        copies: the folder of inputs of an experiment that goes on: what it has a copy of is not
            read again.

    Raises:
        CrayfishError: naming the file, and what is wrong with it.
    """
    found: dict[str, str] = {}
    for tool, file in tls.items():
        if file == SYSTEM:
            continue
        found[tool] = read_certificate("--server-tls", Path(file), copies, copy_name(tool))
    return found


def copy_certificates(certificates: Mapping[str, str], folder: Path) -> None:
    """Keep them with the inputs of an experiment, from where containers get them."""
    for tool, text in certificates.items():
        (folder / copy_name(tool)).write_text(text, encoding="ascii", errors="replace")


def certificate_files(plan: Plan, folder: Path) -> dict[str, Path]:
    """Path in containers -> file, for every processor of the experiment.

    The same for all runs: another mount would start the containers anew.

    Args:
        plan: of the experiment.
        folder: of its results.
    """
    return {
        path_in_containers(tool): folder / "points" / copy_name(tool) for tool in plan.certificates
    }
