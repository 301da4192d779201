"""What Prometheus scrapes: every service that says in a label where its metrics are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from crayfish_ctl.catalog.labels import METRICS, METRICS_INTERVAL, METRICS_PATH, labels_of

if TYPE_CHECKING:
    from collections.abc import Mapping


def prometheus_config(services: Mapping[str, Mapping[str, Any]], interval_s: float = 1.0) -> str:
    """Scrape every service that carries the metrics label; `component` is the service's name."""
    jobs = []
    for name, service in services.items():
        labels = labels_of(service)
        if METRICS not in labels:
            continue
        job: dict[str, Any] = {
            "job_name": name,
            "static_configs": [
                {"targets": [f"{name}:{labels[METRICS]}"], "labels": {"component": name}}
            ],
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
