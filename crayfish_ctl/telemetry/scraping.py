"""What Prometheus scrapes: every service that says in a label where its metrics are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from crayfish_ctl.catalog.labels import (
    EVERYWHERE,
    METRICS,
    METRICS_INTERVAL,
    METRICS_PATH,
    labels_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def _addresses(name: str, port: int, *, everywhere: bool) -> dict[str, Any]:
    """Of a service's container; of all its containers, where it has one on each node."""
    if not everywhere:
        target = {"targets": [f"{name}:{port}"], "labels": {"component": name}}
        return {"static_configs": [target]}
    found = {"names": [f"tasks.{name}"], "type": "A", "port": port, "refresh_interval": "1s"}
    return {
        "dns_sd_configs": [found],
        "relabel_configs": [{"target_label": "component", "replacement": name}],
    }


def prometheus_config(services: Mapping[str, Mapping[str, Any]], interval_s: float = 1.0) -> str:
    """Scrape every service that carries the metrics label; `component` is the service's name."""
    jobs = []
    for name, service in services.items():
        labels = labels_of(service)
        if METRICS not in labels:
            continue
        job: dict[str, Any] = {
            "job_name": name,
            **_addresses(name, int(labels[METRICS]), everywhere=EVERYWHERE in labels),
        }
        if METRICS_PATH in labels:
            job["metrics_path"] = labels[METRICS_PATH]
        if METRICS_INTERVAL in labels:
            job["scrape_interval"] = labels[METRICS_INTERVAL]
        jobs.append(job)
    interval = f"{round(interval_s * 1000)}ms"
    return yaml.safe_dump(
        {
            "global": {"scrape_interval": interval, "scrape_timeout": interval},
            "scrape_configs": jobs,
        },
        sort_keys=False,
    )
