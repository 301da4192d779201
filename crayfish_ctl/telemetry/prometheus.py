"""A small client of the Prometheus HTTP API, version v1 (`/api/v1/query`)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import polars as pl
from tenacity import (
    Retrying,
    retry,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
    stop_after_delay,
    wait_fixed,
)

from crayfish_ctl.results import METRICS_SCHEMA, replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Self

_CONTAINER_ID = "id"
_TIMEOUT_S = 10.0
"""For an answer about the present; one about the past has as long again for each slice."""
_SLICE_S = 60.0
_CPU_TIMES_AT = "max by (component) (timestamp(container_cpu_usage_seconds_total))"


@dataclass(frozen=True, slots=True)
class Sample:
    """One scraped value."""

    ts: float
    """Unix seconds."""
    name: str
    component: str
    """The task that it is about."""
    labels: str
    """The remaining labels, a JSON object."""
    value: float


class Prometheus:
    """Queries one server; closes the connection at the end of a `with`."""

    def __init__(self, host: str, port: int) -> None:
        self._http = httpx.Client(base_url=f"http://{host}:{port}", timeout=_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def latest(self, query: str) -> dict[str, float]:
        """Current values of an instant query by component; empty while nothing answers."""
        try:
            result = self._query(query)
        except httpx.HTTPError:
            return {}
        return {
            series["metric"].get("component", ""): float(series["value"][1]) for series in result
        }

    def await_cpu_times(self, after_s: float, limit_s: float) -> bool:
        """Wait until the containers' CPU times were scraped after a moment.

        Args:
            after_s: the moment, Unix seconds.
            limit_s: to wait, seconds.

        Returns:
            Whether they were.
        """
        return Retrying(
            retry=retry_if_result(lambda scraped: not scraped),
            stop=stop_after_delay(limit_s),
            wait=wait_fixed(0.1),
            retry_error_callback=lambda _: False,
        )(lambda: max(self.latest(_CPU_TIMES_AT).values(), default=0.0) > after_s)

    def labels(self, query: str, label: str) -> list[str]:
        """A label's values in the answer of an instant query; empty while nothing answers."""
        try:
            return [series["metric"].get(label, "") for series in self._query(query)]
        except httpx.HTTPError:
            return []

    def samples(self, start_s: float, end_s: float, services: Mapping[str, str]) -> list[Sample]:
        """Every sample scraped between two times (Unix s), as scraped: nothing is interpolated.

        Asked for in slices of a minute, so that neither an answer's size nor the time that it takes
        grows with the run.

        Args:
            start_s: Unix seconds.
            end_s: Unix seconds.
            services: container id -> service; a series about a container that is not in it is left
                out, the others are about the component that was scraped.

        Raises:
            httpx.HTTPError: if the server does not answer.
        """
        found: list[Sample] = []
        edges = [*np.arange(start_s, end_s, _SLICE_S), end_s]
        for first, last in pairwise(edges):
            found += self._slice(first, last, services)
        return found

    @retry(
        retry=retry_if_exception_type(httpx.HTTPError),
        stop=stop_after_attempt(3),
        wait=wait_fixed(0.2),
        reraise=True,
    )
    def _slice(self, start_s: float, end_s: float, services: Mapping[str, str]) -> list[Sample]:
        """The samples after `start_s`, up to and with `end_s`."""
        window = max(1, round((end_s - start_s) * 1000))
        found: list[Sample] = []
        for series in self._query(f'{{component!=""}}[{window}ms]', time=end_s):
            labels = series["metric"]
            name = labels.pop("__name__")
            component = labels.pop("component")
            if name.startswith("container_"):
                # The id stays a label: two containers of a service are two series.
                service = services.get(labels.get(_CONTAINER_ID, ""))
                if service is None:
                    continue
                component = service
            for drop in ("job", "instance"):
                labels.pop(drop, None)
            rest = json.dumps(labels, sort_keys=True)
            found.extend(
                Sample(float(ts), name, component, rest, float(value))
                for ts, value in series["values"]
            )
        return found

    def _query(self, query: str, **parameters: float) -> list[dict[str, Any]]:
        answer = self._http.post("/api/v1/query", data={"query": query, **parameters})
        answer.raise_for_status()
        result: list[dict[str, Any]] = answer.json()["data"]["result"]
        return result


def write_metrics(samples: Iterable[Sample], path: Path) -> None:
    """Write samples as `metrics.parquet` (docs/results.md).

    Raises:
        CrayfishError: if it cannot be written; then no half file is left.
    """
    rows = [(s.ts, s.name, s.component, s.labels, s.value) for s in samples]
    names = ["ts", "name", "component", "labels", "value"]
    frame = pl.DataFrame(rows, schema={name: METRICS_SCHEMA[name] for name in names}, orient="row")
    table = BytesIO()
    frame.write_parquet(table, compression="zstd")
    with replacing(path) as temporary:
        temporary.write_bytes(table.getbuffer())
