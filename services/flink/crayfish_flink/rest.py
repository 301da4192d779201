"""The few calls of the JobManager's REST API that the driver needs.

Source: Flink documentation, "REST API", /jobs and /jobs/overview, version v1.
"""

from __future__ import annotations

import json
import os
import time
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

JOBMANAGER_HOST = os.environ.get("CRAYFISH_JOBMANAGER", "flink-jobmanager")
JOBMANAGER_PORT = 8081
_TIMEOUT_S = 5.0
_POLL_S = 0.2


class RestError(ConnectionError):
    """The JobManager did not answer, or refused."""


def _call(path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
    request = Request(
        f"http://{JOBMANAGER_HOST}:{JOBMANAGER_PORT}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method=method,
    )
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            return json.loads(answer.read() or b"{}")
    except HTTPError as error:
        raise RestError(f"{path}: {error.code}: {error.read()[:500]!r}") from None
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise RestError(f"{path}: {error}") from None


def wait_for_slots(needed: int, deadline_s: float) -> None:
    """Wait until TaskManagers with enough free slots have registered.

    Raises:
        RestError: if they have not within `deadline_s` seconds.
    """
    end = time.monotonic() + deadline_s
    found = "no answer"
    while time.monotonic() < end:
        try:
            overview = _call("/overview")
            if overview["slots-available"] >= needed:
                return
            found = f"{overview['slots-available']} free of {overview['slots-total']}"
        except (RestError, LookupError, TypeError) as error:
            found = f"{type(error).__name__}: {error}"
        time.sleep(_POLL_S)
    raise RestError(f"the job needs {needed} task slots; after {deadline_s:.0f} s: {found}")


def job_state(job_id: str) -> str:
    """RUNNING, FAILED, FINISHED, ...

    Raises:
        RestError: if the JobManager does not answer, or with something else.
    """
    try:
        return str(_call(f"/jobs/{job_id}")["state"])
    except (LookupError, TypeError) as error:
        raise RestError(f"/jobs/{job_id}: {type(error).__name__}: {error}") from None


def root_exception(job_id: str) -> str:
    """Why a job failed: the innermost cause, its first lines; what is known, if that is not."""
    try:
        entries = _call(f"/jobs/{job_id}/exceptions")["exceptionHistory"]["entries"]
        traces = [str(entry["stacktrace"]) for entry in entries]
    except (RestError, LookupError, TypeError) as error:
        return f"its reason could not be read: {type(error).__name__}: {error}"
    # That restarts were given up is said first, and is never the cause.
    causes = [trace for trace in traces if "Recovery is suppressed" not in trace.split("\n", 1)[0]]
    trace = (causes or traces or ["no exception recorded"])[0]
    return trace.rsplit("Caused by: ", 1)[-1][:4000]


def stop_job(job_id: str) -> None:
    """Stop with a savepoint: sources stop, what is in flight is scored and flushed."""
    _call(f"/jobs/{job_id}/stop", {"drain": False, "targetDirectory": "file:///tmp/savepoints"})


def cancel_job(job_id: str) -> None:
    """End a job at once."""
    _call(f"/jobs/{job_id}", method="PATCH")
