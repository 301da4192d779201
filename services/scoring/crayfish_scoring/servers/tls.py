"""Whose certificates the client of a server takes."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc

from crayfish_scoring.base import ScorerError, UnreachableError

if TYPE_CHECKING:
    from typing import Any

SYSTEM: Final = "system"
"""In the place of a file: those that the machine trusts."""
_DEBIANS: Final = "/etc/ssl/certs/ca-certificates.crt"
_CHECK_S: Final = 5.0


class Trust:
    """Certificates, as each library wants them.

    Args:
        tool: its name, for messages.
        tls: a file of certificates (PEM), or `system`.

    Raises:
        ScorerError: if the file cannot be used.
    """

    def __init__(self, tool: str, tls: str) -> None:
        self._tool = tool
        try:
            self.context = ssl.create_default_context(cafile=None if tls == SYSTEM else tls)
            self._roots = _of_the_machine() if tls == SYSTEM else Path(tls).read_bytes()
        except (OSError, ssl.SSLError) as error:
            raise ScorerError(
                f"tool {tool}: tool.tls: {tls}: no file of certificates: {error}"
            ) from None

    @property
    def credentials(self) -> Any:
        """Of a gRPC channel."""
        return grpc.ssl_channel_credentials(self._roots)

    def check(self, address: str) -> None:
        """Why a call found nobody, if TLS is the reason: libraries say it in a tongue of their own.

        Raises:
            UnreachableError: if the server's certificate is refused, or it speaks no TLS.
        """
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        try:
            with (
                socket.create_connection((host, int(port)), _CHECK_S) as plain,
                self.context.wrap_socket(plain, server_hostname=host),
            ):
                return
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return  # it is about to start, or to end
        except ssl.SSLError as error:
            said = getattr(error, "verify_message", "") or error.reason or str(error)
            raise UnreachableError(f"tool {self._tool}: {address}: TLS: {said}") from None
        except OSError:
            return  # not TLS: whoever asks waits for it


def _of_the_machine() -> bytes | None:
    """The list that gRPC has of its own knows nothing of what an administrator has added."""
    for path in (ssl.get_default_verify_paths().cafile, _DEBIANS):
        if path and Path(path).is_file():
            return Path(path).read_bytes()
    return None
