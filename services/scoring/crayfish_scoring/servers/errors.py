"""Why a call gave no prediction, in the words that results count."""

from __future__ import annotations

from typing import Final

import grpc

from crayfish_contract.codec import Reason

_BY_CODE: Final = {
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.DEADLINE,
    grpc.StatusCode.UNAVAILABLE: Reason.UNAVAILABLE,
    # What a server that goes down makes of the calls that it still has.
    grpc.StatusCode.CANCELLED: Reason.UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Reason.EXHAUSTED,
}
_NO_WORKER: Final = ("Worker died", "No worker is available", "no worker")
"""TorchServe's INTERNAL errors that mean: there is nobody, come back later."""


class CallError(Exception):
    """A call that gave no prediction.

    Args:
        reason: the class that it is counted in.
        message: what the server or the client said.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def call_error(error: grpc.RpcError) -> CallError:
    """The same, of what gRPC raises."""
    code, details = error.code(), str(error.details() or "")
    reason = _BY_CODE.get(code, Reason.OTHER)
    if reason is Reason.OTHER and any(words in details for words in _NO_WORKER):
        reason = Reason.UNAVAILABLE
    return CallError(reason, f"{code.name}: {details}")


def unreadable(error: Exception) -> CallError:
    """What is wrong with an answer that a protocol could not read: it is a bad output."""
    if isinstance(error, CallError):
        return error
    return CallError(
        Reason.BAD_OUTPUT, f"its answer cannot be read: {type(error).__name__}: {error}"
    )
