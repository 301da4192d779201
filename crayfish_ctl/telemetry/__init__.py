"""Prometheus, read back by its HTTP API."""

from .prometheus import Prometheus, Sample, write_metrics

__all__ = ["Prometheus", "Sample", "write_metrics"]
