"""Prometheus, read back by its HTTP API."""

from .prometheus import Prometheus, Sample, write_metrics
from .scraping import prometheus_config

__all__ = ["Prometheus", "Sample", "prometheus_config", "write_metrics"]
