"""Arrival times from a user's file: which column, in which unit, from when on."""

from .resolve import Trace, TraceFacts, Traces, copy_traces, resolve_traces, trace_name

__all__ = ["Trace", "TraceFacts", "Traces", "copy_traces", "resolve_traces", "trace_name"]
