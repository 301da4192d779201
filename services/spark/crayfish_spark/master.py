"""What the driver asks the master: are there workers with enough free cores?

Source: the JSON form of the master's own web page, /json/ (`JsonProtocol.writeMasterState`).
"""

from __future__ import annotations

import json
import os
import time
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

MASTER_HOST = os.environ.get("CRAYFISH_SPARK_MASTER", "spark-master")
MASTER_PORT = 7077
PAGE_PORT = 8080
_TIMEOUT_S = 5.0
_POLL_S = 0.1


class MasterError(ConnectionError):
    """The master did not answer, or has too few cores."""


def master_url() -> str:
    """Where applications register."""
    return f"spark://{MASTER_HOST}:{MASTER_PORT}"


def wait_for_cores(needed: int, deadline_s: float) -> None:
    """Wait until the workers that have registered have `needed` free cores together.

    An earlier run's application gives its cores back a moment after it has ended.

    Raises:
        MasterError: if they have not within `deadline_s` seconds.
    """
    end = time.monotonic() + deadline_s
    found = "no answer"
    while time.monotonic() < end:
        try:
            free, cores = _cores(_state())
            if free >= needed:
                return
            found = f"{free} free of {cores}"
        except MasterError as error:
            found = str(error)
        time.sleep(_POLL_S)
    raise MasterError(f"the query needs {needed} cores; after {deadline_s:.0f} s: {found}")


def _cores(state: dict[str, Any]) -> tuple[int, int]:
    alive = [worker for worker in state["workers"] if worker["state"] == "ALIVE"]
    cores = sum(worker["cores"] for worker in alive)
    return cores - sum(worker["coresused"] for worker in alive), cores


def _state() -> dict[str, Any]:
    try:
        with urlopen(f"http://{MASTER_HOST}:{PAGE_PORT}/json/", timeout=_TIMEOUT_S) as answer:
            state: dict[str, Any] = json.loads(answer.read())
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise MasterError(f"{MASTER_HOST}:{PAGE_PORT}: {error}") from None
    return state
