"""Keys with certificates, made for a test."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """One that has signed itself, so that it is its own authority."""

    key: Path
    path: Path


def certificate(folder: Path, name: str, host: str) -> Certificate:
    """For a host's name or, after `IP:`, its address."""
    made = Certificate(folder / f"{name}.key", folder / f"{name}.pem")
    alternative = host if host.startswith("IP:") else f"DNS:{host}"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
            f"subjectAltName={alternative}", "-keyout", str(made.key), "-out", str(made.path),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return made
