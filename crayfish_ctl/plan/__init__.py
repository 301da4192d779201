"""Experiment and choices in, cells and runs out."""

from .build import make_plan
from .calls import parse_servers
from .choices import (
    Choices,
    choices,
    parse_list,
    parse_options,
    parse_parallelism,
    parse_rates,
)
from .estimate import estimate_seconds, measured_seconds, scheduled_records
from .expand import make_spec
from .kafka import CREDENTIALS, parse_kafka
from .kafka_files import copy_kafka_certificates, kafka_files
from .model import Cell, RunSpec
from .names import ALL
from .plan import Plan
from .points import Points, prepare_points
from .runconfig import run_config
from .series import Series, make_series
from .tls import certificate_files, copy_certificates, parse_tls
from .words import kafka_line, plan_warnings, points_line, trace_lines, unmade_line

__all__ = [
    "ALL",
    "CREDENTIALS",
    "Cell",
    "Choices",
    "Plan",
    "Points",
    "RunSpec",
    "Series",
    "certificate_files",
    "choices",
    "copy_certificates",
    "copy_kafka_certificates",
    "estimate_seconds",
    "kafka_files",
    "kafka_line",
    "make_plan",
    "make_series",
    "make_spec",
    "measured_seconds",
    "parse_kafka",
    "parse_list",
    "parse_options",
    "parse_parallelism",
    "parse_rates",
    "parse_servers",
    "parse_tls",
    "plan_warnings",
    "points_line",
    "prepare_points",
    "run_config",
    "scheduled_records",
    "trace_lines",
    "unmade_line",
]
