"""What the network between two hosts is like, asked by one of the other, before anything is timed.

`python -m crayfish_cgroup_exporter.probe serve NODE` answers until SIGTERM; `... ask ADDRESS`
writes one JSON object: how far the other clock is ahead and how long an exchange takes (clocks),
how large a packet passes whole, and how much one TCP connection carries.
"""

from __future__ import annotations

import ctypes
import json
import signal
import socket
import sys
import threading
import time
from typing import Final

from .clocks import PORT as CLOCK_PORT
from .clocks import Responder, ask

_TCP_PORT: Final = 9103
_ECHO_PORT: Final = 9104
_STREAM_S: Final = 0.5
_CHUNK: Final = bytes(256 * 1024)
_WAIT_S: Final = 0.3
_UDP_HEADERS: Final = 28
"""IPv4 and UDP, in bytes: what a packet carries beside its payload."""
_SIZES: Final = (8950, 1450, 1400, 1350, 1280, 1000, 576)
"""Packets that are tried where one of full size does not pass."""
_DONT_FRAGMENT: Final = 10, 2
"""IP_MTU_DISCOVER, IP_PMTUDISC_DO (ip(7)): Python has no names for them."""
_MTU: Final = 14
"""IP_MTU (ip(7)), likewise."""
_UNSYNCHRONISED: Final = 0x40
"""STA_UNSYNC of adjtimex(2)."""


def serve(node: str) -> None:
    """Answer until SIGTERM.

    Args:
        node: this host's name.
    """
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    Responder(node)
    for answer in (_swallow, _echo):
        threading.Thread(target=answer, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    asked.wait()


def _swallow() -> None:
    with socket.create_server(("", _TCP_PORT)) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                received = 0
                while part := connection.recv(len(_CHUNK)):
                    received += len(part)
                    if part.endswith(b"\1"):
                        break
                connection.sendall(str(received).encode())


def _echo() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("", _ECHO_PORT))
        while True:
            payload, sender = own.recvfrom(70_000)
            own.sendto(len(payload).to_bytes(4, "big"), sender)


def packets(address: str) -> tuple[int, int | None]:
    """How large a packet may be, and how large one is that arrives whole.

    Args:
        address: of the other probe.

    Returns:
        Bytes that the own interface sends in one packet, and those of the largest one, of that size
        and of `_SIZES`, that came back; None if none did.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.setsockopt(socket.IPPROTO_IP, *_DONT_FRAGMENT)
        own.settimeout(_WAIT_S)
        own.connect((address, _ECHO_PORT))
        mtu = own.getsockopt(socket.IPPROTO_IP, _MTU)
        for size in (mtu, *(size for size in _SIZES if size < mtu)):
            payload = size - _UDP_HEADERS
            try:
                own.send(bytes(payload))
                if int.from_bytes(own.recv(4), "big") == payload:
                    return mtu, size
            except OSError:  # too large for the first hop, or lost further on
                continue
    return mtu, None


def stream_bytes_per_s(address: str) -> float | None:
    """What one TCP connection carries; None if nobody listens."""
    try:
        with socket.create_connection((address, _TCP_PORT), timeout=_WAIT_S) as own:
            own.settimeout(10 * _STREAM_S)
            started = time.monotonic()
            while time.monotonic() - started < _STREAM_S:
                own.sendall(_CHUNK)
            own.sendall(b"\1")
            received = int(own.recv(32))
            return received / (time.monotonic() - started)
    except OSError:
        return None


class _Timex(ctypes.Structure):
    """The beginning of struct timex (adjtimex(2)); the rest is not looked at."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def synchronised() -> bool | None:
    """Whether the kernel says that somebody keeps its clock; None if it does not say."""
    found = _Timex()
    if ctypes.CDLL(None).adjtimex(ctypes.byref(found)) < 0:
        return None
    return not found.status & _UNSYNCHRONISED


def main() -> None:
    """Serve NODE, ask ADDRESS, or clock."""
    match sys.argv[1:]:
        case ["serve", node]:
            serve(node)
        case ["clock"]:
            sys.stdout.write(json.dumps({"synchronised": synchronised()}) + "\n")
        case ["ask", address]:
            clock = ask(address, CLOCK_PORT)
            mtu, largest = packets(address)
            answer = {
                "offset_s": clock.offset_s if clock else None,
                "round_trip_s": clock.round_trip_s if clock else None,
                "mtu_bytes": mtu,
                "packet_bytes": largest,
                "bytes_per_s": stream_bytes_per_s(address),
            }
            sys.stdout.write(json.dumps(answer) + "\n")
        case _:
            sys.exit("serve NODE, ask ADDRESS, or clock")


if __name__ == "__main__":
    main()
