"""Files of certificates that users name."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from pathlib import Path


def read_certificate(flag: str, path: Path, copies: Path | None, copy_name: str) -> str:
    """The text of a file of certificates, or of the copy that an experiment has of it.

    Args:
        flag: that names the file.
        path: of the file.
        copies: the folder of inputs of an experiment that goes on; None: it begins.
        copy_name: of the copy there.

    Raises:
        CrayfishError: naming flag and file, and what is wrong with it.
    """
    copy = None if copies is None else copies / copy_name
    if copy is not None and copy.is_file():
        path = copy
    try:
        text = path.read_text(encoding="ascii", errors="replace")
        if not text.strip():  # to the library: none are given
            raise ValueError("it is empty")  # noqa: TRY301  said below
        ssl.create_default_context(cadata=text)
    except OSError as error:
        raise CrayfishError(f"{flag} {path}: {error.strerror}") from None
    except ValueError as error:  # an SSLError is one
        raise CrayfishError(
            f"{flag} {path}: holds no certificates: {error}",
            hint="a PEM file: -----BEGIN CERTIFICATE----- and so on, of whoever has signed the "
            "server's",
        ) from None
    return text
